"""What waits in our own database becomes flow runs: a lane each for scores, mails, reports and imports."""

from collections.abc import Callable

from flows.connection import database, now
from flows.lanes import Lane
from flows.link import Link
from flows.publish_report import publish_report
from flows.score_requests import score_requests
from flows.send_mails import send_mails, send_some
from flows.take_imports import take_imports
from portfolio import waiting
from portfolio.waiting import Waiting


def lanes(link: Link) -> list[Lane]:
    """Scores, reports and imports wait while Prefect is away. Mails don't: people need them to sign in."""
    return [
        Lane(
            "scores",
            waits=lambda: link.is_up and look().requests,
            work=lambda: by_prefect(link, score_requests),
            inside=link.inside,
        ),
        Lane("mails", waits=lambda: look().mails, work=lambda: mail(link), inside=link.inside),
        Lane(
            "reports",
            waits=lambda: link.is_up and look().edition is not None,
            work=lambda: by_prefect(link, publish_next),
            inside=link.inside,
        ),
        Lane(
            "imports",
            waits=lambda: link.is_up and look().imports,
            work=lambda: by_prefect(link, take_imports),
            inside=link.inside,
        ),
    ]


def look() -> Waiting:
    with database().reading() as session:
        return waiting.look(session, now=now())


def by_prefect(link: Link, run: Callable[[], object]) -> bool:
    """Whether the run changed anything. Where Prefect is gone it isn't tried, and its return will ring again."""
    return bool(run()) if link.answers() else True


def mail(link: Link) -> bool:
    return bool(send_mails() if link.is_up and link.answers() else send_some.fn())


def publish_next() -> int | None:
    edition = look().edition
    return None if edition is None else publish_report(edition=edition)
