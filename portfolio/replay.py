"""The board as it stood at any past moment, told by the history: what a chart said on a day, it says of that day for ever.

A card's life is a row of stays: in a column, of a kind (not started, started, finished), from when to when. When it was
started and finished follows from them, so a look at an earlier moment is the same stays, cut off there. Taking a finished card
off the board doesn't end its last stay: finished work stays finished.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from portfolio.models import Card, Column, Event
from portfolio.states import ColumnKind

KINDS = (ColumnKind.TO_DO, ColumnKind.DOING, ColumnKind.DONE)
TO_DO, DOING, DONE = range(3)
CODE = {kind.value: code for code, kind in enumerate(KINDS)}

OFF = frozenset({"card.archived", "card.removed"})
ON_AGAIN = frozenset({"card.unarchived", "card.restored"})
ACTIONS = ("card.added", "card.moved", "card.planned", *sorted(OFF), *sorted(ON_AGAIN), "column.kind_changed")
LATE = 200
"""Lines read again at each look: on PostgreSQL a line may be committed after one with a higher number."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Line(NamedTuple):
    """One line of history, as far as the board goes."""

    at: datetime
    id: int
    action: str
    subject: int
    details: Mapping[str, Any]


class Stay(NamedTuple):
    """A card in a column, from `since` to `until` (none: still there)."""

    card: int
    column: int
    kind: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Standing:
    """Where one card stood at a moment."""

    card: int
    column: int
    kind: ColumnKind
    iteration: int | None
    started_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True)
class Past:
    """All stays up to a moment, as columns of numbers: seconds since 1970, `until` infinite for a stay that goes on. One row a stay,
    by card and then by time. `cards` has one row a card, in the order of `card_ids`; what did not happen by then is not a number.
    """

    moment: float
    card: Ints
    column: Ints
    kind: Ints
    since: Floats
    until: Floats

    @cached_property
    def first(self) -> Ints:
        """Where each card's stays begin."""
        if not len(self.card):
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.r_[True, self.card[1:] != self.card[:-1]])

    @cached_property
    def last(self) -> Ints:
        return np.r_[self.first[1:], len(self.card)].astype(np.int64) - 1 if len(self.card) else self.first

    @cached_property
    def card_ids(self) -> Ints:
        return self.card[self.first]

    @cached_property
    def created(self) -> Floats:
        return self.since[self.first]

    @cached_property
    def started(self) -> Floats:
        """When each card first stood in a column of started work."""
        return self._least(self.kind != TO_DO)

    @cached_property
    def done(self) -> Floats:
        """When each card that is finished became so: where its last row of stays in done columns begins."""
        if not len(self.card):
            return np.zeros(0)
        ended = self.kind[self.last] == DONE
        open_rows = np.where(self.kind != DONE, np.arange(len(self.kind)), -1)
        latest_open = np.maximum.reduceat(open_rows, self.first)
        begins = np.where(latest_open >= self.first, latest_open + 1, self.first)
        return np.where(ended, self.since[np.minimum(begins, self.last)], np.nan)

    @cached_property
    def under_way(self) -> NDArray[np.bool_]:
        """Whether each card stands on the board, begun and not finished: it was started once, also where it waits again."""
        return ~np.isnan(self.started) & np.isnan(self.done) & np.isinf(self.until[self.last])

    @cached_property
    def waiting(self) -> NDArray[np.bool_]:
        """Whether each card stands on the board and was never started."""
        return np.isnan(self.started) & np.isinf(self.until[self.last])

    def at(self, moment: datetime) -> "Past":
        """What was known at an earlier moment."""
        cut = moment.timestamp()
        rows = self.since <= cut
        until = np.where(self.until > cut, np.inf, self.until)[rows]
        return Past(cut, self.card[rows], self.column[rows], self.kind[rows], self.since[rows], until)

    def only(self, cards: Iterable[int]) -> "Past":
        """The same of some cards."""
        rows = np.isin(self.card, np.fromiter(cards, np.int64))
        return Past(
            self.moment,
            self.card[rows],
            self.column[rows],
            self.kind[rows],
            self.since[rows],
            self.until[rows],
        )

    def counts(self, moments: Sequence[datetime]) -> dict[ColumnKind, tuple[int, ...]]:
        """How many cards stood in columns of each kind at each moment: the bands of a cumulative flow diagram."""
        wanted = np.array([moment.timestamp() for moment in moments])
        found = {}
        for code, kind in enumerate(KINDS):
            rows = self.kind == code
            begun = np.searchsorted(np.sort(self.since[rows]), wanted, side="right")
            ended = np.searchsorted(np.sort(self.until[rows]), wanted, side="right")
            found[kind] = tuple(int(count) for count in begun - ended)
        return found

    def _least(self, rows: NDArray[np.bool_]) -> Floats:
        if not len(self.card):
            return np.zeros(0)
        found = np.minimum.reduceat(np.where(rows, self.since, np.inf), self.first)
        return np.where(np.isinf(found), np.nan, found)


def read(session: Session, *, moment: datetime) -> Past:
    """All that happened on the board up to `moment`. Two statements where nothing is new since the last look."""
    return _past(session, _lines(session)).at(moment)


def board_at(session: Session, moment: datetime) -> dict[int, Standing]:
    """Every card on the board at a moment, by number. A finished card that was taken off it is not."""
    lines = _lines(session)
    past = _past(session, lines).at(moment)
    iterations: dict[int, int | None] = {}
    off: set[int] = set()
    for line in (line for line in lines if line.at <= moment):
        if line.action == "card.added":
            iterations[line.subject] = line.details.get("iteration")
        elif line.action == "card.planned":
            iterations[line.subject] = line.details.get("to")
        elif line.action in OFF:
            off.add(line.subject)
        elif line.action in ON_AGAIN:
            off.discard(line.subject)
    return {
        int(card): Standing(
            card=int(card),
            column=int(past.column[row]),
            kind=KINDS[past.kind[row]],
            iteration=iterations.get(int(card)),
            started_at=_moment(started),
            done_at=_moment(done),
        )
        for card, row, started, done in zip(past.card_ids, past.last, past.started, past.done, strict=True)
        if int(card) not in off and np.isinf(past.until[row])
    }


def past_of(stays: Sequence[Stay]) -> Past:
    """Stays as columns of numbers. Stays come in order of time; those of one card are put together."""
    ordered = sorted(stays, key=itemgetter(0))
    return Past(
        np.inf,
        np.array([one.card for one in ordered], np.int64),
        np.array([one.column for one in ordered], np.int64),
        np.array([one.kind for one in ordered], np.int64),
        np.array([one.since.timestamp() for one in ordered], float),
        np.array([np.inf if one.until is None else one.until.timestamp() for one in ordered], float),
    )


def replayed(
    lines: Iterable[Line], kinds: Mapping[int, int], created: Mapping[int, datetime] | None = None
) -> list[Stay]:
    """The stays that lines of history tell of; of one card in order of time.

    `kinds` is each column's kind before the first line: a line that names none (older ones don't) means that. A card whose first
    line isn't its adding (older or taken in by other ways) stood where that line found it since it was `created`.
    """
    board = _Board(dict(kinds), created or {})
    for line in lines:
        board.take(line)
    return [*board.left, *board.standing()]


class _Board:
    """The board while its history is read."""

    def __init__(self, kinds: dict[int, int], created: Mapping[int, datetime]) -> None:
        self.kinds = kinds
        self.created = created
        self.here: dict[int, tuple[int, int, datetime]] = {}
        self.inside: dict[int, set[int]] = {}
        self.left: list[Stay] = []

    def take(self, line: Line) -> None:
        at, _, action, subject, details = line
        if action == "card.moved":
            self._move(subject, details, at)
        elif action == "card.added" or action in ON_AGAIN:
            self._stand(subject, details.get("column"), details.get("kind"), at)
        elif action in OFF:
            if subject in self.here and (self.here[subject][1] != DONE or action == "card.removed"):
                self._leave(subject, at)
        elif action == "column.kind_changed":
            self._change(subject, _kind(details.get("kind"), TO_DO), at)

    def standing(self) -> Iterable[Stay]:
        return (Stay(card, column, kind, since, None) for card, (column, kind, since) in self.here.items())

    def _move(self, card: int, details: Mapping[str, Any], at: datetime) -> None:
        to, came_from = details["to"], details.get("from")
        kind = self._kind_of(to, details.get("kind"))
        if self.here.get(card, ())[:2] == (to, kind):
            return
        if card not in self.here and card in self.created and came_from is not None:
            was = self._kind_of(came_from, details.get("was"))
            self.left.append(Stay(card, came_from, was, self.created[card], at))
        self._stand(card, to, details.get("kind"), at)

    def _stand(self, card: int, column: int | None, said: str | None, at: datetime) -> None:
        if column is None:
            return
        if card in self.here:
            self._leave(card, at)
        self.here[card] = (column, self._kind_of(column, said), at)
        self.inside.setdefault(column, set()).add(card)

    def _leave(self, card: int, at: datetime) -> None:
        column, kind, since = self.here.pop(card)
        self.inside[column].discard(card)
        self.left.append(Stay(card, column, kind, since, at))

    def _change(self, column: int, kind: int, at: datetime) -> None:
        self.kinds[column] = kind
        for card in sorted(self.inside.get(column, ())):
            self._leave(card, at)
            self.here[card] = (column, kind, at)
            self.inside[column].add(card)

    def _kind_of(self, column: int, said: str | None) -> int:
        return _kind(said, self.kinds.get(column, TO_DO))


def _kind(said: str | None, otherwise: int) -> int:
    return CODE.get(said, otherwise) if said is not None else otherwise


def _moment(seconds: float) -> datetime | None:
    """Whole microseconds again, which a binary fraction only comes near to."""
    if np.isnan(seconds):
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(float(seconds) * 1_000_000))


# Reading


@dataclass
class _Known:
    """What was read before: lines by number, the same in order of time, and the past they tell."""

    by_id: dict[int, Line] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    told: tuple[object, Past] | None = None


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()
_turn = Lock()


def _lines(session: Session) -> list[Line]:
    """All lines that move cards, oldest first. Kept in memory for readers, who see nothing that is not committed."""
    known = _kept(session)
    if known is None:
        return sorted(_fetch(session, 0).values(), key=itemgetter(0, 1))
    with _turn:
        fresh = _fetch(session, max(known.by_id, default=0) - LATE)
        if not fresh.keys() <= known.by_id.keys():
            known.by_id.update(fresh)
            known.lines = sorted(known.by_id.values(), key=itemgetter(0, 1))
        return known.lines


def _past(session: Session, lines: list[Line]) -> Past:
    """What the lines tell, worked out once for as long as nothing is new."""
    kinds = {number: CODE[kind.value] for number, kind in session.execute(select(Column.id, Column.kind))}
    count = session.scalar(select(func.count()).select_from(Card)) or 0
    known, mark = _kept(session), (id(lines), len(lines), tuple(sorted(kinds.items())), count)
    if known is not None and known.told is not None and known.told[0] == mark:
        return known.told[1]
    added = {line.subject for line in lines if line.action == "card.added"}
    for line in reversed(lines):
        if line.action == "column.kind_changed":
            kinds[line.subject] = _kind(line.details.get("was"), kinds.get(line.subject, TO_DO))
    if len(added) < count:
        return past_of(_with_the_untold(session, lines, kinds, added))
    found = past_of(replayed(lines, kinds))
    if known is not None:
        known.told = (mark, found)
    return found


def _kept(session: Session) -> _Known | None:
    """What is kept for readers; a writer sees more than may come to stay."""
    connection = session.connection()
    if connection.get_execution_options().get("outsize_writes"):
        return None
    return _known.setdefault(connection.engine, _Known())


def _fetch(session: Session, above: int) -> dict[int, Line]:
    rows = session.execute(
        select(Event.at, Event.id, Event.action, Event.subject_id, Event.details).where(
            Event.id > above, Event.action.in_(ACTIONS)
        )
    )
    return {row[1]: Line(*row) for row in rows}


def _with_the_untold(
    session: Session, lines: Sequence[Line], kinds: Mapping[int, int], added: set[int]
) -> list[Stay]:
    """Cards that no line adds: they stand as the table has them, and begin where their first line found them."""
    rows = session.execute(
        select(
            Card.id,
            Card.column_id,
            Card.created_at,
            Card.started_at,
            Card.done_at,
            Card.archived_at,
        )
    ).all()
    untold = [row for row in rows if row.id not in added]
    told = {line.subject for line in lines if line.action == "card.moved"}
    stays = replayed(lines, kinds, {row.id: row.created_at for row in untold})
    for row in untold:
        if row.id not in told:
            stays += _as_the_table_has_it(row, kinds)
    return stays


def _as_the_table_has_it(row: Any, kinds: Mapping[int, int]) -> Iterable[Stay]:
    steps = [(TO_DO, row.created_at), (DOING, row.started_at), (DONE, row.done_at)]
    known = [(kind, at) for kind, at in steps if at is not None]
    if row.done_at is None and row.started_at is None:
        known = [(kinds.get(row.column_id, TO_DO), row.created_at)]
    for (kind, since), (_, until) in zip(known, [*known[1:], (0, None)], strict=True):
        if until is not None and until <= since:
            continue
        ends = row.archived_at if until is None and kind != DONE else until
        yield Stay(row.id, row.column_id, kind, since, ends)
