"""The burn-up of an iteration: what it holds and what is done, day by day, and when the first changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from portfolio.iteration_course import Course
from portfolio.iteration_days import ScopeChange, Standing
from portfolio.states import IterationStatus

WIDTH, HEIGHT = 640, 236
LEFT, RIGHT, TOP, LOW = 34.0, 524.0, 18.0, 192.0
Scale = Callable[[float], float]
APART = 25.0
"""Labels at the right keep this distance, so that they can be read on a phone too."""


@dataclass(frozen=True)
class Mark:
    """A change of scope on the upper line."""

    x: float
    y: float
    came_in: bool


@dataclass(frozen=True)
class Label:
    """Words at the right end of a line."""

    y: float
    words: str
    look: str


@dataclass(frozen=True)
class Row:
    """A day of the table behind the picture. `is_now`: the day isn't over."""

    on: date
    standing: Standing
    changes: tuple[ScopeChange, ...]
    is_now: bool = False


@dataclass(frozen=True)
class BurnUp:
    """Points in picture units; y grows downwards."""

    held: str
    done: str
    committed: float | None
    today: float | None
    band: tuple[float, float] | None
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    most: int
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    low: float = LOW


def draw(course: Course, zone: ZoneInfo) -> BurnUp | None:
    """The picture of a started iteration, in cards; None before it starts."""
    one, now = course.iteration, course.standing
    if one.status is IterationStatus.PLANNED or not (course.days or now.cards):
        return None
    is_open = one.status is IterationStatus.OPEN
    rows = _rows(course, zone, is_open=is_open)
    last = max(one.ends_on, *(row.on for row in rows))
    span = max(1, (last - one.starts_on).days + 1)
    most = max(course.committed, now.cards, *(row.standing.cards for row in rows), 1)

    def x(days: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(max(days / span, 0.0), 1.0), 1)

    def y(value: float) -> float:
        return round(LOW - (LOW - TOP) * value / most, 1)

    def end_of(on: date) -> float:
        return float((on - one.starts_on).days + 1)

    ends = [end_of(row.on) - (0.5 if row.is_now else 0.0) for row in rows]
    held = [
        (0.0, course.committed),
        *((end, row.standing.cards) for end, row in zip(ends, rows, strict=True)),
    ]
    done = [(0.0, 0), *((end, row.standing.cards_done) for end, row in zip(ends, rows, strict=True))]
    marks = tuple(
        Mark(x(_moment(change.at, one.starts_on, zone)), y(_at(held, _moment(change.at, one.starts_on, zone))), change.came_in)
        for change in course.changes
    )  # fmt: skip
    shown = is_open and course.pace is not None and course.days_left > 0
    band = (y(course.pace.high), y(course.pace.low)) if shown and course.pace else None
    return BurnUp(
        held=_line(held, x, y),
        done=_line(done, x, y),
        committed=y(course.committed),
        today=x(ends[-1]) if is_open and one.starts_on <= course.today <= one.ends_on else None,
        band=band,
        marks=marks,
        labels=_labels(course, y),
        ticks=((LEFT, _day(one.starts_on)), (RIGHT, _day(last))),
        rows=rows,
        most=most,
        words=_words(course),
    )


def _words(course: Course) -> str:
    came = f"{course.came_in or 'none'} came in later"
    went = f"{course.went_out or 'none'} went out"
    return f"Committed to {course.committed}; {came}, {went}."


def _rows(course: Course, zone: ZoneInfo, *, is_open: bool) -> tuple[Row, ...]:
    by_day: dict[date, list[ScopeChange]] = {}
    for change in course.changes:
        by_day.setdefault(change.at.astimezone(zone).date(), []).append(change)
    rows = [Row(day.on, day.standing, tuple(by_day.get(day.on, ()))) for day in course.days]
    if is_open or not rows:
        on = max(course.today, course.iteration.starts_on) if is_open else course.iteration.ends_on
        rows.append(Row(on, course.standing, tuple(by_day.get(on, ())), is_now=is_open))
    return tuple(rows)


def _labels(course: Course, place: Scale) -> tuple[Label, ...]:
    """What the lines are, beside their ends; pushed apart where they would touch."""
    now = course.standing
    found = [
        Label(place(now.cards), f"{now.cards} in it", "held"),
        Label(place(now.cards_done), f"{now.cards_done} done", "done"),
    ]
    if course.committed != now.cards:
        found.append(Label(place(course.committed), f"{course.committed} committed", "committed"))
    found.sort(key=lambda one: one.y)
    placed: list[Label] = []
    for one in found:
        least = placed[-1].y + APART if placed else TOP
        placed.append(Label(max(one.y, least), one.words, one.look))
    over = max(0.0, placed[-1].y - LOW)
    return tuple(Label(round(one.y - over + 4, 1), one.words, one.look) for one in placed)


def _line(points: Sequence[tuple[float, float]], across: Scale, down: Scale) -> str:
    return " ".join(f"{across(days)},{down(value)}" for days, value in points)


def _at(points: Sequence[tuple[float, float]], days: float) -> float:
    """How high the line stands at a moment between its points."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= days <= x1:
            return y0 + (y1 - y0) * ((days - x0) / (x1 - x0) if x1 > x0 else 1.0)
    return points[-1][1]


def _moment(at: datetime, starts_on: date, zone: ZoneInfo) -> float:
    """Days since the start, where people live."""
    local = at.astimezone(zone)
    return (local.date() - starts_on).days + (local - local.replace(hour=0, minute=0)) / timedelta(days=1)


def _day(on: date) -> str:
    return f"{on.day} {on:%b}"
