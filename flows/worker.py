"""The long-lived process that does what waits and what is due.

What waits stands in our own database (marked requests, queued mails, editions asked for) or in the mailbox. What is due stands in Prefect:
schedules, and runs asked for on its pages. Both become flow runs, warm, in this process. While Prefect is away scores
and reports wait and mails go out all the same; when it is back, everything that waited is done once.
"""

import logging
import threading
import time

from flows import outbox
from flows.commits import watch
from flows.connection import database, now
from flows.lanes import Lane, rest_after
from flows.line import Line
from flows.link import Link
from portfolio import pulse

logger = logging.getLogger("outsize.worker")

LOOK_SECONDS = 0.15
BEAT_SECONDS = 5.0
STARTING_SECONDS = 60.0
"""How long Prefect, begun with us, may need before it counts as gone."""


class Worker:
    """`run` returns once `stop` was called. What is in hand then is abandoned, and done again by the next worker."""

    def __init__(self, database_url: str, api_url: str, *, only: bool) -> None:
        self._commits = watch(database_url)
        self._link = Link(api_url)
        self._outbox = outbox.lanes(self._link)
        self._rounds = outbox.rounds(self._link)
        lanes = [*self._outbox, *self._rounds]
        self._line = Line(self._link, only=only, on_found=self._ring, lanes=lanes)
        self._stop = threading.Event()
        self._beat_at = 0.0
        self._patient_until = time.monotonic() + STARTING_SECONDS
        self._said_up: bool | None = None
        self._last_event = -1

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        threads: list[Lane | Line] = [*self._outbox, *self._rounds, self._line.runs, self._line]
        for thread in threads:
            thread.start()
        self._watch()
        # What is in hand is abandoned; its last lines to Prefect have nowhere to go.
        logging.raiseExceptions = False
        for thread in threads:
            thread.stop()
        self._commits.close()

    def _watch(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                if self._beat_if_time() or self._commits.happened():
                    self._ring()
                failures = 0
            except Exception:
                failures += 1
                logger.exception("The database did not answer")
            self._stop.wait(rest_after(failures) if failures else LOOK_SECONDS)

    def _beat_if_time(self) -> bool:
        """A heartbeat every few seconds, and at once when Prefect came or went."""
        up = self._link.is_up
        if time.monotonic() < self._beat_at and up == self._said_up:
            return False
        self._patient_until = 0.0 if up else self._patient_until
        starting = time.monotonic() < self._patient_until
        with database().writing() as session:
            pulse.beat(session, "worker", at=now(), prefect=up, starting=starting)
        self._beat_at, self._said_up = time.monotonic() + BEAT_SECONDS, up
        return True

    def _ring(self) -> None:
        """One look for all: the lanes whose work waits are rung."""
        found = outbox.look()
        happened = found.latest_event != self._last_event
        self._last_event = found.latest_event
        waits = (
            found.requests,
            found.mails,
            found.edition is not None,
            found.imports,
            found.news or happened,
            happened,
        )
        for lane, its in zip(self._outbox, waits, strict=True):
            if its:
                lane.ring()
