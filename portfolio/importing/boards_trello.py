"""Reads the JSON a Trello board is exported as. Its `actions`, the latest thousand, tell where cards were when."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from portfolio.importing import dates
from portfolio.importing.boards import (
    Board,
    Brought,
    Place,
    Said,
    Stop,
    Unusable,
    check_size,
    named,
    number_of,
    object_in,
    position_of,
    prose_in,
    text_in,
    things_in,
    told_apart,
    words_in,
)

ACTIONS_KEPT = 1000
MAKES = {"createCard", "copyCard", "convertToCardFromCheckItem", "emailCard", "moveCardToBoard"}
HOURS = ("hours", "estimate", "estimated hours", "effort", "h")
POINTS = ("story points", "points", "sp")


@dataclass
class _Past:
    """What the actions say about one card."""

    made: Stop | None = None
    moves: list[tuple[Stop, str]] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    put_away_at: datetime | None = None


def fits(body: Any) -> bool:
    """Whether this is a Trello board."""
    return (
        isinstance(body, dict) and isinstance(body.get("lists"), list) and isinstance(body.get("cards"), list)
    )


def read(body: dict[str, Any], zone: tzinfo) -> Board:
    """A board. Raises Unreadable where it has no cards or too many."""
    cards = things_in(body["cards"])
    check_size(len(cards))
    reader = _Reader(body, zone)
    found: list[Brought] = []
    unusable: list[Unusable] = []
    ordered = sorted(enumerate(cards, start=1), key=lambda one: reader.order(one[1]))
    for line, card in ordered:
        read_card = reader.card(line, card)
        (found if isinstance(read_card, Brought) else unusable).append(read_card)  # type: ignore[arg-type]
    taken, again = told_apart(found)
    return Board(
        source="trello",
        name=text_in(body.get("name")) or "Board",
        key=text_in(body.get("id")),
        how=f"Trello board, {len(cards):,} cards, {len(reader.actions):,} actions",
        cards=taken,
        places=tuple(reader.places.values()),
        unusable=(*unusable, *again),
        left_out=tuple(reader.left_out()),
        notes=tuple(reader.notes()),
        handles=reader.handles,
        has_points=any(card.points is not None for card in taken),
    )


class _Reader:
    """One board's lists, people, fields and past, by id."""

    def __init__(self, body: dict[str, Any], zone: tzinfo) -> None:
        self.zone = zone
        self.body = body
        self.lists = {text_in(one.get("id")): one for one in things_in(body["lists"])}
        self.actions = things_in(body.get("actions"))
        members = things_in(body.get("members"))
        self.members = {text_in(one.get("id")): _name(one) for one in members}
        self.handles: dict[str, tuple[str, ...]] = {
            _name(one): (text_in(one.get("username")),) for one in members if _name(one)
        }
        self.fields = {text_in(one.get("id")): one for one in things_in(body.get("customFields"))}
        self.checklists: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for one in sorted(things_in(body.get("checklists")), key=position_of):
            self.checklists[text_in(one.get("idCard"))].append(one)
        self.past = self._past()
        ordered = sorted(
            self.lists.items(), key=lambda one: (bool(one[1].get("closed")), position_of(one[1]))
        )
        self.places = {key: Place(key, text_in(one.get("name")) or "No name") for key, one in ordered if key}
        self._add_former_places()

    def order(self, card: dict[str, Any]) -> float:
        return position_of(card)

    def card(self, line: int, card: dict[str, Any]) -> Brought | Unusable:
        key, title, place = (text_in(card.get(name)) for name in ("id", "name", "idList"))
        if not key or not title:
            return Unusable(line, "It has no id." if not key else "It has no name.", [key, title])
        if place not in self.places:
            return Unusable(line, "Its list is not in the file.", [key, title])
        past = self.past.get(key, _Past())
        more, hours, points = self._custom(card)
        owners = [self.members.get(one, "") for one in words_in(card.get("idMembers"))]
        owners = [one for one in owners if one]
        labels = ", ".join(
            text_in(one.get("name")) or text_in(one.get("color")) for one in things_in(card.get("labels"))
        )
        list_closed = bool(self.lists.get(place, {}).get("closed"))
        return Brought(
            line=line,
            key=key,
            title=title,
            place=place,
            made_at=(past.made.at if past.made else None) or _made(key),
            changed_at=dates.stamp(card.get("dateLastActivity")),
            ended_at=dates.stamp(card.get("dateCompleted")),
            is_put_away=bool(card.get("closed")) or list_closed,
            put_away_at=past.put_away_at,
            stops=tuple(_stops(past)),
            due_on=self._day(card.get("due")),
            owner=owners[0] if owners else "",
            notes=prose_in(card.get("desc")),
            more=(
                *named(
                    [
                        ("Labels", labels),
                        ("Also assigned", ", ".join(owners[1:])),
                        ("Planned start", str(self._day(card.get("start")) or "")),
                    ]
                ),
                *more,
            ),
            hours=hours,
            points=points,
            ticks=tuple(self._ticks(key)),
            comments=tuple(sorted(past.comments, key=lambda one: one.at or datetime.min.replace(tzinfo=UTC))),
            links=tuple(_links(card)),
        )

    def left_out(self) -> list[str]:
        """What a Trello board has and ours has not."""
        cards = things_in(self.body["cards"])
        counts = {
            "deleted cards, of which the file says nothing more": sum(
                one.get("type") == "deleteCard" for one in self.actions
            ),
            "votes": sum(int(number_of(object_in(one.get("badges")).get("votes")) or 0) for one in cards),
            "stickers": sum(len(things_in(one.get("stickers"))) for one in cards),
            "covers": sum(
                bool(object_in(one.get("cover")).get("color") or one.get("idAttachmentCover"))
                for one in cards
            ),
            "power-up entries": sum(len(things_in(one.get("pluginData"))) for one in [self.body, *cards]),
        }
        return [f"{words.capitalize()}: {count:,}" for words, count in counts.items() if count]

    def notes(self) -> list[str]:
        done = sum(bool(one.get("dueComplete")) for one in things_in(self.body["cards"]))
        found = []
        if len(self.actions) >= ACTIONS_KEPT:
            found.append(
                "Trello exports only the latest 1,000 actions. Moves and comments before those are not in the file."
            )
        if done:
            cards = "1 card is" if done == 1 else f"{done} cards are"
            found.append(
                f"{cards} ticked as complete in Trello. Where a card stands decides here, so tick or move them as you like."
            )
        return found

    def _past(self) -> dict[str, _Past]:
        past: dict[str, _Past] = defaultdict(_Past)
        for action in reversed(self.actions):  # the file has the newest first
            data = object_in(action.get("data"))
            key = text_in(object_in(data.get("card")).get("id"))
            at = dates.stamp(action.get("date"))
            if not key or at is None:
                continue
            kind = text_in(action.get("type"))
            before, after = (
                text_in(object_in(data.get(name)).get("id")) for name in ("listBefore", "listAfter")
            )
            if kind in MAKES:
                past[key].made = Stop(at, text_in(object_in(data.get("list")).get("id")))
            elif kind == "updateCard" and after:
                past[key].moves.append((Stop(at, after), before))
            elif kind == "updateCard" and "closed" in object_in(data.get("old")):
                past[key].put_away_at = at if object_in(data.get("card")).get("closed") else None
            elif kind == "commentCard" and prose_in(data.get("text")):
                past[key].comments.append(Said(prose_in(data.get("text")), self._author(action), at))
        return past

    def _add_former_places(self) -> None:
        """Lists that are gone, where actions still name them."""
        for action in self.actions:
            data = object_in(action.get("data"))
            for name in ("list", "listBefore", "listAfter"):
                known = object_in(data.get(name))
                key = text_in(known.get("id"))
                if key and key not in self.places:
                    self.places[key] = Place(
                        key, f"{text_in(known.get('name')) or 'No name'} (a former list)"
                    )

    def _author(self, action: dict[str, Any]) -> str:
        known = self.members.get(text_in(action.get("idMemberCreator")))
        return known or _name(object_in(action.get("memberCreator")))

    def _ticks(self, key: str) -> list[tuple[str, bool]]:
        lists = self.checklists.get(key, [])
        return [
            (
                f"{text_in(one.get('name'))}: {text_in(item.get('name'))}"
                if len(lists) > 1
                else text_in(item.get("name")),
                item.get("state") == "complete",
            )
            for one in lists
            for item in sorted(things_in(one.get("checkItems")), key=position_of)
            if text_in(item.get("name"))
        ]

    def _custom(self, card: dict[str, Any]) -> tuple[list[str], float | None, float | None]:
        """Custom fields: one called "hours" is the estimate, one called "points" the points, the others words."""
        more: list[str] = []
        hours = points = None
        for item in things_in(card.get("customFieldItems")):
            of = self.fields.get(text_in(item.get("idCustomField")), {})
            name, value = text_in(of.get("name")), _custom_value(of, item)
            number = number_of(value)
            if name.casefold() in HOURS and number is not None:
                hours = number
            elif name.casefold() in POINTS and number is not None:
                points = number
            elif name and value:
                more.append(f"{name}: {value}")
        return more, hours, points

    def _day(self, value: Any) -> date | None:
        at = dates.stamp(value)
        return at.astimezone(self.zone).date() if at else None


def _stops(past: _Past) -> list[Stop]:
    """Where the card was, oldest first; the past may begin in the middle, where a thousand actions were too few."""
    moves = sorted(past.moves, key=lambda one: one[0].at)
    stops = [stop for stop, _ in moves]
    if past.made and past.made.place:
        return [past.made, *stops]
    if moves and moves[0][1]:
        first = past.made.at if past.made else datetime.min.replace(tzinfo=UTC)
        return [Stop(first, moves[0][1]), *stops]
    return stops


def _custom_value(of: dict[str, Any], item: dict[str, Any]) -> str:
    value = object_in(item.get("value"))
    if value:
        return next((text_in(one) for one in value.values() if text_in(one)), "")
    chosen = text_in(item.get("idValue"))
    options = {text_in(one.get("id")): object_in(one.get("value")) for one in things_in(of.get("options"))}
    return text_in(options.get(chosen, {}).get("text"))


def _links(card: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(text_in(card.get("shortUrl")) or text_in(card.get("url")), "In Trello")]
    found += [
        (text_in(one.get("url")), text_in(one.get("name")) or "Attachment")
        for one in things_in(card.get("attachments"))
    ]
    return [(address, label) for address, label in found if address]


def _name(member: dict[str, Any]) -> str:
    return text_in(member.get("fullName")) or text_in(member.get("username"))


def _made(key: str) -> datetime | None:
    """An id begins with the second it was made in: documented by Trello."""
    try:
        return datetime.fromtimestamp(int(key[:8], 16), UTC) if len(key) == 24 else None
    except (ValueError, OverflowError, OSError):
        return None
