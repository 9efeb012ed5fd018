"""Editions: ask for one, read it, take it along, mail it, correct it. Building is the clock's work; nothing heavy is imported here."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from portfolio import editions, mails, organisation, report_designs, shares
from portfolio.links import Links
from portfolio.models import Edition, Mail, Person, Report
from portfolio.rules.comparing_editions import Comparison, compare
from portfolio.states import EditionStatus
from reports import forms, view
from reports.downloads import KINDS, download
from reports.style import STYLE, style_path
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()

FOR_EVER = "public, max-age=31536000, immutable"
PER_PAGE = 30
SAVED = {
    "ended": "It has ended. Its editions stay where they are.",
    "nothing": "Nothing was asked for: no goal has anything to report in that period.",
}

FORMS = Literal["pdf", "xlsx", "pptx", "json", "csv"]


@router.get("/reports")
def list_reports(
    request: Request, session: SessionDep, person: LeaderDep, after: str = "", saved: str = ""
) -> Response:
    return page(request, "reports/index.html", _list(session, person, _number(after), SAVED.get(saved, "")))


@router.post("/reports")
def ask(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    today = now.astimezone(organisation.zone(organisation.current(session))).date()
    design = report_designs.find(session, _number(fields["design"]) or 0)
    wish, errors = forms.read_wish(fields, today, design)
    if fields["design"] and (design is None or design.ended_at is not None):
        errors["design"] = "Please choose one of these."
    if wish is None or errors:
        return page(request, "reports/index.html", _list(session, manager, fields=fields, errors=errors), 422)
    period: dict[str, Any] = {"kind": wish.kind, "period_start": wish.start, "period_end": wish.end}
    if design is None:
        known = _asked_already(session, wish) or editions.ask(session, **period, by=manager, at=now)
        return see_other(f"/reports/{known.number}")
    try:
        made = editions.ask_each(session, design, **period, by=manager, at=now)
    except editions.NothingToSay:
        return see_other("/reports?saved=nothing")
    return see_other(f"/reports/{made[0].number}" if len(made) == 1 else "/reports")


@router.get("/reports/document.css")
def style() -> Response:
    """How a report looks; the same file that sets the PDF."""
    return Response(STYLE.read_text("utf-8"), media_type="text/css", headers={"cache-control": FOR_EVER})


@router.get("/reports/{number:int}")
def show(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    number: int,
    mailed: str = "",
    shared: str = "",
) -> Response:
    count = _number(mailed) or 0
    return report_page(
        request,
        session,
        person,
        number,
        mailed=count if count <= forms.MOST_RECIPIENTS else 0,
        shared=_number(shared) or 0,
    )


@router.get("/reports/{number:int}/state")
def state(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    """The part of the page that changes until the report is there."""
    return partial(request, "reports/_edition.html", _report(request, session, person, number))


@router.get("/reports/{number:int}/comparison")
def show_comparison(request: Request, session: SessionDep, _person: LeaderDep, number: int) -> Response:
    """What differs from the edition before, or from the one that this corrects."""
    edition = published(session, number, "figures")
    earlier = editions.before(session, edition, "figures")
    return page(
        request, "reports/comparison.html", view.Compared(edition, earlier, _compared(edition, earlier))
    )


@router.post("/reports/{number:int}/retry")
def retry(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    edition = _find(session, number)
    if edition.status is EditionStatus.FAILED:
        editions.retry(session, edition, by=manager, at=now)
    return see_other(f"/reports/{number}")


@router.post("/reports/{number:int}/correction")
def correct(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Ask for a new edition that says why it stands in this one's place, and what is different."""
    edition = published(session, number)
    errors = Errors()
    why = need_text(fields, "why", errors, longest=1000)
    if errors:
        return report_page(request, session, manager, number, fields=fields, errors=errors, status=422)
    return see_other(f"/reports/{editions.correct(session, edition, why, by=manager, at=now).number}")


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
    edition = published(session, number)
    recipients, words, errors = forms.read_mailing(fields)
    if errors:
        return report_page(request, session, manager, number, fields=fields, errors=errors, status=422)
    count = editions.mail_out(session, edition, recipients, words=words, links=links, by=manager, at=now)
    return see_other(f"/reports/{number}?mailed={count}")


@router.post("/reports/{number:int}/mails/{mail:int}/retry")
def retry_mail(session: SessionDep, _manager: ManagerDep, now: NowDep, number: int, mail: int) -> Response:
    edition = _find(session, number)
    found = session.get(Mail, mail) if 0 < mail < 2**31 else None
    if found is None or found.about != editions.about(edition):
        raise NotFound
    mails.try_again(found, at=now)
    return see_other(f"/reports/{number}#mails")


@router.get("/reports/{number:int}.{form}")
def take_along(session: SessionDep, _person: LeaderDep, number: int, form: FORMS) -> Response:
    """The report as a file: the bytes that were frozen. Of the JSON, the SHA-256 is the edition's checksum."""
    edition = published(session, number, KINDS[form][0])
    if form == "pptx" and edition.pptx is None:
        raise NotFound
    return download(edition, form)


def report_page(
    request: Request,
    session: SessionDep,
    person: Person,
    number: int,
    *,
    status: int = 200,
    fields: Fields | None = None,
    errors: Errors | None = None,
    mailed: int = 0,
    shared: int = 0,
) -> Response:
    """An edition's page, with what was typed where something of it is wrong."""
    seen = _report(
        request, session, person, number, fields=fields, errors=errors, mailed=mailed, shared=shared
    )
    return page(request, "reports/show.html", seen, status)


def published(session: SessionDep, number: int, *parts: str) -> Edition:
    """An edition that is there to be read."""
    edition = _find(session, number, *parts)
    if edition.status is not EditionStatus.PUBLISHED:
        raise NotFound
    return edition


def _list(
    session: SessionDep,
    person: Person,
    after: int | None = None,
    saved: str = "",
    fields: Fields | None = None,
    errors: Errors | None = None,
) -> view.Reports:
    found = editions.listed(session, after=after, limit=PER_PAGE + 1)
    following = found[PER_PAGE - 1].id if len(found) > PER_PAGE else None
    return view.Reports(
        designs_of(session) if after is None else [],
        found[:PER_PAGE],
        following,
        person.manages,
        style_path(),
        saved,
        fields or Fields(),
        errors or Errors(),
    )


def designs_of(session: SessionDep) -> list[view.Design]:
    """The designs, with what each is about, in a fixed number of queries."""
    found = report_designs.listed(session)
    goals, projects = report_designs.subjects(session, found)
    return [
        view.Design(
            one,
            goals.get(one.goal_id or 0, "") or projects.get(one.project_id or 0, ""),
            len(one.recipients.split()),
        )
        for one in found
    ]


def _asked_already(session: SessionDep, wish: forms.Wish) -> Edition | None:
    """The same report still waiting to be built: pressing the button twice asks once."""
    wanted = (EditionStatus.ASKED, wish.kind, wish.start, wish.end, None)
    return next(
        (
            one
            for one in editions.listed(session)
            if (one.status, one.kind, one.period_start, one.period_end, one.report_id) == wanted
        ),
        None,
    )


def _report(
    request: Request,
    session: SessionDep,
    person: Person,
    number: int,
    *,
    fields: Fields | None = None,
    errors: Errors | None = None,
    mailed: int = 0,
    shared: int = 0,
) -> view.EditionPage:
    edition = _find(session, number, "html")
    document = Markup(edition.html or "")  # noqa: S704 - made by our own escaping template, frozen when published
    if edition.status is not EditionStatus.PUBLISHED:
        return view.EditionPage(edition, document, person.manages, style_path())
    design = session.get(Report, edition.report_id) if edition.report_id else None
    corrects = editions.find(session, edition.corrects_id, "figures") if edition.corrects_id else None
    return view.EditionPage(
        edition,
        document,
        person.manages,
        style_path(),
        _usual(session, edition, design) if fields is None else fields,
        errors or Errors(),
        mailed,
        shared,
        editions.has_slides(session, edition),
        design,
        [view.Sent(one, _later(one)) for one in editions.mailed(session, edition)] if person.manages else [],
        _shares(request, session, edition) if person.manages else [],
        corrects,
        editions.corrections(session, edition),
        _compared(edition, corrects),
        corrects is not None or editions.before(session, edition) is not None,
    )


def _usual(session: SessionDep, edition: Edition, design: Report | None) -> Fields:
    """Whom it usually goes to, and for a correction the words that say so."""
    ours = organisation.current(session)
    words = f"This corrects an edition you may have. {edition.correction}" if edition.corrects_id else ""
    readers = design.recipients if design else (ours.report_recipients if ours else "")
    return Fields(recipients=readers, words=words, days="30")


def _shares(request: Request, session: SessionDep, edition: Edition) -> list[view.SharedBy]:
    links, now = Links.of(request.app.state.settings), request.state.now
    return [
        view.SharedBy(one, links.share(one), shares.is_open(one, now=now))
        for one in shares.of(session, edition)
    ]


def _compared(edition: Edition, earlier: Edition | None) -> Comparison | None:
    return None if earlier is None else compare(earlier.figures or {}, edition.figures or {})


def _later(mail: Mail) -> Any:
    """When it leaves, where it waits for a day that isn't quiet."""
    return mail.next_try_at if mail.attempts == 0 and mail.next_try_at > mail.queued_at else None


def _find(session: SessionDep, number: int, *parts: str) -> Edition:
    return there(editions.find(session, number, *parts))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
