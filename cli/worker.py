"""`outsize worker`: the clock's long-lived process, by itself or as a child of `outsize serve`."""

import logging
import os
import signal
import threading

from cli import prefect_environment
from cli.importing import lasting
from portfolio.settings import Settings

LONGEST_GOODBYE_SECONDS = 2.0


def run(settings: Settings, *, only: bool = False) -> int:
    """Work until SIGTERM or Ctrl-C, then end within seconds: a run in hand is abandoned and done again by the next worker.

    `only` says that no other worker shares this Prefect server.
    """
    api_url = settings.prefect_api_url or f"http://127.0.0.1:{settings.prefect_port}/api"
    os.environ.update(prefect_environment.for_worker(settings.data, api_url))
    os.environ["OUTSIZE_DATA"] = str(settings.data)
    _log_to_stderr()
    with lasting():
        from flows.worker import Worker  # imports Prefect, which reads the environment once

    worker = Worker(settings.database_url, api_url, only=only)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()
    _end_in(LONGEST_GOODBYE_SECONDS)
    return 0


def _log_to_stderr() -> None:
    """Ours alone: Prefect prints its own warnings, and everything that happens in a run goes to its pages."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    log = logging.getLogger("outsize")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _end_in(seconds: float) -> None:
    """Prefect sends its last logs at exit, and would wait long for a server that is gone."""
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()
