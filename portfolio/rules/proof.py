"""Proof: did a measure change, how sure is it, did the work cause it, and did it pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from portfolio.rules.money import Worth, isolated, worth
from portfolio.states import EvidenceGrade

FORMULA_VERSION = "proof-1"

LEAST_FOR_SERIES = 8
"""Readings needed before and again after for an interrupted time series (Penfold & Zhang 2013, Academic Pediatrics 13)."""
LEAST_FOR_TREND = 3
"""Readings needed before and again after to speak of a trend (Cochrane EPOC's minimum for a series)."""
LEAST_FOR_COMPARISON = 2
"""Readings needed in each of the four cells of a comparison, so that each has a spread."""

Numbers = Sequence[float]


class Outcome(StrEnum):
    """What became of a hypothesis."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Value:
    """One value of a measure: before or after, of those trained or of a comparison group."""

    value: float
    on: date
    after: bool
    comparison: bool = False


@dataclass(frozen=True)
class Change:
    """After minus before, in the measure's own unit, with its 95 % interval where there is one.

    `readings` counts what it rests on: before, after, and the same of the comparison group where there is one.
    """

    likely: float
    low: float | None
    high: float | None
    method: str
    readings: tuple[int, ...]

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Paired:
    """A change of the same people or things, with effect sizes: d = mean / sd of the differences, g corrected for small n."""

    change: Change
    t: float
    df: int
    p: float
    d: float
    hedges_g: float


@dataclass(frozen=True)
class Grade:
    """How strong the design is, why, and what a stronger one would need ("" at the top)."""

    grade: EvidenceGrade
    reason: str
    needed: str


@dataclass(frozen=True)
class Verdict:
    """Confirmed, refuted or inconclusive, and why."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Proof:
    """Everything that can be said about one measure of one project."""

    grade: Grade
    change: Change | None
    verdict: Verdict
    worth: Worth


def prove(
    values: Sequence[Value],
    *,
    higher_is_better: bool,
    worthwhile_change: float | None,
    value_per_unit: float | None = None,
    costs: float = 0.0,
    contribution: float | None = None,
    confidence: float | None = None,
) -> Proof:
    """Put grade, change, verdict and worth of one measure together.

    `worthwhile_change` in the measure's unit, always positive; `value_per_unit` money a year for one unit; `costs` money;
    `contribution` and `confidence` 0..1 (Phillips: how much of the change the work gets credit for, and how sure of that).
    """
    estimated = contribution is not None and confidence is not None
    found = grade(values, estimated=estimated)
    change = change_of(values, found.grade)
    if change is not None and found.grade is EvidenceGrade.ESTIMATE:
        change = _scaled(change, isolated(1.0, contribution or 0.0, confidence or 0.0))
    gain = change if change is None or higher_is_better else _scaled(change, -1.0)
    return Proof(
        found,
        change,
        judge(gain, worthwhile_change, found.grade),
        worth(gain, value_per_unit=value_per_unit, costs=costs, grade=found.grade),
    )


def grade(values: Sequence[Value], *, estimated: bool = False) -> Grade:
    """The evidence grade the design allows: controlled > interrupted series > trend > adjusted estimate > none.

    Read off the number of readings before and after, and of a comparison group; `estimated` says that somebody stated how
    much of the change is due to the work and how sure they are. Source: numbers.md 8; the limits stand above.
    """
    before, after, other_before, other_after = (len(cell) for cell in _cells(values))
    fewest = min(before, after)
    counts = f"{_readings(before)} before and {after} after"
    if min(fewest, other_before, other_after) >= LEAST_FOR_COMPARISON:
        return Grade(EvidenceGrade.CONTROLLED, f"{counts}, and a comparison group", "")
    if fewest >= LEAST_FOR_SERIES:
        return Grade(
            EvidenceGrade.SERIES, counts, "a comparison group with two readings before and two after"
        )
    if fewest >= LEAST_FOR_TREND:
        return Grade(
            EvidenceGrade.TREND,
            counts,
            f"a comparison group, or {LEAST_FOR_SERIES} readings before and {LEAST_FOR_SERIES} after",
        )
    wanted = f"{LEAST_FOR_TREND} readings before and {LEAST_FOR_TREND} after (there are {before} and {after})"
    if fewest and estimated:
        return Grade(EvidenceGrade.ESTIMATE, f"{counts}, and a stated share due to the work", wanted)
    return Grade(EvidenceGrade.NONE, counts if before or after else "no readings yet", wanted)


def change_of(values: Sequence[Value], found: EvidenceGrade) -> Change | None:
    """The change by the method that fits the grade. None without a reading on both sides."""
    before, after, other_before, other_after = _cells(values)
    if not before or not after:
        return None
    if found is EvidenceGrade.CONTROLLED:
        return difference_in_differences(before, after, other_before, other_after)
    if found is EvidenceGrade.SERIES:
        return series_change(values)
    return unpaired_change(before, after)


def paired_change(before: Numbers, after: Numbers) -> Paired:
    """Mean of after - before of the same people, 95 % interval from Student's t with n - 1 degrees of freedom.

    t = mean / (sd / sqrt(n)); d = mean / sd; Hedges' g = d x (1 - 3 / (4 df - 1)). In the measure's unit.
    Source: Student 1908, Biometrika 6; Hedges 1981, Journal of Educational Statistics 6.
    """
    differences = np.asarray(after, float) - np.asarray(before, float)
    count = len(differences)
    if count < 2:
        raise ValueError("A paired change needs at least two pairs.")
    mean, spread, df = float(differences.mean()), float(differences.std(ddof=1)), count - 1
    change = _with_interval(mean, spread / count**0.5, df, "paired difference", (count, count))
    if spread == 0:
        never = float("inf") if mean else 0.0
        return Paired(change, never, df, 0.0 if mean else 1.0, never, never)
    t, d = mean / (spread / count**0.5), mean / spread
    p = float(2 * student.sf(abs(t), df))
    return Paired(change, t, df, p, d, d * (1 - 3 / (4 * df - 1)))


def unpaired_change(before: Numbers, after: Numbers) -> Change:
    """Mean after - mean before, 95 % interval by Welch (1947, Biometrika 34): unequal spreads allowed.

    SE = sqrt(var_a / n_a + var_b / n_b). With fewer than two readings on a side there is no interval.
    """
    return _difference([(-1, before), (1, after)], "difference of means (Welch)")


def difference_in_differences(
    before: Numbers, after: Numbers, other_before: Numbers, other_after: Numbers
) -> Change:
    """(after - before) of those trained, less the same of the comparison group, in the measure's unit.

    95 % interval from the four cells' own spreads with Satterthwaite's degrees of freedom; none where a cell has one
    reading. Source: Card & Krueger 1994, American Economic Review 84(4), table 3.
    """
    cells = [(-1, before), (1, after), (1, other_before), (-1, other_after)]
    return _difference(cells, "difference in differences")


def series_change(values: Sequence[Value]) -> Change:
    """Interrupted time series: how far the values after lie, on average, from where the trend before was heading.

    Least squares of value = a + b t + c after + d after x (t - first t after); the change is c + d x mean(t - first t after).
    The interval uses Newey & West's (1987) errors, which allow for neighbours resembling each other, with lag
    4 (n / 100)^(2/9) and Student's t with n - 4 degrees of freedom. Source: Wagner et al. 2002, J Clin Pharm Ther 27.
    """
    points = sorted((one for one in values if not one.comparison), key=lambda one: one.on)
    day = np.array([one.on.toordinal() for one in points], float)
    is_after = np.array([one.after for one in points], float)
    since = is_after * (day - day[is_after > 0].min())
    design = np.column_stack([np.ones_like(day), day - day[0], is_after, since])
    outcome = np.array([one.value for one in points])
    found, *_ = np.linalg.lstsq(design, outcome, rcond=None)
    contrast = np.array([0.0, 0.0, 1.0, float(since[is_after > 0].mean())])
    variance = contrast @ _newey_west(design, outcome - design @ found) @ contrast
    count, after = len(points), int(is_after.sum())
    return _with_interval(
        float(contrast @ found),
        float(max(variance, 0.0)) ** 0.5,
        count - 4,
        "interrupted time series",
        (count - after, after),
    )


def judge(gain: Change | None, worthwhile_change: float | None, found: EvidenceGrade) -> Verdict:
    """Confirmed if the interval's low end clears the minimum worthwhile change, refuted if its high end is under it.

    `gain` is the change with better as positive. A design of grade "none" decides nothing. Source: numbers.md 8.
    """
    doubt = _doubt(gain, worthwhile_change, found)
    if doubt or gain is None or gain.low is None or gain.high is None or worthwhile_change is None:
        return Verdict(Outcome.INCONCLUSIVE, doubt)
    if gain.low >= worthwhile_change:
        return Verdict(Outcome.CONFIRMED, "Even the low end of the interval is a worthwhile change.")
    if gain.high < worthwhile_change:
        return Verdict(Outcome.REFUTED, "Even the high end of the interval is less than worthwhile.")
    return Verdict(Outcome.INCONCLUSIVE, "The interval reaches from less than worthwhile to worthwhile.")


def _doubt(gain: Change | None, worthwhile_change: float | None, found: EvidenceGrade) -> str:
    """Why nothing can be decided, or "" where it can."""
    if gain is None:
        return "There is no reading on both sides yet."
    if worthwhile_change is None:
        return "Nobody said beforehand how big a change would be worthwhile."
    if found is EvidenceGrade.NONE:
        return "The readings are too few to tell the work from chance."
    if not gain.has_interval:
        return "One reading on a side has no spread, so there is no interval."
    return ""


def _cells(values: Sequence[Value]) -> tuple[list[float], list[float], list[float], list[float]]:
    """Values before and after, of those trained and of the comparison group."""

    def cell(*, after: bool, comparison: bool) -> list[float]:
        return [one.value for one in values if one.after is after and one.comparison is comparison]

    return (
        cell(after=False, comparison=False),
        cell(after=True, comparison=False),
        cell(after=False, comparison=True),
        cell(after=True, comparison=True),
    )


def _difference(cells: Sequence[tuple[int, Numbers]], method: str) -> Change:
    """A signed sum of means, with Welch and Satterthwaite's interval where every cell has two values."""
    arrays = [(sign, np.asarray(values, float)) for sign, values in cells]
    readings = tuple(len(values) for _, values in cells)
    likely = float(sum(sign * values.mean() for sign, values in arrays))
    if min(readings) < 2:
        return Change(likely, None, None, method, readings)
    parts = [float(values.var(ddof=1)) / len(values) for _, values in arrays]
    below = sum(part**2 / (count - 1) for part, count in zip(parts, readings, strict=True))
    df = sum(parts) ** 2 / below if below > 0 else 1.0
    return _with_interval(likely, sum(parts) ** 0.5, df, method, readings)


def _with_interval(likely: float, error: float, df: float, method: str, readings: tuple[int, ...]) -> Change:
    reach = float(student.ppf(0.975, df)) * error
    return Change(likely, likely - reach, likely + reach, method, readings)


def _scaled(change: Change, factor: float) -> Change:
    if change.low is None or change.high is None:
        return Change(change.likely * factor, None, None, change.method, change.readings)
    low, high = sorted((change.low * factor, change.high * factor))
    return Change(change.likely * factor, low, high, change.method, change.readings)


def _newey_west(design: NDArray[np.float64], residual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of least-squares coefficients that allows for autocorrelation (Bartlett weights, n / (n - k))."""
    count, width = design.shape
    lag = int(4 * (count / 100) ** (2 / 9))
    scores = design * residual[:, None]
    middle = scores.T @ scores
    for step in range(1, lag + 1):
        product = scores[step:].T @ scores[:-step]
        middle += (1 - step / (lag + 1)) * (product + product.T)
    bread = np.linalg.pinv(design.T @ design)
    covariance: NDArray[np.float64] = bread @ middle @ bread * count / (count - width)
    return covariance


def _readings(count: int) -> str:
    return "1 reading" if count == 1 else f"{count} readings"
