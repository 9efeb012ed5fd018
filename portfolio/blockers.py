"""What stops a card: said with its reason, taken away when it goes on; from when to when stays known."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Blocker, Card, Person


class AlreadyBlocked(ValueError):
    """The card is blocked by something else already; the message names it."""


def block(session: Session, card: Card, reason: str, *, by: Person | None, at: datetime) -> Blocker:
    """Say what stops a card from now on. Raises AlreadyBlocked."""
    hold(session, card)
    if card.blocked_by:
        raise AlreadyBlocked(
            f"It is blocked already, by “{card.blocked_by}”. Change that, or take it away first."
        )
    blocker = Blocker(card_id=card.id, reason=reason, since=at, by_id=by.id if by else None)
    session.add(blocker)
    session.flush()
    card.blocked_by, card.blocked_since = reason, at
    card.version += 1
    record(session, "card.blocked", card, by=by, at=at, blocker=blocker.id)
    return blocker


def reword(session: Session, card: Card, reason: str, *, by: Person, at: datetime) -> None:
    """Say better what stops it; since when stays."""
    hold(session, card)
    blocker = _open(session, card, at)
    if blocker is None or blocker.reason == reason:
        return
    blocker.reason = card.blocked_by = reason
    card.version += 1
    record(session, "card.blocker_reworded", card, by=by, at=at, blocker=blocker.id)


def unblock(session: Session, card: Card, *, by: Person | None, at: datetime) -> None:
    """It goes on. Said twice, the first counts."""
    hold(session, card)
    blocker = _open(session, card, at)
    if blocker is None:
        return
    blocker.until, blocker.ended_by_id = at, by.id if by else None
    card.blocked_by, card.blocked_since = "", None
    card.version += 1
    record(session, "card.unblocked", card, by=by, at=at, blocker=blocker.id)


def listed(session: Session, card: Card) -> list[Blocker]:
    """All that ever stopped it, the latest first."""
    return list(
        session.scalars(
            select(Blocker).where(Blocker.card_id == card.id).order_by(Blocker.since.desc(), Blocker.id)
        )
    )


def _open(session: Session, card: Card, at: datetime) -> Blocker | None:
    """The open blocker; made from the card's own words where it came in with them, from an import."""
    found = session.scalar(select(Blocker).where(Blocker.card_id == card.id, Blocker.until.is_(None)))
    if found is None and card.blocked_by:
        found = Blocker(card_id=card.id, reason=card.blocked_by, since=card.blocked_since or at)
        session.add(found)
        session.flush()
    return found
