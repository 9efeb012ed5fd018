"""Who is asked for what: every expert with their open asks, and how many they may have at a time."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import expert_asks
from portfolio.expert_asks import Carrier
from portfolio.models import Person
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter()

MOST_ASKS = 50


@dataclass(frozen=True)
class Experts:
    carriers: list[Carrier]
    typed: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)


@router.get("/experts")
def show(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    return page(request, "experts/index.html", Experts(expert_asks.carriers(session)))


@router.post("/experts/{number:int}/limit")
def set_limit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    person = there(session.get(Person, number) if 0 < number < 2**31 else None)
    errors = Errors()
    limit = some_whole(fields, f"limit_{number}", errors, most=MOST_ASKS)
    if errors:
        view = Experts(expert_asks.carriers(session), fields, errors)
        return page(request, "experts/index.html", view, 422)
    expert_asks.set_limit(session, person, limit, by=manager, at=now)
    return see_other("/experts")
