"""Scores every request that waits in one run. Starts when requests wait; nightly it takes every open one."""

import time

from prefect import flow, task
from prefect.runtime import flow_run

from flows.connection import database, now
from portfolio import assessments, waiting

AT_ONCE = 500
PAUSE_SECONDS = 0.25


@flow(name="score_requests")
def score_requests(everything: bool = False) -> int:  # noqa: FBT001, FBT002 - Prefect's form shows it
    """Score what waits; `everything` marks every open request first. Returns how many were scored."""
    if everything:
        want_all()
    run = flow_run.get_id()
    scored = batch = score_some(run)
    while batch and more_wait():
        batch = score_some(run)
        scored += batch
    return scored


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def want_all() -> int:
    with database().writing() as session:
        return waiting.want_all(session, at=now())


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def score_some(run: str | None = None) -> int:
    with database().writing() as session:
        return len(assessments.score_waiting(session, now=now(), flow_run_id=run, limit=AT_ONCE))


def more_wait() -> bool:
    """Look again a moment later, so that a burst becomes one run instead of a hundred."""
    time.sleep(PAUSE_SECONDS)
    with database().reading() as session:
        return waiting.look(session, now=now()).requests
