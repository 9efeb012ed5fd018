"""The invented company's reports: one for its leadership each quarter, one for the sponsor of a goal each month."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import report_designs
from portfolio.demo import company
from portfolio.history import record
from portfolio.models import Edition, Goal, Person, Report, Share
from portfolio.report_designs import Wishes

WEEKEND = (5, 6)
SHARED_DAYS = 30


@dataclass(frozen=True)
class Designs:
    """What was designed."""

    quarterly: Report
    sponsors: Report


def lay(session: Session, *, goal: Goal, manager: Person, today: date, at: datetime) -> Designs:
    """Design both. What came of them in the year is asked for by the year itself; the next ones come by themselves."""
    quarterly = report_designs.begin(
        session, audience="leadership", name="Quarterly report", by=manager, at=at
    )
    sponsors = report_designs.begin(
        session, audience="sponsor", name="What learning did for sales", goal=goal, by=manager, at=at
    )
    holidays = [f"{today.year}-12-{day}" for day in (24, 25, 26, 31)]
    readers = [email for _, email, _ in company.LEADERS]
    words = "Fleet and cargo bikes first: what we did for them, what came of it, and what we ask you for."
    wishes: tuple[tuple[Report, str, list[str], list[int | str], str], ...] = (
        (quarterly, "quarterly", readers, [*WEEKEND, *holidays], ""),
        (sponsors, "monthly", readers[1:], list(WEEKEND), words),
    )
    for report, rhythm, its_readers, quiet, said in wishes:
        wish = Wishes(
            name=report.name,
            sections=[{**one, "words": said if one["key"] == "goals" else ""} for one in report.sections],
            rhythm=rhythm,
            recipients=its_readers,
            quiet_days=quiet,
            goal_id=report.goal_id,
        )
        report_designs.edit(session, report, wish, version=report.version, today=today, by=manager, at=at)
    return Designs(quarterly, sponsors)


def share_latest(session: Session, *, manager: Person, at: datetime) -> None:
    """The works council reads the latest edition by a link. It opens once the edition has been built, moments later."""
    latest = session.scalar(select(Edition).order_by(Edition.period_end.desc()).limit(1))
    if latest is None:
        return
    shared = Share(
        edition_id=latest.id,
        name="Works council",
        added_at=at,
        expires_at=at + timedelta(days=SHARED_DAYS),
        by_id=manager.id,
    )
    session.add(shared)
    record(session, "share.added", shared, by=manager, at=at, edition=latest.id, days=SHARED_DAYS)
