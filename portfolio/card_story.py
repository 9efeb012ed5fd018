"""What happened to a card, in words: its lines of history, told."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import history
from portfolio.models import Card, Column, Event, Person

FIELDS = {
    "title": "the title",
    "notes": "the notes",
    "estimate_hours": "the estimate",
    "actual_hours": "the hours taken",
    "owner_id": "the owner",
    "due_on": "the date it is due",
    "project_id": "the project",
    "blocked_by": "what blocks it",
}


@dataclass(frozen=True)
class Told:
    """One line: when, who (empty where the clock or an import did it) and what."""

    at: datetime
    who: str
    words: str


@dataclass(frozen=True)
class _Names:
    columns: Mapping[int, str]
    people: Mapping[int, str]


def told(session: Session, card: Card) -> list[Told]:
    """A card's history, the latest first. Three statements, however long it is."""
    lines = history.timeline(session, card)
    names = _Names(
        columns={one.id: one.name for one in session.scalars(select(Column))},
        people={one.id: one.display_name for one in session.scalars(_people(lines))},
    )
    return [
        Told(line.at, names.people.get(line.by_id or 0, ""), _words(line, names)) for line in reversed(lines)
    ]


def _people(lines: Iterable[Event]) -> Any:
    wanted = {line.by_id for line in lines} | {line.details.get("person") for line in lines}
    wanted |= {line.details.get("to") for line in lines if line.action == "card.assigned"}
    return select(Person).where(Person.id.in_(wanted - {None}))


def _words(line: Event, names: _Names) -> str:
    say = WORDS.get(line.action)
    if say is None:
        return line.action.partition(".")[2].replace("_", " ").capitalize()
    return say if isinstance(say, str) else say(line.details, names)


def _moved(details: Mapping[str, Any], names: _Names) -> str:
    came, went = (names.columns.get(details.get(key) or 0, "?") for key in ("from", "to"))
    return (
        f"Put elsewhere in {went}"
        if details.get("from") == details.get("to")
        else f"Moved from {came} to {went}"
    )


def _added(details: Mapping[str, Any], names: _Names) -> str:
    column = names.columns.get(details.get("column") or 0)
    return f"Made, in {column}" if column else "Made"


def _edited(details: Mapping[str, Any], _names: _Names) -> str:
    changed = [FIELDS.get(name, name.replace("_", " ")) for name in details.get("fields", ())]
    return f"Changed {_listed(changed)}" if changed else "Changed"


def _planned(details: Mapping[str, Any], _names: _Names) -> str:
    to, came = details.get("to"), details.get("from")
    return f"Planned into iteration {to}" if to else f"Taken out of iteration {came}"


def _assigned(details: Mapping[str, Any], names: _Names) -> str:
    to = details.get("to")
    return f"Given to {names.people.get(to, 'somebody')}" if to else "Taken from its owner"


def _hours(lead: str) -> Callable[[Mapping[str, Any], _Names], str]:
    def say(details: Mapping[str, Any], _names: _Names) -> str:
        return f"{lead} {details.get('hours') or 0:g} h"

    return say


def _corrected(details: Mapping[str, Any], _names: _Names) -> str:
    return f"Corrected {details.get('was') or 0:g} h to {details.get('hours') or 0:g} h"


def _about(lead: str, rest: str = "") -> Callable[[Mapping[str, Any], _Names], str]:
    """A sentence about the expert who was asked."""

    def say(details: Mapping[str, Any], names: _Names) -> str:
        return f"{lead} {names.people.get(details.get('person') or 0, 'somebody')}{rest}"

    return say


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]


WORDS: dict[str, str | Callable[[Mapping[str, Any], _Names], str]] = {
    "card.added": _added,
    "card.moved": _moved,
    "card.edited": _edited,
    "card.planned": _planned,
    "card.assigned": _assigned,
    "card.archived": "Taken off the board",
    "card.unarchived": "Put back on the board",
    "card.imported": "Taken over from another board",
    "card.item_added": "Added a line to the checklist",
    "card.item_ticked": "Ticked a line off",
    "card.item_unticked": "Took a tick away",
    "card.item_edited": "Changed a line of the checklist",
    "card.item_moved": "Moved a line of the checklist",
    "card.item_removed": "Took a line off the checklist",
    "card.timer_started": "Started the timer",
    "card.timer_stopped": _hours("Stopped the timer:"),
    "card.hours_logged": _hours("Wrote down"),
    "card.hours_corrected": _corrected,
    "card.hours_removed": _hours("Took away"),
    "card.blocked": "Said what blocks it",
    "card.blocker_reworded": "Said better what blocks it",
    "card.unblocked": "Nothing blocks it any more",
    "card.commented": "Wrote a comment",
    "card.comment_edited": "Changed a comment",
    "card.comment_removed": "Took a comment back",
    "card.link_added": "Added an address",
    "card.link_removed": "Took an address off",
    "card.file_added": "Added a file",
    "card.file_removed": "Took a file off",
    "card.expert_asked": _about("Asked"),
    "card.expert_began": "Began with it",
    "card.expert_wrote": "Wrote from the task page",
    "card.expert_done": "Says it's done",
    "card.expert_declined": "Can't do it",
    "card.expert_reminded": _about("Reminded"),
    "card.ask_taken_back": _about("Told", " that it isn't needed any more"),
    "card.ask_link_renewed": _about("Sent", " a new link"),
}
