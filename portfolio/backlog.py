"""The backlog: requests in order, where one stands among them, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from portfolio.models import Assessment, LearningRequest, Person, Unit
from portfolio.states import OPEN, RequestStatus


@dataclass(frozen=True)
class Page:
    """A stretch of a list, and where the next one starts."""

    items: list[LearningRequest]
    next: str | None


@dataclass(frozen=True)
class Wanted:
    """Which requests a list shows. `sort`: rank (leverage), impact, submitted."""

    statuses: Sequence[RequestStatus] = ()
    unit: str = ""
    goal: int | None = None
    text: str = ""
    sort: str = "rank"
    limit: int = 50
    after: tuple[float, int] | None = None


def search(session: Session, wanted: Wanted) -> Page:
    """Requests in order, `limit` at a time; `next` continues where this page ends. Costs rows shown, not rows kept."""
    query = with_face()
    if wanted.statuses:
        query = query.where(LearningRequest.status.in_(wanted.statuses))
    if wanted.unit:
        query = query.join(LearningRequest.unit).where(func.lower(Unit.name) == wanted.unit.lower())
    if wanted.goal is not None:
        query = query.where(LearningRequest.goal_id == wanted.goal)
    if wanted.text:
        query = query.where(LearningRequest.title.icontains(wanted.text, autoescape=True))
    found = list(session.scalars(_ordered(query, wanted).limit(wanted.limit + 1)))
    more = len(found) > wanted.limit
    items = found[: wanted.limit]
    return Page(items, _cursor(items[-1], wanted.sort) if more else None)


@dataclass(frozen=True)
class Place:
    """Where a request stands among the open ones: best and worst place its doubt allows, and how many there are."""

    best: int
    likely: int
    worst: int
    of: int


def place(session: Session, learning_request: LearningRequest) -> Place | None:
    """The place in the queue as a range. None until scored, or when no longer open.

    Others that beat this one's high leverage are surely before it; those that beat its low may be. One indexed count.
    """
    assessment = learning_request.assessment
    if assessment is None or not learning_request.is_open:
        return None
    row = session.execute(
        select(
            func.count().filter(LearningRequest.leverage > assessment.leverage_high),
            func.count().filter(LearningRequest.leverage > assessment.leverage_likely),
            func.count().filter(LearningRequest.leverage > assessment.leverage_low),
            func.count(),
        ).where(LearningRequest.status.in_(OPEN), LearningRequest.id != learning_request.id)
    ).one()
    return Place(row[0] + 1, row[1] + 1, row[2] + 1, row[3] + 1)


def of_requester(session: Session, person: Person) -> list[LearningRequest]:
    """A person's own requests, newest first."""
    theirs = with_face().where(LearningRequest.requester_id == person.id).order_by(LearningRequest.id.desc())
    return list(session.scalars(theirs.limit(200)))


def counts(session: Session) -> dict[RequestStatus, int]:
    """How many requests there are in each state."""
    rows = session.execute(select(LearningRequest.status, func.count()).group_by(LearningRequest.status))
    return dict(rows.all())


def unscored_count(session: Session) -> int:
    """How many wait to be scored."""
    return session.scalar(select(func.count()).where(LearningRequest.score_wanted_at.is_not(None))) or 0


def is_new(session: Session) -> bool:
    """Whether nobody has asked for anything yet."""
    return session.scalar(select(LearningRequest.id).limit(1)) is None


def with_face() -> Select[LearningRequest]:
    """Requests with what a list line shows, in one query."""
    return select(LearningRequest).options(
        joinedload(LearningRequest.requester),
        joinedload(LearningRequest.unit),
        joinedload(LearningRequest.goal),
        joinedload(LearningRequest.assessment).load_only(
            *(
                getattr(Assessment, f"{what}_{end}")
                for what in ("impact", "effort_hours", "manager_hours", "leverage")
                for end in ("low", "likely", "high")
            ),
            Assessment.quadrants,
            Assessment.reasons,
            Assessment.fit,
        ),
    )


def _ordered(query: Select[LearningRequest], wanted: Wanted) -> Select[LearningRequest]:
    if wanted.sort == "submitted":
        if wanted.after:
            query = query.where(LearningRequest.id < wanted.after[1])
        return query.order_by(LearningRequest.id.desc())
    key = func.coalesce(LearningRequest.leverage, -1.0)
    if wanted.after:
        leverage, last = wanted.after
        query = query.where((key < leverage) | ((key == leverage) & (LearningRequest.id > last)))
    return query.order_by(key.desc(), LearningRequest.id)


def _cursor(last: LearningRequest, sort: str) -> str:
    leverage = -1.0 if last.leverage is None or sort == "submitted" else last.leverage
    return f"{leverage!r}_{last.id}"
