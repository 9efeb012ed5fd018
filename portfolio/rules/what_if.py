"""What would change: the price of an hour, what more capacity buys, and what an override costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portfolio.rules.candidates import (
    Candidate,
    Capacity,
    Id,
    Names,
    NotPlannable,
    by_id,
    hours,
    is_late,
    listed,
    plain,
)
from portfolio.rules.packing import hour_prices
from portfolio.rules.planning import Plan, Stated, best_plan, stated

EXPERTS_AT_MOST = 12
"""Experts tried one by one; where more are asked for, those whose hour has the highest price."""


@dataclass(frozen=True)
class CutValue:
    """What a manager hour is worth at the margin, in points an hour, and how it was found."""

    points_per_hour: float
    reasons: tuple[str, ...]


def cut_value(candidates: Iterable[Candidate], capacity: Capacity) -> CutValue:
    """The price of a manager hour at the margin, lambda, in points an hour.

    The dual of the manager-hours row of the linear relaxation (each candidate may be done in part): what the next small
    piece of an hour would add there. Never negative; never rises with more hours, as the relaxation's value is concave in
    them. 0 where everything worth doing fits. What has less leverage than this does not pay its hours. Where the
    must-dos leave less than half of what the shortest candidate takes, it is the price at such a half. Linear programming duality: Dantzig 1963,
    "Linear Programming and Extensions". Raises NotPlannable.
    """
    price = float(hour_prices(stated(candidates, capacity).packing)[0])
    if not price:
        return CutValue(0.0, ("Everything worth doing fits, so another hour would bring nothing.",))
    return CutValue(price, (f"One more hour of the manager would bring about {plain(price, 2)} points.",))


@dataclass(frozen=True)
class More:
    """More capacity: so many hours of the manager (or of a contractor in the manager's place) and of experts."""

    label: str
    manager_hours: float = 0.0
    expert_hours: Mapping[str, float] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        return self.manager_hours + sum(self.expert_hours.values())

    def on_top_of(self, capacity: Capacity) -> Capacity:
        experts = {
            name: capacity.expert_hours.get(name, 0.0)
            for name in {*capacity.expert_hours, *self.expert_hours}
        }
        return replace(
            capacity,
            manager_hours=capacity.manager_hours + self.manager_hours,
            expert_hours={name: given + self.expert_hours.get(name, 0.0) for name, given in experts.items()},
        )


@dataclass(frozen=True)
class Bought:
    """What an option changes: what comes in and goes out, points added, points per added hour."""

    more: More
    comes_in: tuple[Id, ...]
    goes_out: tuple[Id, ...]
    value_added: float
    plan: Plan

    @property
    def points_per_hour(self) -> float:
        return self.value_added / self.more.hours if self.more.hours else 0.0

    def sentence(self, names: Names | None = None) -> str:
        if not self.comes_in and not self.goes_out:
            return f"{self.more.label}: changes nothing."
        added = f"adds {plain(self.value_added, 2)} points, {plain(self.points_per_hour, 2)} an hour"
        parts = [f"brings in {listed(self.comes_in, names)}"] if self.comes_in else []
        parts += [f"takes out {listed(self.goes_out, names)}"] if self.goes_out else []
        return f"{self.more.label}: {', '.join(parts)}; {added}."


def usual_options(candidates: Iterable[Candidate], capacity: Capacity, *, weeks: float) -> tuple[More, ...]:
    """+2 and +4 hours a week for `weeks`, 40 hours of a contractor, and 3 hours of each expert somebody needs.

    A contractor's hour counts as one of the manager's. The scarcest expert comes first, whose hour has the highest price;
    of more than EXPERTS_AT_MOST the others are left out.
    """
    prices = _expert_prices(stated(candidates, capacity), capacity)
    scarcest = sorted(prices, key=lambda name: (-prices[name], name))
    return (
        More("2 h a week more", 2 * weeks),
        More("4 h a week more", 4 * weeks),
        More("40 h of a contractor", 40),
        *(More(f"3 h of {name}", expert_hours={name: 3}) for name in scarcest[:EXPERTS_AT_MOST]),
    )


def _expert_prices(ours: Stated, capacity: Capacity) -> dict[str, float]:
    """Points an hour of each expert is worth.

    That is the dual; and where an expert hasn't the hours for even one candidate, what that candidate would bring beyond
    the price of the manager's hours, for each of the expert's.
    """
    mine, *duals = hour_prices(ours.packing)
    prices = dict(zip(ours.experts, map(float, duals), strict=True))
    asked: dict[str, float] = {}
    for one in ours.able:
        beyond = one.value - mine * one.manager_hours
        for name, amount in one.expert_hours.items():
            if amount > 0:
                short = amount > capacity.expert_hours.get(name, 0.0)
                price = max(prices[name], beyond / amount if short else 0.0)
                asked[name] = max(asked.get(name, 0.0), price)
    return asked


def what_capacity_buys(
    candidates: Sequence[Candidate],
    capacity: Capacity,
    options: Iterable[More],
    *,
    plan: Plan | None = None,
    seconds: float = 10.0,
) -> tuple[Bought, ...]:
    """Each option's best plan against the one there is (`plan`, else the best): the difference, in points and ids.

    Solved exactly per option. More hours never make the plan worse, and a set that is as good stays as it is. Ordered as
    the options are. Raises NotPlannable.
    """
    plan = plan or best_plan(candidates, capacity, seconds=seconds)
    return tuple(_bought(candidates, capacity, more, plan, seconds) for more in options)


def _bought(
    candidates: Sequence[Candidate], capacity: Capacity, more: More, plan: Plan, seconds: float
) -> Bought:
    richer = best_plan(candidates, more.on_top_of(capacity), preferred=plan.chosen, seconds=seconds)
    return Bought(
        more=more,
        comes_in=_only(richer.chosen, plan.chosen),
        goes_out=_only(plan.chosen, richer.chosen),
        value_added=max(0.0, richer.value - plan.value),
        plan=richer,
    )


def marginal_hour(
    candidates: Sequence[Candidate], capacity: Capacity, *, more_hours: float = 1.0, plan: Plan | None = None
) -> Bought:
    """What the best plan gains from one more hour of the manager, solved exactly at H + 1.

    Unlike the cut value it goes by leaps: 0 where no other set fits into the extra hour.
    """
    label = f"{hours(more_hours)} more"
    (bought,) = what_capacity_buys(candidates, capacity, [More(label, more_hours)], plan=plan)
    return bought


@dataclass(frozen=True)
class Price:
    """What it costs to force a candidate in or out: points lost, what gives way, what comes in its place.

    `over` has the hours by which the forced plan exceeds those there are, by expert; "" is the manager.
    """

    id: Id
    forced_in: bool
    gives_way: tuple[Id, ...]
    comes_in: tuple[Id, ...]
    points: float
    over: Mapping[str, float]
    plan: Plan

    def sentence(self, names: Names | None = None) -> str:
        parts = [f"displaces {listed(self.gives_way, names)}"] if self.gives_way else []
        parts += [f"brings in {listed(self.comes_in, names)}"] if self.comes_in else []
        parts += [
            f"takes {hours(more)}{f' of {expert}' if expert else ''} more than there are"
            for expert, more in self.over.items()
        ]
        if self.points > 1e-9:
            parts.append(f"costs {plain(self.points, 2)} points")
        elif not self.over:
            parts.append("costs nothing")
        text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        return f"{text[0].upper()}{text[1:]}."


def price_of(
    candidates: Sequence[Candidate],
    capacity: Capacity,
    candidate: Id,
    *,
    forced_in: bool,
    plan: Plan | None = None,
    seconds: float = 10.0,
) -> Price:
    """An override priced: the best plan with the candidate in (or out) against the best plan without that order.

    Points = value of the best plan - value of the best plan that obeys; `gives_way` are those that leave (apart from a
    candidate forced out), `comes_in` those that enter (apart from one forced in). Forcing one out takes what needs it out
    too. Raises NotPlannable for an unknown candidate, for one that can't start in time or that excludes a must-do, and
    for one forced out that a must-do needs.
    """
    plan = plan or best_plan(candidates, capacity, seconds=seconds)
    one = next((one for one in candidates if one.id == candidate), None)
    if one is None:
        raise NotPlannable(f"{candidate} isn't among the candidates.")
    others = [other for other in candidates if other.id != candidate]
    if forced_in:
        if is_late(one, capacity) or candidate not in {able.id for able in stated(candidates, capacity).able}:
            raise NotPlannable(f"{candidate} can't start in time, or needs what can't.")
        obeying = best_plan(
            [*others, replace(one, must_do=True)], capacity, preferred=plan.chosen, seconds=seconds
        )
    else:
        obeying = _without(candidate, others, capacity, plan, seconds)
    return Price(
        id=candidate,
        forced_in=forced_in,
        gives_way=tuple(other for other in _only(plan.chosen, obeying.chosen) if other != candidate),
        comes_in=tuple(other for other in _only(obeying.chosen, plan.chosen) if other != candidate),
        points=max(0.0, plan.value - obeying.value),
        over=_over(obeying, plan),
        plan=obeying,
    )


def _without(candidate: Id, others: list[Candidate], capacity: Capacity, plan: Plan, seconds: float) -> Plan:
    """The best plan without a candidate and all that needs it."""
    gone = {candidate}
    while more := {other.id for other in others if other.id not in gone and not other.needs.isdisjoint(gone)}:
        gone |= more
    kept = [other for other in others if other.id not in gone]
    if needing := sorted((other.id for other in others if other.must_do and other.id in gone), key=by_id):
        raise NotPlannable(f"{needing[0]} must be done and needs {candidate}.")
    return best_plan(kept, capacity, preferred=plan.chosen, seconds=seconds)


def _over(obeying: Plan, plan: Plan) -> dict[str, float]:
    """By how much more the one plan exceeds the hours than the other does."""
    people = {"": (obeying.manager, plan.manager)}
    people |= {name: (their, plan.experts[name]) for name, their in obeying.experts.items()}
    return {name: more for name, (new, old) in people.items() if (more := new.over - old.over) > 0}


def _only(ids: Sequence[Id], others: Sequence[Id]) -> tuple[Id, ...]:
    return tuple(one for one in ids if one not in set(others))
