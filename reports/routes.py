"""Reports: ask for one, read it, take it along, mail it. Building is the clock's work; nothing heavy is imported here."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from portfolio import editions, organisation
from portfolio.models import Edition, Person
from portfolio.states import EditionStatus
from reports import forms, view
from reports.edition import canonical
from reports.tables import csv_of
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter(include_in_schema=False)

STYLE = Path(__file__).parent / "document.css"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/reports")
def list_reports(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    return page(request, "reports/index.html", _list(session, person))


@router.post("/reports")
def ask(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    today = now.astimezone(organisation.zone(organisation.current(session))).date()
    wish, errors = forms.read_wish(fields, today)
    if wish is None:
        return page(request, "reports/index.html", _list(session, manager, fields, errors), 422)
    edition = _asked_already(session, wish) or editions.ask(
        session, kind=wish.kind, period_start=wish.start, period_end=wish.end, by=manager, at=now
    )
    return see_other(f"/reports/{edition.number}")


@router.get("/reports/document.css")
def style() -> Response:
    """How a report looks; the same file that sets the PDF."""
    return Response(STYLE.read_text("utf-8"), media_type="text/css", headers={"cache-control": FOR_EVER})


@router.get("/reports/{number:int}")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int, mailed: str = "") -> Response:
    count = (
        int(mailed)
        if mailed.isascii() and mailed.isdigit() and len(mailed) <= len(str(forms.MOST_RECIPIENTS))
        else 0
    )
    return page(request, "reports/show.html", _report(session, person, number, mailed=count))


@router.get("/reports/{number:int}/state")
def state(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    """The part of the page that changes until the report is there."""
    return partial(request, "reports/_edition.html", _report(session, person, number))


@router.post("/reports/{number:int}/retry")
def retry(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    edition = _find(session, number)
    if edition.status is EditionStatus.FAILED:
        editions.retry(session, edition, by=manager, at=now)
    return see_other(f"/reports/{number}")


@router.post("/reports/{number:int}/mailing")
def mail(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    edition = _published(session, number)
    recipients, words, errors = forms.read_mailing(fields)
    if errors:
        view_of = _report(session, manager, number, fields=fields, errors=errors)
        return page(request, "reports/show.html", view_of, 422)
    count = editions.mail_out(session, edition, recipients, words=words, links=links, by=manager, at=now)
    return see_other(f"/reports/{number}?mailed={count}")


@router.get("/reports/{number:int}.pdf")
def pdf(session: SessionDep, _person: LeaderDep, number: int) -> Response:
    edition = _published(session, number, "pdf")
    return _file(edition, edition.pdf or b"", "application/pdf", "pdf", kept="inline")


@router.get("/reports/{number:int}.xlsx")
def xlsx(session: SessionDep, _person: LeaderDep, number: int) -> Response:
    edition = _published(session, number, "xlsx")
    return _file(edition, edition.xlsx or b"", SHEET, "xlsx")


@router.get("/reports/{number:int}.json")
def figures(session: SessionDep, _person: LeaderDep, number: int) -> Response:
    """The figures as they were frozen: the SHA-256 of this file is the edition's checksum."""
    edition = _published(session, number, "figures")
    return _file(edition, canonical(edition.figures or {}), "application/json", "json")


@router.get("/reports/{number:int}.csv")
def csv(session: SessionDep, _person: LeaderDep, number: int) -> Response:
    """All tables in one: table, line, column, value."""
    edition = _published(session, number, "figures")
    return _file(edition, csv_of((edition.figures or {}).get("tables", [])), "text/csv; charset=utf-8", "csv")


def _list(
    session: SessionDep, person: Person, fields: Fields | None = None, errors: Errors | None = None
) -> view.Reports:
    return view.Reports(
        editions.listed(session), person.manages, _style(), fields or Fields(), errors or Errors()
    )


def _asked_already(session: SessionDep, wish: forms.Wish) -> Edition | None:
    """The same report still waiting to be built: pressing the button twice asks once."""
    wanted = (EditionStatus.ASKED, wish.kind, wish.start, wish.end)
    return next(
        (
            one
            for one in editions.listed(session)
            if (one.status, one.kind, one.period_start, one.period_end) == wanted
        ),
        None,
    )


def _report(
    session: SessionDep,
    person: Person,
    number: int,
    *,
    fields: Fields | None = None,
    errors: Errors | None = None,
    mailed: int = 0,
) -> view.Report:
    edition = _find(session, number, "html")
    ours = organisation.current(session)
    usual = Fields(recipients=ours.report_recipients if ours else "")
    document = Markup(edition.html or "")  # noqa: S704 - made by our own escaping template, frozen when published
    return view.Report(
        edition,
        document,
        person.manages,
        _style(),
        usual if fields is None else fields,
        errors or Errors(),
        mailed,
    )


def _find(session: SessionDep, number: int, *parts: str) -> Edition:
    edition = editions.find(session, number, *parts)
    if edition is None:
        raise NotFound
    return edition


def _published(session: SessionDep, number: int, *parts: str) -> Edition:
    edition = _find(session, number, *parts)
    if edition.status is not EditionStatus.PUBLISHED:
        raise NotFound
    return edition


def _file(edition: Edition, content: bytes, kind: str, suffix: str, kept: str = "attachment") -> Response:
    name = "".join(one if one.isascii() and one.isalnum() else "-" for one in edition.title.lower())
    name = "-".join(part for part in name.split("-") if part) or "report"
    headers = {
        "content-disposition": f'{kept}; filename="{name}.{suffix}"',
        "cache-control": "private, max-age=0, must-revalidate",
        "etag": f'"{edition.checksum[:32]}-{suffix}"',
    }
    return Response(content, media_type=kind, headers=headers)


@lru_cache(maxsize=1)
def _style() -> str:
    return f"/reports/document.css?v={sha256(STYLE.read_bytes()).hexdigest()[:10]}"
