"""Measures and their readings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from portfolio.history import record
from portfolio.models import Measure, Person, Project, Reading


def add(
    session: Session, *, name: str, project: Project | None, by: Person | None, at: datetime, **fields: Any
) -> Measure:
    """State a measure a project means to move."""
    measure = Measure(name=name, project_id=project.id if project else None, created_at=at, **fields)
    session.add(measure)
    session.flush()
    record(session, "measure.added", measure, by=by, at=at, project=measure.project_id)
    return measure


def read(
    session: Session,
    measure: Measure,
    *,
    value: float,
    on: date,
    after: bool,
    by: Person | None,
    at: datetime,
    comparison: bool = False,
    note: str = "",
) -> Reading:
    """Record one value: before or after the solution, of those trained or of a comparison group."""
    reading = Reading(
        measure_id=measure.id,
        value=value,
        read_on=on,
        after=after,
        comparison=comparison,
        note=note,
        by_id=by.id if by else None,
        recorded_at=at,
    )
    session.add(reading)
    session.flush()
    record(session, "measure.read", measure, by=by, at=at, value=value, after=after)
    return reading


def find(session: Session, number: int) -> Measure | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Measure)
        .where(Measure.id == number)
        .options(selectinload(Measure.readings), joinedload(Measure.project))
    )


def of_project(session: Session, project: Project) -> list[Measure]:
    """A project's measures with their readings."""
    return list(
        session.scalars(
            select(Measure)
            .where(Measure.project_id == project.id)
            .options(selectinload(Measure.readings))
            .order_by(Measure.id)
        )
    )


def listed(session: Session, *, after: int = 0, limit: int = 100) -> list[Measure]:
    """Measures by number, with their readings."""
    return list(
        session.scalars(
            select(Measure)
            .where(Measure.id > after)
            .options(selectinload(Measure.readings))
            .order_by(Measure.id)
            .limit(limit)
        )
    )
