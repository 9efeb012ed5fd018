"""Success cases: short records by Brinkerhoff's five steps, of those for whom it worked and those for whom it didn't."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response

from portfolio import projects, success_cases
from portfolio.models import Project, SuccessCase
from portfolio.success_cases import STEPS, TEXTS, NotToldYet, StaleCase, Told
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter()


@dataclass(frozen=True)
class Cases:
    """All cases for the manager; for leaders those that were told, with names only where they agreed."""

    told: list[Told]
    under_way: list[SuccessCase]
    may_change: bool
    steps: dict[str, str] = field(default_factory=lambda: {key: name for key, name, _ in STEPS})


@dataclass(frozen=True)
class CasePage:
    """One case: to read, or to write."""

    case: SuccessCase | None
    told: Told | None
    projects: list[Project]
    may_change: bool
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    is_stale: bool = False
    steps: tuple[tuple[str, str, str], ...] = STEPS

    @property
    def action(self) -> str:
        return f"/cases/{self.case.id}" if self.case else "/cases"

    @property
    def place(self) -> int:
        """How far the five steps are, from 0."""
        keys = [key for key, _, _ in self.steps]
        step = self.values["step"]
        return keys.index(step) if step in keys else 0


@router.get("/cases")
def list_cases(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    held = success_cases.listed(session) if person.manages else []
    under_way = [one for one in held if one.step != success_cases.TOLD]
    view = Cases(success_cases.told(session), under_way, person.manages)
    return page(request, "cases/index.html", view)


@router.get("/cases/new")
def new(request: Request, session: SessionDep, _manager: ManagerDep, project: str = "") -> Response:
    values = Fields(
        project=project if project.isascii() and project.isdigit() else "", step="focus", succeeded="yes"
    )
    return page(request, "cases/show.html", _page(session, None, values, may_change=True))


@router.post("/cases")
def begin(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    project = _project(session, fields, errors)
    said = _read(fields, errors)
    if project is not None and not errors:
        try:
            case = success_cases.begin(session, project, **said, by=manager, at=now)
            return see_other(f"/cases/{case.id}?saved=1")
        except NotToldYet as refused:
            errors[refused.field] = str(refused)
    return page(request, "cases/show.html", _page(session, None, fields, errors, may_change=True), 422)


@router.get("/cases/{number:int}")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    case = _find(session, number)
    if not person.manages and case.step != success_cases.TOLD:
        raise NotFound
    view = _page(session, case, _values(case), may_change=person.manages)
    return page(request, "cases/show.html" if person.manages else "cases/told.html", view)


@router.post("/cases/{number:int}")
def change(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    case = _find(session, number)
    errors = Errors()
    said = _read(fields, errors)
    version = fields["version"]
    if not errors:
        try:
            known = int(version) if version.isascii() and version.isdigit() else None
            success_cases.change(session, case, **said, version=known, by=manager, at=now)
            return see_other(f"/cases/{number}?saved=1")
        except NotToldYet as refused:
            errors[refused.field] = str(refused)
        except StaleCase:
            return _conflict(request, session, case, fields)
    return page(request, "cases/show.html", _page(session, case, fields, errors, may_change=True), 422)


@router.post("/cases/{number:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    success_cases.remove(session, _find(session, number), by=manager, at=now)
    return see_other("/cases")


def _conflict(request: Request, session: SessionDep, case: SuccessCase, typed: Fields) -> Response:
    """Two people wrote: what was typed stays in the form, what the other one wrote stands beside it."""
    values = Fields({**typed, "version": str(case.version)})
    view = _page(session, case, values, may_change=True, is_stale=True)
    return page(request, "cases/show.html", view, 409)


def _page(
    session: SessionDep,
    case: SuccessCase | None,
    values: Fields,
    errors: Errors | None = None,
    *,
    may_change: bool,
    is_stale: bool = False,
) -> CasePage:
    return CasePage(
        case,
        success_cases.as_told(case) if case else None,
        projects.listed(session, limit=500) if may_change else [],
        may_change,
        values,
        errors or Errors(),
        is_stale,
    )


def _read(fields: Fields, errors: Errors) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: some_text(fields, name, errors, longest=most) for name, most in TEXTS.items()
    }
    if fields["step"] not in {key for key, _, _ in STEPS}:
        errors["step"] = "Please choose one of these."
    said["step"] = fields["step"]
    said["succeeded"] = fields["succeeded"] != "no"
    said["may_quote"] = fields["may_quote"] == "yes"
    return said


def _project(session: SessionDep, fields: Fields, errors: Errors) -> Project | None:
    number = fields["project"]
    found = projects.find(session, int(number)) if number.isascii() and number.isdigit() else None
    if found is None:
        errors["project"] = "Please choose a project."
    return found


def _find(session: SessionDep, number: int) -> SuccessCase:
    case = success_cases.find(session, number)
    if case is None:
        raise NotFound
    return case


def _values(case: SuccessCase) -> Fields:
    return Fields(
        project=str(case.project_id),
        step=case.step,
        succeeded="yes" if case.succeeded else "no",
        may_quote="yes" if case.may_quote else "",
        version=str(case.version),
        **{name: getattr(case, name) for name in TEXTS},
    )
