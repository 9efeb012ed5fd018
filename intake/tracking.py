"""Following what becomes of a request, by its private link."""

from contextlib import suppress
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from intake import standing, view
from intake.forms import read_answers, typed_answers
from intake.opening import OpenedDep
from intake.standing import MOST_QUESTIONS, Behind, Conversation, FollowUp, Next, Tracking
from portfolio import (
    backlog,
    causes,
    conversations,
    files,
    forms,
    goals,
    learning_requests,
    next_questions,
    placings,
    promises,
    supporters,
)
from portfolio.models import File, LearningRequest
from portfolio.questions import Form
from portfolio.rules.scoring import LABELS
from portfolio.states import MoveRefused, RequestStatus
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, SentDep
from web.live import Change, names, stream
from web.people import VisitorDep
from web.responses import by_htmx, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial
from web.uploads import keep_uploads, names_of, refusals

router = APIRouter(include_in_schema=False)

LONGEST_MESSAGE = 8000
LONGEST_KEY = 40
NOTICES = {
    "answers": "Thank you. The ranking follows within a moment.",
    "confirmed": "Good to know. It stays in the queue.",
    "mailed": "The link is on its way to your mailbox.",
    "full": "Your words are kept, but not all files: there is no more room for files with this request.",
}


@router.get("/requests/{number}/{key}")
def track(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    _visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    tracking = _tracking(session, found, links)
    way_in = standing.way_in(tracking.place, placings.way_in(session, found, today=now.date()))
    tracking = replace(tracking, way_in=way_in)
    query = request.query_params
    if query.get("sent") == "1":
        done, skipped = _count(query.get("asked", "")), _keys(query.get("skipped", ""))
        follow_up = _follow_up(session, found, links, now, done, skipped)
        tracking = replace(tracking, just_sent=True, follow_up=follow_up)
    notice = NOTICES.get(query.get("saved", ""), "")
    return page(request, "learning_requests/track.html", replace(tracking, notice=notice))


@router.get("/requests/{number}/{key}/status")
def show_status(request: Request, session: SessionDep, found: OpenedDep, links: LinksDep) -> Response:
    return partial(request, "learning_requests/_status.html", _tracking(session, found, links))


@router.get("/requests/{number}/{key}/conversation")
def show_conversation(request: Request, session: SessionDep, found: OpenedDep, links: LinksDep) -> Response:
    return partial(request, "learning_requests/_conversation.html", _conversation(session, found, links))


@router.get("/requests/{number}/{key}/live")
async def follow(request: Request, found: OpenedDep) -> Response:
    number = found.id

    def wants(change: Change) -> str | None:
        is_ours = change.subject_type == LearningRequest.__tablename__ and change.subject_id == number
        return names("status", "said") if is_ours else None

    return stream(request.app.state.watch, wants)


@router.post("/requests/{number}/{key}/answer")
def answer_one(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    fields: FormDep,
    visitor: VisitorDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    """One answer to one of the few questions that follow the form, often by one press."""
    form = forms.current(session)
    done, skipped = _count(fields["asked"]), _keys(fields["skipped"])
    key = fields["skip"][:LONGEST_KEY]
    if key:
        skipped = (*skipped, key)
    else:
        changed, errors = read_answers(form, _with_unit(fields, found))
        if changed is None:
            follow_up = _again(_follow_up(session, found, links, now, done, skipped), fields, errors)
            return _shown(request, session, found, links, follow_up, 422)
        with suppress(learning_requests.RequestClosed):
            learning_requests.change_answers(
                session, found, changed, by=visitor or found.requester, at=now, form_version=form.version
            )
        session.expire(found, ["answers", "goal"])
        done += 1
    if by_htmx(request):
        follow_up = _follow_up(session, found, links, now, done, skipped)
        return _shown(request, session, found, links, follow_up, 200)
    address = f"{links.tracking_path(found)}?sent=1&asked={done}&skipped={','.join(skipped)}#next"
    return see_other(address)


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
    except learning_requests.RequestClosed as refused:
        form = _answer_form(session, asked, found, links, fields, Errors(problem=str(refused)))
        return page(request, "learning_requests/answers.html", form, 422)
    return see_other(f"{links.tracking_path(found)}?saved=answers")


@router.post("/requests/{number}/{key}/messages")
def say(
    request: Request,
    session: SessionDep,
    found: OpenedDep,
    sent: SentDep,
    links: LinksDep,
    now: NowDep,
) -> Response:
    """A line of the conversation, with files or only with files."""
    words = sent.fields["words"]
    errors = refusals(sent.uploads)
    if len(words) > LONGEST_MESSAGE:
        errors["words"] = f"Please keep this under {LONGEST_MESSAGE} characters."
    if not words and not sent.uploads:
        errors["words"] = "Please write something first."
    if errors:
        tracking = replace(_tracking(session, found, links), errors=errors, typed=words)
        return page(request, "learning_requests/track.html", tracking, 422)
    request.app.state.turnstile.check_upload(request, len(sent.uploads))
    words = words or f"Here is {names_of(sent.uploads)}."
    line = conversations.say(session, found, words, links=links, by=found.requester, at=now)
    session.flush()
    form = forms.current(session)
    full = keep_uploads(
        session, form, sent.uploads, learning_request=found, message=line, by=found.requester, at=now
    )
    if full:
        return see_other(f"{links.tracking_path(found)}?saved=full#conversation")
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


@router.post("/requests/{number}/{key}/confirmation")
def confirm(
    session: SessionDep, found: OpenedDep, visitor: VisitorDep, links: LinksDep, now: NowDep
) -> Response:
    """Still needed."""
    learning_requests.confirm(session, found, by=visitor or found.requester, at=now)
    return see_other(f"{links.tracking_path(found)}?saved=confirmed")


@router.post("/requests/{number}/{key}/mail")
def mail_link(
    request: Request, session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep
) -> Response:
    request.app.state.turnstile.check_sign_in(request, found.requester.email)
    learning_requests.mail_link(session, found, links=links, at=now)
    return see_other(f"{links.tracking_path(found)}?saved=mailed")


@router.post("/requests/{number}/{key}/link")
def renew_link(session: SessionDep, found: OpenedDep, links: LinksDep, now: NowDep) -> Response:
    """The new address goes by mail only: whoever pressed this may not be the requester."""
    learning_requests.renew_link(session, found, links=links, by=found.requester, at=now)
    return see_other("/sign-in?renewed=1")


def _with_unit(fields: Fields, found: LearningRequest) -> Fields:
    """The answers as typed, with what decides which questions are asked."""
    known = Fields(requester_unit=found.unit.name if found.unit else "", type=found.said("type") or "")
    return known.over(fields)


def _tracking(session: SessionDep, found: LearningRequest, links: LinksDep) -> Tracking:
    decided = learning_requests.decisions(session, found)
    step, ended_early = standing.step_of(found)
    project = learning_requests.project_of(session, found)
    unknown = found.assessment.working["unknown"] if found.assessment and found.is_open else []
    given = files.listed(session, learning_request=found)
    return Tracking(
        learning_request=found,
        path=links.tracking_path(found),
        link=links.tracking(found),
        headline=standing.headline(found, project),
        reason=standing.reason(found.assessment),
        cause=standing.cause(causes.fit_of(session, found)),
        place=backlog.place(session, found),
        missing=[LABELS[name] for name in unknown if name != "format"][:3],
        step=step,
        ended_early=ended_early,
        decision=decided[-1] if decided else None,
        happened=standing.happened(learning_requests.moves(session, found)),
        conversation=_conversation(session, found, links, given),
        behind=Behind.of(supporters.listed(session, found)),
        answers=standing.said_so_far(forms.answered(session, found)),
        files=[file for file in given if file.message_id is None],
        promise=promises.told(session, found),
    )


def _conversation(
    session: SessionDep, found: LearningRequest, links: LinksDep, given: list[File] | None = None
) -> Conversation:
    messages = conversations.of(session, found, internal=False)
    if given is None:
        given = files.listed(session, learning_request=found)
    return standing.conversation(found, links.tracking_path(found), messages, given)


def _follow_up(
    session: SessionDep,
    found: LearningRequest,
    links: LinksDep,
    now: NowDep,
    done: int,
    skipped: tuple[str, ...],
) -> FollowUp:
    """The next of at most three more questions, best first; each is chosen anew after the answer before it."""
    path = links.tracking_path(found)
    if done + len(skipped) >= MOST_QUESTIONS:
        return FollowUp(path, None, done)
    asks = next_questions.worth_answering(session, found, now=now, leave_out=skipped)
    if not asks:
        return FollowUp(path, None, done)
    question = forms.current(session).question(asks[0].question) or next_questions.about_goal(session)
    return FollowUp(path, Next(question, asks[0], done, skipped), done)


def _again(follow_up: FollowUp, fields: Fields, errors: Errors) -> FollowUp:
    """The same question, with what is wrong with the answer."""
    asked = follow_up.next
    return replace(follow_up, next=replace(asked, values=fields, errors=errors)) if asked else follow_up


def _shown(
    request: Request,
    session: SessionDep,
    found: LearningRequest,
    links: LinksDep,
    follow_up: FollowUp,
    status: int,
) -> Response:
    if by_htmx(request):
        return partial(request, "learning_requests/_next.html", follow_up, status)
    tracking = replace(_tracking(session, found, links), just_sent=True, follow_up=follow_up)
    return page(request, "learning_requests/track.html", tracking, status)


def _count(text: str) -> int:
    return min(int(text), MOST_QUESTIONS) if text.isdecimal() and len(text) < 3 else 0


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key for key in text.split(",") if key and len(key) <= LONGEST_KEY)[:MOST_QUESTIONS]


def _answer_form(
    session: SessionDep, asked: Form, found: LearningRequest, links: LinksDep, values: Fields, errors: Errors
) -> view.AnswerForm:
    return view.AnswerForm(asked, values, errors, goals.listed(session), found, links.tracking_path(found))
