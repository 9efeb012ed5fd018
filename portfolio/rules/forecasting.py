"""When is it done, and how many by then? Dates with 50, 85 and 95 % from what was finished so far; wide where that is little."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import ceil, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri, stdtr, stdtrit

from portfolio.rules.ranges import Range, positive

FORMULA_VERSION = "forecast-1"

RUNS = 10_000
LEVELS = (50, 85, 95)
FEW = 8
"""Under so many finished items, or weeks looked back on, the bootstrap has too little to draw from."""
WEEKS_BACK = 26
"""What was finished longer ago says little about today's pace."""
HORIZON_DAYS = 5 * 365
"""No date is told beyond five years."""
WORKING_DAYS = 5

SHAPE = 0.5
"""Jeffreys' prior for a rate, Gamma(1/2, 0): it brings no pace of its own, so all there is comes from one's own history."""
UNEVENNESS, UNEVENNESS_WEEKS = 1.4, 6
"""How much more than by pure chance weekly counts vary (variance / mean), and how many weeks of own counts weigh as much.
Our own convention, chosen by `bin/bench forecast`."""
LEAST_WEEKS = 0.6
"""A history counts as at least three working days long, so that a card pushed through in its first hour promises nothing wild."""
LEAST_PRESENCE = 0.5
"""A week with less of its working days than this is not drawn again; it still counts for the pace."""

LOG_SD, LOG_SD_CARDS = 0.65, 6
"""How much cycle times spread (standard deviation of their logarithm) before there are own ones, and how many cards that weighs.
Our own convention, as above."""
SHAPE_CARDS = 14
"""With so many finished cards, half of an answer comes from their times as they were, half from the curve through them."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Method(StrEnum):
    """How a forecast was made."""

    NONE = "none"
    GAMMA_POISSON = "gamma_poisson"
    BOOTSTRAP = "bootstrap"
    PLAIN = "plain_bootstrap"
    AGE = "age"
    HOURS = "hours"


@dataclass(frozen=True)
class Throughput:
    """Items finished in each week up to now, oldest first. `presence` is the share (0..1) of each week's working days that was
    worked on at all: less where somebody was away or the records begin in the middle of it; all of them where empty."""

    counts: tuple[int, ...]
    presence: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.presence and len(self.presence) != len(self.counts):
            raise ValueError("Each week has a count and a presence.")

    @property
    def finished(self) -> int:
        return sum(self.counts)

    @property
    def weeks(self) -> float:
        """Weeks worked: at least three working days."""
        return max(LEAST_WEEKS, sum(self.presence) if self.presence else float(len(self.counts)))

    @property
    def usable(self) -> tuple[tuple[int, float], ...]:
        """Count and presence of the weeks that may be drawn again."""
        presence = self.presence or (1.0,) * len(self.counts)
        pairs = zip(self.counts, presence, strict=True)
        return tuple((count, there) for count, there in pairs if there >= LEAST_PRESENCE)

    @property
    def words(self) -> str:
        """ "6 finished cards in 9 weeks"."""
        cards = "1 finished card" if self.finished == 1 else f"{self.finished} finished cards"
        weeks = max(1, round(self.weeks))
        return f"{cards} in {'1 week' if weeks == 1 else f'{weeks} weeks'}"


@dataclass(frozen=True)
class Calendar:
    """The coming days from `starts_on`: Monday to Friday without `away`. `factors` says how much of an ordinary week each coming
    week holds (0..1), beyond the last 1."""

    starts_on: date
    away: frozenset[date] = frozenset()
    factors: tuple[float, ...] = ()

    def worked(self) -> Floats:
        """How much of an ordinary working day each coming day holds, to the horizon."""
        first = np.datetime64(self.starts_on)
        away = np.array(sorted(self.away), "datetime64[D]")
        found = np.is_busday(first + np.arange(HORIZON_DAYS), holidays=away).astype(float)
        for week, factor in enumerate(self.factors[: HORIZON_DAYS // 7]):
            found[7 * week : 7 * week + 7] *= factor
        return found

    def running(self) -> Floats:
        """1 for each coming day that counts for a card's age, 0 where somebody is away: weekends count, as they did before."""
        away = [(day - self.starts_on).days for day in self.away]
        found = np.ones(HORIZON_DAYS)
        found[[day for day in away if 0 <= day < HORIZON_DAYS]] = 0
        return found

    def day(self, place: int) -> date | None:
        """The coming day at `place` (0 is today); none at the horizon or beyond."""
        return self.starts_on + timedelta(days=place) if place < HORIZON_DAYS else None

    def working_day_from(self, place: int) -> int:
        """The first working day at or after a place."""
        while place < HORIZON_DAYS and not self._is_worked(self.starts_on + timedelta(days=place)):
            place += 1
        return place

    def weeks_until(self, until: date) -> float:
        """Working weeks from today to `until`, both included."""
        return float(self.worked()[: max(0, (until - self.starts_on).days + 1)].sum()) / WORKING_DAYS

    def _is_worked(self, day: date) -> bool:
        return day.weekday() < WORKING_DAYS and day not in self.away


@dataclass(frozen=True)
class Forecast:
    """The days by which something is done with 50, 85 and 95 %. A day that is None lies beyond five years, or can't be said at all
    (`method` none). `sample` is how many finished items it rests on, `reasons` say so in words."""

    likely_on: date | None
    promised_on: date | None
    surely_on: date | None
    items: Range
    sample: int
    method: Method
    seed: int
    reasons: tuple[str, ...] = ()

    @property
    def can_say(self) -> bool:
        return self.likely_on is not None and self.promised_on is not None

    @property
    def items_left(self) -> int:
        return round(self.items.likely)

    @property
    def words(self) -> str:
        return " ".join(self.reasons)


@dataclass(frozen=True)
class HowMany:
    """Items finished in a stretch: at least so many with 50, 85 and 95 %."""

    likely: int
    promised: int
    surely: int
    weeks: float
    sample: int
    method: Method
    reasons: tuple[str, ...] = field(default=())


def throughput(
    finished_on: Sequence[date], *, since: date, today: date, away: frozenset[date] = frozenset()
) -> Throughput:
    """Items finished in each of the last 26 weeks that end yesterday, counted from `since`, when work began.

    The oldest week may be a broken one; its presence says so, as does that of a week with days away.
    """
    weeks = min(WEEKS_BACK, ceil(max(0, (today - since).days) / 7))
    counts, presence = [0] * weeks, []
    for day in finished_on:
        back = (today - day).days
        if 0 < back <= 7 * weeks and day >= since:
            counts[weeks - 1 - (back - 1) // 7] += 1
    for week in range(weeks, 0, -1):
        days = [today - timedelta(days=7 * week - day) for day in range(7)]
        worked = sum(day.weekday() < WORKING_DAYS and day not in away and day >= since for day in days)
        presence.append(max(worked, 1 if counts[weeks - week] else 0) / WORKING_DAYS)
    return Throughput(tuple(counts), tuple(presence))


def forecast_finish(
    backlog: int | Range,
    history: Throughput,
    calendar: Calendar,
    *,
    seed: int,
    runs: int = RUNS,
    method: Method | None = None,
) -> Forecast:
    """When `backlog` items are done, at the pace of `history`, on the days of `calendar`.

    Each run draws how many items it is (a range is a lognormal, never less than its low end), how fast one really is, and then weeks until none is left; see
    `weeks_to_finish`. Dates are the 50th, 85th and 95th percentile of the runs. Days away never make it earlier, nor more items.
    Sources: numbers.md 7; Vacanti 2020, When Will It Be Done?; Magennis 2011, Forecasting and Simulating Software Development.
    """
    items = backlog if isinstance(backlog, Range) else Range(backlog, backlog, backlog)
    if items.high <= 0:
        today = calendar.starts_on
        return Forecast(
            today, today, today, items, history.finished, Method.NONE, seed, ("Nothing is left to do.",)
        )
    if not history.finished:
        return Forecast(None, None, None, items, 0, Method.NONE, seed, (nothing_yet(history),))
    used = method or method_for(history)
    sizes = _sizes(items, np.random.default_rng([seed, 1]).random(runs))
    weeks = weeks_to_finish(sizes, history, seed=seed, method=used)
    places = _places(weeks * WORKING_DAYS, calendar.worked())
    likely, promised, surely = (calendar.day(_level(places, percent)) for percent in LEVELS)
    return Forecast(likely, promised, surely, items, history.finished, used, seed, (_said(history, used),))


def method_for(history: Throughput) -> Method:
    """The bootstrap from eight finished items in eight weeks on, Gamma-Poisson before."""
    enough = history.finished >= FEW and len(history.usable) >= FEW and any(c for c, _ in history.usable)
    return Method.BOOTSTRAP if enough else Method.GAMMA_POISSON


def weeks_to_finish(sizes: Ints, history: Throughput, *, seed: int, method: Method) -> Floats:
    """Full working weeks each run needs for its number of items; infinity beyond the horizon.

    GAMMA_POISSON: the pace is drawn from Gamma(N / d + 1/2, weeks / d) items a week and the time for k items from
    Gamma(k / d, d / pace); d is the unevenness. Jeffreys 1946 for the prior; McCullagh & Nelder 1989, 9.2, for counts that vary d
    times as much as a Poisson's. BOOTSTRAP: the pace is drawn the same way, and the weeks from those that were, scaled to that
    pace: what a plain bootstrap leaves out is that the past was a sample, too. PLAIN: weeks drawn with replacement, as published.
    More items never take less with the same seed.
    """
    rng = np.random.default_rng([seed, 2])
    if method is Method.GAMMA_POISSON:
        d = unevenness(history)
        pace, luck = _paces(history, d, rng.random(len(sizes))), rng.random(len(sizes))
        return np.asarray(gammaincinv(sizes / d, luck) * d / pace, float)
    counts, scale = _weeks_to_draw(history, rng, len(sizes), method)
    return _drawn_weeks(sizes, counts, scale, seed)


def how_many(
    weeks: float, history: Throughput, *, seed: int, runs: int = RUNS, method: Method | None = None
) -> HowMany:
    """How many items are finished in so many working weeks. With 85 % it is at least the 15th percentile of the runs.

    Source: numbers.md 7; the same runs as in `forecast_finish`.
    """
    if not history.finished:
        return HowMany(0, 0, 0, weeks, 0, Method.NONE, (nothing_yet(history),))
    used = method or method_for(history)
    if used is Method.GAMMA_POISSON:
        found = [_most_within(weeks, history, percent, seed, runs) for percent in LEVELS]
    else:
        sums = np.sort(items_within(weeks, history, seed=seed, runs=runs, method=used))[::-1]
        found = [int(sums[ceil(round(percent * runs / 100, 9)) - 1]) for percent in LEVELS]
    likely, promised, surely = found
    return HowMany(likely, promised, surely, weeks, history.finished, used, (_said(history, used),))


def items_within(
    weeks: float, history: Throughput, *, seed: int, runs: int = RUNS, method: Method = Method.BOOTSTRAP
) -> Ints:
    """Items finished in so many weeks, run by run, by one of the bootstraps. A broken last week counts in part."""
    rng = np.random.default_rng([seed, 2])
    counts, scale = _weeks_to_draw(history, rng, runs, method)
    rng = np.random.default_rng([seed, 3])
    total = np.zeros(runs, np.int64)
    for week in range(ceil(weeks)):
        part = min(1.0, weeks - week)
        drawn = counts[rng.integers(0, len(counts), runs)] * scale * part
        total += np.floor(drawn + rng.random(runs)).astype(np.int64)
    return total


def forecast_card(
    age_days: float,
    cycle_days: Sequence[float],
    calendar: Calendar,
    *,
    seed: int,
    runs: int = RUNS,
) -> Forecast:
    """When a card under way is done, given how old it is: what is left of cycle times longer than its age.

    Times are drawn from the finished cards that took longer than this one is old, and from a curve through all of them (a
    lognormal whose middle and width are unknown: Student's t of log days), which alone knows what no card has done yet. With 14
    finished cards both weigh the same. Days of 24 hours, days away not counted. Sources: numbers.md 7; Gelman et al. 2013, Bayesian Data Analysis, 3.3;
    Ferguson 1973 for the mixture.
    """
    known = np.array([max(days, 0.02) for days in cycle_days], float)
    one = Range(1, 1, 1)
    if not len(known):
        words = "No card has been finished yet, so nobody can say how long one takes."
        return Forecast(None, None, None, one, 0, Method.NONE, seed, (words,))
    left = _times_left(max(age_days, 0.0), known, np.random.default_rng([seed, 4]).random(runs))
    places = _places(left, calendar.running())
    likely, promised, surely = (
        calendar.day(calendar.working_day_from(_level(places, percent))) for percent in LEVELS
    )
    longer = int((known > age_days).sum())
    cards = "the only finished card" if len(known) == 1 else f"{len(known)} finished cards"
    said = f"From how long {cards} took, {_none(longer)} of them longer than the {_days(age_days)} this one has taken."
    if len(known) == 1:
        said = f"From how long the only finished card took; this one has taken {_days(age_days)}."
    reasons = (said, *(("Little history, so wide.",) if len(known) < FEW else ()))
    return Forecast(likely, promised, surely, one, len(known), Method.AGE, seed, reasons)


def forecast_hours(
    ahead: Sequence[Range],
    own: Range,
    hours_per_week: float,
    calendar: Calendar,
    *,
    seed: int,
    sample: int = 0,
    misjudged: float = 0.35,
    runs: int = RUNS,
) -> Forecast:
    """When something that waits is done: the hours before it in the queue and its own, at so many hours a week.

    Hours are lognormals; all of a run share one error, as whoever estimates too low does so each time: lognormal with log
    standard deviation `misjudged` around none. 0.35 puts the 90th percentile at 1.6 times, which is about what overruns in
    surveys of software work come to (Molokken & Jorgensen 2003); own outcomes may replace it.
    """
    items = Range(len(ahead) + 1, len(ahead) + 1, len(ahead) + 1)
    if hours_per_week <= 0:
        words = "There are no hours a week to do it in, so nobody can say when."
        return Forecast(None, None, None, items, sample, Method.NONE, seed, (words,))
    rng = np.random.default_rng([seed, 5])
    total = np.zeros(runs)
    for hours in (own, *ahead):
        total += _lognormal(hours, rng.standard_normal(runs))
    total *= np.exp(misjudged * np.random.default_rng([seed, 6]).standard_normal(runs))
    places = _places(total / hours_per_week * WORKING_DAYS, calendar.worked())
    likely, promised, surely = (calendar.day(_level(places, percent)) for percent in LEVELS)
    before = (
        "Nothing waits before it"
        if not ahead
        else f"{len(ahead)} come before it"
        if len(ahead) > 1
        else "1 comes before it"
    )
    said = f"{before}; {hours_per_week:.3g} hours a week for projects."
    return Forecast(likely, promised, surely, items, sample, Method.HOURS, seed, (said,))


def unevenness(history: Throughput) -> float:
    """How much more weekly counts vary than by pure chance (variance / mean, at least 1), drawn towards 1.4 by six weeks."""
    pairs = history.usable
    rate = history.finished / history.weeks
    if not pairs or rate <= 0:
        return UNEVENNESS
    spread = sum((count - rate * there) ** 2 / (rate * there) for count, there in pairs)
    return max(1.0, (UNEVENNESS_WEEKS * UNEVENNESS + spread) / (UNEVENNESS_WEEKS + max(0, len(pairs) - 1)))


def nothing_yet(history: Throughput) -> str:
    """Why there is no answer before the first finished card."""
    weeks = max(1, round(history.weeks))
    if history.counts and weeks > 1:
        return f"Nothing was finished in {weeks} weeks, so nobody can say when. The first finished card gives a first, wide answer."
    return "Nothing has been finished yet, so nobody can say when. The first finished card gives a first, wide answer."


def _said(history: Throughput, method: Method) -> str:
    if method is Method.GAMMA_POISSON and history.finished < FEW:
        return f"From {history.words}; little history, so wide."
    if method is Method.GAMMA_POISSON:
        return f"From {history.words}; few weeks, so wide."
    return f"From {history.words}, drawn again {RUNS:,} times."


def _sizes(items: Range, luck: Floats) -> Ints:
    if items.low == items.high:
        return np.full(len(luck), ceil(items.likely), np.int64)
    return np.maximum(max(1, ceil(items.low)), np.rint(_lognormal(items, ndtri(luck)))).astype(np.int64)


def _lognormal(hours: Range, standard: Floats) -> Floats:
    if hours.high <= 0:
        return np.zeros(len(standard))
    low = max(hours.low, hours.high / 1000)
    whole = Range(low, max(hours.likely, low), hours.high)
    return np.asarray(positive(whole, standard.astype(np.float32)), float)


def _paces(history: Throughput, d: float, luck: Floats) -> Floats:
    """Items a week, run by run."""
    drawn = gammaincinv(history.finished / d + SHAPE, luck) * d / history.weeks
    return np.asarray(np.maximum(drawn, 1e-9), float)


def _weeks_to_draw(
    history: Throughput, rng: np.random.Generator, runs: int, method: Method
) -> tuple[Floats, Floats]:
    """Counts of full weeks to draw from, and what to multiply them by in each run."""
    counts = np.array([count / there for count, there in history.usable], float)
    if method is Method.PLAIN:
        return counts, np.ones(runs)
    pace = _paces(history, unevenness(history), rng.random(runs))
    return counts, pace / counts.mean()


def _drawn_weeks(sizes: Ints, counts: Floats, scale: Floats, seed: int, block: int = 26) -> Floats:
    """Weeks until the drawn counts reach each run's size. Parts of items are rounded by chance; within the last week items come
    evenly. Blocks of draws depend on nothing but the seed, so that more items only ever take longer."""
    found = np.full(len(sizes), np.inf)
    left = sizes.astype(float)
    open_runs = np.arange(len(sizes))
    for turn in range(HORIZON_DAYS // 7 // block + 1):
        rng = np.random.default_rng([seed, 7, turn])
        which = rng.integers(0, len(counts), (block, len(sizes)), dtype=np.int32)[:, open_runs]
        chance = rng.random((block, len(sizes)), np.float32)[:, open_runs]
        done = np.floor(counts[which] * scale[open_runs] + chance).cumsum(axis=0)
        over = done >= left[open_runs]
        ended = over[-1]
        week = over.argmax(axis=0)[ended]
        before = np.where(week > 0, done[np.maximum(week - 1, 0), np.flatnonzero(ended)], 0)
        came = done[week, np.flatnonzero(ended)] - before
        found[open_runs[ended]] = turn * block + week + (left[open_runs[ended]] - before) / (came + 1)
        left[open_runs] -= done[-1]
        open_runs = open_runs[~ended]
        if not len(open_runs):
            break
    return found


def _most_within(weeks: float, history: Throughput, percent: int, seed: int, runs: int) -> int:
    """The largest number of items that at least so many percent of the runs finish within the weeks."""

    def share(items: int) -> float:
        sizes = np.full(runs, items, np.int64)
        return float(
            (weeks_to_finish(sizes, history, seed=seed, method=Method.GAMMA_POISSON) <= weeks).mean()
        )

    low, high = 0, 1
    while high < 100_000 and 100 * share(high) >= percent:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if 100 * share(middle) >= percent else (low, middle)
    return low


def _times_left(age: float, known: Floats, luck: Floats) -> Floats:
    """Days left, run by run; `luck` is 0..1 and keeps its order, so that more of it means longer."""
    logs = np.log(known)
    count = len(known)
    squares = LOG_SD_CARDS * LOG_SD**2 + float(((logs - logs.mean()) ** 2).sum())
    freedom = LOG_SD_CARDS + count - 1
    scale = sqrt(squares / freedom * (1 + 1 / count))
    behind = float(stdtr(freedom, (log(age) - logs.mean()) / scale)) if age > 0 else 0.0
    by_curve = SHAPE_CARDS / (SHAPE_CARDS + count)
    longer = np.sort(known[known > age])
    curve_mass = by_curve * (1 - behind)
    seen_mass = (1 - by_curve) * len(longer) / count
    from_curve = luck[: round(len(luck) * curve_mass / (curve_mass + seen_mass))]
    from_seen = luck[len(from_curve) :]
    reach = np.minimum(behind + (1 - behind) * from_curve, 1 - 1e-12)
    curve = np.exp(np.minimum(logs.mean() + scale * stdtrit(freedom, reach), log(1e6)))
    seen = (
        longer[np.minimum((from_seen * len(longer)).astype(int), len(longer) - 1)]
        if len(longer)
        else from_seen
    )
    return np.maximum(np.concatenate([curve, seen]) - age, 0.0)


def _places(needed: Floats, days: Floats) -> Ints:
    """The coming day (0 is today) by whose end so much was worked, for each run; past the end where it never is."""
    return np.searchsorted(days.cumsum() + 1e-9, needed, side="left").astype(np.int64)


def _level(places: Ints, percent: int) -> int:
    """The smallest place that at least so many percent of the runs don't exceed."""
    return int(np.partition(places, k := ceil(percent * len(places) / 100) - 1)[k])


def _days(age: float) -> str:
    whole = round(age)
    return "1 day" if whole == 1 else "few hours" if whole == 0 else f"{whole} days"


def _none(count: int) -> str:
    return str(count) if count else "none"
