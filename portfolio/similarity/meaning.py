"""Finding by meaning: the vectors of everything that can be suggested, in this process's memory.

The database stays the truth: each entry has a revision, and what changed since the last look is read before a query.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, bindparam, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portfolio.rules.similarity import chattiness
from portfolio.similarity import embedding
from portfolio.similarity.embedding import Embedding, Floats, Pieces
from portfolio.similarity.words import Size

KINDS = ("", "request", "decline", "resource")
AT_ONCE = 500
READ_WITHIN_A_QUERY = 200
"""Changed entries a query reads itself; more are left to the thread, and are found by words meanwhile."""
WEIGHED_ANEW_AFTER = 1.25
"""Growth after which pieces are weighed anew by how rare they have become."""
LOOKS_EVERY_SECONDS = 2.0


class Memory:
    """The vectors of one database's entries, in rows; a row without a kind is of something no longer suggested.

    Each entry has two: `_plain`, the mean of its pieces, and `_rare`, their mean weighed by rarity among all entries.
    """

    def __init__(self, model: Embedding) -> None:
        self._model = model
        self._rows: dict[int, int] = {}
        self._pieces: list[Pieces] = []
        self._ids = np.zeros(0, np.int64)
        self._kinds = np.zeros(0, np.int8)
        self._lengths = np.zeros(0, np.int32)
        self._plain: Floats = np.zeros((0, model.vectors.shape[1]), np.float32)
        self._rare: Floats = self._plain
        self._alike: Floats = np.ones(model.pieces, np.float32)
        self._held = np.zeros(model.pieces, np.int32)
        self._weights: Floats = np.ones(model.pieces, np.float32)
        self._weighed_at = 0
        self._texts = 0
        self._lock = threading.Lock()

    def take(self, entries: Sequence[tuple[int, str, str, int]]) -> None:
        """Learn entries: id, kind, words, length. The last word on an entry counts."""
        split = [self._model.split(words) for _, _, words, _ in entries]
        with self._lock:
            rows = [self._row(id_) for id_, *_ in entries]
            for row, pieces, (_, kind, _, length) in zip(rows, split, entries, strict=True):
                self._put(row, pieces, kind, length)
            if self._texts > self._weighed_at * WEIGHED_ANEW_AFTER or self._texts < self._weighed_at // 2:
                self._weigh()
            elif rows:
                self._rare[rows] = self._model.pool([self._pieces[row] for row in rows], self._weights)
            if rows:
                self._plain[rows] = self._model.pool([self._pieces[row] for row in rows], self._alike)

    def compare(self, typed: str) -> Seen | None:
        """How near everything is to a text, or None where the text has no meaning that we know."""
        pieces = self._model.split(typed)
        with self._lock:
            count = len(self._pieces)
            plain = self._model.pool([pieces], self._alike)[0]
            if not count or not plain.any():
                return None
            rare = self._model.pool([pieces], self._weights)[0]
            mix = np.float32(chattiness(len(pieces)))
            nearness = np.zeros(count, np.float32)
            if mix < 1:
                nearness += (1 - mix) * _products(self._plain[:count], plain)
            if mix > 0:
                nearness += mix * _products(self._rare[:count], rare)
            return Seen(self._ids[:count].copy(), self._kinds[:count].copy(), nearness, self._rows)

    @property
    def size(self) -> Size:
        """How many texts there are and how long they are on average."""
        with self._lock:
            shown = self._kinds[: len(self._pieces)] > 0
            lengths = self._lengths[: len(self._pieces)][shown]
            return Size(len(lengths), float(lengths.mean()) if len(lengths) else 1.0)

    def _row(self, id_: int) -> int:
        if id_ not in self._rows:
            row = self._rows[id_] = len(self._pieces)
            self._pieces.append(np.empty(0, np.uint16))
            if row >= len(self._ids):
                self._grow(max(256, row * 3 // 2))
            self._ids[row] = id_
        return self._rows[id_]

    def _grow(self, size: int) -> None:
        for name in ("_ids", "_kinds", "_lengths", "_plain", "_rare"):
            before = getattr(self, name)
            after = np.zeros((size, *before.shape[1:]), before.dtype)
            after[: len(before)] = before
            setattr(self, name, after)

    def _put(self, row: int, pieces: Pieces, kind: str, length: int) -> None:
        before = self._pieces[row]
        self._held[np.unique(before)] -= 1
        self._held[np.unique(pieces)] += 1
        self._texts += bool(len(pieces)) - bool(len(before))
        self._pieces[row], self._kinds[row], self._lengths[row] = pieces, KINDS.index(kind), length

    def _weigh(self) -> None:
        """Give each piece its rarity (as `rules.similarity.rarity`) and every text its vector by it."""
        texts = max(self._texts, 1)
        holding = np.clip(self._held, 1, texts)
        rarity = np.log(1 + (texts - holding + 0.5) / (holding + 0.5))
        self._weights = rarity.astype(np.float32)
        self._weighed_at = self._texts
        for start in range(0, len(self._pieces), AT_ONCE):
            some = self._pieces[start : start + AT_ONCE]
            self._rare[start : start + len(some)] = self._model.pool(some, self._weights)


def _products(rows: Floats, vector: Floats) -> Floats:
    """`rows @ vector` in blocks too small for threads, which cost more than they bring where other requests wait."""
    blocks = [rows[start : start + 512] @ vector for start in range(0, len(rows), 512)]
    return np.concatenate(blocks)


@dataclass(frozen=True)
class Seen:
    """How near each entry is to what was asked."""

    ids: NDArray[np.int64]
    kinds: NDArray[np.int8]
    nearness: Floats
    rows: dict[int, int]

    def of(self, id_: int) -> float | None:
        """How near one entry is, if its vector is known already."""
        row = self.rows.get(id_)
        return None if row is None or row >= len(self.nearness) else float(self.nearness[row])

    def nearest(self, kind: str, limit: int) -> list[int]:
        """The entries of a kind that are nearest."""
        of_kind = np.flatnonzero(self.kinds == KINDS.index(kind))
        if len(of_kind) > limit:
            best = np.argpartition(self.nearness[of_kind], len(of_kind) - limit)[-limit:]
            of_kind = of_kind[best]
        return [int(id_) for id_ in self.ids[of_kind]]


class Keeper:
    """Keeps the memory of one database up to date: a thread learns what is there, queries read the little that is new."""

    def __init__(self, engine: Engine) -> None:
        self._engine = ref(engine)
        self._memory: Memory | None = None
        self._since = 0
        self._reading = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._ready = threading.Event()
        self._starting = threading.Lock()

    def start(self, *, after: float = 0.0, looks_on: bool = False) -> None:
        """Learn what is there, in a thread, `after` seconds or when first asked; and look for more from then on."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._stopped.clear()
                self._thread = threading.Thread(
                    target=self._run,
                    kwargs={"after": after, "looks_on": looks_on},
                    name="similar requests",
                    daemon=True,
                )
                self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has."""
        self._stopped.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def memory(self, patience: float) -> Memory | None:
        """The memory with all that was committed until now, or None where it isn't ready within `patience` seconds.

        Where nobody has started the thread, this does and waits; where it runs already, nobody is kept waiting.
        """
        if not self._ready.is_set():
            begun = self._thread is not None
            self._wanted.set()
            self.start()
            self._ready.wait(0.0 if begun else patience)
        if self._memory is not None and not self._catch_up(READ_WITHIN_A_QUERY):
            self.start()
            self._wanted.set()
        return self._memory

    def learn(self) -> bool:
        """Read all that is new, here and now; returns whether there is a memory."""
        if self._memory is None:
            model = embedding.load()
            if model is None:
                self._ready.set()
                return False
            memory = Memory(model)
            if self._catch_up(None, memory):
                self._memory = memory
                self._ready.set()
        else:
            self._catch_up(None)
        return self._memory is not None

    def _run(self, *, after: float, looks_on: bool) -> None:
        self._wanted.wait(after)
        while not self._stopped.is_set() and self._engine() is not None:
            self._wanted.clear()
            try:
                if not self.learn():
                    return
            except SQLAlchemyError:
                logging.getLogger(__name__).warning("Similar requests could not be read.", exc_info=True)
            if not looks_on:
                return
            self._wanted.wait(LOOKS_EVERY_SECONDS)

    def _catch_up(self, at_most: int | None, memory: Memory | None = None) -> bool:
        """Read what changed since the last time. False if there is more than `at_most`, or another thread is reading."""
        memory, engine = memory or self._memory, self._engine()
        if memory is None or engine is None or not self._reading.acquire(blocking=at_most is None):
            return False
        try:
            with Session(engine) as session:
                following, changed = _changed(session, self._since)
                if at_most is not None and len(changed) > at_most:
                    return False
                for start in range(0, len(changed), AT_ONCE):
                    if self._stopped.is_set() and at_most is None:
                        return False
                    memory.take(_entries(session, changed[start : start + AT_ONCE]))
            self._since = following
            return True
        finally:
            self._reading.release()


def _changed(session: Session, since: int) -> tuple[int, list[int]]:
    """Entries of revision `since` or later, and where to go on from.

    PostgreSQL's revisions are transactions: those still running may commit later, so the next look begins at the oldest.
    """
    if session.get_bind().dialect.name == "sqlite":
        rows = session.execute(
            text("SELECT id, revision FROM search_entries WHERE revision >= :since ORDER BY revision"),
            {"since": since},
        ).all()
        return (rows[-1].revision + 1 if rows else since), [row.id for row in rows]
    oldest, following = session.execute(
        text(
            "SELECT pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint"
            " FROM pg_current_snapshot() AS now"
        )
    ).one()
    # Revisions of another cluster (a restored dump) may lie in the future: they are read the first time only.
    within = "revision >= :since AND revision < :following" if since else "true"
    changed = session.scalars(
        text(f"SELECT id FROM search_entries WHERE {within} ORDER BY id"),  # noqa: S608 - a choice of two
        {"since": since, "following": following} if since else {},
    ).all()
    return oldest, list(changed)


def _entries(session: Session, ids: Sequence[int]) -> list[tuple[int, str, str, int]]:
    query = text("SELECT id, kind, words, length FROM search_entries WHERE id IN :ids ORDER BY id")
    found = session.execute(query.bindparams(bindparam("ids", expanding=True)), {"ids": list(ids)})
    return [(row.id, row.kind, row.words, row.length) for row in found]


_keepers: WeakKeyDictionary[Engine, Keeper] = WeakKeyDictionary()
_making = threading.Lock()


def keeper(engine: Engine) -> Keeper:
    """The one keeper of a database in this process."""
    with _making:
        if engine not in _keepers:
            _keepers[engine] = Keeper(engine)
        return _keepers[engine]
