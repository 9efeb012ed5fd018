"""Telling browsers that something changed, by server-sent events.

One watcher in this process looks a few times a second, while anybody listens, whether anything was written; only then it
reads the new lines of the history and hands them to all listeners. So changes made by the worker or by another web process
arrive the same way, and twenty people who look at a board where nothing happens cost next to nothing.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi.responses import StreamingResponse
from sqlalchemy import func, select

from portfolio import history
from portfolio.database import Database
from portfolio.models import Event

PAUSE_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0
LATE = 100
"""Lines back that are read once more: one may have got its number before others and be written after them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """One line of history, as listeners need it."""

    subject_type: str
    subject_id: int
    action: str
    columns: tuple[int, ...]


Listener = asyncio.Queue[Change]


class Watch:
    """Hands new history to everybody who listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    async def listen(self, wants: Callable[[Change], str | None]) -> AsyncIterator[str]:
        """Server-sent events: the text `wants` makes of each change that matters to this listener."""
        queue: Listener = asyncio.Queue(maxsize=500)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield "retry: 2000\n\n"
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                said = wants(change)
                if said is not None:
                    yield f"data: {said}\n\n"
        finally:
            self._listeners.discard(queue)

    async def _run(self) -> None:
        while self._listeners:
            try:
                await self._watch()
            except Exception:  # the database was away: those who listen must not be forgotten
                logger.exception("The watch over the history stumbled; it goes on.")
                await asyncio.sleep(1)

    async def _watch(self) -> None:
        with self._database.looking() as look:
            seen = await asyncio.to_thread(look)
            known = {line.id for line in await asyncio.to_thread(self._latest)}
            while self._listeners:
                await asyncio.sleep(PAUSE_SECONDS)
                now = await asyncio.to_thread(look)
                if now == seen:
                    continue
                seen = now
                while lines := await asyncio.to_thread(self._read, known):
                    for line in lines:
                        self._tell(_change(line))

    def _tell(self, change: Change) -> None:
        for queue in self._listeners:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(change)

    def _latest(self) -> list[Event]:
        with self._database.reading() as session:
            last = session.scalar(select(func.max(Event.id))) or 0
            return history.since(session, max(0, last - LATE), 2 * LATE)

    def _read(self, known: set[int]) -> list[Event]:
        """Lines nobody was told of; what is known is kept short."""
        last = max(known, default=0)
        with self._database.reading() as session:
            lines = history.since(session, max(0, last - LATE), 500 + LATE)
        fresh = [line for line in lines if line.id not in known]
        known.update(line.id for line in fresh)
        known.difference_update([number for number in known if number < last - 2 * LATE])
        return fresh


def stream(watch: Watch, wants: Callable[[Change], str | None]) -> StreamingResponse:
    """An endless answer that tells one browser about changes."""
    return StreamingResponse(
        watch.listen(wants),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def names(*ids: str) -> str:
    """The message: which parts of the page to fetch again."""
    return json.dumps(list(ids))


def _change(line: Event) -> Change:
    columns = tuple(
        line.details[key] for key in ("from", "to", "column") if isinstance(line.details.get(key), int)
    )
    return Change(line.subject_type, line.subject_id, line.action, columns)
