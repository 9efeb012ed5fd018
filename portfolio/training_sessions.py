"""Sessions of a project: a workshop, a pilot, a review with a time and a place. Calendar feeds tell of them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Person, Project, TrainingSession

LONGEST = timedelta(days=14)


class SessionRefused(ValueError):
    """The times don't fit together; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StaleSession(ValueError):
    """Somebody else changed the session meanwhile; nothing was overwritten."""


def plan(
    session: Session,
    project: Project,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "",
    by: Person,
    at: datetime,
) -> TrainingSession:
    """Set a time for a project's session. Raises SessionRefused where it ends before it starts or takes over two weeks."""
    _check(starts_at, ends_at)
    planned = TrainingSession(
        project_id=project.id, title=title, starts_at=starts_at, ends_at=ends_at, place=place, added_at=at
    )
    session.add(planned)
    session.flush()
    record(
        session,
        "training_session.planned",
        planned,
        by=by,
        at=at,
        project=project.id,
        starts_at=starts_at.isoformat(),
    )
    return planned


def change(
    session: Session,
    planned: TrainingSession,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    version: int | None,
    by: Person,
    at: datetime,
) -> None:
    """Move or rename a session; one that was cancelled takes place again. Raises SessionRefused or StaleSession."""
    hold(session, planned)
    if version is not None and version != planned.version:
        raise StaleSession("Somebody else changed this session meanwhile.")
    _check(starts_at, ends_at)
    was = planned.starts_at
    planned.title, planned.place = title, place
    planned.starts_at, planned.ends_at, planned.cancelled_at = starts_at, ends_at, None
    planned.version += 1
    record(
        session,
        "training_session.changed",
        planned,
        by=by,
        at=at,
        **{"from": was.isoformat(), "to": starts_at.isoformat()},
    )


def cancel(session: Session, planned: TrainingSession, *, by: Person, at: datetime) -> None:
    """It doesn't take place. It stays, marked, so that calendars hear of it."""
    hold(session, planned)
    if planned.cancelled_at is None:
        planned.cancelled_at = at
        planned.version += 1
        record(session, "training_session.cancelled", planned, by=by, at=at)


# Queries


def listed(session: Session, since: datetime) -> list[TrainingSession]:
    """Sessions that end after `since`, soonest first, cancelled ones too."""
    return list(
        session.scalars(
            select(TrainingSession)
            .where(TrainingSession.ends_at >= since)
            .options(joinedload(TrainingSession.project))
            .order_by(TrainingSession.starts_at, TrainingSession.id)
        )
    )


def of_project(session: Session, project: Project) -> list[TrainingSession]:
    """A project's sessions, soonest first."""
    return list(
        session.scalars(
            select(TrainingSession)
            .where(TrainingSession.project_id == project.id)
            .order_by(TrainingSession.starts_at, TrainingSession.id)
        )
    )


def find(session: Session, project: Project, number: int) -> TrainingSession | None:
    """The project's own session of this number."""
    found = session.get(TrainingSession, number) if 0 < number < 2**31 else None
    return found if found is not None and found.project_id == project.id else None


def moments(on: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when on a day, for times as the clock on the wall shows them."""
    return datetime.combine(on, starts, zone), datetime.combine(on, ends, zone)


def _check(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise SessionRefused("ends", "It should end after it starts.")
    if ends_at - starts_at > LONGEST:
        raise SessionRefused("ends", "That is longer than two weeks.")
