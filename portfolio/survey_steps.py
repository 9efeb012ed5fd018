"""The lines of projects' evaluation plans that ask by survey, by themselves, on their day."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portfolio import survey_invitations, survey_templates, surveys
from portfolio.database import hold
from portfolio.models import EvaluationStep, Project, Survey
from portfolio.rules.survey_templates import ANYONE
from portfolio.states import Stage

NOBODY = "Nobody could be asked: this project has no people of that kind yet."


def begin(session: Session, step: EvaluationStep, *, at: datetime) -> Survey | None:
    """Ask what a due line of an evaluation plan asks by survey: made from its template, sent to whom it is for, opened.

    Done twice, the first counts. None where nobody can be asked; the step then says why.
    """
    hold(session, step)
    made = session.scalar(select(Survey).where(Survey.step_id == step.id).limit(1))
    project = session.get(Project, step.project_id)
    if made is not None or project is None or not step.template:
        return made
    step.asked_at, step.problem = at, ""
    template = survey_templates.find(session, step.template)
    if template is None:
        step.problem = "There is no survey template of this name any more."
        return None
    audience = template.template.audience
    asked = [
        one
        for one in survey_invitations.of_audience(session, project, audience)
        if survey_invitations.may_be_asked(one)
    ]
    if not asked and audience != ANYONE:
        step.problem = NOBODY
        return None
    made = surveys.draft(
        session, template=step.template, project=project, step=step, source="plan", by=None, at=at
    )
    survey_invitations.invite(session, made, asked, by=None, at=at)
    surveys.open_(session, made, by=None, at=at)
    return made


def by_step(session: Session, project: Project) -> dict[int, int]:
    """The survey that each line of a project's plan was asked by, both by number."""
    rows = session.execute(
        select(Survey.step_id, Survey.id).where(Survey.project_id == project.id, Survey.step_id.is_not(None))
    )
    return {int(step or 0): number for step, number in rows}


@dataclass(frozen=True)
class Coming:
    """A line of a project's evaluation plan that will ask by itself, on its day."""

    step: EvaluationStep
    project: Project


def coming(session: Session, *, today: date, days: int = 60) -> list[Coming]:
    """What plans will ask by survey in the coming days, and what they couldn't ask, soonest first."""
    rows = session.execute(
        select(EvaluationStep, Project)
        .join(Project, Project.id == EvaluationStep.project_id)
        .where(
            EvaluationStep.template.is_not(None),
            EvaluationStep.done_at.is_(None),
            EvaluationStep.due_on <= today + timedelta(days=days),
            or_(EvaluationStep.asked_at.is_(None), EvaluationStep.problem != ""),
            Project.stage != Stage.STOPPED,
        )
        .order_by(EvaluationStep.due_on, EvaluationStep.id)
        .limit(50)
    )
    return [Coming(step, project) for step, project in rows]
