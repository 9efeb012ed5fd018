"""Projects: accepted work, its stage and health, its measures and readings."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import cards, goals, measures, projects
from portfolio.models import Card, Goal, Measure, Project
from portfolio.rules.rubric import DEFAULT
from portfolio.states import Health, Stage
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_number, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other
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
    may_change: bool
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    solutions: tuple[tuple[str, str], ...] = SOLUTIONS


@dataclass(frozen=True)
class ProjectPage:
    project: Project
    cards: list[Card]
    measures: list[Measure]
    goals: list[Goal]
    may_change: bool
    values: Fields
    errors: Errors
    solutions: tuple[tuple[str, str], ...] = SOLUTIONS
    stages: tuple[tuple[str, str], ...] = tuple((stage.value, label(stage)) for stage in Stage)
    healths: tuple[tuple[str, str], ...] = tuple((health.value, label(health)) for health in Health)


@router.get("/projects")
def list_projects(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    return page(request, "projects/index.html", _projects(session, may_change=person.manages))


@router.post("/projects")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    errors = Errors()
    name = need_text(fields, "name", errors)
    if errors:
        view = _projects(session, may_change=True, values=fields, errors=errors)
        return page(request, "projects/index.html", view, 422)
    kind = fields["solution_type"] if fields["solution_type"] in dict(SOLUTIONS) else "workshop"
    project = projects.add(session, name=name, solution_type=kind, by=manager, at=now)
    return see_other(f"/projects/{project.number}")


@router.get("/projects/{number}")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    project = _find(session, number)
    view = _project_page(session, project, _values(project), Errors(), may_change=person.manages)
    return page(request, "projects/show.html", view)


@router.post("/projects/{number}")
def edit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = _find(session, number)
    errors = Errors()
    goal_id = some_whole(fields, "goal", errors)
    changes = {
        "name": need_text(fields, "name", errors),
        "hypothesis": some_text(fields, "hypothesis", errors, longest=2000),
        "worthwhile_change": some_text(fields, "worthwhile_change", errors, longest=300),
        "stop_rule": some_text(fields, "stop_rule", errors, longest=300),
        "sponsor": some_text(fields, "sponsor", errors, longest=120),
        "estimate_hours": some_number(fields, "estimate_hours", errors, most=100_000),
        "due_on": some_day(fields, "due_on", errors),
        "goal_id": goal_id if goal_id and goals.find(session, goal_id) else None,
    }
    version = some_whole(fields, "version", errors)
    if not errors:
        try:
            projects.edit(session, project, version=version, by=manager, at=now, **changes)
        except projects.StaleEdit as stale:
            errors["name"] = f"{stale} Your words are still here; save again to keep them."
            fields["version"] = str(project.version)
    if errors:
        session.rollback()
        view = _project_page(session, _find(session, number), fields, errors, may_change=True)
        return page(request, "projects/show.html", view, 422)
    return see_other(f"/projects/{number}")


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
    project = _find(session, number)
    errors = Errors()
    saved = some_number(fields, "hours_saved", errors, most=100_000)
    if fields["stage"] not in set(Stage):
        errors["stage"] = "Please choose one of the options."
    if errors:
        view = _project_page(session, project, _values(project).over(fields), errors, may_change=True)
        return page(request, "projects/show.html", view, 422)
    stage = Stage(fields["stage"])
    projects.move(session, project, stage, by=manager, at=now, hours_saved=saved, links=links)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/health")
def note_health(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = _find(session, number)
    errors = Errors()
    note = some_text(fields, "health_note", errors, longest=300)
    if fields["health"] not in set(Health):
        errors["health"] = "Please choose one of the options."
    if errors:
        view = _project_page(session, project, _values(project).over(fields), errors, may_change=True)
        return page(request, "projects/show.html", view, 422)
    projects.note_health(session, project, Health(fields["health"]), note, by=manager, at=now)
    return see_other(f"/projects/{number}")


@router.post("/projects/{number}/measures")
def add_measure(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = _find(session, number)
    errors = Errors()
    name = need_text(fields, "measure_name", errors, longest=160)
    baseline = some_number(fields, "baseline", errors, least=-1e12)
    target = some_number(fields, "target", errors, least=-1e12)
    unit = some_text(fields, "unit", errors, longest=40)
    if errors:
        view = _project_page(session, project, _values(project).over(fields), errors, may_change=True)
        return page(request, "projects/show.html", view, 422)
    better = target is None or baseline is None or target >= baseline
    measures.add(
        session, name=name, project=project, by=manager, at=now, baseline=baseline, target=target, unit=unit,
        higher_is_better=better,
    )  # fmt: skip
    return see_other(f"/projects/{number}#measures")


@router.post("/measures/{number}/readings")
def read(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    measure = measures.find(session, number)
    if measure is None or measure.project is None:
        raise NotFound
    errors = Errors()
    value = some_number(fields, "value", errors, least=-1e12)
    on = some_day(fields, "read_on", errors) or now.date()
    note = some_text(fields, "reading_note", errors, longest=200)
    if value is None:
        errors.setdefault("value", "Please give a number.")
    if on > now.date():
        errors["read_on"] = "A reading can't lie in the future."
    if errors or value is None:
        project = _find(session, measure.project.id)
        view = _project_page(session, project, _values(project).over(fields), errors, may_change=True)
        return page(request, "projects/show.html", view, 422)
    measures.read(
        session, measure, value=value, on=on, after=fields["when"] == "after", note=note, by=manager, at=now
    )
    return see_other(f"/projects/{measure.project_id}#measures")


def _find(session: SessionDep, number: int) -> Project:
    project = projects.find(session, number)
    if project is None:
        raise NotFound
    return project


def _projects(
    session: SessionDep, *, may_change: bool, values: Fields | None = None, errors: Errors | None = None
) -> Projects:
    live, ended = projects.listed(session, live=True), projects.listed(session, live=False)
    return Projects(
        live,
        ended,
        projects.progress(session, [project.id for project in (*live, *ended)]),
        may_change,
        values or Fields(),
        errors or Errors(),
    )


def _project_page(
    session: SessionDep, project: Project, values: Fields, errors: Errors, *, may_change: bool
) -> ProjectPage:
    return ProjectPage(
        project,
        cards.of_project(session, project),
        measures.of_project(session, project),
        goals.listed(session),
        may_change,
        values,
        errors,
    )


def _values(project: Project) -> Fields:
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
