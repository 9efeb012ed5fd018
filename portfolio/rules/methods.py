"""The methods other people use, each as its inventors wrote it, so that ours can be laid beside them.

Each takes plain numbers and raises NoValue, with words for the reader, where it has none. `rules/comparing.py` feeds them from
the answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from portfolio.rules.flow import percentile


class NoValue(ValueError):
    """The method has no value for these numbers; the message says why."""


def rice(reach: float, impact: float, confidence: float, effort_months: float) -> float:
    """Reach x impact x confidence / effort.

    People in a period; impact 3, 2, 1, 0.5 or 0.25 for each; confidence 0..1; effort in person-months. Source: McBride (Intercom),
    "RICE: Simple prioritization for product managers".
    """
    return (
        _checked(reach) * _checked(impact) * _checked(confidence) / _above_zero(effort_months, "The effort")
    )


def ice(impact: float, confidence: float, ease: float) -> float:
    """Impact x confidence x ease, each 1 to 10. Source: Ellis & Brown 2017, Hacking Growth."""
    return _checked(impact) * _checked(confidence) * _checked(ease)


def wsjf(value: float, urgency: float, risk: float, size: float) -> float:
    """Weighted shortest job first: (value + time criticality + risk reduction) / job size, all on scales of one's own.

    Source: Scaled Agile Framework, "WSJF", after Reinertsen 2009, The Principles of Product Development Flow.
    """
    return (_checked(value) + _checked(urgency) + _checked(risk)) / _above_zero(size, "The job size")


def cd3(delay_cost_per_week: float, weeks: float) -> float:
    """Cost of delay divided by duration: money a week / weeks. Source: Reinertsen 2009; Smith 1956 for why it orders best."""
    return _checked(delay_cost_per_week) / _above_zero(weeks, "The duration")


def benefit_cost(benefits: float, costs: float) -> float:
    """Benefit-cost ratio: benefits / costs in the same money and over the same time. Source: Phillips & Phillips, ROI Basics."""
    return _checked(benefits) / _above_zero(costs, "The cost")


# In which order


@dataclass(frozen=True)
class Job:
    """Work for one pair of hands. `per_week` is what each week before it is done costs (or, once done, brings)."""

    name: str
    per_week: float
    weeks: float


@dataclass(frozen=True)
class Order:
    """Jobs one after another, what the order costs (or earns within the horizon), and whether none is better."""

    names: tuple[str, ...]
    total: float
    is_best: bool


MOST_EXACT = 12
"""Jobs up to which every order is weighed."""


def delay_cost(order: Sequence[str], jobs: Sequence[Job]) -> float:
    """What waiting costs in all: sum over jobs of cost a week x weeks till it is done, one job at a time."""
    return sum(job.per_week * done for job, done in _done(order, jobs))


def earned(order: Sequence[str], jobs: Sequence[Job], horizon_weeks: float) -> float:
    """What an order earns by the horizon: each job brings `per_week` from when it is done until then."""
    return sum(job.per_week * max(0.0, horizon_weeks - done) for job, done in _done(order, jobs))


def best_order(jobs: Sequence[Job], horizon_weeks: float | None = None) -> Order:
    """The order that loses least to waiting, or with a horizon earns most by then. The unit of time is as good as any other.

    Without a horizon the order of cost / duration is best (Smith 1956, doi 10.1002/nav.3800030106). With one, jobs done after it
    earn nothing, so up to 12 jobs all orders are weighed (dynamic programming over sets, Held & Karp 1962); beyond that the
    ratio's order is given and not called best.
    """
    for job in jobs:
        if not (_checked(job.per_week) >= 0 and _checked(job.weeks) >= 0):
            raise NoValue(f"{job.name}: cost and duration can't be negative.")
    by_ratio = sorted(jobs, key=lambda job: (-_ratio(job), job.name))
    if horizon_weeks is None:
        names = tuple(job.name for job in by_ratio)
        return Order(names, delay_cost(names, jobs), is_best=True)
    if len(jobs) <= MOST_EXACT:
        names = _most_earning(by_ratio, horizon_weeks)
        return Order(names, earned(names, jobs, horizon_weeks), is_best=True)
    names = tuple(job.name for job in by_ratio)
    return Order(names, earned(names, jobs, horizon_weeks), is_best=False)


def _done(order: Sequence[str], jobs: Sequence[Job]) -> list[tuple[Job, float]]:
    by_name = {job.name: job for job in jobs}
    if sorted(order) != sorted(job.name for job in jobs):
        raise ValueError("An order names each job once.")
    at, found = 0.0, []
    for name in order:
        at += by_name[name].weeks
        found.append((by_name[name], at))
    return found


def _ratio(job: Job) -> float:
    return job.per_week / job.weeks if job.weeks > 0 else float("inf") if job.per_week > 0 else 0.0


def _most_earning(jobs: Sequence[Job], horizon: float) -> tuple[str, ...]:
    """The best order of each set ends with some job at the time the whole set takes; so sets are built up by size."""
    best: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {frozenset(): (0.0, ())}
    for size in range(1, len(jobs) + 1):
        for members in map(frozenset, combinations(range(len(jobs)), size)):
            left = max(0.0, horizon - sum(jobs[one].weeks for one in members))
            best[members] = max(
                (
                    (
                        best[members - {last}][0] + jobs[last].per_week * left,
                        (*best[members - {last}][1], last),
                    )
                    for last in sorted(members)
                ),
                key=lambda found: found[0],
            )
    return tuple(jobs[one].name for one in best[frozenset(range(len(jobs)))][1])


# How long


@dataclass(frozen=True)
class Estimate:
    """Mean and standard deviation, in the unit of what was estimated."""

    mean: float
    sd: float


def pert(low: float, likely: float, high: float) -> Estimate:
    """Three-point estimate: mean = (low + 4 likely + high) / 6, sd = (high - low) / 6.

    Source: Malcolm, Roseboom, Clark & Fazar 1959, Operations Research 7(5).
    """
    if not all(map(isfinite, (low, likely, high))) or not low <= likely <= high:
        raise NoValue("An estimate goes from low through likely to high.")
    return Estimate((low + 4 * likely + high) / 6, (high - low) / 6)


def path(tasks: Sequence[Estimate]) -> Estimate:
    """Tasks one after another, taken as independent: means and variances add up."""
    return Estimate(sum(task.mean for task in tasks), sqrt(sum(task.sd**2 for task in tasks)))


def chance_by(deadline: float, whole: Estimate) -> float:
    """The chance (0..1) that the whole is done by the deadline: normal, as PERT takes it; sure either way without a spread."""
    if whole.sd == 0:
        return float(whole.mean <= deadline)
    return float(ndtr((deadline - whole.mean) / whole.sd))


# What matters more


SAATY = dict(
    zip(
        range(3, 16),
        (0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.52, 1.54, 1.56, 1.58, 1.59),
        strict=True,
    )
)
"""Mean consistency index of random comparisons by size: Saaty 2005, Theory and Applications of the Analytic Network Process, p. 31."""

DONEGAN_DODD = {
    3: 0.4914, 4: 0.8286, 5: 1.0591, 6: 1.1797, 7: 1.2519, 8: 1.3171, 9: 1.3733, 10: 1.4055, 11: 1.4213, 12: 1.4497,
    13: 1.4643, 14: 1.4822, 15: 1.4969, 16: 1.5078, 17: 1.5153, 18: 1.5262, 19: 1.5313, 20: 1.5371,
}  # fmt: skip
"""The same, measured more finely: Donegan & Dodd 1991, doi 10.1016/0895-7177(91)90098-R."""

CONSISTENT = 0.10
"""Saaty's limit of the consistency ratio."""


@dataclass(frozen=True)
class Weights:
    """What each thing weighs (summing to 1), and how far the comparisons contradict each other.

    `ratio_saaty` and `ratio_donegan_dodd` are None where the table of random indices doesn't reach.
    """

    weights: tuple[float, ...]
    largest_eigenvalue: float
    ratio_saaty: float | None
    ratio_donegan_dodd: float | None
    because: str


def ahp(comparisons: Sequence[Sequence[float]]) -> Weights:
    """Weights from pairwise comparisons (row over column, 1/9 to 9): the principal eigenvector, made to sum to 1.

    Consistency index = (largest eigenvalue - n) / (n - 1), divided by that of random comparisons. Raises NoValue for a matrix that
    isn't positive and reciprocal. Source: Saaty 1977, Journal of Mathematical Psychology 15(3); 2008, doi 10.1504/IJSSCI.2008.017590.
    """
    matrix = _reciprocal(comparisons)
    values, vectors = np.linalg.eig(matrix)
    first = int(np.argmax(values.real))
    vector = np.abs(vectors[:, first].real)
    size, largest = len(matrix), float(values[first].real)
    index = max(0.0, (largest - size) / (size - 1)) if size > 2 else 0.0
    ratios = [_over(index, size, table) for table in (SAATY, DONEGAN_DODD)]
    return Weights(
        tuple(map(float, vector / vector.sum())), largest, ratios[0], ratios[1], _consistency(ratios[0])
    )


def _over(index: float, size: int, table: Mapping[int, float]) -> float | None:
    if size < 3:
        return 0.0
    return index / table[size] if size in table else None


def _consistency(ratio: float | None) -> str:
    if ratio is None:
        return "There are too many things to say whether the comparisons agree with each other."
    if ratio <= CONSISTENT:
        return f"The comparisons agree with each other: a ratio of {ratio:.3f}, and up to {CONSISTENT:g} is fine."
    return f"The comparisons contradict each other: a ratio of {ratio:.3f}, over {CONSISTENT:g}. Look at the boldest again."


def _reciprocal(comparisons: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    if not comparisons or any(len(row) != len(comparisons) for row in comparisons):
        raise NoValue("Compare each thing with each other: as many columns as rows.")
    matrix = np.array(comparisons, np.float64)
    if not (np.isfinite(matrix).all() and (matrix > 0).all()):
        raise NoValue("A comparison is a number above zero.")
    if not np.allclose(matrix * matrix.T, 1, rtol=1e-6):
        raise NoValue("If one thing counts three times another, that one counts a third of it.")
    return matrix


# How much more than we think


def mixed_uplift(parts: Sequence[tuple[float, float]]) -> float:
    """The uplift of mixed work, in percent: sum of share x uplift over parts given as (share 0..1, uplift in percent).

    Source: HM Treasury / Mott MacDonald 2002, Review of Large Public Procurement in the UK. Raises NoValue unless shares sum to 1.
    """
    if not all(isfinite(share) and isfinite(uplift) and share >= 0 for share, uplift in parts):
        raise NoValue("Shares and uplifts are numbers, and no share is negative.")
    if abs(sum(share for share, _ in parts) - 1) > 1e-6:
        raise NoValue("The shares of the parts sum to 1.")
    return sum(share * uplift for share, uplift in parts)


def managed_uplift(upper: float, lower: float, managed: float) -> float:
    """What is left of an uplift (percent) where a share `managed` (0..1) of its causes is dealt with; never under `lower`.

    upper x (1 - managed). Source: HM Treasury 2013, Supplementary Green Book Guidance: Optimism Bias.
    """
    if not (0 <= managed <= 1 and 0 <= lower <= upper < float("inf")):
        raise NoValue("The managed share is 0 to 1, and the uplift goes from lower to upper.")
    return max(lower, upper * (1 - managed))


def reference_uplift(overruns: Sequence[float], accepted: float) -> float:
    """The uplift, in the overruns' unit, that past work exceeds no more often than `accepted` (0..1).

    The smallest past overrun that a share 1 - accepted doesn't exceed. Source: Flyvbjerg & COWI 2004, Procedures for Dealing with
    Optimism Bias in Transport Planning. Raises NoValue without past work.
    """
    known = [one for one in overruns if isfinite(one)]
    if not known or not 0 <= accepted <= 1:
        raise NoValue("Past work is needed, and an accepted chance between 0 and 1.")
    uplift = percentile(known, round(100 * (1 - accepted), 9))
    return 0.0 if uplift is None else uplift


def _checked(value: float) -> float:
    if not isfinite(value):
        raise NoValue("That is no number.")
    return value


def _above_zero(value: float, what: str) -> float:
    if _checked(value) <= 0:
        raise NoValue(f"{what} is zero or less, so there is nothing to divide by.")
    return value
