"""An iteration in a browser: plan by moving the line with keys, start, let something in, close; the next one begins with the rest."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portfolio import cards
from portfolio.models import Card, Person
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]


def test_an_iteration_is_planned_by_its_line_lived_through_and_followed(
    settled: Installation, new_context: NewContext
) -> None:
    add_cards(settled)
    page = new_context().new_page()
    page.goto(settled.manager_link())
    page.get_by_role("button", name="Sign in").click()
    move_the_line(page, settled)
    let_one_more_in(page)
    close_with_a_review(page, settled)
    plan_the_next(page)


def add_cards(installation: Installation) -> None:
    """Five cards of 8 hours; about three fit into the 30 hours of two weeks."""
    with installation.database.writing() as session:
        manager = session.scalars(select(Person).where(Person.email == "mara@fernweh.example")).one()
        for name in ("One", "Two", "Three", "Four", "Five"):
            cards.add(session, title=f"Card {name}", by=manager, at=datetime.now(UTC), estimate_hours=8)


def move_the_line(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.url}/iterations")
    page.get_by_label("Goal").fill("A first quote aid")
    page.get_by_role("button", name="Plan it").click()
    line = page.get_by_role("slider")
    expect(line).to_have_attribute("aria-valuenow", "3")  # what fits is proposed
    line.focus()
    for key in ("End", "ArrowUp", "Home", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#fit-words")).to_contain_text("2 cards, 16 h by estimates")
    expect(line).to_be_focused()
    expect(page.locator("#said")).to_contain_text("2 cards")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_role("button", name="Start the iteration").click()
    expect(page.locator(".headline")).to_contain_text("0 of 2 cards done")


def let_one_more_in(page: Page) -> None:
    page.get_by_role("link", name="Change what is in it").click()
    box = page.get_by_role("checkbox", checked=False).first
    box.check()
    expect(page.locator("#fit-words")).to_contain_text("3 cards")
    page.get_by_role("button", name="Keep the plan").click()
    page.get_by_role("link", name="Iteration 1").click()
    expect(page.locator("#scope")).to_contain_text("Came in")
    expect(page.locator("#scope")).to_contain_text("Mara Manager")


def close_with_a_review(page: Page, installation: Installation) -> None:
    with installation.database.writing() as session:
        card = session.scalars(select(Card).where(Card.title == "Card One")).one()
        manager = session.scalars(select(Person).where(Person.email == "mara@fernweh.example")).one()
        cards.place(session, card, cards.columns(session)[4], by=manager, at=datetime.now(UTC))
    page.reload()
    expect(page.locator(".headline")).to_contain_text("1 of 3 cards done")
    page.get_by_role("link", name="Close with a review").click()
    page.get_by_label("What do we try next time?").fill("Begin with two cards")
    page.get_by_role("button", name="Close the iteration").click()
    expect(page.locator(".kpis")).to_contain_text("of 3 cards held")
    expect(page.locator(".kpis")).to_contain_text("1 added, 0 removed later")


def plan_the_next(page: Page) -> None:
    page.get_by_role("link", name="Iterations").first.click()
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text("Last time you wanted to try: Begin with two cards")).to_be_visible()
    expect(page.locator("#picks > *").first).to_have_text("Left over from the last iteration")
    titles = [words.split("\n")[0] for words in page.locator(".pick-title").all_inner_texts()]
    assert [title.split(" Backlog")[0] for title in titles[:2]] == ["Card Two", "Card Three"]
