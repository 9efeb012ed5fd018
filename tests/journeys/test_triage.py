"""Deciding by keys alone: each from its suggested verdict, one undone, and what the session came to."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portfolio.models import LearningRequest, Mail
from tests.factory import a_request
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

TITLES = ("Quotes take too long", "A course on negotiating", "Forklift licences")


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()


def test_triage_by_keys_alone_with_undo(settled: Installation, new_context: NewContext) -> None:
    with settled.database.writing() as session:
        for title in TITLES:
            a_request(session, links=settled.links, title=title, at=datetime.now(UTC))
    context = new_context()
    context.add_cookies(
        [{"name": COOKIE, "value": settled.visit_of("mara@fernweh.example"), "url": settled.url}]
    )
    page = context.new_page()
    page.goto(f"{settled.url}/inbox")
    press = page.keyboard.press

    press("Enter")
    heading(page, TITLES[0])
    press("j")
    heading(page, TITLES[1])
    press("ArrowLeft")
    heading(page, TITLES[0])
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    press("d")
    expect(page.get_by_role("button", name="Decline")).to_be_visible()
    press("e")
    page.keyboard.type("there is a guide: j and z are only letters here.")
    press("Escape")
    press("Enter")
    heading(page, TITLES[1])
    expect(page.locator("#undo")).to_contain_text("Declined: “Quotes take too long”.")
    assert int(page.locator("[data-left]").inner_text()) <= 30
    press("z")
    heading(page, TITLES[0])
    expect(page.locator("#words")).to_have_value(re.compile("there is a guide"))
    expect(page.get_by_role("status").filter(has_text="no mail has left")).to_be_visible()

    press("w")
    expect(page.get_by_role("button", name="Put on the waiting list")).to_be_visible()
    press("Enter")
    heading(page, TITLES[1])
    press("q")
    expect(page.get_by_role("button", name="Send the question")).to_be_visible()
    press("e")
    page.keyboard.type("how many people?")
    press("ControlOrMeta+Enter")
    heading(page, TITLES[2])
    press("a")
    expect(page.get_by_role("button", name="Take it on")).to_be_visible()
    press("Enter")
    expect(page.get_by_role("heading", name="All decided")).to_be_visible()
    expect(page.get_by_text("3 decisions in 1 minute")).to_be_visible()
    with settled.database.reading() as session:
        found = session.scalars(select(LearningRequest.status).order_by(LearningRequest.id))
        assert [one.value for one in found] == ["waitlisted", "needs_info", "accepted"]
        assert not session.scalars(select(Mail).where(Mail.text.contains("there is a guide"))).all()
