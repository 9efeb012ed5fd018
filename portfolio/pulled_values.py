"""Values in what a source answers: numbers and their days, found in JSON by pointers, in tables by the columns' names."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from portfolio import sheets
from portfolio.importing import dates, periods
from portfolio.measures import LONGEST_SUBJECT, Given, key_of
from portfolio.rules.sources import SourceRefused
from portfolio.submission import number_in, one_line

MOST_ROWS = 5_000
EACH = "*"
SUBJECT, EXPOSURE, COMPARISON = "subject", "exposure", "comparison"
"""Columns of a query or a table that are understood by their name."""
_EMPTY = {"", "none", "na", "n/a", "nan", "null"}
_NO = {"", "0", "no", "false", "f", "n", "none"}


class NotThere(ValueError):
    """The answer has no value where it should be; the message says what was found instead."""


@dataclass(frozen=True)
class Pick:
    """Where the value and its day stand: pointers into JSON (/data/0/late, /data/*/late for each) or columns' names."""

    value: str
    day: str = ""


Row = Mapping[str, Any]


def in_json(content: bytes, pick: Pick) -> list[Row]:
    """The rows a JSON document holds, each with `value` and, where asked for, `day`. Raises NotThere."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise NotThere("The answer is no JSON.") from problem
    values, days = _all_at(found, pick.value), _all_at(found, pick.day) if pick.day else []
    if pick.day and len(days) == 1 and len(values) > 1:
        days = days * len(values)
    if pick.day and len(days) != len(values):
        raise NotThere(f"There are {len(values)} values but {len(days)} days.")
    return [{"value": value, "day": days[place] if days else None} for place, value in enumerate(values)]


def in_table(content: bytes, pick: Pick) -> list[Row]:
    """The rows of a CSV or a workbook, by its columns' names. Raises NotThere."""
    try:
        sheet = sheets.sheet(sheets.opened(content))
    except sheets.Unreadable as problem:
        raise NotThere(str(problem)) from problem
    names = [header.name for header in sheet.headers]
    rows = [dict(zip(names, row.cells, strict=False)) for row in sheet.rows() if not row.is_blank]
    return in_rows(names, rows, pick)


def in_rows(names: Sequence[str], rows: Iterable[Row], pick: Pick) -> list[Row]:
    """Rows with the names we know: `value`, `day` and, where there are such columns, subject, exposure, comparison. Raises NotThere."""
    places = {sheets.tidy(name).casefold(): name for name in names}
    value = _column(places, names, pick.value, ("value",) if len(names) > 1 else tuple(places))
    day = _column(places, names, pick.day, ()) if pick.day else places.get("day") or places.get("date")
    more = {name: places[name] for name in (SUBJECT, EXPOSURE, COMPARISON) if name in places}
    return [
        {
            "value": row[value],
            "day": row[day] if day else None,
            **{name: row[held] for name, held in more.items()},
        }
        for row in rows
    ]


def given_in(
    rows: Sequence[Row], *, source: object, today: date, comparison: bool, zone: tzinfo
) -> list[Given]:
    """The values of rows, each for its day (today where it has none), keyed so that the same row of a day comes once. Empty
    ones are left out. Raises NotThere for what is no number, no day, or a day to come."""
    if len(rows) > MOST_ROWS:
        raise NotThere(f"There are more than {MOST_ROWS:,} rows; please narrow it down.")
    month_first = dates.month_comes_first(str(row.get("day") or "") for row in rows)
    seen: Counter[tuple[object, ...]] = Counter()
    given = []
    for place, row in enumerate(rows, start=1):
        if str(row["value"]).strip().casefold() in _EMPTY:
            continue
        on = _day(row.get("day"), today, month_first=month_first, zone=zone, place=place)
        other = comparison or str(row.get(COMPARISON) or "").strip().casefold() not in _NO
        subject = str(one_line(str(row.get(SUBJECT) or "")))[:LONGEST_SUBJECT] or None
        same = (on, other, subject)
        given.append(
            Given(
                _number(row["value"], place),
                on,
                comparison=other,
                subject=subject,
                exposure=_number(row[EXPOSURE], place) if row.get(EXPOSURE) not in {None, ""} else None,
                row_key=key_of("source", source, *same, seen[same]),
            )
        )
        seen[same] += 1
    return given


def check_pick(kind: str, pick: Pick) -> None:
    """Raise SourceRefused where these can't be pointers of JSON."""
    if kind != "json":
        return
    for pointer in (pick.value, pick.day):
        if pointer and not pointer.startswith("/"):
            raise SourceRefused("Please give a pointer that begins with /, such as /data/0/late.")
        if pointer.split("/").count(EACH) > 1:
            raise SourceRefused("Please use * once at most.")


def _all_at(found: Any, pointer: str) -> list[Any]:
    """What a pointer (RFC 6901) leads to; with a * in it, what it leads to in each element of that list."""
    head, sign, tail = pointer.partition(f"/{EACH}")
    at = _at(found, head)
    if not sign:
        return [at]
    if not isinstance(at, list):
        raise NotThere(f"There is no list at {head or '/'}; it is {_kind(at)}.")
    return [_at(one, tail) for one in at]


def _at(found: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and len(step) < 8 and int(step) < len(found):
            found = found[int(step)]
        else:
            raise NotThere(f"There is no “{step[:60]}” in {_kind(found)}.")
    return found


def _kind(found: Any) -> str:
    if isinstance(found, dict):
        return f"an object with {', '.join(str(key)[:40] for key in list(found)[:8]) or 'nothing in it'}"
    return f"a list of {len(found)}" if isinstance(found, list) else "a plain value"


def _column(places: Mapping[str, str], names: Sequence[str], wanted: str, usual: tuple[str, ...]) -> str:
    for name in (sheets.tidy(wanted).casefold(),) if wanted else usual:
        if name in places:
            return places[name]
    said = f"“{wanted}”" if wanted else "“value”"
    raise NotThere(f"There is no column {said}. There are: {', '.join(name[:40] for name in names[:12])}.")


def _number(value: Any, place: int) -> float:
    found: float | None = None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str):
        plain = re.fullmatch(r"\s*[-+]?\d+(\.\d+)?([eE][-+]?\d{1,2})?\s*", value)
        found = float(value) if plain else number_in(value)
    if found is None or not math.isfinite(found) or abs(found) > 1e12:
        raise NotThere(f"Row {place}: “{str(value)[:40]}” is no number.")
    return found


def _day(value: Any, today: date, *, month_first: bool, zone: tzinfo, place: int) -> date:
    if value is None or value == "":
        return today
    if isinstance(value, datetime):
        on: date | None = (value.astimezone(zone) if value.tzinfo else value).date()
    elif isinstance(value, date):
        on = value
    else:
        on = periods.day_in(str(value), month_first=month_first, zone=zone)
    if on is None:
        raise NotThere(f"Row {place}: “{str(value)[:40]}” is no day.")
    if on > today:
        raise NotThere(f"Row {place}: {on.isoformat()} is still to come.")
    return on
