"""When a card, a project, an iteration or a waiting request will be done, worked out from what the board did so far. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from math import sqrt
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import capacity, organisation, replay
from portfolio.models import Absence, Assessment, Card, Column, Iteration, LearningRequest, Plan, Project
from portfolio.replay import Past
from portfolio.rules import forecasting as rules
from portfolio.rules.forecasting import Calendar, Forecast, HowMany, Method, Throughput
from portfolio.rules.ranges import Range
from portfolio.states import LIVE_STAGES, OPEN, ColumnKind, IterationStatus, RequestStatus

SEED = 5
"""One seed for all, so that a date moves because something happened, and not by chance."""
DAY = 86_400.0
MOST_CYCLES = 400
"""Cycle times looked at, the latest: a year or two of work."""


@dataclass(frozen=True)
class Queued:
    """An unfinished card on the board, and how many come before it: the columns next to done first, each from the top."""

    id: int
    project_id: int | None
    iteration_id: int | None
    place: int


@dataclass(frozen=True)
class Ground:
    """What every forecast of one moment rests on, read once."""

    now: datetime
    zone: ZoneInfo
    calendar: Calendar
    past: Past
    away: frozenset[date]
    queue: tuple[Queued, ...]

    @property
    def today(self) -> date:
        return self.calendar.starts_on

    @cached_property
    def history(self) -> Throughput:
        """Cards finished a week, since the first was started."""
        begun = np.fmin(self.past.started, self.past.done)
        if np.isnan(begun).all():
            return Throughput(())
        back = self.now.timestamp() - (rules.WEEKS_BACK + 1) * 7 * DAY
        done = [self.day(value) for value in self.past.done[self.past.done > back]]
        since = self.day(float(np.nanmin(begun)))
        return rules.throughput(done, since=since, today=self.today, away=self.away)

    @cached_property
    def cycles(self) -> tuple[float, ...]:
        """Days each finished card took, days away not counted; the latest ones."""
        pairs = zip(self.past.started, self.past.done, strict=True)
        known = sorted((done, begun) for begun, done in pairs if done >= begun)[-MOST_CYCLES:]
        return tuple(self.days_between(begun, done) for done, begun in known)

    @cached_property
    def begun(self) -> dict[int, float]:
        """When each card under way was started, in seconds."""
        rows = np.flatnonzero(self.past.under_way)
        ids, started = self.past.card_ids, self.past.started
        return {int(ids[row]): float(started[row]) for row in rows}

    def day(self, seconds: float) -> date:
        return datetime.fromtimestamp(seconds, self.zone).date()

    def days_between(self, begun: float, ended: float) -> float:
        """Days of 24 hours between two moments, less the days away within them."""
        first, last = self.day(begun), self.day(ended)
        away = sum(first < day < last for day in self.away)
        return max(0.0, (ended - begun) / DAY - away)


def ground(session: Session, *, now: datetime) -> Ground:
    """Read what all forecasts of this moment rest on. A fixed number of statements."""
    ours = organisation.current(session)
    zone = organisation.zone(ours)
    today = now.astimezone(zone).date()
    away = _days_away(session)
    return Ground(
        now=now,
        zone=zone,
        calendar=Calendar(today, away),
        past=replay.read(session, moment=now),
        away=away,
        queue=tuple(_queue(session)),
    )


def for_card(session: Session, card: Card, *, now: datetime, on: Ground | None = None) -> Forecast:
    """A card under way by its age; one that waits by the cards before it."""
    on = on or ground(session, now=now)
    if card.done_at is not None or card.archived_at is not None:
        return _over("It is done." if card.done_at is not None else "It was taken off the board.")
    return of_card(on, card.id)


def of_card(on: Ground, number: int) -> Forecast:
    """The same for a card on the board, from what was read already."""
    if number in on.begun:
        age = on.days_between(on.begun[number], on.now.timestamp())
        return rules.forecast_card(age, on.cycles, on.calendar, seed=SEED)
    queued = next((one for one in on.queue if one.id == number), None)
    if queued is None:
        return _over("It doesn't stand on the board.")
    found = rules.forecast_finish(queued.place + 1, on.history, on.calendar, seed=SEED)
    return _with(
        found,
        f"{_count(queued.place, 'card')} {_come(queued.place)} before it."
        if queued.place
        else "It comes next.",
    )


def for_project(session: Session, project: Project, *, now: datetime, on: Ground | None = None) -> Forecast:
    """When a project's open cards are done: at the least its own have to be, at the most also all that stand before its last one."""
    if not project.is_live:
        return _over("It has ended.")
    return of_project(on or ground(session, now=now), project.id)


def of_project(on: Ground, number: int) -> Forecast:
    mine = [one for one in on.queue if one.project_id == number]
    if not mine:
        return _over("It has no open cards, so nobody can say. Add what is missing, or move it to done.")
    own, before = len(mine), max(one.place for one in mine) + 1
    items = Range(own, sqrt(own * before), before)
    found = rules.forecast_finish(items, on.history, on.calendar, seed=SEED)
    left = f"{_count(own, 'card')} {'is' if own == 1 else 'are'} left"
    others = before - own
    queue = (
        f", and {_count(others, 'other')} {'stands' if others == 1 else 'stand'} before the last of them"
        if others
        else ""
    )
    return _with(found, f"{left}{queue}.")


def for_iteration(
    session: Session, iteration: Iteration, *, now: datetime, on: Ground | None = None
) -> Forecast:
    """When an iteration's open cards are done, and how many of them by its last day."""
    if iteration.status is IterationStatus.CLOSED:
        return _over("It is closed.")
    on = on or ground(session, now=now)
    left = sum(one.iteration_id == iteration.id for one in on.queue)
    if not left:
        return _over("None of its cards is left to do.")
    found = rules.forecast_finish(left, on.history, on.calendar, seed=SEED)
    within = by_its_end(on, iteration)
    if not found.sample or within.weeks <= 0:
        return _with(found, f"{_count(left, 'card')} left.")
    promised, likely = min(left, within.promised), min(left, within.likely)
    return _with(
        found,
        f"Of the {left} cards left, at least {promised} will be done by its last day with 85 %, {likely} with 50 %."
        if left > 1
        else "One card left.",
    )


def by_its_end(on: Ground, iteration: Iteration) -> HowMany:
    """How many cards can be finished by an iteration's last day."""
    return rules.how_many(on.calendar.weeks_until(iteration.ends_on), on.history, seed=SEED)


def for_request(
    session: Session, request: LearningRequest, *, now: datetime, on: Ground | None = None
) -> Forecast:
    """A waiting request: what comes before it in the plan, then itself, at the hours there are. One that was accepted: its project."""
    if request.status is RequestStatus.ACCEPTED:
        project = session.scalar(select(Project).where(Project.learning_request_id == request.id))
        if project is not None:
            return for_project(session, project, now=now, on=on)
    if request.status not in OPEN:
        return _over("It waits no longer.")
    found = for_requests(session, [request.id], now=now, on=on)
    return found.get(request.id) or _over("It has no place in the plan yet, so nobody can say.")


def for_requests(
    session: Session, numbers: Iterable[int], *, now: datetime, on: Ground | None = None
) -> dict[int, Forecast]:
    """Those of these open requests that the latest plan knows, each with its forecast. A fixed number of statements."""
    on = on or ground(session, now=now)
    order = _plan_order(session)
    rows = session.execute(
        select(
            LearningRequest.id,
            Assessment.manager_hours_low,
            Assessment.manager_hours_likely,
            Assessment.manager_hours_high,
        )
        .join(Assessment, LearningRequest.assessment_id == Assessment.id)
        .where(LearningRequest.id.in_(order), LearningRequest.status.in_(OPEN))
    )
    hours = {number: Range(low, likely, high) for number, low, likely, high in rows}
    queue = [number for number in order if number in hours]
    begun = _begun(session)
    ours = organisation.current(session)
    per_week = (ours.hours_per_week if ours else 0.0) - capacity.load(session, now=now).hours_per_week
    found = {}
    for number in set(numbers) & hours.keys():
        place = queue.index(number)
        ahead = [hours[other] for other in queue[:place]]
        work = [begun, *ahead] if begun.high else ahead
        one = rules.forecast_hours(work, hours[number], per_week, on.calendar, seed=SEED)
        items = Range(place + 1, place + 1, place + 1)
        found[number] = (
            replace(one, items=items, reasons=(*_before(place, begun), *one.reasons[1:]))
            if one.can_say
            else one
        )
    return found


def _before(place: int, begun: Range) -> tuple[str, ...]:
    first = f"{_count(place, 'request')} {_come(place)} before it" if place else "No request comes before it"
    return (f"{first}, and about {begun.likely:.0f} h of work begun already." if begun.high else f"{first}.",)


def _plan_order(session: Session) -> list[int]:
    """Open requests as the latest plan has them: the chosen first, then the rest by their chance."""
    body = session.scalar(select(Plan.body).order_by(Plan.id.desc()).limit(1))
    if body is None:
        return []
    return [int(one["id"]) for one in (*body["chosen"], *body["left_out"])]


def _begun(session: Session) -> Range:
    """Hours that the open cards of live projects still take; one without an estimate counts like the others on average."""
    known, total, count = session.execute(
        select(func.count(Card.estimate_hours), func.sum(Card.estimate_hours), func.count())
        .join(Project, Card.project_id == Project.id)
        .where(Project.stage.in_(LIVE_STAGES), Card.done_at.is_(None), Card.archived_at.is_(None))
    ).one()
    if not known or not total:
        return Range(0, 0, 0)
    return Range.around(float(total) / known * count, "C")


def _queue(session: Session) -> Iterable[Queued]:
    rows = session.execute(
        select(Card.id, Card.project_id, Card.iteration_id)
        .join(Card.column)
        .where(Column.kind != ColumnKind.DONE, Card.archived_at.is_(None))
        .order_by(Column.position.desc(), Card.rank, Card.id)
    )
    for place, (number, project, iteration) in enumerate(rows):
        yield Queued(number, project, iteration, place)


def _days_away(session: Session) -> frozenset[date]:
    rows = session.execute(select(Absence.from_on, Absence.until_on).where(Absence.person_id.is_(None))).all()
    return frozenset(
        first + timedelta(days=day)
        for first, last in rows
        for day in range((last - first).days + 1)
        if (first + timedelta(days=day)).weekday() < rules.WORKING_DAYS
    )


def _over(words: str) -> Forecast:
    return Forecast(None, None, None, Range(0, 0, 0), 0, Method.NONE, SEED, (words,))


def _with(found: Forecast, words: str) -> Forecast:
    return replace(found, reasons=(words, *found.reasons)) if found.can_say else found


def _come(number: int) -> str:
    return "comes" if number == 1 else "come"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
