"""How long a person needs for a request: a phone, human typing, real time.

35 words a minute is what people type on a phone with two thumbs (36.2 in Palin et al. 2019, doi 10.1145/3338286.3340120), a
word being five characters; questions are read at 4 words a second, and each screen costs a second and a half before the
first key. The stand-in clock scores meanwhile as the worker does.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.results import Result
from tests.journeys.conftest import FLAGS, PHONE, find_chromium
from tests.journeys.installation import running

WORDS_A_MINUTE = 35
MILLISECONDS_A_KEY = 60_000 / (5 * WORDS_A_MINUTE)
WORDS_READ_A_SECOND = 4
BEFORE_THE_FIRST_KEY_SECONDS = 1.5

SCREENS: tuple[dict[str, str], ...] = (
    {"title": "Quotes take too long"},
    {"problem": "New sales people need four days for a quote. Customers leave while they wait."},
    {"behaviour": "Write a standard quote within a day."},
    {"audience_who": "New sales people", "audience_count": "20-30"},
    {"measure_name": "Days for a quote", "measure_today": "4", "measure_wanted": "1"},
    {"if_nothing": "We lose two customers a month."},
    {},
    {
        "requester_name": "Rita Requester",
        "requester_unit": "Sales",
        "requester_email": "rita@fernweh.example",
    },
)
"""What is typed on each screen; the date is skipped."""


@dataclass
class Hand:
    """A person with a phone."""

    page: Page
    typed: int = 0

    def read(self) -> None:
        words = self.page.locator(".question:visible").inner_text().split()
        self.wait(len(words) / WORDS_READ_A_SECOND + BEFORE_THE_FIRST_KEY_SECONDS)

    def write(self, name: str, text: str) -> None:
        field = self.page.locator(f"#{name}")
        if not field.evaluate("one => one === document.activeElement"):
            field.tap()
        field.press_sequentially(text, delay=MILLISECONDS_A_KEY)
        self.typed += len(text)

    def wait(self, seconds: float) -> None:
        self.page.wait_for_timeout(1000 * seconds)

    def follow_up(self) -> int:
        """Answer what is asked after sending, by one press each where that does."""
        answered, part = 0, self.page.locator("#next")
        while part.locator("form").count():
            words = part.inner_text()
            self.wait(len(words.split()) / WORDS_READ_A_SECOND)
            taps = part.locator(".taps button")
            if taps.count():
                taps.first.tap()
            else:
                part.locator("input:not([type=hidden])").tap()
                self.page.keyboard.type("about 2", delay=MILLISECONDS_A_KEY)
                part.locator("button").first.tap()
            answered += 1
            self.page.wait_for_function(
                "words => document.getElementById('next').innerText !== words", arg=words
            )
        return answered


def asking() -> list[Result]:
    """From opening the form to "We have it", and to the end of what is asked after."""
    with (
        TemporaryDirectory() as folder,
        running(Path(folder)) as installation,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type] # a ViewportSize
        hand, began = Hand(page), perf_counter()
        page.goto(f"{installation.url}/requests/new")
        for screen in SCREENS:
            hand.read()
            for name, text in screen.items():
                hand.write(name, text)
            if "requester_email" not in screen:
                page.locator("[data-next]").tap()
        page.locator(".send button[type=submit]").first.tap()
        page.get_by_text("We have it.").wait_for()
        sent = perf_counter() - began
        pressed = hand.follow_up()
        whole = perf_counter() - began
        browser.close()
    note = f"{hand.typed} characters at {WORDS_A_MINUTE} words a minute, {len(SCREENS)} screens"
    return [
        Result("asking: the form, until it is kept", sent, unit="s", aim="<= 180 s", note=note),
        Result(
            "asking: with what follows", whole, unit="s", aim="<= 180 s", note=f"{pressed} more questions"
        ),
    ]
