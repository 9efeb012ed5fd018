"""The checklist of a card: add a line, tick it, change its words, move it, take it away."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Card, ChecklistItem, Person

MOST_ITEMS = 100


class ListFull(ValueError):
    """A card has room for so many lines; more are another card."""


class LineChanged(ValueError):
    """Somebody else changed the line meanwhile; `theirs` is what it says now. Nothing was overwritten."""

    def __init__(self, theirs: str) -> None:
        super().__init__(
            f"Somebody else changed this line meanwhile to “{theirs}”. Save again to keep yours."
        )
        self.theirs = theirs


def add(session: Session, card: Card, words: str, *, by: Person | None, at: datetime) -> ChecklistItem:
    """Put a line at the end of the list. Raises ListFull."""
    hold(session, card)
    last, count = session.execute(
        select(func.max(ChecklistItem.position), func.count()).where(ChecklistItem.card_id == card.id)
    ).one()
    if count >= MOST_ITEMS:
        raise ListFull(f"A checklist has room for {MOST_ITEMS} lines. What is more may be another card.")
    item = ChecklistItem(card_id=card.id, words=words, position=(last or 0) + 1)
    session.add(item)
    session.flush()
    record(session, "card.item_added", card, by=by, at=at, item=item.id)
    return item


def tick(
    session: Session, card: Card, item: ChecklistItem, *, done: bool, by: Person | None, at: datetime
) -> None:
    """Say that a line is done, or is not after all. Said twice, the first counts."""
    if (item.done_at is not None) == done:
        return
    item.done_at = at if done else None
    item.done_by_id = by.id if by and done else None
    record(session, "card.item_ticked" if done else "card.item_unticked", card, by=by, at=at, item=item.id)


def edit(
    session: Session, card: Card, item: ChecklistItem, words: str, *, seen: str, by: Person, at: datetime
) -> None:
    """Change a line's words, of which the writer had `seen` these. Raises LineChanged."""
    hold(session, item)
    if item.words == words:
        return
    if item.words != seen:
        raise LineChanged(item.words)
    item.words = words
    record(session, "card.item_edited", card, by=by, at=at, item=item.id)


def move(session: Session, card: Card, item: ChecklistItem, *, up: bool, by: Person, at: datetime) -> None:
    """Put a line one place up or down."""
    hold(session, card)
    lines = listed(session, card)
    place = lines.index(item)
    other = place + (-1 if up else 1)
    if not 0 <= other < len(lines):
        return
    lines[place], lines[other] = lines[other], lines[place]
    for position, line in enumerate(lines, start=1):
        line.position = position
    record(session, "card.item_moved", card, by=by, at=at, item=item.id, position=other + 1)


def remove(session: Session, card: Card, item: ChecklistItem, *, by: Person, at: datetime) -> None:
    """Take a line away."""
    record(session, "card.item_removed", card, by=by, at=at, item=item.id)
    session.delete(item)


# Queries


def listed(session: Session, card: Card) -> list[ChecklistItem]:
    """The lines in their order."""
    return list(
        session.scalars(
            select(ChecklistItem)
            .where(ChecklistItem.card_id == card.id)
            .order_by(ChecklistItem.position, ChecklistItem.id)
        )
    )


def find(session: Session, card: Card, number: int) -> ChecklistItem | None:
    """The card's own line of this number."""
    item = session.get(ChecklistItem, number) if 0 < number < 2**31 else None
    return item if item is not None and item.card_id == card.id else None
