"""What `outsize serve` starts: `python -m cli.child web | prefect | worker | prepare`.

A child holds the reading end of a pipe, its lifeline. When the supervisor is gone, however it went, the pipe ends and
the child ends itself: politely first, then surely.
"""

import os
import signal
import socket
import sys
import threading
import time

GOODBYE_SECONDS = 6.0


def main() -> int:
    threading.Thread(target=_hold_the_lifeline, daemon=True).start()
    match sys.argv[1]:
        case "web":
            return _web(reload="--reload" in sys.argv)
        case "prefect":
            return _prefect()
        case "worker":
            return _worker()
        case "prepare":
            return _prepare(demo="--demo" in sys.argv)
    return 2


def _hold_the_lifeline() -> None:
    os.read(int(os.environ["OUTSIZE_LIFELINE"]), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GOODBYE_SECONDS)
    os._exit(1)


def _listening() -> socket.socket:
    return socket.socket(fileno=int(os.environ["OUTSIZE_LISTENING"]))


def _web(*, reload: bool) -> int:
    from cli import web
    from portfolio.database import migrate
    from portfolio.settings import load

    settings = load()
    migrate(settings.database_url)
    return web.run(settings, listening=_listening(), reload=reload)


def _prefect() -> int:
    from cli import prefect_server

    return prefect_server.run(_listening())


def _worker() -> int:
    from cli import worker
    from portfolio.settings import load

    return worker.run(load(), only="OUTSIZE_OWN_PREFECT" in os.environ)


def _prepare(*, demo: bool) -> int:
    from cli import prepare
    from portfolio.settings import load

    return prepare.run(load(), demo=demo)


if __name__ == "__main__":
    sys.exit(main())
