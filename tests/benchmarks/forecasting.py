"""Do forecasts hold? Histories of several kinds are played on, and each date told is held against what happened then."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from portfolio.rules.forecasting import (
    LEVELS,
    Calendar,
    Forecast,
    forecast_card,
    forecast_finish,
    throughput,
)
from tests.benchmarks.results import Result

SHARED = Path(__file__).parents[3] / "shared/data/flow/large_cycle_time_results.json"
CASES = 300
RUNS = 2_000
AFTER = (1, 3, 5, 8, 15, 30)
AIM = "85 % dates hold in 80-90 %"
BEGUN = date(2024, 1, 1)
WEEKS = 500
MOST_ITEMS = 20
AWAY = 0.08

Random = np.random.Generator


@dataclass
class Kept:
    """How many dates held, by 50, 85 and 95 %, and how much later the 85 % date is than the 50 % one."""

    held: list[int]
    cases: int
    widths: list[float]

    @classmethod
    def none(cls) -> "Kept":
        return cls([0, 0, 0], 0, [])

    def add(self, found: Forecast, done_on: date) -> None:
        told = (found.likely_on, found.promised_on, found.surely_on)
        self.held = [
            kept + (day is None or done_on <= day) for kept, day in zip(self.held, told, strict=True)
        ]
        self.cases += 1

    def add_all(self, other: "Kept") -> None:
        self.held = [mine + theirs for mine, theirs in zip(self.held, other.held, strict=True)]
        self.cases += other.cases

    def result(self, case: str) -> Result:
        shares = [100 * held / self.cases for held in self.held]
        said = ", ".join(f"{level} %: {share:.0f}" for level, share in zip(LEVELS, shares, strict=True))
        return Result(case, shares[1], unit="%", count=self.cases, aim=AIM, note=said)


def forecast() -> list[Result]:
    """The share of dates that held, by kind of history and by how much was finished when they were told."""
    return [*_backlogs(), *_cards(), *_published()]


def steady(rng: Random, pace: float) -> np.ndarray:
    return np.full(WEEKS, pace)


def bursty(rng: Random, pace: float) -> np.ndarray:
    return np.asarray(pace * rng.gamma(0.6, 1 / 0.6, WEEKS))


def trending(rng: Random, pace: float) -> np.ndarray:
    """Twice or half as fast after 20 to 52 weeks; for a year and a half."""
    way = rng.choice([-1, 1])
    return np.asarray(
        pace * np.maximum(0.2, 2.0 ** (way * np.clip(np.arange(WEEKS), 0, 78) / rng.uniform(20, 52)))
    )


def with_empty_weeks(rng: Random, pace: float) -> np.ndarray:
    return np.asarray(pace * (rng.random(WEEKS) < rng.uniform(0.4, 0.8)))


def in_spells(rng: Random, pace: float) -> np.ndarray:
    """Busy and quiet spells of about a month each."""
    turns = np.cumsum(rng.random(WEEKS) < 0.25)
    return np.asarray(pace * np.where((turns + rng.integers(2)) % 2, 1.6, 0.4))


REGIMES: dict[str, Callable[[Random, float], np.ndarray]] = {
    "steady": steady,
    "bursty": bursty,
    "trending": trending,
    "empty weeks": with_empty_weeks,
    "in spells": in_spells,
}


def _backlogs() -> list[Result]:
    found: dict[tuple[str, int], Kept] = {}
    for regime, rates in REGIMES.items():
        for after in AFTER:
            found[regime, after] = kept = Kept.none()
            rng = np.random.default_rng([after, len(regime)])
            while kept.cases < CASES:
                _one_backlog(kept, rates, after, rng)
    results = [kept.result(f"forecast: {regime}, after {after}") for (regime, after), kept in found.items()]
    for after in AFTER:
        together = Kept.none()
        for regime in REGIMES:
            together.add_all(found[regime, after])
        results.append(together.result(f"forecast: all kinds, after {after}"))
    return results


def _one_backlog(kept: Kept, rates: Callable[[Random, float], np.ndarray], after: int, rng: Random) -> None:
    """One history, looked at on a day when exactly `after` items are done; some weeks somebody is away."""
    days, away = _days_done(rates(rng, float(np.exp(rng.normal(0.1, 0.7)))), rng)
    if len(days) < after + MOST_ITEMS + 2:
        return
    gap = (days[after] - days[after - 1]).days
    if not gap:
        return
    today = days[after - 1] + timedelta(days=1 + int(rng.integers(gap)))
    items = int(rng.integers(1, MOST_ITEMS + 1))
    history = throughput(days[:after], since=BEGUN, today=today, away=away)
    told = forecast_finish(items, history, Calendar(today, away), seed=int(rng.integers(2**31)), runs=RUNS)
    kept.add(told, days[after + items - 1])


def _days_done(rates: np.ndarray, rng: Random) -> tuple[list[date], frozenset[date]]:
    there = rng.random(WEEKS) >= AWAY
    counts = rng.poisson(np.repeat(rates * there / 5, 5))
    days = [BEGUN + timedelta(days=7 * (place // 5) + place % 5) for place in range(5 * WEEKS)]
    away = (days[5 * week + day] for week in np.flatnonzero(~there) for day in range(5))
    return [day for day, count in zip(days, counts, strict=True) for _ in range(count)], frozenset(away)


TIMES: dict[str, Callable[[Random, int], np.ndarray]] = {
    "narrow": lambda rng, count: rng.lognormal(1.5, 0.5, count),
    "wide": lambda rng, count: rng.lognormal(1.5, 1.1, count),
    "memoryless": lambda rng, count: rng.exponential(6, count),
    "two kinds": lambda rng, count: np.where(rng.random(count) < 0.6, 1.5, 14) * rng.lognormal(0, 0.4, count),
}


def _cards() -> list[Result]:
    found = []
    for after in AFTER:
        together = Kept.none()
        for kind, times in TIMES.items():
            kept, rng = Kept.none(), np.random.default_rng([after, len(kind)])
            while kept.cases < CASES:
                _one_card(kept, times, after, rng)
            found.append(kept.result(f"forecast: card, {kind}, after {after}"))
            together.add_all(kept)
        found.append(together.result(f"forecast: card, all kinds, after {after}"))
    return found


def _one_card(kept: Kept, times: Callable[[Random, int], np.ndarray], after: int, rng: Random) -> None:
    """A card met on the board on a day: the longer one takes the likelier it is met."""
    scale = float(np.exp(rng.normal(0, 0.5)))
    seen, others = times(rng, after) * scale, times(rng, 200) * scale
    takes = float(rng.choice(others, p=others / others.sum()))
    age = takes * rng.random()
    told = forecast_card(age, seen.tolist(), Calendar(BEGUN), seed=int(rng.integers(2**31)), runs=RUNS)
    done_on = BEGUN + timedelta(days=int(takes - age))
    kept.add(told, done_on)


def _published() -> list[Result]:
    """The shared history, where it lies beside the repository: every day after the first finished item, every open backlog."""
    if not SHARED.exists():
        return []
    rows = json.loads(SHARED.read_text())
    days = sorted(datetime.fromisoformat(row["Done"]).date() for row in rows if row["Done"])
    since = min(datetime.fromisoformat(row["Committed"]).date() for row in rows if row["Committed"])
    kept = Kept.none()
    for today in sorted({day + timedelta(days=1) for day in days}):
        done = [day for day in days if day < today]
        history = throughput(done, since=since, today=today)
        for items in range(1, len(days) - len(done) + 1):
            told = forecast_finish(items, history, Calendar(today), seed=5, runs=RUNS)
            kept.add(told, days[len(done) + items - 1])
    return [kept.result("forecast: published history, 18 items in 9 days")] if kept.cases else []
