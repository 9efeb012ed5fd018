"""The backlog: open requests in order of leverage, and the matrix of impact against effort."""

import math
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from portfolio import assessments, backlog, goals
from portfolio.backlog import Page, Wanted
from portfolio.models import Assessment, Goal, LearningRequest
from portfolio.rules.rubric import Rubric
from portfolio.states import OPEN, RequestStatus
from web.forms import Fields, number_of
from web.people import ManagerDep
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

PER_PAGE = 50
IN_MATRIX = 60
SORTS = (("rank", "Leverage"), ("submitted", "Newest"))


@dataclass(frozen=True)
class Dot:
    """One request in the matrix, in picture units: centre and half axes of its middle 80 %."""

    number: int
    title: str
    quadrant: str
    chance: float
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float
    labelled: bool

    @property
    def doubt(self) -> str:
        """The outline of the oval: four quarters of ellipses, since doubt is rarely the same on both sides."""
        across, along = (max(1.0, one) for one in (self.x - self.left, self.right - self.x))
        up, down = (max(1.0, one) for one in (self.y - self.top, self.bottom - self.y))
        quarters = (
            (across, up, self.x, self.y - up),
            (along, up, self.x + along, self.y),
            (along, down, self.x, self.y + down),
            (across, down, self.x - across, self.y),
        )
        arcs = (f"A{wide:.1f} {high:.1f} 0 0 1 {x:.1f} {y:.1f}" for wide, high, x, y in quarters)
        return f"M{self.x - across:.1f} {self.y:.1f}{''.join(arcs)}Z"


@dataclass(frozen=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True)
class Matrix:
    """The picture: dots, the cut lines, and the ticks of both axes (effort is logarithmic)."""

    dots: list[Dot]
    cut_x: float
    cut_y: float
    effort_ticks: list[Tick]
    impact_ticks: list[Tick]
    effort_cut: float
    impact_cut: float
    left_out: int
    width: int = 720
    height: int = 440


@dataclass(frozen=True)
class Backlog:
    lines: list[LearningRequest]
    more: str
    first: int
    total: int
    unscored: int
    typed: Fields
    goals: list[Goal]
    sentence: str
    matrix: Matrix | None = None
    sorts: tuple[tuple[str, str], ...] = SORTS


@router.get("/backlog")
def show_backlog(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    q: str = "",
    goal: str = "",
    sort: str = "rank",
    status: str = "",
) -> Response:
    wanted = _wanted(q, goal, sort, status)
    found = backlog.search(session, wanted)
    total = sum(count for state, count in backlog.counts(session).items() if state in OPEN)
    view = Backlog(
        lines=found.items,
        more=_more(found.next, q, goal, sort, status, PER_PAGE + 1),
        first=1,
        total=total,
        unscored=backlog.unscored_count(session),
        typed=Fields(q=q, goal=goal, sort=wanted.sort, status=status),
        goals=goals.listed(session),
        sentence=_sentence(found.items, total)
        if wanted.sort == "rank" and not (q.strip() or goal or status)
        else _part(found, total),
        matrix=draw_matrix(found.items, total, assessments.current_rubric(session)),
    )
    return page(request, "backlog/index.html", view)


@router.get("/backlog/more")
def show_more(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    after: str,
    first: int = 1,
    q: str = "",
    goal: str = "",
    sort: str = "rank",
    status: str = "",
) -> Response:
    found = backlog.search(session, _wanted(q, goal, sort, status, after))
    more = _more(found.next, q, goal, sort, status, first + PER_PAGE)
    view = Backlog(found.items, more, first, 0, 0, Fields(), [], "")
    return partial(request, "backlog/_lines.html", view)


def draw_matrix(lines: list[LearningRequest], total: int, rubric: Rubric) -> Matrix | None:
    """Place the scored among `lines` in the picture. None when none is scored."""
    scored = [(one, one.assessment) for one in lines if one.assessment is not None][:IN_MATRIX]
    if not scored:
        return None
    most_impact = max(20.0, *(found.impact_high for _, found in scored)) * 1.05
    frame = _Frame(
        least=max(1.0, min(3.0, *(found.manager_hours_low for _, found in scored))),
        most=max(120.0, *(found.manager_hours_high for _, found in scored)) * 1.1,
        most_impact=most_impact,
    )
    return Matrix(
        dots=[_dot(one, found, frame, labelled=place < 8) for place, (one, found) in enumerate(scored)],
        cut_x=frame.x(rubric.effort_cut_hours),
        cut_y=frame.y(rubric.impact_cut_points),
        effort_ticks=[
            Tick(frame.x(hours), f"{hours} h")
            for hours in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
            if frame.least <= hours <= frame.most
        ],
        impact_ticks=[
            Tick(frame.y(points), str(points))
            for points in range(0, int(most_impact) + 1, _step(most_impact))
        ],
        effort_cut=rubric.effort_cut_hours,
        impact_cut=rubric.impact_cut_points,
        left_out=total - len(scored),
    )


@dataclass(frozen=True)
class _Frame:
    """From hours (log) and points to picture units."""

    least: float
    most: float
    most_impact: float
    margin_left: int = 44
    margin_bottom: int = 40
    width: int = 720
    height: int = 440

    def x(self, hours: float) -> float:
        share = math.log(max(hours, self.least) / self.least) / math.log(self.most / self.least)
        return round(self.margin_left + min(1.0, share) * (self.width - self.margin_left - 12), 1)

    def y(self, points: float) -> float:
        room = self.height - self.margin_bottom - 12
        return round(12 + (1 - min(1.0, points / self.most_impact)) * room, 1)


def _dot(one: LearningRequest, found: Assessment, frame: _Frame, *, labelled: bool) -> Dot:
    return Dot(
        number=one.number,
        title=one.title,
        quadrant=found.quadrant,
        chance=found.quadrant_chance,
        x=frame.x(found.manager_hours_likely),
        y=frame.y(found.impact_likely),
        left=frame.x(found.manager_hours_low),
        right=frame.x(found.manager_hours_high),
        top=frame.y(found.impact_high),
        bottom=frame.y(found.impact_low),
        labelled=labelled,
    )


def _step(most: float) -> int:
    return next(step for step in (5, 10, 20, 50, 100) if most / step <= 6 or step == 100)


def _wanted(q: str, goal: str, sort: str, status: str, after: str = "") -> Wanted:
    leverage, _, last = after.partition("_")
    try:
        place = (float(leverage), int(last)) if after else None
    except ValueError:
        place = None
    one = [RequestStatus(status)] if status in set(RequestStatus) else sorted(OPEN)
    return Wanted(
        statuses=one,
        goal=number_of(goal) or None,
        text=q[:200],
        sort=sort if sort in dict(SORTS) else "rank",
        limit=PER_PAGE,
        after=place,
    )


def _more(after: str | None, q: str, goal: str, sort: str, status: str, first: int) -> str:
    from urllib.parse import urlencode

    if after is None:
        return ""
    return "/backlog/more?" + urlencode(
        {"after": after, "first": first, "q": q, "goal": goal, "sort": sort, "status": status}
    )


def _part(found: Page, total: int) -> str:
    """How much of the list is there: no advice comes from a part of it, or from another order."""
    count = "Some" if found.next else str(len(found.items) or "None")
    return f"{count} of {total} open {'request' if total == 1 else 'requests'} shown."


def _sentence(lines: list[LearningRequest], total: int) -> str:
    """What to do next, in a sentence."""
    best = next((one for one in lines if one.assessment is not None), None)
    if best is None or best.assessment is None:
        return "Nothing is ranked yet."
    sure = round(100 * best.assessment.quadrant_chance)
    kind = best.assessment.quadrant.replace("_", " ")
    others = f" It leads {total - 1} others." if total > 1 else ""
    return f"Start with “{best.title}”: a {kind}, {sure} % sure.{others}"
