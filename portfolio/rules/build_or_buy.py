"""What would it be worth, before a project starts: build it or buy it, side by side, with ranges from seeded draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from portfolio.rules.money import CostKind
from portfolio.rules.ranges import Draws, Range, bounded, mean, positive, standard_block
from portfolio.rules.rubric import Rubric, WorkType

FORMULA_VERSION = "build-or-buy-1"
SEED = 20_261
DRAWS = 4_000

USUAL_CHOOSING_HOURS = Range(4, 10, 25)
"""Hours to choose, agree on and introduce something bought. Our own starting value."""
USUAL_FIT = Range(0.5, 0.8, 0.95)
"""How much of the effect something bought off the shelf reaches, against something made for these people. Our own value."""
ROWS = (
    "people", "each", "hours", "finished", "ratio", "new_share", "coordination", "expert", "materials",
    "choosing", "seat", "licence", "fit", "change", "chance",
)  # fmt: skip
"""Each uncertain input has draws of its own, so that two answers differ only where inputs differ."""


@dataclass(frozen=True)
class Audience:
    """Whom it is for: how many people, and the hours each of them spends on it."""

    people: Range
    hours_each: Range | None = None


@dataclass(frozen=True)
class Hourly:
    """What an hour costs with everything, in money; overhead in percent on top of all costs."""

    manager: float = 0.0
    expert: float = 0.0
    participant: float = 0.0
    overhead: float = 0.0


@dataclass(frozen=True)
class Build:
    """What making it takes. Without `hours` they come from the kind of solution: finished hours x development ratio x new share,
    plus coordination, and delivery where people are taught live."""

    kind: WorkType
    rubric: Rubric
    hours: Range | None = None
    finished_hours: Range | None = None
    expert_hours: Range | None = None
    materials: Range | None = None


@dataclass(frozen=True)
class Buy:
    """What buying it takes: a price a person, a fixed price, hours to choose and introduce; `fit` (0..1) is the share of the
    effect it reaches."""

    seat: Range | None = None
    licence: Range | None = None
    hours: Range = USUAL_CHOOSING_HOURS
    fit: Range = USUAL_FIT


@dataclass(frozen=True)
class Effect:
    """What it should bring: a change of the measure, better as positive; money a year for one unit; the chance (0..1) that it
    moves the measure at all; and how many years count."""

    change: Range
    value_per_unit: float
    chance: float = 1.0
    years: float = 1.0


@dataclass(frozen=True)
class Option:
    """One way to do it. Costs and returns as 10th, 50th and 90th percentile; ROI in percent.

    `pays` is the chance that it brings more than it costs, `leaves` what it leaves on average (gain less cost, over all draws);
    `breaks_even_at` the change of the measure that pays the costs; `payback_months` from the averages.
    """

    name: str
    lines: tuple[tuple[CostKind, Range], ...]
    cost: Range
    gain: Range | None = None
    roi: Range | None = None
    pays: float | None = None
    leaves: float | None = None
    breaks_even_at: Range | None = None
    payback_months: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Both options; the chance that building leaves more, and from how many people on building is the cheaper one."""

    build: Option | None
    buy: Option | None
    build_better: float | None = None
    build_cheaper: float | None = None
    cheaper_from_people: float | None = None


def compare(
    audience: Audience,
    hourly: Hourly,
    *,
    build: Build | None = None,
    buy: Buy | None = None,
    effect: Effect | None = None,
    seed: int = SEED,
) -> Comparison:
    """Cost, gain and return of both ways over the same draws, so that they differ only in what differs.

    gain = change x value of one unit x years, nothing where it doesn't move the measure (1 - chance), times fit where bought;
    ROI % = (gain - cost) / cost x 100; break-even change = cost / (value of one unit x years x fit). Costs fully loaded as in
    rules/money.py.
    """
    rows = dict(zip(ROWS, standard_block(seed, len(ROWS), DRAWS), strict=True))
    people = np.maximum(positive(audience.people, rows["people"]), np.float32(1))
    reach = _gain(effect, rows)

    def making(people: Draws) -> _Drawn | None:
        if build is None:
            return None
        return _Drawn(
            _build_costs(audience, hourly, build, people, rows), hourly.overhead, np.float32(1), reach
        )

    def buying(people: Draws) -> _Drawn | None:
        if buy is None:
            return None
        fit = bounded(buy.fit, rows["fit"])
        return _Drawn(_buy_costs(audience, hourly, buy, people, rows), hourly.overhead, fit, reach)

    made, bought = making(people), buying(people)
    both = made is not None and bought is not None
    return Comparison(
        made.told("Build", effect) if made else None,
        bought.told("Buy", effect) if bought else None,
        float(np.mean(made.left > bought.left)) if made and bought and reach is not None else None,
        float(np.mean(made.cost < bought.cost)) if made and bought else None,
        _crossing(making, buying, audience.people.likely) if both else None,
    )


class _Drawn:
    """One option as draws."""

    def __init__(
        self, costs: Mapping[CostKind, Draws], overhead: float, fit: Draws | np.float32, reach: Draws | None
    ) -> None:
        self.costs = dict(costs)
        if overhead > 0:
            self.costs[CostKind.OVERHEAD] = sum(self.costs.values()) * np.float32(overhead / 100)  # type: ignore[assignment] # a sum of arrays
        self.cost: Draws = sum(self.costs.values(), np.zeros(DRAWS, np.float32))
        self.fit = fit
        self.gain: Draws | None = None if reach is None else reach * fit

    @property
    def left(self) -> Draws:
        return -self.cost if self.gain is None else self.gain - self.cost

    def told(self, name: str, effect: Effect | None) -> Option:
        lines = tuple(
            (kind, Range.of(draws)) for kind, draws in self.costs.items() if float(np.max(draws)) > 0
        )
        cost = Range.of(self.cost)
        if self.gain is None or effect is None or cost.low <= 0:
            return Option(name, lines, cost)
        unit = np.float32(effect.value_per_unit * effect.years) * self.fit
        gain = Range.of(self.gain)
        return Option(
            name,
            lines,
            cost,
            gain,
            Range.of((self.gain - self.cost) / self.cost * np.float32(100)),
            float(np.mean(self.gain > self.cost)),
            mean(self.left),
            Range.of(self.cost / unit),
            12 * effect.years * mean(self.cost) / average if (average := mean(self.gain)) > 0 else None,
        )


def _build_costs(
    audience: Audience, hourly: Hourly, build: Build, people: Draws, rows: Mapping[str, Draws]
) -> dict[CostKind, Draws]:
    rubric = build.rubric
    finished = positive(build.finished_hours or build.kind.finished_hours, rows["finished"])
    if build.hours is not None:
        making = positive(build.hours, rows["hours"])
    else:
        ratio = positive(build.kind.ratio, rows["ratio"])
        making = finished * ratio * bounded(rubric.new_share, rows["new_share"])
        making = making + positive(rubric.coordination_hours, rows["coordination"])
    sessions = np.ceil(people / np.float32(rubric.people_per_session)) * np.float32(build.kind.live)
    expert = positive(build.expert_hours or rubric.expert_hours, rows["expert"])
    each = finished if audience.hours_each is None else positive(audience.hours_each, rows["each"])
    return {
        CostKind.DEVELOPMENT: making * np.float32(hourly.manager),
        CostKind.DELIVERY: sessions * finished * np.float32(hourly.manager),
        CostKind.EXPERT: expert * np.float32(hourly.expert),
        CostKind.PARTICIPANTS: people * each * np.float32(hourly.participant),
        CostKind.PURCHASE: _money(build.materials, rows["materials"]),
    }


def _buy_costs(
    audience: Audience, hourly: Hourly, buy: Buy, people: Draws, rows: Mapping[str, Draws]
) -> dict[CostKind, Draws]:
    each = (
        np.zeros(DRAWS, np.float32)
        if audience.hours_each is None
        else positive(audience.hours_each, rows["each"])
    )
    return {
        CostKind.PURCHASE: people * _money(buy.seat, rows["seat"]) + _money(buy.licence, rows["licence"]),
        CostKind.DELIVERY: positive(buy.hours, rows["choosing"]) * np.float32(hourly.manager),
        CostKind.PARTICIPANTS: people * each * np.float32(hourly.participant),
    }


def _money(value: Range | None, standard: Draws) -> Draws:
    return np.zeros(DRAWS, np.float32) if value is None or value.high <= 0 else positive(value, standard)


def _gain(effect: Effect | None, rows: Mapping[str, Draws]) -> Draws | None:
    if effect is None or effect.value_per_unit <= 0 or effect.years <= 0:
        return None
    moved = (ndtr(rows["chance"].astype(np.float64)) < effect.chance).astype(np.float32)
    drawn: Draws = positive(effect.change, rows["change"]) * moved
    return drawn * np.float32(effect.value_per_unit * effect.years)


def _crossing(
    making: Callable[[Draws], "_Drawn | None"], buying: Callable[[Draws], "_Drawn | None"], people: float
) -> float | None:
    """From how many people on building is the cheaper one: where the likely costs meet, each as a line through `people` and
    twice as many; None where they don't meet, or building is cheaper for anybody."""
    ends = [np.full(DRAWS, count, np.float32) for count in (people, 2 * people)]
    lines = []
    for way in (making, buying):
        first, second = (float(np.median(found.cost)) if (found := way(end)) else 0.0 for end in ends)
        lines.append((2 * first - second, (second - first) / people))
    (fixed_made, grows_made), (fixed_bought, grows_bought) = lines
    if grows_bought <= grows_made:
        return None
    crossing = (fixed_made - fixed_bought) / (grows_bought - grows_made)
    return crossing if crossing > 1 else None
