"""Iterations: plan, open, take a daily snapshot, close with a review."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from portfolio import cards
from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Card, Column, Iteration, Person, Snapshot
from portfolio.states import ColumnKind, IterationStatus


class IterationRefused(ValueError):
    """The iteration is not in a state from which this can be done."""


def plan(
    session: Session,
    *,
    starts_on: date,
    ends_on: date,
    capacity_hours: float,
    goal: str,
    by: Person,
    at: datetime,
) -> Iteration:
    """Set up the next iteration."""
    iteration = Iteration(goal=goal, starts_on=starts_on, ends_on=ends_on, capacity_hours=capacity_hours)
    session.add(iteration)
    session.flush()
    record(session, "iteration.planned", iteration, by=by, at=at, capacity_hours=capacity_hours)
    return iteration


def edit(session: Session, iteration: Iteration, *, by: Person, at: datetime, **fields: Any) -> None:
    """Change the goal, dates or capacity of an iteration that isn't closed."""
    if iteration.status is IterationStatus.CLOSED:
        raise IterationRefused("A closed iteration keeps its facts.")
    for name, value in fields.items():
        setattr(iteration, name, value)
    record(session, "iteration.edited", iteration, by=by, at=at, fields=sorted(fields))


def start(session: Session, iteration: Iteration, *, by: Person, at: datetime) -> None:
    """Commit to the cards planned so far. One iteration is open at a time."""
    hold(session, iteration)
    if iteration.status is not IterationStatus.PLANNED:
        raise IterationRefused("Only a planned iteration can be started.")
    if current(session) is not None:
        raise IterationRefused("Close the open iteration first.")
    committed = cards.of_iteration(session, iteration)
    iteration.status = IterationStatus.OPEN
    iteration.opened_at = at
    iteration.committed = [card.id for card in committed]
    record(session, "iteration.started", iteration, by=by, at=at, cards=iteration.committed)
    take_snapshot(session, iteration, on=at.date(), at=at)


def close(
    session: Session,
    iteration: Iteration,
    *,
    shown: str,
    learned: str,
    next_step: str,
    by: Person,
    at: datetime,
) -> dict[str, Any]:
    """Close with a review. The record keeps its facts for ever; unfinished cards are freed for the next iteration."""
    hold(session, iteration)
    if iteration.status is not IterationStatus.OPEN:
        raise IterationRefused("Only an open iteration can be closed.")
    take_snapshot(session, iteration, on=at.date(), at=at)
    held = cards.of_iteration(session, iteration)
    iteration.record = _facts(iteration, held)
    iteration.status = IterationStatus.CLOSED
    iteration.closed_at = at
    iteration.shown, iteration.learned, iteration.next_step = shown, learned, next_step
    record(session, "iteration.closed", iteration, by=by, at=at, **_counts(iteration.record))
    for card in held:
        if card.column.kind is not ColumnKind.DONE:
            cards.take_into(session, card, None, by=by, at=at)
    return iteration.record


def snapshot_open(session: Session, *, on: date, at: datetime) -> int:
    """Keep how the open iteration stands at the end of `on`. Taking it again replaces that day's."""
    iteration = current(session)
    if iteration is None:
        return 0
    take_snapshot(session, iteration, on=on, at=at)
    return 1


def take_snapshot(session: Session, iteration: Iteration, *, on: date, at: datetime) -> Snapshot:
    """How many cards and hours an iteration holds and how many are done, kept for the day `on`."""
    is_done = Column.kind == ColumnKind.DONE
    hours = func.coalesce(Card.estimate_hours, 0.0)
    row = session.execute(
        select(
            func.count(Card.id),
            func.coalesce(func.sum(case((is_done, 1), else_=0)), 0),
            func.coalesce(func.sum(hours), 0.0),
            func.coalesce(func.sum(case((is_done, hours), else_=0.0)), 0.0),
        )
        .join(Card.column)
        .where(Card.iteration_id == iteration.id, Card.archived_at.is_(None))
    ).one()
    taken = session.get(Snapshot, (iteration.id, on)) or Snapshot(iteration_id=iteration.id, on=on)
    taken.cards, taken.cards_done, taken.hours, taken.hours_done = row
    taken.taken_at = at
    session.add(taken)
    session.flush()
    return taken


# Queries


def current(session: Session) -> Iteration | None:
    """The open iteration, if any."""
    return session.scalar(
        select(Iteration).where(Iteration.status == IterationStatus.OPEN).order_by(Iteration.id)
    )


def find(session: Session, number: int) -> Iteration | None:
    return session.get(Iteration, number) if 0 < number < 2**31 else None


def listed(session: Session, limit: int = 60) -> list[Iteration]:
    """Iterations, newest first."""
    return list(
        session.scalars(
            select(Iteration).order_by(Iteration.starts_on.desc(), Iteration.id.desc()).limit(limit)
        )
    )


def snapshots(session: Session, iteration: Iteration) -> list[Snapshot]:
    """An iteration's daily snapshots in order."""
    return list(
        session.scalars(select(Snapshot).where(Snapshot.iteration_id == iteration.id).order_by(Snapshot.on))
    )


def next_dates(session: Session, today: date, weeks: int) -> tuple[date, date]:
    """When the next iteration would run: after the last one, or from the coming Monday."""
    last = session.scalar(select(func.max(Iteration.ends_on)))
    if last is not None and last >= today:
        starts = last + timedelta(days=1)
    else:
        starts = today + timedelta(days=(-today.weekday()) % 7)
    starts += timedelta(days={5: 2, 6: 1}.get(starts.weekday(), 0))
    return starts, starts + timedelta(days=7 * weeks - 3)


def _facts(iteration: Iteration, held: list[Card]) -> dict[str, Any]:
    done = [card for card in held if card.column.kind is ColumnKind.DONE]
    committed = set(iteration.committed or [])
    return {
        "goal": iteration.goal,
        "capacity_hours": iteration.capacity_hours,
        "committed": sorted(committed),
        "done": [_fact(card) for card in done],
        "left": [_fact(card) for card in held if card.column.kind is not ColumnKind.DONE],
        "added": [card.id for card in held if card.id not in committed],
        "removed": sorted(committed - {card.id for card in held}),
        "hours_done": round(sum(card.estimate_hours or 0 for card in done), 2),
        "hours_held": round(sum(card.estimate_hours or 0 for card in held), 2),
    }


def _fact(card: Card) -> dict[str, Any]:
    return {"card": card.id, "title": card.title, "hours": card.estimate_hours, "project": card.project_id}


def _counts(facts: dict[str, Any]) -> dict[str, int]:
    return {name: len(facts[name]) for name in ("committed", "done", "left", "added", "removed")}
