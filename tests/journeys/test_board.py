"""The board in real browsers: two side by side, a phone, by keys in lanes, many cards at once, without motion."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from portfolio import cards, columns, people, projects
from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_story import card, column, drag, drag_by_finger, expect_in, titles_in
from web.people import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

LONGER_THAN_NEWS_TAKES = 1_500
"""Milliseconds; how quickly others see a move, bin/bench board says."""


@pytest.fixture
def stocked(settled: Installation) -> Installation:
    """Six cards in the backlog, four of a project, and a column that takes one card only."""
    now = datetime.now(UTC)
    with settled.database.writing() as session:
        manager = people.find(session, "mara@fernweh.example")
        assert manager is not None
        project = projects.add(session, name="Quotes", solution_type="job_aid", by=manager, at=now)
        for place in range(6):
            cards.add(
                session, title=f"Card {place}", project=project if place < 4 else None, by=manager, at=now
            )
        doing = columns.listed(session)[2]
        columns.edit(session, doing, wip_limit=1, limit_blocks=True, by=manager, at=now)
    return settled


def opened(new_context: NewContext, installation: Installation, query: str = "", **options: object) -> Page:
    context = new_context(**options)
    visit = installation.visit_of("mara@fernweh.example")
    context.add_cookies([{"name": COOKIE, "value": visit, "url": installation.url}])
    page = context.new_page()
    page.goto(f"{installation.url}/board{query}")
    return page


def test_two_browsers_side_by_side_and_a_limit(stocked: Installation, new_context: NewContext) -> None:
    mine, other = opened(new_context, stocked), opened(new_context, stocked)
    drag(mine, card(mine, "Card 0"), column(mine, "Doing").locator(".cards"))
    expect_in(other, "Card 0", "Doing")
    expect(column(other, "Doing")).to_contain_text("full, takes no more")

    drag(other, card(other, "Card 1"), column(other, "Doing").locator(".cards"))
    expect(other.locator("#board-note")).to_contain_text("Doing is full")
    expect_in(other, "Card 1", "Backlog")

    # Nothing is drawn again under a hand that holds a card; what the other did shows when it lets go.
    box = card(mine, "Card 2").bounding_box()
    assert box is not None
    mine.mouse.move(box["x"] + 40, box["y"] + 15)
    mine.mouse.down()
    mine.mouse.move(box["x"] + 60, box["y"] + 40, steps=5)
    with stocked.database.writing() as session:  # a browser drags one thing at a time, in all its windows
        manager = people.find(session, "mara@fernweh.example")
        third = cards.find(session, 4)
        assert third is not None
        cards.place(session, third, columns.listed(session)[1], by=manager, at=datetime.now(UTC))
    expect_in(other, "Card 3", "Next")
    mine.wait_for_timeout(LONGER_THAN_NEWS_TAKES)
    expect_in(mine, "Card 3", "Backlog")
    mine.mouse.up()
    expect_in(mine, "Card 3", "Next")
    assert sorted(titles_in(mine, "Backlog")) == ["Card 1", "Card 2", "Card 4", "Card 5"]


def test_adding_and_choosing_many_by_keys_alone(stocked: Installation, new_context: NewContext) -> None:
    page, other = opened(new_context, stocked, reduced_motion="reduce"), opened(new_context, stocked)
    page.keyboard.press("n")
    for words in ("First thought", "Second thought"):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        expect_in(page, words, "Backlog")
    expect(page.locator("#said")).to_contain_text("Second thought added to Backlog.")
    expect(page.locator("#new-1")).to_be_focused()
    expect_in(other, "Second thought", "Backlog")

    card(page, "Card 4").focus()
    for key in ("x", "ArrowDown", "x"):
        page.keyboard.press(key)
    expect(page.locator("#many")).to_contain_text("2 cards chosen")
    page.locator("#many-act").focus()
    page.keyboard.type("Next")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_in(page, "Card 5", "Next")
    expect_in(other, "Card 4", "Next")
    expect(page.locator("#many")).to_be_hidden()

    card(page, "Card 5").focus()
    for key in ("Space", "Home", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("#said")).to_have_text("Card 5 put into Waiting.")
    expect_in(other, "Card 5", "Waiting")
    expect(card(page, "Card 5")).to_be_focused()


def test_lanes_filters_and_a_saved_view(stocked: Installation, new_context: NewContext) -> None:
    page = opened(new_context, stocked)
    page.get_by_label("Lanes").select_option("By project")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("lanes=project"))
    lane = page.locator('.lane[data-name="Quotes"]')
    expect(lane.locator(".ticket")).to_have_count(4)
    card(page, "Card 4").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#said")).to_have_text("Backlog, Quotes, place 5.")
    with page.expect_response("**/placement"):
        page.keyboard.press("Space")
    expect(lane.locator(".lane-name")).to_contain_text("5 cards")

    page.get_by_text("Keep this view").click()
    page.get_by_label("Name of the view").fill("By project")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("link", name="By project")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("lanes=project"))
    page.get_by_label("Words").fill("Card 5")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".ticket")).to_have_count(1)


def test_a_phone_without_motion_moves_a_card_by_touch(stocked: Installation, new_context: NewContext) -> None:
    page = opened(new_context, stocked, phone=True, reduced_motion="reduce")
    drag_by_finger(page, card(page, "Card 0"), column(page, "Next").locator(".cards"))
    expect_in(page, "Card 0", "Next")
    page.get_by_role("button", name="Choose cards").tap()
    card(page, "Card 1").tap()
    expect(page.locator("#many")).to_contain_text("1 card chosen")
    expect(page).to_have_url(re.compile("/board$"))
    page.locator("#many-act").select_option("archive")
    page.get_by_role("button", name="Do it").tap()
    expect(card(page, "Card 1")).to_have_count(0)
    page.get_by_role("link", name="Archive").tap()
    page.get_by_role("button", name="Bring back Card 1").tap()
    page.get_by_role("link", name="Board").first.tap()
    expect_in(page, "Card 1", "Backlog")
