"""The record of an iteration, which is all that is told of it once it is closed; and what the closed ones tell together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.iteration_days import scope_changes, snapshots
from portfolio.models import Card, Iteration
from portfolio.rules.iterating import Period, Velocity, velocity, working_days
from portfolio.states import ColumnKind, IterationStatus


def facts_of(session: Session, iteration: Iteration, inside: Sequence[Card]) -> dict[str, Any]:
    """All that is told of a closed iteration later, in words and numbers of its own: nothing in it points to what changes."""
    done = [card for card in inside if card.column.kind is ColumnKind.DONE]
    left = [card for card in inside if card.column.kind is not ColumnKind.DONE]
    committed = set(iteration.committed or [])
    return {
        "goal": iteration.goal,
        "capacity_hours": iteration.capacity_hours,
        "capacity_words": iteration.capacity_words,
        "committed": sorted(committed),
        "commitment": iteration.commitment or [],
        "done": [fact(card) for card in done],
        "left": [fact(card) for card in left],
        "added": [card.id for card in inside if card.id not in committed],
        "removed": sorted(committed - {card.id for card in inside}),
        "changes": [
            {
                "card": one.card,
                "title": one.title,
                "hours": one.hours,
                "came_in": one.came_in,
                "at": one.at.isoformat(),
                "by": one.by_id,
            }
            for one in scope_changes(session, iteration)
        ],
        "days": [
            {
                "on": one.on.isoformat(),
                "cards": one.cards,
                "cards_done": one.cards_done,
                "hours": one.hours,
                "hours_done": one.hours_done,
            }
            for one in snapshots(session, iteration)
        ],
        "hours_committed": round(sum(one["hours"] or 0 for one in iteration.commitment or []), 2),
        "hours_done": round(sum(card.estimate_hours or 0 for card in done), 2),
        "hours_held": round(sum(card.estimate_hours or 0 for card in inside), 2),
    }


def fact(card: Card) -> dict[str, Any]:
    """A card as it is told of later."""
    return {
        "card": card.id,
        "title": card.title,
        "hours": card.estimate_hours,
        "spent": card.actual_hours,
        "project": card.project_id,
        "project_name": card.project.name if card.project else None,
        "column": card.column.name,
    }


def counts(facts: dict[str, Any]) -> dict[str, int]:
    """How many cards there are of each kind, for the history."""
    return {name: len(facts[name]) for name in ("committed", "done", "left", "added", "removed")}


def velocity_so_far(session: Session) -> Velocity:
    """What the last closed iterations finished."""
    return velocity([(cards_done, worked) for cards_done, worked, _ in _finished(session)])


def earlier_pace(session: Session, iteration: Iteration) -> list[tuple[int, int]]:
    """Cards finished and working days, of the last iterations closed before this one."""
    return [
        (cards_done, working_days(*period))
        for cards_done, _, period in _finished(session)
        if period[0] < iteration.starts_on
    ]


def _finished(session: Session, limit: int = 8) -> list[tuple[int, float, Period]]:
    rows = session.execute(
        select(Iteration.record, Iteration.starts_on, Iteration.ends_on)
        .where(Iteration.status == IterationStatus.CLOSED, Iteration.record.is_not(None))
        .order_by(Iteration.closed_at.desc(), Iteration.id.desc())
        .limit(limit)
    )
    return [
        (len(facts["done"]), float(facts["hours_done"]), (first, last))
        for facts, first, last in rows
        if facts is not None
    ]
