"""What the work changed: measures with their evidence, and what people answered."""

from collections import Counter
from typing import Any

import pandas as pd

from portfolio.rules import proof
from portfolio.rules.proof import Proof, Value
from portfolio.states import EvidenceGrade
from reports import words
from reports.frames import Frames, rows_of
from reports.scope import Scope
from reports.tables import Table, table

SMALLEST_GROUP = 5
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


def measured(frames: Frames, scope: Scope, currency: str) -> tuple[list[dict[str, Any]], list[Table]]:
    """Measures read in the period after the work, best evidence first; then confirmed, refuted, inconclusive."""
    projects = {one.id: one for one in rows_of(frames.projects)}
    credit = _credit(frames.evaluations)
    found = []
    for measure in rows_of(frames.measures):
        values = _values(frames.readings, measure.id)
        if not any(one.after and scope.window.first <= one.on <= scope.last_day for one in values):
            continue
        project = projects.get(measure.project)
        shares = credit.get(measure.project, {})
        proved = proof.prove(
            values,
            higher_is_better=bool(measure.higher_is_better),
            worthwhile_change=measure.worthwhile_change,
            value_per_unit=measure.value_per_unit,
            costs=_costs(project),
            contribution=shares.get("contribution"),
            confidence=shares.get("confidence"),
        )
        found.append(_result(measure, project, values, proved, currency))
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


def surveyed(frames: Frames, scope: Scope) -> tuple[list[dict[str, Any]], list[Table]]:
    """Surveys sent in the period: how many answered, and each question as a distribution. Small groups stay hidden."""
    names = {one.id: one.name for one in rows_of(frames.projects)}
    made, rows = [], []
    for survey in rows_of(frames.surveys):
        if survey.sent_on < scope.window.first:
            continue
        answers = [dict(one) for one in frames.responses[frames.responses["survey"] == survey.id]["answers"]]
        title = f"{words.sentence(words.plain(survey.kind))}: {names.get(survey.project, 'no project')}"
        shown = {
            "title": title,
            "sent_on": survey.sent_on.isoformat(),
            "sent": int(survey.sent_count),
            "answered": len(answers),
            "hidden": len(answers) < SMALLEST_GROUP,
            "questions": []
            if len(answers) < SMALLEST_GROUP
            else [_distribution(one, answers) for one in survey.questions],
        }
        made.append(shown)
        rows += [
            [title, survey.sent_on, shown["sent"], len(answers), question["label"], label, count]
            for question in shown["questions"]
            for label, count in question["counts"]
        ]
    columns = (
        ("Survey", "text"), ("Sent", "day"), ("Sent to", "count"), ("Answered", "count"), ("Question", "text"),
        ("Answer", "text"), ("People", "count"),
    )  # fmt: skip
    note = f"Surveys and questions answered by fewer than {SMALLEST_GROUP} people are left out."
    return made, [table("surveys", "What people answered", columns, rows, note)]


def _values(readings: pd.DataFrame, measure: Any) -> list[Value]:
    return [
        Value(float(one.value), one.read_on, after=bool(one.after), comparison=bool(one.comparison))
        for one in rows_of(readings[readings["measure"] == measure])
    ]


def _credit(evaluations: pd.DataFrame) -> dict[Any, dict[str, float]]:
    """Contribution and confidence stated in each project's latest evaluation that has them (Phillips' isolation)."""
    found: dict[Any, dict[str, float]] = {}
    for one in rows_of(evaluations):
        stated = {name: one.figures.get(name) for name in ("contribution", "confidence")}
        if all(isinstance(value, int | float) and 0 <= value <= 1 for value in stated.values()):
            found[one.project] = {name: float(value) for name, value in stated.items()}
    return found


def _result(measure: Any, project: Any, values: list[Value], proved: Proof, currency: str) -> dict[str, Any]:
    change, worth = proved.change, proved.worth
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
        "needed": proved.grade.needed,
        "outcome": proved.verdict.outcome.value,
        "why": proved.verdict.reason,
        "roi_low": worth.low.roi_percent if worth.low else None,
        "roi": worth.likely.roi_percent if worth.likely and worth.low else None,
        "roi_high": worth.high.roi_percent if worth.high else None,
        "payback_months": worth.likely.payback_months if worth.likely and worth.low else None,
        "break_even": worth.break_even_change,
        "costs": _costs(project),
        "worth_note": worth.reason,
        "said": _said(measure, proved, before, after),
        "worth_said": _worth_said(measure, proved, words.money(_costs(project), currency)),
    }


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


def _worth_said(measure: Any, proved: Proof, costs: str) -> str:
    worth = proved.worth
    if worth.low and worth.likely and worth.high:
        ends = sorted((worth.low.roi_percent, worth.high.roi_percent))
        paid = (
            f", paid back in {words.number(worth.likely.payback_months)} months"
            if worth.likely.payback_months
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


def _table(found: list[dict[str, Any]]) -> Table:
    columns = (
        ("Measure", "text"), ("Unit", "text"), ("Project", "text"), ("Before", "number"), ("After", "number"),
        ("Change", "number"), ("95 % low", "number"), ("95 % high", "number"), ("Method", "text"), ("Readings", "count"),
        ("Worthwhile change", "number"), ("Evidence", "text"), ("Rests on", "text"), ("Stronger with", "text"),
        ("Outcome", "text"), ("Why", "text"), ("Costs", "money"), ("ROI % low", "percent"), ("ROI %", "percent"),
        ("ROI % high", "percent"), ("Payback in months", "number"), ("Break-even change", "number"),
    )  # fmt: skip
    keys = (
        "measure", "unit", "project", "before", "after", "change", "low", "high", "method", "readings", "worthwhile",
        "grade_words", "rests_on", "needed", "outcome", "why", "costs", "roi_low", "roi", "roi_high", "payback_months",
        "break_even",
    )  # fmt: skip
    return table("results", "Measured results", columns, [[one[key] for key in keys] for one in found])


def _distribution(question: Any, answers: list[dict[str, Any]]) -> dict[str, Any]:
    """How many chose each option, in the options' order; nothing where fewer than five answered this one."""
    given = [_option(answer.get(question["key"])) for answer in answers]
    given = [one for one in given if one]
    counts = Counter(given)
    options = [_option(option) for option in question.get("options", [])]
    options += sorted(set(counts) - set(options))
    return {
        "label": question.get("label", question["key"]),
        "answered": len(given),
        "counts": [[option, counts[option]] for option in options] if len(given) >= SMALLEST_GROUP else [],
    }


def _option(value: Any) -> str:
    return "" if value is None else str(value)


def _costs(project: Any) -> float:
    return float(project.costs) if project is not None else 0.0


def _mean(values: list[Value], *, after: bool) -> float | None:
    side = [one.value for one in values if one.after is after and not one.comparison]
    return sum(side) / len(side) if side else None
