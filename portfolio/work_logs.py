"""Hours spent on a card: typed, or by a timer of which everybody has one."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portfolio.database import hold
from portfolio.history import record
from portfolio.looking_back import CutOff, changes_since
from portfolio.models import Card, Person, WorkLog

FORGOTTEN_AFTER = timedelta(hours=10)
"""A timer that ran longer is not believed; whoever started it says how long it was."""

MOST_HOURS = 200.0
"""In one line: more is a slip of the pen."""


class TimerForgotten(ValueError):
    """The timer ran so long that it was perhaps forgotten: say how many hours it was."""

    def __init__(self, log: WorkLog, ran_hours: float) -> None:
        super().__init__(
            f"This timer has run for {ran_hours:.0f} hours. Please say how long you worked; 0 keeps nothing."
        )
        self.log, self.ran_hours = log, ran_hours


class HoursRefused(ValueError):
    """So many hours can't be; the message says what can."""


@dataclass(frozen=True)
class Clock:
    """A timer that runs, and for how long."""

    log: WorkLog
    ran_hours: float

    @property
    def is_forgotten(self) -> bool:
        return self.ran_hours > FORGOTTEN_AFTER / timedelta(hours=1)


@dataclass(frozen=True)
class Logged:
    """Hours somebody wrote down on a card of a project (None where it has none), and when they were worked."""

    card: int
    project: int | None
    person: int
    hours: float
    started_at: datetime
    ended_at: datetime


def type_in(
    session: Session,
    card: Card,
    hours: float,
    *,
    note: str = "",
    on: date | None = None,
    zone: ZoneInfo | None = None,
    by: Person,
    at: datetime,
) -> WorkLog:
    """Write hours down, for today or for a day before. Raises HoursRefused."""
    _check(hours)
    ended_at = at if on is None else min(at, datetime.combine(on, time(17), tzinfo=zone or at.tzinfo))
    log = WorkLog(
        card_id=card.id,
        person_id=by.id,
        started_at=ended_at - timedelta(hours=hours),
        ended_at=ended_at,
        hours=hours,
        note=note,
    )
    session.add(log)
    session.flush()
    _count(session, card, hours)
    record(session, "card.hours_logged", card, by=by, at=at, log=log.id, hours=hours)
    return log


def start(session: Session, card: Card, *, by: Person, at: datetime) -> WorkLog:
    """Start one's timer on a card; the one that runs elsewhere stops. Raises TimerForgotten, and starts nothing then."""
    hold(session, by)
    running = running_of(session, by)
    if running is not None:
        if running.card_id == card.id:
            return running
        stop(session, running, by=by, at=at)
    log = WorkLog(card_id=card.id, person_id=by.id, started_at=at)
    session.add(log)
    session.flush()
    record(session, "card.timer_started", card, by=by, at=at, log=log.id)
    return log


def stop(
    session: Session, log: WorkLog, *, hours: float | None = None, by: Person | None, at: datetime
) -> None:
    """Stop a timer; `hours` where it was forgotten, 0 to keep nothing. Raises TimerForgotten, HoursRefused."""
    hold(session, log)
    if log.ended_at is not None:
        return
    ran = (at - log.started_at) / timedelta(hours=1)
    if hours is None:
        if at - log.started_at > FORGOTTEN_AFTER:
            raise TimerForgotten(log, ran)
        hours = round(ran, 2)
    elif hours:
        _check(hours)
    card = session.get_one(Card, log.card_id)
    log.hours = hours
    log.ended_at = at if hours >= ran - 0.01 else log.started_at + timedelta(hours=hours)
    _count(session, card, hours)
    record(session, "card.timer_stopped", card, by=by, at=at, log=log.id, hours=hours)


def correct(session: Session, log: WorkLog, hours: float, *, note: str, by: Person, at: datetime) -> None:
    """Change what was written down. Raises HoursRefused, also for a timer that still runs."""
    _check(hours)
    hold(session, log)
    if log.ended_at is None:
        raise HoursRefused("This timer still runs. Stop it first.")
    was = log.hours or 0.0
    card = session.get_one(Card, log.card_id)
    log.hours, log.note = hours, note
    _count(session, card, hours - was)
    record(session, "card.hours_corrected", card, by=by, at=at, log=log.id, hours=hours, was=was)


def say_in_all(session: Session, card: Card, hours: float, *, by: Person, at: datetime) -> None:
    """Say how many hours one took on a card so far: what is missing is written down, what is too much taken from the latest."""
    missing = round(hours - hours_of(session, card, by), 2)
    if missing > 0:
        type_in(session, card, missing, by=by, at=at)
        return
    for log in listed(session, card):
        if missing >= 0:
            return
        if log.person_id != by.id:
            continue
        left = round((log.hours or 0.0) + missing, 2)
        missing = min(0.0, left)
        if left > 0:
            correct(session, log, left, note=log.note, by=by, at=at)
        else:
            remove(session, log, by=by, at=at)


def remove(session: Session, log: WorkLog, *, by: Person, at: datetime) -> None:
    """It was written down by mistake. Raises Gone."""
    hold(session, log)
    card = session.get_one(Card, log.card_id)
    _count(session, card, -(log.hours or 0.0))
    record(
        session,
        "card.hours_removed",
        card,
        by=by,
        at=at,
        log=log.id,
        hours=log.hours or 0.0,
        person=log.person_id,
        started_at=log.started_at.isoformat(),
    )
    session.delete(log)


# Queries


def listed(session: Session, card: Card) -> list[WorkLog]:
    """What was written down on a card, the latest first; timers that run are not in it."""
    return list(
        session.scalars(
            select(WorkLog)
            .where(WorkLog.card_id == card.id, WorkLog.ended_at.is_not(None))
            .options(joinedload(WorkLog.person))
            .order_by(WorkLog.ended_at.desc(), WorkLog.id.desc())
        )
    )


def running_on(session: Session, card: Card) -> list[WorkLog]:
    """The timers that run on a card."""
    return list(
        session.scalars(
            select(WorkLog)
            .where(WorkLog.card_id == card.id, WorkLog.ended_at.is_(None))
            .options(joinedload(WorkLog.person))
            .order_by(WorkLog.started_at)
        )
    )


def running_of(session: Session, person: Person) -> WorkLog | None:
    """The one timer of a person that runs."""
    return session.scalar(
        select(WorkLog)
        .where(WorkLog.person_id == person.id, WorkLog.ended_at.is_(None))
        .options(joinedload(WorkLog.card))
    )


def clock_of(session: Session, person: Person, *, now: datetime) -> Clock | None:
    """A person's timer and how long it has run."""
    log = running_of(session, person)
    return None if log is None else Clock(log, (now - log.started_at) / timedelta(hours=1))


def find(session: Session, card: Card, number: int) -> WorkLog | None:
    """The card's own line of this number."""
    log = session.get(WorkLog, number) if 0 < number < 2**31 else None
    return log if log is not None and log.card_id == card.id else None


def hours_of(session: Session, card: Card, person: Person) -> float:
    """What one person has written down on a card."""
    logs = session.scalars(
        select(WorkLog.hours).where(WorkLog.card_id == card.id, WorkLog.person_id == person.id)
    )
    return round(sum(hours or 0.0 for hours in logs), 2)


def logged(session: Session, of_cards: Select[int], cut_off: CutOff | None = None) -> list[Logged]:
    """Hours written down on these cards, timers that run not in it; up to a cut-off as they stood in the books then."""
    rows = session.execute(
        select(
            WorkLog.id, WorkLog.card_id, Card.project_id, WorkLog.person_id, WorkLog.hours, WorkLog.started_at, WorkLog.ended_at
        )
        .join(Card, Card.id == WorkLog.card_id)
        .where(WorkLog.card_id.in_(of_cards), WorkLog.ended_at.is_not(None), WorkLog.hours > 0)
        .order_by(WorkLog.id)
    )  # fmt: skip
    found = {
        number: Logged(card, project, person, hours, started_at, ended_at)
        for number, card, project, person, hours, started_at, ended_at in rows
        if hours is not None and ended_at is not None
    }
    if cut_off is None:
        return [*found.values()]
    _wind_back(session, found, of_cards, cut_off.known_at)
    return [one for _, one in sorted(found.items()) if one.ended_at < cut_off.at]


def _wind_back(session: Session, found: dict[int, Logged], of_cards: Select[int], known_at: datetime) -> None:
    """Undo what was written down, corrected and removed since a moment."""
    changed = changes_since(
        session, known_at, "card.hours_logged", "card.timer_stopped", "card.hours_corrected", "card.hours_removed"
    )  # fmt: skip
    if not changed:
        return
    cards = session.execute(select(Card.id, Card.project_id).where(Card.id.in_(of_cards))).all()
    projects = {card: project for card, project in cards}  # noqa: C416 - rows unpack, dict() takes pairs only
    for event in changed:
        said, number = event.details, event.details["log"]
        if event.action == "card.hours_removed":
            if event.subject_id in projects and said.get("started_at") and said["hours"]:
                begun = datetime.fromisoformat(said["started_at"])
                ended = begun + timedelta(hours=said["hours"])
                card = event.subject_id
                found[number] = Logged(card, projects[card], said["person"], said["hours"], begun, ended)
        elif event.action != "card.hours_corrected":
            found.pop(number, None)
        elif number in found:
            found[number] = replace(found[number], hours=said["was"])


def _check(hours: float) -> None:
    if not 0 < hours <= MOST_HOURS:
        raise HoursRefused(f"Please give hours, more than 0 and at most {MOST_HOURS:g}.")


def _count(session: Session, card: Card, more: float) -> None:
    """Keep the card's sum in step; what it had before, typed or imported, stays in it."""
    hold(session, card)
    card.actual_hours = max(0.0, round((card.actual_hours or 0.0) + more, 2)) or None
    card.version += 1
