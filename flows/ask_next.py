"""Asks the few questions that would help most, on working days and by day. Only where the manager switched it on."""

from datetime import datetime

from prefect import flow, task

from flows.connection import database, now, settings, zone
from portfolio import next_questions
from portfolio.links import Links

FROM_HOUR, UNTIL_HOUR = 9, 16
AT_MOST = 3
SATURDAY = 5


@flow(name="ask_next")
def ask_next() -> int:
    """Mail the best questions, each to another person. Returns how many; at night and at weekends none."""
    return ask_best()


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def ask_best() -> int:
    at = now()
    if not is_daytime(at):
        return 0
    with database().writing() as session:
        return next_questions.ask_by_itself(session, links=Links.of(settings()), at=at, limit=AT_MOST)


def is_daytime(at: datetime) -> bool:
    """Whether it is a working day where the organisation is, from nine to four: a run that comes late must wake nobody."""
    here = at.astimezone(zone())
    return here.weekday() < SATURDAY and FROM_HOUR <= here.hour < UNTIL_HOUR
