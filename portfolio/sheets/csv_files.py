"""CSV as any program writes it: its encoding, its delimiter and its rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portfolio.sheets.cells import Row, Unreadable

# the standard 128 kB would make one long cell an error; we bound fields ourselves
csv.field_size_limit(1 << 28)


@dataclass(frozen=True)
class Manner:
    """How a CSV is written. `words` tell people: "UTF-8, semicolons"."""

    encoding: str
    delimiter: str
    first_line: int
    words: str


def manner_of(content: bytes) -> Manner:
    """How this CSV is written, told by its first 256 kB."""
    encoding, words = _encoding(content)
    head = content[: 256 * 1024].decode(encoding, "replace").replace("\x00", "")
    told = re.match(r'"?sep=(.)"?\r?\n', head)
    delimiter = told[1] if told else _delimiter(head, whole=len(content) <= 256 * 1024)
    named = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(delimiter, f"“{delimiter}”")
    return Manner(encoding, delimiter, 2 if told else 1, f"{words}, {named}")


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


def rows(content: bytes, encoding: str, delimiter: str, first_line: int) -> Iterator[Row]:
    """The rows from a line on. Raises Unreadable where a quotation mark is never closed."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding, errors="replace", newline="")
    taken: list[str] = []
    reader = csv.reader(_kept(text, taken), delimiter=delimiter)
    start, last = 1, 0
    for cells in reader:
        if start >= first_line:
            yield Row(start, [cell.replace("\x00", "") for cell in cells])
        last, start = start, reader.line_num + 1
        if len(taken) > 1 and _is_open(taken, delimiter):
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
