"""What a project cost over the API: the lines written down by hand. What they come to with hours and sessions is in its proof."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field, model_validator
from sqlalchemy.orm import Session

from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.projects import find_project
from portfolio import costs, organisation
from portfolio.costs import DEAREST_HOUR, Rates
from portfolio.iteration_days import local_day
from portfolio.models import Cost, Project
from portfolio.rules.money import CostKind
from portfolio.submission import Day, Line, Problem, Strict, no_truth
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/projects/{number}/costs", tags=["proof"])

Money = Annotated[float, BeforeValidator(no_truth), Field(ge=0, le=1e12, allow_inf_nan=False)]
Hours = Annotated[float, BeforeValidator(no_truth), Field(ge=0, le=1e6, allow_inf_nan=False)]
Rate = Annotated[float, BeforeValidator(no_truth), Field(ge=0, le=DEAREST_HOUR, allow_inf_nan=False)]


class CostGiven(Strict):
    """An amount of money, or hours: without a `rate` an hour costs what the organisation said. Without `spent_on` it is today."""

    kind: CostKind
    amount: Money | None = None
    hours: Hours | None = None
    rate: Rate | None = None
    note: Line(200) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    spent_on: Day | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> "CostGiven":
        if (self.amount is None) == (self.hours is None):
            raise ValueError("Give an amount, or hours and what an hour costs.")
        if self.rate is not None and self.hours is None:
            raise ValueError("A rate goes with hours.")
        return self


@router.get("")
def list_costs(
    session: SessionDep, _caller: LeaderCaller, number: Number, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """What was written down by hand, in the order it was. Logged hours and people in sessions count besides: see the proof."""
    after = number_cursor(cursor)
    held = sorted(costs.typed(session, [find_project(session, number).id]), key=lambda one: one.id)
    found = [one for one in held if one.id > after]
    return listed([_shape(one) for one in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@router.post("", status_code=201)
@takes(CostGiven)
def add(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Write a cost down."""
    project = find_project(session, number)
    given = parse(CostGiven, once.body)
    facts = _facts(session, given, local_day(now, session))

    def write() -> tuple[int, dict[str, Any]]:
        return 201, _shape(costs.add(session, project, **facts, by=caller, at=now))

    return once.answer(session, name_of(caller), write)


@router.put("/{cost}")
@takes(CostGiven)
def correct(
    session: SessionDep, body: JsonDep, caller: ManagerCaller, now: NowDep, number: Number, cost: Number
) -> dict[str, Any]:
    """Say the whole cost anew."""
    project, found = _find(session, number, cost)
    given = parse(CostGiven, body)
    costs.change(session, project, found, **_facts(session, given, found.spent_on), by=caller, at=now)
    return _shape(found)


@router.delete("/{cost}", status_code=204)
def remove(session: SessionDep, caller: ManagerCaller, now: NowDep, number: Number, cost: Number) -> Response:
    """It was written down by mistake."""
    project, found = _find(session, number, cost)
    costs.remove(session, project, found, by=caller, at=now)
    return Response(status_code=204)


def _facts(session: Session, given: CostGiven, usual_day: date) -> dict[str, Any]:
    """What was said, with what is usual where nothing was. Raises ProblemFound where nobody knows what an hour costs."""
    rate = given.rate
    if given.hours is not None and rate is None:
        rate = Rates.of(organisation.current(session)).usual(given.kind)
        if rate is None:
            words = "Please say what an hour costs, or set it once under settings."
            raise ProblemFound(422, errors=[Problem(("rate",), words)])
    return {
        **given.model_dump(include={"kind", "amount", "hours", "note"}),
        "rate": rate,
        "on": given.spent_on or usual_day,
    }


def _shape(one: Cost) -> dict[str, Any]:
    return {
        "id": one.id,
        "project": one.project_id,
        "kind": one.kind,
        "amount": one.amount,
        "hours": one.hours,
        "rate": one.rate,
        "note": one.note,
        "spent_on": one.spent_on.isoformat(),
    }


def _find(session: Session, number: int, cost: int) -> tuple[Project, Cost]:
    project = find_project(session, number)
    found = costs.find(session, project, cost)
    if found is None:
        raise ProblemFound(404)
    return project, found
