"""One request in the plan: orders against the numbers, what it is tied to, and what it has to wait for."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request, Response

from board.plan_view import chosen_expert
from portfolio import capacity, fitting, learning_requests, overrides
from portfolio.fitting import Line, NotPlannable, Outlook, Terms
from portfolio.models import LearningRequest, Override, Person
from portfolio.overrides import Bond, OverrideRefused, Priced
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_day, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/plan")


@dataclass(frozen=True)
class RequestPage:
    """One request in the plan, and what can be said about it."""

    request: LearningRequest
    line: Line | None
    order: Override | None
    bonds: list[Bond]
    prices: dict[str, Priced]
    others: list[tuple[int, str]]
    experts: list[Person]
    typed: Fields
    errors: Errors = field(default_factory=Errors)
    kinds: dict[str, str] = field(default_factory=lambda: overrides.KINDS)
    bond_kinds: dict[str, str] = field(default_factory=lambda: overrides.BONDS)

    @property
    def expert_options(self) -> list[tuple[int, str]]:
        return [(one.id, one.display_name) for one in self.experts]


@router.get("/requests/{number:int}")
def show_request(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    return page(request, "plan/request.html", _request_page(session, _find(session, number), now=now))


@router.post("/requests/{number:int}/override")
def override(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """An order against the numbers; or, with `what` "end", the end of it."""
    found = _find(session, number)
    if fields["what"] == "end":
        overrides.end_override(session, found, by=manager, at=now)
        return see_other(f"/plan/requests/{number}")
    errors = Errors()
    reason = some_text(fields, "reason", errors, longest=300)
    if not errors:
        try:
            overrides.override(session, found, fields["kind"], reason=reason, by=manager, at=now)
            return see_other(f"/plan/requests/{number}")
        except OverrideRefused as refused:
            errors[refused.field] = str(refused)
    return _request_again(request, session, found, fields, errors, now)


@router.post("/requests/{number:int}/ties")
def tie(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    found = _find(session, number)
    errors = Errors()
    other_number = some_whole(fields, "other", errors)
    other = learning_requests.find(session, other_number or 0)
    if other is None:
        errors.setdefault("other", "Please choose another request.")
    if not errors and other is not None:
        try:
            overrides.tie(session, found, other, fields["bond"], by=manager, at=now)
            return see_other(f"/plan/requests/{number}")
        except OverrideRefused as refused:
            errors[refused.field] = str(refused)
    return _request_again(request, session, found, fields, errors, now)


@router.post("/ties/{number:int}/removal")
def untie(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, fields: FormDep) -> Response:
    found = there(overrides.find_tie(session, number))
    back = fields["back"] if fields["back"].isdecimal() else str(found.learning_request_id)
    overrides.untie(session, found, by=manager, at=now)
    return see_other(f"/plan/requests/{back}")


@router.post("/requests/{number:int}/conditions")
def set_conditions(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """The first day work can start, and whose hours it needs."""
    found = _find(session, number)
    errors = Errors()
    day = some_day(fields, "not_before", errors)
    expert = chosen_expert(session, fields["expert"])
    if fields["expert"] and expert is None:
        errors["expert"] = "Please choose one of the options."
    if errors:
        return _request_again(request, session, found, fields, errors, now)
    overrides.set_not_before(session, found, day, by=manager, at=now)
    overrides.set_expert(session, found, expert, by=manager, at=now)
    return see_other(f"/plan/requests/{number}")


def _request_page(
    session: SessionDep,
    found: LearningRequest,
    *,
    now: datetime,
    typed: Fields | None = None,
    errors: Errors | None = None,
) -> RequestPage:
    outlook = None
    try:
        outlook = fitting.look(session, Terms(), now=now)
    except NotPlannable as refused:
        errors = Errors({**(errors or {}), "kind": str(refused)})
    line = next((one for one in outlook.lines if one.id == found.id), None) if outlook else None
    return RequestPage(
        request=found,
        line=line,
        order=overrides.of_request(session, found),
        bonds=overrides.bonds(session, found),
        prices=_prices(session, found, outlook, now),
        others=[(one.id, one.title) for one in (outlook.lines if outlook else ()) if one.id != found.id],
        experts=capacity.experts(session),
        typed=Fields(
            not_before=found.not_before.isoformat() if found.not_before else "",
            expert=str(found.expert_id or ""),
        ).over(typed or Fields()),
        errors=errors or Errors(),
    )


def _prices(
    session: SessionDep, found: LearningRequest, outlook: Outlook | None, now: datetime
) -> dict[str, Priced]:
    """What each order would cost now, where it can be obeyed."""
    prices = {}
    for kind in overrides.KINDS if outlook else ():
        try:
            price = overrides.priced(session, found, kind, at=now, outlook=outlook)
        except OverrideRefused:
            continue
        if price is not None:
            prices[kind] = price
    return prices


def _request_again(
    request: Request,
    session: SessionDep,
    found: LearningRequest,
    fields: Fields,
    errors: Errors,
    now: datetime,
) -> Response:
    number = found.id
    session.rollback()
    view = _request_page(session, _find(session, number), now=now, typed=fields, errors=errors)
    return page(request, "plan/request.html", view, 422)


def _find(session: SessionDep, number: int) -> LearningRequest:
    return there(learning_requests.find(session, number))
