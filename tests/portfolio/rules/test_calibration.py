"""How well we judge: against published calibration, by hand, and honest about few or odd numbers."""

from dataclasses import replace
from math import exp, inf, isfinite, log, nan, sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import beta
from scipy.stats import t as student

from portfolio.rules.calibration import (
    Calibration,
    Curve,
    Finished,
    NotCounts,
    calibrated,
    calibrated_need,
    curve,
    effort_factors,
    from_json,
    hit_rate,
    impact_factors,
    learned_prior,
    wilson,
)
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import score

FIRST_GUESS = dict(DEFAULT.cause_prior)


# Published


def test_students_were_far_too_sure_of_when_their_thesis_is_done() -> None:
    """Buehler, Griffin & Ross 1994: 37 students; stated 50, 75 and 99 %, finished by then 13, 19 and 45 %."""
    found = curve(
        [(stated, observed * 37, 37) for stated, observed in ((0.5, 0.13), (0.75, 0.19), (0.99, 0.45))]
    )
    assert [(point.stated, round(point.observed, 2)) for point in found.points] == [(0.5, 0.13), (0.75, 0.19), (0.99, 0.45)]  # fmt: skip
    assert all(point.high < point.stated for point in found.points)
    assert found.because == "Too sure: of what was called 75 % likely, 19 % came true."


def test_their_overrun_counts_for_a_sixth_against_the_prior_of_five() -> None:
    """The same: predicted 33.9 days, took 55.5, a ratio of 1.637."""
    (found,) = effort_factors([Finished("thesis", 33.9, 55.5)])
    assert found.factor**6 == pytest.approx(1.637, abs=5e-4)


def test_wilsons_interval_as_published() -> None:
    """Newcombe 1998, Statistics in Medicine 17(8), table I, score method: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, of), interval in published.items():
        assert wilson(hits, of) == pytest.approx(interval, abs=5e-5)


# Effort


def test_the_factor_and_its_interval_by_hand() -> None:
    logs = [log(1.5), log(1.2), log(2.0)]
    (found,) = effort_factors([Finished("workshop", 10, 10 * exp(one)) for one in logs])
    middle, mean = sum(logs) / 8, sum(logs) / 3
    squares = sum((one - mean) ** 2 for one in logs) + 5 * 3 / 8 * mean**2
    half = student.ppf(0.9, 8) * sqrt((5 * 0.25 + squares) / 8 * (1 + 1 / 8))
    assert (found.factor, found.low, found.high) == pytest.approx(
        (exp(middle), exp(middle - half), exp(middle + half))
    )
    assert found.because == (
        "1.17 times what was said, from 3 finished pieces; four in five of the next will be 0.6 to 2.3 times."
    )


def test_many_pieces_outweigh_the_prior_and_narrow_the_interval() -> None:
    few, many = (effort_factors([Finished("job_aid", 10, 20)] * count)[0] for count in (1, 200))
    assert 1 < few.factor < 1.2
    assert many.factor == pytest.approx(2, abs=0.04)
    assert many.high - many.low < few.high - few.low


def test_nothing_finished_leaves_estimates_as_they_are() -> None:
    (found,) = effort_factors([], ["workshop"])
    assert (found.factor, found.pieces) == (1.0, 0)
    assert (found.low, found.high) == pytest.approx((0.445, 2.245), abs=1e-2)
    assert found.because == "Nothing finished to learn from yet, so estimates stay as they are."
    assert effort_factors([]) == ()


@pytest.mark.parametrize(("estimate", "actual"), [(0, 5), (5, 0), (-1, 5), (5, -1), (nan, 5), (5, inf)])
def test_odd_numbers_are_left_out_and_counted(estimate: float, actual: float) -> None:
    (found,) = effort_factors([Finished("workshop", estimate, actual), Finished("workshop", 10, 10)])
    assert (found.factor, found.pieces, found.left_out) == (1.0, 1, 1)
    assert found.because.endswith("1 without usable numbers left out.")


def test_an_estimate_that_held_a_factor_already_does_not_count_it_away() -> None:
    """Ten hours by the rubric, called 15 by the calibration, took 15: the factor is still 1.5."""
    plain = effort_factors([Finished("workshop", 10, 15)])
    assert effort_factors([Finished("workshop", 15, 15, factor=1.5)]) == plain


pieces = st.builds(
    Finished,
    st.sampled_from(["workshop", "path"]),
    st.floats(),
    st.floats(),
    st.sampled_from([1.0, 0.5, 2.0, 0.0]),
)


@given(st.lists(pieces, max_size=8))
def test_whatever_was_recorded_factors_are_finite_and_the_order_changes_nothing(
    pieces: list[Finished],
) -> None:
    shuffled = sorted(pieces, key=lambda one: (str(one.actual), str(one.estimate), one.factor))
    for rule in (effort_factors, impact_factors):
        for one, other in zip(rule(pieces), rule(shuffled), strict=True):
            assert all(isfinite(value) for value in (one.factor, one.low, one.high))
            assert one.low <= one.factor <= one.high
            assert one.factor == pytest.approx(other.factor)
            assert one.pieces + one.left_out == len([piece for piece in pieces if piece.group == one.group])


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=20), st.floats(1.01, 5))
def test_longer_work_never_lowers_the_factor(ratios: list[float], longer: float) -> None:
    before, after = (
        effort_factors([Finished("path", 10, 10 * ratio * by) for ratio in ratios])[0] for by in (1, longer)
    )
    assert after.factor >= before.factor


def test_a_prior_that_weighs_nothing_is_refused() -> None:
    with pytest.raises(NotCounts, match="k is above zero"):
        effort_factors([Finished("path", 1, 1)], k=0)


# Impact


def test_claims_that_came_to_nothing_or_less_count() -> None:
    (found,) = impact_factors([Finished("Sales", 10, 5), Finished("Sales", 10, 0), Finished("Sales", 10, -5)])
    assert found.factor == pytest.approx((5 + 0.5 + 0 - 0.5) / 8)
    assert found.pieces == 3


def test_a_tiny_claim_does_not_rule() -> None:
    (found,) = impact_factors([Finished("Sales", 0.001, 10)])
    assert found.factor == pytest.approx((5 + 3) / 6)


# Ranges


def test_hits_with_their_interval() -> None:
    narrow = hit_rate([(Range(9, 10, 11), 10.5)] * 7 + [(Range(9, 10, 11), 30)] * 23)
    assert (narrow.share, narrow.of) == (7 / 30, 30)
    assert (narrow.low, narrow.high) == wilson(7, 30)
    assert narrow.because == "7 of 30 fell inside their range; 8 in 10 should. Our ranges are too narrow."


@pytest.mark.parametrize(
    ("hits", "of", "words"),
    [
        (3, 4, "3 of 4 fell inside their range; 8 in 10 should. Too few to tell."),
        (8, 10, "8 of 10 fell inside their range; 8 in 10 should. That is what chance allows."),
        (40, 40, "40 of 40 fell inside their range; 8 in 10 should. Our ranges are wider than they need be."),
    ],
)
def test_what_the_hits_say(hits: int, of: int, words: str) -> None:
    assert hit_rate([(Range(1, 2, 3), 2)] * hits + [(Range(1, 2, 3), 4)] * (of - hits)).because == words


def test_without_anything_finished_there_is_no_share() -> None:
    assert hit_rate([]).because == "Nothing with a range is finished yet."
    assert hit_rate([(Range(1, 2, 3), nan)]).share is None


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_its_share(one: int, other: int) -> None:
    hits, of = sorted((one, other))
    low, high = wilson(hits, of)
    assert 0 <= low <= (hits / of if of else 0.5) <= high <= 1


@pytest.mark.parametrize(("hits", "of"), [(3, 2), (-1, 2)])
def test_more_hits_than_tries_are_refused(hits: int, of: int) -> None:
    with pytest.raises(NotCounts):
        wilson(hits, of)


def test_dates_kept_by_what_was_promised() -> None:
    found = curve([(0.85, 17, 20), (0.5, 1, 2)])
    assert [(point.stated, point.observed, point.of) for point in found.points] == [
        (0.5, 0.5, 2),
        (0.85, 0.85, 20),
    ]
    assert found.because == "What was said fits what happened, as far as the numbers can tell."
    assert curve([]) == Curve((), "Nothing to compare yet.")
    assert curve([(0.5, 20, 20)]).because == "Too careful: of what was called 50 % likely, 100 % came true."
    with pytest.raises(NotCounts):
        curve([(1.5, 1, 1)])


# Applied


def test_new_assessments_take_the_factor_and_say_so() -> None:
    factors = effort_factors([Finished("workshop", 10, 20)] * 20, [kind.key for kind in DEFAULT.work_types])
    ours, notes = calibrated(DEFAULT, Calibration(3, factors))
    assert notes == ("Workshop: 1.74 times the usual hours (calibration 3).",)
    workshop, aid = Need(work_type="workshop"), Need(work_type="job_aid")
    assert score(workshop, ours).manager_hours.likely > 1.3 * score(workshop, DEFAULT).manager_hours.likely
    assert score(workshop, ours).impact == score(workshop, DEFAULT).impact
    assert score(aid, ours) == score(aid, DEFAULT)
    assert calibrated(DEFAULT, Calibration(1)) == (DEFAULT, ())


def test_what_a_unit_claims_is_scaled_only_when_switched_on() -> None:
    claims = Calibration(2, impact=impact_factors([Finished("Sales", 10, 0)] * 5))
    need = Need(gap=Range(0.1, 0.2, 0.3), value_per_year=Range(10, 20, 30), people=Range(1, 2, 3))
    assert calibrated_need(need, "Sales", claims) is need
    on = replace(claims, applies_to_impact=True)
    assert calibrated_need(need, "Elsewhere", on) is need
    half = calibrated_need(need, "Sales", on)
    assert (half.gap, half.value_per_year, half.people) == (
        Range(0.05, 0.1, 0.15),
        Range(5, 10, 15),
        need.people,
    )
    assert calibrated_need(Need(), "Sales", on) == Need()


def test_a_unit_that_lost_what_it_claimed_to_win_is_counted_as_nothing() -> None:
    lost = Calibration(2, impact=impact_factors([Finished("Sales", 1, -9)] * 50), applies_to_impact=True)
    assert calibrated_need(Need(gap=Range(0.1, 0.2, 0.3)), "Sales", lost).gap == Range(0, 0, 0)


def test_a_calibration_is_kept_as_it_was() -> None:
    kept = Calibration(7, effort_factors([Finished("path", 1, 2)]), impact_factors([Finished("IT", 1, 2)]), applies_to_impact=True)  # fmt: skip
    assert from_json(kept.as_json()) == kept


# Causes


def test_own_cases_move_the_prior_by_their_weight() -> None:
    found = learned_prior(FIRST_GUESS, {"tools": 6, "knowledge": 4})
    learned = dict(found.prior)
    assert learned["tools"] == pytest.approx((10 * 0.18 + 6) / 20)
    assert learned["knowledge"] == pytest.approx((10 * 0.2 + 4) / 20)
    assert sum(learned.values()) == pytest.approx(1)
    expected = [float(beta.ppf(one, 8, 12)) for one in (0.1, 0.5, 0.9)]
    assert [found.fit.low, found.fit.likely, found.fit.high] == pytest.approx(expected)
    assert found.because == "From 10 cases of yours, training is the answer in 40 %; we started at 40 %."


def test_without_cases_the_prior_stays() -> None:
    found = learned_prior(FIRST_GUESS, {})
    assert dict(found.prior) == pytest.approx(FIRST_GUESS)
    assert dict(learned_prior(FIRST_GUESS, {}, strength=0).prior) == pytest.approx(FIRST_GUESS)
    assert found.because == "No case of yours is settled yet: training is the answer in 40 %, as we started."


@example(cases=dict.fromkeys(FIRST_GUESS, 0.0), strength=5e-310)
@given(
    cases=st.fixed_dictionaries({cause: st.floats(0, 50) for cause in FIRST_GUESS}),
    strength=st.floats(0, 100),
)
def test_the_learned_prior_lies_between_the_guess_and_the_cases(
    cases: dict[str, float], strength: float
) -> None:
    found = learned_prior(FIRST_GUESS, cases, strength)
    assert sum(chance for _, chance in found.prior) == pytest.approx(1)
    assert 0 <= found.fit.low <= found.fit.likely <= found.fit.high <= 1
    if total := sum(cases.values()):
        for cause, chance in found.prior:
            ends = sorted((FIRST_GUESS[cause], cases[cause] / total))
            assert ends[0] - 1e-9 <= chance <= ends[1] + 1e-9


@pytest.mark.parametrize(
    ("prior", "cases", "strength"),
    [
        (FIRST_GUESS, {"weather": 1}, 10),
        (FIRST_GUESS, {"tools": -1}, 10),
        (FIRST_GUESS, {"tools": nan}, 10),
        (FIRST_GUESS, {}, -1),
        (dict.fromkeys(FIRST_GUESS, 0.0), {"tools": 1}, 10),
        ({}, {}, 10),
    ],
)
def test_what_are_no_cases_is_refused(
    prior: dict[str, float], cases: dict[str, float], strength: float
) -> None:
    with pytest.raises(NotCounts):
        learned_prior(prior, cases, strength)


def test_a_cause_that_is_certain_is_no_failure() -> None:
    assert learned_prior({"knowledge": 1.0, "tools": 0.0}, {"knowledge": 3}).fit == Range(1, 1, 1)
