"""From taking a request on to a project that has begun, with scripts and without."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from portfolio import library, people
from portfolio.library import ResourceGiven
from tests.factory import a_request
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_every_page import Looker
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

GUIDE = "Quotes take too long: new sales people write a standard quote"


@pytest.fixture
def asked(settled: Installation) -> Installation:
    """Two requests by Rita of Sales, and a guide that is like them."""
    now = datetime.now(UTC)
    with settled.database.writing() as session:
        a_request(session, links=settled.links, at=now)
        a_request(session, links=settled.links, at=now, title="Quotes take too long in spring")
        library.add(session, ResourceGiven(title=GUIDE), by=None, at=now)
    return settled


def desk(installation: Installation, new_context: NewContext, *, scripts: bool = True) -> Page:
    with installation.database.writing() as session:
        manager = people.meet(session, "mara@fernweh.example", at=datetime.now(UTC))
        token = people.begin_visit(session, manager, now=datetime.now(UTC))
    context = new_context(java_script_enabled=scripts)
    context.add_cookies([{"name": COOKIE, "value": token, "url": installation.url}])
    return context.new_page()


def take_on(page: Page) -> None:
    page.get_by_role("link", name="a Take it on").click()
    page.get_by_label("As what?").select_option(label="Job aid")
    page.get_by_role("button", name="Take it on").click()
    expect(page.get_by_role("heading", name="How it begins")).to_be_visible()


def fill_in_and_begin(page: Page) -> None:
    page.locator("#unit").fill("days")
    page.get_by_label("Smallest change worth it").fill("1.5")
    page.locator("#sponsor").fill("Sven Sponsor")
    page.get_by_label("Expert 1, name or e-mail").fill("Eli Expert <eli@fernweh.example>")
    page.locator("#expert_1_hours").fill("4")
    page.get_by_role("checkbox", name="Keep Publish and tell people").uncheck()
    page.get_by_placeholder("Another card").fill("Tell the shops")
    page.get_by_role("button", name="Begin").click()
    main = page.locator("main")
    expect(main).to_contain_text("moves Days for a quote from 4 to 1 days by 31 March 2027.")
    expect(main).to_contain_text("Eli Expert")
    expect(main).to_contain_text("0 h of 4 h")
    expect(main).to_contain_text("Tell the shops")
    expect(main).not_to_contain_text("Publish and tell people")
    expect(main).to_contain_text("worth it from a change of 1.5 days")


def test_a_request_is_taken_on_and_its_project_begins(asked: Installation, new_context: NewContext) -> None:
    page = desk(asked, new_context)
    page.goto(f"{asked.url}/requests/1")
    exists = page.locator("#reuses")
    # It comes by itself, and takes the place of what said that it comes.
    expect(exists).to_contain_text(GUIDE)
    exists.get_by_role("button", name="about half").first.click()
    expect(exists).to_contain_text("50 % (35–65) of what is needed exists.")
    take_on(page)
    looker = Looker(page, asked.url)
    page.locator("#who").fill("people in the shops")
    expect(page.locator("#sentence")).to_contain_text("a job aid for people in the shops moves")
    page.locator("#measure").fill("")
    expect(page.locator("#sentence .gap")).to_have_text("(which measure?)")
    page.locator("#measure").fill("Days for a quote")
    expect(page.locator("#sentence .gap")).to_have_count(0)
    expect(page.locator("#exists")).to_contain_text("so the cards for making take that much less")
    assert looker.look_closely() == []
    page.set_viewport_size({"width": 1440, "height": 900})
    fill_in_and_begin(page)
    assert looker.look_closely() == []


def test_it_begins_without_scripts_too(asked: Installation, new_context: NewContext) -> None:
    page = desk(asked, new_context, scripts=False)
    page.goto(f"{asked.url}/requests/2")
    page.get_by_role("link", name="Look what the library has for this").click()
    page.get_by_role("button", name="most of it").first.click()
    expect(page.locator("#reuses")).to_contain_text("75 % (60–90) of what is needed exists.")
    page.goto(f"{asked.url}/requests/2")
    take_on(page)
    fill_in_and_begin(page)
