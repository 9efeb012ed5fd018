"""Measures: the list, one with all that is known of it, its facts, and readings given by hand."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from portfolio import measure_proof, measure_pulls, measures, organisation
from portfolio.measures import FAMILIES, ReadingRefused, StaleEdit
from portfolio.models import Measure, Person
from portfolio.rules.sources import databases_in
from portfolio.settings import Settings
from reports.measure_view import MeasurePage, MeasureRow, Measures, SourceLine
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_number, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import SettingsDep
from web.templating import here, page

router = APIRouter()

MOST_LISTED = 300
SAVED = {
    "facts": "Saved.",
    "reading": "The reading is recorded.",
    "withdrawn": "The reading was taken back.",
    "source": "Saved. It is pulled with the clock's next round, within the hour by day.",
    "source_gone": "The source is gone. The readings it brought stay.",
}
AMOUNTS = ("baseline", "target", "worthwhile_change", "value_per_unit")


@router.get("/measures")
def list_measures(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    return page(request, "measures/index.html", _list(session, person, here(request).today))


@router.get("/measures/{number:int}")
def show(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    settings: SettingsDep,
    number: int,
    saved: str = "",
) -> Response:
    measure = find_measure(session, number)
    view = measure_page(request, session, measure, person, settings, saved=SAVED.get(saved, ""))
    return page(request, "measures/show.html", view)


@router.post("/measures/{number:int}")
def edit(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    settings: SettingsDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    measure = find_measure(session, number)
    errors = Errors()
    facts = _facts(fields, errors)
    version = some_whole(fields, "version", errors)
    status = 422
    if not errors:
        try:
            measures.edit(session, measure, version=version, by=manager, at=now, **facts)
        except StaleEdit as stale:
            status = 409
            errors["name"] = f"{stale} Your words are still here; save again to keep them."
            fields["version"] = str(measure.version)
    if errors:
        return refused_page(request, session, number, manager, settings, fields, errors, status)
    return see_other(f"/measures/{number}?saved=facts")


@router.post("/measures/{number:int}/readings")
def read(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    settings: SettingsDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    """A reading given here or on the project's page, which is where it then leads back to."""
    measure = find_measure(session, number)
    errors = Errors()
    today = here(request).today
    value = some_number(fields, "value", errors, least=-1e12)
    on = some_day(fields, "read_on", errors) or today
    note = some_text(fields, "reading_note", errors, longest=200)
    exposure = some_number(fields, "exposure", errors)
    if value is None:
        errors.setdefault("value", "Please give a number.")
    if on > today:
        errors["read_on"] = "A reading can't lie in the future."
    if value is not None and not errors:
        try:
            measures.read(
                session, measure, value=value, on=on, after=fields["when"] == "after", note=note,
                comparison=fields["comparison"] == "1", exposure=exposure, by=manager, at=now,
            )  # fmt: skip
        except ReadingRefused as refused:
            errors["value"] = str(refused)
    if errors:
        return refused_page(request, session, number, manager, settings, fields, errors)
    back = fields["back"] == "project" and measure.project_id
    return see_other(f"/projects/{back}#measures" if back else f"/measures/{number}?saved=reading")


@router.post("/measures/{number:int}/readings/{reading_number:int}/withdrawal")
def withdraw(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int, reading_number: int
) -> Response:
    measure = find_measure(session, number)
    reading = measures.find_reading(measure, reading_number)
    if reading is not None:  # pressed twice, the first counts
        why = fields["why"][:200]
        measures.withdraw(session, measure, reading, why=why, by=manager, at=now)
    return see_other(f"/measures/{number}?saved=withdrawn")


def find_measure(session: Session, number: int) -> Measure:
    """The measure; what it proves loads its readings with those of its project, once."""
    return there(measures.find(session, number, with_readings=False))


def refused_page(
    request: Request,
    session: Session,
    number: int,
    manager: Person,
    settings: Settings,
    fields: Fields,
    errors: Errors,
    status: int = 422,
) -> Response:
    """The page again with what was typed and what is wrong with it; nothing was kept."""
    session.rollback()
    measure = find_measure(session, number)
    view = measure_page(request, session, measure, manager, settings, typed=fields, errors=errors)
    return page(request, "measures/show.html", view, status)


def measure_page(
    request: Request,
    session: Session,
    measure: Measure,
    person: Person,
    settings: Settings,
    *,
    typed: Fields | None = None,
    errors: Errors | None = None,
    saved: str = "",
    **more: Any,
) -> MeasurePage:
    """All that is known of a measure, with what was typed over it."""
    ours = organisation.current(session)
    today = here(request).today
    proof, costs = measure_proof.of_measure(session, measure)
    standing = measures.standing_of(measure)
    known = values_of(measure)
    return MeasurePage(
        measure=measure,
        proof=proof,
        standing=standing,
        warning=measure_proof.warnings(session, [measure], {measure.id: standing}, today=today)[measure.id],
        cut_on=measures.divided_on(session, measure),
        costs=costs,
        currency=ours.currency if ours else "",
        sources=[SourceLine(one) for one in measure_pulls.of(session, measure)],
        gone=measures.withdrawn(session, measure) if person.manages else [],
        next_on=measures.next_on(measure, standing),
        may_change=person.manages,
        today=today,
        values=known if typed is None else known.over(typed),
        errors=errors or Errors(),
        saved=saved,
        databases=tuple(databases_in(settings.measure_databases)),
        hosts=bool(settings.measure_hosts),
        **more,
    )


def values_of(measure: Measure) -> Fields:
    """What the form of its facts holds."""
    amounts = {name: _plain(getattr(measure, name)) for name in AMOUNTS}
    return Fields(
        name=measure.name,
        unit=measure.unit,
        better="more" if measure.higher_is_better else "less",
        family=measure.family,
        by_chance="yes" if measure.by_chance else "",
        chosen_for_value={None: "", True: "yes", False: "no"}[measure.chosen_for_value],
        value_basis=measure.value_basis,
        source=measure.source,
        read_every_days=str(measure.read_every_days or ""),
        cut_on=measure.cut_on.isoformat() if measure.cut_on else "",
        version=str(measure.version),
        every_days="7",
        **amounts,
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _facts(fields: Fields, errors: Errors) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": need_text(fields, "name", errors, longest=160),
        "unit": some_text(fields, "unit", errors, longest=40),
        "higher_is_better": fields["better"] != "less",
        "family": fields["family"],
        "by_chance": bool(fields["by_chance"]),
        "chosen_for_value": {"yes": True, "no": False}.get(fields["chosen_for_value"]),
        "baseline": some_number(fields, "baseline", errors, least=-1e12),
        "target": some_number(fields, "target", errors, least=-1e12),
        "worthwhile_change": some_number(fields, "worthwhile_change", errors),
        "value_per_unit": some_number(fields, "value_per_unit", errors),
        "value_basis": some_text(fields, "value_basis", errors, longest=300),
        "source": some_text(fields, "source", errors, longest=160),
        "read_every_days": some_whole(fields, "read_every_days", errors, least=1, most=3660),
        "cut_on": some_day(fields, "cut_on", errors),
    }
    if facts["family"] not in dict(FAMILIES):
        errors["family"] = "Please choose one of the options."
    if facts["value_per_unit"] and not facts["value_basis"]:
        errors["value_basis"] = "Please say where this value comes from, so that others can check it."
    return facts


def _list(session: Session, person: Person, today: date) -> Measures:
    found = measures.every(session, limit=MOST_LISTED + 1)
    standings = measures.standings(session, found)
    warned = measure_proof.warnings(session, found, standings, today=today)
    sources = measure_pulls.every(session)
    pulled = {one.measure_id for one in sources if one.is_on}
    problems = {one.measure_id: one.problem for one in sources if one.is_on and one.problem}
    rows = []
    for one in found[:MOST_LISTED]:
        standing = standings[one.id]
        next_on = measures.next_on(one, standing)
        rows.append(
            MeasureRow(
                one, standing, warned[one.id], next_on, one.id in pulled, problems.get(one.id, ""), today
            )
        )
    return Measures(rows, person.manages, more=len(found) > MOST_LISTED)
