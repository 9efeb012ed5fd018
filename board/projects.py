"""Projects: accepted work, its stage and health, its measures and readings."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from portfolio import (
    baselines,
    cards,
    contributions,
    costs,
    evaluating,
    forecasts,
    goals,
    measures,
    organisation,
    projects,
    reuses,
    survey_steps,
    training_sessions,
)
from portfolio.learning import records
from portfolio.models import Card, EvaluationStep, Goal, Measure, Project, Reuse, TrainingSession
from portfolio.rules.evaluating import LEVELS, TIERS
from portfolio.rules.forecasting import Forecast
from portfolio.rules.hypothesis import Blanks, Piece, pieces
from portfolio.rules.money import Loaded
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.states import ColumnKind, Health, Stage
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_number, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page
from web.wording import label

router = APIRouter()

SOLUTIONS = tuple((kind.key, kind.label) for kind in DEFAULT.work_types)


@dataclass(frozen=True)
class Projects:
    live: list[Project]
    ended: list[Project]
    progress: dict[int, tuple[int, int]]
    silent: dict[int, int]
    may_change: bool
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    solutions: tuple[tuple[str, str], ...] = SOLUTIONS


@dataclass(frozen=True)
class Expert:
    """Somebody who helps: the hours granted, and those booked on the project's cards."""

    name: str
    part: str
    granted: float | None
    used: float


@dataclass(frozen=True)
class Due:
    """A line of the evaluation plan, and how it stands today: done, overdue, or neither; and the survey it asked by."""

    step: EvaluationStep
    is_overdue: bool
    survey_id: int | None = None


@dataclass(frozen=True)
class Meeting:
    """A session as the clock on the wall shows it; `on`, `starts` and `ends` are what its form holds."""

    session: TrainingSession
    on: str
    starts: str
    ends: str
    is_over: bool


@dataclass(frozen=True)
class ProjectPage:
    project: Project
    pieces: tuple[Piece, ...]
    cards: list[Card]
    columns: list[tuple[str, list[Card]]]
    measures: list[Measure]
    goals: list[Goal]
    experts: list[Expert]
    steps: list[Due]
    meetings: list[Meeting]
    linked: list[Reuse]
    exists: Range | None
    costs: Loaded
    warning: str
    silent_days: int
    stop_is_due: bool
    may_change: bool
    values: Fields
    errors: Errors
    solutions: tuple[tuple[str, str], ...] = SOLUTIONS
    forecast: Forecast | None = None
    stages: tuple[tuple[str, str], ...] = tuple((stage.value, label(stage)) for stage in Stage)
    healths: tuple[tuple[str, str], ...] = tuple((health.value, label(health)) for health in Health)
    levels: dict[int, str] = field(default_factory=lambda: dict(LEVELS))
    tiers: dict[int, str] = field(default_factory=lambda: dict(TIERS))
    learned: str = ""

    @property
    def done_count(self) -> int:
        return sum(card.column.kind is ColumnKind.DONE for card in self.cards)


@router.get("/projects")
def list_projects(request: Request, session: SessionDep, person: LeaderDep, now: NowDep) -> Response:
    return page(request, "projects/index.html", _projects(session, now, may_change=person.manages))


@router.post("/projects")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    errors = Errors()
    name = need_text(fields, "name", errors)
    if errors:
        view = _projects(session, now, may_change=True, values=fields, errors=errors)
        return page(request, "projects/index.html", view, 422)
    kind = fields["solution_type"] if fields["solution_type"] in dict(SOLUTIONS) else "workshop"
    project = projects.add(session, name=name, solution_type=kind, by=manager, at=now)
    return see_other(f"/projects/{project.number}")


@router.get("/projects/{number}")
def show(request: Request, session: SessionDep, person: LeaderDep, now: NowDep, number: int) -> Response:
    project = find_project(session, number)
    view = project_page(session, project, values_of(project), Errors(), now, may_change=person.manages)
    told = forecasts.for_project(session, project, now=now) if project.is_live else None
    return page(request, "projects/show.html", replace(view, forecast=told))


@router.post("/projects/{number}")
def edit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    goal_id = some_whole(fields, "goal", errors)
    changes = {
        "name": need_text(fields, "name", errors),
        **_words(fields, errors),
        "estimate_hours": some_number(fields, "estimate_hours", errors, most=100_000),
        "due_on": some_day(fields, "due_on", errors),
        "goal_id": goal_id if goal_id and goals.find(session, goal_id) else None,
    }
    version = some_whole(fields, "version", errors)
    is_stale = False
    if not errors:
        try:
            projects.edit(session, project, version=version, by=manager, at=now, **changes)
        except projects.StaleEdit as stale:
            is_stale = True
            errors["name"] = f"{stale} Your words are still here; save again to keep them."
            fields["version"] = str(project.version)
    if errors:
        session.rollback()
        project = find_project(session, number)
        view = project_page(session, project, values_of(project).over(fields), errors, now, may_change=True)
        return page(request, "projects/show.html", view, 409 if is_stale else 422)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/stop-rule")
def look_at_stop_rule(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """It goes on: to be looked at again on another day, or not any more where none is given."""
    project = find_project(session, number)
    errors = Errors()
    again = some_day(fields, "stop_on", errors)
    if not errors:
        projects.edit(session, project, version=None, by=manager, at=now, stop_on=again)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/evaluation/{step_number:int}")
def finish_step(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int, step_number: int
) -> Response:
    project = find_project(session, number)
    step = there(evaluating.find(session, project, step_number))
    evaluating.finish(session, project, step, done=fields["done"] == "1", by=manager, at=now)
    return see_other(f"/projects/{number}#evaluation")


@router.post("/projects/{number}/stage")
def move(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    saved = some_number(fields, "hours_saved", errors, most=100_000)
    if fields["stage"] not in set(Stage):
        errors["stage"] = "Please choose one of the options."
    if errors:
        return _again(request, session, project, fields, errors, now)
    stage = Stage(fields["stage"])
    projects.move(session, project, stage, by=manager, at=now, hours_saved=saved, links=links)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/health")
def note_health(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    note = some_text(fields, "health_note", errors, longest=300)
    if fields["health"] not in set(Health):
        errors["health"] = "Please choose one of the options."
    if errors:
        return _again(request, session, project, fields, errors, now)
    projects.note_health(session, project, Health(fields["health"]), note, by=manager, at=now)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/measures")
def add_measure(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    name = need_text(fields, "measure_name", errors, longest=160)
    baseline = some_number(fields, "baseline", errors, least=-1e12)
    target = some_number(fields, "target", errors, least=-1e12)
    unit = some_text(fields, "unit", errors, longest=40)
    if errors:
        return _again(request, session, project, fields, errors, now)
    better = target is None or baseline is None or target >= baseline
    measures.add(
        session, name=name, project=project, by=manager, at=now, baseline=baseline, target=target, unit=unit,
        higher_is_better=better,
    )  # fmt: skip
    return see_other(f"/projects/{number}#measures")


def _again(
    request: Request, session: SessionDep, project: Project, fields: Fields, errors: Errors, now: datetime
) -> Response:
    """The project's page with what was typed, and what is wrong with it."""
    view = project_page(session, project, values_of(project).over(fields), errors, now, may_change=True)
    return page(request, "projects/show.html", view, 422)


def find_project(session: SessionDep, number: int) -> Project:
    return there(projects.find(session, number))


def _projects(
    session: SessionDep,
    now: datetime,
    *,
    may_change: bool,
    values: Fields | None = None,
    errors: Errors | None = None,
) -> Projects:
    live, ended = projects.listed(session, live=True), projects.listed(session, live=False)
    return Projects(
        live,
        ended,
        projects.progress(session, [project.id for project in (*live, *ended)]),
        projects.silent_days(session, live, now=now),
        may_change,
        values or Fields(),
        errors or Errors(),
    )


def project_page(
    session: SessionDep,
    project: Project,
    values: Fields,
    errors: Errors,
    now: datetime,
    *,
    may_change: bool,
) -> ProjectPage:
    """All that is known of a project, with what was typed over it."""
    zone = organisation.zone(organisation.current(session))
    today = now.astimezone(zone).date()
    held = cards.of_project(session, project)
    linked = reuses.of(session, project.learning_request) if project.learning_request else []
    blanks = Blanks.of(project.hypothesis_parts)
    asked_by = survey_steps.by_step(session, project)
    return ProjectPage(
        project=project,
        pieces=pieces(blanks) if project.hypothesis_parts else (Piece(project.hypothesis),),
        cards=held,
        columns=[(name, list(those)) for name, those in groupby(held, key=lambda card: card.column.name)],
        measures=measures.of_project(session, project),
        goals=goals.listed(session),
        experts=_experts(session, project),
        steps=[
            Due(
                step,
                step.done_at is None
                and step.due_on is not None
                and step.due_on < today
                and step.id not in asked_by,
                asked_by.get(step.id),
            )
            for step in evaluating.of(session, project)
        ],
        meetings=[_meeting(one, zone, now) for one in training_sessions.of_project(session, project)],
        linked=linked,
        exists=reuses.existing_share(linked),
        costs=costs.of_project(session, project),
        warning=_baseline_words(session, project, today),
        silent_days=projects.silent_days(session, [project], now=now).get(project.id, 0),
        stop_is_due=project.is_live and project.stop_on is not None and project.stop_on <= today,
        may_change=may_change,
        values=values,
        errors=errors,
        learned=records.words_of_project(session, project),
    )


def _baseline_words(session: SessionDep, project: Project, today: date) -> str:
    if not project.is_live:
        return ""
    return baselines.words_of_project(session, project, project.baseline_on, today=today)


def _experts(session: SessionDep, project: Project) -> list[Expert]:
    used = contributions.used_hours(session, project)
    return [
        Expert(one.person.display_name, one.part, one.granted_hours, used.get(one.person_id, 0.0))
        for one in project.contributions
    ]


def _meeting(one: TrainingSession, zone: ZoneInfo, now: datetime) -> Meeting:
    starts, ends = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    return Meeting(
        one, starts.date().isoformat(), f"{starts:%H:%M}", f"{ends:%H:%M}", is_over=one.ends_at <= now
    )


def _words(fields: Fields, errors: Errors) -> dict[str, str]:
    """The facts in words; the sentence only where it isn't made of blanks."""
    longest = {"worthwhile_change": 300, "stop_rule": 300, "sponsor": 120}
    if "hypothesis" in fields:
        longest["hypothesis"] = 2000
    return {name: some_text(fields, name, errors, longest=most) for name, most in longest.items()}


def values_of(project: Project) -> Fields:
    return Fields(
        name=project.name,
        hypothesis=project.hypothesis,
        worthwhile_change=project.worthwhile_change,
        stop_rule=project.stop_rule,
        sponsor=project.sponsor,
        estimate_hours="" if project.estimate_hours is None else f"{project.estimate_hours:g}",
        due_on=project.due_on.isoformat() if project.due_on else "",
        goal=str(project.goal_id or ""),
        stage=project.stage.value,
        health=project.health.value,
        health_note=project.health_note,
        version=str(project.version),
    )
