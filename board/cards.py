"""The card's own page: everything about one piece of work, and its words and numbers to change."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from board.card_view import LABELS, CardPage, values_of
from portfolio import cards, iterations, merging
from portfolio.merging import Merged
from portfolio.models import Card, Person, Project
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_number, some_text, some_whole
from web.live import Change, names, stream
from web.people import LeaderDep, ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter()

PARTS = (
    "head",
    "details",
    "checklist",
    "comments",
    "place",
    "work",
    "blocker",
    "experts",
    "material",
    "past",
    "forecast",
)
"""What the page consists of; each can be fetched alone."""

CHANGED_BY = {
    "item": ("checklist",),
    "timer": ("work",),
    "hours": ("work",),
    "blocked": ("head", "blocker"),
    "blocker": ("head", "blocker"),
    "unblocked": ("head", "blocker"),
    "commented": ("comments",),
    "comment": ("comments",),
    "link": ("material",),
    "file": ("material",),
    "expert": ("experts", "comments"),
    "ask": ("experts",),
}
"""Which parts a change touches, by the first word of what happened; any other touches the card itself."""
ITSELF = ("head", "details", "place")


@dataclass(frozen=True)
class Conflict:
    """Two wrote into the same fields: `contested` has (theirs, mine) by field; `kept` is all else, put together."""

    page: CardPage
    contested: dict[str, tuple[str, str]]
    kept: Fields
    version: int
    seen: str


def found(session: SessionDep, number: int) -> Card:
    return there(cards.find(session, number))


CardDep = Annotated[Card, Depends(found, scope="function")]


@router.get("/cards/{number:int}")
def show(
    request: Request, session: SessionDep, person: LeaderDep, now: NowDep, card: CardDep, merged: str = ""
) -> Response:
    view = CardPage(session, card, person, now, notice=_merged_words(merged))
    return page(request, "cards/show.html", view)


@router.get("/cards/{number:int}/parts/{part}")
def show_part(
    request: Request, session: SessionDep, person: LeaderDep, now: NowDep, card: CardDep, part: str
) -> Response:
    if part not in PARTS:
        raise NotFound
    return partial(request, f"cards/_{part}.html", CardPage(session, card, person, now))


@router.get("/cards/{number:int}/live")
async def follow(request: Request, _person: LeaderDep, number: int) -> Response:
    def wants(change: Change) -> str | None:
        if change.subject_type != Card.__tablename__ or change.subject_id != number:
            return None
        word = change.action.partition(".")[2].partition("_")[0]
        return names(*CHANGED_BY.get(word, ITSELF), "past")

    return stream(request.app.state.watch, wants)


@router.post("/cards/{number:int}")
def edit(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, card: CardDep
) -> Response:
    """Save the details. Where another was quicker both are kept, and where both wrote the same field the later chooses."""
    errors = Errors()
    version = some_whole(fields, "version", errors)
    fields["version"] = str(version or card.version)
    typed = Fields({name: fields[name] for name in LABELS})
    merged: Merged | None = None
    if version is not None and version != card.version:
        merged = merging.merge(values_of(card), typed, _seen(fields["seen"]))
        if merged.contested:
            return _contested(request, CardPage(session, card, manager, now), merged)
        typed, version = Fields(merged.values), card.version
    try:
        _write(session, card, typed, errors, version=version, by=manager, at=now)
    except cards.StaleCard:  # another slipped in between our look and our turn
        merged = merging.merge(values_of(card), typed, _seen(fields["seen"]))
        return _contested(request, CardPage(session, card, manager, now), merged)
    if errors:
        session.rollback()
        view = CardPage(session, found(session, card.id), manager, now, fields, errors)
        return page(request, "cards/show.html", view, 422)
    also = f"?merged={','.join(merged.from_them)}" if merged and merged.from_them else ""
    return see_other(f"/cards/{card.id}{also}")


def _write(
    session: Session, card: Card, typed: Fields, errors: Errors, *, version: int | None, by: Person, at: Any
) -> None:
    """Change what differs. What is wrong is said in `errors`; the caller then takes all back."""
    wanted = {
        "title": need_text(typed, "title", errors),
        "notes": some_text(typed, "notes", errors, longest=8000),
        "estimate_hours": some_number(typed, "estimate_hours", errors, most=10_000),
        "due_on": some_day(typed, "due_on", errors),
        "project_id": _known(session, Project, some_whole(typed, "project", errors)),
    }
    owner = session.get(Person, some_whole(typed, "owner", errors) or 0)
    iteration = iterations.find(session, some_whole(typed, "iteration", errors) or 0)
    if errors:
        return
    changes = {name: value for name, value in wanted.items() if value != getattr(card, name)}
    if changes:
        cards.edit(session, card, version=version, by=by, at=at, **changes)
    try:
        cards.assign(session, card, owner, by=by, at=at)
    except cards.LimitReached as limit:
        errors["owner"] = str(limit)
    if (iteration.id if iteration else None) != card.iteration_id:
        cards.take_into(session, card, iteration, by=by, at=at)


def _contested(request: Request, view: CardPage, merged: Merged) -> Response:
    kept = Fields({name: text for name, text in merged.values.items() if name not in merged.contested})
    conflict = Conflict(view, merged.contested, kept, view.card.version, view.seen)
    return page(request, "cards/conflict.html", conflict, 409)


def _known(session: Session, model: type[Project], number: int | None) -> int | None:
    return number if number and session.get(model, number) else None


def _seen(text: str) -> dict[str, str]:
    """The prints a page was given. Without them every field counts as new, so that nothing is overwritten."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(one) for name, one in told.items()} if isinstance(told, dict) else {}


def _merged_words(names_given: str) -> str:
    said = [LABELS[name].partition(",")[0].lower() for name in names_given.split(",") if name in LABELS]
    if not said:
        return ""
    return f"Saved. Somebody else changed the {' and the '.join(said)} meanwhile; theirs and yours are both kept."
