"""What differs between two editions, on tables worked out by hand."""

from typing import Any

import pytest

from portfolio.rules.comparing_editions import Change, Comparison, Line, compare


def figures(
    *rows: list[Any], key: str = "goals", columns: tuple[str, ...] = ("Goal", "Owner", "Waiting")
) -> dict[str, Any]:
    kinds = ["text" if name != "Waiting" else "count" for name in columns]
    said = [{"label": label, "kind": kind} for label, kind in zip(columns, kinds, strict=True)]
    return {"tables": [{"key": key, "title": key.capitalize(), "columns": said, "rows": list(rows)}]}


def test_the_same_figures_differ_nowhere() -> None:
    one = figures(["Speed", "Sales", 3], ["Safety", "Plant", 1])
    assert compare(one, one) == Comparison((), (), (), same=4)


def test_a_changed_figure_is_named_by_its_line_and_column() -> None:
    found = compare(
        figures(["Speed", "Sales", 3], ["Safety", "Plant", 1]),
        figures(["Safety", "Plant", 1], ["Speed", "Sales", 5]),
    )
    change = Change("goals", "Goals", "Speed", "Waiting", "count", 3, 5)
    assert found == Comparison((change,), (), (), same=3)
    assert change.difference == 2


def test_lines_that_came_and_went_are_listed() -> None:
    found = compare(figures(["Speed", "Sales", 3]), figures(["Safety", "Plant", 1]))
    assert found == Comparison(
        (), (Line("goals", "Goals", "Safety"),), (Line("goals", "Goals", "Speed"),), same=0
    )
    assert found.count == 2


def test_lines_of_one_name_are_told_apart_by_the_next_column() -> None:
    found = compare(
        figures(["Speed", "Sales", 3], ["Speed", "Plant", 1]),
        figures(["Speed", "Plant", 1], ["Speed", "Sales", 4]),
    )
    assert found.changed == (Change("goals", "Goals", "Speed, Sales", "Waiting", "count", 3, 4),)


def test_lines_that_nothing_tells_apart_are_counted() -> None:
    found = compare(
        figures(["Speed", "Sales", 3], ["Speed", "Sales", 3]),
        figures(["Speed", "Sales", 3], ["Speed", "Sales", 4]),
    )
    assert found.changed == (Change("goals", "Goals", "line 2", "Waiting", "count", 3, 4),)


def test_a_table_only_one_has_is_new_or_gone_line_by_line() -> None:
    goals, costs = figures(["Speed", "Sales", 3]), figures(["Room", "Plant", 9], key="costs")
    found = compare(goals, costs)
    assert (found.new, found.gone) == (
        (Line("costs", "Costs", "Room"),),
        (Line("goals", "Goals", "Speed"),),
    )
    assert [title for title, *_ in found.in_tables()] == ["Costs", "Goals"]


def test_a_column_that_only_one_has_is_not_compared() -> None:
    found = compare(figures(["Speed", "Sales", 3]), figures(["Speed", 3], columns=("Goal", "Waiting")))
    assert found == Comparison((), (), (), same=1)


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [(3, 5, 2.0), (0.1, 0.3, 0.2), (None, 4, None), ("a", "b", None), (True, 2, None)],
)
def test_only_numbers_have_a_difference(before: Any, after: Any, difference: float | None) -> None:
    assert Change("t", "T", "line", "column", "number", before, after).difference == difference


def test_comparisons_are_not_compared_again() -> None:
    assert compare(figures(["Speed", "Sales", 3], key="compare"), figures(key="corrected")).count == 0


def test_editions_without_tables_compare() -> None:
    assert compare({}, {}) == Comparison((), (), (), same=0)
