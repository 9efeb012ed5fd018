"""A manager makes a survey from a template, the clock writes, and somebody answers on a phone from the mail, once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portfolio import survey_invitations
from portfolio.models import Mail, Person, Response
from portfolio.rules.survey_mails import may_write
from portfolio.states import Role
from tests.factory import a_project
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_every_page import Looker
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]


def test_a_survey_goes_out_and_is_answered_on_a_phone_once(
    settled: Installation, new_context: NewContext
) -> None:
    manager = a_manager(settled, new_context)
    name_who_takes_part(manager, settled.url)
    make_and_open_it(manager, settled.url)
    address = address_in_the_mail(settled)
    phone = new_context(phone=True, java_script_enabled=False).new_page()
    phone.goto(address)
    expect(phone.get_by_label("Alone, without help")).to_be_checked()
    phone.get_by_role("button", name="Send just this answer").click()
    expect(phone.get_by_text("Your answers are in.")).to_be_visible()
    phone.goto(address)
    expect(phone.get_by_role("heading", name="You have answered this already")).to_be_visible()
    with settled.database.reading() as session:
        assert list(session.scalars(select(Response.answers))) == [{"ready": "Alone, without help"}]
    manager.goto(f"{settled.url}/surveys/1")
    expect(manager.locator("#answered")).to_contain_text("1 of 2")
    addresses = (
        "/surveys",
        "/surveys/1",
        "/surveys/1/preview",
        "/settings/surveys/needs",
        "/projects/1/participants",
    )
    looker = Looker(manager, settled.url)
    assert [what for one in addresses for what in looker.look_at(one)] == []
    stranger = Looker(new_context(phone=True).new_page(), settled.url)
    other = other_link(settled).removeprefix(settled.url)
    assert [
        what for end in ("", "?question=ready&answer=2", "/refusal") for what in stranger.look_at(other + end)
    ] == []


def a_manager(settled: Installation, new_context: NewContext) -> Page:
    """Mara, signed in, with one project."""
    with settled.database.writing() as session:
        mara = next(one for one in session.scalars(select(Person)) if one.has_role(Role.MANAGER))
        a_project(session, by=mara)
    context = new_context()
    cookie = settled.visit_of("mara@fernweh.example")
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": settled.url}])
    return context.new_page()


def name_who_takes_part(page: Page, url: str) -> None:
    page.goto(f"{url}/projects/1")
    page.get_by_role("link", name="Who takes part").click()
    page.get_by_label("One person a line").fill(
        "Kim Park <kim@fernweh.example>, Sales\nPat <pat@fernweh.example>"
    )
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_text("Kim Park", exact=True)).to_be_visible()
    page.get_by_role("link", name="Make a survey for them").click()


def make_and_open_it(page: Page, url: str) -> None:
    page.get_by_label("Start from").select_option(label="At the end")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="At the end: Faster quotes")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    assert Looker(page, url).look_at("/surveys/1/edit") == []
    page.locator("#q_7_label").fill("What else?")
    page.locator("#q_7_kind").select_option("text")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="7 questions")).to_be_visible()
    page.get_by_role("button", name="Open it").click()
    expect(page.locator("#answered")).to_contain_text("0 of 2")


def address_in_the_mail(settled: Installation) -> str:
    """Kim's link to the fourth answer, out of the mail that the clock queued on the next working day."""
    at = datetime.now(UTC).replace(hour=10)
    while not may_write(at):
        at += timedelta(days=1)
    with settled.database.writing() as session:
        assert survey_invitations.write_due(session, links=settled.links, at=at) == 2
    with settled.database.reading() as session:
        mail = session.scalars(select(Mail).where(Mail.recipient == "kim@fernweh.example")).one()
    found = re.search(r"Alone, without help:\n(\S+)", mail.text)
    assert found is not None
    assert "<img" not in (mail.html or "")
    return found[1]


def other_link(settled: Installation) -> str:
    """Pat's, who hasn't answered."""
    with settled.database.reading() as session:
        mail = session.scalars(select(Mail).where(Mail.recipient == "pat@fernweh.example")).one()
    found = re.search(r"without an account[^:]*:\n(\S+)", mail.text)
    assert found is not None
    return found[1]
