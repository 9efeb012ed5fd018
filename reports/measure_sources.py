"""Where a measure is pulled from: add one, try it, hurry it, switch it off, take it away."""

from fastapi import APIRouter, Request, Response

from portfolio import measure_pulls, organisation
from portfolio.measure_pulls import Asked
from portfolio.models import MeasureSource
from portfolio.rules.sources import SourceRefused
from reports.measures import find_measure, measure_page, refused_page
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import SettingsDep
from web.templating import here, page

router = APIRouter(prefix="/measures/{number:int}/sources")


@router.post("")
def add(
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
    asked = _asked(fields, errors)
    if not errors:
        try:
            measure_pulls.add(session, measure, asked, settings=settings, by=manager, at=now)
        except SourceRefused as refused:
            errors["address" if asked.kind == measure_pulls.URL else "query"] = str(refused)
    if errors:
        return refused_page(request, session, number, manager, settings, fields, errors)
    return see_other(f"/measures/{number}?saved=source#sources")


@router.get("/{source_number:int}/trial")
def try_out(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    settings: SettingsDep,
    number: int,
    source_number: int,
) -> Response:
    """What the source gives now. Nothing is kept."""
    measure = find_measure(session, number)
    source = _find(session, number, source_number)
    zone = organisation.zone(organisation.current(session))
    trial = measure_pulls.look(source, settings, zone=zone, today=here(request).today)
    view = measure_page(request, session, measure, manager, settings, trial=trial, tried=source.id)
    return page(request, "measures/show.html", view)


@router.post("/{source_number:int}")
def switch(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int, source_number: int
) -> Response:
    """On, off, or with the clock's next round."""
    source = _find(session, number, source_number)
    if fields["what"] == "now":
        measure_pulls.hurry(session, source, by=manager, at=now)
    else:
        measure_pulls.switch(session, source, on=fields["what"] == "on", by=manager, at=now)
    return see_other(f"/measures/{number}?saved=source#sources")


@router.post("/{source_number:int}/removal")
def remove(
    session: SessionDep, manager: ManagerDep, now: NowDep, number: int, source_number: int
) -> Response:
    measure_pulls.remove(session, _find(session, number, source_number), by=manager, at=now)
    return see_other(f"/measures/{number}?saved=source_gone#sources")


def _find(session: SessionDep, number: int, source_number: int) -> MeasureSource:
    return there(measure_pulls.find(session, find_measure(session, number), source_number))


def _asked(fields: Fields, errors: Errors) -> Asked:
    is_query = fields["kind"] == measure_pulls.SQL
    return Asked(
        kind=fields["kind"] or measure_pulls.URL,
        address=fields["database"] if is_query else some_text(fields, "address", errors, longest=1000),
        query=some_text(fields, "query", errors, longest=10_000) if is_query else "",
        pick=some_text(fields, "pick", errors, longest=300),
        pick_day=some_text(fields, "pick_day", errors, longest=300),
        comparison=fields["source_comparison"] == "1",
        every_days=some_whole(fields, "every_days", errors, least=1, most=366) or 7,
    )
