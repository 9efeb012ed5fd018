"""What is like some words, over the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import shapes
from api.callers import ManagerCaller
from portfolio import similar
from web.session import SessionDep

router = APIRouter(prefix="/similar", tags=["similar"])


@router.get("")
def list_similar(
    session: SessionDep,
    _caller: ManagerCaller,
    q: Annotated[str, Query(max_length=similar.LONGEST)],
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
    unit: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """Open requests, resources and declines like `q`, best first; `likely` marks what a form would suggest."""
    found = similar.similar(session, q, unit=unit, limit=limit, floor=similar.ANYTHING)
    said = similar.last_words(session, found.declines)
    return {
        "requests": [shapes.found(one) for one in found.requests],
        "resources": [shapes.found(one) for one in found.resources],
        "declines": [{**shapes.found(one), **said.get(one.id, {})} for one in found.declines],
    }
