"""Where cards stand: add, place, archive, bring back; and the same for many at once."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from board.board import face_of
from portfolio import cards, columns, iterations, projects, tokens
from portfolio.boards import By
from portfolio.cards import LimitReached
from portfolio.models import Card, Iteration, Person, Project
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, FormListDep, need_text, number_of, numbers_of, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, by_htmx, local_path, see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

MOST_AT_ONCE = 500
ARCHIVED_AT_ONCE = 50


@dataclass(frozen=True)
class ArchivePage:
    cards: list[Card]
    text: str
    more: str
    may_change: bool


@dataclass(frozen=True)
class RefusedPage:
    """A move that a limit didn't allow, for browsers without scripts."""

    words: str
    back: str


@router.post("/cards")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    """A new card at the bottom of `column`; htmx gets its face back, everybody else the page he came from."""
    errors = Errors()
    title = need_text(fields, "title", errors)
    back = local_path(fields["back"] or "/board")
    if errors:
        return _refused(request, errors["title"], back, 422)
    belongs = _belonging(session, fields)
    column_id = some_whole(fields, "column", errors)
    try:
        card = cards.add(
            session,
            title=title,
            column=columns.find(session, column_id) if column_id else None,
            project=belongs.project,
            iteration=belongs.iteration,
            owner_id=belongs.owner.id if belongs.owner else None,
            within_limits=True,
            by=manager,
            at=now,
        )
    except LimitReached as full:
        return _refused(request, str(full), back)
    if not by_htmx(request):
        return see_other(back)
    answer = partial(request, "cards/_card.html", face_of(session, card, manager, now))
    answer.headers["X-Said"] = _header(cards.warning(session, card))
    return answer


@router.post("/cards/{number:int}/placement")
def place(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Where a card was put: into `column`, above the card `before` or below `after` or at `position`, else at the bottom;
    in lanes also what it belongs to now. Repeated with the same Idempotency-Key it does nothing more."""
    card, errors = _find(session, number), Errors()
    column = columns.find(session, some_whole(fields, "column", errors) or 0)
    spot = {name: some_whole(fields, name, errors) for name in ("position", "before", "after")}
    back = local_path(fields["back"] or "/board")
    if column is None or errors:
        raise NotFound
    key = request.headers.get("idempotency-key", "")[:200]
    if key and tokens.kept_answer(session, f"person:{manager.id}", key) is not None:
        return _placed(request, "", back)
    try:
        cards.place(session, card, column, **spot, by=manager, at=now)
        _join_lane(session, card, fields, manager, now)
    except LimitReached as full:
        session.rollback()
        return _refused(request, str(full), back)
    if key:
        body = {"column": column.id}
        tokens.keep_answer(session, f"person:{manager.id}", key, "placement", 204, body, at=now)
    return _placed(request, cards.warning(session, card), back)


@router.post("/cards/{number:int}/archive")
def archive(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    """Take one card off the board."""
    cards.archive(session, _find(session, number), by=manager, at=now)
    return see_other("/board")


@router.post("/cards/{number:int}/return")
def bring_back(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Put an archived card back on the board."""
    cards.bring_back(session, _find(session, number), by=manager, at=now)
    return see_other(local_path(fields["back"] or "/board/archive"))


@router.post("/board/cards")
def change_many(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, form: FormListDep
) -> Response:
    """Move, give, plan or archive many cards: all of them, or none where a limit doesn't allow it."""
    fields = Fields((name, value) for name, value in form.multi_items() if isinstance(value, str))
    chosen = cards.chosen(session, numbers_of(form.getlist("card"))[:MOST_AT_ONCE])
    back = local_path(fields["back"] or "/board")
    act = there(_act(session, fields, manager, now))
    try:
        for card in reversed(chosen):
            act(card)
    except LimitReached as full:
        session.rollback()
        return _refused(request, str(full), back)
    return _placed(request, cards.warning(session, chosen[0]) if chosen else "", back)


@router.get("/board/archive")
def show_archive(
    request: Request, session: SessionDep, person: LeaderDep, q: str = "", before: int = 0
) -> Response:
    """Cards taken off the board."""
    text = q.strip()[:200]
    found = cards.archived(session, text, before=max(0, min(before, 2**31 - 1)), limit=ARCHIVED_AT_ONCE + 1)
    shown = found[:ARCHIVED_AT_ONCE]
    more = str(shown[-1].id) if len(found) > ARCHIVED_AT_ONCE else ""
    return page(request, "board/archive.html", ArchivePage(shown, text, more, person.manages))


# How


@dataclass(frozen=True)
class _Belonging:
    project: Project | None
    iteration: Iteration | None
    owner: Person | None


def _belonging(session: Session, fields: Fields) -> _Belonging:
    """What a card added on a narrowed board belongs to: what the board shows."""
    errors = Errors()
    found = {name: some_whole(fields, name, errors) or 0 for name in ("project", "iteration", "owner")}
    return _Belonging(
        projects.find(session, found["project"]) if found["project"] else None,
        iterations.find(session, found["iteration"]) if found["iteration"] else None,
        session.get(Person, found["owner"]) if found["owner"] else None,
    )


def _join_lane(session: Session, card: Card, fields: Fields, manager: Person, now: NowDep) -> None:
    """A card put into another lane belongs there; goals are their projects', so no card changes them."""
    lane = some_whole(fields, "lane", Errors())
    if lane is None:
        return
    if fields["lanes"] == By.OWNER:
        cards.assign(session, card, _owner(session, lane), by=manager, at=now)
    if fields["lanes"] == By.PROJECT and (card.project_id or 0) != lane:
        project = projects.find(session, lane) if lane else None
        if lane and project is None:
            raise NotFound
        number = project.id if project else None
        cards.edit(session, card, version=None, by=manager, at=now, project_id=number)


def _act(session: Session, fields: Fields, manager: Person, now: NowDep) -> Callable[[Card], object] | None:
    """What is to be done with each of many cards ("column:3", "archive"); None where that is not to be understood."""
    act, _, key = fields["act"].partition(":")
    number = number_of(key)
    if act == "archive":
        return lambda card: cards.archive(session, card, by=manager, at=now)
    if act == "owner":
        owner = _owner(session, number)
        return lambda card: cards.assign(session, card, owner, by=manager, at=now)
    if act == "iteration":
        iteration = iterations.find(session, number) if number else None
        return lambda card: cards.take_into(session, card, iteration, by=manager, at=now)
    column = columns.find(session, number)
    if act != "column" or column is None:
        return None
    return lambda card: cards.place(session, card, column, 0, by=manager, at=now)


def _owner(session: Session, number: int) -> Person | None:
    """Who is to have a card; nobody for 0."""
    person = session.get(Person, number) if number else None
    if number and person is None:
        raise NotFound
    return person


def _find(session: Session, number: int) -> Card:
    return there(cards.find(session, number))


def _placed(request: Request, said: str, back: str) -> Response:
    if not _wants_data(request):
        return see_other(back)
    return JSONResponse({"said": said}) if said else Response(status_code=204)


def _refused(request: Request, words: str, back: str, status: int = 409) -> Response:
    if _wants_data(request):
        return JSONResponse({"said": words}, status)
    return page(request, "board/refused.html", RefusedPage(words, back), status)


def _wants_data(request: Request) -> bool:
    return by_htmx(request) or request.headers.get("accept") == "application/json"


def _header(words: str) -> str:
    """Words as a header can carry them."""
    from urllib.parse import quote

    return quote(words)
