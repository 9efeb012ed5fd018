"""The plan in a real browser: a slider is dragged, let go, and the plan accepted; by keyboard and without a script."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_every_page import MANAGER, a_looker

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("pages")]


def test_a_slider_moved_by_keys_answers_and_keeps_its_address(
    full: Installation, new_context: NewContext
) -> None:
    page = a_looker(full, new_context, MANAGER).page
    page.goto(f"{full.url}/plan")
    before = page.locator("#sentence").inner_text()
    page.get_by_label("Hours a week", exact=True).focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Accept this plan on these terms")).to_be_visible()
    expect(page).to_have_url(re.compile(r"hours=25"))
    page.reload()
    asked = page.locator("#sentence").inner_text()
    assert asked != before
    page.get_by_label("Hours a week", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#sentence")).not_to_have_text(asked)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#sentence")).to_have_text(asked)
