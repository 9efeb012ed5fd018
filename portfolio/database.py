"""The only place that knows engines, begin and commit."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache, partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Dialect, Engine, create_engine, event, inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from portfolio.models import Base

MIGRATIONS = Path(__file__).parent / "migrations"
_LATEST = "SELECT max(id), sum(id) FROM (SELECT id FROM events ORDER BY id DESC LIMIT 100) AS latest"
"""The sum tells of a line that got its number early and was written late."""


class Database:
    """Two ways in: `reading()`, a snapshot that is never committed, and `writing()`, one transaction.

    SQLite has one writer at a time. Waiting for it on a lock of ours, in turn, is far quicker than SQLite's
    sleep-and-retry, which is left for writers in other processes.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._for_writing = _for_writing(engine)
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(
            self.engine, expire_on_commit=False, autoflush=False, info={"engine": self.engine}
        ) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        if self._turn is None:
            with self._transaction() as session:
                yield session
        else:
            with self._turn, self._transaction() as session:
                yield session

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with Session(self._for_writing, expire_on_commit=False, info={"engine": self.engine}) as session:
            yield session
            session.commit()

    @contextmanager
    def looking(self) -> Iterator[Callable[[], object]]:
        """A look that costs next to nothing: while it gives the same, nobody has written any history since.

        SQLite counts in memory what others have written; PostgreSQL is asked for the latest lines. For as long as
        it is open it keeps one connection.
        """
        connection = self.engine.raw_connection()
        is_sqlite = self.engine.dialect.name == "sqlite"
        cursor = connection.cursor()

        def look() -> object:
            cursor.execute("PRAGMA data_version" if is_sqlite else _LATEST)
            found = cursor.fetchone()
            if not is_sqlite:
                connection.rollback()
            return found

        try:
            yield look
        finally:
            cursor.close()
            connection.close()

    def dispose(self) -> None:
        self.engine.dispose()


def engine_of(session: Session) -> Engine:
    """The one engine of its database, by which things are remembered; a writing session speaks through a copy of it."""
    engine: Engine = session.info["engine"]
    return engine


class Gone(LookupError):
    """Somebody else has just removed what was to be changed."""


def hold(session: Session, thing: Base) -> None:
    """Lock a row until the transaction ends and read it afresh, so that two writers don't overlook each other. Raises Gone.

    SQLite needs neither: a writing transaction has the whole database to itself from its first moment.
    """
    if session.get_bind().dialect.name != "sqlite":
        columns = inspect(thing).mapper.column_attrs.keys()
        session.flush()
        try:
            session.refresh(thing, columns, with_for_update=True)
        except InvalidRequestError as problem:
            raise Gone from problem


def connect(url: str) -> Database:
    """Open the database at `url` (sqlite:///FILE or postgresql://...)."""
    if url.startswith("sqlite"):
        return Database(_sqlite(url))
    return Database(create_engine(_with_driver(url), pool_size=20, max_overflow=20, pool_pre_ping=True))


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema at `url` up to `revision`, or down to an earlier one. Concurrent calls wait for each other."""
    database = connect(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        if _is_earlier(config, connection, revision):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)
    database.dispose()


def _is_earlier(config: Config, connection: Any, revision: str) -> bool:
    if revision == "head":
        return False
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    now = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if now is None or revision == now:
        return False
    if revision == "base":
        return True
    history = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    return history.index(revision) > history.index(now)


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": 30},
        pool_size=20,
        max_overflow=40,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    engine.dialect.do_begin = partial(_begin, "BEGIN")  # type: ignore[method-assign]
    return engine


def _for_writing(engine: Engine) -> Engine:
    """The same connections, with transactions that take SQLite's lock as they begin.

    The dialect says so, not a listener for "begin": an engine that anybody listens to asks for listeners at each step of
    each statement, which took a sixth of a move.
    """
    writing = engine.execution_options(outsize_writes=True)
    if engine.dialect.name == "sqlite":
        writing.dialect = _locking(engine.dialect)
    return writing


@cache
def _locking(dialect: Dialect) -> Dialect:
    """One for each, as statements are compiled anew for every other."""
    locking = copy(dialect)
    locking.do_begin = partial(_begin, "BEGIN IMMEDIATE")  # type: ignore[method-assign]
    return locking


def _begin(words: str, connection: Any) -> None:
    connection.execute(words)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "busy_timeout = 30000",
        "temp_store = MEMORY",
        "cache_size = -32000",
    ):
        connection.execute(f"PRAGMA {pragma}")
