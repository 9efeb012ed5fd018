"""Mails about surveys: by day, on working days, one a person a week over all surveys, three reminders at most."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.survey_mails import DAYS_BETWEEN, MOST_REMINDERS, Waiting, chosen, may_write, next_on

MONDAY = date(2026, 11, 23)


def waits(invitation: int, person: int = 1, **other: object) -> Waiting:
    usual: dict[str, object] = {"is_first": True, "reminders": 0, "closes_on": None}
    return Waiting(invitation, person, **{**usual, **other})  # type: ignore[arg-type] # plain values


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-23T09:00", True), ("2026-11-23T15:59", True), ("2026-11-23T08:59", False), ("2026-11-23T16:00", False),
        ("2026-11-23T23:00", False), ("2026-11-28T11:00", False), ("2026-11-29T11:00", False),
    ],
)  # fmt: skip
def test_nobody_is_written_to_at_night_or_on_a_weekend(moment: str, allowed: bool) -> None:
    assert may_write(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is allowed


def test_a_person_gets_one_mail_first_mails_go_before_reminders_and_what_closes_soonest_before_others() -> (
    None
):
    reminder = waits(1, is_first=False, closes_on=MONDAY)
    late, soon = waits(2, closes_on=date(2026, 12, 20)), waits(3, closes_on=date(2026, 12, 1))
    other = waits(4, person=2)
    assert chosen([reminder, late, soon, other], {}, today=MONDAY) == (soon, other)


@pytest.mark.parametrize(("days_ago", "written"), [(0, False), (6, False), (7, True), (30, True)])
def test_a_mail_about_any_survey_within_a_week_is_enough(days_ago: int, written: bool) -> None:
    found = chosen([waits(1)], {1: MONDAY - timedelta(days=days_ago)}, today=MONDAY)
    assert bool(found) is written


def test_after_three_reminders_and_after_the_end_there_is_silence() -> None:
    spent = waits(1, is_first=False, reminders=3)
    over = waits(2, person=2, closes_on=MONDAY - timedelta(days=1))
    assert chosen([spent, over], {}, today=MONDAY) == ()


@pytest.mark.parametrize(
    ("reminders", "closes_on", "day"),
    [
        (0, None, date(2026, 11, 30)),
        (2, date(2026, 11, 30), date(2026, 11, 30)),
        (2, date(2026, 11, 29), None),
        (3, None, None),
    ],
)
def test_the_next_mail_comes_a_week_later_if_one_is_left(
    reminders: int, closes_on: date | None, day: date | None
) -> None:
    assert next_on(reminders, closes_on, today=MONDAY) == day


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 20)), min_size=1, max_size=12),
    st.integers(0, 27),
)
def test_whatever_waits_nobody_hears_twice_a_week_nor_more_than_four_times_of_one(
    invited: list[tuple[int, int]], closes_after: int
) -> None:
    """Eight weeks, day by day, for people invited to many surveys on many days."""
    closes = [MONDAY + timedelta(days=begins + closes_after) for _, begins in invited]
    due: dict[int, date | None] = {
        number: MONDAY + timedelta(days=begins) for number, (_, begins) in enumerate(invited)
    }
    sent: dict[int, list[date]] = {number: [] for number in due}
    last: dict[int, date] = {}
    for today in (MONDAY + timedelta(days=n) for n in range(56)):
        if today.weekday() > 4:
            continue
        waiting = [
            Waiting(
                number, invited[number][0], not sent[number], max(0, len(sent[number]) - 1), closes[number]
            )
            for number, day in due.items()
            if day is not None and day <= today
        ]
        for one in chosen(waiting, last, today=today):
            sent[one.invitation].append(today)
            last[one.person] = today
            due[one.invitation] = next_on(len(sent[one.invitation]) - 1, one.closes_on, today=today)
    assert max(map(len, sent.values())) <= 1 + MOST_REMINDERS
    assert all(day.weekday() < 5 and day <= closes[number] for number, days in sent.items() for day in days)
    for person in {person for person, _ in invited}:
        days = sorted(day for number, (who, _) in enumerate(invited) if who == person for day in sent[number])
        assert all((b - a).days >= DAYS_BETWEEN for a, b in pairwise(days))
