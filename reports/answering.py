"""Answering a survey without an account, by a signed link of one's own: looking changes nothing, one press sends."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portfolio import survey_answers, survey_invitations
from portfolio.models import Invitation
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
from web.forms import FormDep, FormListDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter()


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


@router.get("/answers/{number:int}/{key}")
def show(
    request: Request,
    invitation: InvitationDep,
    links: LinksDep,
    question: str = "",
    answer: str = "",
    done: str = "",
) -> Response:
    view = _view(invitation, links)
    if invitation.answered_on is not None:
        view = in_state(view, THANKS if done else ALREADY)
    elif not invitation.survey.is_open:
        view = in_state(view, CLOSED)
    else:
        view = chosen(view, question, answer)
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
    given = given_in(invitation.survey, form)
    pseudonym = survey_answers.pseudonym_for(links, invitation.survey, invitation.person)
    try:
        survey_answers.answer(session, invitation, given, pseudonym=pseudonym, at=now)
    except AnswersRefused as refused:
        view = as_typed(_view(invitation, links), given, refused.problems)
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


def _view(invitation: Invitation, links: LinksDep) -> AnswerPage:
    path = links.answering_path(invitation)
    return page_of(invitation.survey, path=path, refusal=f"{path}/refusal")
