"""Imports: take a file in, look at what it would do, then take or drop it. Each row is accounted for."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import history, organisation, sheets
from portfolio.database import hold
from portfolio.history import record
from portfolio.importing import dates, remembered, scales
from portfolio.importing.account import Account, Fate, Question
from portfolio.importing.candidates import Reading
from portfolio.importing.judging import Here, Known, Step, steps
from portfolio.importing.mapping import BadMapping, Kind, Mapping, parsed
from portfolio.importing.profiles import Profile, profiles
from portfolio.importing.proposal import date_texts, propose
from portfolio.importing.taking import Taking
from portfolio.models import Event, Import, LearningRequest, Person
from portfolio.sheets import Sheet, Unreadable
from portfolio.states import OPEN
from portfolio.submission import clean

MOST_BYTES = 64 * 1024 * 1024
AT_ONCE = 2_000
"""Rows taken while somebody waits, in one transaction. More are the clock's to take."""

COMPARED = 500
_LATE = datetime(9000, 1, 1, tzinfo=UTC)


class NotWaiting(ValueError):
    """The import was taken or dropped before, or is being taken."""


def start(
    session: Session,
    *,
    name: str,
    content: bytes,
    by: Person | None,
    at: datetime,
    kind: Kind | None = None,
) -> Import:
    """Keep a file with a first mapping, to be looked at. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"The file is {len(content) / 1e6:.0f} MB; we take {MOST_BYTES // 1024**2} MB here. `outsize import` takes larger ones."
        )
    sheet = sheets.sheet(sheets.opened(content))
    mapping = first_mapping(session, sheet, name, content, kind=kind, requester=by.email if by else "")
    started = _kept(name, content, mapping, by, at)
    _note_sheet(started, _sheet(sheet, mapping))
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
    """What to do with a file: as it, or one with the same columns, was taken before; else as it seems to ask for.

    What was taken before keeps its name of then, so that nothing doubles.
    """
    mapping = propose(sheet, str(clean(name)), kind=kind, requester=requester)
    earlier = session.scalar(
        select(Import)
        .where(Import.digest == _digest(content), Import.taken_at.is_not(None))
        .order_by(Import.id.desc())
        .limit(1)
    )
    if earlier is not None and (taken := _parsed(earlier)):
        if kind in {None, taken.kind}:
            return taken
        return mapping.model_copy(update={"source_name": taken.source_name})
    return _as_before(session, sheet, name, mapping, kind)


def read_like(session: Session, file: Import) -> Import | None:
    """The import taken before that this file is read like, if it is."""
    mapping = _parsed(file)
    found = session.scalars(
        select(Import)
        .where(
            Import.headers_digest == file.headers_digest,
            Import.headers_digest != "",
            Import.taken_at.is_not(None),
            Import.id != file.id,
        )
        .order_by(Import.taken_at.desc(), Import.id.desc())
        .limit(5)
    )
    for earlier in found:
        taken = _parsed(earlier)
        if mapping and taken and remembered.reads_alike(mapping, taken):
            return earlier
    return None


def _parsed(file: Import) -> Mapping | None:
    try:
        return parsed(file.mapping)
    except BadMapping:
        return None


def change_mapping(session: Session, waiting: Import, mapping: Mapping) -> None:
    """Read the file another way. Raises BadMapping, Unreadable or NotWaiting."""
    _check_waiting(waiting)
    if mapping == _parsed(waiting):
        return
    reading = reading_of(session, waiting.content or b"", mapping, now=waiting.started_at)
    _note_sheet(waiting, reading.sheet)
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
    _hold(session, waiting)
    _check_waiting(waiting)
    taking = _taking(session, waiting.content or b"", parsed(waiting.mapping), by, at)
    taking.take_all(session)
    _finish(session, waiting, taking, by=by, at=at)
    return taking.account


def take_file(
    session: Session, *, name: str, content: bytes, mapping: Mapping, by: Person | None, at: datetime
) -> tuple[Import, Account]:
    """Take a file in at once, without keeping it. Raises BadMapping or Unreadable."""
    taking = begin_file(session, content, mapping, by=by, at=at)
    taking.take_all(session)
    return finish_file(session, taking, name=name, content=content, by=by, at=at), taking.account


def begin_file(
    session: Session, content: bytes, mapping: Mapping, *, by: Person | None, at: datetime
) -> Taking:
    """A file on its way in that is kept nowhere: judge and write it, then `finish_file`. Raises BadMapping or Unreadable."""
    return _taking(session, content, mapping, by, at)


def finish_file(
    session: Session, taking: Taking, *, name: str, content: bytes, by: Person | None, at: datetime
) -> Import:
    """Note that a file was taken, and what became of its rows."""
    taken = _kept(name, content, taking.reading.mapping, by, at)
    session.add(taken)
    _finish(session, taken, taking, by=by, at=at)
    return taken


def want(session: Session, waiting: Import, *, by: Person | None, at: datetime) -> None:
    """Have the clock take a long file in, a thousand rows at a time. Raises NotWaiting."""
    _hold(session, waiting)
    _check_waiting(waiting)
    if (
        "newest_before" not in waiting.account
    ):  # what is newer is this import's, also when it goes on after a failure
        newest = session.scalar(select(func.max(LearningRequest.id))) or 0
        waiting.account = {**waiting.account, "newest_before": newest}
    waiting.wanted_at, waiting.error = at, ""
    waiting.rows_done, waiting.rows_in_all = 0, None
    record(session, "import.wanted", waiting, by=by, at=at, kind=waiting.kind)


def stop(session: Session, wanted: Import, *, by: Person | None, at: datetime) -> None:
    """Take no more rows of it; what is in stays, and it waits again. Raises NotWaiting."""
    _hold(session, wanted)
    if wanted.wanted_at is None:
        raise NotWaiting("This file is not being taken in.")
    wanted.wanted_at = None
    record(session, "import.stopped", wanted, by=by, at=at, rows=wanted.rows_done)


def begin(session: Session, number: int) -> Taking | None:
    """A wanted import on its way in; begun again after a crash it goes on where it stopped. None if nobody wants it (any more).

    Its times are those of the wish, so that twice is once. Raises BadMapping or Unreadable.
    """
    wanted = find(session, number)
    if wanted is None or wanted.wanted_at is None:
        return None
    asked = history.timeline(session, wanted, "import.wanted")
    by = session.get(Person, asked[-1].by_id) if asked and asked[-1].by_id else None
    content = wanted.content or b""
    return _taking(session, content, parsed(wanted.mapping), by, wanted.wanted_at, resumed=wanted)


def count(session: Session, number: int, taking: Taking, rows: int) -> None:
    """Keep how many rows there are, to tell how far it is."""
    if wanted := _held(session, number, taking):
        wanted.rows_in_all = rows


def go_on(session: Session, number: int, taking: Taking, some: list[Step]) -> bool:
    """Write the next thousand rows of a wanted import. False if it was stopped, or taken by somebody else meanwhile."""
    wanted = _held(session, number, taking)
    if wanted is None:
        return False
    taking.write(session, some)
    wanted.rows_done = taking.rows_done
    return True


def finish(session: Session, number: int, taking: Taking, *, at: datetime) -> None:
    """All rows of a wanted import are through: keep the account and forget the file."""
    wanted = _held(session, number, taking)
    if wanted is not None:
        by = session.get(Person, taking.writing.by_id) if taking.writing.by_id else None
        _finish(session, wanted, taking, by=by, at=at)


def note_failure(session: Session, number: int, words: str, *, at: datetime) -> None:
    """Keep why a wanted import could not be taken. What is in stays; somebody may want the rest again."""
    wanted = find(session, number)
    if wanted is None or wanted.wanted_at is None:
        return
    wanted.wanted_at = None
    wanted.error = words[:500] or "Something went wrong."
    record(session, "import.failed", wanted, by=None, at=at, rows=wanted.rows_done)


def next_wanted(session: Session) -> int | None:
    """The import that was wanted first."""
    return session.scalar(
        select(Import.id).where(Import.wanted_at.is_not(None)).order_by(Import.wanted_at, Import.id).limit(1)
    )


def drop(session: Session, waiting: Import, *, by: Person | None, at: datetime) -> None:
    """Forget the file; what was taken before stays. Raises NotWaiting."""
    _check_waiting(waiting)
    waiting.dropped_at = at
    waiting.content = None
    record(session, "import.dropped", waiting, by=by, at=at)


def reading_of(
    session: Session, content: bytes, mapping: Mapping, *, now: datetime, most: int | None = None
) -> Reading:
    """A file opened as a mapping says, its first `most` rows or all. Raises BadMapping or Unreadable."""
    sheet = sheets.sheet(sheets.opened(content), mapping.sheet, mapping.header_line)
    return Reading(sheet, mapping, now, organisation.zone(organisation.current(session)), most)


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


def propose_afresh(session: Session, waiting: Import, *, requester: str) -> Mapping:
    """What the file itself seems to ask for, whatever was taken before. Raises Unreadable."""
    opened = sheets.sheet(sheets.opened(waiting.content or b""))
    mapping = propose(opened, waiting.name, requester=requester)
    earlier = read_like(session, waiting)
    if earlier is not None and remembered.is_named_alike(waiting.name, earlier):
        return mapping.model_copy(update={"source_name": waiting.mapping["source_name"]})
    return mapping


# Queries


def is_long(file: Import) -> bool:
    """Whether it has more rows than are taken while somebody waits."""
    return bool(file.account.get("is_long"))


def waits(file: Import) -> bool:
    """Whether it is neither taken nor dropped, nor being taken."""
    return file.taken_at is None and file.dropped_at is None and file.wanted_at is None


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
    wanted_at: datetime | None
    rows_done: int
    rows_in_all: int | None


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
            Import.wanted_at,
            Import.rows_done,
            Import.rows_in_all,
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


def _hold(session: Session, file: Import) -> None:
    """The import for this transaction alone, as it is now."""
    session.flush()
    session.refresh(file, with_for_update=True)


def _check_waiting(waiting: Import) -> None:
    if waiting.wanted_at is not None:
        raise NotWaiting("This file is being taken in.")
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


def _taking(
    session: Session,
    content: bytes,
    mapping: Mapping,
    by: Person | None,
    at: datetime,
    resumed: Import | None = None,
) -> Taking:
    reading = reading_of(session, content, mapping, now=at)
    known = _known(session, mapping)
    if resumed is not None:
        known = _with_fates(session, known, resumed)
    return Taking.of(reading, _account(reading), known, by=by, at=at)


def _with_fates(session: Session, known: Known, wanted: Import) -> Known:
    """What this import itself wrote before it was cut short met its fate then, and is not "already here"."""
    newest = wanted.account.get("newest_before", 2**31)
    updated = set(
        session.scalars(
            select(Event.subject_id).where(
                Event.at == wanted.wanted_at,
                Event.action == "learning_request.answered",
                Event.subject_type == LearningRequest.__tablename__,
            )
        )
        if wanted.rows_done
        else ()
    )
    return {
        key: replace(here, met=Fate.CREATED)
        if here.number > newest
        else replace(here, met=Fate.UPDATED)
        if here.number in updated
        else here
        for key, here in known.items()
    }


def _held(session: Session, number: int, taking: Taking) -> Import | None:
    """The import, for this transaction alone, if it is still wanted as it was when the taking began."""
    wanted = find(session, number)
    if wanted is not None:
        hold(session, wanted)
    return wanted if wanted is not None and wanted.wanted_at == taking.writing.at else None


def _finish(session: Session, taken: Import, taking: Taking, *, by: Person | None, at: datetime) -> None:
    account, mapping = taking.account, taking.reading.mapping
    account.questions = questions(profiles(taking.reading.sheet), mapping)
    taken.taken_at, taken.wanted_at, taken.error = at, None, ""
    taken.account = account.as_json()
    taken.rows_done = taken.rows_in_all = account.rows
    taken.headers_digest = remembered.digest_of(taking.reading.sheet)
    taken.content = None
    counts = {fate.value: count for fate, count in account.counts.items()}
    record(session, "import.taken", taken, by=by, at=at, kind=mapping.kind, rows=account.rows, **counts)


def _note_sheet(waiting: Import, sheet: Sheet) -> None:
    """Keep what a page has to know before it opens the file."""
    waiting.headers_digest = remembered.digest_of(sheet)
    waiting.account = {**waiting.account, "is_long": sheet.is_longer_than(AT_ONCE)}


def _sheet(found: Sheet, mapping: Mapping) -> Sheet:
    """Where the mapping looks, which need not be what was found by itself."""
    if (mapping.sheet, mapping.header_line) == (found.name, found.header_line):
        return found
    return sheets.sheet(found.source, mapping.sheet, mapping.header_line)


def _as_before(session: Session, sheet: Sheet, name: str, proposed: Mapping, kind: Kind | None) -> Mapping:
    """The mapping last taken for these columns, else the proposal.

    A file of another name whose ids all mean other rows here is another source with the same form: it gets the mapping,
    but the name of its own, so that its rows are not taken for changes.
    """
    found = remembered.find(session, sheet)
    if found is None:
        return proposed
    earlier, mapping, place = found
    if kind not in {None, mapping.kind}:
        return proposed
    known = {word.casefold() for word in (grade.word for grade in mapping.scale)}
    if mapping.kind == proposed.kind and place is sheet:
        news = [grade for grade in proposed.scale if grade.word.casefold() not in known]
        mapping = mapping.model_copy(update={"scale": [*mapping.scale, *news]})
    if not remembered.is_named_alike(name, earlier) and _contradicts(session, place, mapping):
        return mapping.model_copy(update={"source_name": proposed.source_name})
    return mapping


def _contradicts(session: Session, sheet: Sheet, mapping: Mapping) -> bool:
    """Whether ids that are known here say other things in this file, every one of the first few hundred."""
    if not mapping.given("id").column or mapping.kind != "requests":
        return False
    zone = organisation.zone(organisation.current(session))
    reading = Reading(sheet, mapping, _LATE, zone, COMPARED)
    account = _account(reading)
    for _ in steps(reading, _known(session, mapping), account):
        pass
    counts = account.counts
    changed = counts[Fate.UPDATED] + sum("which is closed" in row["reason"] for row in account.refused)
    return changed > 0 and counts[Fate.ALREADY_HERE] == 0


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
