"""What of the board somebody looks at, as the address says it; and the cards as the page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from portfolio import boards, organisation
from portfolio.boards import By, Face, Faces, Filter, Stack
from portfolio.models import Card, Person
from web.forms import Fields, number_of

KNOWN = ("q", "project", "goal", "owner", "iteration", "blocked", "overdue", "unassigned", "lanes")


@dataclass(frozen=True)
class Sight:
    """Which cards, in which lanes; `typed` is what the address said, `overdue` waits for the day it is today."""

    filter: Filter
    lanes: By | None
    typed: Fields
    overdue: bool

    @property
    def query(self) -> str:
        return f"?{self.address}" if self.address else ""

    @property
    def address(self) -> str:
        """The part of the address after the question mark, without what is empty."""
        return urlencode({name: self.typed[name] for name in KNOWN if self.typed[name]})

    @property
    def is_narrowed(self) -> bool:
        return any(self.typed[name] for name in KNOWN if name != "lanes")

    def wanted(self, session: Session, now: datetime) -> Filter:
        """The filter, with the organisation's today where only what is overdue is wanted."""
        if not self.overdue:
            return self.filter
        zone = organisation.zone(organisation.current(session))
        return replace(self.filter, overdue_on=now.astimezone(zone).date())


@dataclass(frozen=True)
class CardView:
    """One card's face."""

    card: Card
    face: Face
    days: int | None
    is_old: bool
    old_words: str
    may_move: bool

    @property
    def initials(self) -> str:
        return initials(self.card.owner) if self.card.owner else ""


@dataclass(frozen=True)
class StackView:
    """One column or cell, or the next stretch of its cards; `lane` is the lane's key, none where there are no lanes."""

    stack: Stack
    cards: list[CardView]
    sight: Sight
    may_move: bool
    lane: int | None = None

    @property
    def id(self) -> str:
        """The list's element."""
        return (
            f"cards-{self.stack.column.id}"
            if self.lane is None
            else f"cell-{self.lane}-{self.stack.column.id}"
        )

    @property
    def query(self) -> str:
        """The address of this list with its filter: `?` and what follows, or nothing."""
        if self.lane is None:
            return self.sight.query
        return f"{self.sight.query}&lane={self.lane}"

    @property
    def more(self) -> str:
        """Where the next stretch is; empty at the end."""
        if not self.stack.more or not self.stack.cards:
            return ""
        joint = "&" if self.query else "?"
        return (
            f"/board/columns/{self.stack.column.id}/more{self.query}{joint}after={self.stack.cards[-1].rank}"
        )


def read_sight(request: Request) -> Sight:
    """What the address asks for; what makes no sense is passed over."""
    return sight_of(Fields({name: request.query_params.get(name, "")[:200] for name in KNOWN}))


SightDep = Annotated[Sight, Depends(read_sight)]


def sight_of(typed: Fields) -> Sight:
    wanted = Filter(
        project_id=number_of(typed["project"]) or None,
        iteration_id=number_of(typed["iteration"]) or None,
        owner_id=number_of(typed["owner"]) or None,
        goal_id=number_of(typed["goal"]) or None,
        text=typed["q"].strip(),
        blocked=typed["blocked"] == "1",
        unassigned=typed["unassigned"] == "1",
    )
    lanes = By(typed["lanes"]) if typed["lanes"] in {one.value for one in By} else None
    return Sight(wanted, lanes, typed, typed["overdue"] == "1")


def views(cards: Iterable[Card], faces: Faces, now: datetime, *, may_move: bool) -> list[CardView]:
    words = _old_words(faces)
    return [
        CardView(card, faces.of(card), faces.days(card, now), faces.is_old(card, now), words, may_move)
        for card in cards
    ]


def stack_view(
    session: Session, stack: Stack, sight: Sight, now: datetime, *, may_move: bool, lane: int | None = None
) -> StackView:
    """One list by itself."""
    faces = boards.faces(session, stack.cards)
    return StackView(stack, views(stack.cards, faces, now, may_move=may_move), sight, may_move, lane)


def initials(person: Person) -> str:
    """Two letters for a small round: "Mara Manager" is MM."""
    words = person.display_name.replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def _old_words(faces: Faces) -> str:
    if faces.measured:
        return "longer than 85 of 100 finished cards took"
    return "longer than two weeks"
