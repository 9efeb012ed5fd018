"""When reports are due, what they cover and when they are mailed, by the calendar of 2026."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import report_days

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("weekly", (date(2026, 11, 9), date(2026, 11, 16))),
        ("monthly", (date(2026, 10, 1), date(2026, 11, 1))),
        ("quarterly", (date(2026, 7, 1), date(2026, 10, 1))),
    ],
)
def test_the_last_full_period(kind: str, wanted: tuple[date, date]) -> None:
    assert report_days.last_period(kind, FRIDAY) == wanted


@given(DAYS, st.sampled_from(report_days.CALENDAR))
def test_periods_meet_and_the_day_is_within_the_present_one(day: date, kind: str) -> None:
    (before, end), (start, following) = report_days.last_period(kind, day), report_days.this_period(kind, day)
    assert before < end == start <= day < following
    assert report_days.this_period(kind, before) == (before, end)


@pytest.mark.parametrize(
    ("rhythm", "rolling", "wanted"),
    [
        ("", None, None),
        ("", 30, None),
        ("weekly", None, date(2026, 11, 23)),
        ("weekly", 90, date(2026, 11, 23)),
        ("monthly", None, date(2026, 12, 1)),
        ("quarterly", None, date(2027, 1, 1)),
        ("rolling", 14, date(2026, 12, 4)),
    ],
)
def test_the_next_day_it_is_due(rhythm: str, rolling: int | None, wanted: date | None) -> None:
    assert report_days.next_due(rhythm, rolling, FRIDAY) == wanted


@given(DAYS, st.integers(7, 366), st.integers(0, 900))
def test_a_rolling_one_keeps_its_beat_however_many_were_missed(since: date, days: int, missed: int) -> None:
    today = since + timedelta(days=missed)
    due = report_days.next_due("rolling", days, today, since=since)
    assert due is not None
    assert today < due <= today + timedelta(days=days)
    assert (due - since).days % days == 0


@pytest.mark.parametrize(
    ("rhythm", "rolling", "wanted"),
    [
        ("weekly", None, ("weekly", date(2026, 11, 9), date(2026, 11, 16))),
        ("", None, ("quarterly", date(2026, 7, 1), date(2026, 10, 1))),
        ("rolling", 14, ("custom", date(2026, 11, 6), FRIDAY)),
        ("weekly", 90, ("custom", date(2026, 8, 22), FRIDAY)),
    ],
)
def test_what_it_covers(rhythm: str, rolling: int | None, wanted: tuple[str, date, date]) -> None:
    assert report_days.covered(rhythm, rolling, FRIDAY) == wanted


@pytest.mark.parametrize(
    ("quiet", "wanted"),
    [
        ([], FRIDAY),
        ([5, 6], FRIDAY),
        ([4, 5, 6], date(2026, 11, 23)),
        (["2026-11-20"], date(2026, 11, 21)),
        ([5, 6, "2026-11-20", "2026-11-23"], date(2026, 11, 24)),
    ],
)
def test_on_quiet_days_nothing_is_mailed(quiet: list[int | str], wanted: date) -> None:
    assert report_days.mailed_on(FRIDAY, quiet) == wanted
