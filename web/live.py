"""Telling browsers that something changed, by server-sent events.

One watcher in this process reads new lines of the history a few times a second, while anybody listens, and hands them
to all listeners; so changes made by the worker or by another web process arrive the same way.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi.responses import StreamingResponse
from sqlalchemy import func, select

from portfolio import history
from portfolio.database import Database
from portfolio.models import Event

PAUSE_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 15.0


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
        last = await asyncio.to_thread(self._latest)
        while self._listeners:
            await asyncio.sleep(PAUSE_SECONDS)
            last, changes = await asyncio.to_thread(self._read, last)
            for change in changes:
                for queue in self._listeners:
                    with contextlib.suppress(asyncio.QueueFull):
                        queue.put_nowait(change)

    def _latest(self) -> int:
        with self._database.reading() as session:
            return session.scalar(select(func.max(Event.id))) or 0

    def _read(self, after: int) -> tuple[int, list[Change]]:
        with self._database.reading() as session:
            lines = history.since(session, after, 500)
        return (lines[-1].id if lines else after), [_change(line) for line in lines]


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
