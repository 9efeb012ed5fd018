"""One request as managers see it: decide on it, reopen it, talk about it, answer what no requester is asked."""

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from board.request_view import decision_page, find, inside
from board.rulings import asked_for, read_ruling
from portfolio import conversations, deciding, forms, goals, inbox, learning_requests
from portfolio.deciding import DecisionRefused
from portfolio.models import LearningRequest
from portfolio.states import MoveRefused, Verdict
from web.answers import typed
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, SentDep, errors_of, number_of, some_text
from web.live import Change, names, stream
from web.people import ManagerDep
from web.responses import see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial
from web.uploads import keep_uploads, names_of, refusals

router = APIRouter()


@router.get("/requests/{number:int}")
def show_request(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    number: int,
) -> Response:
    found = find(session, number)
    chosen, typed = asked_for(request)
    view = decision_page(session, found, links, chosen, typed, Errors(), manager=manager, now=now)
    return page(request, "inbox/show.html", view)


@router.post("/requests/{number:int}/decision")
def decide(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    found = find(session, number)
    errors = Errors()
    verdict = Verdict(fields["verdict"]) if fields["verdict"] in set(Verdict) else None
    ruling = read_ruling(session, verdict, fields, errors, about=found, now=now) if verdict else None
    if ruling is not None and not errors:
        try:
            deciding.decide(session, found, ruling, links=links, by=manager, at=now)
        except DecisionRefused as refused:
            errors[refused.field] = str(refused)
        except MoveRefused as refused:
            errors["verdict"] = str(refused)
    elif ruling is None:
        errors["verdict"] = "Please choose what should happen."
    if errors:
        session.rollback()
        found = find(session, number)
        at = "/inbox" if fields["triage"] else "/requests"
        view = decision_page(session, found, links, verdict, fields, errors, manager=manager, now=now, at=at)
        return page(request, "inbox/triage.html" if fields["triage"] else "inbox/show.html", view, 422)
    if verdict is Verdict.ACCEPT and not fields["triage"]:
        made = learning_requests.project_of(session, found)
        if made is not None:
            return see_other(f"/projects/{made.number}/beginning")
    return see_other(_onwards(session, found, "/inbox" if fields["triage"] else "/requests"))


@router.post("/requests/{number:int}/reopening")
def reopen(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    found = find(session, number)
    with suppress(MoveRefused):
        deciding.reopen(session, found, by=manager, at=now)
    return see_other(f"/requests/{number}")


@router.post("/requests/{number:int}/goal")
def set_goal(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int) -> Response:
    found = find(session, number)
    goal = goals.find(session, number_of(fields["goal"]))
    learning_requests.serve_goal(session, found, goal, by=manager, at=now)
    return see_other(f"/requests/{number}")


@router.post("/requests/{number:int}/notes")
def add_note(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    sent: SentDep,
    number: int,
) -> Response:
    """A note, or words to the requester; with files or only with files."""
    found, fields = find(session, number), sent.fields
    errors = Errors()
    words = some_text(fields, "note", errors, longest=8000)
    if not words and not sent.uploads:
        errors["note"] = "Please write something first."
    errors.update(refusals(sent.uploads))
    if errors:
        view = decision_page(session, found, links, None, fields, errors, manager=manager, now=now)
        return page(request, "inbox/show.html", view, 422)
    internal = fields["to"] != "requester"
    words = words or f"Here is {names_of(sent.uploads)}."
    line = conversations.say(session, found, words, links=links, by=manager, at=now, internal=internal)
    session.flush()
    asked = forms.current(session)
    keep_uploads(session, asked, sent.uploads, learning_request=found, message=line, by=manager, at=now)
    return see_other(f"/requests/{number}#conversation")


@router.post("/requests/{number:int}/inside")
def answer_inside(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """The manager's own answers, to the questions no requester sees."""
    found = find(session, number)
    form = forms.current(session)
    given = {one.key: typed(one, fields) for one in inside(form, found)}
    kept = {key: value for key, value in given.items() if value not in (None, "", [])}
    try:
        changed = forms.changed_model(form, inside=True).model_validate(kept)
        learning_requests.change_answers(
            session, found, changed, by=manager, at=now, form_version=form.version
        )
        learning_requests.take_back_answers(session, found, set(given) - set(kept), by=manager, at=now)
    except ValidationError as error:
        errors = errors_of(error)
    except DecisionRefused as refused:
        errors = Errors(inside=str(refused))
    else:
        return see_other(f"/requests/{number}#inside")
    return page(
        request,
        "inbox/show.html",
        decision_page(session, found, links, None, fields, errors, manager=manager, now=now),
        422,
    )


@router.get("/requests/{number:int}/live")
async def follow_request(request: Request, _manager: ManagerDep, number: int) -> Response:
    def wants(change: Change) -> str | None:
        is_ours = change.subject_type == LearningRequest.__tablename__ and change.subject_id == number
        return names("score") if is_ours else None

    return stream(request.app.state.watch, wants)


@router.get("/requests/{number:int}/score")
def show_score(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep, number: int
) -> Response:
    found = find(session, number)
    view = decision_page(session, found, links, None, Fields(), Errors(), manager=manager, now=now)
    return partial(request, "inbox/_score.html", view)


def _onwards(session: SessionDep, decided: LearningRequest, at: str) -> str:
    """After a decision: the next one in the inbox, or the inbox itself when it is empty."""
    following = inbox.after(session, decided)
    return f"{at}/{following}" if following else "/inbox"
