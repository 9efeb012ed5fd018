"""What every test can ask for: real databases, a named cast, a browser's view of the product, a fixed clock."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from portfolio import database as databases
from portfolio import organisation, people, settings
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Base, Organisation, Person
from portfolio.settings import Settings
from portfolio.states import Role
from tests import postgres

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    databases.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated PostgreSQL database of this test process's own."""
    with postgres.own_database() as url:
        databases.migrate(url)
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `both` that uses the database runs on SQLite and on PostgreSQL."""
    if metafunc.definition.get_closest_marker("both"):
        metafunc.parametrize(
            "store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On CI, whose machine may be busy, browsers, Prefect servers and workers get a second try; the summary names who needed it."""
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser") or item.get_closest_marker("prefect"):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database_url(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if store == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        _empty(url)
        return url
    file = tmp_path / "outsize.db"
    shutil.copyfile(request.getfixturevalue("empty_sqlite"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def configured(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of an installation of this test's own."""
    for name in (
        "OUTSIZE_DATA",
        "PREFECT_API_URL",
        "OUTSIZE_SMTP_URL",
        "OUTSIZE_IMAP_URL",
        "OUTSIZE_INTAKE_ADDRESS",
        "OUTSIZE_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OUTSIZE_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTSIZE_SECRET_KEY", "a-key-for-tests-only-0123456789abcdef")
    monkeypatch.setenv("OUTSIZE_BASE_URL", "http://testserver")
    return settings.load(tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = databases.connect(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def links(configured: Settings) -> Links:
    return Links.of(configured)


@dataclass(frozen=True)
class Cast:
    """The people of every story. Otto is the one who must not see."""

    organisation: Organisation
    requester: Person
    other: Person
    manager: Person
    leader: Person
    expert: Person


@pytest.fixture
def cast(database: Database, now: datetime) -> Cast:
    with database.writing() as session:
        manager = people.meet(session, "mara@fernweh.example", at=now, name="Mara Manager")
        people.grant(session, manager, [Role.MANAGER], by=None, at=now)
        leader = people.meet(session, "lena@fernweh.example", at=now, name="Lena Leader")
        people.grant(session, leader, [Role.LEADER], by=manager, at=now)
        expert = people.meet(session, "eli@fernweh.example", at=now, name="Eli Expert")
        people.grant(session, expert, [Role.CONTRIBUTOR], by=manager, at=now)
        ours = organisation.set_up(session, name="Fernweh Bicycles", hours_per_week=15, by=manager, at=now)
        return Cast(
            organisation=ours,
            requester=people.meet(
                session, "rita@fernweh.example", at=now, name="Rita Requester", unit="Sales"
            ),
            other=people.meet(session, "otto@fernweh.example", at=now, name="Otto Other", unit="Finance"),
            manager=manager,
            leader=leader,
            expert=expert,
        )


@pytest.fixture
def app(configured: Settings, now: datetime) -> object:
    from app import create_app
    from web.clock import read_clock

    made = create_app(configured)
    made.dependency_overrides[read_clock] = lambda: now
    made.state.learns_after_seconds = (
        3600.0  # a thread that reads meanwhile would spoil every count of statements
    )
    return made


@pytest.fixture
def client(app: object, cast: Cast) -> Iterator[object]:
    from fastapi.testclient import TestClient

    with TestClient(app, follow_redirects=False) as opened:  # type: ignore[arg-type] # built by create_app
        yield opened


@pytest.fixture
def sign_in(database: Database, now: datetime) -> Callable[[object, Person | None], None]:
    """Sign a browser in as somebody, or out."""
    from web.people import COOKIE

    def signed(client: object, person: Person | None) -> None:
        client.cookies.clear()  # type: ignore[attr-defined] # a TestClient
        if person is not None:
            with database.writing() as session:
                token = people.begin_visit(session, session.merge(person, load=False), now=now)
            client.cookies.set(COOKIE, token)  # type: ignore[attr-defined] # a TestClient

    return signed


def _empty(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()


def unique(word: str = "thing") -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"
