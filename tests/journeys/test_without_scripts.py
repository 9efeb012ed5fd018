"""Asking and following a request in a browser that runs no script."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_story import labelled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


@pytest.fixture
def page(settled: Installation, new_context: NewContext) -> Page:
    opened = new_context(phone=True, java_script_enabled=False).new_page()
    opened.goto(f"{settled.url}/requests/new")
    return opened


def fill_in(page: Page) -> None:
    labelled(page, "A short title").fill("Quotes take too long")
    labelled(page, "What is the problem or opportunity?").fill("Four days for a quote.")
    labelled(page, "How many").fill("20-30")
    labelled(page, "Your e-mail").fill("rita@fernweh.example")


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(page: Page) -> None:
    fill_in(page)
    labelled(page, "How many").fill("a few")
    labelled(page, "Your e-mail").fill("rita at fernweh")
    with page.expect_response("**/requests") as answered:
        page.get_by_role("button", name="Send the request").last.click()
    assert answered.value.status == 422
    expect(page.locator(".field.wrong")).to_have_count(2)
    expect(page.locator("#errors li")).to_have_count(2)
    for label, typed in (("How many", "a few"), ("Your e-mail", "rita at fernweh")):
        field = labelled(page, label)
        expect(field).to_have_value(typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        own = page.locator(f"#{field.get_attribute('id')}-error")
        expect(own).to_be_visible()
        assert own.get_attribute("id") in (field.get_attribute("aria-describedby") or "").split()
    expect(labelled(page, "What is the problem or opportunity?")).to_have_value("Four days for a quote.")


def test_a_request_is_sent_talked_about_and_withdrawn(page: Page) -> None:
    fill_in(page)
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()
    page.reload()
    expect(page.locator("#status")).to_contain_text(re.compile("We're reading it|queue for a decision"))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#words-error")).to_have_text("Please write something first.")
    page.get_by_label("Add something or ask").fill("It is worst in May.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#conversation")).to_contain_text("It is worst in May.")
    page.get_by_text("Still needed, or not?").click()
    page.get_by_role("button", name="Withdraw the request").click()
    expect(page.locator("#status")).to_contain_text("You withdrew this request")
    expect(page.get_by_role("button", name="Withdraw the request")).to_have_count(0)
