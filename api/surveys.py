"""Surveys over the API: made, sent, opened and closed; answers handed in from another program."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.shapes import moment
from portfolio import people, projects, survey_answers, survey_invitations, survey_templates, surveys
from portfolio.models import Survey
from portfolio.rules.survey_questions import LONGEST_LABEL, LONGEST_OPTION, MOST_QUESTIONS, Question, key_for
from portfolio.rules.survey_templates import ANYONE
from portfolio.submission import Email, Line, Problem, Prose, Strict
from portfolio.survey_answers import AlreadyAnswered, AnswersRefused
from portfolio.surveys import Closed, SurveyRefused
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep
from web.settings import LinksDep

router = APIRouter(prefix="/surveys", tags=["surveys"])

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class QuestionGiven(Strict):
    """One question; a high step of a scale is the bad end where it is `reverse`."""

    key: Key | None = None
    label: Annotated[Line(LONGEST_LABEL), Field(min_length=1)]  # type: ignore[valid-type] # pydantic builds the type at run time
    kind: Literal["one", "many", "scale", "number", "text"] = "one"
    options: Annotated[list[Line(LONGEST_OPTION)], Field(default_factory=list, max_length=12)]  # type: ignore[valid-type] # as above
    level: Annotated[int, Field(ge=1, le=5)] | None = None
    tier: Annotated[int, Field(ge=1, le=8)] | None = None
    required: bool = False
    reverse: bool | None = None


class NewSurvey(Strict):
    """From a template, from questions, or from a template with other questions; what isn't said comes from the template."""

    template: Line(40) | None = None  # type: ignore[valid-type] # as above
    name: Line(160) = ""  # type: ignore[valid-type] # as above
    project: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    audience: Literal["learner", "manager", "requester", "anyone"] | None = None
    questions: Annotated[list[QuestionGiven], Field(max_length=MOST_QUESTIONS)] | None = None
    subject: Line(160) | None = None  # type: ignore[valid-type] # as above
    intro: Prose(600) | None = None  # type: ignore[valid-type] # as above
    closes_on: date | None = None
    in_steps: bool | None = None


class Invited(Strict):
    name: Line(120) = ""  # type: ignore[valid-type] # as above
    email: Email
    unit: Line(120) = ""  # type: ignore[valid-type] # as above


class NewInvitations(Strict):
    """Those named, and where `everybody` those of the project whom the survey is for."""

    people: Annotated[list[Invited], Field(default_factory=list, max_length=2000)]
    everybody: bool = False


class Opening(Strict):
    """`asked`: how many got the open link, where somebody knows."""

    closes_on: date | None = None
    asked: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class Closure(Strict):
    """Nothing to say; no more answers are taken, for good."""


class NewResponse(Strict):
    """One person's answers: {question key: an option, a list of them, a number or text}. The same `reference` counts once.

    With the `email` of somebody we know their answers belong together, and an invitation of theirs is used up; the address itself
    isn't kept with them.
    """

    answers: dict[Key, Any]
    reference: Annotated[Line(56), Field(min_length=1)] | None = None  # type: ignore[valid-type] # as above
    email: Email | None = None
    unit: Line(120) = ""  # type: ignore[valid-type] # as above
    answered_on: date | None = None


@router.get("")
def list_surveys(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Surveys, newest first, with how many answered."""
    before = number_cursor(cursor) or None
    found = surveys.listed(session, before=before, limit=limit + 1)
    following = found[limit - 1].survey.id if len(found) > limit else None
    return listed([shape(one.survey, one.answered) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewSurvey)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Make a survey; nobody is asked yet."""
    given = parse(NewSurvey, once.body)
    project = projects.find(session, given.project) if given.project else None
    if given.project and project is None:
        raise ProblemFound(422, errors=[Problem(("project",), "There is no such project.")])
    if given.template is None and not given.questions:
        raise ProblemFound(
            422, errors=[Problem(("questions",), "Give questions, or the template to take them from.")]
        )
    if given.template is not None and survey_templates.find(session, given.template) is None:
        raise ProblemFound(422, errors=[Problem(("template",), "There is no such template.")])

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            made = surveys.draft(
                session,
                template=given.template,
                questions=_questions(given.questions) if given.questions is not None else None,
                name=given.name,
                project=project,
                audience=given.audience,
                words=_words(given),
                closes_on=given.closes_on,
                in_steps=given.in_steps,
                source="api",
                by=caller,
                at=now,
            )
        return 201, whole(made, 0)

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """One survey with its questions; its answers are at `/results`."""
    survey = _find(session, number)
    return whole(survey, surveys.answered_count(session, survey))


@router.post("/{number}/invitations", status_code=201)
@takes(NewInvitations)
def invite(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Ask people by name. Who wants no surveys, or is asked already, isn't counted."""
    given = parse(NewInvitations, once.body)
    survey = _find(session, number)

    def write() -> tuple[int, dict[str, Any]]:
        asked = [
            people.meet(session, one.email, at=now, name=one.name, unit=one.unit) for one in given.people
        ]
        if given.everybody:
            asked += survey_invitations.people_for(session, survey)
        with _refusals():
            count = survey_invitations.invite(session, survey, asked, by=caller, at=now)
        return 201, {"survey": survey.id, "invited": count}

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/opening")
@takes(Opening)
def open_it(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, links: LinksDep, now: NowDep, number: Number
) -> JSONResponse:
    """Take answers from now on; the clock writes to those invited, by day."""
    given = parse(Opening, once.body)
    survey = _find(session, number)

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            surveys.open_(session, survey, closes_on=given.closes_on, asked=given.asked, by=caller, at=now)
        link = links.survey(survey) if survey.audience == ANYONE else None
        return 200, {**shape(survey, surveys.answered_count(session, survey)), "link": link}

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/closure")
@takes(Closure)
def close(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Take no more answers, for good; from now on they are shown."""
    parse(Closure, once.body)
    survey = _find(session, number)

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            surveys.close(session, survey, by=caller, at=now)
        return 200, shape(survey, surveys.answered_count(session, survey))

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/responses", status_code=201)
@takes(NewResponse)
def hand_in(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, links: LinksDep, now: NowDep, number: Number
) -> JSONResponse:
    """Hand in one person's answers. 409 where they are here already or the survey takes none."""
    given = parse(NewResponse, once.body)
    survey = _find(session, number)
    if given.answered_on is not None and given.answered_on > now.date():
        raise ProblemFound(422, errors=[Problem(("answered_on",), "An answer can't lie in the future.")])
    person = people.find(session, given.email) if given.email else None

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            pseudonym = survey_answers.pseudonym_for(links, survey, person) if person else None
            invitation = survey_invitations.of_person(session, survey, person) if person else None
            if invitation is not None and pseudonym is not None:
                survey_answers.answer(session, invitation, given.answers, pseudonym=pseudonym, at=now)
            else:
                survey_answers.take_in(
                    session,
                    survey,
                    given.answers,
                    row_key=f"api:{given.reference}" if given.reference else None,
                    pseudonym=pseudonym,
                    groups={"unit": given.unit} if given.unit else None,
                    on=given.answered_on,
                    at=now,
                )
        return 201, {"survey": survey.id, "answered": surveys.answered_count(session, survey)}

    return once.answer(session, name_of(caller), write)


def shape(one: Survey, answered: int) -> dict[str, Any]:
    """How a survey looks as JSON; `asked` is 0 where nobody counted those who had the link."""
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "state": one.state,
        "project": one.project_id,
        "audience": one.audience,
        "asked": one.sent_count,
        "answered": answered,
        "in_steps": one.in_steps,
        "sent_on": one.sent_on.isoformat() if one.sent_on else None,
        "closes_on": one.closes_on.isoformat() if one.closes_on else None,
        "opened_at": moment(one.opened_at),
        "closed_at": moment(one.closed_at),
    }


def whole(one: Survey, answered: int) -> dict[str, Any]:
    return {**shape(one, answered), "words": one.words or {}, "questions": one.questions}


def _find(session: SessionDep, number: int) -> Survey:
    found = surveys.find(session, number)
    if found is None:
        raise ProblemFound(404)
    return found


def _questions(given: list[QuestionGiven]) -> list[Question]:
    taken = [one.key for one in given if one.key]
    made = []
    for one in given:
        key = one.key or key_for(one.label, taken)
        taken.append(key)
        made.append(Question(**{**one.model_dump(), "key": key, "options": tuple(one.options)}))
    return made


def _words(given: NewSurvey) -> dict[str, str] | None:
    if given.subject is None and given.intro is None:
        return None
    return {"subject": given.subject or "", "intro": given.intro or ""}


@contextmanager
def _refusals() -> Iterator[None]:
    """What can't be done, as problems."""
    try:
        yield
    except (Closed, AlreadyAnswered) as refused:
        raise ProblemFound(409, str(refused)) from refused
    except AnswersRefused as refused:
        found = [
            Problem(("answers", key) if key else ("answers",), words)
            for key, words in refused.problems.items()
        ]
        raise ProblemFound(422, errors=found) from refused
    except SurveyRefused as refused:
        raise ProblemFound(422, errors=[Problem((refused.field,), str(refused))]) from refused
