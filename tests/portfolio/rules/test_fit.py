"""Is training the answer? Bayes over the causes, checked by hand and by its laws."""

from itertools import permutations
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.fit import CAUSES, LIKELIHOODS, QUESTIONS, diagnose
from portfolio.rules.rubric import DEFAULT

PRIOR = dict(DEFAULT.cause_prior)
answers = st.dictionaries(
    st.sampled_from([*QUESTIONS, "cause_of_rain"]), st.sampled_from(["yes", "no", "unsure", "?"])
)


def test_saying_nothing_returns_the_prior() -> None:
    found = diagnose(PRIOR, {})
    assert found.causes == pytest.approx(PRIOR)
    assert found.fit == pytest.approx(0.40)
    assert found.answered == 0


def test_one_answer_by_hand() -> None:
    """Prior x likelihood, divided by the sum: "no, they couldn't do it today" speaks for training.

    expectations .16 x .2 = .032, tools .18 x .5 = .09, incentives .10 x .15 = .015, knowledge .20 x .9 = .18,
    skill .20 x .85 = .17, capacity .16 x .5 = .08; sum .567; fit = .35 / .567.
    """
    found = diagnose(PRIOR, {"cause_could": "no"})
    assert found.fit == pytest.approx(0.35 / 0.567)
    assert found.causes["tools"] == pytest.approx(0.09 / 0.567)
    assert found.likeliest == "knowledge"
    assert found.answered == 1


def test_people_who_could_and_did_with_a_tool_in_the_way_need_another_tool() -> None:
    found = diagnose(PRIOR, {"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"})
    assert found.likeliest == "tools"
    assert found.fit < 0.05


def test_people_who_never_could_and_nothing_in_the_way_need_training() -> None:
    found = diagnose(PRIOR, {"cause_could": "no", "cause_did": "no", "cause_obstacle": "no"})
    assert found.likeliest == "knowledge"
    assert found.fit > 0.85


def test_unsure_and_unknown_questions_tell_nothing() -> None:
    found = diagnose(PRIOR, {"cause_could": "unsure", "cause_did": "?", "cause_of_rain": "yes"})
    assert found.causes == pytest.approx(PRIOR)
    assert found.answered == 0


def test_every_question_has_a_likelihood_for_every_cause_and_yes_and_no_make_one() -> None:
    assert set(LIKELIHOODS) == set(QUESTIONS)
    for table in LIKELIHOODS.values():
        assert set(table) == {"yes", "no"}
        for cause in CAUSES:
            assert table["yes"][cause] + table["no"][cause] == pytest.approx(1)


@given(answers)
def test_chances_sum_to_one_and_fit_is_one_of_them(given_answers: dict[str, str]) -> None:
    found = diagnose(PRIOR, given_answers)
    assert sum(found.causes.values()) == pytest.approx(1)
    assert all(isfinite(chance) and 0 <= chance <= 1 for chance in found.causes.values())
    assert found.fit == pytest.approx(found.causes["knowledge"] + found.causes["skill"])


@given(answers)
def test_the_order_of_the_answers_does_not_matter(given_answers: dict[str, str]) -> None:
    expected = diagnose(PRIOR, given_answers).fit
    for order in permutations(given_answers.items()):
        assert diagnose(PRIOR, dict(order)).fit == pytest.approx(expected)


@given(st.sampled_from(list(QUESTIONS)), st.lists(st.floats(0.01, 1), min_size=6, max_size=6))
def test_what_is_expected_of_both_answers_is_the_prior(question: str, raw: list[float]) -> None:
    """Conservation of expected evidence: averaged over the answers, doubt neither grows nor shrinks by bookkeeping."""
    prior = {cause: share / sum(raw) for cause, share in zip(CAUSES, raw, strict=True)}
    expected = 0.0
    for answer, likelihood in LIKELIHOODS[question].items():
        chance = sum(prior[cause] * likelihood[cause] for cause in CAUSES)
        expected += chance * diagnose(prior, {question: answer}).fit
    assert expected == pytest.approx(diagnose(prior, {}).fit)
