"""What fits into the hours there are, over the API. Worked out when asked; nothing is written."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import shapes
from api.callers import ManagerCaller
from portfolio import fitting
from portfolio.fitting import NotPlannable, Terms
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/plan", tags=["plan"])


@router.get("")
def show_plan(
    session: SessionDep,
    _caller: ManagerCaller,
    now: NowDep,
    hours_per_week: Annotated[float | None, Query(ge=0, le=168)] = None,
    weeks: Annotated[int | None, Query(ge=1, le=52)] = None,
) -> dict[str, Any]:
    """The best set of open requests within the hours, with each one's chance and why; left out are all others.

    Hours a week and weeks are the organisation's and six where they aren't given. Leave and the measured load of small asks
    are taken off.
    """
    try:
        found = fitting.look(session, Terms(weeks=weeks, hours_per_week=hours_per_week), now=now)
    except NotPlannable as refused:
        raise ProblemFound(409, str(refused)) from refused
    return shapes.plan(found)
