"""A measure over time as a picture: nice numbers on its axis, marks that say their side, and never too many of them."""

import re
from datetime import date, timedelta

import pytest

from reports.measure_chart import MOST_POINTS, Point, drawn, key_of, nice_step, thinned

DAY = date(2024, 1, 1)


def points(count: int) -> list[Point]:
    return [
        Point(DAY + timedelta(days=place), 10 + place % 7, after=place >= count // 2, comparison=False)
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("rough", "nice"), [(0.9, 1), (1, 1), (1.2, 2), (3, 5), (7, 10), (0.03, 0.05), (120, 200)]
)
def test_steps_are_ones_twos_and_fives(rough: float, nice: float) -> None:
    assert nice_step(rough) == pytest.approx(nice)


def test_marks_tell_before_from_after_and_those_it_is_for_from_the_others() -> None:
    held = [*points(4), Point(DAY, 3, after=False, comparison=True)]
    picture = drawn(held, cut_on=DAY + timedelta(days=2), target=12, unit="days", name="<Late & later>")
    kinds = re.findall(r'<(circle|rect) class="([^"]+)"', picture)
    assert sorted(kinds) == [
        ("circle", "plot-after"), ("circle", "plot-after"), ("circle", "plot-before"), ("circle", "plot-before"),
        ("rect", "plot-before other"),
    ]  # fmt: skip
    assert key_of(held) == [
        ("plot-before", "before"), ("plot-after", "after"), ("plot-before other", "comparison group before"),
    ]  # fmt: skip
    assert 'aria-label="&lt;Late &amp; later&gt; in days: 5 values from 1 to 4 January 2024."' in picture
    assert re.findall(r">(wanted|people met it)<", picture) == ["people met it", "wanted"]
    assert drawn(points(1), cut_on=None, target=None, unit="", name="x") == ""


def test_values_that_are_all_alike_still_have_a_picture() -> None:
    for value in (0.0, 5.0, -3.0):
        held = [
            Point(DAY + timedelta(days=place), value, after=False, comparison=False) for place in range(3)
        ]
        assert "nan" not in drawn(held, cut_on=None, target=None, unit="", name="x")


@pytest.mark.parametrize(("count", "left"), [(250, 250), (400, 15), (365 * 30, 31)])
def test_many_days_become_months_and_many_months_years(count: int, left: int) -> None:
    found = thinned(points(count))
    assert len(found) == left <= MOST_POINTS
    assert min(one.value for one in found) >= 10
