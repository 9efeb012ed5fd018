"""Iterations: plan the next within its hours, see where it is heading, close it with a review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, QueryParams

from board import burn_up
from board.burn_up import BurnUp
from portfolio import (
    forecasts,
    iteration_course,
    iteration_record,
    iterations,
    lineups,
    organisation,
    projects,
)
from portfolio.iteration_course import Course
from portfolio.iteration_review import Outcome, ProjectReview, Retrospective
from portfolio.iterations import IterationRefused, StaleIteration
from portfolio.lineups import LineUp
from portfolio.models import Card, Iteration, Organisation, Project
from portfolio.rules.forecasting import Forecast
from portfolio.rules.iterating import Velocity
from portfolio.states import ColumnKind, IterationStatus
from web.clock import NowDep
from web.forms import (
    Errors,
    Fields,
    FormDep,
    FormListDep,
    numbers_of,
    some_day,
    some_number,
    some_text,
    some_whole,
)
from web.people import LeaderDep, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

MOST_WEEKS = 8
LONGEST = 4000
OUTCOMES = (
    (Outcome.KEEP, "Keep: go on"),
    (Outcome.CHANGE, "Change: believe something else"),
    (Outcome.KILL, "Kill: stop it"),
)
OUTCOME_WORDS = {Outcome.KEEP.value: "kept", Outcome.CHANGE.value: "changed", Outcome.KILL.value: "killed"}
GROUPS = {
    lineups.DONE: "Done already",
    lineups.IN_IT: "In it",
    lineups.LEFT_OVER: "Left over from the last iteration",
    lineups.RANKED: "From the ranked list, most impact per hour first",
    lineups.BOARD: "Other cards of the board",
}


@dataclass(frozen=True)
class Row:
    """An iteration in the list: how many of its cards are done, and what its review said of projects."""

    iteration: Iteration
    done: int | None
    committed: int | None
    outcomes: str


@dataclass(frozen=True)
class Iterations:
    rows: list[Row]
    course: Course | None
    velocity: Velocity
    organisation: Organisation | None
    values: Fields
    may_change: bool
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class IterationPage:
    iteration: Iteration
    course: Course
    cards: list[Card]
    burn_up: BurnUp | None
    hours: float
    capacity: float
    capacity_words: str
    may_change: bool
    errors: Errors = field(default_factory=Errors)
    forecast: Forecast | None = None

    @property
    def record(self) -> dict[str, Any] | None:
        return self.iteration.record

    @property
    def stages(self) -> list[tuple[str, list[Card]]]:
        """Its cards by how far they are."""
        kinds = ((ColumnKind.DOING, "Under way"), (ColumnKind.TO_DO, "Not begun"), (ColumnKind.DONE, "Done"))
        found = [(words, [card for card in self.cards if card.column.kind is kind]) for kind, words in kinds]
        return [(words, cards) for words, cards in found if cards]

    @property
    def outcomes(self) -> dict[str, str]:
        return OUTCOME_WORDS


@dataclass(frozen=True)
class Planning:
    """What could be in an iteration. `by_hand`: a hand can drag the line, so it is shown."""

    line_up: LineUp
    values: Fields
    saved: bool = False
    by_hand: bool = False
    errors: Errors = field(default_factory=Errors)
    groups: Mapping[str, str] = field(default_factory=lambda: GROUPS)

    @property
    def iteration(self) -> Iteration:
        return self.line_up.iteration


@dataclass(frozen=True)
class Reviewed:
    """A project worked on in the iteration."""

    project: Project
    done: list[str]
    left: list[str]
    open_hours: float


@dataclass(frozen=True)
class ReviewPage:
    iteration: Iteration
    course: Course
    projects: list[Reviewed]
    left: list[Card]
    following: Iteration | None
    values: Fields
    errors: Errors = field(default_factory=Errors)
    outcomes: Sequence[tuple[str, str]] = OUTCOMES


@router.get("/iterations")
def list_iterations(request: Request, session: SessionDep, person: LeaderDep, now: NowDep) -> Response:
    return page(
        request, "iterations/index.html", _iterations(session, Fields(), now, may_change=person.manages)
    )


@router.post("/iterations")
def plan(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    starts = some_day(fields, "starts_on", errors)
    ends = some_day(fields, "ends_on", errors)
    hours = some_number(fields, "capacity_hours", errors, most=10_000)
    goal = some_text(fields, "goal", errors, longest=500)
    for name, day in (("starts_on", starts), ("ends_on", ends)):
        if day is None:
            errors.setdefault(name, "Please give a date.")
    if not errors and starts and ends:
        try:
            planned = iterations.plan(
                session, starts_on=starts, ends_on=ends, capacity_hours=hours, goal=goal, by=manager, at=now
            )
            return see_other(f"/iterations/{planned.number}/planning")
        except IterationRefused as refused:
            errors[refused.field] = str(refused)
    view = _iterations(session, fields, now, may_change=True, errors=errors)
    return page(request, "iterations/index.html", view, 422)


@router.post("/iterations/rhythm")
def set_rhythm(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    """How long iterations last and on which day one begins."""
    errors = Errors()
    weeks = some_whole(fields, "weeks", errors, least=1, most=MOST_WEEKS)
    starts = some_day(fields, "rhythm_on", errors)
    if weeks is None:
        errors.setdefault("weeks", "Please give the weeks an iteration lasts.")
    if starts is None:
        errors.setdefault("rhythm_on", "Please give a day on which one begins.")
    ours = organisation.current(session)
    if errors or weeks is None or starts is None or ours is None:
        view = _iterations(session, fields, now, may_change=True, errors=errors)
        return page(request, "iterations/index.html", view, 422)
    organisation.set_rhythm(session, ours, weeks=weeks, starts_on=starts, by=manager, at=now)
    return see_other("/iterations")


@router.get("/iterations/{number}")
def show(request: Request, session: SessionDep, person: LeaderDep, now: NowDep, number: int) -> Response:
    iteration = _find(session, number)
    view = _iteration_page(session, iteration, now, may_change=person.manages)
    is_open = iteration.status is IterationStatus.OPEN
    told = forecasts.for_iteration(session, iteration, now=now) if is_open else None
    return page(request, "iterations/show.html", replace(view, forecast=told))


@router.get("/iterations/{number}/planning")
def show_planning(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int, saved: str = ""
) -> Response:
    iteration = _find(session, number)
    if iteration.status is IterationStatus.CLOSED:
        return see_other(f"/iterations/{number}")
    found = lineups.line_up(session, iteration, now=now)
    return page(request, "iterations/planning.html", Planning(found, _planned(iteration), saved=bool(saved)))


@router.get("/iterations/{number}/planning/line-up")
def show_line_up(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    """Whether the ticked cards fit, while somebody ticks. Keeps nothing."""
    iteration = _find(session, number)
    found = lineups.line_up(session, iteration, now=now, chosen=_ticked(request.query_params))
    return partial(request, "iterations/_line_up.html", Planning(found, Fields(), by_hand=True))


@router.post("/iterations/{number}/planning")
def keep_planning(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    form: FormListDep,
    number: int,
) -> Response:
    """Keep the goal, the dates, the hours and the ticked cards; with `what` "first" the first so many; "start" commits."""
    iteration = _find(session, number)
    fields = Fields((name, value) for name, value in form.multi_items() if isinstance(value, str))
    errors = Errors()
    changed = _changes(fields, iteration, errors)
    ticked = _ticked(form)
    count = some_whole(fields, "first", errors, most=iterations.MOST_CARDS)
    if fields["what"] == "first" and not errors:
        ticked = lineups.first(lineups.line_up(session, iteration, now=now, chosen=()), count or 0)
    status = 422
    if not errors:
        try:
            version = some_whole(fields, "version", Errors())
            iterations.edit(session, iteration, version=version, by=manager, at=now, **changed)
            unseen = {card.id for card in iterations.held(session, iteration)} - set(
                numbers_of(form.getlist("held"))
            )
            iterations.choose(session, iteration, ticked | unseen, by=manager, at=now)
            if fields["what"] == "start":
                iterations.start(session, iteration, by=manager, at=now)
                return see_other(f"/iterations/{number}")
            return see_other(f"/iterations/{number}/planning?saved=1")
        except StaleIteration as stale:
            errors["planning"], status = str(stale), 409
        except IterationRefused as refused:
            errors[refused.field or "planning"] = str(refused)
        session.rollback()
    found = lineups.line_up(session, _find(session, number), now=now, chosen=ticked)
    values = _planned(found.iteration).over(fields)
    values["version"] = str(found.iteration.version)
    return page(request, "iterations/planning.html", Planning(found, values, errors=errors), status)


@router.post("/iterations/{number}/opening")
def start(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    iteration = _find(session, number)
    try:
        iterations.start(session, iteration, by=manager, at=now)
    except IterationRefused as refused:
        view = _iteration_page(session, iteration, now, may_change=True, errors=Errors(opening=str(refused)))
        return page(request, "iterations/show.html", view, 422)
    return see_other(f"/iterations/{number}")


@router.get("/iterations/{number}/review")
def show_review(
    request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int
) -> Response:
    iteration = _find(session, number)
    if iteration.status is not IterationStatus.OPEN:
        return see_other(f"/iterations/{number}")
    return page(request, "iterations/review.html", _review_page(session, iteration, now))


@router.post("/iterations/{number}/closure")
def close(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    iteration = _find(session, number)
    errors = Errors()
    words = {
        name: some_text(fields, name, errors, longest=LONGEST) for name in ("shown", "learned", "next_step")
    }
    retrospective = Retrospective(
        *(
            some_text(fields, name, errors, longest=LONGEST)
            for name in ("went_well", "went_badly", "try_next")
        )
    )
    review = [_reviewed(fields, project, errors) for project in _numbers(fields)]
    if not errors:
        try:
            iterations.close(
                session, iteration, review=review, retrospective=retrospective, by=manager, at=now, **words
            )
            return see_other(f"/iterations/{number}")
        except IterationRefused as refused:
            errors["closing"] = str(refused)
    return page(request, "iterations/review.html", _review_page(session, iteration, now, fields, errors), 422)


def _find(session: SessionDep, number: int) -> Iteration:
    return there(iterations.find(session, number))


# What forms say


def _ticked(given: FormData | QueryParams) -> set[int]:
    return set(numbers_of(given.getlist("card")))


def _changes(fields: Fields, iteration: Iteration, errors: Errors) -> dict[str, Any]:
    """What the planning form says of the iteration; a field that isn't in it is left as it is."""
    changed: dict[str, Any] = {}
    if "goal" in fields:
        changed["goal"] = some_text(fields, "goal", errors, longest=500)
    if "capacity_hours" in fields:
        changed["capacity_hours"] = some_number(fields, "capacity_hours", errors, most=10_000)
    for name in ("starts_on", "ends_on"):
        if name in fields and not (name == "starts_on" and iteration.status is IterationStatus.OPEN):
            changed[name] = some_day(fields, name, errors)
            if changed[name] is None:
                errors.setdefault(name, "Please give a date.")
    return changed


def _numbers(fields: Fields) -> list[int]:
    """The projects a review names, in order."""
    return sorted(numbers_of(name.removeprefix("verdict_") for name in fields if name.startswith("verdict_")))


def _reviewed(fields: Fields, number: int, errors: Errors) -> ProjectReview:
    said = fields[f"verdict_{number}"]
    if said not in set(Outcome):
        errors[f"verdict_{number}"] = "Please choose one of the options."
    verdict = Outcome(said) if said in set(Outcome) else Outcome.KEEP
    hours = some_number(fields, f"saved_{number}", errors, most=10_000)
    return ProjectReview(
        project=number,
        verdict=verdict,
        shown=some_text(fields, f"shown_{number}", errors, longest=LONGEST),
        learned=some_text(fields, f"learned_{number}", errors, longest=LONGEST),
        next_hypothesis=some_text(fields, f"next_{number}", errors, longest=LONGEST)
        if verdict is Outcome.CHANGE
        else "",
        hours_saved=hours if verdict is Outcome.KILL else None,
    )


# What pages show


def _iterations(
    session: SessionDep, typed: Fields, now: datetime, *, may_change: bool, errors: Errors | None = None
) -> Iterations:
    ours = organisation.current(session)
    found = iterations.listed(session)
    is_open = next((one for one in found if one.status is IterationStatus.OPEN), None)
    course = iteration_course.course(session, is_open, now=now) if is_open else None
    today = now.astimezone(organisation.zone(ours)).date()
    return Iterations(
        rows=[_row(one, course) for one in found],
        course=course,
        velocity=iteration_record.velocity_so_far(session),
        organisation=ours,
        values=_proposed(session, ours, today).over(typed),
        may_change=may_change,
        errors=errors or Errors(),
    )


def _row(one: Iteration, course: Course | None) -> Row:
    said = [str(part.get("verdict", "")) for part in one.review or []]
    counted = [(OUTCOME_WORDS[word], said.count(word)) for word in OUTCOME_WORDS if word in said]
    done = len(one.record["done"]) if one.record else None
    if course is not None and course.iteration is one:
        done = course.standing.cards_done
    return Row(
        iteration=one,
        done=done,
        committed=len(one.committed) if one.committed is not None else None,
        outcomes=", ".join(f"{count} {words}" for words, count in counted),
    )


def _proposed(session: SessionDep, ours: Organisation | None, today: date) -> Fields:
    """The next iteration's dates, and the rhythm they come from."""
    starts, ends = iterations.next_dates(session, today)
    anchor = ours.iterations_start_on if ours else None
    return Fields(
        starts_on=starts.isoformat(),
        ends_on=ends.isoformat(),
        weeks=str(ours.iteration_weeks if ours else 2),
        rhythm_on=(anchor or starts).isoformat(),
    )


def _planned(iteration: Iteration) -> Fields:
    return Fields(
        goal=iteration.goal,
        starts_on=iteration.starts_on.isoformat(),
        ends_on=iteration.ends_on.isoformat(),
        capacity_hours=f"{iteration.capacity_hours:g}" if iteration.capacity_by_hand else "",
        version=str(iteration.version),
    )


def _iteration_page(
    session: SessionDep,
    iteration: Iteration,
    now: datetime,
    *,
    may_change: bool,
    errors: Errors | None = None,
) -> IterationPage:
    course = iteration_course.course(session, iteration, now=now)
    is_planned = iteration.status is IterationStatus.PLANNED
    room = iterations.room_of(session, iteration, now=now) if is_planned else None
    held = [] if iteration.record else iterations.held(session, iteration)
    return IterationPage(
        iteration=iteration,
        course=course,
        cards=held,
        burn_up=burn_up.draw(course, organisation.zone(organisation.current(session))),
        hours=course.standing.hours,
        capacity=iterations.capacity_of(iteration, room) if room else iteration.capacity_hours,
        capacity_words=iterations.capacity_sentence(iteration, room) if room else iteration.capacity_words,
        may_change=may_change,
        errors=errors or Errors(),
    )


def _review_page(
    session: SessionDep,
    iteration: Iteration,
    now: datetime,
    typed: Fields | None = None,
    errors: Errors | None = None,
) -> ReviewPage:
    held = iterations.held(session, iteration)
    found = {card.project.id: card.project for card in held if card.project is not None}
    for number in _numbers(typed or Fields()):  # also those whose cards have moved on: nothing typed is lost
        named = None if number in found else projects.find(session, number)
        if named is not None:
            found[number] = named
    hours = iterations.open_hours_of(session, sorted(found))
    return ReviewPage(
        iteration=iteration,
        course=iteration_course.course(session, iteration, now=now),
        projects=[
            Reviewed(
                project=project,
                done=_titles(held, number, done=True),
                left=_titles(held, number, done=False),
                open_hours=hours.get(number, 0.0),
            )
            for number, project in sorted(found.items())
        ],
        left=[card for card in held if card.column.kind is not ColumnKind.DONE],
        following=iterations.upcoming(session),
        values=typed or Fields(),
        errors=errors or Errors(),
    )


def _titles(cards: Sequence[Card], project: int, *, done: bool) -> list[str]:
    return [
        card.title
        for card in cards
        if card.project_id == project and (card.column.kind is ColumnKind.DONE) == done
    ]
