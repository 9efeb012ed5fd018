"""Flow: how long things take, how many get finished, how much is under way. Unfinished is never counted as finished."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil

import numpy as np

FORMULA_VERSION = "flow-1"
DAY = timedelta(days=1)

Moment = datetime | None


class Definition(StrEnum):
    """What "the 85th percentile" means; there are nine usual answers (Hyndman & Fan 1996, The American Statistician 50(4)).

    REACHED (their type 1): the smallest value seen that at least 85 % of the values don't exceed. Always a value that
    happened, and "85 % took at most this long" is true to the letter; what the reports use.
    INTERPOLATED (their type 7): a straight line between neighbours; what spreadsheets and NumPy give.
    """

    REACHED = "reached"
    INTERPOLATED = "interpolated"


@dataclass(frozen=True)
class Durations:
    """Times between two moments, in days, of the items that have both.

    `unfinished` counts items that began and have no end, `unstarted` those without a beginning; `impossible` holds the
    places (0 is the first) of items that end before they begin. None of the three is in `days`.
    """

    days: tuple[float, ...]
    unfinished: int
    unstarted: int
    impossible: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.days)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was left out, and why; empty where nothing was."""
        left_out = (
            (self.unfinished, "not finished yet"),
            (self.unstarted, "without a recorded start"),
            (len(self.impossible), "end before they start, so their times are wrong"),
        )
        return tuple(f"{count} {why}" for count, why in left_out if count)


def durations(begun: Sequence[Moment], ended: Sequence[Moment]) -> Durations:
    """Days from `begun` to `ended`, item by item.

    Lead time = done - created; cycle time = done - started; time to first decision = decided - submitted.
    Days of 24 hours, with fractions. Source: numbers.md 7; Vacanti, Actionable Agile Metrics for Predictability (2015).
    """
    days: list[float] = []
    impossible: list[int] = []
    unfinished = unstarted = 0
    for place, (begin, end) in enumerate(zip(begun, ended, strict=True)):
        if begin is None:
            unstarted += 1
        elif end is None:
            unfinished += 1
        elif end < begin:
            impossible.append(place)
        else:
            days.append((end - begin) / DAY)
    return Durations(tuple(days), unfinished, unstarted, tuple(impossible))


def percentile(
    values: Sequence[float], percent: float, definition: Definition = Definition.REACHED
) -> float | None:
    """The `percent`th percentile (0..100), in the unit of the values. None of nothing is None.

    REACHED: the k-th smallest value with k = max(1, ceil(percent / 100 x n)). INTERPOLATED: linear at (n - 1) x percent / 100.
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"A percentile is between 0 and 100, not {percent}.")
    if not values:
        return None
    if definition is Definition.INTERPOLATED:
        return float(np.percentile(np.asarray(values, float), percent))
    return float(sorted(values)[_rank(percent, len(values)) - 1])


def promised(values: Sequence[float], percent: float) -> float | None:
    """The largest value reached in at least `percent` % of the cases: what may be promised of a "how many".

    The percentile from the other end: more confidence promises less. None of nothing is None.
    """
    reached = percentile([-value for value in values], percent)
    return None if reached is None else 0.0 - reached  # never minus zero, which some stores lose


def share_within(values: Sequence[float], limit: float) -> float:
    """The share (0..1) of values that don't exceed `limit`; 0 where there are none."""
    return sum(value <= limit for value in values) / len(values) if values else 0.0


def ages(begun: Sequence[Moment], ended: Sequence[Moment], now: datetime) -> tuple[float | None, ...]:
    """Age in days at `now` of each item under way: now - started. None for what hasn't begun by then, or has ended."""
    return tuple(
        (now - begin) / DAY if begin is not None and begin <= now and not _over(end, now) else None
        for begin, end in zip(begun, ended, strict=True)
    )


def under_way(begun: Sequence[Moment], ended: Sequence[Moment], at: Sequence[datetime]) -> tuple[int, ...]:
    """Work in progress at each moment of `at`: begun by then and not ended by then. Items.

    An item that ends before it begins was never under way.
    """
    possible = [
        (begin, end)
        for begin, end in zip(begun, ended, strict=True)
        if begin is not None and (end is None or end >= begin)
    ]
    starts = sorted(begin for begin, _ in possible)
    ends = sorted(end for _, end in possible if end is not None)
    return tuple(bisect_right(starts, moment) - bisect_right(ends, moment) for moment in at)


def counted(moments: Sequence[Moment], edges: Sequence[datetime]) -> tuple[int, ...]:
    """How many `moments` fall into each stretch [edge, next edge): throughput of ends, arrivals of beginnings.

    Items a stretch. What has no moment (is unfinished) is counted nowhere.
    """
    known = sorted(moment for moment in moments if moment is not None)
    places = [bisect_left(known, edge) for edge in edges]
    return tuple(later - earlier for earlier, later in pairwise(places))


def reached(moments: Sequence[Moment], at: Sequence[datetime]) -> tuple[int, ...]:
    """How many items have come to a stage by each moment of `at`: one band's upper line of a cumulative flow diagram."""
    known = sorted(moment for moment in moments if moment is not None)
    return tuple(bisect_right(known, moment) for moment in at)


def efficiency(active_days: float, elapsed_days: float) -> float | None:
    """Flow efficiency, 0..1: time worked on / time elapsed. None where no time elapsed."""
    return active_days / elapsed_days if elapsed_days > 0 else None


def weeks(start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Edges of whole weeks from `start`: the last one is the last that is not after `end`. A broken week is left out."""
    count = max(0, (end - start) // (7 * DAY))
    return tuple(start + 7 * DAY * week for week in range(count + 1))


def _rank(percent: float, count: int) -> int:
    """ceil(percent / 100 x count), at least 1, without binary fractions spoiling whole results."""
    return max(1, ceil(round(percent * count / 100, 9)))


def _over(end: Moment, now: datetime) -> bool:
    return end is not None and end <= now
