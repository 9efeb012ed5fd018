"""The draws behind a score: the same as the score's, and cut where an answer would cut them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.sampling import could_be_sharper, draws_of, open_questions, slices_of, slices_of_draws
from portfolio.rules.scoring import score
from tests.portfolio.rules.test_scoring import EMPTY, FULL, needs


@given(needs)
@settings(max_examples=60, deadline=None)
def test_the_draws_are_those_the_score_sums_up(need: Need) -> None:
    drawn, found = draws_of(need, DEFAULT), score(need, DEFAULT)
    assert Range.of(drawn.impact) == found.impact
    assert Range.of(drawn.manager_hours) == found.manager_hours
    assert Range.of(drawn.expert_hours) == found.expert_hours
    assert Range.of(drawn.leverage) == found.leverage
    assert drawn.fit.fit == found.fit
    assert drawn.impact == pytest.approx(drawn.impact_if_it_fits * drawn.chance_it_fits, rel=1e-5, abs=1e-6)


def test_a_bare_wish_leaves_everything_open_but_the_length_of_an_unknown_thing() -> None:
    assert open_questions(EMPTY, DEFAULT) == (
        "goal", "measure", "audience", "value_per_year", "waiting", "risk", "format", "cause_could", "cause_did", "cause_obstacle",
    )  # fmt: skip
    assert could_be_sharper(EMPTY) == ()


def test_who_answered_everything_is_asked_nothing_more_but_could_be_more_exact() -> None:
    assert open_questions(FULL, DEFAULT) == ()
    assert could_be_sharper(FULL) == (
        "measure", "audience", "value_per_year", "waiting", "risk", "finished_hours",
    )  # fmt: skip


def test_a_deadline_answers_what_waiting_costs_and_not_being_sure_answers_nothing() -> None:
    need = Need(deadline_days=30, causes={"cause_did": "unsure", "cause_could": "yes"}, work_type="workshop")
    assert open_questions(need, DEFAULT) == (
        "goal", "measure", "audience", "value_per_year", "risk", "finished_hours", "cause_did", "cause_obstacle",
    )  # fmt: skip


def test_a_question_without_any_word_for_a_cause_is_not_open() -> None:
    told_nothing = replace(
        DEFAULT, causes=replace(DEFAULT.cause_table, yes=(("cause_new", (("tools", 0.5), ("skill", 0.5))),))
    )
    assert not {"cause_could", "cause_new"} & set(open_questions(EMPTY, told_nothing))


def test_slices_hold_equal_shares_and_rise() -> None:
    slices = slices_of("audience", DEFAULT)
    assert list(slices.sizes) == [125.0] * 32
    people = np.asarray(draws_of(Need(people=Range(10, 40, 90), work_type="workshop"), DEFAULT).manager_hours)
    assert len(slices.means(people.astype(np.float64))) == 32
    rising = slices.means(np.sort(people.astype(np.float64))[np.argsort(slices.order)])
    assert list(rising) == sorted(rising)


def test_the_kind_of_solution_is_cut_by_kind_with_its_share() -> None:
    shares = slices_of("format", DEFAULT).sizes / DEFAULT.draws
    assert list(shares) == pytest.approx([kind.share for kind in DEFAULT.work_types], abs=1e-3)


def test_a_kind_nobody_uses_has_no_slice() -> None:
    kinds = tuple(
        replace(kind, share=0.5 if index < 2 else 0.0) for index, kind in enumerate(DEFAULT.work_types)
    )
    assert list(slices_of("format", replace(DEFAULT, work_types=kinds)).sizes) == [2000.0, 2000.0]


def test_equal_draws_stay_together() -> None:
    steps = np.repeat([3.0, 1.0, 2.0], [10, 70, 20])
    assert list(slices_of_draws(steps, 32).sizes) == [70.0, 20.0, 10.0]
    assert list(slices_of_draws(np.full(10, 4.0)).sizes) == [10.0]


def test_a_question_that_settles_no_draws_has_no_slices() -> None:
    with pytest.raises(KeyError):
        slices_of("cause_could", DEFAULT)
