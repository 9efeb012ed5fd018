"""What exists already and covers a part of what a request needs."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from portfolio import learning_requests, library, reuses
from portfolio.models import LearningRequest, Resource, Reuse
from portfolio.reuses import SHARES, SINGLE_SPREAD
from portfolio.rules.ranges import Range
from portfolio.similar import Found
from portfolio.submission import Amount, RangeGiven, explain
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.responses import by_htmx, see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter(prefix="/requests/{number:int}/reuses")

PERCENT: TypeAdapter[RangeGiven | float | None] = TypeAdapter(Amount(100, "the share"))


@dataclass(frozen=True)
class ReusesPage:
    """What is linked to a request, what that comes to, and what else is like it."""

    learning_request: LearningRequest
    linked: list[Reuse]
    exists: Range | None
    offered: list[Found]
    typed: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    shares: tuple[tuple[str, str], ...] = tuple((key, words) for key, (words, _) in SHARES.items())


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    view = _view(session, _find(session, number))
    return page(request, "reuses/show.html", view)


@router.get("/list")
def show_list(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    view = _view(session, _find(session, number))
    return partial(request, "reuses/_list.html", view)


@router.post("")
def link(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    found = _find(session, number)
    errors = Errors()
    resource = _resource(session, fields, errors)
    share = _share(fields, errors)
    note = some_text(fields, "reuse_note", errors)
    if not errors and resource is not None and share is not None:
        reuses.link(session, found, resource, share, note=note, by=manager, at=now)
        return _answer(request, session, found)
    return _answer(request, session, found, fields, errors)


@router.post("/{reuse_number:int}/removal")
def unlink(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, number: int, reuse_number: int
) -> Response:
    found = _find(session, number)
    reuse = reuses.find(session, found, reuse_number)
    if reuse is not None:
        reuses.unlink(session, reuse, by=manager, at=now)
    return _answer(request, session, found)


def _find(session: SessionDep, number: int) -> LearningRequest:
    return there(learning_requests.find(session, number))


def _resource(session: SessionDep, fields: Fields, errors: Errors) -> Resource | None:
    number = some_whole(fields, "resource", errors, least=1)
    found = library.find(session, number) if number is not None else None
    if found is None and "resource" not in errors:
        errors["resource"] = "Please choose something from the library, or give its number."
    return found


def _share(fields: Fields, errors: Errors) -> Range | None:
    """A share in numbers ("45-80", "62") before one in words."""
    try:
        given = PERCENT.validate_python(fields["percent"])
    except ValidationError as error:
        errors["percent"] = explain(error)[0].words
        return None
    if isinstance(given, RangeGiven):
        return Range(given.low / 100, given.likely / 100, given.high / 100)
    if given is not None:
        share = given / 100
        return Range(max(0.0, share - SINGLE_SPREAD), share, min(1.0, share + SINGLE_SPREAD))
    if fields["share"] in SHARES:
        return SHARES[fields["share"]][1]
    errors["share"] = "Please say how much of the need it covers."
    return None


def _answer(
    request: Request,
    session: SessionDep,
    found: LearningRequest,
    typed: Fields | None = None,
    errors: Errors | None = None,
) -> Response:
    """The list alone for a page that has it already, else the whole page."""
    if not by_htmx(request) and not errors:
        return see_other(f"/requests/{found.number}/reuses")
    view = _view(session, found, typed, errors)
    name = "reuses/_list.html" if by_htmx(request) else "reuses/show.html"
    return page(request, name, view, 422 if errors else 200)


def _view(
    session: SessionDep, found: LearningRequest, typed: Fields | None = None, errors: Errors | None = None
) -> ReusesPage:
    linked = reuses.of(session, found)
    return ReusesPage(
        found,
        linked,
        reuses.existing_share(linked),
        reuses.offered(session, found, linked),
        typed or Fields(),
        errors or Errors(),
    )
