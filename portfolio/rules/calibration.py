"""How well we judge: estimates against what happened, and what to multiply the next ones by.

Few finished pieces prove little, so every factor is drawn towards "as estimated" with the weight of five pieces: the normal model
with its conjugate prior, Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 3.3. Shares have Wilson's interval: Wilson
1927, Journal of the American Statistical Association 22, 209-212.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import exp, isfinite, log, sqrt
from sys import float_info
from typing import Any

from scipy.special import betaincinv, ndtri, stdtrit

from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric

PSEUDO_PIECES = 5.0
"""k: what the prior weighs, in finished pieces (numbers.md 6)."""
PRIOR_SD = 0.5
"""Log standard deviation of actual / estimate before anything is finished: that of an educated guess (grade D). Of
realised / claimed, the plain standard deviation. Ours."""
WITHIN = 0.8
"""Share that our ranges should hold: 10th to 90th percentile."""
WIDEST_RATIO = 3.0
"""A realised impact counts for at most three times, and at least minus three times, its claim: a tiny claim tells little. Ours."""
LARGEST_FACTOR = 10.0
"""No factor is larger, nor smaller than a tenth: beyond that the estimate was of something else. Ours."""
PRIOR_CASES = 10.0
"""What a cause prior weighs, in cases looked into. Ours."""


@dataclass(frozen=True)
class Finished:
    """One finished piece: what was estimated (or claimed) and what it was, in the same unit.

    `group` is its work type or unit. `factor` is the calibration that the estimate already held (1: none), so that learning
    from calibrated estimates doesn't count twice.
    """

    group: str
    estimate: float
    actual: float
    factor: float = 1.0


@dataclass(frozen=True)
class Factor:
    """What to multiply the next estimate of a group by, and where four in five of the next ones will lie (low to high).

    `pieces` it rests on; `left_out` those that tell nothing (no estimate, no actual).
    """

    group: str
    factor: float
    low: float
    high: float
    pieces: int
    left_out: int
    because: str


@dataclass(frozen=True)
class Share:
    """A share (0..1) with its 95 % interval, of how many, and what it says. None where there is nothing to count."""

    share: float | None
    low: float
    high: float
    of: int
    because: str


@dataclass(frozen=True)
class CurvePoint:
    """Of all that was said with this chance, how much came true. Chances and shares 0..1, with a 95 % interval."""

    stated: float
    observed: float
    low: float
    high: float
    of: int


@dataclass(frozen=True)
class Curve:
    """Stated against observed, by stated chance, and the lesson in words."""

    points: tuple[CurvePoint, ...]
    because: str


@dataclass(frozen=True)
class Calibration:
    """One version of the factors in force: effort by work type; impact by unit, applied only where the manager switched it on;
    and the learned chance of each cause, empty where the cause table's own counts."""

    version: int
    effort: tuple[Factor, ...] = ()
    impact: tuple[Factor, ...] = ()
    applies_to_impact: bool = False
    prior: tuple[tuple[str, float], ...] = ()

    def effort_factor(self, work_type: str) -> float:
        return _factor_of(self.effort, work_type)

    def impact_factor(self, unit: str) -> float:
        return _factor_of(self.impact, unit) if self.applies_to_impact else 1.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class LearnedPrior:
    """Chances by cause from the starting ones and one's own cases, summing to 1, with the 80 % interval of `fit`, the chance
    that training is the answer."""

    prior: tuple[tuple[str, float], ...]
    cases: float
    fit: Range
    because: str


class NotCounts(ValueError):
    """The outcomes are no counts, or of something that is no cause."""


def from_json(body: dict[str, Any]) -> Calibration:
    """The calibration kept as `body`, without a prior. Raises KeyError or TypeError where it isn't one."""
    effort, impact = (tuple(Factor(**one) for one in body[name]) for name in ("effort", "impact"))
    return Calibration(int(body["version"]), effort, impact, bool(body["applies_to_impact"]))


def effort_factors(
    finished: Sequence[Finished], groups: Sequence[str] = (), *, k: float = PSEUDO_PIECES
) -> tuple[Factor, ...]:
    """By work type: exp(m), m = (k x 0 + sum of log(actual / estimate)) / (k + n), with n pieces finished.

    The interval is the 80 % predictive one of a Student's t with k + n degrees of freedom around m. `groups` are shown even
    where nothing is finished: factor 1, as wide as we were. Pieces without an estimate or actual above zero are left out.
    """
    return tuple(
        _factor(group, pieces, k, _log_ratio, to_ratio=_no_more_than_ten)
        for group, pieces in _by_group(finished, groups)
    )


def impact_factors(
    finished: Sequence[Finished], groups: Sequence[str] = (), *, k: float = PSEUDO_PIECES
) -> tuple[Factor, ...]:
    """By unit: m = (k x 1 + sum of realised / claimed) / (k + n), shrunk as effort is, with its 80 % predictive interval.

    Not in logarithms, since an impact may be nothing or a loss; each ratio counts within -3 to 3. To be shown, and applied only
    when the manager says so. Claims that aren't above zero are left out.
    """
    return tuple(
        _factor(group, pieces, k, _plain_ratio, to_ratio=_no_more_than_three)
        for group, pieces in _by_group(finished, groups)
    )


def hit_rate(ranges: Sequence[tuple[Range, float]]) -> Share:
    """The share of actual values inside their 80 % range (10th to 90th percentile), with Wilson's 95 % interval."""
    known = [(stated, actual) for stated, actual in ranges if isfinite(actual)]
    hits = sum(stated.low <= actual <= stated.high for stated, actual in known)
    if not known:
        return Share(None, 0.0, 1.0, 0, "Nothing with a range is finished yet.")
    low, high = wilson(hits, len(known))
    said = f"{hits} of {len(known)} fell inside their range; 8 in 10 should."
    if high < WITHIN:
        lesson = "Our ranges are too narrow."
    elif low > WITHIN:
        lesson = "Our ranges are wider than they need be."
    else:
        lesson = "That is what chance allows." if len(known) >= 10 else "Too few to tell."
    return Share(hits / len(known), low, high, len(known), f"{said} {lesson}")


def wilson(hits: float, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). 0 to 1 of nothing."""
    if not 0 <= hits <= of or not 0 < confidence < 1:
        raise NotCounts("Hits are between none and all, and the confidence between 0 and 1.")
    if of == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2))
    share = hits / of
    middle = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((middle + sign * half) / (1 + z * z / of) for sign in (-1, 1))
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def curve(counts: Sequence[tuple[float, float, int]]) -> Curve:
    """A calibration curve from (stated chance, how many came true, of how many); Wilson's 95 % interval at each point."""
    points = []
    for stated, hits, of in sorted(counts):
        if not 0 <= stated <= 1:
            raise NotCounts("A stated chance is between 0 and 1.")
        if of > 0:
            low, high = wilson(hits, of)
            points.append(CurvePoint(stated, hits / of, low, high, of))
    return Curve(tuple(points), _lesson(points))


def calibrated(rubric: Rubric, calibration: Calibration) -> tuple[Rubric, tuple[str, ...]]:
    """The rubric with each work type's development ratio times its factor and the learned prior of the causes, and a note for each
    kind that moved. A prior that doesn't name the table's causes is left out.

    For new assessments only: old ones keep the rubric and the calibration they name. Coordination and delivery stay.
    """
    kinds, notes = [], []
    for kind in rubric.work_types:
        factor = calibration.effort_factor(kind.key)
        kinds.append(replace(kind, hours_per_finished_hour=kind.hours_per_finished_hour * factor))
        if abs(factor - 1) >= 0.005:
            notes.append(
                f"{kind.label}: {factor:.2f} times the usual hours (calibration {calibration.version})."
            )
    table = rubric.cause_table
    if calibration.prior and {*dict(calibration.prior)} == {*dict(table.prior)}:
        rubric = replace(rubric, causes=replace(table, prior=calibration.prior))
    return replace(rubric, work_types=tuple(kinds)), tuple(notes)


def calibrated_need(need: Need, unit: str, calibration: Calibration) -> Need:
    """What a unit claims, gap and value a year, times its factor; unchanged unless the manager switched that on.

    Never below nothing, and no gap above the whole.
    """
    factor = max(0.0, calibration.impact_factor(unit))
    if factor == 1.0:
        return need
    gap, value = need.gap, need.value_per_year
    return replace(
        need,
        gap=None if gap is None else _scaled(gap, factor, most=max(1.0, gap.high)),
        value_per_year=None if value is None else _scaled(value, factor),
    )


def learned_prior(
    prior: Mapping[str, float],
    outcomes: Mapping[str, float],
    strength: float = PRIOR_CASES,
    *,
    trainable: Sequence[str] = ("knowledge", "skill"),
) -> LearnedPrior:
    """The chance of each cause from one's own cases: (strength x prior + cases of it) / (strength + all cases).

    The mean of a Dirichlet; `strength` is what the starting prior weighs in cases. `outcomes` counts cases by the cause that was
    found (parts of a case are fine where two share it). Fit's interval is that of the beta which the trainable causes add up to.
    Source: Gelman et al. 2013, section 3.4. Raises NotCounts for negative counts, unknown causes or a prior of nothing.
    """
    whole = sum(prior.values())
    numbers = (*prior.values(), *outcomes.values(), strength)
    if not all(isfinite(one) and one >= 0 for one in numbers) or whole <= 0:
        raise NotCounts("Chances, cases and strength are zero or more, and some cause is likely.")
    if unknown := outcomes.keys() - prior.keys():
        raise NotCounts(f"No such cause: {', '.join(sorted(unknown))}.")
    cases = sum(outcomes.values())
    weights = {cause: strength * chance / whole + outcomes.get(cause, 0.0) for cause, chance in prior.items()}
    total = sum(weights.values())
    if total <= 0:
        weights, total = dict(prior), whole
    learned = tuple((cause, weight / total) for cause, weight in weights.items())
    yes = sum(weight for cause, weight in weights.items() if cause in trainable)
    return LearnedPrior(
        learned,
        cases,
        _beta_range(yes, total - yes),
        _prior_words(cases, yes / total, prior, whole, trainable),
    )


def _by_group(finished: Sequence[Finished], groups: Sequence[str]) -> list[tuple[str, list[Finished]]]:
    names = sorted({*groups, *(one.group for one in finished)})
    return [(name, [one for one in finished if one.group == name]) for name in names]


def _log_ratio(one: Finished) -> float | None:
    """log(actual / estimate before calibration); 0 where it was as estimated."""
    if not _above_zero(one.estimate, one.actual, one.factor):
        return None
    ratio = one.actual / one.estimate * one.factor
    return log(ratio) if _above_zero(ratio) else None


def _plain_ratio(one: Finished) -> float | None:
    """realised / claimed - 1; 0 where it was as claimed."""
    if not _above_zero(one.estimate, one.factor) or not isfinite(one.actual):
        return None
    ratio = one.actual / one.estimate * one.factor
    return _no_more_than_three(ratio - 1) - 1


def _above_zero(*values: float) -> bool:
    return all(isfinite(value) and value > 0 for value in values)


def _factor(
    group: str,
    pieces: Sequence[Finished],
    k: float,
    ratio_of: Callable[[Finished], float | None],
    *,
    to_ratio: Callable[[float], float],
) -> Factor:
    """Shrink deviations (0: as estimated) towards 0 with the weight of k pieces; predict the next from a t."""
    if not _above_zero(k):
        raise NotCounts("The prior weighs something: k is above zero.")
    ratios = [ratio for one in pieces if (ratio := ratio_of(one)) is not None]
    count = len(ratios)
    middle = sum(ratios) / (k + count)
    mean = sum(ratios) / count if count else 0.0
    squares = sum((ratio - mean) ** 2 for ratio in ratios) + k * count / (k + count) * mean**2
    spread = sqrt((k * PRIOR_SD**2 + squares) / (k + count)) * sqrt(1 + 1 / (k + count))
    half = float(stdtrit(k + count, 0.5 + WITHIN / 2)) * spread
    factor, low, high = (to_ratio(one) for one in (middle, middle - half, middle + half))
    left_out = len(pieces) - count
    return Factor(
        group, factor, low, high, count, left_out, _factor_words(factor, low, high, count, left_out)
    )


def _no_more_than_ten(deviation: float) -> float:
    most = log(LARGEST_FACTOR)
    return exp(max(-most, min(most, deviation)))


def _no_more_than_three(deviation: float) -> float:
    return max(-WIDEST_RATIO, min(WIDEST_RATIO, 1 + deviation))


def _factor_words(factor: float, low: float, high: float, count: int, left_out: int) -> str:
    ignored = f" {left_out} without usable numbers left out." if left_out else ""
    if not count:
        return f"Nothing finished to learn from yet, so estimates stay as they are.{ignored}"
    pieces = "1 finished piece" if count == 1 else f"{count} finished pieces"
    return (
        f"{factor:.2f} times what was said, from {pieces}; "
        f"four in five of the next will be {low:.1f} to {high:.1f} times.{ignored}"
    )


def _lesson(points: Sequence[CurvePoint]) -> str:
    if not points:
        return "Nothing to compare yet."
    over = [point for point in points if point.high < point.stated]
    under = [point for point in points if point.low > point.stated]
    if over:
        worst = max(over, key=lambda point: point.stated - point.observed)
        return f"Too sure: of what was called {_percent(worst.stated)} likely, {_percent(worst.observed)} came true."
    if under:
        worst = max(under, key=lambda point: point.observed - point.stated)
        return f"Too careful: of what was called {_percent(worst.stated)} likely, {_percent(worst.observed)} came true."
    return "What was said fits what happened, as far as the numbers can tell."


def _factor_of(factors: Sequence[Factor], group: str) -> float:
    return next((one.factor for one in factors if one.group == group), 1.0)


def _scaled(one: Range, factor: float, most: float = float("inf")) -> Range:
    return Range(*(min(most, end * factor) for end in (one.low, one.likely, one.high)))


def _beta_range(yes: float, no: float) -> Range:
    """10th, 50th and 90th percentile of a beta; a sure thing where one side weighs nothing, or too little to reckon with."""
    if min(yes, no) < float_info.min:
        sure = float(yes > no)
        return Range(sure, sure, sure)
    low, likely, high = sorted(float(betaincinv(yes, no, one)) for one in (0.1, 0.5, 0.9))
    return Range(low, likely, high)


def _prior_words(
    cases: float, fit: float, prior: Mapping[str, float], whole: float, trainable: Sequence[str]
) -> str:
    before = sum(chance for cause, chance in prior.items() if cause in trainable) / whole
    if not cases:
        return (
            f"No case of yours is settled yet: training is the answer in {_percent(before)}, as we started."
        )
    counted = "1 case" if cases == 1 else f"{cases:g} cases"
    return f"From {counted} of yours, training is the answer in {_percent(fit)}; we started at {_percent(before)}."


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
