"""The plan: what fits into the hours there are, what if, orders against the numbers, and the hours themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, QueryParams

from portfolio import capacity, fitting, goals, learning_requests, organisation, overrides, plans
from portfolio.capacity import ExpertHours, NotCounted, Stretch
from portfolio.fitting import Line, NotPlannable, Outlook, Terms
from portfolio.models import Absence, Goal, LearningRequest, Override, Person, Plan
from portfolio.overrides import Bond, OverrideRefused, Priced
from portfolio.plans import PlanChanged
from web.clock import NowDep
from web.forms import (
    Errors,
    Fields,
    FormDep,
    FormListDep,
    some_day,
    some_number,
    some_text,
    some_whole,
)
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page, partial

router = APIRouter()

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


@dataclass(frozen=True)
class RequestPage:
    """One request in the plan, and what can be said about it."""

    request: LearningRequest
    line: Line | None
    order: Override | None
    bonds: list[Bond]
    prices: dict[str, Priced]
    others: list[tuple[int, str]]
    experts: list[Person]
    typed: Fields
    errors: Errors = field(default_factory=Errors)
    kinds: dict[str, str] = field(default_factory=lambda: overrides.KINDS)
    bond_kinds: dict[str, str] = field(default_factory=lambda: overrides.BONDS)

    @property
    def expert_options(self) -> list[tuple[int, str]]:
        return [(one.id, one.display_name) for one in self.experts]


@router.get("/plan")
def show_plan(request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep) -> Response:
    terms, errors = _terms(request.query_params)
    said = _said(request.query_params)
    view = _plan_page(session, terms, request.query_params, errors, now=now, said=said)
    return page(request, "plan/show.html", view, 422 if errors else 200)


@router.get("/plan/what-if")
def try_out(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, quick: str = ""
) -> Response:
    """What would fit on other terms: a good answer while somebody drags, the exact one when they let go."""
    terms, errors = _terms(request.query_params)
    if errors:
        return partial(request, "plan/_found.html", Found(None, {}, refused=next(iter(errors.values()))))
    return partial(request, "plan/_found.html", _found(session, terms, now=now, quick=bool(quick)))


@router.post("/plan/acceptance")
def accept(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
) -> Response:
    """Take on the plan the page showed, all of it at once."""
    terms, errors = _terms(form)
    try:
        done = plans.accept_shown(
            session,
            terms,
            str(form.get("stamp") or ""),
            links=links,
            by=manager,
            at=now,
            waitlist_the_rest=bool(form.get("waitlist")),
        )
    except (PlanChanged, NotPlannable) as refused:
        session.rollback()
        wrong = Errors({**errors, "acceptance": str(refused)})
        return page(request, "plan/show.html", _plan_page(session, terms, form, wrong, now=now), 409)
    counts = f"{len(done.taken_on)}.{len(done.waitlisted)}.{len(done.by_hand)}"
    return see_other(f"/plan?accepted={counts}")


@router.post("/plan/absences")
def add_absence(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    from_on = some_day(fields, "from_on", errors)
    until_on = some_day(fields, "until_on", errors) or from_on
    note = some_text(fields, "absence_note", errors)
    if from_on is None or until_on is None:
        errors.setdefault("from_on", "Please give the first day away.")
    elif not errors:
        try:
            who = _expert(session, fields["who"])
            capacity.add_absence(
                session, from_on=from_on, until_on=until_on, note=note, person=who, by=manager, at=now
            )
            return see_other("/plan?saved=absence#hours")
        except NotCounted as refused:
            errors[refused.field] = str(refused)
    return _again(request, session, fields, errors, now)


@router.post("/plan/absences/{number:int}/removal")
def remove_absence(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    found = capacity.find_absence(session, number)
    if found is None:
        raise NotFound
    capacity.remove_absence(session, found, by=manager, at=now)
    return see_other("/plan#hours")


@router.post("/plan/experts")
def grant_hours(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    """An expert gives so many hours a week; nothing typed takes them back."""
    errors = Errors()
    expert = _expert(session, fields["expert"])
    hours = some_number(fields, "expert_hours", errors, most=80)
    if expert is None:
        errors["expert"] = "Please choose one of the options."
    if errors or expert is None:
        return _again(request, session, fields, errors, now)
    capacity.grant_hours(session, expert, hours, by=manager, at=now)
    return see_other("/plan?saved=expert#hours")


@router.get("/plan/requests/{number:int}")
def show_request(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    return page(request, "plan/request.html", _request_page(session, _find(session, number), now=now))


@router.post("/plan/requests/{number:int}/override")
def override(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """An order against the numbers; or, with `what` "end", the end of it."""
    found = _find(session, number)
    if fields["what"] == "end":
        overrides.end_override(session, found, by=manager, at=now)
        return see_other(f"/plan/requests/{number}")
    errors = Errors()
    reason = some_text(fields, "reason", errors, longest=300)
    if not errors:
        try:
            overrides.override(session, found, fields["kind"], reason=reason, by=manager, at=now)
            return see_other(f"/plan/requests/{number}")
        except OverrideRefused as refused:
            errors[refused.field] = str(refused)
    return _request_again(request, session, found, fields, errors, now)


@router.post("/plan/requests/{number:int}/ties")
def tie(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    found = _find(session, number)
    errors = Errors()
    other_number = some_whole(fields, "other", errors)
    other = learning_requests.find(session, other_number or 0)
    if other is None:
        errors.setdefault("other", "Please choose another request.")
    if not errors and other is not None:
        try:
            overrides.tie(session, found, other, fields["bond"], by=manager, at=now)
            return see_other(f"/plan/requests/{number}")
        except OverrideRefused as refused:
            errors[refused.field] = str(refused)
    return _request_again(request, session, found, fields, errors, now)


@router.post("/plan/ties/{number:int}/removal")
def untie(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, fields: FormDep) -> Response:
    found = overrides.find_tie(session, number)
    if found is None:
        raise NotFound
    back = fields["back"] if fields["back"].isdecimal() else str(found.learning_request_id)
    overrides.untie(session, found, by=manager, at=now)
    return see_other(f"/plan/requests/{back}")


@router.post("/plan/requests/{number:int}/conditions")
def set_conditions(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """The first day work can start, and whose hours it needs."""
    found = _find(session, number)
    errors = Errors()
    day = some_day(fields, "not_before", errors)
    expert = _expert(session, fields["expert"])
    if fields["expert"] and expert is None:
        errors["expert"] = "Please choose one of the options."
    if errors:
        return _request_again(request, session, found, fields, errors, now)
    overrides.set_not_before(session, found, day, by=manager, at=now)
    overrides.set_expert(session, found, expert, by=manager, at=now)
    return see_other(f"/plan/requests/{number}")


# What the pages are made of


def _terms(given: QueryParams | FormData) -> tuple[Terms, Errors]:
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
    dropped = [
        one for one in given.getlist("drop") if isinstance(one, str) and one.isdecimal() and len(one) < 10
    ]
    return (
        Terms(
            weeks=weeks,
            hours_per_week=hours,
            drop=frozenset(map(int, dropped[:MOST_DROPPED])),
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


def _found(session: SessionDep, terms: Terms, *, now: datetime, quick: bool = False) -> Found:
    asked = _as_it_is(session, terms, now)
    try:
        outlook = fitting.look(session, asked, now=now, quick=quick)
    except NotPlannable as refused:
        return Found(None, _query(asked), refused=str(refused))
    names = {one.person_id: one.name for one in outlook.stretch.experts}
    return Found(outlook, _query(asked), plans.stamp_of(outlook), expert_names=names)


def _plan_page(
    session: SessionDep,
    terms: Terms,
    given: QueryParams | FormData | Fields,
    errors: Errors,
    *,
    now: datetime,
    said: str = "",
) -> PlanPage:
    found = _found(session, Terms() if errors and "acceptance" not in errors else terms, now=now)
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


SAVED = {
    "absence": "The days away are taken off.",
    "expert": "The expert's hours are kept.",
}


def _said(query: QueryParams) -> str:
    """What was just done, in words."""
    counts = [int(one) for one in query.get("accepted", "").split(".") if one.isdecimal() and len(one) < 7]
    if len(counts) != 3:
        return SAVED.get(query.get("saved", ""), "")
    taken, waitlisted, by_hand = counts
    if not any(counts):
        return "This plan was accepted already; nothing was done twice."
    words = [f"{_requests(taken)} taken on, and everybody who asked has been told."]
    if waitlisted:
        words.append(f"{_requests(waitlisted)} put on the waiting list.")
    if by_hand:
        words.append(f"{_requests(by_hand)} still waiting for an answer or put aside: decide by hand.")
    return " ".join(words)


def _requests(count: int) -> str:
    return "1 request is" if count == 1 else f"{count} requests are"


def _again(request: Request, session: SessionDep, fields: Fields, errors: Errors, now: datetime) -> Response:
    session.rollback()
    return page(request, "plan/show.html", _plan_page(session, Terms(), fields, errors, now=now), 422)


def _request_page(
    session: SessionDep,
    found: LearningRequest,
    *,
    now: datetime,
    typed: Fields | None = None,
    errors: Errors | None = None,
) -> RequestPage:
    outlook = None
    try:
        outlook = fitting.look(session, Terms(), now=now)
    except NotPlannable as refused:
        errors = Errors({**(errors or {}), "kind": str(refused)})
    line = next((one for one in outlook.lines if one.id == found.id), None) if outlook else None
    return RequestPage(
        request=found,
        line=line,
        order=overrides.of_request(session, found),
        bonds=overrides.bonds(session, found),
        prices=_prices(session, found, outlook, now),
        others=[(one.id, one.title) for one in (outlook.lines if outlook else ()) if one.id != found.id],
        experts=capacity.experts(session),
        typed=Fields(
            not_before=found.not_before.isoformat() if found.not_before else "",
            expert=str(found.expert_id or ""),
        ).over(typed or Fields()),
        errors=errors or Errors(),
    )


def _prices(
    session: SessionDep, found: LearningRequest, outlook: Outlook | None, now: datetime
) -> dict[str, Priced]:
    """What each order would cost now, where it can be obeyed."""
    prices = {}
    for kind in overrides.KINDS if outlook else ():
        try:
            price = overrides.priced(session, found, kind, at=now, outlook=outlook)
        except OverrideRefused:
            continue
        if price is not None:
            prices[kind] = price
    return prices


def _request_again(
    request: Request,
    session: SessionDep,
    found: LearningRequest,
    fields: Fields,
    errors: Errors,
    now: datetime,
) -> Response:
    number = found.id
    session.rollback()
    view = _request_page(session, _find(session, number), now=now, typed=fields, errors=errors)
    return page(request, "plan/request.html", view, 422)


def _find(session: SessionDep, number: int) -> LearningRequest:
    found = learning_requests.find(session, number)
    if found is None:
        raise NotFound
    return found


def _expert(session: SessionDep, number: str) -> Person | None:
    """Somebody who can be asked for hours; nobody where nothing was chosen."""
    return capacity.find_expert(session, int(number)) if number.isdecimal() and len(number) < 10 else None
