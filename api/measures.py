"""Measures and readings over the API."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from portfolio import measures, projects
from portfolio.submission import Line, Problem, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/measures", tags=["measures"])

Finite = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class NewMeasure(Strict):
    name: Annotated[Line(160), Field(min_length=1)]  # type: ignore[valid-type] # pydantic builds the type at run time
    project: Annotated[int, Field(ge=1, le=2**31 - 1)]
    unit: Line(40) = ""  # type: ignore[valid-type] # as above
    higher_is_better: bool = True
    baseline: Finite | None = None
    target: Finite | None = None


class NewReading(Strict):
    value: Finite
    read_on: date
    after: bool
    comparison: bool = False
    note: Line(200) = ""  # type: ignore[valid-type] # as above


@router.get("")
def list_measures(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Measures with their readings."""
    found = measures.listed(session, after=number_cursor(cursor), limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed([shapes.measure(one) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewMeasure)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """State a measure a project means to move."""
    given = parse(NewMeasure, once.body)
    project = projects.find(session, given.project)
    if project is None:
        raise ProblemFound(422, errors=[Problem(("project",), "There is no such project.")])

    def write() -> tuple[int, dict[str, Any]]:
        fields = given.model_dump(exclude={"name", "project"})
        made = measures.add(session, name=given.name, project=project, by=caller, at=now, **fields)
        return 201, shapes.measure(made)

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/readings", status_code=201)
@takes(NewReading)
def read(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Record one value of a measure."""
    measure = measures.find(session, number)
    if measure is None:
        raise ProblemFound(404)
    given = parse(NewReading, once.body)
    if given.read_on > now.date():
        raise ProblemFound(422, errors=[Problem(("read_on",), "A reading can't lie in the future.")])

    def write() -> tuple[int, dict[str, Any]]:
        made = measures.read(
            session,
            measure,
            value=given.value,
            on=given.read_on,
            after=given.after,
            comparison=given.comparison,
            note=given.note,
            by=caller,
            at=now,
        )
        return 201, {"id": made.id, "measure": measure.id, "value": made.value}

    return once.answer(session, name_of(caller), write)
