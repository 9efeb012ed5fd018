"""Following what becomes of a request, by its private link."""

from fastapi import APIRouter, Request, Response

from intake import view
from intake.forms import read_answers, typed_answers
from intake.opening import OpenedDep
from portfolio import forms, goals, learning_requests
from portfolio.models import LearningRequest
from portfolio.questions import Form
from portfolio.rules.scoring import LABELS
from portfolio.states import MoveRefused, RequestStatus
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep
from web.live import Change, names, stream
from web.people import PersonDep, VisitorDep
from web.responses import see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter(include_in_schema=False)

LONGEST_MESSAGE = 8000


@router.get("/requests")
def list_own(request: Request, session: SessionDep, person: PersonDep, links: LinksDep) -> Response:
    own = learning_requests.of_requester(session, person)
    lines = [(one, links.tracking_path(one)) for one in own]
    return page(request, "learning_requests/own.html", view.OwnRequests(lines))


@router.get("/requests/{number}/{key}")
def track(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    _visitor: VisitorDep,
    links: LinksDep,
    sent: str = "",
) -> Response:
    return page(
        request, "learning_requests/track.html", _tracking(session, found, links, just_sent=sent == "1")
    )


@router.get("/requests/{number}/{key}/status")
def show_status(request: Request, session: SessionDep, found: OpenedDep, links: LinksDep) -> Response:
    return partial(request, "learning_requests/_status.html", _tracking(session, found, links))


@router.get("/requests/{number}/{key}/live")
async def follow(request: Request, found: OpenedDep) -> Response:
    number = found.id

    def wants(change: Change) -> str | None:
        is_ours = change.subject_type == LearningRequest.__tablename__ and change.subject_id == number
        return names("status") if is_ours else None

    return stream(request.app.state.watch, wants)


@router.get("/requests/{number}/{key}/answers")
def show_answers(
    request: Request, session: SessionDep, found: OpenedDep, _visitor: VisitorDep, links: LinksDep
) -> Response:
    return page(
        request,
        "learning_requests/answers.html",
        _answer_form(session, forms.current(session), found, links, typed_answers(session, found), Errors()),
    )


@router.post("/requests/{number}/{key}/answers")
def add_answers(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    fields: FormDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    asked = forms.current(session)
    changed, errors = read_answers(asked, _with_unit(fields, found))
    if changed is None:
        form = _answer_form(session, asked, found, links, fields, errors)
        return page(request, "learning_requests/answers.html", form, 422)
    try:
        learning_requests.change_answers(
            session, found, changed, by=visitor or found.requester, at=now, form_version=asked.version
        )
    except learning_requests.DecisionRefused as refused:
        form = _answer_form(session, asked, found, links, fields, Errors(problem=str(refused)))
        return page(request, "learning_requests/answers.html", form, 422)
    return see_other(links.tracking_path(found))


@router.post("/requests/{number}/{key}/messages")
def say(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    fields: FormDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    words = fields["words"]
    if not words or len(words) > LONGEST_MESSAGE:
        wrong = (
            f"Please keep this under {LONGEST_MESSAGE} characters."
            if words
            else "Please write something first."
        )
        tracking = _tracking(session, found, links, errors=Errors(words=wrong), typed=words)
        return page(request, "learning_requests/track.html", tracking, 422)
    learning_requests.say(session, found, words, links=links, by=found.requester, at=now)
    return see_other(f"{links.tracking_path(found)}#conversation")


@router.post("/requests/{number}/{key}/withdrawal")
def withdraw(
    session: SessionDep, found: OpenedDep, visitor: VisitorDep, links: LinksDep, now: NowDep
) -> Response:
    if found.status is not RequestStatus.WITHDRAWN:
        try:
            learning_requests.withdraw(session, found, by=visitor or found.requester, at=now)
        except MoveRefused:
            return see_other(f"{links.tracking_path(found)}#status")
    return see_other(links.tracking_path(found))


@router.post("/requests/{number}/{key}/link")
def renew_link(session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep) -> Response:
    """The new address goes by mail only: whoever pressed this may not be the requester."""
    learning_requests.renew_link(session, found, links=links, by=found.requester, at=now)
    return see_other("/sign-in?renewed=1")


def _with_unit(fields: Fields, found: LearningRequest) -> Fields:
    """The answers as typed, with what decides which questions are asked."""
    known = Fields(requester_unit=found.unit.name if found.unit else "", type=found.said("type") or "")
    return known.over(fields)


def _tracking(
    session: SessionDep,
    found: LearningRequest,
    links: LinksDep,
    *,
    just_sent: bool = False,
    errors: Errors | None = None,
    typed: str = "",
) -> view.Tracking:
    decided = learning_requests.decisions(session, found)
    step, ended_early = view.step_of(found)
    project = learning_requests.project_of(session, found)
    unknown = found.assessment.working["unknown"] if found.assessment and found.is_open else []
    return view.Tracking(
        learning_request=found,
        path=links.tracking_path(found),
        link=links.tracking(found),
        headline=view.headline(found, project),
        reason=view.reason(found.assessment),
        place=learning_requests.place(session, found),
        missing=[LABELS[name] for name in unknown if name != "format"][:3],
        step=step,
        ended_early=ended_early,
        decision=decided[-1] if decided else None,
        happened=view.happened(learning_requests.moves(session, found)),
        messages=learning_requests.conversation(session, found, internal=False),
        supporters=learning_requests.joined(session, found),
        answers=view.said_so_far(forms.answered(session, found)),
        just_sent=just_sent,
        errors=errors or Errors(),
        typed=typed,
    )


def _answer_form(
    session: SessionDep, asked: Form, found: LearningRequest, links: LinksDep, values: Fields, errors: Errors
) -> view.AnswerForm:
    return view.AnswerForm(asked, values, errors, goals.listed(session), found, links.tracking_path(found))
