"""Writes calendar files (RFC 5545). What stands in them is the caller's; how they are written is icalendar's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event, vText

from portfolio.submission import clean, one_line

MEDIA_TYPE = "text/calendar; charset=utf-8"
MAKER = "-//Outsize//Calendar feeds//EN"
LOOK_AGAIN_AFTER = timedelta(hours=1)
_LONGEST = 2000


@dataclass(frozen=True)
class Entry:
    """One event. A `starts` that is a date makes it last whole days, `ends` being the last of them.

    `changes` counts what happened to it so far and never falls; `changed_at` is when it last did. What `blocks` makes its
    owner busy.
    """

    uid: str
    title: str
    starts: date | datetime
    ends: date | datetime
    changed_at: datetime
    changes: int = 0
    about: str = ""
    place: str = ""
    address: str = ""
    kind: str = ""
    cancelled: bool = False
    blocks: bool = False


def written(name: str, about: str, entries: Iterable[Entry]) -> bytes:
    """The file: the same bytes for the same entries."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", MAKER)
    calendar.add("calscale", "GREGORIAN")
    for key in ("name", "x-wr-calname"):
        calendar.add(key, _line(name))
    for key in ("description", "x-wr-caldesc"):
        calendar.add(key, _text(about))
    calendar.add("refresh-interval", LOOK_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry))
    content: bytes = calendar.to_ical()
    return content


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.changes)
    event.add("dtstart", entry.starts)
    event.add("dtend", entry.ends if isinstance(entry.ends, datetime) else entry.ends + timedelta(days=1))
    event.add("summary", _line(entry.title))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "OPAQUE" if entry.blocks and not entry.cancelled else "TRANSPARENT")
    if entry.kind:
        event.add("categories", [_line(entry.kind)])
    if entry.place:
        event.add("location", _line(entry.place))
    about = "\n\n".join(part for part in (entry.about, entry.address) if part)
    if about:
        event.add("description", _text(about))
    if entry.address:
        event.add("url", entry.address)
    return event


def _line(words: str) -> vText:
    return vText(_bounded(str(one_line(words))))


def _text(words: str) -> vText:
    return vText(_bounded(str(clean(words))))


def _bounded(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
