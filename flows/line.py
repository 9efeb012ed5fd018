"""Keeps in touch with Prefect: finds it, tells it what we run, asks it what is due, notices when it is gone."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas import FlowRun

from flows import scheduled
from flows.connection import now, zone
from flows.deployments import Deployment, register
from flows.lanes import Lane
from flows.link import Link

logger = logging.getLogger("outsize.worker")

TRY_SECONDS = 0.5
ASK_SECONDS = 2.0
GREET_SECONDS = 30.0
SWEEP_SECONDS = 300.0


class Line(threading.Thread):
    """Claimed runs go to its lane `runs`.

    An `only` worker, one that shares its Prefect with no other, ends the runs left open by a crash, once none of its
    `lanes` has something in hand that was begun before. It looks for such runs every few minutes as well: a Prefect that is too
    busy to answer leaves some open without ever being gone.
    """

    def __init__(
        self,
        link: Link,
        *,
        only: bool,
        on_found: Callable[[], None],
        lanes: Sequence[Lane],
    ) -> None:
        super().__init__(name="line", daemon=True)
        self._link, self._on_found = link, on_found
        self._only, self._stopping = only, threading.Event()
        self._claimed: queue.Queue[FlowRun] = queue.Queue()
        self._ours: set[UUID] = set()
        self._deployments: dict[UUID, Deployment] = {}
        self._zone = ""
        self._greet_at = 0.0
        self._left_open_before: datetime | None = None
        self._sweep_at = 0.0
        self.runs = Lane(
            "runs",
            waits=lambda: not self._claimed.empty(),
            work=self._carry_out,
            inside=link.inside,
        )
        self._lanes = [*lanes, self.runs]

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        with self._link.inside():
            while not self._stopping.is_set():
                try:
                    self._keep_in_touch()
                except Exception as problem:  # noqa: BLE001 - whatever it is, try again
                    self._link.lost()
                    logger.warning("Prefect is out of reach: %r", problem)
                self._stopping.wait(ASK_SECONDS if self._link.is_up else TRY_SECONDS)

    def _keep_in_touch(self) -> None:
        if not self._link.answers():
            return
        if time.monotonic() >= self._greet_at or not self._link.is_up:
            self._greet()
        if not self._link.is_up:
            self._sweep_at = 0.0
            self._link.found()
            self._on_found()
            logger.info("Prefect is there")
        self._end_left_open()
        self._claim_due()

    def _end_left_open(self) -> None:
        if self._only and time.monotonic() >= self._sweep_at:
            self._left_open_before = now()
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
        before = self._left_open_before
        if before and not any(lane.is_busy_since(before) for lane in self._lanes):
            scheduled.end_left_open(before, besides=frozenset(self._ours))
            self._left_open_before = None

    def _greet(self) -> None:
        """Tell Prefect our deployments, in the organisation's time zone, and that a worker of the pool is online."""
        client = get_client(sync_client=True)
        here = zone().key
        if not self._link.is_up or here != self._zone:
            self._deployments = register(client, here)
            self._zone = here
        for pool in {deployment.pool for deployment in self._deployments.values()}:
            client.send_worker_heartbeat(pool, self._link.worker, GREET_SECONDS)
        self._greet_at = time.monotonic() + GREET_SECONDS

    def _claim_due(self) -> None:
        for run in scheduled.claim_due(self._deployments):
            self._ours.add(run.id)
            self._claimed.put(run)
        self.runs.ring()

    def _carry_out(self) -> bool:
        run = self._claimed.get()
        try:
            scheduled.carry_out(run, self._deployments)
        finally:
            self._ours.discard(run.id)
        if not self._claimed.empty():
            self.runs.ring()
        return True
