"""Success cases over the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.orm import Session

from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.shapes import moment
from api.versions import IfMatch, version_in
from portfolio import projects, success_cases
from portfolio.models import Person, SuccessCase
from portfolio.submission import Line, Problem, Prose, Strict
from portfolio.success_cases import TEXTS, TOLD, NotToldYet, StaleCase
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/cases", tags=["proof"])

Step = Literal["focus", "model", "search", "interview", "told"]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CaseGiven(Strict):
    """What is known of one person's case; what is left out stays. `may_quote`: they agreed to be named and quoted."""

    step: Step = "focus"
    succeeded: bool = True
    who: Line(TEXTS["who"]) = ""  # type: ignore[valid-type] # pydantic builds the type at run time
    role: Line(TEXTS["role"]) = ""  # type: ignore[valid-type] # as above
    used: Prose(TEXTS["used"]) = ""  # type: ignore[valid-type] # as above
    result: Prose(TEXTS["result"]) = ""  # type: ignore[valid-type] # as above
    evidence: Prose(TEXTS["evidence"]) = ""  # type: ignore[valid-type] # as above
    barriers: Prose(TEXTS["barriers"]) = ""  # type: ignore[valid-type] # as above
    helped: Prose(TEXTS["helped"]) = ""  # type: ignore[valid-type] # as above
    quote: Prose(TEXTS["quote"]) = ""  # type: ignore[valid-type] # as above
    may_quote: bool = False


class NewCase(CaseGiven):
    project: Id


@router.get("")
def list_cases(
    session: SessionDep,
    caller: LeaderCaller,
    project: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Cases, the newest first. Who doesn't manage reads those that were told, with names and quotes only where people agreed."""
    found = success_cases.listed(
        session,
        project=_project(session, project) if project is not None else None,
        only_told=not caller.manages,
        before=number_cursor(cursor) or None,
        limit=limit + 1,
    )
    following = found[limit - 1].id if len(found) > limit else None
    return listed([_shape(one, caller) for one in found[:limit]], following)


@router.post("", status_code=201)
@takes(NewCase)
def begin(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """Start a case. To be told a success needs what it was used for, its result and what shows it; any other what stood in the way."""
    given = parse(NewCase, once.body)
    project = _project(session, given.project)

    def write() -> tuple[int, dict[str, Any]]:
        with _refusals():
            made = success_cases.begin(
                session, project, **given.model_dump(exclude={"project"}), by=caller, at=now
            )
        return 201, _shape(made, caller)

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, caller: LeaderCaller, number: Number) -> JSONResponse:
    """One case, with its version as ETag."""
    case = _find(session, number)
    if not caller.manages and case.step != TOLD:
        raise ProblemFound(404)
    return _with_version(case, caller)


@router.patch("/{number}")
@takes(CaseGiven)
def change(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    now: NowDep,
    number: Number,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Write more of it down, or take it a step further. With If-Match, only if nobody else did meanwhile (412)."""
    case = _find(session, number)
    said = parse(CaseGiven, body).model_dump(exclude_unset=True)
    with _refusals():
        success_cases.change(session, case, version=version_in(if_match), by=caller, at=now, **said)
    return _with_version(case, caller)


@router.delete("/{number}", status_code=204)
def remove(session: SessionDep, caller: ManagerCaller, now: NowDep, number: Number) -> Response:
    """It is not wanted after all, or the person asked for it."""
    success_cases.remove(session, _find(session, number), by=caller, at=now)
    return Response(status_code=204)


def _with_version(case: SuccessCase, caller: Person) -> JSONResponse:
    return JSONResponse(_shape(case, caller), headers={"ETag": f'"{case.version}"'})


def _shape(case: SuccessCase, caller: Person) -> dict[str, Any]:
    """A case as this caller may read it: for managers all that was written down, for others as it is told."""
    said: Any = case if caller.manages else success_cases.as_told(case)
    known = {
        "id": case.id,
        "project": case.project_id,
        "step": case.step,
        "succeeded": case.succeeded,
        **{name: getattr(said, name) for name in TEXTS},
        "told_on": case.told_on.isoformat() if case.told_on else None,
    }
    if not caller.manages:
        return known
    return {**known, "may_quote": case.may_quote, "added_at": moment(case.added_at), "version": case.version}


def _project(session: Session, number: int) -> Any:
    found = projects.find(session, number)
    if found is None:
        raise ProblemFound(422, errors=[Problem(("project",), "There is no such project.")])
    return found


def _find(session: Session, number: int) -> SuccessCase:
    case = success_cases.find(session, number)
    if case is None:
        raise ProblemFound(404)
    return case


@contextmanager
def _refusals() -> Iterator[None]:
    """What the portfolio refuses, as a caller reads it."""
    try:
        yield
    except StaleCase as stale:
        raise ProblemFound(412) from stale
    except NotToldYet as refused:
        raise ProblemFound(422, errors=[Problem((refused.field,), str(refused))]) from refused
