"""Small asks over the API: for a button on a desk, a chat command, a shortcut of a phone."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import ManagerCaller, name_of
from portfolio import capacity
from portfolio.submission import Line, Strict
from web.clock import NowDep
from web.session import SessionDep

router = APIRouter(prefix="/interrupts", tags=["plan"])


class NewInterrupt(Strict):
    minutes: Annotated[int, Field(ge=1, le=1440)]
    note: Line(200) = ""  # type: ignore[valid-type] # pydantic builds the type at run time


@router.post("", status_code=201)
@takes(NewInterrupt)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Write a small ask down. What they take, on average of the last eight weeks, is subtracted from the plan's hours."""
    given = parse(NewInterrupt, once.body)

    def write() -> tuple[int, dict[str, Any]]:
        made = capacity.interrupted(session, minutes=given.minutes, note=given.note, by=caller, at=now)
        session.flush()
        load = capacity.load(session, now=now)
        return 201, {
            "id": made.id,
            "minutes": made.minutes,
            "note": made.note,
            "at": shapes.moment(made.at),
            "load_hours_per_week": load.hours_per_week,
        }

    return once.answer(session, name_of(caller), write)
