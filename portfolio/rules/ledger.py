"""Why a request changed its place: each cause's part of the change, in places, adding up to the whole of it.

Each cause is switched from before to after, alone and together with the others; its part is its mean over all orders of switching
(the Shapley value: Shapley 1953; for such attributions Shorrocks 2013, Journal of Economic Inequality 11(1)). So no order has to be
chosen and equal causes get equal parts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from math import factorial, floor

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.calibration import Calibration, calibrated, calibrated_need
from portfolio.rules.comparing import ordinal
from portfolio.rules.need import Need, days_until
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric
from portfolio.rules.sampling import draws_of

CAUSES: Mapping[str, str] = {
    "own_edit": "its own answers changed",
    "other_edits": "others' answers changed",
    "joined": "new requests came in",
    "left": "others left",
    "goal_weights": "goals weigh differently",
    "date": "dates came nearer",
    "rubric": "the rubric changed",
    "calibration": "our own record corrected the estimates",
}
"""Each cause, and the words for it. In this order where parts are named, the larger first."""

LEAST_TOLD = 0.25
"""Places under which a cause is left out of the sentence, and by how much a told part may be rounded."""

SCORED_BY = ("content", "goal_weights", "date", "rubric", "calibration")
"""What one request's own score depends on."""


@dataclass(frozen=True)
class Entry:
    """One request as it stood. `goal` names the goal whose weight is its step (None: the need's own), `deadline` the date whose
    nearness counts (None: the need's own days), `unit` whose claims a calibration may correct."""

    need: Need
    goal: str | None = None
    deadline: date | None = None
    unit: str = ""


@dataclass(frozen=True)
class Backlog:
    """All open requests at one scoring, with everything their places depend on. `goal_weights` are steps 0..5 by goal."""

    on: date
    rubric: Rubric
    entries: Mapping[str, Entry]
    goal_weights: Mapping[str, int] = field(default_factory=dict)
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Part:
    """One cause's share of a change, in places: above zero is up. `leverage` is how much of its own leverage the cause moved, in
    points per hour."""

    cause: str
    places: float
    leverage: float


@dataclass(frozen=True)
class Change:
    """A request's place (1 is first) and leverage before and after, and the parts, which sum to `before - after`."""

    request: str
    before: int
    after: int
    leverage_before: float
    leverage_after: float
    parts: tuple[Part, ...]
    because: str


def explain_places(
    before: Backlog, after: Backlog, requests: Sequence[str] | None = None
) -> tuple[Change, ...]:
    """For each request that stands in both backlogs, its change of place by cause.

    Place = 1 + how many others have a larger likely leverage; equals are ordered by name, so that places are whole and stay. The
    parts are Shapley values over those causes that changed anything (eight at most, so at most 256 worlds, of which most share
    their scores), and sum to the whole change. A goal chosen anew or a deadline moved is an edit; the same goal weighing otherwise
    or the same date coming nearer is not. In the order of `requests` (None: all, by place after).
    """
    worlds = _Worlds(before, after)
    stayed = before.entries.keys() & after.entries.keys()
    found = [
        _change(request, worlds)
        for request in (sorted(stayed) if requests is None else requests)
        if request in stayed
    ]
    return tuple(found if requests is not None else sorted(found, key=lambda change: change.after))


def _change(request: str, worlds: "_Worlds") -> Change:
    causes = worlds.causes_for(request)
    places = _shapley(causes, lambda switched: float(worlds.place(request, switched)))
    levers = [cause for cause in causes if cause in {"own_edit", *SCORED_BY}]
    moved = _shapley(levers, lambda switched: worlds.own_leverage(request, switched))
    first, last = worlds.place(request, frozenset()), worlds.place(request, frozenset(causes))
    parts = [Part(cause, round(-places[cause], 6), round(moved.get(cause, 0.0), 6)) for cause in causes]
    told = sorted(
        (part for part in parts if part.places or part.leverage), key=lambda part: -abs(part.places)
    )
    return Change(
        request=request,
        before=first,
        after=last,
        leverage_before=worlds.own_leverage(request, frozenset()),
        leverage_after=worlds.own_leverage(request, frozenset(causes)),
        parts=tuple(told),
        because=_because(first, last, told),
    )


class _Worlds:
    """Places in the worlds between before and after: in each, some causes have been switched. Scores are kept."""

    def __init__(self, before: Backlog, after: Backlog) -> None:
        self.before = before
        self.after = after
        self.kept: dict[tuple[str, frozenset[str]], float] = {}
        self.whole: dict[frozenset[str], NDArray[np.float64]] = {}
        self.rubrics: dict[tuple[bool, bool], Rubric] = {}
        stayed = before.entries.keys() & after.entries.keys()
        self.edited = {name for name in stayed if before.entries[name] != after.entries[name]}
        self.names = sorted(before.entries.keys() | after.entries.keys())
        self.at = {name: index for index, name in enumerate(self.names)}
        self.present = {
            (joined, left): np.array(
                [
                    name in stayed
                    or (joined and name in after.entries)
                    or (not left and name in before.entries)
                    for name in self.names
                ],
                bool,
            )
            for joined in (False, True)
            for left in (False, True)
        }
        self.common = [
            cause
            for cause, changed in {
                "joined": after.entries.keys() > stayed,
                "left": before.entries.keys() > stayed,
                "goal_weights": before.goal_weights != after.goal_weights,
                "date": before.on != after.on,
                "rubric": before.rubric != after.rubric,
                "calibration": before.calibration != after.calibration,
            }.items()
            if changed
        ]

    def causes_for(self, request: str) -> list[str]:
        own = ["own_edit"] if request in self.edited else []
        others = ["other_edits"] if self.edited - {request} else []
        return [cause for cause in CAUSES if cause in {*own, *others, *self.common}]

    def place(self, request: str, switched: frozenset[str]) -> int:
        own, at = self.own_leverage(request, switched), self.at[request]
        edits = {"content"} if "other_edits" in switched else set()
        others = self.leverages(frozenset(edits | (switched & set(SCORED_BY))))
        ahead = (others > own) | ((others == own) & (np.arange(len(others)) < at))
        ahead &= self.present["joined" in switched, "left" in switched]
        ahead[at] = False
        return 1 + int(np.count_nonzero(ahead))

    def own_leverage(self, request: str, switched: frozenset[str]) -> float:
        edits = {"content"} if "own_edit" in switched else set()
        return float(self.leverages(frozenset(edits | (switched & set(SCORED_BY))))[self.at[request]])

    def leverages(self, world: frozenset[str]) -> NDArray[np.float64]:
        """The likely leverage of every request, by name, in a world."""
        if world not in self.whole:
            self.whole[world] = np.array([self.leverage(request, world) for request in self.names])
        return self.whole[world]

    def leverage(self, request: str, world: frozenset[str]) -> float:
        """The likely leverage of one request in a world; worlds that differ in nothing of its own share it."""
        entry = self.entry(request, world)
        need = self.need(entry, world)
        relevant = world & {"rubric", "calibration"}
        if need == self.need(self.entry(request, frozenset()), relevant):
            world = relevant
        if (request, world) not in self.kept:
            drawn = draws_of(need, self.rubric(world))
            self.kept[request, world] = Range.of(drawn.leverage).likely
        return self.kept[request, world]

    def entry(self, request: str, world: frozenset[str]) -> Entry:
        first, second = (self.after, self.before) if "content" in world else (self.before, self.after)
        return first.entries[request] if request in first.entries else second.entries[request]

    def need(self, entry: Entry, world: frozenset[str]) -> Need:
        need = entry.need
        if entry.goal is not None:
            need = replace(need, goal=self.side("goal_weights", world).goal_weights.get(entry.goal))
        if entry.deadline is not None:
            need = replace(need, deadline_days=days_until(entry.deadline, self.side("date", world).on))
        calibration = self.side("calibration", world).calibration
        return need if calibration is None else calibrated_need(need, entry.unit, calibration)

    def rubric(self, world: frozenset[str]) -> Rubric:
        name = ("rubric" in world, "calibration" in world)
        if name not in self.rubrics:
            rubric = self.side("rubric", world).rubric
            calibration = self.side("calibration", world).calibration
            self.rubrics[name] = rubric if calibration is None else calibrated(rubric, calibration)[0]
        return self.rubrics[name]

    def side(self, cause: str, world: frozenset[str]) -> Backlog:
        return self.after if cause in world else self.before


def _shapley(causes: Sequence[str], value: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """Each cause's mean effect on `value` over all orders of switching causes on; they sum to value(all) - value(none)."""
    count = len(causes)
    values = {
        switched: value(switched)
        for size in range(count + 1)
        for switched in map(frozenset, combinations(causes, size))
    }
    parts = {}
    for cause in causes:
        part = 0.0
        for switched, before in values.items():
            if cause not in switched:
                size = len(switched)
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                part += weight * (values[switched | {cause}] - before)
        parts[cause] = part
    return parts


def _because(before: int, after: int, parts: Sequence[Part]) -> str:
    """One sentence: in whole places that sum to the whole change, or where causes share a place, by what spoke for and against."""
    moved = [part for part in parts if abs(part.places) >= LEAST_TOLD]
    if not moved:
        return f"It stays {ordinal(after)}."
    start = f"It went {'up' if after < before else 'down'} from {ordinal(before)} to {ordinal(after)}"
    if before == after:
        start = f"It stays {ordinal(after)}"
    if len(moved) == 1:
        return f"{start} because {CAUSES[moved[0].cause]}."
    whole = _whole([part.places for part in moved])
    if all(abs(part.places - places) < LEAST_TOLD for part, places in zip(moved, whole, strict=True)):
        told = [
            f"{abs(places)} {'up' if places > 0 else 'down'} because {CAUSES[part.cause]}"
            for part, places in zip(moved, whole, strict=True)
        ]
        return f"{start}: {_joined(told)}."
    sign = 1 if after <= before else -1
    against = [CAUSES[part.cause] for part in moved if sign * part.places < 0]
    for_it = [CAUSES[part.cause] for part in moved if sign * part.places > 0] or [
        CAUSES[part.cause] for part in parts if sign * part.places > 0
    ]
    return f"{start} because {_joined(for_it)}{f', although {_joined(against)}' if against else ''}."


def _whole(parts: Sequence[float]) -> list[int]:
    """Whole numbers with the same sum: those with the largest remainder are rounded up (Hamilton's method)."""
    whole = [floor(part) for part in parts]
    missing = round(sum(parts)) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda index: (whole[index] - parts[index], index))
    for index in by_remainder[:missing]:
        whole[index] += 1
    return whole


def _joined(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else ", ".join(told[:-1]) + f" and {told[-1]}"
