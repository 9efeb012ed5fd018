"""Finding the header of a table: one row or two, below a title or above the data, and a name of its own for each column."""

import re
from dataclasses import dataclass

from portfolio.sheets.cells import Row, Unreadable, tidy
from portfolio.sheets.source import Source

HEADER_IS_WITHIN = 20
_LONGEST_LABEL = 200
_IS_DATA = re.compile(r"^[-+]?[\d.,:/%\s]+$|^\d{4}-\d{2}-\d{2}|@")
_OPEN_ENDED = {"response", "open-ended response"}  # what SurveyMonkey writes below a question without options


@dataclass(frozen=True)
class Header:
    """A column: its words as they stand in the file, and a tidy name nothing else in this file has."""

    original: str
    name: str


def top_of(source: Source, name: str) -> list[Row]:
    """The first rows that say something."""
    found: list[Row] = []
    for row in source.lines(name):
        if not row.is_blank:
            found.append(row)
        if len(found) == HEADER_IS_WITHIN:
            break
    return found


def head_of(source: Source, name: str, top: list[Row], header_line: int | None) -> Row:
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


def headers_of(cells: list[str], below: list[Row]) -> list[Header]:
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
