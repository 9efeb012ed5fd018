"""Charts as small inline SVG, each named for the decision it serves. Figures in, markup out; no data, no chart.

They take their colours from the page by class (see document.css) and say the same in black and white: what is counted as
done is solid, what came in is an outline, a promise is a dashed line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10
from typing import Any

from markupsafe import Markup, escape

from reports import words

WIDTH, HEIGHT = 280, 164
LEFT, RIGHT, TOP, BOTTOM = 26, 4, 26, 22
FEW_TICKS = 4


@dataclass(frozen=True)
class Plane:
    """Where values come to lie: x 0..1 from left to right, y 0..top from the bottom up."""

    top: float
    right: float = WIDTH - RIGHT

    def x(self, share: float) -> float:
        return LEFT + share * (self.right - LEFT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - BOTTOM - TOP)


def keeping_up(figures: dict[str, Any]) -> Markup:
    """Are we keeping up? Requests received (outline) against decided (solid), week by week."""
    received, decided, weeks = figures["received"], figures["decided"], figures["weeks"]
    if not any(received) and not any(decided):
        return Markup()
    plane = Plane(nice_top(max(*received, *decided)))
    parts = [_grid(plane), _weeks(plane, weeks), _key((("received", "open"), ("decided", "solid")))]
    step = 1 / len(weeks)
    for place, (came, went) in enumerate(zip(received, decided, strict=True)):
        middle = plane.x((place + 0.5) * step)
        parts += [_bar(plane, middle, came, 13, "open"), _bar(plane, middle, went, 6, "solid")]
    label = f"Received and decided in {len(weeks)} weeks: {sum(received)} and {sum(decided)} requests."
    return _svg(parts, label)


def pace(figures: dict[str, Any]) -> Markup:
    """Is the pace steady enough to plan by? Cards finished a week, and what 85 % of the weeks reached."""
    counts, weeks, promised = figures["pace"], figures["weeks"], figures["pace_promised"]
    if not any(counts):
        return Markup()
    plane = Plane(nice_top(max(counts)))
    step = 1 / len(weeks)
    parts = [_grid(plane), _weeks(plane, weeks), _key((("cards", "solid"),))]
    parts += [
        _bar(plane, plane.x((place + 0.5) * step), count, 10, "solid") for place, count in enumerate(counts)
    ]
    if promised:
        parts.append(_promise(plane, promised, f"at least {words.number(promised)} in 85 % of weeks"))
    return _svg(parts, f"Cards finished in {len(weeks)} weeks: {sum(counts)}.")


def promise(figures: dict[str, Any]) -> Markup:
    """What can we promise? Days each finished card took, by the day it was finished, with 50 and 85 %."""
    points = figures["points"]
    if not points:
        return Markup()
    days = [point["days"] for point in points]
    on = [date.fromisoformat(point["on"]) for point in points]
    first, length = min(on), max(1, (max(on) - min(on)).days)
    plane = Plane(nice_top(max(*days, 1.0)), right=WIDTH - 40)
    parts = [_grid(plane), _dates(plane, [first, max(on)]), _key((("days each took", "dot"),))]
    spots = {
        (round(plane.x((day - first).days / length)), round(plane.y(took)))
        for day, took in zip(on, days, strict=True)
    }
    parts += [
        Markup('<circle class="chart-dot" cx="{}" cy="{}" r="3.6"/>').format(*spot) for spot in sorted(spots)
    ]
    parts += _percentile_lines(plane, figures)
    return _svg(
        parts, f"{len(points)} finished cards took {words.lasting(min(days))} to {words.lasting(max(days))}."
    )


def interval(result: dict[str, Any]) -> Markup:
    """Did it work? The change with its 95 % interval, against no change and the least worthwhile change."""
    if result["low"] is None:
        return Markup()
    wanted = result["worthwhile"]
    goal = None if wanted is None else wanted if result["higher_is_better"] else -wanted
    marks = [0.0, result["low"], result["high"], *([] if goal is None else [goal])]
    low, high = min(marks), max(marks)
    margin = (high - low or 1.0) * 0.08
    width, height, line = 280, 52, 25

    def x(value: float) -> float:
        place: float = 8 + (value - low + margin) / (high - low + 2 * margin) * (width - 16)
        return place

    parts = [
        Markup('<line class="chart-grid" x1="8" y1="{0}" x2="{1}" y2="{0}"/>').format(line, width - 8),
        _tick(x(0.0), line, "no change", width),
        Markup('<line class="chart-span" x1="{:.1f}" y1="{y}" x2="{:.1f}" y2="{y}"/>').format(
            x(result["low"]), x(result["high"]), y=line
        ),
        Markup('<circle class="chart-dot" cx="{:.1f}" cy="{}" r="5.5"/>').format(x(result["change"]), line),
    ]
    if goal is not None:
        parts.append(_goal(x(goal), line, width))
    label = (
        f"Change {words.number(result['change'], 2)}, 95 % interval {words.number(result['low'], 2)} to "
        f"{words.number(result['high'], 2)} {result['unit']}"
    )
    return _svg(parts, label.strip(), width, height)


def share(part: int, whole: int) -> Markup:
    """A bar for one answer of a distribution."""
    width = 0.0 if not whole else 120 * part / whole
    bar = Markup('<rect class="chart-solid" x="0" y="2" width="{:.1f}" height="9" rx="1.5"/>').format(width)
    return Markup(
        '<svg class="bar" viewBox="0 0 120 13" width="120" height="13" aria-hidden="true">{}</svg>'
    ).format(bar)


def nice_top(highest: float) -> float:
    """The next round number at or above `highest`: 1, 2, 4, 5, 6, 8 or 10 times a power of ten."""
    if highest <= 0:
        return 1.0
    power = float(10 ** floor(log10(max(highest, 1.0))))
    steps = (1, 2, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if highest <= step * power)


def _svg(parts: Sequence[Markup], label: str, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}" '
        'fill="none" font-size="12.5">{inner}</svg>'
    ).format(w=width, h=height, label=label, inner=Markup().join(parts))


def _grid(plane: Plane) -> Markup:
    steps = int(plane.top) if plane.top <= FEW_TICKS else 2
    values = [plane.top * step / steps for step in range(steps + 1)]
    values = [value for value in values if value == int(value)]
    return Markup().join(
        Markup(
            '<line class="chart-grid" x1="{left}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>'
            '<text class="chart-text" x="{at}" y="{low:.1f}" text-anchor="end">{value}</text>'
        ).format(
            left=LEFT,
            right=plane.right,
            y=plane.y(value),
            at=LEFT - 6,
            low=plane.y(value) + 4,
            value=words.number(value),
        )
        for value in values
    )


def _weeks(plane: Plane, weeks: Sequence[str]) -> Markup:
    days = [date.fromisoformat(week) for week in weeks]
    step = 1 / len(days)
    shown = {0: "start", len(days) // 2: "middle", len(days) - 1: "end"}
    shift = {"start": 0.1, "middle": 0.5, "end": 0.9}
    return Markup().join(
        _below(plane.x((place + shift[anchor]) * step), days[place], anchor)
        for place, anchor in shown.items()
    )


def _dates(plane: Plane, days: Sequence[date]) -> Markup:
    if days[0] == days[-1]:
        return _below(plane.x(0), days[0], "start")
    return _below(plane.x(0), days[0], "start") + _below(plane.x(1), days[-1], "end")


def _below(x: float, day: date, anchor: str) -> Markup:
    return Markup('<text class="chart-text" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
        x, HEIGHT - 5, anchor, f"{day.day} {day:%b}"
    )


def _bar(plane: Plane, middle: float, value: float, width: float, look: str) -> Markup:
    if not value:
        return Markup()
    return Markup('<rect class="chart-{}" x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" rx="1"/>').format(
        look, middle - width / 2, plane.y(value), width, plane.y(0) - plane.y(value)
    )


def _promise(plane: Plane, value: float, said: str) -> Markup:
    return Markup(
        '<line class="chart-promise" x1="{left}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke-dasharray="5 4"/>'
        '<text class="chart-strong" x="{right:.1f}" y="13" text-anchor="end">{said}</text>'
    ).format(left=LEFT, right=plane.right, y=plane.y(value), said=said)


def _percentile_lines(plane: Plane, figures: dict[str, Any]) -> list[Markup]:
    """A dashed line a percentile; labels move apart where the lines are close."""
    found = [
        (percent, figures[f"p{percent}"]) for percent in (85, 50) if figures.get(f"p{percent}") is not None
    ]
    lines, last = [], -1e9
    for percent, value in found:
        y = plane.y(value)
        label = last = max(y + 4, last + 14)
        lines.append(
            Markup(
                '<line class="chart-promise" x1="{left}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke-dasharray="5 4"/>'
                '<text class="chart-strong" x="{at:.1f}" y="{low:.1f}">{percent} %</text>'
            ).format(
                left=LEFT,
                right=plane.right,
                y=y,
                low=label,
                percent=percent,
                at=plane.right + 7,
            )
        )
    return lines


def _key(entries: Sequence[tuple[str, str]]) -> Markup:
    """What the marks mean, above the plot."""
    parts, x = [], float(LEFT)
    for name, look in entries:
        mark = (
            Markup('<circle class="chart-dot" cx="{:.1f}" cy="9" r="4"/>').format(x + 5)
            if look == "dot"
            else Markup('<rect class="chart-{}" x="{:.1f}" y="4" width="10" height="10" rx="1"/>').format(
                look, x
            )
        )
        parts.append(
            mark + Markup('<text class="chart-text" x="{:.1f}" y="13">{}</text>').format(x + 15, name)
        )
        x += 15 + 6.6 * len(name) + 18
    return Markup().join(parts)


def _tick(x: float, line: float, said: str, width: int) -> Markup:
    return Markup('<line class="chart-axis" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{low}"/>{text}').format(
        x=x, top=line - 9, low=line + 9, text=_said(x, line - 13, said, width, "chart-text")
    )


def _goal(x: float, line: float, width: int) -> Markup:
    return Markup(
        '<line class="chart-promise" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{low}" stroke-dasharray="3 3"/>{text}'
    ).format(
        x=x,
        top=line - 11,
        low=line + 12,
        text=_said(x, line + 24, "worthwhile from here", width, "chart-strong"),
    )


def _said(x: float, y: float, said: str, width: int, look: str) -> Markup:
    """A label centred on x, pushed inwards at the edges."""
    reach = 3.4 * len(said)
    at = min(max(x, reach), width - reach)
    return Markup('<text class="{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
        look, at, y, escape(said)
    )
