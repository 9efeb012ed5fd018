"""When something will be done, over the API. Worked out when asked; nothing is written."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api import shapes
from api.callers import LeaderCaller
from portfolio import cards, forecasts, iterations, learning_requests, projects
from portfolio.forecasts import Ground
from portfolio.models import Base
from portfolio.rules.forecasting import Forecast
from portfolio.submission import Problem
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/forecast", tags=["forecast"])

Asked = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
ONE = "Ask about one thing: ?project=, ?request=, ?card= or ?iteration=."


@router.get("")
def show_forecast(
    session: SessionDep,
    caller: LeaderCaller,
    now: NowDep,
    project: Asked = None,
    request: Asked = None,
    card: Asked = None,
    iteration: Asked = None,
) -> dict[str, Any]:
    """The days by which one project, waiting request, card or iteration is done with 50, 85 and 95 %, what that rests on, and how.

    A day is null where it lies beyond five years, or where nothing was finished yet. Requests are the manager's to ask about.
    """
    wanted = {"project": project, "request": request, "card": card, "iteration": iteration}
    asked = {name: number for name, number in wanted.items() if number is not None}
    if len(asked) != 1:
        raise ProblemFound(422, errors=[Problem(("query",), ONE)])
    name, number = next(iter(asked.items()))
    if name == "request" and not caller.manages:
        raise ProblemFound(404)
    subject = _find(session, name, number)
    on = forecasts.ground(session, now=now)
    return shapes.forecast(name, number, _forecast(session, name, subject, on), on.history)


def _find(session: SessionDep, name: str, number: int) -> Base:
    find = {
        "project": projects.find,
        "request": learning_requests.find,
        "card": cards.find,
        "iteration": iterations.find,
    }[name]
    found: Base | None = find(session, number)
    if found is None:
        raise ProblemFound(404)
    return found


def _forecast(session: SessionDep, name: str, subject: Any, on: Ground) -> Forecast:
    if name == "project":
        return forecasts.for_project(session, subject, now=on.now, on=on)
    if name == "request":
        return forecasts.for_request(session, subject, now=on.now, on=on)
    if name == "card":
        return forecasts.for_card(session, subject, now=on.now, on=on)
    return forecasts.for_iteration(session, subject, now=on.now, on=on)
