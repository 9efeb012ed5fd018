"""Repurpose first: which resources cover what share of a request's need, so that less has to be made anew."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from portfolio import history, similar
from portfolio.history import record
from portfolio.models import LearningRequest, Person, Resource, Reuse
from portfolio.rules.ranges import Range
from portfolio.similar import Found

SHARES: dict[str, tuple[str, Range]] = {
    "none": ("nothing of it", Range(0.0, 0.0, 0.0)),
    "quarter": ("about a quarter", Range(0.1, 0.25, 0.4)),
    "half": ("about half", Range(0.35, 0.5, 0.65)),
    "most": ("most of it", Range(0.6, 0.75, 0.9)),
    "all": ("all of it", Range(0.85, 0.95, 1.0)),
}
"""What a person says a resource covers, and the share of the need meant: 10th, 50th and 90th percentile. Our convention."""

SINGLE_SPREAD = 0.1
"""How far below and above a share stated as one number the range goes."""

LIKE_IT = 0.15
"""From this likeness on a resource is offered to the manager, who judges; lower than for people who type."""

LINKED, UNLINKED = "resource_linked", "resource_unlinked"


class ShareRefused(ValueError):
    """A share of a need lies between nothing and all of it."""


def link(
    session: Session,
    learning_request: LearningRequest,
    resource: Resource,
    share: Range,
    *,
    note: str,
    by: Person | None,
    at: datetime,
) -> Reuse:
    """Say that a resource covers a share (0..1) of what a request needs, and have an open one scored again.

    Linking a resource again replaces its share and note. Raises ShareRefused.
    """
    if share.low < 0 or share.high > 1:
        raise ShareRefused("A share lies between 0 and 100 %.")
    reuse = _between(session, learning_request, resource)
    if reuse is None:
        reuse = Reuse(learning_request_id=learning_request.id, resource_id=resource.id)
        session.add(reuse)
    reuse.share_low, reuse.share_likely, reuse.share_high = share.low, share.likely, share.high
    reuse.note, reuse.by_id, reuse.at = note, by.id if by else None, at
    session.flush()
    shares = [share.low, share.likely, share.high]
    _record(session, learning_request, LINKED, by=by, at=at, resource=resource.id, share=shares)
    return reuse


def unlink(session: Session, reuse: Reuse, *, by: Person | None, at: datetime) -> None:
    """Take back that a resource covers a part of a request's need, and have an open one scored again."""
    learning_request = session.get_one(LearningRequest, reuse.learning_request_id)
    session.delete(reuse)
    session.flush()
    _record(session, learning_request, UNLINKED, by=by, at=at, resource=reuse.resource_id)


def existing_share(reuses: Sequence[Reuse]) -> Range | None:
    """The share of the need that exists already, at most all of it; None where nobody linked anything.

    Parts are taken to cover different things, so their shares add up; that they move together keeps the range wide.
    """
    if not reuses:
        return None
    return Range(
        min(1.0, sum(one.share_low for one in reuses)),
        min(1.0, sum(one.share_likely for one in reuses)),
        min(1.0, sum(one.share_high for one in reuses)),
    )


# Queries


def likely_share_at(session: Session, learning_request: LearningRequest, at: datetime) -> float:
    """The likely share (0..1) that was known to exist at a moment, as the history has it."""
    shares: dict[int, float] = {}
    lines = history.timeline(
        session, learning_request, *(f"learning_request.{what}" for what in (LINKED, UNLINKED))
    )
    for line in lines:
        if line.at <= at:
            shares[line.details["resource"]] = line.details.get("share", [0.0, 0.0, 0.0])[1]
    return min(1.0, sum(shares.values()))


def of(session: Session, learning_request: LearningRequest) -> list[Reuse]:
    """What is linked to a request, what covers most first."""
    return list(
        session.scalars(
            select(Reuse)
            .where(Reuse.learning_request_id == learning_request.id)
            .order_by(Reuse.share_likely.desc(), Reuse.id)
        )
    )


def existing_shares(session: Session, numbers: Sequence[int]) -> dict[int, Range]:
    """The share of the need that exists already, by request, for those of `numbers` that have any. One statement."""
    linked: dict[int, list[Reuse]] = {}
    rows = select(Reuse).where(Reuse.learning_request_id.in_(numbers)).options(lazyload(Reuse.resource))
    for one in session.scalars(rows):
        linked.setdefault(one.learning_request_id, []).append(one)
    return {number: share for number, those in linked.items() if (share := existing_share(those))}


def find(session: Session, learning_request: LearningRequest, number: int) -> Reuse | None:
    """One link of this request."""
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Reuse).where(Reuse.id == number, Reuse.learning_request_id == learning_request.id)
    )


def offered(session: Session, learning_request: LearningRequest, linked: Sequence[Reuse]) -> list[Found]:
    """Resources like the request that nobody linked to it yet, best first."""
    words = f"{learning_request.title} {learning_request.said('problem') or ''}"
    known = {one.resource_id for one in linked}
    found = similar.similar(session, words, floor=LIKE_IT, limit=5 + len(known))
    return [one for one in found.resources if one.id not in known][:5]


def _between(session: Session, learning_request: LearningRequest, resource: Resource) -> Reuse | None:
    return session.scalar(
        select(Reuse).where(
            Reuse.learning_request_id == learning_request.id, Reuse.resource_id == resource.id
        )
    )


def _record(
    session: Session,
    learning_request: LearningRequest,
    what: str,
    *,
    by: Person | None,
    at: datetime,
    **details: object,
) -> None:
    """Note what changed; only a request still open is scored again, a decided one keeps the score it was judged by."""
    if learning_request.is_open:
        learning_request.score_wanted_at = at
    record(session, f"learning_request.{what}", learning_request, by=by, at=at, **details)
