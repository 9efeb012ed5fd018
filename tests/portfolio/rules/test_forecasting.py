"""Forecasts: published worked examples, and properties that hold for any history."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules import forecasting
from portfolio.rules.forecasting import Calendar, Forecast, Method, Throughput
from portfolio.rules.ranges import Range

MONDAY = date(2026, 11, 23)
CALENDAR = Calendar(MONDAY)
LITTLE = Throughput((0, 1, 0, 2, 1, 1, 0, 0, 1))
MUCH = Throughput((1, 2, 0, 1, 2, 1, 1, 3, 0, 2))
MAGENNIS = (16, 3, 10, 6, 19, 11, 17, 17, 15, 9, 11, 8, 5, 13, 5, 7, 8, 6, 10, 10, 8, 5, 5, 7)


def test_how_many_reproduces_a_published_bootstrap() -> None:
    """MC-1: FocusedObjective.Resources, Throughput Simulation; exact probabilities by convolution."""
    sums = forecasting.items_within(6, Throughput(MAGENNIS), seed=1, method=Method.PLAIN)
    exact = {30: 0.9995, 40: 0.9653, 50: 0.7688, 60: 0.4202, 70: 0.1414, 80: 0.0272, 90: 0.0027}
    assert {least: pytest.approx((sums >= least).mean(), abs=0.02) for least in exact} == exact
    found = forecasting.how_many(6, Throughput(MAGENNIS), seed=1, method=Method.PLAIN)
    assert [found.likely, found.promised, found.surely] == [
        pytest.approx(57, abs=1),
        pytest.approx(47, abs=1),
        pytest.approx(41, abs=1),
    ]


def test_the_honest_bootstrap_promises_less_than_the_published_one() -> None:
    plain = forecasting.how_many(6, Throughput(MAGENNIS), seed=1, method=Method.PLAIN)
    ours = forecasting.how_many(6, Throughput(MAGENNIS), seed=1)
    assert ours.method is Method.BOOTSTRAP
    assert (ours.likely, ours.promised <= plain.promised, ours.surely < plain.surely) == (57, True, True)


def test_when_reproduces_a_published_game_of_dice() -> None:
    """MC-3: FocusedObjective.Resources, Basic Monte Carlo Forecasting: 20 items, one die a week."""
    sizes = np.full(10_000, 20)
    weeks = np.ceil(
        forecasting.weeks_to_finish(sizes, Throughput((1, 2, 3, 4, 5, 6)), seed=1, method=Method.PLAIN)
    )
    exact = {4: 0.054, 5: 0.3052, 6: 0.6369, 7: 0.8628, 8: 0.9611, 9: 0.9915, 10: 0.9985}
    assert {week: pytest.approx((weeks <= week).mean(), abs=0.02) for week in exact} == exact
    assert [float(np.sort(weeks)[int(100 * percent) - 1]) for percent in (50, 85, 95)] == [6, 7, 8]
    assert weeks.min() >= 4
    assert weeks.max() <= 20


def test_the_method_and_the_history_are_said() -> None:
    found = forecasting.forecast_finish(12, LITTLE, CALENDAR, seed=3)
    assert (found.method, found.sample, found.items_left) == (Method.GAMMA_POISSON, 6, 12)
    assert found.words == "From 6 finished cards in 9 weeks; little history, so wide."
    found = forecasting.forecast_finish(12, MUCH, CALENDAR, seed=3)
    assert (found.method, found.sample) == (Method.BOOTSTRAP, 13)
    assert found.words == "From 13 finished cards in 10 weeks, drawn again 10,000 times."


def test_the_first_finished_item_gives_a_wide_answer() -> None:
    found = forecasting.forecast_finish(3, Throughput((0, 0, 1)), CALENDAR, seed=3)
    assert found.can_say
    assert found.words == "From 1 finished card in 3 weeks; little history, so wide."
    assert found.likely_on is not None
    assert found.promised_on is not None
    assert (found.promised_on - MONDAY) > 3 * (found.likely_on - MONDAY)


def test_without_a_finished_item_nobody_can_say() -> None:
    none = Throughput((0, 0, 0))
    words = "Nothing was finished in 3 weeks, so nobody can say when. The first finished card gives a first, wide answer."
    assert forecasting.forecast_finish(2, none, CALENDAR, seed=3) == Forecast(
        None, None, None, Range(2, 2, 2), 0, Method.NONE, 3, (words,)
    )
    assert not forecasting.forecast_finish(2, Throughput(()), CALENDAR, seed=3).can_say
    assert forecasting.how_many(2, none, seed=3).promised == 0
    assert not forecasting.forecast_card(3, [], CALENDAR, seed=3).can_say
    assert not forecasting.forecast_hours([], Range(1, 2, 3), 0, CALENDAR, seed=3).can_say


def test_nothing_left_is_done_today() -> None:
    found = forecasting.forecast_finish(0, MUCH, CALENDAR, seed=3)
    assert (found.likely_on, found.surely_on, found.words) == (MONDAY, MONDAY, "Nothing is left to do.")


def test_what_lies_beyond_five_years_has_no_date() -> None:
    found = forecasting.forecast_finish(400, Throughput((1, 0, 0, 0, 1)), CALENDAR, seed=3)
    assert (found.likely_on, found.promised_on, found.surely_on) == (None, None, None)
    assert not found.can_say


def test_an_expected_pace_needs_as_many_weeks() -> None:
    """2 a week without any doubt to speak of (a year of it): 20 items take about 10 weeks."""
    found = forecasting.forecast_finish(20, Throughput((2,) * 26), CALENDAR, seed=3)
    assert found.likely_on is not None
    assert abs((found.likely_on - MONDAY).days / 7 - 10) < 1


def test_a_week_off_costs_a_week() -> None:
    off = frozenset(MONDAY + timedelta(days=day) for day in range(7))
    at_home = forecasting.forecast_finish(5, MUCH, CALENDAR, seed=3)
    away = forecasting.forecast_finish(5, MUCH, Calendar(MONDAY, off), seed=3)
    assert (at_home.promised_on, away.promised_on) == (
        at_home.promised_on,
        (at_home.promised_on or MONDAY) + timedelta(days=7),
    )


def test_a_card_that_grew_older_than_any_other_is_not_done_soon() -> None:
    young = forecasting.forecast_card(0, [3, 5, 9], CALENDAR, seed=3)
    old = forecasting.forecast_card(30, [3, 5, 9], CALENDAR, seed=3)
    assert old.words == (
        "From how long 3 finished cards took, none of them longer than the 30 days this one has taken. "
        "Little history, so wide."
    )
    assert (old.promised_on or MONDAY) - MONDAY > 2 * ((young.promised_on or MONDAY) - MONDAY)


def test_weeks_end_yesterday_and_the_first_may_be_broken() -> None:
    """Begun on Thursday 5 November; looked at on Monday 23: two weeks and two working days."""
    days = [date(2026, 11, 6), date(2026, 11, 16), date(2026, 11, 22), MONDAY, date(2026, 10, 1)]
    found = forecasting.throughput(days, since=date(2026, 11, 5), today=MONDAY)
    assert found == Throughput((1, 0, 2), (0.4, 1.0, 1.0))
    away = frozenset({date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 11)})
    assert forecasting.throughput(days, since=date(2026, 11, 5), today=MONDAY, away=away).presence == (
        0.4,
        0.4,
        1.0,
    )
    assert forecasting.throughput([], since=MONDAY, today=MONDAY) == Throughput((), ())


def test_more_in_the_queue_is_later_and_more_hours_a_week_earlier() -> None:
    own, others = Range(4, 8, 16), [Range(2, 5, 9)] * 6
    alone = forecasting.forecast_hours([], own, 10, CALENDAR, seed=3)
    behind = forecasting.forecast_hours(others, own, 10, CALENDAR, seed=3)
    quicker = forecasting.forecast_hours(others, own, 20, CALENDAR, seed=3)
    assert alone.words == "Nothing waits before it; 10 hours a week for projects."
    assert behind.words == "6 come before it; 10 hours a week for projects."
    assert (alone.promised_on or MONDAY) < (quicker.promised_on or MONDAY) < (behind.promised_on or MONDAY)


COUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=20).map(lambda counts: Throughput(tuple(counts)))
AWAY = st.frozensets(st.integers(0, 120).map(lambda day: MONDAY + timedelta(days=day)), max_size=40)
FAR = date(2100, 1, 1)


def days(found: Forecast) -> tuple[date, date, date]:
    return found.likely_on or FAR, found.promised_on or FAR, found.surely_on or FAR


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 60), st.integers(0, 20), AWAY, st.integers(0, 5))
def test_more_to_do_and_more_days_away_never_make_it_earlier(
    history: Throughput, items: int, more: int, away: frozenset[date], seed: int
) -> None:
    found = forecasting.forecast_finish(items, history, CALENDAR, seed=seed, runs=300)
    later = forecasting.forecast_finish(items + more, history, CALENDAR, seed=seed, runs=300)
    absent = forecasting.forecast_finish(items, history, Calendar(MONDAY, away), seed=seed, runs=300)
    assert days(found) == tuple(sorted(days(found)))
    assert all(second >= first for first, second in zip(days(found), days(later), strict=True))
    if items:
        assert all(second >= first for first, second in zip(days(found), days(absent), strict=True))


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.integers(1, 40), st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_answer(history: Throughput, items: int, seed: int) -> None:
    asked = (Range(items, items, items + 5), history, CALENDAR)
    assert forecasting.forecast_finish(*asked, seed=seed, runs=200) == forecasting.forecast_finish(
        *asked, seed=seed, runs=200
    )


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.floats(0.2, 12), st.integers(0, 5))
def test_more_certainty_promises_fewer(history: Throughput, weeks: float, seed: int) -> None:
    found = forecasting.how_many(weeks, history, seed=seed, runs=300)
    assert found.likely >= found.promised >= found.surely >= 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 200), min_size=1, max_size=30), st.floats(0, 400), AWAY, st.integers(0, 5))
def test_a_card_is_done_on_a_working_day_and_no_earlier_with_days_away(
    cycles: list[float], age: float, away: frozenset[date], seed: int
) -> None:
    found = forecasting.forecast_card(age, cycles, CALENDAR, seed=seed, runs=300)
    absent = forecasting.forecast_card(age, cycles, Calendar(MONDAY, away), seed=seed, runs=300)
    assert days(found) == tuple(sorted(days(found)))
    assert all(day.weekday() < 5 for day in days(found) if day is not FAR)
    assert all(second >= first for first, second in zip(days(found), days(absent), strict=True))
    assert all(day not in away for day in days(absent))


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_unevenness_is_never_less_than_chance(history: Throughput) -> None:
    assert forecasting.unevenness(history) >= 1
