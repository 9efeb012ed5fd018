"""Hours for projects: what a week has, less days away and small asks; and the hours experts give."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import organisation
from portfolio.history import record
from portfolio.models import Absence, Card, Interrupt, LearningRequest, Person, Project
from portfolio.rules.candidates import HoursLeft, hours, hours_left, plain
from portfolio.states import LIVE_STAGES, OPEN, Role

WEEKS = 6
"""Looked ahead where nobody says otherwise."""
LOOK_BACK_WEEKS = 8
"""Weeks over which small asks are counted."""
WORKING_DAYS = 5
"""Monday to Friday: what a week's hours are spread over."""


class NotCounted(ValueError):
    """What was said about hours makes no sense; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Load:
    """What small asks take, in hours a week: the mean of the last `weeks` weeks (at most eight, fewer where they have been
    written down for less long). The mean and not the median, as the hours lost over a stretch of weeks are its multiple."""

    hours_per_week: float
    weeks: int
    count: int

    @property
    def sentence(self) -> str:
        if not self.count:
            return "No small asks were written down in the last 8 weeks, so none are taken off."
        over = "the last week" if self.weeks == 1 else f"the last {self.weeks} weeks"
        asks = "1 small ask" if self.count == 1 else f"{self.count} small asks"
        return f"{asks} in {over}: {hours(self.hours_per_week)} a week on average."


@dataclass(frozen=True)
class ExpertHours:
    """What one expert gives over the stretch; `per_week` is None where nobody has said."""

    person_id: int
    name: str
    per_week: float | None
    days_away: int
    hours: float
    asked: int = 0

    @property
    def sentence(self) -> str:
        if self.per_week is None:
            return f"{self.name} has not been given hours yet, so counts with none."
        away = f", {_days(self.days_away)} away" if self.days_away else ""
        return f"{self.name}: {hours(self.per_week)} a week{away}, {hours(self.hours)} in all."


@dataclass(frozen=True)
class Stretch:
    """The weeks planned for and the hours in them. `begun_hours` is what the open cards of live projects still need; it is
    taken off only where `takes_begun_off`."""

    starts_on: date
    weeks: int
    hours_per_week: float
    days_away: int
    load: Load
    begun_hours: float
    takes_begun_off: bool
    left: HoursLeft
    experts: tuple[ExpertHours, ...]

    @property
    def ends_on(self) -> date:
        """The last day of it."""
        return self.starts_on + timedelta(days=7 * self.weeks - 1)

    @property
    def given(self) -> float:
        return self.hours_per_week * self.weeks

    @property
    def leave_hours(self) -> float:
        return self.hours_per_week / WORKING_DAYS * self.days_away

    @property
    def interrupt_hours(self) -> float:
        return self.load.hours_per_week * self.weeks

    @property
    def hours(self) -> float:
        return self.left.hours

    @property
    def sentence(self) -> str:
        """ "15 h a week, 2 days away, about 1.5 h a week of small asks: 78 h for 6 weeks."."""
        parts = [f"{hours(self.hours_per_week)} a week"]
        if self.days_away:
            parts.append(f"{_days(self.days_away)} away")
        if self.load.hours_per_week:
            parts.append(f"about {hours(self.load.hours_per_week)} a week of small asks")
        if self.takes_begun_off and self.begun_hours:
            parts.append(f"{hours(self.begun_hours)} of work already begun")
        weeks = "1 week" if self.weeks == 1 else f"{self.weeks} weeks"
        return f"{', '.join(parts)}: {hours(self.hours)} for {weeks}."

    def done_on(self, needed: float, *, more_per_week: float = 0.0, more: float = 0.0) -> date | None:
        """The day by which so many hours of work are done at this pace; None where there is no hour to do it in."""
        pace = self.hours / self.weeks + more_per_week
        rest = max(0.0, needed - more)
        if not rest:
            return self.starts_on
        days = 7 * rest / pace if pace > 0 else float("inf")
        return self.starts_on + timedelta(days=ceil(days)) if days < 3650 else None


@dataclass(frozen=True)
class Room:
    """The hours between two days, both included: hours a week spread over working days, less days away and small asks."""

    starts_on: date
    ends_on: date
    hours_per_week: float
    working_days: int
    days_away: int
    load: Load

    @property
    def weeks(self) -> float:
        return self.working_days / WORKING_DAYS

    @property
    def hours(self) -> float:
        away = self.hours_per_week / WORKING_DAYS * self.days_away
        small = self.load.hours_per_week * self.weeks
        return max(0.0, self.hours_per_week * self.weeks - away - small)

    @property
    def sentence(self) -> str:
        """ "10 working days at 15 h a week, less 2 days away and about 1.5 h a week of small asks: 21 h."."""
        less = []
        if self.days_away:
            less.append(f"{_days(self.days_away)} away")
        if self.load.hours_per_week:
            less.append(f"about {hours(self.load.hours_per_week)} a week of small asks")
        days = "1 working day" if self.working_days == 1 else f"{self.working_days} working days"
        off = f", less {' and '.join(less)}" if less else ""
        return f"{days} at {hours(self.hours_per_week)} a week{off}: {hours(self.hours)}."


def add_absence(
    session: Session,
    *,
    from_on: date,
    until_on: date,
    by: Person,
    at: datetime,
    note: str = "",
    person: Person | None = None,
) -> Absence:
    """Days away, first and last included: of the manager, or of an expert given as `person`. Raises NotCounted."""
    if until_on < from_on:
        raise NotCounted("until_on", "The last day comes before the first.")
    if (until_on - from_on).days > 366:
        raise NotCounted("until_on", "More than a year away. Please check the dates.")
    absence = Absence(
        person_id=person.id if person else None, from_on=from_on, until_on=until_on, note=note, added_at=at
    )
    session.add(absence)
    record(
        session,
        "absence.added",
        absence,
        by=by,
        at=at,
        person=absence.person_id,
        from_on=from_on.isoformat(),
        until_on=until_on.isoformat(),
    )
    return absence


def remove_absence(session: Session, absence: Absence, *, by: Person, at: datetime) -> None:
    """They are there after all."""
    record(session, "absence.removed", absence, by=by, at=at, person=absence.person_id)
    session.delete(absence)


def interrupted(
    session: Session, *, minutes: int, note: str = "", by: Person | None, at: datetime
) -> Interrupt:
    """Write a small ask down. Raises NotCounted."""
    if not 0 < minutes <= 24 * 60:
        raise NotCounted("minutes", "Please give the minutes it took, from 1 to 1440.")
    interrupt = Interrupt(at=at, minutes=minutes, note=note, by_id=by.id if by else None)
    session.add(interrupt)
    record(session, "capacity.interrupted", interrupt, by=by, at=at, minutes=minutes)
    return interrupt


def correct_interrupt(
    session: Session, interrupt: Interrupt, *, minutes: int, note: str = "", by: Person, at: datetime
) -> None:
    """It took longer or less long, or was something else. Raises NotCounted."""
    if not 0 < minutes <= 24 * 60:
        raise NotCounted("minutes", "Please give the minutes it took, from 1 to 1440.")
    was = interrupt.minutes
    interrupt.minutes, interrupt.note = minutes, note
    record(session, "capacity.interrupt_corrected", interrupt, by=by, at=at, minutes=minutes, was=was)


def forget_interrupt(session: Session, interrupt: Interrupt, *, by: Person, at: datetime) -> None:
    """It was written down by mistake."""
    record(session, "capacity.interrupt_removed", interrupt, by=by, at=at, minutes=interrupt.minutes)
    session.delete(interrupt)


def grant_hours(
    session: Session, person: Person, hours_per_week: float | None, *, by: Person, at: datetime
) -> None:
    """An expert gives so many hours a week; None where nobody knows any more. Raises NotCounted."""
    if hours_per_week is not None and not 0 <= hours_per_week <= 80:
        raise NotCounted("hours_per_week", "Please give hours a week, from 0 to 80.")
    person.hours_per_week = hours_per_week
    record(session, "person.hours_granted", person, by=by, at=at, hours_per_week=hours_per_week)


# Queries


def ahead(
    session: Session,
    *,
    now: datetime,
    weeks: int | None = None,
    hours_per_week: float | None = None,
    take_begun_off: bool = False,
) -> Stretch:
    """The hours from today on. Hours a week x weeks - leave - small asks a week x weeks, never below zero.

    A day away takes a fifth of a week's hours. Raises NotPlannable for hours that are no hours.
    """
    ours = organisation.current(session)
    today = now.astimezone(organisation.zone(ours)).date()
    weeks = WEEKS if weeks is None else weeks
    per_week = (ours.hours_per_week if ours else 0.0) if hours_per_week is None else hours_per_week
    until = today + timedelta(days=7 * weeks - 1)
    away = _days_away(session, today, until)
    small = load(session, now=now)
    begun = begun_hours(session)
    left = hours_left(
        per_week, weeks, per_week / WORKING_DAYS * len(away.get(None, ())), small.hours_per_week
    )
    if take_begun_off and begun:
        words = f"Work already begun still takes {hours(begun)} by its open cards."
        left = HoursLeft(max(0.0, left.hours - begun), (*left.reasons, words))
    return Stretch(
        starts_on=today,
        weeks=weeks,
        hours_per_week=per_week,
        days_away=len(away.get(None, ())),
        load=small,
        begun_hours=begun,
        takes_begun_off=take_begun_off,
        left=left,
        experts=tuple(_expert(*row, weeks, away) for row in _experts(session)),
    )


def between(session: Session, first: date, last: date, *, now: datetime) -> Room:
    """The manager's hours between two days: what the week has, less days away and what small asks usually take."""
    ours = organisation.current(session)
    return Room(
        starts_on=first,
        ends_on=last,
        hours_per_week=ours.hours_per_week if ours else 0.0,
        working_days=sum(1 for _ in _working_days(first, last)),
        days_away=len(days_away(session, first, last)),
        load=load(session, now=now),
    )


def days_away(session: Session, first: date, last: date) -> set[date]:
    """Working days within a stretch on which the manager is away."""
    return _days_away(session, first, last).get(None, set())


def load(session: Session, *, now: datetime) -> Load:
    """What small asks take, measured over the last weeks."""
    since = now - timedelta(weeks=LOOK_BACK_WEEKS)
    count, minutes = session.execute(
        select(func.count(), func.sum(Interrupt.minutes)).where(Interrupt.at > since, Interrupt.at <= now)
    ).one()
    first = session.scalar(select(func.min(Interrupt.at)))
    if not count or first is None:
        return Load(0.0, LOOK_BACK_WEEKS, 0)
    kept = ceil((now - first) / timedelta(weeks=1)) or 1
    weeks = min(LOOK_BACK_WEEKS, kept)
    return Load(float(minutes or 0) / 60 / weeks, weeks, int(count))


@dataclass(frozen=True)
class WeekOfAsks:
    """The small asks of one calendar week, from Monday."""

    starts_on: date
    minutes: int
    count: int

    @property
    def hours(self) -> float:
        return self.minutes / 60


def weeks_of_asks(session: Session, *, now: datetime) -> list[WeekOfAsks]:
    """This week, which isn't over, and up to eight before it, the latest first; none from before the first was written down."""
    zone = organisation.zone(organisation.current(session))
    today = now.astimezone(zone).date()
    this_week = today - timedelta(days=today.weekday())
    earliest = datetime.combine(this_week - timedelta(weeks=LOOK_BACK_WEEKS), time(), tzinfo=zone)
    rows = session.execute(
        select(Interrupt.at, Interrupt.minutes).where(Interrupt.at >= earliest, Interrupt.at <= now)
    )
    found: dict[date, list[int]] = {}
    for at, minutes in rows:
        day = at.astimezone(zone).date()
        found.setdefault(day - timedelta(days=day.weekday()), []).append(minutes)
    first = session.scalar(select(func.min(Interrupt.at)))
    begun = first.astimezone(zone).date() if first else today
    mondays = (this_week - timedelta(weeks=back) for back in range(LOOK_BACK_WEEKS + 1))
    return [
        WeekOfAsks(monday, sum(found.get(monday, ())), len(found.get(monday, ())))
        for monday in mondays
        if monday + timedelta(days=7) > begun
    ]


def begun_hours(session: Session) -> float:
    """Hours that the open cards of live projects were estimated at."""
    return float(
        session.scalar(
            select(func.sum(Card.estimate_hours))
            .join(Project, Card.project_id == Project.id)
            .where(Project.stage.in_(LIVE_STAGES), Card.done_at.is_(None), Card.archived_at.is_(None))
        )
        or 0.0
    )


def absences(session: Session, *, today: date, limit: int = 50) -> list[Absence]:
    """Days away that aren't over yet, the soonest first."""
    query = select(Absence).where(Absence.until_on >= today).order_by(Absence.from_on, Absence.id)
    return list(session.scalars(query.limit(limit)))


def find_absence(session: Session, number: int) -> Absence | None:
    return session.get(Absence, number) if 0 < number < 2**31 else None


def interrupts(session: Session, limit: int = 5) -> list[Interrupt]:
    """The latest small asks, newest first."""
    return list(
        session.scalars(select(Interrupt).order_by(Interrupt.at.desc(), Interrupt.id.desc()).limit(limit))
    )


def find_interrupt(session: Session, number: int) -> Interrupt | None:
    return session.get(Interrupt, number) if 0 < number < 2**31 else None


def experts(session: Session) -> list[Person]:
    """Who could be asked for hours, by name."""
    query = select(Person).where(Person.roles.contains(Role.CONTRIBUTOR.value))
    return sorted(session.scalars(query), key=lambda one: one.display_name.lower())


def find_expert(session: Session, number: int) -> Person | None:
    """Somebody who can be asked for hours, by number."""
    person = session.get(Person, number) if 0 < number < 2**31 else None
    return person if person is not None and person.has_role(Role.CONTRIBUTOR) else None


def _experts(session: Session) -> Sequence[tuple[Person, int]]:
    """Who gives hours or is named by an open request, and how many of those there are."""
    asked = (
        select(LearningRequest.expert_id, func.count().label("count"))
        .where(LearningRequest.status.in_(OPEN), LearningRequest.expert_id.is_not(None))
        .group_by(LearningRequest.expert_id)
        .subquery()
    )
    rows = session.execute(
        select(Person, func.coalesce(asked.c.count, 0))
        .outerjoin(asked, asked.c.expert_id == Person.id)
        .where(Person.hours_per_week.is_not(None) | asked.c.count.is_not(None))
        .order_by(Person.id)
    )
    return [(person, int(count)) for person, count in rows]


def _expert(person: Person, asked: int, weeks: int, away: dict[int | None, set[date]]) -> ExpertHours:
    days = len(away.get(person.id, ()))
    per_week = person.hours_per_week
    total = max(0.0, (per_week or 0.0) * (weeks - days / WORKING_DAYS))
    return ExpertHours(person.id, person.display_name, per_week, days, total, asked)


def _days_away(session: Session, first: date, last: date) -> dict[int | None, set[date]]:
    """Working days away within a stretch, by person (None: the manager); a day counts once however often it is said."""
    found: dict[int | None, set[date]] = {}
    rows = session.execute(
        select(Absence.person_id, Absence.from_on, Absence.until_on).where(
            Absence.from_on <= last, Absence.until_on >= first
        )
    )
    for person, from_on, until_on in rows:
        found.setdefault(person, set()).update(_working_days(max(first, from_on), min(last, until_on)))
    return found


def _working_days(first: date, last: date) -> Iterable[date]:
    every = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return (day for day in every if day.weekday() < WORKING_DAYS)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{plain(count, 0)} days"
