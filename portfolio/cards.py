"""Cards: add, place, edit, plan, archive, bring back; then the queries. The board they stand on is portfolio/boards.py."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from portfolio import blockers
from portfolio import columns as all_columns
from portfolio.columns import GAP, full_words, hold_board
from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Card, Column, Iteration, Person, Project
from portfolio.states import ColumnKind

columns = all_columns.listed
lay_out = all_columns.lay_out


class StaleCard(ValueError):
    """Somebody else changed the card meanwhile; nothing was overwritten."""


class LimitReached(ValueError):
    """The column takes no more cards; its message says which limit and what to do."""


def add(
    session: Session,
    *,
    title: str,
    by: Person | None,
    at: datetime,
    column: Column | None = None,
    project: Project | None = None,
    iteration: Iteration | None = None,
    within_limits: bool = False,
    **fields: Any,
) -> Card:
    """Put a new card at the bottom of a column, the first one where none is given.

    Raises LimitReached where `within_limits` is asked for and a limit of the column blocks.
    """
    column = column or columns(session)[0]
    hold_board(session)
    _check_there(column)
    if within_limits:
        _check_limits(session, column, fields.get("owner_id"))
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
    _enter(card, column, at)
    session.add(card)
    session.flush()
    record(
        session,
        "card.added",
        card,
        by=by,
        at=at,
        column=column.id,
        kind=column.kind.value,
        project=card.project_id,
        iteration=card.iteration_id,
    )
    return card


def place(
    session: Session,
    card: Card,
    column: Column,
    position: int | None = None,
    *,
    before: int | None = None,
    after: int | None = None,
    by: Person | None,
    at: datetime,
) -> Card:
    """Put a card into a column: above the card numbered `before`, else below the one numbered `after`, else at `position`
    (0 is the top), else at the bottom. A neighbour that has left the column meanwhile is passed over.

    Positions stay total and stable under many writers: the board is held while the card finds its place. Touches one
    row, or the column's rows when the spot has no room left; a card that stands there already is left as it is. What is done
    isn't blocked any more.
    Raises LimitReached where a limit of another column blocks, or the card or the column was taken off the board meanwhile.
    """
    hold_board(session)
    hold(session, card)
    was = card.column_id
    kind_was = column.kind if was == column.id else session.get_one(Column, was).kind
    _check_there(column, card)
    if was != column.id:
        _check_limits(session, column, card.owner_id)
    spot = _spot(session, card, column, position, before, after)
    if was == column.id and spot.holds(card.rank):
        return card
    while (rank := spot.rank) is None:
        _make_room(session, column, spot)
        spot = _spot(session, card, column, position, before, after)
    changes: dict[str, Any] = {"rank": rank, "version": card.version + 1}
    if was != column.id:
        changes |= {"column_id": column.id, **_clock(card, column, at)}
    _write(session, card, changes)
    if was != column.id:
        set_committed_value(card, "column", column)
    record(
        session,
        "card.moved",
        card,
        by=by,
        at=at,
        **{"from": was, "to": column.id},
        kind=column.kind.value,
        was=kind_was.value,
    )
    if column.kind is ColumnKind.DONE and card.blocked_by:
        blockers.unblock(session, card, by=by, at=at)
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


def assign(session: Session, card: Card, owner: Person | None, *, by: Person, at: datetime) -> None:
    """Give a card to somebody, or to nobody. Raises LimitReached where the column's limit a person blocks."""
    if card.owner_id == (owner.id if owner else None):
        return
    if owner is not None and card.column.limit_blocks:
        _check_person(session, card.column, owner.id)
    was = card.owner_id
    card.owner_id = owner.id if owner else None
    card.version += 1
    record(session, "card.assigned", card, by=by, at=at, **{"from": was, "to": card.owner_id})


def take_into(session: Session, card: Card, iteration: Iteration | None, *, by: Person, at: datetime) -> None:
    """Plan a card into an iteration, or out of any."""
    was = card.iteration_id
    card.iteration_id = iteration.id if iteration else None
    card.version += 1
    record(session, "card.planned", card, by=by, at=at, **{"from": was, "to": card.iteration_id})


def archive(session: Session, card: Card, *, by: Person, at: datetime) -> None:
    """Take a card off the board; it stays in the history and can be brought back."""
    if card.archived_at is not None:
        return
    hold_board(session)  # before the card: whoever moves takes them in this order
    hold(session, card)
    card.archived_at = at
    card.version += 1
    record(session, "card.archived", card, by=by, at=at, column=card.column_id, kind=card.column.kind.value)


def bring_back(session: Session, card: Card, *, by: Person, at: datetime) -> None:
    """Put an archived card back to the bottom of its column; of the first one, where that has been retired."""
    if card.archived_at is None:
        return
    hold_board(session)
    column = card.column if card.column.retired_at is None else columns(session)[0]
    lowest = session.scalar(select(func.max(Card.rank)).where(Card.column_id == column.id)) or 0
    was = card.column
    card.column_id, card.column, card.rank, card.archived_at = column.id, column, lowest + GAP, None
    card.version += 1
    _enter(card, column, at)
    record(
        session,
        "card.unarchived",
        card,
        by=by,
        at=at,
        column=column.id,
        kind=column.kind.value,
        was=was.kind.value,
    )


def warning(session: Session, card: Card) -> str:
    """What to tell somebody who has just put a card there: which limit is passed now; empty where none is."""
    column, words = card.column, []
    if column.wip_limit is not None:
        held = all_columns.count(session, column)
        if held > column.wip_limit:
            words.append(f"{column.name} now holds {held}, more than its limit of {column.wip_limit}.")
    if column.person_limit is not None and card.owner_id is not None:
        held = all_columns.count(session, column, owner_id=card.owner_id)
        if held > column.person_limit and card.owner is not None:
            words.append(
                f"{card.owner.display_name} now has {held} in {column.name}, more than {column.person_limit} each."
            )
    return " ".join(words)


# Queries


def find(session: Session, number: int) -> Card | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Card)
        .where(Card.id == number)
        .options(joinedload(Card.project), joinedload(Card.owner), joinedload(Card.column))
    )


THERE = aliased(Column)
WITH_COLUMN = (
    select(Card, THERE)
    .join(Card.column)
    .outerjoin(THERE, and_(THERE.id == bindparam("column"), THERE.retired_at.is_(None)))
    .where(Card.id == bindparam("card"))
    .options(contains_eager(Card.column))
)


def with_column(session: Session, number: int, column: int) -> tuple[Card, Column | None] | tuple[None, None]:
    """A card that stands in its column, and another column of the board; nothing in place of what there isn't."""
    if not 0 < number < 2**31:
        return None, None
    found = session.execute(WITH_COLUMN, {"card": number, "column": column}).first()
    return (found[0], found[1]) if found is not None else (None, None)


def chosen(session: Session, numbers: list[int]) -> list[Card]:
    """The cards of these numbers that stand on the board, as they stand: by column, from the top."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .where(Card.id.in_(numbers), Card.archived_at.is_(None))
            .options(joinedload(Card.column), joinedload(Card.owner))
            .order_by(Column.position, Card.rank, Card.id)
        )
    )


def archived(session: Session, text: str = "", *, before: int = 0, limit: int = 50) -> list[Card]:
    """Cards taken off the board, the latest first; below the card numbered `before` where given."""
    query = select(Card).where(Card.archived_at.is_not(None))
    if text:
        query = query.where(Card.title.icontains(text, autoescape=True))
    last = session.get(Card, before) if before else None
    if last is not None and last.archived_at is not None:
        query = query.where(
            (Card.archived_at < last.archived_at)
            | ((Card.archived_at == last.archived_at) & (Card.id < last.id))
        )
    query = query.options(joinedload(Card.column), joinedload(Card.project), joinedload(Card.owner))
    return list(session.scalars(query.order_by(Card.archived_at.desc(), Card.id.desc()).limit(limit)))


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


# Limits and places


def _check_there(column: Column, card: Card | None = None) -> None:
    """Somebody may have been quicker; a card put where nobody sees it would be lost, and the charts would count it."""
    if column.retired_at is not None:
        raise LimitReached(f"{column.name} is no longer on the board. Please choose another column.")
    if card is not None and card.archived_at is not None:
        raise LimitReached("This card is in the archive. Bring it back first.")


def _check_limits(session: Session, column: Column, owner_id: int | None) -> None:
    if not column.limit_blocks:
        return
    if column.wip_limit is not None:
        held = all_columns.count(session, column)
        if held >= column.wip_limit:
            raise LimitReached(full_words(column, held))
    if owner_id is not None:
        _check_person(session, column, owner_id)


def _check_person(session: Session, column: Column, owner_id: int) -> None:
    if column.person_limit is None:
        return
    held = all_columns.count(session, column, owner_id=owner_id)
    if held >= column.person_limit:
        name = session.get_one(Person, owner_id).display_name
        raise LimitReached(
            f"{name} has {held} in {column.name}, and it takes {column.person_limit} each. Finish or move one first."
        )


class _Spot(NamedTuple):
    """Ranks of the cards just above and just below a wanted place; nothing where it is the top or the bottom."""

    above: int | None
    below: int | None

    def holds(self, rank: int) -> bool:
        return (self.above is None or self.above < rank) and (self.below is None or rank < self.below)

    @property
    def rank(self) -> int | None:
        """A rank between the two; none where there is no room left."""
        if self.below is None:
            return (self.above or 0) + GAP
        if self.above is None:
            return self.below - GAP
        return self.above + (self.below - self.above) // 2 if self.below - self.above > 1 else None


OTHERS = select(Card.rank).where(
    Card.column_id == bindparam("column"), Card.archived_at.is_(None), Card.id != bindparam("card")
)
"""Ranks in a column but for one card's. These are made once: to build one takes as long as to ask it."""
AROUND = OTHERS.order_by(Card.rank, Card.id).offset(bindparam("above")).limit(2)
BELOW = OTHERS.where(Card.rank > bindparam("rank")).order_by(Card.rank, Card.id).limit(1)
ABOVE = OTHERS.where(Card.rank < bindparam("rank")).order_by(Card.rank.desc()).limit(1)
LOWEST = OTHERS.order_by(Card.rank.desc()).limit(1)
STANDING = select(Card.rank).where(
    Card.id == bindparam("card"), Card.column_id == bindparam("column"), Card.archived_at.is_(None)
)
ONE_CARD = update(Card).where(Card.id == bindparam("this"))


def _spot(
    session: Session, card: Card, column: Column, position: int | None, before: int | None, after: int | None
) -> _Spot:
    place = {"column": column.id, "card": card.id}
    for number, is_below in ((before, True), (after, False)):
        rank = _rank_of(session, card, column, number)
        if rank is not None and is_below:
            return _Spot(_highest(session, column, card, under=rank), rank)
        if rank is not None:
            return _Spot(rank, session.connection().scalar(BELOW, {**place, "rank": rank}))
    if position == 0:
        return _Spot(None, session.connection().scalar(AROUND, {**place, "above": 0}))
    if position is not None:
        around = session.connection().scalars(AROUND, {**place, "above": position - 1}).all()
        if around:
            return _Spot(around[0], around[1] if len(around) > 1 else None)
    return _Spot(_highest(session, column, card), None)


def _rank_of(session: Session, card: Card, column: Column, number: int | None) -> int | None:
    """A neighbour's rank, while it stands in this column."""
    if number is None or number == card.id:
        return None
    return session.connection().scalar(STANDING, {"card": number, "column": column.id})


def _highest(session: Session, column: Column, card: Card, under: int | None = None) -> int | None:
    """The rank of the lowest card in the column (above the rank `under`), other than this one."""
    place = {"column": column.id, "card": card.id}
    if under is None:
        return session.connection().scalar(LOWEST, place)
    return session.connection().scalar(ABOVE, {**place, "rank": under})


def _make_room(session: Session, column: Column, spot: _Spot) -> None:
    """Spread the cards around a full spot: fifty on each side, or where these stand too close as well, all."""
    shown = select(Card.id, Card.rank).where(Card.column_id == column.id, Card.archived_at.is_(None))
    above = session.execute(
        shown.where(Card.rank <= spot.above).order_by(Card.rank.desc(), Card.id.desc()).limit(50)
    ).all()
    below = session.execute(shown.where(Card.rank > spot.above).order_by(Card.rank, Card.id).limit(50)).all()
    rows = [*reversed(above), *below]
    room = (rows[-1].rank - rows[0].rank) // max(1, len(rows) - 1)
    if room > 2**16:
        _rank(session, [(row.id, rows[0].rank + place * room) for place, row in enumerate(rows)])
        return
    everything = select(Card.id).where(Card.column_id == column.id).order_by(Card.rank, Card.id)
    _rank(session, [(id_, (place + 1) * GAP) for place, id_ in enumerate(session.scalars(everything).all())])


def _rank(session: Session, ranks: list[tuple[int, int]]) -> None:
    session.flush()
    session.execute(update(Card), [{"id": id_, "rank": rank} for id_, rank in ranks])
    for known in session.identity_map.values():
        if isinstance(known, Card):
            session.refresh(known, ["rank"])


def _write(session: Session, card: Card, changes: dict[str, Any]) -> None:
    """One plain UPDATE of a card that is as the database has it. The unit of work would take as long as all the rest of a
    move, and moves are what a board does most."""
    session.flush()
    session.connection().execute(ONE_CARD, {"this": card.id, **changes})
    for name, value in changes.items():
        set_committed_value(card, name, value)


def _enter(card: Card, column: Column, at: datetime) -> None:
    for name, value in _clock(card, column, at).items():
        setattr(card, name, value)


def _clock(card: Card, column: Column, at: datetime) -> dict[str, datetime | None]:
    """Started once, finished while in a done column; taken out of done, it is unfinished again."""
    begins = column.kind is not ColumnKind.TO_DO
    return {
        "entered_at": at,
        "started_at": card.started_at or (at if begins else None),
        "done_at": (card.done_at or at) if column.kind is ColumnKind.DONE else None,
    }
