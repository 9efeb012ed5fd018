"""Statements taken in: checked, once each by their id, and no more kept of them than is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.learning import records
from portfolio.learning.records import Thing
from portfolio.learning.refusals import refuse
from portfolio.links import Links
from portfolio.models import LearningRecord, LearningSource
from portfolio.rules import learning, xapi
from portfolio.rules.learning import Said

MOST_AT_ONCE = 500
MOST_WRONGS = 20


@dataclass(frozen=True)
class Refusal:
    """Which statement of those sent (0 is the first), its id where it has one, the property and the reason."""

    place: int
    id: str
    where: str
    why: str

    def __str__(self) -> str:
        named = f" ({self.id})" if self.id else ""
        return f"Statement {self.place}{named}: {self.where}: {self.why}."


class Refused(ValueError):
    """Statements that are none; nothing of what came with them was kept."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(" ".join(map(str, refusals[:MOST_WRONGS])))
        self.refusals = tuple(refusals[:MOST_WRONGS])


class Conflict(Refused):
    """The id of a statement stands for another one already."""


@dataclass(frozen=True)
class Taken:
    """What became of a batch. `ids` in the order sent."""

    ids: tuple[str, ...]
    new: int
    refused: int = 0


@dataclass(frozen=True)
class _Checked:
    said: Said
    digest: str
    place: int


def accept(
    session: Session,
    source: LearningSource,
    statements: Sequence[Any],
    *,
    version: str,
    links: Links,
    at: datetime,
) -> Taken:
    """Take all of a batch or none. What is there already under its id and says the same counts as taken.

    Raises Refused or Conflict; what was refused is written down for the manager.
    """
    hold(session, source)
    checked, wrong = _check(statements, version=version, links=links)
    wrong = wrong or _twice(checked)
    others = [] if wrong else _others(session, source, checked)
    _note(session, source, [*wrong, *others][:MOST_WRONGS], at=at)
    if wrong:
        raise Refused(wrong)
    if others:
        raise Conflict(others)
    return Taken(tuple(one.said.id for one in checked), _keep(session, source, checked, links=links, at=at))


def take(
    session: Session,
    source: LearningSource,
    statements: Sequence[Any],
    *,
    version: str,
    links: Links,
    at: datetime,
) -> Taken:
    """Take what can be taken of a page that was pulled, and write down what can't."""
    hold(session, source)
    checked, wrong = _check(statements, version=version, links=links)
    others = _others(session, source, checked)
    _note(session, source, [*wrong, *others], at=at)
    away = {one.place for one in others}
    fit = [one for one in checked if one.place not in away]
    new = _keep(session, source, fit, links=links, at=at)
    return Taken(tuple(one.said.id for one in fit), new, len({one.place for one in wrong} | away))


def kept(session: Session, source: LearningSource, statement: str) -> LearningRecord | None:
    """What is kept of a statement."""
    return session.scalar(
        select(LearningRecord).where(
            LearningRecord.source_id == source.id, LearningRecord.external == statement.lower()
        )
    )


def as_statement(record: LearningRecord, *, home: str, version: str) -> dict[str, Any]:
    """What is kept of a statement, as one: its actor by pseudonym, without names, words and files."""
    raw = record.raw or {}
    target = raw.get("object") or {}
    if "voids" in raw:
        target = {"objectType": xapi.REFERENCE, "id": raw["voids"]}
    whom = {"homePage": home, "name": record.pseudonym or "unknown"}
    return {
        "id": record.external,
        "actor": {"objectType": xapi.AGENT, "account": whom},
        "verb": {"id": raw.get("verb", "")},
        "object": target if "id" in target else {"objectType": xapi.AGENT, "account": whom},
        **({"result": raw["result"]} if "result" in raw else {}),
        "timestamp": record.happened_at.isoformat(),
        "stored": record.received_at.isoformat(),
        "authority": {
            "objectType": xapi.AGENT,
            "account": {"homePage": home, "name": f"source {record.source_id}"},
        },
        "version": version,
    }


def _note(session: Session, source: LearningSource, refusals: Sequence[Refusal], *, at: datetime) -> None:
    for one in refusals:
        refuse(session, source, what=one.id or f"statement {one.place}", where=one.where, why=one.why, at=at)


def _check(statements: Sequence[Any], *, version: str, links: Links) -> tuple[list[_Checked], list[Refusal]]:
    checked, wrong = list[_Checked](), list[Refusal]()
    for place, statement in enumerate(statements):
        found = xapi.wrongs(statement, version=version)
        if found:
            given = statement.get("id", "") if isinstance(statement, dict) else ""
            name = given if xapi.is_uuid(given) else ""
            wrong.extend(Refusal(place, name, one.where, one.why) for one in found)
            continue
        said = learning.read({**statement, "id": statement.get("id") or str(uuid4())})
        try:
            digest = learning.essence(statement, lambda who: records.pseudonym_of(links, who))
        except RecursionError:
            wrong.append(Refusal(place, said.id, "extensions", "are nested too deeply"))
            continue
        checked.append(_Checked(said, digest, place))
    return checked, wrong


def _twice(checked: Sequence[_Checked]) -> list[Refusal]:
    seen: set[str] = set()
    found = []
    for one in checked:
        if one.said.id in seen:
            found.append(Refusal(one.place, one.said.id, "id", "is there twice in what was sent"))
        seen.add(one.said.id)
    return found


def _others(session: Session, source: LearningSource, checked: Sequence[_Checked]) -> list[Refusal]:
    before = records.digests(session, source, [one.said.id for one in checked])
    return [
        Refusal(one.place, one.said.id, "id", "stands for another statement already; statements don't change")
        for one in checked
        if before.get(one.said.id, one.digest) != one.digest
    ]


def _keep(
    session: Session, source: LearningSource, checked: Sequence[_Checked], *, links: Links, at: datetime
) -> int:
    """One record for a statement; more where a group did it, as everybody in it did."""
    names = {
        one.said.activity: one.said.name
        for one in checked
        if one.said.activity and one.said.kind != learning.OTHER
    }
    records.know(session, source, names, at=at)
    back = {one.said.voids for one in checked if one.said.voids}
    voided = records.voided_before(session, source) | back
    before = records.digests(session, source, [one.said.id for one in checked])
    fresh = [one for one in checked if one.said.id not in before]
    things = [thing for one in fresh for thing in _things(one, at, is_void=one.said.id in voided)]
    records.keep(session, source, things, links=links, at=at)
    for statement in sorted(back):
        records.void(session, source, statement, at=at)
    return len({one.said.id for one in fresh})


def _things(one: _Checked, at: datetime, *, is_void: bool) -> list[Thing]:
    said = one.said
    whom = said.actors or (None,)
    return [
        Thing(
            external=said.id if place == 0 else f"{said.id}/{place}",
            kind=said.kind,
            happened_at=said.happened_at or at,
            activity=said.activity if said.kind != learning.OTHER else "",
            who=who,
            score=said.score,
            digest=one.digest,
            raw=said.kept if place == 0 else None,
            is_void=is_void and said.kind != learning.VOIDING,
        )
        for place, who in enumerate(whom)
    ]
