"""One database session a request: a snapshot for reading, one transaction for writing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Annotated, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from portfolio.database import Database

Done = TypeVar("Done")

READING = frozenset({"GET", "HEAD", "OPTIONS"})
ONLY_LOOKS = frozenset({"/requests/suggestions", "/settings/rubric/preview"})
"""Posts that write nothing: what they look for is too long, or too private, for an address."""


class Turns:
    """How many requests may hold a session at once. The others wait here, where they keep no thread busy.

    Were they to wait for the writer's lock or for a connection in the thread pool, they could take the last thread that
    whoever holds it needs to go on, and nobody would ever go on.
    """

    def __init__(self, database: Database) -> None:
        self.reading = asyncio.Semaphore(32)
        writers = 1 if database.engine.dialect.name == "sqlite" else 16
        self.writing = asyncio.Semaphore(writers)
        self.ending = CapacityLimiter(writers)


async def get_session(request: Request) -> AsyncIterator[Session]:
    """Commits before the answer leaves (by `scope="function"`), so that "saved" is never said too early."""
    database: Database = request.app.state.database
    turns: Turns = request.app.state.turns
    if request.method in READING or request.url.path in ONLY_LOOKS:
        async with turns.reading:
            with database.reading() as session:
                request.state.session = session
                yield session
        return
    async with turns.writing, _ended_in_a_thread(database.writing(), turns.ending) as session:
        request.state.session = session
        yield session


@asynccontextmanager
async def _ended_in_a_thread(
    writing: AbstractContextManager[Session], ending: CapacityLimiter
) -> AsyncIterator[Session]:
    """The transaction begins with its first statement, in the thread that says it, so entering waits for nothing. Its end
    waits for the disk, in a thread that is kept free for it."""
    session = writing.__enter__()
    problem: BaseException | None = None
    try:
        yield session
    except BaseException as found:  # noqa: BLE001 - whatever it is, the transaction ends with it and it is raised again
        problem = found
    with CancelScope(shield=True):
        told = (type(problem), problem, problem.__traceback__) if problem else (None, None, None)
        await to_thread.run_sync(writing.__exit__, *told, limiter=ending)
    if problem is not None:
        raise problem


SessionDep = Annotated[Session, Depends(get_session, scope="function")]


async def in_one_thread(request: Request, act: Callable[[Session], Done]) -> Done:
    """What `act` does in one writing transaction, from its first statement to the disk in one thread. For what programs do
    many times a second: to hand a session from thread to thread takes as long as a third of what they want done."""
    turns: Turns = request.app.state.turns
    async with turns.writing:
        return await to_thread.run_sync(_written, request.app.state.database, act, limiter=turns.ending)


def _written(database: Database, act: Callable[[Session], Done]) -> Done:
    with database.writing() as session:
        return act(session)
