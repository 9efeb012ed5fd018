"""The worker's line to Prefect: whether it is up, and what every thread needs to use it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
from prefect.context import SyncClientContext
from prefect.settings import temporary_settings

HEALTH_SECONDS = 2.0


class Link:
    """`is_up` says whether work can be given to Prefect; `answers` asks Prefect itself."""

    def __init__(self, api_url: str) -> None:
        self.worker = f"outsize on {socket.gethostname()}"
        self._health = f"{api_url.rstrip('/')}/health"
        self._client = httpx.Client(timeout=HEALTH_SECONDS)
        self._up = threading.Event()

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    def found(self) -> None:
        self._up.set()

    def lost(self) -> None:
        self._up.clear()

    def answers(self) -> bool:
        """Whether Prefect is there right now. Where it isn't, the line is lost."""
        try:
            there = self._client.get(self._health).is_success
        except httpx.HTTPError:
            there = False
        if not there:
            self.lost()
        return there

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What a thread that runs flows lives in: one kept client, and neither heartbeats nor greetings.

        A kept client saves 50 ms a run. Ending the heartbeat thread costs a full second a run, and short runs in a
        process that beats by itself need none. The greeting would need Prefect to be there when the thread starts.
        """
        quiet = {"flows.heartbeat_frequency": None, "client.server_version_check_enabled": False}
        with ExitStack() as stack:
            stack.enter_context(temporary_settings(quiet))
            stack.enter_context(SyncClientContext.get_or_create())
            yield
