"""Reliability: Cronbach's alpha, its interval, items worded the other way round, and the net promoter score."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.reliability import NotKnown, Nps, Reliability, feldt, net_promoter, reliability
from tests.imports.files import shared

Answers = dict[str, list[float | None]]


def battery(people: int = 200, items: int = 5, seed: int = 1) -> Answers:
    """Answers 1 to 5 that one attitude drives."""
    chance = np.random.default_rng(seed)
    attitude = chance.normal(3, 0.8, people)
    held = [np.clip(np.round(attitude + chance.normal(0, 0.7, people)), 1, 5) for _ in range(items)]
    return {f"item {number + 1}": [float(one) for one in column] for number, column in enumerate(held)}


def turned(column: list[float | None]) -> list[float | None]:
    return [None if one is None else 6 - one for one in column]


def known(answers: Answers) -> Reliability:
    found = reliability(answers)
    assert isinstance(found, Reliability)
    return found


@pytest.mark.shared
def test_alpha_reproduces_the_attitude_survey() -> None:
    """REL-1: psych::alpha(attitude) (Chatterjee & Price), interval by pingouin."""
    with shared("statistics/datasets_attitude.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = known({key: [float(row[key]) for row in rows] for key in rows[0] if key != "rownames"})
    assert (found.alpha, found.standardised, found.average_correlation) == pytest.approx(
        (0.843, 0.839, 0.427), abs=5e-4
    )
    assert (found.low, found.high) == pytest.approx((0.739, 0.916), abs=5e-4)
    assert {one.key: round(one.alpha_without or 0, 3) for one in found.items} == {
        "rating": 0.81, "complaints": 0.797, "privileges": 0.828, "learning": 0.803, "raises": 0.795, "critical": 0.864,
        "advance": 0.84,
    }  # fmt: skip
    assert found.seem_reversed == ()
    assert found.people == 30


def test_feldts_interval_of_the_attitude_survey() -> None:
    """REL-1, the interval alone: 0.843 of 30 people and 7 items."""
    assert feldt(0.8431428, 30, 7) == pytest.approx((0.739, 0.916), abs=5e-4)


def test_a_reversed_item_is_asked_about_and_never_turned() -> None:
    straight = battery()
    asked = known({**straight, "item 2": turned(straight["item 2"])})
    assert asked.seem_reversed == ("item 2",)
    assert asked.warnings == ("item 2 runs against the other items. Is it worded the other way round?",)
    assert asked.alpha < known(straight).alpha
    assert asked.alpha_turned == pytest.approx(known(straight).alpha)
    assert next(one for one in asked.items if one.key == "item 2").rest_correlation < 0


def test_two_reversed_items_of_five_are_both_named() -> None:
    """With two of them each item's own correlation with the rest blurs; the first component still tells the sides."""
    straight = battery()
    asked = known({**straight, "item 2": turned(straight["item 2"]), "item 5": turned(straight["item 5"])})
    assert asked.seem_reversed == ("item 2", "item 5")
    assert asked.alpha_turned == pytest.approx(known(straight).alpha)


def test_noise_is_not_called_reversed() -> None:
    chance = np.random.default_rng(4)
    named = [
        known(
            {f"i{place}": [float(one) for one in chance.integers(1, 6, 300)] for place in range(5)}
        ).seem_reversed
        for _ in range(40)
    ]
    assert sum(bool(one) for one in named) <= 12


def test_people_with_gaps_and_items_that_never_move_are_left_out() -> None:
    answers = battery(40)
    answers["item 1"][0] = None
    found = known({**answers, "flat": [3.0] * 40})
    assert found.people == 39
    assert found.left_out == ("flat",)
    assert found.warnings == ("Left out because everybody answered alike: flat.",)


def test_what_cannot_be_told_has_its_reason() -> None:
    few = battery(8)
    assert reliability(few) == NotKnown("Only 8 people answered every item; 10 are needed.", 8)
    flat: Answers = {"a": [3.0] * 20, "b": [2.0] * 20}
    assert reliability(flat) == NotKnown("It takes two items that not everybody answered alike.", 20)
    column = battery(50)["item 1"]
    mirrored: Answers = {"a": column, "b": turned(column)}
    assert reliability(mirrored) == NotKnown(
        "The items cancel each other out: everybody has the same sum.", 50
    )
    assert reliability({}) == NotKnown("Only 0 people answered every item; 10 are needed.", 0)


def test_the_net_promoter_score_comes_with_its_counts() -> None:
    """NPS-2: the Carpentries' post-workshop survey of 2018, counted."""
    found = net_promoter(501, 317, 71)
    assert found is not None
    assert found.score == pytest.approx(48.37, abs=0.005)
    assert found.people == 889
    assert found.low is not None and found.high is not None
    assert 43 < found.low < found.score < found.high < 54
    assert net_promoter(0, 0, 0) is None
    assert net_promoter(1, 0, 0) == Nps(100.0, None, None, 1, 0, 0)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=12, max_size=12), min_size=0, max_size=5
    )
)
def test_whatever_is_answered_alpha_is_a_number_or_a_reason(columns: list[list[int | None]]) -> None:
    found = reliability({str(place): column for place, column in enumerate(columns)})
    if isinstance(found, NotKnown):
        assert found.reason
        return
    assert all(
        np.isfinite([found.alpha, found.low, found.high, found.standardised, found.average_correlation])
    )
    assert found.low <= found.alpha <= found.high <= 1


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_score_lies_within_its_interval(up: int, between: int, down: int) -> None:
    found = net_promoter(up, between, down)
    if found is not None and found.low is not None and found.high is not None:
        assert -100 <= found.low <= found.score <= found.high <= 100
