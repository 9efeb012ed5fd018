"""A manager asks somebody who knows; the expert does it on a phone without an account; the manager sees it as it happens."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portfolio.models import Mail, Person
from portfolio.states import Role
from tests.factory import a_card
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_every_page import AXE, Looker
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]


def test_an_expert_helps_from_a_phone_and_the_manager_sees_it_live(
    settled: Installation, new_context: NewContext
) -> None:
    manager = a_manager(settled, new_context)
    manager.goto(f"{settled.url}/cards/1")
    make_the_checklist(manager)
    ask_eli(manager)
    address = link_in_the_mail(settled)
    phone = new_context(phone=True, java_script_enabled=False).new_page()
    phone.goto(address)
    expect(phone.get_by_text("Nobody trues a wheel as you do.")).to_be_visible()
    name_eli(manager)
    work_and_finish(phone)
    expect(manager.locator("#experts")).to_contain_text("Done")
    expect(manager.locator("#checklist")).to_contain_text("1 of 2 done")
    expect(manager.locator("#work")).to_contain_text("1.5 h taken so far")
    expect(manager.locator("#comment")).to_have_value("@Eli Expert I am writing this while you work")
    manager.locator("#comment").press("Control+Enter")
    expect(manager.locator("#comments")).to_contain_text("Filmed twice, both are good.")
    expect(manager.locator("#comments")).to_contain_text("I am writing this while you work")
    for page, at in ((manager, "/cards/1"), (phone, address.removeprefix(settled.url))):
        if page is manager:
            assert Looker(page, settled.url).look_at(at) == []
    stranger = new_context(phone=True).new_page()
    assert Looker(stranger, settled.url).look_at(address.removeprefix(settled.url)) == []


def test_a_small_ask_is_written_down_by_keys_alone(settled: Installation, new_context: NewContext) -> None:
    manager = a_manager(settled, new_context)
    manager.goto(f"{settled.url}/cards/1")
    manager.locator("#notes").focus()
    manager.keyboard.type("iii 1")
    expect(manager.get_by_role("dialog")).to_have_count(0)
    manager.locator("#notes").blur()
    manager.keyboard.press("?")
    expect(manager.get_by_role("dialog", name="Keys on this page")).to_contain_text("Write a small ask down")
    manager.keyboard.press("Escape")
    for key in ("i", "3"):
        manager.keyboard.press(key)
    manager.evaluate(AXE.read_text("utf-8"))
    assert Looker(manager, settled.url).axe() == []
    manager.keyboard.type("Where is the form?")
    manager.keyboard.press("Enter")
    expect(manager.locator(".toast")).to_contain_text("30 minutes written down.")
    expect(manager.locator("#notes")).to_have_value("iii 1")
    manager.goto(f"{settled.url}/interrupts")
    expect(manager.locator("#latest")).to_contain_text("30 minutes Where is the form?")


def a_manager(settled: Installation, new_context: NewContext) -> Page:
    """Mara, signed in, with one card on her board."""
    with settled.database.writing() as session:
        mara = next(one for one in session.scalars(select(Person)) if one.has_role(Role.MANAGER))
        a_card(session, by=mara, title="Film the trick")
    context = new_context()
    cookie = settled.visit_of("mara@fernweh.example")
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": settled.url}])
    return context.new_page()


def make_the_checklist(page: Page) -> None:
    """By keys: the field keeps the focus, so that line follows line."""
    page.locator("#item").focus()
    for place, words in enumerate(("Film it twice", "Show it to two newcomers"), start=1):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        expect(page.locator(".checklist li")).to_have_count(place)
    expect(page.locator("#item")).to_be_focused()


def ask_eli(page: Page) -> None:
    page.get_by_text("Ask somebody who knows").click()
    page.get_by_label("Who", exact=True).fill("Eli Expert <eli@fernweh.example>")
    page.get_by_label("Why them, and what for").fill("Nobody trues a wheel as you do.")
    page.get_by_label("Hours, about").fill("2")
    page.get_by_role("button", name="Ask by mail").click()
    expect(page.locator("#experts")).to_contain_text("Nothing heard yet")


def name_eli(page: Page) -> None:
    """By keys: an @ and the first letters offer names, and the comment isn't sent yet."""
    page.locator("#comment").focus()
    page.keyboard.type("@e")
    expect(page.get_by_role("option", name="Eli Expert")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.keyboard.type("I am writing this while you work")


def link_in_the_mail(settled: Installation) -> str:
    with settled.database.reading() as session:
        mail = session.scalars(select(Mail).where(Mail.recipient == "eli@fernweh.example")).one()
    found = re.search(r"http\S+/tasks/\d+/\S+", mail.text)
    assert found is not None
    return found[0]


def work_and_finish(phone: Page) -> None:
    """Eli saves once, then is done; nothing but plain forms."""
    phone.get_by_label("Film it twice").check()
    phone.get_by_label("Hours it took you so far").fill("1.5")
    phone.get_by_role("button", name="Save for now").click()
    expect(phone.get_by_role("status")).to_contain_text("Kept.")
    expect(phone.get_by_label("Film it twice")).to_be_checked()
    phone.get_by_label("Anything to say, or to ask?").fill("Filmed twice, both are good.")
    phone.get_by_role("button", name="It's done").click()
    expect(phone.get_by_role("status")).to_contain_text("Thank you.")
