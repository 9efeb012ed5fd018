"""What to do with the hours there are: the best set of requests that fits, and in one sentence why each other is left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.candidates import (
    Candidate,
    Capacity,
    Id,
    Names,
    by_id,
    checked,
    clashing,
    day,
    hours,
    is_late,
    listed,
    must_dos,
    plain,
    unable,
)
from portfolio.rules.packing import Packed, Packing, pack, used_hours, worth

NO_TIME = 1e-9
"""Hours shorter than this count as none."""


@dataclass(frozen=True)
class Hours:
    """Of one person: given, used by the plan, and what is left. `over` is by how much the must-dos alone exceed them."""

    given: float
    used: float

    @property
    def left(self) -> float:
        return max(0.0, self.given - self.used)

    @property
    def over(self) -> float:
        over = self.used - self.given
        return over if over > self.given * 1e-12 else 0.0


class Why(StrEnum):
    """Why a candidate is left out."""

    TOO_LATE = "too late"
    NEEDS_ANOTHER = "needs another"
    SAME_AS_ANOTHER = "same as another"
    CONTRADICTS_ITSELF = "contradicts itself"
    MUST_DOS_TAKE_ALL = "must-dos take all"
    ADDS_NOTHING = "adds nothing"
    MANAGER_HOURS = "manager hours"
    EXPERT_HOURS = "expert hours"


@dataclass(frozen=True)
class LeftOut:
    """A candidate that isn't in the plan. `others` are the candidates it is about; hours `needed` and `left`; the `expert`."""

    id: Id
    why: Why
    others: tuple[Id, ...] = ()
    needed: float = 0.0
    left: float = 0.0
    expert: str = ""
    not_before: date | None = None

    def sentence(self, names: Names | None = None) -> str:
        """Why it is out, with the names of the others in place of their ids."""
        others, one = listed(self.others, names), len(self.others) == 1
        needed = _short(self.needed, self.left)
        return {
            Why.TOO_LATE: f"Can't start before {day(self.not_before)}.",
            Why.NEEDS_ANOTHER: f"Needs {others} first, which {'is' if one else 'are'} not in the plan.",
            Why.SAME_AS_ANOTHER: f"{others} {'does' if one else 'do'} the same.",
            Why.CONTRADICTS_ITSELF: "Needs something that it excludes, so it can never be planned.",
            Why.MUST_DOS_TAKE_ALL: "The must-dos alone take more hours than there are.",
            Why.ADDS_NOTHING: "Adds nothing.",
            Why.MANAGER_HOURS: f"Doesn't fit: needs {needed}.",
            Why.EXPERT_HOURS: f"Doesn't fit: needs {needed} of {self.expert}.",
        }[self.why]


@dataclass(frozen=True)
class Plan:
    """What fits best.

    `chosen` by leverage, the largest first; `value` in points; `bound` the most any set could be worth, so `gap` is 0 where
    the plan is `proven` best.
    """

    chosen: tuple[Id, ...]
    value: float
    manager: Hours
    experts: Mapping[str, Hours]
    left_out: tuple[LeftOut, ...]
    bound: float
    proven: bool
    quick: bool

    @property
    def gap(self) -> float:
        """Points that a better set could add at most."""
        return 0.0 if self.proven else max(0.0, self.bound - self.value)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What holds for the plan as a whole, as sentences."""
        return (*self._overruns(), self._proof())

    def why_not(self, candidate: Id) -> LeftOut | None:
        """Why a candidate is left out; None where it is in."""
        return next((one for one in self.left_out if one.id == candidate), None)

    def _overruns(self) -> Iterator[str]:
        people = [("", self.manager), *((f" of {name}", their) for name, their in self.experts.items())]
        for whose, their in people:
            if their.over:
                yield (
                    f"The must-dos alone need {hours(their.used)}{whose}; there are {hours(their.given)}, "
                    f"{hours(their.over)} too few."
                )

    def _proof(self) -> str:
        if self.proven:
            return "No other set that fits is worth more: that is proven."
        how = "A quick answer" if self.quick else "The search was stopped"
        return f"{how}: a better set could add {plain(self.gap, 2)} points at most."


def best_plan(
    candidates: Iterable[Candidate],
    capacity: Capacity,
    *,
    preferred: Iterable[Id] = (),
    quick: bool = False,
    seconds: float = 10.0,
) -> Plan:
    """The set of candidates worth most that fits.

    Maximise sum(value x) for x in {0, 1} subject to sum(manager hours x) <= the manager's hours, the same for each expert,
    x = 1 for must-dos and all they need, x_i <= x_j where i needs j, sum(x) <= 1 among rivals, and x = 0 for what can't
    start by `ends_on` (that beats must-do) or needs such. Points and hours; solved exactly by HiGHS (docs/numbers.md,
    "Planning"). Where the must-dos alone exceed the manager's hours they are the plan and it says by how much; where they
    exceed an expert's, nothing else that needs this expert is chosen. What is worth 0 or less is chosen only where something
    needs it. Ties: the `preferred` set where it is as good, else the same one whatever the order of the candidates.
    `quick` gives a good plan with its distance to the best in place of a proof. Raises NotPlannable.
    """
    ours = stated(candidates, capacity)
    wanted = frozenset(preferred)
    start = np.array([one.id in wanted for one in ours.able], np.bool_) | ours.packing.must
    packed = pack(ours.packing, start=[start] if wanted else [], quick=quick, seconds=seconds)
    return _plan(ours, capacity, packed, quick=quick)


@dataclass(frozen=True)
class Stated:
    """The candidates in an order of their own, those that can start, and these as arrays."""

    all: tuple[Candidate, ...]
    able: tuple[Candidate, ...]
    experts: tuple[str, ...]
    rivals: Mapping[Id, frozenset[Id]]
    packing: Packing


def stated(candidates: Iterable[Candidate], capacity: Capacity) -> Stated:
    """The candidates and the capacity, checked, as arrays. Raises NotPlannable."""
    ordered = checked(candidates, capacity)
    out = unable(ordered, capacity)
    able = tuple(one for one in ordered if one.id not in out)
    experts = tuple(
        sorted({name for one in ordered for name in one.expert_hours} | set(capacity.expert_hours))
    )
    groups = [both for group in clashing(ordered) if len(both := group - out) > 1]
    place = {one.id: number for number, one in enumerate(able)}
    must = must_dos(able, groups)
    packing = Packing(
        values=np.array([one.value for one in able], np.float64),
        hours=_hours(able, experts),
        room=np.array([capacity.manager_hours, *(capacity.expert_hours.get(name, 0.0) for name in experts)]),
        rivals=tuple(tuple(sorted(place[member] for member in group)) for group in groups),
        needs=tuple(tuple(sorted(place[need] for need in one.needs)) for one in able),
        must=np.array([one.id in must for one in able], np.bool_),
    )
    rivals: dict[Id, set[Id]] = {}
    for group in groups:
        for member in group:
            rivals.setdefault(member, set()).update(group - {member})
    return Stated(
        all=ordered,
        able=able,
        experts=experts,
        rivals={one: frozenset(theirs) for one, theirs in rivals.items()},
        packing=packing,
    )


def _hours(candidates: Sequence[Candidate], experts: Sequence[str]) -> NDArray[np.float64]:
    table = np.zeros((1 + len(experts), len(candidates)))
    row = {name: number for number, name in enumerate(experts, start=1)}
    for column, one in enumerate(candidates):
        table[0, column] = one.manager_hours
        for name, amount in one.expert_hours.items():
            table[row[name], column] = amount
    table[table < NO_TIME] = 0.0
    return table


def _plan(ours: Stated, capacity: Capacity, packed: Packed, *, quick: bool) -> Plan:
    chosen = [one for one, inside in zip(ours.able, packed.chosen, strict=True) if inside]
    chosen.sort(key=lambda one: (-one.leverage, by_id(one.id)))
    used = used_hours(ours.packing, packed.chosen)
    manager, *experts = (Hours(float(g), float(u)) for g, u in zip(ours.packing.room, used, strict=True))
    by_expert = dict(zip(ours.experts, experts, strict=True))
    return Plan(
        chosen=tuple(one.id for one in chosen),
        value=worth(ours.packing, packed.chosen),
        manager=manager,
        experts=by_expert,
        left_out=tuple(_left_out(ours, capacity, {one.id for one in chosen}, manager, by_expert)),
        bound=packed.bound,
        proven=packed.proven,
        quick=quick and not packed.proven,
    )


def _left_out(
    ours: Stated, capacity: Capacity, chosen: set[Id], manager: Hours, experts: Mapping[str, Hours]
) -> Iterator[LeftOut]:
    closures = {one.id: closure for one, closure in zip(ours.able, ours.packing.closures, strict=True)}
    for one in sorted(ours.all, key=lambda one: (-one.leverage, by_id(one.id))):
        if one.id in chosen:
            continue
        rivals = tuple(sorted(ours.rivals.get(one.id, frozenset()) & chosen, key=by_id))
        missing = tuple(sorted(one.needs - chosen, key=by_id))
        if is_late(one, capacity):
            yield LeftOut(one.id, Why.TOO_LATE, not_before=one.not_before)
        elif rivals:
            yield LeftOut(one.id, Why.SAME_AS_ANOTHER, rivals)
        elif one.needs and one.id in closures and _contradicts(ours.packing, closures[one.id]):
            yield LeftOut(one.id, Why.CONTRADICTS_ITSELF)
        elif manager.over:
            yield LeftOut(one.id, Why.MUST_DOS_TAKE_ALL)
        elif missing:
            yield LeftOut(one.id, Why.NEEDS_ANOTHER, missing)
        elif one.value <= 0:
            yield LeftOut(one.id, Why.ADDS_NOTHING)
        else:
            yield _too_long(one, manager, experts)


def _contradicts(packing: Packing, closure: Sequence[int]) -> bool:
    """Whether something with all it needs has two rivals in it, a must-do among them or not."""
    together = {*closure, *(need for place in closure for need in packing.needs[place])}
    return any(len(together.intersection(group)) > 1 for group in packing.rivals)


def _too_long(one: Candidate, manager: Hours, experts: Mapping[str, Hours]) -> LeftOut:
    if one.manager_hours <= manager.left:
        for name, needed in sorted(one.expert_hours.items()):
            if needed > experts[name].left:
                return LeftOut(one.id, Why.EXPERT_HOURS, needed=needed, left=experts[name].left, expert=name)
    return LeftOut(one.id, Why.MANAGER_HOURS, needed=one.manager_hours, left=manager.left)


def _short(needed: float, left: float) -> str:
    """What is needed and what is left, with as many digits as it takes to tell them apart."""
    digits = next((d for d in range(1, 9) if plain(needed, d) != plain(left, d)), 9)
    return f"{hours(needed, digits)}, {hours(left, digits)} are left"
