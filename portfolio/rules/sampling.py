"""The draws behind a score, and which of them the answer to a question would settle."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from portfolio.rules.fit import Fit, diagnose
from portfolio.rules.ranges import Draws
from portfolio.rules.rubric import Rubric
from portfolio.rules.scoring import Need, _fit, _hours, _row, _scales, _usual

SETTLES: Mapping[str, str] = {
    "goal": "goal",
    "measure": "gap",
    "audience": "reach",
    "value_per_year": "value",
    "waiting": "waiting",
    "risk": "risk",
    "format": "work_type",
    "finished_hours": "finished_hours",
}
"""The row of draws that a perfect answer to a question would fix. Questions about causes settle no row: their answers move
the chance that training fits, by the table of likelihoods."""

BINS = 32
"""Slices of equal chance that the draws of one input are cut into."""


@dataclass(frozen=True)
class Sampled:
    """What `score` summarises, draw by draw. Impact in points of 100, hours in hours.

    `impact_if_it_fits` is the impact where training surely is the answer, `chance_it_fits` (0..1) that it is;
    impact is their product. `steps` are the criteria's, 0..5.
    """

    impact: Draws
    impact_if_it_fits: Draws
    chance_it_fits: Draws
    manager_hours: Draws
    expert_hours: Draws
    steps: Mapping[str, Draws]
    fit: Fit

    @property
    def leverage(self) -> Draws:
        """Impact points per manager hour."""
        return self.impact / self.manager_hours


@dataclass(frozen=True)
class Slices:
    """The draws of one input, put in order and cut: `order` lists the draws from its least to its largest value, `starts` where
    in that list each slice begins, `sizes` how many draws it holds."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    sizes: NDArray[np.float64]

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean of `values` within each slice."""
        means: NDArray[np.float64] = np.add.reduceat(values[self.order], self.starts) / self.sizes
        return means


def draws_of(need: Need, rubric: Rubric) -> Sampled:
    """The draws of a need by a rubric: the formula, rows and seed of `scoring.score`, whose ranges are their percentiles."""
    diagnosis = diagnose(rubric.cause_table, need.causes)
    scales = _scales(need, rubric)
    total = sum(criterion.weight for criterion in rubric.criteria) or 1.0
    points = np.zeros(rubric.draws, np.float32)
    for criterion in rubric.criteria:
        points += np.float32(20.0 * criterion.weight / total) * scales[criterion.key]
    usual = _usual(rubric)
    odds = _fit(diagnosis.fit, diagnosis.answered, rubric) if diagnosis.answered else usual["fit"]
    manager, expert = _hours(need, rubric)
    return Sampled(
        impact=points * (odds * usual["transfer"]),
        impact_if_it_fits=points * usual["transfer"],
        chance_it_fits=odds,
        manager_hours=manager,
        expert_hours=expert,
        steps=scales,
        fit=diagnosis,
    )


def likely_leverage(need: Need, rubric: Rubric) -> float:
    """Impact points per manager hour that half of the draws lie below: `score`'s likely leverage, without all the rest."""
    leverage = draws_of(need, rubric).leverage
    middle = len(leverage) // 2
    return float(np.partition(leverage, middle)[middle])


def open_questions(need: Need, rubric: Rubric) -> tuple[str, ...]:
    """The questions whose answer would change the draws, and that nobody answered; in the order of the form.

    The finished hours are asked only of a kind of solution that is known; a cause of which somebody said "not sure" is open.
    """
    is_open = {
        "goal": need.goal is None,
        "measure": need.gap is None,
        "audience": need.people is None,
        "value_per_year": need.value_per_year is None,
        "waiting": need.waiting is None and need.deadline_days is None,
        "risk": need.risk is None,
        "format": rubric.work_type(need.work_type) is None,
        "finished_hours": rubric.work_type(need.work_type) is not None and need.finished_hours is None,
    }
    causes = [name for name in rubric.cause_table.likelihoods if need.causes.get(name) not in {"yes", "no"}]
    return (*(name for name, still in is_open.items() if still), *causes)


def could_be_sharper(need: Need) -> tuple[str, ...]:
    """The questions that were answered with a range or a judged step, so that better evidence would still narrow the draws."""
    is_answered = {
        "measure": need.gap is not None,
        "audience": need.people is not None,
        "value_per_year": need.value_per_year is not None,
        "waiting": need.waiting is not None or need.deadline_days is not None,
        "risk": need.risk is not None,
        "finished_hours": need.finished_hours is not None,
    }
    return tuple(name for name, known in is_answered.items() if known)


def slices_of(question: str, rubric: Rubric, bins: int = BINS) -> Slices:
    """The draws of what a question settles, cut into `bins` slices of equal chance; those of the kind of solution by kind.

    The same for all requests, so made once per rubric: an answer turns a row of standard draws into people or money, and never
    changes their order. Raises KeyError for a question that settles no row.
    """
    return _slices(SETTLES[question], rubric, bins)


def slices_of_draws(draws: NDArray[np.floating], bins: int = BINS) -> Slices:
    """Any draws, cut into at most `bins` slices of equal chance. Equal draws stay in one slice."""
    order = np.argsort(draws, kind="stable")
    return _cut(order, _apart(draws[order], _edges(len(draws), bins)))


@lru_cache(maxsize=256)
def _slices(row: str, rubric: Rubric, bins: int) -> Slices:
    standard = _row(rubric, row)
    order = np.argsort(standard, kind="stable")
    if row != "work_type":
        return _cut(order, _edges(rubric.draws, bins))
    shares = np.cumsum([kind.share for kind in rubric.work_types])
    ends = np.searchsorted(ndtr(standard[order].astype(np.float64)), shares[:-1] / shares[-1])
    return _cut(order, np.concatenate([[0], ends]))


def _edges(count: int, bins: int) -> NDArray[np.intp]:
    return np.linspace(0, count, min(bins, count), endpoint=False).astype(np.intp)


def _apart(ordered: NDArray[np.floating], edges: NDArray[np.intp]) -> NDArray[np.intp]:
    """Edges moved to where a value begins."""
    return np.searchsorted(ordered, ordered[edges])


def _cut(order: NDArray[np.intp], edges: NDArray[np.intp]) -> Slices:
    starts = np.unique(edges[edges < len(order)])
    sizes = np.diff(np.append(starts, len(order))).astype(np.float64)
    return Slices(order, starts, sizes)
