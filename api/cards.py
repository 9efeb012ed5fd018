"""Cards and their places over the API."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.orm import Session

from api import shapes
from api.body import USED_OTHERWISE, OnceDep, header, headers, parse, read_json, takes
from api.callers import LeaderCaller, ManagerCaller, manager_of, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.versions import version_in
from portfolio import boards, cards, columns, iterations, projects, tokens
from portfolio.boards import Filter
from portfolio.cards import LimitReached
from portfolio.database import hold
from portfolio.models import Card, Person
from portfolio.submission import Line, Problem, Prose, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep, in_one_thread

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
    """A column, and the place in it: above the card `before`, else below the card `after`, else at the position from the
    top (0 is first), else at the bottom. A neighbour that has left the column meanwhile is passed over."""

    column: Id
    position: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    before: Id | None = None
    after: Id | None = None


@router.put("/cards/{number}/placement", openapi_extra=headers(if_match=40, idempotency_key=200))
@takes(Placement)
async def place(request: Request, number: Number) -> JSONResponse:
    """Put a card where it should stand. With If-Match, only if nobody changed it meanwhile (412); 409 where a limit of
    the column blocks; the same Idempotency-Key again moves nothing and answers with how the card stands now, or 409 for another move."""
    # What boards do most. All of it in one thread, and nothing asked of FastAPI that can be asked of the request, take a
    # third off its time; that it is the first route, a little.
    body, now = await read_json(request), request.state.now

    def move(session: Session) -> JSONResponse:
        caller = manager_of(request, session, now)
        if_match, key = header(request, "if-match", 40), header(request, "idempotency-key", 200)
        return _place(session, number, parse(Placement, body), if_match, key, by=caller, at=now)

    return await in_one_thread(request, move)


@router.get("/columns")
def list_columns(session: SessionDep, _caller: LeaderCaller) -> dict[str, Any]:
    """The board's columns from left to right: what they mean for the clock, their policy and their limits."""
    return {
        "items": [
            {
                "id": one.id,
                "name": one.name,
                "kind": one.kind.value,
                "policy": one.policy,
                "wip_limit": one.wip_limit,
                "person_limit": one.person_limit,
                "limit_blocks": one.limit_blocks,
            }
            for one in columns.listed(session)
        ],
        "next": None,
    }


@router.get("/cards")
def list_cards(
    session: SessionDep,
    _caller: LeaderCaller,
    column: Id | None = None,
    project: Id | None = None,
    iteration: Id | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Cards on the board by number; `column`, `project`, `iteration` and words of the title narrow them."""
    wanted = Filter(project_id=project, iteration_id=iteration, text=q.strip())
    found = boards.by_number(session, wanted, column_id=column, after=number_cursor(cursor), limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed([shapes.card(one) for one in found[:limit]], following)


@router.post("/cards", status_code=201)
@takes(NewCard)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Put a new card at the bottom of a column, the first one where none is given. 409 where a limit of it blocks."""
    given = parse(NewCard, once.body)
    column = columns.find(session, given.column) if given.column else None
    project = projects.find(session, given.project) if given.project else None
    iteration = iterations.find(session, given.iteration) if given.iteration else None
    found = {"column": column, "project": project, "iteration": iteration}
    missing = [name for name, thing in found.items() if getattr(given, name) is not None and thing is None]
    if missing:
        raise ProblemFound(422, errors=[Problem((name,), f"There is no such {name}.") for name in missing])
    if not columns.listed(session):
        raise ProblemFound(409, "The board has no columns yet: the organisation is not set up.")

    def write() -> tuple[int, dict[str, Any]]:
        try:
            made = cards.add(
                session,
                title=given.title,
                notes=given.notes,
                estimate_hours=given.estimate_hours,
                column=column,
                project=project,
                iteration=iteration,
                within_limits=True,
                by=caller,
                at=now,
            )
        except LimitReached as full:
            raise ProblemFound(409, str(full)) from full
        return 201, shapes.card(made)

    return once.answer(session, name_of(caller), write)


@router.get("/cards/{number}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> JSONResponse:
    """One card, with its version as ETag."""
    return _with_version(_find(session, number))


def _place(
    session: Session,
    number: int,
    given: Placement,
    if_match: str | None,
    key: str | None,
    *,
    by: Person,
    at: datetime,
) -> JSONResponse:
    card, column = cards.with_column(session, number, given.column)
    if card is None:
        raise ProblemFound(404)
    if column is None:
        raise ProblemFound(422, errors=[Problem(("column",), "There is no such column.")])
    digest = hashlib.sha256(f"{number} {given!r}".encode()).hexdigest()
    kept = tokens.kept_answer(session, name_of(by), key) if key else None
    if kept is not None:
        if kept.body_digest != digest:
            raise ProblemFound(409, USED_OTHERWISE)
        session.refresh(card)  # who moved it may have done so while we waited for their answer
        return _with_version(card)
    version = version_in(if_match)
    if version is not None:
        columns.hold_board(session)  # before the card, as every move does; nobody slips in between
        hold(session, card)
        if version != card.version:
            raise ProblemFound(412)
    spot = {"before": given.before, "after": given.after}
    try:
        cards.place(session, card, column, given.position, **spot, by=by, at=at)
    except LimitReached as full:
        raise ProblemFound(409, str(full)) from full
    if key:
        tokens.keep_answer(session, name_of(by), key, digest, 200, {"column": column.id}, at=at)
    return _with_version(card)


def _with_version(card: Card) -> JSONResponse:
    return JSONResponse(shapes.card(card), headers={"ETag": f'"{card.version}"'})


def _find(session: SessionDep, number: int) -> Card:
    card = session.get(Card, number) if 0 < number < 2**31 else None
    if card is None:
        raise ProblemFound(404)
    return card
