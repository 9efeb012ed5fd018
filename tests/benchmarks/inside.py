"""Measured in this process: scoring and reports, without web and Prefect."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import select

from portfolio import demo, editions
from portfolio.database import connect, migrate
from portfolio.models import Edition
from tests.benchmarks import data
from tests.benchmarks.results import Result

MANY = 10_000
ROOT = Path(__file__).parents[2]


def rescore() -> list[Result]:
    """Score 10,000 open requests in rounds of 500, each its own transaction, as the flow does."""
    with data.installation() as (_, database):
        data.fill_requests(database, MANY)
        found = []
        for turn in ("first scoring", "re-scoring"):
            begun, busy = perf_counter(), process_time()
            scored = data.score_all(database)
            seconds, busy = perf_counter() - begun, process_time() - busy
            note = f"{scored:,} requests, {scored / seconds:,.0f} a second, {busy:.1f} s of them computing"
            found.append(Result(f"rescore: {turn}", seconds, unit="s", aim="<= 10 s (hoped: 5)", note=note))
            data.want_all(database)
        return found


def report() -> list[Result]:
    """Fill the demo year, then build its three quarterly reports and one over the whole year.

    Each is built in a process of its own, as the flow does it: the time is what somebody waits.
    """
    with data.installation() as (folder, _):
        home = folder / "demo"
        home.mkdir()
        url = f"sqlite:///{home}/outsize.db"
        migrate(url)
        database = connect(url)
        begun = perf_counter()
        demo.fill(database, now=data.NOW)
        found = [Result("demo: fill", perf_counter() - begun, unit="s", aim="< 20 s")]
        with database.writing() as session:
            today = data.NOW.date()
            editions.ask(
                session,
                kind="custom",
                period_start=today - timedelta(days=365),
                period_end=today,
                by=None,
                at=data.NOW,
            )
            asked = session.scalars(select(Edition.id).order_by(Edition.id)).all()
        times = [_built(number, home) for number in asked]
        with database.reading() as session:
            whole = editions.find(session, asked[-1], "html", "pdf", "xlsx")
            assert whole is not None
            sizes = {part: len(getattr(whole, part) or b"") for part in ("html", "pdf", "xlsx")}
        database.dispose()
        note = ", ".join(f"{part} {size / 1000:.0f} kB" for part, size in sizes.items())
        found.append(Result.of("report: quarter", times[:-1]))
        found.append(Result("report: whole year", 1000 * times[-1], note=note))
        return found


def _built(number: int, home: Path) -> float:
    """Seconds a builder takes from its start to its end."""
    begun = perf_counter()
    command = [sys.executable, "-m", "flows.building", str(number), ""]
    environment = {**os.environ, "OUTSIZE_DATA": str(home)}
    # The open pipe is the builder's lifeline, so it must not be closed early.
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, cwd=ROOT) as builder:
        if builder.wait(300) != 0:
            raise RuntimeError(f"The builder ended with {builder.returncode}.")
    return perf_counter() - begun
