"""Cards: add, look, edit, place, archive."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import cards, iterations, projects
from portfolio.models import Card, Column, Iteration, Project
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_number, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, local_path, see_other
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()


@dataclass(frozen=True)
class CardPage:
    card: Card
    columns: list[Column]
    projects: list[Project]
    iterations: list[Iteration]
    values: Fields
    may_change: bool
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class CardView:
    card: Card
    may_move: bool


@router.post("/cards")
def add(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    errors = Errors()
    title = need_text(fields, "title", errors)
    back = local_path(fields["back"] or "/board")
    if errors:
        return see_other(back)
    column_id = some_whole(fields, "column", errors)
    project_id = some_whole(fields, "project", errors)
    column = session.get(Column, column_id) if column_id else None
    project = projects.find(session, project_id) if project_id else None
    cards.add(session, title=title, column=column, project=project, by=manager, at=now)
    return see_other(back)


@router.get("/cards/{number}")
def show(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    card = _find(session, number)
    return page(
        request, "cards/show.html", _card_page(session, card, _values(card), may_change=person.manages)
    )


@router.get("/cards/{number}/face")
def show_face(request: Request, session: SessionDep, person: LeaderDep, number: int) -> Response:
    return partial(request, "cards/_card.html", CardView(_find(session, number), person.manages))


@router.post("/cards/{number}")
def edit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    card = _find(session, number)
    errors = Errors()
    changes = {
        "title": need_text(fields, "title", errors),
        "notes": some_text(fields, "notes", errors, longest=8000),
        "estimate_hours": some_number(fields, "estimate_hours", errors, most=10_000),
        "actual_hours": some_number(fields, "actual_hours", errors, most=10_000),
        "blocked_by": some_text(fields, "blocked_by", errors),
        "project_id": _known(session, Project, some_whole(fields, "project", errors)),
    }
    version = some_whole(fields, "version", errors)
    if not errors:
        try:
            cards.edit(session, card, version=version, by=manager, at=now, **changes)
        except cards.StaleCard:
            errors["title"] = (
                "Somebody else changed this card meanwhile. Your words are still here; save again to keep them."
            )
            fields["version"] = str(card.version)
    if errors:
        session.rollback()
        view = _card_page(session, _find(session, number), fields, may_change=True, errors=errors)
        return page(
            request,
            "cards/show.html",
            view,
            409 if "version" in fields and "Somebody" in errors["title"] else 422,
        )
    iteration = iterations.find(session, some_whole(fields, "iteration", errors) or 0)
    if (iteration.id if iteration else None) != card.iteration_id:
        cards.take_into(session, card, iteration, by=manager, at=now)
    return see_other("/board")


@router.post("/cards/{number}/placement")
def place(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Where a card was put: into `column`, above the card `before` or at `position`, else at the bottom."""
    card = _find(session, number)
    errors = Errors()
    column = session.get(Column, some_whole(fields, "column", errors) or 0)
    if column is None or errors:
        raise NotFound
    before_id = some_whole(fields, "before", errors)
    position = some_whole(fields, "position", errors)
    cards.place(session, card, column, position, before=before_id, by=manager, at=now)
    if request.headers.get("hx-request") or request.headers.get("accept") == "application/json":
        return Response(status_code=204)
    return see_other(local_path(fields["back"] or "/board"))


@router.post("/cards/{number}/archive")
def archive(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    cards.archive(session, _find(session, number), by=manager, at=now)
    return see_other("/board")


def _find(session: SessionDep, number: int) -> Card:
    card = cards.find(session, number)
    if card is None:
        raise NotFound
    return card


def _known(session: SessionDep, model: type[Project], number: int | None) -> int | None:
    return number if number and session.get(model, number) else None


def _card_page(
    session: SessionDep, card: Card, values: Fields, *, may_change: bool, errors: Errors | None = None
) -> CardPage:
    return CardPage(
        card,
        cards.columns(session),
        projects.listed(session, live=True),
        [one for one in iterations.listed(session) if one.status != "closed"],
        values,
        may_change,
        errors or Errors(),
    )


def _values(card: Card) -> Fields:
    def text(value: float | None) -> str:
        return "" if value is None else f"{value:g}"

    return Fields(
        title=card.title,
        notes=card.notes,
        estimate_hours=text(card.estimate_hours),
        actual_hours=text(card.actual_hours),
        blocked_by=card.blocked_by,
        project=text(card.project_id),
        iteration=text(card.iteration_id),
        version=str(card.version),
    )
