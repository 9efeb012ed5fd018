"""Takes the pictures of the README from the demo year: `bin/screenshots` writes them to docs/pictures."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from portfolio.models import Assessment, Edition, LearningRequest
from portfolio.states import RequestStatus
from tests.journeys.conftest import DESK, FLAGS, PHONE, find_chromium
from tests.journeys.installation import Installation, running
from web.people import COOKIE

PICTURES = Path(__file__).parent.parent.parent / "docs/pictures"
MANAGER = "hanna.lindqvist@fernweh.example"


def take(installation: Installation, browser: Browser, folder: Path) -> None:
    shown = the_best_waiting(installation)
    desk = browser.new_page(viewport=DESK, color_scheme="light", locale="en-GB")  # type: ignore[arg-type] # a ViewportSize
    cookie = installation.visit_of(MANAGER)
    desk.context.add_cookies([{"name": COOKIE, "value": cookie, "url": installation.url}])
    for name, address in {
        "inbox": "/inbox",
        "request": f"/requests/{shown.id}",
        "backlog": "/backlog",
        "board": "/board",
        "report": f"/reports/{the_latest_report(installation)}",
    }.items():
        picture(desk, installation.url + address, folder / f"{name}.png")
    phone = browser.new_page(viewport=PHONE, color_scheme="light", locale="en-GB")  # type: ignore[arg-type] # a ViewportSize
    picture(phone, f"{installation.url}/requests/new", folder / "form.png")
    picture(phone, installation.url + installation.links.tracking_path(shown), folder / "tracking.png")


def picture(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=file)
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


def the_best_waiting(installation: Installation) -> LearningRequest:
    """The request in the inbox that promises most."""
    with installation.database.reading() as session:
        found = session.scalars(
            select(LearningRequest)
            .join(LearningRequest.assessment)
            .where(LearningRequest.status == RequestStatus.SUBMITTED)
            .order_by(Assessment.leverage_likely.desc())
        ).first()
    assert found is not None
    return found


def the_latest_report(installation: Installation) -> int:
    with installation.database.reading() as session:
        number = session.scalar(select(Edition.id).order_by(Edition.period_end.desc()))
    assert number is not None
    return number


def main() -> int:
    chromium = find_chromium()
    if not chromium:
        print("No Chromium found; install one or name it by OUTSIZE_TEST_CHROMIUM.", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        running(Path(folder), filled=True) as installation,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, "--hide-scrollbars"])
        take(installation, browser, PICTURES)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
