"""Ranges and draws: the stated percentiles come back, whatever is stated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm, norm

from portfolio.rules.ranges import (
    LOG_SD_BY_GRADE,
    Z90,
    Range,
    bounded,
    percentiles,
    positive,
    standard_block,
)

amounts = st.floats(0, 1e12, allow_nan=False)
ranges = st.tuples(amounts, amounts, amounts).map(lambda three: Range(*sorted(three)))
shares = st.tuples(*[st.floats(0, 1)] * 3).map(lambda three: Range(*sorted(three)))
ROW = standard_block(7, 2, 4_000)[0]


def test_the_90th_percentile_of_a_normal_is_the_one_in_the_tables() -> None:
    assert pytest.approx(norm.ppf(0.9), abs=1e-15) == Z90


def test_a_range_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="low through likely to high"):
        Range(3, 2, 4)
    with pytest.raises(ValueError, match="low through likely to high"):
        Range(1, float("nan"), 4)


@pytest.mark.parametrize("grade", LOG_SD_BY_GRADE)
def test_an_evidence_grade_sets_the_width_and_never_the_middle(grade: str) -> None:
    # Against SciPy's lognormal: s is the log standard deviation, scale the median.
    expected = lognorm(s=LOG_SD_BY_GRADE[grade], scale=40).ppf([0.1, 0.5, 0.9])
    found = Range.around(40, grade)
    assert (found.low, found.likely, found.high) == pytest.approx(tuple(expected), rel=1e-9)


def test_a_worse_grade_is_wider() -> None:
    widths = [Range.around(1, grade).high for grade in "ABCDE"]
    assert widths == sorted(widths)


def test_percentiles_are_ranks_and_mirror_each_other() -> None:
    rising = np.arange(1, 1001, dtype=np.float32)
    assert percentiles(rising) == (101, 501, 900)
    low, _, high = percentiles(-rising)
    assert (-high, -low) == (101, 900)
    assert percentiles(np.array([5.0], np.float32)) == (5, 5, 5)


def test_each_row_of_draws_holds_every_quantile_once() -> None:
    """Latin hypercube, McKay, Beckman & Conover 1979."""
    block = standard_block(7, 14, 1_000)
    strata = norm.ppf((np.arange(1_000) + 0.5) / 1_000).astype(np.float32)
    assert all(np.array_equal(np.sort(row), strata) for row in block)


def test_rows_are_as_good_as_independent() -> None:
    correlations = np.corrcoef(standard_block(20_261, 14, 4_000)) - np.eye(14)
    assert np.abs(correlations).max() < 4 / np.sqrt(4_000)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    first = standard_block(1, 3, 500).copy()
    standard_block.cache_clear()
    assert np.array_equal(first, standard_block(1, 3, 500))
    assert not np.array_equal(first, standard_block(2, 3, 500))


def test_a_new_input_at_the_end_leaves_the_old_rows_as_they_were() -> None:
    assert np.array_equal(standard_block(1, 3, 500), standard_block(1, 4, 500)[:3])


def test_shared_draws_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        standard_block(1, 3, 500)[0, 0] = 1


@pytest.mark.parametrize(
    "stated", [Range(2, 5, 12), Range(0.05, 0.15, 0.5), Range(6, 25, 140), Range(7, 7, 7)]
)
def test_positive_draws_have_the_stated_percentiles(stated: Range) -> None:
    found = Range.of(positive(stated, ROW))
    assert (found.low, found.likely, found.high) == pytest.approx(
        (stated.low, stated.likely, stated.high), rel=3e-3
    )


@pytest.mark.parametrize("stated", [Range(0.34, 0.44, 0.62), Range(0.4, 0.75, 0.95), Range(0.1, 0.5, 0.9)])
def test_bounded_draws_have_the_stated_percentiles(stated: Range) -> None:
    found = Range.of(bounded(stated, ROW))
    assert (found.low, found.likely, found.high) == pytest.approx(
        (stated.low, stated.likely, stated.high), rel=3e-3
    )


def test_a_symmetric_range_gives_the_plain_lognormal() -> None:
    draws = positive(Range.around(10, "D"), ROW)
    assert np.log(draws).std() == pytest.approx(0.5, rel=5e-3)
    assert draws.mean() == pytest.approx(10 * np.exp(0.5**2 / 2), rel=5e-3)


@given(ranges)
@settings(max_examples=120, deadline=None)
def test_positive_draws_are_finite_and_never_negative(stated: Range) -> None:
    draws = positive(stated, ROW)
    assert np.isfinite(draws).all()
    assert (draws >= 0).all()


@given(shares, st.sampled_from([1.0, 5.0]))
@settings(max_examples=120, deadline=None)
def test_bounded_draws_stay_within_their_bounds(stated: Range, upper: float) -> None:
    scaled = Range(stated.low * upper, stated.likely * upper, stated.high * upper)
    draws = bounded(scaled, ROW, upper)
    assert np.isfinite(draws).all()
    assert ((draws >= 0) & (draws <= upper)).all()


@given(ranges)
@settings(max_examples=80, deadline=None)
def test_draws_rise_with_the_standard_draw(stated: Range) -> None:
    """So that "the low draw of people" means few people, whatever was stated."""
    assert (np.diff(positive(stated, np.sort(ROW))) >= 0).all()


@given(st.floats(0.01, 1e6), st.floats(1, 10), st.floats(1, 10), st.floats(1, 1_000))
@settings(max_examples=80, deadline=None)
def test_a_multiple_of_a_range_is_that_multiple_in_each_draw(
    middle: float, down: float, up: float, factor: float
) -> None:
    stated = Range(middle / down, middle, middle * up)
    more = Range(stated.low * factor, stated.likely * factor, stated.high * factor)
    assert positive(more, ROW) == pytest.approx(positive(stated, ROW) * factor, rel=1e-3)
