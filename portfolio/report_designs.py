"""Reports as they are designed: what stands in them, in which order, for whom, how often, and when nothing is mailed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Edition, Goal, LearningRequest, Organisation, Person, Project, Report
from portfolio.rules import report_days
from portfolio.rules.report_sections import BY_AUDIENCE, audience_of, preset, tidied
from portfolio.states import LIVE_STAGES, OPEN

WEEKDAYS = range(7)
NO_PROJECT = "Please choose the project it is about."
USUAL = (
    ("quarterly", "Quarterly report", "leadership"),
    ("monthly", "Monthly report", "leadership"),
    ("weekly", "Weekly digest", "leadership"),
)
"""What every installation begins with."""


class DesignStale(ValueError):
    """Somebody else changed this report meanwhile."""


class DesignRefused(ValueError):
    """It can't be so; `field` is what is wrong, and the message says why."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass(frozen=True)
class Wishes:
    """How a report shall be. `quiet_days`: weekdays (0 Monday .. 6) and days ("2026-12-24")."""

    name: str
    sections: Sequence[dict[str, Any]]
    rhythm: str = ""
    rolling_days: int | None = None
    recipients: Sequence[str] = ()
    quiet_days: Sequence[int | str] = field(default_factory=tuple)
    goal_id: int | None = None
    project_id: int | None = None


def begin(
    session: Session,
    *,
    audience: str,
    by: Person | None,
    at: datetime,
    name: str = "",
    goal: Goal | None = None,
    project: Project | None = None,
) -> Report:
    """A new report for one of the audiences, with the sections it begins with. Nothing comes by itself yet."""
    if audience not in BY_AUDIENCE:
        raise DesignRefused("audience", "Please choose one of these.")
    report = Report(
        name=name.strip() or audience_of(audience).name,
        audience=audience,
        sections=preset(audience),
        goal_id=goal.id if goal and audience_of(audience).about == "goal" else None,
        project_id=project.id if project and audience_of(audience).about == "project" else None,
        added_at=at,
        by_id=by.id if by else None,
    )
    if audience_of(audience).about == "project" and project is None:
        raise DesignRefused("project", NO_PROJECT)
    session.add(report)
    session.flush()
    record(session, "report.designed", report, by=by, at=at, audience=audience)
    return report


def edit(
    session: Session, report: Report, wishes: Wishes, *, version: int, today: date, by: Person, at: datetime
) -> None:
    """Change it. Raises DesignStale when `version` is no longer the latest, DesignRefused where it can't be so.

    A rhythm that stays keeps its next day; a new one begins with the next period, and asks for none that is past.
    """
    hold(session, report)
    if report.version != version:
        raise DesignStale("Somebody else changed this report meanwhile.")
    _check_wishes(report, wishes)
    moved = (report.rhythm, report.rolling_days) != (wishes.rhythm, wishes.rolling_days)
    report.name = wishes.name
    report.sections = tidied(wishes.sections)
    report.rhythm, report.rolling_days = wishes.rhythm, wishes.rolling_days
    report.recipients = " ".join(wishes.recipients)
    report.quiet_days = list(wishes.quiet_days) or None
    report.goal_id, report.project_id = wishes.goal_id, wishes.project_id
    if moved:
        report.next_on = report_days.next_due(report.rhythm, report.rolling_days, today)
    report.version += 1
    on = [one["key"] for one in report.sections if one["on"]]
    record(session, "report.changed", report, by=by, at=at, sections=on, rhythm=report.rhythm)


def end(session: Session, report: Report, *, by: Person, at: datetime) -> None:
    """No more editions come of it, and it leaves the list. Its editions stay."""
    if report.ended_at is None:
        report.ended_at, report.next_on = at, None
        report.version += 1
        record(session, "report.ended", report, by=by, at=at)


def begin_usual(session: Session, *, today: date, at: datetime) -> list[Report]:
    """What earlier versions made by the calendar, as reports of their own: once, where nobody has designed any.

    Each gets the readers the settings named. One whose last full period nobody asked for is due today, unless the
    organisation is younger than that: it has nothing to tell of it.
    """
    ours = session.scalar(select(Organisation).order_by(Organisation.id).with_for_update())
    if ours is None or session.scalar(select(func.count(Report.id))):
        return []
    return [_usual(session, ours, kind, name, audience, today, at) for kind, name, audience in USUAL]


def frozen(report: Report, goal_id: int | None = None) -> dict[str, Any]:
    """What an edition keeps of its design."""
    return {
        "report": report.id,
        "name": report.name,
        "audience": report.audience,
        "sections": report.sections,
        "goal": goal_id or report.goal_id,
        "project": report.project_id,
    }


# Queries


def listed(session: Session) -> list[Report]:
    """Those that haven't ended, by name."""
    return list(
        session.scalars(select(Report).where(Report.ended_at.is_(None)).order_by(Report.name, Report.id))
    )


def find(session: Session, number: int) -> Report | None:
    return session.get(Report, number) if 0 < number < 2**31 else None


def subjects(session: Session, reports: Sequence[Report]) -> tuple[dict[int, str], dict[int, str]]:
    """The names of the goals and of the projects that these are about, by number."""
    goals = {one.goal_id for one in reports if one.goal_id}
    projects = {one.project_id for one in reports if one.project_id}
    named = session.execute(select(Goal.id, Goal.name).where(Goal.id.in_(goals)))
    called = session.execute(select(Project.id, Project.name).where(Project.id.in_(projects)))
    return {id_: name for id_, name in named}, {id_: name for id_, name in called}  # noqa: C416 - dict() loses the types


def editions_of(session: Session, report: Report, limit: int = 10) -> list[Edition]:
    """Its latest editions, newest first."""
    return list(
        session.scalars(
            select(Edition).where(Edition.report_id == report.id).order_by(Edition.id.desc()).limit(limit)
        )
    )


def due(session: Session, today: date) -> list[Report]:
    """Those whose next edition is to be asked for, one after the other locked against being asked for twice."""
    found = session.scalars(
        select(Report)
        .where(Report.next_on <= today, Report.ended_at.is_(None))
        .order_by(Report.next_on, Report.id)
        .with_for_update()
    )
    return list(found)


def any_due(session: Session, today: date) -> bool:
    """Whether the clock has something to ask for, or has yet to lay down what it asks for."""
    is_due = select(Report.id).where(Report.next_on <= today, Report.ended_at.is_(None)).exists()
    is_new = exists(select(Organisation.id)) & ~exists(select(Report.id))
    return bool(session.scalar(select(is_due | is_new)))


def goals_with_news(session: Session, start: datetime, end: datetime) -> list[Goal]:
    """Goals in force that a sponsor's page in [start, end) has something to say about, weightiest first.

    That is: a project for it was under way, or a request for it came in or waits.
    """
    worked_on = exists().where(
        Project.goal_id == Goal.id,
        Project.created_at < end,
        or_(Project.stage.in_(LIVE_STAGES), Project.ended_at >= start),
    )
    asked_for = exists().where(
        LearningRequest.goal_id == Goal.id,
        LearningRequest.submitted_at < end,
        or_(LearningRequest.submitted_at >= start, LearningRequest.status.in_(OPEN)),
    )
    return list(
        session.scalars(
            select(Goal)
            .where(Goal.created_at < end, or_(Goal.retired_at.is_(None), Goal.retired_at >= start))
            .where(or_(worked_on, asked_for))
            .order_by(Goal.weight.desc(), Goal.id)
        )
    )


def _usual(
    session: Session, ours: Organisation, kind: str, name: str, audience: str, today: date, at: datetime
) -> Report:
    report = begin(session, audience=audience, name=name, by=None, at=at)
    start, following = report_days.this_period(kind, today)
    asked = session.scalar(
        select(Edition.id).where(
            Edition.kind == kind,
            Edition.period_start == report_days.last_period(kind, today)[0],
            Edition.scheduled.is_(True),
        )
    )
    report.rhythm = kind
    report.recipients = " ".join(ours.report_recipients.replace(",", " ").replace(";", " ").split())
    report.next_on = following if asked or ours.set_up_at.date() >= start else start
    return report


def _check_wishes(report: Report, wishes: Wishes) -> None:
    least, most = report_days.SHORTEST_ROLLING_DAYS, report_days.LONGEST_ROLLING_DAYS
    if report.ended_at is not None:
        raise DesignRefused("name", "This report has ended.")
    if not wishes.name.strip():
        raise DesignRefused("name", "Please give it a name.")
    if wishes.rhythm not in report_days.RHYTHMS:
        raise DesignRefused("rhythm", "Please choose one of these.")
    if wishes.rhythm == "rolling" and not wishes.rolling_days:
        raise DesignRefused("rolling_days", "Please say over how many days.")
    if wishes.rolling_days is not None and not least <= wishes.rolling_days <= most:
        raise DesignRefused("rolling_days", f"Please give a number from {least} to {most}.")
    if set(WEEKDAYS) <= set(wishes.quiet_days):
        raise DesignRefused("quiet_weekdays", "Please leave one weekday on which it may be mailed.")
    if audience_of(report.audience).about == "project" and wishes.project_id is None:
        raise DesignRefused("project", NO_PROJECT)
    if not any(one.get("on") for one in wishes.sections):
        raise DesignRefused("sections", "Please leave at least one section on.")
