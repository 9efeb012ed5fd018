"""What may help somebody who writes a request sooner: things in the library, requests of others, and what was declined."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio import supporters
from portfolio.links import Links
from portfolio.models import Decision, LearningRequest, Resource
from portfolio.rules.similarity import SURE
from portfolio.similar import Found, similar
from portfolio.states import RequestStatus, Verdict
from portfolio.supporters import JOINABLE

RESOURCE, REQUEST, DECLINE = "resource", "request", "decline"
KINDS = (RESOURCE, REQUEST, DECLINE)
SHOWN = 5
SHORTEST_WORDS = 3

REASONS = {
    "not_now": "It didn't fit at that time.",
    "too_small": "It was too small to be worth building something for.",
    "no_goal": "It served none of our goals.",
    "not_training": "Training would not have helped.",
    "exists": "Something for it exists already.",
    "no_owner": "Nobody could back it.",
}
"""Why a request was declined, as anybody may read it. The letter to its requester stays theirs."""


@dataclass(frozen=True)
class Thing:
    """One thing that can be suggested; `ref` names it in a form, signed, so that only what was shown can be answered."""

    kind: str
    id: int

    def ref(self, links: Links) -> str:
        return f"{self.kind}:{self.id}:{links.key('suggestion', self.kind, self.id)}"


def things(text: str, links: Links) -> list[Thing]:
    """The things that refs name, separated by blanks; what we did not sign is left out."""
    found = []
    for ref in text.split()[:SHOWN]:
        kind, _, rest = ref.partition(":")
        number, _, key = rest.partition(":")
        if kind in KINDS and number.isdecimal() and len(number) < 10:
            thing = Thing(kind, int(number))
            if hmac.compare_digest(thing.ref(links).encode(), f"{kind}:{int(number)}:{key}".encode()):
                found.append(thing)
    return found


@dataclass(frozen=True)
class Offered:
    """One suggestion in the words anybody may read. `behind` counts who stands behind a request, its requester included;
    `on` is when a decline was decided; `why` its reason."""

    thing: Thing
    title: str
    ref: str
    path: str = ""
    kind: str = ""
    minutes: int | None = None
    unit: str = ""
    behind: int = 0
    on: date | None = None
    why: str = ""


@dataclass(frozen=True)
class Offer:
    """What may help sooner, at most five things in all.

    `strong` where a resource, or a request to join, is so like it that it is worth a look before sending.
    """

    resources: tuple[Offered, ...] = ()
    requests: tuple[Offered, ...] = ()
    declines: tuple[Offered, ...] = ()
    strong: bool = False

    @property
    def all(self) -> tuple[Offered, ...]:
        return (*self.resources, *self.requests, *self.declines)

    @property
    def refs(self) -> str:
        return " ".join(one.ref for one in self.all)


def offer(
    session: Session, words: str, *, links: Links, unit: str = "", leave_out: int | None = None
) -> Offer:
    """What exists, what others ask for and what was declined before, where it is like these words. Changes nothing.

    Names no person and quotes no problem: titles, units and how many stand behind it.
    """
    if len(words.strip()) < SHORTEST_WORDS:
        return Offer()
    found = similar(session, words, unit=unit, limit=SHOWN, leave_out=leave_out)
    best = sorted((*found.resources, *found.requests, *found.declines), key=lambda one: -one.score)[:SHOWN]
    return Offer(
        resources=_resources(session, _of_kind(best, found.resources), links),
        requests=_requests(session, _of_kind(best, found.requests), links),
        declines=_declines(session, _of_kind(best, found.declines), links),
        strong=any(one.score >= SURE for one in (*found.resources, *found.requests)),
    )


# Below: how it is done


def _of_kind(best: Sequence[Found], found: Sequence[Found]) -> list[int]:
    kept = {(one.kind, one.id) for one in found}
    return [one.id for one in best if (one.kind, one.id) in kept]


def _resources(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    if not ids:
        return ()
    rows = {
        one.id: one
        for one in session.scalars(
            select(Resource).where(Resource.id.in_(ids), Resource.retired_at.is_(None))
        )
    }
    return tuple(
        Offered(
            thing := Thing(RESOURCE, one.id),
            one.title,
            thing.ref(links),
            links.resource_path(one),
            kind=one.kind,
            minutes=one.minutes,
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
    )


def _requests(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    rows = _with_unit(session, ids)
    behind = supporters.behind(session, rows) if rows else {}
    return tuple(
        Offered(
            thing := Thing(REQUEST, one.id),
            one.title,
            thing.ref(links),
            links.joining_path(one),
            unit=one.unit.name if one.unit else "",
            behind=behind[one.id],
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
        if one.status in JOINABLE
    )


def _declines(session: Session, ids: list[int], links: Links) -> tuple[Offered, ...]:
    rows = _with_unit(session, ids)
    made = {
        one.learning_request_id: one
        for one in session.scalars(
            select(Decision)
            .where(
                Decision.learning_request_id.in_(rows),
                Decision.verdict == Verdict.DECLINE,
                Decision.undone_at.is_(None),
            )
            .order_by(Decision.id)
        )
    } if rows else {}  # fmt: skip
    return tuple(
        Offered(
            thing := Thing(DECLINE, one.id),
            one.title,
            thing.ref(links),
            unit=one.unit.name if one.unit else "",
            on=made[one.id].decided_at.date(),
            why=REASONS.get(made[one.id].reason, ""),
        )
        for one in (rows[id_] for id_ in ids if id_ in rows)
        if one.status is RequestStatus.DECLINED and one.id in made
    )


def _with_unit(session: Session, ids: list[int]) -> dict[int, LearningRequest]:
    if not ids:
        return {}
    query = (
        select(LearningRequest).where(LearningRequest.id.in_(ids)).options(joinedload(LearningRequest.unit))
    )
    return {one.id: one for one in session.scalars(query)}
