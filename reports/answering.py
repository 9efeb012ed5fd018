"""Answering a survey without an account: by a signed link of one's own, or by one that anybody may have. Looking changes nothing,
one press sends."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from portfolio import survey_answers, survey_invitations, surveys
from portfolio.models import Invitation, Survey
from portfolio.rules.survey_questions import MANY, Question, questions_of
from portfolio.rules.survey_templates import ANYONE
from portfolio.submission import clean
from portfolio.survey_answers import AlreadyAnswered, AnswersRefused
from portfolio.surveys import Closed
from web.clock import NowDep
from web.forms import Errors, FormDep, FormListDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()

ASK, THANKS, ALREADY, CLOSED = "ask", "thanks", "already", "closed"
COOKIE = "outsize_answered"
REMEMBERED_SECONDS = 90 * 24 * 3600


@dataclass(frozen=True)
class Asked:
    """A question as it is shown, with what is chosen or typed so far."""

    question: Question
    chosen: tuple[str, ...] = ()
    error: str = ""

    @property
    def name(self) -> str:
        return f"a_{self.question.key}"


@dataclass(frozen=True)
class AnswerPage:
    """A survey as whoever answers it sees it; `once` marks one look at the open link, so that a second press counts no second
    time."""

    survey: Survey
    heading: str
    intro: str
    path: str
    state: str = ASK
    asked: tuple[Asked, ...] = ()
    errors: Errors = field(default_factory=Errors)
    once: str = ""
    refusal: str = ""
    quick: Asked | None = None
    is_preview: bool = False

    @property
    def is_nameless(self) -> bool:
        return not self.refusal and not self.is_preview


@dataclass(frozen=True)
class RefusalPage:
    """Where somebody says that they want no surveys, and may take that back."""

    path: str
    back: str
    email: str
    is_refused: bool


def opened(session: SessionDep, number: int, key: str, links: LinksDep) -> Invitation:
    """The invitation this link opens."""
    found = survey_invitations.find(session, number)
    if found is None or not links.fits(key, "answer", found.id, found.link_version):
        raise NotFound
    if found.person.erased_at is not None:
        raise NotFound
    return found


InvitationDep = Annotated[Invitation, Depends(opened, scope="function")]


def opened_to_all(session: SessionDep, number: int, key: str, links: LinksDep) -> Survey:
    """The survey this open link leads to; one that asks people by name has none."""
    found = surveys.find(session, number)
    if found is None or found.audience != ANYONE or not links.fits(key, "survey", found.id):
        raise NotFound
    return found


OpenSurveyDep = Annotated[Survey, Depends(opened_to_all, scope="function")]


@router.get("/answers/{number:int}/{key}")
def show(
    request: Request,
    invitation: InvitationDep,
    links: LinksDep,
    question: str = "",
    answer: str = "",
    done: str = "",
) -> Response:
    view = _own_page(invitation, links)
    if invitation.answered_on is not None:
        view = _in_state(view, THANKS if done else ALREADY)
    elif not invitation.survey.is_open:
        view = _in_state(view, CLOSED)
    else:
        view = _chosen(view, question, answer)
    return page(request, "answers/show.html", view)


@router.post("/answers/{number:int}/{key}")
def send(
    request: Request,
    session: SessionDep,
    invitation: InvitationDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    path = links.answering_path(invitation)
    given = _given(invitation.survey, form)
    pseudonym = survey_answers.pseudonym_for(links, invitation.survey, invitation.person)
    try:
        survey_answers.answer(session, invitation, given, pseudonym=pseudonym, at=now)
    except AnswersRefused as refused:
        view = _with_errors(_own_page(invitation, links), given, refused.problems)
        return page(request, "answers/show.html", view, 422)
    except (AlreadyAnswered, Closed):
        return see_other(path)
    return see_other(f"{path}?done=1")


@router.get("/answers/{number:int}/{key}/refusal")
def show_refusal(request: Request, invitation: InvitationDep, links: LinksDep) -> Response:
    path = links.answering_path(invitation)
    person = invitation.person
    view = RefusalPage(f"{path}/refusal", path, person.email, person.no_surveys_at is not None)
    return page(request, "answers/refusal.html", view)


@router.post("/answers/{number:int}/{key}/refusal")
def refuse(
    session: SessionDep, invitation: InvitationDep, links: LinksDep, now: NowDep, fields: FormDep
) -> Response:
    if fields["again"]:
        survey_invitations.allow_again(session, invitation.person, at=now)
    else:
        survey_invitations.refuse(session, invitation.person, at=now)
    return see_other(f"{links.answering_path(invitation)}/refusal")


@router.get("/surveys/{number:int}/open/{key}")
def show_open(
    request: Request,
    survey: OpenSurveyDep,
    links: LinksDep,
    question: str = "",
    answer: str = "",
    done: str = "",
    again: str = "",
) -> Response:
    view = _open_page(survey, links)
    is_known = request.cookies.get(_cookie(survey)) == "1"
    if done and is_known:
        view = _in_state(view, THANKS)
    elif not survey.is_open:
        view = _in_state(view, CLOSED)
    elif is_known and not again:
        view = _in_state(view, ALREADY)
    else:
        view = _chosen(view, question, answer)
    return page(request, "answers/show.html", view)


@router.post("/surveys/{number:int}/open/{key}")
def send_open(
    request: Request,
    session: SessionDep,
    survey: OpenSurveyDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    """One press counts once: the page carries a mark. Whoever opens the page anew may answer anew; an open link asks no names."""
    request.app.state.turnstile.check_note(request)
    path = links.survey_path(survey)
    given = _given(survey, form)
    once = clean(str(form.get("once", "")))[:40]
    try:
        survey_answers.take_in(session, survey, given, row_key=f"open:{once}" if once else None, at=now)
    except AnswersRefused as refused:
        view = _with_errors(_open_page(survey, links, once), given, refused.problems)
        return page(request, "answers/show.html", view, 422)
    except Closed:
        return see_other(path)
    except AlreadyAnswered:
        pass
    response = see_other(f"{path}?done=1")
    response.set_cookie(
        _cookie(survey), "1", max_age=REMEMBERED_SECONDS, path=path, httponly=True, samesite="lax"
    )
    return response


def preview_of(survey: Survey) -> AnswerPage:
    """What people will see, for who makes it."""
    return _page(survey, path="", is_preview=True)


def _own_page(invitation: Invitation, links: LinksDep) -> AnswerPage:
    path = links.answering_path(invitation)
    return _page(invitation.survey, path=path, refusal=f"{path}/refusal")


def _open_page(survey: Survey, links: LinksDep, once: str = "") -> AnswerPage:
    return _page(survey, path=links.survey_path(survey), once=once or secrets.token_urlsafe(12))


def _page(survey: Survey, **more: Any) -> AnswerPage:
    words = survey.words or {}
    return AnswerPage(
        survey,
        heading=words.get("subject") or survey.name,
        intro=words.get("intro", ""),
        asked=tuple(Asked(one) for one in questions_of(survey.questions)),
        **more,
    )


def _in_state(view: AnswerPage, state: str) -> AnswerPage:
    return replace(view, state=state, asked=())


def _chosen(view: AnswerPage, key: str, number: str) -> AnswerPage:
    """With the answer the mail's link names chosen already, and its question first."""
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0
    hit = next((one for one in view.asked if one.question.key == key and one.question.by_press), None)
    if hit is None or not 0 < place <= len(hit.question.options):
        return view
    picked = Asked(hit.question, (hit.question.options[place - 1],))
    others = [one for one in view.asked if one is not hit]
    alone = not any(one.question.required for one in others)
    return replace(view, asked=(picked, *others), quick=picked if alone and others else None)


def _with_errors(view: AnswerPage, given: Mapping[str, Any], problems: Mapping[str, str]) -> AnswerPage:
    asked = tuple(
        Asked(one.question, _as_chosen(given.get(one.question.key)), problems.get(one.question.key, ""))
        for one in view.asked
    )
    errors = Errors((f"a_{key}" if key else "questions", words) for key, words in problems.items())
    return replace(view, asked=asked, errors=errors)


def _as_chosen(value: Any) -> tuple[str, ...]:
    if value in (None, ""):
        return ()
    return tuple(value) if isinstance(value, list) else (str(value),)


def _given(survey: Survey, form: FormData) -> dict[str, Any]:
    """What was said by question. What the page doesn't ask is no answer to anything."""
    given: dict[str, Any] = {}
    for question in questions_of(survey.questions):
        said = [clean(one) for one in form.getlist(f"a_{question.key}") if isinstance(one, str)]
        given[question.key] = said if question.kind == MANY else next(iter(said), "")
    return given


def _cookie(survey: Survey) -> str:
    return f"{COOKIE}_{survey.id}"
