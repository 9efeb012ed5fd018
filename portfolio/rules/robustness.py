"""How sure a place in the plan is: over many draws of value and hours, how often each request makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.candidates import Candidate, Capacity, Id, NotPlannable, by_id
from portfolio.rules.packing import fill, leverage_of, turns
from portfolio.rules.planning import stated
from portfolio.rules.ranges import Range

SURELY_IN = 0.9
SURELY_OUT = 0.1
TIE = (0.4, 0.6)
"""Our own lines: in nine draws of ten, in one of ten; and between these chances who stands before whom is open."""

Numbers = NDArray[np.floating]


class Standing(StrEnum):
    SURELY_IN = "surely in"
    COIN_FLIP = "coin-flip"
    SURELY_OUT = "surely out"


@dataclass(frozen=True)
class Place:
    """One candidate: the share of draws in which it makes the plan, and its place in the order by leverage (1 is first)."""

    id: Id
    share: float
    place: Range

    @property
    def standing(self) -> Standing:
        if self.share >= SURELY_IN:
            return Standing.SURELY_IN
        return Standing.SURELY_OUT if self.share <= SURELY_OUT else Standing.COIN_FLIP

    @property
    def sentence(self) -> str:
        chance = f"In the plan {round(100 * self.share)} times of 100"
        low, high = round(self.place.low), round(self.place.high)
        return f"{chance}; place {low}." if low == high else f"{chance}; place {low} to {high}."


@dataclass(frozen=True)
class Pair:
    """Two neighbours in the order: the chance that the first has more leverage than the second (a draw counts half)."""

    first: Id
    second: Id
    chance: float

    @property
    def is_tie(self) -> bool:
        return TIE[0] <= self.chance <= TIE[1]


@dataclass(frozen=True)
class Robustness:
    """`places` in the order of the middle leverage, the largest first; `pairs` of neighbours; how it was counted."""

    places: tuple[Place, ...]
    pairs: tuple[Pair, ...]
    draws: int
    reasons: tuple[str, ...]

    def of(self, candidate: Id) -> Place:
        """The place of one candidate. Raises KeyError where there is none."""
        try:
            return next(place for place in self.places if place.id == candidate)
        except StopIteration:
            raise KeyError(candidate) from None


def robustness(
    candidates: Sequence[Candidate], values: Numbers, hours: Numbers, capacity: Capacity
) -> Robustness:
    """How often each candidate makes the plan when values and hours are what they turn out to be.

    `values` (points) and `hours` (the manager's) have a row per candidate, in their order, and a column per draw. In each
    draw the candidates are taken by leverage as long as they fit, those too long passed over: the approximation
    numbers.md allows in place of the exact plan. Must-dos, not-before, dependencies (a bundle has its turn at its own
    leverage or at the bundle's, the smaller), exclusives and experts' hours are kept; experts' hours are the expected ones
    in every draw. A draw of 0 points or less isn't taken. Chances are shares of draws; places are the 10th, 50th and 90th
    percentile over draws. Raises NotPlannable.
    """
    points, needed = _checked(candidates, values, hours)
    ours = stated(candidates, capacity)
    row = {one.id: number for number, one in enumerate(candidates)}
    able = [row[one.id] for one in ours.able]
    every = [row[one.id] for one in ours.all]
    leverage = leverage_of(points[every], needed[every])
    shares = np.zeros(len(every))
    if able:
        keys = turns(ours.packing, points[able].T, needed[able].T)
        inside = fill(ours.packing, keys, needed[able].T).mean(axis=0)
        column = {one.id: number for number, one in enumerate(ours.all)}
        shares[[column[one.id] for one in ours.able]] = inside
    return _robustness(tuple(one.id for one in ours.all), shares, leverage)


def _robustness(ids: tuple[Id, ...], shares: NDArray[np.float64], leverage: Numbers) -> Robustness:
    count, draws = leverage.shape
    if not count:
        return Robustness((), (), draws, ())
    middles = np.partition(leverage, draws // 2, axis=1)[:, draws // 2]
    order = sorted(range(count), key=lambda one: (-middles[one], by_id(ids[one])))
    low, likely, high = _percentiles(_places(leverage[order]))
    places = tuple(
        Place(ids[one], float(shares[one]), Range(float(low[n]), float(likely[n]), float(high[n])))
        for n, one in enumerate(order)
    )
    pairs = tuple(Pair(ids[a], ids[b], _beats(leverage[a], leverage[b])) for a, b in pairwise(order))
    how = (
        f"Counted over {draws:,} draws; in each one, those with the most leverage first, as long as they fit."
    )
    return Robustness(places, pairs, draws, (how, *_ties(pairs)))


def _ties(pairs: Sequence[Pair]) -> tuple[str, ...]:
    ties = sum(pair.is_tie for pair in pairs)
    if not ties:
        return ()
    return (f"{ties} of {len(pairs)} neighbours are a tie: their order is as good as chance.",)


def _checked(
    candidates: Sequence[Candidate], values: Numbers, hours: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points, needed = np.asarray(values, np.float64), np.asarray(hours, np.float64)
    if points.ndim != 2 or points.shape != needed.shape or len(points) != len(candidates):
        raise NotPlannable(
            "There must be a row of values and one of hours for each candidate, with as many draws."
        )
    if not points.shape[1]:
        raise NotPlannable("There must be at least one draw.")
    if not (np.isfinite(points).all() and np.isfinite(needed).all()):
        raise NotPlannable("The draws must be numbers.")
    if (needed < 0).any():
        raise NotPlannable("The draws of hours can't be negative.")
    return points, needed


def _places(leverage: Numbers) -> NDArray[np.signedinteger]:
    """The place of each row within each column, 1 for the largest; equal ones in the order of the rows."""
    count, draws = leverage.shape
    order = np.argsort(-leverage.T, axis=1, kind="stable")
    places = np.empty((draws, count), np.int16 if count < np.iinfo(np.int16).max else np.int32)
    np.put_along_axis(places, order, np.arange(1, count + 1, dtype=places.dtype)[None, :], axis=1)
    return np.ascontiguousarray(places.T)


def _percentiles(places: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
    """The 10th, 50th and 90th percentile of each row, as `ranges.percentiles` counts them."""
    draws = places.shape[1]
    ordered = np.sort(places, axis=1, kind="stable")
    return ordered[:, [draws // 10, draws // 2, draws - 1 - draws // 10]].T


def _beats(first: Numbers, second: Numbers) -> float:
    return float((first > second).mean() + (first == second).mean() / 2)
