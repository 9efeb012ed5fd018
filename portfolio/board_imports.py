"""Boards from elsewhere: take a file in, look at what it would do, then take it, once, with the cards' past."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from portfolio import columns as all_columns
from portfolio import history, imports, organisation, people
from portfolio.database import hold
from portfolio.history import record
from portfolio.importing.boards import (
    KIND,
    LEFT_OUT,
    LONGEST_LABEL,
    LONGEST_TITLE,
    Board,
    BoardMapping,
    Brought,
    Said,
    parsed,
)
from portfolio.importing.boards_judging import (
    BoardAccount,
    NewCard,
    OurColumn,
    OurPerson,
    judged,
    names_no_state,
    propose,
)
from portfolio.importing.boards_reading import order_of, read
from portfolio.importing.boards_replay import Story
from portfolio.importing.mapping import BadMapping
from portfolio.imports import NotWaiting
from portfolio.models import Base, Card, CardLink, ChecklistItem, Comment, Event, Import, Person, Project
from portfolio.states import ColumnKind
from portfolio.submission import clean

AT_ONCE = 300
"""Cards taken while somebody waits. More, or a file of more bytes than this, are the clock's to take."""
BYTES_AT_ONCE = 4 * 1024 * 1024
SOURCES = {"trello": "Trello", "jira": "Jira", "kanboard": "Kanboard", "planner": "Planner"}


@dataclass(frozen=True)
class Looked:
    """A dry run: the file, how it is read, the first cards it would make, and the account."""

    board: Board
    mapping: BoardMapping
    fresh: list[NewCard]
    account: BoardAccount


def start(session: Session, *, name: str, content: bytes, by: Person, at: datetime) -> Import:
    """Keep a file with a first mapping, to be looked at. Raises Unreadable."""
    board, mapping = _first(session, name, content)
    started = Import(
        name=str(clean(name))[-200:] or "file",
        kind=KIND,
        digest=hashlib.sha256(content).hexdigest(),
        mapping=mapping.model_dump(mode="json"),
        account={"is_long": board.rows > AT_ONCE or len(content) > BYTES_AT_ONCE},
        started_by_id=by.id,
        started_at=at,
    )
    started.content = content
    session.add(started)
    session.flush()
    record(session, "import.started", started, by=by, at=at, kind=KIND, source=board.source)
    return started


def change_mapping(session: Session, waiting: Import, mapping: BoardMapping) -> BoardMapping:
    """Read the file another way; places it then has anew get a proposal. Raises BadMapping, Unreadable or NotWaiting."""
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken or dropped, or is being taken.")
    _check(session, mapping)
    before = parsed(waiting.mapping)
    if mapping.places_from != before.places_from:
        board = _read(session, waiting, mapping)
        proposed = _proposed(session, board, mapping.source_name, mapping.date_order, earlier=mapping)
        mapping = mapping.model_copy(update={"places": proposed.places})
    waiting.mapping = mapping.model_dump(mode="json")
    return mapping


def look(session: Session, waiting: Import, *, now: datetime) -> Looked:
    """What taking the file would do. Changes nothing. Raises BadMapping or Unreadable."""
    mapping = parsed(waiting.mapping)
    board = _read(session, waiting, mapping)
    fresh, account = judged(board, mapping, our_columns(session), _known(session, mapping.source_name), now)
    return Looked(board, mapping, fresh, account)


def take(session: Session, waiting: Import, *, by: Person | None, at: datetime) -> BoardAccount:
    """Take a waiting board in, all or nothing: its new cards with their past. Raises NotWaiting, BadMapping or Unreadable."""
    hold(session, waiting)
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken or dropped, or is being taken.")
    return _take(session, waiting, _read(session, waiting, parsed(waiting.mapping)), by=by, at=at)


def read_wanted(session: Session, number: int) -> Board | None:
    """A long board that somebody wanted; None where nobody does (any more). Raises BadMapping or Unreadable."""
    wanted = imports.find(session, number)
    if wanted is None or wanted.wanted_at is None:
        return None
    return _read(session, wanted, parsed(wanted.mapping))


def count(session: Session, number: int, board: Board) -> None:
    """Keep how many cards there are, to tell that somebody has begun."""
    wanted = imports.find(session, number)
    if wanted is not None:
        wanted.rows_in_all = board.rows


def finish(session: Session, number: int, board: Board, *, at: datetime) -> None:
    """Take the board that was read, all or nothing, unless it was stopped or taken meanwhile. Raises BadMapping."""
    wanted = imports.find(session, number)
    if wanted is None:
        return
    hold(session, wanted)
    if wanted.wanted_at is None:
        return
    asked = history.timeline(session, wanted, "import.wanted")
    by = session.get(Person, asked[-1].by_id) if asked and asked[-1].by_id else None
    _take(session, wanted, board, by=by, at=at)


# Queries


def is_board(file: Import) -> bool:
    return file.kind == KIND


def our_columns(session: Session) -> list[OurColumn]:
    """The board's columns from left to right, as cards may be put into them."""
    return [OurColumn(one.id, one.name, one.kind) for one in all_columns.listed(session)]


def our_people(session: Session) -> list[OurPerson]:
    """Who cards may belong to: everybody with a role here."""
    return [OurPerson(one.id, one.display_name, one.email) for one in people.with_roles(session)]


# Below: how the verbs above do it


def _first(session: Session, name: str, content: bytes) -> tuple[Board, BoardMapping]:
    zone = organisation.zone(organisation.current(session))
    board = read(content, name, zone)
    places_from = "progress" if board.two_kinds_of_place and names_no_state(board) else "bucket"
    source_name = f"{SOURCES[board.source]}: {board.name}"[:120]
    earlier = _earlier(session, board, source_name)
    if earlier is not None:
        source_name, places_from = earlier.source_name, earlier.places_from
    order = order_of(board)
    if places_from != "bucket":
        board = read(content, name, zone, date_order=order, places_from=places_from)
    mapping = _proposed(session, board, source_name, order, earlier=earlier)
    return board, mapping.model_copy(update={"places_from": places_from})


def _proposed(
    session: Session, board: Board, source_name: str, order: str, *, earlier: BoardMapping | None
) -> BoardMapping:
    return propose(
        board,
        our_columns(session),
        our_people(session),
        date_order=order,
        source_name=source_name,
        earlier=earlier,
    )


def _earlier(session: Session, board: Board, source_name: str) -> BoardMapping | None:
    """How the same board was last taken: the one of its id, or where it has none, of its name."""
    latest = session.scalars(
        select(Import.mapping)
        .where(Import.kind == KIND, Import.taken_at.is_not(None))
        .order_by(Import.taken_at.desc(), Import.id.desc())
        .limit(50)
    )
    for body in latest:
        try:
            mapping = parsed(body)
        except BadMapping:
            continue
        if mapping.board_key == board.key and (board.key or mapping.source_name == source_name):
            return mapping
    return None


def _read(session: Session, file: Import, mapping: BoardMapping) -> Board:
    zone = organisation.zone(organisation.current(session))
    return read(
        file.content or b"", file.name, zone, date_order=mapping.date_order, places_from=mapping.places_from
    )


def _check(session: Session, mapping: BoardMapping) -> None:
    """Raise BadMapping for columns, people and projects that aren't there (any more)."""
    columns = {one.id for one in our_columns(session)} | {LEFT_OUT}
    if any(isinstance(to, int) and to not in columns for to in mapping.places.values()):
        raise BadMapping("One of the columns is no longer on the board. Please choose another.")
    known = {one.id for one in our_people(session)} | {0}
    if not set(mapping.people.values()) <= known:
        raise BadMapping("One of the people has no role here any more. Please choose another.")
    if mapping.project is not None and session.get(Project, mapping.project) is None:
        raise BadMapping("There is no such project.")


def _known(session: Session, source_name: str) -> dict[str, int]:
    """Cards that came from this source before, by their id there."""
    found = session.execute(
        select(Card.source_key, Card.id).where(Card.source_name == source_name, Card.source_key.is_not(None))
    )
    return {key: number for key, number in found if key}


def _take(session: Session, taken: Import, board: Board, *, by: Person | None, at: datetime) -> BoardAccount:
    mapping = parsed(taken.mapping)
    _check(session, mapping)
    all_columns.hold_board(session)
    mapping = _with_columns(session, board, mapping, by=by, at=at)
    fresh, account = judged(board, mapping, our_columns(session), _known(session, mapping.source_name), at)
    cards = _write(session, fresh, mapping, taken)
    account.numbers.update({new.card.key: card.id for new, card in zip(fresh, cards, strict=True)})
    taken.mapping = mapping.model_dump(mode="json")
    taken.account = account.as_json()
    taken.taken_at, taken.wanted_at, taken.error = at, None, ""
    taken.rows_done = taken.rows_in_all = account.rows
    taken.content = None
    counts = {fate.value: count for fate, count in account.counts.items()}
    record(session, "import.taken", taken, by=by, at=at, kind=KIND, rows=account.rows, **counts)
    return account


def _with_columns(
    session: Session, board: Board, mapping: BoardMapping, *, by: Person | None, at: datetime
) -> BoardMapping:
    """The mapping with its new columns made. Raises BadMapping where the board takes no more."""
    names = {place.key: place.name for place in board.places}
    places = dict(mapping.places)
    for place, to in mapping.places.items():
        if isinstance(to, str):
            kind = ColumnKind(to.removeprefix("new:"))
            try:
                made = all_columns.add(session, name=names.get(place, place)[:60], kind=kind, by=by, at=at)
            except all_columns.ColumnNeeded as problem:
                raise BadMapping(str(problem)) from problem
            places[place] = made.id
    return mapping.model_copy(update={"places": places})


def _write(session: Session, fresh: Sequence[NewCard], mapping: BoardMapping, taken: Import) -> list[Card]:
    """The cards at the bottom of their columns in the order they stood, what belongs to them, and their past."""
    ranks: dict[int, int] = dict(
        session.execute(select(Card.column_id, func.max(Card.rank)).group_by(Card.column_id)).all()
    )
    cards = []
    for new in fresh:
        column = new.story.stands.to.column
        ranks[column] = ranks.get(column, 0) + all_columns.GAP
        cards.append(_card(new, mapping, ranks[column]))
    session.add_all(cards)
    session.flush()
    for new, card in zip(fresh, cards, strict=True):
        session.add_all(_belongings(new, card, mapping))
    session.flush()
    _write_history(session, [(new.story, card) for new, card in zip(fresh, cards, strict=True)], taken)
    return cards


def _card(new: NewCard, mapping: BoardMapping, rank: int) -> Card:
    brought, story = new.card, new.story
    points = brought.points if mapping.hours_per_point and brought.points else None
    hours = brought.hours or (
        points * mapping.hours_per_point if points and mapping.hours_per_point else None
    )
    return Card(
        title=brought.title[:LONGEST_TITLE],
        notes=_notes(brought, mapping),
        project_id=mapping.project,
        column_id=story.stands.to.column,
        rank=rank,
        owner_id=mapping.people.get(brought.owner) or None,
        estimate_hours=hours,
        actual_hours=brought.hours_spent,
        due_on=brought.due_on,
        source_name=mapping.source_name,
        source_key=brought.key,
        created_at=story.made_at,
        started_at=story.begun_at,
        done_at=story.ended_at,
        archived_at=story.put_away_at,
        entered_at=story.stands.at,
    )


def _notes(brought: Brought, mapping: BoardMapping) -> str:
    """The description, and below it every fact our cards have no place for."""
    more = list(brought.more)
    if brought.owner and not mapping.people.get(brought.owner):
        more.insert(0, f"Assigned to: {brought.owner}")
    if brought.points is not None and (brought.hours or not mapping.hours_per_point):
        more.append(f"Story points: {brought.points:g}")
    return "\n\n".join(part for part in (brought.notes, "\n".join(more)) if part)


def _belongings(new: NewCard, card: Card, mapping: BoardMapping) -> list[Base]:
    brought = new.card
    done_at = new.story.ended_at or new.story.stands.at
    return [
        *(
            ChecklistItem(card_id=card.id, words=words, position=place, done_at=done_at if done else None)
            for place, (words, done) in enumerate(brought.ticks, start=1)
        ),
        *(
            CardLink(card_id=card.id, address=address, label=label[:LONGEST_LABEL], added_at=card.created_at)
            for address, label in brought.links
        ),
        *(_comment(said, card, mapping) for said in brought.comments),
    ]


def _comment(said: Said, card: Card, mapping: BoardMapping) -> Comment:
    """Words keep the name of whoever nobody here knows."""
    by = mapping.people.get(said.who) or None
    words = said.words if by or not said.who else f"{said.who}: {said.words}"
    return Comment(card_id=card.id, words=words, mentions=[], by_id=by, at=said.at or card.created_at)


def _write_history(session: Session, stories: Sequence[tuple[Story, Card]], taken: Import) -> None:
    """The past as lines of history with their own times, in order of time over all cards; written many at once."""
    lines = sorted(
        (line for story, card in stories for line in _lines(story, card, taken)), key=lambda line: line["at"]
    )
    if lines:
        session.connection().execute(insert(Event), lines)


def _lines(story: Story, card: Card, taken: Import) -> list[dict[str, Any]]:
    first = story.steps[0]
    came: dict[str, Any] = {"source": history.IMPORT, "import": taken.id, history.BY_ITSELF: history.IMPORT}
    added = {
        "column": first.to.column,
        "kind": first.to.kind.value,
        "project": card.project_id,
        "iteration": None,
    }
    lines: list[tuple[str, datetime, dict[str, Any]]] = [("card.added", first.at, added)]
    for was, step in zip(story.steps, story.steps[1:], strict=False):
        moved = {
            "from": was.to.column,
            "to": step.to.column,
            "kind": step.to.kind.value,
            "was": was.to.kind.value,
        }
        lines.append(("card.moved", step.at, moved))
    if story.put_away_at is not None:
        away = {"column": story.stands.to.column, "kind": story.stands.to.kind.value}
        lines.append(("card.archived", story.put_away_at, away))
    return [
        {
            "at": at,
            "action": action,
            "subject_type": Card.__tablename__,
            "subject_id": card.id,
            "by_id": None,
            "details": {**details, **came},
        }
        for action, at, details in lines
    ]
