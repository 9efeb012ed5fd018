"""The last plan made before the cut-off, with the names of what it speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import select

from portfolio.models import LearningRequest, Person, Plan
from reports.asked import Asked

USUAL = ("1 h a week more", "2 h a week more", "4 h a week more", "40 h of a contractor")
"""What the manager's hours are tried with, in the order the plan keeps them."""
PERSON = "person "
FOR_EVER_DAYS = 3650


@dataclass(frozen=True)
class Option:
    """More capacity and what the best plan would do with it. `points` is what it adds, `done_on` when today's plan would be done."""

    label: str
    hours: float
    a_week: bool
    comes_in: tuple[str, ...]
    goes_out: tuple[str, ...]
    points: float
    done_on: date | None

    @property
    def points_per_hour(self) -> float:
        return self.points / self.hours if self.hours else 0.0


@dataclass(frozen=True)
class Held:
    """A plan as it was kept. Hours are the manager's; `chances` are 0..1 by request."""

    made_at: datetime
    starts_on: date
    weeks: int
    capacity_hours: float
    hours: float
    value: float
    cut_value: float
    body: dict[str, Any]
    titles: dict[int, str]
    people: dict[int, str]

    def title(self, number: int) -> str:
        return self.titles.get(number, f"Request {number}")

    @property
    def done_on(self) -> date | None:
        """When what is chosen would be done at this pace."""
        return self.done_with()

    def done_with(self, *, a_week: float = 0.0, once: float = 0.0) -> date | None:
        pace = self.capacity_hours / self.weeks + a_week if self.weeks else 0.0
        rest = max(0.0, self.hours - once)
        if pace <= 0 or not rest:
            return self.starts_on if not rest else None
        days = ceil(7 * rest / pace)
        return self.starts_on + timedelta(days=days) if days < FOR_EVER_DAYS else None

    @property
    def options(self) -> list[Option]:
        """What more would buy, as the plan kept it; an option that changes nothing is there as well."""
        return [self._option(place, one) for place, one in enumerate(self.body.get("buys") or ())]

    def near(self, low: float, high: float) -> list[dict[str, Any]]:
        """Requests whose chance of being in the plan lies from `low` to `high`, the likeliest first."""
        rows: Iterable[dict[str, Any]] = (*self.body.get("chosen", ()), *self.body.get("left_out", ()))
        found = [one for one in rows if low <= (one.get("chance") or 0.0) <= high and not one.get("must_do")]
        return sorted(found, key=lambda one: (-one["chance"], one["id"]))

    def _option(self, place: int, one: dict[str, Any]) -> Option:
        experts = one.get("experts") or {}
        hours = float(one.get("hours") or 0.0)
        a_week = not experts and place < len(USUAL) - 1
        more = {"a_week": hours / self.weeks} if a_week and self.weeks else {"once": hours}
        return Option(
            label=self._label(place, hours, experts),
            hours=hours + sum(experts.values()),
            a_week=a_week,
            comes_in=tuple(self.title(number) for number in one.get("comes_in") or ()),
            goes_out=tuple(self.title(number) for number in one.get("goes_out") or ()),
            points=float(one.get("points") or 0.0),
            done_on=self.done_on if experts else self.done_with(**more),
        )

    def _label(self, place: int, hours: float, experts: dict[str, float]) -> str:
        if not experts:
            return USUAL[place] if place < len(USUAL) else f"{hours:g} h more"
        return " and ".join(f"{amount:g} h of {self._name(key)}" for key, amount in sorted(experts.items()))

    def _name(self, key: str) -> str:
        number = key.removeprefix(PERSON)
        return self.people.get(int(number), "an expert") if number.isdigit() else key


def held(it: Asked) -> Held | None:
    """The last plan made before the cut-off; names as they are now."""
    plan = it.session.execute(
        select(
            Plan.made_at,
            Plan.starts_on,
            Plan.weeks,
            Plan.capacity_hours,
            Plan.hours,
            Plan.value,
            Plan.cut_value,
            Plan.body,
        )
        .where(Plan.made_at < it.scope.cut_off)
        .order_by(Plan.made_at.desc(), Plan.id.desc())
        .limit(1)
    ).mappings()
    if (kept := plan.first()) is None:
        return None
    return Held(**kept, titles=_titles(it, kept["body"]), people=_people(it, kept["body"]))


def _titles(it: Asked, body: dict[str, Any]) -> dict[int, str]:
    numbers = {one["id"] for part in ("chosen", "left_out") for one in body.get(part) or ()}
    numbers |= {
        number for one in body.get("buys") or () for side in ("comes_in", "goes_out") for number in one[side]
    }
    rows = it.session.execute(
        select(LearningRequest.id, LearningRequest.title).where(LearningRequest.id.in_(numbers))
    )
    return {number: title for number, title in rows}  # noqa: C416 - rows unpack, dict() takes pairs only


def _people(it: Asked, body: dict[str, Any]) -> dict[int, str]:
    keys = {key.removeprefix(PERSON) for one in body.get("buys") or () for key in one.get("experts") or {}}
    numbers = [int(key) for key in keys if key.isdigit()]
    if not numbers:
        return {}
    rows = it.session.execute(
        select(Person.id, Person.name, Person.email).where(Person.id.in_(numbers), Person.erased_at.is_(None))
    )
    return {number: name or email.partition("@")[0] for number, name, email in rows}
