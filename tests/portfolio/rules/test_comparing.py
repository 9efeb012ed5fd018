"""Other methods on the same answers: how an answer becomes their input, and why they disagree."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.comparing import (
    METHODS,
    OWN_INPUTS,
    Comparison,
    Scored,
    Terms,
    compare,
    inputs_of,
    ordinal,
    own_values,
)
from portfolio.rules.expression import parse
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import score
from tests.portfolio.rules.test_scoring import EMPTY, FULL, needs


def scored(*backlog: Need) -> list[Scored]:
    return [
        Scored(key, f"Request {key}", need, score(need, DEFAULT)) for key, need in enumerate(backlog, start=1)
    ]


def test_the_inputs_of_a_request_that_said_everything() -> None:
    found = inputs_of(FULL, score(FULL, DEFAULT), DEFAULT)
    steps = score(FULL, DEFAULT).steps
    without_reach = (
        5 * 5 + 4 * steps["gap"] + 4 * steps["value"] + 3 * steps["waiting"] + 3 * steps["risk"]
    ) / 19
    assert without_reach == pytest.approx(4.1, abs=0.05)
    assert (found.reach_people, found.rice_impact, found.confidence) == (150, 3, 1.0)
    assert (found.urgency, found.risk) == (2 * steps["waiting"], 2 * steps["risk"])
    assert found.yearly_benefit == pytest.approx(200_000 * score(FULL, DEFAULT).fit * 0.44)
    assert 3 < found.ease < 4  # 99 h lie a little under three tenths from 400 h to 4 h, on a log scale


def test_the_inputs_of_a_bare_wish_are_the_rubrics_and_money_is_not_made_up() -> None:
    found = inputs_of(EMPTY, score(EMPTY, DEFAULT), DEFAULT)
    assert (found.reach_people, found.confidence, found.yearly_benefit) == (25, 0.5, None)


def test_a_method_without_a_value_says_why_and_leaves_no_place() -> None:
    (row,) = compare(scored(EMPTY), DEFAULT, own=parse("impact / (people - people)", OWN_INPUTS)).rows
    for method, reason in {
        "cd3": "Nobody said what it is worth a year.",
        "bcr": "Nobody said what it is worth a year.",
        "own": "It divides by (people - people), which is zero.",
    }.items():
        assert (row.placed[method].value, row.placed[method].place, row.placed[method].reason) == (
            None,
            None,
            reason,
        )
    assert row.placed["leverage"].place == row.placed["rice"].place == 1


def test_terms_of_nothing_are_no_failure() -> None:
    (row,) = compare(scored(FULL), DEFAULT, Terms(hours_per_month=0, hours_per_week=0, hour_cost=0)).rows
    assert row.placed["rice"].reason == "The effort is zero or less, so there is nothing to divide by."
    assert row.placed["cd3"].reason == "The duration is zero or less, so there is nothing to divide by."
    assert row.placed["bcr"].reason == "The cost is zero or less, so there is nothing to divide by."


def test_values_by_hand() -> None:
    (row,) = compare(scored(FULL), DEFAULT).rows
    found, one = score(FULL, DEFAULT), inputs_of(FULL, score(FULL, DEFAULT), DEFAULT)
    assert one.yearly_benefit
    assert {method: cell.value for method, cell in row.placed.items()} == pytest.approx(
        {
            "leverage": found.leverage.likely,
            "rice": 150 * 3 * 1.0 / (found.effort_hours.likely / 140),
            "ice": one.ice_impact * 10 * one.ease,
            "wsjf": (one.value + one.urgency + one.risk) / (found.effort_hours.likely / 8),
            "cd3": one.yearly_benefit / 52 / (found.manager_hours.likely / 10),
            "bcr": one.yearly_benefit / (found.effort_hours.likely * 60),
        }
    )


def test_equal_requests_share_a_place_and_the_next_one_is_skipped() -> None:
    rows = compare(scored(FULL, EMPTY, FULL), DEFAULT).rows
    assert [row.placed["leverage"].place for row in rows] == [1, 3, 1]


SMALL = Need(people=Range.around(30, "A"), goal=3, work_type="job_aid")


def test_a_disagreement_is_explained_by_what_each_method_counts() -> None:
    crowd = Need(people=Range.around(5_000, "A"), goal=3, work_type="path", finished_hours=Range(2, 3, 4))
    backlog = [replace(SMALL, goal=goal) for goal in (1, 2, 4, 5)]
    (first, *_) = compare(scored(*backlog, crowd), DEFAULT).disagreements
    hours = score(crowd, DEFAULT).manager_hours.likely
    usual = score(SMALL, DEFAULT).manager_hours.likely
    assert (first.key, first.place, first.leverage_place) == (5, 1, 5)
    assert first.because == (
        "RICE puts it 1st because it reaches 5,000 people (usual here: 30); "
        f"leverage puts it 5th because it takes {hours:.0f} h of yours (usual here: {usual:.0f})."
    )


def test_where_methods_agree_nothing_is_said() -> None:
    assert compare(scored(FULL), DEFAULT).disagreements == ()
    assert compare([], DEFAULT) == Comparison((), ())


def test_ones_own_formula_sees_the_same_draws() -> None:
    backlog = scored(FULL, EMPTY, SMALL)
    own = parse("impact / hours", OWN_INPUTS)
    for row in compare(backlog, DEFAULT, own=own).rows:
        assert row.placed["own"].value == pytest.approx(row.placed["leverage"].value, rel=1e-5)
        assert row.placed["own"].place == row.placed["leverage"].place
    assert own.unit == "points / hours"


def test_all_that_ones_own_formula_may_name_is_there() -> None:
    assert set(own_values(EMPTY, DEFAULT)) == {one.name for one in OWN_INPUTS}
    unsaid = {name for name, value in own_values(EMPTY, DEFAULT).items() if value is None}
    assert unsaid == {"value", "weeks_left"}


@given(st.lists(needs, min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_was_said_values_are_finite_and_the_order_of_requests_changes_nothing(
    backlog: list[Need], data: st.DataObject
) -> None:
    requests = scored(*backlog)
    own = parse("if(people > 0, leverage * log(people + 1), 0)", OWN_INPUTS)
    straight = compare(requests, DEFAULT, own=own)
    shuffled = compare(data.draw(st.permutations(requests)), DEFAULT, own=own)
    assert sorted(shuffled.rows, key=lambda row: str(row.key)) == sorted(
        straight.rows, key=lambda row: str(row.key)
    )
    assert shuffled.disagreements == straight.disagreements
    for row in straight.rows:
        assert set(row.placed) == set(METHODS)
        for cell in row.placed.values():
            assert (cell.value is None) == (cell.place is None) == bool(cell.reason)
            assert cell.value is None or np.isfinite(cell.value)


def test_another_request_changes_no_value() -> None:
    (alone,) = compare(scored(FULL), DEFAULT).rows
    beside = compare(scored(FULL, EMPTY, SMALL), DEFAULT).rows[0]
    assert {name: cell.value for name, cell in alone.placed.items()} == {
        name: cell.value for name, cell in beside.placed.items()
    }


@pytest.mark.parametrize(
    ("place", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (102, "102nd"), (111, "111th")]
)  # fmt: skip
def test_places_in_words(place: int, words: str) -> None:
    assert ordinal(place) == words
