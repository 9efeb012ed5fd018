"""A lane does one kind of work in a thread of its own, so that a slow mail server never holds up a score."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from flows.connection import now

logger = logging.getLogger("outsize.worker")

SHORTEST_REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 60.0


class Lane(threading.Thread):
    """Rung awake when there may be work; looks before it works, so a ring too many costs nothing.

    `work` says whether it changed anything. Work that fails, or leaves everything as it was, is tried again after a rest
    that doubles each time: what can't be done never keeps the machine busy. With `every_seconds` it wakes by itself as well,
    for work that lies where nobody rings.
    """

    def __init__(
        self,
        name: str,
        *,
        waits: Callable[[], bool],
        work: Callable[[], bool],
        inside: Callable[[], AbstractContextManager[None]],
        every_seconds: float | None = None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._waits, self._work, self._inside = waits, work, inside
        self._every_seconds = every_seconds
        self._bell, self._stopping = threading.Event(), threading.Event()
        self._failures = 0
        self._turn_began_at: datetime | None = None

    def ring(self) -> None:
        self._bell.set()

    def is_busy_since(self, moment: datetime) -> bool:
        """Whether what it has in hand was begun before then."""
        began = self._turn_began_at
        return began is not None and began < moment

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()

    def run(self) -> None:
        with self._inside():
            while not self._stopping.is_set():
                self._bell.wait(self._every_seconds)
                self._bell.clear()
                if not self._stopping.is_set():
                    self._take_a_turn()

    def _take_a_turn(self) -> None:
        self._turn_began_at = now()
        try:
            moved = not self._waits() or self._work()
        except Exception:
            logger.exception("%s: failed, will be tried again", self.name)
            moved = False
        self._turn_began_at = None
        self._failures = 0 if moved else self._failures + 1
        if self._failures:
            self._stopping.wait(rest_after(self._failures))
            self._bell.set()


def rest_after(failures: int) -> float:
    """Seconds to rest after so many failures in a row: 0.5, 1, 2 ... 60."""
    return float(min(SHORTEST_REST_SECONDS * 2 ** min(failures - 1, 10), LONGEST_REST_SECONDS))
