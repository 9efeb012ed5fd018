"""Measured in this process: scoring and reports, without web and Prefect."""

from datetime import timedelta
from time import perf_counter

from sqlalchemy import select

from portfolio import demo, editions
from portfolio.database import connect, migrate
from portfolio.models import Edition
from reports import edition as report_edition
from tests.benchmarks import data
from tests.benchmarks.results import Result

MANY = 10_000


def rescore() -> list[Result]:
    """Score 10,000 open requests in rounds of 500, each its own transaction, as the flow does."""
    with data.installation() as (_, database):
        data.fill_requests(database, MANY)
        found = []
        for turn in ("first scoring", "re-scoring"):
            begun = perf_counter()
            scored = data.score_all(database)
            seconds = perf_counter() - begun
            note = f"{scored:,} requests, {scored / seconds:,.0f} a second"
            found.append(Result(f"rescore: {turn}", seconds, unit="s", aim="<= 10 s (hoped: 5)", note=note))
            data.want_all(database)
        return found


def report() -> list[Result]:
    """Build the three quarterly reports of the demo year, then one over the whole of it."""
    with data.installation() as (folder, _):
        url = f"sqlite:///{folder}/demo.db"
        migrate(url)
        database = connect(url)
        begun = perf_counter()
        demo.fill(database, now=data.NOW)
        found = [Result("demo: fill", perf_counter() - begun, unit="s", aim="< 20 s")]
        with database.writing() as session:
            today = data.NOW.date()
            editions.ask(session, kind="custom", period_start=today - timedelta(days=365), period_end=today, by=None, at=data.NOW)  # fmt: skip
            asked = session.scalars(select(Edition.id).order_by(Edition.id)).all()
        times = []
        for number in asked:
            begun = perf_counter()
            with database.writing() as session:
                report_edition.build(session, number, now=data.NOW, flow_run_id=None)
            times.append(perf_counter() - begun)
        with database.reading() as session:
            whole = editions.find(session, asked[-1], "html", "pdf", "xlsx")
            assert whole is not None
            sizes = {part: len(getattr(whole, part) or b"") for part in ("html", "pdf", "xlsx")}
        database.dispose()
        note = ", ".join(f"{part} {size / 1000:.0f} kB" for part, size in sizes.items())
        found.append(
            Result("report: first in a process", 1000 * times[0], note="with the libraries' warm-up")
        )
        found.append(Result.of("report: quarter", times[1:-1]))
        found.append(Result("report: whole year", 1000 * times[-1], note=note))
        return found
