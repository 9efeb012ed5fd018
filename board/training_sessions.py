"""The sessions of a project: planned, moved and cancelled on its page."""

from datetime import datetime, time
from typing import Any

from fastapi import APIRouter, Request, Response

from board.projects import find_project, project_page, values_of
from portfolio import organisation, training_sessions
from portfolio.models import Project, TrainingSession
from portfolio.training_sessions import SessionRefused, StaleSession
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/projects/{number:int}/sessions")


@router.post("")
def plan(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    given = _read(session, fields, "new", errors)
    if not errors:
        try:
            training_sessions.plan(session, project, **given, by=manager, at=now)
        except SessionRefused as refused:
            errors[f"new_{refused.field}"] = str(refused)
    return _answer(request, session, project, fields, errors, now)


@router.post("/{session_number:int}")
def change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
    session_number: int,
) -> Response:
    project = find_project(session, number)
    planned = _find(session, project, session_number)
    errors, row = Errors(), f"session_{session_number}"
    given = _read(session, fields, row, errors)
    version = some_whole(fields, "session_version", errors)
    status = 422
    if not errors:
        try:
            training_sessions.change(session, planned, **given, version=version, by=manager, at=now)
        except SessionRefused as refused:
            errors[f"{row}_{refused.field}"] = str(refused)
        except StaleSession as stale:
            status = 409
            errors[f"{row}_title"] = f"{stale} Your words are still here; save again to keep them."
    return _answer(request, session, project, fields, errors, now, status)


@router.post("/{session_number:int}/cancellation")
def cancel(
    session: SessionDep, manager: ManagerDep, now: NowDep, number: int, session_number: int
) -> Response:
    project = find_project(session, number)
    training_sessions.cancel(session, _find(session, project, session_number), by=manager, at=now)
    return see_other(f"/projects/{number}#sessions")


def _find(session: SessionDep, project: Project, number: int) -> TrainingSession:
    return there(training_sessions.find(session, project, number))


def _read(session: SessionDep, fields: Fields, row: str, errors: Errors) -> dict[str, Any]:
    """What the action takes: times as the clock on the wall here shows them."""
    title = need_text(fields, f"{row}_title", errors)
    on = some_day(fields, f"{row}_on", errors)
    if on is None:
        errors.setdefault(f"{row}_on", "Please choose a day.")
    starts, ends = (_time(fields, f"{row}_{name}", errors) for name in ("starts", "ends"))
    place = some_text(fields, f"{row}_place", errors)
    if on is None or starts is None or ends is None:
        return {}
    zone = organisation.zone(organisation.current(session))
    starts_at, ends_at = training_sessions.moments(on, starts, ends, zone)
    return {"title": title, "starts_at": starts_at, "ends_at": ends_at, "place": place}


def _time(fields: Fields, name: str, errors: Errors) -> time | None:
    try:
        return time.fromisoformat(fields[name].strip())
    except ValueError:
        errors[name] = "Please give a time such as 14:30."
        return None


def _answer(
    request: Request,
    session: SessionDep,
    project: Project,
    fields: Fields,
    errors: Errors,
    now: datetime,
    status: int = 422,
) -> Response:
    if not errors:
        return see_other(f"/projects/{project.number}#sessions")
    session.rollback()
    project = find_project(session, project.id)
    view = project_page(session, project, values_of(project).over(fields), errors, now, may_change=True)
    return page(request, "projects/show.html", view, status)
