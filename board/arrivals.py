"""Mails that came in: those nobody vouches for, and what became of the others."""

from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from portfolio import arrivals, pulse
from portfolio.arrivals import ArrivalSettled
from portfolio.links import Links
from portfolio.models import Arrival, Draft, Pulse
from portfolio.organisation import AddressRefused
from portfolio.states import ArrivalStatus
from web.clock import NowDep
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import page

router = APIRouter()

FIRST_WORDS = 400
NEVER_SHOWN = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


@dataclass(frozen=True)
class ArrivalsPage:
    """What waits for the manager, oldest first, and what became of the latest hundred others."""

    waiting: list[Arrival]
    count: int
    settled: list[Arrival]
    drafts: dict[int, Draft]
    links: Links
    has_mailbox: bool
    looked: Pulse | None
    refused: str = ""
    first_words: int = FIRST_WORDS

    def is_cut(self, arrival: Arrival) -> bool:
        """Whether only the headers of a mail were fetched."""
        return arrival.size_bytes > arrivals.LARGEST_BYTES

    def became(self, arrival: Arrival) -> str:
        """Where to see what became of a mail; nowhere for one that was dropped or forgotten."""
        draft = self.drafts.get(arrival.draft_id or 0)
        number = arrival.learning_request_id or (draft.learning_request_id if draft else None)
        if arrival.status is ArrivalStatus.DROPPED:
            return ""
        if number is not None:
            return f"/requests/{number}" + ("#conversation" if arrival.message_id else "")
        return self.links.draft_path(draft) if draft else ""


@router.get("/arrivals")
def show_arrivals(
    request: Request, session: SessionDep, settings: SettingsDep, links: LinksDep, _manager: ManagerDep
) -> Response:
    return page(request, "arrivals/index.html", _arrivals_page(session, settings, links))


@router.get("/arrivals/{number:int}.eml")
def download_mail(session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    arrival = _find(session, number)
    disposition = {"Content-Disposition": f'attachment; filename="mail-{number}.eml"'}
    return Response(arrival.raw, media_type="message/rfc822", headers=disposition | NEVER_SHOWN)


@router.post("/arrivals/{number:int}/admission")
def let_in(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    links: LinksDep,
    manager: ManagerDep,
    now: NowDep,
    number: int,
) -> Response:
    arrival = _find(session, number)
    try:
        with suppress(ArrivalSettled):
            arrivals.accept(session, arrival, links=links, by=manager, at=now)
    except AddressRefused as refused:
        view = _arrivals_page(session, settings, links, refused=str(refused))
        return page(request, "arrivals/index.html", view, 422)
    return see_other("/arrivals")


@router.post("/arrivals/{number:int}/dismissal")
def drop(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    with suppress(ArrivalSettled):
        arrivals.drop(session, _find(session, number), by=manager, at=now)
    return see_other("/arrivals")


def _find(session: SessionDep, number: int) -> Arrival:
    return there(arrivals.find(session, number))


def _arrivals_page(
    session: SessionDep, settings: SettingsDep, links: LinksDep, *, refused: str = ""
) -> ArrivalsPage:
    waiting, settled = arrivals.waiting(session), arrivals.settled(session)
    return ArrivalsPage(
        waiting=waiting,
        count=arrivals.waiting_count(session),
        settled=settled,
        drafts=arrivals.drafts_of(session, [*waiting, *settled]),
        links=links,
        has_mailbox=bool(settings.imap_url),
        looked=pulse.last(session, "mailbox"),
        refused=refused,
    )
