"""Mail over a real SMTP conversation, and the folder where there is no mail server."""

import email
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from portfolio import mails, waiting
from portfolio.database import Database
from portfolio.models import Mail
from portfolio.settings import Settings


class Letterbox:
    """What a mail server was handed; `refuses` addresses it won't take."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuses: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuses:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def letterbox(configured: Settings) -> Iterator[tuple[Letterbox, Settings]]:
    """A mail server on loopback, and settings that send through it."""
    box = Letterbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, configured.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
    controller.stop()


def queue(database: Database, now: datetime, to: str = "kim@fernweh.example", subject: str = "Hello") -> None:
    with database.writing() as session:
        mails.queue(session, to=to, subject=subject, text="Grüße\nund Tschüss", at=now)


def send(database: Database, settings: Settings, now: datetime) -> int:
    return mails.send_waiting(database, settings, now=now)


@pytest.mark.both
def test_a_mail_is_handed_over_once_with_its_words_and_its_own_id(
    database: Database, letterbox: tuple[Letterbox, Settings], now: datetime
) -> None:
    box, settings = letterbox
    queue(database, now, subject="Two\nlines\r\nBcc: all@fernweh.example")
    assert send(database, settings, now) == 1
    assert send(database, settings, now) == 0
    (letter,) = box.letters
    assert letter["To"] == "kim@fernweh.example"
    assert letter["Subject"] == "Two lines Bcc: all@fernweh.example"
    assert letter["Bcc"] is None
    assert letter.get_content().splitlines() == ["Grüße", "und Tschüss"]
    with database.reading() as session:
        kept = session.scalars(select(Mail)).one()
        assert (kept.sent_at, letter["Message-ID"]) == (now, kept.message_id)


@pytest.mark.both
def test_a_refused_mail_is_tried_later_then_given_up_and_the_others_go(
    database: Database, letterbox: tuple[Letterbox, Settings], now: datetime
) -> None:
    box, settings = letterbox
    box.refuses = {"gone@fernweh.example"}
    queue(database, now, to="gone@fernweh.example")
    queue(database, now)
    assert send(database, settings, now) == 1
    later = now
    for _ in range(mails.MOST_TRIES):
        with database.reading() as session:
            assert not waiting.look(session, now=later).mails
        later += timedelta(hours=3)
        send(database, settings, later)
    with database.reading() as session:
        gone = session.scalars(select(Mail).where(Mail.recipient == "gone@fernweh.example")).one()
        assert (gone.attempts, gone.given_up_at is not None) == (8, True)
        assert "550" in gone.error
    box.refuses = set()
    with database.writing() as session:
        mails.try_again(session.get_one(Mail, gone.id), at=later)
    assert send(database, settings, later) == 1


def test_without_a_mail_server_the_folder_keeps_them(
    database: Database, configured: Settings, now: datetime
) -> None:
    queue(database, now)
    assert send(database, configured, now) == 1
    (file,) = (configured.data / "outbox").iterdir()
    assert email.message_from_bytes(file.read_bytes(), policy=default)["Subject"] == "Hello"


def test_a_server_that_is_not_there_loses_nothing(
    database: Database, configured: Settings, now: datetime
) -> None:
    queue(database, now)
    nowhere = configured.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"})
    assert send(database, nowhere, now) == 0
    with database.reading() as session:
        kept = session.scalars(select(Mail)).one()
        assert (kept.sent_at, kept.next_try_at) == (None, now + timedelta(minutes=1))
