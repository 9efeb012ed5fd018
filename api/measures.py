"""Measures and readings over the API."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from api import shapes
from api.body import JsonDep, OnceDep, parse, takes
from api.callers import LeaderCaller, ManagerCaller, name_of
from api.lists import Cursor, Limit, Number, listed, number_cursor
from api.versions import IfMatch, check_version
from portfolio import measure_proof, measures, organisation, projects
from portfolio.measures import Given, ReadingRefused, key_of
from portfolio.models import Measure, Person
from portfolio.submission import Day, Line, OptionalDate, Problem, Strict, no_truth
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep
from web.settings import LinksDep

router = APIRouter(prefix="/measures", tags=["measures"])

Finite = Annotated[float, BeforeValidator(no_truth), Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Family = Literal["mean", "count", "share"]
MOST_AT_ONCE = 5_000
MOST_SHOWN = 500
"""Readings shown with each measure, the latest; the page and the proof rest on all."""


class FactsGiven(Strict):
    """What may be said of a measure. `value_per_unit` is money a year; what is read from `cut_on` on is from after;
    `by_chance` says that who was trained was drawn by lot, `chosen_for_value` that they were because this value was bad."""

    unit: Line(40) | None = None  # type: ignore[valid-type] # pydantic builds the type at run time
    higher_is_better: bool | None = None
    family: Family | None = None
    by_chance: bool | None = None
    chosen_for_value: bool | None = None
    baseline: Finite | None = None
    target: Finite | None = None
    worthwhile_change: Amount | None = None
    value_per_unit: Amount | None = None
    value_basis: Line(300) | None = None  # type: ignore[valid-type] # as above
    source: Line(160) | None = None  # type: ignore[valid-type] # as above
    read_every_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    cut_on: OptionalDate = None

    def facts(self) -> dict[str, Any]:
        """What was said, as the columns have it; words taken back are empty ones, and what can't be empty stays."""
        said = self.model_dump(exclude_unset=True, include=set(FactsGiven.model_fields))
        return {
            name: "" if value is None and name in WORDS else value
            for name, value in said.items()
            if not (value is None and name in NEVER_EMPTY)
        }


WORDS = {"unit", "value_basis", "source"}
NEVER_EMPTY = {"higher_is_better", "family", "by_chance"}


class NewMeasure(FactsGiven):
    name: Annotated[Line(160), Field(min_length=1)]  # type: ignore[valid-type] # as above
    project: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ChangedMeasure(FactsGiven):
    name: Annotated[Line(160), Field(min_length=1)] | None = None  # type: ignore[valid-type] # as above


class NewReading(Strict):
    """One value. Without `after`, its day says so; with a `key`, a second time changes nothing. `subject` is a pseudonym, a site,
    a machine: the same before and after makes a pair."""

    value: Finite
    read_on: Day
    after: bool | None = None
    comparison: bool = False
    note: Line(200) = ""  # type: ignore[valid-type] # as above
    subject: Line(64) | None = None  # type: ignore[valid-type] # as above
    exposure: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None
    traits: (
        Annotated[dict[Annotated[Line(60), Field(min_length=1)], Finite], Field(max_length=12)]  # type: ignore[valid-type] # as above
        | None
    ) = None
    key: Annotated[Line(120), Field(min_length=1)] | None = None  # type: ignore[valid-type] # as above

    def given(self) -> Given:
        return Given(
            self.value,
            self.read_on,
            self.after,
            self.comparison,
            subject=self.subject or None,
            traits=self.traits,
            exposure=self.exposure,
            note=self.note,
            row_key=key_of("api", self.key) if self.key else None,
        )


class NewReadings(Strict):
    """Many at once: all are recorded, or none."""

    readings: Annotated[list[NewReading], Field(min_length=1, max_length=MOST_AT_ONCE)]


@router.get("")
def list_measures(
    session: SessionDep, caller: LeaderCaller, now: NowDep, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Measures with their latest readings."""
    found = measures.listed(session, after=number_cursor(cursor), limit=limit + 1)
    following = found[limit - 1].id if len(found) > limit else None
    return listed(_shapes(session, found[:limit], caller, now.date()), following)


@router.post("", status_code=201)
@takes(NewMeasure)
def add(session: SessionDep, once: OnceDep, caller: ManagerCaller, now: NowDep) -> JSONResponse:
    """State a measure a project means to move."""
    given = parse(NewMeasure, once.body)
    project = projects.find(session, given.project)
    if project is None:
        raise ProblemFound(422, errors=[Problem(("project",), "There is no such project.")])

    def write() -> tuple[int, dict[str, Any]]:
        made = measures.add(session, name=given.name, project=project, by=caller, at=now, **given.facts())
        return 201, _shapes(session, [made], caller, now.date())[0]

    return once.answer(session, name_of(caller), write)


@router.get("/{number}")
def show(session: SessionDep, caller: LeaderCaller, now: NowDep, number: Number) -> JSONResponse:
    """One measure with its latest readings, and its version as ETag."""
    return _with_version(session, _find(session, number, with_readings=False), caller, now.date())


@router.patch("/{number}")
@takes(ChangedMeasure)
def change(
    session: SessionDep,
    body: JsonDep,
    caller: ManagerCaller,
    now: NowDep,
    number: Number,
    if_match: IfMatch = None,
) -> JSONResponse:
    """Change a measure. With If-Match, only if nobody else did meanwhile (412)."""
    measure = _find(session, number, with_readings=False)
    given = parse(ChangedMeasure, body)
    check_version(session, measure, if_match)
    if "name" in given.model_fields_set and given.name is None:
        raise ProblemFound(422, errors=[Problem(("name",), "Please fill this in.")])
    facts = given.facts() | ({"name": given.name} if given.name is not None else {})
    if facts:
        measures.edit(session, measure, version=None, by=caller, at=now, **facts)
    return _with_version(session, measure, caller, now.date())


@router.post("/{number}/readings", status_code=201)
@takes(NewReading)
def read(
    session: SessionDep, once: OnceDep, caller: ManagerCaller, links: LinksDep, now: NowDep, number: Number
) -> JSONResponse:
    """Record one value of a measure, or many: `{"readings": [...]}` with up to 5,000 of the same shape, all or none."""
    measure = _find(session, number, with_readings=False)
    is_many = isinstance(once.body, dict) and "readings" in once.body
    given = parse(NewReadings, once.body).readings if is_many else [parse(NewReading, once.body)]
    today = now.astimezone(organisation.zone(organisation.current(session))).date()
    kept = [one.given() for one in given]
    _check(measure, kept, today, is_many=is_many)

    def write() -> tuple[int, dict[str, Any]]:
        nameless = measures.nameless(session, measure, kept, links)
        try:
            found = measures.read_many(session, measure, nameless, source="api", by=caller, at=now)
        except ReadingRefused as refused:
            raise ProblemFound(409, str(refused)) from refused
        warning = _warning(session, measure, today)
        if is_many:
            counts = {"new": len(found.new), "corrected": len(found.corrected), "unchanged": found.unchanged}
            return 201, {"measure": measure.id, **counts, "baseline_warning": warning}
        recorded = measures.last_recorded(session, measure, kept[0].row_key)
        if recorded is None:
            raise ProblemFound(409, "This reading was taken back, so it isn't recorded again.")
        return 201, {
            "id": recorded,
            "measure": measure.id,
            "value": given[0].value,
            "baseline_warning": warning,
        }

    return once.answer(session, name_of(caller), write)


@router.get("/{number}/proof")
def prove(session: SessionDep, _caller: LeaderCaller, now: NowDep, number: Number) -> dict[str, Any]:
    """What the readings prove: change with its interval, evidence grade, verdict, warnings, break-even."""
    measure = _find(session, number)
    proof, costs = measure_proof.of_measure(session, measure)
    standing = measures.standing_of(measure)
    return {
        "measure": measure.id,
        "unit": measure.unit,
        "readings": {
            "before": standing.before,
            "after": standing.after,
            "comparison_before": standing.other_before,
            "comparison_after": standing.other_after,
        },
        **shapes.proof(proof),
        "break_even_change": proof.worth.break_even_change,
        "costs": costs,
        "baseline_warning": _warning(session, measure, now.date()),
    }


def _check(measure: Measure, given: Sequence[Given], today: date, *, is_many: bool) -> None:
    """Raise ProblemFound with one entry for each value that can't be one of this measure."""
    wrong: list[Problem] = []
    for place, one in enumerate(given):
        path = ("readings", place) if is_many else ()
        if one.on > today:
            wrong.append(Problem((*path, "read_on"), "A reading can't lie in the future."))
        try:
            measures.check(measure, one)
        except ReadingRefused as refused:
            wrong.append(Problem((*path, "value"), str(refused)))
    if wrong:
        raise ProblemFound(422, errors=wrong)


def _find(session: Session, number: int, *, with_readings: bool = True) -> Measure:
    measure = measures.find(session, number, with_readings=with_readings)
    if measure is None:
        raise ProblemFound(404)
    return measure


def _warning(session: Session, measure: Measure, today: date) -> str | None:
    standings = measures.standings(session, [measure])
    return measure_proof.warnings(session, [measure], standings, today=today)[measure.id] or None


def _with_version(session: Session, measure: Measure, caller: Person, today: date) -> JSONResponse:
    shape = _shapes(session, [measure], caller, today)[0]
    return JSONResponse(shape, headers={"ETag": f'"{measure.version}"'})


def _shapes(session: Session, found: Sequence[Measure], caller: Person, today: date) -> list[dict[str, Any]]:
    """Measures with their latest readings; whoever doesn't manage sees none that may be one person's. The same number of
    statements however many there are."""
    standings = measures.standings(session, found)
    warned = measure_proof.warnings(session, found, standings, today=today)
    held = measures.latest(session, found, most=MOST_SHOWN, with_subjects=caller.manages)
    return [
        {
            **shapes.measure(one, held[one.id]),
            "readings_count": standings[one.id].readings,
            "baseline_warning": warned[one.id] or None,
        }
        for one in found
    ]
