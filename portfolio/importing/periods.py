"""Days and periods as tables write them: "2026-09-27", "2026-09", "Sep 2026", "2026 Q3", "2026-W38", "2026". A period is its first day."""

import re
from datetime import date, tzinfo

from portfolio.importing import dates
from portfolio.submission import FIRST_YEAR, LAST_YEAR

_MONTH = re.compile(r"(\d{4})[-/. ](0?[1-9]|1[0-2])|(\d{4})(0[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/. ](\d{4})")
_NAMED = re.compile(r"([^\W\d]{3,10})(?:\.?[-/ ,]*(\d{4})|[-/'](\d{2}))|(\d{4})[-/ ,]*([^\W\d]{3,10})\.?")
_QUARTER = re.compile(r"(\d{4})[-/ ]*Q([1-4])|Q([1-4])[-/ ]*(\d{4})", re.IGNORECASE)
_WEEK = re.compile(
    r"(\d{4})[-/ ]*(?:W|KW|CW)[ ]*(\d{1,2})|(?:W|KW|CW)[ ]*(\d{1,2})[-/ ]*(\d{4})", re.IGNORECASE
)
_YEAR = re.compile(r"\d{4}")


def day_in(text: str, *, month_first: bool, zone: tzinfo, from_1904: bool = False) -> date | None:
    """The day a text says, or the first of the period it names. None where it says none."""
    text = text.strip()
    if len(text) > dates.LONGEST:
        return None
    period = _period(text)
    if period is not None:
        return _sane(period)
    at = dates.moment(text, month_first=month_first, zone=zone, from_1904=from_1904)
    return at.astimezone(zone).date() if at else None


def month_of(year: str, month: str) -> date | None:
    """The first day of a month whose year and month stand apart; of the year where there is no month."""
    number = re.fullmatch(r"(\d{4})(\.0)?", year.strip())
    if number is None:
        return None
    said = month.strip().removesuffix(".0")
    if not said:
        return _sane((int(number[1]), 1, 1))
    if said.isdecimal() and len(said) <= 2:
        return _sane((int(number[1]), int(said), 1))
    return _sane(_period(f"{said} {number[1]}"))


def _period(text: str) -> tuple[int, int, int] | None:
    if found := _MONTH.fullmatch(text):
        return int(found[1] or found[3] or found[6]), int(found[2] or found[4] or found[5]), 1
    if found := _QUARTER.fullmatch(text):
        return int(found[1] or found[4]), 3 * int(found[2] or found[3]) - 2, 1
    if found := _WEEK.fullmatch(text):
        return _week(int(found[1] or found[4]), int(found[2] or found[3]))
    if found := _NAMED.fullmatch(text):
        return _named(found[1] or found[5], found[2] or found[3] or found[4])
    return (int(text), 1, 1) if _YEAR.fullmatch(text) else None


def _named(word: str, year: str) -> tuple[int, int, int] | None:
    month = dates.month_named(word)
    return None if month is None else (int(year) + (2000 if len(year) == 2 else 0), month, 1)


def _week(year: int, week: int) -> tuple[int, int, int] | None:
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError:
        return None
    return monday.year, monday.month, monday.day


def _sane(day: tuple[int, int, int] | None) -> date | None:
    if day is None or not FIRST_YEAR <= day[0] <= LAST_YEAR:
        return None
    try:
        return date(*day)
    except ValueError:
        return None
