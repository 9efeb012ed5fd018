"""The draws behind a score, and which of them the answer to a question would settle."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from portfolio.rules.fit import Fit, diagnose
from portfolio.rules.need import Need, deadline_step
from portfolio.rules.ranges import Draws, Range, bounded, judged, mean, positive, standard_block, standard_of
from portfolio.rules.rubric import Rubric, WorkType

INPUTS = (
    "goal", "gap", "reach", "value", "waiting", "risk", "fit", "transfer", "finished_hours", "ratio", "new_share",
    "coordination", "expert", "work_type",
)  # fmt: skip
"""Each input has its own row of draws; new ones go at the end so that old rows keep their draws."""

MOST_SESSIONS = 40
"""A live solution is given at most so often; more people than that get something else."""

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
class Effort:
    """The hours of a need by part, draw by draw. Development = `finished_hours` of learning x `ratio` (hours of work for one of
    them) x `new_share` (0..1) that has to be made anew."""

    finished_hours: Draws
    ratio: Draws
    new_share: Draws
    coordination: Draws
    delivery: Draws
    expert: Draws

    @property
    def development(self) -> Draws:
        return self.finished_hours * self.ratio * self.new_share

    @property
    def manager(self) -> Draws:
        """The manager's hours: development, coordination and delivery."""
        return self.development + self.coordination + self.delivery


@dataclass(frozen=True)
class Sampled:
    """What `score` summarises, draw by draw. Impact in points of 100, hours in hours.

    `impact_if_it_fits` is the impact where training surely is the answer, `chance_it_fits` (0..1) that it is;
    impact is their product. `odds` are the chance that training fits and is used at work. `steps` are the criteria's, 0..5.
    """

    impact: Draws
    impact_if_it_fits: Draws
    chance_it_fits: Draws
    odds: Draws
    manager_hours: Draws
    effort: Effort
    steps: Mapping[str, Draws]
    fit: Fit

    @property
    def expert_hours(self) -> Draws:
        return self.effort.expert

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
    """The draws of a need by a rubric: what `scoring.score` summarises."""
    diagnosis = diagnose(rubric.cause_table, need.causes)
    scales = _scales(need, rubric)
    total = sum(criterion.weight for criterion in rubric.criteria) or 1.0
    points = np.zeros(rubric.draws, np.float32)
    for criterion in rubric.criteria:
        points += np.float32(20.0 * criterion.weight / total) * scales[criterion.key]
    usually = usual(rubric)
    fits = _fit(diagnosis.fit, diagnosis.answered, rubric) if diagnosis.answered else usually["fit"]
    odds = fits * usually["transfer"]
    effort = _effort(need, rubric)
    return Sampled(
        impact=points * odds,
        impact_if_it_fits=points * usually["transfer"],
        chance_it_fits=fits,
        odds=odds,
        manager_hours=effort.manager,
        effort=effort,
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
def _slices(settled: str, rubric: Rubric, bins: int) -> Slices:
    standard = row(rubric, settled)
    order = np.argsort(standard, kind="stable")
    if settled != "work_type":
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


def row(rubric: Rubric, name: str) -> Draws:
    found: Draws = standard_block(rubric.seed, len(INPUTS), rubric.draws)[INPUTS.index(name)]
    return found


@lru_cache(maxsize=8)
def usual(rubric: Rubric) -> dict[str, Draws]:
    """The draws of everything nobody answered; the same for all requests, so made once per rubric."""
    usually = {
        criterion.key: bounded(criterion.prior, row(rubric, criterion.key), upper=5.0)
        for criterion in rubric.criteria
    }
    usually["fit"] = _fit(rubric.prior_fit, 0, rubric)
    usually["transfer"] = bounded(rubric.transfer, row(rubric, "transfer"))
    usually["new_share"] = bounded(rubric.new_share, row(rubric, "new_share"))
    usually["coordination"] = positive(rubric.coordination_hours, row(rubric, "coordination"))
    usually["expert"] = positive(rubric.expert_hours, row(rubric, "expert"))
    usually["people"] = positive(rubric.people, row(rubric, "reach"))
    return usually


@lru_cache(maxsize=8)
def usual_means(rubric: Rubric) -> dict[str, float]:
    usually = usual(rubric)
    return {criterion.key: mean(usually[criterion.key]) for criterion in rubric.criteria}


@lru_cache(maxsize=64)
def _of_type(kind: WorkType, rubric: Rubric) -> tuple[Draws, Draws]:
    """Finished hours and development hours per finished hour of one work type."""
    return (
        positive(kind.finished_hours, row(rubric, "finished_hours")),
        positive(kind.ratio, row(rubric, "ratio")),
    )


@lru_cache(maxsize=8)
def _of_unknown_type(rubric: Rubric) -> tuple[Draws, Draws, Draws]:
    """A mixture of all work types by their shares: finished hours, ratio, and whether people are taught live."""
    shares = np.array([kind.share for kind in rubric.work_types])
    edges = np.cumsum(shares / shares.sum())
    picked = np.searchsorted(edges, ndtr(row(rubric, "work_type").astype(np.float64)))
    pairs = [_of_type(kind, rubric) for kind in rubric.work_types]
    hours = np.choose(picked, [finished for finished, _ in pairs])
    ratio = np.choose(picked, [ratio for _, ratio in pairs])
    live = np.array([kind.live for kind in rubric.work_types], np.float32)[picked]
    return hours, ratio, live


def _scales(need: Need, rubric: Rubric) -> dict[str, Draws]:
    """The 0..5 scale of each criterion, as draws."""
    waiting = need.waiting
    if waiting is None and need.deadline_days is not None:
        waiting = deadline_step(need.deadline_days, has_reason=need.deadline_has_reason)
    said = {
        "goal": None if need.goal is None else np.full(rubric.draws, need.goal, np.float32),
        "gap": _banded(need.gap, "gap", rubric),
        "reach": _banded(need.people, "reach", rubric),
        "value": _banded(need.value_per_year, "value", rubric),
        "waiting": None if waiting is None else judged(waiting, row(rubric, "waiting")),
        "risk": None if need.risk is None else judged(need.risk, row(rubric, "risk")),
    }
    usually = usual(rubric)
    return {
        criterion.key: usually[criterion.key] if (draws := said[criterion.key]) is None else draws
        for criterion in rubric.criteria
    }


def _banded(value: Range | None, name: str, rubric: Rubric) -> Draws | None:
    """A number placed on its scale by the criterion's bands."""
    bands = rubric.criterion(name).bands
    if value is None or bands is None:
        return None
    standard = row(rubric, name)
    # Bands are looked up among the standard draws, which saves an exponential each. Heads are whole: from half a head on.
    half = 0.5 if name == "reach" else 0.0
    reached = np.zeros(rubric.draws, np.uint8)
    for edge in bands:
        reached += standard >= np.float32(standard_of(value, edge - half))
    return reached.astype(np.float32)


def _fit(likely: float, answered: int, rubric: Rubric) -> Draws:
    """The chance that training fits, as doubtful as few answers leave it."""
    doubt = 0.22 if answered == 0 else 0.22 / (1 + answered)
    value = Range(min(likely, max(0.02, likely - doubt)), likely, max(likely, min(0.98, likely + doubt)))
    return bounded(value, row(rubric, "fit"))


def _effort(need: Need, rubric: Rubric) -> Effort:
    usually = usual(rubric)
    kind = rubric.work_type(need.work_type)
    if kind is None:
        finished, ratio, live = _of_unknown_type(rubric)
    else:
        finished, ratio = _of_type(kind, rubric)
        live = np.full(rubric.draws, kind.live, np.float32)
    if need.finished_hours is not None:
        finished = positive(need.finished_hours, row(rubric, "finished_hours"))
    new_share = usually["new_share"]
    if need.new_share is not None:
        new_share = bounded(need.new_share, row(rubric, "new_share"))
    people = usually["people"]
    if need.people is not None:
        people = positive(need.people, row(rubric, "reach"))
    sessions = np.ceil(people / np.float32(rubric.people_per_session))
    delivery = live * finished * np.minimum(sessions, np.float32(MOST_SESSIONS))
    expert = usually["expert"]
    if need.expert_hours is not None:
        expert = positive(need.expert_hours, row(rubric, "expert"))
    return Effort(finished, ratio, new_share, usually["coordination"], delivery, expert)
