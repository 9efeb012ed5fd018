"""Chosen for a bad value: those come up by themselves (regression to the mean). What of that the readings can tell.

A reading is partly luck. Who is picked for a bad one had, on average, bad luck, and has less of it next time, whatever is done in
between. A comparison group takes that off; without one it can only be looked for: in a history of readings, whose last one may have
set the work off; or in how the values of the same people lie before and after.
"""

from functools import cache

import numpy as np

from portfolio.rules.effect import Array, Change, Data, figure, interval
from portfolio.rules.effect_series import series_of

LEAST_PAIRS = 5
"""Fewer pairs say nothing of how values lie."""
WORST_SHARE = 0.01
"""No sharper choice is thought of than the worst hundredth: 2.7 standard deviations off the mean. Our own convention."""
SURE = 0.95
"""How sure the most that comes by itself is."""
CUT_OFF = 0.1
"""Below this p the spread before counts as cut off. Large, so that a choice is seldom overlooked."""
MATTERS = 0.25
"""From this share of the change on a word is said. Our own convention."""

CHOSEN = (
    "They were chosen because this value was bad, and such values get better by themselves. It takes a reading between the choice and the work, "
    "or others like them to compare with."
)
NEEDED = "a reading between the choice and the work, or a comparison group"


def without_the_worst(data: Data, day: float, change: Change, other: Change) -> tuple[tuple[str, ...], str]:
    """What to say where one day before was left out and gave the `other` change: doubts, and why there can be no verdict."""
    if other.low is None or other.high is None:
        return (), ""
    days = np.unique(data.day[~data.after])
    which = "last" if day == days[-1] else "first" if day == days[0] else "worst"
    said = f"The {which} value before the work was the worst of {len(days)} and may be why it began; such values get better by themselves."
    if other.low <= 0 <= other.high or other.likely * change.likely < 0:
        refused = f"{said} Without it no change at all fits the values too."
        return (refused,), refused
    ends = f"{figure(other.low)} to {figure(other.high)}"
    return (f"{said} Without it the change is {figure(other.likely)} ({ends}).",), ""


def less_what_came(change: Change, before: Array, after: Array) -> tuple[tuple[str, ...], str]:
    """The same of people read once before the work, had they been picked for what was read."""
    found = less_regression(before, after)
    if found is None:
        return (), ""
    near, alone = found
    by_itself = "Had they been chosen because of the value before, they would have got better by themselves"
    say = "Say on the measure how they were chosen."
    if near <= 0 and lie_closer_before(before, after):
        refused = (
            "The values before lie closer together than those after, as they do where people are chosen for a bad one. "
            f"{by_itself}, and that may be all there is. {say}"
        )
        return (refused,), refused
    if near <= 0 or alone >= MATTERS * abs(change.likely):
        return (f"{by_itself}; part of the change or all of it may be that. {say}",), ""
    return (), ""


def lie_closer_before(before: Array, after: Array) -> bool:
    """Whether the same people differ less before than after, at one in ten: choosing by one reading cuts its spread off. Pitman's test of
    two correlated variances. Source: Pitman 1939 and Morgan 1939, Biometrika 31(1/2)."""
    from scipy.stats import pearsonr

    if np.ptp(after - before) <= 0 or np.ptp(after + before) <= 0:
        return False
    return bool(pearsonr(after + before, after - before, alternative="greater").pvalue < CUT_OFF)


def day_to_leave_out(data: Data, *, chosen: bool | None) -> float | None:
    """The day before the work whose values may have set it off: the worst of its own history, where it is the last one, or the first of
    the same people read on several days (a screening). Any day where they were `chosen` for a bad value; None where there is no history.

    Source: Ashenfelter 1978, Review of Economics and Statistics 60(1), the dip before training; Barnett, van der Pols & Dobson 2005,
    International Journal of Epidemiology 34(1): choose by one reading, compare with another.
    """
    before = data.where(~data.after)
    named = bool((before.subject >= 0).mean() >= 0.5) if len(before) else False
    if chosen is False or not data.after.any() or (named and not _are_read_again(before)):
        return None
    history = series_of(before)
    if len(history) < 2:
        return None
    towards = np.sign(float(data.value[data.after].mean()) - float(before.value.mean()))
    worst = towards * history.value
    place = int(worst.argmin())
    last = len(history) - 1
    may_have = {last, 0} if named else {last}
    if (worst == worst[place]).sum() > 1 or not towards or not (chosen or place in may_have):
        return None
    return float(history.day[place])


def without(data: Data, day: float) -> Data:
    """The readings without those of one day before the work."""
    return data.where(data.after | (data.day != day))


def less_regression(before: Array, after: Array) -> tuple[float, float] | None:
    """Of the same people: the near end of the change's 95 % interval less the most that would have come by itself, had all been picked
    below one value of the reading before; and how much that likely is. None under five pairs or without spread.

    The slope of after on before, b, is the reliability of the reading before, and picking by that reading leaves it as it is. All
    people's variance follows from it, (var after - b² var before) / (1 - b²), and how much of it is missing before tells how sharply they
    were picked (truncated normal): it would have come up by (1 - b) x i x sd, i the mean of those picked in standard deviations. Where the
    values before spread as much as those after, that is nothing. The most is its upper 95 % limit by the jackknife.
    Source: James 1973, Biometrics 29(1); Davis 1976, American Journal of Epidemiology 104(5); Pearson 1903 for the slope; Efron & Tibshirani 1993, ch. 11.
    """
    count = len(before)
    if count < LEAST_PAIRS or np.ptp(before) <= 0 or np.ptp(after) <= 0:
        return None
    from scipy.stats import t as student

    change = float((after - before).mean())
    towards = 1.0 if change >= 0 else -1.0
    alone = float(_regression(_sums(before, after), count))
    # Each pair left out once: the sums less its own part.
    middle = (before - before.mean(), after - after.mean())
    left = _sums(*middle)[:, None] - np.array(
        [middle[0], middle[1], middle[0] ** 2, middle[1] ** 2, middle[0] * middle[1]]
    )
    each = _regression(left, count - 1)
    error = float(((count - 1) / count * ((each - each.mean()) ** 2).sum()) ** 0.5)
    own = interval(change, float((after - before).std(ddof=1)) / count**0.5, count - 1, "", (count, count))
    most = alone + float(student.ppf(SURE, count - 1)) * error
    near = own.low if towards > 0 else own.high
    return None if near is None else (towards * near - most, alone)


def _are_read_again(before: Data) -> bool:
    """Whether half of the people or more were read on two days before."""
    rows = np.unique(np.column_stack([before.subject, before.day])[before.subject >= 0], axis=0)
    _, days = np.unique(rows[:, 0], return_counts=True)
    return bool((days >= 2).mean() >= 0.5)


def _sums(before: Array, after: Array) -> Array:
    return np.array([before.sum(), after.sum(), (before**2).sum(), (after**2).sum(), (before * after).sum()])


def _regression(sums: Array, count: int) -> Array:
    """What comes by itself, from sums of values, squares and products; several sets at once."""
    first, second, squares, others, products = sums
    spread = np.maximum((squares - first**2 / count) / (count - 1), 1e-300)
    later = (others - second**2 / count) / (count - 1)
    slope = np.clip((products - first * second / count) / (count - 1) / spread, 0.0, 0.99)
    everybody = np.maximum((later - slope**2 * spread) / (1 - slope**2), spread)
    missing, off = _picked()
    found: Array = (1 - slope) * np.interp(1 - spread / everybody, missing, off) * everybody**0.5
    return found


@cache
def _picked() -> tuple[Array, Array]:
    """Of those below a value of a normal distribution: the share of the variance that is missing, and how far their mean lies off, in
    standard deviations; from everybody to the worst hundredth."""
    from scipy.stats import norm

    at = np.linspace(6.0, float(norm.ppf(WORST_SHARE)), 500)
    off = norm.pdf(at) / norm.cdf(at)
    return off * (off + at), off
