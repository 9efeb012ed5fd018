"""Goals over the API."""

from typing import Any

from fastapi import APIRouter

from api.callers import LeaderCaller
from portfolio import goals
from web.session import SessionDep

router = APIRouter(prefix="/goals", tags=["goals"])


@router.get("")
def list_goals(session: SessionDep, _caller: LeaderCaller) -> dict[str, Any]:
    """Goals in force, weightiest first."""
    shown = ("id", "name", "measure", "weight", "target", "year_to_date", "unit")
    items = [{name: getattr(goal, name) for name in shown} for goal in goals.listed(session)]
    return {"items": items, "next": None}
