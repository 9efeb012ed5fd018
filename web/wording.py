"""Numbers, dates and states as a person reads them."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from markupsafe import Markup


def number(value: float | None, digits: int = 2) -> str:
    """With as many digits as it deserves: 0.1234 -> 0.12, 12.34 -> 12, 1234 -> 1,230."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 100:
        rounded = float(f"{value:.3g}")
        return f"{rounded:,.0f}"
    text = f"{value:.{digits}g}"
    return f"{float(text):g}"


def hours(value: float | None) -> str:
    """Hours with as many digits as they deserve, and their unit."""
    return "–" if value is None else f"{number(value)} h"


def percent(share: float | None) -> str:
    """A share of one as a whole percentage; the ends stay honest."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "over 99 %"
    return f"{round(100 * share)} %"


LABELS = {
    "needs_info": "Waiting for your answer",
    "quick_win": "Quick win",
    "big_bet": "Big bet",
    "fill_in": "Fill-in",
    "money_pit": "Money pit",
    "ask": "Ask a question",
    "answer": "Answer from the library",
    "join": "Join to another",
    "waitlist": "Put on the waiting list",
    "snooze": "Look again later",
}


def label(state: str) -> str:
    """A state as a heading reads it."""
    word = state.value if isinstance(state, StrEnum) else state
    return LABELS.get(word, word.replace("_", " ").capitalize())


def plain(value: object) -> str:
    """An answer as text: ranges, choices and parts in words."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(float(value), 4)
    if isinstance(value, dict):
        if set(value) == {"low", "likely", "high"}:
            return f"about {number(value['likely'])} ({number(value['low'])}–{number(value['high'])})"
        return ", ".join(f"{key.replace('_', ' ')}: {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value)


def day(value: date | None, today: date) -> Markup:
    """ "Today", "in 3 days", "12 March": exact on hover."""
    if value is None:
        return Markup("–")
    exact = f"{value:%A}, {value.day} {value:%B %Y}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(), exact, _day_words(value, today)
    )


def when(value: datetime | None, now: datetime, zone: ZoneInfo) -> Markup:
    """ "Just now", "20 minutes ago", "yesterday at 14:10", "12 March": exact on hover, in `zone`."""
    if value is None:
        return Markup("–")
    local = value.astimezone(zone)
    exact = f"{local:%A}, {local.day} {local:%B %Y, %H:%M %Z}"
    words = _moment_words(value, now, zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), exact, words)


def _day_words(value: date, today: date) -> str:
    away = (value - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if away in near:
        return near[away]
    if 1 < away < 7:
        return f"in {away} days"
    if -7 < away < -1:
        return f"{-away} days ago"
    if value.year == today.year:
        return f"{value.day} {value:%B}"
    return f"{value.day} {value:%B %Y}"


def _moment_words(value: datetime, now: datetime, zone: ZoneInfo) -> str:
    passed = now - value
    if timedelta(0) <= passed < timedelta(minutes=1):
        return "just now"
    if timedelta(0) <= passed < timedelta(hours=1):
        minutes = int(passed.total_seconds() // 60)
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    local, today = value.astimezone(zone), now.astimezone(zone).date()
    words = _day_words(local.date(), today)
    if abs((local.date() - today).days) <= 1:
        return f"{words} at {local:%H:%M}"
    return words
