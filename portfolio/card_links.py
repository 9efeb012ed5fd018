"""What hangs on a card: addresses and files."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import files
from portfolio.history import record
from portfolio.library import link_of
from portfolio.models import Card, CardLink, File, Person

MOST_LINKS = 50


class LinkRefused(ValueError):
    """No address of a kind we take, or one too many; the message says which."""


def add(
    session: Session, card: Card, address: str, *, label: str = "", by: Person | None, at: datetime
) -> CardLink:
    """Hang an address on a card. Raises LinkRefused."""
    try:
        address = str(link_of(address))
    except ValueError as problem:
        raise LinkRefused(str(problem)) from problem
    count = session.scalar(select(func.count()).where(CardLink.card_id == card.id)) or 0
    if count >= MOST_LINKS:
        raise LinkRefused(f"A card has room for {MOST_LINKS} addresses.")
    link = CardLink(card_id=card.id, address=address, label=label, added_at=at)
    session.add(link)
    session.flush()
    record(session, "card.link_added", card, by=by, at=at, link=link.id)
    return link


def remove(session: Session, card: Card, link: CardLink, *, by: Person, at: datetime) -> None:
    """Take an address off."""
    record(session, "card.link_removed", card, by=by, at=at, link=link.id)
    session.delete(link)


def attach(
    session: Session, card: Card, *, name: str, content: bytes, by: Person | None, at: datetime
) -> File:
    """Hang a file on a card. The same bytes given twice are kept once. Raises files.FileRefused."""
    before = {file.id for file in files.listed(session, card=card)}
    file = files.keep(session, name=name, content=content, card=card, by=by, at=at)
    if file.id not in before:
        record(session, "card.file_added", card, by=by, at=at, file=file.id, bytes=file.size_bytes)
    return file


def detach(session: Session, card: Card, file: File, *, by: Person, at: datetime) -> None:
    """Take a file off; its bytes go too."""
    record(session, "card.file_removed", card, by=by, at=at, file=file.id)
    files.remove(session, file)


# Queries


def listed(session: Session, card: Card) -> list[CardLink]:
    """The addresses, oldest first."""
    return list(session.scalars(select(CardLink).where(CardLink.card_id == card.id).order_by(CardLink.id)))


def find(session: Session, card: Card, number: int) -> CardLink | None:
    """The card's own address of this number."""
    link = session.get(CardLink, number) if 0 < number < 2**31 else None
    return link if link is not None and link.card_id == card.id else None


def find_file(session: Session, card: Card, number: int) -> File | None:
    """The card's own file of this number."""
    file = files.find(session, number)
    return file if file is not None and file.card_id == card.id else None
