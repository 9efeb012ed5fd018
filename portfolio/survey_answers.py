"""What people answer: kept once, and without them.

An invitation knows whether and on which day, a response what and on which day; nothing joins the two but our secret key.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portfolio import participants
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Invitation, Person, Response, Survey
from portfolio.rules.survey_questions import Answered, questions_of, read_answers
from portfolio.submission import clean
from portfolio.surveys import Closed, beginning_of, local_day


class AlreadyAnswered(ValueError):
    """This was answered before; the first answers count."""


class AnswersRefused(ValueError):
    """Some answers can't be taken; `problems` are words by question, "" for the whole."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(next(iter(problems.values())))
        self.problems = dict(problems)


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
            answered_at=beginning_of(session, today),
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

    `on` is the day they were given, today at the latest. A survey shown in steps knows only the day they came: were they sorted in
    among others, two looks as of two days could differ by one person.

    Raises AlreadyAnswered, Closed, AnswersRefused.
    """
    _keep_open(session, survey)
    _check_open(survey)
    said = _said(survey, answers)
    if row_key and _is_known(session, survey, row_key):
        raise AlreadyAnswered("These answers are here already.")
    today = local_day(session, at)
    made = Response(
        survey_id=survey.id,
        answers=said,
        pseudonym=pseudonym,
        groups=dict(groups) if groups else None,
        row_key=row_key,
        answered_at=beginning_of(session, today if on is None or survey.in_steps else min(on, today)),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise AlreadyAnswered("These answers are here already.") from None
    record(session, "survey.answered", survey, by=None, at=at)
    return made


def is_kept(session: Session, survey: Survey, answers: Mapping[str, Any], *, row_key: str) -> bool:
    """Whether just these answers are here under this key, as when they were sent twice."""
    found = select(Response.answers).where(Response.survey_id == survey.id, Response.row_key == row_key)
    kept = session.scalar(found.limit(1))
    return kept is not None and kept == _read(survey, answers).answers


def pseudonym_for(links: Links, survey: Survey, person: Person) -> str:
    """What stands for somebody in a survey's answers: the same throughout its project."""
    if survey.project is not None:
        return participants.pseudonym_of(links, survey.project, person)
    return links.key("pseudonym", "survey", survey.id, person.id)


def _said(survey: Survey, answers: Mapping[str, Any]) -> dict[str, Any]:
    read = _read(survey, answers)
    if read.problems:
        raise AnswersRefused(read.problems)
    return read.answers


def _read(survey: Survey, answers: Mapping[str, Any]) -> Answered:
    said = {key: clean(one) for key, one in answers.items()}
    return read_answers(questions_of(survey.questions), said)


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
