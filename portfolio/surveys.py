"""Surveys: made from a template, sent to people by name or open to anybody with the link, answered once, closed.

What somebody answered is kept without them: an invitation knows whether and on which day, a response what and on which day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from portfolio import mails, organisation, participants, survey_letters, survey_templates
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import (
    Absence,
    EvaluationStep,
    Invitation,
    LearningRequest,
    Person,
    Project,
    Response,
    Survey,
    TrainingSession,
)
from portfolio.rules.survey_mails import DAYS_BETWEEN, Waiting, chosen, may_write, next_on
from portfolio.rules.survey_questions import MOST_QUESTIONS, Question, problem_of, questions_of, read_answers
from portfolio.rules.survey_templates import ANYONE, AUDIENCES, LEAD, LEARNER, OWN, REQUESTER, Template
from portfolio.states import Stage
from portfolio.submission import clean

OPEN_DAYS = 28
"""How long a survey stays open where nobody says otherwise: long enough for the last reminder."""
NOBODY = "Nobody could be asked: this project has no people of that kind yet."
MOST_INVITED = 20_000
MAILS_AT_ONCE = 100


class SurveyRefused(ValueError):
    """This can't be done with the survey as it is; `field` says what to look at."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StaleSurvey(ValueError):
    """Somebody else changed the survey meanwhile; nothing was overwritten."""


class Closed(ValueError):
    """No answers are taken: it isn't open yet, or no longer."""


class AlreadyAnswered(ValueError):
    """This was answered before; the first answers count."""


class AnswersRefused(ValueError):
    """Some answers can't be taken; `problems` are words by question, "" for the whole."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(next(iter(problems.values())))
        self.problems = dict(problems)


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


def invite(
    session: Session, survey: Survey, people: Iterable[Person], *, by: Person | None, at: datetime
) -> int:
    """Ask people to answer; returns how many are new. Who wants no surveys is not asked. Raises Closed, SurveyRefused."""
    hold(session, survey)
    if survey.closed_at is not None:
        raise Closed("This survey is closed, so nobody can be asked any more.")
    known = set(session.scalars(select(Invitation.person_id).where(Invitation.survey_id == survey.id)))
    new = {one.id: one for one in people if one.id not in known and _may_be_asked(one)}
    if len(known) + len(new) > MOST_INVITED:
        raise SurveyRefused("people", f"A survey asks at most {MOST_INVITED:,} people.")
    first = local_day(session, at) if survey.is_open else None
    session.add_all(
        Invitation(survey_id=survey.id, person_id=number, next_on=first, added_at=at) for number in new
    )
    if survey.is_open:
        survey.sent_count += len(new)
    if new:
        session.flush()
        record(session, "survey.invited", survey, by=by, at=at, count=len(new))
    return len(new)


def take_back(session: Session, survey: Survey, invitation: Invitation, *, by: Person, at: datetime) -> None:
    """Don't ask somebody after all. Raises SurveyRefused where the survey isn't a draft any more: the share that answered would
    change with it."""
    hold(session, survey)
    if not survey.is_draft:
        raise SurveyRefused("people", "They were asked already.")
    session.delete(invitation)
    record(session, "survey.invitation_taken_back", survey, by=by, at=at)


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


def answer(
    session: Session, invitation: Invitation, answers: Mapping[str, Any], *, pseudonym: str, at: datetime
) -> None:
    """Keep what somebody says, once. Raises AlreadyAnswered, Closed, AnswersRefused.

    The invitation learns the day, the response the answers, the day, the pseudonym and the unit; nothing joins the two but our
    secret key, by which the same person's answers of one project belong together.
    """
    survey = invitation.survey
    _keep_open(session, survey)
    hold(session, invitation)
    if invitation.answered_on is not None:
        raise AlreadyAnswered("You have answered this already.")
    _check_open(survey)
    said = _said(survey, answers)
    today = local_day(session, at)
    unit = invitation.person.unit
    invitation.answered_on, invitation.next_on = today, None
    session.add(
        Response(
            survey_id=survey.id,
            answers=said,
            pseudonym=pseudonym,
            groups={"unit": unit.name} if unit else None,
            answered_at=_beginning(session, today),
        )
    )
    record(session, "survey.answered", survey, by=None, at=at)


def take_in(
    session: Session,
    survey: Survey,
    answers: Mapping[str, Any],
    *,
    row_key: str | None,
    pseudonym: str | None = None,
    groups: Mapping[str, str] | None = None,
    on: date | None = None,
    at: datetime,
) -> Response:
    """Keep answers that come without an invitation: by the open link, or from another program. The same `row_key` counts once.

    Raises AlreadyAnswered, Closed, AnswersRefused.
    """
    _keep_open(session, survey)
    _check_open(survey)
    said = _said(survey, answers)
    if row_key and _is_known(session, survey, row_key):
        raise AlreadyAnswered("These answers are here already.")
    made = Response(
        survey_id=survey.id,
        answers=said,
        pseudonym=pseudonym,
        groups=dict(groups) if groups else None,
        row_key=row_key,
        answered_at=_beginning(session, on or local_day(session, at)),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise AlreadyAnswered("These answers are here already.") from None
    record(session, "survey.answered", survey, by=None, at=at)
    return made


def refuse(session: Session, person: Person, *, at: datetime) -> None:
    """ "Please ask me no more surveys": nothing is mailed to them any more; what is open they may still answer by its link."""
    if person.no_surveys_at is not None:
        return
    person.no_surveys_at = at
    session.execute(
        update(Invitation)
        .where(
            Invitation.person_id == person.id,
            Invitation.answered_on.is_(None),
            Invitation.refused_on.is_(None),
        )
        .values(next_on=None, refused_on=local_day(session, at))
    )
    record(session, "person.surveys_refused", person, by=person, at=at)


def allow_again(session: Session, person: Person, *, at: datetime) -> None:
    """They may be asked after all, from the next survey on."""
    if person.no_surveys_at is not None:
        person.no_surveys_at = None
        record(session, "person.surveys_allowed", person, by=person, at=at)


def begin_for_step(session: Session, step: EvaluationStep, *, at: datetime) -> Survey | None:
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
    asked = [one for one in _of_audience(session, project, audience) if _may_be_asked(one)]
    if not asked and audience != ANYONE:
        step.problem = NOBODY
        return None
    made = draft(session, template=step.template, project=project, step=step, source="plan", by=None, at=at)
    invite(session, made, asked, by=None, at=at)
    open_(session, made, by=None, at=at)
    return made


# What the clock does


def write_due(session: Session, *, links: Links, at: datetime, limit: int = MAILS_AT_ONCE) -> int:
    """Queue the mails that are due, with what was sent noted in the same transaction; returns how many. At night, on weekends and
    at once again: none. Two clocks at once wait for each other."""
    ours = organisation.current(session)
    if ours is None or not may_write(at.astimezone(organisation.zone(ours))):
        return 0
    hold(session, ours)
    today = local_day(session, at)
    rested = _beginning(session, today - timedelta(days=DAYS_BETWEEN - 1))
    due = {one.id: one for one in session.scalars(_due(today, rested).limit(limit))}
    last = _last_mailed(session, {one.person_id for one in due.values()}, rested)
    written = chosen([_waiting(one) for one in due.values()], last, today=today)
    for one in written:
        _write(session, due[one.invitation], links=links, today=today, at=at)
    return len(written)


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


def find_invitation(session: Session, number: int) -> Invitation | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Invitation)
        .where(Invitation.id == number)
        .options(joinedload(Invitation.survey), joinedload(Invitation.person))
    )


def invitation_for(session: Session, survey: Survey, person: Person) -> Invitation | None:
    """Somebody's own invitation to a survey."""
    return session.scalar(
        select(Invitation).where(Invitation.survey_id == survey.id, Invitation.person_id == person.id)
    )


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


def of_steps(session: Session, project: Project) -> dict[int, int]:
    """The survey that each line of a project's plan was asked by, both by number."""
    rows = session.execute(
        select(Survey.step_id, Survey.id).where(Survey.project_id == project.id, Survey.step_id.is_not(None))
    )
    return {int(step or 0): number for step, number in rows}


def invitations_of(session: Session, survey: Survey, *, limit: int = MOST_INVITED) -> list[Invitation]:
    """Who is asked, by name."""
    return list(
        session.scalars(
            select(Invitation)
            .join(Invitation.person)
            .where(Invitation.survey_id == survey.id)
            .options(contains_eager(Invitation.person))
            .order_by(func.lower(Person.name), Person.email)
            .limit(limit)
        )
    )


def invited_count(session: Session, survey: Survey) -> int:
    return session.scalar(select(func.count()).where(Invitation.survey_id == survey.id)) or 0


def not_asked_yet(session: Session, survey: Survey) -> list[Person]:
    """Those of the project whom the survey is for, who may be asked and aren't."""
    known = set(session.scalars(select(Invitation.person_id).where(Invitation.survey_id == survey.id)))
    return [one for one in people_for(session, survey) if one.id not in known and _may_be_asked(one)]


def answered_count(session: Session, survey: Survey) -> int:
    return session.scalar(select(func.count()).where(Response.survey_id == survey.id)) or 0


def people_for(session: Session, survey: Survey) -> list[Person]:
    """Whom a survey of this audience asks in its project: who took part, their leads, or who asked for it."""
    if survey.project is None:
        return []
    return _of_audience(session, survey.project, survey.audience, survey.session_id)


def pseudonym_for(links: Links, survey: Survey, person: Person) -> str:
    """What stands for somebody in a survey's answers: the same throughout its project."""
    if survey.project is not None:
        return participants.pseudonym_of(links, survey.project, person)
    return links.key("pseudonym", "survey", survey.id, person.id)


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


def local_day(session: Session, at: datetime) -> date:
    """The day it is where the organisation works."""
    return at.astimezone(organisation.zone(organisation.current(session))).date()


# Below: how the verbs above do it


def _of_audience(
    session: Session, project: Project, audience: str, session_id: int | None = None
) -> list[Person]:
    """Whom an audience means in a project; of those who take part, only the ones of one session where it is given."""
    taking_part = [
        one
        for one in participants.of(session, project)
        if one.state != participants.ABSENT and session_id in (None, one.session_id)
    ]
    if audience == LEARNER:
        return [one.person for one in taking_part]
    if audience == LEAD:
        return list({one.lead.id: one.lead for one in taking_part if one.lead is not None}.values())
    asked = session.get(LearningRequest, project.learning_request_id) if project.learning_request_id else None
    return [asked.requester] if asked is not None and audience == REQUESTER else []


def _may_be_asked(person: Person) -> bool:
    return person.no_surveys_at is None and person.erased_at is None


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


def _said(survey: Survey, answers: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: clean(one) for key, one in answers.items()}
    read = read_answers(questions_of(survey.questions), said)
    if read.problems:
        raise AnswersRefused(read.problems)
    return read.answers


def _keep_open(session: Session, survey: Survey) -> None:
    """Nobody can close it before these answers are in: what is shown after the end must not move any more.

    Before any lock on an invitation, in which order closing takes them too.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.refresh(survey, ["opened_at", "closed_at"], with_for_update={"read": True})


def _check_open(survey: Survey) -> None:
    if not survey.is_open:
        raise Closed("This survey takes no answers at the moment.")


def _is_known(session: Session, survey: Survey, row_key: str) -> bool:
    found = select(Response.id).where(Response.survey_id == survey.id, Response.row_key == row_key)
    return session.scalar(found.limit(1)) is not None


def _beginning(session: Session, day: date) -> datetime:
    zone = organisation.zone(organisation.current(session))
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _due(today: date, rested: datetime) -> Select[Any]:
    """Invitations whose mail is due, the most urgent first: the survey is open, and the person is here, wants to be asked and has
    not been written to about any survey since `rested`."""
    away = (
        select(Absence.id)
        .where(Absence.person_id == Invitation.person_id, Absence.from_on <= today, Absence.until_on >= today)
        .exists()
    )
    other = aliased(Invitation)
    lately = (
        select(other.id).where(other.person_id == Invitation.person_id, other.last_sent_at >= rested).exists()
    )
    return (
        select(Invitation)
        .join(Invitation.survey)
        .join(Invitation.person)
        .where(
            Invitation.next_on <= today,
            Invitation.answered_on.is_(None),
            Invitation.refused_on.is_(None),
            Survey.opened_at.is_not(None),
            Survey.closed_at.is_(None),
            or_(Survey.closes_on.is_(None), Survey.closes_on >= today),
            Person.no_surveys_at.is_(None),
            Person.erased_at.is_(None),
            ~away,
            ~lately,
        )
        .options(contains_eager(Invitation.survey), contains_eager(Invitation.person))
        .order_by(Invitation.last_sent_at.is_not(None), Survey.closes_on, Invitation.id)
        .with_for_update(of=Invitation, skip_locked=True)
    )


def _last_mailed(session: Session, people: Iterable[int], since: datetime) -> dict[int, date]:
    """The day of the last mail about any survey, of those who got one since."""
    zone = organisation.zone(organisation.current(session))
    rows = session.execute(
        select(Invitation.person_id, func.max(Invitation.last_sent_at))
        .where(Invitation.person_id.in_(people), Invitation.last_sent_at >= since)
        .group_by(Invitation.person_id)
    )
    return {person: at.astimezone(zone).date() for person, at in rows if at is not None}


def _waiting(one: Invitation) -> Waiting:
    return Waiting(one.id, one.person_id, one.last_sent_at is None, one.reminders, one.survey.closes_on)


def _write(session: Session, one: Invitation, *, links: Links, today: date, at: datetime) -> None:
    one.reminders += one.last_sent_at is not None
    one.last_sent_at = at
    one.next_on = next_on(one.reminders, one.survey.closes_on, today=today)
    letter = survey_letters.asked(one, links=links, reminder=one.reminders)
    mails.queue(
        session,
        to=one.person.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        about=f"survey:{one.survey_id}",
        at=at,
    )


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
