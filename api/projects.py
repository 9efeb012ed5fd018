"""Projects over the API."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, Field
from sqlalchemy.orm import Session

from api import shapes
from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.versions import IfMatch, check_version
from portfolio import baselines, goals, projects
from portfolio.models import Project
from portfolio.rules.hypothesis import Blanks
from portfolio.states import Health, Stage
from portfolio.submission import Email, Line, OptionalDate, Problem, Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep
from web.settings import LinksDep

router = APIRouter(prefix="/projects", tags=["projects"])

SolutionType = Literal["job_aid", "peer_session", "workshop", "live_virtual", "elearning", "path"]
Hours = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class BlanksGiven(Strict):
    """The blanks of "we believe <solution> for <who> moves <measure> from <today> to <wanted> <unit> by <by>"."""

    solution: Line(200) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    who: Line(300) = ""  # type: ignore[valid-type] # as above
    measure: Line(160) = ""  # type: ignore[valid-type] # as above
    today: Line(60) = ""  # type: ignore[valid-type] # as above
    wanted: Line(60) = ""  # type: ignore[valid-type] # as above
    unit: Line(40) = ""  # type: ignore[valid-type] # as above
    by: OptionalDate = None


class FactsGiven(Strict):
    """What may be said of a project at its start and later. With `hypothesis_parts` the sentence is made of them."""

    hypothesis: Prose(2000) | None = None  # type: ignore[valid-type] # as above
    hypothesis_parts: BlanksGiven | None = None
    goal: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    audience: Line(300) | None = None  # type: ignore[valid-type] # as above
    worthwhile_change: Line(300) | None = None  # type: ignore[valid-type] # as above
    stop_rule: Line(300) | None = None  # type: ignore[valid-type] # as above
    stop_on: OptionalDate = None
    sponsor: Line(120) | None = None  # type: ignore[valid-type] # as above
    sponsor_email: Annotated[Email | Literal[""], AfterValidator(str)] | None = None
    baseline_on: OptionalDate = None
    estimate_hours: Hours | None = None
    due_on: OptionalDate = None

    def facts(self) -> dict[str, Any]:
        """What was said, as the columns have it; words taken back are empty ones."""
        said: dict[str, Any] = {
            name: "" if value is None and name in WORDS else value
            for name, value in self.model_dump(exclude_unset=True, include=FACTS).items()
        }
        if "goal" in said:
            said["goal_id"] = said.pop("goal")
        if self.hypothesis_parts is not None:
            said |= projects.said_in_blanks(Blanks(**self.hypothesis_parts.model_dump()))
        return said


WORDS = {"hypothesis", "audience", "worthwhile_change", "stop_rule", "sponsor", "sponsor_email"}
FACTS = set(FactsGiven.model_fields) - {"hypothesis_parts"}


class NewProject(FactsGiven):
    name: Annotated[Line(200), Field(min_length=1)]  # type: ignore[valid-type] # as above
    solution_type: SolutionType = "workshop"


class ChangedProject(FactsGiven):
    name: Annotated[Line(200), Field(min_length=1)] | None = None  # type: ignore[valid-type] # as above
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
    _check_goal(session, given.goal)

    def write() -> tuple[int, dict[str, Any]]:
        made = projects.add(
            session, name=given.name, solution_type=given.solution_type, by=caller, at=now, **given.facts()
        )
        return 201, shapes.project(made)

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, _caller: LeaderCaller, now: NowDep, number: Number) -> JSONResponse:
    """One project, with its version as ETag."""
    return _with_version(session, find_project(session, number), now.date())


@router.patch("/{number}")
@takes(ChangedProject)
def change(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    links: LinksDep,
    now: NowDep,
    number: Number,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a project. With If-Match, only if nobody else did meanwhile (412)."""
    project = find_project(session, number)
    given = parse(ChangedProject, body)
    check_version(session, project, if_match)
    if "name" in given.model_fields_set and given.name is None:
        raise ProblemFound(422, errors=[Problem(("name",), "Please fill this in.")])
    _check_goal(session, given.goal)
    facts = given.facts() | ({"name": given.name} if given.name is not None else {})
    if facts:
        projects.edit(session, project, version=None, by=caller, at=now, **facts)
    if given.health is not None or given.health_note is not None:
        note = project.health_note if given.health_note is None else given.health_note
        projects.note_health(session, project, given.health or project.health, note, by=caller, at=now)
    if given.stage is not None:
        projects.move(
            session, project, given.stage, by=caller, at=now, hours_saved=given.hours_saved, links=links
        )
    return _with_version(session, project, now.date())


def _check_goal(session: SessionDep, goal: int | None) -> None:
    if goal is not None and goals.find(session, goal) is None:
        raise ProblemFound(422, errors=[Problem(("goal",), "There is no such goal.")])


def _with_version(session: SessionDep, project: Project, today: date) -> JSONResponse:
    """The project, and what to tell about its value from before while there is still time."""
    told = baselines.words_of_project(session, project, project.baseline_on, today=today)
    body = {**shapes.project(project), "baseline_warning": (told or None) if project.is_live else None}
    return JSONResponse(body, headers={"ETag": f'"{project.version}"'})


def find_project(session: Session, number: int) -> Project:
    """The project of this number. Raises ProblemFound."""
    project = projects.find(session, number)
    if project is None:
        raise ProblemFound(404)
    return project
