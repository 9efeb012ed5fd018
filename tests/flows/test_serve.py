"""`outsize serve` for real: it starts, survives what is killed, loses nothing, and leaves nothing behind."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.processes import Process, free_port, start_product, until

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("prefect"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes in /proc"),
]

WHERE_PROCESSES_ARE = Path("/proc")
# 3 s at rest (bin/bench says how it is); here others use the processors too.
LONGEST_SECOND_START_SECONDS = 15


@dataclass
class Product:
    """What a person at the console and one with a browser see."""

    data: Path
    url: str
    console: Process
    client: httpx.Client

    def status(self, path: str) -> int:
        with suppress(httpx.HTTPError):
            return self.client.get(self.url + path, timeout=3).status_code
        return 0

    def end(self) -> None:
        self.console.kill()
        self.client.close()

    def wait_until_ready(self) -> None:
        until(lambda: self.status("/readyz") == 200, f"ready; {self.console.said}")

    def children(self) -> dict[str, int]:
        """Process numbers by name."""
        found = {}
        for number in processes_under(self.console.popen.pid):
            words = command_line(number)
            if "cli.child" in words:
                found[words[words.index("cli.child") + 1]] = number
        return found

    def submit(self, title: str) -> dict[str, Any] | None:
        """What came back with 201; None where there was no answer."""
        body = {
            "title": title,
            "problem": "Quotes take four days.",
            "requester": {"email": "kim@fernweh.example"},
        }
        with suppress(httpx.HTTPError):
            answer = self.client.post(f"{self.url}/api/v1/requests", json=body)
            return dict(answer.json()) if answer.status_code == 201 else None
        return None

    def tracking_url(self) -> str:
        sent = self.submit("Followed")
        assert sent is not None
        return str(sent["tracking_url"])

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.data / "outsize.db")) as opened:
            return opened.execute(query).fetchall()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    data = tmp_path_factory.mktemp("serve") / "data"
    started = begin(data)
    started.wait_until_ready()
    yield started
    started.end()


def begin(data: Path, *arguments: str) -> Product:
    port = free_port()
    console = start_product(
        data,
        "--port",
        str(port),
        *arguments,
        OUTSIZE_PREFECT_PORT=str(free_port()),
        OUTSIZE_PUBLIC_POSTS_PER_MINUTE="100000",
    )
    return Product(data, f"http://127.0.0.1:{port}", console, httpx.Client(timeout=30))


def test_it_says_where_everything_is(product: Product) -> None:
    said = product.console.said
    (way_in,) = [word for word in said.split() if "/sign-in/" in word]
    assert way_in.startswith(f"{product.url}/sign-in/")
    assert httpx.get(way_in).status_code == 200
    assert str(product.data) in said
    (prefect,) = [line.split()[-1] for line in said.splitlines() if line.startswith("Prefect")]
    assert httpx.get(prefect, follow_redirects=True).status_code == 200
    assert httpx.get(f"{prefect}/api/admin/version").status_code == 200
    assert set(product.children()) == {"web", "prefect", "worker"}


def test_what_native_code_prints_while_preparing_stays_out_of_the_address() -> None:
    program = """
import os
from cli.prepare import alone_on_stdout
says = alone_on_stdout()
os.write(1, b"HighsMipSolverData")
print("/sign-in/token", file=says, flush=True)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("/sign-in/token\n", "HighsMipSolverData")


def test_a_second_one_on_the_same_folder_is_refused(product: Product) -> None:
    second = start_product(product.data, "--port", str(free_port()))
    assert second.popen.wait(30) == 1
    assert second.said.splitlines()[-1].startswith(f"outsize: already running on {product.data}")


def test_a_taken_port_is_said_in_a_line_and_nothing_is_started(product: Product, tmp_path: Path) -> None:
    second = start_product(tmp_path / "other", "--port", product.url.rpartition(":")[2])
    assert second.popen.wait(30) == 1
    (line,) = second.said.splitlines()
    assert line.startswith("outsize: can't listen on 127.0.0.1 port")
    assert not (tmp_path / "other" / "outsize.db").exists()


def test_a_web_killed_in_the_middle_of_200_submissions_loses_none(product: Product) -> None:
    """Every request that was answered 201 is there afterwards, once, and scored once."""
    answered: list[dict[str, Any] | None] = []
    titles = [f"Killed in the middle {number}" for number in range(200)]

    def send(mine: list[str]) -> None:
        answered.extend(product.submit(title) for title in mine)

    senders = [threading.Thread(target=send, args=(titles[n::4],)) for n in range(4)]
    for sender in senders:
        sender.start()
    until(lambda: len(answered) > 50, "fifty answers")
    os.kill(product.children()["web"], signal.SIGKILL)
    for sender in senders:
        sender.join()
    kept = [sent["id"] for sent in answered if sent is not None]
    assert (len(answered), len(kept) >= 190, len(set(kept))) == (200, True, len(kept))
    stored = Counter(title for (title,) in product.rows("SELECT title FROM learning_requests"))
    assert max(stored[title] for title in titles) == 1
    ids = {number for (number,) in product.rows("SELECT id FROM learning_requests")}
    assert set(kept) <= ids
    until(
        lambda: not product.rows("SELECT 1 FROM learning_requests WHERE score_wanted_at IS NOT NULL"),
        "scores",
    )
    scored = product.rows(
        "SELECT learning_request_id, count(*) FROM assessments GROUP BY 1 HAVING count(*) > 1"
    )
    assert scored == []


@pytest.mark.parametrize("name", ["prefect", "worker"])
def test_a_child_that_is_killed_comes_back(product: Product, name: str) -> None:
    killed = product.children()[name]
    os.kill(killed, signal.SIGKILL)
    until(lambda: product.children().get(name, killed) != killed, f"a new {name}")
    product.wait_until_ready()
    assert f"{name} ended by signal 9" in product.console.said


def test_it_stops_within_ten_seconds_and_leaves_nothing(product: Product) -> None:
    """Also while somebody's page is open and listening."""
    everything = processes_under(product.console.popen.pid)
    assert len(everything) >= 3
    with httpx.stream("GET", f"{product.tracking_url()}/live", timeout=20) as page:
        assert page.headers["content-type"].startswith("text/event-stream")
        assert product.console.stop() < 10
    assert product.console.popen.returncode == 0
    assert [number for number in everything if is_alive(number)] == []


def test_the_second_start_answers_at_once_and_a_kill_leaves_nothing(product: Product) -> None:
    again = begin(product.data)
    began = time.monotonic()
    until(lambda: again.status("/healthz") == 200, "healthz")
    took = time.monotonic() - began
    again.wait_until_ready()
    everything = processes_under(again.console.popen.pid)
    again.console.popen.kill()
    again.end()
    until(lambda: not any(is_alive(number) for number in everything), "the end of all children", 10)
    assert took < LONGEST_SECOND_START_SECONDS


def processes_under(number: int) -> list[int]:
    """Children, their children and so on."""
    parents: dict[int, list[int]] = {}
    for place in WHERE_PROCESSES_ARE.iterdir():
        with suppress(OSError, ValueError):
            child = int(place.name)
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(child)
    found, left = [], [number]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def command_line(number: int) -> list[str]:
    with suppress(OSError):
        return (WHERE_PROCESSES_ARE / str(number) / "cmdline").read_text().split("\0")
    return []


def is_alive(number: int) -> bool:
    with suppress(OSError):
        state = (WHERE_PROCESSES_ARE / str(number) / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False
