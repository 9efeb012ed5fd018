"""Iterations over the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from api import shapes
from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.versions import IfMatch, version_in
from portfolio import iteration_course, iterations
from portfolio.iteration_days import local_day
from portfolio.iteration_review import Outcome, ProjectReview, Retrospective
from portfolio.iterations import IterationRefused, StaleIteration
from portfolio.models import Iteration
from portfolio.submission import Problem, Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/iterations", tags=["iterations"])


Hours = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewIteration(Strict):
    """Without dates the next free stretch of the rhythm; without hours they follow the calendar until it starts."""

    starts_on: date | None = None
    ends_on: date | None = None
    capacity_hours: Hours | None = None
    goal: Prose(500) = ""  # type: ignore[valid-type] # pydantic builds the type at run time

    @model_validator(mode="after")
    def _both_days_or_none(self) -> "NewIteration":
        if (self.starts_on is None) != (self.ends_on is None):
            raise ValueError("Give both the first and the last day, or neither.")
        return self


class ChangedIteration(Strict):
    """What is left out stays. `cards` are exactly those that shall be in it, besides those done in it."""

    starts_on: date | None = None
    ends_on: date | None = None
    capacity_hours: Hours | None = None
    goal: Prose(500) | None = None  # type: ignore[valid-type] # as above
    cards: Annotated[list[Id], Field(max_length=iterations.MOST_CARDS)] | None = None


class ReviewOfProject(Strict):
    """A change makes `next_hypothesis` the project's; a kill stops it and keeps the `hours_saved`."""

    project: Id
    verdict: Outcome = Outcome.KEEP
    shown: Prose(4000) = ""  # type: ignore[valid-type] # as above
    learned: Prose(4000) = ""  # type: ignore[valid-type] # as above
    next_hypothesis: Prose(4000) = ""  # type: ignore[valid-type] # as above
    hours_saved: Hours | None = None


class LookingBack(Strict):
    went_well: Prose(4000) = ""  # type: ignore[valid-type] # as above
    went_badly: Prose(4000) = ""  # type: ignore[valid-type] # as above
    try_next: Prose(4000) = ""  # type: ignore[valid-type] # as above


class Closing(Strict):
    shown: Prose(4000) = ""  # type: ignore[valid-type] # as above
    learned: Prose(4000) = ""  # type: ignore[valid-type] # as above
    next_step: Prose(4000) = ""  # type: ignore[valid-type] # as above
    projects: Annotated[list[ReviewOfProject], Field(default_factory=list, max_length=100)]
    retrospective: LookingBack = LookingBack()


class Opening(Strict):
    """Nothing to say; the planned cards become the commitment."""


@router.get("")
def list_iterations(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Iterations, newest first."""
    found = iterations.listed(session, limit + 1, before=_day(cursor))
    following = found[limit - 1].starts_on.toordinal() if len(found) > limit else None
    return listed([shapes.iteration(one) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewIteration)
def plan(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Plan an iteration. Two never share a day (422)."""
    given = parse(NewIteration, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        starts, ends = given.starts_on, given.ends_on
        if starts is None or ends is None:
            starts, ends = iterations.next_dates(session, local_day(now, session))
        with _refusals():
            made = iterations.plan(
                session,
                starts_on=starts,
                ends_on=ends,
                capacity_hours=given.capacity_hours,
                goal=given.goal,
                by=caller,
                at=now,
            )
        return 201, shapes.iteration(made)

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number, now: NowDep) -> JSONResponse:
    """One iteration, with its version as ETag: where it stands, its cards; closed ones with their record."""
    return _with_version(session, _find(session, number), now)


@router.patch("/{number}")
@takes(ChangedIteration)
def change(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    now: NowDep,
    number: Number,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change one that isn't closed. With If-Match, only if nobody else did meanwhile (412)."""
    iteration = _find(session, number)
    given = parse(ChangedIteration, body)
    said = given.model_dump(exclude_unset=True, exclude={"cards"})
    empty = [name for name in ("starts_on", "ends_on", "goal") if name in said and said[name] is None]
    if empty:
        raise ProblemFound(422, errors=[Problem((name,), "Please fill this in.") for name in empty])
    with _refusals():
        iterations.edit(session, iteration, version=version_in(if_match), by=caller, at=now, **said)
        if given.cards is not None:
            iterations.choose(session, iteration, given.cards, by=caller, at=now)
    return _with_version(session, iteration, now)


@router.post("/{number}/opening")
@takes(Opening)
def start(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Commit to the cards planned so far."""
    iteration = _find(session, number)
    parse(Opening, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            iterations.start(session, iteration, by=caller, at=now)
        return 200, shapes.iteration(iteration)

    return once.answer(session, name_of(caller), write)


@router.post("/{number}/closure")
@takes(Closing)
def close(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep, number: Number
) -> JSONResponse:
    """Close an iteration with its review; the record is kept for ever. The same words again change nothing."""
    iteration = _find(session, number)
    given = parse(Closing, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            iterations.close(
                session,
                iteration,
                shown=given.shown,
                learned=given.learned,
                next_step=given.next_step,
                review=[ProjectReview(**one.model_dump()) for one in given.projects],
                retrospective=Retrospective(**given.retrospective.model_dump()),
                by=caller,
                at=now,
            )
        return 200, shapes.iteration(iteration)

    return once.answer(session, name_of(caller), write)


def _day(cursor: str | None) -> date | None:
    """The first day of the last iteration of the page before; none at the start."""
    number = number_cursor(cursor)
    return date.fromordinal(min(number, date.max.toordinal())) if number else None


@contextmanager
def _refusals() -> Iterator[None]:
    """What the portfolio refuses, as a caller reads it."""
    try:
        yield
    except StaleIteration as stale:
        raise ProblemFound(412) from stale
    except IterationRefused as refused:
        if refused.field:
            raise ProblemFound(422, errors=[Problem((refused.field,), str(refused))]) from refused
        raise ProblemFound(409, str(refused)) from refused


def _with_version(session: SessionDep, iteration: Iteration, now: datetime) -> JSONResponse:
    course = iteration_course.course(session, iteration, now=now)
    body = {
        **shapes.iteration(iteration),
        "cards": [card.id for card in iterations.held(session, iteration)],
        "standing": {**asdict(course.standing), "words": course.sentence},
    }
    return JSONResponse(body, headers={"ETag": f'"{iteration.version}"'})


def _find(session: SessionDep, number: int) -> Iteration:
    iteration = iterations.find(session, number)
    if iteration is None:
        raise ProblemFound(404)
    return iteration
