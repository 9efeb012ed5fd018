"""What the work changed: measures with their evidence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from portfolio.rules import money, proof
from portfolio.rules.money import Worth
from portfolio.rules.proof import Proof, Value
from portfolio.states import EvidenceGrade
from reports import words
from reports.asked import Asked
from reports.sections.proofs import Proved, read_within
from reports.tables import Table, table

GRADES = list(EvidenceGrade)
AGAINST = {
    EvidenceGrade.CONTROLLED: "set against the comparison group, ",
    EvidenceGrade.SERIES: "set against where the trend was heading, ",
    EvidenceGrade.ESTIMATE: "of this credited to the work, ",
}
GRADE_WORDS = {
    EvidenceGrade.CONTROLLED: "controlled",
    EvidenceGrade.SERIES: "interrupted series",
    EvidenceGrade.TREND: "trend",
    EvidenceGrade.ESTIMATE: "adjusted estimate",
    EvidenceGrade.NONE: "none yet",
}


def measured(it: Asked) -> tuple[list[dict[str, Any]], list[Table]]:
    """Measures read in the period after the work, best evidence first; then confirmed, refuted, inconclusive."""
    found = [
        result_of(one, it)
        for one in it.proofs
        if read_within(one, it.scope.day_of(it.since), it.scope.last_day)
    ]
    outcomes = list(proof.Outcome)
    found.sort(
        key=lambda one: (
            one["grade_rank"],
            outcomes.index(proof.Outcome(one["outcome"])),
            -one["readings"],
            one["id"],
        )
    )
    return found, [_table(found)]


def result_of(found: Proved, it: Asked) -> dict[str, Any]:
    """One measure as the report shows it. Nothing is said of a return below the grade that was set."""
    measure, project, values, proved = found.measure, found.project, found.values, found.proof
    change = proved.change
    worth = _printed(found, it)
    before, after = (_mean(values, after=side) for side in (False, True))
    return {
        "id": int(measure.id),
        "measure": measure.name,
        "unit": measure.unit,
        "project": project.name if project is not None else "",
        "what": words.plain(project.solution_type) if project is not None else "",
        "higher_is_better": bool(measure.higher_is_better),
        "before": before,
        "after": after,
        "first_on": min(one.on for one in values).isoformat(),
        "last_on": max(one.on for one in values).isoformat(),
        "change": change.likely if change else None,
        "low": change.low if change else None,
        "high": change.high if change else None,
        "method": change.method if change else "",
        "worthwhile": measure.worthwhile_change,
        "readings": len(values),
        "grade": proved.grade.grade.value,
        "grade_words": GRADE_WORDS[proved.grade.grade],
        "grade_rank": GRADES.index(proved.grade.grade),
        "rests_on": proved.grade.reason,
        "design": proved.design,
        "explained": proved.explained,
        "doubts": " ".join(proved.warnings),
        "effect": _effect(proved),
        "needed": proved.grade.needed,
        "outcome": proved.verdict.outcome.value,
        "why": proved.verdict.reason,
        "roi_low": worth.low.roi_percent if worth.low else None,
        "roi": worth.likely.roi_percent if worth.likely and worth.low else None,
        "roi_high": worth.high.roi_percent if worth.high else None,
        "payback_months": worth.likely.payback_months if worth.likely and worth.low else None,
        "break_even": worth.break_even_change,
        "costs": found.costs.total,
        "worth_note": worth.reason,
        "said": _said(measure, proved, before, after),
        "value_per_unit": measure.value_per_unit,
        "value_basis": measure.value_basis.strip(),
        "worth_said": " ".join(
            part
            for part in (
                _worth_said(measure, worth, words.money(found.costs.total, it.currency)),
                _valued(measure, it.currency),
            )
            if part
        ),
    }


def _printed(found: Proved, it: Asked) -> Worth:
    """A return only where the evidence is strong enough and every hour has its price; the break-even always."""
    worth, hours = found.proof.worth, found.costs.unpriced_hours
    if not money.is_enough(found.proof.grade.grade, it.least_grade):
        return _unprinted(worth, "The evidence is weaker than the grade set for a return.")
    if hours:
        return _unprinted(
            worth, f"{words.counted(hours, 'hour')} have no rate yet, so the costs are too low for a return."
        )
    return worth


def _unprinted(worth: Worth, why: str) -> Worth:
    return replace(worth, likely=None, low=None, high=None, reason=why)


def _effect(proved: Proof) -> str:
    """The size of the effect in spreads, with its interval; "" where there is none."""
    size = proved.effect_size
    if size is None or size.low is None or size.high is None:
        return ""
    return (
        f"Hedges’ g {words.number(size.likely, 2)} (95 % interval {words.number(size.low, 2)} to "
        f"{words.number(size.high, 2)}), in {size.of}"
    )


def _said(measure: Any, proved: Proof, before: float | None, after: float | None) -> str:
    """The change in words, never without its interval; below the stated grade only that it can't be told."""
    change = proved.change
    if change is None or before is None or after is None:
        return "There is no reading from before, so no change can be given."
    if change.low is None or change.high is None:
        return f"Read at {words.amount(before, measure.unit)} before and {words.amount(after, measure.unit)} after; too few readings for an interval."
    span = f"95 % interval {words.number(change.low, 2)} to {words.number(change.high, 2)}"
    points = " percentage points" if measure.unit == "%" else ""
    moved = f"{words.number(abs(change.likely), 2)}{points} {'higher' if change.likely > 0 else 'lower'}"
    moved = AGAINST.get(proved.grade.grade, "") + moved
    return (
        f"From {words.amount(before, measure.unit)} to {words.amount(after, measure.unit)}: {moved} ({span})."
    )


def _worth_said(measure: Any, worth: Worth, costs: str) -> str:
    if worth.low and worth.likely and worth.high:
        ends = sorted((worth.low.roi_percent, worth.high.roi_percent))
        paid = (
            f", paid back in {words.number(worth.likely.payback_months)} months"
            if worth.likely.payback_months and ends[0] > 0
            else ""
        )
        return (
            f"Return in the first year on {costs} of recorded costs: {words.number(worth.likely.roi_percent, 0)} % "
            f"(between {words.number(ends[0], 0)} % and {words.number(ends[1], 0)} %){paid}."
        )
    if worth.break_even_change is not None:
        even = words.amount(
            worth.break_even_change, "percentage points" if measure.unit == "%" else measure.unit
        )
        return f"The {costs} recorded pay for themselves from a change of {even} kept up for a year."
    return ""


def _valued(measure: Any, currency: str) -> str:
    """What one unit counts as, and who says so: a return is worth no more than this."""
    if not measure.value_per_unit:
        return ""
    one = "1 percentage point" if measure.unit == "%" else words.amount(1, measure.unit or "unit")
    basis = measure.value_basis.strip().rstrip(".") or "nobody noted where that is from"
    return f"Here {one} counts as {words.money(measure.value_per_unit, currency)} a year ({basis})."


def _table(found: list[dict[str, Any]]) -> Table:
    columns = (
        ("Measure", "text"), ("Unit", "text"), ("Project", "text"), ("Before", "number"), ("After", "number"),
        ("Change", "number"), ("95 % low", "number"), ("95 % high", "number"), ("Method", "text"), ("Readings", "count"),
        ("Worthwhile change", "number"), ("Evidence", "text"), ("Rests on", "text"),
        ("Why this design", "text"), ("Doubts", "text"), ("Effect size", "text"), ("Stronger with", "text"),
        ("Outcome", "text"), ("Why", "text"), ("Costs", "money"), ("ROI % low", "percent"), ("ROI %", "percent"),
        ("ROI % high", "percent"), ("Payback in months", "number"), ("Break-even change", "number"), ("Value of one unit a year", "money"),
        ("Where that value is from", "text"),
    )  # fmt: skip
    keys = (
        "measure", "unit", "project", "before", "after", "change", "low", "high", "method", "readings", "worthwhile",
        "grade_words", "rests_on", "explained", "doubts", "effect", "needed", "outcome", "why", "costs", "roi_low",
        "roi", "roi_high", "payback_months", "break_even", "value_per_unit", "value_basis",
    )  # fmt: skip
    return table("results", "Measured results", columns, [[one[key] for key in keys] for one in found])


def _mean(values: Sequence[Value], *, after: bool) -> float | None:
    side = [one.value for one in values if one.after is after and not one.comparison]
    return sum(side) / len(side) if side else None
