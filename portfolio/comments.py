"""Words on a card. Whoever is named with @ and has a role here gets them by mail, once a comment."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import letters, mails, people
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Card, Comment, ExpertAsk, Person
from portfolio.rules.mentions import Known, mentioned

NOT_PEOPLE = "@api.invalid"
"""How the addresses of programs end."""


class NotYours(ValueError):
    """Only who wrote a comment may change it or take it away."""


def add(session: Session, card: Card, words: str, *, links: Links, by: Person, at: datetime) -> Comment:
    """Say something on a card."""
    comment = Comment(card_id=card.id, words=words, mentions=[], by_id=by.id, at=at)
    session.add(comment)
    session.flush()
    told = _tell(session, card, comment, links=links, by=by, at=at)
    record(session, "card.commented", card, by=by, at=at, comment=comment.id, mentions=told)
    return comment


def edit(
    session: Session, card: Card, comment: Comment, words: str, *, links: Links, by: Person, at: datetime
) -> None:
    """Say it better. Only who is named for the first time gets a mail. Raises NotYours."""
    _check_own(comment, by)
    if comment.words == words:
        return
    comment.words, comment.changed_at = words, at
    told = _tell(session, card, comment, links=links, by=by, at=at)
    record(session, "card.comment_edited", card, by=by, at=at, comment=comment.id, mentions=told)


def remove(session: Session, card: Card, comment: Comment, *, by: Person, at: datetime) -> None:
    """Take one's words back: they are gone, that there were some stays in the history. Raises NotYours."""
    _check_own(comment, by)
    comment.words, comment.removed_at = "", at
    record(session, "card.comment_removed", card, by=by, at=at, comment=comment.id)


# Queries


def listed(session: Session, card: Card) -> list[Comment]:
    """The comments, oldest first, without those taken back."""
    return list(
        session.scalars(
            select(Comment)
            .where(Comment.card_id == card.id, Comment.removed_at.is_(None))
            .options(joinedload(Comment.by))
            .order_by(Comment.id)
        )
    )


def find(session: Session, card: Card, number: int) -> Comment | None:
    """The card's own comment of this number, unless it was taken back."""
    comment = session.get(Comment, number) if 0 < number < 2**31 else None
    there = comment is not None and comment.card_id == card.id and comment.removed_at is None
    return comment if there else None


def who_can_be_named(session: Session) -> list[Person]:
    """Everybody with a role here, by name; programs are nobody."""
    return [person for person in people.with_roles(session) if not person.email.endswith(NOT_PEOPLE)]


def _check_own(comment: Comment, by: Person) -> None:
    if comment.by_id != by.id:
        raise NotYours("Only who wrote this can change it.")


def _tell(
    session: Session, card: Card, comment: Comment, *, links: Links, by: Person, at: datetime
) -> list[int]:
    """Mail whoever is named and was not told of this comment before; the writer needs no mail."""
    known = {person.id: person for person in who_can_be_named(session)}
    called = mentioned(comment.words, [Known(one.id, one.name, one.email) for one in known.values()])
    fresh = [number for number in called if number not in comment.mentions and number != by.id]
    comment.mentions = [*comment.mentions, *fresh]
    asks = _open_asks(session, card, fresh)
    for number in fresh:
        person = known[number]
        subject, text = letters.mentioned(
            card.title, by.display_name, comment.words, _address(card, person, asks, links)
        )
        mails.queue(session, to=person.email, subject=subject, text=text, about=f"card:{card.id}", at=at)
    return fresh


def _address(card: Card, person: Person, asks: dict[int, ExpertAsk], links: Links) -> str:
    """Where this person may read on: the card for those who see the board, an expert's own task; else nowhere."""
    if person.manages or person.leads:
        return links.page(f"/cards/{card.id}#comments")
    return links.task(asks[person.id]) if person.id in asks else ""


def _open_asks(session: Session, card: Card, numbers: Sequence[int]) -> dict[int, ExpertAsk]:
    found = session.scalars(
        select(ExpertAsk).where(ExpertAsk.card_id == card.id, ExpertAsk.person_id.in_(numbers))
    )
    return {ask.person_id: ask for ask in found if ask.is_open}
