"""Boards from elsewhere: upload a file, see what it would do and say what becomes what, take or drop it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from portfolio import board_imports, imports, projects
from portfolio.board_imports import SOURCES, Looked
from portfolio.importing import dates
from portfolio.importing.boards import KIND, MOST_BYTES, Board, BoardMapping, parsed
from portfolio.importing.boards_judging import account_as_csv
from portfolio.importing.mapping import BadMapping
from portfolio.models import Import, Project
from portfolio.sheets import Unreadable
from portfolio.submission import number_in, one_line
from web.clock import NowDep
from web.forms import Errors
from web.imports import SHOWN, UploadDep, Uploading, as_csv, begun, gone_on
from web.people import MANAGERS_ONLY, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/imports/boards")
PREVIEWED = 20
MOST_PEOPLE = 200
"""Names asked about, the busiest first; the others are nobody here, or whom they were found to be."""


@dataclass(frozen=True)
class Choice:
    """A place or a person of the file, how many cards are meant, and what was chosen for it."""

    number: int
    name: str
    count: int
    value: int | str


@dataclass(frozen=True)
class BoardPage:
    """A board that waits: what it would do, and what may be changed."""

    file: Import
    mapping: BoardMapping
    looked: Looked
    places: list[Choice]
    people: list[Choice]
    columns: list[tuple[int | str, str]]
    known: list[tuple[int, str]]
    projects: list[Project]
    errors: Errors
    changed: bool = False
    shown: int = SHOWN
    previewed: int = PREVIEWED

    @property
    def program(self) -> str:
        return SOURCES[self.looked.board.source]

    @property
    def asks_order(self) -> bool:
        """Whether its dates can be read two ways."""
        return dates.ambiguous(self.looked.board.date_texts) is True

    @property
    def has_archived(self) -> bool:
        return any(card.is_put_away for card in self.looked.board.cards)

    @property
    def column_names(self) -> dict[int, str]:
        return {number: name for number, name in self.columns if isinstance(number, int)}

    @property
    def new_columns(self) -> dict[int, str]:
        """Columns that are still to be made, by the number they go by until then."""
        named = {place.key: place.name for place in self.looked.board.places}
        places = enumerate(self.looked.mapping.places.items(), start=1)
        return {-number: named.get(place, place) for number, (place, to) in places if isinstance(to, str)}

    @property
    def unknown(self) -> list[str]:
        """Who owns cards or wrote comments there and is nobody here."""
        return [one.name for one in self.people if not one.value]

    @property
    def owners(self) -> dict[str, str]:
        """Who will own a card, by the name the file has."""
        names = dict(self.known)
        return {one.name: names[int(one.value)] for one in self.people if one.value}


@router.get("", dependencies=MANAGERS_ONLY)
def show_upload(request: Request, session: SessionDep) -> Response:
    return page(request, "board_imports/index.html", Uploading.of(session, KIND, most_bytes=MOST_BYTES))


@router.post("")
def upload(
    request: Request, form: UploadDep, session: SessionDep, manager: ManagerDep, now: NowDep
) -> Response:
    start = partial(board_imports.start, session, by=manager, at=now)
    number, errors = begun(session, form, start, most_bytes=MOST_BYTES)
    if errors:
        view = Uploading.of(session, KIND, most_bytes=MOST_BYTES, errors=errors)
        return page(request, "board_imports/index.html", view, 422)
    return see_other(f"/settings/imports/boards/{number}")


@router.get("/{number:int}", dependencies=MANAGERS_ONLY)
def show(request: Request, session: SessionDep, now: NowDep, number: int) -> Response:
    file = _find(session, number)
    if (elsewhere := gone_on(request, file, now, template="board_imports/taken.html")) is not None:
        return elsewhere
    changed = request.query_params.get("changed") == "1"
    return page(request, "board_imports/show.html", _view(session, file, now, Errors(), changed=changed))


@router.post("/{number:int}")
def decide(
    request: Request, form: UploadDep, session: SessionDep, manager: ManagerDep, now: NowDep, number: int
) -> Response:
    """Look again with other choices, take the board in, or drop it."""
    file = _find(session, number)
    address = f"/settings/imports/boards/{number}"
    if not imports.waits(file):
        return see_other(address)
    try:
        if form.get("do") == "drop":
            imports.drop(session, file, by=manager, at=now)
            return see_other("/settings/imports")
        before = parsed(file.mapping)
        board = board_imports.look(session, file, now=now).board
        errors = Errors()
        mapping = _mapping(board, before, form, errors) if "source_name" in form else before
        if errors:
            view = _view(session, file, now, errors, typed=mapping)
            return page(request, "board_imports/show.html", view, 422)
        mapping = board_imports.change_mapping(session, file, mapping)
        takes = form.get("do") == "take"
        if not takes or mapping != before:
            return see_other(f"{address}{'?changed=1' if takes else ''}#dry-run")
        if imports.is_long(file):
            imports.want(session, file, by=manager, at=now)
        else:
            board_imports.take(session, file, by=manager, at=now)
    except imports.NotWaiting:
        session.rollback()
    except (BadMapping, Unreadable) as problem:
        session.rollback()
        view = _view(session, _find(session, number), now, Errors(mapping=str(problem)))
        return page(request, "board_imports/show.html", view, 422)
    return see_other(address)


@router.get("/{number:int}/account.csv", dependencies=MANAGERS_ONLY)
def every_card(session: SessionDep, now: NowDep, number: int) -> Response:
    """What becomes of each card of the file: line, fate, card, remarks."""
    file = _find(session, number)
    waits = file.content is not None
    account = board_imports.look(session, file, now=now).account.as_json() if waits else file.account
    return as_csv(account_as_csv(account))


# Below: from the form to a mapping, and from a mapping to the page


def _find(session: Session, number: int) -> Import:
    file = imports.find(session, number)
    if file is None or not board_imports.is_board(file):
        raise NotFound
    return file


def _mapping(board: Board, before: BoardMapping, form: FormData, errors: Errors) -> BoardMapping:
    """The mapping the form says. Places and people go by their number in the file: their names may be anything."""
    source_name = _text(form, "source_name")
    if not source_name or len(source_name) > 120:
        errors["source_name"] = "Please give a name of up to 120 characters."
        source_name = before.source_name
    said = {
        "source_name": source_name,
        "board_key": before.board_key,
        "places": {
            place.key: _choice(form, f"place.{number}", before.places.get(place.key, 0))
            for number, place in enumerate(board.places)
        },
        "people": {
            who: _choice(form, f"person.{number}", before.people.get(who, 0))
            for number, who in enumerate(board.people)
        },
        "project": int(project) if (project := _text(form, "project")[:9]).isdecimal() else None,
        "date_order": "month" if (_text(form, "date_order") or before.date_order) == "month" else "day",
        "places_from": _text(form, "places_from") or before.places_from,
        "hours_per_point": _hours(form, before, errors),
        "put_away_too": bool(_text(form, "put_away_too")),
    }
    return parsed(said)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return str(one_line(value)) if isinstance(value, str) else ""


def _choice(form: FormData, name: str, before: int | str) -> int | str:
    said = _text(form, name)
    if not said:
        return before
    return int(said) if said.isdecimal() and len(said) < 10 else said


def _hours(form: FormData, before: BoardMapping, errors: Errors) -> float | None:
    if "hours_per_point" not in form:
        return before.hours_per_point
    said = _text(form, "hours_per_point")
    hours = number_in(said) if said else None
    if said and (hours is None or not 0 < hours <= 200):
        errors["hours_per_point"] = "Please give hours, more than 0 and at most 200."
        return before.hours_per_point
    return hours


def _view(
    session: Session,
    file: Import,
    now: datetime,
    errors: Errors,
    *,
    typed: BoardMapping | None = None,
    changed: bool = False,
) -> BoardPage:
    """The page of a board; `typed` is what somebody tried to make of it."""
    looked = board_imports.look(session, file, now=now)
    mapping, board = typed or looked.mapping, looked.board
    counts = {who: sum(card.owner == who for card in board.cards) for who in board.people}
    return BoardPage(
        file=file,
        mapping=mapping,
        looked=looked,
        places=[
            Choice(number, place.name, board.standing(place.key), mapping.places.get(place.key, 0))
            for number, place in enumerate(board.places)
        ],
        people=[
            Choice(number, who, counts[who], mapping.people.get(who, 0))
            for number, who in enumerate(board.people[:MOST_PEOPLE])
        ],
        columns=[
            *((one.id, one.name) for one in board_imports.our_columns(session)),
            ("new:to_do", "A new column, not started"),
            ("new:doing", "A new column, under way"),
            ("new:done", "A new column, done"),
            (0, "Leave these out"),
        ],
        known=[(0, "Nobody here"), *((one.id, one.name) for one in board_imports.our_people(session))],
        projects=projects.listed(session, live=True),
        errors=errors,
        changed=changed,
    )
