"""Ranges (10th, 50th, 90th percentile) and the draws made from them."""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Draws = NDArray[np.float32]

Z90 = 1.2815515655446004
"""How many standard deviations the 90th percentile of a normal lies above its middle."""

LARGEST = 1e18
"""No draw of anything is larger, so that products of draws stay finite in single precision."""

GRADES = {"A": "measured", "B": "from records", "C": "counted in part", "D": "educated guess", "E": "hunch"}
"""How a number is known, the surest first."""

LOG_SD_BY_GRADE = {"A": 0.05, "B": 0.15, "C": 0.30, "D": 0.50, "E": 0.80}
"""Width a single number gets from how it is known: A measured, B from records, C counted in part, D educated guess,
E hunch. Log standard deviations; our own convention, stated so that it can be argued with."""


@dataclass(frozen=True)
class Range:
    """A quantity as its 10th, 50th and 90th percentile, in any unit."""

    low: float
    likely: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise ValueError("A range goes from low through likely to high.")

    @classmethod
    def around(cls, likely: float, grade: str = "D") -> "Range":
        """A single number, as wide as its evidence grade makes it."""
        factor = exp(Z90 * LOG_SD_BY_GRADE[grade])
        return cls(likely / factor, likely, likely * factor)

    @classmethod
    def of(cls, draws: Draws) -> "Range":
        """The 10th, 50th and 90th percentile of draws."""
        return cls(*percentiles(draws))


def percentiles(draws: Draws) -> tuple[float, float, float]:
    """The draws that a tenth, a half and nine tenths of all lie below. Sorting beats selecting here, by four times."""
    count = len(draws)
    ordered = np.sort(draws)
    return float(ordered[count // 10]), float(ordered[count // 2]), float(ordered[count - 1 - count // 10])


def mean(draws: Draws) -> float:
    """The mean of draws. As a product with ones, which takes a third of the time."""
    return float(draws @ _ones(len(draws))) / len(draws)


@lru_cache(maxsize=8)
def standard_block(seed: int, inputs: int, draws: int) -> Draws:
    """One row of standard normal draws per input: Latin hypercube, so each row holds every quantile once.

    The same seed gives the same block, and input k its own row, so two scorings differ only where inputs differ.
    Source: McKay, Beckman & Conover 1979, Technometrics 21(2).
    """
    generator = np.random.default_rng(seed)
    strata = ndtri((np.arange(draws) + 0.5) / draws).astype(np.float32)
    block = np.stack([generator.permutation(strata) for _ in range(inputs)])
    block.setflags(write=False)
    return block


def positive(value: Range, standard: Draws) -> Draws:
    """Draws of something that can't be negative: two lognormal halves that meet at the middle.

    log x = log likely + z * s, with s = log(likely/low)/1.2816 below the middle and log(high/likely)/1.2816 above, so
    the 10th, 50th and 90th percentiles are exactly those stated. The tail of an absurdly wide range ends at LARGEST.
    """
    middle, below, above = _halves(value)
    stretched = np.minimum(_stretched(standard, below, above), np.float32(log(LARGEST / middle)))
    draws: Draws = np.float32(middle) * np.exp(stretched)
    return draws


def standard_of(value: Range, edge: float) -> float:
    """The standard draw from which on `positive` reaches `edge`; minus infinity where it always does."""
    if edge <= 0:
        return -inf
    middle, below, above = _halves(value)
    distance = log(edge / middle)
    side = above if distance > 0 else below
    if side == 0:
        return inf if distance > 0 else -inf
    return distance / side


def bounded(value: Range, standard: Draws, upper: float = 1.0) -> Draws:
    """Draws of something between 0 and `upper`: a logit-normal with the stated percentiles."""
    low, likely, high = (
        _logit(min(max(x / upper, 1e-4), 1 - 1e-4)) for x in (value.low, value.likely, value.high)
    )
    stretched = _stretched(standard, (likely - low) / Z90, (high - likely) / Z90)
    draws: Draws = np.float32(upper) / (1 + np.exp(-(np.float32(likely) + stretched)))
    return draws


def judged(step: int, standard: Draws) -> Draws:
    """Draws of a step 0..5 that somebody judged: a normal that ends at 0 and 5, four in five within 0.9 of the step."""
    draws: Draws = np.clip(np.float32(step) + np.float32(0.9 / Z90) * standard, np.float32(0), np.float32(5))
    return draws


def _halves(value: Range) -> tuple[float, float, float]:
    """The middle of a lognormal, and its log standard deviation below and above it."""
    middle = max(value.likely, 1e-9)
    below = log(middle / max(value.low, middle * 1e-6)) / Z90
    above = log(max(value.high, middle) / middle) / Z90
    return middle, below, above


@lru_cache(maxsize=8)
def _ones(count: int) -> Draws:
    return np.ones(count, np.float32)


def _stretched(standard: Draws, below: float, above: float) -> Draws:
    """Standard draws, stretched by one factor below the middle and by another above."""
    down: Draws = np.minimum(standard, 0) * np.float32(below)
    up: Draws = np.maximum(standard, 0) * np.float32(above)
    return down + up


def _logit(probability: float) -> float:
    return log(probability / (1 - probability))
