"""Keeping the library: the shelf, one resource, a sheet of them, and what the suggestions saved."""

import base64
import binascii
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from portfolio import files, library, organisation, shelving, suggestion_totals
from portfolio.files import FileRefused
from portfolio.library import KINDS, ResourceGiven, Shelf, ShelvingRefused, Wanted
from portfolio.models import File, OutdatedReport, Person, Resource
from portfolio.sheets import Unreadable
from portfolio.shelving import Fate, Look
from portfolio.suggestion_totals import Totals, Used
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, Sent, SentDep, errors_of, some_day
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import here, page

router = APIRouter()

FIELDS = tuple(ResourceGiven.model_fields)
STATES = (
    ("current", "On the shelf"),
    ("overdue", "Review overdue"),
    ("reported", "Reported out of date"),
    ("retired", "Retired"),
)
SHOWN_ROWS = 200
MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class LibraryPage:
    """The shelf, filtered."""

    shelf: Shelf
    wanted: Wanted
    today: date
    is_empty: bool
    saved: str
    kinds: tuple[tuple[str, str], ...] = KINDS
    states: tuple[tuple[str, str], ...] = STATES

    @property
    def kind_words(self) -> dict[str, str]:
        return dict(self.kinds)

    @property
    def pages(self) -> int:
        return max(1, -(-self.shelf.count // self.wanted.limit))

    def at(self, number: int) -> str:
        """The address of another page of this list."""
        asked = {"q": self.wanted.text, "kind": self.wanted.kind, "state": self.wanted.state, "page": number}
        return "/library?" + urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class ResourcePage:
    """One resource to add or change; `resource` is None for a new one."""

    values: Fields
    errors: Errors
    wholes: list[Resource]
    today: date
    resource: Resource | None = None
    public: str = ""
    parts: list[Resource] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    reports: list[OutdatedReport] = field(default_factory=list)
    saved: bool = False
    kinds: tuple[tuple[str, str], ...] = KINDS

    @property
    def action(self) -> str:
        return f"/library/{self.resource.id}" if self.resource else "/library"

    @property
    def whole_options(self) -> list[tuple[int, str]]:
        own = self.resource.id if self.resource else None
        return [(one.id, one.title) for one in self.wholes if one.id != own]


@dataclass(frozen=True)
class SheetPage:
    """A sheet to bring, what it would do, or what it did."""

    look: Look | None = None
    name: str = ""
    content: str = ""
    taken: bool = False
    errors: Errors = field(default_factory=Errors)
    shown: int = SHOWN_ROWS

    @property
    def to_do(self) -> int:
        return 0 if self.look is None else self.look.counts[Fate.CREATED] + self.look.counts[Fate.UPDATED]


@dataclass(frozen=True)
class DeflectionPage:
    """What the suggestions were good for, in a sentence and line by line."""

    totals: Totals
    things: list[Used]
    since: date
    period: str
    words: dict[str, str] = field(
        default_factory=lambda: {
            "solved": "Said it solves it",
            "quiet": "Opened it, did not come back",
            "joined": "Joined",
        }
    )
    kinds: dict[str, str] = field(
        default_factory=lambda: {
            "resource": "Resource",
            "request": "Request to join",
            "decline": "Earlier decline",
        }
    )


@router.get("/library")
def list_resources(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    q: str = "",
    kind: str = "",
    state: str = "current",
    on: Annotated[str, Query(alias="page")] = "",
    saved: str = "",
) -> Response:
    wanted = Wanted(
        text=q.replace("\x00", "")[:200],
        kind=kind if kind in dict(KINDS) else "",
        state=state if state in dict(STATES) else "current",
        page=max(1, int(on)) if on.isdecimal() and len(on) < 5 else 1,
    )
    today = here(request).today
    view = LibraryPage(
        shelf=library.listed(session, wanted, today=today),
        wanted=wanted,
        today=today,
        is_empty=library.is_empty(session),
        saved=saved,
    )
    return page(request, "library/index.html", view)


@router.get("/library/new")
def show_new(request: Request, session: SessionDep, manager: ManagerDep, part_of: str = "") -> Response:
    values = Fields(kind="guide", owner=manager.email, part_of=part_of[:10])
    return page(request, "library/edit.html", _resource_page(request, session, None, values, Errors()))


@router.get("/library/deflections")
def show_deflections(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, period: str = ""
) -> Response:
    since = _quarter(session, now) if period != "year" else _year(session, now)
    view = DeflectionPage(
        totals=suggestion_totals.totals(session, since=since, now=now),
        things=suggestion_totals.by_thing(session, since=since),
        since=since.date(),
        period="year" if period == "year" else "quarter",
    )
    return page(request, "library/deflections.html", view)


@router.get("/library/sheets")
def show_sheets(request: Request, _manager: ManagerDep) -> Response:
    return page(request, "library/sheet.html", SheetPage())


@router.post("/library/sheets")
def look_at_sheet(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, sent: SentDep
) -> Response:
    """Look at a sheet, or take the one that was looked at: it travels in the page, and is read the same way again."""
    taking = sent.fields["do"] == "take"
    try:
        name, content = _sheet(sent)
        look = (
            shelving.take(session, content, by=manager, at=now) if taking else shelving.look(session, content)
        )
    except Unreadable as problem:
        return page(request, "library/sheet.html", SheetPage(errors=Errors(file=str(problem))), 422)
    if taking:
        done = look.counts
        return see_other(f"/library?saved={done[Fate.CREATED]}.{done[Fate.UPDATED]}")
    view = SheetPage(look, name, base64.b64encode(zlib.compress(content)).decode())
    return page(request, "library/sheet.html", view)


@router.post("/library")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, sent: SentDep) -> Response:
    given, errors = _read(sent.fields)
    if given is not None:
        try:
            made = library.add(session, given, by=manager, at=now)
            _keep_files(session, sent, made, manager, now)
        except ShelvingRefused as refused:
            errors[refused.field] = str(refused)
        except FileRefused as refused:
            errors["file"] = str(refused)
        else:
            return see_other(f"/library/{made.id}?saved=1")
    session.rollback()
    return page(
        request, "library/edit.html", _resource_page(request, session, None, sent.fields, errors), 422
    )


@router.get("/library/{number:int}")
def show(
    request: Request, session: SessionDep, _manager: ManagerDep, links: LinksDep, number: int, saved: str = ""
) -> Response:
    found = _find(session, number)
    view = _resource_page(request, session, found, _values(found), Errors(), links, saved=saved == "1")
    return page(request, "library/edit.html", view)


@router.post("/library/{number:int}")
def change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    sent: SentDep,
    number: int,
) -> Response:
    found = _find(session, number)
    given, errors = _read(sent.fields)
    if given is not None:
        try:
            library.change(session, found, given, by=manager, at=now)
            _keep_files(session, sent, found, manager, now)
            _drop_files(session, sent, found)
        except ShelvingRefused as refused:
            errors[refused.field] = str(refused)
        except FileRefused as refused:
            errors["file"] = str(refused)
    if errors:
        session.rollback()
        view = _resource_page(request, session, _find(session, number), sent.fields, errors, links)
        return page(request, "library/edit.html", view, 422)
    return see_other(f"/library/{number}?saved=1")


@router.post("/library/{number:int}/retirement")
def retire(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int) -> Response:
    found = _find(session, number)
    if fields["back"]:
        library.bring_back(session, found, by=manager, at=now)
    else:
        library.retire(session, found, by=manager, at=now)
    return see_other(f"/library/{number}?saved=1")


@router.post("/library/{number:int}/place")
def move_part(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    found = _find(session, number)
    library.move_part(session, found, up=fields["to"] == "up", by=manager, at=now)
    return see_other(f"/library/{found.part_of_id or number}#parts")


@router.post("/library/{number:int}/settlement")
def settle(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    found = _find(session, number)
    errors = Errors()
    review_on = some_day(fields, "next_review", errors)
    if errors:
        values = _values(found).over(fields)
        view = _resource_page(request, session, found, values, errors, links)
        return page(request, "library/edit.html", view, 422)
    mended = fields["outcome"] == "mended"
    library.settle_reports(session, found, mended=mended, review_on=review_on, by=manager, at=now)
    return see_other(f"/library/{number}?saved=1")


def _find(session: SessionDep, number: int) -> Resource:
    return there(library.find(session, number))


def _read(fields: Fields) -> tuple[ResourceGiven | None, Errors]:
    try:
        return ResourceGiven.model_validate({name: fields[name] for name in FIELDS}), Errors()
    except ValidationError as error:
        return None, errors_of(error)


def _values(found: Resource) -> Fields:
    said: dict[str, Any] = library.as_given(found).model_dump(mode="json", warnings=False)
    return Fields((name, "" if value is None else str(value)) for name, value in said.items())


def _keep_files(session: SessionDep, sent: Sent, resource: Resource, by: Person, at: datetime) -> None:
    for upload in sent.uploads:
        files.keep(session, name=upload.name, content=upload.content, resource=resource, by=by, at=at)


def _drop_files(session: SessionDep, sent: Sent, resource: Resource) -> None:
    for file in files.listed(session, resource=resource):
        if sent.fields[f"drop_{file.id}"]:
            files.remove(session, file)


def _sheet(sent: Sent) -> tuple[str, bytes]:
    if sent.uploads:
        return sent.uploads[0].name, sent.uploads[0].content
    if sent.fields["rows"]:
        return "What you pasted", sent.fields["rows"].encode()
    try:
        packed = base64.b64decode(sent.fields["content"], validate=True)
        content = zlib.decompressobj().decompress(packed, MOST_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        content = b""
    if not content:
        raise Unreadable("Please choose a file, or paste rows.")
    return sent.fields["name"][:200], content


def _resource_page(
    request: Request,
    session: SessionDep,
    found: Resource | None,
    values: Fields,
    errors: Errors,
    links: LinksDep | None = None,
    *,
    saved: bool = False,
) -> ResourcePage:
    wholes, today = library.wholes(session), here(request).today
    if found is None or links is None:
        return ResourcePage(values, errors, wholes, today)
    return ResourcePage(
        values,
        errors,
        wholes,
        today,
        resource=found,
        public=links.resource_path(found),
        parts=library.parts(session, found),
        files=files.listed(session, resource=found),
        reports=library.open_reports(session, found),
        saved=saved,
    )


def _quarter(session: SessionDep, now: datetime) -> datetime:
    """When this quarter began, where people live."""
    zone = organisation.zone(organisation.current(session))
    local = now.astimezone(zone)
    return datetime(local.year, 3 * ((local.month - 1) // 3) + 1, 1, tzinfo=zone).astimezone(UTC)


def _year(session: SessionDep, now: datetime) -> datetime:
    zone = organisation.zone(organisation.current(session))
    return datetime(now.astimezone(zone).year, 1, 1, tzinfo=zone).astimezone(UTC)
