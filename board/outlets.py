"""Where news goes: webhooks and chats, what each hears, and what was sent."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from portfolio import news, outlets
from portfolio.models import Delivery, Outlet
from portfolio.outlets import CHAT, WEBHOOK, TooMany
from portfolio.rules.addresses import AddressRefused, masked
from portfolio.submission import clean
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, FormListDep, need_text, some_text
from web.people import ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import page

router = APIRouter(prefix="/settings/outlets")

PER_PAGE = 50
KINDS = ((WEBHOOK, "A program, by signed webhooks"), (CHAT, "A chat: Slack, Teams, Matrix and others"))
LONGEST_ADDRESS = 1000


@dataclass(frozen=True)
class Choices:
    """The list of topics, and which are ticked."""

    chosen: frozenset[str]
    error: str = ""
    groups: tuple[news.Group, ...] = news.GROUPS


@dataclass(frozen=True)
class Line:
    """One outlet in the list."""

    outlet: Outlet
    where: str
    hears: str
    waiting: int
    given_up: int
    last_at: datetime | None


@dataclass(frozen=True)
class OutletsPage:
    lines: list[Line]
    values: Fields
    choices: Choices
    saved: str = ""
    errors: Errors = field(default_factory=Errors)
    kinds: tuple[tuple[str, str], ...] = KINDS


@dataclass(frozen=True)
class Sent:
    """One message in the log."""

    delivery: Delivery
    title: str
    body: str


@dataclass(frozen=True)
class Log:
    """What was sent lately; it is looked at again by itself while something is on its way."""

    outlet: Outlet
    sent: list[Sent]
    older: int
    before: int
    moves: bool


@dataclass(frozen=True)
class OutletPage:
    outlet: Outlet
    where: str
    log: Log
    values: Fields
    choices: Choices
    saved: str = ""
    secret: str = ""
    errors: Errors = field(default_factory=Errors)


def find(session: SessionDep, number: int) -> Outlet:
    return there(outlets.find(session, number))


OutletDep = Annotated[Outlet, Depends(find)]


@router.get("")
def show_all(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "outlets/index.html", _all(session, Fields(kind=WEBHOOK), {news.ALL}, saved=saved))


@router.post("")
def add(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    fields, topics = _read(form)
    errors = Errors()
    name = need_text(fields, "name", errors, longest=80)
    address = need_text(fields, "address", errors, longest=LONGEST_ADDRESS)
    _need_topics(topics, errors)
    if not errors:
        try:
            made = outlets.add(
                session,
                kind=fields["kind"],
                name=name,
                address=address,
                topics=topics,
                may_be_local=settings.webhooks_may_be_local,
                by=manager,
                at=now,
            )
        except (AddressRefused, TooMany) as refused:
            errors["address"] = str(refused)
        else:
            view = _one(session, made, now, saved="added", secret=made.secret)
            return page(request, "outlets/show.html", view, 201)
    return page(request, "outlets/index.html", _all(session, fields, topics, errors), 422)


@router.get("/{number:int}")
def show(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    outlet: OutletDep,
    now: NowDep,
    saved: str = "",
    before: int = 0,
) -> Response:
    return page(request, "outlets/show.html", _one(session, outlet, now, saved=saved, before=before))


@router.get("/{number:int}/log")
def show_log(
    request: Request, session: SessionDep, _manager: ManagerDep, outlet: OutletDep, now: NowDep
) -> Response:
    return page(request, "outlets/_log.html", _log(session, outlet, now, 0))


@router.post("/{number:int}")
def change(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    manager: ManagerDep,
    now: NowDep,
    outlet: OutletDep,
    form: FormListDep,
) -> Response:
    fields, topics = _read(form)
    errors = Errors()
    name = need_text(fields, "name", errors, longest=80)
    address = some_text(fields, "address", errors, longest=LONGEST_ADDRESS)
    _need_topics(topics, errors)
    if not errors:
        try:
            outlets.change(
                session,
                outlet,
                name=name,
                address=address,
                topics=topics,
                may_be_local=settings.webhooks_may_be_local,
                by=manager,
                at=now,
            )
        except AddressRefused as refused:
            errors["address"] = str(refused)
        else:
            return see_other(f"/settings/outlets/{outlet.id}?saved=changed")
    view = _one(session, outlet, now, fields=fields, topics=topics, errors=errors)
    return page(request, "outlets/show.html", view, 422)


@router.post("/{number:int}/pause")
def pause(
    session: SessionDep, manager: ManagerDep, now: NowDep, outlet: OutletDep, fields: FormDep
) -> Response:
    if fields["what"] == "resume":
        outlets.resume(session, outlet, by=manager, at=now)
        return see_other(f"/settings/outlets/{outlet.id}?saved=resumed")
    outlets.pause(session, outlet, by=manager, at=now)
    return see_other(f"/settings/outlets/{outlet.id}?saved=paused")


@router.post("/{number:int}/secret")
def rotate(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, outlet: OutletDep
) -> Response:
    """A new secret, shown once."""
    if outlet.kind != WEBHOOK:
        raise NotFound
    secret = outlets.rotate(session, outlet, by=manager, at=now)
    view = _one(session, outlet, now, saved="rotated", secret=secret)
    return page(request, "outlets/show.html", view, 201)


@router.post("/{number:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, outlet: OutletDep) -> Response:
    outlets.remove(session, outlet, by=manager, at=now)
    return see_other("/settings/outlets?saved=removed")


@router.post("/{number:int}/tests")
def send_test(
    session: SessionDep, manager: ManagerDep, now: NowDep, links: LinksDep, outlet: OutletDep
) -> Response:
    outlets.test(session, outlet, links=links, by=manager, at=now)
    return see_other(f"/settings/outlets/{outlet.id}?saved=tested#log")


@router.post("/{number:int}/deliveries/{delivery:int}")
def send_again(
    session: SessionDep, manager: ManagerDep, now: NowDep, outlet: OutletDep, delivery: int
) -> Response:
    found = there(outlets.delivery(session, outlet, delivery))
    outlets.send_again(session, found, by=manager, at=now)
    return see_other(f"/settings/outlets/{outlet.id}?saved=again#log")


def _read(form: FormData) -> tuple[Fields, set[str]]:
    pairs = [(name, clean(value)) for name, value in form.multi_items() if isinstance(value, str)]
    topics = {value for name, value in pairs if name == "topic"} & {*news.TOPICS, news.ALL}
    return Fields((name, value) for name, value in reversed(pairs) if name != "topic"), topics


def _need_topics(topics: set[str], errors: Errors) -> None:
    if not topics:
        errors["topic"] = "Please tick at least one thing it should hear of."


def _all(
    session: SessionDep,
    values: Fields,
    topics: set[str],
    errors: Errors | None = None,
    *,
    saved: str = "",
) -> OutletsPage:
    wrong = errors or Errors()
    counts, last = outlets.counts(session), outlets.last_told(session)
    lines = [
        Line(
            one,
            masked(one.address),
            news.chosen_words(one.events),
            *counts.get(one.id, (0, 0)),
            last.get(one.id),
        )
        for one in outlets.listed(session)
    ]
    return OutletsPage(lines, values, Choices(frozenset(topics), wrong["topic"]), saved, wrong)


def _one(
    session: SessionDep,
    outlet: Outlet,
    now: datetime,
    *,
    fields: Fields | None = None,
    topics: set[str] | None = None,
    errors: Errors | None = None,
    saved: str = "",
    secret: str = "",
    before: int = 0,
) -> OutletPage:
    wrong = errors or Errors()
    return OutletPage(
        outlet=outlet,
        where=masked(outlet.address),
        log=_log(session, outlet, now, before),
        values=Fields(name=outlet.name).over(fields or Fields()),
        choices=Choices(
            frozenset(outlet.events.split() if topics is None else topics),
            wrong["topic"],
        ),
        saved=saved,
        secret=secret,
        errors=wrong,
    )


def _log(session: SessionDep, outlet: Outlet, now: datetime, before: int) -> Log:
    found = outlets.log(session, outlet, before=before if 0 < before < 2**31 else 0, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    due = [one for one in shown if one.delivered_at is None and one.given_up_at is None]
    is_quiet = outlet.paused_at is not None or (outlet.rests_until is not None and outlet.rests_until > now)
    return Log(
        outlet=outlet,
        sent=[Sent(one, _title(one), _body(one)) for one in shown],
        older=shown[-1].id if len(found) > PER_PAGE else 0,
        before=before,
        moves=not before and not is_quiet and any(one.next_try_at <= now for one in due),
    )


def _title(delivery: Delivery) -> str:
    """What it says, in a line: a chat's sentence, or the type and what it is about."""
    body = delivery.body
    if "words" in body:
        return str(body["words"])
    about = body.get("data", {}).get("subject", {})
    name = about.get("title") or about.get("name") or ""
    return f"{body.get('type', 'news')}: {name}" if name else str(body.get("type", "news"))


def _body(delivery: Delivery) -> str:
    return json.dumps(delivery.body, indent=2, ensure_ascii=False)
