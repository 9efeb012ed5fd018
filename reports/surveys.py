"""Surveys: the list, making one from a template, whom it asks, opening and closing it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from fastapi import APIRouter, Request, Response

from portfolio import participants, projects, survey_invitations, survey_steps, survey_templates, surveys
from portfolio.models import Invitation, Project, Survey
from portfolio.participants import UnknownPeople
from portfolio.rules.evaluating import LEVELS, TIERS
from portfolio.rules.survey_questions import KINDS, Question, questions_of
from portfolio.rules.survey_templates import ANYONE, AUDIENCES
from portfolio.survey_steps import Coming
from portfolio.surveys import Closed, StaleSurvey, Summary, SurveyRefused
from reports.answer_page import preview_of
from reports.survey_forms import REVERSED, question_values, read_questions, rows_in
from reports.survey_results import Shown, shown_of
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_day, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()

WHOM = dict(AUDIENCES)
MOST_NAMES = 200


@dataclass(frozen=True)
class SurveyList:
    """All surveys, and what the plans will ask by themselves soon."""

    found: list[Summary]
    coming: list[Coming]
    may_change: bool
    whom: dict[str, str] = field(default_factory=lambda: WHOM)


@dataclass(frozen=True)
class NewSurvey:
    """The form for a new one."""

    templates: list[tuple[str, str]]
    projects: list[Project]
    values: Fields
    errors: Errors = field(default_factory=Errors)
    audiences: tuple[tuple[str, str], ...] = AUDIENCES


@dataclass(frozen=True)
class SurveyPage:
    """One survey: what it asks, how many it asks and how many answered; never who answered, nor anybody's answers."""

    survey: Survey
    questions: tuple[Question, ...]
    answered: int
    invited: list[Invitation]
    invited_count: int
    could_ask: int
    open_link: str
    results: Shown | None
    may_change: bool
    values: Fields
    errors: Errors = field(default_factory=Errors)
    whom: dict[str, str] = field(default_factory=lambda: WHOM)
    kinds: dict[str, str] = field(default_factory=lambda: dict(KINDS))

    @property
    def share(self) -> float | None:
        return min(1.0, self.answered / self.survey.sent_count) if self.survey.sent_count else None


@dataclass(frozen=True)
class SurveyEditor:
    """A survey's words and questions to change. Rows are numbers: fields are named after them."""

    survey: Survey
    rows: list[int]
    values: Fields
    errors: Errors = field(default_factory=Errors)
    audiences: tuple[tuple[str, str], ...] = AUDIENCES
    kinds: tuple[tuple[str, str], ...] = KINDS
    levels: tuple[tuple[int, str], ...] = LEVELS
    tiers: tuple[tuple[int, str], ...] = TIERS
    reversed: tuple[tuple[str, str], ...] = REVERSED


@router.get("/surveys")
def list_surveys(request: Request, session: SessionDep, person: LeaderDep, now: NowDep) -> Response:
    coming = survey_steps.coming(session, today=surveys.local_day(session, now))
    return page(request, "surveys/index.html", SurveyList(surveys.listed(session), coming, person.manages))


@router.get("/surveys/new")
def new(
    request: Request, session: SessionDep, _manager: ManagerDep, project: str = "", template: str = ""
) -> Response:
    return page(request, "surveys/new.html", _new(session, Fields(project=project, template=template)))


@router.post("/surveys")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    errors = Errors()
    name = some_text(fields, "name", errors, longest=160)
    project = _project(session, fields, errors)
    template = fields["template"] or None
    if template is not None and survey_templates.find(session, template) is None:
        errors["template"] = "Please choose one of the templates."
    if not errors:
        try:
            made = surveys.draft(
                session,
                template=template,
                questions=None if template else [],
                name=name,
                project=project,
                audience=fields["audience"] or None,
                by=manager,
                at=now,
            )
            if fields["everybody"]:
                survey_invitations.invite(
                    session, made, survey_invitations.people_for(session, made), by=manager, at=now
                )
            return see_other(f"/surveys/{made.id}" if template else f"/surveys/{made.id}/edit")
        except SurveyRefused as refused:
            errors[refused.field] = str(refused)
    session.rollback()
    return page(request, "surveys/new.html", _new(session, fields, errors), 422)


@router.get("/surveys/{number:int}")
def show(
    request: Request, session: SessionDep, person: LeaderDep, links: LinksDep, now: NowDep, number: int
) -> Response:
    survey = find_survey(session, number)
    view = _view(session, survey, links, now, may_change=person.manages)
    return page(request, "surveys/show.html", view)


@router.get("/surveys/{number:int}/preview")
def preview(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    return page(request, "answers/show.html", preview_of(find_survey(session, number)))


@router.get("/surveys/{number:int}/edit")
def edit_form(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    survey = find_survey(session, number)
    if survey.closed_at is not None:
        return see_other(f"/surveys/{number}")
    return page(request, "surveys/edit.html", _editor(survey, _values(survey)))


@router.post("/surveys/{number:int}")
def edit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    survey = find_survey(session, number)
    errors, status = Errors(), 422
    changes: dict[str, object] = {
        "name": some_text(fields, "name", errors, longest=160) or survey.name,
        "closes_on": some_day(fields, "closes_on", errors),
    }
    if survey.is_draft:
        changes |= {
            "audience": fields["audience"] if fields["audience"] in WHOM else survey.audience,
            "in_steps": bool(fields["in_steps"]),
            "words": {
                "subject": some_text(fields, "subject", errors, longest=160),
                "intro": some_text(fields, "intro", errors, longest=600),
            },
            "questions": read_questions(fields, errors),
        }
    version = some_whole(fields, "version", errors)
    if not errors:
        try:
            surveys.edit(session, survey, version=version, by=manager, at=now, **changes)
            return see_other(f"/surveys/{number}")
        except StaleSurvey as stale:
            status = 409
            errors["name"] = f"{stale} What you typed is still here; save again to keep it."
        except SurveyRefused as refused:
            errors[refused.field] = str(refused)
    session.rollback()
    survey = find_survey(session, number)
    if status == 409:
        fields["version"] = str(survey.version)
    return page(request, "surveys/edit.html", _editor(survey, fields, errors), status)


@router.post("/surveys/{number:int}/invitations")
def invite(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """Ask those of a pasted list, or everybody of the project this is for."""
    survey = find_survey(session, number)
    try:
        if fields["everybody"]:
            asked = survey_invitations.people_for(session, survey)
        else:
            asked = [one.person for one in participants.named_in(session, fields["people"], at=now)]
        survey_invitations.invite(session, survey, asked, by=manager, at=now)
        return see_other(f"/surveys/{number}#people")
    except (UnknownPeople, SurveyRefused, Closed) as refused:
        return _wrong(request, session, number, links, now, fields, Errors(people=str(refused)))


@router.post("/surveys/{number:int}/invitations/{invitation:int}/removal")
def take_back(
    session: SessionDep, manager: ManagerDep, now: NowDep, number: int, invitation: int
) -> Response:
    survey = find_survey(session, number)
    found = survey_invitations.find(session, invitation)
    if found is None or found.survey_id != survey.id:
        raise NotFound
    if survey.is_draft:
        survey_invitations.take_back(session, survey, found, by=manager, at=now)
    return see_other(f"/surveys/{number}#people")


@router.post("/surveys/{number:int}/opening")
def open_it(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    survey = find_survey(session, number)
    errors = Errors()
    closes_on = some_day(fields, "closes_on", errors)
    asked = some_whole(fields, "asked", errors, most=10_000_000)
    if not errors:
        try:
            surveys.open_(session, survey, closes_on=closes_on, asked=asked, by=manager, at=now)
            return see_other(f"/surveys/{number}")
        except SurveyRefused as refused:
            errors[refused.field] = str(refused)
        except Closed as closed:
            errors["closes_on"] = str(closed)
    return _wrong(request, session, number, links, now, fields, errors)


@router.post("/surveys/{number:int}/closure")
def close(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    try:
        surveys.close(session, find_survey(session, number), by=manager, at=now)
    except SurveyRefused as refused:
        return _wrong(request, session, number, links, now, fields, Errors(closes_on=str(refused)))
    return see_other(f"/surveys/{number}")


@router.post("/surveys/{number:int}/removal")
def discard(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    try:
        surveys.discard(session, find_survey(session, number), by=manager, at=now)
    except SurveyRefused as refused:
        return _wrong(request, session, number, links, now, fields, Errors(closes_on=str(refused)))
    return see_other("/surveys")


def find_survey(session: SessionDep, number: int) -> Survey:
    return there(surveys.find(session, number))


def _view(
    session: SessionDep,
    survey: Survey,
    links: LinksDep,
    now: datetime,
    *,
    may_change: bool,
    values: Fields | None = None,
    errors: Errors | None = None,
) -> SurveyPage:
    usual = Fields(closes_on=_day(survey.closes_on))
    takes_more = may_change and survey.closed_at is None
    return SurveyPage(
        survey=survey,
        questions=questions_of(survey.questions),
        answered=surveys.answered_count(session, survey),
        invited=survey_invitations.of_survey(session, survey, limit=MOST_NAMES) if takes_more else [],
        invited_count=surveys.invited_count(session, survey),
        could_ask=len(survey_invitations.not_asked_yet(session, survey)) if takes_more else 0,
        open_link=links.survey(survey) if may_change and survey.audience == ANYONE else "",
        results=None if survey.is_draft else shown_of(session, survey, now=now, may_change=may_change),
        may_change=may_change,
        values=usual if values is None else values,
        errors=errors or Errors(),
    )


def _wrong(
    request: Request,
    session: SessionDep,
    number: int,
    links: LinksDep,
    now: datetime,
    fields: Fields,
    errors: Errors,
) -> Response:
    session.rollback()
    survey = find_survey(session, number)
    view = _view(session, survey, links, now, may_change=True, values=fields, errors=errors)
    return page(request, "surveys/show.html", view, 422)


def _new(session: SessionDep, values: Fields, errors: Errors | None = None) -> NewSurvey:
    templates = [(one.template.key, one.template.name) for one in survey_templates.listed(session)]
    return NewSurvey(templates, projects.listed(session, live=None), values, errors or Errors())


def _project(session: SessionDep, fields: Fields, errors: Errors) -> Project | None:
    number = some_whole(fields, "project", errors)
    found = projects.find(session, number) if number else None
    if number and found is None:
        errors["project"] = "Please choose one of the projects."
    return found


def _editor(survey: Survey, values: Fields, errors: Errors | None = None) -> SurveyEditor:
    return SurveyEditor(survey, rows_in(values) if survey.is_draft else [], values, errors or Errors())


def _values(survey: Survey) -> Fields:
    words = survey.words or {}
    return Fields(
        name=survey.name,
        audience=survey.audience,
        subject=words.get("subject", ""),
        intro=words.get("intro", ""),
        closes_on=_day(survey.closes_on),
        in_steps="1" if survey.in_steps else "",
        version=str(survey.version),
        **question_values(questions_of(survey.questions)),
    )


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""
