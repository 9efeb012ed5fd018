"""Times as exports write them: "5/10/2026 09:15:00", "2026/09/27 3:00:00 PM GMT+3", "30/Oct/26 5:00 PM", ISO, 46099.4."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from portfolio.submission import FIRST_YEAR, LAST_YEAR

LONGEST = 80
"""No date is longer; what is would be searched through for long."""
_MONTHS = {
    word: month
    for month, words in enumerate(
        (
            "jan ene gen", "feb fév fev", "mar mär mrz", "apr abr avr", "may mai mag", "jun juin giu", "jul juil lug",
            "aug ago aoû", "sep set", "oct okt ott out", "nov", "dec dez déc dic",
        ),
        start=1,
    )
    for word in words.split()
}  # fmt: skip
_DATE = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2}|[^\W\d]{3,10})[-/., ]+(\d{1,4})")
_SERIAL = re.compile(r"\d{5}(?:\.\d{1,15})?")
_AFTERNOON = re.compile(r"午後|下午|오후")
_TIME = re.compile(r"(?:^|[T ,])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?[Mm]?")
_ZONE = re.compile(r"(?:GMT|UTC)?\s*([+-])(\d{1,2}):?(\d{2})?$|(Z|GMT|UTC)$", re.IGNORECASE)


def moment(text: str, *, month_first: bool, zone: tzinfo, from_1904: bool = False) -> datetime | None:
    """The time a text says, in UTC; without a zone of its own it is local to `zone`. None if it says none, or a year no work is of.

    A number of five digits is a day as spreadsheets count them, from 1900 or, with `from_1904`, from 1904.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if _SERIAL.fullmatch(text):
        return _counted(float(text), zone, from_1904=from_1904)
    found = _DATE.match(text)
    if not found:
        return None
    day = _day(*found.groups(), month_first=month_first)
    if day is None:
        return None
    rest = text[found.end() :]
    clock = _TIME.search(rest)
    hour, minute, second = (int(part or 0) for part in clock.group(1, 2, 3)) if clock else (0, 0, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4] in "pP" else 0)
    elif clock and hour < 12 and _AFTERNOON.search(rest):
        hour += 12
    try:
        local = datetime(*day, hour, minute, second, tzinfo=_zone(rest, zone))
        return sane(local.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def stamp(value: object) -> datetime | None:
    """The time an ISO timestamp with its zone says, in UTC; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return sane(at.astimezone(UTC)) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def sane(at: datetime) -> datetime | None:
    """The time, unless it is one by which programs mean none, such as the year 1."""
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def _counted(days: float, zone: tzinfo, *, from_1904: bool) -> datetime:
    """1900 had no 29 February, but Excel counts it, so its days begin on 30 December 1899."""
    first = datetime(1904, 1, 1, tzinfo=zone) if from_1904 else datetime(1899, 12, 30, tzinfo=zone)
    return (first + timedelta(seconds=round(days * 86_400))).astimezone(UTC)


def month_named(word: str) -> int | None:
    """The number of a month by its name or the beginning of it."""
    folded = word.casefold()
    return _MONTHS.get(folded[:4]) or _MONTHS.get(folded[:3])


def ambiguous(texts: Iterable[str]) -> bool | None:
    """Whether dates like 5/10/2026 could be read both ways: None if there are none, else True unless one tells."""
    seen = False
    for text in texts:
        found = re.match(r"\s*(\d{1,2})/(\d{1,2})/\d{2,4}", text)
        if found:
            if max(int(found[1]), int(found[2])) > 12:
                return False
            seen = seen or found[1] != found[2]
    return seen or None


def month_comes_first(texts: Iterable[str]) -> bool:
    """Whether 5/13/2026 or "AM/PM" shows the American order. Day first where nothing tells."""
    american = False
    for text in texts:
        found = re.match(r"\s*(\d{1,2})/(\d{1,2})/\d{2,4}(.*)", text, re.DOTALL)
        if found:
            if int(found[1]) > 12:
                return False
            if int(found[2]) > 12:
                return True
            american = american or bool(re.search(r"\d\s*[AP]M\b", found[3], re.IGNORECASE))
    return american


def _day(first: str, second: str, third: str, *, month_first: bool) -> tuple[int, int, int] | None:
    if not second.isdigit():
        month = month_named(second)
        if month is None:
            return None
        return (int(first), month, int(third)) if len(first) == 4 else (_year(third), month, int(first))
    if len(first) == 4:
        return int(first), int(second), int(third)
    a, b = int(first), int(second)
    if (month_first and a <= 12) or b > 12:
        return _year(third), a, b
    return _year(third), b, a


def _year(text: str) -> int:
    return int(text) + 2000 if len(text) <= 2 else int(text)


def _zone(rest: str, zone: tzinfo) -> tzinfo:
    found = _ZONE.search(rest.strip())
    if not found:
        return zone
    if found[4]:
        return UTC
    shift = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(shift if found[1] == "+" else -shift) if shift < timedelta(hours=24) else zone
