"""The inbox and the decision on one request."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from board.causes import Diagnosis, diagnosis, elsewhere_first
from portfolio import (
    arrivals,
    assessments,
    backlog,
    capacity,
    causes,
    conversations,
    deciding,
    demand,
    files,
    forms,
    goals,
    inbox,
    learning_requests,
    library,
    next_questions,
    organisation,
    phrases,
    placings,
    revisits,
    similar,
    supporters,
    triage,
    undoing,
)
from portfolio.backlog import Place
from portfolio.causes import NAMES
from portfolio.deciding import COMES_BACK, DecisionRefused, Ruling
from portfolio.demand import Alert
from portfolio.models import (
    AskedQuestion,
    Decision,
    File,
    Goal,
    LearningRequest,
    Message,
    Person,
    Placing,
    Project,
    Revisit,
    Supporter,
)
from portfolio.questions import Form, Question
from portfolio.revisits import ConditionRefused
from portfolio.rules.fit import CAUSES, WAYS, Causes, diagnose
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import A_QUARTER_WEEKS, weeks_to_first_value
from portfolio.similar import Found
from portfolio.states import INBOX, MoveRefused, Verdict
from portfolio.triage import Neighbours, Sitting, Suggestion
from portfolio.undoing import Undoable
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
    undoable: Undoable | None
    came_back: dict[int, str]
    sitting: Sitting | None
    undone: bool = False


@dataclass(frozen=True)
class Asked:
    """A question that went out by link, as it is called, and what its answer changed."""

    label: str
    question: AskedQuestion
    changed: str


@dataclass(frozen=True)
class DecisionPage:
    """One request, everything needed to decide, and the next one in line."""

    learning_request: LearningRequest
    answers: list[tuple[str, str]]
    place: Place | None
    messages: list[Message]
    files: list[File]
    decisions: list[Decision]
    revisit: Revisit | None
    waits_for: str
    questions: list[tuple[str, str]]
    project: Project | None
    goals: list[Goal]
    places: list[Placing]
    tracking: str
    next: int | None
    waits: bool
    suggestion: Suggestion
    undoable: Undoable | None
    came_back: str
    verdict: Verdict
    cause: Diagnosis
    pointing: list[tuple[str, str, float]]
    points_by: str
    drafts: dict[tuple[Verdict, str], str]
    form: Form
    inside: list[Question]
    inside_typed: Fields
    supporters: list[Supporter]
    like_it: list[Found]
    typed: Fields
    errors: Errors = field(default_factory=Errors)
    at: str = "/requests"
    neighbours: Neighbours | None = None
    again: bool = False
    first_value: Range | None = None
    asked: list[Asked] = field(default_factory=list)
    verdicts: tuple[tuple[Verdict, str, str], ...] = VERDICTS
    reasons: tuple[tuple[str, str], ...] = phrases.REASONS
    conditions: tuple[tuple[str, str], ...] = revisits.KINDS
    solutions: tuple[tuple[str, str], ...] = tuple((kind.key, kind.label) for kind in DEFAULT.work_types)
    causes: dict[str, str] = field(default_factory=lambda: CAUSES)
    cause_names: dict[str, str] = field(default_factory=lambda: NAMES)
    ways: dict[str, str] = field(default_factory=lambda: WAYS)

    @property
    def suggested(self) -> Verdict:
        return self.suggestion.verdict

    @property
    def is_long(self) -> bool:
        """Whether it takes over a quarter, so that its first piece should be asked for."""
        return self.first_value is not None and self.first_value.likely > A_QUARTER_WEEKS

    @property
    def path(self) -> str:
        """Where this page is: the request's own page, or deciding one after the other."""
        return f"{self.at}/{self.learning_request.id}"

    @property
    def draft(self) -> str:
        """The words to begin from: by verdict and reason, else by verdict alone."""
        found = self.drafts.get((self.verdict, self.typed["reason"]))
        return self.drafts[self.verdict, ""] if found is None else found

    @property
    def fitting_solution(self) -> str:
        """What it would become, as its requester said; a workshop where nobody did."""
        said = self.learning_request.said("format")
        return said if said in dict(self.solutions) else "workshop"


@router.get("/inbox")
def show_inbox(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep, undone: str = ""
) -> Response:
    view = inbox_page(session, manager, links, now, undone=undone == "1")
    return page(request, "inbox/index.html", view)


@router.get("/inbox/list")
def show_list(
    request: Request, session: SessionDep, manager: ManagerDep, links: LinksDep, now: NowDep
) -> Response:
    return partial(request, "inbox/_list.html", inbox_page(session, manager, links, now))


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
    chosen = fields["goal"]
    goal = goals.find(session, int(chosen)) if chosen.isdecimal() and len(chosen) < 10 else None
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


def find(session: SessionDep, number: int) -> LearningRequest:
    """The request of this number."""
    found = learning_requests.find(session, number)
    if found is None:
        raise NotFound
    return found


def asked_for(request: Request) -> tuple[Verdict | None, Fields]:
    """What the address of the page chooses already: a verdict, and what it points to."""
    given = request.query_params
    verdict = given.get("verdict", "")
    chosen = Verdict(verdict) if verdict in set(Verdict) else None
    pointed = {name: given.get(name, "")[:10] for name in ("join_id", "resource_id")}
    reason = given.get("cause", "") or given.get("reason", "")
    return chosen, Fields(reason=reason[:40], **pointed)


def read_ruling(
    session: SessionDep,
    verdict: Verdict,
    fields: Fields,
    errors: Errors,
    *,
    about: LearningRequest,
    now: datetime,
) -> Ruling:
    """What the form says, for one request: the blanks in its words are filled."""
    joins = some_whole(fields, "join_id", errors, least=1) if verdict is Verdict.JOIN else None
    answers = some_whole(fields, "resource_id", errors, least=1) if verdict is Verdict.ANSWER else None
    kinds = {kind.key for kind in DEFAULT.work_types}
    resource = library.find(session, answers) if answers else None
    returns = verdict in COMES_BACK
    return Ruling(
        verdict,
        words=phrases.fill(some_text(fields, "words", errors, longest=8000), about, resource),
        reason=fields["reason"] if fields["reason"] in {*dict(phrases.REASONS), *CAUSES} else "",
        until=some_day(fields, "until", errors) if returns else None,
        condition=_read_condition(session, verdict, fields, errors, about, now) if returns else None,
        join_to=learning_requests.find(session, joins) if joins else None,
        resource=resource,
        solution_type=fields["solution_type"] if fields["solution_type"] in kinds else "workshop",
    )


def _read_condition(
    session: SessionDep,
    verdict: Verdict,
    fields: Fields,
    errors: Errors,
    about: LearningRequest,
    now: datetime,
) -> dict[str, Any] | None:
    least = some_whole(fields, "least", errors, least=1, most=100_000)
    asked = {one.key for one in forms.current(session).questions}
    if "least" in errors:
        return None
    try:
        return revisits.condition(
            session,
            about,
            fields["condition"],
            today=now.date(),
            least=least,
            question=fields["question"] if fields["question"] in asked else "",
            closes=verdict is Verdict.DECLINE,
        )
    except ConditionRefused as refused:
        errors[refused.field] = str(refused)
        return None


def inbox_page(
    session: SessionDep, manager: Person, links: LinksDep, now: datetime, *, undone: bool = False
) -> Inbox:
    """The list; where it is empty, what the manager's last session came to."""
    waiting = inbox.listed(session)
    done = [] if waiting else triage.sittings(session, manager, now=now)
    return Inbox(
        undoable=undoing.latest(session, manager, now=now),
        came_back=revisits.came_back(session, [one.id for one in waiting]),
        sitting=done[0] if done else None,
        undone=undone,
        waiting=waiting,
        count=inbox.count(session),
        is_new=backlog.is_new(session),
        alerts=demand.waiting(session),
        form=links.page("/requests/new"),
        mails=arrivals.waiting_count(session),
    )


def _onwards(session: SessionDep, decided: LearningRequest, at: str) -> str:
    """After a decision: the next one in the inbox, or the inbox itself when it is empty."""
    following = inbox.after(session, decided)
    return f"{at}/{following}" if following else "/inbox"


def decision_page(
    session: SessionDep,
    found: LearningRequest,
    links: LinksDep,
    chosen: Verdict | None,
    typed: Fields,
    errors: Errors,
    *,
    manager: Person,
    now: datetime,
    at: str = "/requests",
) -> DecisionPage:
    """A request with the form to decide on it; words of a decision that was just undone are there again."""
    suggestion = triage.suggest(found)
    decisions = learning_requests.decisions(session, found, also_undone=True)
    again = undoing.undone_lately(decisions, now=now) if chosen is None and not errors else None
    if again is not None and found.is_open:
        chosen, typed = again.verdict, _as_typed(again).over(typed)
    verdict = chosen or suggestion.verdict
    revisit, came_back = revisits.standing(session, found)
    known, table = forms.known(session), causes.current(session)
    form, told = known.current, known.answered(found)
    fit = diagnose(table, causes.answers_of(known, found))
    likeliest = fit.likeliest_elsewhere if fit.answered else ""
    points_by = typed["reason"] if typed["reason"] in CAUSES else likeliest
    return DecisionPage(
        learning_request=found,
        answers=[(one.label, answer_words(one, value)) for one, value in told],
        place=backlog.place(session, found),
        messages=conversations.of(session, found, internal=True),
        files=files.listed(session, learning_request=found),
        decisions=[one for one in decisions if one.undone_at is None],
        revisit=revisit,
        questions=revisits.questions(form),
        waits_for=revisits.words(session, revisit.condition) if revisit else "",
        project=learning_requests.project_of(session, found),
        goals=goals.listed(session),
        places=placings.of(session, found),
        tracking=links.tracking_path(found),
        next=inbox.after(session, found),
        waits=found.status in INBOX,
        suggestion=suggestion,
        undoable=undoing.latest(session, manager, now=now),
        came_back=came_back,
        verdict=verdict,
        cause=diagnosis(fit, table),
        pointing=[(cause, NAMES[cause], fit.causes[cause]) for cause in elsewhere_first(fit)],
        points_by=points_by,
        drafts=_drafts(session, found, table, points_by),
        form=form,
        inside=_inside(form, found),
        inside_typed=as_fields(told).over(typed),
        supporters=supporters.listed(session, found),
        like_it=_like_it(session, found, verdict),
        typed=typed,
        errors=errors,
        at=at,
        neighbours=triage.neighbours(session, found) if at == "/inbox" else None,
        again=again is not None and found.is_open,
        first_value=_first_value(session, found, now),
        asked=_asked(session, found, form),
    )


def _first_value(session: SessionDep, found: LearningRequest, now: datetime) -> Range | None:
    """Weeks of the manager's usual hours less small asks until it first helps."""
    ours = organisation.current(session)
    if found.assessment is None or not found.is_open or ours is None:
        return None
    free = ours.hours_per_week - capacity.load(session, now=now).hours_per_week
    return weeks_to_first_value(assessments.as_score(found.assessment).manager_hours, free)


def _asked(session: SessionDep, found: LearningRequest, form: Form) -> list[Asked]:
    labels = {one.key: one.label for one in form.questions}
    return [
        Asked(labels.get(one.question, one.question), one, next_questions.what_changed(one))
        for one in next_questions.of(session, found)
    ]


def _like_it(session: SessionDep, found: LearningRequest, verdict: Verdict) -> list[Found]:
    """What it may be joined to, or answered with: only suggested, the manager decides."""
    if verdict not in {Verdict.JOIN, Verdict.ANSWER} or not found.is_open:
        return []
    words = f"{found.title} {found.said('problem') or ''}"
    unit = found.unit.name if found.unit else ""
    alike = similar.similar(session, words, unit=unit, leave_out=found.id, floor=LIKE_IT)
    return alike.requests if verdict is Verdict.JOIN else alike.resources


def _drafts(
    session: SessionDep, found: LearningRequest, table: Causes, points_by: str
) -> dict[tuple[Verdict, str], str]:
    """The words a manager starts from; pointing elsewhere begins with what the cause implies and who can help."""
    drafts = phrases.drafts(session, found)
    if points_by:
        drafts[Verdict.REDIRECT, ""] = causes.draft(table.route(points_by))
    return drafts


def _as_typed(decision: Decision) -> Fields:
    """A decision as it stood in the form."""
    return Fields(
        words=decision.words,
        reason=decision.reason,
        until=decision.until.isoformat() if decision.until else "",
        join_id=str(decision.joined_to_id or ""),
        resource_id=str(decision.resource_id or ""),
    )


def _inside(form: Form, found: LearningRequest) -> list[Question]:
    """What managers are asked about this request."""
    said = {answer.question: answer.value for answer in found.answers}
    unit = found.unit.name if found.unit else ""
    return [one for one in form.internal if forms.applies(one, said, unit=unit, kind=said.get("type") or "")]
