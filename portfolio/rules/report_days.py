"""When a report is due, which days it covers, and on which day it is mailed."""

from collections.abc import Collection
from datetime import date, timedelta

CALENDAR = ("weekly", "monthly", "quarterly")
RHYTHMS = ("", *CALENDAR, "rolling")
SHORTEST_ROLLING_DAYS, LONGEST_ROLLING_DAYS = 7, 366
_DAY = timedelta(days=1)
_LOUD_WITHIN = 400


def last_period(kind: str, today: date) -> tuple[date, date]:
    """The last full week, month or quarter before `today`, as [start, end)."""
    end = period_start(kind, today)
    return period_start(kind, end - _DAY), end


def this_period(kind: str, today: date) -> tuple[date, date]:
    """The week, month or quarter `today` is in, as [start, end)."""
    start = period_start(kind, today)
    return start, period_start(kind, start + timedelta(days={"weekly": 7, "monthly": 31}.get(kind, 95)))


def period_start(kind: str, day: date) -> date:
    """The first day of the week, month or quarter `day` is in."""
    if kind == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if kind == "monthly" else quarter_start(day)


def quarter_start(day: date) -> date:
    """The first day of the quarter `day` is in."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def covered(rhythm: str, rolling_days: int | None, today: date) -> tuple[str, date, date]:
    """The kind and period an edition asked for `today` is about: the last full one, or the last so many days.

    Without a rhythm it is the last full quarter.
    """
    if rolling_days:
        return "custom", today - timedelta(days=rolling_days), today
    kind = rhythm if rhythm in CALENDAR else "quarterly"
    return kind, *last_period(kind, today)


def next_due(rhythm: str, rolling_days: int | None, today: date, *, since: date | None = None) -> date | None:
    """The first day after `today` an edition is due; None where it is only made when asked for.

    A rolling one comes every `rolling_days` days, counted from the day it was due before (`since`), however many were missed.
    """
    if rhythm in CALENDAR:
        return this_period(rhythm, today)[1]
    if rhythm != "rolling" or not rolling_days:
        return None
    since = since or today
    return since + timedelta(days=rolling_days * ((today - since).days // rolling_days + 1))


def mailed_on(day: date, quiet: Collection[int | str]) -> date:
    """`day`, or the first after it that isn't quiet. `quiet`: weekdays (0 Monday .. 6) and days as "2026-12-24"."""
    for _ in range(_LOUD_WITHIN):
        if day.weekday() not in quiet and day.isoformat() not in quiet:
            return day
        day += _DAY
    return day
