"""Is training the answer? Bayes over the causes, checked by hand and by its laws."""

from dataclasses import replace
from itertools import permutations
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.fit import (
    CAUSES,
    FIRST,
    QUESTIONS,
    TRAINABLE,
    WAYS,
    Causes,
    diagnose,
    first_with,
    from_json,
)

PRIOR = dict(FIRST.prior)
answers = st.dictionaries(
    st.sampled_from([*QUESTIONS, "cause_of_rain"]), st.sampled_from(["yes", "no", "unsure", "?"])
)
chances = st.lists(st.floats(0.01, 0.99), min_size=6, max_size=6)


def a_row(values: list[float]) -> tuple[tuple[str, float], ...]:
    return tuple(zip(CAUSES, values, strict=True))


@st.composite
def tables(draw: st.DrawFn) -> Causes:
    """Any table a manager could publish: every chance from 1 to 99 percent."""
    shares = draw(chances)
    prior = a_row([share / sum(shares) for share in shares])
    return replace(FIRST, prior=prior, yes=tuple((question, a_row(draw(chances))) for question in QUESTIONS))


def test_saying_nothing_returns_the_prior() -> None:
    found = diagnose(FIRST, {})
    assert found.causes == pytest.approx(PRIOR)
    assert found.fit == pytest.approx(0.40)
    assert found.answered == 0


def test_one_answer_by_hand() -> None:
    """Prior x likelihood, divided by the sum: "no, they couldn't do it today" speaks for training.

    expectations .16 x .2 = .032, tools .18 x .5 = .09, incentives .10 x .15 = .015, knowledge .20 x .9 = .18,
    skill .20 x .85 = .17, capacity .16 x .5 = .08; sum .567; fit = .35 / .567.
    """
    found = diagnose(FIRST, {"cause_could": "no"})
    assert found.fit == pytest.approx(0.35 / 0.567)
    assert found.causes["tools"] == pytest.approx(0.09 / 0.567)
    assert (found.likeliest, found.likeliest_elsewhere) == ("knowledge", "tools")
    assert found.answered == 1


def test_people_who_could_and_did_with_a_tool_in_the_way_need_another_tool() -> None:
    found = diagnose(FIRST, {"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"})
    assert found.likeliest == "tools"
    assert found.fit < 0.05


def test_people_who_never_could_and_nothing_in_the_way_need_training() -> None:
    found = diagnose(FIRST, {"cause_could": "no", "cause_did": "no", "cause_obstacle": "no"})
    assert found.likeliest == "knowledge"
    assert found.fit > 0.85


def test_unsure_and_unknown_questions_tell_nothing() -> None:
    found = diagnose(FIRST, {"cause_could": "unsure", "cause_did": "?", "cause_of_rain": "yes"})
    assert found.causes == pytest.approx(PRIOR)
    assert found.answered == 0


def test_every_shipped_question_has_a_likelihood_for_every_cause_and_yes_and_no_make_one() -> None:
    assert set(FIRST.likelihoods) == set(QUESTIONS)
    for table in FIRST.likelihoods.values():
        assert set(table) == {"yes", "no"}
        for cause in CAUSES:
            assert table["yes"][cause] + table["no"][cause] == pytest.approx(1)


def test_every_cause_has_a_route_that_says_what_helps() -> None:
    assert [route.cause for route in FIRST.routes] == list(CAUSES)
    assert all(route.words and route.ways and set(route.ways) <= set(WAYS) for route in FIRST.routes)


def test_a_table_comes_back_from_json_as_it_went() -> None:
    assert from_json(FIRST.as_json()) == FIRST


def test_the_shipped_table_goes_with_another_prior() -> None:
    prior = a_row([0.1, 0.1, 0.1, 0.5, 0.1, 0.1])
    assert first_with(FIRST.prior) is FIRST
    assert (first_with(prior).prior, first_with(prior).yes) == (prior, FIRST.yes)
    assert first_with(prior).prior_fit == pytest.approx(0.6)


def test_a_question_without_a_row_is_even_and_tells_nothing() -> None:
    assert FIRST.said_yes("cause_own_mood") == dict.fromkeys(CAUSES, 0.5)
    assert diagnose(FIRST, {"cause_own_mood": "yes"}) == diagnose(FIRST, {})


@given(tables(), answers)
def test_chances_sum_to_one_and_fit_is_one_of_them(table: Causes, said: dict[str, str]) -> None:
    found = diagnose(table, said)
    assert sum(found.causes.values()) == pytest.approx(1)
    assert all(isfinite(chance) and 0 <= chance <= 1 for chance in found.causes.values())
    assert found.fit == pytest.approx(sum(found.causes[cause] for cause in TRAINABLE))


@given(tables(), answers)
def test_the_order_of_the_answers_does_not_matter(table: Causes, said: dict[str, str]) -> None:
    expected = diagnose(table, said).fit
    for order in permutations(said.items()):
        assert diagnose(table, dict(order)).fit == pytest.approx(expected)


@given(tables(), answers, st.sampled_from(list(QUESTIONS)))
def test_unsure_tells_nothing_whatever_the_table(table: Causes, said: dict[str, str], question: str) -> None:
    without = {key: answer for key, answer in said.items() if key != question}
    assert diagnose(table, {**without, question: "unsure"}) == diagnose(table, without)


@given(tables(), answers, st.floats(0.01, 0.99), st.sampled_from(["yes", "no"]))
def test_an_answer_as_likely_under_every_cause_changes_nothing(
    table: Causes, said: dict[str, str], chance: float, answer: str
) -> None:
    wider = replace(table, yes=(*table.yes, ("cause_own_even", a_row([chance] * 6))))
    assert diagnose(wider, {**said, "cause_own_even": answer}) == diagnose(table, said)


@given(tables(), answers, st.sampled_from(list(CAUSES)), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_the_more_an_answer_speaks_for_a_cause_the_likelier_it_gets(
    table: Causes, said: dict[str, str], cause: str, one: float, other: float
) -> None:
    def believed(chance: float) -> float:
        row = a_row([chance if name == cause else 0.4 for name in CAUSES])
        wider = replace(table, yes=(*table.yes, ("cause_own_telling", row)))
        return diagnose(wider, {**said, "cause_own_telling": "yes"}).causes[cause]

    low, high = sorted((one, other))
    assert believed(low) <= believed(high) + 1e-12


@given(tables(), st.sampled_from(list(QUESTIONS)))
def test_what_is_expected_of_both_answers_is_the_prior(table: Causes, question: str) -> None:
    """Conservation of expected evidence: averaged over the answers, doubt neither grows nor shrinks by bookkeeping."""
    prior = dict(table.prior)
    expected = 0.0
    for answer in ("yes", "no"):
        row = table.said_yes(question)
        chance = sum(prior[cause] * (row[cause] if answer == "yes" else 1 - row[cause]) for cause in CAUSES)
        expected += chance * diagnose(table, {question: answer}).fit
    assert expected == pytest.approx(diagnose(table, {}).fit)
