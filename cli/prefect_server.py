"""Our own Prefect server, as an application for Uvicorn, with two things mended. See docs/decisions on the clock."""

import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sqlalchemy import inspect

from cli.importing import lasting

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

BUSY = 503
RETRY_SECONDS = b"0.05"


def run(listening: socket.socket) -> int:
    """Serve Prefect's API and pages on an open port, in this one process."""
    import uvicorn

    with lasting():
        application = create_app()
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=60,  # longer than our worker's pauses, so that it keeps its connections
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def create_app() -> Application:
    from prefect.server.api import server

    let_schedules_make_runs()
    return busy_is_short(server.create_app(final=True))


def let_schedules_make_runs() -> None:
    """Prefect 3.8 passes a flow run's `state` along when it inserts scheduled runs, and stores it by itself after.

    SQLAlchemy 2.0 ignored it there. 2.1 refuses it, and no schedule ever makes a run, unless the attribute says what to
    do with it in an insert: nothing.
    """
    from prefect.server.database.orm_models import FlowRun, TaskRun

    for model in (FlowRun, TaskRun):
        mapper: Any = inspect(model)
        state = mapper.all_orm_descriptors["state"]
        state.bulk_dml_setter = leave_out


def leave_out(_model: type, _row: MutableMapping[str, Any], _state: object) -> None:
    pass


def busy_is_short(application: Application) -> Application:
    """Two writers met in Prefect's SQLite: the one refused with 503 shall try again at once, not in 2 seconds."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == BUSY:
                message["headers"] = [*message["headers"], (b"retry-after", RETRY_SECONDS)]
            await send(message)

        await application(scope, receive, send_on)

    return answer
