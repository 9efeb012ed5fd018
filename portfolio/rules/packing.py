"""The best set that fits: a 0-1 program solved exactly, and the plain filling it is measured against. Arrays only.

`planning` gives these arrays their meaning; row 0 of the hours is the manager's, each other row an expert's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import floor, fsum, inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

ROUNDING = 1e-12
"""Hours may exceed the room by this share of it and no more: 0.1 h + 0.2 h are meant to fit into 0.3 h."""

CORE = 120
"""How many undecided items the first look at the heart of the problem takes; for speed only, the result is the same."""

SCALE = 1e4
"""HiGHS allows 1e-6 to go wrong in a row or in the objective. With both scaled to this size that is a 1e-10th."""

WHOLE = 1e7
"""Whole numbers go to HiGHS as they are, which lets it round its bounds; up to this sum its tolerance can't blur them."""

ROUNDS = 50
"""How often a set that fits only by HiGHS's tolerance is ruled out before we stop and say so."""


@dataclass(frozen=True)
class Packing:
    """What may be packed: values (n), hours (resources x n), room (resources).

    `rivals` are sets of places of which at most one goes in; `needs[i]` are the places that must be in before i may be;
    `must` are in whatever it costs (what they need too).
    """

    values: Floats
    hours: Floats
    room: Floats
    rivals: tuple[tuple[int, ...], ...]
    needs: tuple[tuple[int, ...], ...]
    must: Flags

    @property
    def count(self) -> int:
        return len(self.values)

    @cached_property
    def closures(self) -> tuple[tuple[int, ...], ...]:
        """Each place with all that it needs, the must-dos left out as they are in anyway; itself first."""
        found: dict[int, tuple[int, ...]] = {}
        for start in range(self.count):
            seen, waiting = {start}, [start]
            while waiting:
                new = [need for need in self.needs[waiting.pop()] if need not in seen]
                seen.update(new)
                waiting.extend(new)
            found[start] = (start, *sorted(j for j in seen if j != start and not self.must[j]))
        return tuple(found[i] for i in range(self.count))

    @cached_property
    def rivals_of(self) -> tuple[tuple[int, ...], ...]:
        """For each place, the numbers of the sets of rivals it stands in."""
        found: list[list[int]] = [[] for _ in range(self.count)]
        for number, group in enumerate(self.rivals):
            for place in group:
                found[place].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def blocked(self) -> Flags:
        """What can't go in with the must-dos, whatever else is left out."""
        used = used_hours(self, self.must)
        room = self.room * (1 + ROUNDING)
        if used[0] > room[0]:
            return ~self.must
        taken = [any(self.must[place] for place in group) for group in self.rivals]
        together = self.hours.copy()
        clashing = np.zeros(self.count, np.bool_)
        for i, closure in enumerate(self.closures):
            groups = [number for place in closure for number in self.rivals_of[place]]
            clashing[i] = len(groups) != len(set(groups)) or any(taken[number] for number in groups)
            if len(closure) > 1:
                together[:, i] = self.hours[:, list(closure)].sum(axis=1)
        too_long = ((together > 0) & (used[:, None] + together > room[:, None])).any(axis=0)
        return (clashing | too_long) & ~self.must


@dataclass(frozen=True)
class Packed:
    """What went in, the most any set could be worth, and whether that is proven to be the same."""

    chosen: Flags
    value: float
    bound: float
    proven: bool


def used_hours(packing: Packing, chosen: Flags) -> Floats:
    """Hours per resource, summed so that their order doesn't matter."""
    return np.array([fsum(row[chosen]) for row in packing.hours])


def worth(packing: Packing, chosen: Flags) -> float:
    return fsum(packing.values[chosen])


def allowed(packing: Packing, chosen: Flags) -> bool:
    """Whether a set keeps every rule; the hours of the must-dos alone may be too many."""
    return (
        not _exceeded(packing, chosen).any()
        and not (packing.must & ~chosen).any()
        and not (chosen & packing.blocked).any()
        and all(chosen[list(group)].sum() <= 1 for group in packing.rivals)
        and all(chosen[need] for i in np.flatnonzero(chosen) for need in packing.needs[i])
    )


def _exceeded(packing: Packing, chosen: Flags) -> Flags:
    """The resources of which a set takes more than there is, or more than the must-dos take anyway."""
    most = np.maximum(packing.room, used_hours(packing, packing.must))
    exceeded: Flags = used_hours(packing, chosen) > most * (1 + ROUNDING)
    return exceeded


# --- filling -----------------------------------------------------------------------------------------------------------


def turns(packing: Packing, values: Floats, hours: Floats) -> Floats:
    """The leverage at which each place has its turn, per draw (draws x n): value / manager hours.

    What needs others has its turn at its own leverage or at that of the whole bundle, whichever is smaller.
    """
    keys = leverage_of(values, hours)
    for i, closure in enumerate(packing.closures):
        if len(closure) > 1:
            places = list(closure)
            bundle = leverage_of(values[:, places].sum(axis=1), hours[:, places].sum(axis=1))
            keys[:, i] = np.minimum(keys[:, i], bundle)
    return keys


def leverage_of(values: Floats, hours: Floats) -> Floats:
    """Value for an hour; for no hours infinite where there is value, else 0 or less."""
    some = hours > 0
    with np.errstate(over="ignore"):
        if some.all():
            return values / hours
        free = np.where(values > 0, inf, np.minimum(values, 0.0))
        return np.divide(values, hours, out=free, where=some)


def fill(packing: Packing, keys: Floats, hours: Floats) -> Flags:
    """Which places go in when they are taken in the order of their keys (draws x n), as long as they fit.

    Largest key first, ties in the order of the places; what doesn't fit is passed over and the next one tried; a key of 0
    or less is never taken. Every rule is kept: must-dos are in first, a place brings along what it needs or stays out, of
    rivals the first one wins, experts' hours count (they are the same in each draw; `hours` are the manager's, per draw).
    """
    return _Filling(packing, keys, hours).run()


class _Filling:
    """All draws at once, one place of the order at a time. One more column of each array is a dummy that never matters."""

    def __init__(self, packing: Packing, keys: Floats, hours: Floats) -> None:
        draws, count = keys.shape
        self.order = np.ascontiguousarray(np.argsort(-keys, axis=1, kind="stable").T)
        self.hours = hours
        self.rows = np.arange(draws)
        self.inside = np.zeros((draws, count + 1), np.bool_)
        self.inside[:, :count] = packing.must
        self.inside[:, count] = True
        self.tried = keys > 0
        self.used = hours[:, packing.must].sum(axis=1, dtype=np.float64)
        self.limit = packing.room[0] * (1 + ROUNDING)

        experts = len(packing.room) - 1
        asked: list[list[int]] = [[] for _ in range(count)]
        for place, one in np.argwhere(packing.hours[1:].T > 0).tolist():
            asked[place].append(one)
        self.expert_of = _padded([*asked, []], experts)
        self.expert_hours = np.zeros(self.expert_of.shape)
        for i, mine in enumerate(asked):
            self.expert_hours[: len(mine), i] = [packing.hours[e + 1, i] for e in mine]
        self.limits = np.append(packing.room[1:] * (1 + ROUNDING), inf)
        self.spent = np.zeros((draws, experts + 1))
        self.spent[:, :experts] = packing.hours[1:, packing.must].sum(axis=1)

        self.group_of = _padded([*packing.rivals_of, ()], len(packing.rivals))
        self.taken = np.zeros((draws, len(packing.rivals) + 1), np.bool_)
        for settled in np.flatnonzero(packing.must):
            self.taken[:, list(packing.rivals_of[settled])] = True

        bundled = [closure if len(closure) > 1 else () for closure in packing.closures]
        self.bundle = _padded([*bundled, ()], count)
        self.is_bundle = np.array([bool(closure) for closure in bundled])

    def run(self) -> Flags:
        hours = np.ascontiguousarray(np.take_along_axis(self.hours, self.order.T, axis=1).T)
        tried = np.ascontiguousarray(np.take_along_axis(self.tried, self.order.T, axis=1).T)
        smallest = np.minimum.accumulate(hours.min(axis=1)[::-1])[::-1] if len(hours) else np.zeros(0)
        for k, places in enumerate(self.order):
            if k % 16 == 0 and (self.limit - self.used).max() < smallest[k]:
                break
            wanted = tried[k] & ~self.inside[self.rows, places]
            if self.is_bundle.any():
                bundles = wanted & self.is_bundle[places]
                wanted &= ~bundles
                if bundles.any():
                    self._take_bundles(self.rows[bundles], places[bundles])
            self._take(wanted, places, hours[k])
        return self.inside[:, :-1]

    def _take(self, wanted: Flags, places: Ints, hours: Floats) -> None:
        wanted &= self.used + hours <= self.limit
        for expert_of, needed in zip(self.expert_of, self.expert_hours, strict=True):
            expert = expert_of[places]
            wanted &= self.spent[self.rows, expert] + needed[places] <= self.limits[expert]
        for group_of in self.group_of:
            wanted &= ~self.taken[self.rows, group_of[places]]
        rows = np.flatnonzero(wanted)
        if not len(rows):
            return
        places = places[rows]
        self.inside[rows, places] = True
        self.used[rows] += hours[rows]
        for expert_of, needed in zip(self.expert_of, self.expert_hours, strict=True):
            self.spent[rows, expert_of[places]] += needed[places]
        for group_of in self.group_of:
            self.taken[rows, group_of[places]] = True
        self.taken[:, -1] = False

    def _take_bundles(self, rows: Ints, places: Ints) -> None:
        members = self.bundle[:, places].T
        missing = ~self.inside[rows[:, None], members]
        hours = (self.hours[rows[:, None], np.minimum(members, self.hours.shape[1] - 1)] * missing).sum(
            axis=1
        )
        asked = np.zeros((len(rows), self.spent.shape[1]))
        claimed = np.zeros((len(rows), self.taken.shape[1]), np.intp)
        line = np.broadcast_to(np.arange(len(rows))[:, None], members.shape)
        for expert_of, needed in zip(self.expert_of, self.expert_hours, strict=True):
            np.add.at(asked, (line, expert_of[members]), needed[members] * missing)
        for group_of in self.group_of:
            np.add.at(claimed, (line, group_of[members]), missing)
        claimed[:, -1] = 0
        fitting = self.used[rows] + hours <= self.limit
        fitting &= ((asked == 0) | (self.spent[rows] + asked <= self.limits)).all(axis=1)
        fitting &= ((claimed == 0) | ((claimed == 1) & ~self.taken[rows])).all(axis=1)
        rows = rows[fitting]
        self.inside[rows[:, None], members[fitting]] = True
        self.used[rows] += hours[fitting]
        self.spent[rows] += asked[fitting]
        self.taken[rows] |= claimed[fitting] > 0


def _padded(lists: Sequence[Sequence[int]], filler: int) -> Ints:
    """Lists of different length as the columns of one table."""
    table = np.full((max(map(len, lists)), len(lists)), filler, np.intp)
    for column, one in enumerate(lists):
        table[: len(one), column] = one
    return table


# --- the exact program -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Limits:
    seconds: float
    nodes: int


@dataclass(frozen=True)
class _Program:
    """max values x over 0-1 x with rows x <= sides, for the places still open; rows and values scaled for HiGHS."""

    places: Ints
    values: Floats
    value_unit: float
    rows: sparse.csr_array
    sides: Floats
    resources: Ints
    units: Floats


def pack(
    packing: Packing,
    *,
    start: Iterable[Flags] = (),
    quick: bool = False,
    seconds: float = 10.0,
    nodes: int = 200_000,
) -> Packed:
    """The most valuable set that keeps every rule.

    Exact unless `quick`: the linear relaxation gives an hour's price per resource and a bound; items whose reduced value
    exceeds the gap between bound and best known set are settled, the rest is solved by HiGHS (branch and bound) to a gap
    of 0. `quick` stops after the relaxation, its rounding and the filling. Of sets worth the same, one from `start` is
    kept, else HiGHS's, which is always the same one. Where all values are multiples of a step, so is the bound. `nodes` bounds the search so that the same input gives the same
    result; `seconds` is the backstop after it. Where either stops the search, `proven` is False and `bound` honest.
    Source: reduced-cost fixing and cores as in Pisinger 1999, European Journal of Operational Research 114(3).
    """
    left = packing.room - used_hours(packing, packing.must)
    program = _program(packing, np.flatnonzero(~packing.must & ~packing.blocked), left)
    best = _best(packing, [*start, packing.must.copy()])
    if not len(program.places):
        return _packed(packing, best, worth(packing, best))
    # Without a relaxation any prices give a valid bound, if a wide one: zero, so that everything is worth its value.
    relaxed, dual = _relaxation(program) or (np.zeros(len(program.places)), np.zeros(len(program.sides)))
    prices = _prices(program, dual, len(packing.room))
    reduced = program.values - program.rows.T @ dual
    unit = program.value_unit
    base = worth(packing, packing.must)
    bound = base + unit * float(dual @ program.sides + np.maximum(reduced, 0).sum())
    step = _step(packing.values)
    bound = _floored(bound, step)
    best = _best(packing, [best, *_guesses(packing, program, relaxed, prices)])
    if quick:
        return _packed(packing, best, bound)

    limits = _Limits(seconds, nodes)
    size = np.abs(reduced) * unit
    open_ = size <= _gap(packing, bound, best, step)
    if open_.sum() > CORE:
        core = np.zeros(len(size), np.bool_)
        core[np.argsort(size, kind="stable")[:CORE]] = True
        heart = _search(packing, program, relaxed > 1 - 1e-9, core, limits)
        best = _best(packing, [best, *heart.sets])
        open_ = size <= _gap(packing, bound, best, step)
        if heart.finished and not (open_ & ~core).any():
            return _packed(packing, best, worth(packing, best))
    whole = _search(packing, program, reduced > 0, open_, limits)
    best = _best(packing, [best, *whole.sets])
    reached = worth(packing, best)
    inner = _floored(whole.bound, step)
    return _packed(packing, best, reached if whole.finished else min(bound, max(inner, reached)))


def _gap(packing: Packing, bound: float, best: Flags, step: float) -> float:
    """How much a better set than the best known could be worth less than the bound, and a little more for rounding."""
    return bound - worth(packing, best) - step + 1e-9 * max(1.0, abs(bound))


def _step(amounts: Floats) -> float:
    """The unit of which all amounts are whole numbers, of 1, 0.1, 0.01 and 0.001; 0 where none is."""
    for step in (1.0, 10.0, 100.0, 1000.0):
        scaled = amounts * step
        whole = np.rint(scaled)
        if (
            np.abs(whole).sum() < WHOLE
            and (np.abs(scaled - whole) <= 1e-12 * np.maximum(1, np.abs(whole))).all()
        ):
            return 1 / step
    return 0.0


def _floored(amount: float, step: float) -> float:
    """The largest sum of whole steps that doesn't exceed an amount."""
    if not step or not isfinite(amount):
        return amount
    return floor(amount / step * (1 + 1e-12) + 1e-9) * step


def _packed(packing: Packing, chosen: Flags, bound: float) -> Packed:
    chosen = _tidy(packing, chosen)
    value = worth(packing, chosen)
    bound = max(bound, value)
    return Packed(chosen, value, bound, proven=bound - value <= 1e-9 * max(1.0, abs(bound)))


def _best(packing: Packing, sets: list[Flags]) -> Flags:
    """The most valuable of the sets that keep the rules; an earlier one stays where a later isn't clearly better."""
    best: Flags | None = None
    most = -inf
    for chosen in sets:
        if allowed(packing, chosen) and (
            best is None or worth(packing, chosen) > most + 1e-9 * max(1.0, abs(most))
        ):
            best, most = chosen, worth(packing, chosen)
    return packing.must.copy() if best is None else best


def hour_prices(packing: Packing) -> Floats:
    """What one more hour of each resource is worth: the duals of the linear relaxation, never negative.

    The relaxation holds also what is too long as a whole, so that a price never rises with the hours. Where the must-dos
    leave the manager less than half of what the shortest item takes, the price is that at such a half. Should the
    relaxation fail, the manager's price is the best leverage of what the filling leaves out.
    """
    endless = np.append(np.inf, packing.room[1:])
    unhurried = Packing(packing.values, packing.hours, endless, packing.rivals, packing.needs, packing.must)
    places = np.flatnonzero(~packing.must & ~unhurried.blocked)
    needed = packing.hours[0, places]
    least = max(needed[needed > 0].min() / 2, needed.max() * 1e-6) if needed.any() else 0.0
    left = packing.room - used_hours(packing, packing.must)
    left[0] = max(left[0], least)
    program = _program(packing, places, left)
    if not len(places):
        return np.zeros(len(packing.room))
    found = _relaxation(program)
    if found is None:
        keys = turns(packing, packing.values[None, :], packing.hours[:1])
        out = keys[0, places][~fill(packing, keys, packing.hours[:1])[0, places]]
        return np.append(max(0.0, out.max(initial=0.0)), np.zeros(len(packing.room) - 1))
    prices = _prices(program, found[1], len(packing.room))
    prices[prices <= 1e-9 * leverage_of(packing.values, packing.hours[0]).clip(0, 1e18).max()] = 0.0
    return prices


def _program(packing: Packing, places: Ints, left: Floats) -> _Program:
    column = {int(place): number for number, place in enumerate(places)}
    hours = packing.hours[:, places]
    resources = np.flatnonzero((hours > 0).any(axis=1))
    # The must-dos' sum carries a rounding error of the room's size, so that much is given on top.
    sides = np.maximum(left, 0)[resources] + packing.room[resources] * ROUNDING
    steps = np.array([_step(hours[resource]) for resource in resources])
    units = np.where(steps > 0, 1 / np.where(steps > 0, steps, 1.0), SCALE / sides)
    limits = np.where(steps > 0, np.floor(sides * units + 1e-9), SCALE)
    blocks = [sparse.csr_array(hours[resources] * units[:, None])]
    ones: list[float] = []
    pairs = [
        (i, j)
        for place, i in column.items()
        for need in packing.needs[place]
        if (j := column.get(need)) is not None
    ]
    groups = [mine for group in packing.rivals if len(mine := [column[p] for p in group if p in column]) > 1]
    for group in groups:
        blocks.append(_row(len(places), group, [1.0] * len(group)))
        ones.append(1.0)
    for i, j in pairs:
        blocks.append(_row(len(places), [i, j], [1.0, -1.0]))
        ones.append(0.0)
    largest = float(np.abs(packing.values[places]).max(initial=0.0))
    value_unit = _step(packing.values[places]) or largest / SCALE or 1.0
    return _Program(
        places=places,
        values=packing.values[places] / value_unit,
        value_unit=value_unit,
        rows=sparse.csr_array(sparse.vstack(blocks)),
        sides=np.array([*limits, *ones]),
        resources=resources,
        units=units,
    )


def _row(width: int, columns: list[int], numbers: list[float]) -> sparse.csr_array:
    return sparse.csr_array((numbers, ([0] * len(columns), columns)), shape=(1, width))


def _relaxation(program: _Program) -> tuple[Floats, Floats] | None:
    """The linear relaxation's solution and the price of each row (never negative); None should HiGHS fail."""
    from scipy.optimize import linprog  # here, as most starts of the web need no plan

    rows: Any = program.rows  # the stubs know no sparse rows, the documentation does
    found = linprog(-program.values, A_ub=rows, b_ub=program.sides, bounds=(0, 1), method="highs")
    if found.x is None:
        return None
    return np.asarray(found.x), np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)


def _prices(program: _Program, dual: Floats, resources: int) -> Floats:
    """What an hour of each resource is worth, back in points an hour."""
    prices = np.zeros(resources)
    prices[program.resources] = dual[: len(program.resources)] * program.units * program.value_unit
    return prices


def _guesses(packing: Packing, program: _Program, relaxed: Floats, prices: Floats) -> list[Flags]:
    """Good sets at little cost: by leverage, by value for the price of all its hours, by the relaxation's own choice."""
    values, hours = packing.values[None, :], packing.hours[:1]
    by_leverage = turns(packing, values, hours)
    by_price = turns(packing, values, (prices @ packing.hours)[None, :])
    chosen = np.zeros((1, packing.count))
    chosen[0, program.places] = relaxed
    by_relaxation = np.where(by_price > 0, np.where(chosen > 1 - 1e-9, 1e30, np.minimum(by_price, 1e20)), 0.0)
    keys = np.concatenate([by_leverage, by_price, by_relaxation])
    keys[:, packing.blocked] = 0.0
    return list(fill(packing, keys, np.broadcast_to(hours, keys.shape)))


def _tidy(packing: Packing, chosen: Flags) -> Flags:
    """Out with what adds nothing, in with what still fits."""
    chosen = chosen.copy()
    while idle := [i for i in _idle(packing, chosen) if not packing.must[i]]:
        chosen[idle] = False
    left = packing.room - used_hours(packing, chosen) + packing.room * ROUNDING
    small = ((packing.hours == 0) | (packing.hours <= left[:, None])).all(axis=0)
    for i in np.flatnonzero(~chosen & (packing.values > 0) & small):
        chosen[i] = True
        chosen[i] = allowed(packing, chosen)
    return chosen


def _idle(packing: Packing, chosen: Flags) -> list[int]:
    """What is in, adds nothing, and isn't needed by anything that is in."""
    needed = {need for i in np.flatnonzero(chosen) for need in packing.needs[i]}
    return [int(i) for i in np.flatnonzero(chosen & (packing.values <= 0)) if i not in needed]


@dataclass(frozen=True)
class _Found:
    """The set a search found, if any; the most that any could be worth; whether the search came to its end."""

    sets: list[Flags]
    bound: float
    finished: bool


def _search(packing: Packing, program: _Program, settled_in: Flags, open_: Flags, limits: _Limits) -> _Found:
    """HiGHS on the open items, the others settled. A set that fits only by its tolerance is ruled out, and it goes on."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # here, as above

    columns = np.flatnonzero(open_)
    places = program.places[columns]
    fixed = settled_in & ~open_
    rows = program.rows[:, columns]
    sides = program.sides - program.rows @ fixed.astype(np.float64)
    values = program.values[columns]
    base = worth(packing, packing.must) + fsum(packing.values[program.places[fixed]])
    if not len(columns):
        chosen = packing.must.copy()
        chosen[program.places[fixed]] = True
        return _Found([chosen], base, finished=True)
    for _ in range(ROUNDS):
        answer = milp(
            -values,
            integrality=np.ones(len(columns), np.intp),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(rows, -np.inf, sides),
            # Presolve only costs time on the few items that are left.
            options={
                "presolve": False,
                "mip_rel_gap": 0.0,
                "time_limit": limits.seconds,
                "node_limit": limits.nodes,
            },
        )
        bound = answer.mip_dual_bound
        most = base - program.value_unit * (-fsum(np.maximum(values, 0)) if bound is None else bound)
        finished = answer.status in {0, 2}
        if answer.x is None:
            return _Found([], most, finished)
        chosen = packing.must.copy()
        chosen[program.places[fixed]] = True
        chosen[places[answer.x > 0.5]] = True
        exceeded = np.flatnonzero(_exceeded(packing, chosen))
        if not len(exceeded):
            return _Found([chosen], most, finished)
        cover = [int(c) for c in np.flatnonzero(chosen[places] & (packing.hours[exceeded[0], places] > 0))]
        rows = sparse.csr_array(sparse.vstack([rows, _row(len(columns), cover, [1.0] * len(cover))]))
        sides = np.append(sides, len(cover) - 1.0)
    return _Found([], inf, finished=False)
