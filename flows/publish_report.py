"""Builds an edition, which its readers are mailed: on demand, and for each designed report when its day has come."""

import os
import subprocess
import sys
import tempfile
from datetime import timedelta

from prefect import flow, task
from prefect.runtime import flow_run

from flows.connection import database, now, settings, today
from portfolio import editions, report_designs
from portfolio.links import Links

LONGEST_BUILD_SECONDS = 300
TRIES = editions.MOST_TRIES
ASKED_FROM = timedelta(hours=5, minutes=10)
"""When the day's schedule has had its turn; what is due after that was missed, and is caught up."""


class BuildFailed(RuntimeError):
    """The edition could not be built; the message is the builder's last word."""


@flow(name="publish_report")
def publish_report(edition: int | None = None) -> int | list[int]:
    """Build an edition by its number; without one ask for those that are due by their reports' schedules.

    What was asked for, by a person or here, waits in our database, and the worker starts a run that builds it. Built
    here as well it would be built twice.
    """
    if edition is None:
        return ask_if_due()
    build(edition, flow_run.get_id())
    return edition


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def ask_if_due() -> list[int]:
    """Ask for the editions whose day has come, each missed schedule once; asking costs nothing where none is due."""
    at = now()
    day = today(at)
    with database().writing() as session:
        return editions.ask_due(session, today=day, at=at)


def is_due() -> bool:
    """Whether a schedule waits to be asked for: its hour passed while nothing ran, or nobody has looked yet."""
    day = today(now(), after_midnight=ASKED_FROM)
    with database().reading() as session:
        return report_designs.any_due(session, day)


@task(retries=TRIES - 1, retry_delay_seconds=[2, 10])
def build(edition: int, run: str | None = None) -> None:
    """Build it in a process of its own: charts and PDF take 200 MB, which end with it."""
    try:
        _build_apart(edition, run)
    except BuildFailed as problem:
        with database().writing() as session:
            found = editions.find(session, edition)
            if found is not None:
                links = Links.of(settings())
                editions.note_failure(session, found, str(problem), at=now(), links=links)
        raise


def _build_apart(edition: int, run: str | None) -> None:
    """The open pipe is the child's lifeline: it ends when we do."""
    command = [sys.executable, "-P", "-m", "flows.building", str(edition), run or ""]
    environment = {**os.environ, "OUTSIZE_DATA": str(settings().data)}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=said) as child,
    ):
        try:
            child.wait(LONGEST_BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise BuildFailed(f"took longer than {LONGEST_BUILD_SECONDS} s") from None
        said.seek(0)
        words = said.read().strip()
    if child.returncode != 0:
        problem = BuildFailed(words.rpartition("\n")[2] or f"ended with {child.returncode}")
        problem.add_note(words)
        raise problem
