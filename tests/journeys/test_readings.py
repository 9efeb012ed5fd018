"""Whoever has the number is asked by mail when it is due, types it on a phone without scripts, and the manager sees what it proves."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portfolio import evaluation_asks, measures
from portfolio.models import EvaluationStep, Mail, Person
from tests.factory import a_project
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_every_page import Looker
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]


def test_an_owner_gives_a_reading_from_the_mail_and_the_page_says_what_it_proves(
    settled: Installation, new_context: NewContext
) -> None:
    address = asked(settled)
    phone = new_context(phone=True, java_script_enabled=False).new_page()
    phone.goto(address)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Days for a quote")
    expect(phone.get_by_text("it was 2.1 days.")).to_be_visible()
    phone.get_by_role("button", name="Give this number").click()
    expect(phone.locator("#value-error")).to_contain_text("Please give a number.")
    phone.get_by_label("days").fill("1,9")
    phone.get_by_role("button", name="Give this number").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    stranger = new_context(phone=True).new_page()
    assert Looker(stranger, settled.url).look_at(address.removeprefix(settled.url)) == []

    context = new_context()
    cookie = settled.visit_of("mara@fernweh.example")
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": settled.url}])
    manager = context.new_page()
    manager.goto(f"{settled.url}/measures")
    manager.get_by_role("link", name="Days for a quote").click()
    expect(manager.locator(".page-head .lede")).to_contain_text(
        re.compile(r"^It worked\. 2\.\d+ days lower \(95 % range")
    )
    expect(manager.get_by_role("img", name=re.compile("Days for a quote in days: 6 values"))).to_be_visible()
    wrong = manager.locator("#readings tbody tr").first
    expect(wrong).to_contain_text("1.9")
    wrong.locator("summary").click()
    wrong.get_by_label("Why is it wrong?").fill("Another quarter")
    wrong.get_by_role("button", name="Take it back").click()
    expect(manager.get_by_role("status")).to_have_text("The reading was taken back.")
    assert Looker(manager, settled.url).look_at("/measures/1") == []


def asked(installation: Installation) -> str:
    """A measure read before and after, whose owner is asked now; the address in the mail."""
    now = datetime.now(UTC)
    today = now.date()
    with installation.database.writing() as session:
        mara = session.scalars(select(Person).where(Person.email == "mara@fernweh.example")).one()
        project = a_project(session, by=mara, at=now - timedelta(days=120))
        one = measures.add(
            session, name="Days for a quote", unit="days", higher_is_better=False, worthwhile_change=1, project=project,
            by=mara, at=now, cut_on=today - timedelta(days=60),
        )  # fmt: skip
        for days, value in ((100, 4.0), (93, 4.4), (86, 4.2), (40, 2.0), (33, 2.1)):
            on: date = today - timedelta(days=days)
            measures.read(session, one, value=value, on=on, after=days < 60, by=mara, at=now)
        session.add(
            EvaluationStep(
                project_id=project.id, level=4, what="Did it move?", measure_id=one.id, owner_email="olga@fernweh.example", due_on=today
            )
        )  # fmt: skip
        session.flush()
        assert (
            evaluation_asks.take(session, 1, links=installation.links, zone=UTC, is_daytime=True, at=now)
            == "asked"
        )
    with installation.database.reading() as session:
        text = session.scalars(select(Mail.text).where(Mail.recipient == "olga@fernweh.example")).one()
    found = re.search(rf"{re.escape(installation.url)}/readings/\S+", text)
    assert found is not None, text
    return found[0]
