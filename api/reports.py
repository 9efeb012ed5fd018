"""Reports over the API."""

from datetime import date, timedelta
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import model_validator

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from portfolio import editions
from portfolio.models import Edition
from portfolio.states import EditionStatus
from portfolio.submission import Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/reports", tags=["reports"])

FILES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class NewReport(Strict):
    """A period [period_start, period_end); left out, the last full one of its kind, or this quarter for custom."""

    kind: Literal["weekly", "monthly", "quarterly", "custom"] = "custom"
    period_start: date | None = None
    period_end: date | None = None

    @model_validator(mode="after")
    def _is_a_period(self) -> "NewReport":
        if (self.period_start is None) != (self.period_end is None):
            raise ValueError("Please give both ends of the period, or neither.")
        if self.period_start and self.period_end and self.period_end <= self.period_start:
            raise ValueError("A period ends after it starts.")
        return self


@router.get("")
def list_reports(
    session: SessionDep, _caller: LeaderCaller, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Reports, newest first."""
    after = number_cursor(cursor) if cursor else None
    found = editions.listed(session, after=after, limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed([shapes.edition(one) for one in found[:limit]], following)


@router.post("", status_code=202)
@takes(NewReport)
def ask(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Ask for a report; the flow builds it. Read it again until its status is published."""
    given = parse(NewReport, once.body)
    start, end = given.period_start, given.period_end
    if start is None or end is None:
        today = now.date()
        start, end = editions.last_period(given.kind, today)
        if given.kind == "custom":
            start, end = editions.quarter_start(today), today + timedelta(days=1)

    def write() -> tuple[int, dict[str, Any]]:
        asked = editions.ask(session, kind=given.kind, period_start=start, period_end=end, by=caller, at=now)
        return 202, shapes.edition(asked)

    return once.answer(session, name_of(caller), write)


@router.get("/{number:int}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """One report, with its figures once published."""
    found = _find(session, number, "figures")
    return {**shapes.edition(found), "figures": found.figures}


@router.get("/{number:int}.{form}")
def download(
    session: SessionDep, _caller: LeaderCaller, number: Number, form: Literal["html", "pdf", "xlsx", "json"]
) -> Response:
    """The frozen report as a file."""
    if form == "json":
        found = _find(session, number, "figures")
        return JSONResponse({**shapes.edition(found), "figures": found.figures})
    found = _find(session, number, form)
    if found.status is not EditionStatus.PUBLISHED:
        raise ProblemFound(409, "This report isn't published yet.")
    return Response(getattr(found, form), media_type=FILES[form])


def _find(session: SessionDep, number: int, *parts: str) -> Edition:
    found = editions.find(session, number, *parts)
    if found is None:
        raise ProblemFound(404)
    return found
