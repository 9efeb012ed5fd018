"""When somebody who was asked is reminded: gently, by the day, and not for ever."""

from datetime import date, timedelta

MOST_REMINDERS = 3
BEFORE_DUE_DAYS = 2
AFTER_DUE_DAYS = 3
WITHOUT_DATE_DAYS = (7, 14, 28)
SATURDAY = 5


def is_reminder_due(
    due_on: date | None, asked_on: date, reminded_on: date | None, reminders: int, *, today: date
) -> bool:
    """Whether today is a day to remind: two days before it is due, on the day, and once more three days later; without a
    date after one, two and four weeks.

    Never on a weekend (what falls on one comes the Friday before), never twice a day, never more than three times. A day that
    was missed is made up for by the next, and several missed ones by one reminder.
    """
    if reminders >= MOST_REMINDERS or today.weekday() >= SATURDAY:
        return False
    since = max(asked_on, reminded_on or asked_on)
    return any(since < day <= today for day in reminder_days(due_on, asked_on))


def reminder_days(due_on: date | None, asked_on: date) -> tuple[date, ...]:
    """The days on which a reminder would be right, all of them working days."""
    if due_on is None:
        return tuple(_working(asked_on + timedelta(days=days)) for days in WITHOUT_DATE_DAYS)
    away = (-BEFORE_DUE_DAYS, 0, AFTER_DUE_DAYS)
    return tuple(_working(due_on + timedelta(days=days)) for days in away)


def _working(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - SATURDAY + 1))
