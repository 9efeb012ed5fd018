"""What stands still, told to the managers on Mondays: cards nobody moved, requests that came back, questions unanswered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import letters, mails, nudges, people
from portfolio.links import Links
from portfolio.models import Card, Column, LearningRequest, Mail, Revisit
from portfolio.rules.flow import durations, percentile
from portfolio.states import INBOX, ColumnKind

PERCENT = 85
ENOUGH = 5
"""Finished cards from which on the percentile is taken, of those finished in the last half year."""
USUAL_DAYS = 14.0
MOST_LINES = 10


@dataclass(frozen=True)
class Stalled:
    """A card in work that has stood in its column for `days`, where most are done within `limit_days`."""

    card: Card
    days: int


@dataclass(frozen=True)
class Standstill:
    """What a Monday tells: nothing where all of it is empty. `finished` cards say how long is long."""

    limit_days: float
    finished: int
    stalled: list[Stalled]
    came_back: list[tuple[LearningRequest, str]]
    unanswered: list[tuple[LearningRequest, datetime]]

    @property
    def is_empty(self) -> bool:
        return not (self.stalled or self.came_back or self.unanswered)


def look(session: Session, *, now: datetime) -> Standstill:
    """What stands still now. Changes nothing."""
    limit_days, finished = _limit(session, now)
    return Standstill(
        limit_days=limit_days,
        finished=finished,
        stalled=_stalled(session, limit_days, now),
        came_back=_came_back(session, now),
        unanswered=nudges.unanswered(session, now=now),
    )


def tell(session: Session, *, on: date, links: Links, at: datetime) -> int:
    """Mail it to every manager, once for the Monday `on`; returns to how many. To nobody where nothing stands still."""
    about = f"standstill:{on.isoformat()}"
    if session.scalar(select(Mail.id).where(Mail.about == about).limit(1)) is not None:
        return 0
    found = look(session, now=at)
    if found.is_empty:
        return 0
    subject, text = letters.monday(_sections(found, links))
    told = people.managers(session)
    for manager in told:
        mails.queue(session, to=manager.email, subject=subject, text=text, about=about, at=at)
    return len(told)


def _limit(session: Session, now: datetime) -> tuple[float, int]:
    """From how many days on a card is late: the 85th percentile of the time cards took, else two weeks."""
    rows = session.execute(
        select(Card.started_at, Card.done_at).where(
            Card.done_at > now - timedelta(days=182), Card.started_at.is_not(None)
        )
    ).all()
    took = durations([row.started_at for row in rows], [row.done_at for row in rows]).days
    known = percentile(took, PERCENT) if len(took) >= ENOUGH else None
    return (max(1.0, known) if known is not None else USUAL_DAYS), len(took)


def _stalled(session: Session, limit_days: float, now: datetime) -> list[Stalled]:
    since = func.coalesce(Card.entered_at, Card.started_at, Card.created_at)
    rows = session.execute(
        select(Card, since)
        .join(Card.column)
        .where(
            Column.kind == ColumnKind.DOING,
            Card.archived_at.is_(None),
            since < now - timedelta(days=limit_days),
        )
        .order_by(since, Card.id)
        .limit(100)
    )
    return [Stalled(card, (now - moment).days) for card, moment in rows]


def _came_back(session: Session, now: datetime) -> list[tuple[LearningRequest, str]]:
    rows = session.execute(
        select(LearningRequest, Revisit.why)
        .join(Revisit, Revisit.learning_request_id == LearningRequest.id)
        .where(
            LearningRequest.status.in_(INBOX),
            Revisit.came_back_at > now - timedelta(days=7),
            Revisit.came_back_at >= LearningRequest.status_since,
        )
        .order_by(Revisit.came_back_at, Revisit.id)
    )
    return [(one, why) for one, why in rows]


def _sections(found: Standstill, links: Links) -> list[tuple[str, list[tuple[str, str]]]]:
    base = f"85 % of the last {found.finished} took" if found.finished >= ENOUGH else "More than"
    long = f"{base} {'at most ' if found.finished >= ENOUGH else ''}{found.limit_days:.0f} days"
    sections = [
        (
            f"Cards nobody has moved for long. {long}.",
            [
                (f"{one.card.title}: {one.days} days", links.page(f"/cards/{one.card.id}"))
                for one in found.stalled
            ],
        ),
        (
            "Requests that came back last week",
            [(f"{one.title}: {why}", links.page(f"/inbox/{one.id}")) for one, why in found.came_back],
        ),
        (
            "Requests whose requester was asked whether it is still needed, and hasn't answered",
            [(one.title, links.page(f"/requests/{one.id}")) for one, _ in found.unanswered],
        ),
    ]
    return [(heading, _some(lines, links)) for heading, lines in sections if lines]


def _some(lines: list[tuple[str, str]], links: Links) -> list[tuple[str, str]]:
    """The first ten, and how many more there are."""
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([(f"and {more} more", links.page("/board"))] if more > 0 else [])]
