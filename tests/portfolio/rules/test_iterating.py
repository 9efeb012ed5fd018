"""Rules of time boxes: dates, what fits, velocity, pace."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.iterating import (
    Item,
    Pace,
    clash,
    last_day,
    next_period,
    pace,
    spread_of,
    stack,
    velocity,
    working_days,
)

MONDAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("today", "weeks", "anchor", "taken", "wanted"),
    [
        ("2026-11-20", 2, None, [], ("2026-11-23", "2026-12-04")),
        ("2026-11-20", 2, None, [("2026-11-16", "2026-11-27")], ("2026-11-30", "2026-12-11")),
        ("2026-11-20", 2, "2026-11-16", [], ("2026-11-30", "2026-12-11")),
        ("2026-11-18", 2, "2026-11-16", [], ("2026-11-16", "2026-11-27")),  # two days late is in time
        ("2026-11-20", 1, "2026-11-04", [], ("2026-11-18", "2026-11-24")),  # a Wednesday
        (
            "2026-11-20",
            3,
            "2027-01-04",
            [],
            ("2026-11-23", "2026-12-11"),
        ),  # the rhythm holds backwards, too
        ("2026-11-20", 2, "2026-11-16", [("2026-11-16", "2026-12-01")], ("2026-12-14", "2026-12-25")),
    ],
)
def test_the_next_stretch_is_the_first_free_one_of_the_rhythm(
    today: str, weeks: int, anchor: str | None, taken: list[tuple[str, str]], wanted: tuple[str, str]
) -> None:
    periods = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in taken]
    start = date.fromisoformat(anchor) if anchor else None
    found = next_period(date.fromisoformat(today), weeks, start, periods)
    assert tuple(day.isoformat() for day in found) == wanted


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(1, 8),
    st.none() | st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    st.lists(st.tuples(st.integers(-60, 60), st.integers(0, 60)), max_size=5),
)
def test_no_proposal_ever_overlaps(
    today: date, weeks: int, anchor: date | None, taken: list[tuple[int, int]]
) -> None:
    periods = [(today + timedelta(first), today + timedelta(first + length)) for first, length in taken]
    first, last = next_period(today, weeks, anchor, periods)
    assert clash((first, last), periods) is None
    assert today - timedelta(2) <= first <= last < first + timedelta(weeks=weeks)
    assert last.weekday() < 5
    assert anchor is None or (first - anchor).days % (7 * weeks) == 0


def test_working_days_leave_out_weekends_and_days_away() -> None:
    assert working_days(MONDAY, last_day(MONDAY, 2)) == 10
    assert working_days(MONDAY, last_day(MONDAY, 2), {date(2026, 11, 17), date(2026, 11, 22)}) == 9


def test_hours_add_up_with_their_doubt_and_a_card_more_leaves_the_others() -> None:
    spread = spread_of([])
    items = [Item(1, 4.0), Item(2, 6.0), Item(3, None)]
    steps, fit = stack(items, 12, spread, usual=2.0, seed=7)
    more, _ = stack([*items, Item(4, 9.0)], 12, spread, usual=2.0, seed=7)
    assert more[:3] == steps
    assert (fit.count, fit.hours, fit.guesses, fit.over) == (3, 12.0, 1, 0.0)
    assert [step.is_guess for step in steps] == [False, False, True]
    assert fit.range == steps[-1].after
    assert fit.range.low < 12 < fit.range.high
    assert (
        0.3 < fit.chance < 0.5
    )  # estimates are middles: a sum of skewed hours is more often above than below


def test_what_is_not_taken_adds_nothing_above_the_line_and_counts_on_below_it() -> None:
    steps, fit = stack(
        [Item(1, 4.0), Item(2, 50.0, counts=False), Item(3, 2.0), Item(4, 3.0, counts=False)],
        10,
        spread_of([]),
        usual=None,
        seed=1,
    )
    assert (fit.count, fit.hours) == (2, 6.0)
    assert steps[1].after == steps[0].after
    assert steps[2].after == fit.range
    assert steps[3].after.likely > steps[2].after.likely


def test_the_chance_agrees_with_the_plain_formula_for_one_card() -> None:
    """P(e x exp(N(0, sd^2 + bias_sd^2)) <= room), by hand; 2,000 draws tell it to within 3 %."""
    from scipy.stats import norm

    spread = spread_of([])
    _, fit = stack([Item(1, 4.0)], 6.0, spread, usual=None, seed=3)
    wanted = norm.cdf(np.log(6 / 4) / np.hypot(spread.sd, spread.bias_sd))
    assert fit.chance == pytest.approx(wanted, abs=0.03)


def test_known_hours_have_no_doubt() -> None:
    _, fit = stack([Item(1, 4.0, is_known=True)], 4.0, spread_of([]), usual=None, seed=3)
    assert (fit.range.low, fit.range.high, fit.chance) == (4.0, 4.0, 1.0)


def test_finished_cards_teach_bias_and_narrow_the_doubt() -> None:
    none, some = spread_of([]), spread_of([1.4] * 40)
    assert (none.bias, none.sd, none.count) == (0.0, 0.5, 0)
    assert some.bias == pytest.approx(40 / 45 * np.log(1.4))
    assert some.sd < none.sd
    assert some.bias_sd < none.bias_sd
    assert "40 finished cards" in some.sentence
    assert "cautious guess" in none.sentence


def test_velocity_is_a_range_over_the_last_eight_and_says_how_many() -> None:
    assert velocity([]).sentence == "No iteration has been closed yet, so there is nothing to compare with."
    assert "One is no range yet." in velocity([(7, 24.0)]).sentence
    nine = velocity([(count, float(count)) for count in (4, 5, 6, 7, 8, 9, 10, 11, 99)])
    assert nine.count == 8
    assert nine.cards is not None
    assert (nine.cards.low, nine.cards.middle, nine.cards.high) == pytest.approx((5.05, 7.5, 9.95))
    assert nine.sentence.startswith("The last 8 iterations finished 5 to 10 cards and 5 to 10 h by estimates")


def test_a_pace_lies_between_what_is_done_and_what_is_there() -> None:
    assert pace(0, 10, 0, 10, []) is None
    assert pace(4, 10, 9.5, 0, []) == Pace(4, 4, 10)
    half = pace(5, 11, 5, 5, [])
    assert half is not None
    assert 5 < half.low < 10 < half.high <= 11
    assert half.words == f"on pace for {half.low} to {half.high}"
    assert Pace(11, 11, 11).words == "on pace for all 11"


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0, 40), st.floats(0, 40))
def test_a_pace_never_leaves_its_bounds(done: int, more: int, gone: float, left: float) -> None:
    found = pace(done, done + more, gone, left, [(8, 10), (6, 10)])
    assert found is not None
    assert done <= found.low <= found.high <= done + more
