"""Where news goes: add an outlet, change it, give it a new secret, pause it; queue what it wants to hear; then the queries."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from portfolio import chat, history, letters, mails, news, people
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Delivery, Event, Outlet, Person
from portfolio.rules import signing
from portfolio.rules.addresses import AddressRefused, check_web

WEBHOOK, CHAT = "webhook", "chat"
KEY_BYTES = 32
BOTH_SIGN = timedelta(days=1)
"""How long the old secret signs beside a new one."""
MOST = 20
AT_ONCE = 500
OVERTAKEN = 1000
"""PostgreSQL numbers lines before they are committed: a slow transaction's can appear behind so many later ones."""
TOO_OLD_TO_TELL = timedelta(days=1)
KEPT = timedelta(days=90)


class TooMany(ValueError):
    """There are as many outlets as there may be."""


def add(
    session: Session,
    *,
    kind: str,
    name: str,
    address: str,
    topics: Iterable[str],
    may_be_local: bool,
    by: Person,
    at: datetime,
) -> Outlet:
    """Send news to an address from now on; a webhook gets a secret. Raises AddressRefused, TooMany."""
    if (session.scalar(select(func.count(Outlet.id))) or 0) >= MOST:
        raise TooMany(f"There are {MOST} already. Please take one away first.")
    check(kind, address, may_be_local=may_be_local)
    latest = history.last(session)
    outlet = Outlet(
        kind=kind,
        name=name,
        address=address,
        secret=_new_secret() if kind == WEBHOOK else "",
        events=_chosen(topics),
        first_event_id=latest,
        last_event_id=latest,
        added_at=at,
        added_by_id=by.id,
    )
    session.add(outlet)
    record(session, "outlet.added", outlet, by=by, at=at, kind=kind, topics=outlet.events)
    return outlet


def check(kind: str, address: str, *, may_be_local: bool) -> None:
    """Raise AddressRefused unless news can go there."""
    if kind == CHAT:
        chat.check(address, may_be_local=may_be_local)
    elif kind == WEBHOOK:
        check_web(address, may_be_local=may_be_local)
    else:
        raise AddressRefused("Please choose one of the options.")


def change(
    session: Session,
    outlet: Outlet,
    *,
    name: str,
    address: str,
    topics: Iterable[str],
    may_be_local: bool,
    by: Person,
    at: datetime,
) -> None:
    """Another name, other topics; another address where one is given. Raises AddressRefused."""
    if address:
        check(outlet.kind, address, may_be_local=may_be_local)
        outlet.address = address
        outlet.secret = outlet.secret or (_new_secret() if outlet.kind == WEBHOOK else "")
        _take_heart(outlet)
    outlet.name, outlet.events = name, _chosen(topics)
    record(session, "outlet.changed", outlet, by=by, at=at, topics=outlet.events, moved=bool(address))


def rotate(session: Session, outlet: Outlet, *, by: Person, at: datetime) -> str:
    """A new secret, returned to be shown once. The old one signs beside it for a day."""
    outlet.old_secret = outlet.secret or None
    outlet.old_secret_until = at + BOTH_SIGN if outlet.secret else None
    outlet.secret = _new_secret()
    record(session, "outlet.secret_changed", outlet, by=by, at=at)
    return outlet.secret


def pause(session: Session, outlet: Outlet, *, why: str = "", by: Person | None, at: datetime) -> None:
    """Send it nothing until it is resumed. What waits goes on waiting."""
    if outlet.paused_at is None:
        outlet.paused_at, outlet.paused_why = at, why[:300]
        record(session, "outlet.paused", outlet, by=by, at=at)


def stop(session: Session, outlet: Outlet, why: str, *, links: Links, at: datetime) -> None:
    """Pause what can't be reached, and tell the managers."""
    if outlet.paused_at is not None:
        return
    pause(session, outlet, why=why, by=None, at=at)
    subject, text = letters.outlet_stopped(outlet, why, links.page(f"/settings/outlets/{outlet.id}"))
    for manager in people.managers(session):
        mails.queue(session, to=manager.email, subject=subject, text=text, about=f"outlet:{outlet.id}", at=at)


def resume(session: Session, outlet: Outlet, *, by: Person, at: datetime) -> None:
    """Send again: what waited, and what happens from now on. What happened meanwhile is not sent; a chat isn't told what is
    older than a day."""
    if outlet.paused_at is None:
        return
    outlet.paused_at, outlet.paused_why = None, ""
    outlet.first_event_id = outlet.last_event_id = history.last(session)
    _take_heart(outlet)
    waiting = update(Delivery).where(Delivery.outlet_id == outlet.id, *_undone())
    if outlet.kind == CHAT:
        old = waiting.where(Delivery.queued_at < at - TOO_OLD_TO_TELL)
        session.execute(old.values(given_up_at=at, problem="It was too old to tell when this was resumed."))
    session.execute(waiting.values(next_try_at=at))
    record(session, "outlet.resumed", outlet, by=by, at=at)


def remove(session: Session, outlet: Outlet, *, by: Person, at: datetime) -> None:
    """Forget an outlet, its address, secrets and log."""
    record(session, "outlet.removed", outlet, by=by, at=at, kind=outlet.kind)
    session.execute(delete(Delivery).where(Delivery.outlet_id == outlet.id))
    session.delete(outlet)


def test(session: Session, outlet: Outlet, *, links: Links, by: Person, at: datetime) -> Delivery:
    """Queue a message that says it is one."""
    record(session, "outlet.tested", outlet, by=by, at=at)
    page = links.page("/settings/outlets")
    body = (
        {"words": "A test: news from Outsize comes here.", "link": page}
        if outlet.kind == CHAT
        else {"type": "outlet.tested", "timestamp": news.moment(at), "data": {"url": page}}
    )
    return _queue(session, outlet, None, body, at)


def say(session: Session, outlet: Outlet, words: str, *, link: str, at: datetime) -> Delivery:
    """Tell a chat something beside what it hears of."""
    return _queue(session, outlet, None, {"words": words, "link": link}, at)


def send_again(session: Session, delivery: Delivery, *, by: Person, at: datetime) -> None:
    """Give a message another round of tries, under the same id. What waits goes at once."""
    delivery.delivered_at = delivery.given_up_at = None
    delivery.attempts, delivery.next_try_at, delivery.problem = 0, at, ""
    _take_heart(delivery.outlet)
    record(session, "outlet.sent_again", delivery.outlet, by=by, at=at, delivery=delivery.id)


# What waits to be told


def queue_news(session: Session, *, links: Links, at: datetime, limit: int = AT_ONCE) -> int:
    """Queue a delivery for each event an outlet wants and hasn't heard of; returns how many. Repeating it queues nothing twice."""
    queued = 0
    latest = history.last(session)
    most = limit + _read_again(session)  # beyond what is read again there must be room for what is new
    for outlet in session.scalars(_listening().with_for_update(skip_locked=True)).all():
        rows = session.execute(_unheard(session, outlet, outlet.last_event_id).limit(most)).all()
        wanted = [row.id for row in rows if news.is_wanted(row.action, row.subject_type, outlet.events)]
        for event in session.scalars(select(Event).where(Event.id.in_(wanted)).order_by(Event.id)):
            shape = news.line if outlet.kind == CHAT else news.payload
            _queue(session, outlet, event.id, shape(session, event, links), at)
        read_to = rows[-1].id if len(rows) == most else latest
        outlet.last_event_id = max(outlet.last_event_id, read_to)
        queued += len(wanted)
    return queued


def waits(session: Session, *, now: datetime) -> bool:
    """Whether a message's time has come."""
    return bool(session.scalar(select(due(now).exists())))


def unheard(session: Session, *, seen: int) -> tuple[bool, int]:
    """Whether an outlet wants something it hasn't heard of, and how far the history was looked through.

    What was `seen` before isn't looked at again, so that what nobody wants costs no write.
    """
    latest = history.last(session)
    most = AT_ONCE + _read_again(session)
    for outlet in session.scalars(_listening()):
        after = max(outlet.last_event_id, seen)
        rows = session.execute(_unheard(session, outlet, after).limit(most)).all()
        if len(rows) >= most or any(
            news.is_wanted(row.action, row.subject_type, outlet.events) for row in rows
        ):
            return True, seen
    return False, latest


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget secrets that ended, and messages that ended 90 days ago, but those of lines that may be read again; returns how
    many messages."""
    ended = update(Outlet).where(Outlet.old_secret_until <= now)
    session.execute(ended.values(old_secret=None, old_secret_until=None))
    over = (Delivery.delivered_at < now - KEPT) | (Delivery.given_up_at < now - KEPT)
    passed = Delivery.event_id.is_(None) | (Delivery.event_id < history.last(session) - OVERTAKEN)
    gone = session.execute(delete(Delivery).where(over, passed))
    return int(gone.rowcount)  # type: ignore[attr-defined] # a DELETE's result has it


def due(now: datetime) -> Select[Delivery]:
    """Deliveries whose time has come, of outlets that are neither paused nor resting, nor came without their address from an
    export."""
    return (
        select(Delivery)
        .join(Delivery.outlet)
        .where(
            *_undone(),
            Delivery.next_try_at <= now,
            Outlet.paused_at.is_(None),
            Outlet.address != "",
            Outlet.rests_until.is_(None) | (Outlet.rests_until <= now),
        )
    )


# Queries


def listed(session: Session) -> list[Outlet]:
    return list(session.scalars(select(Outlet).order_by(Outlet.id)))


def find(session: Session, number: int) -> Outlet | None:
    return session.get(Outlet, number) if 0 < number < 2**31 else None


def log(session: Session, outlet: Outlet, *, before: int = 0, limit: int = 50) -> list[Delivery]:
    """Its messages, latest first; those older than the one numbered `before`."""
    query = select(Delivery).where(Delivery.outlet_id == outlet.id)
    if before:
        query = query.where(Delivery.id < before)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit)))


def delivery(session: Session, outlet: Outlet, number: int) -> Delivery | None:
    return session.scalar(
        select(Delivery)
        .where(Delivery.id == (number if 0 < number < 2**31 else 0), Delivery.outlet_id == outlet.id)
        .options(joinedload(Delivery.outlet))
    )


def counts(session: Session) -> dict[int, tuple[int, int]]:
    """Messages that wait, and that were given up, by outlet. One statement."""
    waits = Delivery.given_up_at.is_(None)
    rows = session.execute(
        select(
            Delivery.outlet_id,
            func.count().filter(waits),
            func.count().filter(Delivery.given_up_at.is_not(None)),
        )
        .where(Delivery.delivered_at.is_(None))
        .group_by(Delivery.outlet_id)
    )
    return {outlet_id: (waiting, given_up) for outlet_id, waiting, given_up in rows}


def last_told(session: Session) -> dict[int, datetime]:
    """When each outlet last took a message. One statement."""
    rows = session.execute(
        select(Delivery.outlet_id, func.max(Delivery.delivered_at)).group_by(Delivery.outlet_id)
    )
    return {outlet_id: at for outlet_id, at in rows if at is not None}


def _undone() -> tuple[Any, Any]:
    return Delivery.delivered_at.is_(None), Delivery.given_up_at.is_(None)


def _listening() -> Select[Outlet]:
    return select(Outlet).where(Outlet.paused_at.is_(None), Outlet.address != "").order_by(Outlet.id)


def _unheard(session: Session, outlet: Outlet, after: int) -> Select[int, str, str]:
    after = max(outlet.first_event_id, after - _read_again(session))
    heard = select(Delivery.id).where(Delivery.outlet_id == outlet.id, Delivery.event_id == Event.id)
    told = Event.details["source"].as_string()
    # What came with an import happened long ago and elsewhere.
    is_past = (Event.subject_type == "cards") & (func.coalesce(told, "") == history.IMPORT)
    return (
        select(Event.id, Event.action, Event.subject_type)
        .where(Event.id > after, ~heard.exists(), ~is_past)
        .order_by(Event.id)
    )


def _read_again(session: Session) -> int:
    return 0 if session.get_bind().dialect.name == "sqlite" else OVERTAKEN


def _queue(
    session: Session, outlet: Outlet, event_id: int | None, body: dict[str, Any], at: datetime
) -> Delivery:
    queued = Delivery(
        outlet_id=outlet.id,
        event_id=event_id,
        message_id=f"msg_{uuid4().hex}",
        body=body,
        queued_at=at,
        next_try_at=at,
    )
    session.add(queued)
    return queued


def _take_heart(outlet: Outlet) -> None:
    """Forget earlier failures, so that the next try is now."""
    outlet.failing_since, outlet.failures, outlet.rests_until = None, 0, None


def _chosen(topics: Iterable[str]) -> str:
    wanted = set(topics)
    if news.ALL in wanted:
        return " ".join([news.ALL, *(key for key in news.MANY if key in wanted)])
    return " ".join(key for key in news.TOPICS if key in wanted)


def _new_secret() -> str:
    return signing.secret_of(secrets.token_bytes(KEY_BYTES))
