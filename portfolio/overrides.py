"""What people say against the numbers: must be done, kept out, needs another, stands instead of it, not before, by whom."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from portfolio import fitting
from portfolio.contenders import INSTEAD_OF, KEEP_OUT, MUST_DO, NEEDS, key_of
from portfolio.fitting import Outlook, Terms
from portfolio.history import record
from portfolio.models import LearningRequest, Override, Person, Tie
from portfolio.rules.candidates import NotPlannable, plain
from portfolio.rules.what_if import Price, price_of

KINDS = {MUST_DO: "Must be done", KEEP_OUT: "Keep it out"}
BONDS = {NEEDS: "Needs", INSTEAD_OF: "Instead of"}


class OverrideRefused(ValueError):
    """It can't be obeyed; the message says why, `field` which part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def override(
    session: Session,
    learning_request: LearningRequest,
    kind: str,
    *,
    reason: str,
    by: Person,
    at: datetime,
) -> Override:
    """Force a request into the plan (must_do) or out of it (keep_out), with a reason and what that costs.

    The price is the best plan's points less those of the best one that obeys. What was said before about it ends. Raises
    OverrideRefused, before anything is written.
    """
    if kind not in KINDS:
        raise OverrideRefused("kind", "Please choose one of the options.")
    if not reason.strip():
        raise OverrideRefused("reason", "Please say why, in a few words: it is kept with the plan.")
    if not learning_request.is_open:
        raise OverrideRefused("kind", "This request is closed, so it isn't planned any more.")
    price = priced(session, learning_request, kind, at=at)
    for earlier in _in_force(session, learning_request):
        if earlier.kind == kind and earlier.reason == reason.strip():
            return earlier
        _end(session, earlier, learning_request, by=by, at=at)
    made = Override(
        learning_request_id=learning_request.id,
        kind=kind,
        reason=reason.strip()[:300],
        price=price.as_json if price else None,
        by_id=by.id,
        at=at,
    )
    session.add(made)
    session.flush()
    record(
        session,
        "learning_request.overridden",
        learning_request,
        by=by,
        at=at,
        kind=kind,
        points=round(price.points, 2) if price else None,
        gives_way=[*price.gives_way] if price else [],
    )
    return made


def end_override(session: Session, learning_request: LearningRequest, *, by: Person, at: datetime) -> int:
    """The numbers decide again; returns how many orders ended."""
    ended = _in_force(session, learning_request)
    for one in ended:
        _end(session, one, learning_request, by=by, at=at)
    return len(ended)


def tie(
    session: Session,
    learning_request: LearningRequest,
    other: LearningRequest,
    kind: str,
    *,
    by: Person,
    at: datetime,
) -> Tie:
    """Bind two requests: the one needs the other first, or stands instead of it. Twice is once. Raises OverrideRefused."""
    if kind not in BONDS:
        raise OverrideRefused("bond", "Please choose one of the options.")
    if other.id == learning_request.id:
        raise OverrideRefused("other", "A request can't be tied to itself.")
    known = session.scalar(
        select(Tie).where(
            Tie.kind == kind, Tie.learning_request_id == learning_request.id, Tie.other_id == other.id
        )
    )
    if known is not None:
        return known
    made = Tie(learning_request_id=learning_request.id, other_id=other.id, kind=kind, by_id=by.id, at=at)
    session.add(made)
    session.flush()
    try:
        fitting.look(session, Terms(), now=at, quick=True)
    except NotPlannable:
        session.delete(made)
        session.flush()
        raise OverrideRefused(
            "other", "That goes in a circle, or two that must both be done would exclude each other."
        ) from None
    record(session, "learning_request.tied", learning_request, by=by, at=at, kind=kind, other=other.id)
    return made


def untie(session: Session, made: Tie, *, by: Person, at: datetime) -> None:
    learning_request = session.get_one(LearningRequest, made.learning_request_id)
    record(
        session,
        "learning_request.untied",
        learning_request,
        by=by,
        at=at,
        kind=made.kind,
        other=made.other_id,
    )
    session.delete(made)


def set_not_before(
    session: Session, learning_request: LearningRequest, day: date | None, *, by: Person, at: datetime
) -> None:
    """Work can't start before that day; None takes it back."""
    if learning_request.not_before == day:
        return
    learning_request.not_before = day
    said = day.isoformat() if day else None
    record(session, "learning_request.not_before_set", learning_request, by=by, at=at, not_before=said)


def set_expert(
    session: Session, learning_request: LearningRequest, expert: Person | None, *, by: Person, at: datetime
) -> None:
    """Whose hours it needs; None where nobody's in particular."""
    wanted = expert.id if expert else None
    if learning_request.expert_id == wanted:
        return
    learning_request.expert_id = wanted
    record(session, "learning_request.expert_set", learning_request, by=by, at=at, expert=wanted)


@dataclass(frozen=True)
class Priced:
    """What an order costs: points lost, what gives way and what comes in its place, and a sentence."""

    points: float
    gives_way: tuple[int, ...]
    comes_in: tuple[int, ...]
    over_hours: float
    sentence: str

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "points": round(self.points, 4),
            "gives_way": [*self.gives_way],
            "comes_in": [*self.comes_in],
            "over_hours": round(self.over_hours, 4),
            "sentence": self.sentence,
        }


def priced(
    session: Session,
    learning_request: LearningRequest,
    kind: str,
    *,
    at: datetime,
    outlook: Outlook | None = None,
) -> Priced | None:
    """What it would cost to force it in or keep it out. None while it isn't scored or is kept out already.

    Raises OverrideRefused where it can't be obeyed.
    """
    found = outlook or fitting.look(session, Terms(), now=at, quick=True)
    if learning_request.id not in {one.id for one in found.candidates}:
        return None
    free = [replace(one, must_do=False) if one.id == learning_request.id else one for one in found.candidates]
    try:
        price = price_of(free, found.room, learning_request.id, forced_in=kind == MUST_DO)
    except NotPlannable:
        words = (
            "It can't start within these weeks, or it excludes something that must be done."
            if kind == MUST_DO
            else "Something that must be done needs it."
        )
        raise OverrideRefused("kind", words) from None
    return Priced(
        points=price.points,
        gives_way=tuple(map(int, price.gives_way)),
        comes_in=tuple(map(int, price.comes_in)),
        over_hours=price.over.get("", 0.0),
        sentence=_price_words(price, found),
    )


def _price_words(price: Price, found: Outlook) -> str:
    experts = {key_of(one.person_id): one.name for one in found.stretch.experts}
    if set(price.over) - {""}:
        short = ", ".join(
            f"{plain(more)} h of {experts.get(key, 'an expert')}" for key, more in price.over.items() if key
        )
        return f"Takes {short} more than there are and costs {plain(price.points, 2)} points."
    return price.sentence(found.names)


# Queries


def in_force(session: Session) -> list[tuple[Override, LearningRequest]]:
    """Every order in force on an open request, newest first."""
    rows = session.execute(
        select(Override, LearningRequest)
        .join(LearningRequest, LearningRequest.id == Override.learning_request_id)
        .where(Override.ended_at.is_(None))
        .options(joinedload(Override.by))
        .order_by(Override.id.desc())
    )
    return [(one, request) for one, request in rows if request.is_open]


@dataclass(frozen=True)
class Bond:
    """A tie as one of its two ends sees it."""

    tie: Tie
    words: str
    other_id: int
    other_title: str


def bonds(session: Session, learning_request: LearningRequest) -> list[Bond]:
    """What a request needs or stands instead of, and what needs it or stands instead of it."""
    one, other = aliased(LearningRequest), aliased(LearningRequest)
    rows = session.execute(
        select(Tie, one.id, one.title, other.id, other.title)
        .join(one, one.id == Tie.learning_request_id)
        .join(other, other.id == Tie.other_id)
        .where(or_(Tie.learning_request_id == learning_request.id, Tie.other_id == learning_request.id))
        .order_by(Tie.id)
    )
    found = []
    for made, from_id, from_title, to_id, to_title in rows:
        if from_id == learning_request.id:
            words = "Needs" if made.kind == NEEDS else "Instead of"
            found.append(Bond(made, words, to_id, to_title))
        else:
            words = "Is needed by" if made.kind == NEEDS else "Instead of"
            found.append(Bond(made, words, from_id, from_title))
    return found


def find_tie(session: Session, number: int) -> Tie | None:
    return session.get(Tie, number) if 0 < number < 2**31 else None


def of_request(session: Session, learning_request: LearningRequest) -> Override | None:
    """The order in force on a request."""
    return next(iter(_in_force(session, learning_request)), None)


def _in_force(session: Session, learning_request: LearningRequest) -> list[Override]:
    query = (
        select(Override)
        .where(Override.learning_request_id == learning_request.id, Override.ended_at.is_(None))
        .where(Override.kind.in_([*KINDS]))
        .options(joinedload(Override.by))
    )
    return list(session.scalars(query.order_by(Override.id.desc())))


def _end(
    session: Session, one: Override, learning_request: LearningRequest, *, by: Person, at: datetime
) -> None:
    one.ended_at, one.ended_by_id = at, by.id
    record(session, "learning_request.override_ended", learning_request, by=by, at=at, kind=one.kind)
