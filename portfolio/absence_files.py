"""Days away from a calendar file: what a leave calendar says in whole days becomes absences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import capacity, organisation
from portfolio.models import Absence, Person
from portfolio.submission import FIRST_YEAR, LAST_YEAR, one_line

MOST_EVENTS = 20_000
MOST_ADDED = 200
LONGEST_NOTE = 200
AT_LEAST = timedelta(hours=6)
"""A meeting is no day away; what lasts so long within a day is one."""


class NoCalendar(ValueError):
    """The file can't be read as a calendar; the message says what to do."""


@dataclass(frozen=True)
class Away:
    """Days away, first and last included."""

    from_on: date
    until_on: date
    note: str


@dataclass(frozen=True)
class Taken:
    """What became of a calendar's events."""

    added: int = 0
    known: int = 0
    over: int = 0
    short: int = 0
    repeating: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class Found:
    """What a file says: days away, and how many events are none or can't be taken for any."""

    away: tuple[Away, ...]
    short: int
    repeating: int
    unreadable: int


def read(content: bytes, zone: tzinfo) -> Found:
    """The days away in a calendar file. Raises NoCalendar."""
    try:
        calendars = Calendar.from_ical(content, multiple=True)
        events = [one for calendar in calendars for one in calendar.walk("VEVENT") if isinstance(one, Event)]
    except (
        Exception
    ) as problem:  # a parser of strangers' files: whatever it trips over, the file is no calendar
        raise NoCalendar("This is no calendar file we can read. Please export it as .ics again.") from problem
    if not events:
        raise NoCalendar("There is no event in this file.")
    if len(events) > MOST_EVENTS:
        raise NoCalendar(f"The file has {len(events):,} events; we take {MOST_EVENTS:,}.")
    return _sorted_out(events, zone)


def take(
    session: Session, content: bytes, *, by: Person, at: datetime, person: Person | None = None
) -> Taken:
    """Add the days away that aren't over and aren't here yet, of the manager or of an expert. Raises NoCalendar."""
    zone = organisation.zone(organisation.current(session))
    found = read(content, zone)
    today = at.astimezone(zone).date()
    owner = person.id if person else None
    here = {
        (one.from_on, one.until_on)
        for one in session.scalars(select(Absence).where(Absence.until_on >= today))
        if one.person_id == owner
    }
    added = known = over = 0
    for away in found.away:
        if away.until_on < today:
            over += 1
        elif (away.from_on, away.until_on) in here:
            known += 1
        elif added == MOST_ADDED:
            raise NoCalendar(f"More than {MOST_ADDED} times away lie ahead. Is this the right calendar?")
        else:
            capacity.add_absence(
                session,
                from_on=away.from_on,
                until_on=away.until_on,
                note=away.note,
                person=person,
                by=by,
                at=at,
            )
            here.add((away.from_on, away.until_on))
            added += 1
    return Taken(added, known, over, found.short, found.repeating, found.unreadable)


def _sorted_out(events: Iterable[Event], zone: tzinfo) -> Found:
    away: list[Away] = []
    short = repeating = unreadable = 0
    for event in events:
        if str(event.get("status", "")).upper() == "CANCELLED":
            continue
        days = _days(event, zone)
        if event.get("rrule") or event.get("rdate"):
            repeating += 1
        elif days is None:
            unreadable += 1
        elif not days:
            short += 1
        else:
            note = str(one_line(str(event.get("summary", ""))))[:LONGEST_NOTE]
            first, last = days
            away.append(Away(first, last, note))
    return Found(
        tuple(sorted(away, key=lambda one: (one.from_on, one.until_on))), short, repeating, unreadable
    )


def _days(event: Event, zone: tzinfo) -> tuple[date, date] | tuple[()] | None:
    """First and last day; nothing for what is too short to be a day away, None for what makes no sense."""
    try:
        start, end = _bound(event.start, zone), _bound(event.end, zone)
    except Exception:  # noqa: BLE001 - as above: strangers' files
        return None
    if isinstance(start, datetime) and isinstance(end, datetime):
        if end - start < AT_LEAST:
            return ()
        first, last = start.date(), (end - timedelta(microseconds=1)).date()
    else:
        first = _day(start)
        last = max(first, date.fromordinal(max(1, _day(end).toordinal() - 1)))
    is_sane = last >= first and (last - first).days <= 366 and FIRST_YEAR <= first.year <= LAST_YEAR
    return (first, last) if is_sane else None


def _bound(value: Any, zone: tzinfo) -> date | datetime:
    """In the organisation's zone; a time without one is there already."""
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
    if not isinstance(value, date):
        raise TypeError("An event begins and ends on a day or at a time.")
    return value


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
