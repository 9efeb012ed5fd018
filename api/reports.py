"""Reports over the API."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import Field, model_validator

from api import shapes
from api.body import OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from portfolio import editions, organisation, report_designs
from portfolio.models import Edition, Report
from portfolio.rules.report_days import covered, last_period, quarter_start
from portfolio.states import EditionStatus
from portfolio.submission import Problem, Strict
from portfolio.tidy import csv_of
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/reports", tags=["reports"])

FILES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


class NewReport(Strict):
    """A period [period_start, period_end); left out, the last full one of its kind, or this quarter for custom.

    `design` is the number of a designed report, which then says what stands in it; without it it is two pages for leadership.
    With a design and neither kind nor period it is about what the design is usually about.
    """

    kind: Literal["weekly", "monthly", "quarterly", "custom"] | None = None
    period_start: date | None = None
    period_end: date | None = None
    design: Annotated[int, Field(ge=1, lt=2**31)] | None = None

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
    """Ask for a report; the flow builds it. Read it again until its status is published.

    A design that gives one page for each goal gives as many editions: the answer is the first, `also` names the others.
    """
    given = parse(NewReport, once.body)
    design = _design(session, given.design)
    today = now.astimezone(organisation.zone(organisation.current(session))).date()
    kind, start, end = _period(given, design, today)

    def write() -> tuple[int, dict[str, Any]]:
        if design is None:
            made = [editions.ask(session, kind=kind, period_start=start, period_end=end, by=caller, at=now)]
        else:
            try:
                made = editions.ask_each(
                    session, design, kind=kind, period_start=start, period_end=end, by=caller, at=now
                )
            except editions.NothingToSay as problem:
                raise ProblemFound(422, str(problem)) from problem
        return 202, {**shapes.edition(made[0]), "also": [one.id for one in made[1:]]}

    return once.answer(session, name_of(caller), write)


@router.get("/designs")
def list_designs(session: SessionDep, _caller: LeaderCaller) -> dict[str, Any]:
    """The designed reports: what stands in them, how often they come, and when the next one does."""
    return listed([shapes.report_design(one) for one in report_designs.listed(session)], None)


@router.get("/{number:int}")
def show(session: SessionDep, _caller: LeaderCaller, number: Number) -> dict[str, Any]:
    """One report, with its figures once published."""
    found = _find(session, number, "figures")
    return {**shapes.edition(found), "figures": found.figures}


@router.get("/{number:int}.{form}")
def download(
    session: SessionDep,
    _caller: LeaderCaller,
    number: Number,
    form: Literal["html", "pdf", "xlsx", "pptx", "csv", "json"],
) -> Response:
    """The frozen report as a file."""
    if form == "csv":
        found = _published(session, number, "figures")
        tables = (found.figures or {}).get("tables", [])
        return Response(csv_of(tables), media_type="text/csv; charset=utf-8")
    if form == "json":
        found = _find(session, number, "figures")
        return JSONResponse({**shapes.edition(found), "figures": found.figures})
    content = getattr(_published(session, number, form), form)
    if content is None:
        raise ProblemFound(404, "There are no slides of this report: it is from an earlier version.")
    return Response(content, media_type=FILES[form])


def _period(given: NewReport, design: Report | None, today: date) -> tuple[str, date, date]:
    """The period asked for, or the usual one."""
    kind = given.kind or "custom"
    if given.period_start is not None and given.period_end is not None:
        return kind, given.period_start, given.period_end
    if design is not None and given.kind is None:
        return covered(design.rhythm, design.rolling_days, today)
    if kind == "custom":
        return kind, quarter_start(today), today + timedelta(days=1)
    return kind, *last_period(kind, today)


def _design(session: SessionDep, number: int | None) -> Report | None:
    if number is None:
        return None
    found = report_designs.find(session, number)
    if found is None or found.ended_at is not None:
        raise ProblemFound(
            422, "There is no such report.", [Problem(("design",), "There is no such report.")]
        )
    return found


def _published(session: SessionDep, number: int, *parts: str) -> Edition:
    found = _find(session, number, *parts)
    if found.status is not EditionStatus.PUBLISHED:
        raise ProblemFound(409, "This report isn't published yet.")
    return found


def _find(session: SessionDep, number: int, *parts: str) -> Edition:
    found = editions.find(session, number, *parts)
    if found is None:
        raise ProblemFound(404)
    return found
