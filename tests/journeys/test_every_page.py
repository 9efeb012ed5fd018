"""Every page, empty and full, for everybody who may see it: accessible, in its bounds, and sufficient in itself."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request
from sqlalchemy import select

from portfolio import editions
from portfolio.models import LearningRequest, Nudge, Person
from portfolio.rules.report_sections import preset
from portfolio.states import RequestStatus
from reports import edition as report
from tests.doors.test_pages import LEADER_PAGES, MANAGER_PAGES, PUBLIC_PAGES
from tests.journeys.conftest import DESK, PHONE, NewContext
from tests.journeys.installation import Installation
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("pages")]

AXE = Path(__file__).parent.parent / "lib/axe.min.js"
PARTS = (
    "/inbox/list",
    "/plan/what-if",
    "/iterations/1/planning/line-up",
    "/questions/best",
    "/requests/1/score",
    "/requests/1/draws",
    "/requests/1/reuses/list",
    "/projects/1/sentence",
    "/backlog/more",
    "/board/columns/",
    "/board/lanes",
    "/cards/1/face",
    "/cards/1/parts",
    "/healthz",
)
"""Addresses that answer with a piece of a page."""
COLOUR = "color-contrast"
SIZE = ("target-size", "scrollable-region-focusable", "link-in-text-block", "skip-link")
FIRST_VIEW_BYTES = 150_000

MANAGER, LEADER = "hanna.lindqvist@fernweh.example", "renate.osei@fernweh.example"


def whole(addresses: list[str]) -> list[str]:
    return [address for address in addresses if not address.startswith(PARTS)]


@dataclass
class Looker:
    """Looks at a page as everybody may: small and large, light and dark."""

    page: Page
    home: str
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self.note_strangers)

    def note_strangers(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:")):
            self.strangers.append(f"loads {request.url}")

    def look_at(self, address: str) -> list[str]:
        """All that is wrong with this page."""
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type] # a ViewportSize
        self.page.emulate_media(color_scheme="light")
        self.page.goto(self.home + address)
        return [f"{address}: {what}" for what in (*self.look_closely(), *self.strangers)]

    def look_closely(self) -> list[str]:
        """All that is wrong with the page shown now.

        Every rule once; then those whose answer can differ by colour scheme or by size.
        """
        page = self.page
        page.evaluate(AXE.read_text("utf-8"))
        page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        wrong = [f"1440 light: {what}" for what in (*self.axe(), *self.overflow())]
        page.emulate_media(color_scheme="dark")
        wrong += [f"1440 dark: {what}" for what in self.axe(COLOUR)]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a ViewportSize
        wrong += [f"390 dark: {what}" for what in self.axe(COLOUR)]
        page.emulate_media(color_scheme="light")
        return wrong + [f"390 light: {what}" for what in (*self.axe(COLOUR, *SIZE), *self.overflow())]

    def axe(self, *rules: str) -> list[str]:
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        found = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']}: {node['html'][:200]} ({node['failureSummary']})"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def overflow(self) -> list[str]:
        """How far the page itself can be pushed sideways, and by what; a board or a matrix scrolls within itself."""
        found: list[str] = self.page.evaluate("""() => {
            const edge = document.documentElement.clientWidth;
            const wide = document.documentElement.scrollWidth;
            if (wide <= edge) return [];
            const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
            return [...document.querySelectorAll("main *, footer *")]
                .filter((one) => one.getBoundingClientRect().right > edge + 1 && !scrolls(one.parentElement))
                .slice(0, 5).map((one) => `wider than the page: ${one.outerHTML.slice(0, 120)}`);
        }""")
        return found


def a_looker(installation: Installation, new_context: NewContext, email: str | None) -> Looker:
    context = new_context()
    if email:
        cookie = installation.visit_of(email)
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": installation.url}])
    return Looker(context.new_page(), installation.url)


@pytest.mark.parametrize(
    "address", [*whole([*MANAGER_PAGES, *LEADER_PAGES]), "/me", "/no-such-page", "/requests/9999"]
)
def test_the_managers_pages(full: Installation, new_context: NewContext, address: str) -> None:
    assert a_looker(full, new_context, MANAGER).look_at(address) == []


ITERATION_PAGES = ("/iterations/20", "/iterations/20/planning", "/iterations/20/review")


def test_the_managers_pages_while_things_are_open(full: Installation, new_context: NewContext) -> None:
    looker = a_looker(full, new_context, MANAGER)
    waiting = one_that_is(full, RequestStatus.SUBMITTED)
    verdicts = ("accept", "join", "snooze", "redirect")
    addresses = [f"/requests/{waiting.id}?verdict={verdict}" for verdict in verdicts]
    assert [what for address in [*addresses, *ITERATION_PAGES] for what in looker.look_at(address)] == []


@pytest.mark.parametrize("address", whole(LEADER_PAGES))
def test_a_leaders_pages(full: Installation, new_context: NewContext, address: str) -> None:
    assert a_looker(full, new_context, LEADER).look_at(address) == []


@pytest.mark.parametrize(
    "address", [*whole(PUBLIC_PAGES), "/no-such-page", "/sign-in/old-link", "/styleguide"]
)
def test_everybodys_pages(full: Installation, new_context: NewContext, address: str) -> None:
    assert a_looker(full, new_context, None).look_at(address) == []


@pytest.mark.parametrize("status", ["submitted", "needs_info", "accepted", "declined", "verified", "joined"])
def test_a_requesters_own_page(full: Installation, new_context: NewContext, status: str) -> None:
    found = one_that_is(full, RequestStatus(status))
    looker = a_looker(full, new_context, None)
    assert looker.look_at(full.links.tracking_path(found)) == []


def test_whether_it_is_still_needed(full: Installation, new_context: NewContext) -> None:
    found = one_that_is(full, RequestStatus.WAITLISTED)
    with full.database.writing() as session:
        asked = Nudge(learning_request_id=found.id, kind="still_needed", sent_at=datetime.now(UTC))
        session.add(asked)
        session.flush()
        path = full.links.nudge_path(asked, found)
    looker = a_looker(full, new_context, None)
    wrong = [looker.look_at(f"{path}{chosen}") for chosen in ("", "?answer=solved", "?answer=join")]
    assert wrong == [[], [], []]


def test_a_signed_in_requesters_pages(full: Installation, new_context: NewContext) -> None:
    found = one_that_is(full, RequestStatus.NEEDS_INFO)
    looker = a_looker(full, new_context, requester_of(full, found))
    addresses = ["/requests", "/requests/new", "/me", f"{full.links.tracking_path(found)}/answers"]
    assert [what for address in addresses for what in looker.look_at(address)] == []


def test_a_draft_what_two_wrote_and_what_follows(full: Installation, new_context: NewContext) -> None:
    looker = a_looker(full, new_context, None)
    page = looker.page
    page.goto(f"{full.url}/requests/new")
    page.locator("#title").fill("Zebra crossings for warehouse robots")
    page.get_by_role("button", name="Save and finish later").click()
    draft = page.url.partition("?")[0]
    assert looker.look_closely() == []
    prints = page.locator("[name=seen]").input_value()
    for title in ("Zebra crossings", "Robots"):
        answer = page.request.post(draft, form={"title": title, "seen": prints})
        assert answer.status in {200, 409}
    page.set_viewport_size(DESK)  # type: ignore[arg-type] # a ViewportSize
    page.evaluate("prints => { document.querySelector('[name=seen]').value = prints }", prints)
    page.locator("#title").fill("Stripes")
    page.get_by_role("button", name="Save and finish later").click()
    page.get_by_role("heading", name="Two of you wrote here").wait_for()
    assert looker.look_closely() == []
    page.get_by_role("button", name="Keep these").click()
    page.set_viewport_size(DESK)  # type: ignore[arg-type] # a ViewportSize
    page.locator("#problem").fill("Robots and people meet where nobody expects the other.")
    page.locator("#requester_email").fill("rita@fernweh.example")
    page.get_by_role("button", name="Send the request").last.click()
    page.locator("#next").wait_for()
    assert looker.look_closely() == []
    assert looker.look_at(urlsplit(draft).path) == []


def test_forms_with_errors(full: Installation, new_context: NewContext) -> None:
    looker = a_looker(full, new_context, None)
    for address in ("/requests/new", "/sign-in"):
        looker.page.goto(full.url + address)
        looker.page.locator("main button[type=submit]:not([aria-hidden])").first.click()
        assert looker.page.locator(".field.wrong").first.is_visible()
        assert looker.look_closely() == []


def test_the_first_visit(fresh: Installation, new_context: NewContext) -> None:
    looker = a_looker(fresh, new_context, None)
    looker_link = urlsplit(fresh.manager_link()).path
    assert looker.look_at(looker_link) == []
    looker.page.get_by_role("button", name="Sign in").click()
    assert looker.look_at("/welcome") == []


def test_empty_pages(settled: Installation, new_context: NewContext) -> None:
    looker = a_looker(settled, new_context, "mara@fernweh.example")
    addresses = [
        "/inbox", "/backlog", "/plan", "/board", "/iterations", "/flow", "/projects", "/proof", "/cases", "/cases/new", "/worth", "/settings/rates", "/reports", "/outbox", "/settings",
        "/settings/imports", "/settings/imports/boards", "/settings/learning", "/settings/calendar", "/settings/form", "/settings/form/questions/new", "/settings/form/preview", "/settings/form/changes",
        "/settings/form/versions/1", "/settings/causes", "/settings/causes/versions/1", "/people", "/people/1", "/requests",
    ]  # fmt: skip
    assert [what for address in addresses for what in looker.look_at(address)] == []


@pytest.mark.parametrize(("audience", "about"), [("manager", {}), ("showcase", {"project": 1})])
def test_a_report_for_another_audience(
    full: Installation, new_context: NewContext, audience: str, about: dict[str, int]
) -> None:
    at = datetime.now(UTC)
    with full.database.writing() as session:
        until = at.date()
        since = until - timedelta(days=182)
        asked = editions.ask(session, kind="custom", period_start=since, period_end=until, by=None, at=at)
        asked.design = {"audience": audience, "sections": preset(audience), **about}
        session.flush()
        report.build(session, asked.id, now=at, flow_run_id=None)
        address = f"/reports/{asked.id}"
    assert a_looker(full, new_context, MANAGER).look_at(address) == []


def test_the_form_is_light_on_first_sight(full: Installation, new_context: NewContext) -> None:
    page = new_context(phone=True).new_page()
    wire = page.context.new_cdp_session(page)
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    wire.send("Network.enable")
    page.goto(f"{full.url}/requests/new", wait_until="networkidle")
    assert 20_000 < sum(sizes) < FIRST_VIEW_BYTES


def one_that_is(installation: Installation, status: RequestStatus) -> LearningRequest:
    with installation.database.reading() as session:
        found = session.scalars(select(LearningRequest).where(LearningRequest.status == status)).first()
    assert found is not None
    return found


def requester_of(installation: Installation, found: LearningRequest) -> str:
    with installation.database.reading() as session:
        return session.get_one(Person, found.requester_id).email
