"""Scores every request that waits in one run. Starts when requests wait; nightly it takes every open one."""

import logging
import time

from prefect import flow, task
from prefect.runtime import flow_run

from flows.connection import database, now, settings
from portfolio import assessments, demand, waiting
from portfolio.links import Links

AT_ONCE = 500

log = logging.getLogger("outsize")
PAUSE_SECONDS = 0.25


@flow(name="score_requests")
def score_requests(everything: bool = False) -> int:  # noqa: FBT001, FBT002 - Prefect's form shows it
    """Score what waits; `everything` marks every open request first. Returns how many were scored."""
    if everything:
        want_all()
    run = flow_run.get_id()
    batch = score_some(run)
    scored = [*batch]
    while batch and more_wait():
        batch = score_some(run)
        scored += batch
    look_for_demand(scored)
    return len(scored)


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def want_all() -> int:
    with database().writing() as session:
        return waiting.want_all(session, at=now())


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def score_some(run: str | None = None) -> list[int]:
    with database().writing() as session:
        return assessments.score_waiting(session, now=now(), flow_run_id=run, limit=AT_ONCE)


def look_for_demand(ids: list[int]) -> None:
    """See whether many ask alike, and write only where that is news. A fault here must not hold scores up."""
    try:
        with database().reading() as session:
            news = demand.found(session, ids, at=now())
        if news:
            with database().writing() as session:
                demand.raise_alerts(session, news, links=Links.of(settings()), at=now())
    except Exception:
        log.exception("Demand can't be looked for now; requests are scored all the same")


def more_wait() -> bool:
    """Look again a moment later, so that a burst becomes one run instead of a hundred."""
    time.sleep(PAUSE_SECONDS)
    with database().reading() as session:
        return waiting.look(session, now=now()).requests
