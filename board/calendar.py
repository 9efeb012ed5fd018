"""Calendars: the feeds that calendar programs read, and the page that hands their addresses out."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from portfolio import calendar, ical
from portfolio.calendar import Feed
from portfolio.links import Links
from portfolio.models import Person
from web.clock import NowDep
from web.people import PersonDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()


@dataclass(frozen=True)
class Offered:
    """One calendar with its addresses: to copy, to open a calendar program with, to look at once."""

    feed: Feed
    address: str
    webcal: str
    path: str


@dataclass(frozen=True)
class CalendarPage:
    offered: list[Offered]
    manages: bool
    is_private_host: bool
    renewed: bool = False


@router.get("/settings/calendar")
def show(request: Request, person: PersonDep, links: LinksDep, renewed: str = "") -> Response:
    _check_has_calendars(person)
    return page(request, "calendar/show.html", _page(person, links, renewed=renewed == "1"))


@router.post("/settings/calendar/renewal")
def renew(session: SessionDep, person: PersonDep, now: NowDep) -> Response:
    """New addresses; the old ones end."""
    _check_has_calendars(person)
    calendar.renew_addresses(session, person, at=now)
    return see_other("/settings/calendar?renewed=1")


@router.api_route("/calendar/{number:int}/{which}/{key}.ics", methods=["GET", "HEAD"])
def read_feed(
    session: SessionDep,
    links: LinksDep,
    now: NowDep,
    number: int,
    which: str,
    key: str,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """What a calendar program fetches every hour or so; 304 where nothing changed since it last did."""
    opened = there(calendar.opened(session, number, which, key, links=links))
    person, feed = opened
    content = calendar.file(session, person, feed, links=links, now=now)
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'inline; filename="outsize-{feed.key}.ics"',
    }
    if _is_known(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=ical.MEDIA_TYPE, headers=headers)


def _check_has_calendars(person: Person) -> None:
    if not calendar.feeds(person):
        raise NotFound


def _page(person: Person, links: Links, *, renewed: bool) -> CalendarPage:
    offered = [_offered(links, person, feed) for feed in calendar.feeds(person)]
    host = links.base_url.partition("://")[2].partition("/")[0].rpartition(":")[0] or links.base_url
    is_private = any(word in host for word in ("127.0.0.1", "localhost", "[::1]"))
    return CalendarPage(offered, person.manages, is_private, renewed)


def _offered(links: Links, person: Person, feed: Feed) -> Offered:
    path = calendar.path(links, person, feed)
    address = links.page(path)
    return Offered(feed, address, f"webcal://{address.partition('://')[2]}", path)


def _is_known(tag: str, if_none_match: str) -> bool:
    """Tags compare without their W/: a proxy that packs the answer makes strong ones weak."""
    given = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given
