"""Cards and the board they stand on: add, place, edit, archive; then the queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Card, Column, Iteration, Person, Project
from portfolio.states import ColumnKind, IterationStatus

GAP = 2**32
"""Room left between neighbours: 32 cards fit into the same spot before a column has to be spread out again."""

FIRST_COLUMNS = (
    ("Backlog", ColumnKind.TO_DO, None),
    ("Next", ColumnKind.TO_DO, None),
    ("Doing", ColumnKind.DOING, 3),
    ("Waiting", ColumnKind.DOING, 5),
    ("Done", ColumnKind.DONE, None),
)


class StaleCard(ValueError):
    """Somebody else changed the card meanwhile; nothing was overwritten."""


def lay_out(session: Session) -> None:
    """Give the board its first columns, once."""
    if session.scalar(select(func.count(Column.id))) == 0:
        session.add_all(
            Column(name=name, kind=kind, wip_limit=limit, position=place)
            for place, (name, kind, limit) in enumerate(FIRST_COLUMNS)
        )
        session.flush()


def add(
    session: Session,
    *,
    title: str,
    by: Person | None,
    at: datetime,
    column: Column | None = None,
    project: Project | None = None,
    iteration: Iteration | None = None,
    **fields: Any,
) -> Card:
    """Put a new card at the bottom of a column, the first one where none is given."""
    column = column or columns(session)[0]
    _hold_board(session)
    lowest = session.scalar(select(func.max(Card.rank)).where(Card.column_id == column.id)) or 0
    card = Card(
        title=title,
        column_id=column.id,
        project_id=project.id if project else None,
        iteration_id=iteration.id if iteration else None,
        rank=lowest + GAP,
        created_at=at,
        **fields,
    )
    _start_clock(card, column, at)
    session.add(card)
    session.flush()
    record(session, "card.added", card, by=by, at=at, column=column.id, project=card.project_id)
    return card


def place(
    session: Session,
    card: Card,
    column: Column,
    position: int | None = None,
    *,
    before: Card | None = None,
    by: Person | None,
    at: datetime,
) -> Card:
    """Put a card into a column: above the card `before`, at `position` (0 is the top), or at the bottom.

    Positions stay total and stable under many writers: the board is held while the card finds its place. Touches one
    row, or the column's rows when the spot has no room left.
    """
    _hold_board(session)
    hold(session, card)
    rank = _rank_between(session, card, column, position, before)
    was = card.column_id
    card.column_id, card.rank = column.id, rank
    card.version += 1
    if was != column.id:
        card.column = column
        _start_clock(card, column, at)
    record(
        session, "card.moved", card, by=by, at=at, **{"from": was, "to": column.id}, kind=column.kind.value
    )
    return card


def edit(
    session: Session, card: Card, *, version: int | None, by: Person, at: datetime, **fields: Any
) -> Card:
    """Change a card's words and numbers. Raises StaleCard when `version` is no longer the latest."""
    hold(session, card)
    if version is not None and version != card.version:
        raise StaleCard("Somebody else changed this card meanwhile.")
    for name, value in fields.items():
        setattr(card, name, value)
    card.version += 1
    record(session, "card.edited", card, by=by, at=at, fields=sorted(fields))
    return card


def take_into(session: Session, card: Card, iteration: Iteration | None, *, by: Person, at: datetime) -> None:
    """Plan a card into an iteration, or out of any."""
    was = card.iteration_id
    card.iteration_id = iteration.id if iteration else None
    card.version += 1
    record(session, "card.planned", card, by=by, at=at, **{"from": was, "to": card.iteration_id})


def archive(session: Session, card: Card, *, by: Person, at: datetime) -> None:
    """Take a card off the board; it stays in the history."""
    card.archived_at = at
    card.version += 1
    record(session, "card.archived", card, by=by, at=at)


# Queries


@dataclass(frozen=True)
class Stack:
    """The visible part of one column, and how many cards it holds in all."""

    column: Column
    cards: list[Card]
    count: int

    @property
    def over_limit(self) -> bool:
        return self.column.wip_limit is not None and self.count > self.column.wip_limit


@dataclass(frozen=True)
class Filter:
    """Which cards the board shows."""

    project_id: int | None = None
    iteration_id: int | None = None
    owner_id: int | None = None
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return self == Filter()


def columns(session: Session) -> list[Column]:
    """The board's columns from left to right."""
    return list(session.scalars(select(Column).order_by(Column.position, Column.id)))


def board(session: Session, wanted: Filter = Filter(), per_column: int = 25) -> list[Stack]:
    """Every column with its first cards. Two queries and one a column; the bytes don't grow with the board."""
    shown = columns(session)
    counted = _wanted(select(Card.column_id, func.count()), wanted).group_by(Card.column_id)
    counts: dict[int, int] = dict(session.execute(counted).all())
    return [
        Stack(column, stretch(session, column, wanted, limit=per_column), counts.get(column.id, 0))
        for column in shown
    ]


def stack(
    session: Session,
    column_id: int,
    wanted: Filter = Filter(),
    per_column: int = 25,
    *,
    after: int | None = None,
) -> Stack | None:
    """One column with its first cards, or those below the rank `after`."""
    column = session.get(Column, column_id) if 0 < column_id < 2**31 else None
    if column is None:
        return None
    counted = _wanted(select(func.count()).where(Card.column_id == column.id), wanted)
    shown = stretch(session, column, wanted, after=after, limit=per_column)
    return Stack(column, shown, session.scalar(counted) or 0)


def stretch(
    session: Session, column: Column, wanted: Filter = Filter(), *, after: int | None = None, limit: int = 25
) -> list[Card]:
    """Cards of a column from the top, or those below the rank `after`. Done columns show the latest first."""
    query = _wanted(select(Card), wanted).where(Card.column_id == column.id)
    query = query.options(joinedload(Card.project), joinedload(Card.owner))
    if after is not None:
        query = query.where(Card.rank > after)
    return list(session.scalars(query.order_by(Card.rank, Card.id).limit(limit)))


def find(session: Session, number: int) -> Card | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Card)
        .where(Card.id == number)
        .options(joinedload(Card.project), joinedload(Card.owner), joinedload(Card.column))
    )


def of_project(session: Session, project: Project) -> list[Card]:
    """A project's cards in board order."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .where(Card.project_id == project.id, Card.archived_at.is_(None))
            .options(joinedload(Card.column), joinedload(Card.owner))
            .order_by(Column.position, Card.rank)
        )
    )


def of_iteration(session: Session, iteration: Iteration) -> list[Card]:
    """An iteration's cards in board order."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .where(Card.iteration_id == iteration.id, Card.archived_at.is_(None))
            .options(joinedload(Card.column), joinedload(Card.owner), joinedload(Card.project))
            .order_by(Column.position, Card.rank)
        )
    )


def open_without_iteration(session: Session, limit: int = 20) -> list[Card]:
    """Unfinished cards that stand in no iteration, in board order: what can be planned next."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .outerjoin(Iteration, Card.iteration_id == Iteration.id)
            .where(
                Column.kind != ColumnKind.DONE,
                Card.archived_at.is_(None),
                Card.iteration_id.is_(None) | (Iteration.status == IterationStatus.CLOSED),
            )
            .options(joinedload(Card.column), joinedload(Card.project))
            .order_by(Column.position.desc(), Card.rank)
            .limit(limit)
        )
    )


def _wanted(query: Any, wanted: Filter) -> Any:
    query = query.where(Card.archived_at.is_(None))
    if wanted.project_id is not None:
        query = query.where(Card.project_id == wanted.project_id)
    if wanted.iteration_id is not None:
        query = query.where(Card.iteration_id == wanted.iteration_id)
    if wanted.owner_id is not None:
        query = query.where(Card.owner_id == wanted.owner_id)
    if wanted.text:
        query = query.where(Card.title.icontains(wanted.text, autoescape=True))
    return query


def _hold_board(session: Session) -> None:
    """One mover at a time, so that positions stay total. SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(Column.id).order_by(Column.id).with_for_update())


def _rank_between(
    session: Session, card: Card, column: Column, position: int | None, before: Card | None
) -> int:
    above, below = _neighbours(session, card, column, position, before)
    if below is None:
        return (above or 0) + GAP
    if below - (above or 0) > 1:
        return (above or 0) + (below - (above or 0)) // 2
    _spread(session, column)
    return _rank_between(session, card, column, position, before)


def _neighbours(
    session: Session, card: Card, column: Column, position: int | None, before: Card | None
) -> tuple[int | None, int | None]:
    """Ranks of the cards just above and just below the wanted spot."""
    others = select(Card.rank).where(
        Card.column_id == column.id, Card.id != card.id, Card.archived_at.is_(None)
    )
    if before is not None and before.id != card.id:
        below = session.scalar(select(Card.rank).where(Card.id == before.id, Card.column_id == column.id))
        if below is not None:
            above = session.scalar(others.where(Card.rank < below).order_by(Card.rank.desc()).limit(1))
            return above, below
    lowest = session.scalar(others.order_by(Card.rank.desc()).limit(1))
    if position is None:
        return lowest, None
    around: Sequence[int] = session.scalars(
        others.order_by(Card.rank, Card.id).offset(max(0, position - 1)).limit(2)
    ).all()
    if position <= 0:
        return None, around[0] if around else None
    if not around:
        return lowest, None
    return around[0], around[1] if len(around) > 1 else None


def _spread(session: Session, column: Column) -> None:
    """Renumber a column's cards with room between them."""
    ids = session.scalars(
        select(Card.id).where(Card.column_id == column.id).order_by(Card.rank, Card.id)
    ).all()
    session.flush()
    session.execute(update(Card), [{"id": id_, "rank": (place + 1) * GAP} for place, id_ in enumerate(ids)])
    for known in session.identity_map.values():
        if isinstance(known, Card):
            session.refresh(known, ["rank"])


def _start_clock(card: Card, column: Column, at: datetime) -> None:
    """Started once, finished when in a done column; taken out of done, it is unfinished again."""
    if column.kind is not ColumnKind.TO_DO:
        card.started_at = card.started_at or at
    card.done_at = at if column.kind is ColumnKind.DONE else None
