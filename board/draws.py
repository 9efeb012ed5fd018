"""The working of a score down to its draws."""

from dataclasses import dataclass

import numpy as np
from fastapi import APIRouter, Request, Response

from portfolio import assessments, learning_requests
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.sampling import draws_of
from web.clock import NowDep
from web.people import ManagerDep
from web.responses import NotFound
from web.session import SessionDep
from web.templating import partial

router = APIRouter()

BARS = 24
WIDTH, HEIGHT = 480.0, 90.0
INPUTS = (
    ("gap", "Gap, as a share"),
    ("people", "People"),
    ("value_per_year", "Money a year"),
    ("finished_hours", "Hours of learning"),
    ("expert_hours", "Experts' hours"),
)


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram, as drawn."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class DrawsPage:
    """The draws of one request's leverage by today's rubric, and the ranges they were made from; None where nobody said."""

    number: int
    count: int
    leverage: Range
    line: float
    over: float
    most: float
    bars: list[Bar]
    line_at: float | None
    inputs: list[tuple[str, Range | None]]
    width: float = WIDTH
    height: float = HEIGHT


@router.get("/requests/{number:int}/draws")
def show_draws(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    found = learning_requests.find(session, number)
    if found is None:
        raise NotFound
    rubric = assessments.current_rubric(session)
    need = assessments.needs(session, {number: found.goal_id}, rubric, today=now.date())[number]
    leverage = draws_of(need, rubric).leverage
    line = assessments.line(session, rubric)
    most = float(np.quantile(leverage, 0.99)) or 1.0
    counts, _ = np.histogram(leverage, bins=BARS, range=(0.0, most))
    view = DrawsPage(
        number=number,
        count=len(leverage),
        leverage=Range.of(leverage),
        line=line,
        over=float((leverage >= line).mean()),
        most=most,
        bars=_bars([int(count) for count in counts]),
        line_at=round(WIDTH * line / most, 1) if line < most else None,
        inputs=_inputs(need),
    )
    return partial(request, "inbox/_draws.html", view)


def _bars(counts: list[int]) -> list[Bar]:
    wide, tallest = WIDTH / BARS, max(counts) or 1
    heights = [HEIGHT * count / tallest for count in counts]
    return [
        Bar(round(at * wide, 1), round(HEIGHT - high, 1), round(wide - 1, 1), round(high, 1))
        for at, high in enumerate(heights)
    ]


def _inputs(need: Need) -> list[tuple[str, Range | None]]:
    return [(words, getattr(need, name)) for name, words in INPUTS]
