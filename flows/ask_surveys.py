"""Asks people to answer surveys and reminds them, on working days and by day; closes what is over."""

from prefect import flow, task

from flows.connection import database, now, settings
from portfolio import survey_invitations, surveys
from portfolio.links import Links


@flow(name="ask_surveys")
def ask_surveys() -> dict[str, int]:
    """Returns how many surveys were closed and how many mails were queued; at night and on weekends no mails, at once again none."""
    return {"closed": close_due(), "asked": write_due()}


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def close_due() -> int:
    with database().writing() as session:
        return surveys.close_due(session, at=now())


@task(retries=3, retry_delay_seconds=[10, 60, 300])
def write_due() -> int:
    """A hundred at a time, each lot in a transaction of its own: a run that is killed has written to some and notes whom."""
    count, at = 0, now()
    while True:
        with database().writing() as session:
            written = survey_invitations.write_due(session, links=Links.of(settings()), at=at)
        count += written
        if not written:
            return count
