"""The conversation about a request: say something, and read what was said."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import letters, mails, people, supporters
from portfolio.history import record
from portfolio.learning_requests import about, decisions, heard_back, write_to
from portfolio.links import Links
from portfolio.models import LearningRequest, Message, Person


def say(
    session: Session,
    learning_request: LearningRequest,
    words: str,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
    internal: bool = False,
) -> Message:
    """Add a line to the conversation. A manager's line is mailed to the requester and all supporters; a requester's line to
    the manager who decided last, else to all; an internal note to nobody."""
    line = Message(
        learning_request_id=learning_request.id,
        words=words,
        internal=internal,
        by_id=by.id if by else None,
        at=at,
    )
    session.add(line)
    record(session, "learning_request.message_added", learning_request, by=by, at=at, internal=internal)
    heard_back(session, learning_request, by=by, at=at)
    if not internal and by is not None:
        for person, address in _told_by(session, by, learning_request, links):
            subject, text = letters.message(learning_request, words, address)
            write_to(session, person, subject, text, learning_request, at)
    if not internal and not (by and by.manages):
        _tell_managers(session, learning_request, words, links=links, by=by, at=at)
    return line


def of(session: Session, learning_request: LearningRequest, *, internal: bool) -> list[Message]:
    """The messages, oldest first; internal notes only where asked for."""
    query = select(Message).where(Message.learning_request_id == learning_request.id)
    if not internal:
        query = query.where(Message.internal.is_(False))
    return list(session.scalars(query.options(joinedload(Message.by)).order_by(Message.at, Message.id)))


def _told_by(
    session: Session, by: Person, learning_request: LearningRequest, links: Links
) -> list[tuple[Person, str]]:
    """Who gets to hear a line: nobody hears themselves, and who asked is heard on the manager's page."""
    told = supporters.recipients(session, learning_request, links)
    others = [(person, address) for person, address in told if person.id != by.id]
    return others if by.manages or len(others) == len(told) else []


def _tell_managers(
    session: Session,
    learning_request: LearningRequest,
    words: str,
    *,
    links: Links,
    by: Person | None,
    at: datetime,
) -> None:
    """At most one unsent mail a request and manager: who writes a lot fills a page, no mailbox."""
    made = decisions(session, learning_request)
    last = made[-1].decided_by if made else None
    told = [last] if last is not None and last.manages else people.managers(session)
    for manager in told:
        if not mails.is_pending(session, about(learning_request), manager.email):
            who = by.display_name if by else "Somebody"
            address = links.page(f"/requests/{learning_request.id}")
            subject, text = letters.wrote(learning_request, who, words, address)
            write_to(session, manager, subject, text, learning_request, at)
