"""Impact against effort: what a request is worth, what it costs, and how sure we are of either."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from portfolio.rules.fit import CAUSES, Fit, diagnose
from portfolio.rules.ranges import Draws, Range, bounded, judged, positive, standard_block
from portfolio.rules.rubric import Rubric, WorkType
from portfolio.states import Quadrant

FORMULA_VERSION = "score-1"

INPUTS = (
    "goal", "gap", "reach", "value", "waiting", "risk", "fit", "transfer", "finished_hours", "ratio", "new_share",
    "coordination", "expert", "work_type",
)  # fmt: skip
"""Each input has its own row of draws; new ones go at the end so that old rows keep their draws."""


@dataclass(frozen=True)
class Need:
    """What is known of a request. None means nobody said: the rubric's prior is used, and the range is wide.

    `goal`, `waiting` and `risk` are steps 0..5; `gap` a share of the value wanted; `people` a head count; `value_per_year`
    money; hours are hours; `causes` maps cause questions to yes/no/unsure; `deadline_days` counts from the scoring day.
    """

    goal: int | None = None
    gap: Range | None = None
    people: Range | None = None
    value_per_year: Range | None = None
    waiting: int | None = None
    risk: int | None = None
    deadline_days: int | None = None
    deadline_has_reason: bool = False
    causes: dict[str, str] = field(default_factory=dict)
    work_type: str | None = None
    finished_hours: Range | None = None
    expert_hours: Range | None = None
    new_share: Range | None = None


@dataclass(frozen=True)
class Reason:
    """One sentence about the score, and how many points it moved the likely impact from what is usual."""

    text: str
    influence: float


@dataclass(frozen=True)
class Score:
    """What `score` found. Impact in points of 100, efforts in hours, leverage in points per manager hour."""

    impact: Range
    effort_hours: Range
    manager_hours: Range
    expert_hours: Range
    leverage: Range
    fit: float
    likeliest_cause: str
    causes: dict[str, float]
    cause_table: int
    quadrants: dict[str, float]
    reasons: tuple[Reason, ...]
    steps: dict[str, float]
    unknown: tuple[str, ...]
    seed: int
    draws: int
    rubric_version: int

    @property
    def quadrant(self) -> Quadrant:
        return Quadrant(max(self.quadrants, key=lambda name: self.quadrants[name]))


def score(need: Need, rubric: Rubric) -> Score:
    """Score one need by a rubric.

    Impact points = 100 x sum(weight x scale / 5) / sum(weight) x P(training fits) x P(transfer): absolute, so another
    request never changes it. Manager hours = development + coordination + delivery, where development = finished hours x
    ratio x new share; effort adds the experts' hours. Leverage = impact / manager hours. Every input is a distribution;
    the ranges are 10th, 50th and 90th percentiles over `rubric.draws` draws with `rubric.seed`. Sources: rules/rubric.py.
    """
    scales = _scales(need, rubric)
    diagnosis = diagnose(rubric.cause_table, need.causes)
    weights = {criterion.key: criterion.weight for criterion in rubric.criteria}
    total = sum(weights.values()) or 1.0
    points = sum(
        (np.float32(20.0 * weights[key] / total) * draws for key, draws in scales.items()),
        start=np.zeros(rubric.draws, np.float32),
    )
    odds = _fit(diagnosis.fit, diagnosis.answered, rubric) if diagnosis.answered else _usual(rubric)["fit"]
    odds = odds * _usual(rubric)["transfer"]
    impact = points * odds
    manager, expert = _hours(need, rubric)
    leverage = impact / manager
    usual_means = _usual_means(rubric)
    means = {
        key: usual_means[key] if draws is _usual(rubric)[key] else float(draws.mean())
        for key, draws in scales.items()
    }
    return Score(
        impact=Range.of(impact),
        effort_hours=Range.of(manager + expert),
        manager_hours=Range.of(manager),
        expert_hours=Range.of(expert),
        leverage=Range.of(leverage),
        fit=diagnosis.fit,
        likeliest_cause=diagnosis.likeliest,
        causes=diagnosis.causes,
        cause_table=rubric.cause_table.version,
        quadrants=_quadrants(impact, manager, rubric),
        reasons=_reasons(need, rubric, means, float(odds.mean()), diagnosis),
        steps={key: round(mean, 2) for key, mean in means.items()},
        unknown=_unknown(need, diagnosis),
        seed=rubric.seed,
        draws=rubric.draws,
        rubric_version=rubric.version,
    )


def deadline_step(days: int, *, has_reason: bool) -> int:
    """How much waiting costs (0..5), read off how near the deadline is; a date without a reason counts one less."""
    step = sum(days <= edge for edge in (365, 183, 92, 31))
    return max(0, 1 + step - (0 if has_reason else 1))


def gap_of(today: float | None, wanted: float | None) -> float | None:
    """The gap as a share of the larger of the two values, 0..1. None where either is unknown or both are zero."""
    if today is None or wanted is None or today == wanted == 0:
        return None
    return min(1.0, abs(wanted - today) / max(abs(wanted), abs(today)))


def days_until(deadline: date | None, today: date) -> int | None:
    """Days left until a deadline; a past one counts as today."""
    return None if deadline is None else max(0, (deadline - today).days)


def _row(rubric: Rubric, name: str) -> Draws:
    row: Draws = standard_block(rubric.seed, len(INPUTS), rubric.draws)[INPUTS.index(name)]
    return row


@lru_cache(maxsize=8)
def _usual(rubric: Rubric) -> dict[str, Draws]:
    """The draws of everything nobody answered; the same for all requests, so made once per rubric."""
    usual = {
        criterion.key: bounded(criterion.prior, _row(rubric, criterion.key), upper=5.0)
        for criterion in rubric.criteria
    }
    usual["fit"] = _fit(rubric.prior_fit, 0, rubric)
    usual["transfer"] = bounded(rubric.transfer, _row(rubric, "transfer"))
    usual["new_share"] = bounded(rubric.new_share, _row(rubric, "new_share"))
    usual["coordination"] = positive(rubric.coordination_hours, _row(rubric, "coordination"))
    usual["expert"] = positive(rubric.expert_hours, _row(rubric, "expert"))
    usual["people"] = positive(rubric.people, _row(rubric, "reach"))
    return usual


@lru_cache(maxsize=8)
def _usual_means(rubric: Rubric) -> dict[str, float]:
    usual = _usual(rubric)
    return {criterion.key: float(usual[criterion.key].mean()) for criterion in rubric.criteria}


@lru_cache(maxsize=64)
def _of_type(kind: WorkType, rubric: Rubric) -> tuple[Draws, Draws]:
    """Finished hours and development hours per finished hour of one work type."""
    return (
        positive(kind.finished_hours, _row(rubric, "finished_hours")),
        positive(kind.ratio, _row(rubric, "ratio")),
    )


@lru_cache(maxsize=8)
def _of_unknown_type(rubric: Rubric) -> tuple[Draws, Draws, Draws]:
    """A mixture of all work types by their shares: finished hours, ratio, and whether people are taught live."""
    shares = np.array([kind.share for kind in rubric.work_types])
    edges = np.cumsum(shares / shares.sum())
    picked = np.searchsorted(edges, ndtr(_row(rubric, "work_type").astype(np.float64)))
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
        "waiting": None if waiting is None else judged(waiting, _row(rubric, "waiting")),
        "risk": None if need.risk is None else judged(need.risk, _row(rubric, "risk")),
    }
    usual = _usual(rubric)
    return {
        criterion.key: usual[criterion.key] if (draws := said[criterion.key]) is None else draws
        for criterion in rubric.criteria
    }


def _banded(value: Range | None, name: str, rubric: Rubric) -> Draws | None:
    """A number placed on its scale by the criterion's bands."""
    bands = rubric.criterion(name).bands
    if value is None or bands is None:
        return None
    draws = positive(value, _row(rubric, name))
    if name == "reach":
        draws = np.rint(draws)
    # Five comparisons are four times as quick as searchsorted.
    reached = np.zeros(rubric.draws, np.uint8)
    for edge in bands:
        reached += draws >= np.float32(edge)
    return reached.astype(np.float32)


def _fit(likely: float, answered: int, rubric: Rubric) -> Draws:
    """The chance that training fits, as doubtful as few answers leave it."""
    doubt = 0.22 if answered == 0 else 0.22 / (1 + answered)
    value = Range(min(likely, max(0.02, likely - doubt)), likely, max(likely, min(0.98, likely + doubt)))
    return bounded(value, _row(rubric, "fit"))


def _hours(need: Need, rubric: Rubric) -> tuple[Draws, Draws]:
    """The manager's hours and the experts' hours."""
    usual = _usual(rubric)
    kind = rubric.work_type(need.work_type)
    if kind is None:
        finished, ratio, live = _of_unknown_type(rubric)
    else:
        finished, ratio = _of_type(kind, rubric)
        live = np.full(rubric.draws, kind.live, np.float32)
    if need.finished_hours is not None:
        finished = positive(need.finished_hours, _row(rubric, "finished_hours"))
    new_share = usual["new_share"]
    if need.new_share is not None:
        new_share = bounded(need.new_share, _row(rubric, "new_share"))
    people = usual["people"]
    if need.people is not None:
        people = positive(need.people, _row(rubric, "reach"))
    sessions = np.ceil(people / np.float32(rubric.people_per_session))
    delivery = live * finished * np.minimum(sessions, np.float32(40))
    expert = usual["expert"]
    if need.expert_hours is not None:
        expert = positive(need.expert_hours, _row(rubric, "expert"))
    return finished * ratio * new_share + usual["coordination"] + delivery, expert


def _quadrants(impact: Draws, manager_hours: Draws, rubric: Rubric) -> dict[str, float]:
    """The share of draws in each quadrant."""
    high = impact >= rubric.impact_cut_points
    cheap = manager_hours <= rubric.effort_cut_hours
    highs, cheaps, both = (int(np.count_nonzero(those)) for those in (high, cheap, high & cheap))
    counts = {
        Quadrant.QUICK_WIN: both,
        Quadrant.BIG_BET: highs - both,
        Quadrant.FILL_IN: cheaps - both,
        Quadrant.MONEY_PIT: rubric.draws - highs - cheaps + both,
    }
    return {quadrant.value: count / rubric.draws for quadrant, count in counts.items()}


ABOUT_USUAL_POINTS = 0.05

LABELS = {
    "goal": "which goal it serves",
    "gap": "how large the gap is",
    "people": "how many people it reaches",
    "value": "what it is worth a year",
    "waiting": "what waiting costs",
    "risk": "what could go wrong",
    "cause": "what causes the problem",
    "format": "what it would become",
}


def _unknown(need: Need, fit: Fit) -> tuple[str, ...]:
    known = {
        "goal": need.goal is not None,
        "gap": need.gap is not None,
        "people": need.people is not None,
        "value": need.value_per_year is not None,
        "waiting": need.waiting is not None or need.deadline_days is not None,
        "risk": need.risk is not None,
        "cause": fit.answered > 0,
        "format": need.work_type is not None,
    }
    return tuple(name for name, is_known in known.items() if not is_known)


def _reasons(
    need: Need, rubric: Rubric, steps: dict[str, float], odds: float, fit: Fit
) -> tuple[Reason, ...]:
    """Sentences about what moved the impact, most influential first, then what is not known."""
    total = sum(criterion.weight for criterion in rubric.criteria) or 1.0
    usual_means = _usual_means(rubric)
    unknown = set(_unknown(need, fit))
    reasons = []
    for criterion in rubric.criteria:
        if {"reach": "people"}.get(criterion.key, criterion.key) in unknown:
            continue
        step = steps[criterion.key]
        moved = 20 * criterion.weight / total * (step - usual_means[criterion.key]) * odds
        anchor = criterion.anchors[min(5, max(0, round(step)))]
        text = f"{criterion.label}: {anchor} ({round(step)} of 5), {_direction(moved)}."
        reasons.append(Reason(text, round(moved, 2)))
    if fit.answered:
        points = 20 * sum(criterion.weight * steps[criterion.key] for criterion in rubric.criteria) / total
        moved = points * odds * (1 - rubric.prior_fit / (fit.fit or 1.0))
        likely = f"{round(100 * fit.fit)} % likely that training helps"
        reasons.append(Reason(f"Cause: probably {CAUSES[fit.likeliest]}; {likely}.", round(moved, 2)))
    reasons.sort(key=lambda reason: -abs(reason.influence))
    if unknown:
        missing = ", ".join(LABELS[name] for name in LABELS if name in unknown)
        reasons.append(Reason(f"Not known yet: {missing}. The ranges are wide for it.", 0.0))
    return tuple(reasons)


def _direction(moved: float) -> str:
    if abs(moved) < ABOUT_USUAL_POINTS:
        return "about usual"
    return "more than usual" if moved > 0 else "less than usual"
