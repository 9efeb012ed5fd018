"""The append-only log. Every verb writes its line in the same transaction as what it did."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portfolio.models import Base, Event, Person

AUTOMATION = "automation"
"""Where a session says which automation is at work."""
IMPORT = "import"
"""The `source` in the details of what came with an import: it happened long ago, and elsewhere."""
BY_ITSELF = "by_itself"
"""The automation's key in the details of what it did, so that it sets off no other."""

LINE = insert(Event)


def record(
    session: Session, action: str, subject: Base, *, by: Person | None, at: datetime, **details: Any
) -> None:
    """Append one line: `action` in the past tense ("learning_request.submitted"), done to `subject`, by whom, when.

    Details hold ids, states and numbers, never personal data, so that erasing a person leaves history true. What an automation
    does says so: `by_itself`.
    """
    if AUTOMATION in session.info:
        details[BY_ITSELF] = session.info[AUTOMATION]
    if subject.id is None:  # type: ignore[attr-defined] # every recorded model has an id
        session.flush()
    session.connection().execute(
        LINE,
        {
            "at": at,
            "action": action,
            "subject_type": subject.__tablename__,
            "subject_id": subject.id,  # type: ignore[attr-defined] # as above
            "by_id": by.id if by else None,
            "details": details,
        },
    )


def timeline(session: Session, subject: Base, *actions: str) -> list[Event]:
    """The lines about one thing, oldest first; only `actions` where given."""
    query = select(Event).where(
        Event.subject_type == subject.__tablename__,
        Event.subject_id == subject.id,  # type: ignore[attr-defined] # as above
    )
    if actions:
        query = query.where(Event.action.in_(actions))
    return list(session.scalars(query.order_by(Event.at, Event.id)))


def since(session: Session, after: int, limit: int) -> list[Event]:
    """Up to `limit` lines with an id above `after`, oldest first."""
    return list(session.scalars(select(Event).where(Event.id > after).order_by(Event.id).limit(limit)))


def last(session: Session) -> int:
    """The id of the latest line, 0 before the first."""
    return session.scalar(select(func.max(Event.id))) or 0
