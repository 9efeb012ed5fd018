"""Iterations over the API."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Number
from portfolio import iterations
from portfolio.iterations import IterationRefused
from portfolio.models import Iteration
from portfolio.submission import Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/iterations", tags=["iterations"])


class NewIteration(Strict):
    starts_on: date
    ends_on: date
    capacity_hours: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
    goal: Prose(500) = ""  # type: ignore[valid-type] # pydantic builds the type at run time

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "NewIteration":
        if not 0 <= (self.ends_on - self.starts_on).days <= 60:
            raise ValueError("An iteration ends after it starts, within 60 days.")
        return self


class Review(Strict):
    shown: Prose(4000) = ""  # type: ignore[valid-type] # as above
    learned: Prose(4000) = ""  # type: ignore[valid-type] # as above
    next_step: Prose(4000) = ""  # type: ignore[valid-type] # as above


class Opening(Strict):
    """Nothing to say; the planned cards become the commitment."""


@router.get("")
def list_iterations(session: SessionDep, _caller: LeaderCaller) -> dict[str, Any]:
    """Iterations, newest first."""
    return {"items": [shapes.iteration(one) for one in iterations.listed(session, 200)], "next": None}


@router.post("", status_code=201)
@takes(NewIteration)
def plan(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Plan the next iteration."""
    given = parse(NewIteration, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        return 201, shapes.iteration(iterations.plan(session, by=caller, at=now, **given.model_dump()))

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """One iteration; closed ones with their record."""
    return shapes.iteration(_find(session, number))


@router.post("/{number}/opening")
@takes(Opening)
def start(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Commit to the cards planned so far."""
    iteration = _find(session, number)
    parse(Opening, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        _or_conflict(lambda: iterations.start(session, iteration, by=caller, at=now))
        return 200, shapes.iteration(iteration)

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/closure")
@takes(Review)
def close(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Close an iteration with its review; the record is kept for ever."""
    iteration = _find(session, number)
    review = parse(Review, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        _or_conflict(lambda: iterations.close(session, iteration, by=caller, at=now, **review.model_dump()))
        return 200, shapes.iteration(iteration)

    return once.answer(session, name_of(caller), write)


def _or_conflict(act: Any) -> None:
    try:
        act()
    except IterationRefused as refused:
        raise ProblemFound(409, str(refused)) from refused


def _find(session: SessionDep, number: int) -> Iteration:
    iteration = iterations.find(session, number)
    if iteration is None:
        raise ProblemFound(404)
    return iteration
