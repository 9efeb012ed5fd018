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
MOST_ROWS = 8


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


def slippage(rows: Sequence[dict[str, Any]]) -> Markup:
    """Which date do we tell anew? Each project's first promise (ring) and where it stands now (dot), on one line of days."""
    shown = list(rows)[:MOST_ROWS]
    if not shown:
        return Markup()
    days = [date.fromisoformat(row[end]) for row in shown for end in ("first", "now")]
    first, length = min(days), max(1, (max(days) - min(days)).days)
    width, row_height, left, right, top = 560, 19, 214, 66, 24
    height = top + row_height * len(shown) + 20

    def x(day: str) -> float:
        return left + (date.fromisoformat(day) - first).days / length * (width - left - right)

    parts = [_marks((("promised first", "ring"), ("now, or done", "dot")), left)]
    for place, row in enumerate(shown):
        y = top + row_height * (place + 0.5)
        late = row["days"]
        said = "as told" if not late else f"{abs(late)} d {'later' if late > 0 else 'sooner'}"
        parts += [
            Markup('<text class="chart-strong" x="0" y="{:.1f}">{}</text>').format(
                y + 4, _short(row["project"], 29)
            ),
            Markup('<line class="chart-grid" x1="{}" y1="{y:.1f}" x2="{}" y2="{y:.1f}"/>').format(
                left, width - right, y=y
            ),
            Markup('<line class="chart-moved" x1="{:.1f}" y1="{y:.1f}" x2="{:.1f}" y2="{y:.1f}"/>').format(
                x(row["first"]), x(row["now"]), y=y
            ),
            Markup('<circle class="chart-dot" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(x(row["now"]), y),
            Markup('<circle class="chart-ring" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(x(row["first"]), y),
            Markup('<text class="chart-text" x="{:.1f}" y="{:.1f}">{}</text>').format(
                width - right + 8, y + 4, said
            ),
        ]
    for at, day, anchor in ((left, first, "start"), (width - right, max(days), "end")):
        parts.append(
            Markup('<text class="chart-text" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                at, height - 4, anchor, f"{day.day} {day:%b %Y}"
            )
        )
    later = sum(row["days"] > 0 for row in shown)
    return _svg(parts, f"First promise and now of {len(shown)} projects: {later} later.", width, height)


def promises(figures: dict[str, Any]) -> Markup:
    """How far can a date of ours be relied on? What held (dot, with its 95 % interval) against what was told (dashed)."""
    lines = [line for line in figures["lines"] if line["share"] is not None]
    if not lines:
        return Markup()
    return _shares(
        [(f"told {line['told']} %", line["share"], line["low"], line["high"], float(line["told"]),
          f"{line['held']} of {line['of']}") for line in lines],
        "Promises held: " + ", ".join(f"{line['held']} of {line['of']} told with {line['told']} %" for line in lines) + ".",
        (("held", "dot"), ("told", "dashed")),
    )  # fmt: skip


def hit_rate(figures: dict[str, Any]) -> Markup:
    """How boldly do we bet? The share of hypotheses confirmed, with its 95 % interval."""
    if not figures["of"]:
        return Markup()
    hits, of = figures["hits"], figures["of"]
    return _shares(
        [("confirmed", 100 * hits / of, figures["low"], figures["high"], None, f"{hits} of {of}")],
        f"{hits} of {of} hypotheses confirmed, 95 % interval {figures['low']:.0f} to {figures['high']:.0f} %.",
        (),
    )


def capacity(options: Sequence[dict[str, Any]]) -> Markup:
    """Which hours do we buy? Impact points each option adds; hours by the week solid, what is bought once as an outline."""
    shown = [one for one in options if one["points"] > 0][:MOST_ROWS]
    if not shown:
        return Markup()
    rows = [
        (
            one["label"],
            one["points"],
            f"{words.number(one['points'])}",
            "solid" if "a week" in one["label"] else "hatch",
        )
        for one in shown
    ]
    label = "Impact points added: " + ", ".join(f"{name} {said}" for name, _, said, _ in rows) + "."
    return _bars(rows, label, (("every week", "solid"), ("once", "hatch")), 264, 134)


def costs(kinds: Sequence[Sequence[Any]], currency: str) -> Markup:
    """Where did the money go? Costs by kind."""
    rows = [(words.sentence(kind), amount, words.money(amount, currency), "solid") for kind, amount in kinds]
    label = "Costs by kind: " + ", ".join(f"{name} {said}" for name, _, said, _ in rows) + "."
    return _bars(rows, label, (), 560, 110)


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


def _bars(
    rows: Sequence[tuple[str, float, str, str]],
    label: str,
    key: Sequence[tuple[str, str]],
    width: int,
    left: int,
) -> Markup:
    """Lying bars with their name before and their value behind them."""
    row_height, room = 19, 10 + 7.4 * max(len(said) for _, _, said, _ in rows)
    top = 22 if len({look for *_, look in rows}) > 1 else 4
    most = max(value for _, value, _, _ in rows) or 1.0
    needed = sum(32 + 6.6 * len(name) for name, _ in key)
    parts = [_marks(key, max(0.0, min(left, width - needed)))] if top > 4 else []
    for place, (name, value, said, look) in enumerate(rows):
        y = top + row_height * place
        long = max(1.0, value / most * (width - left - room))
        parts += [
            Markup('<text class="chart-text" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                left - 7, y + 13, _short(name, 22)
            ),
            _lying(left, y + 3.5, long, look),
            Markup('<text class="chart-strong" x="{:.1f}" y="{:.1f}">{}</text>').format(
                left + long + 6, y + 13, said
            ),
        ]
    return _svg(parts, label, width, top + row_height * len(rows) + 4)


def _lying(x: float, y: float, long: float, look: str, high: float = 12) -> Markup:
    """A lying bar: solid, or an outline with slanting lines through it, which any printer keeps apart."""
    if look == "solid":
        return Markup(
            '<rect class="chart-solid" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="1"/>'
        ).format(x, y, long, high)
    strokes = Markup().join(
        Markup('<line class="chart-stroke" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
            x + at, y + high, x + min(at + high, long), y + max(0.0, at + high - long)
        )
        for at in range(0, int(long), 5)
    )
    return strokes + Markup(
        '<rect class="chart-outline" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="1"/>'
    ).format(x, y, long, high)


def _shares(
    rows: Sequence[tuple[str, float, float, float, float | None, str]],
    label: str,
    key: Sequence[tuple[str, str]],
) -> Markup:
    """Shares from 0 to 100 % with their interval, each on a line of its own."""
    width, row_height, left, top = 264, 22, 76, 22
    right = max(50, 12 + 7 * max(len(said) for *_, said in rows))
    height = top + row_height * len(rows) + 16

    def x(percent: float) -> float:
        return left + percent / 100 * (width - left - right)

    parts = [_marks(key, left)]
    for place, (name, share_, low, high, told, said) in enumerate(rows):
        y = top + row_height * (place + 0.5)
        parts += [
            Markup('<text class="chart-text" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                left - 7, y + 4, name
            ),
            Markup('<line class="chart-grid" x1="{:.1f}" y1="{y:.1f}" x2="{:.1f}" y2="{y:.1f}"/>').format(
                x(0), x(100), y=y
            ),
            Markup('<line class="chart-span" x1="{:.1f}" y1="{y:.1f}" x2="{:.1f}" y2="{y:.1f}"/>').format(
                x(low), x(high), y=y
            ),
            Markup('<circle class="chart-dot" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(x(share_), y),
            Markup('<text class="chart-strong" x="{:.1f}" y="{:.1f}">{}</text>').format(
                x(100) + 8, y + 4, said
            ),
        ]
        if told is not None:
            parts.append(
                Markup(
                    '<line class="chart-promise" x1="{x:.1f}" y1="{:.1f}" x2="{x:.1f}" y2="{:.1f}" stroke-dasharray="3 2"/>'
                ).format(y - 9, y + 9, x=x(told))
            )
    for percent, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        parts.append(
            Markup('<text class="chart-text" x="{:.1f}" y="{}" text-anchor="{}">{} %</text>').format(
                x(percent), height - 2, anchor, percent
            )
        )
    return _svg(parts, label, width, height)


def _marks(entries: Sequence[tuple[str, str]], left: float) -> Markup:
    """What the marks mean, above the rows."""
    parts, x = [], float(left)
    for name, look in entries:
        if look == "dashed":
            mark = Markup(
                '<line class="chart-promise" x1="{x:.1f}" y1="3" x2="{x:.1f}" y2="15" stroke-dasharray="3 2"/>'
            ).format(x=x + 5)
        elif look in {"dot", "ring"}:
            mark = Markup('<circle class="chart-{}" cx="{:.1f}" cy="9" r="4"/>').format(look, x + 5)
        else:
            mark = _lying(x, 4, 12, look, 10)
        parts.append(
            mark + Markup('<text class="chart-text" x="{:.1f}" y="13">{}</text>').format(x + 16, name)
        )
        x += 16 + 6.6 * len(name) + 16
    return Markup().join(parts)


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


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
