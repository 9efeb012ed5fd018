"""Imports: take a file in, look at what it would do, then take or drop it. Each row is accounted for."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import organisation, sheets
from portfolio.history import record
from portfolio.importing import dates, scales
from portfolio.importing.account import Account, Question
from portfolio.importing.candidates import Reading
from portfolio.importing.judging import Here, Known, Step, steps
from portfolio.importing.mapping import BadMapping, Kind, Mapping, parsed
from portfolio.importing.profiles import Profile, profiles
from portfolio.importing.proposal import date_texts, propose
from portfolio.importing.writing import Writing
from portfolio.models import Import, LearningRequest, Person
from portfolio.sheets import Sheet, Unreadable
from portfolio.states import OPEN
from portfolio.submission import clean

MOST_BYTES = 20 * 1024 * 1024
SOURCES = {"requests": "import", "needs_survey": "needs_survey"}


class NotWaiting(ValueError):
    """The import was taken or dropped before."""


def start(
    session: Session, *, name: str, content: bytes, by: Person | None, at: datetime, kind: Kind | None = None
) -> Import:
    """Keep a file with a first mapping, to be looked at. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"The file is {len(content) / 1e6:.0f} MB; we take {MOST_BYTES // 1024**2} MB here. `outsize import` takes larger ones."
        )
    sheet = sheets.sheet(sheets.opened(content))
    mapping = first_mapping(session, sheet, name, content, kind=kind, requester=by.email if by else "")
    started = _kept(name, content, mapping, by, at)
    started.content = content
    session.add(started)
    session.flush()
    record(session, "import.started", started, by=by, at=at, kind=mapping.kind)
    return started


def first_mapping(
    session: Session,
    sheet: Sheet,
    name: str,
    content: bytes,
    *,
    kind: Kind | None = None,
    requester: str = "",
) -> Mapping:
    """What to do with a file, proposed. A file taken before keeps its name of then, so that nothing doubles."""
    mapping = propose(sheet, str(clean(name)), kind=kind, requester=requester)
    earlier = session.scalar(
        select(Import)
        .where(Import.digest == _digest(content), Import.taken_at.is_not(None))
        .order_by(Import.id.desc())
        .limit(1)
    )
    if earlier is None:
        return mapping
    try:
        taken = parsed(earlier.mapping)
    except BadMapping:
        return mapping
    return (
        taken if kind in {None, taken.kind} else mapping.model_copy(update={"source_name": taken.source_name})
    )


def change_mapping(session: Session, waiting: Import, mapping: Mapping) -> None:
    """Read the file another way. Raises BadMapping, Unreadable or NotWaiting."""
    _check_waiting(waiting)
    reading_of(session, waiting.content or b"", mapping, now=waiting.started_at)
    waiting.mapping = mapping.model_dump(mode="json")
    waiting.kind = mapping.kind


def look(session: Session, content: bytes, mapping: Mapping, *, now: datetime) -> Account:
    """The dry run: what taking the file would do. Changes nothing. Raises BadMapping or Unreadable."""
    return look_at(session, reading_of(session, content, mapping, now=now))


def look_at(session: Session, reading: Reading) -> Account:
    """The dry run of a file that is open already."""
    account = _account(reading)
    account.questions = questions(profiles(reading.sheet), reading.mapping)
    for _ in steps(reading, _known(session, reading.mapping), account):
        pass
    return account


def take(session: Session, waiting: Import, *, by: Person | None, at: datetime) -> Account:
    """Take a waiting import in, all or nothing. Raises NotWaiting."""
    session.refresh(waiting, with_for_update=True)
    _check_waiting(waiting)
    account = _take(session, waiting, waiting.content or b"", parsed(waiting.mapping), by, at)
    waiting.content = None
    return account


def take_file(
    session: Session, *, name: str, content: bytes, mapping: Mapping, by: Person | None, at: datetime
) -> tuple[Import, Account]:
    """Take a file in at once, without keeping it. Raises BadMapping or Unreadable."""
    taken = _kept(name, content, mapping, by, at)
    session.add(taken)
    session.flush()
    return taken, _take(session, taken, content, mapping, by, at)


def drop(session: Session, waiting: Import, *, by: Person | None, at: datetime) -> None:
    """Forget the file; what was taken before stays. Raises NotWaiting."""
    _check_waiting(waiting)
    waiting.dropped_at = at
    waiting.content = None
    record(session, "import.dropped", waiting, by=by, at=at)


def reading_of(session: Session, content: bytes, mapping: Mapping, *, now: datetime) -> Reading:
    """A file opened as a mapping says. Raises BadMapping or Unreadable."""
    sheet = sheets.sheet(sheets.opened(content), mapping.sheet, mapping.header_line)
    return Reading(sheet, mapping, now, organisation.zone(organisation.current(session)))


def questions(columns: list[Profile], mapping: Mapping) -> list[Question]:
    """What only a person can know about this file, with what holds while nobody says."""
    asked = []
    if dates.ambiguous(date_texts(columns, mapping.fields)):
        asked.append(
            Question("date_order", "Is 5/10/2026 the 5th of October or the 10th of May?", mapping.date_order)
        )
    if mapping.kind == "needs_survey":
        asked += _synonym_questions(columns, mapping)
    return asked


def propose_again(
    waiting: Import, *, kind: Kind, sheet: str, header_line: int | None, source_name: str, requester: str
) -> Mapping:
    """The proposal for another kind, sheet or header row of the same file. Raises Unreadable."""
    opened = sheets.sheet(sheets.opened(waiting.content or b""), sheet, header_line)
    return propose(opened, waiting.name, kind=kind, requester=requester).model_copy(
        update={"source_name": source_name}
    )


# Queries


def waits(file: Import) -> bool:
    """Whether it is neither taken nor dropped."""
    return file.taken_at is None and file.dropped_at is None


def find(session: Session, number: int) -> Import | None:
    return session.get(Import, number) if 0 < number < 2**31 else None


@dataclass(frozen=True)
class Listed:
    """An import as a line of the list."""

    number: int
    name: str
    kind: str
    started_at: datetime
    taken_at: datetime | None
    dropped_at: datetime | None
    rows: int | None


def recent(session: Session, limit: int = 50) -> list[Listed]:
    """The latest imports, newest first, without their files and accounts."""
    found = session.execute(
        select(
            Import.id,
            Import.name,
            Import.kind,
            Import.started_at,
            Import.taken_at,
            Import.dropped_at,
            Import.account["rows"].as_integer(),
        )
        .order_by(Import.id.desc())
        .limit(limit)
    )
    return [Listed(*row) for row in found]


# Below: how the verbs above do it


def _kept(name: str, content: bytes, mapping: Mapping, by: Person | None, at: datetime) -> Import:
    return Import(
        name=str(clean(name))[-200:] or "file",
        kind=mapping.kind,
        digest=_digest(content),
        mapping=mapping.model_dump(mode="json"),
        account={},
        started_by_id=by.id if by else None,
        started_at=at,
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_waiting(waiting: Import) -> None:
    if waiting.taken_at is not None:
        raise NotWaiting("This file has been taken in already.")
    if waiting.dropped_at is not None:
        raise NotWaiting("This file has been dropped. Upload it again to take it in.")


def _account(reading: Reading) -> Account:
    return Account([header.name for header in reading.sheet.headers], reading.sheet.source.how)


def _known(session: Session, mapping: Mapping) -> Known:
    """What came from this source before, by row key."""
    found = session.execute(
        select(
            LearningRequest.source_key,
            LearningRequest.id,
            LearningRequest.original["mark"].as_string(),
            LearningRequest.status,
        ).where(LearningRequest.source_name == mapping.source_name)
    )
    return {key: Here(id_, mark or "", status in OPEN) for key, id_, mark, status in found if key}


def _take(
    session: Session, taken: Import, content: bytes, mapping: Mapping, by: Person | None, at: datetime
) -> Account:
    reading = reading_of(session, content, mapping, now=at)
    account = _account(reading)
    todo: Iterable[Step] = steps(reading, _known(session, mapping), account)
    account.questions = questions(profiles(reading.sheet), mapping)
    Writing(session, reading, account, SOURCES[mapping.kind], by, at).write(todo)
    taken.taken_at = at
    taken.account = account.as_json()
    counts = {fate.value: count for fate, count in account.counts.items()}
    record(session, "import.taken", taken, by=by, at=at, kind=mapping.kind, rows=account.rows, **counts)
    return account


def _synonym_questions(columns: list[Profile], mapping: Mapping) -> list[Question]:
    topics = {topic.column for topic in mapping.topics}
    matrices = [
        replace(matrix, topics=[topic for topic in matrix.topics if topic.column in topics])
        for matrix in scales.matrices(columns)
        if any(topic.column in topics for topic in matrix.topics)
    ]
    return [
        Question(
            f"same:{pair.one}:{pair.other}",
            f"Do “{pair.one}” and “{pair.other}” mean the same? {pair.why}",
            "apart",
        )
        for pair in scales.near_synonyms(matrices, columns)
    ]
