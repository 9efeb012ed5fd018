"""The plan: against published optima, against trying everything, against plain greed, and by its laws."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, combinations, pairwise
from math import inf, isfinite, nan
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from portfolio.rules.candidates import Candidate, Capacity, Id, NotPlannable, hours_left
from portfolio.rules.packing import Packing, allowed, fill, pack, turns
from portfolio.rules.planning import Hours, LeftOut, Plan, Why, best_plan, stated
from portfolio.rules.ranges import Range
from portfolio.rules.robustness import Pair, Place, Standing, robustness
from portfolio.rules.what_if import (
    Bought,
    CutValue,
    More,
    Price,
    cut_value,
    marginal_hour,
    price_of,
    usual_options,
    what_capacity_buys,
)
from tests.portfolio.rules.knapsacks import Knapsack, knapsacks

Floats = NDArray[np.float64]

MARCH = date(2027, 3, 1)
APRIL = date(2027, 4, 1)


def candidate(id_: Id, value: float, hours: float, **rest: Any) -> Candidate:
    return Candidate(id_, value, hours, **rest)


# --- the hours there are ---


def test_hours_are_those_of_the_weeks_less_leave_and_small_asks() -> None:
    left = hours_left(16, 6, 16, 2)
    assert left.hours == 68
    assert left.reasons == (
        "16 h a week for 6 weeks are 96 h.",
        "Leave takes 16 h.",
        "Small asks take about 2 h a week, 12 h in all.",
        "68 h are left for projects.",
    )


def test_hours_without_leave_need_one_sentence() -> None:
    assert hours_left(7.5, 2).reasons == ("7.5 h a week for 2 weeks are 15 h.",)


def test_hours_never_go_below_zero_and_say_why() -> None:
    left = hours_left(8, 2, 10, 5)
    assert left.hours == 0
    assert left.reasons[-1] == "That is 4 h more than there is, so nothing is left."
    assert hours_left(8, 1, 8).reasons[-1] == "Nothing is left for projects."


amounts = st.floats(0, 1000, allow_nan=False)


@given(amounts, amounts, amounts, amounts)
def test_hours_left_are_never_negative_nor_more_than_there_are(
    a_week: float, weeks: float, leave: float, asks: float
) -> None:
    left = hours_left(a_week, weeks, leave, asks).hours
    assert 0 <= left <= a_week * weeks


@pytest.mark.parametrize("nonsense", [nan, inf, -1.0])
@pytest.mark.parametrize("place", range(4))
def test_hours_of_nonsense_are_refused(nonsense: float, place: int) -> None:
    given_ = [16.0, 6.0, 0.0, 0.0]
    given_[place] = nonsense
    with pytest.raises(NotPlannable, match=r"must be a number|can't be negative"):
        hours_left(*given_)


# --- published optima ---


@pytest.mark.parametrize("number", range(7))
def test_the_plan_finds_the_optima_of_the_or_library(number: int) -> None:
    """OR-Library, mknap1 (Petersen 1967): 3800, 8706.1, 4015, 6120, 12400, 10618, 16537."""
    problem = knapsacks()[number]
    plan = best_plan(*as_candidates(problem))
    assert plan.value == pytest.approx(problem.optimum, abs=1e-9)
    assert plan.proven
    assert plan.gap == 0


def as_candidates(problem: Knapsack) -> tuple[list[Candidate], Capacity]:
    """The first row is the manager's hours, each other one an expert's."""
    manager, *experts = problem.rows
    names = [f"expert {number}" for number in range(len(experts))]
    candidates = [
        candidate(
            i,
            value,
            manager[i],
            expert_hours={n: row[i] for n, row in zip(names, experts, strict=True) if row[i]},
        )
        for i, value in enumerate(problem.values)
    ]
    return candidates, Capacity(problem.sides[0], dict(zip(names, problem.sides[1:], strict=True)))


def test_the_plan_finds_what_a_table_of_all_sums_finds() -> None:
    """One knapsack with whole hours: dynamic programming over the hours, written here, is exact."""
    chance = Random(7)
    for _ in range(10):
        items = [(chance.randint(1, 60), chance.randint(1, 40)) for _ in range(60)]
        room = chance.randint(20, 400)
        best = [0] * (room + 1)
        for value, hours in items:
            best = [max(b, best[h - hours] + value) if h >= hours else b for h, b in enumerate(best)]
        plan = best_plan([candidate(i, v, h) for i, (v, h) in enumerate(items)], Capacity(room))
        assert plan.value == best[room]
        assert plan.proven


# --- by hand ---


def test_a_small_plan_whole() -> None:
    candidates = [
        candidate("big", 30, 30),
        candidate("a", 18, 15, expert_hours={"Kim": 4}),
        candidate("b", 16, 15),
        candidate("c", 9, 3, expert_hours={"Kim": 8}),
    ]
    plan = best_plan(candidates, Capacity(31, {"Kim": 10}))
    assert plan == Plan(
        chosen=("a", "b"),
        value=34,
        manager=Hours(31, 30),
        experts={"Kim": Hours(10, 4)},
        left_out=(
            LeftOut("c", Why.MANAGER_HOURS, needed=3, left=1),
            LeftOut("big", Why.MANAGER_HOURS, needed=30, left=1),
        ),
        bound=34,
        proven=True,
        quick=False,
    )
    assert plan.reasons == ("No other set that fits is worth more: that is proven.",)
    assert (plan.manager.left, plan.experts["Kim"].left) == (1, 6)


def test_each_that_is_left_out_says_why_in_one_sentence() -> None:
    candidates = [
        candidate(1, 40, 10, excludes=frozenset({"onboarding"})),
        candidate(2, 30, 10, excludes=frozenset({"onboarding"})),
        candidate(3, 20, 30),
        candidate(4, 9, 1, needs=frozenset({3})),
        candidate(5, 50, 5, not_before=APRIL),
        candidate(6, 50, 5, needs=frozenset({5})),
        candidate(7, 0, 1),
        candidate(8, 5, 1, expert_hours={"Kim": 3}),
        candidate(9, 5, 1, needs=frozenset({10}), excludes=frozenset({10})),
        candidate(10, 6, 1),
    ]
    plan = best_plan(candidates, Capacity(20, {"Kim": 2}, ends_on=MARCH))
    assert plan.chosen == (10, 1)
    names = {3: "Sales basics", 1: "First week"}
    assert {one.id: one.sentence(names) for one in plan.left_out} == {
        2: "First week does the same.",
        3: "Doesn't fit: needs 30 h, 9 h are left.",
        4: "Needs Sales basics first, which is not in the plan.",
        5: "Can't start before 1 April 2027.",
        6: "Needs 5 first, which is not in the plan.",
        7: "Adds nothing.",
        8: "Doesn't fit: needs 3 h, 2 h are left of Kim.",
        9: "10 does the same.",
    }
    assert plan.why_not(5) == LeftOut(5, Why.TOO_LATE, not_before=APRIL)
    assert plan.why_not(1) is None


def test_what_contradicts_itself_says_so() -> None:
    candidates = [
        candidate(1, 5, 1, needs=frozenset({2}), excludes=frozenset({2})),
        candidate(2, 5, 100),
    ]
    (one, _) = best_plan(candidates, Capacity(10)).left_out
    assert one.sentence() == "Needs something that it excludes, so it can never be planned."


def test_hours_that_look_alike_are_told_apart() -> None:
    (out,) = best_plan([candidate(1, 5, 10.004)], Capacity(10)).left_out
    assert out.sentence() == "Doesn't fit: needs 10.004 h, 10 h are left."


def test_tenths_of_an_hour_that_add_up_fit() -> None:
    assert 0.1 + 0.2 > 0.3
    assert best_plan([candidate(1, 1, 0.1), candidate(2, 1, 0.2)], Capacity(0.3)).chosen == (1, 2)


def test_an_hour_too_long_by_less_than_the_solver_sees_does_not_fit() -> None:
    candidates = [candidate(1, 10, 5), candidate(2, 10, 5.0000000001), candidate(3, 1, 4)]
    assert best_plan(candidates, Capacity(10)).chosen == (1, 3)


def test_must_dos_beyond_the_hours_are_kept_and_nothing_else() -> None:
    candidates = [
        candidate(1, 5, 30, must_do=True, needs=frozenset({2})),
        candidate(2, 0, 20),
        candidate(3, 90, 1),
        candidate(4, 90, 0),
    ]
    plan = best_plan(candidates, Capacity(40))
    assert plan.chosen == (1, 2)
    assert plan.manager.over == 10
    assert plan.reasons[0] == "The must-dos alone need 50 h; there are 40 h, 10 h too few."
    assert [one.sentence() for one in plan.left_out] == [
        "The must-dos alone take more hours than there are."
    ] * 2


def test_must_dos_beyond_an_experts_hours_leave_the_others_their_place() -> None:
    candidates = [
        candidate(1, 5, 10, must_do=True, expert_hours={"Kim": 9}),
        candidate(2, 50, 10, expert_hours={"Kim": 1}),
        candidate(3, 1, 10),
    ]
    plan = best_plan(candidates, Capacity(40, {"Kim": 4}))
    assert plan.chosen == (1, 3)
    assert plan.reasons[0] == "The must-dos alone need 9 h of Kim; there are 4 h, 5 h too few."
    assert plan.left_out == (LeftOut(2, Why.EXPERT_HOURS, needed=1, left=0, expert="Kim"),)


def test_an_expert_nobody_named_has_no_hours() -> None:
    assert best_plan([candidate(1, 5, 1, expert_hours={"Kim": 1})], Capacity(10)).chosen == ()


def test_a_must_do_that_cannot_start_in_time_is_out_and_says_so() -> None:
    plan = best_plan([candidate(1, 5, 1, must_do=True, not_before=APRIL)], Capacity(10, ends_on=MARCH))
    assert plan.left_out == (LeftOut(1, Why.TOO_LATE, not_before=APRIL),)


def test_something_may_start_on_the_last_day() -> None:
    assert best_plan([candidate(1, 5, 1, not_before=MARCH)], Capacity(10, ends_on=MARCH)).chosen == (1,)


def test_two_that_exclude_a_third_which_is_late_do_not_exclude_each_other() -> None:
    candidates = [
        candidate("a", 5, 1, excludes=frozenset({"late"})),
        candidate("b", 5, 1, excludes=frozenset({"late"})),
        candidate("late", 99, 1, not_before=APRIL),
    ]
    assert best_plan(candidates, Capacity(10, ends_on=MARCH)).chosen == ("a", "b")


def test_a_number_that_is_no_candidates_excludes_nothing() -> None:
    pair = [candidate(1, 5, 1, excludes=frozenset({99})), candidate(2, 5, 1, excludes=frozenset({99}))]
    assert best_plan(pair, Capacity(10)).chosen == (1, 2)


def test_something_worth_nothing_comes_in_only_where_it_is_needed() -> None:
    candidates = [candidate(1, 0, 5), candidate(2, 9, 5, needs=frozenset({1})), candidate(3, 0, 1)]
    assert best_plan(candidates, Capacity(20)).chosen == (2, 1)


def test_what_costs_the_manager_nothing_always_fits() -> None:
    plan = best_plan([candidate(1, 5, 0), candidate(2, 9, 9)], Capacity(0))
    assert plan.chosen == (1,)
    assert plan.manager == Hours(0, 0)


def test_an_instant_counts_as_no_time() -> None:
    assert best_plan([candidate(1, 5, 1e-12)], Capacity(0)).chosen == (1,)


def test_all_weights_zero_plan_nothing() -> None:
    plan = best_plan([candidate(1, 0, 1), candidate(2, 0, 2)], Capacity(10))
    assert (plan.chosen, plan.value, plan.proven) == ((), 0, True)
    assert {one.why for one in plan.left_out} == {Why.ADDS_NOTHING}


def test_no_candidates_make_an_empty_plan() -> None:
    assert best_plan([], Capacity(10)) == Plan((), 0, Hours(10, 0), {}, (), 0, proven=True, quick=False)


# --- nonsense ---


@pytest.mark.parametrize(
    ("candidates", "capacity", "words"),
    [
        ([candidate(1, 1, -1)], Capacity(5), "The hours of 1 can't be negative: -1."),
        ([candidate(1, 1, nan)], Capacity(5), "The hours of 1 must be a number, not nan."),
        ([candidate(1, nan, 1)], Capacity(5), "The value of 1 must be a number, not nan."),
        ([candidate(1, inf, 1)], Capacity(5), "The value of 1 must be a number, not inf."),
        ([candidate(1, 1, 1)], Capacity(nan), "The manager's hours must be a number, not nan."),
        ([candidate(1, 1, 1)], Capacity(-2), "The manager's hours can't be negative: -2."),
        ([], Capacity(5, {"Kim": -1}), "The hours of Kim can't be negative: -1."),
        (
            [candidate(1, 1, 1, expert_hours={"Kim": inf})],
            Capacity(5),
            "The hours of Kim for 1 must be a number, not inf.",
        ),
        ([candidate(1, 1, 1), candidate(1, 2, 1)], Capacity(5), "1 is there twice."),
        (
            [candidate(1, 1, 1, needs=frozenset({"x"}))],
            Capacity(5),
            "1 needs x, which isn't among the candidates.",
        ),
        ([candidate(1, 1, 1, excludes=frozenset({1}))], Capacity(5), "1 excludes itself."),
        (
            [candidate(1, 1, 1, needs=frozenset({1}))],
            Capacity(5),
            "1 needs 1: a circle, so none of them could ever start.",
        ),
        (
            [candidate(i, 1, 1, needs=frozenset({i % 3 + 1})) for i in (1, 2, 3)],
            Capacity(5),
            "1 needs 2 needs 3 needs 1: a circle, so none of them could ever start.",
        ),
        (
            [candidate(i, 1, 1, must_do=True, excludes=frozenset({"same"})) for i in (1, 2)],
            Capacity(5),
            "1 and 2 must both be done, yet they exclude each other.",
        ),
    ],
)
def test_nonsense_is_refused_in_plain_words(
    candidates: list[Candidate], capacity: Capacity, words: str
) -> None:
    with pytest.raises(NotPlannable) as refusal:
        best_plan(candidates, capacity)
    assert str(refusal.value) == words


# --- laws of the plan ---

hours = st.one_of(st.integers(0, 20).map(float), st.floats(1e-6, 30, allow_nan=False))
points = st.one_of(st.integers(0, 9).map(float), st.floats(-2, 40, allow_nan=False))


@st.composite
def backlogs(draw: st.DrawFn, most: int = 9) -> tuple[list[Candidate], Capacity]:
    count = draw(st.integers(0, most))
    candidates = []
    for i in range(count):
        others: list[Id] = ["red", "blue", *(j for j in range(count) if j != i)]
        candidates.append(
            Candidate(
                id=i,
                value=draw(points),
                manager_hours=draw(hours),
                expert_hours=draw(st.dictionaries(st.sampled_from(["Ada", "Ben"]), hours, max_size=2)),
                not_before=draw(st.sampled_from([None, None, None, MARCH, APRIL])),
                must_do=draw(st.integers(0, 7)) == 0,
                needs=draw(st.frozensets(st.integers(0, i - 1), max_size=2))
                if i and draw(st.booleans())
                else frozenset(),
                excludes=draw(st.frozensets(st.sampled_from(others), max_size=1)),
            )
        )
    experts = draw(st.dictionaries(st.sampled_from(["Ada", "Ben", "Cleo"]), hours))
    return candidates, Capacity(draw(st.floats(0, 60, allow_nan=False)), experts, MARCH)


def planned(candidates: list[Candidate], capacity: Capacity, **rest: Any) -> Plan:
    """The best plan; what excludes another must-do is no example of anything here."""
    try:
        return best_plan(candidates, capacity, **rest)
    except NotPlannable as refusal:
        assume("exclude each other" not in str(refusal))
        raise


@dataclass(frozen=True)
class House:
    """The rules written a second time, in the plainest way, over sets of ids."""

    candidates: list[Candidate]
    capacity: Capacity

    def able(self) -> set[Id]:
        by_id = {one.id: one for one in self.candidates}

        def can(one: Candidate) -> bool:
            late = one.not_before is not None and one.not_before > (self.capacity.ends_on or date.max)
            return not late and all(can(by_id[need]) for need in one.needs)

        return {one.id for one in self.candidates if can(one)}

    def must(self) -> set[Id]:
        by_id = {one.id: one for one in self.candidates}
        found: set[Id] = set()

        def add(id_: Id) -> None:
            found.add(id_)
            for need in by_id[id_].needs:
                add(need)

        for one in self.candidates:
            if one.must_do and one.id in self.able():
                add(one.id)
        return found

    def used(self, chosen: set[Id], expert: str | None = None) -> float:
        mine = [one for one in self.candidates if one.id in chosen]
        return sum(one.manager_hours if expert is None else one.expert_hours.get(expert, 0.0) for one in mine)

    def value(self, chosen: set[Id]) -> float:
        return sum(one.value for one in self.candidates if one.id in chosen)

    def clash(self, a: Candidate, b: Candidate) -> bool:
        groups = {name for name in a.excludes & b.excludes if isinstance(name, str)}
        return bool(groups) or b.id in a.excludes or a.id in b.excludes

    def allows(self, chosen: set[Id], slack: float = 1e-9) -> bool:
        mine = [one for one in self.candidates if one.id in chosen]
        must = self.must()
        return (
            chosen <= self.able()
            and must <= chosen
            and all(one.needs <= chosen for one in mine)
            and not any(self.clash(a, b) for a, b in combinations(mine, 2))
            and (self.used(must) <= self.capacity.manager_hours + slack or chosen == must)
            and all(self._has_room(chosen, must, expert, slack) for expert in (None, "Ada", "Ben"))
        )

    def _has_room(self, chosen: set[Id], must: set[Id], expert: str | None, slack: float) -> bool:
        room = self.capacity.manager_hours if expert is None else self.capacity.expert_hours.get(expert, 0.0)
        return self.used(chosen, expert) <= max(room, self.used(must, expert)) + slack

    def best(self) -> float:
        """The largest value of all sets that strictly fit."""
        able = sorted(self.able(), key=str)
        sets = chain.from_iterable(combinations(able, size) for size in range(len(able) + 1))
        return max(self.value(set(one)) for one in sets if self.allows(set(one), 0.0))


def greedy(house: House) -> set[Id]:
    """By leverage, as long as it fits; a plain loop."""
    chosen = house.must()
    for one in sorted(house.candidates, key=lambda one: -one.leverage):
        if one.value > 0 and house.allows(chosen | {one.id}, 0.0):
            chosen = chosen | {one.id}
    return chosen


@settings(max_examples=150, deadline=None)
@given(backlogs())
def test_no_set_that_fits_is_worth_more(backlog: tuple[list[Candidate], Capacity]) -> None:
    plan = planned(*backlog)
    house = House(*backlog)
    assert house.allows(set(plan.chosen))
    assert plan.value == pytest.approx(house.best(), rel=1e-9, abs=1e-7)
    assert plan.proven
    assert {*plan.chosen, *(one.id for one in plan.left_out)} == {one.id for one in backlog[0]}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(points, hours, hours), min_size=10, max_size=14), hours)
def test_no_set_of_fourteen_is_worth_more(items: list[tuple[float, float, float]], room: float) -> None:
    values, manager, expert = np.array(items).T
    sets = (np.arange(2 ** len(items))[:, None] >> np.arange(len(items)) & 1).astype(float)
    fitting = (sets @ manager <= room * 3) & (sets @ expert <= 25)
    plan = best_plan(
        [candidate(i, v, h, expert_hours={"Kim": e}) for i, (v, h, e) in enumerate(items)],
        Capacity(room * 3, {"Kim": 25}),
    )
    assert plan.value == pytest.approx((sets @ values)[fitting].max(), rel=1e-9, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(backlogs(most=25))
def test_the_plan_never_exceeds_the_hours_and_never_loses_to_greed(
    backlog: tuple[list[Candidate], Capacity],
) -> None:
    plan = planned(*backlog)
    house = House(*backlog)
    assert house.allows(set(plan.chosen))
    assert plan.value >= house.value(greedy(house)) - 1e-9


@settings(max_examples=60, deadline=None)
@given(backlogs(most=14), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(
    backlog: tuple[list[Candidate], Capacity], chance: Random
) -> None:
    candidates, capacity = backlog
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    assert planned(candidates, capacity) == planned(shuffled, capacity)


def test_among_many_equals_the_order_changes_nothing() -> None:
    candidates = [candidate(i, 7.31, 31.3) for i in range(40)]
    plan = best_plan(candidates, Capacity(200))
    assert len(plan.chosen) == 6
    assert plan == best_plan(candidates[::-1], Capacity(200))


@settings(max_examples=60, deadline=None)
@given(backlogs())
def test_the_quick_plan_fits_and_its_bound_holds(backlog: tuple[list[Candidate], Capacity]) -> None:
    plan, exact = planned(*backlog, quick=True), planned(*backlog)
    assert House(*backlog).allows(set(plan.chosen))
    assert plan.value <= exact.value + 1e-7 <= plan.bound + 2e-7
    assert plan.quick is not plan.proven


@settings(max_examples=60, deadline=None)
@given(backlogs(), st.frozensets(st.integers(0, 8)))
def test_a_preferred_set_stays_where_it_is_as_good(
    backlog: tuple[list[Candidate], Capacity], wish: frozenset[int]
) -> None:
    plan, wished = planned(*backlog), planned(*backlog, preferred=wish)
    assert wished.value == pytest.approx(plan.value, rel=1e-8, abs=1e-8)


def test_of_two_as_good_the_preferred_stays() -> None:
    candidates = [candidate(i, 5, 10) for i in range(4)]
    for one in range(4):
        assert best_plan(candidates, Capacity(10), preferred=[one]).chosen == (one,)


@settings(max_examples=60, deadline=None)
@given(backlogs(), st.floats(0, 30, allow_nan=False))
def test_more_hours_never_make_the_plan_worse(backlog: tuple[list[Candidate], Capacity], more: float) -> None:
    candidates, capacity = backlog
    richer = replace(capacity, manager_hours=capacity.manager_hours + more)
    assert planned(candidates, richer).value >= planned(candidates, capacity).value - 1e-7 or any(
        one.must_do for one in candidates
    )


@settings(max_examples=60, deadline=None)
@given(backlogs(), st.integers(0, 8), st.floats(0.1, 20), st.floats(0, 1))
def test_more_value_or_less_effort_never_throws_a_candidate_out(
    backlog: tuple[list[Candidate], Capacity], turn: int, more: float, share: float
) -> None:
    candidates, capacity = backlog
    plan = planned(candidates, capacity)
    assume(plan.chosen)
    which = plan.chosen[turn % len(plan.chosen)]
    better = [
        replace(one, value=one.value + more, manager_hours=one.manager_hours * share)
        if one.id == which
        else one
        for one in candidates
    ]
    assert which in planned(better, capacity).chosen


def test_a_search_that_is_stopped_says_so_and_keeps_an_honest_bound() -> None:
    chance = np.random.default_rng(3)
    count = 20
    hours = chance.integers(10_000, 100_000, (5, count)).astype(float)
    packing = Packing(
        hours.mean(axis=0) + 3000 * chance.random(count),
        hours,
        np.floor(hours.sum(axis=1) / 3),
        (),
        ((),) * count,
        np.zeros(count, np.bool_),
    )
    stopped = pack(packing, nodes=1)
    whole = pack(packing, seconds=60)
    assert not stopped.proven
    assert stopped.value <= whole.value <= stopped.bound
    assert allowed(packing, stopped.chosen)
    plan = Plan((), 10.0, Hours(1, 1), {}, (), 12.345, proven=False, quick=False)
    assert plan.reasons == ("The search was stopped: a better set could add 2.35 points at most.",)
    assert replace(plan, quick=True).reasons == (
        "A quick answer: a better set could add 2.35 points at most.",
    )


# --- speed ---


def realistic(count: int, room: float, seed: int = 1) -> tuple[list[Candidate], Capacity]:
    """Impact of 2 to 25 points, 10 to 90 hours, two of five need one of eight experts; a few bundles and rivals."""
    chance = np.random.default_rng(seed)
    values = np.exp(chance.normal(np.log(8), 0.8, count)).clip(0.1, 80)
    hours = np.exp(chance.normal(np.log(30), 0.8, count)).clip(1, 400)
    asked = np.exp(chance.normal(np.log(5), 0.6, count))
    expert = chance.integers(0, 20, count)
    candidates = [
        Candidate(
            id=i,
            value=float(values[i]),
            manager_hours=float(hours[i]),
            expert_hours={f"expert {expert[i]}": float(asked[i])} if expert[i] < 8 else {},
            needs=frozenset({int(chance.integers(0, i))}) if i and chance.random() < 0.05 else frozenset(),
            excludes=frozenset({f"group {chance.integers(0, count // 10)}"})
            if chance.random() < 0.1
            else frozenset(),
        )
        for i in range(count)
    ]
    return candidates, Capacity(room, {f"expert {number}": room / 20 + 6 for number in range(8)})


@pytest.mark.parametrize(("count", "room"), [(300, 192), (300, 800), (3000, 800)])
def test_large_plans_are_exact(count: int, room: float) -> None:
    assert best_plan(*realistic(count, room)).proven


# --- robustness ---


def drawn(
    candidates: list[Candidate], draws: int, seed: int = 1, spread: float = 0.5
) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    shape = (len(candidates), draws)
    values = np.array([[one.value] for one in candidates]).reshape(-1, 1)
    hours = np.array([[one.manager_hours] for one in candidates]).reshape(-1, 1)
    return values * np.exp(chance.normal(0, spread, shape)), hours * np.exp(chance.normal(0, spread, shape))


def test_a_small_robustness_whole() -> None:
    candidates = [candidate("a", 10, 10), candidate("b", 9, 10), candidate("c", 1, 10)]
    values = np.array([[10, 10, 8, 8, 10.0], [9, 9, 9, 9, 9], [1, 1, 1, 1, 1]])
    found = robustness(candidates, values, np.full((3, 5), 10.0), Capacity(10))
    assert found.places == (
        Place("a", 0.6, Range(1, 1, 2)),
        Place("b", 0.4, Range(1, 2, 2)),
        Place("c", 0.0, Range(3, 3, 3)),
    )
    assert found.pairs == (Pair("a", "b", 0.6), Pair("b", "c", 1.0))
    assert [pair.is_tie for pair in found.pairs] == [True, False]
    assert [place.standing for place in found.places] == [
        Standing.COIN_FLIP,
        Standing.COIN_FLIP,
        Standing.SURELY_OUT,
    ]
    assert found.of("a").sentence == "In the plan 60 times of 100; place 1 to 2."
    assert found.of("c").sentence == "In the plan 0 times of 100; place 3."
    assert found.reasons == (
        "Counted over 5 draws; in each one, those with the most leverage first, as long as they fit.",
        "1 of 2 neighbours are a tie: their order is as good as chance.",
    )
    with pytest.raises(KeyError):
        found.of("z")


@settings(max_examples=60, deadline=None)
@given(backlogs(most=12), st.integers(0, 5))
def test_filling_keeps_every_rule_in_every_draw(backlog: tuple[list[Candidate], Capacity], seed: int) -> None:
    capacity = backlog[1]
    planned(*backlog)
    packing = stated(*backlog).packing
    able = list(stated(*backlog).able)
    values, hours = drawn(able, 5, seed)
    inside = fill(packing, turns(packing, values.T, hours.T), hours.T)
    for draw in range(5):
        as_drawn = [
            replace(
                one,
                value=float(values[i, draw]),
                manager_hours=float(hours[i, draw]),
                needs=frozenset(one.needs),
            )
            for i, one in enumerate(able)
        ]
        chosen = {one.id for one, is_in in zip(able, inside[draw], strict=True) if is_in}
        assert House(as_drawn, capacity).allows(chosen)


@settings(max_examples=60, deadline=None)
@given(backlogs(most=12))
def test_filling_once_is_plain_greed_where_nothing_needs_anything(
    backlog: tuple[list[Candidate], Capacity],
) -> None:
    candidates = [replace(one, needs=frozenset()) for one in backlog[0]]
    planned(candidates, backlog[1])
    ours = stated(candidates, backlog[1])
    values, hours = ours.packing.values[None, :], ours.packing.hours[:1]
    inside = fill(ours.packing, turns(ours.packing, values, hours), hours)[0]
    house = House(candidates, backlog[1])
    expected = house.value(greedy(house))
    assert house.value(
        {one.id for one, is_in in zip(ours.able, inside, strict=True) if is_in}
    ) == pytest.approx(expected, abs=1e-6)


def test_a_bundle_comes_in_together() -> None:
    candidates = [candidate(1, 1, 5), candidate(2, 50, 5, needs=frozenset({1})), candidate(3, 10, 5)]
    ones = np.ones((1, 3))
    values = np.array([[one.value] for one in candidates]) * ones
    hours = np.full((3, 3), 5.0)
    shares = {place.id: place.share for place in robustness(candidates, values, hours, Capacity(10)).places}
    assert shares == {1: 1, 2: 1, 3: 0}


@settings(max_examples=60, deadline=None)
@given(backlogs(most=12), st.randoms(use_true_random=False))
def test_robustness_is_a_set_of_chances_that_the_order_does_not_change(
    backlog: tuple[list[Candidate], Capacity], chance: Random
) -> None:
    candidates, capacity = backlog
    planned(*backlog)
    values, hours = drawn(candidates, 40)
    found = robustness(candidates, values, hours, capacity)
    order = list(range(len(candidates)))
    chance.shuffle(order)
    shuffled = robustness([candidates[i] for i in order], values[order], hours[order], capacity)
    assert found == shuffled
    assert all(0 <= place.share <= 1 for place in found.places)
    assert all(1 <= place.place.low <= place.place.high <= len(candidates) for place in found.places)
    assert all(0 <= pair.chance <= 1 for pair in found.pairs)
    assert len(found.pairs) == max(0, len(candidates) - 1)
    able = House(*backlog).able()
    assert all(place.share == 0 for place in found.places if place.id not in able)
    assert all(found.of(id_).share == 1 for id_ in House(*backlog).must())


@settings(max_examples=50, deadline=None)
@given(backlogs(most=10))
def test_without_doubt_robustness_is_all_or_nothing(backlog: tuple[list[Candidate], Capacity]) -> None:
    planned(*backlog)
    values, hours = drawn(backlog[0], 7, spread=0.0)
    assert {place.share for place in robustness(backlog[0], values, hours, backlog[1]).places} <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("values", "hours"),
    [
        (np.ones((2, 4)), np.ones((2, 4))),
        (np.ones((1, 4)), np.ones((1, 5))),
        (np.ones((1, 0)), np.ones((1, 0))),
        (np.full((1, 4), nan), np.ones((1, 4))),
        (np.ones((1, 4)), -np.ones((1, 4))),
        (np.ones(4), np.ones(4)),
    ],
)
def test_draws_that_make_no_sense_are_refused(values: Floats, hours: Floats) -> None:
    with pytest.raises(NotPlannable, match="draw"):
        robustness([candidate(1, 1, 1)], values, hours, Capacity(1))


def test_nobody_has_no_places() -> None:
    assert robustness([], np.ones((0, 4)), np.ones((0, 4)), Capacity(1)).places == ()


def test_hours_of_zero_in_a_draw_stay_finite_where_it_shows() -> None:
    found = robustness(
        [candidate(1, 1, 1), candidate(2, 1, 1)], np.ones((2, 3)), np.zeros((2, 3)), Capacity(1)
    )
    assert [(place.id, place.share) for place in found.places] == [(1, 1), (2, 1)]
    assert found.pairs == (Pair(1, 2, 0.5),)


# --- what if ---


def test_the_cut_value_is_the_leverage_of_what_fits_only_in_part() -> None:
    candidates = [candidate(1, 30, 10), candidate(2, 20, 10), candidate(3, 5, 10)]
    price = cut_value(candidates, Capacity(15))
    assert price.points_per_hour == pytest.approx(2)
    assert price.reasons == ("One more hour of the manager would bring about 2 points.",)
    assert cut_value(candidates, Capacity(40)) == CutValue(
        0.0, ("Everything worth doing fits, so another hour would bring nothing.",)
    )
    assert cut_value(candidates, Capacity(0)).points_per_hour == pytest.approx(3)
    assert cut_value([], Capacity(5)).points_per_hour == 0


@settings(max_examples=60, deadline=None)
@given(backlogs(), st.lists(st.floats(0, 100, allow_nan=False), min_size=2, max_size=4))
def test_the_cut_value_is_never_negative_and_never_rises_with_the_hours(
    backlog: tuple[list[Candidate], Capacity], rooms: list[float]
) -> None:
    candidates, capacity = backlog
    planned(*backlog)
    found = [
        cut_value(candidates, replace(capacity, manager_hours=room)).points_per_hour for room in sorted(rooms)
    ]
    assert all(isfinite(one) and one >= 0 for one in found)
    assert all(later <= sooner + 1e-6 * max(1, sooner) for sooner, later in pairwise(found))


def test_what_more_capacity_buys_by_hand() -> None:
    candidates = [
        candidate("a", 30, 10),
        candidate("b", 28, 14),
        candidate("c", 9, 6, expert_hours={"Kim": 3}),
        candidate("d", 4, 4),
    ]
    capacity = Capacity(16, {"Kim": 0})
    options = [More("4 h more", 4), More("8 h more", 8), More("3 h of Kim", expert_hours={"Kim": 3})]
    nothing, eight, kim = what_capacity_buys(candidates, capacity, options)
    assert nothing.sentence() == "4 h more: changes nothing."
    assert (eight.comes_in, eight.goes_out, eight.value_added) == (("b",), ("d",), 24)
    assert eight.sentence({"b": "Interviewing"}) == (
        "8 h more: brings in Interviewing, takes out d; adds 24 points, 3 an hour."
    )
    assert (kim.comes_in, kim.goes_out, kim.value_added, kim.points_per_hour) == (("c",), ("d",), 5, 5 / 3)


def test_the_usual_options_are_hours_a_contractor_and_each_expert() -> None:
    candidates = [candidate(1, 9, 1, expert_hours={"Kim": 3}), candidate(2, 1, 1, expert_hours={"Ada": 3})]
    assert usual_options(candidates, Capacity(10, {"Ben": 5}), weeks=6) == (
        More("2 h a week more", 12),
        More("4 h a week more", 24),
        More("40 h of a contractor", 40),
        More("3 h of Kim", expert_hours={"Kim": 3}),
        More("3 h of Ada", expert_hours={"Ada": 3}),
    )


@settings(max_examples=60, deadline=None)
@given(backlogs())
def test_more_capacity_never_costs_anything_and_says_what_changes(
    backlog: tuple[list[Candidate], Capacity],
) -> None:
    plan = planned(*backlog)
    house = House(*backlog)
    assume(not plan.manager.over)
    for bought in what_capacity_buys(*backlog, usual_options(*backlog, weeks=2), plan=plan):
        assert isinstance(bought, Bought)
        assert bought.value_added >= 0
        assert bought.points_per_hour >= 0
        now = (set(plan.chosen) | set(bought.comes_in)) - set(bought.goes_out)
        assert now == set(bought.plan.chosen)
        assert bought.value_added == pytest.approx(house.value(now) - plan.value, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(backlogs())
def test_an_hour_more_is_the_exact_plan_of_an_hour_more(backlog: tuple[list[Candidate], Capacity]) -> None:
    candidates, capacity = backlog
    plan = planned(*backlog)
    assume(not plan.manager.over)
    more = best_plan(candidates, replace(capacity, manager_hours=capacity.manager_hours + 1))
    assert marginal_hour(*backlog, plan=plan).value_added == pytest.approx(
        max(0, more.value - plan.value), abs=1e-6
    )


# --- overrides ---


def test_forcing_one_in_displaces_others_and_has_a_price() -> None:
    candidates = [candidate("a", 30, 10), candidate("b", 20, 10), candidate("c", 9, 12), candidate("d", 4, 8)]
    price = price_of(candidates, Capacity(20), "c", forced_in=True)
    assert price == Price("c", True, ("a", "b"), ("d",), 37, {}, price.plan)
    assert price.sentence() == "Displaces a and b, brings in d and costs 37 points."
    assert price.plan.chosen == ("c", "d")


def test_forcing_one_out_says_what_comes_in_its_place() -> None:
    candidates = [candidate("a", 30, 10), candidate("b", 20, 10), candidate("c", 9, 9)]
    price = price_of(candidates, Capacity(20), "a", forced_in=False)
    assert price == Price("a", False, (), ("c",), 21, {}, price.plan)
    assert price.sentence({"c": "Coaching"}) == "Brings in Coaching and costs 21 points."


def test_forcing_what_is_so_already_costs_nothing() -> None:
    candidates = [candidate("a", 30, 10), candidate("b", 20, 30)]
    assert price_of(candidates, Capacity(20), "a", forced_in=True).sentence() == "Costs nothing."
    assert price_of(candidates, Capacity(20), "b", forced_in=False).sentence() == "Costs nothing."


def test_forcing_in_what_is_too_long_says_by_how_much() -> None:
    candidates = [candidate("a", 30, 10), candidate("b", 20, 30, expert_hours={"Kim": 5})]
    price = price_of(candidates, Capacity(20, {"Kim": 3}), "b", forced_in=True)
    assert price.over == {"": 10, "Kim": 2}
    assert price.sentence() == (
        "Displaces a, takes 10 h more than there are, takes 2 h of Kim more than there are and costs 10 points."
    )


def test_forcing_one_out_takes_out_what_needs_it() -> None:
    candidates = [candidate(1, 1, 1), candidate(2, 9, 1, needs=frozenset({1}))]
    assert (
        price_of(candidates, Capacity(5), 1, forced_in=False).sentence() == "Displaces 2 and costs 10 points."
    )


@pytest.mark.parametrize(
    ("which", "forced_in", "words"),
    [
        ("zz", True, "zz isn't among the candidates."),
        ("late", True, "late can't start in time, or needs what can't."),
        ("after", True, "after can't start in time, or needs what can't."),
        ("rival", True, "must and rival must both be done, yet they exclude each other."),
        ("base", False, "must must be done and needs base."),
    ],
)
def test_an_override_that_cannot_be_is_refused(which: str, forced_in: bool, words: str) -> None:
    candidates = [
        candidate("late", 1, 1, not_before=APRIL),
        candidate("after", 1, 1, needs=frozenset({"late"})),
        candidate("base", 1, 1),
        candidate("must", 1, 1, must_do=True, needs=frozenset({"base"}), excludes=frozenset({"rival"})),
        candidate("rival", 1, 1),
    ]
    with pytest.raises(NotPlannable) as refusal:
        price_of(candidates, Capacity(9, ends_on=MARCH), which, forced_in=forced_in)
    assert str(refusal.value) == words


@settings(max_examples=80, deadline=None)
@given(backlogs(), st.booleans(), st.integers(0, 8))
def test_an_override_is_never_a_gain(
    backlog: tuple[list[Candidate], Capacity], forced_in: bool, which: int
) -> None:
    plan = planned(*backlog)
    assume(which < len(backlog[0]))
    try:
        price = price_of(*backlog, which, forced_in=forced_in, plan=plan)
    except NotPlannable:
        return
    assert price.points >= 0
    assert (which in price.plan.chosen) is forced_in
    if not price.over:
        assert price.points == pytest.approx(plan.value - price.plan.value, abs=1e-6) or plan.manager.over
    if (which in plan.chosen) is forced_in:
        assert price.points == pytest.approx(0, abs=1e-6)
