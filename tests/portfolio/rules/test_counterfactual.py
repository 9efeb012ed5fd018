"""What would bring a request in: enough, honest, and the smallest of its kind."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.counterfactual import Move, Options, WayIn, what_would_move_it
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import score
from tests.portfolio.rules.test_scoring import EMPTY, FULL, needs

COURSE = Need(people=Range.around(12, "C"), goal=3, work_type="elearning", finished_hours=Range(1, 2, 3))


def leverage(need: Need) -> float:
    return score(need, DEFAULT).leverage.likely


def moves(need: Need, factor: float, options: Options | None = None) -> dict[str, Move]:
    found = what_would_move_it(need, DEFAULT, leverage(need) * factor, options, at_most=9)
    return {move.kind: move for move in found.moves}


def test_what_is_over_the_line_needs_nothing() -> None:
    over = WayIn(is_over=True, moves=(), because="It is over the line as it stands.")
    assert what_would_move_it(FULL, DEFAULT, leverage(FULL)) == over
    assert what_would_move_it(FULL, DEFAULT, None) == over
    assert what_would_move_it(EMPTY, DEFAULT, -1) == over


def test_the_three_smallest_are_told_in_a_sentence() -> None:
    found = what_would_move_it(COURSE, DEFAULT, leverage(COURSE) * 1.2)
    assert found.because == (
        "An expert for 16 hours, or something shorter (1.5 hours instead of 2 hours), or material that covers 45 % of it "
        "already, would bring it in."
    )
    stretches = [move.stretch for move in found.moves]
    assert stretches == sorted(stretches)


def test_evidence_for_more_people() -> None:
    found = moves(COURSE, 1.2)["people"]
    assert found.words == "evidence for 510 people"
    assert found.need == replace(COURSE, people=Range.around(510, "B"))
    assert leverage(replace(COURSE, people=Range.around(300, "B"))) < leverage(COURSE) * 1.2 <= found.leverage


def test_people_are_no_advice_where_more_of_them_only_cost_sessions() -> None:
    taught = Need(people=Range.around(100, "B"), goal=3, work_type="workshop")
    assert leverage(replace(taught, people=Range.around(1_000, "B"))) < leverage(taught)
    assert "people" not in moves(taught, 1.2)


def test_an_experts_hours_come_off_the_managers() -> None:
    found = moves(COURSE, 1.2)["expert"]
    assert (found.words, found.unit, found.need) == ("an expert for 16 hours", "hours", None)
    halved = moves(COURSE, 1.2, Options(expert_saves=0.375))["expert"]
    assert halved.amount == pytest.approx(2 * found.amount, abs=2)
    assert "expert" not in moves(COURSE, 1.2, Options(expert_hours_at_most=10))
    assert "expert" not in moves(COURSE, 1.2, Options(expert_saves=0))


def test_something_shorter_is_told_in_quarter_hours() -> None:
    assert moves(COURSE, 1.2)["shorter"].amount == 1.5
    assert moves(COURSE, 3)["shorter"].words == "something shorter (30 minutes instead of 2 hours)"
    assert "shorter" not in moves(COURSE, 4)
    assert "shorter" not in moves(EMPTY, 1.2)


def test_another_kind_of_solution_changes_no_more_than_it_must() -> None:
    found = moves(FULL, 1.5)["form"]
    assert found.words == "a live online session instead of a workshop"
    assert moves(EMPTY, 3)["form"].words == "a job aid if that is enough"


def test_money_a_gap_and_parts_that_exist() -> None:
    found = moves(COURSE, 1.05)
    assert found["value"].words == "figures that show 23,000 a year"
    assert found["gap"].words == "a measured gap of 18 %"
    assert found["reuse"].words == "material that covers 35 % of it already"


def test_one_change_reads_as_one() -> None:
    found = what_would_move_it(EMPTY, DEFAULT, leverage(EMPTY) * 3)
    assert found.because == "A job aid if that is enough would bring it in."


def test_where_nothing_helps_it_says_so() -> None:
    hopeless = replace(FULL, goal=0, gap=Range(0, 0, 0), value_per_year=Range(0, 0, 0), waiting=0, risk=0)
    found = what_would_move_it(hopeless, DEFAULT, 1_000)
    assert found == WayIn(False, (), "No single change that we know of would bring it over the line.")


@pytest.mark.parametrize("line", [float("nan"), float("inf")])
def test_a_line_that_is_none_is_refused(line: float) -> None:
    with pytest.raises(ValueError, match="number of points"):
        what_would_move_it(EMPTY, DEFAULT, line)


@given(needs, st.floats(0.001, 3))
@settings(max_examples=50, deadline=None)
def test_each_change_alone_is_enough_and_none_bends_an_answer(need: Need, line: float) -> None:
    found = what_would_move_it(need, DEFAULT, line, at_most=9)
    assert found.is_over == (leverage(need) >= line)
    for move in found.moves:
        assert move.leverage >= line * (1 - 1e-6)
        if move.need is not None:
            assert leverage(move.need) == pytest.approx(move.leverage, rel=1e-5)
            same = replace(
                move.need,
                **{
                    name: getattr(need, name)
                    for name in (
                        "people",
                        "value_per_year",
                        "gap",
                        "finished_hours",
                        "work_type",
                        "new_share",
                    )
                },
            )
            assert same == need


@given(st.floats(1.02, 3), st.floats(1.0, 2))
@settings(max_examples=20, deadline=None)
def test_a_higher_line_never_asks_for_less(factor: float, more: float) -> None:
    low, high = moves(COURSE, factor), moves(COURSE, factor * more)
    for kind in ("people", "value", "gap", "expert", "reuse"):
        if kind in high:
            assert low[kind].amount <= high[kind].amount * 1.02


def test_it_is_answered_while_somebody_waits() -> None:
    started = time.perf_counter()
    what_would_move_it(FULL, DEFAULT, leverage(FULL) * 1.5)
    assert time.perf_counter() - started < 0.5  # about 0.03 s
