"""Surveys: made from a template, changed while nobody is asked, opened, closed.

Who is asked stands in `survey_invitations`, what they say in `survey_answers`, what plans ask by themselves in `survey_steps`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from portfolio import organisation, survey_templates
from portfolio.database import hold
from portfolio.history import record
from portfolio.models import EvaluationStep, Invitation, Person, Project, Response, Survey, TrainingSession
from portfolio.rules.survey_questions import MOST_QUESTIONS, Question, problem_of
from portfolio.rules.survey_templates import ANYONE, AUDIENCES, LEARNER, OWN, Template

OPEN_DAYS = 28
"""How long a survey stays open where nobody says otherwise: long enough for the last reminder."""


class SurveyRefused(ValueError):
    """This can't be done with the survey as it is; `field` says what to look at."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StaleSurvey(ValueError):
    """Somebody else changed the survey meanwhile; nothing was overwritten."""


class Closed(ValueError):
    """No answers are taken: it isn't open yet, or no longer."""


def draft(
    session: Session,
    *,
    template: str | None = None,
    questions: Sequence[Question] | None = None,
    name: str = "",
    project: Project | None = None,
    audience: str | None = None,
    words: Mapping[str, str] | None = None,
    session_: TrainingSession | None = None,
    step: EvaluationStep | None = None,
    closes_on: date | None = None,
    in_steps: bool | None = None,
    source: str = "",
    by: Person | None,
    at: datetime,
) -> Survey:
    """Make a survey nobody is asked yet. What isn't given comes from the template; without one it has only `questions`.

    Raises SurveyRefused, survey_templates.UnknownTemplate.
    """
    base = _base(session, template, project)
    asked = tuple(questions) if questions is not None else base.questions
    _check_questions(asked)
    whom = audience or base.audience
    if whom not in dict(AUDIENCES):
        raise SurveyRefused("audience", "Please choose who is asked.")
    made = Survey(
        project_id=project.id if project else None,
        kind=base.key,
        name=(name or _named(base, project))[:160],
        audience=whom,
        questions=[one.as_json() for one in asked],
        words=dict(words) if words is not None else {"subject": base.subject, "intro": base.intro},
        session_id=session_.id if session_ else None,
        step_id=step.id if step else None,
        source=source,
        in_steps=whom == ANYONE if in_steps is None else in_steps,
        closes_on=closes_on,
        created_at=at,
    )
    session.add(made)
    session.flush()
    record(session, "survey.drafted", made, by=by, at=at, project=made.project_id, kind=made.kind)
    return made


def edit(
    session: Session, survey: Survey, *, version: int | None, by: Person, at: datetime, **changes: Any
) -> None:
    """Change a survey. Once it is open only its name and last day still move, so that all answer the same questions.

    `version` is the one that was read. Raises StaleSurvey, SurveyRefused.
    """
    hold(session, survey)
    if version is not None and version != survey.version:
        raise StaleSurvey("Somebody else changed this survey meanwhile.")
    if "questions" in changes:
        _check_questions(changes["questions"])
        changes["questions"] = [one.as_json() for one in changes["questions"]]
    changed = {name: value for name, value in changes.items() if getattr(survey, name) != value}
    if survey.closed_at is not None and changed:
        raise SurveyRefused("name", "This survey is closed, so it stays as it was.")
    if survey.is_open and changed.keys() - {"name", "closes_on"}:
        raise SurveyRefused("questions", "People are answering already, so the questions stay as they are.")
    if not changed:
        return
    for name, value in changed.items():
        setattr(survey, name, value)
    survey.version += 1
    record(session, "survey.changed", survey, by=by, at=at, changed=sorted(changed))


def discard(session: Session, survey: Survey, *, by: Person, at: datetime) -> None:
    """Throw a draft away. Raises SurveyRefused where people were asked already."""
    hold(session, survey)
    if not survey.is_draft:
        raise SurveyRefused("name", "People were asked already; close it instead.")
    session.execute(delete(Invitation).where(Invitation.survey_id == survey.id))
    record(session, "survey.discarded", survey, by=by, at=at)
    session.delete(survey)


def open_(
    session: Session,
    survey: Survey,
    *,
    closes_on: date | None = None,
    asked: int | None = None,
    by: Person | None,
    at: datetime,
) -> None:
    """Take answers from now on; the clock writes to those invited, by day. Opened twice, the first counts.

    `asked` is how many got the open link, where somebody knows. Raises SurveyRefused where nobody is asked, Closed.
    """
    hold(session, survey)
    if survey.closed_at is not None:
        raise Closed("This survey is closed.")
    if survey.opened_at is not None:
        return
    today = local_day(session, at)
    invited = invited_count(session, survey)
    if not invited and survey.audience != ANYONE:
        raise SurveyRefused("people", "Nobody is asked yet. Add people first.")
    if not survey.questions:
        raise SurveyRefused("questions", "There is no question in it yet.")
    survey.closes_on = closes_on or survey.closes_on or today + timedelta(days=OPEN_DAYS)
    if survey.closes_on <= today:
        raise SurveyRefused("closes_on", "Please choose a day after today.")
    survey.opened_at, survey.sent_on = at, today
    survey.sent_count = invited + (asked or 0)
    survey.version += 1
    session.execute(update(Invitation).where(Invitation.survey_id == survey.id).values(next_on=today))
    record(
        session, "survey.opened", survey, by=by, at=at, project=survey.project_id, invited=survey.sent_count
    )


def close(session: Session, survey: Survey, *, by: Person | None, at: datetime) -> None:
    """Take no more answers, for good: from now on they are shown. Closed twice, the first counts. Raises SurveyRefused."""
    hold(session, survey)
    if survey.is_draft:
        raise SurveyRefused("name", "This survey isn't open yet.")
    if survey.closed_at is not None:
        return
    survey.closed_at = at
    survey.version += 1
    session.execute(update(Invitation).where(Invitation.survey_id == survey.id).values(next_on=None))
    answered = answered_count(session, survey)
    record(session, "survey.closed", survey, by=by, at=at, project=survey.project_id, answered=answered)
    _finish_step(session, survey, answered, by=by, at=at)


def close_due(session: Session, *, at: datetime) -> int:
    """Close what is open past its last day; returns how many."""
    today = local_day(session, at)
    over = session.scalars(
        select(Survey).where(
            Survey.opened_at.is_not(None), Survey.closed_at.is_(None), Survey.closes_on < today
        )
    ).all()
    for survey in over:
        close(session, survey, by=None, at=at)
    return len(over)


# Queries


@dataclass(frozen=True)
class Summary:
    """A survey in a list, with how many answered."""

    survey: Survey
    answered: int


def find(session: Session, number: int) -> Survey | None:
    return session.get(Survey, number) if 0 < number < 2**31 else None


def listed(
    session: Session, *, project: Project | None = None, before: int | None = None, limit: int = 200
) -> list[Summary]:
    """Surveys, newest first; two statements, however many there are."""
    query = select(Survey).options(joinedload(Survey.project)).order_by(Survey.id.desc()).limit(limit)
    if project is not None:
        query = query.where(Survey.project_id == project.id)
    if before is not None:
        query = query.where(Survey.id < before)
    found = session.scalars(query).all()
    counts = session.execute(
        select(Response.survey_id, func.count())
        .where(Response.survey_id.in_([one.id for one in found]))
        .group_by(Response.survey_id)
    )
    answered: dict[int, int] = {}
    answered.update((number, count) for number, count in counts)
    return [Summary(one, answered.get(one.id, 0)) for one in found]


def invited_count(session: Session, survey: Survey) -> int:
    return session.scalar(select(func.count()).where(Invitation.survey_id == survey.id)) or 0


def answered_count(session: Session, survey: Survey) -> int:
    return session.scalar(select(func.count()).where(Response.survey_id == survey.id)) or 0


def local_day(session: Session, at: datetime) -> date:
    """The day it is where the organisation works."""
    return at.astimezone(organisation.zone(organisation.current(session))).date()


def beginning_of(session: Session, day: date) -> datetime:
    """When a day begins where the organisation works."""
    zone = organisation.zone(organisation.current(session))
    return datetime(day.year, day.month, day.day, tzinfo=zone)


# Below: how the verbs above do it


def _base(session: Session, template: str | None, project: Project | None) -> Template:
    if template is None:
        return Template(OWN, "Survey", LEARNER, None, "", "", ())
    found = survey_templates.of(session, template)
    return found.about(project.name if project else "our work")


def _named(base: Template, project: Project | None) -> str:
    return f"{base.name}: {project.name}" if project else base.name


def _check_questions(questions: Sequence[Question]) -> None:
    if len(questions) > MOST_QUESTIONS:
        raise SurveyRefused("questions", f"Please keep it to {MOST_QUESTIONS} questions.")
    if len({one.key for one in questions}) < len(questions):
        raise SurveyRefused("questions", "Two questions have the same key.")
    for one in questions:
        if problem := problem_of(one):
            raise SurveyRefused("questions", problem)


def _finish_step(session: Session, survey: Survey, answered: int, *, by: Person | None, at: datetime) -> None:
    """A line of the evaluation plan is done when its survey has brought answers."""
    step = session.get(EvaluationStep, survey.step_id) if survey.step_id else None
    if step is None or step.done_at is not None:
        return
    if not answered:
        step.problem = "Nobody answered the survey."
        return
    step.done_at = at
    project = session.get_one(Project, step.project_id)
    record(session, "project.evaluation_done", project, by=by, at=at, step=step.id, level=step.level)
