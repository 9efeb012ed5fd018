"""Builds an edition and mails it: on demand, and for the last full week, month or quarter by the calendar."""

import os
import subprocess
import sys
import tempfile

from prefect import flow, task
from prefect.runtime import flow_run

from flows.connection import database, now, settings, today
from portfolio import editions, history, organisation
from portfolio.links import Links
from portfolio.models import Edition

LONGEST_BUILD_SECONDS = 300
TRIES = editions.MOST_TRIES


class BuildFailed(RuntimeError):
    """The edition could not be built; the message is the builder's last word."""


@flow(name="publish_report")
def publish_report(edition: int | None = None, kind: str | None = None) -> int | None:
    """Build an edition by its number; with `kind` (weekly, monthly, quarterly) ask for the one that is due, if it is.

    What was asked for, by a person or here, waits in our database, and the worker starts a run that builds it. Built
    here as well it would be built twice.
    """
    if edition is None:
        return ask_if_due(kind or "weekly")
    build(edition, flow_run.get_id())
    mail_to_readers(edition)
    return edition


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def ask_if_due(kind: str) -> int | None:
    at = now()
    day = today(at)
    with database().writing() as session:
        return editions.ask_due(session, kind=kind, today=day, at=at)


@task(retries=TRIES - 1, retry_delay_seconds=[2, 10])
def build(edition: int, run: str | None = None) -> None:
    """Build it in a process of its own: charts and PDF take 200 MB, which end with it."""
    try:
        _build_apart(edition, run)
    except BuildFailed as problem:
        with database().writing() as session:
            found = editions.find(session, edition)
            if found is not None:
                editions.note_failure(session, found, str(problem), at=now())
        raise


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def mail_to_readers(edition: int) -> int:
    """Queue a scheduled edition for the organisation's list, once. One asked for by hand is mailed by hand."""
    with database().writing() as session:
        found = session.get(Edition, edition, with_for_update=True)
        owner = organisation.current(session)
        if found is None or owner is None or not found.scheduled:
            return 0
        if history.timeline(session, found, "edition.mailed"):
            return 0
        return editions.mail_out(
            session,
            found,
            addresses(owner.report_recipients),
            words="",
            links=Links.of(settings()),
            by=None,
            at=now(),
        )


def addresses(text: str) -> list[str]:
    """The list as typed in settings: split at commas, semicolons, spaces and line ends, each once."""
    return list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))


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
