"""What more capacity would buy, as the last plan before the cut-off found it: in value, in requests and in dates."""

from typing import Any

from reports import words
from reports.asked import Asked
from reports.sections.plan import Held, Option, held
from reports.tables import Table, table

COLUMNS = (
    ("More", "text"), ("Hours", "hours"), ("Brings in", "text"), ("Takes out", "text"), ("Impact points", "number"),
    ("Points an hour", "number"), ("Of the plan’s value", "percent"), ("Today’s plan done by", "day"),
)  # fmt: skip


def buys(it: Asked) -> tuple[dict[str, Any] | None, list[Table]]:
    """The hours there are and each way to have more. None before the first plan."""
    plan = held(it)
    if plan is None:
        return None, [table("capacity", "What more capacity would buy", COLUMNS, [])]
    rows = [_row(plan, one, _adds(one, plan.options)) for one in plan.options]
    given = plan.body.get("hours") or {}
    made = {
        "made_on": plan.made_at.astimezone(it.scope.zone).date().isoformat(),
        "weeks": plan.weeks,
        "hours": plan.capacity_hours,
        "given": given.get("given"),
        "leave": given.get("leave"),
        "interrupts": given.get("interrupts"),
        "used": plan.hours,
        "chosen": len(plan.body.get("chosen") or ()),
        "open": plan.body.get("open") or 0,
        "value": round(plan.value, 2),
        "cut_value": round(plan.cut_value, 4),
        "done_on": plan.done_on.isoformat() if plan.done_on else None,
        "options": rows,
    }
    lines = [
        [
            row[key]
            for key in ("label", "hours", "in_words", "out_words", "points", "per_hour", "share", "done_on")
        ]
        for row in rows
    ]
    note = f"Of the plan made on {words.day(plan.made_at.astimezone(it.scope.zone).date())} for {words.counted(plan.weeks, 'week')}."
    return made, [table("capacity", "What more capacity would buy", COLUMNS, lines, note)]


def _adds(one: Option, others: list[Option]) -> bool:
    """Whether no fewer hours of the same kind bring as much."""
    return not any(
        other.a_week == one.a_week and other.hours < one.hours and other.points >= one.points
        for other in others
    )


def _row(plan: Held, one: Option, adds: bool) -> dict[str, Any]:  # noqa: FBT001 - a value, no switch
    return {
        "label": one.label,
        "hours": one.hours,
        "comes_in": list(one.comes_in),
        "goes_out": list(one.goes_out),
        "in_words": "; ".join(one.comes_in),
        "out_words": "; ".join(one.goes_out),
        "points": round(one.points, 4),
        "per_hour": round(one.points_per_hour, 4),
        "adds": adds,
        "share": round(100 * one.points / plan.value, 2) if plan.value else None,
        "done_on": one.done_on.isoformat() if one.done_on else None,
    }
