"""Imports: upload a file or paste its rows, look at what it would do, take or drop it, see how far it is."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from portfolio import board_imports, imports, organisation, sheets, survey_imports
from portfolio.importing.account import Account, Question, account_as_csv, refused_as_csv
from portfolio.importing.candidates import Reading
from portfolio.importing.fields import FIELDS, Field
from portfolio.importing.mapping import BadMapping, Given, Grade, Kind, Mapping, Topic, parsed
from portfolio.importing.profiles import Profile, profiles
from portfolio.importing.scales import matrices, scale
from portfolio.imports import Listed
from portfolio.models import Import, Person
from portfolio.sheets import Unreadable
from portfolio.submission import Requester, one_line
from web.clock import NowDep
from web.forms import Errors
from web.imports import SHOWN, Progress, UploadDep, as_csv, gone_on
from web.people import MANAGERS_ONLY, ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter(prefix="/settings/imports")

KINDS: tuple[tuple[Kind, str], ...] = (
    ("requests", "Each row is a request"),
    ("needs_survey", "A needs survey: each topic is a request"),
)
MAIN_FIELDS = frozenset(
    {
        "title",
        "problem",
        "audience.count",
        "requester.name",
        "requester.email",
        "requester.unit",
        "submitted",
        "id",
    }
)


@dataclass(frozen=True)
class Imports:
    """The list, and the place to upload or paste."""

    recent: list[Listed]
    rows: str = ""
    errors: Errors = field(default_factory=Errors)
    most_megabytes: int = imports.MOST_BYTES // 1024**2


@dataclass(frozen=True)
class Column:
    """A column that a survey's mapping may use: its name, a taste of what stands there, and whether it is used."""

    number: int
    name: str
    topic: str
    taste: str
    used: bool


@dataclass(frozen=True)
class Block:
    """One matrix question with its columns."""

    stem: str
    columns: list[Column]

    @property
    def used(self) -> int:
        return sum(column.used for column in self.columns)


@dataclass(frozen=True)
class ImportPage:
    """A file that waits: how it is read, what it would do, and what may be changed."""

    file: Import
    mapping: Mapping
    account: Account
    sheet_names: list[str]
    columns: list[tuple[str, str]]
    groups: list[tuple[str, list[Field]]]
    blocks: list[Block]
    wishes: list[Column]
    errors: Errors
    read_like: Import | None
    looked_at: int | None = None
    changed: bool = False
    kinds: tuple[tuple[Kind, str], ...] = KINDS
    shown_refused: int = SHOWN

    @property
    def main_keys(self) -> frozenset[str]:
        """The fields shown at once: the usual ones, and those in use."""
        return MAIN_FIELDS | self.mapping.fields.keys()

    @property
    def is_survey(self) -> bool:
        return self.mapping.kind == "needs_survey"

    def answer(self, question: Question) -> str:
        """What has been said to a question so far."""
        if question.key == "date_order":
            return self.mapping.date_order
        _, one, _ = question.key.split(":", 2)
        same = next((grade.same_as for grade in self.mapping.scale if grade.word == one), "")
        return same or "apart"

    def options(self, question: Question) -> list[tuple[str, str]]:
        """What may be said to a question."""
        if question.key == "date_order":
            return [("day", "5 October (day first)"), ("month", "10 May (month first)")]
        _, one, other = question.key.split(":", 2)
        return [("apart", "No, keep them apart"), (other, f"Yes, count “{one}” as “{other}”")]


@router.get("", dependencies=MANAGERS_ONLY)
def list_imports(request: Request, session: SessionDep) -> Response:
    return page(request, "imports/index.html", Imports(imports.recent(session)))


@router.post("")
def upload(
    request: Request, form: UploadDep, session: SessionDep, manager: ManagerDep, now: NowDep
) -> Response:
    pasted = form.get("rows")
    rows, errors = pasted if isinstance(pasted, str) else "", Errors()
    name, content, field_name = _given_file(session, form, rows, now, errors)
    number = 0
    if not errors:
        try:
            number = imports.start(session, name=name, content=content, by=manager, at=now).number
        except Unreadable as problem:
            session.rollback()
            errors[field_name] = str(problem)
    if errors:
        return page(request, "imports/index.html", Imports(imports.recent(session), rows, errors), 422)
    return see_other(f"/settings/imports/{number}")


@router.get("/{number}", dependencies=MANAGERS_ONLY)
def show(request: Request, session: SessionDep, now: NowDep, number: int) -> Response:
    file = _find(session, number)
    if board_imports.is_board(file):
        return see_other(f"/settings/imports/boards/{number}")
    if survey_imports.is_survey(file):
        return see_other(f"/surveys/import/{number}")
    if (elsewhere := gone_on(request, file, now, template="imports/taken.html")) is not None:
        return elsewhere
    changed = request.query_params.get("changed") == "1"
    whole = request.query_params.get("rows") == "all"
    view = _view(session, file, _reading(session, file, now, whole=whole), Errors(), changed=changed)
    return page(request, "imports/show.html", view)


@router.get("/{number}/progress", dependencies=MANAGERS_ONLY)
def show_progress(request: Request, session: SessionDep, now: NowDep, number: int) -> Response:
    return partial(request, "imports/_progress.html", Progress(_find(session, number), now))


@router.post("/{number}")
def decide(
    request: Request, form: UploadDep, session: SessionDep, manager: ManagerDep, now: NowDep, number: int
) -> Response:
    """Look again with another mapping, take the file in, drop it, or stop the taking."""
    file = _find(session, number)
    if form.get("do") == "stop":
        with suppress(imports.NotWaiting):
            imports.stop(session, file, by=manager, at=now)
    is_elsewhere = board_imports.is_board(file) or survey_imports.is_survey(file)
    if not imports.waits(file) or form.get("do") == "stop" or is_elsewhere:
        return see_other(f"/settings/imports/{number}")
    errors = Errors()
    try:
        if form.get("do") == "drop":
            imports.drop(session, file, by=manager, at=now)
            return see_other("/settings/imports")
        before = parsed(file.mapping)
        mapping = _asked_for(session, file, before, form, errors, manager)
        if errors:
            view = _view(session, file, _reading(session, file, now), errors, typed=mapping)
            return page(request, "imports/show.html", view, 422)
        imports.change_mapping(session, file, mapping)
        takes = form.get("do") == "take"
        if not takes or mapping != before:
            changed = "?changed=1" if form.get("do") in {"take", "afresh"} else ""
            return see_other(f"/settings/imports/{number}{changed}#dry-run")
        take = imports.want if imports.is_long(file) else imports.take
        take(session, file, by=manager, at=now)
    except imports.NotWaiting:
        session.rollback()
    except (BadMapping, Unreadable) as problem:
        session.rollback()
        file = _find(session, number)
        view = _view(session, file, _reading(session, file, now), Errors(mapping=str(problem)))
        return page(request, "imports/show.html", view, 422)
    return see_other(f"/settings/imports/{number}")


@router.get("/{number}/refused.csv", dependencies=MANAGERS_ONLY)
def refused(session: SessionDep, now: NowDep, number: int) -> Response:
    """The refused rows as they came, with line and reason."""
    file = _find_requests(session, number)
    if file.content is None:
        return as_csv(
            refused_as_csv(file.account.get("headers", []), file.account.get("refused", [])), "refused"
        )
    account = imports.look(session, file.content, parsed(file.mapping), now=now)
    return as_csv(refused_as_csv(account.headers, account.refused), "refused")


@router.get("/{number}/account.csv", dependencies=MANAGERS_ONLY)
def every_row(session: SessionDep, now: NowDep, number: int) -> Response:
    """What became of each row: line, fate, request."""
    file = _find_requests(session, number)
    if file.content is None:
        return as_csv(account_as_csv(file.account))
    account = imports.look(session, file.content, parsed(file.mapping), now=now)
    return as_csv(account_as_csv(account.as_json()))


# Below: from the form to a mapping, and from a mapping to the page


def _find(session: Session, number: int) -> Import:
    return there(imports.find(session, number))


def _find_requests(session: Session, number: int) -> Import:
    """One whose rows are requests, not cards or answers."""
    file = _find(session, number)
    if board_imports.is_board(file) or survey_imports.is_survey(file):
        raise NotFound
    return file


def _reading(session: Session, file: Import, now: datetime, *, whole: bool = False) -> Reading:
    """A file that waits. Of a long one the first rows are looked at, unless all are asked for."""
    most = imports.AT_ONCE if imports.is_long(file) and not whole else None
    return imports.reading_of(session, file.content or b"", parsed(file.mapping), now=now, most=most)


def _given_file(
    session: Session, form: FormData, rows: str, now: datetime, errors: Errors
) -> tuple[str, bytes, str]:
    """The name and bytes of what was uploaded or pasted, and the field it came in."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        if rows.strip():
            errors["rows"] = "There is a file and there are pasted rows. Please give one of them at a time."
        return file.filename, file.file.read(imports.MOST_BYTES + 1), "file"
    if not rows.strip():
        errors["file"] = "Please choose a file. Or paste rows below."
    return _name_of_pasted(session, now), rows.encode("utf-8", "replace"), "rows"


def _name_of_pasted(session: Session, now: datetime) -> str:
    """A name no other pasted rows have, so that their ids are never taken for each other's."""
    here = now.astimezone(organisation.zone(organisation.current(session)))
    return f"Pasted on {here.day} {here:%b %Y at %H:%M:%S}"


def _asked_for(
    session: Session, file: Import, before: Mapping, form: FormData, errors: Errors, manager: Person
) -> Mapping:
    """How the file is to be read from now on."""
    if form.get("do") == "afresh":
        return imports.propose_afresh(session, file, requester=manager.email)
    return _mapping(file, before, form, errors, manager) if "source_name" in form else before


def _mapping(file: Import, before: Mapping, form: FormData, errors: Errors, manager: Person) -> Mapping:
    """The mapping the form says; another kind, sheet or header row is proposed afresh."""
    kind: Kind = "needs_survey" if _text(form, "kind") == "needs_survey" else "requests"
    source_name = _text(form, "source_name")
    if not source_name or len(source_name) > 120:
        errors["source_name"] = "Please give a name of up to 120 characters."
        source_name = before.source_name
    header_line = _header_line(form, before, errors)
    sheet = _text(form, "sheet") or before.sheet
    if (kind, sheet, header_line) != (before.kind, before.sheet, before.header_line):
        return imports.propose_again(
            file,
            kind=kind,
            sheet=sheet,
            header_line=header_line if sheet == before.sheet else None,
            source_name=source_name,
            requester=manager.email,
        )
    columns = (
        profiles(sheets.sheet(sheets.opened(file.content or b""), sheet, header_line))
        if kind == "needs_survey"
        else []
    )
    topics = _topics(form, columns)
    said = {
        "kind": kind,
        "source_name": source_name,
        "sheet": sheet,
        "header_line": header_line,
        "fields": _given(form, before, errors),
        "rest_into_problem": _text(form, "rest") == "on",
        "same_rows": "merge" if _text(form, "same_rows") == "merge" else "apart",
        "date_order": _date_order(form, before),
        "topics": topics,
        "scale": _scale(form, columns, topics, before),
        "wishes": [column.name for place, column in enumerate(columns) if _text(form, f"wish.{place}")],
    }
    return parsed(said)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return str(one_line(value)) if isinstance(value, str) else ""


def _header_line(form: FormData, before: Mapping, errors: Errors) -> int | None:
    said = _text(form, "header_line")
    if not said:
        return before.header_line
    if not said.isdecimal() or not 0 < int(said[:7]) < 1_000_000:
        errors["header_line"] = "Please give the number of a row."
        return before.header_line
    return int(said)


def _given(form: FormData, before: Mapping, errors: Errors) -> dict[str, object]:
    given = {}
    for one in FIELDS:
        if f"column.{one.key}" not in form and f"fixed.{one.key}" not in form:
            if one.key in before.fields:
                given[one.key] = before.fields[one.key]
            continue
        column, fixed = _text(form, f"column.{one.key}"), _text(form, f"fixed.{one.key}")
        if len(fixed) > 1000:
            errors[f"fixed.{one.key}"] = "Please keep this under 1000 characters."
            fixed = fixed[:1000]
        if one.key == "requester.email" and fixed and "{" not in fixed and not _is_address(fixed):
            errors[f"fixed.{one.key}"] = "This doesn't look like an e-mail address. Example: kim@example.org"
        if column or fixed:
            given[one.key] = Given(column=column, fixed=fixed)
    return dict(given)


def _is_address(text: str) -> bool:
    try:
        Requester(email=text)
    except ValueError:
        return False
    return True


def _date_order(form: FormData, before: Mapping) -> str:
    said = _text(form, "question.date_order") or before.date_order
    return "month" if said == "month" else "day"


def _topics(form: FormData, columns: list[Profile]) -> list[Topic]:
    known = {topic.column: topic for matrix in matrices(columns) for topic in matrix.topics}
    return [
        known.get(column.name, Topic(column=column.name, topic=column.name))
        for place, column in enumerate(columns)
        if _text(form, f"topic.{place}")
    ]


def _scale(form: FormData, columns: list[Profile], topics: list[Topic], before: Mapping) -> list[Grade]:
    """The grades of these topics with what counts as wanting, and the answers to "do these mean the same?"."""
    wanted = {grade.word: bool(_text(form, f"wants.{place}")) for place, grade in enumerate(before.scale)}
    same = {
        name.split(":")[1]: str(value)
        for name, value in form.multi_items()
        if name.startswith("question.same:") and value != "apart"
    }
    chosen = {topic.column for topic in topics}
    found = [one for one in matrices(columns) if any(topic.column in chosen for topic in one.topics)]
    grades = scale(found) if found else before.scale
    return [
        Grade(
            word=grade.word,
            wants=wanted.get(grade.word, grade.wants) if "grades" in form else grade.wants,
            same_as=same.get(grade.word, ""),
        )
        for grade in grades
    ]


def _view(
    session: Session,
    file: Import,
    reading: Reading,
    errors: Errors,
    *,
    typed: Mapping | None = None,
    changed: bool = False,
) -> ImportPage:
    """The page of a file read one way; `typed` is what somebody tried to make of it."""
    mapping = typed or reading.mapping
    account = imports.look_at(session, reading)
    columns = profiles(reading.sheet)
    blocks = _blocks(columns, mapping)
    in_blocks = {column.name for block in blocks for column in block.columns}
    keys = {"requester.name", "requester.email", "requester.unit", "submitted", "id"}
    shown = [one for one in FIELDS if mapping.kind == "requests" or one.key in keys]
    return ImportPage(
        file=file,
        mapping=mapping,
        account=account,
        sheet_names=reading.sheet.source.sheets,
        columns=[(one.name, _short(one.name)) for one in columns],
        groups=[(group, list(found)) for group, found in groupby(shown, key=lambda one: one.group)],
        blocks=blocks,
        wishes=[
            _column(place, one, "", used=one.name in mapping.wishes)
            for place, one in enumerate(columns)
            if one.name not in in_blocks and one.filled
        ],
        errors=errors,
        read_like=imports.read_like(session, file),
        looked_at=reading.most,
        changed=changed,
    )


def _blocks(columns: list[Profile], mapping: Mapping) -> list[Block]:
    if mapping.kind != "needs_survey":
        return []
    place_of = {one.name: place for place, one in enumerate(columns)}
    used = {topic.column for topic in mapping.topics}
    blocks = [
        Block(
            matrix.stem,
            [
                _column(
                    place_of[topic.column],
                    columns[place_of[topic.column]],
                    topic.topic,
                    used=topic.column in used,
                )
                for topic in matrix.topics
            ],
        )
        for matrix in matrices(columns)
    ]
    shown = {column.name for block in blocks for column in block.columns}
    alone = [topic for topic in mapping.topics if topic.column not in shown]
    if alone:
        rest = [
            _column(place_of[topic.column], columns[place_of[topic.column]], topic.topic, used=True)
            for topic in alone
        ]
        blocks.append(Block("Others", rest))
    return blocks


def _column(place: int, profile: Profile, topic: str, *, used: bool) -> Column:
    taste = ", ".join(_short(word, 40) for word, _ in profile.values.most_common(3))
    return Column(place, profile.name, topic or _short(profile.name), taste, used)


def _short(text: str, longest: int = 90) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
