"""The ledger of suggestions: what each ask was shown, and whether it was opened, solved it, or the request came anyway."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portfolio import assessments, goals
from portfolio.models import LearningRequest, Resource, Suggestion
from portfolio.rules.ranges import Range
from portfolio.rules.scoring import score
from portfolio.similar import similar
from portfolio.suggestions import RESOURCE, SHOWN, Thing

MOST_OF_ONE_ASK = 60
COMES_BACK_WITHIN = timedelta(days=14)


def shown(
    session: Session, ask: str, seen: Iterable[Thing], *, at: datetime, email: str | None = None
) -> int:
    """Note what was shown to this ask, each thing once; returns how many lines are new."""
    seen = list(dict.fromkeys(seen))
    if not ask or not seen:
        return 0
    known = session.scalar(select(func.count()).where(Suggestion.ask == ask)) or 0
    titles = _titles(session, seen[: max(0, MOST_OF_ONE_ASK - known)])
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    rows = [
        {
            "ask": ask,
            "kind": thing.kind,
            "subject_id": thing.id,
            "title": title,
            "email": email,
            "shown_at": at,
        }
        for thing, title in titles.items()
    ]
    if not rows:
        return 0
    session.flush()
    made = dialect.insert(Suggestion).values(rows).on_conflict_do_nothing().returning(Suggestion.id)
    return len(session.scalars(made).all())


def opened(
    session: Session,
    ask: str,
    thing: Thing,
    *,
    at: datetime,
    email: str | None = None,
    saves: Range | None = None,
) -> Suggestion | None:
    """Somebody looked at it. `saves`: the hours their request would cost."""
    line = _line(session, ask, thing, at=at, email=email, saves=saves)
    if line is not None:
        line.opened_at = line.opened_at or at
    return line


def solved(
    session: Session,
    ask: str,
    thing: Thing,
    *,
    at: datetime,
    email: str | None = None,
    saves: Range | None = None,
) -> Suggestion | None:
    """Somebody said "this solves it"."""
    line = _line(session, ask, thing, at=at, email=email, saves=saves)
    if line is not None:
        line.solved_at, line.came_back_at = at, None
    return line


def joined(
    session: Session,
    ask: str,
    thing: Thing,
    *,
    at: datetime,
    email: str | None = None,
    saves: Range | None = None,
) -> Suggestion | None:
    """Somebody joined that request instead of sending their own."""
    line = _line(session, ask, thing, at=at, email=email, saves=saves)
    if line is not None:
        line.joined_at = line.joined_at or at
    return line


def sent_anyway(session: Session, *, ask: str, email: str, at: datetime, words: str = "") -> None:
    """A request was sent. What this ask was shown did not keep it back; and what the same person opened or called solved in
    the last 14 days has brought them back, where it is again among what was shown, or is like these words."""
    if ask:
        session.execute(
            update(Suggestion)
            .where(Suggestion.ask == ask, Suggestion.sent_anyway_at.is_(None))
            .values(sent_anyway_at=at, email=email)
        )
    lines = _looked_at(session, ask, email, since=at - COMES_BACK_WITHIN)
    earlier = [line for line in lines if line.ask != ask]
    again = _met_again(session, ask, words) if earlier else set()
    for line in lines:
        if line.ask == ask or (line.kind, line.subject_id) in again:
            line.came_back_at = at


def hours_of(session: Session, answers: dict[str, Any], *, today: date) -> Range:
    """The manager's hours a request with these answers would cost, by the rubric in force: wide where little was said."""
    goal = answers.get("goal")
    weight = goals.weight_of(session, goal, on=today) if isinstance(goal, int) else None
    need = assessments.need_of(answers, weight, today)
    return score(need, assessments.current_rubric(session)).manager_hours


def _looked_at(session: Session, ask: str, email: str, *, since: datetime) -> Sequence[Suggestion]:
    """What this person, or this ask, opened or called solved, and has not come back about."""
    theirs = Suggestion.email == email
    return session.scalars(
        select(Suggestion).where(
            theirs | (Suggestion.ask == ask) if ask else theirs,
            Suggestion.came_back_at.is_(None),
            Suggestion.joined_at.is_(None),
            func.coalesce(Suggestion.solved_at, Suggestion.opened_at) >= since,
        )
    ).all()


def _met_again(session: Session, ask: str, words: str) -> set[tuple[str, int]]:
    """What this ask was shown, and what is like these words."""
    found = set()
    if ask:
        shown_now = select(Suggestion.kind, Suggestion.subject_id).where(Suggestion.ask == ask)
        found = {(kind, number) for kind, number in session.execute(shown_now)}
    if words:
        alike = similar(session, words, limit=SHOWN)
        found |= {(one.kind, one.id) for one in (*alike.resources, *alike.requests, *alike.declines)}
    return found


def _titles(session: Session, seen: Sequence[Thing]) -> dict[Thing, str]:
    """The things that are there, each with its title."""
    resources = [thing.id for thing in seen if thing.kind == RESOURCE]
    requests = [thing.id for thing in seen if thing.kind != RESOURCE]
    known: dict[bool, dict[int, str]] = {True: {}, False: {}}
    if resources:
        rows = session.execute(select(Resource.id, Resource.title).where(Resource.id.in_(resources)))
        known[True] = dict(rows.all())
    if requests:
        found = session.execute(
            select(LearningRequest.id, LearningRequest.title).where(LearningRequest.id.in_(requests))
        )
        known[False] = dict(found.all())
    titles = {thing: known[thing.kind == RESOURCE].get(thing.id) for thing in seen}
    return {thing: title for thing, title in titles.items() if title is not None}


def _line(
    session: Session, ask: str, thing: Thing, *, at: datetime, email: str | None, saves: Range | None
) -> Suggestion | None:
    """The ledger's line for this thing, made if it was never noted as shown; None where there is no such thing."""
    shown(session, ask, [thing], at=at, email=email)
    line = session.scalar(
        select(Suggestion).where(
            Suggestion.ask == ask, Suggestion.kind == thing.kind, Suggestion.subject_id == thing.id
        )
    )
    if line is not None:
        line.email = email or line.email
        if saves is not None:
            line.saved_hours = {
                "low": round(saves.low, 1), "likely": round(saves.likely, 1), "high": round(saves.high, 1),
            }  # fmt: skip
    return line
