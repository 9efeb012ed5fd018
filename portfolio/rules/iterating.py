"""Time boxes: when the next one runs, whether its cards fit, how much the last ones finished, where this one is heading."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import isfinite, log, sqrt

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.candidates import hours, plain
from portfolio.rules.flow import Definition, percentile
from portfolio.rules.ranges import LOG_SD_BY_GRADE, Range

FORMULA_VERSION = "iterating-1"
WORKING_DAYS = 5
"""Monday to Friday."""
GRACE_DAYS = 2
"""A stretch that began no longer ago is still proposed."""
DRAWS = 2_000
"""Tells a chance to within about 2 %."""
WEIGHT_OF_PRIOR = 5
"""The prior counts like this many finished cards, as in every calibration of ours."""
USUAL_HOURS = 3.0
"""Of a card nobody estimated, where no other card is estimated either; our own convention."""
LOOK_BACK = 8
"""Iterations a velocity rests on, at most."""
LOW, HIGH = 15, 85
"""Percentiles a velocity and a pace are told by."""
PRIOR_DAYS = 10.0
"""What earlier iterations weigh in a pace: at most as much as these many working days of this one."""

Period = tuple[date, date]
"""The first and the last day of a stretch."""


@dataclass(frozen=True)
class Spread:
    """How far hours turn out from estimates: log ratios with mean `bias`, known to `bias_sd`, scattering with `sd`.

    `count` finished cards with both numbers taught it.
    """

    bias: float
    bias_sd: float
    sd: float
    count: int

    @property
    def sentence(self) -> str:
        width = 1.2815515655446004 * sqrt(self.sd**2 + self.bias_sd**2)
        low, high = np.exp(self.bias - width), np.exp(self.bias + width)
        said = f"most cards take {plain(low)} to {plain(high)} times their estimate"
        if not self.count:
            return f"No finished card has both an estimate and its hours yet, so a cautious guess is used: {said}."
        cards = "1 finished card" if self.count == 1 else f"{self.count} finished cards"
        return f"From {cards} with an estimate and hours, mixed with a cautious guess: {said}."


@dataclass(frozen=True)
class Item:
    """A card that could be taken in. `hours` is its estimate; None where nobody gave one. `is_known`: it is done, so there is no doubt left."""

    key: int
    hours: float | None
    counts: bool = True
    is_known: bool = False


@dataclass(frozen=True)
class Step:
    """A card in the order of taking: the hours up to and with it, as 10th, 50th and 90th percentile."""

    key: int
    hours: float
    is_guess: bool
    after: Range


@dataclass(frozen=True)
class Fit:
    """Whether chosen cards fit. `hours` sums the estimates, `range` is what they may take, `chance` that it is within `room`."""

    count: int
    hours: float
    guesses: int
    range: Range
    room: float
    chance: float

    @property
    def over(self) -> float:
        """Hours of estimates above the capacity."""
        return max(0.0, self.hours - self.room)

    @property
    def sentence(self) -> str:
        if not self.count:
            return f"Nothing is taken in yet; there is room for {hours(self.room)}."
        cards = "1 card" if self.count == 1 else f"{self.count} cards"
        low, high = plain(self.range.low, 0), plain(self.range.high, 0)
        said = f"{cards}, {hours(self.hours)} by estimates, likely {low}–{high} h, for {hours(self.room)}"
        return f"{said}: {hours(self.over)} too many." if self.over else f"{said}."


@dataclass(frozen=True)
class Span:
    """The 15th, 50th and 85th percentile of what was seen."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Velocity:
    """What the last iterations finished: cards, and hours by their estimates. Something to plan by, never a target."""

    count: int
    cards: Span | None
    hours: Span | None

    @property
    def sentence(self) -> str:
        if self.cards is None or self.hours is None:
            return "No iteration has been closed yet, so there is nothing to compare with."
        if self.count == 1:
            return (
                f"The one iteration closed so far finished {_counted(self.cards.middle, 'card')}, "
                f"{hours(self.hours.middle, 0)} by estimates. One is no range yet."
            )
        cards = _from_to(self.cards.low, self.cards.high)
        return (
            f"The last {self.count} iterations finished {cards} cards and {_from_to(self.hours.low, self.hours.high)} h "
            f"by estimates, leaving out the extremes (15 to 85 %)."
        )


@dataclass(frozen=True)
class Pace:
    """Cards that will be done at the end: in 15 % of cases at most `low`, in 85 % at most `high`."""

    low: int
    high: int
    scope: int

    @property
    def words(self) -> str:
        if self.low >= self.scope:
            return f"on pace for all {self.scope}"
        if self.low == self.high:
            return f"on pace for {self.low}"
        return f"on pace for {self.low} to {self.high}"


def next_period(today: date, weeks: int, anchor: date | None, taken: Collection[Period]) -> Period:
    """The next free stretch of `weeks` weeks that begins on the start day, not more than two days ago.

    Without `anchor` a stretch begins on Mondays, and follows the last one. It ends on its last working day.
    """
    free_from = max((last for _, last in taken), default=date.min)
    first = max(today - timedelta(days=GRACE_DAYS), free_from + timedelta(days=1))
    if anchor is None:
        starts = first + timedelta(days=-first.weekday() % 7)
    else:
        length = 7 * weeks
        starts = anchor + timedelta(days=length * -(-(first - anchor).days // length))
    return starts, last_day(starts, weeks)


def last_day(starts_on: date, weeks: int) -> date:
    """The last working day of a stretch."""
    last = starts_on + timedelta(days=7 * weeks - 1)
    return last - timedelta(days=max(0, last.weekday() - (WORKING_DAYS - 1)))


def clash(period: Period, taken: Collection[Period]) -> Period | None:
    """A stretch that shares a day with this one, if any."""
    return next((one for one in taken if one[0] <= period[1] and period[0] <= one[1]), None)


def working_days(first: date, last: date, away: Collection[date] = ()) -> int:
    """Mondays to Fridays between two days, both included, less those away."""
    every = (first + timedelta(days=day) for day in range((last - first).days + 1))
    return sum(day.weekday() < WORKING_DAYS and day not in away for day in every)


def spread_of(ratios: Sequence[float]) -> Spread:
    """How far hours turn out from estimates, from the ratios of finished cards (hours / estimate).

    m = (k m0 + sum log r) / (k + n) and variance likewise, k = 5, m0 = 0, prior log-sd 0.5 (an educated guess): numbers.md 6.
    """
    logs = [log(one) for one in ratios if isfinite(one) and one > 0]
    weight = WEIGHT_OF_PRIOR + len(logs)
    bias = sum(logs) / weight
    square = WEIGHT_OF_PRIOR * LOG_SD_BY_GRADE["D"] ** 2 + sum((one - bias) ** 2 for one in logs)
    sd = sqrt(square / weight)
    return Spread(bias, sd / sqrt(weight), sd, len(logs))


def stack(
    items: Sequence[Item], room: float, spread: Spread, *, usual: float | None, seed: int
) -> tuple[tuple[Step, ...], Fit]:
    """The hours that cards taken in this order come to, and whether those that count (`Item.counts`) fit into `room` hours.

    hours_i = estimate_i x exp(bias + bias_sd z_0 + sd z_i), 2,000 draws; a card without an estimate is drawn around `usual`
    as wide as a hunch. Each card has draws of its own, so one more leaves the others' as they are. What doesn't count
    adds nothing before the last card that does; after it, all do, as if the list were taken on from there.
    """
    common = np.exp(spread.bias + spread.bias_sd * _standard(seed, 0))
    last = max((place for place, item in enumerate(items) if item.counts), default=-1)
    so_far = np.zeros(DRAWS)
    chosen = np.zeros(DRAWS)
    steps = []
    for place, item in enumerate(items):
        guess = item.hours is None
        median = (usual or USUAL_HOURS) if item.hours is None else item.hours
        sd = sqrt(spread.sd**2 + LOG_SD_BY_GRADE["E"] ** 2) if guess else spread.sd
        doubt = 1.0 if item.is_known else common * np.exp(sd * _standard(seed, item.key))
        drawn = median * doubt
        if item.counts:
            chosen = chosen + drawn
        if item.counts or place > last:
            so_far = so_far + drawn
        steps.append(Step(item.key, median, guess, _range(so_far)))
    counting = [step for step, item in zip(steps, items, strict=True) if item.counts]
    fit = Fit(
        count=len(counting),
        hours=sum(step.hours for step in counting),
        guesses=sum(step.is_guess for step in counting),
        range=_range(chosen),
        room=room,
        chance=float(np.mean(chosen <= room)),
    )
    return tuple(steps), fit


def velocity(finished: Sequence[tuple[int, float]]) -> Velocity:
    """The range of cards and hours finished, over at most the last eight iterations (newest first).

    Percentiles are interpolated between what was seen (Hyndman & Fan type 7).
    """
    last = finished[:LOOK_BACK]
    return Velocity(
        len(last), _span([float(cards) for cards, _ in last]), _span([worked for _, worked in last])
    )


def pace(
    done: int, scope: int, days_gone: float, days_left: float, earlier: Sequence[tuple[int, int]]
) -> Pace | None:
    """How many cards will be done at the end. None before anything is known.

    Cards a working day are Gamma distributed: `earlier` iterations (cards, days) are its prior, worth ten days at most,
    without them Jeffreys' 0.5; what is still to come is then negative binomial. Never more than the `scope`.
    """
    from scipy.stats import nbinom  # takes most of a second to import, and web pages seldom need it

    days = sum(one for _, one in earlier)
    worth = min(PRIOR_DAYS, float(days))
    shape = 0.5 + done + (sum(one for one, _ in earlier) / days * worth if days else 0.0)
    rate = worth + max(0.0, days_gone)
    if days_left <= 0:
        return Pace(min(done, scope), min(done, scope), scope)
    if rate <= 0:
        return None
    more = (int(nbinom.ppf(one / 100, shape, rate / (rate + days_left))) for one in (LOW, HIGH))
    low, high = (min(scope, done + one) for one in more)
    return Pace(low, high, scope)


@lru_cache(maxsize=1024)
def _standard(seed: int, key: int) -> NDArray[np.float64]:
    drawn = np.random.default_rng([seed, key]).standard_normal(DRAWS)
    drawn.setflags(write=False)
    return drawn


def _range(draws: NDArray[np.float64]) -> Range:
    return Range(*(float(one) for one in np.percentile(draws, (10, 50, 90))))


def _span(values: Sequence[float]) -> Span | None:
    found = [percentile(values, percent, Definition.INTERPOLATED) for percent in (LOW, 50, HIGH)]
    low, middle, high = found
    return None if low is None or middle is None or high is None else Span(low, middle, high)


def _counted(amount: float, noun: str) -> str:
    return f"{plain(amount, 0)} {noun}{'' if round(amount) == 1 else 's'}"


def _from_to(low: float, high: float) -> str:
    first, last = plain(low, 0), plain(high, 0)
    return first if first == last else f"{first} to {last}"
