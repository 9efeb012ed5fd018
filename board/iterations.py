"""Iterations: plan the next, open it, close it with a review."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from portfolio import cards, iterations, organisation
from portfolio.iterations import IterationRefused
from portfolio.models import Card, Iteration, Snapshot
from portfolio.states import ColumnKind, IterationStatus
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, FormListDep, some_day, some_number, some_text
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter()


@dataclass(frozen=True)
class Iterations:
    listed: list[Iteration]
    values: Fields
    may_change: bool
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class BurnUp:
    """The picture of an iteration: points (x, y) of hours held and hours done, day by day, in picture units."""

    held: str
    done: str
    days: list[tuple[float, str]]
    most: float
    rows: list[Snapshot]
    width: int = 640
    height: int = 200


@dataclass(frozen=True)
class IterationPage:
    iteration: Iteration
    cards: list[Card]
    candidates: list[Card]
    hours: float
    hours_done: float
    burn_up: BurnUp | None
    may_change: bool
    values: Fields
    record: dict[str, Any] | None
    errors: Errors = field(default_factory=Errors)

    @property
    def done(self) -> list[Card]:
        return [card for card in self.cards if card.column.kind is ColumnKind.DONE]


@router.get("/iterations")
def list_iterations(request: Request, session: SessionDep, person: LeaderDep, now: NowDep) -> Response:
    view = Iterations(iterations.listed(session), _suggested(session, now.date()), person.manages)
    return page(request, "iterations/index.html", view)


@router.post("/iterations")
def plan(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    starts = some_day(fields, "starts_on", errors)
    ends = some_day(fields, "ends_on", errors)
    capacity = some_number(fields, "capacity_hours", errors, most=10_000)
    goal = some_text(fields, "goal", errors, longest=500)
    if starts is None or ends is None:
        errors.setdefault("starts_on" if starts is None else "ends_on", "Please give a date.")
    elif not timedelta(0) <= ends - starts <= timedelta(days=60):
        errors["ends_on"] = "An iteration ends after it starts, within 60 days."
    if errors or starts is None or ends is None:
        view = Iterations(iterations.listed(session), fields, may_change=True, errors=errors)
        return page(request, "iterations/index.html", view, 422)
    planned = iterations.plan(
        session, starts_on=starts, ends_on=ends, capacity_hours=capacity or 0, goal=goal, by=manager, at=now
    )
    return see_other(f"/iterations/{planned.number}")


@router.get("/iterations/{number}")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    iteration = _find(session, number)
    return page(
        request, "iterations/show.html", _iteration_page(session, iteration, may_change=person.manages)
    )


@router.post("/iterations/{number}/cards")
def choose_cards(
    session: SessionDep, manager: ManagerDep, now: NowDep, form: FormListDep, number: int
) -> Response:
    """The ticked cards are in; those shown and not ticked are out."""
    iteration = _find(session, number)
    if iteration.status is IterationStatus.CLOSED:
        return see_other(f"/iterations/{number}")
    ticked = {int(str(value)) for value in form.getlist("card") if str(value).isdigit()}
    for card in cards.of_iteration(session, iteration):
        if card.id not in ticked and card.column.kind is not ColumnKind.DONE:
            cards.take_into(session, card, None, by=manager, at=now)
    for card in cards.open_without_iteration(session, limit=500):
        if card.id in ticked:
            cards.take_into(session, card, iteration, by=manager, at=now)
    return see_other(f"/iterations/{number}")


@router.post("/iterations/{number}/opening")
def start(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    iteration = _find(session, number)
    try:
        iterations.start(session, iteration, by=manager, at=now)
    except IterationRefused as refused:
        view = _iteration_page(session, iteration, may_change=True, errors=Errors(opening=str(refused)))
        return page(request, "iterations/show.html", view, 422)
    return see_other(f"/iterations/{number}")


@router.post("/iterations/{number}/closure")
def close(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    iteration = _find(session, number)
    errors = Errors()
    words = {
        name: some_text(fields, name, errors, longest=4000) for name in ("shown", "learned", "next_step")
    }
    if not errors:
        try:
            iterations.close(session, iteration, by=manager, at=now, **words)
        except IterationRefused as refused:
            errors["closing"] = str(refused)
    if errors:
        view = _iteration_page(session, iteration, may_change=True, values=fields, errors=errors)
        return page(request, "iterations/show.html", view, 422)
    return see_other(f"/iterations/{number}")


def _find(session: SessionDep, number: int) -> Iteration:
    iteration = iterations.find(session, number)
    if iteration is None:
        raise NotFound
    return iteration


def _iteration_page(
    session: SessionDep,
    iteration: Iteration,
    *,
    may_change: bool,
    values: Fields | None = None,
    errors: Errors | None = None,
) -> IterationPage:
    held = cards.of_iteration(session, iteration)
    can_plan = may_change and iteration.status is not IterationStatus.CLOSED
    return IterationPage(
        iteration=iteration,
        cards=held,
        candidates=cards.open_without_iteration(session) if can_plan else [],
        hours=sum(card.estimate_hours or 0 for card in held),
        hours_done=sum(card.estimate_hours or 0 for card in held if card.column.kind is ColumnKind.DONE),
        burn_up=draw_burn_up(iteration, iterations.snapshots(session, iteration)),
        may_change=may_change,
        values=values or Fields(),
        record=iteration.record,
        errors=errors or Errors(),
    )


def draw_burn_up(iteration: Iteration, taken: list[Snapshot]) -> BurnUp | None:
    """The burn-up from daily snapshots: by hours, or by cards where nothing is estimated. None under two days."""
    if len(taken) < 2:
        return None
    by_hours = any(one.hours for one in taken)
    held = [one.hours if by_hours else one.cards for one in taken]
    done = [one.hours_done if by_hours else one.cards_done for one in taken]
    most = max([*held, iteration.capacity_hours if by_hours else 0, 1]) * 1.08
    days = max(1, (max(iteration.ends_on, taken[-1].on) - iteration.starts_on).days)

    def x(on: date) -> float:
        return round(44 + 584 * max(0, (on - iteration.starts_on).days) / days, 1)

    def y(value: float) -> float:
        return round(12 + 152 * (1 - value / most), 1)

    def line(values: list[float]) -> str:
        return " ".join(f"{x(one.on)},{y(value)}" for one, value in zip(taken, values, strict=True))

    ticks = [(x(on), f"{on.day} {on:%b}") for on in (iteration.starts_on, iteration.ends_on)]
    return BurnUp(line([float(v) for v in held]), line([float(v) for v in done]), ticks, most, taken)


def _suggested(session: SessionDep, today: date) -> Fields:
    """The next iteration's dates and capacity, as the organisation's calendar would have them."""
    ours = organisation.current(session)
    weeks = ours.iteration_weeks if ours else 2
    starts, ends = iterations.next_dates(session, today, weeks)
    capacity = ours.hours_per_week * weeks if ours else 0
    return Fields(starts_on=starts.isoformat(), ends_on=ends.isoformat(), capacity_hours=f"{capacity:g}")
