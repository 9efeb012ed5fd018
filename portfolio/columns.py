"""The board's columns: add, edit, put in order, retire; how full they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.models import Card, Column, Event, Person
from portfolio.states import ColumnKind

GAP = 2**32
"""Room left between neighbours: 32 cards fit into the same spot before a column has to be spread out again."""

FIRST_COLUMNS = (
    ("Backlog", ColumnKind.TO_DO, None),
    ("Next", ColumnKind.TO_DO, None),
    ("Doing", ColumnKind.DOING, 3),
    ("Waiting", ColumnKind.DOING, 5),
    ("Done", ColumnKind.DONE, None),
)
FIELDS = frozenset({"name", "kind", "policy", "wip_limit", "person_limit", "limit_blocks"})
MOST = 20
"""More columns than anybody reads."""


class ColumnNeeded(ValueError):
    """The board can't do without this column, or can't take another; its message says why."""


@dataclass(frozen=True)
class Restarted:
    """What changing the kind of a column did to the clocks of the cards in it."""

    started: int = 0
    finished: int = 0
    reopened: int = 0


def lay_out(session: Session) -> None:
    """Give the board its first columns, once."""
    if session.scalar(select(func.count(Column.id))) == 0:
        session.add_all(
            Column(name=name, kind=kind, wip_limit=limit, position=place)
            for place, (name, kind, limit) in enumerate(FIRST_COLUMNS)
        )
        session.flush()


def add(
    session: Session, *, name: str, kind: ColumnKind, by: Person | None, at: datetime, **fields: Any
) -> Column:
    """A new column, before the first done one; a done one at the right end. Raises ColumnNeeded over 20 columns."""
    shown = listed(session)
    if len(shown) >= MOST:
        raise ColumnNeeded(f"A board takes {MOST} columns. Take one off first.")
    ends = [place for place, one in enumerate(shown) if one.kind is ColumnKind.DONE]
    place = len(shown) if kind is ColumnKind.DONE or not ends else ends[0]
    made = Column(name=name, kind=kind, position=place, **_known(fields))
    session.add(made)
    _number([*shown[:place], made, *shown[place:]])
    session.flush()
    record(session, "column.added", made, by=by, at=at, kind=kind.value, **_limits(made))
    return made


def edit(session: Session, column: Column, *, by: Person | None, at: datetime, **fields: Any) -> Restarted:
    """Change a column's name, kind, policy or limits. Another kind tells the clocks of its cards, from this moment on.

    Raises ColumnNeeded where no done column, or no other, would be left.
    """
    hold_board(session)
    kind = fields.get("kind", column.kind)
    was, before = column.kind, _limits(column)
    restarted = Restarted()
    if kind is not was:
        _check_kinds([kind if one.id == column.id else one.kind for one in listed(session)])
        restarted = _restart_clocks(session, column, kind, at)
    for name, value in _known(fields).items():
        setattr(column, name, value)
    session.flush()
    if kind is not was:
        record(
            session,
            "column.kind_changed",
            column,
            by=by,
            at=at,
            kind=kind.value,
            was=was.value,
            started=restarted.started,
            finished=restarted.finished,
            reopened=restarted.reopened,
        )
    record(session, "column.edited", column, by=by, at=at, was=before, **_limits(column))
    return restarted


def reorder(session: Session, numbers: Sequence[int], *, by: Person | None, at: datetime) -> None:
    """Put the columns into this order; those not named keep theirs, at the right end."""
    shown = {one.id: one for one in listed(session)}
    wanted = [shown[number] for number in dict.fromkeys(numbers) if number in shown]
    rest = [one for one in shown.values() if one not in wanted]
    if not wanted or [*wanted, *rest] == [*shown.values()]:
        return
    _number([*wanted, *rest])
    record(session, "column.reordered", wanted[0], by=by, at=at, order=[one.id for one in [*wanted, *rest]])


def retire(session: Session, column: Column, into: Column | None, *, by: Person | None, at: datetime) -> int:
    """Take a column off the board; its cards move to the bottom of another, past any limit. Returns how many.

    Raises ColumnNeeded where no done column, or no other, would be left.
    """
    hold_board(session)
    if into is None or into.id == column.id or into.retired_at is not None or column.retired_at is not None:
        raise ColumnNeeded("Choose another column for its cards.")
    _check_kinds([one.kind for one in listed(session) if one.id != column.id])
    moved = _move_all(session, column, into, by, at)
    column.retired_at = at
    session.flush()
    record(session, "column.retired", column, by=by, at=at, into=into.id, cards=moved, kind=column.kind.value)
    return moved


# Queries

SHOWN = select(Column).where(Column.retired_at.is_(None)).order_by(Column.position, Column.id)


def listed(session: Session) -> list[Column]:
    """The board's columns from left to right."""
    return list(session.scalars(SHOWN))


def find(session: Session, number: int) -> Column | None:
    """A column that is on the board."""
    column = session.get(Column, number) if 0 < number < 2**31 else None
    return column if column is not None and column.retired_at is None else None


def counts(session: Session) -> dict[int, int]:
    """How many cards stand in each column."""
    found = select(Card.column_id, func.count()).where(Card.archived_at.is_(None)).group_by(Card.column_id)
    return dict(session.execute(found).all())


def count(session: Session, column: Column, *, owner_id: int | None = None) -> int:
    """How many cards stand in a column, or how many of one owner's."""
    query = select(func.count()).where(Card.column_id == column.id, Card.archived_at.is_(None))
    if owner_id is not None:
        query = query.where(Card.owner_id == owner_id)
    return session.scalar(query) or 0


def full_words(column: Column, held: int) -> str:
    """Why a full column takes no more."""
    cards = "1 card" if held == 1 else f"{held} cards"
    return f"{column.name} is full: it holds {cards}, and takes {column.wip_limit}. Finish or move one first."


def hold_board(session: Session) -> None:
    """One mover at a time, so that positions stay total, who sees the columns as they are now. SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "sqlite":
        query = select(Column).order_by(Column.id).with_for_update()
        session.scalars(query.execution_options(populate_existing=True)).all()


# How


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - FIELDS
    if unknown:
        raise TypeError(f"A column has no {min(unknown)}.")
    return fields


def _limits(column: Column) -> dict[str, Any]:
    return {
        "wip_limit": column.wip_limit,
        "person_limit": column.person_limit,
        "limit_blocks": bool(column.limit_blocks),
    }


def _number(order: list[Column]) -> None:
    for place, column in enumerate(order):
        column.position = place


def _check_kinds(kinds: list[ColumnKind]) -> None:
    if ColumnKind.DONE not in kinds:
        raise ColumnNeeded(
            "Keep one column in which cards are finished; nothing could ever be done without it."
        )
    if set(kinds) == {ColumnKind.DONE}:
        raise ColumnNeeded("Keep one column for work that isn't done yet.")


def _restart_clocks(session: Session, column: Column, kind: ColumnKind, at: datetime) -> Restarted:
    """Cards that now stand in started work start; in done work, finish; out of done, are open again."""
    session.flush()
    started = finished = reopened = 0
    if kind is not ColumnKind.TO_DO:
        started = _set(session, column, Card.started_at.is_(None), started_at=at)
    if kind is ColumnKind.DONE:
        finished = _set(session, column, Card.done_at.is_(None), done_at=at)
    else:
        reopened = _set(session, column, Card.done_at.is_not(None), done_at=None)
    return Restarted(started, finished, reopened)


def _set(session: Session, column: Column, which: Any, **values: Any) -> int:
    changed = session.execute(
        update(Card)
        .where(Card.column_id == column.id, Card.archived_at.is_(None), which)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return int(changed.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it


def _move_all(session: Session, column: Column, into: Column, by: Person | None, at: datetime) -> int:
    """Every card in few statements: there may be thousands."""
    session.flush()
    rows = session.execute(
        select(Card.id, Card.version, Card.started_at, Card.done_at)
        .where(Card.column_id == column.id, Card.archived_at.is_(None))
        .order_by(Card.rank, Card.id)
    ).all()
    if not rows:
        return 0
    lowest = session.scalar(select(func.max(Card.rank)).where(Card.column_id == into.id)) or 0
    done = into.kind is ColumnKind.DONE
    session.execute(
        update(Card),
        [
            {
                "id": row.id,
                "column_id": into.id,
                "rank": lowest + (place + 1) * GAP,
                "entered_at": at,
                "version": row.version + 1,
                "started_at": row.started_at or (None if into.kind is ColumnKind.TO_DO else at),
                "done_at": (row.done_at or at) if done else None,
            }
            for place, row in enumerate(rows)
        ],
    )
    line = {
        "at": at,
        "action": "card.moved",
        "subject_type": Card.__tablename__,
        "by_id": by.id if by else None,
        "details": {"from": column.id, "to": into.id, "kind": into.kind.value, "was": column.kind.value},
    }
    session.execute(insert(Event), [{**line, "subject_id": row.id} for row in rows])
    session.expire_all()
    return len(rows)
