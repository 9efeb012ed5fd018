"""Projects: start from a request, move through stages, note health, stop early; then the queries."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portfolio import cards
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Card, Column, Contribution, LearningRequest, Measure, Person, Project
from portfolio.rules.rubric import DEFAULT
from portfolio.states import LIVE_STAGES, ColumnKind, Health, RequestStatus, Stage
from portfolio.submission import number_in

TEMPLATES: dict[str, tuple[str, ...]] = {
    "job_aid": ("Watch someone do it", "Draft the aid on one page", "Try it with two people", "Publish and tell people", "Read the measure after a month"),
    "peer_session": ("Find who does it well", "Agree on time and place", "Hold the session", "Collect what people will do", "Read the measure after a month"),
    "workshop": ("Talk to three people who do it well", "Agree on what people will do", "Draft and try one exercise", "Prepare the material", "Pilot with one group", "Run it for all", "Ask at 30 days what was used", "Read the measure"),
    "live_virtual": ("Agree on what people will do", "Draft the session", "Try it with two people", "Run it", "Ask at 30 days what was used", "Read the measure"),
    "elearning": ("Agree on what people will do", "Write the storyboard", "Build a first part", "Try it with five people", "Build the rest", "Launch", "Ask at 30 days what was used", "Read the measure"),
    "path": ("Agree on what people will do", "Collect what exists", "Order it and fill the gaps", "Pilot with one group", "Launch", "Read the measure"),
}  # fmt: skip
"""The first cards of a project, by solution type."""


class StaleEdit(ValueError):
    """Somebody else changed it meanwhile."""


def start(
    session: Session, learning_request: LearningRequest, solution_type: str, *, by: Person, at: datetime
) -> Project:
    """Make the project of an accepted request: hypothesis, measure and the first cards."""
    audience = learning_request.said("audience") or {}
    assessment = learning_request.assessment
    project = Project(
        name=learning_request.title,
        learning_request_id=learning_request.id,
        goal_id=learning_request.goal_id,
        solution_type=solution_type,
        stage_since=at,
        audience=audience.get("who", ""),
        people_count=_whole(audience.get("count")),
        hypothesis=hypothesis_of(learning_request, solution_type),
        estimate_hours=round(assessment.manager_hours_likely, 1) if assessment else None,
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
    _start_measure(session, learning_request, project, at)
    for title in TEMPLATES.get(solution_type, TEMPLATES["workshop"]):
        cards.add(session, title=title, project=project, by=by, at=at)
    return project


def add(
    session: Session, *, name: str, solution_type: str, by: Person, at: datetime, **fields: Any
) -> Project:
    """Start work nobody asked for through the form."""
    project = Project(name=name, solution_type=solution_type, stage_since=at, created_at=at, **fields)
    session.add(project)
    session.flush()
    record(session, "project.started", project, by=by, at=at, stage=project.stage.value)
    return project


def hypothesis_of(learning_request: LearningRequest, solution_type: str) -> str:
    """ "We believe <solution> for <who> moves <measure> from <a> to <b> by <date>", with gaps left visible."""
    measure = learning_request.said("measure") or {}
    audience = learning_request.said("audience") or {}
    kind = next((k.label.lower() for k in DEFAULT.work_types if k.key == solution_type), solution_type)
    return (
        f"We believe a {kind} for {audience.get('who') or '(whom?)'} moves {measure.get('name') or '(which measure?)'} "
        f"from {_words(measure.get('today'))} to {_words(measure.get('wanted'))} by {_day(measure.get('by'))}."
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
    request = project.learning_request
    if stage is Stage.DONE and request is not None and request.status is RequestStatus.ACCEPTED:
        from portfolio import learning_requests

        learning_requests.deliver(session, request, by=by, at=at, links=links)


def edit(
    session: Session, project: Project, *, version: int | None, by: Person, at: datetime, **fields: Any
) -> None:
    """Change a project's words and numbers. Raises StaleEdit when `version` is no longer the latest."""
    hold(session, project)
    if version is not None and version != project.version:
        raise StaleEdit("Somebody else changed this project meanwhile.")
    for name, value in fields.items():
        setattr(project, name, value)
    project.version += 1
    record(session, "project.edited", project, by=by, at=at, fields=sorted(fields))


def note_health(
    session: Session, project: Project, health: Health, note: str, *, by: Person, at: datetime
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


def _start_measure(
    session: Session, learning_request: LearningRequest, project: Project, at: datetime
) -> None:
    said = learning_request.said("measure") or {}
    if not said.get("name"):
        return
    today, wanted = number_in(said.get("today")), number_in(said.get("wanted"))
    session.add(
        Measure(
            project_id=project.id,
            name=said["name"][:160],
            baseline=today,
            target=wanted,
            higher_is_better=wanted is None or today is None or wanted >= today,
            source="stated in the request",
            created_at=at,
        )
    )


def _whole(count: Any) -> int | None:
    likely = count.get("likely") if isinstance(count, dict) else count
    return None if likely is None else round(likely)


def _due(learning_request: LearningRequest) -> date | None:
    due = (learning_request.said("deadline") or {}).get("on")
    return date.fromisoformat(due) if due else None


def _words(value: Any) -> str:
    if value is None:
        return "(?)"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _day(text: str | None) -> str:
    if not text:
        return "(when?)"
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"
