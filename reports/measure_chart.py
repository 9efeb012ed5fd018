"""A measure over time: what was read before (open) and after (filled), the comparison group beside it (squares), as one small SVG."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10

from markupsafe import Markup

from reports import words

WIDTH, HEIGHT = 640, 250
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 34
ROOM_FOR_WANTED = 88
TICKS = 4
MOST_POINTS = 250
MONTH, YEAR = len("2026-11"), len("2026")


@dataclass(frozen=True)
class Point:
    """One day's value."""

    on: date
    value: float
    after: bool
    comparison: bool


@dataclass(frozen=True)
class Plane:
    """Where days and values come to lie."""

    first: date
    last: date
    low: float
    high: float
    right: float

    def x(self, on: date) -> float:
        days = max(1, (self.last - self.first).days)
        return LEFT + (on - self.first).days / days * (self.right - LEFT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def drawn(
    points: Sequence[Point], *, cut_on: date | None, target: float | None, unit: str, name: str
) -> Markup:
    """The picture; nothing with fewer than two values. The table behind it says the same."""
    if len(points) < 2:
        return Markup()
    points = thinned(points)
    plane = _plane(points, cut_on, target)
    parts = [*_grid(plane), *_cut(plane, cut_on), *_means(plane, points)]
    if target is not None:
        parts.append(_line(plane, target, plane.first, plane.last, "plot-target"))
        parts.append(_text(plane.right + 6, plane.y(target) + 4, "wanted", "start"))
    parts += [_mark(plane, one) for one in sorted(points, key=lambda one: (not one.comparison, one.on))]
    label = f"{name}{f' in {unit}' if unit else ''}: {len(points)} values from {words.span(plane.first, plane.last)}."
    return Markup(
        '<svg class="plot measure-plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, label, Markup().join(parts))


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Where there are too many days to tell apart, the mean of each month, or of each year."""
    for length in (MONTH, YEAR):
        if len(points) <= MOST_POINTS:
            return points
        cells: dict[tuple[str, bool, bool], list[Point]] = defaultdict(list)
        for one in points:
            cells[one.on.isoformat()[:length], one.after, one.comparison].append(one)
        points = [
            Point(held[0].on, sum(one.value for one in held) / len(held), after, comparison)
            for (_, after, comparison), held in sorted(cells.items())
        ]
    return points


def _plane(points: Sequence[Point], cut_on: date | None, target: float | None) -> Plane:
    days = [one.on for one in points]
    first, last = min(days), max(days)
    values = [one.value for one in points] + ([target] if target is not None else [])
    low, high = min(values), max(values)
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    step = nice_step((high - low + 2 * room) / TICKS)
    bottom = low if low == 0 else floor((low - room) / step) * step
    top = bottom + step * max(1, -int(-(high + room - bottom) // step))
    right = WIDTH - (RIGHT if target is None else ROOM_FOR_WANTED)
    return Plane(first, max(last, cut_on or last), bottom, top, right)


def nice_step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    size = 10.0 ** floor(log10(rough))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)


def _grid(plane: Plane) -> list[Markup]:
    step = nice_step((plane.high - plane.low) / TICKS)
    parts: list[Markup] = []
    value = plane.low
    while value <= plane.high + step / 1000:
        parts.append(_line(plane, value, plane.first, plane.last, "plot-grid"))
        parts.append(_text(LEFT - 8, plane.y(value) + 4, words.number(value, 2), "end"))
        value += step
    parts.append(_text(LEFT, HEIGHT - 8, words.short_day(plane.first.isoformat()), "start"))
    parts.append(_text(plane.right, HEIGHT - 8, words.short_day(plane.last.isoformat()), "end"))
    return parts


def _cut(plane: Plane, cut_on: date | None) -> list[Markup]:
    if cut_on is None or not plane.first < cut_on <= plane.last:
        return []
    x = plane.x(cut_on)
    anchor = "end" if x > WIDTH / 2 else "start"
    line = Markup('<line class="plot-mark" x1="{x:.1f}" x2="{x:.1f}" y1="{}" y2="{}"/>').format(
        TOP - 6, HEIGHT - BOTTOM, x=x
    )
    return [line, _text(x + (-6 if anchor == "end" else 6), HEIGHT - BOTTOM - 6, "people met it", anchor)]


def _means(plane: Plane, points: Sequence[Point]) -> list[Markup]:
    """A short line at the mean of each side, where it has several values."""
    parts = []
    for after in (False, True):
        for comparison in (False, True):
            side = [one for one in points if (one.after, one.comparison) == (after, comparison)]
            if len(side) > 1:
                mean = sum(one.value for one in side) / len(side)
                kind = "plot-mean other" if comparison else "plot-mean"
                parts.append(_line(plane, mean, side_first(side), max(one.on for one in side), kind))
    return parts


def side_first(side: Sequence[Point]) -> date:
    return min(one.on for one in side)


def _mark(plane: Plane, point: Point) -> Markup:
    kind = f"plot-{'after' if point.after else 'before'}{' other' if point.comparison else ''}"
    x, y = plane.x(point.on), plane.y(point.value)
    said = f"{words.day(point.on)}: {words.number(point.value, 2)}"
    return _shape(x, y, kind, said, square=point.comparison)


def _shape(x: float, y: float, kind: str, said: str, *, square: bool) -> Markup:
    title = Markup("<title>{}</title>").format(said) if said else Markup()
    if square:
        return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="8" height="8">{}</rect>').format(
            kind, x - 4, y - 4, title
        )
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4.5">{}</circle>').format(kind, x, y, title)


def key_of(points: Sequence[Point]) -> list[tuple[str, str]]:
    """What the marks mean, each as its class and its words; only those that are there."""
    there = {(one.comparison, one.after) for one in points}
    named = (
        (False, False, "plot-before", "before"), (False, True, "plot-after", "after"),
        (True, False, "plot-before other", "comparison group before"), (True, True, "plot-after other", "comparison group after"),
    )  # fmt: skip
    return [(kind, name) for comparison, after, kind, name in named if (comparison, after) in there]


def _line(plane: Plane, value: float, first: date, last: date, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
        kind, plane.x(first), plane.x(last), y=plane.y(value)
    )


def _text(x: float, y: float, said: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, said)
