"""The main parts of the job by keyboard alone: nothing here points, and nothing is focused but by Tab."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_story import card, expect_in, titles_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

MOST_TABS = 90
IS_FOCUSED = """([tag, words]) => {
    const focused = document.activeElement;
    return focused.matches(tag) && focused.innerText.trim().startsWith(words);
}"""


def test_the_main_parts_by_keyboard_alone(fresh: Installation, new_context: NewContext) -> None:
    page = new_context().new_page()
    enter_and_set_up(page, fresh)
    guest = new_context().new_page()
    for title in ("Quotes take too long", "A course on negotiating"):
        ask(guest, fresh, title)
    decide_by_single_keys(page)
    work_on_the_board(page)
    plan_and_start_an_iteration(page)
    build_a_report(page)


def enter_and_set_up(page: Page, installation: Installation) -> None:
    page.goto(installation.manager_link())
    press_on(page, "Sign in", role="button")
    expect(page.get_by_role("heading", name="Welcome to Outsize")).to_be_visible()
    write_in(page, "name", "Fernweh Bicycles")
    write_in(page, "goal_1", "Keep the customers we have")
    write_in(page, "your_name", "Mara Manager")
    write_in(page, "your_email", "mara@fernweh.example")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def ask(page: Page, installation: Installation, title: str) -> None:
    page.goto(f"{installation.url}/requests/new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    expect(page.locator("#errors")).to_be_visible()
    expect(page.locator("#problem")).to_be_focused()  # the first that is wrong
    page.keyboard.type("New sales people need four days for a quote.")
    write_in(page, "requester_name", "Rita Requester")
    write_in(page, "requester_email", "rita@fernweh.example")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("queue for a decision")


def decide_by_single_keys(page: Page) -> None:
    expect(page.get_by_role("link", name="A course on negotiating")).to_be_visible()
    press_on(page, "Backlog", role="link")  # Enter belongs to what is focused ...
    expect(page.get_by_role("heading", name="Backlog")).to_be_visible()
    page.go_back()
    page.wait_for_load_state()  # keys are heard once the page has its scripts
    page.keyboard.press("Enter")  # ... and else takes up the oldest
    expect(page.get_by_role("heading", name="Quotes take too long")).to_be_visible()
    page.wait_for_load_state()  # keys are heard once the page has its scripts
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="A course on negotiating")).to_be_visible()
    page.wait_for_load_state()  # keys are heard once the page has its scripts
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Decline")).to_be_visible()
    tab_to(page, "#words", within=4)
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type("we have it on the shelf: a and j are only letters here.")
    press_on(page, "Decline", role="button")
    expect(page.get_by_role("heading", name="Quotes take too long")).to_be_visible()
    page.wait_for_load_state()  # keys are heard once the page has its scripts
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Take it on")).to_be_visible()
    press_on(page, "Take it on", role="button")
    expect(page.get_by_text("All decided")).to_be_visible()


def work_on_the_board(page: Page) -> None:
    press_on(page, "Board", role="link")
    title = titles_in(page, "Backlog")[0]
    tab_to(page, f'.ticket[data-title="{title}"]')
    for key in ("ArrowDown", "ArrowUp", "Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("#said")).to_have_text(f"{title} put into Doing.")
    expect_in(page, title, "Doing")
    page.wait_for_timeout(800)  # the live board has drawn the column again meanwhile
    expect(card(page, title)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_label("Move to")).to_have_value(re.compile(r"\d+"))
    page.keyboard.press("u")
    expect_in(page, title, "Doing")


def plan_and_start_an_iteration(page: Page) -> None:
    press_on(page, "Iterations", role="link")
    expect(page.get_by_role("heading", name="Iterations")).to_be_visible()
    write_in(page, "goal", "A first quote aid")
    press_on(page, "Plan it", role="button")
    expect(page.get_by_role("heading", name="Iteration 1")).to_be_visible()
    tab_to(page, "#pick-line")
    for key in ("Home", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    press_on(page, "Start the iteration", role="button")
    press_on(page, "Close with a review", role="link")
    expect(page.get_by_role("button", name="Close the iteration")).to_be_visible()
    tab_to(page, "#shown")
    page.keyboard.type("The aid")
    press_on(page, "Close the iteration", role="button")
    expect(page.locator(".kpis")).to_contain_text("of 1 cards held")


def build_a_report(page: Page) -> None:
    press_on(page, "Reports", role="link")
    expect(page.get_by_role("heading", name="Reports")).to_be_visible()
    press_on(page, "Build the report", role="button")
    expect(page.locator("#edition")).to_contain_text("Checksum of the figures", timeout=30_000)
    press_on(page, "Mail it to a list", role="summary")
    write_in(page, "recipients", "lena@fernweh.example")
    press_on(page, "Send the report", role="button")
    expect(page.get_by_role("status")).to_contain_text("On its way to 1 person")


def tab_to(page: Page, selector: str, within: int = MOST_TABS) -> None:
    """Press Tab until the first of these has the focus, and see that the focus can be seen."""
    for _ in range(within):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement === document.querySelector(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", selector
            return
    pytest.fail(f"{within} times Tab did not lead to {selector}")


def write_in(page: Page, name: str, words: str) -> None:
    tab_to(page, f"#{name}, [name={name}]")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(words)


def press_on(page: Page, words: str, role: str) -> None:
    """Tab to what says this, press Enter, and wait for the page it leads to."""
    tag = {"button": "button", "link": "a", "summary": "summary"}[role]
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(IS_FOCUSED, [tag, words]):
            break
    else:
        pytest.fail(f"{MOST_TABS} times Tab did not lead to the {role} {words!r}")
    if role == "summary":
        page.keyboard.press("Enter")
        return
    with page.expect_navigation():
        page.keyboard.press("Enter")
