"""Editions: asked for here, built by the flow, then frozen."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from portfolio import letters, mails
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Edition, Organisation, Person
from portfolio.states import EditionStatus

KINDS = {
    "weekly": "Weekly digest",
    "monthly": "Monthly report",
    "quarterly": "Quarterly report",
    "custom": "Report",
}
MOST_TRIES = 3


class Frozen(ValueError):
    """A published edition can't change."""


def ask(
    session: Session,
    *,
    kind: str,
    period_start: date,
    period_end: date,
    by: Person | None,
    at: datetime,
    scheduled: bool = False,
) -> Edition:
    """Ask for a report over [period_start, period_end). The worker sees it and runs the flow."""
    edition = Edition(
        kind=kind,
        title=title_of(kind, period_start, period_end),
        period_start=period_start,
        period_end=period_end,
        asked_by_id=by.id if by else None,
        asked_at=at,
        scheduled=scheduled,
    )
    session.add(edition)
    session.flush()
    record(session, "edition.asked", edition, by=by, at=at, kind=kind)
    return edition


def ask_due(session: Session, *, kind: str, today: date, at: datetime) -> int | None:
    """Ask for the scheduled edition of the last full period, unless it was asked for already; returns its id.

    Only the latest missed period is caught up. None where there is nothing to do, also before the first visit.
    """
    if session.scalar(select(Organisation.id)) is None:
        return None
    period_start, period_end = last_period(kind, today)
    known = session.scalar(
        select(Edition.id).where(
            Edition.kind == kind, Edition.period_start == period_start, Edition.scheduled.is_(True)
        )
    )
    if known is not None:
        return None
    return ask(
        session, kind=kind, period_start=period_start, period_end=period_end, by=None, at=at, scheduled=True
    ).id


def note_failure(session: Session, edition: Edition, problem: str, *, at: datetime) -> None:
    """Remember that building went wrong; after three tries it is listed as failed."""
    edition.attempts += 1
    edition.error = problem[:500]
    if edition.attempts >= MOST_TRIES:
        edition.status = EditionStatus.FAILED
        record(session, "edition.failed", edition, by=None, at=at)


def retry(session: Session, edition: Edition, *, by: Person, at: datetime) -> None:
    """Try a failed edition again."""
    if edition.status is not EditionStatus.FAILED:
        raise Frozen("Only a failed report can be tried again.")
    edition.status, edition.attempts, edition.error = EditionStatus.ASKED, 0, ""
    record(session, "edition.asked", edition, by=by, at=at, kind=edition.kind)


def mail_out(
    session: Session,
    edition: Edition,
    recipients: list[str],
    *,
    words: str,
    links: Links,
    by: Person | None,
    at: datetime,
) -> int:
    """Queue one mail a recipient with the PDF attached; returns how many."""
    if edition.status is not EditionStatus.PUBLISHED:
        raise Frozen("This report isn't ready to be mailed yet.")
    for recipient in recipients:
        subject, text = letters.edition(edition.title, links.page(f"/reports/{edition.id}"), words)
        mails.queue(
            session,
            to=recipient,
            subject=subject,
            text=text,
            about=f"edition:{edition.id}",
            attachments=[{"edition": edition.id, "format": "pdf"}],
            at=at,
        )
    record(session, "edition.mailed", edition, by=by, at=at, recipients=len(recipients))
    return len(recipients)


# Queries


def listed(session: Session, *, after: int | None = None, limit: int = 50) -> list[Edition]:
    """Editions, newest first."""
    query = select(Edition)
    if after is not None:
        query = query.where(Edition.id < after)
    return list(session.scalars(query.order_by(Edition.id.desc()).limit(limit)))


def find(session: Session, number: int, *parts: str) -> Edition | None:
    """One edition, with the stored `parts` ("html", "pdf", "xlsx", "figures") read along."""
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Edition)
        .where(Edition.id == number)
        .options(*(undefer(getattr(Edition, part)) for part in parts))
    )


def last_period(kind: str, today: date) -> tuple[date, date]:
    """The last full week, month or quarter before `today`, as [start, end)."""
    if kind == "weekly":
        end = today - timedelta(days=today.weekday())
        return end - timedelta(days=7), end
    if kind == "monthly":
        end = today.replace(day=1)
        return (end - timedelta(days=1)).replace(day=1), end
    end = quarter_start(today)
    return quarter_start(end - timedelta(days=1)), end


def quarter_start(day: date) -> date:
    """The first day of the quarter `day` is in."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def title_of(kind: str, start: date, end: date) -> str:
    """What an edition is called: "Quarterly report, Q3 2026"."""
    last = end - timedelta(days=1)
    if kind == "quarterly":
        return f"Quarterly report, Q{(start.month - 1) // 3 + 1} {start.year}"
    if kind == "monthly":
        return f"Monthly report, {start:%B %Y}"
    first = f"{start.day} {start:%B}" if start.year == last.year else f"{start.day} {start:%B %Y}"
    return f"{KINDS.get(kind, 'Report')}, {first} to {last.day} {last:%B %Y}"
