"""Reminds experts of what they were asked for, on working days and by day, at most three times each."""

from prefect import flow, task

from flows.ask_next import is_daytime
from flows.connection import database, now, settings, zone
from portfolio import expert_asks
from portfolio.links import Links


@flow(name="remind_experts")
def remind_experts() -> int:
    """Remind whoever it is time to remind. Returns how many mails; at night and at weekends none, and a second run none."""
    return remind_due()


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def remind_due() -> int:
    at = now()
    if not is_daytime(at):
        return 0
    where = zone()
    with database().writing() as session:
        return expert_asks.remind(session, links=Links.of(settings()), zone=where, at=at)
