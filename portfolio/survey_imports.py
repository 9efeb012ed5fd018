"""Answers from other programs' surveys: take a file in, look at what it would do, then take it, once, without names."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portfolio import history, imports, organisation, participants, projects, sheets
from portfolio.database import hold
from portfolio.history import record
from portfolio.importing import dates, remembered
from portfolio.importing.mapping import BadMapping
from portfolio.importing.profiles import Profile
from portfolio.importing.proposal import source_name
from portfolio.importing.survey_reading import ONE, SCALE, Found, columns_of, recognise
from portfolio.importing.survey_words import plain
from portfolio.importing.surveys import (
    KIND,
    ONES,
    Matched,
    Said,
    SameWords,
    SurveyAccount,
    SurveyMapping,
    judged,
    matched,
    parsed,
    questions_after,
    same_words,
)
from portfolio.imports import NotWaiting
from portfolio.links import Links
from portfolio.models import Import, Person, Project, Response, Survey
from portfolio.sheets import Sheet, Unreadable
from portfolio.submission import clean

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 50_000
AT_ONCE = 1_000
SOURCE = "import"
"""A survey's `source` where its answers came in files."""
SHARED = 0.4
"""From this share of questions with the same words on, a file is proposed to go into a survey that is here."""


@dataclass(frozen=True)
class Looked:
    """A dry run: what was recognised, where it would go, what only a person can know, and the account of every row."""

    how: str
    mapping: SurveyMapping
    found: Found
    matches: list[Matched]
    words: list[SameWords]
    account: SurveyAccount
    asks_order: bool
    asks_ones: bool
    survey: Survey | None
    taken_before: bool
    groups: list[str]


@dataclass(frozen=True)
class Judged:
    """A file gone through: what it would do, its new rows, and as of which version of the survey they go to."""

    looked: Looked
    rows: list[Said]
    version: int | None


@dataclass(frozen=True)
class Family:
    """A survey made of files, with how many answers it has."""

    survey: Survey
    answered: int


def start(session: Session, *, name: str, content: bytes, by: Person, at: datetime) -> Import:
    """Keep a file with a first mapping, to be looked at. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"The file is {len(content) / 1e6:.0f} MB; we take {MOST_BYTES // 1024**2} MB. Please split it."
        )
    sheet = sheets.sheet(sheets.opened(content))
    if sheet.is_longer_than(MOST_ROWS):
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Please split it.")
    columns = columns_of(sheet)
    found = recognise(columns)
    if not found.asked:
        raise Unreadable("There is no question in this file that somebody answered.")
    mapping = _as_before(session, sheet) or _proposed(session, str(clean(name)), sheet, columns, found)
    started = Import(
        name=str(clean(name))[-200:] or "file",
        kind=KIND,
        digest=hashlib.sha256(content).hexdigest(),
        headers_digest=remembered.digest_of(sheet),
        mapping=mapping.model_dump(mode="json"),
        account={"is_long": sheet.is_longer_than(imports.AT_ONCE)},
        started_by_id=by.id,
        started_at=at,
    )
    started.content = content
    session.add(started)
    session.flush()
    record(session, "import.started", started, by=by, at=at, kind=KIND)
    return started


def change_mapping(session: Session, waiting: Import, mapping: SurveyMapping) -> SurveyMapping:
    """Read the file another way. Raises BadMapping or NotWaiting."""
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken in or dropped.")
    _check(session, mapping)
    waiting.mapping = mapping.model_dump(mode="json")
    return mapping


def look(session: Session, waiting: Import) -> Looked:
    """What taking the file would do. Changes nothing. Raises BadMapping or Unreadable."""
    looked, rows = _open(session, waiting)
    for _ in rows:
        pass
    return looked


def take(session: Session, waiting: Import, *, links: Links, by: Person, at: datetime) -> Survey:
    """Take a file in, all or nothing: its new rows as answers of one survey. Raises NotWaiting, BadMapping or Unreadable."""
    hold(session, waiting)
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken in or dropped.")
    mapping = parsed(waiting.mapping)
    _check(session, mapping)
    if mapping.survey is not None:
        hold(session, session.get_one(Survey, mapping.survey))
    return _take(session, waiting, _judged(session, waiting), links=links, by=by, at=at)


def read_wanted(session: Session, number: int) -> Judged | None:
    """A long file that somebody wanted, with its new rows; None where nobody does (any more). Raises BadMapping or Unreadable."""
    wanted = imports.find(session, number)
    if wanted is None or wanted.wanted_at is None:
        return None
    _check(session, parsed(wanted.mapping))
    return _judged(session, wanted)


def count(session: Session, number: int, judged: Judged) -> None:
    """Keep how many rows there are, to tell that somebody has begun."""
    wanted = imports.find(session, number)
    if wanted is not None:
        wanted.rows_in_all = judged.looked.account.rows


def finish(session: Session, number: int, judged: Judged, *, links: Links, at: datetime) -> bool:
    """Take the rows that were read, all or nothing, unless it was stopped or taken meanwhile. False where the survey they go to has
    changed since, or the project: then they are to be read again. Raises BadMapping."""
    wanted = imports.find(session, number)
    if wanted is None:
        return True
    hold(session, wanted)
    if wanted.wanted_at is None:
        return True
    mapping = parsed(wanted.mapping)
    _check(session, mapping)
    survey = session.get_one(Survey, mapping.survey) if mapping.survey is not None else None
    if survey is not None:
        hold(session, survey)
        if survey.version != judged.version:
            return False
    asked = history.timeline(session, wanted, "import.wanted")
    by = session.get(Person, asked[-1].by_id) if asked and asked[-1].by_id else None
    judged = replace(judged, looked=replace(judged.looked, survey=survey))
    _take(session, wanted, judged, links=links, by=by, at=at)
    return True


# Queries


def is_survey(file: Import) -> bool:
    return file.kind == KIND


def families(session: Session) -> list[Family]:
    """Surveys made of files, newest first."""
    found = session.execute(
        select(Survey, func.count(Response.id))
        .outerjoin(Response, Response.survey_id == Survey.id)
        .where(Survey.source == SOURCE)
        .group_by(Survey.id)
        .order_by(Survey.id.desc())
        .limit(200)
    )
    return [Family(survey, count) for survey, count in found]


# Below: how the verbs above do it


def _proposed(
    session: Session, name: str, sheet: Sheet, columns: Sequence[Profile], found: Found
) -> SurveyMapping:
    family = _nearest(session, found)
    when = next((column for column in columns if column.name == found.when), None)
    texts = list(when.values) if when else []
    known = source_name(name)
    return SurveyMapping(
        source_name=known,
        sheet=sheet.name,
        header_line=sheet.header_line,
        date_order="month" if dates.month_comes_first(texts) else "day",
        survey=family.id if family else None,
        name=(found.name or known)[:160],
    )


def _as_before(session: Session, sheet: Sheet) -> SurveyMapping | None:
    """How a file with the same columns was last taken, so that the same export again changes nothing."""
    latest = session.scalars(
        select(Import.mapping)
        .where(
            Import.kind == KIND,
            Import.headers_digest == remembered.digest_of(sheet),
            Import.taken_at.is_not(None),
        )
        .order_by(Import.taken_at.desc(), Import.id.desc())
        .limit(1)
    )
    for body in latest:
        try:
            mapping = parsed(body)
            _check(session, mapping)
        except BadMapping:
            return None
        return mapping.model_copy(
            update={"sheet": sheet.name, "header_line": sheet.header_line, "asked": None}
        )
    return None


def _nearest(session: Session, found: Found) -> Survey | None:
    """The survey of files that asks most of the same questions, where that is a good part of them."""
    words = {plain(one.label) for one in found.asked}
    best, shared = None, SHARED
    for family in families(session):
        known = {
            plain(label) for one in family.survey.questions for label in (one["label"], *one.get("also", ()))
        }
        share = len(words & known) / max(1, len(words))
        if share > shared:
            best, shared = family.survey, share
    return best


def _check(session: Session, mapping: SurveyMapping) -> None:
    """Raise BadMapping for a survey or a project that isn't there."""
    if mapping.project is not None and projects.find(session, mapping.project) is None:
        raise BadMapping("There is no such project.")
    if mapping.survey is not None:
        survey = session.get(Survey, mapping.survey)
        if survey is None or survey.source != SOURCE:
            raise BadMapping("There is no such survey of files. Please choose another.")


def _open(session: Session, waiting: Import) -> tuple[Looked, Any]:
    """The file read as its mapping says, and its new rows, which fill the account while they are gone through."""
    mapping = parsed(waiting.mapping)
    sheet = sheets.sheet(sheets.opened(waiting.content or b""), mapping.sheet, mapping.header_line)
    columns = columns_of(sheet)
    found = recognise(columns, dict(mapping.kinds))
    survey = session.get(Survey, mapping.survey) if mapping.survey is not None else None
    matches = matched(found, survey.questions if survey else [], mapping)
    account = SurveyAccount()
    known = (
        session.scalars(
            select(Response.row_key).where(Response.survey_id == survey.id, Response.row_key.is_not(None))
        )
        if survey
        else ()
    )
    zone = organisation.zone(organisation.current(session))
    when = next((column for column in columns if column.name == found.when), None)
    looked = Looked(
        how=sheet.source.how,
        mapping=mapping,
        found=found,
        matches=matches,
        words=same_words(matches, mapping),
        account=account,
        asks_order=dates.ambiguous(when.values) is True if when else False,
        asks_ones=any(one.asked.options == ONES for one in matches),
        survey=survey,
        taken_before=_taken_before(session, waiting),
        groups=[one.asked.first for one in matches if one.kind in {ONE, SCALE} and not one.asked.spread],
    )
    return looked, judged(sheet, found, matches, mapping, [key for key in known if key], zone, account)


def _taken_before(session: Session, waiting: Import) -> bool:
    return (
        session.scalar(
            select(Import.id)
            .where(
                Import.digest == waiting.digest,
                Import.kind == KIND,
                Import.taken_at.is_not(None),
                Import.id != waiting.id,
            )
            .limit(1)
        )
        is not None
    )


def _judged(session: Session, file: Import) -> Judged:
    looked, rows = _open(session, file)
    return Judged(looked, list(rows), looked.survey.version if looked.survey else None)


def _take(
    session: Session, file: Import, judged: Judged, *, links: Links, by: Person | None, at: datetime
) -> Survey:
    looked, mapping = judged.looked, parsed(file.mapping)
    survey = looked.survey or _made(session, mapping, looked, by=by, at=at)
    survey.questions = questions_after(survey.questions, looked.matches)
    _write(session, survey, file, judged, links=links, at=at)
    survey.sent_count = _asked(survey, mapping, looked)
    survey.version += 1
    file.mapping = mapping.model_copy(update={"survey": survey.id}).model_dump(mode="json")
    file.account = {**looked.account.as_json(), "how": looked.how, "survey": survey.id}
    file.taken_at, file.wanted_at, file.error = at, None, ""
    file.rows_done = file.rows_in_all = looked.account.rows
    file.content = None
    record(
        session,
        "import.taken",
        file,
        by=by,
        at=at,
        kind=KIND,
        rows=looked.account.rows,
        **looked.account.counts,
    )
    return survey


def _made(
    session: Session, mapping: SurveyMapping, looked: Looked, *, by: Person | None, at: datetime
) -> Survey:
    """A survey that is closed from the start: it was answered elsewhere."""
    made = Survey(
        project_id=mapping.project,
        kind="own",
        name=mapping.name or mapping.source_name,
        audience=mapping.audience,
        questions=[],
        source=SOURCE,
        opened_at=at,
        closed_at=at,
        created_at=at,
    )
    session.add(made)
    session.flush()
    record(
        session, "survey.imported", made, by=by, at=at, project=mapping.project, program=looked.found.program
    )
    return made


def _write(
    session: Session,
    survey: Survey,
    file: Import,
    judged: Judged,
    *,
    links: Links,
    at: datetime,
) -> None:
    """The new rows as responses, on the beginning of their day. Who answered is known only to a project, by pseudonym."""
    zone = organisation.zone(organisation.current(session))
    project = session.get(Project, survey.project_id) if survey.project_id else None
    names = {one.asked.first: one.label for one in judged.looked.matches}
    group = names.get(judged.looked.mapping.by, "").replace('"', "'")[:80]
    usual = judged.looked.mapping.answered_on or at.astimezone(zone).date()
    first, rows = survey.sent_on, iter(judged.rows)
    while some := list(islice(rows, AT_ONCE)):
        people = _known_people(session, some) if project else {}
        lines = []
        for said in some:
            day = said.answered_at.astimezone(zone).date() if said.answered_at else usual
            first = day if first is None else min(first, day)
            person = people.get(said.address)
            lines.append(
                {
                    "survey_id": survey.id,
                    "answers": said.answers,
                    "pseudonym": participants.pseudonym_of(links, project, person)
                    if project and person
                    else None,
                    "groups": {group: said.group} if group and said.group else None,
                    "row_key": said.row_key,
                    "import_id": file.id,
                    "answered_at": datetime(day.year, day.month, day.day, tzinfo=zone),
                }
            )
        session.execute(insert(Response), lines)
    survey.sent_on = first


def _known_people(session: Session, some: Sequence[Said]) -> dict[str, Person]:
    addresses = {said.address for said in some if said.address}
    found = session.scalars(
        select(Person).where(func.lower(Person.email).in_(addresses), Person.erased_at.is_(None))
    )
    return {person.email.casefold(): person for person in found}


def _asked(survey: Survey, mapping: SurveyMapping, looked: Looked) -> int:
    """How many were asked, of all files; not known as long as one of them doesn't say."""
    if looked.survey is None:
        return mapping.asked or 0
    if not looked.account.counts["created"] or survey.sent_count == 0 or mapping.asked is None:
        return survey.sent_count if not looked.account.counts["created"] else 0
    return survey.sent_count + mapping.asked
