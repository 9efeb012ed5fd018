"""What would bring a request over the line: the smallest single change of each kind, told to whoever asked.

Only what can be shown or arranged is offered: evidence, an expert, something shorter or partly there. Not answers that somebody only
has to word differently (how urgent, how risky, what causes it), for those would reward bending them.
Counterfactual explanations: Wachter, Mittelstadt & Russell 2018, Harvard Journal of Law & Technology 31(2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, log, log10

import numpy as np

from portfolio.rules.need import Need
from portfolio.rules.ranges import Draws, Range
from portfolio.rules.rubric import Rubric, WorkType
from portfolio.rules.sampling import Sampled, draws_of, usual

HOLDS_ON = 1.25
"""A count is offered only if so many times as much is over the line too: what more of it would undo is no advice."""

GRID = 24
"""Steps between the least and the most, before the exact amount is sought between two of them."""


@dataclass(frozen=True)
class Options:
    """How far each kind of change may go. `expert_saves` is how many of the manager's hours an expert's hour takes over, ours."""

    people_at_most: float = 5_000
    value_at_most: float = 5_000_000
    expert_hours_at_most: float = 40
    expert_saves: float = 0.75
    shortest_share: float = 0.25
    least_new_share: float = 0.1


@dataclass(frozen=True)
class Move:
    """One change that alone is enough. `words` complete "... would bring it in"; `amount` in `unit`; `leverage` is the likely one then,
    points per hour; `stretch` the logarithm of the factor by which something has to change; `need` the request then (None for
    an expert, who changes no answer)."""

    kind: str
    words: str
    amount: float
    unit: str
    leverage: float
    stretch: float
    need: Need | None


@dataclass(frozen=True)
class WayIn:
    """Whether the request is over the line as it stands, else what would bring it there, smallest change first; in words."""

    is_over: bool
    moves: tuple[Move, ...]
    because: str


def what_would_move_it(
    need: Need, rubric: Rubric, line: float | None, options: Options | None = None, *, at_most: int = 3
) -> WayIn:
    """The smallest single changes that lift the likely leverage (median of the draws) to `line`, points per manager hour.

    The line is the leverage of the last request that fits; None where all do. People, money a year and gap as evidence of grade B
    would show them; an expert who takes over hours of the manager's (never those of coordination); fewer finished hours; another
    kind of solution; parts that exist already. More people can lower leverage where they are taught live, so a count is
    offered only where more of them stays over the line. Amounts are rounded the safe way and checked again.
    """
    limits = options or Options()
    if line is not None and not isfinite(line):
        raise ValueError("The line is a number of points per hour.")
    drawn = draws_of(need, rubric)
    now = _likely(drawn)
    if line is None or now >= line:
        return WayIn(is_over=True, moves=(), because="It is over the line as it stands.")
    found = [way(need, rubric, line, limits, drawn) for way in _WAYS]
    moves = sorted((move for move in found if move is not None), key=lambda move: (move.stretch, move.kind))[
        :at_most
    ]
    return WayIn(is_over=False, moves=tuple(moves), because=_because(moves))


def _because(moves: Sequence[Move]) -> str:
    if not moves:
        return "No single change that we know of would bring it over the line."
    words = ", or ".join(move.words for move in moves)
    ending = ", would bring it in." if len(moves) > 1 else " would bring it in."
    return f"{words[0].upper()}{words[1:]}{ending}"


def _people(need: Need, rubric: Rubric, line: float, limits: Options, _drawn: Sampled) -> Move | None:
    now = (need.people or rubric.people).likely

    def changed(count: float) -> Need:
        return replace(need, people=Range.around(round(count), "B"))

    def enough(count: float) -> bool:
        return all(_leverage(changed(count * by), rubric) >= line for by in (1.0, HOLDS_ON))

    count = _least(enough, max(1.0, now), limits.people_at_most, _friendly)
    if count is None:
        return None
    words = f"evidence for {count:,.0f} people"
    return _move("people", words, count, "people", log(count / max(1.0, now)), changed(count), rubric)


def _value(need: Need, rubric: Rubric, line: float, limits: Options, _drawn: Sampled) -> Move | None:
    usually = _usual_amount(rubric, "value")
    now = usually if need.value_per_year is None else need.value_per_year.likely

    def changed(amount: float) -> Need:
        return replace(need, value_per_year=Range.around(amount, "B"))

    amount = _least(
        lambda amount: _leverage(changed(amount), rubric) >= line,
        max(1.0, now),
        limits.value_at_most,
        _friendly,
    )
    if amount is None:
        return None
    words = f"figures that show {amount:,.0f} a year"
    return _move("value", words, amount, "money / year", log(amount / max(1.0, now)), changed(amount), rubric)


def _gap(need: Need, rubric: Rubric, line: float, _limits: Options, _drawn: Sampled) -> Move | None:
    now = _usual_amount(rubric, "gap") if need.gap is None else need.gap.likely

    def changed(share: float) -> Need:
        return replace(need, gap=Range.around(share, "B"))

    share = _least(
        lambda share: _leverage(changed(share), rubric) >= line,
        max(0.01, now),
        1.0,
        lambda share: ceil(100 * share - 1e-9) / 100,
    )
    if share is None:
        return None
    words = f"a measured gap of {round(100 * share)} %"
    return _move("gap", words, share, "", log(share / max(0.01, now)), changed(share), rubric)


def _expert(_need: Need, rubric: Rubric, line: float, limits: Options, drawn: Sampled) -> Move | None:
    # What an expert can't take over; a manager whose work is all coordination has nothing to hand on.
    floor_hours = np.minimum(drawn.manager_hours, usual(rubric)["coordination"])

    def hours_left(hours: float) -> Draws:
        left: Draws = np.maximum(drawn.manager_hours - np.float32(limits.expert_saves * hours), floor_hours)
        return left

    def leverage(hours: float) -> float:
        return Range.of(drawn.impact / hours_left(hours)).likely

    hours = _least(lambda hours: leverage(hours) >= line, 0.5, limits.expert_hours_at_most, ceil)
    if hours is None:
        return None
    before, after = (Range.of(hours_left(one)).likely for one in (0.0, hours))
    words = f"an expert for {hours:.0f} {'hour' if hours == 1 else 'hours'}"
    return Move("expert", words, hours, "hours", leverage(hours), log(before / after) if after else 0.0, None)


def _shorter(need: Need, rubric: Rubric, line: float, limits: Options, _drawn: Sampled) -> Move | None:
    kind = rubric.work_type(need.work_type)
    hours = need.finished_hours or (kind.finished_hours if kind else None)
    if hours is None or hours.likely <= 0:
        return None

    def changed(cut: float) -> Need:
        return replace(need, finished_hours=_scaled(hours, 1 / cut))

    def safe(cut: float) -> float:
        quarters = floor(4 * hours.likely / cut + 1e-9) / 4
        return hours.likely / quarters if quarters else cut

    cut = _least(lambda cut: _leverage(changed(cut), rubric) >= line, 1.0, 1 / limits.shortest_share, safe)
    if cut is None or cut == 1.0:
        return None
    left = hours.likely / cut
    words = f"something shorter ({_hours(left)} instead of {_hours(hours.likely)})"
    return _move("shorter", words, left, "hours", log(cut), changed(cut), rubric)


def _form(need: Need, rubric: Rubric, line: float, _limits: Options, drawn: Sampled) -> Move | None:
    hours = Range.of(drawn.manager_hours).likely
    found = []
    for kind in rubric.work_types:
        changed = replace(need, work_type=kind.key, finished_hours=None)
        if kind.key != need.work_type and (leverage := _leverage(changed, rubric)) >= line:
            found.append((leverage, kind.key, kind, changed))
    if not found:
        return None
    _, _, kind, changed = min(found, key=lambda one: one[:2])
    then = Range.of(draws_of(changed, rubric).manager_hours).likely
    stretch = abs(log(hours / then)) if hours > 0 and then > 0 else 0.0
    return _move(
        "form", _instead(kind, rubric.work_type(need.work_type)), then, "hours", stretch, changed, rubric
    )


def _reuse(need: Need, rubric: Rubric, line: float, limits: Options, _drawn: Sampled) -> Move | None:
    now = (need.new_share or rubric.new_share).likely
    if now <= limits.least_new_share:
        return None

    def changed(covered: float) -> Need:
        left = 1 - covered
        return replace(need, new_share=Range(left * 0.8, left, min(1.0, left * 1.2)))

    covered = _least(
        lambda covered: _leverage(changed(covered), rubric) >= line,
        max(0.05, 1 - now),
        1 - limits.least_new_share,
        lambda covered: ceil(20 * covered - 1e-9) / 20,
    )
    if covered is None:
        return None
    words = f"material that covers {round(100 * covered)} % of it already"
    return _move("reuse", words, covered, "", log(now / (1 - covered)), changed(covered), rubric)


_WAYS: tuple[Callable[[Need, Rubric, float, Options, Sampled], Move | None], ...] = (
    _people, _value, _gap, _expert, _shorter, _form, _reuse,
)  # fmt: skip


def _least(
    enough: Callable[[float], bool], now: float, most: float, rounded: Callable[[float], float]
) -> float | None:
    """The smallest amount above `now` that is enough, rounded up by `rounded`; None where none up to `most` is.

    Steps up a geometric grid to the first amount that is enough, then halves the last step; an amount that is enough may have
    ones below it that aren't, never one that is in an earlier step.
    """
    if not now < most:
        return None
    steps = np.geomspace(now, most, GRID + 1)
    first = next((index for index, amount in enumerate(steps) if index and enough(float(amount))), None)
    if first is None:
        return None
    too_little, amount = float(steps[first - 1]), float(steps[first])
    while amount / too_little > 1.01:
        middle = (amount * too_little) ** 0.5
        too_little, amount = (too_little, middle) if enough(middle) else (middle, amount)
    for candidate in (rounded(amount), float(steps[first])):
        if candidate <= most * (1 + 1e-9) and enough(candidate):
            return candidate
    return None


def _move(
    kind: str, words: str, amount: float, unit: str, stretch: float, need: Need, rubric: Rubric
) -> Move:
    return Move(kind, words, amount, unit, _leverage(need, rubric), abs(stretch), need)


def _leverage(need: Need, rubric: Rubric) -> float:
    return _likely(draws_of(need, rubric))


def _likely(drawn: Sampled) -> float:
    return Range.of(drawn.leverage).likely


def _usual_amount(rubric: Rubric, criterion: str) -> float:
    """The amount at the likely step of what nobody answered: the lower edge of its band."""
    one = rubric.criterion(criterion)
    bands = one.bands or (1.0,)
    return bands[max(0, min(len(bands), round(one.prior.likely)) - 1)]


def _friendly(amount: float) -> float:
    """Rounded up to two digits: 217 is 220."""
    unit = 10.0 ** max(0, floor(log10(max(amount, 1.0))) - 1)
    return ceil(amount / unit - 1e-9) * unit


def _scaled(one: Range, factor: float) -> Range:
    return Range(one.low * factor, one.likely * factor, one.high * factor)


def _instead(kind: WorkType, before: WorkType | None) -> str:
    return f"{_a(kind)} if that is enough" if before is None else f"{_a(kind)} instead of {_a(before)}"


def _a(kind: WorkType) -> str:
    label = kind.label.lower()
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{round(60 * hours)} minutes"
    return f"{hours:.3g} {'hour' if hours == 1 else 'hours'}"
