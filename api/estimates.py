"""What people say a project was worth, over the API. Managers only: leaders read what it adds up to in the proof."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from api.body import JsonDep, OnceDep, parse, takes
from api.callers import ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.projects import find_project
from portfolio import benefits
from portfolio.benefits import Given
from portfolio.iteration_days import local_day
from portfolio.models import BenefitEstimate, Project
from portfolio.rules.money import Counted
from portfolio.submission import Day, Line, Strict, no_truth
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/projects/{number}/estimates", tags=["proof"])

Money = Annotated[float, BeforeValidator(no_truth), Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(no_truth), Field(ge=0, le=1, allow_inf_nan=False)]


class NewEstimate(Strict):
    """What one person says: money a year, the share of it due to the work and how sure they are, both from 0 to 1. Nobody's name
    is kept; without a `basis` it doesn't count for the floor."""

    amount: Money
    isolation: Share
    confidence: Share
    basis: Line(500) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    given_on: Day | None = None


class Exclusion(Strict):
    """Why it doesn't count; "" counts it again."""

    why: Line(160)  # type: ignore[valid-type] # as above


class Asked(Strict):
    """How many people were asked; null where nobody knows. Who didn't answer counts as zero in the floor."""

    asked: Annotated[int, BeforeValidator(no_truth), Field(ge=0, le=1_000_000)] | None


@router.get("")
def list_estimates(
    session: SessionDep, _caller: ManagerCaller, number: Number, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Each answer with what counts of it, in the order they came."""
    after = number_cursor(cursor)
    held = _lines(session, find_project(session, number))
    found = [one for key, one in sorted(held.items()) if key > after]
    following = found[limit - 1].estimate.id if len(found) > limit else None
    return listed([_shape(one) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewEstimate)
def add(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Write down what one person said."""
    project = find_project(session, number)
    given = parse(NewEstimate, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        made = benefits.add(
            session,
            project,
            Given(given.amount, given.isolation, given.confidence, given.basis),
            on=given.given_on or local_day(now, session),
            by=caller,
            at=now,
        )
        return 201, _shape(_lines(session, project)[made.id])

    return once.answer(session, name_of(caller), write)


@router.put("/asked")
@takes(Asked)
def say_asked(
    session: SessionDep, body: JsonDep, caller: ManagerCaller, now: NowDep, number: Number
) -> dict[str, Any]:
    """Say how many people were asked."""
    project = find_project(session, number)
    given = parse(Asked, body)
    benefits.say_asked(session, project, given.asked, by=caller, at=now)
    return {"project": project.id, "asked": project.estimates_asked}


@router.put("/{estimate}/exclusion")
@takes(Exclusion)
def leave_out(
    session: SessionDep, body: JsonDep, caller: ManagerCaller, now: NowDep, number: Number, estimate: Number
) -> dict[str, Any]:
    """Don't count an answer, and say why."""
    project, found = _find(session, number, estimate)
    benefits.leave_out(session, project, found, parse(Exclusion, body).why, by=caller, at=now)
    return _shape(_lines(session, project)[found.id])


@router.delete("/{estimate}", status_code=204)
def remove(
    session: SessionDep, caller: ManagerCaller, now: NowDep, number: Number, estimate: Number
) -> Response:
    """It was written down by mistake."""
    project, found = _find(session, number, estimate)
    benefits.remove(session, project, found, by=caller, at=now)
    return Response(status_code=204)


def _lines(session: Session, project: Project) -> dict[int, Counted]:
    """The answers by number, with why they aren't counted where they aren't."""
    said = benefits.of_project(session, project).lines
    return {one.estimate.id: one for one in said if one.estimate.id is not None}


def _shape(one: Counted) -> dict[str, Any]:
    said = one.estimate
    return {
        "id": said.id,
        "amount": said.amount,
        "isolation": said.isolation,
        "confidence": said.confidence,
        "basis": said.basis,
        "credited": said.credited,
        "left_out": said.left_out or None,
        "not_in_floor": one.not_in_floor or None,
        "not_in_central": one.not_in_central or None,
    }


def _find(session: Session, number: int, estimate: int) -> tuple[Project, BenefitEstimate]:
    project = find_project(session, number)
    found = benefits.find(session, project, estimate)
    if found is None:
        raise ProblemFound(404)
    return project, found
