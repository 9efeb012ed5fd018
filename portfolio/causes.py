"""What causes the problem: the table in force, its versions, and what a diagnosis means in words."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import feeds, forms
from portfolio.history import record
from portfolio.models import CauseTable, LearningRequest, Person
from portfolio.rules import fit
from portfolio.rules.fit import FIRST, TRAINABLE, Causes, Fit, Route, diagnose
from portfolio.waiting import want_all


class Stale(ValueError):
    """Somebody published another table meanwhile; `causes` is what is in force now."""

    def __init__(self, causes: Causes) -> None:
        super().__init__("Somebody else published another table meanwhile.")
        self.causes = causes


def published(session: Session) -> Causes | None:
    """The latest table a manager published, if any."""
    body = session.scalar(select(CauseTable.body).order_by(CauseTable.version.desc()).limit(1))
    return None if body is None else _parsed(json.dumps(body))


def current(session: Session) -> Causes:
    """The table in force: the latest published, else the one Outsize ships with."""
    return published(session) or FIRST


def versions(session: Session) -> Sequence[CauseTable]:
    """The tables published so far, newest first."""
    return session.scalars(
        select(CauseTable).options(joinedload(CauseTable.published_by)).order_by(CauseTable.version.desc())
    ).all()


def of_version(session: Session, version: int) -> Causes | None:
    """The table as it was in a version."""
    body = session.scalar(select(CauseTable.body).where(CauseTable.version == version))
    if body is None:
        return FIRST if version == FIRST.version else None
    return _parsed(json.dumps(body))


def publish(session: Session, causes: Causes, *, seen: int, by: Person | None, at: datetime) -> Causes:
    """Put a table in force as the next version and have every open request scored by it.

    `seen` is the version that was edited. Raises Stale where another is in force by now.
    """
    now = current(session)
    if seen != now.version:
        raise Stale(now)
    latest = session.scalar(select(func.max(CauseTable.version))) or FIRST.version
    causes = replace(causes, version=latest + 1)
    kept = CauseTable(
        version=causes.version,
        body=causes.as_json(),
        published_at=at,
        published_by_id=by.id if by else None,
    )
    session.add(kept)
    session.flush()
    record(session, "cause_table.published", kept, by=by, at=at, version=causes.version)
    want_all(session, at=at)
    return causes


def reset(session: Session, *, seen: int, by: Person | None, at: datetime) -> Causes:
    """Publish what Outsize ships with once more; who owns what elsewhere stays. Raises Stale."""
    owners = {route.cause: route for route in current(session).routes}
    routes = tuple(
        replace(
            route,
            owner=owners[route.cause].owner,
            owns=owners[route.cause].owns,
            address=owners[route.cause].address,
        )
        for route in FIRST.routes
    )
    return publish(session, replace(FIRST, routes=routes), seen=seen, by=by, at=at)


def answers_of(known: forms.Known, learning_request: LearningRequest) -> dict[str, str]:
    """What was said about causes in a request, by row of the table."""
    said = known.count_in(forms.said_in(learning_request))
    return {key: value for key, value in said.items() if key.startswith("cause_")}


def fit_of(session: Session, learning_request: LearningRequest) -> Fit:
    """What the answers say about the cause, by the table in force. Two statements."""
    return diagnose(current(session), answers_of(forms.known(session), learning_request))


def questions_of(session: Session, causes: Causes) -> list[tuple[str, str, bool]]:
    """The rows of the table: key, words, and whether it is asked these days. What is asked comes first, in the form's order."""
    form = forms.current(session)
    asked = {feeds.cause_key(one): one.label for one in form.questions if one.feeds == "cause"}
    known = {feeds.cause_key(one): one.label for one in forms.used_before(session).values()}
    gone = {key: known.get(key, key) for key, _ in causes.yes if key not in asked}
    return [
        *((key, words, True) for key, words in asked.items()),
        *((key, words, False) for key, words in gone.items()),
    ]


# In words

NAMES = {
    "expectations": "Expectations and feedback",
    "tools": "Tools and process",
    "incentives": "Incentives",
    "knowledge": "Knowledge",
    "skill": "Skill and practice",
    "capacity": "Capacity and selection",
}

SURE, LIKELY, HARDLY = 0.6, 0.4, 0.2
"""From which chance on it "sounds like" a cause, from which it "may be"; up to which it is hardly training."""

PLAIN = {
    "expectations": "people could do it, but it isn't clear to them what is wanted or how it went",
    "tools": "people know how, but the tool or the process gets in the way",
    "incentives": "people know how, but doing it well costs them more than it brings",
    "knowledge": "people haven't had the chance to learn how yet",
    "skill": "people know how, but have had too little practice",
    "capacity": "people know how, but there isn't the time for it, or it landed with the wrong people",
}

SHORT = {
    "expectations": "unclear expectations",
    "tools": "the tool or the process",
    "incentives": "what doing it well costs people",
    "knowledge": "too little chance to learn how",
    "skill": "too little practice",
    "capacity": "too little time",
}


def plain(found: Fit) -> str | None:
    """What the cause sounds like, in words for the requester; None where nothing was told.

    Graded by how sure it is: knowledge and skill count together, for both are answered by learning.
    """
    if not found.answered:
        return None
    cause, chance = _strongest(found)
    if chance >= SURE:
        return f"Sounds like {PLAIN[cause]}."
    first, second = (SHORT[one] for one in sorted(found.causes, key=lambda one: -found.causes[one])[:2])
    if found.fit <= HARDLY:
        return f"Sounds like people know how, and something else gets in the way: perhaps {first}, perhaps {second}."
    if chance >= LIKELY:
        return f"It may be that {PLAIN[cause]}; it isn't sure yet."
    return f"It's hard to say yet: perhaps it is {first}, perhaps {second}."


def draft(route: Route) -> str:
    """The words a manager starts from when pointing elsewhere: the route's own, and who can help."""
    return f"{route.words}\n\n{elsewhere(route)}"


def elsewhere(route: Route) -> str:
    """Who can help, as a sentence for the requester."""
    if not route.owner:
        return "We'll find out who can change it, and put you in touch."
    what = f"owns {route.owns}" if route.owns else "looks after this"
    reach = f" You can reach them here: {route.address}" if route.address else ""
    return f"{route.owner} {what}; we've asked them to call you.{reach}"


def _strongest(found: Fit) -> tuple[str, float]:
    """The cause to name and its chance; the two that training answers stand together."""
    trainable = max(sorted(TRAINABLE), key=lambda cause: found.causes[cause])
    other = found.likeliest_elsewhere
    return max((trainable, found.fit), (other, found.causes[other]), key=lambda one: one[1])


@lru_cache(maxsize=16)
def _parsed(body: str) -> Causes:
    return fit.from_json(json.loads(body))
