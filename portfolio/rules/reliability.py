"""Reliability: do the items of a survey measure one thing, and is one of them worded the other way round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_PEOPLE = 10
"""Fewer than this who answered every item say next to nothing: the interval then spans most of 0..1."""
FEW_PEOPLE = 30
CLEAR = 0.2
"""An item must correlate at least this much with the rest, once turned, to be asked about; and three times what chance gives
(1 / root of n), for a component finds sides in pure noise too. Our own convention."""


@dataclass(frozen=True)
class Item:
    """One item: its correlation with the sum of the others, and alpha without it (None for two items)."""

    key: str
    rest_correlation: float
    alpha_without: float | None


@dataclass(frozen=True)
class Reliability:
    """Cronbach's alpha of the items as they were scored, with Feldt's 95 % interval.

    `standardised` is alpha of items of equal spread, `average_correlation` that of all pairs. `seem_reversed` are items that
    run against the others: to be asked about, never turned silently. `alpha_turned` is what alpha would be if they were.
    """

    alpha: float
    low: float
    high: float
    standardised: float
    average_correlation: float
    people: int
    items: tuple[Item, ...]
    left_out: tuple[str, ...]
    seem_reversed: tuple[str, ...]
    alpha_turned: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class NotKnown:
    """Why reliability can't be told."""

    reason: str
    people: int


def reliability(answers: Mapping[str, Sequence[float | None]]) -> Reliability | NotKnown:
    """Cronbach's alpha of a battery: answers by item, one place per person, None where there is no answer.

    alpha = k / (k - 1) x (1 - sum of item variances / variance of the sum). Only people who answered every item count. Items
    everybody answered alike are left out. Source: Cronbach 1951, Psychometrika 16(3); interval: Feldt 1965, Psychometrika
    30(3), 1 - (1 - alpha) F with n - 1 and (n - 1)(k - 1) degrees of freedom.
    """
    lengths = {len(held) for held in answers.values()}
    if len(lengths) > 1:
        raise ValueError("Each item needs one place per person.")
    keys, table = _complete(answers)
    people = len(table)
    if people < LEAST_PEOPLE:
        return NotKnown(f"Only {people} people answered every item; {LEAST_PEOPLE} are needed.", people)
    moves = np.ptp(table, axis=0) > 0
    left_out = tuple(key for key, does in zip(keys, moves, strict=True) if not does)
    keys, table = [key for key, does in zip(keys, moves, strict=True) if does], table[:, moves]
    if len(keys) < 2:
        return NotKnown("It takes two items that not everybody answered alike.", people)
    if table.sum(axis=1).var() <= 1e-12 * table.var(axis=0).sum():
        return NotKnown("The items cancel each other out: everybody has the same sum.", people)
    alpha = _alpha(table)
    low, high = feldt(alpha, people, len(keys))
    correlations = np.asarray(np.corrcoef(table, rowvar=False))
    count = len(keys)
    average = float(correlations[np.triu_indices(count, 1)].mean())
    reverse = _reversed(table, correlations)
    turned = table * np.where(reverse, -1.0, 1.0)
    items = tuple(_item(table, place, key) for place, key in enumerate(keys))
    against = tuple(key for key, runs in zip(keys, reverse, strict=True) if runs)
    below = 1 + (count - 1) * average
    return Reliability(
        alpha, low, high, count * average / below if abs(below) > 1e-12 else 0.0, average, people, items, left_out,
        against, _alpha(turned) if against else None, _doubts(people, against, left_out, alpha),
    )  # fmt: skip


def feldt(alpha: float, people: int, items: int) -> tuple[float, float]:
    """Feldt's 95 % interval of alpha. Source: Feldt, Woodruff & Salih 1987, Applied Psychological Measurement 11(1)."""
    from scipy.stats import f

    df = (people - 1, (people - 1) * (items - 1))
    return (
        float(1 - (1 - alpha) * f.ppf(0.975, *df)),
        float(1 - (1 - alpha) * f.ppf(0.025, *df)),
    )


def _complete(answers: Mapping[str, Sequence[float | None]]) -> tuple[list[str], Array]:
    keys = list(answers)
    if not keys:
        return keys, np.zeros((0, 0))
    columns = [[np.nan if one is None else float(one) for one in held] for held in answers.values()]
    table = np.array(columns, float).T.reshape(-1, len(keys))
    return keys, table[np.isfinite(table).all(axis=1)]


def _alpha(table: Array) -> float:
    count = table.shape[1]
    whole = float(table.sum(axis=1).var(ddof=1))
    if whole <= 0:
        return 0.0
    alpha: float = count / (count - 1) * (1 - float(table.var(axis=0, ddof=1).sum()) / whole)
    return alpha


def _reversed(table: Array, correlations: Array) -> NDArray[np.bool_]:
    """Items on the other side of the first principal component than most, and against the sum of the rest once those are turned.

    The component names the sides even where several items are reversed; the correlation with the rest keeps noise out. With as many on
    one side as on the other, those against the first item are named.
    """
    first = np.linalg.eigh(correlations)[1][:, -1]
    sides = np.where(first < 0, -1.0, 1.0)
    if sides.sum() < 0 or (sides.sum() == 0 and sides[0] < 0):
        sides = -sides
    turned = (table - table.mean(axis=0)) / table.std(axis=0) * sides
    rest = turned.sum(axis=1, keepdims=True) - turned
    with_rest = np.array([_correlation(turned[:, place], rest[:, place]) for place in range(len(sides))])
    clear: NDArray[np.bool_] = (sides < 0) & (with_rest > max(CLEAR, 3 / len(table) ** 0.5))
    return clear


def _item(table: Array, place: int, key: str) -> Item:
    others = np.delete(table, place, axis=1)
    without = _alpha(others) if others.shape[1] >= 2 else None
    return Item(key, _correlation(table[:, place], others.sum(axis=1)), without)


def _correlation(one: Array, other: Array) -> float:
    if np.ptp(one) <= 0 or np.ptp(other) <= 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _doubts(people: int, against: Sequence[str], left_out: Sequence[str], alpha: float) -> tuple[str, ...]:
    found = []
    if against:
        which = against[0] if len(against) == 1 else f"{', '.join(against[:-1])} and {against[-1]}"
        is_it = "Is it" if len(against) == 1 else "Are they"
        runs = "runs" if len(against) == 1 else "run"
        found.append(f"{which} {runs} against the other items. {is_it} worded the other way round?")
    elif alpha < 0:
        found.append("Alpha is below zero: the items don’t belong together as they are scored.")
    if people < FEW_PEOPLE:
        found.append(f"Only {people} people answered every item, so the range is wide.")
    if left_out:
        found.append(f"Left out because everybody answered alike: {', '.join(left_out)}.")
    return tuple(found)


@dataclass(frozen=True)
class Nps:
    """Net promoter score of ratings 0..10, with its counts and a 95 % interval where there are two ratings or more."""

    score: float
    low: float | None
    high: float | None
    promoters: int
    passives: int
    detractors: int

    @property
    def people(self) -> int:
        return self.promoters + self.passives + self.detractors


def net_promoter(promoters: int, passives: int, detractors: int) -> Nps | None:
    """100 x (promoters - detractors) / n: 9 and 10 promote, 0 to 6 detract. None without a rating.

    The interval is that of a difference of two shares of the same people, with an adjusted Wald: three quarters of an answer added to
    promoters, detractors and passives each by 3/4, 3/4 and 3/2. Source: Reichheld 2003, HBR; Agresti & Min 2005, Statistics in Medicine 24.
    """
    people = promoters + passives + detractors
    if people == 0:
        return None
    score = 100 * (promoters - detractors) / people
    if people < 2:
        return Nps(score, None, None, promoters, passives, detractors)
    many = people + 3
    up, down = (promoters + 0.75) / many, (detractors + 0.75) / many
    middle, error = up - down, ((up + down - (up - down) ** 2) / many) ** 0.5
    low, high = (float(np.clip(100 * (middle + side * 1.959964 * error), -100, 100)) for side in (-1, 1))
    return Nps(score, min(low, score), max(high, score), promoters, passives, detractors)
