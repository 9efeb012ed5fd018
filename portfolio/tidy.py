"""An edition's tables as one tidy CSV, for pages and programs alike."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from portfolio.sheets import safe_for_sheets


def csv_of(tables: Iterable[dict[str, Any]]) -> bytes:
    """All tables in one: table, line, column, value. With a mark of its encoding, which Excel needs, and no formulas."""
    written = io.StringIO(newline="")
    sheet = csv.writer(written)
    sheet.writerow(["table", "line", "column", "value"])
    for one in tables:
        labels = [column["label"] for column in one["columns"]]
        for line, row in enumerate(one["rows"], start=1):
            sheet.writerows(
                [one["key"], line, label, safe_for_sheets(value) if isinstance(value, str) else value]
                for label, value in zip(labels, row, strict=True)
            )
    return written.getvalue().encode("utf-8-sig")
