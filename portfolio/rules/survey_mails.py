"""Who gets a mail about a survey today: by day, on working days, one a person a week, three reminders at most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST_REMINDERS = 3
DAYS_BETWEEN = 7
"""Between two mails about surveys to one person, whichever surveys they are about."""
FROM_HOUR, UNTIL_HOUR = 9, 16
SATURDAY = 5


@dataclass(frozen=True)
class Waiting:
    """Somebody whose next mail about one survey is due. `reminders` counts those after the first mail, which `is_first` tells."""

    invitation: int
    person: int
    is_first: bool
    reminders: int
    closes_on: date | None


def may_write(here: datetime) -> bool:
    """Whether it is a working day, from nine to four, by the clock on the wall there."""
    return here.weekday() < SATURDAY and FROM_HOUR <= here.hour < UNTIL_HOUR


def chosen(
    waiting: Iterable[Waiting], last_mailed_on: Mapping[int, date], *, today: date
) -> tuple[Waiting, ...]:
    """Whom to write to today: at most one mail a person, none where one came within a week, first mails before reminders, and
    the survey that closes soonest before others. Who has had all reminders, or whose survey is over, gets none."""
    taken: dict[int, Waiting] = {}
    for one in sorted(waiting, key=_urgency):
        last = last_mailed_on.get(one.person)
        rests = last is not None and today < last + timedelta(days=DAYS_BETWEEN)
        done = not one.is_first and one.reminders >= MOST_REMINDERS
        over = one.closes_on is not None and one.closes_on < today
        if one.person not in taken and not (rests or done or over):
            taken[one.person] = one
    return tuple(taken.values())


def next_on(reminders: int, closes_on: date | None, *, today: date) -> date | None:
    """The day of the mail after today's, when `reminders` have gone out; None after the last, or where the survey is over by then.

    Seven days on is the same weekday, so that a mail of a working day is never followed by one on a weekend.
    """
    if reminders >= MOST_REMINDERS:
        return None
    day = today + timedelta(days=DAYS_BETWEEN)
    return None if closes_on is not None and day > closes_on else day


def _urgency(one: Waiting) -> tuple[bool, date, int]:
    return not one.is_first, one.closes_on or date.max, one.invitation
