"""Writes down every night where each open request stands, and what moved it since the night before."""

from datetime import datetime

from prefect import flow, task

from flows.connection import database, now, today
from portfolio import placings


@flow(name="place_requests")
def place_requests() -> int:
    """Keep the places of the day that begins. Returns how many; a second run replaces the day's."""
    return place_all(now())


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def place_all(at: datetime) -> int:
    """Worked out while reading, so that nobody waits to write meanwhile; then kept at once."""
    on = today(at)
    with database().reading() as session:
        found = placings.look(session, on=on)
    with database().writing() as session:
        return placings.keep(session, found, at=at)
