"""What people say a project was worth: typed by the manager or from a file, counted or left out with a reason."""

from fastapi import APIRouter, Request, Response

from portfolio import benefits
from portfolio.benefits import FileRefused, Given
from portfolio.models import BenefitEstimate
from reports.proof import find_project, refused_page
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, SentDep, need_text, some_number, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import here

router = APIRouter()


@router.post("/projects/{number:int}/estimates")
def add(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    given = _read(fields, errors)
    if given is None:
        return refused_page(request, session, project, manager, fields, errors)
    benefits.add(session, project, given, on=here(request).today, by=manager, at=now)
    return see_other(f"/projects/{number}/proof#estimates")


@router.post("/projects/{number:int}/estimates/file")
def take_file(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, sent: SentDep, number: int
) -> Response:
    project = find_project(session, number)
    content = sent.uploads[0].content if sent.uploads else b""
    try:
        taken = benefits.take_file(session, project, content, on=here(request).today, by=manager, at=now)
    except FileRefused as refused:
        return refused_page(request, session, project, manager, sent.fields, Errors(file=str(refused)))
    return see_other(f"/projects/{number}/proof?taken={taken.new}-{taken.known}#estimates")


@router.post("/projects/{number:int}/estimates/asked")
def say_asked(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = find_project(session, number)
    errors = Errors()
    asked = some_whole(fields, "asked", errors, most=1_000_000)
    if errors:
        return refused_page(request, session, project, manager, fields, errors)
    benefits.say_asked(session, project, asked, by=manager, at=now)
    return see_other(f"/projects/{number}/proof#estimates")


@router.post("/projects/{number:int}/estimates/{estimate:int}/exclusion")
def leave_out(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
    estimate: int,
) -> Response:
    project = find_project(session, number)
    found = _find(session, number, estimate)
    errors = Errors()
    why = "" if fields["what"] == "count" else need_text(fields, "why", errors, longest=160)
    if errors:
        said = Errors({f"why_{estimate}": "Please say why it doesn't count."})
        return refused_page(request, session, project, manager, fields, said)
    benefits.leave_out(session, project, found, why, by=manager, at=now)
    return see_other(f"/projects/{number}/proof#estimates")


@router.post("/projects/{number:int}/estimates/{estimate:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, number: int, estimate: int) -> Response:
    project = find_project(session, number)
    benefits.remove(session, project, _find(session, number, estimate), by=manager, at=now)
    return see_other(f"/projects/{number}/proof#estimates")


def _read(fields: Fields, errors: Errors) -> Given | None:
    amount = some_number(fields, "worth", errors, least=-1e12)
    isolation = some_number(fields, "isolation", errors, most=100)
    confidence = some_number(fields, "confidence", errors, most=100)
    basis = some_text(fields, "basis", errors, longest=500)
    for name, value in (("worth", amount), ("isolation", isolation), ("confidence", confidence)):
        if value is None and name not in errors:
            errors[name] = "Please give a number."
    if errors or amount is None or isolation is None or confidence is None:
        return None
    return Given(amount, isolation / 100, confidence / 100, basis)


def _find(session: SessionDep, number: int, estimate: int) -> BenefitEstimate:
    return there(benefits.find(session, find_project(session, number), estimate))
