"""One database session a request: a snapshot for reading, one transaction for writing."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from portfolio.database import Database

READING = frozenset({"GET", "HEAD", "OPTIONS"})


def get_session(request: Request) -> Iterator[Session]:
    """Commits before the answer leaves (by `scope="function"`), so that "saved" is never said too early."""
    database: Database = request.app.state.database
    opened = database.reading() if request.method in READING else database.writing()
    with opened as session:
        request.state.session = session
        yield session


SessionDep = Annotated[Session, Depends(get_session, scope="function")]
