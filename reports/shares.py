"""One edition for people without an account: by a link that expires, and nothing else behind it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup

from portfolio import editions, shares
from portfolio.models import Edition, Share
from portfolio.states import EditionStatus
from reports import view
from reports.downloads import KINDS, download
from reports.style import style_path
from web.clock import NowDep
from web.forms import Errors, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()

GONE = 410
PRIVATE = {
    "x-robots-tag": "noindex, nofollow, noarchive",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}
"""Found by no search engine, kept by no cache, and told to nobody by a link in it."""

FILES = Literal["pdf", "xlsx"]


def opened(request: Request, session: SessionDep, links: LinksDep, number: int, key: str) -> Share:
    """The share this link names. A wrong key and a number that isn't there are the same to whoever tries."""
    request.app.state.turnstile.check_look(request)
    shared = shares.find(session, number)
    if shared is None or not links.opens_share(shared, key):
        raise NotFound
    return shared


SharedDep = Annotated[Share, Depends(opened, scope="function")]


@router.get("/shared/{number:int}/{key}.{form}")
def file(request: Request, session: SessionDep, shared: SharedDep, now: NowDep, form: FILES) -> Response:
    if not shares.is_open(shared, now=now):
        return _gone(request)
    answer = download(_edition(session, shared, KINDS[form][0]), form)
    answer.headers.update(PRIVATE)
    return answer


@router.get("/shared/{number:int}/{key}")
def show(request: Request, session: SessionDep, shared: SharedDep, links: LinksDep, now: NowDep) -> Response:
    if not shares.is_open(shared, now=now):
        return _gone(request)
    edition = _edition(session, shared, "html")
    document = Markup(edition.html or "")  # noqa: S704 - made by our own escaping template, frozen when published
    seen = view.Shared(
        edition,
        shared,
        document,
        links.share_path(shared),
        style_path(),
        bool(editions.corrections(session, edition)),
    )
    answer = page(request, "shares/show.html", seen)
    answer.headers.update(PRIVATE)
    return answer


@router.post("/reports/{number:int}/shares")
def share(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    from reports.routes import published, report_page

    edition = published(session, number)
    errors = Errors()
    name = some_text(fields, "share_name", errors, longest=80)
    days = some_whole(fields, "days", errors) or 0
    if days not in shares.LASTS_DAYS:
        errors["days"] = "Please choose one of these."
    if errors:
        return report_page(request, session, manager, number, fields=fields, errors=errors, status=422)
    made = shares.share(session, edition, name=name, days=days, by=manager, at=now)
    return see_other(f"/reports/{number}?shared={made.id}#shares")


@router.post("/reports/{number:int}/shares/{share:int}/ending")
def end(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, share: int) -> Response:
    found = shares.find(session, share)
    if found is None or found.edition_id != number:
        raise NotFound
    shares.end(session, found, by=manager, at=now)
    return see_other(f"/reports/{number}#shares")


def _edition(session: SessionDep, shared: Share, *parts: str) -> Edition:
    edition = editions.find(session, shared.edition_id, *parts)
    if edition is None or edition.status is not EditionStatus.PUBLISHED:
        raise NotFound
    return edition


def _gone(request: Request) -> Response:
    """The link was right, and its time is over: a plain page that says no more than that."""
    answer = page(request, "shares/gone.html", view.Gone(), GONE)
    answer.headers.update(PRIVATE)
    return answer
