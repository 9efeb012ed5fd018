"""Projects over the API."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import Field

from api import shapes
from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from portfolio import goals, projects
from portfolio.models import Project
from portfolio.states import Health, Stage
from portfolio.submission import Line, OptionalDate, Problem, Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep
from web.settings import LinksDep

router = APIRouter(prefix="/projects", tags=["projects"])

SolutionType = Literal["job_aid", "peer_session", "workshop", "live_virtual", "elearning", "path"]
Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class NewProject(Strict):
    name: Annotated[Line(200), Field(min_length=1)]  # type: ignore[valid-type] # pydantic builds the type at run time
    solution_type: SolutionType = "workshop"
    goal: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    hypothesis: Prose(2000) = ""  # type: ignore[valid-type] # as above
    estimate_hours: Hours | None = None
    due_on: OptionalDate = None


class ChangedProject(Strict):
    name: Annotated[Line(200), Field(min_length=1)] | None = None  # type: ignore[valid-type] # as above
    hypothesis: Prose(2000) | None = None  # type: ignore[valid-type] # as above
    estimate_hours: Hours | None = None
    due_on: OptionalDate = None
    stage: Stage | None = None
    health: Health | None = None
    health_note: Line(300) | None = None  # type: ignore[valid-type] # as above
    hours_saved: Hours | None = None


@router.get("")
def list_projects(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Projects, newest first."""
    found = projects.listed(session, after=number_cursor(cursor), limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed([shapes.project(one) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewProject)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Start work nobody asked for through the form."""
    given = parse(NewProject, once.body)
    if given.goal is not None and goals.find(session, given.goal) is None:
        raise ProblemFound(422, errors=[Problem(("goal",), "There is no such goal.")])

    def write() -> tuple[int, dict[str, Any]]:
        fields = given.model_dump(include={"hypothesis", "estimate_hours", "due_on"})
        made = projects.add(
            session,
            name=given.name,
            solution_type=given.solution_type,
            by=caller,
            at=now,
            goal_id=given.goal,
            **fields,
        )
        return 201, shapes.project(made)

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> JSONResponse:
    """One project, with its version as ETag."""
    return _with_version(_find(session, number))


@router.patch("/{number}")
@takes(ChangedProject)
def change(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    links: LinksDep,
    now: NowDep,
    number: Number,
    if_match: Annotated[str | None, Header(max_length=40)] = None,
) -> JSONResponse:
    """Change a project. With If-Match, only if nobody else did meanwhile (412)."""
    project = _find(session, number)
    given = parse(ChangedProject, body)
    version = version_in(if_match)
    if version is not None and version != project.version:
        raise ProblemFound(412)
    words = given.model_dump(include={"name", "hypothesis", "estimate_hours", "due_on"}, exclude_unset=True)
    if words.get("name", "") is None:
        raise ProblemFound(422, errors=[Problem(("name",), "Please fill this in.")])
    if words:
        kept = {key: "" if value is None and key == "hypothesis" else value for key, value in words.items()}
        projects.edit(session, project, version=None, by=caller, at=now, **kept)
    if given.health is not None or given.health_note is not None:
        note = project.health_note if given.health_note is None else given.health_note
        projects.note_health(session, project, given.health or project.health, note, by=caller, at=now)
    if given.stage is not None:
        projects.move(
            session, project, given.stage, by=caller, at=now, hours_saved=given.hours_saved, links=links
        )
    return _with_version(project)


def version_in(if_match: str | None) -> int | None:
    """The version an If-Match names; -1, which no version is, where it can't be read."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    return int(digits) if digits.isdigit() and len(digits) < 10 else -1


def _with_version(project: Project) -> JSONResponse:
    return JSONResponse(shapes.project(project), headers={"ETag": f'"{project.version}"'})


def _find(session: SessionDep, number: int) -> Project:
    project = projects.find(session, number)
    if project is None:
        raise ProblemFound(404)
    return project
