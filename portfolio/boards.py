"""What the board shows: which cards, in stacks or in lanes, and what each card's face says beside its title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, defer, joinedload

from portfolio import columns
from portfolio.models import Card, ChecklistItem, Column, Comment, File, Goal, Person, Project
from portfolio.rules.flow import percentile
from portfolio.states import ColumnKind, Role

LONG_DAYS = 14.0
"""From how many days on unfinished work counts as old, while too few cards are finished to say what is usual."""
ENOUGH_FINISHED = 8
LATEST_FINISHED = 100
MOST_LANES = 6
"""Lanes shown at first; the others come by scrolling."""


class By(StrEnum):
    """What lanes are made of."""

    PROJECT = "project"
    GOAL = "goal"
    OWNER = "owner"


@dataclass(frozen=True)
class Filter:
    """Which cards the board shows. `overdue_on` is the day before which an unfinished card's date lies."""

    project_id: int | None = None
    iteration_id: int | None = None
    owner_id: int | None = None
    goal_id: int | None = None
    text: str = ""
    blocked: bool = False
    unassigned: bool = False
    overdue_on: date | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True)
class Stack:
    """The visible part of one column, how many cards match in all, and how many it holds whoever looks.

    `crowded` are those who have more in it than its limit a person: their name and how many.
    """

    column: Column
    cards: list[Card]
    count: int
    held: int
    crowded: tuple[tuple[str, int], ...] = ()

    @property
    def over_limit(self) -> bool:
        return self.column.wip_limit is not None and self.held > self.column.wip_limit

    @property
    def is_full(self) -> bool:
        return self.column.wip_limit is not None and self.held >= self.column.wip_limit

    @property
    def more(self) -> bool:
        return self.count > len(self.cards)


@dataclass(frozen=True)
class Lane:
    """One project, goal or owner across all columns; `key` is 0 for cards that have none. `counts` follow `stacks`."""

    key: int
    name: str
    stacks: list[Stack]

    @property
    def count(self) -> int:
        return sum(stack.count for stack in self.stacks)


@dataclass(frozen=True)
class Lanes:
    """Lanes from one place on, and how many there are in all."""

    by: By
    shown: list[Lane]
    heads: list[Stack]
    first: int
    count: int

    @property
    def more(self) -> bool:
        return self.first + len(self.shown) < self.count


@dataclass(frozen=True)
class Face:
    """What stands on a card beside its title. Days since it came into its column, where it is being worked on."""

    ticked: int = 0
    listed: int = 0
    comments: int = 0
    files: int = 0


@dataclass(frozen=True)
class Faces:
    """The faces of many cards, and after how many days unfinished work counts as old."""

    by_card: dict[int, Face] = field(default_factory=dict)
    long_days: float = LONG_DAYS
    measured: bool = False

    def of(self, card: Card) -> Face:
        return self.by_card.get(card.id, Face())

    def days(self, card: Card, now: datetime) -> int | None:
        """Whole days a card has stood in its column, where its column means work in progress."""
        if card.column.kind is not ColumnKind.DOING:
            return None
        since = card.entered_at or card.started_at
        return (now - since).days if since else None

    def is_old(self, card: Card, now: datetime) -> bool:
        """Whether unfinished work has taken longer than 85 % of what was finished lately, or than 14 days."""
        if card.started_at is None or card.done_at is not None:
            return False
        return (now - card.started_at).total_seconds() / 86_400 > self.long_days


def stacks(session: Session, wanted: Filter = Filter(), per_column: int = 25) -> list[Stack]:
    """Every column with its first cards. A few queries; the bytes don't grow with the board."""
    shown = columns.listed(session)
    held = columns.counts(session)
    counts = held if wanted.is_empty else _counts(session, wanted)
    crowded = _crowded(session, shown)
    first = _first_cards(session, shown, wanted, per_column)
    return [
        Stack(
            column,
            [card for card in first if card.column_id == column.id],
            counts.get(column.id, 0),
            held.get(column.id, 0),
            crowded.get(column.id, ()),
        )
        for column in shown
    ]


def stack(
    session: Session,
    column: Column,
    wanted: Filter = Filter(),
    per_column: int = 25,
    *,
    after: int | None = None,
) -> Stack:
    """One column with its first cards and how many there are; or those below the rank `after`, and how many those are."""
    counted = _wanted(select(func.count()).where(Card.column_id == column.id), wanted)
    if after is not None:
        counted = counted.where(Card.rank > after)
    held = columns.count(session, column)
    return Stack(
        column,
        stretch(session, column, wanted, after=after, limit=per_column),
        held if wanted.is_empty and after is None else session.scalar(counted) or 0,
        held,
        _crowded(session, [column]).get(column.id, ()),
    )


def stretch(
    session: Session,
    column: Column,
    wanted: Filter = Filter(),
    *,
    after: int | None = None,
    limit: int = 25,
) -> list[Card]:
    """Cards of a column from the top, or those below the rank `after`."""
    query = _wanted(select(Card), wanted).where(Card.column_id == column.id)
    if after is not None:
        query = query.where(Card.rank > after)
    return _read(session, query.order_by(Card.rank, Card.id).limit(limit))


def by_number(
    session: Session, wanted: Filter, *, column_id: int | None = None, after: int = 0, limit: int = 50
) -> list[Card]:
    """Cards on the board with a number above `after`, in the order of their numbers."""
    query = _wanted(select(Card), wanted).where(Card.id > after)
    if column_id is not None:
        query = query.where(Card.column_id == column_id)
    return list(session.scalars(query.order_by(Card.id).limit(limit)))


def lanes(
    session: Session,
    by: By,
    wanted: Filter = Filter(),
    per_cell: int = 6,
    *,
    first: int = 0,
    limit: int = MOST_LANES,
) -> Lanes:
    """Lanes with work to do before those where all is done, by name, cards that belong nowhere last."""
    shown = columns.listed(session)
    key = _key(by)
    counted = _wanted(select(key, Card.column_id, func.count()), wanted).group_by(key, Card.column_id)
    if by is By.GOAL:
        counted = counted.outerjoin(Project, Card.project_id == Project.id)
    cells = {(row[0], row[1]): row[2] for row in session.execute(counted).all()}
    open_columns = {column.id for column in shown if column.kind is not ColumnKind.DONE}
    busy = {lane for lane, column_id in cells if column_id in open_columns}
    names = _names(session, by, {lane for lane, _ in cells if lane})
    order = sorted(
        {lane for lane, _ in cells},
        key=lambda lane: (lane == 0, lane not in busy, names.get(lane, "").lower(), lane),
    )
    page = order[first : first + limit]
    cards = _cells(session, by, wanted, page, per_cell)
    held = columns.counts(session)
    none = {By.PROJECT: "No project", By.GOAL: "No goal", By.OWNER: "Nobody yet"}[by]
    return Lanes(
        by,
        [
            Lane(
                lane,
                names.get(lane, none),
                [
                    Stack(
                        column,
                        cards.get((lane, column.id), []),
                        cells.get((lane, column.id), 0),
                        held.get(column.id, 0),
                    )
                    for column in shown
                ],
            )
            for lane in page
        ],
        _heads(session, shown, cells, held),
        first,
        len(order),
    )


def cell(
    session: Session,
    by: By,
    lane: int,
    column: Column,
    wanted: Filter = Filter(),
    limit: int = 25,
    *,
    after: int | None = None,
) -> Stack:
    """One column's cards in one lane, from the top or below the rank `after`."""
    query = _of_lanes(select(Card), by, [lane]).where(Card.column_id == column.id)
    counted = _of_lanes(select(func.count()).select_from(Card), by, [lane]).where(Card.column_id == column.id)
    if after is not None:
        query, counted = query.where(Card.rank > after), counted.where(Card.rank > after)
    query = _wanted(query, wanted).order_by(Card.rank, Card.id).limit(limit)
    count = session.scalar(_wanted(counted, wanted)) or 0
    return Stack(column, _read(session, query), count, columns.count(session, column))


def faces(session: Session, cards: Iterable[Card]) -> Faces:
    """The faces of these cards: two queries however many they are."""
    numbers = [card.id for card in cards]
    measured = _usual_days(session) if numbers else None
    return Faces(
        _small_counts(session, numbers) if numbers else {},
        LONG_DAYS if measured is None else measured,
        measured is not None,
    )


def cards_of(shown: Sequence[Stack] | Lanes) -> list[Card]:
    """All cards somebody sees."""
    if isinstance(shown, Lanes):
        return [card for lane in shown.shown for one in lane.stacks for card in one.cards]
    return [card for one in shown for card in one.cards]


@dataclass(frozen=True)
class Hands:
    """Who has cards on the board, and who may be given one, by name."""

    owners: list[Person]
    possible: list[Person]


def hands(session: Session) -> Hands:
    """Managers and experts may be given cards; whoever has one keeps it."""
    may = or_(*(Person.roles.contains(role.value) for role in (Role.MANAGER, Role.ADMIN, Role.CONTRIBUTOR)))
    has = Person.id.in_(select(Card.owner_id).where(Card.archived_at.is_(None), Card.owner_id.is_not(None)))
    query = select(Person, may, has).where(or_(may & Person.email.not_like("%@api.invalid"), has))
    found = session.execute(query.order_by(Person.name, Person.id)).all()
    return Hands([one for one, _, owns in found if owns], [one for one, able, _ in found if able])


# How


def _first_cards(session: Session, shown: list[Column], wanted: Filter, per_column: int) -> list[Card]:
    """The first cards of every column in one query: each column's few are found by the index alone."""
    if not shown:
        return []
    firsts = [
        select(
            _wanted(select(Card.id), wanted)
            .where(Card.column_id == column.id)
            .order_by(Card.rank, Card.id)
            .limit(per_column)
            .subquery()
        )
        for column in shown
    ]
    query = select(Card).where(Card.id.in_(union_all(*firsts))).order_by(Card.rank, Card.id)
    return _read(session, query)


def _read(session: Session, query: Any) -> list[Card]:
    """Cards with no more than their faces show: a board reads a hundred at a time."""
    light = (
        defer(Card.notes),
        joinedload(Card.project).load_only(Project.name),
        joinedload(Card.owner).load_only(Person.name, Person.email),
        joinedload(Card.owner).lazyload(Person.unit),
    )
    return list(session.scalars(query.options(*light)))


def _wanted(query: Any, wanted: Filter) -> Any:
    query = query.where(Card.archived_at.is_(None))
    if wanted.project_id is not None:
        query = query.where(Card.project_id == wanted.project_id)
    if wanted.iteration_id is not None:
        query = query.where(Card.iteration_id == wanted.iteration_id)
    if wanted.owner_id is not None:
        query = query.where(Card.owner_id == wanted.owner_id)
    if wanted.goal_id is not None:
        query = query.where(Card.project_id.in_(select(Project.id).where(Project.goal_id == wanted.goal_id)))
    if wanted.unassigned:
        query = query.where(Card.owner_id.is_(None))
    if wanted.blocked:
        query = query.where(Card.blocked_by != "")
    if wanted.overdue_on is not None:
        query = query.where(Card.due_on < wanted.overdue_on, Card.done_at.is_(None))
    if wanted.text:
        query = query.where(Card.title.icontains(wanted.text, autoescape=True))
    return query


def _counts(session: Session, wanted: Filter) -> dict[int, int]:
    counted = _wanted(select(Card.column_id, func.count()), wanted).group_by(Card.column_id)
    return dict(session.execute(counted).all())


def _crowded(session: Session, shown: list[Column]) -> dict[int, tuple[tuple[str, int], ...]]:
    """Who has more cards in a column than its limit a person; asked only where there is such a limit."""
    limits = {column.id: column.person_limit for column in shown if column.person_limit is not None}
    if not limits:
        return {}
    counted = (
        select(Card.column_id, Person.name, Person.email, func.count())
        .join(Person, Card.owner_id == Person.id)
        .where(Card.column_id.in_(limits), Card.archived_at.is_(None))
        .group_by(Card.column_id, Person.id, Person.name, Person.email)
        .order_by(Person.name)
    )
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    for column_id, name, email, held in session.execute(counted):
        if held > limits[column_id]:
            found[column_id] = (*found.get(column_id, ()), (name or email.split("@")[0], held))
    return found


def _key(by: By) -> Any:
    """What makes the lane of a card, 0 where it has none."""
    column = {By.PROJECT: Card.project_id, By.GOAL: Project.goal_id, By.OWNER: Card.owner_id}[by]
    return func.coalesce(column, 0)


def _of_lanes(query: Any, by: By, wanted: list[int]) -> Any:
    if by is By.GOAL:
        query = query.outerjoin(Project, Card.project_id == Project.id)
    return query.where(_key(by).in_(wanted))


def _cells(
    session: Session, by: By, wanted: Filter, page: list[int], per_cell: int
) -> dict[tuple[int, int], list[Card]]:
    """The first cards of every cell of these lanes, in two queries."""
    key = _key(by)
    place = func.row_number().over(partition_by=(key, Card.column_id), order_by=(Card.rank, Card.id))
    numbered = _wanted(
        _of_lanes(select(Card.id, key.label("lane"), place.label("place")), by, page), wanted
    ).subquery()
    first = select(numbered.c.id, numbered.c.lane).where(numbered.c.place <= per_cell)
    lane_of: dict[int, int] = dict(session.execute(first).all())
    found: dict[tuple[int, int], list[Card]] = {}
    for card in _read(session, select(Card).where(Card.id.in_(lane_of)).order_by(Card.rank, Card.id)):
        found.setdefault((lane_of[card.id], card.column_id), []).append(card)
    return found


def _names(session: Session, by: By, keys: set[int]) -> dict[int, str]:
    if by is By.OWNER:
        people = session.scalars(select(Person).where(Person.id.in_(keys)))
        return {person.id: person.display_name for person in people}
    model: type[Project | Goal] = Project if by is By.PROJECT else Goal
    return dict(session.execute(select(model.id, model.name).where(model.id.in_(keys))).all())


def _heads(
    session: Session, shown: list[Column], cells: dict[tuple[int, int], int], held: dict[int, int]
) -> list[Stack]:
    """The columns' own counts and limits, above all lanes."""
    crowded = _crowded(session, shown)
    return [
        Stack(
            column,
            [],
            sum(count for (_, column_id), count in cells.items() if column_id == column.id),
            held.get(column.id, 0),
            crowded.get(column.id, ()),
        )
        for column in shown
    ]


def _small_counts(session: Session, numbers: list[int]) -> dict[int, Face]:
    """Checklist lines, comments and files of many cards in one query."""
    ticked = func.sum(case((ChecklistItem.done_at.is_not(None), 1), else_=0))
    parts: Any = union_all(
        select(
            ChecklistItem.card_id,
            literal("listed").label("what"),
            func.count().label("n"),
            ticked.label("ticked"),
        )
        .where(ChecklistItem.card_id.in_(numbers))
        .group_by(ChecklistItem.card_id),
        select(Comment.card_id, literal("comments"), func.count(), literal(0))
        .where(Comment.card_id.in_(numbers), Comment.removed_at.is_(None))
        .group_by(Comment.card_id),
        select(File.card_id, literal("files"), func.count(), literal(0))
        .where(File.card_id.in_(numbers))
        .group_by(File.card_id),
    )
    found: dict[int, dict[str, int]] = {}
    for card_id, what, count, done in session.execute(parts):
        found.setdefault(card_id, {})[what] = count
        if what == "listed":
            found[card_id]["ticked"] = done or 0
    return {card_id: Face(**counts) for card_id, counts in found.items()}


def _usual_days(session: Session) -> float | None:
    """Days from start to done that 85 % of the latest finished cards stayed within; None while there are few."""
    latest = session.execute(
        select(Card.started_at, Card.done_at)
        .where(Card.done_at.is_not(None), Card.started_at.is_not(None))
        .order_by(Card.done_at.desc())
        .limit(LATEST_FINISHED)
    ).all()
    days = [(row.done_at - row.started_at).total_seconds() / 86_400 for row in latest]
    return percentile(days, 85) if len(days) >= ENOUGH_FINISHED else None
