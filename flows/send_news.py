"""Takes news to webhooks and chats. Starts when something happened that somebody wants to hear, or is to be tried again."""

from prefect import flow, task

from flows.connection import database, now, settings
from flows.link import Link
from portfolio import delivering, outlets
from portfolio.links import Links


@flow(name="send_news")
def send_news() -> int:
    """Send what is due. Returns how many messages were tried; what wasn't taken is tried again later by itself."""
    tried = batch = send_some()
    while batch and more_waits():
        batch = send_some()
        tried += batch
    return tried


@task(retries=3, retry_delay_seconds=[1, 4, 15])
def send_some() -> int:
    return delivering.send_waiting(database(), settings(), now=now())


def more_waits() -> bool:
    with database().reading() as session:
        return outlets.waits(session, now=now())


class News:
    """Follows the history and queues what outlets want to hear; a run starts only when a message is to be sent. Needs no Prefect:
    while it is away, news goes out all the same."""

    def __init__(self) -> None:
        self._seen = 0

    def waits(self) -> bool:
        with database().reading() as session:
            unheard, self._seen = outlets.unheard(session, seen=self._seen)
            return unheard or outlets.waits(session, now=now())

    def tell(self, link: Link) -> bool:
        queued = queue_some()
        if not more_waits():
            return bool(queued)
        return bool(send_news() if link.is_up and link.answers() else send_some.fn()) or bool(queued)


def queue_some() -> int:
    with database().writing() as session:
        return outlets.queue_news(session, links=Links.of(settings()), at=now())
