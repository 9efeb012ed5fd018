"""The board's columns as settings: what they mean, when a card may leave, how many they take; and saved views."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from board.sight import sight_of
from portfolio import columns, saved_views
from portfolio.columns import ColumnNeeded, Restarted
from portfolio.models import Column
from portfolio.states import ColumnKind
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, number_of, some_text, some_whole
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter()

KINDS = [
    (ColumnKind.TO_DO.value, "Not begun: the clock stands"),
    (ColumnKind.DOING.value, "Being worked on: the clock runs"),
    (ColumnKind.DONE.value, "Finished: the clock has stopped"),
]
LONGEST_QUERY = 1000


@dataclass(frozen=True)
class ColumnsPage:
    columns: list[Column]
    counts: dict[int, int]
    kinds: list[tuple[str, str]]
    number: int = 0
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    said: str = ""

    @property
    def edited(self) -> Column | None:
        return next((one for one in self.columns if one.id == self.number), None)

    @property
    def others(self) -> list[Column]:
        return [one for one in self.columns if one.id != self.number]

    @property
    def title(self) -> str:
        return f"Change {self.edited.name}" if self.edited else "Another column"

    @property
    def kind_help(self) -> str:
        """What another meaning does to the clocks of the cards that are in it."""
        held = self.counts.get(self.number, 0)
        if not held:
            return ""
        those = "The card in it changes" if held == 1 else f"The {held:,} cards in it change"
        return f"{those} with it, from the moment you save: begun, finished or open again. What was recorded before stays."

    @staticmethod
    def kind_words(kind: ColumnKind) -> str:
        return dict(KINDS)[kind.value].split(":")[0]


@router.get("/board/columns")
def show_columns(
    request: Request, session: SessionDep, _manager: ManagerDep, edit: str = "", said: str = ""
) -> Response:
    column = columns.find(session, number_of(edit))
    view = _page(session, number=column.id if column else 0, values=_values(column), said=_said(said))
    return page(request, "board/columns.html", view)


@router.post("/board/columns")
def add_column(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    errors = Errors()
    wanted = _read(fields, errors)
    if not errors:
        try:
            columns.add(session, **wanted, by=manager, at=now)
        except ColumnNeeded as refused:
            errors["name"] = str(refused)
    if errors:
        return page(request, "board/columns.html", _page(session, values=fields, errors=errors), 422)
    return see_other("/board/columns")


@router.post("/board/columns/{number:int}")
def edit_column(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    column, errors, restarted = _column(session, number), Errors(), Restarted()
    wanted = _read(fields, errors)
    if not errors:
        try:
            restarted = columns.edit(session, column, **wanted, by=manager, at=now)
        except ColumnNeeded as refused:
            errors["kind"] = str(refused)
    if errors:
        session.rollback()
        view = _page(session, number=number, values=fields, errors=errors)
        return page(request, "board/columns.html", view, 422)
    said = f"{restarted.started}-{restarted.finished}-{restarted.reopened}"
    return see_other("/board/columns" + ("" if restarted == Restarted() else f"?said={said}"))


@router.post("/board/columns/{number:int}/place")
def shift_column(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """One place to the left or to the right."""
    column = _column(session, number)
    order = [one.id for one in columns.listed(session)]
    place = order.index(column.id)
    to = place + (1 if fields["to"] == "right" else -1)
    if 0 <= to < len(order):
        order[place], order[to] = order[to], order[place]
    columns.reorder(session, order, by=manager, at=now)
    return see_other(f"/board/columns#column-{number}")


@router.post("/board/columns/{number:int}/retirement")
def retire_column(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Take a column off the board; its cards go `into` another."""
    column, errors = _column(session, number), Errors()
    into = columns.find(session, some_whole(fields, "into", errors) or 0)
    try:
        columns.retire(session, column, into, by=manager, at=now)
    except ColumnNeeded as refused:
        session.rollback()
        errors["into"] = str(refused)
        view = _page(session, number=number, values=_values(column), errors=errors)
        return page(request, "board/columns.html", view, 422)
    return see_other("/board/columns")


@router.post("/board/views")
def keep_view(session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    """Keep what the board shows under a name; without a name nothing is kept."""
    errors = Errors()
    name = need_text(fields, "name", errors, longest=80)
    typed = Fields({name: value[:200] for name, value in _asked(fields["query"]).items()})
    query = sight_of(typed).address[:LONGEST_QUERY]
    if errors:
        return see_other(f"/board?{query}")
    shared = fields["shared"] == "1"
    view = saved_views.keep(session, name=name, query=query, shared=shared, by=manager, at=now)
    return see_other(f"/board/views/{view.id}")


@router.get("/board/views/{number:int}")
def open_view(session: SessionDep, person: LeaderDep, number: int) -> Response:
    """The link of a saved view leads to the board it shows now."""
    view = there(saved_views.find(session, number, person))
    return see_other(f"/board?{view.query}" if view.query else "/board")


@router.post("/board/views/{number:int}/removal")
def remove_view(session: SessionDep, manager: ManagerDep, now: NowDep, number: int) -> Response:
    """Forget a view of one's own."""
    view = saved_views.find(session, number, manager)
    if view is None or view.person_id != manager.id:
        raise NotFound
    saved_views.remove(session, view, by=manager, at=now)
    return see_other("/board")


# How


def _page(
    session: Session,
    *,
    number: int = 0,
    values: Fields | None = None,
    errors: Errors | None = None,
    said: str = "",
) -> ColumnsPage:
    return ColumnsPage(
        columns.listed(session),
        columns.counts(session),
        KINDS,
        number,
        values or Fields(),
        errors or Errors(),
        said,
    )


def _values(column: Column | None) -> Fields:
    if column is None:
        return Fields(kind=ColumnKind.DOING.value)
    return Fields(
        name=column.name,
        kind=column.kind.value,
        policy=column.policy,
        wip_limit=str(column.wip_limit or ""),
        person_limit=str(column.person_limit or ""),
        limit_blocks="1" if column.limit_blocks else "",
    )


def _read(fields: Fields, errors: Errors) -> dict[str, Any]:
    kind = fields["kind"]
    if kind not in {one.value for one in ColumnKind}:
        errors["kind"] = "Please choose what it means."
    return {
        "name": need_text(fields, "name", errors, longest=60),
        "kind": ColumnKind(kind) if "kind" not in errors else ColumnKind.TO_DO,
        "policy": some_text(fields, "policy", errors, longest=500),
        "wip_limit": some_whole(fields, "wip_limit", errors, least=1, most=10_000),
        "person_limit": some_whole(fields, "person_limit", errors, least=1, most=10_000),
        "limit_blocks": fields["limit_blocks"] == "1",
    }


def _column(session: Session, number: int) -> Column:
    return there(columns.find(session, number))


def _said(counts: str) -> str:
    """What another meaning did to the clocks, from the three counts the address carries."""
    numbers = counts.split("-")
    if len(numbers) != 3 or not all(one.isdecimal() and len(one) < 7 for one in numbers):
        return ""
    verbs = ("began now", "counted as finished from now on", "counted as open again")
    told = [
        f"{'One card' if number == '1' else f'{number} cards'} {verb}"
        for number, verb in zip(numbers, verbs, strict=True)
        if number != "0"
    ]
    return f"{', '.join(told)}. What was recorded before stays as it was." if told else ""


def _asked(query: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    try:
        return dict(parse_qsl(query.removeprefix("?"), max_num_fields=30))
    except ValueError:  # more fields than any address of ours has
        return {}
