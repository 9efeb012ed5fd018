"""Fetches the mails that came in. Starts when some lie in the mailbox; without a mailbox it does nothing."""

import logging

from prefect import flow, task
from sqlalchemy.exc import DBAPIError

from flows.connection import database, now, settings
from portfolio import arrivals, mailbox, pulse
from portfolio.links import Links
from portfolio.mailbox import Fetched, MailboxProblem

logger = logging.getLogger("outsize.worker")

AT_ONCE = 50
MOST_BATCHES = 200
PULSE = "mailbox"


@flow(name="fetch_mails")
def fetch_mails() -> int:
    """Take in what lies unseen in the mailbox. Returns how many mails were new."""
    new = 0
    for _ in range(MOST_BATCHES):
        taken, fresh = fetch_some()
        new += fresh
        if taken < AT_ONCE:
            break
    return new


@task(retries=2, retry_delay_seconds=[2, 10])
def fetch_some() -> tuple[int, int]:
    """Each mail is fetched, kept in a transaction of its own, and only then marked as seen: a crash between them fetches it
    again, and it is recognised. Returns how many were marked and how many of them were new."""
    url = settings().imap_url
    if not url:
        return 0, 0
    taken = new = 0
    with mailbox.opened(url) as box:
        for uid in box.unseen()[:AT_ONCE]:
            mail = box.fetch(uid, largest_bytes=arrivals.LARGEST_BYTES)
            if mail is not None:
                new += take(mail)
                box.mark_taken(mail)
                taken += 1
    return taken, new


def take(mail: Fetched) -> bool:
    """Keep a mail; whether it was new. One that can't be dealt with is put aside, so that it holds up no other."""
    try:
        with database().writing() as session:
            arrival = arrivals.receive(
                session,
                mail.raw,
                size_bytes=mail.size_bytes,
                links=Links.of(settings()),
                settings=settings(),
                at=now(),
            )
            return arrival is not None
    except DBAPIError:
        raise
    except Exception as problem:
        logger.exception("A mail could not be dealt with; it is put aside")
        why = f"Taking it in failed ({type(problem).__name__}). It is kept whole."
        with database().writing() as session:
            return arrivals.keep_aside(session, mail.raw, why=why, at=now()) is not None


def has_mail() -> bool:
    """Whether unseen mail lies in the mailbox; notes when it was looked into, and what was wrong if it couldn't be."""
    problem, found = "", False
    try:
        with mailbox.opened(settings().imap_url) as box:
            found = bool(box.unseen())
    except MailboxProblem as said:
        problem = str(said)
        logger.warning("The mailbox can't be used: %s", problem)
    with database().writing() as session:
        pulse.beat(session, PULSE, at=now(), problem=problem)
    return found
