"""Proof: did a measure change, how sure is it, did the work cause it, and did it pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from portfolio.rules.effect import Change, EffectSize, Grade, Ratio, Value
from portfolio.rules.effect_compared import difference_in_differences
from portfolio.rules.effect_design import (
    LEAST_FOR_COMPARISON,
    LEAST_FOR_SERIES,
    LEAST_FOR_TREND,
    choose,
)
from portfolio.rules.effect_means import Paired, paired_change, unpaired_change
from portfolio.rules.effect_series import interrupted, series_of
from portfolio.rules.money import Worth, isolated, worth
from portfolio.states import EvidenceGrade

__all__ = [
    "FORMULA_VERSION",
    "LEAST_FOR_COMPARISON",
    "LEAST_FOR_SERIES",
    "LEAST_FOR_TREND",
    "Change",
    "Grade",
    "Outcome",
    "Paired",
    "Proof",
    "Value",
    "Verdict",
    "difference_in_differences",
    "grade",
    "judge",
    "paired_change",
    "prove",
    "series_change",
    "unpaired_change",
]

FORMULA_VERSION = "proof-3"


class Outcome(StrEnum):
    """What became of a hypothesis."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """Confirmed, refuted or inconclusive, and why."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True)
class Proof:
    """Everything that can be said about one measure of one project.

    `design` names the design, `explained` says in a sentence why that one; `warnings` are reasons to doubt; `effect_size` is Hedges' g and
    `ratio` the rate ratio of counts, where there is one.
    """

    grade: Grade
    change: Change | None
    verdict: Verdict
    worth: Worth
    design: str = ""
    explained: str = ""
    warnings: tuple[str, ...] = ()
    effect_size: EffectSize | None = None
    ratio: Ratio | None = None


def prove(
    values: Sequence[Value],
    *,
    higher_is_better: bool,
    worthwhile_change: float | None,
    value_per_unit: float | None = None,
    costs: float = 0.0,
    contribution: float | None = None,
    confidence: float | None = None,
    family: str = "mean",
    by_chance: bool = False,
    for_value: bool | None = None,
) -> Proof:
    """Put grade, change, verdict and worth of one measure together.

    `worthwhile_change` in the measure's unit, always positive; `value_per_unit` money a year for one unit; `costs` money;
    `contribution` and `confidence` 0..1 (Phillips: how much of the change the work gets credit for, and how sure of that).
    `family` is mean, count or share; `by_chance` says that who was trained was drawn by lot, `for_value` that they
    were chosen because this value was bad (None: nobody said).
    """
    credit = None if contribution is None or confidence is None else isolated(1.0, contribution, confidence)
    found = choose(
        values, family=family, estimated=credit is not None, by_chance=by_chance, for_value=for_value
    )
    change, refused = found.change, found.refused
    if change is not None and credit is not None and _rests_on_a_stated_share(found.grade):
        change = change.times(credit)
    gain = change if change is None or higher_is_better else change.times(-1.0)
    verdict = (
        Verdict(Outcome.INCONCLUSIVE, refused)
        if refused
        else judge(gain, worthwhile_change, found.grade.grade)
    )
    return Proof(
        found.grade,
        change,
        verdict,
        worth(gain, value_per_unit=value_per_unit, costs=costs, grade=found.grade.grade),
        found.design,
        found.explained,
        found.warnings,
        found.size,
        found.ratio,
    )


def grade(values: Sequence[Value], *, estimated: bool = False) -> Grade:
    """The evidence grade the design allows: controlled > interrupted series > trend > adjusted estimate > none.

    `estimated` says that somebody stated how much of the change is due to the work and how sure they are. Source: numbers.md 8.
    """
    return choose(values, estimated=estimated).grade


def series_change(values: Sequence[Value]) -> Change:
    """Interrupted time series of those trained: see `effect_series.interrupted`."""
    from portfolio.rules.effect import read

    return interrupted(series_of(read(values)[0].ours())).change


def judge(gain: Change | None, worthwhile_change: float | None, found: EvidenceGrade) -> Verdict:
    """Confirmed if the interval's low end clears the minimum worthwhile change, refuted if its high end is under it.

    `gain` is the change with better as positive. A design of grade "none" decides nothing. Source: numbers.md 8.
    """
    doubt = _doubt(gain, worthwhile_change, found)
    if doubt or gain is None or gain.low is None or gain.high is None or worthwhile_change is None:
        return Verdict(Outcome.INCONCLUSIVE, doubt)
    if gain.low >= worthwhile_change and gain.low > 0:
        return Verdict(Outcome.CONFIRMED, "Even the low end of the interval is a worthwhile change.")
    if gain.high < worthwhile_change:
        return Verdict(Outcome.REFUTED, "Even the high end of the interval is less than worthwhile.")
    return Verdict(
        Outcome.INCONCLUSIVE, "The range holds changes too small to be worth it as well as changes that are."
    )


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


def _rests_on_a_stated_share(found: Grade) -> bool:
    return found.grade is EvidenceGrade.ESTIMATE and "stated share" in found.reason
