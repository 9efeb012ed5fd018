"""Browsers and installations for the journeys."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect, sync_playwright

from portfolio import organisation, people
from portfolio.states import Role
from tests.journeys.installation import Installation, running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PATIENCE_MILLISECONDS = 10_000

NewContext = Callable[..., BrowserContext]


def find_chromium() -> str | None:
    return (
        os.environ.get("OUTSIZE_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )


# For the package, not the session: Playwright's event loop must be gone before tests elsewhere run their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A Chromium, by OUTSIZE_TEST_CHROMIUM or from the PATH."""
    found = find_chromium()
    if not found:
        pytest.skip("no Chromium found; install one or name it by OUTSIZE_TEST_CHROMIUM")
    expect.set_options(
        timeout=PATIENCE_MILLISECONDS
    )  # the tracking page looks again every 3 s; busy machines need more than 5
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo year, with its reports built."""
    with running(tmp_path_factory.mktemp("full"), filled=True) as installation:
        yield installation


@pytest.fixture
def fresh(tmp_path: Path, empty_sqlite: Path) -> Iterator[Installation]:
    """An installation nobody has opened yet."""
    with running(tmp_path, template=empty_sqlite) as installation:
        yield installation


@pytest.fixture
def settled(fresh: Installation) -> Installation:
    """Set up by Mara Manager, with Lena Leader, and nothing in it."""
    now = datetime.now(UTC)
    with fresh.database.writing() as session:
        manager = people.meet(session, "mara@fernweh.example", at=now, name="Mara Manager")
        people.grant(session, manager, [Role.MANAGER], by=None, at=now)
        leader = people.meet(session, "lena@fernweh.example", at=now, name="Lena Leader")
        people.grant(session, leader, [Role.LEADER], by=manager, at=now)
        organisation.set_up(session, name="Fernweh Bicycles", hours_per_week=15, by=manager, at=now)
    return fresh


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[NewContext]:
    """Makes browsers that know nothing of each other; `phone=True` for a small one with touch."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def make(*, phone: bool = False, **options: object) -> BrowserContext:
        shape = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {"viewport": DESK}
        context = chromium.new_context(**{"locale": "en-GB", **shape, **options})  # type: ignore[arg-type] # Playwright's many options
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.on("console", lambda message: complaints.extend(complaint_of(message)))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()
    assert complaints == [], "a browser complained"


def complaint_of(message: ConsoleMessage) -> list[str]:
    """What a page's console says is wrong; that an answer was a 4xx is for the test to say."""
    is_wrong = message.type in {"error", "warning"} and "Failed to load resource" not in message.text
    return [f"{message.page.url if message.page else '?'}: {message.text}"] if is_wrong else []
