"""The report builder: begin from an audience, then sections on and off, their order and words, when it comes and for whom."""

from typing import Any

from fastapi import APIRouter, Request, Response

from portfolio import goals, organisation, projects, report_designs
from portfolio.models import Person, Report
from portfolio.report_designs import DesignRefused, DesignStale
from portfolio.rules.report_sections import ALWAYS, BY_AUDIENCE, BY_KEY, tidied
from reports import forms, view
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, FormListDep, some_text
from web.people import LeaderDep, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/reports/designs")

SAVED = {"begun": "It is begun. Change what you like, then save.", "kept": "Kept."}


@router.get("/new")
def begin_page(request: Request, session: SessionDep, _manager: ManagerDep, audience: str = "") -> Response:
    values = Fields(audience=audience if audience in BY_AUDIENCE else "leadership")
    return page(request, "designs/new.html", _new(session, values))


@router.post("")
def begin(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    name = some_text(fields, "name", errors, longest=120)
    goal = _of(goals.listed(session), fields["goal"], "goal", errors)
    project = _of(projects.listed(session), fields["project"], "project", errors)
    if not errors:
        try:
            made = report_designs.begin(
                session,
                audience=fields["audience"],
                name=name,
                goal=goal,
                project=project,
                by=manager,
                at=now,
            )
            return see_other(f"/reports/designs/{made.id}?saved=begun")
        except DesignRefused as problem:
            errors[problem.field] = str(problem)
    return page(request, "designs/new.html", _new(session, fields, errors), 422)


@router.get("/{number:int}")
def show(
    request: Request, session: SessionDep, person: LeaderDep, number: int, saved: str = "", moved: str = ""
) -> Response:
    report = _find(session, number)
    seen = _builder(
        session,
        report,
        person,
        saved=SAVED.get(saved, ""),
        moved=moved if moved in BY_KEY else "",
        values=_values(report),
        lines=_lines(report.sections),
        quiet=report.quiet_days or (),
    )
    return page(request, "designs/show.html", seen)


@router.post("/{number:int}")
def change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    form: FormListDep,
    number: int,
) -> Response:
    """Keep all that the form says; a button that moves a section up or down keeps the rest as well."""
    report = _find(session, number)
    wishes, fields, errors = forms.read_design(form)
    _of(goals.listed(session), fields["goal"], "goal", errors, also=report.goal_id)
    _of(projects.listed(session), fields["project"], "project", errors, also=report.project_id)
    today = now.astimezone(organisation.zone(organisation.current(session))).date()
    stale = False
    if not errors:
        try:
            report_designs.edit(
                session,
                report,
                wishes,
                version=_version(fields),
                today=today,
                by=manager,
                at=now,
            )
        except DesignRefused as problem:
            errors[problem.field] = str(problem)
        except DesignStale:
            stale = True
    if not errors and not stale:
        moved = fields["move"].rpartition(":")[2]
        if moved in BY_KEY:
            return see_other(f"/reports/designs/{number}?moved={moved}#section-{moved}")
        return see_other(f"/reports/designs/{number}?saved=kept")
    return page(
        request,
        "designs/show.html",
        _builder(
            session,
            report,
            manager,
            values=fields,
            errors=errors,
            stale=stale,
            lines=_lines(wishes.sections),
            quiet=wishes.quiet_days,
        ),
        409 if stale else 422,
    )


@router.post("/{number:int}/ending")
def end(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    report_designs.end(session, _find(session, number), by=manager, at=now)
    return see_other("/reports?saved=ended")


def _new(session: SessionDep, values: Fields, errors: Errors | None = None) -> view.NewDesign:
    return view.NewDesign(goals.listed(session), projects.listed(session), values, errors or Errors())


def _builder(
    session: SessionDep,
    report: Report,
    person: Person,
    *,
    values: Fields,
    lines: list[view.Line],
    quiet: Any,
    errors: Errors | None = None,
    saved: str = "",
    moved: str = "",
    stale: bool = False,
) -> view.Builder:
    return view.Builder(
        report=report,
        lines=lines,
        goals=_with(goals.listed(session), goals.find(session, report.goal_id or 0)),
        projects=_with(projects.listed(session), projects.find(session, report.project_id or 0)),
        editions=report_designs.editions_of(session, report),
        version=report.version,
        may_change=person.manages and report.ended_at is None,
        quiet_weekdays=frozenset(one for one in quiet if isinstance(one, int)),
        moved=moved,
        saved=saved,
        stale=stale,
        values=values,
        errors=errors or Errors(),
    )


def _with(found: list[Any], chosen: Any) -> list[Any]:
    """What may be chosen, with what was chosen though it is over by now."""
    return found if chosen is None or chosen in found else [*found, chosen]


def _lines(sections: Any) -> list[view.Line]:
    """All sections in their order, with title and words as they were typed, also where that is too much."""
    typed = {one["key"]: one for one in sections}
    return [
        view.Line(
            BY_KEY[one["key"]],
            one["on"],
            typed.get(one["key"], one)["title"],
            typed.get(one["key"], one)["words"],
            must=one["key"] in ALWAYS,
        )
        for one in tidied(sections)
    ]


def _values(report: Report) -> Fields:
    quiet = report.quiet_days or []
    return Fields(
        name=report.name,
        rhythm=report.rhythm,
        rolling_days=str(report.rolling_days or ""),
        recipients="\n".join(report.recipients.split()),
        quiet_dates="\n".join(one for one in quiet if isinstance(one, str)),
        goal=str(report.goal_id or ""),
        project=str(report.project_id or ""),
    )


def _of(found: list[Any], typed: str, name: str, errors: Errors, also: int | None = None) -> Any:
    """The one chosen. One that has gone from the list may stay where it stood before (`also`)."""
    chosen = next((one for one in found if str(one.id) == typed), None)
    if typed and chosen is None and typed != str(also or ""):
        errors[name] = "Please choose one of these."
    return chosen


def _version(fields: Fields) -> int:
    return int(fields["version"]) if fields["version"].isascii() and fields["version"].isdigit() else 0


def _find(session: SessionDep, number: int) -> Report:
    return there(report_designs.find(session, number))
