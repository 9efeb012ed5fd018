"""Fetches what learning systems have to tell, each in its rhythm; one that fails keeps no other waiting."""

import time

from prefect import flow, task

from flows.connection import database, now, settings
from portfolio.learning import fetching, sources

SECONDS = 300.0
"""How long one run begins with sources; what is left is first in the next."""


@flow(name="fetch_learning")
def fetch_learning() -> int:
    """Fetch from every source whose time has come. Returns how many records are new; how each went stands on its page."""
    new, until = 0, time.monotonic() + SECONDS
    for number in due():
        state = fetch_one(number, return_state=True)
        new += state.result() if state.is_completed() else 0
        if time.monotonic() > until:
            break
    return new


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def due() -> list[int]:
    with database().reading() as session:
        return sources.due(session, now=now())


@task(retries=2, retry_delay_seconds=[1, 10])
def fetch_one(number: int) -> int:
    """A source that can't be asked says so on its page and is tried again later; only our own database's failing is retried here."""
    fetched = fetching.fetch(database(), settings(), number, now=now())
    return fetched.new if fetched is not None else 0
