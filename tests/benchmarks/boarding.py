"""The board at 10,000 cards: its pages and moves over HTTP with the server's own processor time, twenty who only look, and
what a browser makes of it."""

import http.client
import os
import threading
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from portfolio.models import Card, Column
from tests.benchmarks import data
from tests.benchmarks.results import Result, percentile
from tests.benchmarks.site import Client, Site, load, serving
from tests.journeys.conftest import DESK, FLAGS, find_chromium
from web.people import COOKIE

MANY = 10_000
CLIENTS = 8
VIEWERS = 20
PAGES = ("/board", "/board?lanes=project", "/board?q=quote", "/board/columns/1")
FRAMES = """() => new Promise(done => {
    window.outsizeFrames = []; let last = performance.now(); window.outsizeStop = false;
    const look = now => { window.outsizeFrames.push(now - last); last = now; if (!window.outsizeStop) requestAnimationFrame(look); };
    requestAnimationFrame(look); done();
})"""


def board() -> list[Result]:
    """Pages, rest and browser, of one server over one board."""
    found: list[Result] = []
    for count in (200, 2_000, MANY):
        with data.installation() as (folder, database):
            data.fill_cards(database, count)
            cookie = f"{COOKIE}={data.visit(database)}"
            with serving(folder) as site:
                site.wait("/healthz")
                paths = PAGES if count == MANY else PAGES[:1]
                found += [_page(f"{path}, {count:,} cards", path, site, cookie) for path in paths]
                if count == MANY:
                    found.append(_at_rest(site, cookie))
                    found += _in_a_browser(site, cookie)
    return found


def move() -> list[Result]:
    """`PUT /api/v1/cards/{id}/placement` to any place of any column."""
    found = []
    with data.installation() as (folder, database):
        data.fill_cards(database, MANY)
        bearer = f"Bearer {data.token(database)}"
        with database.reading() as session:
            columns = list(session.scalars(select(Column.id)))
            cards = list(session.scalars(select(Card.id)))
        with serving(folder) as site:
            site.wait("/healthz")
            chance = Random(2)
            load(site.port, [_moves(chance, cards, columns, 40)], Authorization=bearer)
            for clients, each, aim in (
                (1, 250, "p50 <= 5 ms"),
                (CLIENTS, 120, ">= 300 a second, no failure"),
            ):
                calls = [_moves(chance, cards, columns, each) for _ in range(clients)]
                busy = busy_seconds(site)
                seen = load(site.port, calls, Authorization=bearer)
                each_busy = 1000 * (busy_seconds(site) - busy) / len(seen.seconds)
                failed = sum(times for status, times in seen.statuses.items() if status != 200)
                note = f"{seen.rate:.0f} a second, {failed or 'no'} failures, {each_busy:.1f} ms of processor each"
                name = "1 client" if clients == 1 else f"{clients} clients"
                found.append(Result.of(f"move: 10,000 cards, {name}", seen.seconds, aim=aim, note=note))
    return found


def busy_seconds(site: Site) -> float:
    """Processor time the server has used so far, its own and the system's for it."""
    words = Path(f"/proc/{site.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# How


def _page(case: str, path: str, site: Site, cookie: str, asked: int = 40) -> Result:
    load(site.port, [[("GET", path, None)] * 3], Cookie=cookie)
    client = Client(site.port, Cookie=cookie)
    _, body = client.ask("GET", path)
    client.close()
    busy = busy_seconds(site)
    seen = load(site.port, [[("GET", path, None)] * asked], Cookie=cookie)
    note = f"{1000 * (busy_seconds(site) - busy) / asked:.1f} ms of processor each"
    aim = "p50 <= 25 ms, <= 60 kB" if path == "/board" else ""
    return Result.of(f"board: {case}", seen.seconds, wire_bytes=len(body), aim=aim, note=note)


def _at_rest(site: Site, cookie: str, seconds: float = 20) -> Result:
    """Twenty who look at a board where nothing happens."""
    looking = [_listen(site, cookie) for _ in range(VIEWERS)]
    sleep(2)
    busy, begun = busy_seconds(site), perf_counter()
    sleep(seconds)
    share = 100 * (busy_seconds(site) - busy) / (perf_counter() - begun)
    for connection in looking:
        connection.close()
    return Result("board: 20 viewers at rest", share, unit="% of a core", aim="< 5 %")


def _listen(site: Site, cookie: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", "/board/live", headers={"Cookie": cookie})
    answer = connection.getresponse()
    threading.Thread(target=_drain, args=(answer,), daemon=True).start()
    return connection


def _drain(answer: http.client.HTTPResponse) -> None:
    try:
        while answer.read1(1000):
            pass
    except (OSError, ValueError, AttributeError):
        return


def _in_a_browser(site: Site, cookie: str) -> list[Result]:
    """First paint of the full board, and the frames while a card is dragged across it."""
    address = f"http://127.0.0.1:{site.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        context = browser.new_context(viewport=DESK)  # type: ignore[arg-type] # a ViewportSize
        name, value = cookie.split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        paints = [_first_paint(page, f"{address}/board") for _ in range(6)][1:]
        frames, seen_by_other = _drag(page, context.new_page(), f"{address}/board")
        browser.close()
    long = sum(one > 0.034 for one in frames)
    if not frames:
        raise RuntimeError("No frame was drawn while the card was dragged.")
    late = f"{1 / percentile(frames, 50):.0f} frames a second, {long} of {len(frames)} longer than two frames"
    return [
        Result.of("board: first paint, browser with files kept", paints, aim="< 500 ms"),
        Result.of("board: one frame of a drag", frames, aim="16.7 ms", note=late),
        Result("board: a move seen by another browser", 1000 * seen_by_other, aim="< 1 s"),
    ]


def _first_paint(page: Page, address: str) -> float:
    page.goto(address)
    page.wait_for_timeout(500)
    found: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return found / 1000


def _drag(page: Page, other: Page, address: str) -> tuple[list[float], float]:
    """Frames in seconds while a hand pulls a card over the columns; and seconds until another browser shows it there."""
    other.goto(address)
    page.goto(address)
    page.bring_to_front()  # a page behind another draws no frames
    card = page.locator(".column").nth(1).locator(".ticket").first
    title = card.get_attribute("id")
    start, end = card.bounding_box(), page.locator(".column").nth(3).bounding_box()
    assert start is not None and end is not None
    x, y = start["x"] + 60, start["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8)
    page.evaluate(FRAMES)
    for step in range(1, 91):
        page.mouse.move(x + step * (end["x"] + 60 - x) / 90, y + 60 + (step % 30) * 4)
        page.wait_for_timeout(10)
    frames: list[float] = page.evaluate("() => { window.outsizeStop = true; return window.outsizeFrames; }")
    begun = perf_counter()
    page.mouse.up()
    other.locator(f".column:nth-child(4) #{title}").wait_for(timeout=5_000)
    return [one / 1000 for one in frames[2:]], perf_counter() - begun


def _moves(chance: Random, cards: list[int], columns: list[int], count: int) -> list[tuple[str, str, Any]]:
    return [
        (
            "PUT",
            f"/api/v1/cards/{chance.choice(cards)}/placement",
            {
                "column": chance.choice(columns),
                "position": chance.choice((0, 0, 3, 20, chance.randint(0, 4_000))),
            },
        )
        for _ in range(count)
    ]
