"""What projects cost: lines written down by hand, and what an hour costs."""

from dataclasses import dataclass, field
from datetime import date

from fastapi import APIRouter, Request, Response

from portfolio import costs, organisation
from portfolio.costs import DEAREST_HOUR, CostRefused, Rates
from portfolio.models import Cost, Project
from portfolio.rules.money import CostKind
from portfolio.states import EvidenceGrade
from reports.proof import find_project, refused_page
from reports.proof_view import KINDS, RatesPage
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_day, some_number, some_text
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import here, page

router = APIRouter()


@dataclass(frozen=True)
class Typed:
    """A cost as it was typed."""

    kind: CostKind
    amount: float | None
    hours: float | None
    rate: float | None
    note: str
    on: date


@dataclass(frozen=True)
class CostPage:
    """One cost, to be changed."""

    project: Project
    cost: Cost
    currency: str
    values: Fields
    errors: Errors = field(default_factory=Errors)
    kinds: tuple[tuple[str, str], ...] = KINDS


@router.post("/projects/{number:int}/costs")
def add(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    typed = _read(session, fields, errors, here(request).today)
    if typed is not None:
        try:
            costs.add(session, project, **vars(typed), by=manager, at=now)
        except CostRefused as refused:
            errors[refused.field] = str(refused)
    if errors:
        return refused_page(request, session, project, manager, fields, errors)
    return see_other(f"/projects/{number}/proof#costs")


@router.get("/projects/{number:int}/costs/{cost:int}")
def edit(request: Request, session: SessionDep, _manager: ManagerDep, number: int, cost: int) -> Response:
    project = find_project(session, number)
    found = _find(session, project, cost)
    return page(request, "costs/show.html", _page(session, project, found, _values(found)))


@router.post("/projects/{number:int}/costs/{cost:int}")
def change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
    cost: int,
) -> Response:
    project = find_project(session, number)
    found = _find(session, project, cost)
    errors = Errors()
    typed = _read(session, fields, errors, found.spent_on)
    if typed is not None:
        try:
            costs.change(session, project, found, **vars(typed), by=manager, at=now)
        except CostRefused as refused:
            errors[refused.field] = str(refused)
    if errors:
        return page(request, "costs/show.html", _page(session, project, found, fields, errors), 422)
    return see_other(f"/projects/{number}/proof#costs")


@router.post("/projects/{number:int}/costs/{cost:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, cost: int) -> Response:
    project = find_project(session, number)
    costs.remove(session, project, _find(session, project, cost), by=manager, at=now)
    return see_other(f"/projects/{number}/proof#costs")


@router.get("/settings/rates")
def rates(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "costs/rates.html", _rates_page(session, saved=bool(saved)))


@router.post("/settings/rates")
def set_rates(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    typed = Rates(
        some_number(fields, "manager", errors, most=DEAREST_HOUR),
        some_number(fields, "expert", errors, most=DEAREST_HOUR),
        some_number(fields, "participant", errors, most=DEAREST_HOUR),
        some_number(fields, "overhead", errors, most=500) or 0.0,
    )
    least = fields["least_grade"]
    if least not in set(EvidenceGrade) - {EvidenceGrade.NONE}:
        errors["least_grade"] = "Please choose one of these."
    ours = organisation.current(session)
    if ours is None:
        raise NotFound
    if errors:
        return page(request, "costs/rates.html", _rates_page(session, fields, errors), 422)
    costs.set_rates(session, ours, typed, least=EvidenceGrade(least), by=manager, at=now)
    return see_other("/settings/rates?saved=1")


def _read(session: SessionDep, fields: Fields, errors: Errors, today: date) -> Typed | None:
    """What was typed. Hours without what one costs take the rate of their kind, where it was set."""
    kind = fields["kind"]
    if kind not in set(CostKind):
        errors["kind"] = "Please choose one of these."
    hours = some_number(fields, "hours", errors, most=1e6)
    rate = some_number(fields, "rate", errors, most=DEAREST_HOUR)
    amount = some_number(fields, "amount", errors)
    note = some_text(fields, "note", errors)
    on = some_day(fields, "spent_on", errors) or today
    if hours is not None and rate is None and amount is None and not errors:
        rate = Rates.of(organisation.current(session)).usual(CostKind(kind))
        if rate is None:
            errors["rate"] = "Please say what an hour costs, or set it once under settings."
    if errors:
        return None
    return Typed(CostKind(kind), amount, hours, rate, note, on)


def _find(session: SessionDep, project: Project, number: int) -> Cost:
    cost = costs.find(session, project, number)
    if cost is None:
        raise NotFound
    return cost


def _page(
    session: SessionDep, project: Project, cost: Cost, values: Fields, errors: Errors | None = None
) -> CostPage:
    ours = organisation.current(session)
    return CostPage(project, cost, ours.currency if ours else "", values, errors or Errors())


def _values(cost: Cost) -> Fields:
    made_of_hours = cost.hours is not None and cost.rate is not None
    return Fields(
        kind=cost.kind,
        amount="" if made_of_hours else f"{cost.amount:.12g}",
        hours="" if cost.hours is None else f"{cost.hours:g}",
        rate="" if cost.rate is None else f"{cost.rate:.12g}",
        note=cost.note,
        spent_on=cost.spent_on.isoformat(),
    )


def _rates_page(
    session: SessionDep, fields: Fields | None = None, errors: Errors | None = None, *, saved: bool = False
) -> RatesPage:
    ours = organisation.current(session)
    known = Rates.of(ours)
    values = fields or Fields(
        manager=_typed(known.manager),
        expert=_typed(known.expert),
        participant=_typed(known.participant),
        overhead=_typed(known.overhead or None),
        least_grade=(ours.least_grade if ours else EvidenceGrade.ESTIMATE).value,
    )
    return RatesPage(known, ours.currency if ours else "", values, errors or Errors(), saved)


def _typed(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"
