"""Reads tables people keep in files: CSV as any program writes it, XLSX and ODS. Cells come out as text, rows with their line."""

import csv
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import python_calamine as calamine

MOST_CELLS = 8_000_000
MOST_UNPACKED_BYTES = 500_000_000
MOST_COLUMNS = 2_000
HEADER_IS_WITHIN = 20
_CHUNK = 1 << 20
_LONGEST_LABEL = 200
_IS_DATA = re.compile(r"^[-+]?[\d.,:/%\s]+$|^\d{4}-\d{2}-\d{2}|@")
_OPEN_ENDED = {"response", "open-ended response"}  # what SurveyMonkey writes below a question without options

csv.field_size_limit(
    1 << 28
)  # the standard 128 kB would make one long cell an error; we bound fields ourselves


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


@dataclass(frozen=True)
class Header:
    """A column: its words as they stand in the file, and a tidy name nothing else in this file has."""

    original: str
    name: str


@dataclass(frozen=True)
class Sheet:
    """A table in a file. `rows()` reads it again from the start each time it is called.

    `header_line` is the last row of the header, where that has two.
    """

    source: "Source"
    name: str
    header_line: int
    headers: list[Header]

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones too, padded to the header's width."""
        width = len(self.headers)
        for row in self.source.lines(self.name):
            if row.line > self.header_line:
                yield (
                    row
                    if len(row.cells) >= width
                    else Row(row.line, row.cells + [""] * (width - len(row.cells)))
                )

    def is_longer_than(self, rows: int) -> bool:
        """Whether more than so many rows say something."""
        return next(islice((row for row in self.rows() if not row.is_blank), rows, None), None) is not None

    def index(self, name: str) -> int | None:
        """Where the column of this name stands."""
        return next((place for place, header in enumerate(self.headers) if header.name == name), None)


@dataclass(frozen=True)
class Source:
    """The bytes of a file and how they are to be read. `how` tells people: "CSV, UTF-8, semicolons".

    `from_1904` says that the workbook counts its days from 1904, as Excel for Mac did, rather than from 1900.
    """

    content: bytes
    kind: str
    how: str
    sheets: list[str]
    encoding: str = ""
    delimiter: str = ","
    first_line: int = 1
    from_1904: bool = False
    parsed: dict[str, calamine.CalamineSheet] = field(default_factory=dict, compare=False, repr=False)

    def lines(self, sheet: str) -> Iterator[Row]:
        """The rows of one sheet."""
        return _csv_rows(self) if self.kind == "csv" else _workbook_rows(self.table(sheet))

    def table(self, sheet: str) -> calamine.CalamineSheet:
        """A workbook's sheet, parsed once and kept as long as this is."""
        if sheet not in self.parsed:
            self.parsed.clear()
            self.parsed[sheet] = _parsed(self.content, sheet)
        return self.parsed[sheet]


def opened(content: bytes) -> Source:
    """What kind of file this is, by what is in it rather than its name. Raises Unreadable."""
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise Unreadable("The file is empty.")
    if content[:4] == b"PK\x03\x04":
        return _workbook(content)
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
    return _csv(content)


def sheet(source: Source, name: str = "", header_line: int | None = None) -> Sheet:
    """One sheet (the first that isn't empty, unless named) with its header row found or given. Raises Unreadable."""
    if name and name not in source.sheets:
        raise Unreadable(f"There is no sheet “{name}”. The file has: {', '.join(source.sheets)}.")
    for candidate in [name] if name else source.sheets:
        top = _top(source, candidate)
        if top:
            head = _head(source, candidate, top, header_line)
            below = [row for row in top if row.line > head.line] or top[1:]
            return Sheet(source, candidate, head.line, _headers(head.cells, below))
    raise Unreadable("There is nothing in this file." if not name else f"The sheet “{name}” is empty.")


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


# CSV


def _csv(content: bytes) -> Source:
    encoding, words = _encoding(content)
    head = content[: 256 * 1024].decode(encoding, "replace").replace("\x00", "")
    told = re.match(r'"?sep=(.)"?\r?\n', head)
    delimiter = told[1] if told else _delimiter(head, whole=len(content) <= 256 * 1024)
    named = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(delimiter, f"“{delimiter}”")
    return Source(
        content, "csv", f"CSV, {words}, {named}", [""], encoding, delimiter, first_line=2 if told else 1
    )


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _encoding(content: bytes) -> tuple[str, str]:
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", "UTF-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", "UTF-16"
    if wide := _wide(content[:4096]):
        return wide, "UTF-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252", "Windows-1252"
    return "utf-8", "UTF-8"


def _wide(start: bytes) -> str:
    """UTF-16 without its mark: every other byte is nought, or, where letters fill both, the line ends and signs tell."""
    if start.count(0) > len(start) // 4:
        return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"
    for encoding, sign in (("utf-16-le", b"%c\x00"), ("utf-16-be", b"\x00%c")):
        signs = [start.count(sign % one) for one in b"\n,;\t"]
        if signs[0] and any(signs[1:]) and signs[0] == start.count(b"\n"):
            return encoding
    return ""


def _delimiter(head: str, *, whole: bool) -> str:
    """The sign that cuts the first rows most evenly. Read with each; a sign inside quotes doesn't count."""
    best, best_mark = ",", (0.0, 0)
    for sign in ",;\t|":
        widths = [len(cells) for cells in _some_rows(head, sign, whole=whole) if any(cells)]
        width, rows = Counter(widths).most_common(1)[0] if widths else (1, 0)
        mark = (rows / len(widths), width) if width > 1 else (0.0, 0)
        if mark > best_mark:
            best, best_mark = sign, mark
    return best


def _some_rows(head: str, sign: str, *, whole: bool, limit: int = 200) -> list[list[str]]:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=sign)
    rows = [cells for _, cells in zip(range(limit), reader, strict=False)]
    return rows if whole or len(rows) == limit else rows[:-1]


def _csv_rows(source: Source) -> Iterator[Row]:
    text = io.TextIOWrapper(io.BytesIO(source.content), source.encoding, errors="replace", newline="")
    taken: list[str] = []
    reader = csv.reader(_kept(text, taken), delimiter=source.delimiter)
    start, last = 1, 0
    for cells in reader:
        if start >= source.first_line:
            yield Row(start, [cell.replace("\x00", "") for cell in cells])
        last, start = start, reader.line_num + 1
        if len(taken) > 1 and _is_open(taken, source.delimiter):
            raise Unreadable(
                f"A quotation mark opened in line {last} is never closed. Please mend that line."
            )
        taken.clear()


def _kept(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Whether a row that runs over several lines ends inside quotation marks: only the end of the file leaves it so."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as problem:
        return "unexpected end" in str(problem)
    return False


# Workbooks


def _workbook(content: bytes) -> Source:
    kind, from_1904 = _check_size(content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except (calamine.CalamineError, OSError, ValueError) as problem:
        raise Unreadable(
            f"This {kind} file can't be opened ({problem}). Please save it again, or as CSV."
        ) from problem
    shown = [
        one.name
        for one in book.sheets_metadata
        if one.typ == calamine.SheetTypeEnum.WorkSheet and one.visible == calamine.SheetVisibleEnum.Visible
    ]
    names = shown or list(book.sheet_names)
    how = f"{kind}, {len(names)} sheet{'s' if len(names) != 1 else ''}"
    return Source(content, "workbook", how, names, from_1904=from_1904)


def _parsed(content: bytes, name: str) -> calamine.CalamineSheet:
    try:
        found = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name)
    except (calamine.CalamineError, OSError, ValueError) as problem:
        raise Unreadable(f"The sheet “{name}” can't be read ({problem}). Please save it as CSV.") from problem
    if found.end is not None and found.end[1] >= MOST_COLUMNS:
        raise Unreadable(f"The sheet “{name}” is {found.end[1] + 1} columns wide; we take {MOST_COLUMNS}.")
    return found


def _workbook_rows(found: calamine.CalamineSheet) -> Iterator[Row]:
    if found.start is None:
        return
    below = _merged_below(found)
    held: dict[int, str] = {}
    for number, row in enumerate(found.iter_rows(), start=1):
        cells = [text_of(cell).replace("\x00", "") for cell in row]
        for place, first in below.get(number, ()):
            held[place] = cells[place] if first else held[place]
            cells[place] = held[place]
        yield Row(number, cells)


def _merged_below(found: calamine.CalamineSheet) -> dict[int, list[tuple[int, bool]]]:
    """For each row number the columns that belong to a cell merged over several rows, and whether it begins there."""
    below: dict[int, list[tuple[int, bool]]] = {}
    offset = found.start[1] if found.start else 0
    for (top, left), (bottom, _) in found.merged_cell_ranges or []:
        if bottom > top and left >= offset and bottom - top < MOST_CELLS:
            for row in range(top, min(bottom, found.total_height) + 1):
                below.setdefault(row + 1, []).append((left - offset, row == top))
    return below


def _check_size(content: bytes) -> tuple[str, bool]:
    """The kind of workbook, and whether it counts from 1904.

    Refuses what would not fit in memory once unpacked: the reader lays out every cell up to the furthest one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
            if sum(entry.file_size for entry in packed.infolist()) > MOST_UNPACKED_BYTES:
                raise Unreadable(
                    "This file unpacks to more than 500 MB. Please split it, or save the sheet as CSV."
                )
            if "content.xml" in names:
                _check_extent(_ods_extent(packed))
                return "ODS", False
            sheets = [name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            if not sheets:
                raise Unreadable("This is neither a CSV, an XLSX nor an ODS file.")
            _check_extent(max(_xlsx_extent(packed, name) for name in sheets))
            return "XLSX", _counts_from_1904(packed, names)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise Unreadable(f"This file is damaged ({problem}). Please save it again.") from problem


def _counts_from_1904(packed: zipfile.ZipFile, names: list[str]) -> bool:
    if "xl/workbook.xml" not in names:
        return False
    with packed.open("xl/workbook.xml") as part:
        return bool(re.search(rb"""\bdate1904=["'](1|true)["']""", part.read(_CHUNK)))


def _check_extent(cells: int) -> None:
    if cells > MOST_CELLS:
        raise Unreadable(
            f"A sheet spans {cells:,} cells, most of them surely empty; we take {MOST_CELLS:,}."
            " Please delete what stands far below or to the right, or save the table as CSV."
        )


def _xlsx_extent(packed: zipfile.ZipFile, name: str) -> int:
    rows = columns = 1
    seen: set[bytes] = set()
    for text in _chunks(packed, name):
        found = re.findall(rb"""\sr=["']([A-Za-z]{1,3})(\d{1,7})["']""", text)
        seen.update(letters.upper() for letters, _ in found)
        rows = max(rows, max((int(row) for _, row in found), default=1))
    for letters in seen:
        place = 0
        for letter in letters:
            place = place * 26 + letter - 64
        columns = max(columns, place)
    return rows * columns


def _ods_extent(packed: zipfile.ZipFile) -> int:
    """Rows by columns up to the last cell with a value, repeats counted."""
    cells = repeat = width = used = 0
    for text in _chunks(packed, "content.xml"):
        for tag in re.findall(rb"<table:table-(?:row|cell|covered-table-cell)\b[^>]*>", text):
            times = 1
            for count in re.findall(rb'number-(?:rows|columns)-repeated="(\d{1,9})"', tag):
                times = int(count)
            if tag.startswith(b"<table:table-row"):
                cells += repeat * used
                repeat, width, used = times, 0, 0
            else:
                width += times
                used = width if b"value-type" in tag else used
    return cells + repeat * used


def _chunks(packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with packed.open(name) as part:
        rest = b""
        while block := part.read(_CHUNK):
            text = rest + block
            cut = text.rfind(b"<")
            rest = text[cut:] if cut > 0 else b""
            yield text[:cut] if cut > 0 else text
        yield rest


# Headers


def _top(source: Source, name: str) -> list[Row]:
    """The first rows that say something."""
    found: list[Row] = []
    for row in source.lines(name):
        if not row.is_blank:
            found.append(row)
        if len(found) == HEADER_IS_WITHIN:
            break
    return found


def _head(source: Source, name: str, top: list[Row], header_line: int | None) -> Row:
    """The header: one row, or two read together as "Audience | Who", in the line of its last."""
    spans = _spans(source, name)
    if header_line is not None:
        told = _row_at(source, name, header_line)
        above = [row for row in top if row.line < told.line][-1:]
        return (_joined(above[0], [told], spans) if above else None) or told
    found = _header_row(top)
    for place, row in enumerate(top[:-1]):
        joined = _joined(row, top[place + 1 :], spans) if row.line <= found.line else None
        if joined and _filled(joined) >= _filled(found):
            return joined
    return found


def _header_row(top: list[Row]) -> Row:
    """The first row, unless it is a note above the table: then the first row about as wide as the table."""
    widest = max(_filled(row) for row in top)
    if _filled(top[0]) * 3 > widest:
        return top[0]
    return next(row for row in top if _filled(row) * 10 >= widest * 9)


def _row_at(source: Source, name: str, line: int) -> Row:
    for row in source.lines(name):
        if row.line >= line:
            if row.line > line or row.is_blank:
                break
            return row
    raise Unreadable(f"There is no row in line {line} that could be the header.")


Spans = dict[int, list[tuple[int, int]]]


def _spans(source: Source, name: str) -> Spans | None:
    """Which columns, first and last, one cell holds together in a line of a workbook. A CSV can't say."""
    if source.kind == "csv":
        return None
    found = source.table(name)
    offset = found.start[1] if found.start else 0
    spans: Spans = {}
    for (top, left), (_, right) in found.merged_cell_ranges or []:
        if right > left >= offset:
            spans.setdefault(top + 1, []).append((left - offset, right - offset))
    return spans


def _joined(upper: Row, lower: list[Row], spans: Spans | None) -> Row | None:
    """Both rows of a header as one, or None where `upper` has no groups that the row below it tells apart."""
    second = lower[0]
    width = max(len(upper.cells), len(second.cells))
    above, below = ([tidy(cell) for cell in _wide_as(row, width)] for row in (upper, second))
    groups = _gaps(above) if spans is None else [span for span in spans.get(upper.line, []) if above[span[0]]]
    inside = {place for first, last in groups for place in range(first, min(last, width - 1) + 1)}
    is_title = sum(map(bool, above)) == 1 and (spans is None or 0 in inside)
    if not inside or is_title:
        return None
    alone = [place for place in range(width) if place not in inside and above[place]]
    if not _are_labels(above, below, inside, alone) or not _stand_apart(below, alone, lower[1:]):
        return None
    for first, last in groups:
        for place in range(first, min(last, width - 1) + 1):
            below[place] = f"{above[first]} | {below[place]}"
    return Row(
        second.line,
        [below[place] if place in inside else above[place] or below[place] for place in range(width)],
    )


def _wide_as(row: Row, width: int) -> list[str]:
    return row.cells + [""] * (width - len(row.cells))


def _gaps(cells: list[str]) -> list[tuple[int, int]]:
    """Cells with blank ones after them, as merged cells look in a CSV."""
    heads = [place for place, cell in enumerate(cells) if cell]
    ends = [*heads[1:], len(cells)]
    return [(head, end - 1) for head, end in zip(heads, ends, strict=True) if end - head > 1]


def _are_labels(above: list[str], below: list[str], inside: set[int], alone: list[int]) -> bool:
    """Whether the lower row names each column of a group, differently, and says nothing new under the other columns."""
    names = [below[place] for place in sorted(inside)]
    return (
        all(name and len(name) <= _LONGEST_LABEL and not _IS_DATA.search(name) for name in names)
        and len(set(names)) > 1
        and all(below[place].casefold() in {"", above[place].casefold(), *_OPEN_ENDED} for place in alone)
    )


def _stand_apart(below: list[str], alone: list[int], rows: list[Row]) -> bool:
    """Whether the columns the lower row leaves blank are filled further down: else it may be a row like any other."""
    blank = [place for place in alone if not below[place]]
    return (
        not blank
        or not rows
        or any(sum(_says(row, place) for row in rows) * 2 > len(rows) for place in blank)
    )


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _headers(cells: list[str], below: list[Row]) -> list[Header]:
    width = max(len(cells), 1)
    while below and sum(_says(row, width) for row in below) * 2 > len(below):  # a column nobody named
        width += 1
    used: set[str] = set()
    headers = []
    for place in range(width):
        original = cells[place] if place < len(cells) else ""
        name = base = tidy(original)[:300] or f"Column {place + 1}"
        times = 1
        while name.casefold() in used:
            times += 1
            name = f"{base} ({times})"
        used.add(name.casefold())
        headers.append(Header(original, name))
    while (
        len(headers) > 1
        and not headers[-1].original.strip()
        and not any(_says(row, len(headers) - 1) for row in below)
    ):
        headers.pop()
    return headers


def _says(row: Row, place: int) -> bool:
    return len(row.cells) > place and bool(row.cells[place].strip())
