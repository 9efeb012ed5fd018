"""The figures as a workbook: one sheet a table, numbers as numbers, days as days, and no text that could act as a formula."""

import io
import re
from datetime import UTC, date, datetime
from typing import Any

from reports.tables import Table

LONGEST_SHEET_NAME = 31
WIDEST = 60
FORMATS = {
    "count": "#,##0",
    "number": "#,##0.##",
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


def _write_contents(book: Any, named: list[tuple[str, Table]]) -> None:
    """Every sheet with how many lines it has, a click away."""
    sheet = book.add_worksheet("Contents")
    head = book.add_format({"bold": True, "bottom": 1})
    link = book.add_format({"font_color": "#0d6154", "underline": 1})
    wrapped, count = (
        book.add_format({"text_wrap": True, "valign": "top"}),
        book.add_format({"num_format": "#,##0"}),
    )
    for place, (label, width) in enumerate((("Sheet", 34), ("Lines", 9), ("Note", 90))):
        sheet.write_string(0, place, label, head)
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    for row, (name, table) in enumerate(named, start=1):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", link, string=name)
        sheet.write_number(row, 1, len(table["rows"]), count)
        sheet.write_string(row, 2, table["note"], wrapped)


def _write_table(book: Any, table: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    looks = {kind: book.add_format({"num_format": look}) for kind, look in FORMATS.items()}
    kinds = [column["kind"] for column in table["columns"]]
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(table["columns"]):
        sheet.write_string(0, place, column["label"], head)
        sheet.set_column(place, place, _width(column, [row[place] for row in table["rows"]]))
    for number, row in enumerate(table["rows"], start=1):
        for place, value in enumerate(row):
            _write(sheet, number, place, value, kinds[place], looks)
    if table["rows"]:
        sheet.autofilter(0, 0, len(table["rows"]), len(kinds) - 1)
    if table["note"]:
        sheet.write_string(len(table["rows"]) + 2, 0, table["note"])


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
        sheet.write_number(row, column, value, looks[kind])
    else:
        sheet.write_string(row, column, str(value))


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
