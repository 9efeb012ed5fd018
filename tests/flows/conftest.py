"""The flows over a database of the test's own, and one real Prefect server for all tests that need it."""

from collections.abc import Iterator

import pytest

from flows import connection
from portfolio.settings import Settings
from tests.flows.processes import PrefectServer


@pytest.fixture
def clockwork(configured: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """What `flows.connection` gives is this test's installation."""
    monkeypatch.setenv("OUTSIZE_DATA", str(configured.data))
    _forget()
    yield configured
    connection.database().dispose()
    _forget()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """Started as `outsize serve` starts it; costs seconds, so once."""
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    server.start()
    yield server
    server.close()


def _forget() -> None:
    connection.settings.cache_clear()
    connection.database.cache_clear()
