"""Disclosure, against somebody who keeps everything that was ever shown and tries every subtraction."""

from collections import Counter
from collections.abc import Iterable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.disclosure import SMALLEST, Cell, Release, cells, in_steps, may_show, releases

MOST_SHOWN = 7
"""Shown sets an attacker combines, each added, left out or subtracted: 3 ** 7 ways."""


def worked_out(shown: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Every set of people about whose answers something follows from adding and subtracting those of sets that were shown; also
    where one lot is set against another, since "she said yes if he said no" tells of two."""
    sets = sorted(set(shown), key=sorted)[:MOST_SHOWN]
    everybody = sorted(set().union(*sets)) if sets else []
    if not everybody:
        return []
    table = np.array([[person in one for person in everybody] for one in sets], dtype=int)
    signs = np.array(list(product((-1, 0, 1), repeat=len(sets))), dtype=int)
    rows = np.unique(signs @ table != 0, axis=0)
    return [frozenset(everybody[place] for place in np.flatnonzero(row)) for row in rows if row.any()]


def handfuls(shown: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    return [found for found in worked_out(shown) if len(found) < SMALLEST]


def of_groups(groups: list[str]) -> list[frozenset[int]]:
    """Whom the total and each cell of a question are of, where person i of group i answered it."""
    cut = cells(Counter(groups))
    by_cell = [frozenset(i for i, group in enumerate(groups) if group in cell.names) for cell in cut]
    total = [frozenset(range(len(groups)))] if may_show(len(groups)) else []
    return total + by_cell


def test_the_attacker_knows_how_to_subtract() -> None:
    assert handfuls([frozenset(range(12)), frozenset(range(8))]) == [frozenset({8, 9, 10, 11})]
    assert handfuls([frozenset(range(13)), frozenset(range(8))]) == []
    assert handfuls([frozenset(range(6)), frozenset({*range(5), 9})]) == [frozenset({5, 9})]


@given(st.lists(st.sampled_from("ABCDEF"), max_size=40))
def test_no_handful_follows_from_a_total_and_its_groups(groups: list[str]) -> None:
    assert handfuls(of_groups(groups)) == []


@given(st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 30)))
def test_a_cut_covers_everybody_who_answered_in_cells_of_five(groups: dict[str, int]) -> None:
    cut = cells(groups)
    assert all(cell.people >= SMALLEST for cell in cut)
    assert len(cut) != 1
    if cut:
        named = [name for cell in cut for name in cell.names]
        assert sorted(named) == sorted(name for name, people in groups.items() if people)
        assert sum(cell.people for cell in cut) == sum(groups.values())


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.booleans(), st.booleans()), max_size=30))
def test_skipping_questions_gives_no_handful_away(people: list[tuple[str, bool, bool]]) -> None:
    """Each question is cut by who answered it; a total of the other question says nothing about this one."""
    for question in (1, 2):
        groups = [person[0] for person in people if person[question]]
        assert handfuls(of_groups(groups)) == []


@given(st.lists(st.booleans(), max_size=60), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_looking_again_and_again_while_answers_come_gives_no_handful_away(
    answered: list[bool], looks: list[int]
) -> None:
    """In steps: at each look the first whole steps of those who answered the question so far, in the order they came."""
    shown = []
    for look in looks:
        so_far = [person for person, did in enumerate(answered[:look]) if did]
        shown.append(frozenset(so_far[: in_steps(len(so_far))]))
    assert handfuls(shown) == []


@settings(max_examples=60)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_files_that_are_added_later_give_no_handful_away(sizes: list[int]) -> None:
    """After each file somebody looks at the total and at the parts by file."""
    people = iter(range(sum(sizes)))
    batches = [
        (number, frozenset(next(people) for _ in range(size))) for number, size in enumerate(sizes, start=1)
    ]
    of = dict(batches)
    shown: set[frozenset[int]] = set()
    for last in range(1, len(batches) + 1):
        let_out = releases([(number, len(who)) for number, who in batches[:last]])
        parts = [frozenset().union(*(of[number] for number in one.batches)) for one in let_out]
        shown |= {*parts, frozenset().union(*parts)} - {frozenset()}
    assert handfuls(shown) == []


def test_a_small_group_takes_the_smallest_other_along() -> None:
    assert cells({"Sales": 12, "Finance": 6, "Legal": 2}) == (
        Cell(("Sales",), 12),
        Cell(("Finance", "Legal"), 8),
    )
    assert cells({"Sales": 12, "Finance": 6, "Legal": 2, "HR": 3}) == (
        Cell(("Sales",), 12),
        Cell(("Finance",), 6),
        Cell(("HR", "Legal"), 5),
    )


@pytest.mark.parametrize("groups", [{}, {"Sales": 40}, {"Sales": 8, "Legal": 4}, {"Sales": 3, "Legal": 4}])
def test_a_cut_that_leaves_one_cell_is_none(groups: dict[str, int]) -> None:
    assert cells(groups) == ()


def test_a_small_batch_waits_for_the_next() -> None:
    assert releases([(1, 20), (2, 3), (3, 0), (4, 4), (5, 2)]) == (
        Release((1,), 20),
        Release((2, 4), 7),
    )
    assert releases([(1, 4)]) == ()


@pytest.mark.parametrize(("answered", "shown"), [(0, 0), (4, 0), (5, 5), (9, 5), (23, 20)])
def test_steps_are_of_five(answered: int, shown: int) -> None:
    assert in_steps(answered) == shown
