"""Money: what work cost, fully loaded, what it brought, and whether that was worth it.

Costs count everything (analysis, development, delivery, participants' time, purchases, experts, evaluation, overhead); benefits
count what can be credited to the work, the first year only. Source: J. & P. Phillips, ROI Basics (2005); numbers.md 8.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from scipy.special import stdtrit

from portfolio.states import EvidenceGrade

FORMULA_VERSION = "money-2"

LEAST_SHOWN = 5
"""Estimates of fewer people are for the manager only: leaders could tell who said what."""
LEAST_FOR_FENCE = 5
"""Estimates needed before one of them can be called far out."""


class CostKind(StrEnum):
    """What a cost is for. The order is that of the work."""

    ANALYSIS = "analysis"
    DEVELOPMENT = "development"
    DELIVERY = "delivery"
    PARTICIPANTS = "participants"
    PURCHASE = "purchase"
    EXPERT = "expert"
    EVALUATION = "evaluation"
    OVERHEAD = "overhead"


class Gain(Protocol):
    """A change with better as positive, in the measure's own unit, and the ends of its interval where it has one."""

    @property
    def likely(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


@dataclass(frozen=True)
class Span:
    """An amount of money with its 95 % interval; both ends are None where there is none."""

    likely: float
    low: float | None = None
    high: float | None = None

    def times(self, factor: float) -> "Span":
        if self.low is None or self.high is None:
            return Span(self.likely * factor)
        low, high = sorted((self.low * factor, self.high * factor))
        return Span(self.likely * factor, low, high)


@dataclass(frozen=True)
class CostLine:
    """One cost: an amount, or hours x rate. `hours` without a `rate` aren't priced yet and have no amount."""

    kind: CostKind
    amount: float = 0.0
    hours: float | None = None
    rate: float | None = None
    words: str = ""
    id: int | None = None

    @classmethod
    def of_hours(cls, kind: CostKind, hours: float, rate: float | None, words: str = "") -> "CostLine":
        return cls(kind, hours * (rate or 0.0), hours, rate, words)

    @property
    def is_unpriced(self) -> bool:
        return self.hours is not None and self.hours > 0 and self.rate is None and self.amount == 0


@dataclass(frozen=True)
class Loaded:
    """All costs of a project: its lines with overhead, by kind and in all; `unpriced_hours` have no rate yet."""

    lines: tuple[CostLine, ...] = ()
    total: float = 0.0
    unpriced_hours: float = 0.0

    @property
    def by_kind(self) -> dict[CostKind, float]:
        sums = {kind: sum(line.amount for line in self.lines if line.kind is kind) for kind in CostKind}
        return {kind: amount for kind, amount in sums.items() if amount}

    @property
    def is_complete(self) -> bool:
        return self.total > 0 and self.unpriced_hours == 0


@dataclass(frozen=True)
class Estimate:
    """What one person thinks the work was worth in a year, the share due to the work and how sure they are (both 0..1).

    `basis` says where the amount comes from; `left_out` why somebody took it out by hand.
    """

    amount: float
    isolation: float
    confidence: float
    basis: str = ""
    left_out: str = ""
    id: int | None = None

    @property
    def credited(self) -> float:
        return isolated(self.amount, self.isolation, self.confidence)


@dataclass(frozen=True)
class Counted:
    """An estimate, and why it isn't in the floor ("" where it is) or not even in the central estimate."""

    estimate: Estimate
    not_in_floor: str = ""
    not_in_central: str = ""


@dataclass(frozen=True)
class Benefits:
    """What people say it was worth in its first year.

    `floor`: who didn't answer counts as zero, and what is far out or has no basis isn't counted. `central`: who didn't answer is
    taken to be like those who did, with the 95 % interval of their mean; None where nobody answered.
    """

    floor: float
    central: Span | None
    asked: int
    answered: int
    in_floor: int
    lines: tuple[Counted, ...] = ()

    @property
    def may_be_shown(self) -> bool:
        return self.answered >= LEAST_SHOWN


@dataclass(frozen=True)
class Return:
    """What came back for what was spent. ROI in percent, payback in months (None where nothing comes back)."""

    roi_percent: float
    benefit_cost_ratio: float
    payback_months: float | None


@dataclass(frozen=True)
class Worth:
    """Return at the likely change and at both ends of its interval (None below the stated grade), and the break-even.

    `break_even_change` is in the measure's unit; it needs no proof, so it can always be given. `floor` is the conservative one:
    the low end, or the likely one where there is no interval.
    """

    likely: Return | None
    low: Return | None
    high: Return | None
    break_even_change: float | None
    reason: str
    floor: Return | None = None


@dataclass(frozen=True)
class Gained:
    """What the change of one measure brings in a year, and how strong the design behind it is."""

    words: str
    money: Span
    grade: EvidenceGrade


@dataclass(frozen=True)
class BreakEven:
    """How far one measure has to change, for a year, to pay all costs; `unit` is the measure's."""

    words: str
    unit: str
    change: float


@dataclass(frozen=True)
class Balance:
    """A project's costs against what it brought in its first year: the floor beside the central estimate.

    `source` is "measured", "estimated" or "" where no return can be given, and `reason` says why. `benefit_floor`, `benefit` in
    money a year.
    """

    costs: Loaded
    source: str
    grade: EvidenceGrade
    reason: str
    benefit_floor: float | None = None
    benefit: Span | None = None
    floor: Return | None = None
    central: Return | None = None
    low: Return | None = None
    high: Return | None = None
    breaks_even: tuple[BreakEven, ...] = ()


# Costs


def loaded_cost(lines: Iterable[CostLine], *, overhead_percent: float = 0.0) -> Loaded:
    """All lines, with overhead on top as a percentage of them, and their sum. Source: Phillips: costs fully loaded."""
    found = [line for line in lines if line.amount or line.hours]
    base = sum(line.amount for line in found)
    if overhead_percent > 0 and base > 0:
        words = f"{overhead_percent:g} % of all the rest"
        found.append(CostLine(CostKind.OVERHEAD, base * overhead_percent / 100, words=words))
    order = list(CostKind)
    found.sort(key=lambda line: order.index(line.kind))
    unpriced = sum(line.hours or 0.0 for line in found if line.is_unpriced)
    return Loaded(tuple(found), sum(line.amount for line in found), unpriced)


# Benefits


def benefits(estimates: Sequence[Estimate], *, asked: int | None = None) -> Benefits:
    """What participants' estimates add up to: a conservative floor, and a central estimate with its range.

    benefit_i = amount_i x isolation_i x confidence_i. Floor: the sum of those with a basis that are not far out, where far out is
    above Tukey's outer fence (third quartile + 3 x interquartile range; Exploratory Data Analysis, 1977) of five or more amounts.
    A loss is never left out by rule. Central: asked x mean of those not far out, 95 % interval from Student's t. Source: Phillips'
    guiding principles 6 (no data, no improvement), 7 (adjust for error) and 8 (no extremes, nothing unsupported).
    """
    fence = _upper_fence([one.amount for one in estimates if not one.left_out])
    lines = tuple(_counted(one, fence) for one in estimates)
    supported = [one.estimate.credited for one in lines if not one.not_in_floor]
    usual = [one.estimate.credited for one in lines if not one.not_in_central]
    answered = len(lines)
    everybody = max(asked or 0, answered)
    central = _expanded(usual, everybody) if usual else None
    floor = sum(supported)
    if central is not None:
        floor = min(floor, central.likely)
    return Benefits(floor, central, everybody, answered, len(supported), lines)


def isolated(gain: float, contribution: float, confidence: float) -> float:
    """The part of a gain that is credited to the work: gain x contribution x confidence, the last two 0..1 (Phillips)."""
    return gain * contribution * confidence


# Returns


def returned(benefit_per_year: float, costs: float) -> Return:
    """Return on what was spent, over the first year.

    ROI % = (benefits - costs) / costs x 100; benefit-cost ratio = benefits / costs; payback months = costs / monthly
    benefit. Never call the ratio a return: a ratio of 0.67 is a loss of 33 %. Source: P. & J. Phillips, ROI Basics (2005).
    """
    if costs <= 0:
        raise ValueError("A return needs costs above zero.")
    payback = 12 * costs / benefit_per_year if benefit_per_year > 0 else None
    return Return((benefit_per_year - costs) / costs * 100, benefit_per_year / costs, payback)


def is_enough(found: EvidenceGrade, least: EvidenceGrade) -> bool:
    """Whether a return may be printed at this grade. At "none" it never is."""
    order = list(EvidenceGrade)
    return found is not EvidenceGrade.NONE and order.index(found) <= order.index(least)


def worth(
    gain: Gain | None,
    *,
    value_per_unit: float | None,
    costs: float,
    grade: EvidenceGrade,
    least: EvidenceGrade = EvidenceGrade.ESTIMATE,
) -> Worth:
    """What a gain is worth in its first year. No return is given below the grade `least`.

    benefit = gain x value_per_unit (money a year); break-even change = costs / value_per_unit.
    """
    if not value_per_unit or value_per_unit < 0:
        return Worth(None, None, None, None, "No value in money was stated for this measure.")
    if costs <= 0:
        return Worth(None, None, None, None, "No costs are recorded, so there is nothing to compare with.")
    even = costs / value_per_unit
    if gain is None or not is_enough(grade, least):
        return Worth(None, None, None, even, "The evidence is too weak to print a return.")
    at = [
        None if change is None else returned(change * value_per_unit, costs)
        for change in (gain.likely, gain.low, gain.high)
    ]
    return Worth(at[0], at[1], at[2], even, "", floor=at[1] or at[0])


def in_money(
    change: Gain | None, *, value_per_unit: float | None, higher_is_better: bool = True
) -> Span | None:
    """A change of a measure as money a year, better as positive; None without a change or a value of one unit."""
    if change is None or not value_per_unit or value_per_unit < 0:
        return None
    return Span(change.likely, change.low, change.high).times(
        value_per_unit if higher_is_better else -value_per_unit
    )


def balance(
    costs: Loaded,
    gains: Sequence[Gained] = (),
    said: Benefits | None = None,
    *,
    least: EvidenceGrade = EvidenceGrade.ESTIMATE,
    breaks_even: Sequence[BreakEven] = (),
) -> Balance:
    """Set all costs against what was measured, or where nothing strong enough was, against what people said.

    The two are never added: they would count the same gain twice. Several measures add up, ends with ends, and are as strong as
    the weakest. The break-evens are always given.
    """
    enough = [one for one in gains if is_enough(one.grade, least)]
    if enough:
        benefit = _sum([one.money for one in enough])
        grade = max((one.grade for one in enough), key=list(EvidenceGrade).index)
        source, floor = "measured", benefit.likely if benefit.low is None else benefit.low
    elif said and said.central and said.in_floor and is_enough(EvidenceGrade.ESTIMATE, least):
        benefit, grade, source, floor = said.central, EvidenceGrade.ESTIMATE, "estimated", said.floor
    else:
        best = min((one.grade for one in gains), key=list(EvidenceGrade).index, default=EvidenceGrade.NONE)
        return Balance(costs, "", best, _why_not(costs, gains, said, least), breaks_even=tuple(breaks_even))
    if not costs.is_complete:
        why = _why_not(costs, gains, said, least)
        return Balance(costs, "", grade, why, floor, benefit, breaks_even=tuple(breaks_even))
    low, high = (None if end is None else returned(end, costs.total) for end in (benefit.low, benefit.high))
    return Balance(
        costs,
        source,
        grade,
        "",
        floor,
        benefit,
        returned(floor, costs.total),
        returned(benefit.likely, costs.total),
        low,
        high,
        tuple(breaks_even),
    )


# Utility


def utility(*, people: float, years: float, effect: float, spread: float, costs: float) -> float:
    """What training brings beyond its costs: N x T x d x SDy - C, in money.

    `effect` is d, how far the trained are ahead in standard deviations; `spread` is SDy, what one standard deviation of
    performance is worth a year. Source: Brogden 1949; Cronbach & Gleser 1965; Schmidt, Hunter & Pearlman 1982.
    """
    return people * years * effect * spread - costs


def break_even_effect(*, people: float, years: float, spread: float, costs: float) -> float | None:
    """The effect size d at which utility is zero: C / (N x T x SDy); None where nothing could pay."""
    worth_of_one = people * years * spread
    return costs / worth_of_one if worth_of_one > 0 else None


def _counted(one: Estimate, fence: float | None) -> Counted:
    if one.left_out:
        return Counted(one, one.left_out, one.left_out)
    if fence is not None and one.amount > fence:
        return Counted(one, "far above what the others said", "far above what the others said")
    if not one.basis.strip() and one.credited >= 0:
        return Counted(one, "no basis given")
    return Counted(one)


def _upper_fence(amounts: Sequence[float]) -> float | None:
    """Tukey's outer fence; None for few amounts, or where the middle half is all the same and nothing tells far from near."""
    if len(amounts) < LEAST_FOR_FENCE:
        return None
    first, third = (float(one) for one in np.quantile(amounts, (0.25, 0.75)))
    return third + 3 * (third - first) if third > first else None


def _expanded(values: Sequence[float], everybody: int) -> Span:
    """The mean of those who answered, times everybody who was asked."""
    count, mean = len(values), float(np.mean(values))
    if count < 2:
        return Span(everybody * mean)
    reach = float(stdtrit(count - 1, 0.975)) * float(np.std(values, ddof=1)) / count**0.5
    return Span(everybody * mean, everybody * (mean - reach), everybody * (mean + reach))


def _sum(spans: Sequence[Span]) -> Span:
    """Together, ends with ends: as wide as if all were wrong in the same direction. No interval where one has none."""
    likely = sum(one.likely for one in spans)
    if any(one.low is None for one in spans):
        return Span(likely)
    return Span(likely, sum(one.low or 0.0 for one in spans), sum(one.high or 0.0 for one in spans))


def _why_not(costs: Loaded, gains: Sequence[Gained], said: Benefits | None, least: EvidenceGrade) -> str:
    """Why no return is printed."""
    if costs.unpriced_hours:
        return f"{costs.unpriced_hours:g} hours have no rate yet, so the costs are too low to compare a gain with."
    if costs.total <= 0:
        return "No costs are recorded, so there is nothing to compare with."
    named = least.value.replace("_", " ")
    if gains or (said and said.answered):
        return f"The evidence is too weak: a return is printed from “{named}” on."
    return "Nothing in money stands against the costs: no change of a measure with a value, and nobody was asked."
