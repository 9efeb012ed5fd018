"""When a reminder is right."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.reminding import MOST_REMINDERS, is_reminder_due, reminder_days

MONDAY = date(2026, 11, 16)


def reminded(
    due_on: date | None, asked_on: date, days: int = 60, away: frozenset[int] = frozenset()
) -> list[date]:
    """The days on which somebody is reminded who never answers; on the days `away` the clock doesn't run."""
    found: list[date] = []
    for count in range(days):
        today = asked_on + timedelta(days=count)
        last = found[-1] if found else None
        if count not in away and is_reminder_due(due_on, asked_on, last, len(found), today=today):
            found.append(today)
    return found


@pytest.mark.parametrize(
    ("due_in", "days"),
    [
        (10, [8, 10, 11]),  # due Thursday: Tuesday, Thursday, and Friday instead of Sunday
        (12, [10, 11, 15]),  # due Saturday: Thursday, Friday, Tuesday
        (2, [2, 4]),  # two days before is the day of asking: the ask itself was the word
        (0, [3]),
        (None, [7, 14, 28]),
    ],
)
def test_reminders_come_before_on_and_after_the_day(due_in: int | None, days: list[int]) -> None:
    due_on = None if due_in is None else MONDAY + timedelta(days=due_in)
    assert [(day - MONDAY).days for day in reminded(due_on, MONDAY)] == days


def test_what_was_missed_is_made_up_for_once() -> None:
    assert reminded(MONDAY + timedelta(days=10), MONDAY, away=frozenset(range(5, 15))) == [
        MONDAY + timedelta(days=15)
    ]


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.one_of(st.none(), st.integers(0, 40)),
    st.frozensets(st.integers(0, 60)),
)
def test_nobody_is_reminded_on_weekends_or_too_often(
    asked_on: date, due_in: int | None, away: frozenset[int]
) -> None:
    due_on = None if due_in is None else asked_on + timedelta(days=due_in)
    days = reminded(due_on, asked_on, away=away)
    assert len(days) <= MOST_REMINDERS
    assert all(day.weekday() < 5 and day > asked_on for day in days)
    assert all(day.weekday() < 5 for day in reminder_days(due_on, asked_on))
