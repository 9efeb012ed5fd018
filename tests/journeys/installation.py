"""A real installation for browsers: its own data folder, a real server on a port, and somebody who does the clock's work."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn

from app import create_app
from portfolio import assessments, demo, mails, people, waiting
from portfolio import database as databases
from portfolio import settings as all_settings
from portfolio.database import Database
from portfolio.links import Links
from portfolio.settings import Settings
from reports import edition as editions

STARTS_WITHIN_SECONDS = 10
LOOKS_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Installation:
    """Where a browser finds it, and its database for what no page can do."""

    url: str
    settings: Settings
    database: Database
    clock: "StandInClock"

    @property
    def links(self) -> Links:
        return Links.of(self.settings)

    def manager_link(self) -> str:
        """The one-time link that `outsize serve` prints."""
        with self.database.writing() as session:
            token = people.invite_manager(session, now=datetime.now(UTC))
        return f"{self.url}/sign-in/{token}"

    def visit_of(self, email: str) -> str:
        """The cookie of somebody who has signed in."""
        with self.database.writing() as session:
            person = people.find(session, email)
            assert person is not None, f"nobody has the address {email}"
            return people.begin_visit(session, person, now=datetime.now(UTC))


class StandInClock(threading.Thread):
    """Scores, builds and sends as the worker does, by the same actions, without Prefect."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(name="stand-in clock", daemon=True)
        self.settings, self.database = settings, database
        self.over = threading.Event()
        self._work = threading.Lock()

    def run(self) -> None:
        while not self.over.wait(LOOKS_EVERY_SECONDS):
            with self._work:
                self.do_what_waits()

    def rest(self) -> AbstractContextManager[object]:
        """Within this, nothing is scored, built or sent."""
        return self._work

    def do_what_waits(self) -> None:
        now = datetime.now(UTC)
        with self.database.reading() as session:
            found = waiting.look(session, now=now)
        if found.requests:
            with self.database.writing() as session:
                assessments.score_waiting(session, now=now, flow_run_id=None)
        if found.mails:
            mails.send_waiting(self.database, self.settings, now=now)
        if found.edition is not None:
            with self.database.writing() as session:
                editions.build(session, found.edition, now=now, flow_run_id=None)

    def do_everything(self) -> None:
        """Work until nothing waits."""
        while not self.is_done():
            self.do_what_waits()

    def is_done(self) -> bool:
        with self.database.reading() as session:
            return waiting.look(session, now=datetime.now(UTC)).is_empty


@contextmanager
def running(folder: Path, *, filled: bool = False, template: Path | None = None) -> Iterator[Installation]:
    """Start an installation in `folder`, empty or with the demo year; `template` is a database to begin with."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = _settings(folder, listening.getsockname()[1])
        if template:
            shutil.copyfile(template, folder / "outsize.db")
        databases.migrate(settings.database_url)
        database = databases.connect(settings.database_url)
        clock = StandInClock(settings, database)
        if filled:
            demo.fill(database, now=datetime.now(UTC), links=Links.of(settings))
            clock.do_everything()
        with _serving(settings, listening):
            clock.start()
            yield Installation(settings.base_url, settings, database, clock)
            clock.over.set()
            clock.join()
        database.dispose()


def _settings(folder: Path, port: int) -> Settings:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("OUTSIZE_DATABASE_URL", "PREFECT_API_URL", "OUTSIZE_SMTP_URL", "OUTSIZE_BASE_URL"):
            environment.delenv(name, raising=False)
        environment.setenv("OUTSIZE_SECRET_KEY", "a-key-for-tests-only-0123456789abcdef")
        environment.setenv("OUTSIZE_DEVELOPMENT", "1")
        return all_settings.load(folder, port=port)


@contextmanager
def _serving(settings: Settings, listening: socket.socket) -> Iterator[None]:
    """The web server in a thread. It does not wait for pages that still listen for changes."""
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            log_level="warning",
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="web", daemon=True)
    thread.start()
    _wait_until_started(server, thread)
    yield
    server.should_exit = True
    thread.join()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    patience = threading.Event()
    for _ in range(STARTS_WITHIN_SECONDS * 50):
        if server.started or not thread.is_alive():
            break
        patience.wait(0.02)
    assert server.started, "the web server did not start"
