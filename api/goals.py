"""Goals over the API."""

from typing import Any

from fastapi import APIRouter

from api.callers import LeaderCaller
from api.lists import Cursor, Limit, listed, number_cursor
from portfolio import goals
from web.session import SessionDep

router = APIRouter(prefix="/goals", tags=["goals"])


@router.get("")
def list_goals(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Goals in force, weightiest first."""
    shown = ("id", "name", "measure", "weight", "target", "year_to_date", "unit")
    start = number_cursor(cursor)  # they are few, so the cursor counts them
    found = goals.listed(session)
    items = [{name: getattr(goal, name) for name in shown} for goal in found[start : start + limit]]
    return listed(items, start + limit if len(found) > start + limit else None)
