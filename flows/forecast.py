"""Forecasts anew every night what is under way and what waits, keeps the dates that changed, and settles those that came due."""

from datetime import datetime

from prefect import flow, task

from flows.connection import database, now
from portfolio import promises


@flow(name="forecast")
def forecast() -> int:
    """Keep what is promised on the day that begins. Returns how many dates were kept; a second run replaces the day's."""
    return forecast_all(now())


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def forecast_all(at: datetime) -> int:
    """Worked out while reading, so that nobody waits to write meanwhile; then kept at once."""
    with database().reading() as session:
        found = promises.look(session, now=at)
    with database().writing() as session:
        return promises.keep(session, found).recorded
