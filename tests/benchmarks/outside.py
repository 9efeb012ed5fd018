"""Measured from outside, over HTTP, against the product running as processes of its own on SQLite."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from sqlalchemy import event, func, select

from app import create_app
from portfolio.database import Database
from portfolio.models import Assessment, LearningRequest
from portfolio.settings import load as load_settings
from tests.benchmarks import data
from tests.benchmarks.results import Result
from tests.benchmarks.site import Client, Load, load, resident_megabytes, serving, stop, until
from web.people import COOKIE

CLIENTS = 8
PAGES_ASKED = 40


def submit() -> list[Result]:
    """`POST /api/v1/requests`, each one committed to disk before it is answered."""
    found = []
    for clients, each in ((1, 300), (CLIENTS, 150)):
        with data.installation() as (folder, database):
            bearer = f"Bearer {data.token(database)}"
            with serving(folder) as site:
                site.wait("/healthz")
                load(site.port, [_submissions(0, 20)], Authorization=bearer)
                calls = [_submissions(1_000 * (1 + client), each) for client in range(clients)]
                seen = load(site.port, calls, Authorization=bearer)
            with database.reading() as session:
                stored = session.scalar(select(func.count(LearningRequest.id))) or 0
            aim = "p50 <= 8 ms" if clients == 1 else ">= 200 a second, no failure"
            note = f"{seen.rate:.0f} a second, {_failures(seen, 201)}, {stored - 20} of {len(seen.seconds)} stored"
            found.append(Result.of(f"submit: {_clients(clients)}", seen.seconds, aim=aim, note=note))
    return found


def backlog() -> list[Result]:
    """`GET /backlog` with 10,000 open, scored requests."""
    with data.installation() as (folder, database):
        data.fill_requests(database, 10_000)
        data.score_all(database)
        return [
            _page("backlog: 10,000 requests", "/backlog", folder, database, ""),
            _page("backlog: newest first", "/backlog?sort=submitted", folder, database, ""),
            _page("inbox: 3,300 waiting", "/inbox", folder, database, ""),
        ]


def start() -> list[Result]:
    """`outsize serve` on an empty folder, and once more on the same one."""
    found = []
    with data.installation() as (folder, _):
        fresh = folder / "fresh"
        fresh.mkdir()
        for turn, aims in (("first", ("", "")), ("second", ("<= 3 s", "<= 15 s"))):
            with serving(fresh, "serve") as site:
                healthy, ready = site.wait("/healthz"), site.wait("/readyz")
                ended = stop(site.process)
            found += [
                Result(f"start: {turn}, /healthz", healthy, unit="s", aim=aims[0]),
                Result(
                    f"start: {turn}, /readyz", ready, unit="s", aim=aims[1], note=f"stopped in {ended:.1f} s"
                ),
            ]
    return found


def memory() -> list[Result]:
    """Resident memory by process, half a minute after everything is ready and one page was opened."""
    with _whole_product() as (site, database, _):
        client = Client(site.port, Cookie=f"{COOKIE}={data.visit(database)}")
        client.ask("GET", "/board")
        client.close()
        sleep(30)
        by_process = resident_megabytes(site.process.pid)
        found = [Result(f"memory: {name}", size, unit="MB") for name, size in by_process.items()]
        return [*found, Result("memory: all", sum(by_process.values()), unit="MB")]


def latency() -> list[Result]:
    """From sending a request until its score can be read, at rest, through Prefect."""
    with _whole_product() as (site, _, bearer):
        client = Client(site.port, Authorization=bearer)
        times = []
        for number in range(22):
            sleep(1.2)
            begun = perf_counter()
            _, body = client.ask("POST", "/api/v1/requests", data.submission(number))
            path = f"/api/v1/requests/{json.loads(body)['id']}"
            if until(lambda path=path: _is_scored(client, path), 20, 0.02) is None:  # type: ignore[misc] # bound per turn
                raise TimeoutError("A request was not scored within 20 s.")
            times.append(perf_counter() - begun)
        client.close()
    return [Result.of("latency: sent to scored", times[2:], aim="median < 1 s")]


def burst() -> list[Result]:
    """500 submissions within 10 s through the whole product."""
    with _whole_product() as (site, database, bearer):
        calls = [
            _submissions(1_000 * (1 + client), 500 // CLIENTS + (client < 500 % CLIENTS))
            for client in range(CLIENTS)
        ]
        seen = load(site.port, calls, Authorization=bearer)
        waited = until(lambda: _waiting(database) == 0, 60)
        with database.reading() as session:
            stored = session.scalar(select(func.count(LearningRequest.id))) or 0
            scored = Counter(session.scalars(select(Assessment.learning_request_id)))
            runs = session.scalar(select(func.count(func.distinct(Assessment.flow_run_id)))) or 0
    note = f"{stored} stored, {len(scored)} scored, {sum(scored.values()) - len(scored)} twice, {runs} flow runs, {_failures(seen, 201)}"
    return [
        Result.of(
            "burst: one submission", seen.seconds, note=f"all sent in {seen.whole:.1f} s", aim="within 10 s"
        ),
        Result("burst: last sent to all scored", waited or float("inf"), unit="s", aim="<= 10 s", note=note),
    ]


# How


@contextmanager
def _whole_product() -> Iterator[tuple[Any, Database, str]]:
    with data.installation() as (folder, database):
        bearer = f"Bearer {data.token(database)}"
        with serving(folder, "serve") as site:
            site.wait("/readyz")
            yield site, database, bearer


def _page(case: str, path: str, folder: Path, database: Database, aim: str) -> Result:
    """One page, asked for again and again by somebody signed in."""
    cookie = f"{COOKIE}={data.visit(database)}"
    with serving(folder) as site:
        site.wait("/healthz")
        client = Client(site.port, Cookie=cookie)
        status, body = client.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}.")
        seen = load(site.port, [[("GET", path, None)] * PAGES_ASKED], Cookie=cookie)
        client.close()
    queries = _queries(folder, path, cookie)
    return Result.of(case, seen.seconds, wire_bytes=len(body), queries=queries, aim=aim)


def _queries(folder: Path, path: str, cookie: str) -> int:
    """How many statements one page takes, counted in this process."""
    from fastapi.testclient import TestClient

    app = create_app(load_settings(folder))
    seen: list[str] = []
    event.listen(app.state.database.engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    with TestClient(app, headers={"Cookie": cookie}) as client:
        client.get(path)
        seen.clear()
        client.get(path)
        return len(seen)


def _submissions(first: int, count: int) -> list[tuple[str, str, Any]]:
    return [("POST", "/api/v1/requests", data.submission(first + place)) for place in range(count)]


def _is_scored(client: Client, path: str) -> bool:
    _, body = client.ask("GET", path)
    import gzip

    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return json.loads(text).get("assessment") is not None


def _waiting(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(LearningRequest.score_wanted_at.is_not(None))) or 0


def _failures(seen: Load, wanted: int) -> str:
    failed = {status: count for status, count in seen.statuses.items() if status != wanted}
    return f"failures {failed}" if failed else "no failure"


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"
