"""Answering a survey by its open link, one address for a whole room: no name, one answer a browser, and somebody else at the same
browser says so."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from portfolio import survey_answers, surveys
from portfolio.links import Links
from portfolio.models import Survey
from portfolio.rules.survey_templates import ANYONE
from portfolio.submission import clean
from portfolio.survey_answers import AlreadyAnswered, AnswersRefused
from portfolio.surveys import Closed
from reports.answer_page import (
    ALREADY,
    CLOSED,
    THANKS,
    AnswerPage,
    as_typed,
    chosen,
    given_in,
    in_state,
    page_of,
)
from web.clock import NowDep
from web.forms import FormListDep
from web.responses import NotFound, TooMany, see_other
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import page

router = APIRouter()

COOKIE = "outsize_answered"
KEPT_BEYOND = timedelta(days=30)
"""How long past its last day a survey is remembered by a browser that answered it."""
LONGEST_KEPT = timedelta(days=400)
TOO_MANY = (
    "Very many answers came from your network within the hour, so this one waits. Leave the page open and press Send "
    "again in a while; nothing you chose is lost."
)
ONCE_MORE = "Please press Send once more."


def opened_to_all(session: SessionDep, number: int, key: str, links: LinksDep) -> Survey:
    """The survey this open link leads to; one that asks people by name has none."""
    found = surveys.find(session, number)
    if found is None or found.audience != ANYONE or not links.fits(key, "survey", found.id):
        raise NotFound
    return found


OpenSurveyDep = Annotated[Survey, Depends(opened_to_all, scope="function")]


@router.get("/surveys/{number:int}/open/{key}")
def show(
    request: Request,
    survey: OpenSurveyDep,
    links: LinksDep,
    question: str = "",
    answer: str = "",
    done: str = "",
    again: str = "",
) -> Response:
    view = _view(survey, links)
    has_answered = _has_answered(request, survey, links)
    if done and has_answered:
        view = in_state(view, THANKS)
    elif not survey.is_open:
        view = in_state(view, CLOSED)
    elif has_answered and not again:
        view = in_state(view, ALREADY)
    else:
        view = replace(chosen(view, question, answer), other=has_answered, sent=bool(done))
    return page(request, "answers/show.html", view)


@router.post("/surveys/{number:int}/open/{key}")
def send(
    request: Request,
    session: SessionDep,
    survey: OpenSurveyDep,
    links: LinksDep,
    settings: SettingsDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    """Count what somebody says, once a look and once a browser. A browser that has answered is asked whether this is somebody
    else, with what was sent still there."""
    request.app.state.turnstile.check_note(request)
    path, given = links.survey_path(survey), given_in(survey, form)
    once, other = clean(str(form.get("once", "")))[:40], bool(form.get("other"))
    key = f"open:{once}"
    if not survey.is_open:
        return see_other(path)
    try:
        _check_first(request, survey, links, once=once, other=other)
        survey_answers.take_in(session, survey, given, row_key=key, at=now)
    except Closed:
        return see_other(path)
    except AnswersRefused as refused:
        return _again(request, replace(_view(survey, links, once), other=other), given, refused.problems)
    except TooMany:
        view = replace(_view(survey, links, once), other=other)
        return _again(request, view, given, {"": TOO_MANY}, 429)
    except AlreadyAnswered:
        if not survey_answers.is_kept(session, survey, given, row_key=key):
            return _again(request, replace(_view(survey, links), other=True, heard=True), given, {}, 409)
    response = see_other(f"{path}?done=1")
    _remember(response, survey, links, now=now, secure=settings.secure)
    return response


def _check_first(request: Request, survey: Survey, links: Links, *, once: str, other: bool) -> None:
    """Raise AlreadyAnswered where this browser has answered and nobody else was said to be at it, AnswersRefused without a mark
    of the page, or TooMany."""
    if not once:
        raise AnswersRefused({"": ONCE_MORE})
    if not other and _has_answered(request, survey, links):
        raise AlreadyAnswered
    request.app.state.turnstile.check_answer(request, survey.id)


def _view(survey: Survey, links: Links, once: str = "") -> AnswerPage:
    return page_of(survey, path=links.survey_path(survey), once=once or secrets.token_urlsafe(12))


def _again(
    request: Request, view: AnswerPage, given: dict[str, Any], problems: dict[str, str], status: int = 422
) -> Response:
    return page(request, "answers/show.html", as_typed(view, given, problems), status)


def _has_answered(request: Request, survey: Survey, links: Links) -> bool:
    return links.fits(request.cookies.get(_cookie(survey), ""), "answered", survey.id)


def _remember(response: Response, survey: Survey, links: Links, *, now: datetime, secure: bool) -> None:
    """The same words for every browser: they say that it answered this survey, and neither who nor what."""
    until = (survey.closes_on or now.date()) + KEPT_BEYOND
    kept = min(max(until - now.date(), KEPT_BEYOND), LONGEST_KEPT)
    response.set_cookie(
        _cookie(survey),
        links.key("answered", survey.id),
        max_age=int(kept.total_seconds()),
        path=f"/surveys/{survey.id}/open",
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def _cookie(survey: Survey) -> str:
    return f"{COOKIE}_{survey.id}"
