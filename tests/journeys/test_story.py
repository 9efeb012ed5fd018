"""The main job from end to end, in real browsers: ask, decide, move, review, report."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from python_calamine import CalamineWorkbook

from tests.journeys.conftest import NewContext
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("journeys")]

AT_ONCE = 1_000
"""Milliseconds within which others see what somebody did."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_the_whole_story(fresh: Installation, new_context: NewContext) -> None:
    desk = new_context().new_page()
    open_the_house(desk, fresh)

    phone = new_context(phone=True).new_page()
    number, private_link = ask_on_a_phone(phone, fresh)
    assert number == 1
    _, second_link = ask_on_a_phone(
        new_context(phone=True).new_page(), fresh, title="A course on negotiating"
    )

    decline_with_words(desk, title="A course on negotiating")
    see_the_words(phone, desk, second_link)
    accept_into_a_project(desk, title="Quotes take too long")
    phone.goto(private_link)
    expect(phone.locator("#status")).to_contain_text("We're taking this on")

    onlooker = new_context(storage_state=desk.context.storage_state()).new_page()
    onlooker.goto(f"{fresh.url}/board")
    move_by_mouse(desk, onlooker)
    touched = move_by_touch(new_context(phone=True, storage_state=desk.context.storage_state()), fresh)
    expect_in(desk, touched, "Next", within=AT_ONCE)
    move_by_keys(desk, onlooker)

    live_through_an_iteration(desk)
    build_this_quarters_report(desk)
    mail_the_report(desk)


def open_the_house(page: Page, installation: Installation) -> None:
    page.goto(installation.manager_link())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome to Outsize")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("#errors")).to_contain_text("Please fill this in.")
    page.get_by_label("Your organisation's name").fill("Fernweh Bicycles")
    page.get_by_label("Hours a week for L&D").fill("12")
    page.get_by_label("Goal 1").fill("Keep the customers we have")
    page.get_by_label("Goal 2").fill("Fewer accidents in the warehouse")
    page.get_by_label("Your name").fill("Mara Manager")
    page.get_by_label("Your e-mail").fill("mara@fernweh.example")
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(f"{installation.url}/inbox")
    expect(page.get_by_text("Nobody has asked yet")).to_be_visible()


def ask_on_a_phone(
    page: Page, installation: Installation, title: str = "Quotes take too long"
) -> tuple[int, str]:
    """Fill the form in and send it; the status then arrives by itself. Returns number and private link."""
    page.goto(f"{installation.url}/")
    page.get_by_role("link", name="I need something").click()
    expect(page.locator("body.stepwise")).to_be_visible()  # until then all questions are to be seen
    answers = {
        "A short title": title,
        "What is the problem or opportunity?": "New sales people need four days for a quote.\nCustomers leave.",
        "What should people do that they don't do now?": "Write a standard quote within a day.",
        "Who": "New sales people",
        "How many": "20-30",
        "The measure": "Days for a quote",
        "Today": "4",
        "Wanted": "1",
        "What happens if we do nothing?": "We lose about two customers a month.",
        "Why that date": "The trade fair",
        "Your name": "Rita Requester",
        "Your team or department": "Sales",
        "Your e-mail": "rita@fernweh.example",
    }
    for label, words in answers.items():
        while not labelled(page, label).is_visible():
            page.get_by_role("button", name=re.compile("^(Next|Skip)$")).click()
        labelled(page, label).fill(words)
    with installation.clock.rest():
        page.get_by_role("button", name="Send the request").last.click()
        kept = page.get_by_text("We have it. Your request is number")
        alike = page.get_by_role("button", name="Send it all the same")
        expect(kept.or_(alike)).to_be_visible()
        if alike.is_visible():  # the second one, typed quicker than anything could be suggested
            alike.click()
        expect(kept).to_be_visible()
        expect(page.locator("#status")).to_contain_text("We're reading it")
        page.evaluate("document.body.dataset.notReloaded = 'yes'")
    expect(page.locator("#status")).to_contain_text("It's in the queue for a decision", timeout=2 * AT_ONCE)
    expect(page.locator("#status")).to_contain_text(re.compile(r"\d of \d"))
    expect(page.locator("body[data-not-reloaded]")).to_have_count(1)
    found = re.search(r"number (\d+)", page.get_by_role("status").first.inner_text())
    assert found
    page.get_by_text("This private link").click()
    return int(found[1]), page.get_by_label("Private link").input_value()


def decline_with_words(page: Page, title: str) -> None:
    expect(page.get_by_role("link", name=title)).to_be_visible()  # arrived in the open inbox by itself
    page.get_by_role("link", name=title).click()
    expect(page.locator("#score")).to_contain_text("Leverage")
    page.get_by_role("link", name=re.compile("Decline")).click()
    page.get_by_label("Reason, to count by").select_option("Exists already")
    page.get_by_label("Words to Rita Requester").fill(
        "We bought a course like this in May; you can join it on Tuesday."
    )
    page.get_by_role("button", name="Decline").click()


def see_the_words(phone: Page, desk: Page, private_link: str) -> None:
    """The declined person's page and the outbox have them."""
    phone.goto(private_link)
    expect(phone.locator("#status")).to_contain_text("We won't take this on for now")
    expect(phone.locator("#status")).to_contain_text("you can join it on Tuesday")
    here = desk.url
    desk.goto(f"{_origin(desk)}/outbox")
    desk.get_by_role("link", name="News about your request 2: A course on negotiating").click()
    expect(desk.locator("main")).to_contain_text("you can join it on Tuesday")
    expect(desk.locator("main")).to_contain_text(private_link)
    desk.goto(here)


def accept_into_a_project(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title)).to_be_visible()  # the next in line, by itself
    page.get_by_role("link", name="a Take it on").click()
    page.get_by_label("As what?").select_option(label="Job aid")
    page.get_by_role("button", name="Take it on").click()
    expect(page.get_by_text("All decided")).to_be_visible()
    page.get_by_role("link", name="Projects").click()
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def move_by_mouse(page: Page, onlooker: Page) -> None:
    page.get_by_role("link", name="Board").first.click()
    name = titles_in(page, "Backlog")[0]
    drag(page, card(page, name), column(page, "Next").locator(".cards"))
    expect_in(page, name, "Next")
    expect_in(onlooker, name, "Next", within=AT_ONCE)
    page.reload()
    expect_in(page, name, "Next")


def move_by_touch(context: BrowserContext, installation: Installation) -> str:
    page = context.new_page()
    page.goto(f"{installation.url}/board")
    name = titles_in(page, "Backlog")[0]
    drag_by_finger(page, card(page, name), column(page, "Next").locator(".cards"))
    expect_in(page, name, "Next")
    expect(page.locator("#said")).to_contain_text(f"{name} is now in Next.")
    page.reload()
    expect_in(page, name, "Next")
    page.close()
    return name


def move_by_keys(page: Page, onlooker: Page) -> None:
    said = page.locator("#said")
    first, second = titles_in(page, "Next")
    card(page, first).focus()
    page.keyboard.press("Space")
    expect(said).to_contain_text(f"{first} taken up.")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("Doing, place 1.")
    page.keyboard.press("Space")
    expect(said).to_have_text(f"{first} put into Doing.")
    expect(card(page, first)).to_be_focused()
    expect_in(onlooker, first, "Doing", within=AT_ONCE)
    card(page, second).focus()
    for key in ("Space", "ArrowLeft", "Escape"):
        page.keyboard.press(key)
    expect(said).to_have_text("Put back where it was.")
    page.reload()
    expect_in(page, first, "Doing")
    expect_in(page, second, "Next")


def live_through_an_iteration(page: Page) -> None:
    page.get_by_role("link", name="Iterations").first.click()
    page.get_by_label("Goal").fill("A first quote aid that two people have tried")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_label("Or take the first").fill("2")
    page.get_by_role("button", name="Take them").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_role("button", name="Start the iteration").click()
    expect(page.get_by_role("heading", name="Iteration 1", exact=True)).to_be_visible()
    finish_one_of(page)
    page.get_by_role("link", name="Close with a review").click()
    page.get_by_label("What did we show?").fill("The aid, at the sales meeting")
    page.get_by_label("What did we learn?").fill("Keep it to one page")
    page.get_by_label("What follows?").fill("Try it with six more people")
    page.get_by_role("button", name="Close the iteration").click()
    expect(page.locator(".kpis")).to_contain_text("of 2 cards held")
    expect(page.get_by_text("Keep it to one page")).to_be_visible()


def finish_one_of(page: Page) -> None:
    """Take one of the iteration's cards to Done by the plain form on its page."""
    here = page.url
    page.get_by_role("link", name="Board").first.click()
    page.get_by_label("Iteration").select_option(label="This iteration")
    page.get_by_role("button", name="Show").click()
    page.locator(".ticket a").first.click()
    page.get_by_label("Move to").select_option("Done")
    page.get_by_role("button", name="Move").click()
    page.goto(here)


def build_this_quarters_report(page: Page) -> None:
    page.get_by_role("link", name="Reports").first.click()
    page.get_by_label("Report on").select_option("This quarter so far")
    page.get_by_role("button", name="Build the report").click()
    document = page.locator("#edition")
    expect(document).to_contain_text("Keep the customers we have", timeout=30_000)
    expect(document.get_by_text("Checksum of the figures")).to_be_visible()
    check_pdf(page)
    check_workbook(page)


def check_pdf(page: Page) -> None:
    answer = page.request.get(f"{page.url}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    assert len(answer.body()) > 10_000


def check_workbook(page: Page) -> None:
    with page.expect_download() as started:
        page.get_by_role("link", name="XLSX").click()
    assert re.fullmatch(r"quarterly-report-q\d-\d{4}\.xlsx", started.value.suggested_filename)
    answer = page.request.get(f"{page.url}.xlsx")
    assert answer.headers["content-type"] == SHEET
    workbook = CalamineWorkbook.from_filelike(BytesIO(answer.body()))
    texts = [
        str(cell)
        for name in workbook.sheet_names
        for row in workbook.get_sheet_by_name(name).to_python()
        for cell in row
    ]
    assert "Keep the customers we have" in texts


def mail_the_report(page: Page) -> None:
    title = page.locator("#edition h1").inner_text()
    page.get_by_text("Mail it to a list").click()
    page.get_by_label("To", exact=True).fill("lena@fernweh.example, not an address")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("#errors")).to_be_focused()
    page.get_by_label("To", exact=True).fill("lena@fernweh.example, cfo@fernweh.example")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("status")).to_contain_text("On its way to 2 people")
    page.goto(f"{_origin(page)}/outbox")
    for address in ("lena@fernweh.example", "cfo@fernweh.example"):
        line = page.get_by_role("row").filter(has_text=address)
        expect(line).to_contain_text(title)
    page.get_by_role("link", name=title).first.click()
    expect(page.get_by_text("With the report as PDF.")).to_be_visible()


def labelled(page: Page, label: str) -> Locator:
    """The field with just this label; optional ones say so in it."""
    return page.get_by_label(re.compile(f"^{re.escape(label)}( optional)?$"))


def column(page: Page, name: str) -> Locator:
    return page.locator(f'.column[data-name="{name}"]')


def card(page: Page, title: str) -> Locator:
    return page.locator(f'.ticket[data-title="{title}"]')


def titles_in(page: Page, name: str) -> list[str]:
    found = column(page, name).locator(".ticket")
    expect(found.first).to_be_visible()
    return [one.get_attribute("data-title") or "" for one in found.all()]


def expect_in(page: Page, title: str, name: str, within: float = 5_000) -> None:
    expect(column(page, name).locator(f'.ticket[data-title="{title}"]')).to_be_visible(timeout=within)


def drag(page: Page, what: Locator, to: Locator) -> None:
    """By mouse, as a hand does it: press, go a little, go there, let go; then wait until the move is kept."""
    start_x, start_y = middle(what)
    end_x, end_y = middle(to)
    with page.expect_response("**/placement"):
        page.mouse.move(start_x, start_y)
        page.mouse.down()
        page.mouse.move(start_x + 8, start_y + 8, steps=4)
        page.mouse.move(end_x, end_y, steps=12)
        page.mouse.move(end_x + 2, end_y + 2, steps=2)
        page.mouse.up()


def drag_by_finger(page: Page, what: Locator, to: Locator) -> None:
    """By touch: hold until the card comes off, then pull."""
    finger = page.context.new_cdp_session(page)
    start, end = middle(what), middle(to)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        finger.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        )

    with page.expect_response("**/placement"):
        touch("touchStart", start)
        page.wait_for_timeout(350)
        for step in range(1, 13):
            share = step / 12
            touch(
                "touchMove",
                (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])),
            )
            page.wait_for_timeout(20)
        touch("touchEnd")


def middle(of: Locator) -> tuple[float, float]:
    """The middle of what is visible of it on the screen."""
    box = of.bounding_box()
    size = of.page.viewport_size
    assert box
    assert size
    right = min(box["x"] + box["width"], size["width"] - 4)
    return (max(box["x"], 0) + right) / 2, box["y"] + min(box["height"], 80) / 2


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])
