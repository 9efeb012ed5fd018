"""What it cost and what it was worth: costs fully loaded, the floor beside the central estimate, and the break-even."""

from typing import Any

from portfolio.rules import money
from portfolio.rules.money import Balance, BreakEven, CostKind, Gained
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.sections.results import GRADE_WORDS
from reports.tables import Table, table

COLUMNS = (
    ("Project", "text"), ("Costs", "money"), ("Hours without a rate", "hours"), ("Evidence", "text"), ("Rests on", "text"),
    ("Benefit a year, floor", "money"), ("Benefit a year, central", "money"), ("ROI % floor", "percent"),
    ("ROI % central", "percent"), ("Benefit-cost ratio, floor", "number"), ("Benefit-cost ratio, central", "number"),
    ("Payback in months", "number"), ("Pays for itself from", "text"), ("Why no return", "text"),
)  # fmt: skip
KEYS = (
    "project", "costs", "unpriced", "grade", "source", "benefit_floor", "benefit", "roi_floor", "roi", "bcr_floor", "bcr",
    "payback", "even", "why_not",
)  # fmt: skip
BY_KIND = (("Kind of cost", "text"), ("Amount", "money"))


def spent_and_gained(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """Projects under way or ended in the period that cost or brought something, the dearest first."""
    shown = it.in_view
    found = [
        (project, balance)
        for project in rows_of(shown)
        if (balance := _balance(it, int(project.id), it.benefits.get(int(project.id)))) is not None
    ]
    rows = sorted(
        (_row(project.name, balance) for project, balance in found),
        key=lambda row: (-row["costs"], row["project"]),
    )
    kinds = {kind: sum(balance.costs.by_kind.get(kind, 0.0) for _, balance in found) for kind in CostKind}
    by_kind = [[words.plain(kind.value), round(amount, 2)] for kind, amount in kinds.items() if amount]
    made = {
        "rows": rows,
        "total": round(sum(row["costs"] for row in rows), 2),
        "by_kind": by_kind,
        "least": GRADE_WORDS[it.least_grade],
        "with_return": sum(row["roi"] is not None for row in rows),
    }
    note = f"No return below the grade “{made['least']}”; the break-even always. Never add what was measured to what people estimated."
    return made, [
        table("money", "Costs and returns", COLUMNS, [[row[key] for key in KEYS] for row in rows], note),
        table("costs", "Costs by kind", BY_KIND, by_kind),
    ]


def _balance(it: Asked, number: int, said: money.Benefits | None) -> Balance | None:
    ours = [one for one in it.proofs if one.project is not None and int(one.project.id) == number]
    costs = it.costs.get(number)
    if costs is None or (not costs.lines and not ours and not (said and said.answered)):
        return None
    gains, evens = [], []
    for one in ours:
        gain = money.in_money(
            one.proof.change,
            value_per_unit=one.measure.value_per_unit,
            higher_is_better=bool(one.measure.higher_is_better),
        )
        if gain is not None:
            gains.append(Gained(one.measure.name, gain, one.proof.grade.grade))
        if one.measure.value_per_unit and costs.total:
            evens.append(
                BreakEven(one.measure.name, one.measure.unit, costs.total / one.measure.value_per_unit)
            )
    shown = said if said is not None and said.may_be_shown else None
    return money.balance(costs, gains, shown, least=it.least_grade, breaks_even=evens)


def _row(project: str, found: Balance) -> dict[str, Any]:
    even = [
        f"{one.words}: {words.amount(one.change, 'percentage points' if one.unit == '%' else one.unit)}"
        for one in found.breaks_even
    ]
    return {
        "project": project,
        "costs": round(found.costs.total, 2),
        "unpriced": round(found.costs.unpriced_hours, 2) or None,
        "grade": GRADE_WORDS[found.grade],
        "source": found.source,
        "benefit_floor": found.benefit_floor,
        "benefit": found.benefit.likely if found.benefit else None,
        "roi_floor": found.floor.roi_percent if found.floor else None,
        "roi": found.central.roi_percent if found.central else None,
        "bcr_floor": found.floor.benefit_cost_ratio if found.floor else None,
        "bcr": found.central.benefit_cost_ratio if found.central else None,
        "payback": found.central.payback_months if found.central else None,
        "even": "; ".join(even),
        "why_not": found.reason,
    }
