"""The page of one request, with all a manager decides by."""

from dataclasses import dataclass, field
from datetime import datetime

from board.causes import Diagnosis, diagnosis, elsewhere_first
from board.rulings import VERDICTS
from portfolio import (
    assessments,
    backlog,
    capacity,
    causes,
    conversations,
    files,
    forms,
    goals,
    inbox,
    learning_requests,
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
from portfolio.rules.fit import CAUSES, WAYS, Causes, diagnose
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import A_QUARTER_WEEKS, weeks_to_first_value
from portfolio.similar import Found
from portfolio.states import INBOX, Verdict
from portfolio.triage import Neighbours, Suggestion
from portfolio.undoing import Undoable
from web.answers import as_fields
from web.forms import Errors, Fields
from web.responses import there
from web.session import SessionDep
from web.settings import LinksDep
from web.wording import answer_words

LIKE_IT = 0.3
"""From this likeness on the manager is shown what it may be joined to or answered with: lower than for people who type."""


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


def find(session: SessionDep, number: int) -> LearningRequest:
    """The request of this number."""
    return there(learning_requests.find(session, number))


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
        inside=inside(form, found),
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


def inside(form: Form, found: LearningRequest) -> list[Question]:
    """What managers are asked about this request."""
    said = {answer.question: answer.value for answer in found.answers}
    unit = found.unit.name if found.unit else ""
    return [one for one in form.internal if forms.applies(one, said, unit=unit, kind=said.get("type") or "")]
