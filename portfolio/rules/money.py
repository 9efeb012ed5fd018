"""Money: what work cost, what it brought, and whether that was worth it."""

from dataclasses import dataclass
from typing import Protocol

from portfolio.states import EvidenceGrade

FORMULA_VERSION = "money-1"


class Gain(Protocol):
    """A change with better as positive, in the measure's own unit, and the ends of its interval where it has one."""

    @property
    def likely(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


@dataclass(frozen=True)
class Return:
    """What came back for what was spent. ROI in percent, payback in months (None where nothing comes back)."""

    roi_percent: float
    benefit_cost_ratio: float
    payback_months: float | None


@dataclass(frozen=True)
class Worth:
    """Return at the likely change and at both ends of its interval (None below the stated grade), and the break-even.

    `break_even_change` is in the measure's unit; it needs no proof, so it can always be given.
    """

    likely: Return | None
    low: Return | None
    high: Return | None
    break_even_change: float | None
    reason: str


def worth(gain: Gain | None, *, value_per_unit: float | None, costs: float, grade: EvidenceGrade) -> Worth:
    """What a gain is worth in its first year. No return is given below the grade "adjusted estimate".

    benefit = gain x value_per_unit (money a year); break-even change = costs / value_per_unit.
    """
    if not value_per_unit or value_per_unit < 0:
        return Worth(None, None, None, None, "No value in money was stated for this measure.")
    if costs <= 0:
        return Worth(None, None, None, None, "No costs are recorded, so there is nothing to compare with.")
    even = costs / value_per_unit
    if gain is None or grade is EvidenceGrade.NONE:
        return Worth(None, None, None, even, "The evidence is too weak to print a return.")
    at = [
        None if change is None else returned(change * value_per_unit, costs)
        for change in (gain.likely, gain.low, gain.high)
    ]
    return Worth(at[0], at[1], at[2], even, "")


def returned(benefit_per_year: float, costs: float) -> Return:
    """Return on what was spent, over the first year.

    ROI % = (benefits - costs) / costs x 100; benefit-cost ratio = benefits / costs; payback months = costs / monthly
    benefit. Never call the ratio a return: a ratio of 0.67 is a loss of 33 %. Source: P. & J. Phillips, ROI Basics (2005).
    """
    if costs <= 0:
        raise ValueError("A return needs costs above zero.")
    payback = 12 * costs / benefit_per_year if benefit_per_year > 0 else None
    return Return((benefit_per_year - costs) / costs * 100, benefit_per_year / costs, payback)


def isolated(gain: float, contribution: float, confidence: float) -> float:
    """The part of a gain that is credited to the work: gain x contribution x confidence, the last two 0..1 (Phillips)."""
    return gain * contribution * confidence
