"""The inbox and the decision on one request."""

from contextlib import suppress
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from board.causes import Diagnosis, diagnosis, elsewhere_first
from portfolio import (
    arrivals,
    causes,
    demand,
    files,
    forms,
    goals,
    learning_requests,
    letters,
    library,
    placings,
    similar,
    supporters,
)
from portfolio.causes import NAMES
from portfolio.demand import Alert
from portfolio.learning_requests import DecisionRefused, Place, Ruling
from portfolio.models import Decision, File, Goal, LearningRequest, Message, Placing, Project, Supporter
from portfolio.questions import Form, Question
from portfolio.rules.fit import CAUSES, WAYS, Causes, diagnose
from portfolio.rules.rubric import DEFAULT
from portfolio.similar import Found
from portfolio.states import INBOX, MoveRefused, Verdict
from web.answers import as_fields, typed
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, SentDep, errors_of, some_day, some_text, some_whole
from web.live import Change, names, stream
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial
from web.uploads import keep_uploads, names_of, refusals
from web.wording import answer_words

router = APIRouter()

REASONS = (
    ("not_now", "Doesn't fit now"),
    ("too_small", "Too small to be worth it"),
    ("no_goal", "Serves no goal"),
    ("not_training", "Not a training problem"),
    ("exists", "Exists already"),
    ("no_owner", "Nobody backs it"),
    ("other", "Another reason"),
)
LIKE_IT = 0.3
"""From this likeness on the manager is shown what it may be joined to or answered with: lower than for people who type."""

VERDICTS = (
    (Verdict.ACCEPT, "a", "Take it on"),
    (Verdict.ASK, "q", "Ask a question"),
    (Verdict.JOIN, "g", "Join to another"),
    (Verdict.ANSWER, "l", "Answer from the library"),
    (Verdict.REDIRECT, "r", "Point elsewhere"),
    (Verdict.WAITLIST, "w", "Waiting list"),
    (Verdict.SNOOZE, "s", "Look again later"),
    (Verdict.DECLINE, "d", "Decline"),
)
"""Each verdict, its single key, and the words on its button."""


@dataclass(frozen=True)
class Inbox:
    """The oldest that wait for a first decision, how many there are in all, and whether anybody ever asked; and how many
    mails wait that nobody vouches for."""

    waiting: list[LearningRequest]
    count: int
    is_new: bool
    form: str
    mails: int
    alerts: list[Alert]


@dataclass(frozen=True)
class DecisionPage:
    """One request, everything needed to decide, and the next one in line."""

    learning_request: LearningRequest
    answers: list[tuple[str, str]]
    place: Place | None
    messages: list[Message]
    files: list[File]
    decisions: list[Decision]
    project: Project | None
    goals: list[Goal]
    places: list[Placing]
    tracking: str
    next: int | None
    waits: bool
    suggested: Verdict
    verdict: Verdict
    cause: Diagnosis
    pointing: list[tuple[str, str, float]]
    points_by: str
    drafts: dict[Verdict, str]
    form: Form
    inside: list[Question]
    inside_typed: Fields
    supporters: list[Supporter]
    like_it: list[Found]
    typed: Fields
    errors: Errors = field(default_factory=Errors)
    verdicts: tuple[tuple[Verdict, str, str], ...] = VERDICTS
    reasons: tuple[tuple[str, str], ...] = REASONS
    solutions: tuple[tuple[str, str], ...] = tuple((kind.key, kind.label) for kind in DEFAULT.work_types)
    causes: dict[str, str] = field(default_factory=lambda: CAUSES)
    cause_names: dict[str, str] = field(default_factory=lambda: NAMES)
    ways: dict[str, str] = field(default_factory=lambda: WAYS)


@router.get("/inbox")
def show_inbox(request: Request, session: SessionDep, _manager: ManagerDep, links: LinksDep) -> Response:
    return page(request, "inbox/index.html", _inbox(session, links))


@router.get("/inbox/list")
def show_list(request: Request, session: SessionDep, _manager: ManagerDep, links: LinksDep) -> Response:
    return partial(request, "inbox/_list.html", _inbox(session, links))


@router.post("/alerts/{number:int}/seen")
def see_alert(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    alert = demand.find(session, number)
    if alert is None:
        raise NotFound
    demand.see(session, alert, by=manager, at=now)
    return see_other("/inbox")


@router.get("/inbox/live")
async def follow_inbox(request: Request, _manager: ManagerDep) -> Response:
    def wants(change: Change) -> str | None:
        return names("waiting") if change.subject_type == LearningRequest.__tablename__ else None

    return stream(request.app.state.watch, wants)


@router.get("/requests/{number:int}")
def show_request(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    links: LinksDep,
    number: int,
    verdict: str = "",
    cause: str = "",
    join_id: str = "",
    resource_id: str = "",
) -> Response:
    found = _find(session, number)
    chosen = Verdict(verdict) if verdict in set(Verdict) else None
    typed = Fields(reason=cause, join_id=join_id[:10], resource_id=resource_id[:10])
    view = _decision_page(session, found, links, chosen, typed, Errors())
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
    found = _find(session, number)
    errors = Errors()
    verdict = Verdict(fields["verdict"]) if fields["verdict"] in set(Verdict) else None
    ruling = _read_ruling(session, verdict, fields, errors) if verdict else None
    if ruling is not None and not errors:
        try:
            learning_requests.decide(session, found, ruling, links=links, by=manager, at=now)
        except DecisionRefused as refused:
            errors[refused.field] = str(refused)
        except MoveRefused as refused:
            errors["verdict"] = str(refused)
    elif ruling is None:
        errors["verdict"] = "Please choose what should happen."
    if errors:
        session.rollback()
        found = _find(session, number)
        view = _decision_page(session, found, links, verdict, fields, errors)
        return page(request, "inbox/show.html", view, 422)
    return see_other(_onwards(session, found))


@router.post("/requests/{number:int}/reopening")
def reopen(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    found = _find(session, number)
    with suppress(MoveRefused):
        learning_requests.reopen(session, found, by=manager, at=now)
    return see_other(f"/requests/{number}")


@router.post("/requests/{number:int}/goal")
def set_goal(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int) -> Response:
    found = _find(session, number)
    chosen = fields["goal"]
    goal = goals.find(session, int(chosen)) if chosen.isdigit() and len(chosen) < 10 else None
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
    found, fields = _find(session, number), sent.fields
    errors = Errors()
    words = some_text(fields, "note", errors, longest=8000)
    if not words and not sent.uploads:
        errors["note"] = "Please write something first."
    errors.update(refusals(sent.uploads))
    if errors:
        view = _decision_page(session, found, links, None, fields, errors)
        return page(request, "inbox/show.html", view, 422)
    internal = fields["to"] != "requester"
    words = words or f"Here is {names_of(sent.uploads)}."
    line = learning_requests.say(session, found, words, links=links, by=manager, at=now, internal=internal)
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
    found = _find(session, number)
    form = forms.current(session)
    given = {one.key: typed(one, fields) for one in _inside(form, found)}
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
    return page(request, "inbox/show.html", _decision_page(session, found, links, None, fields, errors), 422)


@router.get("/requests/{number:int}/live")
async def follow_request(request: Request, _manager: ManagerDep, number: int) -> Response:
    def wants(change: Change) -> str | None:
        is_ours = change.subject_type == LearningRequest.__tablename__ and change.subject_id == number
        return names("score") if is_ours else None

    return stream(request.app.state.watch, wants)


@router.get("/requests/{number:int}/score")
def show_score(
    request: Request, session: SessionDep, _manager: ManagerDep, links: LinksDep, number: int
) -> Response:
    found = _find(session, number)
    view = _decision_page(session, found, links, None, Fields(), Errors())
    return partial(request, "inbox/_score.html", view)


def _find(session: SessionDep, number: int) -> LearningRequest:
    found = learning_requests.find(session, number)
    if found is None:
        raise NotFound
    return found


def _read_ruling(session: SessionDep, verdict: Verdict, fields: Fields, errors: Errors) -> Ruling:
    joins = some_whole(fields, "join_id", errors, least=1) if verdict is Verdict.JOIN else None
    answers = some_whole(fields, "resource_id", errors, least=1) if verdict is Verdict.ANSWER else None
    kinds = {kind.key for kind in DEFAULT.work_types}
    return Ruling(
        verdict,
        words=some_text(fields, "words", errors, longest=8000),
        reason=fields["reason"] if fields["reason"] in {*dict(REASONS), *CAUSES} else "",
        until=some_day(fields, "until", errors) if verdict is Verdict.SNOOZE else None,
        join_to=learning_requests.find(session, joins) if joins else None,
        resource=library.find(session, answers) if answers else None,
        solution_type=fields["solution_type"] if fields["solution_type"] in kinds else "workshop",
    )


def _inbox(session: SessionDep, links: LinksDep) -> Inbox:
    return Inbox(
        waiting=learning_requests.inbox(session),
        count=learning_requests.inbox_count(session),
        is_new=learning_requests.is_new(session),
        alerts=demand.waiting(session),
        form=links.page("/requests/new"),
        mails=arrivals.waiting_count(session),
    )


def _onwards(session: SessionDep, decided: LearningRequest) -> str:
    """After a decision: the next one in the inbox, or the inbox itself when it is empty."""
    following = learning_requests.next_in_inbox(session, decided)
    return f"/requests/{following}" if following else "/inbox"


def _decision_page(
    session: SessionDep,
    found: LearningRequest,
    links: LinksDep,
    chosen: Verdict | None,
    typed: Fields,
    errors: Errors,
) -> DecisionPage:
    suggested = _suggest(found)
    known, table = forms.known(session), causes.current(session)
    form, told = known.current, known.answered(found)
    fit = diagnose(table, causes.answers_of(known, found))
    likeliest = fit.likeliest_elsewhere if fit.answered else ""
    points_by = typed["reason"] if typed["reason"] in CAUSES else likeliest
    return DecisionPage(
        learning_request=found,
        answers=[(one.label, answer_words(one, value)) for one, value in told],
        place=learning_requests.place(session, found),
        messages=learning_requests.conversation(session, found, internal=True),
        files=files.listed(session, learning_request=found),
        decisions=learning_requests.decisions(session, found),
        project=learning_requests.project_of(session, found),
        goals=goals.listed(session),
        places=placings.of(session, found),
        tracking=links.tracking_path(found),
        next=learning_requests.next_in_inbox(session, found),
        waits=found.status in INBOX,
        suggested=suggested,
        verdict=chosen or suggested,
        cause=diagnosis(fit, table),
        pointing=[(cause, NAMES[cause], fit.causes[cause]) for cause in elsewhere_first(fit)],
        points_by=points_by,
        drafts=_drafts(table, points_by),
        form=form,
        inside=_inside(form, found),
        inside_typed=as_fields(told).over(typed),
        supporters=supporters.listed(session, found),
        like_it=_like_it(session, found, chosen or suggested),
        typed=typed,
        errors=errors,
    )


def _like_it(session: SessionDep, found: LearningRequest, verdict: Verdict) -> list[Found]:
    """What it may be joined to, or answered with: only suggested, the manager decides."""
    if verdict not in {Verdict.JOIN, Verdict.ANSWER} or not found.is_open:
        return []
    words = f"{found.title} {found.said('problem') or ''}"
    unit = found.unit.name if found.unit else ""
    alike = similar.similar(session, words, unit=unit, leave_out=found.id, floor=LIKE_IT)
    return alike.requests if verdict is Verdict.JOIN else alike.resources


def _drafts(table: Causes, points_by: str) -> dict[Verdict, str]:
    """The words a manager starts from; pointing elsewhere begins with what the cause implies and who can help."""
    if not points_by:
        return letters.DRAFTS
    return {**letters.DRAFTS, Verdict.REDIRECT: causes.draft(table.route(points_by))}


def _inside(form: Form, found: LearningRequest) -> list[Question]:
    """What managers are asked about this request."""
    said = {answer.question: answer.value for answer in found.answers}
    unit = found.unit.name if found.unit else ""
    return [one for one in form.internal if forms.applies(one, said, unit=unit, kind=said.get("type") or "")]


def _suggest(found: LearningRequest) -> Verdict:
    """A first guess at the verdict; the manager decides."""
    assessment = found.assessment
    if assessment is None or not found.is_open:
        return Verdict.ACCEPT
    if assessment.fit < 0.25:
        return Verdict.REDIRECT
    if len(assessment.working["unknown"]) >= 6:
        return Verdict.ASK
    suggestion = {
        "quick_win": Verdict.ACCEPT,
        "big_bet": Verdict.ACCEPT,
        "fill_in": Verdict.WAITLIST,
        "money_pit": Verdict.DECLINE,
    }
    return suggestion[assessment.quadrant]
