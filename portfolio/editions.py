"""Editions: asked for here, built by the flow, then frozen."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from portfolio import letters, mails, organisation, people, report_designs
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Edition, Goal, Mail, Person, Report
from portfolio.rules import report_days
from portfolio.rules.report_sections import audience_of
from portfolio.states import EditionStatus

KINDS = {
    "weekly": "Weekly digest",
    "monthly": "Monthly report",
    "quarterly": "Quarterly report",
    "custom": "Report",
}
MOST_TRIES = 3
MAILED_WITHIN = timedelta(days=30)
"""What took longer to be there since it was asked for isn't sent to people by itself: they wait for another by then."""

MAILED_FROM = time(7)
"""Reports that had to wait for a day on which they may be mailed leave at this hour."""

CORRECTED = ", corrected"
LONGEST_TITLE = 160
LATEST = 50


class Frozen(ValueError):
    """A published edition can't change."""


class NothingToSay(ValueError):
    """There is no goal that this report would have anything to say about in the period."""


def ask(
    session: Session,
    *,
    kind: str,
    period_start: date,
    period_end: date,
    by: Person | None,
    at: datetime,
    scheduled: bool = False,
    report: Report | None = None,
    goal: Goal | None = None,
) -> Edition:
    """Ask for a report over [period_start, period_end). The worker sees it and runs the flow.

    What its design says now is kept with it; without one it is two pages for leadership.
    """
    edition = Edition(
        kind=kind,
        title=title_of(kind, period_start, period_end, report, goal),
        period_start=period_start,
        period_end=period_end,
        report_id=report.id if report else None,
        design=report_designs.frozen(report, goal.id if goal else None) if report else None,
        asked_by_id=by.id if by else None,
        asked_at=at,
        scheduled=scheduled,
    )
    session.add(edition)
    session.flush()
    record(session, "edition.asked", edition, by=by, at=at, kind=kind)
    return edition


def ask_each(
    session: Session,
    report: Report,
    *,
    kind: str,
    period_start: date,
    period_end: date,
    by: Person | None,
    at: datetime,
    scheduled: bool = False,
) -> list[Edition]:
    """Ask for the editions a design gives: one, or for sponsors without a chosen goal one for each with something to say.

    What waits to be built already isn't asked for again. Raises NothingToSay.
    """
    waiting = {
        (one.kind, one.period_start, one.period_end, (one.design or {}).get("goal")): one
        for one in session.scalars(
            select(Edition).where(Edition.report_id == report.id, Edition.status == EditionStatus.ASKED)
        )
    }
    return [
        waiting.get((kind, period_start, period_end, goal.id if goal else report.goal_id))
        or ask(
            session,
            kind=kind,
            period_start=period_start,
            period_end=period_end,
            by=by,
            at=at,
            scheduled=scheduled,
            report=report,
            goal=goal,
        )
        for goal in _goals(session, report, period_start, period_end)
    ]


def ask_due(session: Session, *, today: date, at: datetime) -> list[int]:
    """Ask for the editions whose day has come; returns their ids. Nothing before the first visit.

    A schedule missed while nothing ran is caught up once: only its latest period is asked for, and its next day is ahead.
    """
    report_designs.begin_usual(session, today=today, at=at)
    asked: list[int] = []
    for report in report_designs.due(session, today):
        was_due = report.next_on
        report.next_on = report_days.next_due(report.rhythm, report.rolling_days, today, since=was_due)
        kind, start, end = report_days.covered(report.rhythm, report.rolling_days, today)
        try:
            made = ask_each(
                session, report, kind=kind, period_start=start, period_end=end, by=None, at=at, scheduled=True
            )
        except NothingToSay:
            record(session, "report.had_nothing_to_say", report, by=None, at=at)
            continue
        asked += [one.id for one in made]
    return asked


def correct(session: Session, edition: Edition, why: str, *, by: Person, at: datetime) -> Edition:
    """Ask for a new edition over the same period that names the one it corrects, and why. The old one stays as it is."""
    hold(session, edition)
    if edition.status is not EditionStatus.PUBLISHED:
        raise Frozen("Only a report that is there can be corrected.")
    waiting = session.scalar(
        select(Edition).where(Edition.corrects_id == edition.id, Edition.status == EditionStatus.ASKED)
    )
    if waiting is not None:
        return waiting
    corrected = Edition(
        kind=edition.kind,
        title=edition.title.removesuffix(CORRECTED)[: LONGEST_TITLE - len(CORRECTED)] + CORRECTED,
        period_start=edition.period_start,
        period_end=edition.period_end,
        report_id=edition.report_id,
        design=edition.design,
        corrects_id=edition.id,
        correction=why[:1000],
        asked_by_id=by.id,
        asked_at=at,
    )
    session.add(corrected)
    session.flush()
    record(session, "edition.asked", corrected, by=by, at=at, kind=edition.kind, corrects=edition.id)
    return corrected


def note_failure(
    session: Session, edition: Edition, problem: str, *, at: datetime, links: Links | None = None
) -> None:
    """Remember that building went wrong; after three tries it is listed as failed, and managers are written to once."""
    edition.attempts += 1
    edition.error = problem[:500]
    if edition.attempts < MOST_TRIES:
        return
    edition.status = EditionStatus.FAILED
    record(session, "edition.failed", edition, by=None, at=at)
    if links is not None:
        _tell_managers(session, edition, links, at)


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
    not_before: datetime | None = None,
) -> int:
    """Queue one mail a recipient with the PDF attached; returns how many. They leave at once, or not before a moment."""
    if edition.status is not EditionStatus.PUBLISHED:
        raise Frozen("This report isn't ready to be mailed yet.")
    address = links.page(f"/reports/{edition.id}")
    said = session.scalar(select(Edition.figures["letter"].as_string()).where(Edition.id == edition.id)) or ""
    for recipient in recipients:
        subject, text = letters.edition(edition.title, address, words, said)
        mails.queue(
            session,
            to=recipient,
            subject=subject,
            text=text,
            html=letters.edition_html(edition.mail_html, address, words) if edition.mail_html else None,
            about=about(edition),
            attachments=[{"edition": edition.id, "format": "pdf"}],
            at=at,
            not_before=not_before,
        )
    record(session, "edition.mailed", edition, by=by, at=at, recipients=len(recipients))
    return len(recipients)


def mail_to_readers(session: Session, edition: Edition, *, links: Links, at: datetime) -> int:
    """Queue a scheduled edition for its readers, once, on a day that isn't quiet. One asked for by hand is mailed by hand."""
    ours = organisation.current(session)
    if ours is None or not edition.scheduled or edition.status is not EditionStatus.PUBLISHED:
        return 0
    if at - edition.asked_at > MAILED_WITHIN:
        return 0
    if session.scalar(select(Mail.id).where(Mail.about == about(edition)).limit(1)) is not None:
        return 0
    report = session.get(Report, edition.report_id) if edition.report_id else None
    if report is not None and report.ended_at is not None:
        return 0
    readers = (report.recipients if report else ours.report_recipients).replace(",", " ").replace(";", " ")
    to = list(dict.fromkeys(readers.split()))
    if not to:
        return 0
    zone = organisation.zone(ours)
    today = at.astimezone(zone).date()
    day = report_days.mailed_on(today, (report.quiet_days if report else None) or ())
    waits_until = datetime.combine(day, MAILED_FROM, zone) if day != today else None
    return mail_out(session, edition, to, words="", links=links, by=None, at=at, not_before=waits_until)


# Queries


def about(edition: Edition) -> str:
    """What the mails with this edition say they are about."""
    return f"edition:{edition.id}"


def mailed(session: Session, edition: Edition) -> list[Mail]:
    """The mails with this edition, latest first: who got it, who is still to get it, and who could not."""
    return list(session.scalars(select(Mail).where(Mail.about == about(edition)).order_by(Mail.id.desc())))


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


def before(session: Session, edition: Edition, *parts: str) -> Edition | None:
    """What this edition is compared with: the one it corrects, else the latest published of the same report before it.

    Of a sponsor's report it is the one about the same goal; of one that nobody designed, the one of the same kind.
    """
    if edition.corrects_id is not None:
        return find(session, edition.corrects_id, *parts)
    earlier = (
        select(Edition.id, Edition.design)
        .where(
            Edition.status == EditionStatus.PUBLISHED,
            Edition.report_id.is_not_distinct_from(edition.report_id),
            Edition.id != edition.id,
            Edition.period_start <= edition.period_start,
            Edition.period_end <= edition.period_end,
        )
        .order_by(Edition.period_end.desc(), Edition.id.desc())
        .limit(LATEST)
    )
    if edition.id is not None:
        earlier = earlier.where(Edition.id < edition.id)
    if edition.report_id is None:
        earlier = earlier.where(Edition.kind == edition.kind)
    goal = (edition.design or {}).get("goal")
    found = (id_ for id_, design in session.execute(earlier) if (design or {}).get("goal") == goal)
    number = next(found, None)
    return None if number is None else find(session, number, *parts)


def corrections(session: Session, edition: Edition) -> list[Edition]:
    """The published editions that correct this one, oldest first."""
    return list(
        session.scalars(
            select(Edition)
            .where(Edition.corrects_id == edition.id, Edition.status == EditionStatus.PUBLISHED)
            .order_by(Edition.id)
        )
    )


def has_slides(session: Session, edition: Edition) -> bool:
    """Whether there are slides of it; editions of earlier versions have none."""
    return bool(session.scalar(select(Edition.pptx.is_not(None)).where(Edition.id == edition.id)))


def title_of(
    kind: str, start: date, end: date, report: Report | None = None, goal: Goal | None = None
) -> str:
    """What an edition is called: "Quarterly report, Q3 2026", or by the name of its report."""
    period = _period_words(kind, start, end)
    name = report.name if report else KINDS.get(kind, "Report")
    if goal is not None:
        name = f"{name}: {goal.name}"
    return f"{name[: LONGEST_TITLE - len(CORRECTED) - len(period) - 2]}, {period}"


def _period_words(kind: str, start: date, end: date) -> str:
    last = end - timedelta(days=1)
    if kind == "quarterly":
        return f"Q{(start.month - 1) // 3 + 1} {start.year}"
    if kind == "monthly":
        return f"{start:%B %Y}"
    first = f"{start.day} {start:%B}" if start.year == last.year else f"{start.day} {start:%B %Y}"
    return f"{first} to {last.day} {last:%B %Y}"


def _goals(session: Session, report: Report, start: date, end: date) -> list[Goal | None]:
    """Which goals there is an edition for; [None] where it is about all, or about the one chosen."""
    if audience_of(report.audience).about != "goal":
        return [None]
    if report.goal_id is not None:
        return [session.get(Goal, report.goal_id)]
    zone = organisation.zone(organisation.current(session))
    found = report_designs.goals_with_news(
        session, datetime.combine(start, time.min, zone), datetime.combine(end, time.min, zone)
    )
    if not found:
        raise NothingToSay(
            "No goal has anything to report in this period: no request waits and no project runs for one."
        )
    return list(found)


def _tell_managers(session: Session, edition: Edition, links: Links, at: datetime) -> None:
    said = f"edition-failed:{edition.id}"
    if session.scalar(select(Mail.id).where(Mail.about == said).limit(1)) is not None:
        return
    subject, text = letters.edition_failed(edition.title, edition.error, links.page(f"/reports/{edition.id}"))
    for manager in people.managers(session):
        mails.queue(session, to=manager.email, subject=subject, text=text, about=said, at=at)
