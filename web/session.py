"""One database session a request: a snapshot for reading, one transaction for writing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy.orm import Session

from portfolio.database import Database

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
        self.writing = asyncio.Semaphore(1 if database.engine.dialect.name == "sqlite" else 16)


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
    async with turns.writing, contextmanager_in_threadpool(database.writing()) as session:
        request.state.session = session
        yield session


SessionDep = Annotated[Session, Depends(get_session, scope="function")]
