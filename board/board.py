"""The board: columns of cards, in lanes where wanted, live for everybody who looks."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from board.sight import CardView, Sight, SightDep, StackView, stack_view, views
from portfolio import boards, columns, goals, iterations, projects, saved_views
from portfolio.boards import By, Lanes
from portfolio.models import Card, Column, Goal, Iteration, Person, Project, SavedView
from portfolio.states import IterationStatus
from web.clock import NowDep
from web.live import Change, names, stream
from web.people import LeaderDep
from web.responses import NotFound, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

Place = Annotated[int, Query(ge=0, le=2**31 - 1)]
Rank = Annotated[int, Query(ge=-(2**63), le=2**63 - 1)]
PER_COLUMN = 15
PER_CELL = 5
MOST_SHOWN = 400
"""Cards of a column that are drawn again at once, for somebody who has scrolled far."""
PLACES = frozenset({"card.moved", "card.added", "card.archived", "card.unarchived"})


@dataclass(frozen=True)
class LaneView:
    key: int
    name: str
    count: int
    cells: list[StackView]


@dataclass(frozen=True)
class LanesView:
    """Lanes from one on; `heads` are the columns' names and counts above them."""

    lanes: list[LaneView]
    heads: list[StackView]
    sight: Sight
    more: str
    may_move: bool


@dataclass(frozen=True)
class BoardPage:
    stacks: list[StackView]
    lanes: LanesView | None
    sight: Sight
    columns: list[Column]
    projects: list[Project]
    goals: list[Goal]
    owners: list[Person]
    people: list[Person]
    iteration: Iteration | None
    iterations: list[Iteration]
    saved: list[SavedView]
    person: Person
    shown: int
    may_move: bool


@router.get("/board")
def show_board(
    request: Request, session: SessionDep, person: LeaderDep, sight: SightDep, now: NowDep
) -> Response:
    wanted = sight.wanted(session, now)
    lanes = _lanes_view(session, sight, now, person, 0) if sight.lanes else None
    stacks = [] if lanes else boards.stacks(session, wanted, PER_COLUMN)
    faces = boards.faces(session, boards.cards_of(stacks))
    current = [one for one in iterations.listed(session, 12) if one.status != IterationStatus.CLOSED]
    hands = boards.hands(session)
    view = BoardPage(
        stacks=[
            StackView(one, views(one.cards, faces, now, may_move=person.manages), sight, person.manages)
            for one in stacks
        ],
        lanes=lanes,
        sight=sight,
        columns=[one.stack.column for one in lanes.heads] if lanes else [one.column for one in stacks],
        projects=projects.listed(session, live=True),
        goals=goals.listed(session),
        owners=hands.owners,
        people=hands.possible,
        iteration=next((one for one in current if one.status == IterationStatus.OPEN), None),
        iterations=current,
        saved=saved_views.listed(session, person),
        person=person,
        shown=sum(one.stack.count for one in lanes.heads) if lanes else sum(one.count for one in stacks),
        may_move=person.manages,
    )
    return page(request, "board/show.html", view)


@router.get("/board/lanes")
def show_lanes(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    sight: SightDep,
    now: NowDep,
    first: Place = 0,
    shown: int = boards.MOST_LANES,
) -> Response:
    """The lanes again, or the next ones below."""
    if sight.lanes is None:
        raise NotFound
    many = min(max(shown, boards.MOST_LANES), 60)
    view = _lanes_view(session, sight, now, person, max(0, first), many)
    return partial(request, "board/_more_lanes.html" if first else "board/_lanes.html", view)


@router.get("/board/columns/{number:int}")
def show_column(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    sight: SightDep,
    now: NowDep,
    number: int,
    shown: int = PER_COLUMN,
    lane: Place | None = None,
) -> Response:
    """One column again, with as many cards as were shown."""
    column = _column(session, number)
    many = min(max(shown, PER_COLUMN), MOST_SHOWN)
    wanted = sight.wanted(session, now)
    if sight.lanes is not None and lane is not None:
        stack = boards.cell(session, sight.lanes, lane, column, wanted, many)
        view = stack_view(session, stack, sight, now, may_move=person.manages, lane=lane)
        return partial(request, "board/_cards.html", view)
    stack = boards.stack(session, column, wanted, many)
    view = stack_view(session, stack, sight, now, may_move=person.manages)
    return partial(request, "board/_stack.html", view)


@router.get("/board/columns/{number:int}/more")
def show_more(
    request: Request,
    session: SessionDep,
    person: LeaderDep,
    sight: SightDep,
    now: NowDep,
    number: int,
    after: Rank,
    lane: Place | None = None,
) -> Response:
    """The next stretch of a column or cell."""
    column = _column(session, number)
    wanted = sight.wanted(session, now)
    if sight.lanes is not None and lane is not None:
        stack = boards.cell(session, sight.lanes, lane, column, wanted, PER_COLUMN, after=after)
    else:
        stack = boards.stack(session, column, wanted, PER_COLUMN, after=after)
    view = stack_view(session, stack, sight, now, may_move=person.manages, lane=lane)
    return partial(request, "board/_more.html", view)


@router.get("/cards/{number:int}/face")
def show_face(request: Request, session: SessionDep, person: LeaderDep, now: NowDep, number: int) -> Response:
    """One card as the board shows it."""
    card = there(session.get(Card, number) if 0 < number < 2**31 else None)
    return partial(request, "cards/_card.html", face_of(session, card, person, now))


@router.get("/board/live")
async def follow(request: Request, _person: LeaderDep) -> Response:
    """Which parts of the board have changed."""
    return stream(request.app.state.watch, wants)


def wants(change: Change) -> str | None:
    """What the board draws again after a change."""
    if change.subject_type == Column.__tablename__:
        return names("board")
    if change.subject_type != Card.__tablename__:
        return None
    if change.action in PLACES:
        return names(*(f"column-{number}" for number in change.columns), "board-lanes")
    if change.action in {"card.assigned", "card.edited", "card.planned"}:
        return names(f"card-{change.subject_id}", "board-lanes")
    return names(f"card-{change.subject_id}")


def face_of(session: Session, card: Card, person: Person, now: NowDep) -> CardView:
    """One card's face by itself."""
    return views([card], boards.faces(session, [card]), now, may_move=person.manages)[0]


def _lanes_view(
    session: Session, sight: Sight, now: NowDep, person: Person, first: int, many: int = boards.MOST_LANES
) -> LanesView:
    by = sight.lanes or By.PROJECT
    found: Lanes = boards.lanes(session, by, sight.wanted(session, now), PER_CELL, first=first, limit=many)
    faces = boards.faces(session, boards.cards_of(found))
    manages = person.manages
    return LanesView(
        lanes=[
            LaneView(
                lane.key,
                lane.name,
                lane.count,
                [
                    StackView(one, views(one.cards, faces, now, may_move=manages), sight, manages, lane.key)
                    for one in lane.stacks
                ],
            )
            for lane in found.shown
        ],
        heads=[StackView(one, [], sight, manages) for one in found.heads],
        sight=sight,
        more=f"/board/lanes{sight.query}&first={first + len(found.shown)}" if found.more else "",
        may_move=manages,
    )


def _column(session: Session, number: int) -> Column:
    return there(columns.find(session, number))
