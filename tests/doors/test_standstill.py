"""When nothing can be saved: it is said so, nothing is half-saved, and it goes on by itself."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, func, select

from portfolio.database import Database
from portfolio.models import Event, LearningRequest, Person
from portfolio.settings import Settings

LONG = "Too slow. " * 350
WORDS = {"title": "Quotes", "problem": LONG, "behaviour": LONG, "if_nothing": LONG}
FORM = {**WORDS, "requester_email": "rita@fernweh.example", "form_id": "0123456789ab"}
BODY = {**WORDS, "requester": {"email": "rita@fernweh.example"}}


@contextmanager
def full(database: Database, settings: Settings) -> Iterator[None]:
    """The file has no free page and may not grow by one, as on a full disk."""
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as other:
        other.execute("VACUUM")

    def keep_small(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    event.listen(database.engine, "begin", keep_small)
    yield
    event.remove(database.engine, "begin", keep_small)
    database.engine.dispose()  # the limit goes with the connections


@contextmanager
def held(database: Database, settings: Settings) -> Iterator[None]:
    """Another program holds the database for longer than anybody waits."""

    file = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        event.listen(database.engine, "checkout", _no_patience)
        yield
        event.remove(database.engine, "checkout", _no_patience)
        other.execute("ROLLBACK")


def _no_patience(connection: sqlite3.Connection, *_: object) -> None:
    connection.execute("PRAGMA busy_timeout = 50")


@pytest.mark.parametrize("trouble", [full, held])
def test_what_cannot_be_saved_is_said_and_nothing_is_half_saved(
    client: TestClient, database: Database, configured: Settings, trouble: object
) -> None:
    assert callable(trouble)
    tables = (LearningRequest, Person, Event)

    def counts() -> list[int]:
        with database.reading() as session:
            return [session.scalar(select(func.count()).select_from(one)) or 0 for one in tables]

    before = counts()
    app_database: Database = client.app.state.database  # type: ignore[attr-defined] # FastAPI's state
    with trouble(app_database, configured):
        page = client.post("/requests", data=FORM)
        told = client.post("/api/v1/requests", json=BODY)
        assert client.get("/requests/new").status_code == 200
    assert (page.status_code, page.headers["retry-after"]) == (503, "60")
    assert "That can&#39;t be saved right now" in page.text
    assert re.search(r"Nothing was changed\. Please go back and try again", page.text)
    assert (told.status_code, told.json()["type"]) == (503, "urn:outsize:problem:unavailable")
    assert counts() == before
    assert client.post("/requests", data=FORM).status_code == 303
    assert client.post("/api/v1/requests", json=BODY).status_code == 201
