"""Reads tables people keep in files: CSV as any program writes it, XLSX and ODS. Cells come out as text, rows with their line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from portfolio.sheets import csv_files, workbooks
from portfolio.sheets.cells import Row, Unreadable, safe_for_sheets, tidy
from portfolio.sheets.headers import Header, head_of, headers_of, top_of
from portfolio.sheets.source import Source

__all__ = ["Header", "Row", "Sheet", "Source", "Unreadable", "opened", "safe_for_sheets", "sheet", "tidy"]


@dataclass(frozen=True)
class Sheet:
    """A table in a file. `rows()` reads it again from the start each time it is called.

    `header_line` is the last row of the header, where that has two.
    """

    source: Source
    name: str
    header_line: int
    headers: list[Header]

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones too, padded to the header's width."""
        width = len(self.headers)
        for row in self.source.lines(self.name):
            if row.line > self.header_line:
                short = width - len(row.cells)
                yield Row(row.line, row.cells + [""] * short) if short > 0 else row

    def is_longer_than(self, rows: int) -> bool:
        """Whether more than so many rows say something."""
        return next(islice((row for row in self.rows() if not row.is_blank), rows, None), None) is not None

    def index(self, name: str) -> int | None:
        """Where the column of this name stands."""
        return next((place for place, header in enumerate(self.headers) if header.name == name), None)


def opened(content: bytes) -> Source:
    """What kind of file this is, by what is in it rather than its name. Raises Unreadable."""
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise Unreadable("The file is empty.")
    if content[:4] == b"PK\x03\x04":
        kind, names, from_1904 = workbooks.shown_sheets(content)
        how = f"{kind}, {len(names)} sheet{'s' if len(names) != 1 else ''}"
        return Source(content, "workbook", how, names, from_1904=from_1904)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(
            "This is an old Excel file, or one with a password. Please save it as XLSX or CSV without a password."
        )
    if content[:5] == b"%PDF-":
        raise Unreadable("This is a PDF. Please export the table as CSV or XLSX.")
    start = content[:200].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise Unreadable(
            "This is a web page, perhaps a sign-in page saved in place of the file. Please download it again."
        )
    if start.startswith((b"{", b"[")) and _is_json(content):
        raise Unreadable("This is JSON. Please export the table as CSV or XLSX.")
    found = csv_files.manner_of(content)
    return Source(
        content, "csv", f"CSV, {found.words}", [""], found.encoding, found.delimiter, found.first_line
    )


def sheet(source: Source, name: str = "", header_line: int | None = None) -> Sheet:
    """One sheet (the first that isn't empty, unless named) with its header row found or given. Raises Unreadable."""
    if name and name not in source.sheets:
        raise Unreadable(f"There is no sheet “{name}”. The file has: {', '.join(source.sheets)}.")
    for candidate in [name] if name else source.sheets:
        top = top_of(source, candidate)
        if top:
            head = head_of(source, candidate, top, header_line)
            below = [row for row in top if row.line > head.line] or top[1:]
            return Sheet(source, candidate, head.line, headers_of(head.cells, below))
    raise Unreadable("There is nothing in this file." if not name else f"The sheet “{name}” is empty.")


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
