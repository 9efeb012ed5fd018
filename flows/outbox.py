"""What waits in our own database becomes flow runs: a lane each for scores, mails, reports, imports, news and
automations."""

from collections.abc import Callable

from flows.connection import database, now, settings
from flows.fetch_mails import fetch_mails, fetch_some, has_mail
from flows.lanes import Lane
from flows.link import Link
from flows.plan_capacity import Chances
from flows.publish_report import is_due, publish_report
from flows.run_automations import Automations
from flows.score_requests import score_requests
from flows.send_mails import send_mails, send_some
from flows.send_news import News
from flows.take_imports import take_imports
from portfolio import waiting
from portfolio.waiting import Waiting

CHANCES_SECONDS = 5.0
DUE_SECONDS = 60.0


def lanes(link: Link) -> list[Lane]:
    """Scores, reports and imports wait while Prefect is away. Mails don't: people need them to sign in; nor do news and automations."""
    news, automations = News(), Automations()
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
        Lane("news", waits=news.waits, work=lambda: news.tell(link), inside=link.inside),
        Lane(
            "automations",
            waits=automations.wait,
            work=lambda: automations.act(link),
            inside=link.inside,
        ),
    ]


def rounds(link: Link) -> list[Lane]:
    """Lanes that look for themselves: whether chances are behind, whether a report's schedule was missed while we were down,
    and into the mailbox, where there is one. A run starts only when there is something to do."""
    chances = Chances()
    lanes = [
        Lane(
            "chances",
            waits=chances.are_behind,
            work=chances.catch_up,
            inside=link.inside,
            every_seconds=CHANCES_SECONDS,
        ),
        Lane(
            "schedules",
            waits=lambda: link.is_up and is_due(),
            work=lambda: by_prefect(link, publish_report),
            inside=link.inside,
            every_seconds=DUE_SECONDS,
        ),
    ]
    if not settings().imap_url:
        return lanes
    return [
        *lanes,
        Lane(
            "mailbox",
            waits=has_mail,
            work=lambda: fetch(link),
            inside=link.inside,
            every_seconds=settings().imap_seconds,
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


def fetch(link: Link) -> bool:
    """Mails come in while Prefect is away, too. What is left lies there until the next look."""
    if link.is_up and link.answers():
        fetch_mails()
    else:
        fetch_some.fn()
    return True


def publish_next() -> bool:
    """Build the next edition that waits; whether there was one."""
    edition = look().edition
    return edition is not None and bool(publish_report(edition=edition))
