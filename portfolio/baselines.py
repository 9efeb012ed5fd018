"""Whether projects and their measures have a value from before, as the history and the readings tell."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio.models import Event, Measure, Project, Reading, TrainingSession
from portfolio.rules import baselines
from portfolio.states import Stage

REACHES = {Stage.PILOT.value, Stage.LAUNCH.value}
"""Stages in which people meet the solution for the first time."""


def words_of_project(
    session: Session, project: Project, baseline_on: date | None, *, today: date | None = None
) -> str:
    """A warning about a project's baseline, or nothing where it will do. With `today` it also says that nobody read it in time."""
    read_on, last_on, after = _read(session, project)
    return baselines.warning(
        baseline_on,
        read_on=read_on,
        started_on=project.created_at.date(),
        reached_on=reached_on(session, [project.id]).get(project.id),
        read_after=after,
        last_read_on=last_on,
        today=today,
    )


def words_of_measure(
    measure: Measure,
    *,
    before: int,
    after: int,
    first_before_on: date | None,
    last_before_on: date | None,
    reached: date | None,
    today: date,
) -> str:
    """The same of one measure."""
    return baselines.warning_of_measure(
        before=before,
        after=after,
        first_on=first_before_on,
        last_on=last_before_on,
        reached_on=measure.cut_on or reached,
        planned_on=measure.project.baseline_on if measure.project else None,
        today=today,
    )


def reached_on(session: Session, projects: Collection[int]) -> dict[int, date]:
    """The day people first met each project's solution, where it is known. Two statements, however many there are."""
    found: dict[int, date] = {}
    moves = session.execute(
        select(Event.subject_id, func.min(Event.at))
        .where(
            Event.subject_type == Project.__tablename__,
            Event.subject_id.in_(projects),
            Event.action == "project.moved",
            Event.details["to"].as_string().in_(REACHES),
        )
        .group_by(Event.subject_id)
    )
    held = session.execute(
        select(TrainingSession.project_id, func.min(TrainingSession.starts_at))
        .where(TrainingSession.project_id.in_(projects), TrainingSession.cancelled_at.is_(None))
        .group_by(TrainingSession.project_id)
    )
    for number, at in (*moves, *held):
        found[number] = min(found.get(number, at.date()), at.date())
    return found


def _read(session: Session, project: Project) -> tuple[date | None, date | None, int]:
    """The first and the last day of a reading from before, and how many there are from after."""
    before, after = Reading.after.is_(False), Reading.after.is_(True)
    first, last, count = session.execute(
        select(
            func.min(Reading.read_on).filter(before),
            func.max(Reading.read_on).filter(before),
            func.count().filter(after),
        )
        .join(Measure, Measure.id == Reading.measure_id)
        .where(Measure.project_id == project.id)
    ).one()
    return first, last, count
