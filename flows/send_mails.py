"""Sends the mails that wait in the outbox. Starts when mails wait."""

from prefect import flow, task

from flows.connection import database, now, settings
from portfolio import mails, waiting

AT_ONCE = 20


@flow(name="send_mails")
def send_mails() -> int:
    """Send what is due. Returns how many left; what could not be sent is tried again later by itself."""
    sent = batch = send_some()
    while batch and more_wait():
        batch = send_some()
        sent += batch
    return sent


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def send_some() -> int:
    return mails.send_waiting(database(), settings(), now=now(), limit=AT_ONCE)


def more_wait() -> bool:
    with database().reading() as session:
        return waiting.look(session, now=now()).mails
