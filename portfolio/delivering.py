"""Takes what outlets wait for to them: signed, again and again until it is taken or given up."""

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

import httpx
from sqlalchemy.orm import Session, joinedload

from portfolio import chat, outlets
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Delivery, Outlet
from portfolio.rules import signing
from portfolio.rules.addresses import AddressRefused, check_found, check_web, masked
from portfolio.settings import Settings

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long after each try the next one is made; after the tenth a message is given up, three days on."""
LONGEST_REST = timedelta(minutes=15)
"""How long an outlet that doesn't answer is left alone at most; then one message tries for all."""
PATIENCE = timedelta(days=3)
"""How long an outlet may fail without one success, until it is paused and the managers are told."""
TIMEOUT_SECONDS = 10.0
ROUND_SECONDS = 30.0
ANSWER_BYTES = 2000
WORDS = 200
GONE = 410
TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
MOST_ADDRESSES = 3


@dataclass(frozen=True)
class Parcel:
    """One message as it is sent."""

    delivery_id: int
    outlet_id: int
    kind: str
    address: str
    secrets: tuple[str, ...]
    message_id: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a try. `theirs`: the receiver as a whole is in trouble, not this message alone; `after` is how long it asked
    us to wait."""

    problem: str = ""
    status: int | None = None
    theirs: bool = False
    gone: bool = False
    was_tried: bool = True
    after: timedelta = timedelta()


NOT_TRIED = Outcome(was_tried=False)


def send_waiting(database: Database, settings: Settings, *, now: datetime, each: int = 50) -> int:
    """Send messages whose time has come, up to `each` for every outlet and for half a minute; returns how many were tried.

    Three steps, so that a slow receiver holds no transaction: take them (each gets the time of its next try), send them, every
    outlet by itself and within its own time, and note what became of them. A crash after sending sends it again under the same
    id, by which receivers know it.
    """
    with database.writing() as session:
        taken = _take(session, now, each)
    if not taken:
        return 0
    quiet = logging.getLogger("httpx")
    quiet.setLevel(max(quiet.level, logging.WARNING))  # it would write whole addresses, keys and all
    outcomes = asyncio.run(_send_all(taken, settings, now))
    with database.writing() as session:
        for number, outcome in outcomes.items():
            _note(session, number, outcome, links=Links.of(settings), now=now)
    return sum(outcome.was_tried for outcome in outcomes.values())


def _take(session: Session, now: datetime, each: int) -> list[Parcel]:
    """So many of every outlet, so that one with a long queue holds up no other."""
    due = outlets.due(now).with_for_update(skip_locked=True, of=Delivery)
    waiting = session.scalars(outlets.due(now).with_only_columns(Delivery.outlet_id).distinct()).all()
    found = [
        delivery
        for number in waiting
        for delivery in session.scalars(
            due.where(Delivery.outlet_id == number)
            .options(joinedload(Delivery.outlet))
            .order_by(Delivery.id)
            .limit(each)
        )
    ]
    for delivery in found:
        delivery.next_try_at = now + WAITS[min(delivery.attempts, len(WAITS) - 1)]
        delivery.last_try_at = now
        delivery.attempts += 1
    return [_parcel(delivery, now) for delivery in found]


def _parcel(delivery: Delivery, now: datetime) -> Parcel:
    outlet = delivery.outlet
    both = outlet.old_secret and outlet.old_secret_until and outlet.old_secret_until > now
    secrets = (outlet.secret, outlet.old_secret or "") if both else (outlet.secret,)
    return Parcel(
        delivery.id, outlet.id, outlet.kind, outlet.address, secrets, delivery.message_id, delivery.body
    )


# Sending


async def _send_all(parcels: Sequence[Parcel], settings: Settings, now: datetime) -> dict[int, Outcome]:
    in_order = sorted(parcels, key=lambda parcel: (parcel.outlet_id, parcel.delivery_id))
    rounds = [
        _send_to_one(list(own), settings, now) for _, own in groupby(in_order, lambda one: one.outlet_id)
    ]
    return {number: outcome for found in await asyncio.gather(*rounds) for number, outcome in found.items()}


async def _send_to_one(parcels: list[Parcel], settings: Settings, now: datetime) -> dict[int, Outcome]:
    """An outlet's messages one after the other; once it is in trouble, or its time is up, the rest isn't tried."""
    local = settings.webhooks_may_be_local
    if parcels[0].kind == outlets.CHAT:
        return await _tell(parcels, may_be_local=local)
    outcomes: dict[int, Outcome] = {}
    trouble = False
    until = asyncio.get_running_loop().time() + ROUND_SECONDS
    async with httpx.AsyncClient(
        verify=_trusted(), timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
    ) as client:
        for parcel in parcels:
            outcome = NOT_TRIED if trouble else await _post(client, parcel, now, may_be_local=local)
            trouble = trouble or outcome.theirs or asyncio.get_running_loop().time() > until
            outcomes[parcel.delivery_id] = outcome
    return outcomes


@cache
def _trusted() -> ssl.SSLContext:
    """Whom browsers trust, and whom this machine trusts as well, such as the organisation's own authority."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


async def _tell(parcels: list[Parcel], *, may_be_local: bool) -> dict[int, Outcome]:
    """A chat is told several things at once, a line each."""
    lines = [f"{chat.harmless(parcel.body['words'])}\n{parcel.body['link']}".strip() for parcel in parcels]
    told = await asyncio.to_thread(chat.tell, parcels[0].address, "\n".join(lines), may_be_local=may_be_local)
    outcome = Outcome(told.problem, theirs=bool(told.problem))
    rest = NOT_TRIED if told.problem else outcome
    return {parcel.delivery_id: outcome if place == 0 else rest for place, parcel in enumerate(parcels)}


async def _post(client: httpx.AsyncClient, parcel: Parcel, now: datetime, *, may_be_local: bool) -> Outcome:
    try:
        check_web(parcel.address, may_be_local=may_be_local)
        body = json.dumps(parcel.body, ensure_ascii=False, separators=(",", ":")).encode()
        signed = signing.headers(parcel.secrets, parcel.message_id, int(now.timestamp()), body)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _post_there(client, parcel.address, body, signed, may_be_local=may_be_local)
    except signing.BadSecret:
        return Outcome("It has no secret to sign with. Please make a new one.", theirs=True)
    except AddressRefused as refused:
        return Outcome(str(refused), theirs=True)
    except TimeoutError:
        return Outcome(f"No whole answer within {TIMEOUT_SECONDS:.0f} seconds.", theirs=True)
    except socket.gaierror:
        return Outcome("Its name is not known.", theirs=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as problem:
        return Outcome(_in_short(f"{type(problem).__name__}: {problem}", parcel.address), theirs=True)


async def _post_there(
    client: httpx.AsyncClient, address: str, body: bytes, signed: dict[str, str], *, may_be_local: bool
) -> Outcome:
    """Connect to the very addresses that were looked at, so that a name can't stand for another one a moment later."""
    url = httpx.URL(address)
    places = await _look_up(url)
    check_found(places, may_be_local=may_be_local)
    headers = {
        "host": url.netloc.decode(),
        "content-type": "application/json",
        "user-agent": "Outsize",
        **signed,
    }
    last = httpx.ConnectError("Its name stands for no address.")
    named = {"sni_hostname": url.raw_host.decode()} if url.scheme == "https" else {}
    for place in places[:MOST_ADDRESSES]:
        request = client.build_request(
            "POST", url.copy_with(host=place), content=body, headers=headers, extensions=named
        )
        request.extensions["timeout"] = httpx.Timeout(TIMEOUT_SECONDS).as_dict()
        try:
            answer = await client.send(request, stream=True)
        except httpx.ConnectError as problem:
            last = problem
            continue
        try:
            return _read(answer, await _beginning(answer))
        finally:
            await answer.aclose()
    raise last


async def _look_up(url: httpx.URL) -> list[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def _beginning(answer: httpx.Response) -> str:
    """The first bytes of what was answered; the rest is never read."""
    read = b""
    async for chunk in answer.aiter_raw(ANSWER_BYTES):
        read += chunk
        if len(read) >= ANSWER_BYTES:
            break
    return read[:ANSWER_BYTES].decode("utf-8", "replace")


def _read(answer: httpx.Response, beginning: str) -> Outcome:
    status = answer.status_code
    if answer.is_success:
        return Outcome(status=status)
    said = " ".join(beginning.split())[:WORDS]
    words = f"It answered {status}" + (f": {said}" if said else ".")
    if answer.is_redirect:
        words = (
            f"It answered {status}, which points elsewhere. Give the address it points to; we don't follow."
        )
    theirs = status >= SERVER_ERROR or status == TOO_MANY_REQUESTS
    return Outcome(words, status, theirs=theirs, gone=status == GONE, after=_asked_to_wait(answer))


def _asked_to_wait(answer: httpx.Response) -> timedelta:
    said = answer.headers.get("retry-after", "")
    return min(timedelta(seconds=int(said)), WAITS[-1]) if said.isdecimal() and len(said) < 8 else timedelta()


def _in_short(words: str, address: str) -> str:
    return words.replace(address, masked(address))[:WORDS]


# Afterwards


def _note(session: Session, number: int, outcome: Outcome, *, links: Links, now: datetime) -> None:
    delivery = session.get(Delivery, number)
    if delivery is None:  # its outlet was removed meanwhile
        return
    outlet = session.get_one(Outlet, delivery.outlet_id)
    if not outcome.was_tried:
        delivery.attempts -= 1
        delivery.next_try_at = now
        return
    delivery.status_code, delivery.problem = outcome.status, outcome.problem[:500]
    if not outcome.problem:
        delivery.delivered_at = now
        outlet.failing_since, outlet.failures, outlet.rests_until = None, 0, None
        return
    _note_failure(delivery, outlet, outcome, now)
    if outcome.gone:
        delivery.given_up_at = now
        outlets.stop(session, outlet, "It answered that it is gone for good (410).", links=links, at=now)
    elif outlet.failing_since is not None and now - outlet.failing_since >= PATIENCE:
        outlets.stop(
            session, outlet, f"It took nothing for three days. {outcome.problem}", links=links, at=now
        )


def _note_failure(delivery: Delivery, outlet: Outlet, outcome: Outcome, now: datetime) -> None:
    delivery.next_try_at = max(delivery.next_try_at, now + outcome.after)
    if delivery.attempts > len(WAITS):
        delivery.given_up_at = now
    outlet.failing_since = outlet.failing_since or now
    if outcome.theirs:
        wait = WAITS[min(outlet.failures, len(WAITS) - 1)]
        outlet.failures += 1
        outlet.rests_until = now + max(min(wait, LONGEST_REST), outcome.after)
