"""What to tell the manager about a project's value from before."""

from datetime import date

from sqlalchemy.orm import Session

from portfolio import history, measures, training_sessions
from portfolio.models import Project
from portfolio.rules.baselines import warning
from portfolio.states import Stage

REACHES = {Stage.PILOT.value, Stage.LAUNCH.value}
"""Stages in which people meet the solution for the first time."""


def baseline_words(session: Session, project: Project, baseline_on: date | None) -> str:
    """A warning about the baseline, or nothing where it will do."""
    found = measures.of_project(session, project)
    before = [one.read_on for measure in found for one in measure.readings if not one.after]
    return warning(
        baseline_on,
        read_on=min(before, default=None),
        started_on=project.created_at.date(),
        reached_on=_reached_on(session, project),
    )


def _reached_on(session: Session, project: Project) -> date | None:
    """The day people first met the solution, where it is known."""
    moves = history.timeline(session, project, "project.moved")
    days = [move.at.date() for move in moves if move.details.get("to") in REACHES]
    held = [
        one.starts_at.date()
        for one in training_sessions.of_project(session, project)
        if one.cancelled_at is None
    ]
    return min([*days, *held], default=None)
