"""Impact against effort: what a request is worth, what it costs, and how sure we are of either."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from portfolio.rules.fit import CAUSES, Fit
from portfolio.rules.need import Need
from portfolio.rules.ranges import Draws, Range, mean
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of, usual, usual_means
from portfolio.states import Quadrant

FORMULA_VERSION = "score-1"

A_QUARTER_WEEKS = 13
"""What takes longer is asked for its first piece."""


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
    drawn = draws_of(need, rubric)
    diagnosis, impact, manager = drawn.fit, drawn.impact, drawn.manager_hours
    means = _means(drawn.steps, rubric)
    return Score(
        impact=Range.of(impact),
        effort_hours=Range.of(manager + drawn.expert_hours),
        manager_hours=Range.of(manager),
        expert_hours=Range.of(drawn.expert_hours),
        leverage=Range.of(drawn.leverage),
        fit=diagnosis.fit,
        likeliest_cause=diagnosis.likeliest,
        causes=diagnosis.causes,
        cause_table=rubric.cause_table.version,
        quadrants=_quadrants(impact, manager, rubric),
        reasons=_reasons(need, rubric, means, mean(drawn.odds), diagnosis),
        steps={key: round(step, 2) for key, step in means.items()},
        unknown=_unknown(need, diagnosis),
        seed=rubric.seed,
        draws=rubric.draws,
        rubric_version=rubric.version,
    )


def weeks_to_first_value(manager_hours: Range, hours_per_week: float) -> Range | None:
    """Weeks until a request first helps somebody, with the manager on nothing else: its hours / hours a week. None without hours."""
    if hours_per_week <= 0:
        return None
    low, likely, high = (
        end / hours_per_week for end in (manager_hours.low, manager_hours.likely, manager_hours.high)
    )
    return Range(low, likely, high)


def _means(steps: Mapping[str, Draws], rubric: Rubric) -> dict[str, float]:
    """The mean step of each criterion; what nobody answered has the same for all."""
    known, usually = usual_means(rubric), usual(rubric)
    return {key: known[key] if draws is usually[key] else mean(draws) for key, draws in steps.items()}


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
    usually = usual_means(rubric)
    unknown = set(_unknown(need, fit))
    reasons = []
    for criterion in rubric.criteria:
        if {"reach": "people"}.get(criterion.key, criterion.key) in unknown:
            continue
        step = steps[criterion.key]
        moved = 20 * criterion.weight / total * (step - usually[criterion.key]) * odds
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
