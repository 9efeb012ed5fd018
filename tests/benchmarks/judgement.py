"""Does judging with doubt pay? Backlogs whose true values we know, part of the answers hidden, several ways to choose.

Each backlog has true impacts and hours; a manager sees only what people happened to say, with their errors. Each way puts
the backlog in an order, which is worked down until the hours are used up; what was finished in time delivers its true
value. Two worlds: one where our priors are right on average, one where they are wrong (bigger problems are rarer, work takes
half as long again, requesters exaggerate, training fits less often).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from portfolio.rules.fit import TRAINABLE
from portfolio.rules.information import questions_worth
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT, Rubric
from portfolio.rules.sampling import open_questions
from portfolio.rules.scoring import score
from tests.benchmarks.results import Result

BACKLOGS = 120
REQUESTS = 60
HOURS = 300.0
QUESTIONS = 60
ANSWERED = 0.45
"""Chance that a requester answers a question of their own accord."""

RUBRIC = replace(DEFAULT, draws=1_000)
Chance = np.random.Generator


@dataclass(frozen=True)
class World:
    """How truth differs from our priors: factors and shifts; all neutral where the priors are right."""

    name: str
    hours_factor: float = 1.0
    scale_shift: float = 0.0
    fit_factor: float = 1.0
    exaggeration: float = 1.0


WORLDS = (
    World("priors right"),
    World("priors wrong", hours_factor=1.5, scale_shift=-0.6, fit_factor=0.75, exaggeration=1.6),
)


@dataclass
class Asked:
    """One request: the truth, all that could be said about it, and what was said so far."""

    value: float
    hours: float
    answers: Need
    said: Need = field(default_factory=Need)


Order = Callable[[list[Asked], Chance], list[int]]


def judgement() -> list[Result]:
    """True value delivered, as a share of what full knowledge would deliver; means over backlogs, and ours against each."""
    found = []
    for world in WORLDS:
        shares = {name: np.zeros(BACKLOGS) for name in WAYS}
        for number in range(BACKLOGS):
            backlog = _backlog(world, np.random.default_rng(10_000 + number))
            best = _delivered(backlog, _known(backlog))
            for name, (ask, order) in WAYS.items():
                chance = np.random.default_rng(20_000 + number)
                heard = ask(backlog, chance)
                shares[name][number] = _delivered(heard, order(heard, chance)) / best
        ours = shares[OURS]
        found += [_result(world, name, values, ours) for name, values in shares.items()]
    return found


def _result(world: World, name: str, values: np.ndarray[Any, Any], ours: np.ndarray[Any, Any]) -> Result:
    note = ""
    if name != OURS:
        ahead = _interval(ours - values)
        note = f"ours ahead by {ahead[1]:.1f} points ({ahead[0]:.1f} to {ahead[2]:.1f})"
    low, middle, high = _interval(values)
    return Result(
        f"{world.name}: {name}", middle, unit="%", count=BACKLOGS, note=note, aim=f"{low:.1f}-{high:.1f}"
    )


def _interval(values: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Mean in percent with its 95 % interval, by bootstrap over backlogs."""
    draws = np.random.default_rng(7).choice(values, (4_000, len(values))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return 100 * float(low), 100 * float(values.mean()), 100 * float(high)


# The truth


def _backlog(world: World, chance: Chance) -> list[Asked]:
    return [_request(world, chance) for _ in range(REQUESTS)]


def _request(world: World, chance: Chance) -> Asked:
    scales = {
        criterion.key: float(np.clip(_logit_draw(criterion.prior, chance, 5) + world.scale_shift, 0, 5))
        for criterion in RUBRIC.criteria
    }
    steps = {key: round(value) for key, value in scales.items()}
    cause = str(chance.choice([name for name, _ in RUBRIC.cause_prior], p=_causes(world)))
    kind = RUBRIC.work_types[chance.choice(len(RUBRIC.work_types), p=[k.share for k in RUBRIC.work_types])]
    finished = _log_draw(kind.finished_hours, chance)
    people = _log_draw(Range(*(max(1.0, x) for x in _band("reach", steps["reach"]))), chance)
    ratio = _log_draw(kind.ratio, chance) * world.hours_factor
    hours = finished * ratio * _logit_draw(RUBRIC.new_share, chance, 1)
    hours += _log_draw(RUBRIC.coordination_hours, chance)
    hours += kind.live * finished * min(40.0, np.ceil(people / RUBRIC.people_per_session))
    points = sum(20 * one.weight * scales[one.key] for one in RUBRIC.criteria) / sum(
        one.weight for one in RUBRIC.criteria
    )
    value = points * (cause in TRAINABLE) * _logit_draw(RUBRIC.transfer, chance, 1)
    answers = Need(
        goal=steps["goal"],
        gap=_told(_middle("gap", steps["gap"]), chance, world, "B"),
        people=_told(people, chance, world, "C"),
        value_per_year=_told(_middle("value", steps["value"]), chance, world, "D"),
        waiting=_judged(scales["waiting"], chance),
        risk=_judged(scales["risk"], chance),
        causes={question: _cause_answer(question, cause, chance) for question, _ in RUBRIC.cause_table.yes},
        work_type=kind.key,
        finished_hours=_told(finished, chance, replace(world, exaggeration=1.0), "C"),
    )
    return Asked(float(value), float(max(hours, 0.5)), answers, _some(answers, chance))


def _causes(world: World) -> list[float]:
    chances = [
        chance * (world.fit_factor if cause in TRAINABLE else 1.0) for cause, chance in RUBRIC.cause_prior
    ]
    return [chance / sum(chances) for chance in chances]


def _log_draw(value: Range, chance: Chance) -> float:
    from portfolio.rules.ranges import positive

    return float(positive(value, np.array([chance.standard_normal()], np.float32))[0])


def _logit_draw(value: Range, chance: Chance, upper: float) -> float:
    from portfolio.rules.ranges import bounded

    return float(bounded(value, np.array([chance.standard_normal()], np.float32), upper)[0])


def _band(criterion: str, step: int) -> tuple[float, float, float]:
    """The numbers a step stands for: from its lower edge to the next, with the geometric middle."""
    edges: Sequence[float] = RUBRIC.criterion(criterion).bands or ()
    low = edges[step - 1] if step else edges[0] / 4
    high = edges[step] * 0.95 if step < len(edges) else edges[-1] * 2
    return low, float(np.sqrt(low * high)), high


def _middle(criterion: str, step: int) -> float:
    return _band(criterion, step)[1]


def _told(truth: float, chance: Chance, world: World, grade: str) -> Range:
    """What a requester would say: off by as much as the grade allows, and exaggerated where the world is so."""
    from portfolio.rules.ranges import LOG_SD_BY_GRADE

    said = truth * world.exaggeration * float(np.exp(LOG_SD_BY_GRADE[grade] * chance.standard_normal()))
    return Range.around(max(said, 1e-6), grade)


def _judged(scale: float, chance: Chance) -> int:
    return int(np.clip(round(scale + 0.7 * chance.standard_normal()), 0, 5))


def _cause_answer(question: str, cause: str, chance: Chance) -> str:
    yes = dict(dict(RUBRIC.cause_table.yes)[question])[cause]
    return "yes" if chance.random() < yes else "no"


def _some(answers: Need, chance: Chance) -> Need:
    """What was said of their own accord: each answer with the same chance, those about causes one by one."""
    names = ("goal", "gap", "people", "value_per_year", "waiting", "risk", "work_type", "finished_hours")
    said: dict[str, Any] = {
        name: getattr(answers, name) if chance.random() < ANSWERED else None for name in names
    }
    said["causes"] = {key: value for key, value in answers.causes.items() if chance.random() < ANSWERED}
    return Need(**said)


# What is done with an order


def _delivered(backlog: list[Asked], order: list[int]) -> float:
    """True value of what is finished while working down the order until the hours are used up."""
    left, value = HOURS, 0.0
    for place in order:
        one = backlog[place]
        if one.hours > left:
            break
        left -= one.hours
        value += one.value
    return value


def _by(keys: list[float]) -> list[int]:
    return sorted(range(len(keys)), key=lambda place: -keys[place])


def _known(backlog: list[Asked]) -> list[int]:
    return _by([one.value / one.hours for one in backlog])


# The ways


def _high_medium_low(backlog: list[Asked], chance: Chance) -> list[int]:
    """A label from how big it sounds; oldest first within a label; effort is not looked at."""
    sounds = [_points(one.said) + 8 * chance.standard_normal() for one in backlog]
    low, high = np.quantile(sounds, (1 / 3, 2 / 3))
    return sorted(range(len(backlog)), key=lambda place: (sounds[place] < high, sounds[place] < low, place))


def _rice(backlog: list[Asked], _chance: Chance) -> list[int]:
    """Reach x impact (3, 2, 1, 0.5, 0.25) x confidence / effort, with the usual fill-ins where nobody said."""
    steps = (0.25, 0.25, 0.5, 1.0, 2.0, 3.0)
    keys = []
    for one in backlog:
        said = one.said
        reach = said.people.likely if said.people else RUBRIC.people.likely
        scale = [s for s in (said.goal, said.waiting, said.risk) if s is not None]
        impact = steps[round(sum(scale) / len(scale))] if scale else 1.0
        known = sum(x is not None for x in (said.goal, said.gap, said.people, said.value_per_year))
        keys.append(reach * impact * (0.5, 0.5, 0.8, 0.8, 1.0)[known] / _usual_hours(said))
    return _by(keys)


def _points_only(backlog: list[Asked], _chance: Chance) -> list[int]:
    """Impact points / hours from single numbers; the middle where nobody said; no doubt, no question whether training fits."""
    return _by([_points(one.said) / _usual_hours(one.said) for one in backlog])


def _ranges(backlog: list[Asked], _chance: Chance) -> list[int]:
    """Our leverage: expected impact over expected hours, every unknown as wide as it is."""
    return _by([_leverage(one.said, RUBRIC) for one in backlog])


def _leverage(need: Need, rubric: Rubric) -> float:
    return score(need, rubric).leverage.likely


def _points(need: Need) -> float:
    total, weights = 0.0, 0.0
    for criterion in RUBRIC.criteria:
        weights += criterion.weight
        total += criterion.weight * _step(criterion.key, need)
    return 20 * total / weights


def _step(criterion: str, need: Need) -> float:
    given: Mapping[str, Any] = {
        "goal": need.goal, "waiting": need.waiting, "risk": need.risk,
        "gap": need.gap, "reach": need.people, "value": need.value_per_year,
    }  # fmt: skip
    value = given[criterion]
    if value is None:
        return 2.5
    if isinstance(value, Range):
        return float(sum(value.likely >= edge for edge in RUBRIC.criterion(criterion).bands or ()))
    return float(value)


def _usual_hours(need: Need) -> float:
    """A single number for the work: usual finished hours times the usual ratio."""
    kind = RUBRIC.work_type(need.work_type) or RUBRIC.work_type("workshop")
    assert kind is not None
    finished = (need.finished_hours or kind.finished_hours).likely
    return (
        finished * kind.hours_per_finished_hour * RUBRIC.new_share.likely + RUBRIC.coordination_hours.likely
    )


def _nothing(backlog: list[Asked], _chance: Chance) -> list[Asked]:
    return backlog


def _ask_at_random(backlog: list[Asked], chance: Chance) -> list[Asked]:
    """As many questions as the best-question way, drawn blindly from all that are open."""
    open_ones = [
        (place, question)
        for place, one in enumerate(backlog)
        for question in open_questions(one.said, RUBRIC)
    ]
    heard = list(backlog)
    for pick in chance.permutation(len(open_ones))[:QUESTIONS]:
        place, question = open_ones[pick]
        heard[place] = _heard(heard[place], question)
    return heard


def _ask_best(backlog: list[Asked], _chance: Chance) -> list[Asked]:
    """The question worth most per minute of each request, in rounds, against the line where the hours run out."""
    heard = list(backlog)
    left = QUESTIONS
    while left > 0:
        line = _line(heard)
        worth = questions_worth(
            {place: one.said for place, one in enumerate(heard)}, RUBRIC, line, cost_per_minute=0.0
        )
        best: dict[object, str] = {}
        for one in worth:
            best.setdefault(one.request, one.question)
        round_of = list(best.items())[: min(left, QUESTIONS // 6)]
        if not round_of:
            break
        for place, question in round_of:
            heard[place] = _heard(heard[place], question)  # type: ignore[call-overload] # places are our keys
        left -= len(round_of)
    return heard


def _line(backlog: list[Asked]) -> float:
    """The leverage of the last request that fits, by likely hours."""
    scored = sorted((score(one.said, RUBRIC) for one in backlog), key=lambda one: -one.leverage.likely)
    used = 0.0
    for one in scored:
        used += one.manager_hours.likely
        if used > HOURS:
            return one.leverage.likely
    return 0.0


_FIELD = {
    "goal": "goal", "measure": "gap", "audience": "people", "value_per_year": "value_per_year",
    "waiting": "waiting", "risk": "risk", "format": "work_type", "finished_hours": "finished_hours",
}  # fmt: skip


def _heard(one: Asked, question: str) -> Asked:
    if question in _FIELD:
        name = _FIELD[question]
        said = replace(one.said, **{name: getattr(one.answers, name)})
    else:
        said = replace(one.said, causes={**one.said.causes, question: one.answers.causes[question]})
    return replace(one, said=said)


OURS = "ranges + best questions"
WAYS: dict[str, tuple[Callable[[list[Asked], Chance], list[Asked]], Order]] = {
    "High / Medium / Low": (_nothing, _high_medium_low),
    "RICE": (_nothing, _rice),
    "leverage, points only": (_nothing, _points_only),
    "leverage with ranges": (_nothing, _ranges),
    "points + random questions": (_ask_at_random, _points_only),
    "ranges + random questions": (_ask_at_random, _ranges),
    OURS: (_ask_best, _ranges),
}
