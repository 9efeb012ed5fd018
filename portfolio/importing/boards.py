"""Boards from elsewhere, as values: cards with where they stood and when, whatever program wrote the file."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from portfolio.importing.mapping import BadMapping
from portfolio.sheets import Unreadable
from portfolio.submission import Strict, clean, one_line

KIND = "board"
MOST_BYTES = 32 * 1024 * 1024
MOST_CARDS = 20_000
MOST_PLACES = 200
MOST_EACH = 500
"""Comments, ticks, links and moves of one card that are taken."""
LEFT_OUT = 0
"""What a place leads to whose cards are not taken."""
LONGEST_TITLE = 200
LONGEST_LABEL = 200
LONGEST_TICK = 300
LONGEST_LINK = 500
LONGEST_NOTES = 20_000
LONGEST_KEY = 200


@dataclass(frozen=True)
class Stop:
    """A card came to a place."""

    at: datetime
    place: str


@dataclass(frozen=True)
class Said:
    """A comment. `who` is as the file names them."""

    words: str
    who: str
    at: datetime | None


@dataclass(frozen=True)
class Brought:
    """A card as the file has it. `stops` begin with where it was made, where that is known.

    `begun_at` and `ended_at` are what the file says outright; `changed_at` is its last change of any kind. `more` are
    facts our cards have no place for; they go below the notes. `remarks` say what could not be read.
    """

    line: int
    key: str
    title: str
    place: str
    made_at: datetime | None = None
    changed_at: datetime | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    put_away_at: datetime | None = None
    is_put_away: bool = False
    stops: tuple[Stop, ...] = ()
    due_on: date | None = None
    owner: str = ""
    notes: str = ""
    more: tuple[str, ...] = ()
    hours: float | None = None
    points: float | None = None
    hours_spent: float | None = None
    ticks: tuple[tuple[str, bool], ...] = ()
    comments: tuple[Said, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unusable:
    """A row or card that can't be taken, and why."""

    line: int
    reason: str
    cells: list[str]


@dataclass(frozen=True)
class Place:
    """A list, status or bucket cards stand in. `is_over`: what stands there is finished by what the file itself says."""

    key: str
    name: str
    is_over: bool = False


@dataclass(frozen=True)
class Board:
    """A whole file. `key` is the board's own id where it has one. `date_texts` are dates that might be read two ways."""

    source: str
    name: str
    how: str
    cards: tuple[Brought, ...]
    places: tuple[Place, ...]
    key: str = ""
    unusable: tuple[Unusable, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    handles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_texts: tuple[str, ...] = ()
    has_points: bool = False
    two_kinds_of_place: bool = False

    @property
    def rows(self) -> int:
        return len(self.cards) + len(self.unusable)

    @property
    def people(self) -> list[str]:
        """Who owns cards or wrote comments, as the file names them, the busiest first."""
        counts: dict[str, int] = {}
        for card in self.cards:
            for who in (card.owner, *(said.who for said in card.comments)):
                if who:
                    counts[who] = counts.get(who, 0) + 1
        return sorted(counts, key=lambda who: (-counts[who], who.casefold()))

    def standing(self, place: str) -> int:
        """How many cards stand in a place."""
        return sum(card.place == place for card in self.cards)


Key = Annotated[str, Field(max_length=LONGEST_KEY)]
Number = Annotated[int, Field(ge=0, lt=2**31)]
NewColumn = Literal["new:to_do", "new:doing", "new:done"]


class BoardMapping(Strict):
    """What a person decides about a file: which column each place becomes, who is who, into which project.

    Columns and people are ids; 0 leaves a place's cards out, or means nobody here. "new:..." makes a column called like the
    place when the file is taken.
    """

    kind: Literal["board"] = "board"
    source_name: Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=120)]
    board_key: Key = ""
    places: dict[Key, Number | NewColumn] = Field(default_factory=dict)
    people: dict[Key, Number] = Field(default_factory=dict)
    project: Number | None = None
    date_order: Literal["day", "month"] = "day"
    places_from: Literal["bucket", "progress"] = "bucket"
    hours_per_point: Annotated[float, Field(gt=0, le=200)] | None = None
    put_away_too: bool = True


def parsed(body: Any) -> BoardMapping:
    """A mapping from JSON. Raises BadMapping in words."""
    try:
        return BoardMapping.model_validate(body)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "mapping"
        raise BadMapping(f"{where}: {first['msg'].removeprefix('Value error, ')}") from problem


# Below: what the readers of all programs share


def as_json(content: bytes) -> Any:
    """What a JSON file says. Raises Unreadable."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise Unreadable(
            "This looks like JSON, but breaks off or is damaged. Please export it again."
        ) from problem


def text_in(value: Any) -> str:
    """Words on one line; nothing where the file has something else there."""
    return (
        str(one_line(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    )


def prose_in(value: Any) -> str:
    """Words on several lines."""
    return str(clean(value)) if isinstance(value, str) else ""


def things_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_in(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def words_in(value: Any) -> list[str]:
    """The words of a list that say something; nothing where there is no list."""
    return [words for one in value if (words := text_in(one))] if isinstance(value, list) else []


def number_of(value: Any) -> float | None:
    """A number that is none of NaN, endless or below nought, whether it stands as one or as words."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value.replace(",", ".")) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1e9 else None


def position_of(thing: dict[str, Any]) -> float:
    """Where something stands among its like: "pos", which any program may set to anything."""
    value = thing.get("pos")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < 1e18 else 0.0


def is_address(words: str) -> bool:
    """Whether it can be followed: on the web, and no longer than a link may be."""
    return bool(re.fullmatch(r"https?://\S+", words, re.IGNORECASE)) and len(words) <= LONGEST_LINK


def check_size(count: int) -> None:
    """Raise Unreadable for more cards than a board may bring."""
    if count > MOST_CARDS:
        raise Unreadable(f"The file has {count:,} cards; we take {MOST_CARDS:,} at once. Please split it.")
    if not count:
        raise Unreadable("There is no card in this file.")


def fitted(card: Brought) -> Brought:
    """The card in our bounds: what is too long goes below the notes, what is too much is remarked."""
    more, remarks = list(card.more), list(card.remarks)
    title = card.title
    if len(title) > LONGEST_TITLE:
        more.insert(0, f"Whole title: {title}")
        title = title[: LONGEST_TITLE - 1] + "…"
    links = [(address, label[:LONGEST_LABEL]) for address, label in card.links if is_address(address)]
    more += [f"{label}: {address}" for address, label in card.links if not is_address(address)]
    more += [f"To tick off: {words}" for words, _ in card.ticks if len(words) > LONGEST_TICK]
    ticks = [(_short(words, LONGEST_TICK), done) for words, done in card.ticks if words]
    notes = card.notes
    if len(notes) > LONGEST_NOTES:
        notes = notes[:LONGEST_NOTES]
        remarks.append(f"Its description is longer than {LONGEST_NOTES:,} characters and was cut.")
    for words, found in (("comments", card.comments), ("lines to tick off", ticks), ("links", links)):
        if len(found) > MOST_EACH:
            remarks.append(f"It has {len(found):,} {words}; the first {MOST_EACH} are taken.")
    return replace(
        card,
        title=title,
        notes=notes,
        more=tuple(more),
        links=tuple(links[:MOST_EACH]),
        ticks=tuple(ticks[:MOST_EACH]),
        comments=card.comments[:MOST_EACH],
        remarks=tuple(remarks),
    )


def told_apart(cards: Iterable[Brought]) -> tuple[tuple[Brought, ...], tuple[Unusable, ...]]:
    """The cards in our bounds, each key once; the second of a key can't be taken."""
    lines: dict[str, int] = {}
    found: list[Brought] = []
    again: list[Unusable] = []
    for card in cards:
        if card.key in lines:
            reason = f"The id {card.key} stands in line {lines[card.key]} already."
            again.append(Unusable(card.line, reason, [card.key, card.title]))
        elif len(card.key) > LONGEST_KEY:
            again.append(Unusable(card.line, "Its id is too long to be one.", [card.key[:60], card.title]))
        else:
            lines[card.key] = card.line
            found.append(fitted(card))
    return tuple(found), tuple(again)


def within_bounds(board: Board) -> Board:
    """The board with names of places and people as long as keys may be. Raises Unreadable for more places than steps of work."""
    if len(board.places) > MOST_PLACES:
        raise Unreadable(
            f"The cards stand in {len(board.places):,} different places; no board has so many. Is a column mixed up?"
        )
    return replace(
        board,
        places=tuple(
            {_key(place.key): replace(place, key=_key(place.key)) for place in board.places}.values()
        ),
        cards=tuple(
            replace(
                card,
                place=_key(card.place),
                owner=_key(card.owner),
                stops=tuple(replace(stop, place=_key(stop.place)) for stop in card.stops),
                comments=tuple(replace(said, who=_key(said.who)) for said in card.comments),
            )
            for card in board.cards
        ),
        handles={_key(who): words for who, words in board.handles.items()},
        key=_key(board.key),
    )


def named(lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """ "Label: words" for those that say something."""
    return tuple(f"{label}: {words}" for label, words in lines if words)


def _key(words: str) -> str:
    return _short(words, LONGEST_KEY)


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: longest - 1] + "…"
