"""The named methods, against their inventors' own examples."""

from functools import partial
from itertools import permutations
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.methods import (
    Estimate,
    Job,
    NoValue,
    Order,
    ahp,
    benefit_cost,
    best_order,
    cd3,
    chance_by,
    delay_cost,
    earned,
    ice,
    managed_uplift,
    mixed_uplift,
    path,
    pert,
    reference_uplift,
    rice,
    wsjf,
)


def test_rice_as_intercom_shows_it() -> None:
    """S. McBride (Intercom), "RICE: Simple prioritization for product managers": 675, 400 and 800, so the third comes first."""
    projects = [(500 * 0.30 * 3, 3, 1.0, 2), (2000, 1, 0.8, 4), (800, 2, 0.5, 1)]
    assert [rice(*project) for project in projects] == pytest.approx([675, 400, 800])


def test_the_others_by_hand() -> None:
    assert ice(8, 5, 4) == 160
    assert wsjf(8, 5, 2, 3) == 5
    assert (cd3(10, 2), cd3(30, 4)) == (5, 7.5)
    assert benefit_cost(750_000, 425_000) == pytest.approx(
        1.7647, abs=1e-4
    )  # P. Phillips, "Show Me the Money"


@pytest.mark.parametrize("nothing", [0, -1, nan, inf])
def test_dividing_by_nothing_has_no_value(nothing: float) -> None:
    for of_nothing in (
        partial(rice, 1, 1, 1, nothing),
        partial(wsjf, 1, 1, 1, nothing),
        partial(cd3, 1, nothing),
        partial(benefit_cost, 1, nothing),
    ):
        with pytest.raises(NoValue):
            of_nothing()


def test_no_value_says_why() -> None:
    with pytest.raises(NoValue, match="The effort is zero or less, so there is nothing to divide by"):
        rice(100, 1, 1, 0)


# Order

MAGENNIS = (Job("1", 3, 3), Job("2", 7, 4), Job("3", 9, 6))
"""T. Magennis, Cost of Delay Prioritization Calculator (FocusedObjective.Resources @5511f9e), sheet Example: revenue a month,
months of work, 14 months in all, revenue from the month after a feature is done."""


@pytest.mark.parametrize(
    ("order", "revenue"),
    [("321", 103), ("123", 91), ("231", 109)],
    ids=["biggest first", "shortest first", "wsjf"],
)
def test_the_orders_of_the_cost_of_delay_calculator(order: str, revenue: float) -> None:
    assert earned(tuple(order), MAGENNIS, 14) == revenue


def test_the_best_order_of_the_cost_of_delay_calculator() -> None:
    assert best_order(MAGENNIS, 14) == Order(("2", "3", "1"), 109, is_best=True)
    assert [cd3(job.per_week, job.weeks) for job in MAGENNIS] == [1, 1.75, 1.5]
    assert best_order(MAGENNIS).names == ("2", "3", "1")


def test_b_before_a() -> None:
    a, b = Job("A", 10, 2), Job("B", 30, 4)
    assert best_order([a, b]) == Order(("B", "A"), 30 * 4 + 10 * 6, is_best=True)
    assert delay_cost(("A", "B"), [a, b]) == 10 * 2 + 30 * 6


amounts = st.integers(0, 20).map(float)
backlogs = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6).map(
    lambda pairs: [Job(str(index), *pair) for index, pair in enumerate(pairs)]
)


@given(backlogs)
@settings(max_examples=60, deadline=None)
def test_the_ratio_loses_least_of_all_orders(jobs: list[Job]) -> None:
    least = min(delay_cost(order, jobs) for order in permutations(job.name for job in jobs))
    assert best_order(jobs).total == pytest.approx(least)


@given(backlogs, st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_with_a_horizon_no_order_earns_more(jobs: list[Job], horizon: int) -> None:
    most = max(earned(order, jobs, horizon) for order in permutations(job.name for job in jobs))
    assert best_order(jobs, horizon).total == pytest.approx(most)


def test_the_ratio_is_not_best_where_time_runs_out_and_many_jobs_are_not_called_best() -> None:
    late = [Job("dense", 10, 9), Job("big", 10, 10)]
    assert best_order(late, 10).names == ("dense", "big")
    trap = [Job("quick", 2, 1), Job("large", 19, 10)]
    assert best_order(trap).names == ("quick", "large")
    assert best_order(trap, 11).total == 20  # one week of large would earn 19 after ten; quick first earns 20
    assert best_order([Job(str(i), 1, 1) for i in range(13)], 20).is_best is False


def test_nothing_to_do_costs_nothing_and_odd_jobs_are_refused() -> None:
    assert best_order([]) == Order((), 0, is_best=True)
    assert best_order([], 5) == Order((), 0, is_best=True)
    assert best_order([Job("slow", 1, 1), Job("at once", 1, 0)]).names == ("at once", "slow")
    with pytest.raises(NoValue, match="can't be negative"):
        best_order([Job("a", -1, 1)])
    with pytest.raises(ValueError, match="each job once"):
        delay_cost(("A",), MAGENNIS)


# PERT

TAYLOR = [(5, 8, 17), (7, 10, 13), (3, 5, 7), (1, 3, 5), (4, 6, 8), (3, 3, 3), (3, 4, 5)]
"""B. Taylor, Introduction to Management Science, flylib.com/books/en/3.287.1.117/1; critical path 1-3-5-7."""


def test_pert_as_in_taylors_order_processing_system() -> None:
    tasks = [pert(*three) for three in TAYLOR]
    assert [task.mean for task in tasks] == [9, 10, 5, 3, 6, 3, 4]
    assert [task.sd**2 for task in tasks] == pytest.approx(
        [4, 1, 0.4444, 0.4444, 0.4444, 0, 0.1111], abs=1e-4
    )
    whole = path([tasks[number - 1] for number in (1, 3, 5, 7)])
    assert (whole.mean, whole.sd**2) == pytest.approx((24, 5))
    # The book reads z = 1.79 off a table and prints 0.9633; without that rounding it is 0.9632.
    assert chance_by(28, whole) == pytest.approx(0.9632, abs=5e-5)


def test_pert_of_given_variances() -> None:
    """curioustab.com, PERT question 64878: mean 17, variances 1, 4, 4, by day 20."""
    whole = path([Estimate(17, 1), Estimate(0, 2), Estimate(0, 2)])
    assert whole.sd == 3
    assert chance_by(20, whole) == pytest.approx(0.8413, abs=5e-5)


def test_what_is_certain_is_surely_early_or_late() -> None:
    assert (chance_by(3, pert(3, 3, 3)), chance_by(2.9, pert(3, 3, 3))) == (1, 0)
    assert path([]) == Estimate(0, 0)
    with pytest.raises(NoValue, match="from low through likely to high"):
        pert(3, 2, 5)


# AHP

DRINKS: list[list[float]] = [
    [1, 9, 5, 2, 1, 1, 1 / 2],
    [1 / 9, 1, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
    [1 / 5, 3, 1, 1 / 3, 1 / 4, 1 / 3, 1 / 9],
    [1 / 2, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [1, 9, 4, 2, 1, 2, 1 / 2],
    [1, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [2, 9, 9, 3, 2, 3, 1],
]
"""Drinks in the United States: Saaty 2008, doi 10.1504/IJSSCI.2008.017590, with the ratios of PhilipGriffith/AHPy @d818996."""


def test_ahp_as_saaty_weighs_drinks() -> None:
    found = ahp(DRINKS)
    assert found.weights == pytest.approx((0.1775, 0.0191, 0.0418, 0.1164, 0.1896, 0.1288, 0.3268), abs=6e-5)
    assert found.ratio_saaty == pytest.approx(0.022, abs=5e-4)
    assert found.ratio_donegan_dodd == pytest.approx(0.0235, abs=5e-5)
    assert found.because == "The comparisons agree with each other: a ratio of 0.022, and up to 0.1 is fine."


def test_ahp_of_comparisons_that_contradict_each_other() -> None:
    found = ahp([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]])
    assert found.weights == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert found.because.startswith("The comparisons contradict each other")


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=8))
def test_ahp_gives_back_the_weights_it_was_made_from(weights: list[float]) -> None:
    found = ahp([[one / other for other in weights] for one in weights])
    assert found.weights == pytest.approx([one / sum(weights) for one in weights], rel=1e-6)
    assert found.ratio_saaty == pytest.approx(0, abs=1e-9)


@given(st.permutations(range(7)))
def test_ahp_does_not_mind_the_order(order: list[int]) -> None:
    shuffled = ahp([[DRINKS[row][column] for column in order] for row in order])
    assert shuffled.weights == pytest.approx([ahp(DRINKS).weights[one] for one in order], rel=1e-9)


@pytest.mark.parametrize(
    "comparisons",
    [[], [[1, 2]], [[1, 0], [0, 1]], [[1, 2], [2, 1]], [[1, nan], [nan, 1]], [[1, -2], [-0.5, 1]]],
)
def test_ahp_refuses_what_are_no_comparisons(comparisons: list[list[float]]) -> None:
    with pytest.raises(NoValue):
        ahp(comparisons)


def test_ahp_of_too_many_things_weighs_and_does_not_judge() -> None:
    assert ahp(np.ones((25, 25)).tolist()).ratio_saaty is None


# Uplift


def test_a_mixed_project_takes_its_shares_of_the_uplifts() -> None:
    """HM Treasury / Mott MacDonald: upper bounds 51 and 24 % of capital, 39 and 4 % of time, for 30 % and 70 %."""
    assert mixed_uplift([(0.3, 51), (0.7, 24)]) == pytest.approx(32.1)
    assert mixed_uplift([(0.3, 39), (0.7, 4)]) == pytest.approx(14.5)
    with pytest.raises(NoValue, match="sum to 1"):
        mixed_uplift([(0.3, 51)])
    with pytest.raises(NoValue, match="no share is negative"):
        mixed_uplift([(-0.5, 51), (1.5, 1)])


def test_what_is_managed_comes_off_down_to_the_lower_bound() -> None:
    assert [managed_uplift(51, 4, share) for share in (0, 0.5, 1)] == [51, 25.5, 4]
    with pytest.raises(NoValue):
        managed_uplift(4, 51, 0.5)


def test_the_reference_class_says_how_much_to_add() -> None:
    overruns = [-5, 0, 3, 8, 10, 12, 20, 25, 40, 80]
    assert [reference_uplift(overruns, accepted) for accepted in (0.5, 0.2, 0.1, 0)] == [10, 25, 40, 80]
    with pytest.raises(NoValue):
        reference_uplift([], 0.2)
    with pytest.raises(NoValue):
        reference_uplift([nan], 0.2)
