"""Asks after requests that have been silent for long, brings back what waited for something, and tells what stands still."""

from prefect import flow, task

from flows.ask_next import is_daytime
from flows.connection import database, now, settings, today
from portfolio import nudges, revisits, standstill
from portfolio.links import Links

MONDAY = 0


@flow(name="forget_politely")
def forget_politely() -> dict[str, int]:
    """On working days, by day: returns how many came back, were written to, and were told what stands still."""
    return {"came_back": bring_back(), **nudge(), "told": tell_monday()}


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def bring_back() -> int:
    """Looked for while reading, kept in one short transaction."""
    at = now()
    if not is_daytime(at):
        return 0
    with database().reading() as session:
        found = revisits.look(session, today=today(at))
    if not found:
        return 0
    with database().writing() as session:
        return revisits.bring_back(session, found, links=Links.of(settings()), at=at)


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def nudge() -> dict[str, int]:
    at = now()
    if not is_daytime(at):
        return {}
    with database().writing() as session:
        return nudges.nudge(session, links=Links.of(settings()), at=at)


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def tell_monday() -> int:
    at = now()
    on = today(at)
    if not is_daytime(at) or on.weekday() != MONDAY:
        return 0
    with database().writing() as session:
        return standstill.tell(session, on=on, links=Links.of(settings()), at=at)
