"""What to doubt about an effect, each in a sentence."""

import numpy as np

from portfolio.rules.effect import NO_SPREAD, Array, Change, Data, counted
from portfolio.rules.effect_adjusted import FAR, MILD, STRONG, Imbalance
from portfolio.rules.effect_series import Series, moved_before, series_of

FEW = 10
"""Fewer than this on a side is tiny: t intervals then lean on values being shaped like a bell."""


def about(data: Data, change: Change) -> tuple[str, ...]:
    """Doubts that any design shares: tiny n, interval across zero, far-out values, unequal spreads, doubled readings."""
    return (*_tiny(change), *_across_zero(change), *_far_out(data), *_unequal(data), *_doubled(data))


def has_no_spread(data: Data, change: Change) -> bool:
    """Whether an interval is as narrow as rounding makes it."""
    if change.low is None or change.high is None:
        return False
    return change.high - change.low <= NO_SPREAD * max(1e-9, float(np.abs(data.value).max()))


def of_imbalance(found: tuple[Imbalance, ...]) -> tuple[str, ...]:
    """The traits in which the groups differ, named: strongly from 0.25 standard deviations on, mildly from 0.1."""
    strong = [one for one in found if abs(one.difference) > STRONG]
    mild = [one for one in found if MILD < abs(one.difference) <= STRONG]
    said = []
    if strong:
        told = "The groups differ strongly in " if len(strong) < 2 else "The groups differ strongly: in "
        said.append(f"{told}{_named(strong)}. Whatever follows from that looks like an effect.")
    if mild:
        said.append(f"The groups differ a little in {_named(mild)}.")
    return tuple(said)


def are_far_apart(found: tuple[Imbalance, ...], chance: float) -> bool:
    """Whether the groups hardly overlap in something, by more than chance gives."""
    return any(abs(one.difference) > max(FAR, chance) for one in found)


def was_moving(data: Data) -> bool:
    """Whether the values were already on their way before, at five in a hundred."""
    return moved_before(series_of(data))


def is_across_zero(change: Change) -> bool:
    """Whether no change at all fits the values too."""
    return change.low is not None and change.high is not None and change.low <= 0 <= change.high


def is_one_line(data: Data) -> bool:
    """Whether a straight line through all days fits better than a step, and the days before alone, three or more, went its way at half
    its pace at least. Three days that rise are too few to be sure of a slope; a step after them is no surer. Days count by their order:
    two bunches far apart look like a line in time whatever happened."""
    series = series_of(data)
    before = series.after == 0
    if before.sum() < 3 or len(series) < before.sum() + 2:
        return False
    ones, order = np.ones(len(series)), np.arange(float(len(series)))
    line, missed = _fitted(np.column_stack([ones, order]), series.value)
    step_missed = _fitted(np.column_stack([ones, series.after]), series.value)[1]
    held = _fitted(np.column_stack([ones[before], order[before]]), series.value[before])[0]
    return missed < step_missed and 2 * held[1] * np.sign(line[1]) >= abs(line[1]) > 0


def drifted_apart(data: Data) -> bool:
    """Whether the two groups' difference was on its way before, at five in a hundred; read on the days both were."""
    before = data.where(~data.after)
    ours, theirs = (series_of(before.where(before.comparison == group)) for group in (False, True))
    day, here, there = np.intersect1d(ours.day, theirs.day, return_indices=True)
    gap = Series(day, ours.value[here] - theirs.value[there], np.ones_like(day), np.zeros_like(day))
    return bool(len(day)) and moved_before(gap)


def _fitted(design: Array, value: Array) -> tuple[Array, float]:
    """Least squares: coefficients, and the squares it misses the values by."""
    found = np.asarray(np.linalg.lstsq(design, value, rcond=None)[0], np.float64)
    return found, float(((value - design @ found) ** 2).sum())


def _tiny(change: Change) -> tuple[str, ...]:
    fewest = min((one for one in change.readings if one), default=0)
    if fewest >= FEW:
        return ()
    return (f"Very few: the smallest side has {fewest}. One unusual value could turn the result.",)


def _across_zero(change: Change) -> tuple[str, ...]:
    if not is_across_zero(change):
        return ()
    return ("The interval reaches across zero: no change at all fits these values too.",)


def _far_out(data: Data) -> tuple[str, ...]:
    """Values more than three quartile distances outside the quartiles of their own cell (Tukey 1977)."""
    count = 0
    for cell in _cells(data):
        if len(cell) >= 8:
            low, high = np.percentile(cell, [25, 75])
            reach = 3 * (high - low)
            count += int(((cell < low - reach) | (cell > high + reach)).sum()) if reach > 0 else 0
    if not count:
        return ()
    lie = "lies" if count == 1 else "lie"
    return (
        f"{counted(count, 'value')} {lie} far outside the others; check that {'it is' if count == 1 else 'they are'} right.",
    )


def _unequal(data: Data) -> tuple[str, ...]:
    spreads = [float(cell.std(ddof=1)) for cell in _cells(data) if len(cell) >= 5]
    if len(spreads) < 2 or min(spreads) <= 0 or max(spreads) <= 2 * min(spreads):
        return ()
    return ("The values spread much more on one side than on another; the interval allows for that.",)


def _doubled(data: Data) -> tuple[str, ...]:
    named = data.subject >= 0
    if not named.any():
        return ()
    rows = np.column_stack([data.subject, data.day, data.after, data.comparison, data.value])[named]
    count = len(rows) - len(np.unique(rows, axis=0))
    return (
        (f"{counted(count, 'reading')} of a subject stand there twice; they count as one.",) if count else ()
    )


def _cells(data: Data) -> list[Array]:
    cells = [data.cell(after=side, comparison=group) for group in (False, True) for side in (False, True)]
    return [cell for cell in cells if len(cell)]


def _named(found: list[Imbalance]) -> str:
    shown = ", ".join(f"{one.trait} (by {_size(one.difference)} standard deviations)" for one in found[:4])
    return shown if len(found) <= 4 else f"{shown} and {len(found) - 4} more"


def _size(difference: float) -> str:
    return "10 or more" if abs(difference) >= 10 else f"{abs(difference):.2f}"
