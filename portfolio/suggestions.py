"""What is shown to somebody who writes a request, and what comes of it: the deflection ledger."""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from portfolio import assessments, goals, supporters
from portfolio.links import Links
from portfolio.models import Decision, LearningRequest, Resource, Suggestion
from portfolio.rules.ranges import Range
from portfolio.rules.scoring import score
from portfolio.rules.similarity import SURE
from portfolio.rules.sums import total
from portfolio.similar import Found, Similar, similar
from portfolio.states import RequestStatus, Verdict
from portfolio.supporters import JOINABLE

RESOURCE, REQUEST, DECLINE = "resource", "request", "decline"
KINDS = (RESOURCE, REQUEST, DECLINE)
SHOWN = 5
SHORTEST_WORDS = 3
MOST_OF_ONE_ASK = 60
COMES_BACK_WITHIN = timedelta(days=14)

REASONS = {
    "not_now": "It didn't fit at that time.",
    "too_small": "It was too small to be worth building something for.",
    "no_goal": "It served none of our goals.",
    "not_training": "Training would not have helped.",
    "exists": "Something for it exists already.",
    "no_owner": "Nobody could back it.",
}
"""Why a request was declined, as anybody may read it. The letter to its requester stays theirs."""


@dataclass(frozen=True)
class Thing:
    """One thing that can be suggested; `ref` names it in a form, signed, so that only what was shown can be answered."""

    kind: str
    id: int

    def ref(self, links: Links) -> str:
        return f"{self.kind}:{self.id}:{links.key('suggestion', self.kind, self.id)}"


def things(text: str, links: Links) -> list[Thing]:
    """The things that refs name, separated by blanks; what we did not sign is left out."""
    found = []
    for ref in text.split()[:SHOWN]:
        kind, _, rest = ref.partition(":")
        number, _, key = rest.partition(":")
        if kind in KINDS and number.isdecimal() and len(number) < 10:
            thing = Thing(kind, int(number))
            if hmac.compare_digest(thing.ref(links).encode(), f"{kind}:{int(number)}:{key}".encode()):
                found.append(thing)
    return found


# What is shown


@dataclass(frozen=True)
class Offered:
    """One suggestion in the words anybody may read. `behind` counts who stands behind a request, its requester included;
    `on` is when a decline was decided; `why` its reason."""

    thing: Thing
    title: str
    ref: str
    path: str = ""
    kind: str = ""
    minutes: int | None = None
    unit: str = ""
    behind: int = 0
    on: date | None = None
    why: str = ""


@dataclass(frozen=True)
class Offer:
    """What may help sooner, at most five things in all."""

    resources: tuple[Offered, ...] = ()
    requests: tuple[Offered, ...] = ()
    declines: tuple[Offered, ...] = ()
    strong: bool = False

    @property
    def all(self) -> tuple[Offered, ...]:
        return (*self.resources, *self.requests, *self.declines)

    @property
    def refs(self) -> str:
        return " ".join(one.ref for one in self.all)


def offer(
    session: Session, words: str, *, links: Links, unit: str = "", leave_out: int | None = None
) -> Offer:
    """What exists, what others ask for and what was declined before, where it is like these words. Changes nothing.

    Names no person and quotes no problem: titles, units and how many stand behind it.
    """
    if len(words.strip()) < SHORTEST_WORDS:
        return Offer()
    found = similar(session, words, unit=unit, limit=SHOWN, leave_out=leave_out)
    best = sorted((*found.resources, *found.requests, *found.declines), key=lambda one: -one.score)[:SHOWN]
    return Offer(
        resources=_resources(session, _of_kind(best, found.resources), links),
        requests=_requests(session, _of_kind(best, found.requests), links),
        declines=_declines(session, _of_kind(best, found.declines), links),
        strong=strong(found),
    )


def strong(found: Similar) -> bool:
    """Whether something is so like it that it's worth a look before sending: a resource or a request to join, surely alike."""
    return any(one.score >= SURE for one in (*found.resources, *found.requests))


# The ledger


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
    mine = Suggestion.ask == ask
    lines = session.scalars(
        select(Suggestion).where(
            (Suggestion.email == email) | mine if ask else Suggestion.email == email,
            Suggestion.came_back_at.is_(None),
            Suggestion.joined_at.is_(None),
            func.coalesce(Suggestion.solved_at, Suggestion.opened_at) >= at - COMES_BACK_WITHIN,
        )
    ).all()
    if not lines:
        return
    again = (
        {(one.kind, one.subject_id) for one in session.scalars(select(Suggestion).where(mine))}
        if ask
        else set()
    )
    if any(line.ask != ask for line in lines) and words:
        alike = similar(session, words, limit=SHOWN)
        again |= {(one.kind, one.id) for one in (*alike.resources, *alike.requests, *alike.declines)}
    for line in lines:
        if line.ask == ask or (line.kind, line.subject_id) in again:
            line.came_back_at = at


def hours_of(session: Session, answers: dict[str, Any], *, today: date) -> Range:
    """The manager's hours a request with these answers would cost, by the rubric in force: wide where little was said."""
    goal = answers.get("goal")
    weight = goals.weight_of(session, goal, on=today) if isinstance(goal, int) else None
    need = assessments.need_of(answers, weight, today)
    return score(need, assessments.current_rubric(session)).manager_hours


# What it adds up to


@dataclass(frozen=True)
class Outcome:
    """What became of one ask that was shown something. `how`: solved, quiet, joined, sent, came back, open."""

    ask: str
    how: str
    kind: str
    subject_id: int
    title: str
    at: datetime
    hours: Range | None


@dataclass(frozen=True)
class Totals:
    """What the suggestions were good for. Counts are asks; hours are the manager's, that the asks would have cost."""

    shown: int
    opened: int
    solved: int
    quiet: int
    joined: int
    came_back: int
    sent_anyway: int
    hours: Range | None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def answered(self) -> int:
        """Asks that answered themselves: somebody said so, or opened it and did not come back within 14 days."""
        return self.solved + self.quiet


def totals(session: Session, *, since: datetime | None = None, now: datetime) -> Totals:
    """The ledger added up over asks that were first shown something at `since` or later."""
    asks = _by_ask(session, since)
    outcomes = [_outcome(ask, lines, now) for ask, lines in asks.items()]
    count = {
        how: sum(one.how == how for one in outcomes)
        for how in ("solved", "quiet", "joined", "came back", "sent")
    }
    settled = [one for one in outcomes if one.how in {"solved", "quiet", "joined"}]
    return Totals(
        shown=len(asks),
        opened=sum(any(line.opened_at for line in lines) for lines in asks.values()),
        solved=count["solved"],
        quiet=count["quiet"],
        joined=count["joined"],
        came_back=count["came back"],
        sent_anyway=count["sent"],
        hours=total([one.hours for one in settled if one.hours is not None]),
        outcomes=tuple(sorted(settled, key=lambda one: one.at, reverse=True)),
    )


@dataclass(frozen=True)
class Used:
    """One thing, and how often it was shown, opened, and settled an ask."""

    kind: str
    subject_id: int
    title: str
    shown: int
    opened: int
    solved: int
    joined: int
    came_back: int


def by_thing(session: Session, *, since: datetime | None = None, limit: int = 50) -> list[Used]:
    """What was suggested, most often settling first."""
    counts = [
        func.count(column).label(name)
        for name, column in (
            ("shown", Suggestion.shown_at),
            ("opened", Suggestion.opened_at),
            ("solved", Suggestion.solved_at),
            ("joined", Suggestion.joined_at),
            ("came_back", Suggestion.came_back_at),
        )
    ]
    query = select(Suggestion.kind, Suggestion.subject_id, func.max(Suggestion.title).label("title"), *counts)
    if since is not None:
        query = query.where(Suggestion.shown_at >= since)
    settled = func.count(Suggestion.solved_at) + func.count(Suggestion.joined_at)
    rows = session.execute(
        query.group_by(Suggestion.kind, Suggestion.subject_id)
        .order_by(settled.desc(), func.count().desc(), Suggestion.kind, Suggestion.subject_id)
        .limit(limit)
    )
    return [Used(**row) for row in rows.mappings()]


# Below: how it is done


def _of_kind(best: Sequence[Found], found: Sequence[Found]) -> list[int]:
    kept = {(one.kind, one.id) for one in found}
    return [one.id for one in best if (one.kind, one.id) in kept]


def _resources(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    if not ids:
        return ()
    rows = {
        one.id: one
        for one in session.scalars(
            select(Resource).where(Resource.id.in_(ids), Resource.retired_at.is_(None))
        )
    }
    return tuple(
        Offered(
            thing := Thing(RESOURCE, one.id),
            one.title,
            thing.ref(links),
            links.resource_path(one),
            kind=one.kind,
            minutes=one.minutes,
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
    )


def _requests(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    rows = _with_unit(session, ids)
    behind = supporters.behind(session, rows) if rows else {}
    return tuple(
        Offered(
            thing := Thing(REQUEST, one.id),
            one.title,
            thing.ref(links),
            links.joining_path(one),
            unit=one.unit.name if one.unit else "",
            behind=behind[one.id],
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
        if one.status in JOINABLE
    )


def _declines(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    rows = _with_unit(session, ids)
    made = {
        one.learning_request_id: one
        for one in session.scalars(
            select(Decision)
            .where(
                Decision.learning_request_id.in_(rows),
                Decision.verdict == Verdict.DECLINE,
                Decision.undone_at.is_(None),
            )
            .order_by(Decision.id)
        )
    } if rows else {}  # fmt: skip
    return tuple(
        Offered(
            thing := Thing(DECLINE, one.id),
            one.title,
            thing.ref(links),
            unit=one.unit.name if one.unit else "",
            on=made[one.id].decided_at.date(),
            why=REASONS.get(made[one.id].reason, ""),
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
        if one.status is RequestStatus.DECLINED and one.id in made
    )


def _with_unit(session: Session, ids: list[int]) -> dict[int, LearningRequest]:
    if not ids:
        return {}
    query = (
        select(LearningRequest).where(LearningRequest.id.in_(ids)).options(joinedload(LearningRequest.unit))
    )
    return {one.id: one for one in session.scalars(query)}


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


def _by_ask(session: Session, since: datetime | None) -> dict[str, list[Suggestion]]:
    query = select(Suggestion).order_by(Suggestion.id)
    if since is not None:
        query = query.where(Suggestion.shown_at >= since)
    asks: dict[str, list[Suggestion]] = defaultdict(list)
    for line in session.scalars(query):
        asks[line.ask].append(line)
    return dict(asks)


def _outcome(ask: str, lines: list[Suggestion], now: datetime) -> Outcome:
    """What became of an ask, told by the line that settled it. An ask counts once, whatever it was shown."""
    for how, line, at in _settling(lines, now):
        if line is not None:
            hours = Range(**line.saved_hours) if line.saved_hours else None
            return Outcome(ask, how, line.kind, line.subject_id, line.title, at or line.shown_at, hours)
    first = lines[0]
    return Outcome(ask, "open", first.kind, first.subject_id, first.title, first.shown_at, None)


def _settling(
    lines: list[Suggestion], now: datetime
) -> Iterable[tuple[str, Suggestion | None, datetime | None]]:
    """The ways an ask can have ended, the surest first, each with the line that says so."""

    def first(which: Iterable[Suggestion]) -> Suggestion | None:
        return next(iter(which), None)

    joined_ = first(line for line in lines if line.joined_at)
    yield "joined", joined_, joined_.joined_at if joined_ else None
    solved_ = first(line for line in lines if line.solved_at and not line.came_back_at)
    yield "solved", solved_, solved_.solved_at if solved_ else None
    back = first(line for line in lines if line.came_back_at)
    yield "came back", back, back.came_back_at if back else None
    sent = first(line for line in lines if line.sent_anyway_at)
    yield "sent", sent, sent.sent_anyway_at if sent else None
    quiet = first(line for line in lines if line.opened_at and line.opened_at + COMES_BACK_WITHIN <= now)
    yield "quiet", quiet, quiet.opened_at if quiet else None
