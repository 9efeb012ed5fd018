"""Other people's methods on our answers: side by side, never mixed, and why they disagree.

How an answer becomes a method's input is ours, since the methods leave it open; `inputs_of` says how, and docs/numbers.md too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from statistics import median

import numpy as np
from numpy.typing import ArrayLike

from portfolio.rules.expression import Expression, Input, evaluate
from portfolio.rules.methods import NoValue, benefit_cost, cd3, ice, rice, wsjf
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range, positive
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of, row
from portfolio.rules.scoring import Score

METHODS: Mapping[str, str] = {
    "leverage": "Leverage",
    "rice": "RICE",
    "ice": "ICE",
    "wsjf": "WSJF",
    "cd3": "CD3",
    "bcr": "Benefit-cost ratio",
    "own": "Your formula",
}

SURE_FACTORS = (2.0, 3.5)
"""How many times its low end the high end of an impact may be for a confidence of 100 % and of 80 %; wider is 50 %. Ours."""

RICE_STEPS = ((4.0, 3.0), (3.0, 2.0), (2.0, 1.0), (1.0, 0.5))
"""Mean step (0..5) from which RICE's impact is massive, high, medium, low; under that minimal, 0.25. Ours."""

EASY_HOURS, HARD_HOURS = 4.0, 400.0
"""Manager hours at which ICE's ease is 10 and 1. Ours."""

HOURS_A_DAY, WEEKS_A_YEAR = 8, 52

LEAST_PLACES = 2
"""Places apart from which methods are said to disagree."""

LEAST_PLACED = 0.5
"""Share of the requests that a method places, from which on its places can be held against leverage's. Ours."""


@dataclass(frozen=True)
class Terms:
    """What the methods need beyond the answers. `hour_cost` is money for an hour of anybody's."""

    hours_per_month: float = 140.0
    hours_per_week: float = 10.0
    hour_cost: float = 60.0


@dataclass(frozen=True)
class Inputs:
    """What the methods take, from one request's answers. Money is None where nobody named any.

    `reach_people` people; `rice_impact` 3..0.25; `confidence` 0..1; `ice_impact` and `ease` 1..10; `value`, `urgency` and `risk` 0..10;
    hours in hours; `yearly_benefit` money a year that training would keep.
    """

    reach_people: float
    rice_impact: float
    confidence: float
    ice_impact: float
    ease: float
    value: float
    urgency: float
    risk: float
    effort_hours: float
    manager_hours: float
    impact: float
    leverage: float
    yearly_benefit: float | None


@dataclass(frozen=True)
class Scored:
    """One request with its score, as `compare` takes it. `key` is whatever names it."""

    key: object
    title: str
    need: Need
    score: Score


@dataclass(frozen=True)
class Placed:
    """A method's value and place (1 is first) for a request, or None with the reason."""

    value: float | None
    place: int | None
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One request under every method."""

    key: object
    title: str
    placed: Mapping[str, Placed]


@dataclass(frozen=True)
class Disagreement:
    """Where a method and leverage place a request far apart, and why in a sentence."""

    key: object
    title: str
    method: str
    place: int
    leverage_place: int
    because: str


@dataclass(frozen=True)
class Comparison:
    """All requests under all methods, and where they disagree most."""

    rows: tuple[Row, ...]
    disagreements: tuple[Disagreement, ...]


OWN_INPUTS = (
    Input("impact", "points", "Impact, 0 to 100"),
    Input("leverage", "points / hours", "Impact points per hour of yours"),
    Input("hours", "hours", "Your hours"),
    Input("expert_hours", "hours", "Hours of experts"),
    Input("people", "people", "People reached"),
    Input("value", "money / year", "What it is worth a year"),
    Input("fit", "", "Chance that training is the answer, 0 to 1"),
    Input("goal_step", "", "Goal contribution, 0 to 5"),
    Input("gap_step", "", "Size of the gap, 0 to 5"),
    Input("reach_step", "", "People reached, 0 to 5"),
    Input("value_step", "", "Value a year, 0 to 5"),
    Input("waiting_step", "", "Cost of waiting, 0 to 5"),
    Input("risk_step", "", "Risk, 0 to 5"),
    Input("weeks_left", "weeks", "Weeks until the deadline"),
)
"""What one's own formula may name."""


def compare(
    requests: Sequence[Scored],
    rubric: Rubric,
    terms: Terms | None = None,
    own: Expression | Mapping[str, Expression] | None = None,
    *,
    at_most: int = 5,
    draws: int | None = None,
) -> Comparison:
    """Each request's value and place under each method, from the same answers, and where they differ most from leverage.

    A method without a value for a request (no money named, a formula that divides by zero) leaves it unplaced and says why. Equal
    values share a place. One disagreement a request, the widest, two places or more, by a method that places at least half. Several formulas go by their names; with
    `draws` they are worked out over so many draws instead of the rubric's.
    """
    terms = terms or Terms()
    inputs = [inputs_of(one.need, one.score, rubric) for one in requests]
    columns = {
        method: [_value(method, one, terms) for one in inputs] for method in METHODS if method != "own"
    }
    formulas = {"own": own} if isinstance(own, Expression) else own or {}
    columns |= {name: [] for name in formulas}
    drawn_by = rubric if draws is None else replace(rubric, draws=draws)
    for one in requests if formulas else ():
        values = own_values(one.need, drawn_by)
        for name, formula in formulas.items():
            columns[name].append(_own(formula, values))
    placed = {method: _placed(values) for method, values in columns.items()}
    rows = tuple(
        Row(one.key, one.title, {method: cells[index] for method, cells in placed.items()})
        for index, one in enumerate(requests)
    )
    return Comparison(rows, _disagreements(rows, [_factors(one, terms) for one in inputs])[:at_most])


def inputs_of(need: Need, score: Score, rubric: Rubric) -> Inputs:
    """The methods' inputs from an answered need.

    Reach = people as said, else the rubric's usual. RICE's impact = a step of the weighted mean of all criteria but reach, which it
    counts apart. Confidence = how narrow the impact's range is (SURE_FACTORS). ICE's impact = twice the weighted mean step; ease falls
    with the logarithm of the manager's hours. WSJF's value = twice the weighted mean of goal, gap, reach and value; urgency and risk
    are twice their steps. The yearly benefit = value a year x P(training fits) x P(transfer). All likely values.
    """
    value = need.value_per_year
    return Inputs(
        reach_people=(need.people or rubric.people).likely,
        rice_impact=_rice_impact(_mean_step(score, rubric, leave_out=("reach",))),
        confidence=_confidence(score.impact),
        ice_impact=min(10.0, max(1.0, 2 * _mean_step(score, rubric))),
        ease=_ease(score.manager_hours.likely),
        value=2 * _mean_step(score, rubric, leave_out=("waiting", "risk")),
        urgency=2 * score.steps.get("waiting", 0.0),
        risk=2 * score.steps.get("risk", 0.0),
        effort_hours=score.effort_hours.likely,
        manager_hours=score.manager_hours.likely,
        impact=score.impact.likely,
        leverage=score.leverage.likely,
        yearly_benefit=None if value is None else value.likely * score.fit * rubric.transfer.likely,
    )


def own_values(need: Need, rubric: Rubric) -> dict[str, ArrayLike | None]:
    """The draws of everything in OWN_INPUTS for one need; None for money and dates nobody named, the prior's draws otherwise."""
    drawn = draws_of(need, rubric)
    people = positive(need.people or rubric.people, row(rubric, "reach"))
    money = need.value_per_year
    return {
        "impact": drawn.impact,
        "leverage": drawn.leverage,
        "hours": drawn.manager_hours,
        "expert_hours": drawn.expert_hours,
        "people": np.rint(people),
        "value": None if money is None else positive(money, row(rubric, "value")),
        "fit": drawn.chance_it_fits,
        "weeks_left": None if need.deadline_days is None else need.deadline_days / 7,
        **{f"{key}_step": draws for key, draws in drawn.steps.items()},
    }


def _mean_step(score: Score, rubric: Rubric, leave_out: tuple[str, ...] = ()) -> float:
    """The weighted mean of the criteria's steps, 0..5; 0 where nothing has weight."""
    weights = {one.key: one.weight for one in rubric.criteria if one.key not in leave_out and one.weight > 0}
    total = sum(weights.values())
    return sum(weight * score.steps[key] for key, weight in weights.items()) / total if total else 0.0


def _rice_impact(step: float) -> float:
    return next((impact for edge, impact in RICE_STEPS if step >= edge), 0.25)


def _confidence(impact: Range) -> float:
    factor = impact.high / impact.low if impact.low > 0 else float("inf")
    sure, rather = SURE_FACTORS
    return 1.0 if factor <= sure else 0.8 if factor <= rather else 0.5


def _ease(hours: float) -> float:
    share = log(max(hours, EASY_HOURS) / EASY_HOURS) / log(HARD_HOURS / EASY_HOURS)
    return max(1.0, 10.0 - 9.0 * share)


def _value(method: str, one: Inputs, terms: Terms) -> Placed:
    try:
        return Placed(_finite(_worked_out(method, one, terms)), None)
    except NoValue as reason:
        return Placed(None, None, str(reason))


def _worked_out(method: str, one: Inputs, terms: Terms) -> float:
    if method == "rice":
        months = one.effort_hours / terms.hours_per_month if terms.hours_per_month > 0 else 0.0
        return rice(one.reach_people, one.rice_impact, one.confidence, months)
    if method == "ice":
        return ice(one.ice_impact, 10 * one.confidence, one.ease)
    if method == "wsjf":
        return wsjf(one.value, one.urgency, one.risk, one.effort_hours / HOURS_A_DAY)
    if method == "cd3":
        weeks = one.manager_hours / terms.hours_per_week if terms.hours_per_week > 0 else 0.0
        return cd3(_money(one) / WEEKS_A_YEAR, weeks)
    if method == "bcr":
        return benefit_cost(_money(one), one.effort_hours * terms.hour_cost)
    return one.leverage


def _money(one: Inputs) -> float:
    if one.yearly_benefit is None:
        raise NoValue("Nobody said what it is worth a year.")
    return one.yearly_benefit


def _finite(value: float) -> float:
    if not np.isfinite(value):
        raise NoValue("It is too large to be a number.")
    return value


def _own(own: Expression, values: Mapping[str, ArrayLike | None]) -> Placed:
    found = evaluate(own, values)
    return Placed(None if found.range is None else found.range.likely, None, found.reason)


def _placed(cells: Sequence[Placed]) -> list[Placed]:
    """Places by value, the largest first; those within the last digits of each other share one."""
    rounded = [None if cell.value is None else float(f"{cell.value:.9g}") for cell in cells]
    known = sorted((value for value in rounded if value is not None), reverse=True)
    first = {value: place for place, value in reversed(list(enumerate(known, start=1)))}
    return [
        Placed(cell.value, None if value is None else first[value], cell.reason)
        for cell, value in zip(cells, rounded, strict=True)
    ]


# Why they disagree


@dataclass(frozen=True)
class _Factor:
    """One thing a method multiplies (power 1) or divides by (-1), and the words for it."""

    words: str
    value: float
    power: int
    form: str


def _factors(one: Inputs, terms: Terms) -> dict[str, list[_Factor]]:
    hours = _Factor("it takes {} h of yours", one.manager_hours, -1, ",.0f")
    effort = _Factor("it takes {} h in all", one.effort_hours, -1, ",.0f")
    sure = _Factor("its confidence is {} %", 100 * one.confidence, 1, ".0f")
    found = {
        "leverage": [_Factor("it has {} impact points", one.impact, 1, ".1f"), hours],
        "rice": [
            _Factor("it reaches {} people", one.reach_people, 1, ",.0f"),
            _Factor("its impact on each is {}", one.rice_impact, 1, "g"),
            sure,
            effort,
        ],
        "ice": [
            _Factor("its impact is {} of 10", one.ice_impact, 1, ".1f"),
            sure,
            _Factor("its ease is {} of 10", one.ease, 1, ".1f"),
        ],
        "wsjf": [
            _Factor("value, urgency and risk come to {} of 30", one.value + one.urgency + one.risk, 1, ".1f"),
            effort,
        ],
    }
    if one.yearly_benefit is not None:
        weekly = one.yearly_benefit / WEEKS_A_YEAR
        found["cd3"] = [_Factor("a week of waiting costs {}", weekly, 1, ",.0f"), hours]
        cost = one.effort_hours * terms.hour_cost
        found["bcr"] = [
            _Factor("it brings {} a year", one.yearly_benefit, 1, ",.0f"),
            _Factor("it costs {}", cost, -1, ",.0f"),
        ]
    return found


def _disagreements(
    rows: Sequence[Row], factors: Sequence[Mapping[str, list[_Factor]]]
) -> tuple[Disagreement, ...]:
    usual = _usual_factors(factors)
    placing = {
        method
        for method in (rows[0].placed if rows else ())
        if sum(line.placed[method].place is not None for line in rows) >= LEAST_PLACED * len(rows)
    }
    found = []
    for line, own_factors in zip(rows, factors, strict=True):
        ours = line.placed["leverage"].place
        apart = [
            (abs(cell.place - ours), method, cell.place)
            for method, cell in line.placed.items()
            if method in placing and cell.place and ours and abs(cell.place - ours) >= LEAST_PLACES
        ]
        if apart and ours is not None:
            _, method, place = max(apart, key=lambda one: one[0])
            theirs = _why(own_factors.get(method, []), usual, method, ahead=place < ours)
            why_ours = _why(own_factors["leverage"], usual, "leverage", ahead=ours < place)
            because = f"{METHODS.get(method, method)} puts it {ordinal(place)}{theirs}; leverage puts it {ordinal(ours)}{why_ours}."
            found.append(Disagreement(line.key, line.title, method, place, ours, because))
    found.sort(key=lambda one: (-abs(one.place - one.leverage_place), one.leverage_place, str(one.key)))
    return tuple(found)


def _usual_factors(factors: Sequence[Mapping[str, list[_Factor]]]) -> dict[tuple[str, str], float]:
    """The median over all requests of each factor of each method."""
    every: dict[tuple[str, str], list[float]] = {}
    for one in factors:
        for method, several in one.items():
            for factor in several:
                every.setdefault((method, factor.words), []).append(factor.value)
    return {name: median(values) for name, values in every.items()}


def _why(
    factors: Sequence[_Factor], usual: Mapping[tuple[str, str], float], method: str, *, ahead: bool
) -> str:
    """The factor that moves it most in that direction from what is usual among these requests; "" if none does."""
    sign = 1 if ahead else -1
    moved = [
        (sign * factor.power * (_log(factor.value) - _log(usual[method, factor.words])), index)
        for index, factor in enumerate(factors)
    ]
    if not moved or max(moved)[0] <= 1e-9:
        return ""
    factor = factors[max(moved)[1]]
    here, others = (format(value, factor.form) for value in (factor.value, usual[method, factor.words]))
    return f" because {factor.words.format(here)} (usual here: {others})"


def _log(value: float) -> float:
    return log(max(value, 1e-9))


def ordinal(place: int) -> str:
    """A place in words: 1st, 2nd, 11th."""
    ending = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
