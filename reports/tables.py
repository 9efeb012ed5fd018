"""A table as a report keeps it: named, with typed columns, ready for page, sheet and CSV."""

import csv
import io
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


def csv_of(tables: Iterable[Table]) -> bytes:
    """All tables in one tidy CSV: table, line, column, value. With a mark of its encoding, which Excel needs."""
    written = io.StringIO(newline="")
    sheet = csv.writer(written)
    sheet.writerow(["table", "line", "column", "value"])
    for one in tables:
        labels = [column["label"] for column in one["columns"]]
        for line, row in enumerate(one["rows"], start=1):
            sheet.writerows(
                [one["key"], line, label, _harmless(value)] for label, value in zip(labels, row, strict=True)
            )
    return written.getvalue().encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )
