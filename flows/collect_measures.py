"""Collects what shows whether the work worked: pulls measures from their sources, begins surveys that are due, asks owners for values."""

import logging
from collections import Counter

from prefect import flow, task

from flows.ask_next import is_daytime
from flows.connection import database, now, settings, today, zone
from portfolio import evaluation_asks, measure_pulls
from portfolio.links import Links

logger = logging.getLogger("outsize.collect_measures")


@flow(name="collect_measures")
def collect_measures() -> dict[str, int]:
    """Returns how many readings came, surveys began, owners were asked or reminded, managers were told. A second run: none.

    What was missed is caught up once; people are written to by day only.
    """
    return {**pull(), **ask(), "told": tell()}


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def pull() -> dict[str, int]:
    return measure_pulls.pull_due(database(), settings(), now=now())


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def ask() -> dict[str, int]:
    """Each line of a plan in a transaction of its own, so that one that fails stops no other."""
    at, where, links = now(), zone(), Links.of(settings())
    with database().reading() as session:
        numbers = evaluation_asks.due(session, today=today(at))
    done: Counter[str] = Counter(survey=0, asked=0, reminded=0, done=0, failed=0)
    for number in numbers:
        try:
            with database().writing() as session:
                did = evaluation_asks.take(
                    session, number, links=links, zone=where, is_daytime=is_daytime(at), at=at
                )
        except Exception as problem:
            logger.exception("line %s of an evaluation plan", number)
            did = "failed"
            with database().writing() as session:
                evaluation_asks.note_problem(
                    session, number, f"It failed: {type(problem).__name__}. It is tried again."
                )
        done[did] += did != ""
    del done[""]
    return dict(done)


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def tell() -> int:
    at = now()
    if not is_daytime(at):
        return 0
    where = zone()
    with database().writing() as session:
        return evaluation_asks.tell(session, links=Links.of(settings()), zone=where, at=at)
