"""Do the intervals hold what they promise? Made data with a known effect, each design many times over.

Two figures a design: how often the 95 % interval holds the true change, and how often data without any effect are called
confirmed (a worthwhile change of a tenth of a spread was asked for; chance may do so 2.5 times in a hundred). Of work begun because of a
bad value only the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.effect import Value
from portfolio.rules.proof import Outcome, Proof, prove
from tests.benchmarks.results import Result

RUNS = 1_000
DAY = date(2024, 1, 1)
Chance = np.random.Generator
Make = Callable[[Chance, float], list[Value]]


@dataclass(frozen=True)
class Case:
    """Readings made with a known effect: the true change in the measure's unit, of counts the ratio of rates. `is_chosen`: those
    trained were picked for a bad value, so that the bare range isn't asked to hold; `for_value` is what was said of that."""

    name: str
    make: Make
    effect: float
    family: str = "mean"
    by_chance: bool = False
    is_chosen: bool = False
    for_value: bool | None = None


@dataclass(frozen=True)
class Held:
    """What many rounds gave."""

    rounds: int
    covered: float
    false: float
    designs: tuple[str, ...]


def measure(case: Case, rounds: int, seed: int = 1) -> Held:
    """Coverage with the effect, and false confirmations without."""
    covered, with_interval, false = 0, 0, 0
    designs: set[str] = set()
    for number in range(rounds):
        found = _prove(case, case.make(np.random.default_rng([seed, number]), case.effect))
        designs.add(found.design)
        told = found.ratio if case.family == "count" else found.change
        if told is not None and told.low is not None and told.high is not None:
            with_interval += 1
            covered += told.low <= case.effect <= told.high
        nothing = _prove(case, case.make(np.random.default_rng([seed, number, 1]), 0.0))
        false += nothing.verdict.outcome is Outcome.CONFIRMED
    return Held(rounds, covered / max(1, with_interval), false / rounds, tuple(sorted(designs)))


def effects(rounds: int = RUNS) -> list[Result]:
    found = []
    for case in CASES:
        began = perf_counter()
        held = measure(case, rounds)
        each = (perf_counter() - began) / rounds / 2
        cost = f"{1000 * each:.0f} ms each; {', '.join(held.designs)}"
        if case.is_chosen:
            false = Result(
                case.name,
                100 * held.false,
                unit="% confirmed",
                count=rounds,
                aim="under 5",
                note=f"without effect; {cost}",
            )
            found.append(false)
            continue
        note = f"{100 * held.false:.1f} % of those without effect confirmed; {cost}"
        found.append(
            Result(case.name, 100 * held.covered, unit="% covered", count=rounds, aim="95", note=note)
        )
    return found


def _prove(case: Case, values: list[Value]) -> Proof:
    return prove(
        values,
        higher_is_better=case.effect >= 0,
        worthwhile_change=0.1,
        family=case.family,
        by_chance=case.by_chance,
        for_value=case.for_value,
    )


def two_groups(before: int, after: int, spread: float = 1.0) -> Make:
    """Other people before and after, on one day each."""

    def made(chance: Chance, effect: float) -> list[Value]:
        return [
            *(Value(one, DAY, after=False) for one in chance.normal(10, 1, before)),
            *(
                Value(one, DAY + timedelta(90), after=True)
                for one in chance.normal(10 + effect, spread, after)
            ),
        ]

    return made


def same_people(count: int, *, skewed: bool = False) -> Make:
    def made(chance: Chance, effect: float) -> list[Value]:
        level = chance.normal(10, 2, count)
        noise = chance.exponential(1, count) - 1 if skewed else chance.normal(0, 1, count)
        return _rows(level, DAY, after=False) + _rows(level + effect + noise, DAY + timedelta(90), after=True)

    return made


def people_compared(ours: int, theirs: int) -> Make:
    """The same people in two groups; everybody rises by one meanwhile."""

    def made(chance: Chance, effect: float) -> list[Value]:
        found: list[Value] = []
        for comparison, count in ((False, ours), (True, theirs)):
            level = chance.normal(10, 2, count)
            later = level + 1 + chance.normal(0, 1, count) + (0 if comparison else effect)
            found += _rows(level, DAY, after=False, comparison=comparison)
            found += _rows(later, DAY + timedelta(90), after=True, comparison=comparison)
        return found

    return made


def panel(ours: int, theirs: int, years: int = 5, missing: float = 0.2) -> Make:
    """Firms over years, some years missing, each firm's errors resembling their neighbours (0.6)."""

    def made(chance: Chance, effect: float) -> list[Value]:
        found: list[Value] = []
        common = chance.normal(0, 1, years)
        for firm in range(ours + theirs):
            error = _neighbourly(chance, years, 0.6)
            level = chance.normal(10, 3)
            for year in range(years):
                after = year >= years // 2
                value = level + common[year] + error[year] + (effect if after and firm < ours else 0)
                if chance.random() >= missing:
                    found.append(
                        Value(value, date(2010 + year, 12, 31), after, firm >= ours, subject=f"firm {firm}")
                    )
        return found

    return made


def series(before: int, after: int, resembles: float, slope: float = 0.05) -> Make:
    """Weekly readings on a rising line."""

    def made(chance: Chance, effect: float) -> list[Value]:
        count = before + after
        error = _neighbourly(chance, count, resembles)
        return [
            Value(
                10 + slope * week + error[week] + (effect if week >= before else 0),
                DAY + timedelta(7 * week),
                week >= before,
            )
            for week in range(count)
        ]

    return made


def two_series(before: int, after: int, together: float) -> Make:
    """Weekly readings of two groups that share a wandering course (`together` of their spread)."""

    def made(chance: Chance, effect: float) -> list[Value]:
        count = before + after
        shared = together * _neighbourly(chance, count, 0.8) * 2
        found = []
        for comparison in (False, True):
            own = (1 - together) * _neighbourly(chance, count, 0.3)
            found += [
                Value(
                    10 + shared[week] + own[week] + (effect if week >= before and not comparison else 0),
                    DAY + timedelta(7 * week), week >= before, comparison,
                )
                for week in range(count)
            ]  # fmt: skip
        return found

    return made


def months(before: int, after: int, *, rate: float = 0.002, over: float = 1.5, sloping: float = 0.0) -> Make:
    """Monthly counts among a growing population, with a season, a trend and more spread than pure chance. `effect` is the ratio
    after, on average over that time; 0 for none."""

    def made(chance: Chance, effect: float) -> list[Value]:
        found = []
        for month in range(before + after):
            people = 380_000 + 300 * month
            season = 0.08 * np.cos(2 * np.pi * (month - 1) / 12)
            step = (
                np.log(effect) + sloping * (month - before - (after - 1) / 2)
                if effect and month >= before
                else 0.0
            )
            mean = people * rate * np.exp(0.004 * month + season + step)
            held = chance.negative_binomial(mean / (over - 1), 1 / over) if over > 1 else chance.poisson(mean)
            on = date(2002 + month // 12, 1 + month % 12, 1)
            found.append(Value(float(held), on, month >= before, exposure=float(people)))
        return found

    return made


def proportions(before: int, after: int) -> Make:
    """Yes or no of other people before and after, 30 % before; the effect in percentage points."""

    def made(chance: Chance, effect: float) -> list[Value]:
        first = 100.0 * (chance.random(before) < 0.3)
        second = 100.0 * (chance.random(after) < 0.3 + effect / 100)
        return [Value(one, DAY, after=False) for one in first] + [
            Value(one, DAY + timedelta(90), after=True) for one in second
        ]

    return made


def observed(ours: int, theirs: int, apart: float) -> Make:
    """Two groups read only afterwards, `apart` standard deviations in a trait that drives the value: the raw difference misleads."""

    def made(chance: Chance, effect: float) -> list[Value]:
        found = []
        for comparison, count in ((False, ours), (True, theirs)):
            trait = chance.normal(0 if comparison else -apart, 1, count)
            value = 10 + 3 * trait + chance.normal(0, 2, count) + (0 if comparison else effect)
            found += [
                Value(one, DAY, after=True, comparison=comparison, traits={"earned before": held})
                for one, held in zip(value, trait, strict=True)
            ]
        return found

    return made


def job_training(chance: Chance, effect: float) -> list[Value]:
    """Like job-training programmes: those trained earned far less before, so that the raw difference has the wrong sign."""
    return observed(150, 1_500, 1.5)(chance, effect)


def chosen_people(count: int, share: float, alike: float) -> Make:
    """The same people before and after, two readings of one person `alike` (correlation): only the worst `share` by the first."""

    def made(chance: Chance, effect: float) -> list[Value]:
        worst: list[list[float]] = []
        while len(worst) < count:
            person = chance.normal(0, alike**0.5)
            before, after = person + chance.normal(0, (1 - alike) ** 0.5, 2)
            if before <= NormalDist().inv_cdf(share):
                worst.append([10 + before, 10 + after + effect])
        before, after = np.array(worst).T
        return _rows(before, DAY, after=False) + _rows(after, DAY + timedelta(90), after=True)

    return made


def begun_when_bad(before: int, after: int, worst: float = 0.1) -> Make:
    """One series; the work begins right after a week among its worst tenth."""

    def made(chance: Chance, effect: float) -> list[Value]:
        value = chance.normal(0, 1, before + after)
        while value[before - 1] > NormalDist().inv_cdf(worst):
            value[before - 1] = chance.normal()
        return [
            Value(10 + one + (effect if week >= before else 0), DAY + timedelta(7 * week), week >= before)
            for week, one in enumerate(value)
        ]

    return made


def in_turns(
    ours: int, others: int, *, grows: bool = True, effect: float = 1.0, months: int = 8
) -> Callable[[Chance], tuple[list[Value], float]]:
    """People who begin in the fourth or the sixth month, or never. Where the effect `grows`, it is also twice as large for the early ones.
    With the true mean effect on those trained, each person once, over the months in which somebody was waiting."""

    def made(chance: Chance) -> tuple[list[Value], float]:
        found, truths = [], []
        common = np.cumsum(chance.normal(0, 0.5, months))
        for person in range(ours + others):
            start = (3, 5)[person % 2] if person < ours else months
            error, level = _neighbourly(chance, months, 0.5), chance.normal(10, 2)
            true = [
                0.0
                if month < start
                else effect * ((2.0, 1.0)[person % 2] * (1 + 0.5 * (month - start)) if grows else 1.0)
                for month in range(months)
            ]
            read = [month for month in range(months) if chance.random() > 0.1]
            found += [
                Value(
                    float(level + common[month] + error[month] + true[month]), DAY + timedelta(30 * month), month >= start,
                    person >= ours, subject=f"{'own' if person < ours else 'other'} {person}",
                )
                for month in read
            ]  # fmt: skip
            counted = [true[month] for month in read if start <= month < (months if others else 5)]
            truths += [sum(counted) / len(counted)] if counted and min(read) < start else []
        return found, sum(truths) / len(truths)

    return made


def _steady_in_turns(ours: int, others: int) -> Make:
    """The same with one effect for everybody, however long it lasts."""

    def made(chance: Chance, effect: float) -> list[Value]:
        growing, _ = in_turns(ours, others, grows=False, effect=effect)(chance)
        return growing

    return made


def _rows(level: NDArray[np.float64], on: date, *, after: bool, comparison: bool = False) -> list[Value]:
    group = "other" if comparison else "own"
    return [
        Value(float(one), on, after, comparison, subject=f"{group} {number}")
        for number, one in enumerate(level)
    ]


def _neighbourly(chance: Chance, count: int, resembles: float) -> NDArray[np.float64]:
    """Errors of spread one, each resembling the one before."""
    found = np.empty(count)
    found[0] = chance.normal()
    for place in range(1, count):
        found[place] = resembles * found[place - 1] + (1 - resembles**2) ** 0.5 * chance.normal()
    return found


CASES = (
    Case("two groups, 8 and 8", two_groups(8, 8), 1.0),
    Case("two groups, 5 and 40, spreads 1 and 3", two_groups(5, 40, 3.0), 1.0),
    Case("the same 4 people", same_people(4), 1.0),
    Case("the same 25 people, skewed", same_people(25, skewed=True), 1.0),
    Case("yes or no, 40 and 40", proportions(40, 40), 25.0, "share"),
    Case("people in two groups, 12 and 12", people_compared(12, 12), 1.0),
    Case("firms over years, 8 and 30", panel(8, 30), 1.0),
    Case("firms over years, 40 and 80", panel(40, 80), 1.0),
    Case("series 8 + 8, independent", series(8, 8, 0.0), 2.0),
    Case("series 12 + 12, neighbours alike by 0.4", series(12, 12, 0.4), 2.0),
    Case("series 30 + 30, neighbours alike by 0.6", series(30, 30, 0.6), 2.0),
    Case("two series 12 + 12, hardly together", two_series(12, 12, 0.3), 1.0),
    Case("two series 40 + 20, close together", two_series(40, 20, 0.8), 1.0),
    Case("drawn by lot, 40 and 60", observed(40, 60, 0.0), 1.0, by_chance=True),
    Case("afterwards only, alike", observed(200, 200, 0.0), 1.0),
    Case("monthly counts 36 + 23", months(36, 23), 0.885, "count"),
    Case("monthly counts 12 + 12", months(12, 12), 0.885, "count"),
    Case("beginning in turns, 12 and 12", _steady_in_turns(12, 12), 1.0),
    Case("beginning in turns, nobody else, 40", _steady_in_turns(40, 0), 1.0),
    Case("begun after a bad week, 5 + 5", begun_when_bad(5, 5), 1.0, is_chosen=True),
    Case("begun after a bad week, 12 + 12", begun_when_bad(12, 12), 1.0, is_chosen=True),
    Case("the worst fifth of people, 60", chosen_people(60, 0.2, 0.5), 1.0, is_chosen=True),
    Case(
        "the worst fifth, 25, and it was said",
        chosen_people(25, 0.2, 0.5),
        1.0,
        is_chosen=True,
        for_value=True,
    ),
    Case("afterwards only, job training", job_training, 1.0),
)
