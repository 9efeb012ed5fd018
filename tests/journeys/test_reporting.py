"""A sponsor's report: designed, its sections changed by hand and by key, built, and read by a link without an account."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_story import labelled
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

MANAGER = "hanna.lindqvist@fernweh.example"


def test_a_sponsors_report_is_designed_built_and_shared(full: Installation, new_context: NewContext) -> None:
    context = new_context()
    context.add_cookies([{"name": COOKIE, "value": full.visit_of(MANAGER), "url": full.url}])
    page = context.new_page()
    page.goto(f"{full.url}/reports")
    design(page)
    change_sections(page)
    address = build_and_share(page)
    read_without_an_account(new_context(phone=True).new_page(), address)
    end_the_link(page, address)


def design(page: Page) -> None:
    page.get_by_role("link", name="Design a report").click()
    page.get_by_role("radio", name="For the sponsor of a goal").check()
    labelled(page, "What it is called").fill("Safety, for the plant manager")
    page.get_by_label("Which goal").select_option("Nobody gets hurt")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Safety, for the plant manager")).to_be_visible()


def change_sections(page: Page) -> None:
    """Up by its button, off by its box, a title and words of one's own; kept with one press."""
    section = page.locator("#section-decisions")
    names = page.locator(".section-line").evaluate_all("lines => lines.map(line => line.id)")
    section.get_by_role("button", name="Move up").focus()
    page.keyboard.press("Enter")
    moved = page.locator(".section-line").evaluate_all("lines => lines.map(line => line.id)")
    assert moved.index("section-decisions") == names.index("section-decisions") - 1
    expect(section.get_by_role("button", name="Move up")).to_be_focused()
    expect(page.locator("#unsaved")).to_be_visible()
    page.locator("#section-slippage").get_by_role("checkbox").uncheck()
    section.get_by_text("Title and words").click()
    page.locator("#title_decisions").fill("Three things from you")
    page.locator("#words_decisions").fill("The second cannot wait until spring.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Kept.")
    expect(page.locator("#title_decisions")).to_have_value("Three things from you")
    expect(page.locator("#section-slippage").get_by_role("checkbox")).not_to_be_checked()


def build_and_share(page: Page) -> str:
    page.get_by_label("Report on").select_option("Last quarter")
    page.get_by_role("button", name="Build the report").click()
    document = page.locator("#edition")
    expect(document).to_contain_text("Checksum of the figures", timeout=60_000)
    expect(document.get_by_role("heading", name="Three things from you")).to_be_visible()
    expect(document).to_contain_text("The second cannot wait until spring.")
    expect(document.get_by_role("heading", name="Promised dates, and dates now")).to_have_count(0)
    page.get_by_text("Share it by a link").click()
    labelled(page, "Who it is for").fill("Plant manager")
    page.get_by_label("It works for").select_option("7 days")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("status")).to_contain_text("The link is there.")
    return page.get_by_label("Link for Plant manager").input_value()


def read_without_an_account(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Three things from you")).to_be_visible()
    expect(page.get_by_text("This link opens this report and nothing else.")).to_be_visible()
    answer = page.request.get(f"{address}.pdf")
    assert (answer.headers["content-type"], answer.body()[:5]) == ("application/pdf", b"%PDF-")
    page.goto(re.sub(r"/shared/.*", "/reports", address))
    expect(page).to_have_url(re.compile("/sign-in"))


def end_the_link(page: Page, address: str) -> None:
    page.get_by_role("button", name="End it").click()
    page.goto(address)
    expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
