"""Fetching over a real IMAP conversation with Dovecot, and the whole loop with a real SMTP one."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from flows import connection, fetch_mails, outbox
from flows.link import Link
from portfolio import arrivals, conversations, drafts, mailbox, mails, pulse
from portfolio import database as databases
from portfolio.database import Database
from portfolio.links import Links
from portfolio.mailbox import MailboxProblem
from portfolio.models import Arrival, Draft, LearningRequest, Mail
from portfolio.settings import Settings
from portfolio.states import ArrivalStatus
from tests import mailserver
from tests.conftest import Cast
from tests.factory import a_request
from tests.flows.processes import PrefectServer, start_worker, until
from tests.mailserver import MailServer

NOBODY_THERE = "http://127.0.0.1:9/api"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mailserver.running() as started:
        yield started


@pytest.fixture
def clock(server: MailServer, clockwork: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """This test's installation, with the mailbox."""
    monkeypatch.setenv("OUTSIZE_IMAP_URL", server.url)
    monkeypatch.setenv("OUTSIZE_INTAKE_ADDRESS", "training@fernweh.example")
    return clockwork


def a_mail(number: int = 1, words: str = "We need help.", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Rita Requester <rita@fernweh.example>"
    message["Subject"] = f"Request {number}"
    message["Message-ID"] = f"<{number}@fernweh.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    return message.as_bytes()


def kept(database: Database) -> list[tuple[str, ArrivalStatus]]:
    with database.reading() as session:
        return [(one.subject, one.status) for one in session.scalars(select(Arrival).order_by(Arrival.id))]


def test_what_lies_there_is_taken_once_whole_and_marked_as_seen(
    server: MailServer, clock: Settings, database: Database, cast: Cast
) -> None:
    sent = [a_mail(1), a_mail(2, "Grüße"), b"Subject: broken\r\n\r\n\xff\r\n"]
    server.put(*sent)
    assert fetch_mails.has_mail()
    assert fetch_mails.fetch_some.fn() == (3, 3)
    assert fetch_mails.fetch_some.fn() == (0, 0)
    assert not fetch_mails.has_mail()
    assert server.flags() == [{b"\\Seen"}] * 3
    assert kept(database) == [
        ("Request 1", ArrivalStatus.DRAFTED),
        ("Request 2", ArrivalStatus.DRAFTED),
        ("broken", ArrivalStatus.QUARANTINED),
    ]
    with database.reading() as session:
        assert session.scalars(select(Arrival.raw).order_by(Arrival.id)).all() == sent


def test_a_crash_before_a_mail_is_marked_fetches_it_again_and_takes_it_once(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(a_mail())

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(mailbox.Mailbox, "mark_taken", crash)
        with pytest.raises(KeyboardInterrupt):
            fetch_mails.fetch_some.fn()
    assert (server.unseen(), len(kept(database))) == (1, 1)
    assert fetch_mails.fetch_some.fn() == (1, 0)
    assert (server.unseen(), len(kept(database))) == (0, 1)
    with database.reading() as session:
        assert session.scalar(select(func.count(Draft.id))) == 1
        assert session.scalar(select(func.count(Mail.id))) == 1


def test_a_mail_that_cant_be_dealt_with_is_put_aside_and_holds_up_no_other(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(a_mail(1), a_mail(2))
    begin = drafts.begin

    def fail(session: Any, values: dict[str, str], **more: Any) -> Draft:
        if values["title"] == "Request 1":
            raise ZeroDivisionError
        return begin(session, values, **more)

    monkeypatch.setattr(drafts, "begin", fail)
    assert fetch_mails.fetch_some.fn() == (2, 2)
    assert kept(database) == [
        ("Request 1", ArrivalStatus.QUARANTINED),
        ("Request 2", ArrivalStatus.DRAFTED),
    ]
    with database.reading() as session:
        assert session.get_one(Arrival, 1).why == "Taking it in failed (ZeroDivisionError). It is kept whole."


def test_a_database_that_fails_leaves_the_mail_where_it_lies(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    server.put(a_mail())

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(arrivals, "receive", fail)
    with pytest.raises(OperationalError):
        fetch_mails.fetch_some.fn()
    assert (server.unseen(), kept(database)) == (1, [])


def test_a_full_mailbox_is_taken_in_batches_oldest_first(
    server: MailServer, clock: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_mails, "AT_ONCE", 3)
    server.put(*(a_mail(number) for number in range(7)))
    assert [fetch_mails.fetch_some.fn()[0] for _ in range(4)] == [3, 3, 1, 0]
    assert [subject for subject, _ in kept(database)] == [f"Request {number}" for number in range(7)]


def test_of_a_mail_too_large_the_headers_are_kept_and_the_mail_stays_flagged(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "LARGEST_BYTES", 5000)
    large = a_mail(1, "x" * 70 + "\n" + "long line\n" * 2000)
    server.put(large)
    fetch_mails.fetch_some.fn()
    assert server.flags() == [{b"\\Seen", b"\\Flagged"}]
    with database.reading() as session:
        arrival = session.scalars(select(Arrival)).one()
        assert (arrival.status, arrival.size_bytes, arrival.raw) == (
            ArrivalStatus.QUARANTINED,
            len(large),
            large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
        )


@pytest.mark.slow
def test_ten_megabytes_come_through(server: MailServer, clock: Settings, database: Database) -> None:
    mail = a_mail(1, "a line of seventy characters or so, again and again, until it is full\n" * 145_000)
    assert len(mail) > 10_000_000
    server.put(mail)
    assert fetch_mails.fetch_some.fn() == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(Arrival.raw)).one() == mail


def test_a_connection_that_breaks_in_the_middle_loses_nothing(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(*(a_mail(number) for number in range(4)))
    fetch = mailbox.Mailbox.fetch

    def breaking(box: Any, uid: int, **more: Any) -> Any:
        if uid == 3:
            box._client.socket().shutdown(socket.SHUT_RDWR)
        return fetch(box, uid, **more)

    with monkeypatch.context() as broken:
        broken.setattr(mailbox.Mailbox, "fetch", breaking)
        with pytest.raises(MailboxProblem):
            fetch_mails.fetch_some.fn()
    assert len(kept(database)) == 2
    assert fetch_mails.fetch_some.fn() == (2, 2)
    assert [subject for subject, _ in kept(database)] == [f"Request {number}" for number in range(4)]


def test_a_mailbox_numbered_anew_confuses_nobody(
    server: MailServer, clock: Settings, database: Database, cast: Cast
) -> None:
    server.put(a_mail(1), a_mail(2))
    fetch_mails.fetch_some.fn()
    with server.client() as client:
        before = client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        client.create_folder("Kept")
        client.copy(client.search(), "Kept")
        client.select_folder("Kept")
        client.remove_flags(client.search(), [b"\\Seen"])
        assert client.folder_status("Kept", ["UIDVALIDITY"])[b"UIDVALIDITY"] != before
    with mailbox.opened(server.url.replace("INBOX", "Kept")) as box:
        found = [box.fetch(uid, largest_bytes=10_000) for uid in box.unseen()]
    assert [fetch_mails.take(mail) for mail in found if mail] == [False, False]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("se%22", "xx%22"), "Authentication failed"),
        (("/INBOX", "/Nowhere"), "Nowhere"),
        (("imap://", "imap+starttls://"), "STARTTLS"),
        (("imap://", "imaps://"), "SSL"),
    ],
)
def test_what_is_wrong_with_the_mailbox_is_said_without_the_password(
    server: MailServer,
    clock: Settings,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    change: tuple[str, str],
    words: str,
) -> None:
    wrong = clock.model_copy(update={"imap_url": server.url.replace(*change)})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fetch_mails, "settings", lambda: wrong)
        assert not fetch_mails.has_mail()
    with database.reading() as session:
        beat = pulse.last(session, "mailbox")
    assert beat is not None
    assert words in beat.details["problem"]
    for secret in ("cr?t", "cr%3Ft"):
        assert secret not in beat.details["problem"] + caplog.text + repr(wrong)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "READ_SECONDS", 0.3)
    monkeypatch.setattr(mailbox, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"imap://a:b@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        began = time.monotonic()
        with pytest.raises(MailboxProblem, match="timed out"), mailbox.opened(url):
            pass
    assert time.monotonic() - began < 3


def test_without_a_mailbox_there_is_nothing_to_look_into(clockwork: Settings, database: Database) -> None:
    assert {lane.name for lane in outbox.rounds(Link(NOBODY_THERE))} == {"chances", "schedules"}
    assert fetch_mails.fetch_some.fn() == (0, 0)


def test_mail_comes_in_without_prefect_as_soon_as_somebody_looks(
    server: MailServer, clock: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = clock.model_copy(update={"imap_url": server.url, "imap_seconds": 0.2})
    monkeypatch.setattr(outbox, "settings", lambda: quick)
    monkeypatch.setattr(Link, "inside", lambda _: nullcontext())
    (lane,) = (one for one in outbox.rounds(Link(NOBODY_THERE)) if one.name == "mailbox")
    lane.start()
    try:
        server.put(a_mail(1))
        until(lambda: len(kept(database)) == 1, "the first", 10)
        server.put(a_mail(2))
        until(lambda: len(kept(database)) == 2, "the second", 10)
    finally:
        lane.stop()
        lane.join(10)
    assert not lane.is_alive()


class Letters:
    """An SMTP server on loopback; what it is handed goes to the mailbox of whoever reads."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        with self._lock:
            self.received.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def last(self, to: str) -> Any:
        return [letter for letter in self.received if letter["To"] == to][-1]


@pytest.fixture
def letters(clock: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Letters]:
    handler = Letters()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("OUTSIZE_SMTP_URL", f"smtp://127.0.0.1:{port}")
    yield handler
    controller.stop()


def answer(letter: Any, sender: str, words: str) -> bytes:
    """As a mail program answers: to Reply-To, naming what it answers and quoting it."""
    reply = EmailMessage(policy=SMTP)
    reply["From"], reply["To"], reply["Subject"] = sender, letter["Reply-To"], f"Re: {letter['Subject']}"
    reply["Message-ID"] = f"<{abs(hash((words, sender)))}@fernweh.example>"
    reply["In-Reply-To"] = letter["Message-ID"]
    reply["References"] = f"{letter['References'] or ''} {letter['Message-ID']}".strip()
    quoted = "\n".join(f"> {line}" for line in letter.get_content().splitlines())
    reply.set_content(
        f"{words}\n\nOn Fri, Nov 20, 2026 at 10:00 AM {letter['From']} wrote:\n\n{quoted}\n\n-- \nFernweh\n"
    )
    return reply.as_bytes()


def test_a_mail_becomes_a_request_and_the_answers_to_it_its_conversation(
    letters: Letters, server: MailServer, clock: Settings, database: Database, cast: Cast, links: Links
) -> None:
    def post(*raw: bytes) -> None:
        """Deliver, fetch, and send what is due."""
        server.put(*raw)
        fetch_mails.fetch_some.fn()
        mails.send_waiting(database, connection.settings(), now=datetime.now(UTC))

    post(a_mail(7, "New people need four days for a quote."))
    almost = letters.last("rita@fernweh.example")
    assert (almost["In-Reply-To"], almost["Reply-To"]) == ("<7@fernweh.example>", "training@fernweh.example")
    address = re.search(r"http://testserver(/drafts/\d+/\S+)", almost.get_content())
    with database.writing() as session:
        draft = session.scalars(select(Draft)).one()
        assert address is not None
        assert address[1] == links.draft_path(draft)
        request = a_request(session, links=links, title=draft.values["title"])
        drafts.sent(session, draft, request, at=datetime.now(UTC))
        conversations.say(
            session, request, "How many people?", links=links, by=cast.manager, at=datetime.now(UTC)
        )
    mails.send_waiting(database, connection.settings(), now=datetime.now(UTC))

    question = letters.last("rita@fernweh.example")
    assert question.get_content().startswith("How many people?")
    post(answer(question, "Rita <rita@fernweh.example>", "Twenty-four."))
    told = letters.last("mara@fernweh.example")
    assert told["Subject"] == f"Rita Requester wrote about request {request.id}: Request 7"
    post(answer(told, "Mara <mara@fernweh.example>", "Thank you."))

    with database.reading() as session:
        found = session.get_one(LearningRequest, request.id)
        lines = conversations.of(session, found, internal=True)
        said = [(line.by.email if line.by else "", line.words) for line in lines]
    assert said == [
        ("mara@fernweh.example", "How many people?"),
        ("rita@fernweh.example", "Twenty-four."),
        ("mara@fernweh.example", "Thank you."),
    ]
    thanks = letters.last("rita@fernweh.example")
    assert thanks.get_content().startswith("Thank you.")
    assert thanks["References"] == question["References"]


@pytest.mark.prefect
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("prefect")
def test_the_worker_fetches_by_runs_prefect_knows_and_starts_none_for_nothing(
    server: MailServer, prefect_server: PrefectServer, empty_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copyfile(empty_sqlite, tmp_path / "outsize.db")
    (tmp_path / "outsize.toml").write_text(f"imap_url = '{server.url}'\nimap_seconds = 0.5\n")
    database = databases.connect(f"sqlite:///{tmp_path / 'outsize.db'}")
    worker = start_worker(prefect_server, tmp_path)

    def looked() -> bool:
        with database.reading() as session:
            beat, mailbox_beat = pulse.last(session, "worker"), pulse.last(session, "mailbox")
            return beat is not None and bool(beat.details["prefect"]) and mailbox_beat is not None

    def runs() -> list[str]:
        found = prefect_server.post("/flow_runs/filter", flows={"name": {"any_": ["fetch_mails"]}})
        return [run["state_type"] for run in found]

    try:
        until(looked, "a worker that sees Prefect and the mailbox")
        assert runs() == []
        server.put(a_mail(1))
        until(lambda: len(kept(database)) == 1, "the mail")
        until(lambda: runs() == ["COMPLETED"], "the run's end")
        time.sleep(1.5)
        assert runs() == ["COMPLETED"]
        assert mailserver.PASSWORD not in worker.said
    finally:
        worker.kill()
        database.dispose()
