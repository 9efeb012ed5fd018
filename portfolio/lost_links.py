"""For people who lost a link: all of theirs in one mail."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import backlog, drafts, letters, mails, people
from portfolio.links import Links
from portfolio.models import LearningRequest, Person, Supporter


def mail(session: Session, email: str, *, links: Links, at: datetime) -> None:
    """Mail somebody the links of their requests, drafts, and of what they joined. The caller can't tell whether there are any."""
    person = people.find(session, email)
    lines = _of(session, person, links) if person else _drafts(session, email, links)
    if lines:
        subject, text = letters.your_links(lines)
        mails.queue(session, to=email.lower(), subject=subject, text=text, about="links", at=at)


def supported(session: Session, person: Person) -> list[tuple[LearningRequest, Supporter]]:
    """The requests somebody stands behind, latest first."""
    rows = session.execute(
        select(LearningRequest, Supporter)
        .join(Supporter, Supporter.learning_request_id == LearningRequest.id)
        .where(Supporter.person_id == person.id, Supporter.left_at.is_(None))
        .options(joinedload(LearningRequest.unit))
        .order_by(Supporter.id.desc())
        .limit(200)
    )
    return [(found, supporter) for found, supporter in rows]


def _of(session: Session, person: Person, links: Links) -> list[tuple[str, str]]:
    own = backlog.of_requester(session, person)
    return [
        *((f"Request {one.number}: {one.title}", links.tracking(one)) for one in own),
        *(
            (f"You stand behind request {found.number}: {found.title}", links.support(supporter))
            for found, supporter in supported(session, person)
        ),
        *_drafts(session, person.email, links),
    ]


def _drafts(session: Session, email: str, links: Links) -> list[tuple[str, str]]:
    return [
        (f"Not sent yet: {one.values.get('title') or 'a request without a title'}", links.draft(one))
        for one in drafts.of_address(session, email)
    ]
