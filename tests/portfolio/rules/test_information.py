"""What an answer is worth: textbook cases, closed forms, and the laws no question can break."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from portfolio.rules.information import (
    MINUTES,
    Information,
    NotChances,
    evpi,
    evpi_of_draws,
    evppi_of_draws,
    evsi,
    questions_worth,
    usual_line,
)
from portfolio.rules.need import Need
from portfolio.rules.ranges import standard_block
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.sampling import draws_of
from tests.portfolio.rules.test_scoring import EMPTY, FULL, needs

DRILL_OR_SELL = [[700, -100], [90, 90]]
"""Goferbroke: Hillier & Lieberman, Introduction to Operations Research; inputs as in "Oil & Uncertainty"."""
ODDS = [0.25, 0.75]
SURVEY = [[0.6, 0.4], [0.2, 0.8]]
"""P(favourable | oil) = 0.3 x 0.5 / 0.25 and P(favourable | dry) = 0.3 x 0.5 / 0.75."""


# Textbook


def test_goferbroke_would_pay_142_and_a_half_to_know_of_the_oil() -> None:
    assert evpi(DRILL_OR_SELL, ODDS) == Information(100, 242.5, 142.5)


def test_goferbrokes_survey_is_worth_53_and_costs_30() -> None:
    found = evsi(DRILL_OR_SELL, ODDS, SURVEY, cost=30)
    assert (found.without, found.informed, found.worth) == pytest.approx((100, 153, 53))
    assert (found.net, found.informed_net) == pytest.approx((23, 123))


def test_a_perfect_survey_is_worth_perfect_information_and_a_blind_one_nothing() -> None:
    assert evsi(DRILL_OR_SELL, ODDS, [[1, 0], [0, 1]]).worth == pytest.approx(142.5)
    assert evsi(DRILL_OR_SELL, ODDS, [[0.5, 0.5], [0.5, 0.5]]).worth == pytest.approx(0)


chances = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda p: [one / sum(p) for one in p])


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=1, max_size=5),
    chances,
    st.tuples(chances, chances, chances),
)
def test_a_sample_is_never_worth_more_than_the_truth_nor_less_than_nothing(
    payoffs: list[list[float]], prior: list[float], likelihoods: tuple[list[float], ...]
) -> None:
    most = evpi(payoffs, prior).worth
    assert 0 <= evsi(payoffs, prior, likelihoods).worth <= most + 1e-6


@pytest.mark.parametrize("odds", [[0.3, 0.3], [1.2, -0.2], [float("nan"), 1], []])
def test_what_are_no_chances_is_said(odds: list[float]) -> None:
    with pytest.raises(NotChances, match="Chances"):
        evpi(DRILL_OR_SELL, odds)


@pytest.mark.parametrize("payoffs", [[[1, 2, 3]], [[1, float("inf")]], [[float("nan"), 1]]])
def test_payoffs_that_do_not_fit_are_refused(payoffs: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="one finite payoff"):
        evpi(payoffs, ODDS)


def test_a_survey_needs_a_row_for_each_state() -> None:
    with pytest.raises(ValueError, match="one row of likelihoods"):
        evsi(DRILL_OR_SELL, ODDS, [[0.5, 0.5]])


# Closed form: v = m + a q + s e with q and e standard normal


def gain_from_normal(mean: float, sd: float) -> float:
    """E max(0, N(mean, sd)) - max(0, mean): the unit normal loss (Raiffa & Schlaifer 1961, section 5.4)."""
    if sd == 0:
        return 0.0
    z = abs(mean) / sd
    return float(sd * (norm.pdf(z) - z * norm.sf(z)))


@pytest.mark.parametrize("mean", [-1.5, -0.5, 0, 0.2, 1])
@pytest.mark.parametrize("known", [0.0, 0.1, 0.3, 0.6, 0.9, 1.0])
def test_a_normal_input_is_worth_its_closed_form(mean: float, known: float) -> None:
    """`known` is the share of the variance that q explains; 20 seeds, so that a bias would show."""
    found = []
    for seed in range(20):
        q, e = standard_block(seed, 2, 4_000).astype(np.float64)
        v = mean + np.sqrt(known) * q + np.sqrt(1 - known) * e
        found.append(evppi_of_draws(q, v + 10, np.full(4_000, 5.0), 2.0))
    everything = gain_from_normal(mean, 1)
    assert np.mean(found) == pytest.approx(
        gain_from_normal(mean, np.sqrt(known)), abs=0.03 * max(everything, 0.4)
    )


def test_slices_without_the_correction_would_call_noise_useful() -> None:
    """What the correction is for: a question that has nothing to do with it, at the very line."""
    chance = np.random.default_rng(1)
    pairs = [chance.standard_normal((2, 4_000)) for _ in range(40)]
    found = [evppi_of_draws(question, value, np.zeros(4_000), 1.0) for question, value in pairs]
    raw = 0.4 / np.sqrt(125)  # what slice means of pure noise would gain
    assert np.mean(found) < raw / 3


@given(
    st.integers(0, 1_000),
    st.floats(-3, 3),
    st.floats(0, 2),
    st.floats(0, 2),
    st.sampled_from([1, 2, 10, 333, 4_000]),
)
@settings(max_examples=80, deadline=None)
def test_no_question_is_worth_less_than_nothing_or_more_than_everything(
    seed: int, mean: float, known: float, unknown: float, draws: int
) -> None:
    q, e = np.random.default_rng(seed).standard_normal((2, draws))
    impact = mean + known * q**2 + unknown * e
    assert 0 <= evppi_of_draws(q, impact, np.abs(q), 0.5) <= evpi_of_draws(impact, np.abs(q), 0.5)


@given(st.integers(0, 1_000))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_draws_changes_nothing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    q, e = chance.standard_normal((2, 2_000))
    impact, hours = q + e, np.abs(e)
    places = chance.permutation(2_000)
    assert evppi_of_draws(q[places], impact[places], hours[places], 0.3) == pytest.approx(
        evppi_of_draws(q, impact, hours, 0.3), abs=1e-9
    )


def test_a_known_input_is_worth_nothing() -> None:
    assert evppi_of_draws(3.0, np.linspace(0, 10, 100), np.ones(100), 5) == 0


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        evpi_of_draws([1, float("nan")], [1, 1], 1)


# Requests


@given(needs, st.floats(0, 5))
@settings(max_examples=80, deadline=None)
def test_every_open_question_lies_between_nothing_and_everything(need: Need, line: float) -> None:
    for one in questions_worth({1: need}, DEFAULT, line, cost_per_minute=0):
        assert 0 < one.evppi <= one.evpi
        assert 0 <= one.flips <= 1
        assert np.isfinite([one.evppi, one.evpi, one.per_minute]).all()


@given(st.permutations(range(6)), st.lists(needs, min_size=6, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_order_of_requests_changes_nothing(order: list[int], backlog: list[Need]) -> None:
    straight = {key: backlog[key] for key in range(6)}
    shuffled = {key: backlog[key] for key in order}
    assert questions_worth(shuffled, DEFAULT) == questions_worth(straight, DEFAULT)


def test_of_who_said_all_nothing_is_asked_unless_an_exact_number_is_offered() -> None:
    line = float(np.median(draws_of(FULL, DEFAULT).leverage))
    assert questions_worth({1: FULL}, DEFAULT, line) == ()
    sharper = questions_worth(
        {1: FULL}, DEFAULT, line, offered={1: ["audience", "waiting"]}, cost_per_minute=0
    )
    assert {one.question for one in sharper} <= {"audience", "waiting"}


def test_only_what_is_offered_is_asked() -> None:
    found = questions_worth({1: EMPTY, 2: EMPTY}, DEFAULT, 0.1, offered={1: ["goal", "cause_did"]})
    assert {(one.request, one.question) for one in found} == {(1, "goal"), (1, "cause_did")}


def test_a_bare_wish_is_asked_what_could_keep_it_out() -> None:
    found = questions_worth({"7": EMPTY}, DEFAULT, 0.1, at_most=2)
    assert [one.question for one in found] == ["cause_could", "cause_obstacle"]
    assert (
        found[0].because
        == "As it stands it would come into the plan. About 4 answers in 10 would keep it out."
    )
    assert found[0].per_minute == found[0].evppi


@pytest.mark.parametrize("question", ["cause_could", "cause_did", "cause_obstacle"])
def test_an_answer_about_causes_is_expected_to_do_what_scoring_it_does(question: str) -> None:
    """By brute force: score both answers, weigh them by their chance, and choose."""
    line, need = 0.1, replace(FULL, causes={"cause_other": "yes"}, goal=2, risk=1)
    table, before = DEFAULT.cause_table, draws_of(need, DEFAULT)
    gains = {}
    for answer in ("yes", "no"):
        after = draws_of(replace(need, causes={question: answer}), DEFAULT)
        chance = sum(p * table.likelihoods[question][answer][cause] for cause, p in before.fit.causes.items())
        gains[answer] = chance, float((after.impact - line * after.manager_hours).mean())
    now = sum(chance * gain for chance, gain in gains.values())
    expected = sum(chance * max(0.0, gain) for chance, gain in gains.values()) - max(0.0, now)
    (found,) = questions_worth({1: need}, DEFAULT, line, offered={1: [question]}, cost_per_minute=0)
    assert found.evppi == pytest.approx(expected, rel=0.03)


def test_the_best_answer_per_minute_comes_first_and_dear_ones_wait() -> None:
    quick = questions_worth({1: EMPTY}, DEFAULT, 0.1)
    rates = [one.per_minute for one in quick]
    assert rates == sorted(rates, reverse=True)
    slow = questions_worth({1: EMPTY}, DEFAULT, 0.1, minutes={**MINUTES, "cause_could": 60})
    assert quick[0].question == "cause_could"
    assert slow[0].question != "cause_could"


def test_asking_stops_where_it_costs_more_than_it_brings() -> None:
    assert questions_worth({1: EMPTY}, DEFAULT, 0.1, cost_per_minute=100) == ()
    every = questions_worth({1: EMPTY}, DEFAULT, 0.1, cost_per_minute=0)
    some = questions_worth({1: EMPTY}, DEFAULT, 0.1, cost_per_minute=0.5)
    assert 0 < len(some) < len(every)
    assert all(one.evppi > 0.5 * one.minutes for one in some)


def test_where_everything_fits_nothing_needs_asking() -> None:
    assert questions_worth({1: EMPTY}, DEFAULT, 0.0) == ()


def test_far_from_the_line_nothing_needs_asking() -> None:
    assert questions_worth({1: EMPTY}, DEFAULT, 1e6) == ()


def test_a_surely_untrainable_cause_leaves_nothing_to_ask() -> None:
    nobody = tuple((cause, float(cause == "tools")) for cause, _ in DEFAULT.cause_prior)
    found = questions_worth({1: EMPTY}, replace(DEFAULT, cause_prior=nobody), 0.1)
    assert not [one for one in found if one.question.startswith("cause")]


@pytest.mark.parametrize("line", [-1, float("nan"), float("inf")])
def test_a_line_that_is_none_is_refused(line: float) -> None:
    with pytest.raises(ValueError, match="line"):
        questions_worth({1: EMPTY}, DEFAULT, line)


def test_the_usual_line_is_the_corner_of_the_quadrants() -> None:
    assert usual_line(DEFAULT) == pytest.approx(50 * 0.4 * 0.44 / 30)
    assert usual_line(replace(DEFAULT, effort_cut_hours=0)) == 0
