"""Numbers, dates and states as a person reads them."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from portfolio.questions import Kind, Question


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
    """Hours with as many digits as they deserve, and their unit; what took moments, in minutes."""
    if value is not None and 0 < value < 0.1:
        return minutes(max(1, round(60 * value)))
    return "–" if value is None else f"{number(value)} h"


def minutes(value: int | None) -> str:
    """How long something takes: "8 minutes", "1 hour", "1½ hours"."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value} minute{'' if value == 1 else 's'}"
    halves = round(value / 30)
    whole = f"{halves // 2}{'½' if halves % 2 else ''}"
    return f"{whole} hour{'' if halves == 2 else 's'}"


def percent(share: float | None) -> str:
    """A share of one as a whole percentage; the ends stay honest."""
    if share is None:
        return "–"
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "over 99 %"
    return f"{round(100 * share)} %"


def size(count: int) -> str:
    """A file's size: "340 kB", "2.1 MB"."""
    return f"{number(count / 1e6)} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def count_words(count: int) -> str:
    """A small count as a sentence begins with it: "Seven"."""
    words = [
        "No",
        "One",
        "Two",
        "Three",
        "Four",
        "Five",
        "Six",
        "Seven",
        "Eight",
        "Nine",
        "Ten",
        "Eleven",
        "Twelve",
    ]
    return words[count] if count < len(words) else str(count)


LABELS = {
    "needs_info": "Waiting for an answer",
    "quick_win": "Quick win",
    "big_bet": "Big bet",
    "fill_in": "Fill-in",
    "money_pit": "Money pit",
    "accept": "Take it on",
    "ask": "Ask a question",
    "answer": "Answer from the library",
    "join": "Join to another",
    "redirect": "Point elsewhere",
    "waitlist": "Put on the waiting list",
    "waitlisted": "Waiting list",
    "snooze": "Look again later",
    "snoozed": "Put aside",
}


def label(state: str) -> str:
    """A state as a heading reads it."""
    word = state.value if isinstance(state, StrEnum) else state
    return LABELS.get(word, word.replace("_", " ").capitalize())


def plain(value: object) -> str:  # noqa: PLR0911 - one line a kind of value
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
        if any(part in value for part in ("who", "count", "name", "why")):
            return _parts(value)
        return ", ".join(f"{key.replace('_', ' ')}: {plain(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value)


def answer_words(question: Question, value: object) -> str:
    """An answer as its question means it: the words of a choice, a number with what it counts."""
    options = dict(question.options)
    chosen = value if isinstance(value, list) else [value]
    if options and all(str(one) in options for one in chosen):
        return ", ".join(options[str(one)] for one in chosen)
    words = plain(value)
    return f"{words} {question.unit}" if question.unit and question.kind is Kind.NUMBER else words


def _parts(value: dict[str, Any]) -> str:
    """The parts of an audience, a measure or a deadline as one phrase."""
    phrases = [value.get("who") or value.get("name") or ""]
    if value.get("count") is not None:
        phrases.append(plain(_whole(value["count"])))
    phrases += [f"{word} {plain(value[word])}" for word in ("today", "wanted") if value.get(word) is not None]
    if value.get("by"):
        phrases.append(f"by {_calendar(value['by'])}")
    if value.get("on"):
        phrases.append(_calendar(value["on"]))
    phrases.append(value.get("why") or "")
    return ", ".join(phrase for phrase in phrases if phrase)


def _whole(count: Any) -> Any:
    """A number of people, given as a number or a range: nobody is 0.9 of one."""
    return {**count, "likely": round(count["likely"])} if isinstance(count, dict) else count


def _calendar(text: str) -> str:
    day_of = date.fromisoformat(text)
    return f"{day_of.day} {day_of:%B %Y}"


def day(value: date | None, today: date) -> Markup:
    """ "Today", "in 3 days", "12 March": exact on hover."""
    if value is None:
        return Markup("–")
    exact = f"{value:%A}, {value.day} {value:%B %Y}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.isoformat(), exact, _day_words(value, today)
    )


def date_words(value: date | None, today: date) -> str:
    """A date as the calendar has it: "12 March", with the year when it is another one."""
    if value is None:
        return "–"
    return f"{value.day} {value:%B}" + ("" if value.year == today.year else f" {value.year}")


def span(start: date, end: date, today: date) -> str:
    """ "16 to 27 November", "30 November to 11 December"."""
    first = str(start.day) if (start.month, start.year) == (end.month, end.year) else date_words(start, today)
    return f"{first} to {date_words(end, today)}"


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
    return date_words(value, today)


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
