"""Links by which people without an account read one edition, and nothing else, until a day."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.models import Edition, Person, Share
from portfolio.states import EditionStatus

LASTS_DAYS = (7, 30, 90)


class ShareRefused(ValueError):
    """This edition can't be shared so; the message says why."""


def share(
    session: Session, edition: Edition, *, days: int, by: Person | None, at: datetime, name: str = ""
) -> Share:
    """Make a link to this edition that works for 7, 30 or 90 days. `name` says whom it is for."""
    if edition.status is not EditionStatus.PUBLISHED:
        raise ShareRefused("This report isn't ready to be shared yet.")
    if days not in LASTS_DAYS:
        raise ShareRefused("Please choose one of these.")
    made = Share(
        edition_id=edition.id,
        name=name.strip()[:80],
        expires_at=at + timedelta(days=days),
        added_at=at,
        by_id=by.id if by else None,
    )
    session.add(made)
    session.flush()
    record(session, "share.added", made, by=by, at=at, edition=edition.id, days=days)
    return made


def end(session: Session, shared: Share, *, by: Person, at: datetime) -> None:
    """From now on the link opens nothing."""
    if shared.ended_at is None:
        shared.ended_at = at
        record(session, "share.ended", shared, by=by, at=at, edition=shared.edition_id)


def is_open(shared: Share, *, now: datetime) -> bool:
    return shared.ended_at is None and now < shared.expires_at


# Queries


def find(session: Session, number: int) -> Share | None:
    return session.get(Share, number) if 0 < number < 2**31 else None


def of(session: Session, edition: Edition) -> list[Share]:
    """All links to an edition, newest first, also those that are over."""
    return list(
        session.scalars(select(Share).where(Share.edition_id == edition.id).order_by(Share.id.desc()))
    )
