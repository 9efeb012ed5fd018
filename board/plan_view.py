"""What fits, as the page of the plan shows it: the terms asked about, the answer, and the hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams

from portfolio import capacity, fitting, goals, organisation, overrides, plans
from portfolio.capacity import ExpertHours, Stretch
from portfolio.fitting import Line, NotPlannable, Outlook, Terms
from portfolio.models import Absence, Goal, LearningRequest, Override, Person, Plan
from web.forms import Errors, Fields, number_of, numbers_of, some_number, some_whole
from web.session import SessionDep

SHOWN = 40
"""Lines of a group; what comes after has less of a chance."""

MOST_HOURS, MOST_WEEKS = 60, 26

MOST_DROPPED = 100


@dataclass(frozen=True)
class Group:
    """Requests whose place is equally sure."""

    key: str
    title: str
    help: str
    lines: tuple[Line, ...]

    @property
    def shown(self) -> tuple[Line, ...]:
        return self.lines[:SHOWN]


@dataclass(frozen=True)
class Found:
    """What fits on the terms asked for. `sentence_refused` says why nothing could be worked out."""

    outlook: Outlook | None
    query: dict[str, str | list[str]]
    stamp: str = ""
    refused: str = ""
    expert_names: Mapping[int, str] = field(default_factory=dict)

    @property
    def groups(self) -> list[Group]:
        found = self.outlook
        if found is None:
            return []
        sure = f"In at least nine of ten ways it could turn out. Counted over {found.draws:,} draws."
        return [
            Group("in", "Surely in", sure, found.surely_in),
            Group("flip", "A coin flip", "One more answer, or an hour more or less, could turn these.", found.coin_flips),
            Group("out", "Surely out", "At most one chance in ten, as things stand.", found.surely_out),
        ]  # fmt: skip

    @property
    def is_tried(self) -> bool:
        """Whether these are other terms than the real ones."""
        return self.outlook is not None and self.outlook.terms != plans.AS_IT_IS

    def with_drop(self, number: int) -> str:
        return self._address({*self._dropped, str(number)})

    def without_drop(self, number: int) -> str:
        return self._address(self._dropped - {str(number)})

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The terms as fields of the form that accepts them."""
        return [
            (name, one)
            for name, value in self.query.items()
            for one in (value if isinstance(value, list) else [value])
        ]

    def done_on(self, more_hours: float) -> date | None:
        """The day today's plan is done with so many hours more within these weeks."""
        found = self.outlook
        if found is None:
            return None
        stretch = found.stretch
        return stretch.done_on(found.plan.manager.used, more_per_week=more_hours / stretch.weeks)

    @property
    def _dropped(self) -> set[str]:
        return set(self.query.get("drop", []))

    def _address(self, dropped: set[str]) -> str:
        query = {**self.query, "drop": sorted(dropped, key=int)}
        return f"/plan?{urlencode(query, doseq=True)}#found"


@dataclass(frozen=True)
class PlanPage:
    found: Found
    stretch: Stretch | None
    typed: Fields
    goals: list[Goal]
    weights: dict[int, int]
    absences: list[Absence]
    orders: list[tuple[Override, LearningRequest]]
    experts: list[Person]
    accepted: list[Plan]
    said: str = ""
    errors: Errors = field(default_factory=Errors)
    most_hours: int = MOST_HOURS
    most_weeks: int = MOST_WEEKS

    @property
    def names(self) -> dict[int, str]:
        return {one.id: one.display_name for one in self.experts}

    @property
    def expert_hours(self) -> tuple[ExpertHours, ...]:
        return self.stretch.experts if self.stretch else ()


def terms_of(given: QueryParams | FormData) -> tuple[Terms, Errors]:
    """What is asked about, and what of it can't be read."""
    errors = Errors()
    fields = Fields((name, value) for name, value in given.multi_items() if isinstance(value, str))
    hours = some_number(fields, "hours", errors, most=168)
    weeks = some_whole(fields, "weeks", errors, least=1, most=52)
    weights = {
        int(name.removeprefix("goal_")): some_whole(fields, name, errors, least=1, most=5)
        for name in fields
        if name.startswith("goal_") and name.removeprefix("goal_").isdecimal() and len(name) < 15
    }
    dropped = numbers_of(given.getlist("drop"))
    return (
        Terms(
            weeks=weeks,
            hours_per_week=hours,
            drop=frozenset(dropped[:MOST_DROPPED]),
            goals=tuple((goal, weight) for goal, weight in sorted(weights.items()) if weight),
            take_begun_off=bool(fields["begun"]),
        ),
        errors,
    )


def _as_it_is(session: SessionDep, terms: Terms, now: datetime) -> Terms:
    """The terms without what is so anyway: the organisation's hours, six weeks, each goal's own weight.

    The page's form sends every slider, moved or not.
    """
    ours = organisation.current(session)
    weights = goals.weights(session, on=now.date())
    hours = terms.hours_per_week
    return Terms(
        weeks=None if terms.weeks == capacity.WEEKS else terms.weeks,
        hours_per_week=None if ours is not None and hours == ours.hours_per_week else hours,
        drop=terms.drop,
        goals=tuple((goal, weight) for goal, weight in terms.goals if weights.get(goal, weight) != weight),
        take_begun_off=terms.take_begun_off,
    )


def _query(terms: Terms) -> dict[str, str | list[str]]:
    """The terms as an address carries them."""
    query: dict[str, str | list[str]] = {}
    if terms.hours_per_week is not None:
        query["hours"] = f"{terms.hours_per_week:g}"
    if terms.weeks is not None:
        query["weeks"] = str(terms.weeks)
    query |= {f"goal_{goal}": str(weight) for goal, weight in terms.goals}
    if terms.take_begun_off:
        query["begun"] = "1"
    if terms.drop:
        query["drop"] = [str(one) for one in sorted(terms.drop)]
    return query


def found_on(session: SessionDep, terms: Terms, *, now: datetime, quick: bool = False) -> Found:
    asked = _as_it_is(session, terms, now)
    try:
        outlook = fitting.look(session, asked, now=now, quick=quick)
    except NotPlannable as refused:
        return Found(None, _query(asked), refused=str(refused))
    names = {one.person_id: one.name for one in outlook.stretch.experts}
    return Found(outlook, _query(asked), plans.stamp_of(outlook), expert_names=names)


def plan_page(
    session: SessionDep,
    terms: Terms,
    given: QueryParams | FormData | Fields,
    errors: Errors,
    *,
    now: datetime,
    said: str = "",
) -> PlanPage:
    found = found_on(session, Terms() if errors and "acceptance" not in errors else terms, now=now)
    stretch = found.outlook.stretch if found.outlook else None
    ours = organisation.current(session)
    per_week = stretch.hours_per_week if stretch else ours.hours_per_week if ours else 0.0
    weights = goals.weights(session, on=now.date())
    today = now.astimezone(organisation.zone(ours)).date()
    typed = Fields(hours=f"{per_week:g}", weeks=str(stretch.weeks if stretch else capacity.WEEKS))
    return PlanPage(
        found=found,
        stretch=stretch,
        typed=typed.over(_texts(given)),
        goals=goals.listed(session),
        weights=weights | dict(found.outlook.terms.goals if found.outlook else ()),
        absences=capacity.absences(session, today=today),
        orders=overrides.in_force(session),
        experts=capacity.experts(session),
        accepted=plans.accepted(session, limit=3),
        said=said,
        errors=errors,
    )


def _texts(given: QueryParams | FormData | Fields) -> Fields:
    pairs: Iterable[tuple[str, object]] = given.items()
    return Fields((name, value) for name, value in pairs if isinstance(value, str))


def chosen_expert(session: SessionDep, number: str) -> Person | None:
    """Somebody who can be asked for hours; nobody where nothing was chosen."""
    return capacity.find_expert(session, number_of(number))
