"""What every test can ask for: real databases, a named cast, a browser's view of the product, a fixed clock."""

import os
import pickle
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

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


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """SQLAlchemy remembers compiled statements by engine; thousands of short-lived engines may share that memory."""
    firsts: dict[str, Engine] = {}

    def remembering(url: str, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        first = firsts.setdefault(engine.dialect.name, engine)
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "create_engine", remembering)
        yield


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    databases.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def peopled_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The same with the cast in it; and the cast, pickled, so that each test gets people of its own."""
    file = tmp_path_factory.mktemp("template") / "peopled.db"
    shutil.copyfile(empty_sqlite, file)
    opened = databases.connect(f"sqlite:///{file}")
    with opened.writing() as session:
        people_of_it = _invite_cast(session)
    with opened.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.dispose()
    return file, pickle.dumps(people_of_it)


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
    if "cast" in request.fixturenames:
        template, _ = request.getfixturevalue("peopled_sqlite")
    else:
        template = request.getfixturevalue("empty_sqlite")
    shutil.copyfile(template, file)
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
def cast(store: str, database: Database, request: pytest.FixtureRequest) -> Cast:
    if store == "sqlite":
        _, pickled = request.getfixturevalue("peopled_sqlite")
        there: Cast = pickle.loads(pickled)  # noqa: S301 # our own
        return there
    with database.writing() as session:
        return _invite_cast(session)


def _invite_cast(session: Session) -> Cast:
    manager = people.meet(session, "mara@fernweh.example", at=NOW, name="Mara Manager")
    people.grant(session, manager, [Role.MANAGER], by=None, at=NOW)
    leader = people.meet(session, "lena@fernweh.example", at=NOW, name="Lena Leader")
    people.grant(session, leader, [Role.LEADER], by=manager, at=NOW)
    expert = people.meet(session, "eli@fernweh.example", at=NOW, name="Eli Expert")
    people.grant(session, expert, [Role.CONTRIBUTOR], by=manager, at=NOW)
    ours = organisation.set_up(session, name="Fernweh Bicycles", hours_per_week=15, by=manager, at=NOW)
    return Cast(
        organisation=ours,
        requester=people.meet(session, "rita@fernweh.example", at=NOW, name="Rita Requester", unit="Sales"),
        other=people.meet(session, "otto@fernweh.example", at=NOW, name="Otto Other", unit="Finance"),
        manager=manager,
        leader=leader,
        expert=expert,
    )


@pytest.fixture(scope="session")
def doors() -> dict[str, Any]:
    """The routes, prepared by whichever application comes first: FastAPI takes a millisecond for each of five hundred."""
    return {}


@pytest.fixture
def app(configured: Settings, now: datetime, doors: dict[str, Any]) -> object:
    from app import create_app
    from web.clock import read_clock

    made = create_app(configured)
    first = doors.setdefault("first", made)
    made.router, made.dependency_overrides = first.router, first.dependency_overrides
    made.dependency_overrides.clear()
    made.dependency_overrides[read_clock] = lambda: now
    # A thread that reads meanwhile would spoil every count of statements.
    made.state.learns_after_seconds = 3600.0
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
