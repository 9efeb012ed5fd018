"""Dates that were told: kept on record night by night, settled when the thing is done, and counted afterwards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true, tuple_
from sqlalchemy.orm import Session

from portfolio import forecasts, organisation
from portfolio.forecasts import Ground
from portfolio.models import Card, Iteration, LearningRequest, Project, Promise
from portfolio.rules.calibration import Share, curve, wilson
from portfolio.rules.forecasting import FORMULA_VERSION, HORIZON_DAYS, Forecast
from portfolio.states import LIVE_STAGES, IterationStatus, RequestStatus, Stage

CARDS, PROJECTS, ITERATIONS, REQUESTS = (
    model.__tablename__ for model in (Card, Project, Iteration, LearningRequest)
)
MOVED_SHARE, MOVED_DAYS = 0.15, 2
"""A date is told anew when it moves by so much of the time left, and by at least so many days."""
AGAIN_AFTER = timedelta(days=7)
"""And once a week in any case, so that what is on record is never older."""
MOST_CARDS = 200
"""Cards under way that dates are kept of, the oldest first."""
WAITING = frozenset({RequestStatus.WAITLISTED, RequestStatus.SUBMITTED, RequestStatus.NEEDS_INFO})


@dataclass(frozen=True)
class Kept:
    """How a night went: dates recorded and dates settled."""

    recorded: int
    settled: int


@dataclass(frozen=True)
class Look:
    """What can be told `on` a day: what it is about, its number, and the dates."""

    on: date
    at: datetime
    told: Sequence[tuple[str, int, Forecast]]


@dataclass(frozen=True)
class TrackRecord:
    """Of all that was promised: how often the first date told with 50, 85 and 95 % held.

    A date counts once the thing is done, or once its day has passed without that: what is late still, and what was given up
    when it was late already, is broken. `counts` are things done by what they are; `given_up` ended otherwise before their
    85 % date and count neither way; `open` are promised still, late ones among them.
    """

    counts: Mapping[str, int]
    given_up: int
    open: int
    kept_50: Share
    kept_85: Share
    kept_95: Share

    @property
    def of(self) -> int:
        return self.kept_85.of

    @property
    def words(self) -> str:
        if not self.of:
            return "No promised date has come due yet."
        return self.kept_85.because

    @property
    def lesson(self) -> str:
        """Whether dates are told too sure or too carefully, as far as the numbers can tell."""
        told = ((0.5, self.kept_50), (0.85, self.kept_85), (0.95, self.kept_95))
        counts = [
            (chance, share.share * share.of, share.of) for chance, share in told if share.share is not None
        ]
        return curve(counts).because


def record_all(session: Session, *, now: datetime) -> Kept:
    """Settle what is over, then forecast every live project, open iteration, card under way and waiting request anew, and keep what
    changed. A second run the same day replaces that day's."""
    return keep(session, look(session, now=now))


def look(session: Session, *, now: datetime) -> Look:
    """What can be told now of everything. Changes nothing: with thousands of requests it takes many seconds."""
    on = forecasts.ground(session, now=now)
    return Look(on.today, now, [one for one in _everything(session, on) if one[2].can_say])


def keep(session: Session, found: Look) -> Kept:
    """Keep what was found. Settling comes first, so that what is done is held against what was told before."""
    settled = settle(session, now=found.at)
    before = _latest(session)
    recorded = 0
    for kind, number, forecast in found.told:
        last = before.get((kind, number))
        if last is not None and last.settled_at == found.at:  # over since the look
            continue
        if _is_news(last, forecast, found.on):
            _keep(session, kind, number, forecast, found, last)
            recorded += 1
    session.flush()
    return Kept(recorded, settled)


def settle(session: Session, *, now: datetime) -> int:
    """Close the promises about things that are done, or that nobody waits for any more. Returns how many."""
    zone = organisation.zone(organisation.current(session))
    settled = 0
    for kind, ended in _ENDED.items():
        open_ones = session.scalars(
            select(Promise).where(Promise.settled_at.is_(None), Promise.subject_type == kind)
        ).all()
        if not open_ones:
            continue
        over = ended(session, {one.subject_id for one in open_ones})
        for one in open_ones:
            if one.subject_id in over:
                done_at = over[one.subject_id]
                one.done_on = done_at.astimezone(zone).date() if done_at else None
                one.settled_at = now
                settled += 1
    session.flush()
    return settled


# Queries


def latest(session: Session, subject_type: str, subject_id: int) -> Promise | None:
    """The date last told about one thing."""
    return session.scalar(
        select(Promise)
        .where(Promise.subject_type == subject_type, Promise.subject_id == subject_id)
        .order_by(Promise.made_on.desc())
        .limit(1)
    )


def told(session: Session, request: LearningRequest) -> Promise | None:
    """What a requester may read: the date last kept for their request, or for the project it became; none that is settled."""
    found = None
    if request.status is RequestStatus.ACCEPTED:
        number = session.scalar(select(Project.id).where(Project.learning_request_id == request.id))
        found = latest(session, PROJECTS, number) if number is not None else None
    elif request.status is RequestStatus.WAITLISTED:
        found = latest(session, REQUESTS, request.id)
    return found if found is not None and found.settled_at is None else None


def track_record(session: Session, *, until: datetime | None = None) -> TrackRecord:
    """How often promises held, by the first date told about each thing: later ones are easier, and come from the same work.
    With `until` as it stood at that moment."""
    first = (
        select(Promise.subject_type, Promise.subject_id, func.min(Promise.made_on).label("made_on"))
        .where(true() if until is None else Promise.made_at <= until)
        .group_by(Promise.subject_type, Promise.subject_id)
        .subquery()
    )
    rows = session.scalars(
        select(Promise).join(
            first,
            (Promise.subject_type == first.c.subject_type)
            & (Promise.subject_id == first.c.subject_id)
            & (Promise.made_on == first.c.made_on),
        )
    ).all()
    zone = organisation.zone(organisation.current(session))
    over = [one for one in rows if _is_over(one, until)]
    done = [one for one in over if one.done_on is not None]
    undone = [
        (one, _waited_until(one, until, zone))
        for one in rows
        if one.done_on is None or not _is_over(one, until)
    ]
    late = sum(_is_over(one, until) and last is not None and one.promised_on < last for one, last in undone)
    return TrackRecord(
        counts={kind: sum(one.subject_type == kind for one in done) for kind in _ENDED},
        given_up=len(over) - len(done) - late,
        open=len(rows) - len(over),
        kept_50=_share(done, undone, 50, lambda one: one.likely_on),
        kept_85=_share(done, undone, 85, lambda one: one.promised_on),
        kept_95=_share(done, undone, 95, lambda one: one.surely_on),
    )


def _is_over(one: Promise, until: datetime | None) -> bool:
    return one.settled_at is not None and (until is None or one.settled_at <= until)


def _waited_until(one: Promise, until: datetime | None, zone: ZoneInfo) -> date | None:
    """The last day on which it surely wasn't done: dates are settled in the night after."""
    moment = one.settled_at if _is_over(one, until) else until
    return moment.astimezone(zone).date() - timedelta(days=1) if moment else None


def _share(
    done: list[Promise],
    undone: list[tuple[Promise, date | None]],
    percent: int,
    day: Callable[[Promise], date],
) -> Share:
    kept = sum(one.done_on is not None and one.done_on <= day(one) for one in done)
    of = len(done) + sum(last is not None and day(one) < last for one, last in undone)
    if not of:
        return Share(None, 0.0, 1.0, 0, "No promised date has come due yet.")
    low, high = wilson(kept, of)
    words = (
        f"{kept} of {of} were done by the date told with {percent} %; "
        f"between {100 * low:.0f} and {100 * high:.0f} % in the long run."
    )
    return Share(kept / of, low, high, of, words)


# The night


def _everything(session: Session, on: Ground) -> Iterable[tuple[str, int, Forecast]]:
    live = session.scalars(
        select(Project.id).where(Project.stage.in_(LIVE_STAGES)).order_by(Project.id)
    ).all()
    for number in live:
        yield PROJECTS, number, forecasts.of_project(on, number)
    for one in session.scalars(select(Iteration).where(Iteration.status == IterationStatus.OPEN)):
        yield ITERATIONS, one.id, forecasts.for_iteration(session, one, now=on.now, on=on)
    begun = sorted((since, number) for number, since in on.begun.items())[:MOST_CARDS]
    for _, number in begun:
        yield CARDS, number, forecasts.of_card(on, number)
    waiting = session.scalars(select(LearningRequest.id).where(LearningRequest.status.in_(WAITING))).all()
    for number, found in sorted(forecasts.for_requests(session, waiting, now=on.now, on=on).items()):
        yield REQUESTS, number, found


def _is_news(before: Promise | None, found: Forecast, today: date) -> bool:
    """Whether to keep it: nothing is on record, the date with 85 % moved noticeably, or a week has passed."""
    if before is None or before.settled_at is not None or found.promised_on is None:
        return before is None or before.settled_at is not None
    if today - before.made_on >= AGAIN_AFTER or before.made_on == today:
        return True
    left = max(1, (before.promised_on - today).days)
    moved = abs((found.promised_on - before.promised_on).days)
    return moved >= max(MOVED_DAYS, MOVED_SHARE * left)


def _keep(
    session: Session, kind: str, number: int, found: Forecast, look: Look, before: Promise | None
) -> None:
    if found.likely_on is None or found.promised_on is None:
        return
    one = (
        before
        if before is not None and before.made_on == look.on
        else Promise(subject_type=kind, subject_id=number)
    )
    one.made_on, one.made_at = look.on, look.at
    one.likely_on, one.promised_on = found.likely_on, found.promised_on
    one.surely_on = found.surely_on or look.on + timedelta(days=HORIZON_DAYS)
    one.items_left, one.sample = found.items_left, found.sample
    one.method, one.formula_version, one.seed = found.method.value, FORMULA_VERSION, found.seed
    one.settled_at = one.done_on = None
    session.add(one)


def _latest(session: Session) -> dict[tuple[str, int], Promise]:
    last = select(Promise.subject_type, Promise.subject_id, func.max(Promise.made_on)).group_by(
        Promise.subject_type, Promise.subject_id
    )
    rows = session.scalars(
        select(Promise).where(tuple_(Promise.subject_type, Promise.subject_id, Promise.made_on).in_(last))
    )
    return {(one.subject_type, one.subject_id): one for one in rows}


# What is over, and when it was done (nothing where it was given up)

Ended = dict[int, datetime | None]


def _cards_over(session: Session, numbers: set[int]) -> Ended:
    rows = session.execute(
        select(Card.id, Card.done_at, Card.archived_at).where(
            Card.id.in_(numbers), Card.done_at.is_not(None) | Card.archived_at.is_not(None)
        )
    )
    return {number: done_at for number, done_at, _ in rows}


def _projects_over(session: Session, numbers: set[int]) -> Ended:
    rows = session.execute(
        select(Project.id, Project.stage, Project.ended_at).where(
            Project.id.in_(numbers), Project.stage.not_in(LIVE_STAGES)
        )
    )
    return {number: ended_at if stage is Stage.DONE else None for number, stage, ended_at in rows}


def _iterations_over(session: Session, numbers: set[int]) -> Ended:
    """One closed with all of its cards done was done with the last of them."""
    rows = session.execute(
        select(Iteration.id, Iteration.closed_at, Iteration.record).where(
            Iteration.id.in_(numbers), Iteration.status == IterationStatus.CLOSED
        )
    )
    last: dict[int | None, datetime | None] = dict(
        session.execute(
            select(Card.iteration_id, func.max(Card.done_at))
            .where(Card.iteration_id.in_(numbers))
            .group_by(Card.iteration_id)
        ).all()
    )
    return {
        number: None if (record or {}).get("left") else last.get(number) or closed_at
        for number, closed_at, record in rows
    }


def _requests_over(session: Session, numbers: set[int]) -> Ended:
    """One delivered was done then; one accepted goes on being promised; every other end is none of its date's doing."""
    rows = session.execute(
        select(LearningRequest.id, LearningRequest.status, LearningRequest.status_since, Project.ended_at)
        .outerjoin(Project, Project.learning_request_id == LearningRequest.id)
        .where(
            LearningRequest.id.in_(numbers),
            LearningRequest.status.not_in([*WAITING, RequestStatus.ACCEPTED, RequestStatus.SNOOZED]),
        )
    )
    made = {RequestStatus.DELIVERED, RequestStatus.VERIFIED}
    return {
        number: (ended_at or since) if status in made else None for number, status, since, ended_at in rows
    }


_ENDED: dict[str, Callable[[Session, set[int]], Ended]] = {
    PROJECTS: _projects_over,
    ITERATIONS: _iterations_over,
    CARDS: _cards_over,
    REQUESTS: _requests_over,
}
