"""The small asks of the day: written down by one key from anywhere, and what they take of a week."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from portfolio import capacity, organisation
from portfolio.capacity import Load, NotCounted, WeekOfAsks
from portfolio.models import Interrupt
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page
from web.wording import minutes as minutes_words

router = APIRouter()

LISTED = 60
USUAL = ((1, 5), (2, 15), (3, 30), (4, 60))
"""The key, and the minutes it stands for."""


@dataclass
class Interrupts:
    """What was written down lately, what each week took, and what that leaves."""

    latest: list[Interrupt]
    weeks: list[WeekOfAsks]
    load: Load
    hours_per_week: float
    typed: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    usual: tuple[tuple[int, int], ...] = USUAL

    @property
    def full_weeks(self) -> list[WeekOfAsks]:
        """Those that are over."""
        return self.weeks[1:]

    @cached_property
    def most(self) -> float:
        return max((week.hours for week in self.weeks), default=0.0)

    @cached_property
    def least_in_a_week(self) -> float:
        return min((week.hours for week in self.full_weeks), default=0.0)

    @cached_property
    def most_in_a_week(self) -> float:
        return max((week.hours for week in self.full_weeks), default=0.0)

    @property
    def share(self) -> float | None:
        """Of the hours a week has for projects."""
        return self.load.hours_per_week / self.hours_per_week if self.hours_per_week else None


def an_interrupt(session: SessionDep, number: int) -> Interrupt:
    return there(capacity.find_interrupt(session, number))


InterruptDep = Annotated[Interrupt, Depends(an_interrupt, scope="function")]


@router.get("/interrupts")
def show(request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep) -> Response:
    return page(request, "interrupts/index.html", _view(session, now))


@router.post("/interrupts")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    """Write one down. The minutes typed count before those chosen."""
    errors = Errors()
    fields["minutes"] = fields["minutes"] or fields["usual"]
    minutes = some_whole(fields, "minutes", errors)
    note = some_text(fields, "what", errors)
    made: Interrupt | None = None
    if not errors:
        try:
            made = capacity.interrupted(session, minutes=minutes or 0, note=note, by=manager, at=now)
        except NotCounted as problem:
            errors["minutes"] = str(problem)
    if _wants_data(request):
        return JSONResponse({"errors": dict(errors)}, 422) if made is None else _told(made)
    if errors:
        return page(request, "interrupts/index.html", _view(session, now, fields, errors), 422)
    return see_other("/interrupts")


@router.post("/interrupts/{number:int}")
def correct(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    found: InterruptDep,
) -> Response:
    errors = Errors()
    name = f"minutes_{found.id}"
    minutes = some_whole(fields, name, errors)
    note = some_text(fields, f"what_{found.id}", errors)
    if not errors:
        try:
            capacity.correct_interrupt(session, found, minutes=minutes or 0, note=note, by=manager, at=now)
        except NotCounted as problem:
            errors[name] = str(problem)
    if errors:
        return page(request, "interrupts/index.html", _view(session, now, fields, errors), 422)
    return see_other("/interrupts")


@router.post("/interrupts/{number:int}/removal")
def remove(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, found: InterruptDep
) -> Response:
    capacity.forget_interrupt(session, found, by=manager, at=now)
    return JSONResponse({"said": "Taken back."}) if _wants_data(request) else see_other("/interrupts")


def _view(
    session: Session, now: NowDep, typed: Fields | None = None, errors: Errors | None = None
) -> Interrupts:
    ours = organisation.current(session)
    return Interrupts(
        latest=capacity.interrupts(session, LISTED),
        weeks=capacity.weeks_of_asks(session, now=now),
        load=capacity.load(session, now=now),
        hours_per_week=ours.hours_per_week if ours else 0.0,
        typed=typed or Fields(),
        errors=errors or Errors(),
    )


def _told(made: Interrupt) -> JSONResponse:
    """What the dialog says, and where it can be taken back."""
    said = f"{minutes_words(made.minutes)} written down."
    return JSONResponse({"said": said, "removal": f"/interrupts/{made.id}/removal"}, 201)


def _wants_data(request: Request) -> bool:
    return request.headers.get("accept") == "application/json"
