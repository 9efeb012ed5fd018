"""What changed since the last edition of the same report: its frozen figures against these."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from portfolio.models import Edition
from portfolio.rules.comparing_editions import Comparison, compare
from portfolio.states import EditionStatus
from reports import words
from reports.asked import Asked
from reports.tables import Table, table

BY_THE_CALENDAR = frozenset({"keeping_up", "pace", "cycle_times", "sources", "decisions"})
"""Tables whose lines are other ones each time: comparing them says nothing."""
DERIVED = frozenset({"compare", "corrected"})
"""Tables that are themselves comparisons."""
COLUMNS = (
    ("Table", "text"), ("Line", "text"), ("Figure", "text"), ("Before", "text"), ("Now", "text"), ("Difference", "number"),
)  # fmt: skip
MOST_LINES = 1000


def since_the_last(it: Asked, made: dict[str, Any]) -> tuple[dict[str, Any] | None, list[Table]]:
    """Figure by figure; None where there is no earlier edition to compare with."""
    last = _last(it)
    if last is None or last.figures is None:
        return None, []
    shown, lines, note = _differences(last, compare(_tables(last.figures), _tables(made)))
    return shown, [table("compare", "Changes since the last edition", COLUMNS, lines, note)]


def with_the_corrected(it: Asked, made: dict[str, Any]) -> tuple[dict[str, Any], list[Table]]:
    """Every figure that differs from the edition this one corrects, also those of tables by the calendar."""
    wrong = it.session.get_one(Edition, it.edition.corrects_id, options=[undefer(Edition.figures)])
    found = compare(_tables(wrong.figures or {}, DERIVED), _tables(made, DERIVED))
    shown, lines, note = _differences(wrong, found)
    return shown, [table("corrected", "What this edition corrects", COLUMNS, lines, note)]


def _last(it: Asked) -> Edition | None:
    """The latest edition of the same design that was out before this one's data end, over an earlier period; corrected ones
    by their correction."""
    ours = it.edition
    same = (
        Edition.report_id == ours.report_id
        if ours.report_id is not None
        else Edition.report_id.is_(None) & (Edition.kind == ours.kind)
    )
    query = (
        select(Edition)
        .where(
            same,
            Edition.status == EditionStatus.PUBLISHED,
            Edition.id != ours.id,
            Edition.period_start < ours.period_start,
        )
        .order_by(Edition.period_start.desc(), Edition.id.desc())
        .options(undefer(Edition.figures))
    )
    goal = (ours.design or {}).get("goal")
    found = it.session.scalars(query.limit(20))
    return next((one for one in found if (one.design or {}).get("goal") == goal), None)


def _differences(other: Edition, found: Comparison) -> tuple[dict[str, Any], list[list[Any]], str]:
    """What differs as the page shows it, as lines of a table, and what to say about it."""
    rows = _rows(found)
    shown = {
        "with": other.title,
        "number": other.id,
        "covered": ((other.figures or {}).get("covered") or {}).get("words", ""),
        "changed": len(found.changed),
        "new": len(found.new),
        "gone": len(found.gone),
        "same": found.same,
        "rows": rows[:MOST_LINES],
    }
    note = f"Against “{other.title}”. {words.counted(found.same, 'figure')} stayed as they were."
    lines = [[row[key] for key in ("table", "line", "figure", "before", "now", "difference")] for row in rows]
    return shown, lines, note


def _tables(figures: dict[str, Any], without: frozenset[str] = BY_THE_CALENDAR | DERIVED) -> dict[str, Any]:
    return {"tables": [one for one in figures.get("tables") or () if one["key"] not in without]}


def _rows(found: Comparison) -> list[dict[str, Any]]:
    rows = [
        {
            "table": one.title,
            "line": one.line,
            "figure": one.column,
            "before": _said(one.before, one.kind),
            "now": _said(one.after, one.kind),
            "difference": one.difference,
        }
        for one in found.changed
    ]
    for lines, said in ((found.new, "new"), (found.gone, "gone")):
        rows += [
            {
                "table": one.title,
                "line": one.line,
                "figure": said,
                "before": "",
                "now": "",
                "difference": None,
            }
            for one in lines
        ]
    order = {title: place for place, title in enumerate(dict.fromkeys(row["table"] for row in rows))}
    return sorted(rows, key=lambda row: order[row["table"]])


def _said(value: Any, kind: str) -> str:
    if value is None:
        return "–"
    if kind == "day":
        return words.short_day(value)
    return words.number(value, 2) if isinstance(value, int | float) else str(value)
