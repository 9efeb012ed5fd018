"""How a report says numbers, times and lists, in plain English."""

from collections.abc import Sequence
from datetime import date, datetime

HOURS_A_DAY = 24
MANY_DAYS = 20
BIG = 100
SAID = {"elearning": "self-paced course", "live_virtual": "live online session", "path": "learning path"}


def number(value: float | None, decimals: int = 1) -> str:
    """1234.5 as "1,234.5"; a whole number without decimals, a missing one as a dash."""
    if value is None:
        return "–"
    rounded = round(value, decimals)
    if rounded == int(rounded) or abs(rounded) >= BIG:
        return f"{round(rounded):,}".replace("-", "−")
    return f"{rounded:,.{decimals}f}".rstrip("0").replace("-", "−")


def amount(value: float | None, unit: str) -> str:
    """ "4.07 days", "1 day", "12 %"."""
    if value is None or not unit:
        return number(value, 2)
    is_one = number(value, 2) == "1" and unit.endswith("s") and not unit.endswith("ss")
    return f"{number(value, 2)} {unit[:-1] if is_one else unit}"


def lasting(days: float | None) -> str:
    """A duration in the unit people would use: hours under two days, then days."""
    if days is None:
        return "–"
    if days * HOURS_A_DAY < 1:
        return "under an hour"
    if days < 2:
        return counted(round(days * HOURS_A_DAY), "hour")
    return counted(round(days) if days >= MANY_DAYS else round(days, 1), "day")


def counted(count: float, thing: str, things: str = "") -> str:
    """ "1 request", "3 requests"."""
    return f"{number(count)} {thing if count == 1 else things or thing + 's'}"


def share(part: int, whole: int, least: int = 5) -> str:
    """ "3 of 7"; with the percentage from `least` up, because under that it would mislead."""
    return f"{number(part)} of {number(whole)}" + (
        f" ({part / whole:.0%})".replace("%", " %") if whole >= least else ""
    )


def day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def short_day(iso: str) -> str:
    """ "3 Sep 2026"."""
    value = date.fromisoformat(iso)
    return f"{value.day} {value:%b} {value.year}"


def by(iso: str | None) -> str:
    """By when something is wanted: "By 3 Sep 2026"."""
    return f"By {short_day(iso)}" if iso else "As soon as you can"


def moment(value: datetime) -> str:
    return f"{day(value)}, {value:%H:%M}"


def span(first: date, last: date) -> str:
    """ "1 July to 30 September 2026"; the year once where it is the same."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} to {day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{first.day} to {day(last)}"


def listed(things: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(things) <= 1:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def plain(code: str) -> str:
    """A code as words: "not_training" is "not training"."""
    return SAID.get(code, code.replace("_", " "))


def sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def money(amount: float, currency: str) -> str:
    return f"{currency} {round(amount):,}".replace("-", "−")
