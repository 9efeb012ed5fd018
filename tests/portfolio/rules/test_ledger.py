"""Why a place changed: the parts add up, each cause alone takes the blame alone, and equals share it."""

import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.calibration import Calibration, Finished, effort_factors, impact_factors
from portfolio.rules.ledger import Backlog, Change, Entry, explain_places
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.scoring import score
from tests.portfolio.rules.test_scoring import needs

MONDAY = date(2026, 11, 23)
RICH = Range(600_000, 700_000, 800_000)


def wish(goal: int, **known: object) -> Entry:
    return Entry(Need(goal=goal, work_type="workshop", **known))  # type: ignore[arg-type] # any answer


def backlog(**entries: Entry) -> Backlog:
    return Backlog(MONDAY, DEFAULT, entries)


FIVE = backlog(a=wish(5), b=wish(4), c=wish(3), d=wish(2), e=wish(1))


def only(change: Change) -> dict[str, float]:
    return {part.cause: part.places for part in change.parts}


def found(before: Backlog, after: Backlog, request: str) -> Change:
    (change,) = explain_places(before, after, [request])
    return change


def test_nothing_changed_is_nothing_to_explain() -> None:
    change = found(FIVE, FIVE, "c")
    assert (change.before, change.after, change.parts) == (3, 3, ())
    assert change.because == "It stays 3rd."


def test_ones_own_edit() -> None:
    after = replace(FIVE, entries={**FIVE.entries, "d": wish(5, value_per_year=RICH)})
    change = found(FIVE, after, "d")
    assert (change.before, change.after, only(change)) == (4, 1, {"own_edit": 3})
    assert change.because == "It went up from 4th to 1st because its own answers changed."
    assert change.leverage_after > change.leverage_before
    assert change.leverage_before == score(FIVE.entries["d"].need, DEFAULT).leverage.likely
    assert change.parts[0].leverage == pytest.approx(change.leverage_after - change.leverage_before, abs=1e-6)


def test_others_edits_move_it_without_its_doing() -> None:
    after = replace(FIVE, entries={**FIVE.entries, "d": wish(5, value_per_year=RICH)})
    change = found(FIVE, after, "a")
    assert (change.before, change.after, only(change)) == (1, 2, {"other_edits": -1})
    assert change.because == "It went down from 1st to 2nd because others' answers changed."
    assert change.leverage_after == change.leverage_before


def test_new_ones_and_leaving_ones() -> None:
    entries = {name: entry for name, entry in FIVE.entries.items() if name not in {"a", "b"}}
    after = replace(FIVE, entries={**entries, "f": wish(4)})
    change = found(FIVE, after, "c")
    assert (change.before, change.after, only(change)) == (3, 2, {"left": 2, "joined": -1})
    assert change.because == (
        "It went up from 3rd to 2nd: 2 up because others left and 1 down because new requests came in."
    )
    assert {one.request for one in explain_places(FIVE, after)} == {"c", "d", "e"}


def test_goals_that_weigh_otherwise() -> None:
    served = {
        name: replace(entry, goal=goal)
        for (name, entry), goal in zip(FIVE.entries.items(), "vwxyz", strict=True)
    }
    before = replace(FIVE, entries=served, goal_weights={"v": 5, "w": 4, "x": 3, "y": 2, "z": 1})
    after = replace(before, goal_weights={"v": 1, "w": 4, "x": 3, "y": 2, "z": 5})
    assert only(found(before, after, "e")) == {"goal_weights": 4}
    assert found(before, after, "e").because == "It went up from 5th to 1st because goals weigh differently."


def test_a_date_that_came_nearer_and_one_that_was_moved() -> None:
    dated = replace(FIVE.entries["c"], deadline=MONDAY + timedelta(days=95))
    before = backlog(a=wish(3), b=wish(4, waiting=3), c=dated)
    before = replace(
        before,
        entries={**before.entries, "c": replace(dated, need=replace(dated.need, deadline_has_reason=True))},
    )
    later = replace(before, on=MONDAY + timedelta(days=80))
    change = found(before, later, "c")
    assert set(only(change)) == {"date"}
    assert change.because.endswith("because dates came nearer.")
    moved = replace(before.entries["c"], deadline=MONDAY + timedelta(days=10))
    after = replace(before, entries={**before.entries, "c": moved})
    assert set(only(found(before, after, "c"))) == {"own_edit"}


def test_the_rubric_and_our_own_record() -> None:
    before = backlog(
        a=Entry(Need(goal=3, work_type="workshop")), b=Entry(Need(goal=3, work_type="live_virtual"))
    )
    slow = Calibration(1, effort_factors([Finished("live_virtual", 1, 9)] * 50))
    change = found(before, replace(before, calibration=slow), "a")
    assert (change.before, change.after, only(change)) == (2, 1, {"calibration": 1})
    cheap = tuple(
        replace(kind, hours_per_finished_hour=1) if kind.key == "workshop" else kind
        for kind in DEFAULT.work_types
    )
    change = found(before, replace(before, rubric=replace(DEFAULT, version=2, work_types=cheap)), "a")
    assert (change.before, change.after, only(change)) == (2, 1, {"rubric": 1})
    assert change.parts[0].leverage > 0


def test_claims_that_a_calibration_corrects() -> None:
    claims = Calibration(1, impact=impact_factors([Finished("Sales", 1, -3)] * 90), applies_to_impact=True)
    money = Range(200_000, 300_000, 400_000)
    before = backlog(
        a=replace(wish(3, value_per_year=money), unit="Sales"),
        b=wish(3, value_per_year=Range(30_000, 40_000, 50_000)),
    )
    assert only(found(before, replace(before, calibration=claims), "a")) == {"calibration": -1}


def test_two_causes_that_need_each_other_share_alike() -> None:
    """Neither the edit nor the goal alone lifts it past the other; both together do: half a place each."""
    before = replace(backlog(a=wish(4), b=Entry(Need(work_type="workshop"), goal="x")), goal_weights={"x": 1})
    edited = Entry(Need(work_type="workshop", waiting=3), goal="x")
    after = replace(before, entries={**before.entries, "b": edited}, goal_weights={"x": 4})
    change = found(before, after, "b")
    assert (change.before, change.after, only(change)) == (2, 1, {"own_edit": 0.5, "goal_weights": 0.5})
    assert change.because == (
        "It went up from 2nd to 1st because its own answers changed and goals weigh differently."
    )


def test_what_spoke_against_it_is_told() -> None:
    """It loses half a place to each of two causes that only together let the other by, and wins one."""
    before = replace(
        backlog(a=wish(4), b=Entry(Need(work_type="workshop"), goal="x"), c=wish(5)), goal_weights={"x": 1}
    )
    edited = Entry(Need(work_type="workshop", waiting=3), goal="x")
    after = Backlog(MONDAY, DEFAULT, {"a": wish(4), "b": edited}, {"x": 4})
    change = found(before, after, "a")
    assert (change.before, change.after) == (2, 2)
    assert only(change) == {"left": 1, "other_edits": -0.5, "goal_weights": -0.5}
    assert change.because == (
        "It stays 2nd because others left, although others' answers changed and goals weigh differently."
    )


def test_equal_leverage_keeps_its_order_by_name() -> None:
    same = backlog(a=wish(3), b=wish(3), c=wish(3))
    assert [one.after for one in explain_places(same, same)] == [1, 2, 3]


def test_whoever_is_not_in_both_is_not_explained() -> None:
    assert explain_places(FIVE, FIVE, ["nobody"]) == ()
    assert explain_places(backlog(), backlog()) == ()


entries = st.builds(
    Entry,
    needs,
    st.none() | st.sampled_from(["x", "y"]),
    st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)),
)
backlogs = st.builds(
    Backlog,
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from([DEFAULT, replace(DEFAULT, version=2, effort_cut_hours=10, people_per_session=5)]),
    st.dictionaries(st.sampled_from("abcdef"), entries, min_size=2),
    st.dictionaries(st.sampled_from("xy"), st.integers(0, 5)),
    st.sampled_from([None, Calibration(1, effort_factors([Finished("workshop", 1, 3)] * 9))]),
)


@given(backlogs, backlogs)
@settings(max_examples=40, deadline=None)
def test_the_parts_sum_to_the_whole_and_turn_round_when_time_does(before: Backlog, after: Backlog) -> None:
    forth, back = explain_places(before, after), {one.request: one for one in explain_places(after, before)}
    for change in forth:
        assert sum(part.places for part in change.parts) == pytest.approx(
            change.before - change.after, abs=1e-4
        )
        assert change.because.startswith("It ")
        moved = change.leverage_after - change.leverage_before
        assert sum(part.leverage for part in change.parts) == pytest.approx(moved, abs=1e-4)
        returned = back[change.request]
        assert (returned.before, returned.after) == (change.after, change.before)
        swapped = {"joined": "left", "left": "joined"}
        turned = {swapped.get(part.cause, part.cause): -part.places for part in returned.parts}
        assert {cause: places for cause, places in turned.items() if abs(places) > 1e-5} == pytest.approx(
            {part.cause: part.places for part in change.parts if abs(part.places) > 1e-5}, abs=1e-4
        )


def test_a_long_backlog_in_which_all_moved_is_explained_in_a_few_seconds() -> None:
    chance = np.random.default_rng(1)

    def some(count: int) -> dict[str, Entry]:
        return {
            f"r{number}": Entry(
                Need(people=Range.around(float(chance.integers(3, 400)), "C"), work_type="workshop"),
                goal=str(chance.choice(["x", "y"])),
                deadline=MONDAY + timedelta(days=int(chance.integers(1, 400))),
            )
            for number in range(count)
        }

    first = some(100)
    before = Backlog(MONDAY, DEFAULT, first, {"x": 3, "y": 2})
    edited = {**first, **some(20), "new": wish(3)}
    after = Backlog(
        MONDAY + timedelta(days=20),
        replace(DEFAULT, version=2, people_per_session=10),
        edited,
        {"x": 2, "y": 4},
        Calibration(1, effort_factors([Finished("workshop", 1, 2)] * 9)),
    )
    started = time.perf_counter()
    found = explain_places(before, after)
    assert time.perf_counter() - started < 10
    assert len(found) == 100
