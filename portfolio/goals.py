"""Goals: add, change, retire; then the query."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.models import Goal, LearningRequest, Person
from portfolio.states import OPEN


def add(session: Session, *, name: str, weight: int, by: Person | None, at: datetime, **fields: Any) -> Goal:
    """State a goal; `weight` 1..5 says how much it matters."""
    goal = Goal(name=name, weight=weight, created_at=at, **fields)
    session.add(goal)
    session.flush()
    record(session, "goal.added", goal, by=by, at=at, weight=weight)
    return goal


def edit(session: Session, goal: Goal, *, by: Person, at: datetime, **fields: Any) -> None:
    """Change a goal; a new weight has the requests that serve it scored again."""
    reweighted = "weight" in fields and fields["weight"] != goal.weight
    for name, value in fields.items():
        setattr(goal, name, value)
    if reweighted:
        _rescore(session, goal, at)
    record(session, "goal.edited", goal, by=by, at=at, fields=sorted(fields), weight=goal.weight)


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


def _rescore(session: Session, goal: Goal, at: datetime) -> None:
    session.execute(
        update(LearningRequest)
        .where(LearningRequest.goal_id == goal.id, LearningRequest.status.in_(OPEN))
        .values(score_wanted_at=at)
    )
