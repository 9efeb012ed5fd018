"""Projects: start from a request, begin, move through stages, note health, stop early; then the queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portfolio import cards, contributions, reuses, templates_of_work
from portfolio import evaluating as evaluation
from portfolio.contributions import ExpertGiven
from portfolio.database import hold
from portfolio.evaluating import StepGiven
from portfolio.history import record
from portfolio.links import Links
from portfolio.looking_back import said_before
from portfolio.models import (
    Card,
    Column,
    Contribution,
    Event,
    LearningRequest,
    Measure,
    Person,
    Project,
    Reuse,
)
from portfolio.rules import evaluating, work_templates
from portfolio.rules.hypothesis import Blanks, sentence
from portfolio.rules.rubric import DEFAULT
from portfolio.states import LIVE_STAGES, ColumnKind, Health, RequestStatus, Stage
from portfolio.submission import number_in

SILENT_DAYS = 14
"""After so many days without a sign a live project is spoken of."""
TEMPLATES: dict[str, tuple[str, ...]] = {
    kind: tuple(plan.title for plan in plans) for kind, plans in work_templates.FIRST.items()
}
"""The titles of a project's first cards, by solution type, before anybody writes others."""


class StaleEdit(ValueError):
    """Somebody else changed it meanwhile."""


def start(
    session: Session, learning_request: LearningRequest, solution_type: str, *, by: Person, at: datetime
) -> Project:
    """Make the project of an accepted request: hypothesis, measure, first cards and evaluation plan, from what was said."""
    audience = learning_request.said("audience") or {}
    blanks = blanks_of(learning_request, solution_type)
    linked = reuses.of(session, learning_request)
    project = Project(
        name=learning_request.title,
        learning_request_id=learning_request.id,
        goal_id=learning_request.goal_id,
        solution_type=solution_type,
        stage_since=at,
        audience=audience.get("who", ""),
        people_count=_whole(audience.get("count")),
        hypothesis=sentence(blanks),
        hypothesis_parts=blanks.as_json(),
        sponsor=str(learning_request.said("sponsor") or "")[:120],
        estimate_hours=_estimate(session, learning_request, solution_type, linked),
        due_on=_due(learning_request),
        created_at=at,
    )
    session.add(project)
    session.flush()
    record(
        session,
        "project.started",
        project,
        by=by,
        at=at,
        learning_request=learning_request.id,
        stage=project.stage.value,
    )
    if blanks.measure:
        _keep_measure(session, project, blanks, by=by, at=at)
    exists = reuses.existing_share(linked)
    templates_of_work.lay_out(session, project, exists=exists, by=by, at=at)
    owners = {evaluating.MANAGER: by.display_name, evaluating.SPONSOR: project.sponsor}
    emails = {evaluating.MANAGER: by.email, evaluating.SPONSOR: project.sponsor_email}
    evaluation.lay_out(session, project, measure=blanks.measure, owners=owners, emails=emails, by=by, at=at)
    return project


def add(
    session: Session, *, name: str, solution_type: str, by: Person, at: datetime, **fields: Any
) -> Project:
    """Start work nobody asked for through the form."""
    project = Project(name=name, solution_type=solution_type, stage_since=at, created_at=at, **fields)
    session.add(project)
    session.flush()
    record(session, "project.started", project, by=by, at=at, stage=project.stage.value)
    if project.hypothesis_parts:
        _follow(session, project, by=by, at=at)
    return project


@dataclass(frozen=True)
class CardGiven:
    """A first card as somebody wants it: `id` is that of the card on the board, None for a new one."""

    title: str
    hours: float | None = None
    id: int | None = None
    kept: bool = True


@dataclass(frozen=True)
class Beginning:
    """All that a project begins with. `higher_is_better` None leaves it to the values; `worthwhile` is in the measure's unit."""

    blanks: Blanks
    higher_is_better: bool | None = None
    worthwhile: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    experts: Sequence[ExpertGiven] = ()
    steps: Sequence[StepGiven] = ()
    cards: Sequence[CardGiven] = ()


def begin(
    session: Session, project: Project, beginning: Beginning, *, version: int | None, by: Person, at: datetime
) -> None:
    """Say what a project begins with: sentence and measure, facts, experts, evaluation plan and first cards, all or nothing.

    Raises StaleEdit when `version` is no longer the latest, contributions.UnknownExpert where a name doesn't say who is meant.
    """
    words = said_in_blanks(beginning.blanks)
    edit(session, project, version=version, by=by, at=at, **words, **beginning.facts)
    if beginning.blanks.measure:  # once more: its direction and what is worth it stand here only
        _keep_measure(
            session,
            project,
            beginning.blanks,
            by=by,
            at=at,
            higher=beginning.higher_is_better,
            worthwhile=beginning.worthwhile,
        )
    contributions.agree(session, project, beginning.experts, by=by, at=at)
    evaluation.plan(session, project, beginning.steps, by=by, at=at)
    _keep_cards(session, project, beginning.cards, by=by, at=at)
    if project.begun_at is None:
        project.begun_at = at
        record(session, "project.begun", project, by=by, at=at)


def blanks_of(learning_request: LearningRequest, solution_type: str) -> Blanks:
    """The blanks of the sentence, from what was said in a request."""
    measure = learning_request.said("measure") or {}
    audience = learning_request.said("audience") or {}
    kind = next((k.label.lower() for k in DEFAULT.work_types if k.key == solution_type), solution_type)
    return Blanks.of(
        {
            "solution": kind,
            "who": audience.get("who"),
            "measure": (measure.get("name") or "")[:160],
            "today": measure.get("today"),
            "wanted": measure.get("wanted"),
            "by": measure.get("by"),
        }
    )


def said_in_blanks(blanks: Blanks) -> dict[str, Any]:
    """What a project keeps of the blanks: the sentence they make, and themselves."""
    return {"hypothesis": sentence(blanks), "hypothesis_parts": blanks.as_json()}


def main_measure(session: Session, project: Project) -> Measure | None:
    """The measure the hypothesis speaks of: a project's first."""
    return session.scalar(
        select(Measure).where(Measure.project_id == project.id).order_by(Measure.id).limit(1)
    )


def move(
    session: Session,
    project: Project,
    stage: Stage,
    *,
    by: Person,
    at: datetime,
    hours_saved: float | None = None,
    links: Links | None = None,
) -> None:
    """Take a project to another stage. Done delivers its request, and with `links` tells who asked; stopped keeps the hours it
    saved."""
    hold(session, project)
    if stage is project.stage:
        return
    was = project.stage
    project.stage, project.stage_since = stage, at
    project.ended_at = None if stage in LIVE_STAGES else at
    if stage is Stage.STOPPED:
        project.hours_saved = hours_saved
    project.version += 1
    record(session, "project.moved", project, by=by, at=at, **{"from": was.value, "to": stage.value})
    if stage is Stage.LAUNCH:
        evaluation.launch(session, project, on=at.date())
    request = project.learning_request
    if stage is Stage.DONE and request is not None and request.status is RequestStatus.ACCEPTED:
        from portfolio import learning_requests

        learning_requests.deliver(session, request, by=by, at=at, links=links)


def edit(
    session: Session, project: Project, *, version: int | None, by: Person, at: datetime, **fields: Any
) -> None:
    """Change a project's words and numbers. Raises StaleEdit when `version` is no longer the latest.

    A sentence of one's own takes the place of the one made of blanks.
    """
    hold(session, project)
    if version is not None and version != project.version:
        raise StaleEdit("Somebody else changed this project meanwhile.")
    if fields.get("hypothesis", project.hypothesis) != project.hypothesis:
        fields.setdefault("hypothesis_parts", None)
    before = said_before(project, fields)
    for name, value in fields.items():
        setattr(project, name, value)
    project.version += 1
    record(session, "project.edited", project, by=by, at=at, fields=sorted(fields), **before)
    if fields.get("hypothesis_parts"):
        _follow(session, project, by=by, at=at)


def note_health(
    session: Session, project: Project, health: Health, note: str, *, by: Person | None, at: datetime
) -> None:
    """Say how a project is doing, and why."""
    was = project.health
    project.health, project.health_note = health, note
    project.version += 1
    record(session, "project.health_noted", project, by=by, at=at, **{"from": was.value, "to": health.value})


# Queries


def find(session: Session, number: int) -> Project | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Project)
        .where(Project.id == number)
        .options(
            joinedload(Project.goal),
            joinedload(Project.learning_request).joinedload(LearningRequest.requester),
            selectinload(Project.contributions).joinedload(Contribution.person),
        )
    )


def listed(session: Session, *, live: bool | None = None, after: int = 0, limit: int = 100) -> list[Project]:
    """Projects, newest first; only live or only ended ones where asked."""
    query = select(Project).options(joinedload(Project.goal))
    if live is not None:
        query = query.where(Project.stage.in_(LIVE_STAGES) if live else Project.stage.not_in(LIVE_STAGES))
    if after:
        query = query.where(Project.id < after)
    return list(session.scalars(query.order_by(Project.id.desc()).limit(limit)))


def progress(session: Session, project_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Cards done and cards in all, by project."""
    rows = session.execute(
        select(
            Card.project_id,
            func.sum(case((Column.kind == ColumnKind.DONE, 1), else_=0)),
            func.count(),
        )
        .join(Card.column)
        .where(Card.project_id.in_(project_ids))
        .group_by(Card.project_id)
    )
    return {int(project_id): (int(done or 0), int(count)) for project_id, done, count in rows}


def less_to_make(session: Session, project: Project) -> dict[int, float]:
    """The hours that first cards for making would take by what was linked since the project started, by card; empty where
    nothing changed."""
    request = project.learning_request
    if request is None:
        return {}
    then = reuses.likely_share_at(session, request, project.created_at)
    exists = reuses.existing_share(reuses.of(session, request))
    now = exists.likely if exists else 0.0
    if now == then or then >= 1:
        return {}
    plans = templates_of_work.of_kind(session, project.solution_type)
    making = {plan.title for plan in plans if plan.making}
    return {
        card.id: work_templates.in_quarters(card.estimate_hours * (1 - now) / (1 - then))
        for card in cards.of_project(session, project)
        if card.title in making and card.estimate_hours
    }


def last_signs(session: Session, found: Sequence[Project]) -> dict[int, datetime]:
    """When something last happened to each project or one of its cards. Two statements however many they are."""
    ids = [one.id for one in found]
    last = func.max(Event.at)
    own = select(Event.subject_id, last).where(
        Event.subject_type == Project.__tablename__, Event.subject_id.in_(ids)
    )
    of_cards = (
        select(Card.project_id, last)
        .join(Event, and_(Event.subject_type == Card.__tablename__, Event.subject_id == Card.id))
        .where(Card.project_id.in_(ids))
    )
    signs = {one.id: one.created_at for one in found}
    for query, key in ((own, Event.subject_id), (of_cards, Card.project_id)):
        signs |= {
            int(number): max(signs[int(number)], at)
            for number, at in session.execute(query.group_by(key))
            if number is not None
        }
    return signs


def last_sign(session: Session, project: Project) -> datetime:
    """When something last happened to a project or one of its cards."""
    return last_signs(session, [project])[project.id]


def silent_days(session: Session, found: Sequence[Project], *, now: datetime) -> dict[int, int]:
    """How many days the live ones among these have been silent, where that is SILENT_DAYS or more."""
    live = [one for one in found if one.is_live]
    days = {number: (now - at).days for number, at in last_signs(session, live).items()}
    return {number: count for number, count in days.items() if count >= SILENT_DAYS}


# Below: how the verbs above do it


def _follow(session: Session, project: Project, *, by: Person, at: datetime) -> None:
    """Let the measure say what the sentence says, and leave all else of it."""
    blanks, measure = Blanks.of(project.hypothesis_parts), main_measure(session, project)
    if blanks.measure:
        worthwhile = measure.worthwhile_change if measure else None
        _keep_measure(session, project, blanks, by=by, at=at, worthwhile=worthwhile)


def _keep_measure(
    session: Session,
    project: Project,
    blanks: Blanks,
    *,
    by: Person,
    at: datetime,
    higher: bool | None = None,
    worthwhile: float | None = None,
) -> None:
    """Keep the measure in step with the sentence, so that nobody writes the same numbers twice."""
    measure = main_measure(session, project)
    is_new = measure is None
    if measure is None:
        source = "stated in the request" if project.learning_request_id else ""
        measure = Measure(project_id=project.id, source=source, created_at=at)
        session.add(measure)
    today, wanted = number_in(blanks.today), number_in(blanks.wanted)
    follows = wanted is None or today is None or wanted >= today
    wished = {
        "name": blanks.measure[:160],
        "unit": blanks.unit[:40],
        "baseline": today,
        "target": wanted,
        "worthwhile_change": worthwhile,
        "higher_is_better": follows if higher is None else higher,
    }
    before = {} if is_new else said_before(measure, wished)
    changed = sorted(name for name, value in wished.items() if value != getattr(measure, name))
    for name in changed:
        setattr(measure, name, wished[name])
    if is_new:
        record(session, "measure.added", measure, by=by, at=at, project=project.id)
    elif changed:
        record(session, "measure.changed", measure, by=by, at=at, fields=changed, **before)


def _keep_cards(
    session: Session, project: Project, given: Sequence[CardGiven], *, by: Person, at: datetime
) -> None:
    """Change, archive and add cards until the first ones are those wanted; a card nobody spoke of stays as it is."""
    known = {card.id: card for card in cards.of_project(session, project)}
    for line in given:
        card = known.get(line.id) if line.id else None
        if card is None and line.id is None and line.kept:
            cards.add(session, title=line.title, project=project, by=by, at=at, estimate_hours=line.hours)
        elif card is not None and not line.kept:
            cards.archive(session, card, by=by, at=at)
        elif card is not None and (card.title, card.estimate_hours) != (line.title, line.hours):
            cards.edit(session, card, version=None, by=by, at=at, title=line.title, estimate_hours=line.hours)


def _estimate(
    session: Session, learning_request: LearningRequest, solution_type: str, linked: Sequence[Reuse]
) -> float | None:
    """The manager's likely hours; less what exists, where it was linked after the request was scored last."""
    assessment = learning_request.assessment
    if assessment is None:
        return None
    hours = assessment.manager_hours_likely
    exists = reuses.existing_share([one for one in linked if one.at > assessment.scored_at])
    if exists is not None:
        making = work_templates.making_share(templates_of_work.of_kind(session, solution_type))
        hours *= 1 - making * exists.likely
    return round(hours, 1)


def _whole(count: Any) -> int | None:
    likely = count.get("likely") if isinstance(count, dict) else count
    return None if likely is None else round(likely)


def _due(learning_request: LearningRequest) -> date | None:
    due = (learning_request.said("deadline") or {}).get("on")
    return date.fromisoformat(due) if due else None
