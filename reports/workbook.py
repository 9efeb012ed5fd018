"""The figures as a workbook: one sheet a table, numbers as numbers, days as days, and no text that could act as a formula."""

import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from math import ceil
from typing import Any

from reports.tables import Table

LONGEST_SHEET_NAME = 31
WIDEST = 60
LINE_HEIGHT, MOST_LINES = 15, 12
FORMATS = {
    "count": "#,##0",
    "number": "#,##0.00",
    "days": "#,##0.0",
    "hours": "#,##0.0",
    "money": "#,##0",
    "percent": "0.0",
    "day": "d mmm yyyy",
    "moment": "d mmm yyyy hh:mm",
}


def workbook_of(figures: dict[str, Any], *, made_at: datetime) -> bytes:
    """The same figures give the same bytes: the only date in the file is `made_at`."""
    import xlsxwriter

    written = io.BytesIO()
    plain_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(written, {"in_memory": True, **plain_text}) as book:
        book.set_properties(
            {
                "title": figures["title"],
                "author": figures["organisation"],
                "created": made_at.astimezone(UTC).replace(tzinfo=None),
            }
        )
        _write_about(book, figures)
        taken: set[str] = {"about", "contents"}
        named = [(_sheet_name(table["title"], taken), table) for table in figures["tables"]]
        _write_contents(book, named)
        for name, table in named:
            _write_table(book, table, name)
    return written.getvalue()


def _write_about(book: Any, figures: dict[str, Any]) -> None:
    sheet = book.add_worksheet("About")
    bold, wrapped = (
        book.add_format({"bold": True, "valign": "top"}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    lines = [
        ("Report", figures["title"]),
        ("Organisation", figures["organisation"]),
        ("Covers", figures["covered"]["words"]),
        ("Compared with", figures["before"]["words"]),
        ("Data until", figures["cut_off_words"]),
        ("In one sentence", figures["summary"]),
        *figures["method"],
        *((f"Missing: {name}", said) for name, said in figures["failures"].items()),
    ]
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 110)
    for row, (name, said) in enumerate(lines):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, said, wrapped)
        sheet.set_row(row, LINE_HEIGHT * _lines(said, 110))
    _on_paper(sheet)


def _on_paper(sheet: Any) -> None:
    """Printed on A4 lying, as wide as a page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _lines(said: str, width: float) -> int:
    """How many lines a text takes in a column: programs don't all work that out when they open the file."""
    return min(MOST_LINES, max(1, ceil(len(said) / width)))


def _deepest(row: Sequence[Any], widths: Sequence[float]) -> int:
    return max(_lines(str(value), width) for value, width in zip(row, widths, strict=True))


def _write_contents(book: Any, named: list[tuple[str, Table]]) -> None:
    """Every sheet with how many lines it has, a click away."""
    sheet = book.add_worksheet("Contents")
    head = book.add_format({"bold": True, "bottom": 1})
    link = book.add_format({"font_color": "#0d6154", "underline": 1, "valign": "top"})
    wrapped, count = (
        book.add_format({"text_wrap": True, "valign": "top"}),
        book.add_format({"num_format": "#,##0", "valign": "top"}),
    )
    for place, (label, width) in enumerate((("Sheet", 34), ("Lines", 9), ("Note", 90))):
        sheet.write_string(0, place, label, head)
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for row, (name, table) in enumerate(named, start=1):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", link, string=name)
        sheet.write_number(row, 1, len(table["rows"]), count)
        sheet.write_string(row, 2, table["note"], wrapped)
        sheet.set_row(row, LINE_HEIGHT * _lines(table["note"], 90))
    _on_paper(sheet)


def _write_table(book: Any, table: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "indent": 1})
    looks = {kind: book.add_format({"num_format": look, "valign": "top"}) for kind, look in FORMATS.items()}
    looks["text"] = book.add_format({"text_wrap": True, "valign": "top", "indent": 1})
    head_of_numbers = book.add_format(
        {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "align": "right"}
    )
    kinds = [column["kind"] for column in table["columns"]]
    sheet.freeze_panes(1, 1)
    widths = [
        _width(column, [row[place] for row in table["rows"]]) for place, column in enumerate(table["columns"])
    ]
    for place, column in enumerate(table["columns"]):
        sheet.write_string(0, place, column["label"], head_of_numbers if kinds[place] in FORMATS else head)
        sheet.set_column(place, place, widths[place])
    heads = [column["label"] for column in table["columns"]]
    sheet.set_row(0, LINE_HEIGHT * _deepest(heads, [width - 3 for width in widths]))
    for number, row in enumerate(table["rows"], start=1):
        sheet.set_row(number, LINE_HEIGHT * _deepest(row, widths))
        for place, value in enumerate(row):
            _write(sheet, number, place, value, kinds[place], looks)
    if table["rows"]:
        sheet.autofilter(0, 0, len(table["rows"]), len(kinds) - 1)
    if table["note"]:
        sheet.write_string(len(table["rows"]) + 2, 0, table["note"])
    _on_paper(sheet)


def _write(sheet: Any, row: int, column: int, value: Any, kind: str, looks: dict[str, Any]) -> None:
    if value is None:
        return
    if kind == "day":
        sheet.write_datetime(
            row, column, datetime.combine(date.fromisoformat(value), datetime.min.time()), looks[kind]
        )
    elif kind == "moment":
        sheet.write_datetime(row, column, datetime.fromisoformat(value).replace(tzinfo=None), looks[kind])
    elif kind in FORMATS:
        is_whole = kind == "number" and value == int(value)
        sheet.write_number(row, column, value, looks["count" if is_whole else kind])
    else:
        sheet.write_string(row, column, str(value), looks["text"])


def _width(column: dict[str, str], values: list[Any]) -> float:
    if column["kind"] in {"day", "moment"}:
        return 17
    longest = max((len(str(value)) for value in values if value is not None), default=0)
    return min(max(longest, len(column["label"]) * 0.7, 9) + 2, WIDEST)


def _sheet_name(title: str, taken: set[str]) -> str:
    """A name Excel takes: 31 characters, none of []:*?/\\, each once."""
    name = re.sub(r"[\[\]:*?/\\']", " ", title)[:LONGEST_SHEET_NAME].strip()
    while name.lower() in taken:
        name = f"{name[: LONGEST_SHEET_NAME - 3]} {len(taken)}"
    taken.add(name.lower())
    return name
