"""Our own Prefect server, as an application for Uvicorn, with two things mended. See docs/decisions on the clock."""

import asyncio
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
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
RESTS_SECONDS = (0.02, 0.04, 0.08, 0.16, 0.32)


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
    """Tries again at once what Prefect refused because two writers met in its SQLite.

    It answers 503 and has written nothing; its client would wait for 2 seconds and more.
    """

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in WRITES:
            await application(scope, receive, send)
            return
        body = await whole(receive)
        for rest in RESTS_SECONDS:
            if await try_once(application, scope, body, receive, send):
                return
            await asyncio.sleep(rest)
        await application(scope, repeating(body, receive), send)

    return answer


async def try_once(
    application: Application, scope: Message, body: bytes, receive: Receive, send: Send
) -> bool:
    """Whether it was answered. An answer of "busy" is kept back."""
    busy = False

    async def send_unless_busy(message: Message) -> None:
        nonlocal busy
        busy = busy or message.get("status") == BUSY
        if not busy:
            await send(message)

    try:
        await application({**scope}, repeating(body, receive), send_unless_busy)
    except Exception:
        if not busy:
            raise
    return not busy


async def whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def repeating(body: bytes, receive: Receive) -> Receive:
    """The body again, then whatever comes: that the client is gone."""
    first = True

    async def again() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again
