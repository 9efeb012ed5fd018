"""Requests over the API."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.orm import Session

from api import shapes
from api.body import JsonDep, Once, OnceDep, parse, takes
from api.callers import ManagerCaller, caller_of, name_of
from api.lists import Cursor, Limit, Number, listed
from portfolio import (
    backlog,
    deciding,
    forms,
    history,
    learning_requests,
    next_questions,
    organisation,
    undoing,
)
from portfolio.backlog import Wanted
from portfolio.database import hold
from portfolio.deciding import DecisionRefused, Ruling
from portfolio.learning_requests import RequestClosed, Source
from portfolio.links import Links
from portfolio.models import LearningRequest, Person, Resource
from portfolio.states import MoveRefused, RequestStatus, Verdict
from portfolio.submission import ChangedAnswers, Line, OptionalDate, Problem, Prose, Strict, Submission
from portfolio.undoing import UndoRefused
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep, in_one_thread
from web.settings import LinksDep

router = APIRouter(prefix="/requests", tags=["requests"])

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class DecisionBody(Strict):
    """A verdict. `join_id` goes with join, `until` with snooze, `solution_type` with accept."""

    decision: Literal["accept", "decline", "redirect", "join", "answer", "waitlist", "snooze", "ask"]
    reason: Line(40) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    words: Prose(8000) = ""  # type: ignore[valid-type] # as above
    join_id: Id | None = None
    resource_id: Id | None = None
    until: OptionalDate = None
    solution_type: Literal["job_aid", "peer_session", "workshop", "live_virtual", "elearning", "path"] = (
        "workshop"
    )


@router.post("", status_code=201)
@takes(Submission)
async def submit(request: Request, once: OnceDep, links: LinksDep, now: NowDep) -> JSONResponse:
    """Submit a request. Open to the public where intake is public, then rate-limited."""

    def take(session: Session) -> JSONResponse:
        return _submit(request, session, once, links, by=caller_of(request, session, now), at=now)

    return await in_one_thread(request, take)


@router.get("")
def list_requests(  # noqa: PLR0917 - the contract names these parameters
    session: SessionDep,
    _caller: ManagerCaller,
    links: LinksDep,
    status: Annotated[str, Query(max_length=200)] = "",
    unit: Annotated[str, Query(max_length=120)] = "",
    goal: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Literal["rank", "leverage", "submitted"] = "rank",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Requests with their latest assessment, best leverage first unless sorted otherwise."""
    wanted = Wanted(
        statuses=_statuses(status),
        unit=unit,
        goal=goal,
        text=q.replace("\x00", ""),
        sort="submitted" if sort == "submitted" else "rank",
        limit=limit,
        after=_place(cursor),
    )
    found = backlog.search(session, wanted)
    return listed([shapes.learning_request(one, links) for one in found.items], found.next)


@router.get("/{number}")
def show(
    session: SessionDep,
    _caller: ManagerCaller,
    links: LinksDep,
    now: NowDep,
    number: Number,
    response: Response,
) -> dict[str, Any]:
    """A whole request: answers, assessment, timeline. Its ETag is that of the answers."""
    found = _find(session, number)
    response.headers["ETag"] = _etag(found)
    best = next_questions.of_request(session, found, now=now)
    return {
        **shapes.learning_request(found, links),
        "requester": {"name": found.requester.name, "email": found.requester.email},
        "answers": {answer.question: answer.value for answer in found.answers},
        "assessment": shapes.whole_assessment(
            found.assessment, found.chance_in_plan if found.is_open else None, best[0] if best else None
        ),
        "decisions": [shapes.decision(one) for one in learning_requests.decisions(session, found)],
        "timeline": [shapes.event(one) for one in history.timeline(session, found)],
    }


@router.patch("/{number}/answers")
@takes(ChangedAnswers)
def change_answers(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    now: NowDep,
    number: Number,
    response: Response,
    if_match: Annotated[str | None, Header(max_length=80)] = None,
) -> dict[str, Any]:
    """Change or add answers; the request is scored again. With If-Match, only if nobody else changed one meanwhile (412)."""
    found = _find(session, number)
    if if_match is not None and if_match.strip() != "*":
        hold(session, found)  # nobody slips in between this look and the change
        session.refresh(found, ["answers"])
        if if_match.strip().removeprefix("W/") != _etag(found):
            raise ProblemFound(412)
    form = forms.current(session)
    changed = parse(forms.changed_model(form, inside=True), body)
    try:
        questions = learning_requests.change_answers(
            session, found, changed, by=caller, at=now, form_version=form.version
        )
    except RequestClosed as refused:
        raise ProblemFound(409, str(refused)) from refused
    session.flush()
    session.refresh(found, ["answers"])
    response.headers["ETag"] = _etag(found)
    return {"id": found.id, "changed": questions}


@router.post("/{number}/decision")
@takes(DecisionBody)
def decide(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, links: LinksDep, now: NowDep, number: Number
) -> JSONResponse:
    """Decide on a request; what is needed depends on the verdict."""
    found = _find(session, number)
    given = parse(DecisionBody, once.body)
    resource = session.get(Resource, given.resource_id) if given.resource_id else None
    if given.resource_id and resource is None:
        raise ProblemFound(422, errors=[Problem(("resource_id",), "There is no such resource.")])

    def write() -> tuple[int, dict[str, Any]]:
        ruling = Ruling(
            Verdict(given.decision),
            words=given.words,
            reason=given.reason,
            until=given.until,
            join_to=learning_requests.find(session, given.join_id) if given.join_id else None,
            resource=resource,
            solution_type=given.solution_type,
        )
        try:
            made = deciding.decide(session, found, ruling, links=links, by=caller, at=now)
        except DecisionRefused as refused:
            raise ProblemFound(422, errors=[Problem((refused.field,), str(refused))]) from refused
        except MoveRefused as refused:
            raise ProblemFound(409, str(refused)) from refused
        project = learning_requests.project_of(session, found)
        return 200, {
            "id": found.id,
            "status": found.status.value,
            "project": project.id if project else None,
            **shapes.decision(made),
        }

    return once.answer(session, name_of(caller), write)


@router.delete("/{number}/decision")
def undo(session: SessionDep, caller: ManagerCaller, now: NowDep, number: Number) -> dict[str, Any]:
    """Undo the last decision within thirty seconds, as if it had never been said; 409 afterwards. What was decided with it in one
    go is undone as well: `undone` has the numbers of all."""
    made = learning_requests.decisions(session, _find(session, number))
    if not made:
        raise ProblemFound(404)
    try:
        undone = undoing.undo(session, made[-1], by=caller, at=now)
    except UndoRefused as refused:
        raise ProblemFound(409, str(refused)) from refused
    return {
        "id": number,
        "status": _find(session, number).status.value,
        "undone": sorted(one.id for one in undone),
    }


def _submit(
    request: Request, session: Session, once: Once, links: Links, *, by: Person | None, at: datetime
) -> JSONResponse:
    if by is None:
        ours = organisation.current(session)
        if ours is not None and not ours.intake_public:
            raise ProblemFound(401)
        request.app.state.turnstile.check_post(request)
    form = forms.current(session)
    manages = by is not None and by.manages
    submission = parse(forms.submission_model(form, inside=manages), once.body)
    try:
        organisation.check_address(session, submission.requester.email, by=by)
    except organisation.AddressRefused as refused:
        raise ProblemFound(422, errors=[Problem(("requester", "email"), str(refused))]) from refused

    def write() -> tuple[int, dict[str, Any]]:
        sent = learning_requests.submit(
            session,
            submission,
            links=links,
            by=by,
            at=at,
            source=Source("api"),
            form_version=form.version,
        )
        return 201, {
            "id": sent.id,
            "number": sent.number,
            "status": sent.status.value,
            "tracking_url": links.tracking(sent),
        }

    return once.answer(session, name_of(by), write)


def _find(session: SessionDep, number: int) -> LearningRequest:
    found = learning_requests.find(session, number)
    if found is None:
        raise ProblemFound(404)
    return found


def _etag(found: LearningRequest) -> str:
    """What its answers are, in short: the same answers give the same."""
    said = sorted((answer.question, json.dumps(answer.value, sort_keys=True)) for answer in found.answers)
    return f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:24]}"'


def _statuses(text: str) -> list[RequestStatus]:
    words = [word for word in text.split(",") if word]
    unknown = [word for word in words if word not in set(RequestStatus)]
    if unknown:
        allowed = ", ".join(RequestStatus)
        raise ProblemFound(422, errors=[Problem(("status",), f"Please choose from: {allowed}.")])
    return [RequestStatus(word) for word in words]


def _place(cursor: str | None) -> tuple[float, int] | None:
    if cursor is None:
        return None
    leverage, _, last = cursor.partition("_")
    try:
        return float(leverage), int(last[:18])
    except ValueError as problem:
        raise ProblemFound(
            422, errors=[Problem(("cursor",), "This is not a cursor we gave out.")]
        ) from problem
