"""Charts draw what the figures say, and nothing where there is nothing to say."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from reports import charts

WEEKS = [f"2026-07-{day:02d}" for day in (6, 13, 20, 27)]


def counted(chart: Markup, look: str) -> int:
    return len(re.findall(f'class="chart-{look}"', chart))


def result(**changes: Any) -> dict[str, Any]:
    usual = {
        "change": -2.5,
        "low": -3.0,
        "high": -2.0,
        "worthwhile": 1.0,
        "higher_is_better": False,
        "unit": "days",
    }
    return {**usual, **changes}


def test_received_is_an_outline_and_decided_is_solid() -> None:
    chart = charts.keeping_up({"weeks": WEEKS, "received": [3, 0, 1, 2], "decided": [1, 0, 0, 2]})
    assert (counted(chart, "open"), counted(chart, "solid")) == (3 + 1, 2 + 1)  # and one each in the key
    assert 'aria-label="Received and decided in 4 weeks: 6 and 3 requests."' in chart


def test_no_data_is_no_chart() -> None:
    nothing = [0, 0, 0, 0]
    assert not charts.keeping_up({"weeks": WEEKS, "received": nothing, "decided": nothing})
    assert not charts.pace({"weeks": WEEKS, "pace": nothing, "pace_promised": 0})
    assert not charts.promise({"points": [], "p50": None, "p85": None})
    assert not charts.interval(result(low=None, high=None))


def test_a_promise_is_drawn_only_from_enough_cases() -> None:
    points = [{"on": "2026-07-06", "days": 2.0}, {"on": "2026-07-09", "days": 4.0}]
    few = charts.promise({"points": points, "p50": None, "p85": None})
    many = charts.promise({"points": points, "p50": 2.0, "p85": 4.0})
    assert (counted(few, "promise"), counted(many, "promise")) == (0, 2)


def test_cards_on_the_same_spot_are_drawn_once() -> None:
    points = [{"on": "2026-07-06", "days": 2.0}] * 500
    assert counted(charts.promise({"points": points, "p50": 2.0, "p85": 2.0}), "dot") == 1 + 1


def test_a_change_for_the_better_lies_beyond_the_worthwhile_line_on_its_own_side() -> None:
    chart = charts.interval(result())
    spots = {name: float(x) for name, x in re.findall(r'chart-(promise|axis)" x1="([\d.]+)"', chart)}
    span = [float(x) for x in re.findall(r'chart-span" x1="([\d.]+)" y1="25" x2="([\d.]+)"', chart)[0]]
    assert span[0] < span[1] < spots["promise"] < spots["axis"]


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (3, 4), (7, 8), (9, 10), (11, 20), (47, 50), (0.2, 1), (4001, 5000)]
)
def test_an_axis_ends_at_a_round_number(highest: float, top: float) -> None:
    assert charts.nice_top(highest) == top


NUMBERS = st.floats(-1e6, 1e6)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS).map(sorted), st.none() | st.floats(0, 1e6), st.booleans())
def test_an_interval_stays_on_its_paper(ends: list[float], worthwhile: float | None, higher: bool) -> None:
    low, likely, high = ends
    chart = charts.interval(
        result(change=likely, low=low, high=high, worthwhile=worthwhile, higher_is_better=higher)
    )
    ET.fromstring(str(chart))  # noqa: S314 - our own markup
    places = [float(x) for x in re.findall(r' (?:x1|x2|cx)="([-\d.]+)"', chart)]
    assert all(0 <= place <= 280 for place in places)


@given(st.lists(st.integers(0, 5000), min_size=4, max_size=4))
def test_bars_stay_on_their_paper(pace: list[int]) -> None:
    chart = charts.pace({"weeks": WEEKS, "pace": pace, "pace_promised": min(pace)})
    if any(pace):
        heights = [float(height) for height in re.findall(r'width="10" height="([\d.]+)"', chart)]
        assert all(0 <= height <= 164 for height in heights)
