"""The history over the API."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import shapes
from api.callers import ManagerCaller
from api.lists import Limit, listed
from portfolio import history
from web.session import SessionDep

router = APIRouter(prefix="/events", tags=["events"])


@router.get("")
def list_events(
    session: SessionDep,
    _caller: ManagerCaller,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    cursor: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """The history in order, after the line with this id."""
    found = history.since(session, max(after, cursor), limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed([shapes.event(one) for one in found[:limit]], following)
