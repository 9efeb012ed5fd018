"""Goals: add, change, retire; then the query."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, delete, func, select, update
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.looking_back import said_before
from portfolio.models import Goal, GoalWeight, LearningRequest, Person
from portfolio.states import OPEN


def add(session: Session, *, name: str, weight: int, by: Person | None, at: datetime, **fields: Any) -> Goal:
    """State a goal; `weight` 1..5 says how much it matters."""
    goal = Goal(name=name, weight=weight, created_at=at, **fields)
    session.add(goal)
    session.flush()
    record(session, "goal.added", goal, by=by, at=at, weight=weight)
    return goal


def edit(session: Session, goal: Goal, *, by: Person, at: datetime, **fields: Any) -> None:
    """Change a goal; a new weight has the requests that serve it scored again. Within a period it is that period's."""
    period = _period(session, goal, on=at.date()) if "weight" in fields else None
    if period is not None and (weight := fields.pop("weight")) != period.weight:
        weigh(session, goal, weight, from_on=period.from_on, by=by, at=at)
    reweighted = "weight" in fields and fields["weight"] != goal.weight
    before = said_before(goal, fields)
    for name, value in fields.items():
        setattr(goal, name, value)
    if reweighted:
        _rescore(session, goal, at)
    record(session, "goal.edited", goal, by=by, at=at, fields=sorted(fields), weight=goal.weight, **before)


def weigh(
    session: Session, goal: Goal, weight: int, *, from_on: date, by: Person | None, at: datetime
) -> GoalWeight:
    """Say how much a goal matters (1..5) from a day on, until a later day says otherwise.

    Where the day has come already, the requests that serve it are scored again; else the nightly scoring of that day does it.
    """
    held = session.get(GoalWeight, (goal.id, from_on)) or GoalWeight(goal_id=goal.id, from_on=from_on)
    held.weight = weight
    session.add(held)
    session.flush()
    if from_on <= at.date():
        _rescore(session, goal, at)
    record(session, "goal.weighed", goal, by=by, at=at, weight=weight, from_on=from_on.isoformat())
    return held


def unweigh(session: Session, goal: Goal, *, from_on: date, by: Person, at: datetime) -> None:
    """Take a period's weight back; the one before it holds on. Twice is once."""
    gone = session.execute(
        delete(GoalWeight).where(GoalWeight.goal_id == goal.id, GoalWeight.from_on == from_on)
    )
    if not gone.rowcount:  # type: ignore[attr-defined] # a DELETE's result has it
        return
    if from_on <= at.date():
        _rescore(session, goal, at)
    record(session, "goal.unweighed", goal, by=by, at=at, from_on=from_on.isoformat())


def retire(session: Session, goal: Goal, *, by: Person, at: datetime) -> None:
    """A goal that is over: offered no more, kept for the record."""
    goal.retired_at = at
    record(session, "goal.retired", goal, by=by, at=at)


def listed(session: Session) -> list[Goal]:
    """Goals in force, weightiest first."""
    return list(
        session.scalars(select(Goal).where(Goal.retired_at.is_(None)).order_by(Goal.weight.desc(), Goal.id))
    )


def find(session: Session, number: int) -> Goal | None:
    return session.get(Goal, number) if 0 < number < 2**31 else None


class Weighed(NamedTuple):
    """How much a goal matters, and whether it is over."""

    weight: int
    is_over: bool


def weighed(session: Session, *, on: date) -> dict[int, Weighed]:
    """How much each goal matters on a day: the latest period that has begun, else the goal's own weight. One statement."""
    rows = session.execute(
        select(Goal.id, func.coalesce(_latest(on), Goal.weight), Goal.retired_at.is_not(None))
    )
    return {number: Weighed(weight, is_over) for number, weight, is_over in rows}


def weights(session: Session, *, on: date) -> dict[int, int]:
    """The weights alone, by goal."""
    return {number: one.weight for number, one in weighed(session, on=on).items()}


def weight_of(session: Session, goal_id: int | None, *, on: date) -> int | None:
    """How much one goal matters on a day; None where there is none."""
    if goal_id is None:
        return None
    return session.scalar(select(func.coalesce(_latest(on), Goal.weight)).where(Goal.id == goal_id))


def periods(session: Session, goals: Iterable[Goal]) -> dict[int, list[GoalWeight]]:
    """The weights by period of each of these goals, earliest first. One statement."""
    found: dict[int, list[GoalWeight]] = {goal.id: [] for goal in goals}
    rows = select(GoalWeight).where(GoalWeight.goal_id.in_([*found])).order_by(GoalWeight.from_on)
    for one in session.scalars(rows):
        found[one.goal_id].append(one)
    return found


def _period(session: Session, goal: Goal, *, on: date) -> GoalWeight | None:
    return session.scalar(
        select(GoalWeight)
        .where(GoalWeight.goal_id == goal.id, GoalWeight.from_on <= on)
        .order_by(GoalWeight.from_on.desc())
        .limit(1)
    )


def _latest(on: date) -> ScalarSelect[int]:
    return (
        select(GoalWeight.weight)
        .where(GoalWeight.goal_id == Goal.id, GoalWeight.from_on <= on)
        .order_by(GoalWeight.from_on.desc())
        .limit(1)
        .correlate(Goal)
        .scalar_subquery()
    )


def _rescore(session: Session, goal: Goal, at: datetime) -> None:
    session.execute(
        update(LearningRequest)
        .where(LearningRequest.goal_id == goal.id, LearningRequest.status.in_(OPEN))
        .values(score_wanted_at=at)
    )
