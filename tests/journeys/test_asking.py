"""Asking in real browsers: a question at a time on a phone, drafts that keep themselves, two at one draft, and no script."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from portfolio.models import FormVersion
from portfolio.questions import FIRST
from tests.journeys.conftest import PHONE, NewContext
from tests.journeys.installation import Installation
from tests.journeys.test_story import labelled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

AXE = Path(__file__).parent.parent / "lib/axe.min.js"
ANSWERS = {
    "A short title": "Quotes take too long",
    "What is the problem or opportunity?": "New people need four days for a quote.",
    "What should people do that they don't do now?": "Write a standard quote within a day.",
    "How many": "20-30",
    "The measure": "Days for a quote",
    "What happens if we do nothing?": "We lose about two customers a month.",
    "Why that date": "The trade fair",
    "Your e-mail": "rita@fernweh.example",
}
"""One answer for each of the eight screens."""


def go_to(page: Page, label: str) -> None:
    """Press Next, on a small screen, until this field is there."""
    for _ in range(9):
        if labelled(page, label).is_visible():
            return
        page.locator("[data-next]").click()
    raise AssertionError(f"no question asks for {label}")


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved \d"))


def axe(page: Page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def test_on_a_phone_one_question_at_a_time(settled: Installation, new_context: NewContext) -> None:
    page = new_context(phone=True).new_page()
    page.goto(f"{settled.url}/requests/new")
    for turn, (label, words) in enumerate(ANSWERS.items(), start=1):
        expect(page.locator("#step-words")).to_have_text(f"Question {turn} of 8")
        expect(page.locator(".question:visible")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollHeight") <= 2 * PHONE["height"]
        if turn > 1:
            within = page.locator(".question:visible").locator("input, textarea").first
            expect(within).to_be_focused()
            expect(page.locator("#said").last).to_have_text(f"Question {turn} of 8.")
        if turn == 3:
            expect(page.locator("[data-next]")).to_have_text("Skip")
            assert axe(page) == []
        labelled(page, label).fill(words)
        if turn == 1:
            page.keyboard.press("Enter")
        elif turn < 8:
            page.get_by_role("button", name="Next").click()
    page.go_back()
    expect(page.locator("#step-words")).to_have_text("Question 7 of 8")
    page.go_forward()
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()
    assert axe(page) == []
    answer_what_follows(page)


def answer_what_follows(page: Page) -> None:
    """At most three more questions, most of them by one press."""
    form = page.locator("#next form")
    for turn in range(3):
        expect(form).to_contain_text(("One more", "A second one", "And the last one")[turn])
        if form.locator(".taps button").count():
            form.locator(".taps button").first.click()
        else:
            form.locator("input:not([type=hidden])").fill("2")
            form.get_by_role("button", name="Answer").click()
        expect(
            page.locator("#next > p").or_(form.filter(has_text=("A second", "last one", "-")[turn]))
        ).to_be_visible()
        if not form.count():
            break
    expect(page.locator("#next")).to_contain_text("that's all we need")


def test_what_is_needed_is_asked_for_before_the_next_question(
    settled: Installation, new_context: NewContext
) -> None:
    page = new_context(phone=True).new_page()
    page.goto(f"{settled.url}/requests/new")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#title")).to_be_focused()
    expect(page.locator("#title-error")).to_have_text("Please fill this in.")
    labelled(page, "A short title").fill("Quotes")
    page.get_by_role("button", name="Next").click()
    labelled(page, "What is the problem or opportunity?").fill("Slow.")
    go_to(page, "How many")
    labelled(page, "How many").fill("a few")
    go_to(page, "Your e-mail")
    labelled(page, "Your e-mail").fill("rita at fernweh")
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.locator("#audience_count")).to_be_focused()
    expect(page.locator("#step-words")).to_have_text("Question 4 of 8")
    expect(page.locator("#audience_count-error")).to_be_visible()
    labelled(page, "How many").fill("20")
    go_to(page, "Your e-mail")
    expect(labelled(page, "Your e-mail")).to_have_value("rita at fernweh")
    labelled(page, "Your e-mail").fill("rita@fernweh.example")
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()


def test_a_draft_keeps_itself_through_all_that_happens(
    settled: Installation, new_context: NewContext
) -> None:
    phone = new_context(phone=True).new_page()
    phone.goto(f"{settled.url}/requests/new")
    labelled(phone, "A short title").fill("Quotes take too long")
    saved(phone)
    expect(phone).to_have_url(re.compile(r"/drafts/1/[\w-]{22}$"))
    phone.get_by_role("button", name="Next").click()
    labelled(phone, "What is the problem or opportunity?").fill("Four days")
    phone.reload()  # within the pause
    expect(labelled(phone, "What is the problem or opportunity?")).to_have_value("Four days")
    expect(phone.locator("#step-words")).to_have_text("Question 2 of 8")
    saved(phone)

    desk = new_context().new_page()
    desk.goto(phone.url)
    expect(desk.get_by_role("heading", name="Quotes take too long")).to_be_visible()
    assert axe(desk) == []

    other = new_context(phone=True).new_page()
    other.goto(phone.url)
    expect(other.locator("#step-words")).to_have_text("Question 3 of 8")  # the first that is open
    other.get_by_role("button", name="Back").click()
    expect(other.locator("#step-words")).to_have_text("Question 2 of 8")

    phone.context.set_offline(True)
    labelled(phone, "What is the problem or opportunity?").fill("Four days for a quote.")
    expect(phone.locator("#saved")).to_contain_text("No connection. What you type is kept in this browser")
    phone.context.set_offline(False)
    saved(phone)
    desk.reload()
    expect(labelled(desk, "What is the problem or opportunity?")).to_have_value("Four days for a quote.")

    phone.goto(f"{settled.url}/requests/new")
    phone.get_by_role("link", name="Go on with it").click()
    expect(labelled(phone, "A short title")).to_have_value("Quotes take too long")


def test_a_file_is_with_the_draft_as_soon_as_it_is_chosen(
    settled: Installation, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{settled.url}/requests/new")
    labelled(page, "A short title").fill("Quotes")
    page.set_input_files("#file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"a plan"})
    expect(page.locator("#files")).to_contain_text("plan.txt")
    page.reload()
    expect(page.locator("#files")).to_contain_text("plan.txt")
    page.set_input_files("#file", {"name": "run.exe", "mimeType": "text/plain", "buffer": b"MZ"})
    expect(page.locator("#file-error")).to_contain_text("We can't take “run.exe”")
    page.get_by_role("button", name="Remove plan.txt").click()
    expect(page.locator("#files")).not_to_contain_text("plan.txt")
    expect(labelled(page, "A short title")).to_have_value("Quotes")


def test_two_people_write_one_draft(settled: Installation, new_context: NewContext) -> None:
    rita, otto = (new_context().new_page() for _ in range(2))
    rita.goto(f"{settled.url}/requests/new")
    labelled(rita, "A short title").fill("Quotes")
    labelled(rita, "What is the problem or opportunity?").fill("Slow.")
    saved(rita)
    otto.goto(rita.url)
    labelled(otto, "Who").fill("Sales")
    saved(otto)
    labelled(rita, "How many").fill("20")
    expect(rita.locator("#saved")).to_have_text("Somebody else wrote here too: Who")
    expect(labelled(rita, "Who")).to_have_value("Sales")

    labelled(rita, "What is the problem or opportunity?").fill("Four days for a quote.")
    saved(rita)
    labelled(otto, "What is the problem or opportunity?").fill("Customers leave.")
    told = otto.locator("#unfinished")
    expect(told).to_contain_text("Somebody else changed this too: What is the problem or opportunity?")
    told.get_by_role("button", name="See both, and choose").click()
    expect(otto.get_by_role("heading", name="Two of you wrote here")).to_be_visible()
    assert axe(otto) == []
    expect(otto.get_by_role("radio", name=re.compile("^Both"))).to_be_checked()
    otto.get_by_role("button", name="Keep these").click()
    both = "Four days for a quote.\n\nCustomers leave."
    expect(labelled(otto, "What is the problem or opportunity?")).to_have_value(both)
    rita.reload()
    expect(labelled(rita, "What is the problem or opportunity?")).to_have_value(both)


def test_a_request_sent_while_it_is_being_saved_does_not_meet_itself(
    settled: Installation, new_context: NewContext
) -> None:
    """The server has the save, and its answer is still on its way, when Enter is pressed."""
    page = new_context().new_page()
    page.goto(f"{settled.url}/requests/new")
    labelled(page, "A short title").fill("Quotes")
    labelled(page, "What is the problem or opportunity?").fill("Slow.")
    saved(page)
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/drafts/*/*", lambda route: late.append((route, route.fetch())), times=1)
    labelled(page, "Your e-mail").fill("rita@fer")
    while not late:
        page.wait_for_timeout(20)
    labelled(page, "Your e-mail").fill("rita@fernweh.example")
    page.keyboard.press("Enter")
    route, answer = late[0]
    route.fulfill(response=answer)
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()


def test_without_a_script_a_draft_is_saved_shared_and_sent(
    settled: Installation, new_context: NewContext
) -> None:
    page = new_context(phone=True, java_script_enabled=False).new_page()
    page.goto(f"{settled.url}/requests/new")
    labelled(page, "A short title").fill("Quotes")
    page.set_input_files("#file", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"a plan"})
    page.get_by_role("button", name="Save and finish later").click()
    expect(page.locator("#files")).to_contain_text("plan.txt")
    link = page.get_by_label("Link to this draft").input_value()
    colleague = new_context(java_script_enabled=False).new_page()
    colleague.goto(link)
    labelled(colleague, "What is the problem or opportunity?").fill("Four days.")
    colleague.get_by_role("button", name="Save and finish later").click()
    labelled(page, "What is the problem or opportunity?").fill("Slow.")
    labelled(page, "Your e-mail").fill("rita@fernweh.example")
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.get_by_role("heading", name="Two of you wrote here")).to_be_visible()
    page.get_by_role("radio", name=re.compile("^Yours")).check()
    page.get_by_role("button", name="Keep these").click()
    page.get_by_role("button", name="Send the request").last.click()
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()
    page.locator("#next button").first.click()
    expect(page.get_by_text("We have it. Your request is number")).to_be_visible()
    colleague.goto(link)
    expect(colleague.get_by_role("heading", name="This was sent")).to_be_visible()


def test_questions_come_and_go_with_what_is_said(settled: Installation, new_context: NewContext) -> None:
    own = {"kind": "one_of", "always": True, "options": [["yes", "Yes"], ["no", "No"]]}
    body = json.loads(json.dumps(FIRST.as_json()))
    body |= {"version": 2, "types": [["safety", "Safety"], ["tools", "Tools"]]}
    body["questions"][1:1] = [
        {"key": "abroad", "label": "Is it abroad?", **own},
        {
            "key": "country",
            "label": "In which country?",
            "always": True,
            "only_if": [{"question": "abroad", "values": ["yes"]}],
        },
        {"key": "accident", "label": "What happened?", "always": True, "types": ["safety"]},
    ]
    now = datetime.now(UTC)
    with settled.database.writing() as session:
        session.add(FormVersion(version=2, body=body, changed_at=now, published_at=now))
    phone = new_context(phone=True).new_page()
    phone.goto(f"{settled.url}/requests/new?type=tools")
    expect(phone.get_by_label("Tools")).to_be_checked()
    expect(phone.locator("#step-words")).to_have_text("Question 1 of 10")
    phone.get_by_text("Safety", exact=True).click()
    expect(phone.locator("#step-words")).to_have_text("Question 1 of 11")
    phone.get_by_role("button", name="Next").click()
    labelled(phone, "A short title").fill("Abroad")
    phone.get_by_role("button", name="Next").click()
    phone.locator("#abroad").get_by_text("Yes").click()
    expect(phone.locator("#step-words")).to_have_text("Question 3 of 12")
    phone.get_by_role("button", name="Next").click()
    expect(phone.get_by_label("In which country?")).to_be_focused()

    plain = new_context(java_script_enabled=False).new_page()
    plain.goto(f"{settled.url}/requests/new")
    expect(plain.get_by_text("Only if “Is it abroad” is Yes.")).to_be_visible()
    expect(plain.get_by_text("Only if it is about: Safety.")).to_be_visible()
