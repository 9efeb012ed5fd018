"""Flow: published worked examples, and properties that hold for any history."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import flow
from portfolio.rules.flow import Definition

SHARED = Path(__file__).parents[4] / "shared/data/flow"
MAGENNIS_WHEN = [3, 4, 4, 5, 5, 5, 6, 6, 7, 9]
MAGENNIS_HOW_MANY = [9, 3, 7, 7, 5, 5, 5, 5, 4, 4]


def day(number: int, month: int = 1) -> datetime:
    return datetime(2018, month, number, tzinfo=UTC)


def test_a_likelihood_is_the_share_of_trials_that_came_so_far() -> None:
    """MC-2: FocusedObjective.Resources, Throughput Simulation, completed example. It prints 0.63 and 0.28 for 7/11 and 3/11."""
    trials = [70, 39, 68, 48, 56, 56, 31, 62, 53, 45, 53]
    reached = {least: 1 - flow.share_within(trials, least - 1) for least in (30, 40, 50, 60, 70, 80)}
    assert sum(trials) == 581
    assert reached == pytest.approx({30: 1, 40: 9 / 11, 50: 7 / 11, 60: 3 / 11, 70: 1 / 11, 80: 0})


def test_a_percentile_is_the_smallest_value_that_so_many_dont_exceed() -> None:
    """MC-6: LetPeopleWork/Lighthouse (MIT), WhenForecastTest: days to how many of 10 trials took them."""
    expected = {8: 3, 30: 4, 50: 5, 70: 6, 85: 7, 95: 9}
    assert {percent: flow.percentile(MAGENNIS_WHEN, percent) for percent in expected} == expected


def test_the_share_within_a_limit_counts_what_does_not_exceed_it() -> None:
    """MC-6, likelihood by day."""
    expected = {0: 0, 2: 0, 3: 10, 4: 30, 5: 60, 6: 80, 7: 90, 8: 90, 12: 100}
    assert {limit: round(100 * flow.share_within(MAGENNIS_WHEN, limit)) for limit in expected} == expected
    assert flow.share_within([], 5) == 0


def test_what_may_be_promised_of_a_count_is_read_from_the_other_end() -> None:
    """MC-5: LetPeopleWork/Lighthouse (MIT), HowManyForecastTest: items to how many of 10 trials finished them."""
    expected = {10: 9, 30: 7, 50: 5, 70: 5, 85: 4, 92: 3}
    assert {percent: flow.promised(MAGENNIS_HOW_MANY, percent) for percent in expected} == expected
    assert flow.promised([], 85) is None


def test_an_interpolated_percentile_lies_between_its_neighbours() -> None:
    """FLOW-3: jira-agile-metrics (MIT): cycle times of six finished issues, 10th, 50th and 90th."""
    cycles = [5, 5, 5, 5, 5, 4]
    assert [flow.percentile(cycles, p, Definition.INTERPOLATED) for p in (10, 50, 90)] == [4.5, 5, 5]


def test_a_percentile_of_nothing_is_nothing() -> None:
    assert flow.percentile([], 50) is None
    with pytest.raises(ValueError, match="between 0 and 100"):
        flow.percentile([1], 101)


def test_an_end_before_its_start_is_flagged_and_not_averaged() -> None:
    begun = [day(1), day(5), day(2), None, day(3)]
    ended = [day(4), day(2), None, day(9), day(3)]
    found = flow.durations(begun, ended)
    assert found == flow.Durations(days=(3.0, 0.0), unfinished=1, unstarted=1, impossible=(1,))
    assert found.reasons == (
        "1 not finished yet",
        "1 without a recorded start",
        "1 end before they start, so their times are wrong",
    )


def test_the_unfinished_is_never_throughput() -> None:
    edges = [day(1), day(8), day(15)]
    assert flow.counted([day(1), day(7), None, day(8), None, day(15)], edges) == (2, 1)


def test_weeks_are_whole() -> None:
    assert flow.weeks(day(1), day(20)) == (day(1), day(8), day(15))
    assert flow.weeks(day(1), day(1)) == (day(1),)
    assert flow.weeks(day(2), day(1)) == (day(2),)


def test_efficiency_is_active_time_of_elapsed_time() -> None:
    assert flow.efficiency(2, 8) == 0.25
    assert flow.efficiency(0, 0) is None


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is not beside the repository")
def test_wip_throughput_arrivals_and_ages_reproduce_a_published_history() -> None:
    """FLOW-3: jira-agile-metrics @1fb00bf (MIT), large_cycle_time_results.json and its tests."""
    rows = json.loads((SHARED / "large_cycle_time_results.json").read_text())
    committed, done = stage(rows, "Committed"), stage(rows, "Done")
    days = [day(number) for number in range(1, 11)]
    assert flow.under_way(committed, done, days[:9]) == (0, 9, 13, 14, 15, 15, 13, 11, 9)
    assert flow.counted(committed, days[:6]) == (0, 9, 4, 1, 1)
    assert flow.counted(done, days)[4:] == (0, 0, 2, 2, 2)
    assert flow.durations(committed, done) == flow.Durations(
        (5.0, 5.0, 5.0, 5.0, 5.0, 4.0), unfinished=9, unstarted=3, impossible=()
    )
    assert flow.ages(committed, done, day(10))[3:12] == (8, 7, 7, 8, 8, 8, 8, 8, 8)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is not beside the repository")
def test_the_bands_of_a_cumulative_flow_diagram_reproduce_a_published_history() -> None:
    """FLOW-4: jira-agile-metrics @1fb00bf (MIT), minimal_cycle_time_results.json and cfd_test.py."""
    rows = json.loads((SHARED / "minimal_cycle_time_results.json").read_text())
    days = [day(number) for number in range(1, 7)]
    names = ("Backlog", "Committed", "Build", "Test", "Done")
    assert {name: flow.reached(stage(rows, name), days) for name in names} == {
        "Backlog": (1, 2, 3, 4, 4, 4),
        "Committed": (0, 0, 2, 3, 3, 3),
        "Build": (0, 0, 0, 1, 1, 1),
        "Test": (0, 0, 0, 0, 1, 1),
        "Done": (0, 0, 0, 0, 0, 1),
    }


def stage(rows: list[dict[str, str | None]], name: str) -> list[datetime | None]:
    return [
        datetime.fromisoformat(moment).replace(tzinfo=UTC) if (moment := row[name]) else None for row in rows
    ]


TIMES = st.integers(0, 365 * 24 * 60).map(lambda minutes: day(1) + timedelta(minutes=minutes))
MOMENTS = st.none() | TIMES
ITEMS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=40)


@given(ITEMS)
def test_every_item_is_accounted_for_once(items: list[tuple[datetime | None, datetime | None]]) -> None:
    found = flow.durations([begin for begin, _ in items], [end for _, end in items])
    assert found.count + found.unfinished + found.unstarted + len(found.impossible) == len(items)
    assert all(days >= 0 for days in found.days)


@given(ITEMS, TIMES)
def test_what_has_an_age_is_what_is_under_way(
    items: list[tuple[datetime | None, datetime | None]], now: datetime
) -> None:
    possible = [(b, e) for b, e in items if b is None or e is None or b <= e]
    begun, ended = [b for b, _ in possible], [e for _, e in possible]
    ages = flow.ages(begun, ended, now)
    assert sum(age is not None for age in ages) == flow.under_way(begun, ended, [now])[0]


@given(st.lists(MOMENTS, max_size=40), TIMES)
def test_each_moment_falls_into_one_week(moments: list[datetime | None], start: datetime) -> None:
    end = start + timedelta(days=100)
    edges = flow.weeks(start, end)
    within = [moment for moment in moments if moment is not None and edges[0] <= moment < edges[-1]]
    assert sum(flow.counted(moments, edges)) == len(within)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0, 100))
def test_a_percentile_holds_to_the_letter(values: list[float], percent: float) -> None:
    found = flow.percentile(values, percent)
    assert found is not None
    assert found in values
    assert 100 * flow.share_within(values, found) >= percent - 1e-6
    assert 100 * sum(value < found for value in values) / len(values) <= percent + 1e-6
