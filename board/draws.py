"""The working of a score down to its draws."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from portfolio import assessments, evidence, learning_requests
from portfolio.models import Answer, LearningRequest
from portfolio.rules.need import Need
from portfolio.rules.ranges import GRADES, Draws, Range
from portfolio.rules.sampling import Effort, draws_of
from web.clock import NowDep
from web.forms import FormDep
from web.people import ManagerDep
from web.responses import NotFound, by_htmx, see_other, there
from web.session import SessionDep
from web.templating import partial

router = APIRouter()

BARS = 24
WIDTH, HEIGHT = 480.0, 90.0
INPUTS = (
    ("gap", "measure", "Gap, in % of the larger value"),
    ("people", "audience", "People"),
    ("value_per_year", "value_per_year", "Money a year"),
    ("finished_hours", "finished_hours", "Hours of learning"),
    ("expert_hours", "expert_hours", "Experts' hours"),
    ("new_share", "", "To be made anew, in %"),
)
"""The ranges of a need, the question each comes from, and its name."""
IN_PERCENT = {"gap", "new_share"}


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram, as drawn."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Input:
    """One quantity that goes in: its range, None where nobody said; and how it is known, where the manager may say so.

    `grade` is A..E where it was said, `usual` what is taken otherwise; a range stated as one is `own`.
    """

    words: str
    known: Range | None
    question: str = ""
    grade: str = ""
    usual: str = ""
    own: bool = False


@dataclass(frozen=True)
class Part:
    """One part of the effort, in hours, and what it is made of."""

    words: str
    hours: Range
    made_of: str


@dataclass(frozen=True)
class DrawsPage:
    """The draws of one request's leverage by today's rubric, the hours by part, and the ranges they were made from."""

    number: int
    count: int
    leverage: Range
    line: float
    over: float
    most: float
    bars: list[Bar]
    line_at: float | None
    inputs: list[Input]
    parts: list[Part]
    may_grade: bool
    grades: dict[str, str] = field(default_factory=lambda: GRADES)
    width: float = WIDTH
    height: float = HEIGHT


@router.get("/requests/{number:int}/draws")
def show_draws(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    found = there(learning_requests.find(session, number))
    return partial(request, "inbox/_draws.html", _view(session, found, now))


@router.post("/requests/{number:int}/evidence")
def grade(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """How one number is known, which sets how wide it is taken."""
    found = there(learning_requests.find(session, number))
    try:
        evidence.grade(session, found, fields["question"], fields["grade"], by=manager, at=now)
    except evidence.NotGraded:
        raise NotFound from None
    if by_htmx(request):
        session.flush()
        return partial(request, "inbox/_draws.html", _view(session, found, now))
    return see_other(f"/requests/{number}#score")


def _view(session: SessionDep, found: LearningRequest, now: datetime) -> DrawsPage:
    rubric = assessments.current_rubric(session)
    answers, need = assessments.known(session, {found.id: found.goal_id}, rubric, today=now.date())[found.id]
    drawn = draws_of(need, rubric)
    leverage = drawn.leverage
    line = assessments.line(session, rubric)
    most = float(np.quantile(leverage, 0.99)) or 1.0
    counts, _ = np.histogram(leverage, bins=BARS, range=(0.0, most))
    return DrawsPage(
        number=found.id,
        count=len(leverage),
        leverage=Range.of(leverage),
        line=line,
        over=float((leverage >= line).mean()),
        most=most,
        bars=_bars([int(count) for count in counts]),
        line_at=round(WIDTH * line / most, 1) if line < most else None,
        inputs=_inputs(need, answers, found),
        parts=_parts(drawn.effort),
        may_grade=found.is_open,
    )


def _bars(counts: list[int]) -> list[Bar]:
    wide, tallest = WIDTH / BARS, max(counts) or 1
    heights = [HEIGHT * count / tallest for count in counts]
    return [
        Bar(round(at * wide, 1), round(HEIGHT - high, 1), round(wide - 1, 1), round(high, 1))
        for at, high in enumerate(heights)
    ]


def _inputs(need: Need, answers: dict[str, Any], found: LearningRequest) -> list[Input]:
    said = {answer.question: answer for answer in found.answers}
    return [
        _input(words, _shown(name, getattr(need, name)), said.get(question), answers)
        for name, question, words in INPUTS
    ]


def _input(words: str, known: Range | None, answer: Answer | None, answers: dict[str, Any]) -> Input:
    if known is None or answer is None or answer.question not in assessments.USUAL_GRADES:
        return Input(words, known)
    return Input(
        words,
        known,
        question=answer.question,
        grade=answer.grade or "",
        usual=assessments.USUAL_GRADES[answer.question],
        own=_is_a_range(answers.get(answer.question)),
    )


def _is_a_range(value: Any) -> bool:
    amount = value.get("count") if isinstance(value, dict) and "count" in value else value
    return isinstance(amount, dict) and "low" in amount


def _shown(name: str, known: Range | None) -> Range | None:
    if known is None or name not in IN_PERCENT:
        return known
    return Range(100 * known.low, 100 * known.likely, 100 * known.high)


def _parts(effort: Effort) -> list[Part]:
    def words(draws: Draws) -> str:
        return f"{Range.of(draws).likely:.3g}"

    made_of = (
        f"about {words(effort.finished_hours)} hours of learning, {words(effort.ratio)} hours of work for each, "
        f"{round(100 * Range.of(effort.new_share).likely)} % of it to be made anew"
    )
    return [
        Part("Development", Range.of(effort.development), made_of),
        Part("Coordination", Range.of(effort.coordination), "talking, inviting, arranging"),
        Part(
            "Delivery", Range.of(effort.delivery), "hours in the room; none where people learn by themselves"
        ),
        Part(
            "Your hours",
            Range.of(effort.manager),
            "all of the above; the middles of parts don't add up exactly",
        ),
        Part("Experts", Range.of(effort.expert), "theirs, not yours"),
    ]
