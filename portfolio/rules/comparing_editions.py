"""Which figures differ between two editions: line by line of their tables.

Lines are told apart by the fewest leading columns that name each of them; where even all don't, by their number. A line
whose name is new is "new", one whose name is gone is "gone"; what stands in both is compared cell by cell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FORMULA_VERSION = "comparing-1"
DERIVED = frozenset({"compare", "corrected"})
"""Tables that are themselves comparisons: they aren't compared again."""


@dataclass(frozen=True)
class Change:
    """One figure that was another: in which table, on which line, in which column."""

    table: str
    title: str
    line: str
    column: str
    kind: str
    before: Any
    after: Any

    @property
    def difference(self) -> float | None:
        """After less before, where both are numbers."""
        if _is_number(self.before) and _is_number(self.after):
            return float(round(self.after - self.before, 6))
        return None


@dataclass(frozen=True)
class Line:
    """A line that only one of the two has."""

    table: str
    title: str
    line: str


@dataclass(frozen=True)
class Comparison:
    """What differs. `same` counts the figures that are as they were."""

    changed: tuple[Change, ...]
    new: tuple[Line, ...]
    gone: tuple[Line, ...]
    same: int

    @property
    def count(self) -> int:
        return len(self.changed) + len(self.new) + len(self.gone)

    def in_tables(self) -> list[tuple[str, list[Change], list[Line], list[Line]]]:
        """Table by table in the order of the later edition: its title, what changed, what is new, what is gone."""
        titles = dict.fromkeys(
            [*(one.title for one in self.changed), *(one.title for one in (*self.new, *self.gone))]
        )
        return [
            (
                title,
                [one for one in self.changed if one.title == title],
                [one for one in self.new if one.title == title],
                [one for one in self.gone if one.title == title],
            )
            for title in titles
        ]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What differs between the figures of two editions ({"tables": [{"key", "title", "columns", "rows"}]})."""
    earlier = {one["key"]: one for one in before.get("tables", ()) if one["key"] not in DERIVED}
    later = {one["key"]: one for one in after.get("tables", ()) if one["key"] not in DERIVED}
    changed: list[Change] = []
    new: list[Line] = []
    gone: list[Line] = []
    same = 0
    for key in (*later, *(key for key in earlier if key not in later)):
        one, other = earlier.get(key), later.get(key)
        width = _width(one, other)
        was, now = _lines(one, width), _lines(other, width)
        title = (other or one or {})["title"]
        new += [Line(key, title, name) for name in now if name not in was]
        gone += [Line(key, title, name) for name in was if name not in now]
        for name in (name for name in now if name in was):
            found, equal = _cells(key, title, name, was[name], now[name])
            changed += found
            same += equal
    return Comparison(tuple(changed), tuple(new), tuple(gone), same)


def _cells(
    table: str, title: str, name: str, was: dict[str, tuple[str, Any]], now: dict[str, tuple[str, Any]]
) -> tuple[list[Change], int]:
    """The cells that differ, and how many don't. A column that only one edition has isn't compared."""
    shared = [label for label in now if label in was]
    found = [
        Change(table, title, name, label, now[label][0], was[label][1], now[label][1])
        for label in shared
        if was[label][1] != now[label][1]
    ]
    return found, len(shared) - len(found)


def _width(*tables: Mapping[str, Any] | None) -> int:
    """How many leading columns name each line, in both tables; 0 where they can't."""
    there = [one for one in tables if one is not None]
    most = min(len(one["columns"]) for one in there)
    for width in range(1, most + 1):
        if all(len({_name(row, width) for row in one["rows"]}) == len(one["rows"]) for one in there):
            return width
    return 0


def _lines(table: Mapping[str, Any] | None, width: int) -> dict[str, dict[str, tuple[str, Any]]]:
    """The lines by their name; each its cells that are no part of the name, by column, with the column's kind."""
    if table is None:
        return {}
    columns = [(one["label"], one["kind"]) for one in table["columns"]]
    return {
        _name(row, width) if width else f"line {number}": {
            label: (kind, value) for (label, kind), value in list(zip(columns, row, strict=True))[width:]
        }
        for number, row in enumerate(table["rows"], start=1)
    }


def _name(row: Sequence[Any], width: int) -> str:
    return ", ".join("–" if cell is None else str(cell) for cell in row[:width])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
