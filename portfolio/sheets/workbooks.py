"""XLSX and ODS: what would fit in memory, the sheets people see, and their rows."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

import python_calamine as calamine

from portfolio.sheets.cells import Row, Unreadable, text_of

MOST_CELLS = 8_000_000
MOST_UNPACKED_BYTES = 500_000_000
MOST_COLUMNS = 2_000
_CHUNK = 1 << 20


def shown_sheets(content: bytes) -> tuple[str, list[str], bool]:
    """The kind of workbook, the sheets people see, and whether it counts days from 1904. Raises Unreadable."""
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
    return kind, shown or list(book.sheet_names), from_1904


def parsed(content: bytes, name: str) -> calamine.CalamineSheet:
    """One sheet of a workbook. Raises Unreadable."""
    try:
        found = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name)
    except (calamine.CalamineError, OSError, ValueError) as problem:
        raise Unreadable(f"The sheet “{name}” can't be read ({problem}). Please save it as CSV.") from problem
    if found.end is not None and found.end[1] >= MOST_COLUMNS:
        raise Unreadable(f"The sheet “{name}” is {found.end[1] + 1} columns wide; we take {MOST_COLUMNS}.")
    return found


def rows(found: calamine.CalamineSheet) -> Iterator[Row]:
    """Its rows; a cell merged over several rows says its words in each."""
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
