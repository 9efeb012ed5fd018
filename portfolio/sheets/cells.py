"""Rows of cells as text, whatever kind of file they come from."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any


class Unreadable(ValueError):
    """The file can't be read as a table; the message says why and what to do."""


@dataclass(frozen=True)
class Row:
    """One row: the line (of a CSV: where it starts in the file; of a sheet: its row number) and its cells as text."""

    line: int
    cells: list[str]

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


def tidy(text: str) -> str:
    """Words to compare and show: no tags, no-break spaces and line breaks as plain spaces."""
    return re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", re.sub(r"</?[A-Za-z][^<>]{0,200}>", " ", text)).strip()


def text_of(value: Any) -> str:
    """A sheet's cell as the text a person sees: 40.0 is "40", a date is ISO, yes and no are words."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def safe_for_sheets(cell: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
