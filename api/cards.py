"""Cards and their places over the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import Field

from api import shapes
from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Number
from api.projects import version_in
from portfolio import cards, iterations, projects
from portfolio.models import Card, Column
from portfolio.submission import Line, Problem, Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(tags=["board"])

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NewCard(Strict):
    title: Annotated[Line(200), Field(min_length=1)]  # type: ignore[valid-type] # pydantic builds the type at run time
    notes: Prose(8000) = ""  # type: ignore[valid-type] # as above
    column: Id | None = None
    project: Id | None = None
    iteration: Id | None = None
    estimate_hours: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] | None = None


class Placement(Strict):
    """A column, and the position in it from the top (0 is first); at the bottom where it is left out."""

    column: Id
    position: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


@router.get("/columns")
def list_columns(session: SessionDep, _caller: LeaderCaller) -> dict[str, Any]:
    """The board's columns from left to right."""
    return {
        "items": [
            {"id": one.id, "name": one.name, "kind": one.kind.value, "wip_limit": one.wip_limit}
            for one in cards.columns(session)
        ],
        "next": None,
    }


@router.post("/cards", status_code=201)
@takes(NewCard)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Put a new card at the bottom of a column, the first one where none is given."""
    given = parse(NewCard, once.body)
    column = session.get(Column, given.column) if given.column else None
    project = projects.find(session, given.project) if given.project else None
    iteration = iterations.find(session, given.iteration) if given.iteration else None
    found = {"column": column, "project": project, "iteration": iteration}
    missing = [name for name, thing in found.items() if getattr(given, name) is not None and thing is None]
    if missing:
        raise ProblemFound(422, errors=[Problem((name,), f"There is no such {name}.") for name in missing])
    if not cards.columns(session):
        raise ProblemFound(409, "The board has no columns yet: the organisation is not set up.")

    def write() -> tuple[int, dict[str, Any]]:
        made = cards.add(
            session,
            title=given.title,
            notes=given.notes,
            estimate_hours=given.estimate_hours,
            column=column,
            project=project,
            iteration=iteration,
            by=caller,
            at=now,
        )
        return 201, shapes.card(made)

    return once.answer(session, name_of(caller), write)


@router.get("/cards/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> JSONResponse:
    """One card, with its version as ETag."""
    return _with_version(_find(session, number))


@router.put("/cards/{number}/placement")
@takes(Placement)
def place(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    now: NowDep,
    number: Number,
    if_match: Annotated[str | None, Header(max_length=40)] = None,
) -> JSONResponse:
    """Put a card where it should stand."""
    given = parse(Placement, body)
    card = _find(session, number)
    column = session.get(Column, given.column)
    if column is None:
        raise ProblemFound(422, errors=[Problem(("column",), "There is no such column.")])
    version = version_in(if_match)
    if version is not None and version != card.version:
        raise ProblemFound(412)
    cards.place(session, card, column, given.position, by=caller, at=now)
    return _with_version(card)


def _with_version(card: Card) -> JSONResponse:
    return JSONResponse(shapes.card(card), headers={"ETag": f'"{card.version}"'})


def _find(session: SessionDep, number: int) -> Card:
    card = cards.find(session, number)
    if card is None:
        raise ProblemFound(404)
    return card
