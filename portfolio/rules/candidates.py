"""What could be done and the hours there are for it, checked before anybody plans with them."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import inf, isfinite
from typing import Any

from portfolio.rules.ranges import LARGEST

Id = int | str
Names = Mapping[Any, str]
"""What to call candidates in sentences, by id."""


class NotPlannable(ValueError):
    """The candidates or the capacity make no sense; the message says which and why."""


@dataclass(frozen=True)
class Candidate:
    """Something that could be done. Value in impact points (the expected ones), hours in hours of work.

    `needs` are candidates that must be done too; leave out what is done already. `excludes` are other candidates' ids, or
    names of groups: of all that name a group, at most one is chosen; a number that is no candidate's excludes nothing.
    `not_before` is the first day it could start.
    """

    id: Id
    value: float
    manager_hours: float
    expert_hours: Mapping[str, float] = field(default_factory=dict)
    not_before: date | None = None
    must_do: bool = False
    needs: frozenset[Id] = frozenset()
    excludes: frozenset[Id] = frozenset()

    @property
    def leverage(self) -> float:
        """Points per manager hour; infinite for what brings something and costs the manager nothing."""
        if self.manager_hours > 0:
            return self.value / self.manager_hours
        return inf if self.value > 0 else min(self.value, 0.0)


@dataclass(frozen=True)
class Capacity:
    """The hours there are until `ends_on` (None: no end). An expert who isn't named has none to give."""

    manager_hours: float
    expert_hours: Mapping[str, float] = field(default_factory=dict)
    ends_on: date | None = None


@dataclass(frozen=True)
class HoursLeft:
    """Hours for projects, and the subtraction as sentences."""

    hours: float
    reasons: tuple[str, ...]


def hours_left(
    hours_per_week: float, weeks: float, leave_hours: float = 0, interrupt_hours_per_week: float = 0
) -> HoursLeft:
    """The manager's hours for projects: hours a week x weeks - leave - interrupts a week x weeks, never below zero."""
    given = {
        "The hours a week": hours_per_week,
        "The weeks": weeks,
        "The hours of leave": leave_hours,
        "The hours a week for small asks": interrupt_hours_per_week,
    }
    for name, amount in given.items():
        _check_amount(name, amount)
    total, interrupts = hours_per_week * weeks, interrupt_hours_per_week * weeks
    left = total - leave_hours - interrupts
    reasons = [f"{hours(hours_per_week)} a week for {plain(weeks)} weeks are {hours(total)}."]
    if leave_hours:
        reasons.append(f"Leave takes {hours(leave_hours)}.")
    if interrupts:
        reasons.append(
            f"Small asks take about {hours(interrupt_hours_per_week)} a week, {hours(interrupts)} in all."
        )
    if left < 0:
        reasons.append(f"That is {hours(-left)} more than there is, so nothing is left.")
    elif leave_hours or interrupts:
        reasons.append(
            f"{hours(left).capitalize()} are left for projects." if left else "Nothing is left for projects."
        )
    return HoursLeft(max(0.0, left), tuple(reasons))


def checked(candidates: Iterable[Candidate], capacity: Capacity) -> tuple[Candidate, ...]:
    """The candidates in the order of their ids. Raises NotPlannable where they or the capacity make no sense."""
    ordered = tuple(sorted(candidates, key=lambda one: by_id(one.id)))
    _check_amount("The manager's hours", capacity.manager_hours)
    for name, amount in capacity.expert_hours.items():
        _check_amount(f"The hours of {name}", amount)
    known = {one.id for one in ordered}
    if len(known) < len(ordered):
        twice = next(a.id for a, b in pairwise(ordered) if a.id == b.id)
        raise NotPlannable(f"{twice} is there twice.")
    for one in ordered:
        if not isfinite(one.value) or abs(one.value) > LARGEST:
            raise NotPlannable(f"The value of {one.id} must be a number, not {one.value}.")
        _check_amount(f"The hours of {one.id}", one.manager_hours)
        for name, amount in one.expert_hours.items():
            _check_amount(f"The hours of {name} for {one.id}", amount)
        if unknown := sorted(one.needs - known, key=by_id):
            raise NotPlannable(f"{one.id} needs {unknown[0]}, which isn't among the candidates.")
        if one.id in one.excludes:
            raise NotPlannable(f"{one.id} excludes itself.")
    _check_circles(ordered)
    return ordered


def by_id(one: Id) -> tuple[int, int, str]:
    """An order of ids, numbers before words."""
    return (1, 0, one) if isinstance(one, str) else (0, one, "")


def _check_amount(name: str, amount: float) -> None:
    if not isfinite(amount) or amount > LARGEST:
        raise NotPlannable(f"{name} must be a number, not {amount}.")
    if amount < 0:
        raise NotPlannable(f"{name} can't be negative: {plain(amount, 2)}.")


def _check_circles(candidates: Sequence[Candidate]) -> None:
    needs = {one.id: one.needs for one in candidates}
    settled: set[Id] = set()
    for start in needs:
        path: list[Id] = []
        waiting: list[tuple[Id, bool]] = [(start, True)]
        while waiting:
            one, entering = waiting.pop()
            if not entering:
                settled.add(path.pop())
            elif one in path:
                circle = " needs ".join(map(str, [*path[path.index(one) :], one]))
                raise NotPlannable(f"{circle}: a circle, so none of them could ever start.")
            elif one not in settled:
                path.append(one)
                waiting.append((one, False))
                waiting.extend((need, True) for need in sorted(needs[one], key=by_id, reverse=True))


def unable(candidates: Sequence[Candidate], capacity: Capacity) -> frozenset[Id]:
    """What can't start in time, and what needs such."""
    barred = {one.id for one in candidates if is_late(one, capacity)}
    while more := {one.id for one in candidates if one.id not in barred and not one.needs.isdisjoint(barred)}:
        barred |= more
    return frozenset(barred)


def is_late(one: Candidate, capacity: Capacity) -> bool:
    return one.not_before is not None and capacity.ends_on is not None and one.not_before > capacity.ends_on


def clashing(candidates: Sequence[Candidate]) -> list[frozenset[Id]]:
    """The sets of which at most one can be chosen."""
    ids = {one.id for one in candidates}
    groups: dict[Hashable, set[Id]] = {}
    for one in candidates:
        for name in one.excludes:
            if name in ids:
                groups.setdefault(frozenset({one.id, name}), set()).update({one.id, name})
            elif isinstance(name, str):
                groups.setdefault(name, set()).add(one.id)
    sets = {frozenset(group) for group in groups.values() if len(group) > 1}
    return sorted(sets, key=lambda group: sorted(map(by_id, group)))


def must_dos(candidates: Sequence[Candidate], rivals: Sequence[frozenset[Id]]) -> frozenset[Id]:
    """The must-dos and all that they need. Raises NotPlannable where two of them exclude each other."""
    needs = {one.id: one.needs for one in candidates}
    waiting = [one.id for one in candidates if one.must_do]
    must = set(waiting)
    while waiting:
        new = needs[waiting.pop()] - must
        must |= new
        waiting.extend(new)
    for group in rivals:
        if len(both := sorted(group & must, key=by_id)) > 1:
            raise NotPlannable(f"{both[0]} and {both[1]} must both be done, yet they exclude each other.")
    return frozenset(must)


def plain(amount: float, digits: int = 1) -> str:
    """A number with no more digits than it needs."""
    text = f"{amount:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hours(amount: float, digits: int = 1) -> str:
    return f"{plain(amount, digits)} h"


def listed(ids: Sequence[Id], names: Names | None = None) -> str:
    """ "A", "A and B", "A, B and C"."""
    words = [(names or {}).get(one, str(one)) for one in ids]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def day(moment: date | None) -> str:
    return f"{moment.day} {moment:%B %Y}" if moment else "a day unknown"
