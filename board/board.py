"""The board: columns of cards, live for everybody who looks."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from portfolio import boards, columns, iterations, projects
from portfolio.boards import Filter, Stack
from portfolio.models import Card, Iteration, Project
from web.forms import Fields
from web.live import Change, names, stream
from web.people import LeaderDep
from web.responses import NotFound
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

PER_COLUMN = 20


@dataclass(frozen=True)
class BoardPage:
    stacks: list[Stack]
    filter: Filter
    typed: Fields
    query: str
    projects: list[Project]
    iteration: Iteration | None
    may_move: bool


@dataclass(frozen=True)
class StackView:
    """One column, or the next stretch of its cards."""

    stack: Stack
    query: str
    may_move: bool


@router.get("/board")
def show_board(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    project: str = "",
    iteration: str = "",
    q: str = "",
) -> Response:
    wanted, typed = _filter(project, iteration, q)
    view = BoardPage(
        stacks=boards.stacks(session, wanted, PER_COLUMN),
        filter=wanted,
        typed=typed,
        query=_query(typed),
        projects=projects.listed(session, live=True),
        iteration=iterations.current(session),
        may_move=person.manages,
    )
    return page(request, "board/show.html", view)


@router.get("/board/columns/{number}")
def show_column(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    number: int,
    project: str = "",
    iteration: str = "",
    q: str = "",
) -> Response:
    wanted, typed = _filter(project, iteration, q)
    column = columns.find(session, number)
    if column is None:
        raise NotFound
    stack = boards.stack(session, column, wanted, PER_COLUMN)
    return partial(request, "board/_stack.html", StackView(stack, _query(typed), person.manages))


@router.get("/board/columns/{number}/more")
def show_more(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    number: int,
    after: int,
    project: str = "",
    iteration: str = "",
    q: str = "",
) -> Response:
    wanted, typed = _filter(project, iteration, q)
    column = columns.find(session, number)
    if column is None:
        raise NotFound
    stack = boards.stack(session, column, wanted, PER_COLUMN, after=after)
    return partial(request, "board/_more.html", StackView(stack, _query(typed), person.manages))


@router.get("/board/live")
async def follow(request: Request, _person: LeaderDep) -> Response:
    def wants(change: Change) -> str | None:
        if change.subject_type != Card.__tablename__:
            return None
        if change.action in {"card.moved", "card.added"}:
            return names(*(f"column-{number}" for number in change.columns))
        return names(f"card-{change.subject_id}")

    return stream(request.app.state.watch, wants)


def _filter(project: str, iteration: str, q: str) -> tuple[Filter, Fields]:
    wanted = Filter(project_id=_whole(project), iteration_id=_whole(iteration), text=q.strip()[:200])
    return wanted, Fields(project=project, iteration=iteration, q=q)


def _whole(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 10 else None


def _query(typed: Fields) -> str:
    given = {name: value for name, value in typed.items() if value}
    return f"?{urlencode(given)}" if given else ""
