"""A table as a report keeps it: named, with typed columns, ready for page, sheet and CSV."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

KINDS = frozenset({"text", "count", "number", "days", "hours", "money", "percent", "day", "moment"})

Table = dict[str, Any]


def table(
    key: str, title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]], note: str = ""
) -> Table:
    """A table as JSON: days and moments as text, numbers as numbers, at most six digits behind the point."""
    unknown = {kind for _, kind in columns} - KINDS
    if unknown:
        raise ValueError(f"A column can't be of the kind {', '.join(sorted(unknown))}.")
    return {
        "key": key,
        "title": title,
        "note": note,
        "columns": [{"label": label, "kind": kind} for label, kind in columns],
        "rows": [[plain(cell) for cell in row] for row in rows],
    }


def plain(value: Any) -> Any:
    """A value as JSON takes it, the same on every machine."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        return None if value != value else round(value, 6)  # noqa: PLR0124 - NaN is the one that differs from itself
    return plain(value.item())
