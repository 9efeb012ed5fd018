"""What could be in an iteration, in the order of taking: what is in it, left-overs, ranked projects' cards, the other cards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from portfolio import iteration_record, iterations
from portfolio.capacity import Room
from portfolio.models import Card, Column, Iteration, LearningRequest, Project
from portfolio.rules.iterating import Fit, Item, Spread, Step, Velocity, spread_of, stack
from portfolio.states import LIVE_STAGES, ColumnKind, IterationStatus

SHOWN = 150
"""Cards proposed of each kind; no iteration holds more."""
TAUGHT_BY = 200
"""Finished cards, the latest first, from which is learned how far hours turn out from estimates."""
DONE, IN_IT, LEFT_OVER, RANKED, BOARD = "done", "in_it", "left_over", "ranked", "board"


@dataclass(frozen=True)
class Line:
    """One card: where it comes from (`group`), whether it is chosen, and the hours up to and with it."""

    card: Card
    group: str
    is_in: bool
    step: Step

    @property
    def is_done(self) -> bool:
        return self.group == DONE


@dataclass(frozen=True)
class LineUp:
    """The cards in order, and whether the chosen ones fit. `proposed`: nobody has chosen yet, so what fits is."""

    iteration: Iteration
    lines: tuple[Line, ...]
    room: Room
    capacity: float
    capacity_words: str
    fit: Fit
    spread: Spread
    velocity: Velocity
    proposed: bool
    last: Iteration | None = field(default=None)

    @property
    def taken(self) -> int:
        """The place of the line: after the last chosen card."""
        return max((place + 1 for place, line in enumerate(self.lines) if line.is_in), default=0)

    @property
    def fits_until(self) -> int:
        """How many of the lines, in their order, fit into the capacity by what is likely."""
        return next(
            (place for place, line in enumerate(self.lines) if line.step.after.likely > self.capacity),
            len(self.lines),
        )

    @property
    def surely_until(self) -> int | None:
        """How many of the first ones fit nine times in ten; None where cards were picked out of the order."""
        if self.taken != self.fit.count:
            return None
        return next(
            (place for place, line in enumerate(self.lines) if line.step.after.high > self.capacity),
            len(self.lines),
        )

    @property
    def try_next(self) -> str:
        return str((self.last.retrospective or {}).get("try_next", "")) if self.last else ""


def line_up(
    session: Session, iteration: Iteration, *, now: datetime, chosen: Collection[int] | None = None
) -> LineUp:
    """Everything that could be in it, in order. `chosen` are cards ticked but not kept yet; without them those it holds."""
    last = iterations.last_closed(session)
    found = _in_order(session, iteration, last)
    room = iterations.room_of(session, iteration, now=now)
    hours = iterations.capacity_of(iteration, room)
    spread, usual = _taught(session)
    is_empty = not any(card.iteration_id == iteration.id for card, _ in found)
    proposed = chosen is None and is_empty and iteration.status is IterationStatus.PLANNED
    if proposed:
        chosen = _what_fits([card for card, _ in found], hours, spread, usual, iteration.id)
    inside = {
        card.id
        for card, group in found
        if group == DONE or (card.id in chosen if chosen is not None else card.iteration_id == iteration.id)
    }
    items = [
        Item(card.id, card.estimate_hours, card.id in inside, is_known=group == DONE) for card, group in found
    ]
    steps, fit = stack(items, hours, spread, usual=usual, seed=iteration.id)
    return LineUp(
        iteration=iteration,
        lines=tuple(
            Line(card, group, card.id in inside, step)
            for (card, group), step in zip(found, steps, strict=True)
        ),
        room=room,
        capacity=hours,
        capacity_words=iterations.capacity_sentence(iteration, room),
        fit=fit,
        spread=spread,
        velocity=iteration_record.velocity_so_far(session),
        proposed=proposed,
        last=last,
    )


def first(line_up: LineUp, count: int) -> set[int]:
    """The first so many cards of the order."""
    return {line.card.id for line in line_up.lines[:count]}


def _what_fits(
    cards: Sequence[Card], hours: float, spread: Spread, usual: float | None, seed: int
) -> set[int]:
    """The first cards that fit into the hours, as far as is likely."""
    steps, _ = stack(
        [Item(card.id, card.estimate_hours) for card in cards], hours, spread, usual=usual, seed=seed
    )
    fits = [step.after.likely <= hours for step in steps]
    return {step.key for step, is_within in zip(steps, fits, strict=True) if is_within}


def _in_order(session: Session, iteration: Iteration, last: Iteration | None) -> list[tuple[Card, str]]:
    left_over = [one["card"] for one in (last.record or {}).get("left", [])] if last else []
    place = {card: number for number, card in enumerate(left_over)}
    ranked = [*_ranked(session, iteration), *_others(session, iteration, left_over)]
    groups: dict[str, list[Card]] = {DONE: [], IN_IT: [], LEFT_OVER: [], RANKED: [], BOARD: []}
    for card, is_ranked in ranked:
        usual = LEFT_OVER if card.id in place else RANKED if is_ranked else BOARD
        inside = DONE if card.column.kind is ColumnKind.DONE else IN_IT
        group = inside if card.iteration_id == iteration.id else usual
        groups[group].append(card)
    groups[LEFT_OVER].sort(key=lambda card: place[card.id])
    return [(card, group) for group, cards in groups.items() for card in cards]


def _ranked(session: Session, iteration: Iteration) -> list[tuple[Card, bool]]:
    """Cards of accepted requests' projects, most impact per hour first; within a project the furthest along first."""
    query = (
        _possible(iteration)
        .join(Project, Card.project_id == Project.id)
        .join(LearningRequest, Project.learning_request_id == LearningRequest.id)
        .order_by(
            (Card.iteration_id == iteration.id).desc().nulls_last(),
            LearningRequest.leverage.desc().nulls_last(),
            Project.id,
            Column.position.desc(),
            Card.rank,
        )
        .limit(SHOWN)
    )
    found = list(session.scalars(query))
    order = {project: number for number, project in enumerate(_projects_in_order(session, found))}
    found.sort(key=lambda card: (order[card.project_id or 0], -card.column.position, card.rank))
    return [(card, True) for card in found]


def _projects_in_order(session: Session, cards: Sequence[Card]) -> list[int]:
    query = (
        select(Project.id)
        .join(LearningRequest, Project.learning_request_id == LearningRequest.id)
        .where(Project.id.in_({card.project_id for card in cards}))
        .order_by(LearningRequest.leverage.desc().nulls_last(), Project.id)
    )
    return list(session.scalars(query))


def _others(session: Session, iteration: Iteration, left_over: Sequence[int]) -> list[tuple[Card, bool]]:
    """Cards of no request's project, in board order, the furthest along first; what is inside or left over is there anyway."""
    query = (
        _possible(iteration)
        .outerjoin(Project, Card.project_id == Project.id)
        .where(Project.learning_request_id.is_(None))
        .order_by(
            or_(Card.iteration_id == iteration.id, Card.id.in_(left_over)).desc().nulls_last(),
            Column.position.desc(),
            Card.rank,
        )
        .limit(SHOWN)
    )
    found = sorted(session.scalars(query), key=lambda card: (-card.column.position, card.rank))
    return [(card, False) for card in found]


def _possible(iteration: Iteration) -> Select[Card]:
    """Cards of the iteration, and unfinished ones of live projects or none that no planned or open iteration holds."""
    is_free = or_(Card.iteration_id.is_(None), Iteration.status == IterationStatus.CLOSED)
    is_live = or_(
        Card.project_id.is_(None),
        Card.project_id.in_(select(Project.id).where(Project.stage.in_(LIVE_STAGES))),
    )
    is_open = and_(Card.archived_at.is_(None), Column.kind != ColumnKind.DONE)
    is_done_here = or_(Card.archived_at.is_(None), Column.kind == ColumnKind.DONE)
    return (
        select(Card)
        .join(Card.column)
        .outerjoin(Iteration, Card.iteration_id == Iteration.id)
        .where(
            or_(
                and_(Card.iteration_id == iteration.id, is_done_here),
                and_(is_open, is_free, is_live),
            )
        )
        .options(joinedload(Card.column), joinedload(Card.project))
    )


def _taught(session: Session) -> tuple[Spread, float | None]:
    """How far hours turn out from estimates, and the estimate usual here; both from finished cards, the latest first."""
    rows = session.execute(
        select(Card.estimate_hours, Card.actual_hours)
        .where(Card.done_at.is_not(None), Card.estimate_hours > 0)
        .order_by(Card.done_at.desc())
        .limit(TAUGHT_BY)
    ).all()
    ratios = [actual / estimate for estimate, actual in rows if estimate and actual]
    estimates = [estimate for estimate, _ in rows if estimate]
    return spread_of(ratios), median(estimates) if estimates else None
