"""Proof: published worked examples, and properties that hold for any readings."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import money, proof
from portfolio.rules.proof import Change, Outcome, Value, Verdict
from portfolio.states import EvidenceGrade

# Cushny & Peebles 1905 as in Student 1908: extra hours of sleep of ten patients under two drugs; R's `sleep`.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def values(
    before: Sequence[float],
    after: Sequence[float],
    *,
    comparison: bool = False,
    start: date = date(2026, 1, 1),
) -> list[Value]:
    """Weekly readings, first those before and then those after."""
    moments = [start + timedelta(days=7 * week) for week in range(len(before) + len(after))]
    flags = [False] * len(before) + [True] * len(after)
    return [
        Value(value, on, after=flag, comparison=comparison)
        for value, on, flag in zip([*before, *after], moments, flags, strict=True)
    ]


def test_a_paired_change_reproduces_students_sleep_example() -> None:
    """STAT-1: R ?t.test on `sleep` (Student 1908): group 1 minus group 2 by patient."""
    found = proof.paired_change(SLEEP_2, SLEEP_1)
    assert found.change.likely == pytest.approx(-1.58)
    assert found.change.low == pytest.approx(-2.4598858, abs=1e-7)
    assert found.change.high == pytest.approx(-0.7001142, abs=1e-7)
    assert found.t == pytest.approx(-4.0621, abs=1e-4)
    assert found.df == 9
    assert found.p == pytest.approx(0.002833, abs=1e-6)
    assert found.d == pytest.approx(-1.2846, abs=1e-4)
    assert found.hedges_g == pytest.approx(-1.1745, abs=2e-4)


def test_an_unpaired_change_reproduces_welch_on_the_same_numbers() -> None:
    """R ?t.test on `sleep`, not paired: t(17.776), 95 % interval -3.3654832 to 0.2054832."""
    found = proof.unpaired_change(SLEEP_2, SLEEP_1)
    assert found.likely == pytest.approx(-1.58)
    assert (found.low, found.high) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)
    assert found.readings == (10, 10)


def test_difference_in_differences_reproduces_the_minimum_wage_table() -> None:
    """DID-1: Card & Krueger 1994, table 3: full-time jobs per restaurant, New Jersey against Pennsylvania."""
    found = proof.difference_in_differences([20.44], [21.03], [23.33], [21.17])
    assert found == Change(found.likely, None, None, "difference in differences", (1, 1, 1, 1))
    assert found.likely == pytest.approx(2.75)


def test_the_design_sets_the_grade() -> None:
    def graded(found: list[Value], *, estimated: bool = False) -> EvidenceGrade:
        return proof.grade(found, estimated=estimated).grade

    group = values([1, 2], [3, 4], comparison=True)
    assert graded([]) is EvidenceGrade.NONE
    assert graded(values([1, 2], [3, 4])) is EvidenceGrade.NONE
    assert graded(values([1, 2], [3, 4]), estimated=True) is EvidenceGrade.ESTIMATE
    assert graded(values([1], []), estimated=True) is EvidenceGrade.NONE
    assert graded(values([1, 2, 1], [4, 3, 4])) is EvidenceGrade.TREND
    assert graded(values([1] * 8, [2] * 8)) is EvidenceGrade.SERIES
    assert graded([*values([1] * 8, [2] * 8), *group]) is EvidenceGrade.CONTROLLED
    assert graded([*values([1, 2], [3, 4]), *group]) is EvidenceGrade.CONTROLLED
    assert graded([*values([1, 2], [3]), *group]) is EvidenceGrade.NONE


def test_a_grade_says_what_it_rests_on_and_what_would_lift_it() -> None:
    found = proof.grade(values([1], [2, 3]))
    assert found.reason == "1 reading before and 2 after"
    assert found.needed == "3 readings before and 3 after (there are 1 and 2)"


def test_a_series_measures_against_where_the_trend_was_heading() -> None:
    """A rise of 1 a week that was going on anyway is no change; a step of 5 on top of it is one of 5."""
    before = [float(week) for week in range(10)]
    anyway = proof.series_change(values(before, [float(week) for week in range(10, 20)]))
    step = proof.series_change(values(before, [week + 5.0 for week in range(10, 20)]))
    assert anyway.likely == pytest.approx(0, abs=1e-9)
    assert (step.low, step.likely, step.high) == pytest.approx((5, 5, 5), abs=1e-6)
    assert step.readings == (10, 10)


def test_a_verdict_needs_the_whole_interval_on_one_side() -> None:
    def judged(low: float, high: float) -> Outcome:
        change = Change((low + high) / 2, low, high, "", (5, 5))
        return proof.judge(change, 2.0, EvidenceGrade.TREND).outcome

    assert judged(2.0, 4.0) is Outcome.CONFIRMED
    assert judged(1.0, 3.0) is Outcome.INCONCLUSIVE
    assert judged(-1.0, 1.9) is Outcome.REFUTED


def test_a_verdict_without_a_base_is_inconclusive_and_says_why() -> None:
    change = Change(9, 8, 10, "", (5, 5))
    grades = EvidenceGrade
    assert [
        proof.judge(None, 1, grades.TREND).reason,
        proof.judge(change, None, grades.TREND).reason,
        proof.judge(change, 1, grades.NONE).reason,
        proof.judge(Change(9, None, None, "", (1, 1)), 1, grades.ESTIMATE),
    ] == [
        "There is no reading on both sides yet.",
        "Nobody said beforehand how big a change would be worthwhile.",
        "The readings are too few to tell the work from chance.",
        Verdict(Outcome.INCONCLUSIVE, "One reading on a side has no spread, so there is no interval."),
    ]


def test_fewer_complaints_are_a_gain() -> None:
    found = proof.prove(
        values([10, 11, 12, 10], [5, 6, 5, 6]),
        higher_is_better=False,
        worthwhile_change=2,
        value_per_unit=1_000,
        costs=2_500,
    )
    assert found.grade.grade is EvidenceGrade.TREND
    assert found.change is not None
    assert found.change.likely == pytest.approx(-5.25)
    assert found.verdict.outcome is Outcome.CONFIRMED
    assert found.worth.break_even_change == 2.5
    assert found.worth.likely == money.returned(5_250, 2_500)


def test_below_the_stated_grade_no_return_is_given_but_the_break_even_is() -> None:
    found = proof.prove(
        values([10], [20]), higher_is_better=True, worthwhile_change=1, value_per_unit=100, costs=500
    )
    assert found.worth == money.Worth(None, None, None, 5.0, "The evidence is too weak to print a return.")


def test_an_estimate_is_scaled_by_what_is_credited_to_the_work() -> None:
    found = proof.prove(
        values([10, 12], [20, 22]),
        higher_is_better=True,
        worthwhile_change=1,
        contribution=0.5,
        confidence=0.8,
    )
    assert found.grade.grade is EvidenceGrade.ESTIMATE
    assert found.change is not None
    assert found.change.likely == pytest.approx(4.0)


NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_an_interval_holds_its_likely_value(
    a: list[float], b: list[float], c: list[float], d: list[float]
) -> None:
    for found in (proof.unpaired_change(a, b), proof.difference_in_differences(a, b, c, d)):
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.likely <= found.high


@given(NUMBERS, NUMBERS, st.floats(-1e3, 1e3))
def test_moving_every_reading_alike_changes_nothing(a: list[float], b: list[float], by: float) -> None:
    was = proof.unpaired_change(a, b)
    now = proof.unpaired_change([one + by for one in a], [one + by for one in b])
    assert now.likely == pytest.approx(was.likely, abs=1e-3)


@given(NUMBERS, NUMBERS, st.booleans(), st.floats(0.1, 1e5))
def test_a_verdict_never_contradicts_its_interval(
    a: list[float], b: list[float], higher: bool, worthwhile: float
) -> None:
    found = proof.prove(values(a, b), higher_is_better=higher, worthwhile_change=worthwhile)
    if found.change is None or found.change.low is None or found.change.high is None:
        return
    ends = sorted(end if higher else -end for end in (found.change.low, found.change.high))
    if found.verdict.outcome is Outcome.CONFIRMED:
        assert ends[0] >= worthwhile
    if found.verdict.outcome is Outcome.REFUTED:
        assert ends[1] < worthwhile
