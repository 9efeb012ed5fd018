"""Writes down, once a day, where the open iteration stands. Burn-up charts are built from it."""

from datetime import timedelta

from prefect import flow, task

from flows.connection import database, now, today
from portfolio import iterations

STILL_YESTERDAY = timedelta(hours=6)


@flow(name="track_iterations")
def track_iterations() -> int:
    """Snapshot the open iteration for the day that ends, and for days missed before. Returns how many were taken; a second
    run replaces the day's."""
    return snapshot()


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def snapshot() -> int:
    at = now()
    on = today(at, after_midnight=STILL_YESTERDAY)
    with database().writing() as session:
        return iterations.snapshot_open(session, on=on, at=at)
