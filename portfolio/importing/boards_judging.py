"""What taking a board would do: a first mapping, and of each card what becomes of it."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from portfolio.importing.account import line_of
from portfolio.importing.boards import LEFT_OUT, Board, BoardMapping, Brought, Place
from portfolio.importing.boards_replay import BACKWARDS, Standing, Story, Ways, replay
from portfolio.states import ColumnKind

_DONE = re.compile(
    r"\b(done|closed|complete[d]?|resolved|finished|live|shipped|released|delivered|archive[d]?|erledigt|fertig|abgeschlossen"
    r"|hecho|finalizad[oa]|cerrad[oa]|terminé|fini|fait)\b",
    re.IGNORECASE,
)
_DOING = re.compile(
    r"\b(doing|progress|wip|working|started|ongoing|review|test(ing)?|qa|pilot|draft(ing)?|develop(ing|ment)?|build(ing)?"
    r"|arbeit|bearbeitung|prüfung|en curso|en cours|haciendo)\b",
    re.IGNORECASE,
)
_WAITING = re.compile(
    r"\b(waiting|blocked|on hold|hold|stuck|paused|wartet|blockiert|en espera)\b", re.IGNORECASE
)
_WAITS_TO_BEGIN = re.compile(
    r"\b(not started|open|new|backlog|ideas?|inbox|later|someday|offen|neu|nicht begonnen|abierto|pendiente|nouveau)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"\b(next|up next|ready|selected|this week|today|sprint|todo|to do|to-do)\b", re.IGNORECASE
)


class Fate(StrEnum):
    """What becomes of a card of the file."""

    CREATED = "created"
    ALREADY_HERE = "already_here"
    LEFT_OUT = "left_out"
    REFUSED = "refused"


@dataclass(frozen=True)
class OurColumn:
    """A column of the board, as a proposal needs it."""

    id: int
    name: str
    kind: ColumnKind

    @property
    def standing(self) -> Standing:
        return Standing(self.id, self.kind)


@dataclass(frozen=True)
class OurPerson:
    """Somebody we know."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class NewCard:
    """A card to make, and its way so far."""

    card: Brought
    story: Story


@dataclass
class BoardAccount:
    """One line for each card of the file, and what was made of it; together they are all of them."""

    how: str
    outcomes: list[tuple[int, str, Fate, tuple[str, ...]]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    moves: int = 0
    finished: int = 0
    backwards: int = 0

    @property
    def rows(self) -> int:
        return len(self.outcomes)

    @property
    def counts(self) -> dict[Fate, int]:
        met = Counter(fate for _, _, fate, _ in self.outcomes)
        return {fate: met[fate] for fate in Fate}

    @property
    def remarks(self) -> list[tuple[str, int]]:
        """What was remarked of cards that are taken, and of how many, the most frequent first."""
        told = (remarks for _, _, fate, remarks in self.outcomes if fate is Fate.CREATED)
        return Counter(one for remarks in told for one in remarks).most_common()

    def as_json(self) -> dict[str, Any]:
        """As kept with the import once it is taken."""
        return {
            "how": self.how,
            "rows": self.rows,
            "counts": {fate.value: count for fate, count in self.counts.items()},
            "outcomes": [
                [line, key, fate.value, self.numbers.get(key), list(remarks)]
                for line, key, fate, remarks in self.outcomes
            ],
            "refused": self.refused,
            "left_out": self.left_out,
            "notes": self.notes,
            "remarks": [list(one) for one in self.remarks],
            "moves": self.moves,
            "finished": self.finished,
            "backwards": self.backwards,
        }


def account_as_csv(account: dict[str, Any]) -> Iterator[str]:
    """One line for each card of the file: what became of it, as which card, and what was remarked."""
    yield "\ufeff" + line_of(["Line", "Id there", "What became of it", "Card", "Remarks"])
    for line, key, fate, number, remarks in account.get("outcomes", []):
        yield line_of([str(line), key, fate.replace("_", " "), str(number or ""), " ".join(remarks)])


def propose(
    board: Board,
    columns: Sequence[OurColumn],
    people: Sequence[OurPerson],
    *,
    date_order: str,
    source_name: str,
    earlier: BoardMapping | None = None,
) -> BoardMapping:
    """A first mapping: as the same board was read before, else by what its lists and people are called."""
    known = earlier.places if earlier else {}
    ids = {column.id for column in columns} | {LEFT_OUT}
    met = earlier.people if earlier else {}
    return BoardMapping(
        source_name=source_name,
        board_key=board.key,
        places={
            place.key: known[place.key] if known.get(place.key) in ids else _column_for(place, columns)
            for place in board.places
        },
        people={who: met.get(who) or _person_for(who, board, people) for who in board.people},
        project=earlier.project if earlier else None,
        date_order="month" if date_order == "month" else "day",
        places_from=earlier.places_from if earlier else "bucket",
        hours_per_point=earlier.hours_per_point if earlier else None,
        put_away_too=earlier.put_away_too if earlier else True,
    )


def names_no_state(board: Board) -> bool:
    """Whether its places are topics rather than steps of work: none but finished ones is called like a step."""
    names = [place.name for place in board.places if not place.is_over]
    return not any(
        one.search(name) for name in names for one in (_DONE, _DOING, _WAITING, _NEXT, _WAITS_TO_BEGIN)
    )


def judged(
    board: Board,
    mapping: BoardMapping,
    columns: Sequence[OurColumn],
    known: Mapping[str, int],
    now: datetime,
) -> tuple[list[NewCard], BoardAccount]:
    """The cards to make, in the order they stand, and the account. `known` are the cards of this source here already."""
    account = BoardAccount(board.how, left_out=list(board.left_out), notes=list(board.notes))
    ways = _ways(mapping, columns)
    names = {place.key: place.name for place in board.places}
    fresh: list[NewCard] = []
    for card in board.cards:
        reason = _left_out(card, mapping, ways, names)
        if card.key in known:
            account.outcomes.append((card.line, card.key, Fate.ALREADY_HERE, ()))
            account.numbers[card.key] = known[card.key]
        elif reason:
            account.outcomes.append((card.line, card.key, Fate.LEFT_OUT, (reason,)))
        else:
            story = replay(card, ways, now)
            fresh.append(NewCard(card, story))
            account.outcomes.append((card.line, card.key, Fate.CREATED, story.remarks))
            _count(account, story)
    for row in board.unusable:
        account.outcomes.append((row.line, "", Fate.REFUSED, (row.reason,)))
        account.refused.append({"line": row.line, "reason": row.reason, "cells": row.cells})
    account.outcomes.sort(key=lambda outcome: outcome[0])
    return fresh, account


def _ways(mapping: BoardMapping, columns: Sequence[OurColumn]) -> Ways:
    """Where places lead; a column still to be made has a number below nought until it is."""
    made = {
        place: Standing(-number, ColumnKind(to.removeprefix("new:")))
        for number, (place, to) in enumerate(mapping.places.items(), start=1)
        if isinstance(to, str)
    }
    leads_to = {
        place: made[place].column if isinstance(to, str) else to for place, to in mapping.places.items()
    }
    return Ways.of(leads_to, [*(column.standing for column in columns), *made.values()])


def _count(account: BoardAccount, story: Story) -> None:
    account.moves += len(story.steps) - 1
    account.finished += story.ended_at is not None
    account.backwards += BACKWARDS in story.remarks


def _left_out(card: Brought, mapping: BoardMapping, ways: Ways, names: Mapping[str, str]) -> str:
    if card.place not in ways.columns:
        return f"It stands in “{names.get(card.place, card.place)}”, which is left out."
    if card.is_put_away and not mapping.put_away_too:
        return "It was archived there, and archived cards are left out."
    return ""


def _column_for(place: Place, columns: Sequence[OurColumn]) -> int:
    """The column of the same name; else one of the kind its name speaks of; else where new cards begin."""
    same = next((one for one in columns if one.name.casefold() == place.name.casefold()), None)
    if same is not None:
        return same.id
    if place.is_over:
        return _first_of(columns, {ColumnKind.DONE})
    if _WAITS_TO_BEGIN.search(place.name):
        return _first_of(columns, {ColumnKind.TO_DO})
    waits = [one.id for one in columns if _WAITING.search(one.name)]
    soon = [one.id for one in columns if one.kind is ColumnKind.TO_DO]
    spoken = (
        (_DONE, _first_of(columns, {ColumnKind.DONE})),
        (_WAITING, waits[0] if waits else _first_of(columns, {ColumnKind.DOING})),
        (_DOING, _first_of(columns, {ColumnKind.DOING})),
        (_NEXT, soon[-1] if soon else columns[0].id),
    )
    meant = (column for words, column in spoken if words.search(place.name))
    return next(meant, _first_of(columns, {ColumnKind.TO_DO}))


def _first_of(columns: Sequence[OurColumn], kinds: Collection[ColumnKind]) -> int:
    return next((one.id for one in columns if one.kind in kinds), columns[0].id)


def _person_for(who: str, board: Board, people: Sequence[OurPerson]) -> int:
    """Somebody of the same address or name, where there is exactly one."""
    words = {word.casefold() for word in (who, *board.handles.get(who, ())) if word}
    ways: tuple[Callable[[OurPerson], str], ...] = (
        lambda one: one.email,
        lambda one: one.name,
        lambda one: one.email.partition("@")[0],
    )
    for way in ways:
        found = [one.id for one in people if way(one).casefold() in words]
        if len(found) == 1:
            return found[0]
    return 0
