"""A believable year of an invented company, replayed through the real actions so that its whole history is there."""

from datetime import datetime
from random import Random

from sqlalchemy import String, cast, select, update
from sqlalchemy.orm import Session, aliased

from portfolio import organisation
from portfolio.database import Database
from portfolio.demo.year import Year
from portfolio.links import Links
from portfolio.models import Mail

SEED = 1817
"""The year of the first running machine, the grandmother of all bicycles."""

NOWHERE = Links("http://127.0.0.1:8000", "the-demo-has-no-secrets")


def fill(database: Database, *, now: datetime, seed: int = SEED, links: Links = NOWHERE) -> None:
    """Fill an empty installation with the year that ends `now`; does nothing where there is an organisation already.

    The same seed and moment give the same year. `links` makes the addresses in the mails it has sent.
    """
    with database.writing() as session:
        fill_in(session, now=now, seed=seed, links=links)


def fill_in(session: Session, *, now: datetime, seed: int = SEED, links: Links = NOWHERE) -> None:
    """The same within a transaction that is open already."""
    if organisation.current(session) is None:
        Year(session, now, links, Random(seed)).replay()
        _call_mails_sent(session)


def _call_mails_sent(session: Session) -> None:
    """The mails of the past went out at their time; nobody shall get them now. Their names follow from their numbers."""
    session.flush()
    before = aliased(Mail)
    named = "<demo-" + cast(before.id, String) + "@outsize>"
    answered = select(named).where(before.message_id == Mail.in_reply_to).scalar_subquery()
    session.execute(update(Mail).values(in_reply_to=answered).execution_options(synchronize_session=False))
    session.execute(
        update(Mail)
        .values(sent_at=Mail.queued_at, attempts=1, message_id="<demo-" + cast(Mail.id, String) + "@outsize>")
        .execution_options(synchronize_session=False)
    )
