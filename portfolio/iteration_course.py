"""Where an iteration stands and where it is heading, as one sentence and the days behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portfolio import capacity, iteration_record
from portfolio.iteration_days import (
    ScopeChange,
    Standing,
    local_day,
    names,
    scope_changes,
    snapshots,
    standing_at,
)
from portfolio.models import Iteration
from portfolio.rules.iterating import Pace, pace, working_days
from portfolio.states import IterationStatus

HALF_A_DAY = 0.5
"""Of today counts as gone, whenever somebody looks."""


@dataclass(frozen=True)
class Day:
    """How it stood when a day was over."""

    on: date
    standing: Standing


@dataclass(frozen=True)
class Course:
    """`standing` now, or as it was closed; `days_left` are working days with today, less those away."""

    iteration: Iteration
    today: date
    standing: Standing
    days: tuple[Day, ...]
    changes: tuple[ScopeChange, ...]
    days_left: int
    pace: Pace | None

    @property
    def committed(self) -> int:
        return len(self.iteration.committed or ())

    @property
    def came_in(self) -> int:
        return sum(one.came_in for one in self.changes)

    @property
    def went_out(self) -> int:
        return len(self.changes) - self.came_in

    @property
    def sentence(self) -> str:
        """ "7 of 11 cards done, 4 working days left: on pace for 9 to 11."."""
        now = self.standing
        done = f"{now.cards_done} of {_cards(now.cards)} done"
        if self.iteration.status is IterationStatus.CLOSED or not now.cards:
            return f"{done}." if now.cards else "Nothing is in it yet."
        if now.cards_done == now.cards:
            return (
                f"All {_cards(now.cards)} done, {self._left}."
                if now.cards > 1
                else f"Its card is done, {self._left}."
            )
        if self.today > self.iteration.ends_on:
            return f"{done}, and its last day is over: time to close it with a review."
        heading = f": {self.pace.words}" if self.pace else ""
        return f"{done}, {self._left}{heading}."

    @property
    def _left(self) -> str:
        if self.today > self.iteration.ends_on:
            return "and its last day is over"
        return {0: "no working day left", 1: "1 working day left"}.get(
            self.days_left, f"{self.days_left} working days left"
        )


def course(session: Session, iteration: Iteration, *, now: datetime) -> Course:
    """Where it stands. A closed one's is told by its record alone."""
    today = local_day(now, session)
    if iteration.status is IterationStatus.CLOSED:
        return _closed(session, iteration, today)
    standing = standing_at(session, iteration, now, now=now)
    if iteration.status is IterationStatus.PLANNED:
        return Course(iteration, today, standing, (), (), 0, None)
    away = capacity.days_away(session, iteration.starts_on, iteration.ends_on)
    left = working_days(max(today, iteration.starts_on), iteration.ends_on, away)
    gone = working_days(iteration.starts_on, min(today, iteration.ends_on), away)
    is_today = iteration.starts_on <= today <= iteration.ends_on and working_days(today, today, away)
    half = HALF_A_DAY if is_today else 0.0
    return Course(
        iteration=iteration,
        today=today,
        standing=standing,
        days=tuple(
            Day(one.on, Standing(one.cards, one.cards_done, one.hours, one.hours_done))
            for one in snapshots(session, iteration)
            if one.on < today
        ),
        changes=tuple(scope_changes(session, iteration)),
        days_left=left,
        pace=pace(
            standing.cards_done,
            standing.cards,
            gone - half,
            left - half,
            iteration_record.earlier_pace(session, iteration),
        ),
    )


def _closed(session: Session, iteration: Iteration, today: date) -> Course:
    facts = iteration.record or {}
    done, left = facts.get("done", []), facts.get("left", [])
    standing = Standing(
        len(done) + len(left), len(done), facts.get("hours_held", 0.0), facts.get("hours_done", 0.0)
    )
    days = _kept_days(facts.get("days", [])) or [
        Day(one.on, Standing(one.cards, one.cards_done, one.hours, one.hours_done))
        for one in snapshots(session, iteration)
    ]
    changes = facts.get("changes", [])
    known = names(session, (one["by"] for one in changes))
    return Course(
        iteration=iteration,
        today=today,
        standing=standing,
        days=tuple(days),
        changes=tuple(
            ScopeChange(
                card=one["card"],
                title=one["title"],
                hours=one["hours"],
                came_in=one["came_in"],
                at=datetime.fromisoformat(one["at"]),
                by_id=one["by"],
                by=known.get(one["by"] or 0, ""),
            )
            for one in changes
        ),
        days_left=0,
        pace=None,
    )


def _kept_days(kept: Sequence[dict[str, Any]]) -> list[Day]:
    return [
        Day(
            date.fromisoformat(one["on"]),
            Standing(one["cards"], one["cards_done"], one["hours"], one["hours_done"]),
        )
        for one in kept
    ]


def _cards(count: int) -> str:
    return "1 card" if count == 1 else f"{count} cards"
