"""The schema goes up and down with data in it, the models say the same as the migrations, and commits hold."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from portfolio import database as databases
from portfolio import goals, people
from portfolio.database import Database
from portfolio.migrations.names import is_of_a_model
from portfolio.models import Base, Goal
from tests.conftest import NOW, Cast
from tests.factory import a_request


@pytest.mark.both
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_models_say_what_the_migrations_made(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_of_a_model}
        )
        differences = [
            change
            for change in compare_metadata(context, Base.metadata)
            if not (
                change[0] in {"add_index", "remove_index"}
                and change[1].name in {"ix_people_name_lower", "ix_learning_requests_rank"}
            )
        ]
    assert differences == []


@pytest.mark.both
def test_down_and_up_again_with_data_leaves_an_empty_working_schema(
    database_url: str, database: Database, cast: Cast, links: object
) -> None:
    with database.writing() as session:
        a_request(session, links=links)  # type: ignore[arg-type] # the fixture
    database.dispose()
    databases.migrate(database_url, "base")
    opened = databases.connect(database_url)
    assert inspect(opened.engine).get_table_names() == ["alembic_version"]
    opened.dispose()
    databases.migrate(database_url)
    opened = databases.connect(database_url)
    with opened.writing() as session:
        goals.add(session, name="Works", weight=3, by=None, at=NOW)
    with opened.reading() as session:
        assert session.scalars(select(Goal.name)).all() == ["Works"]
    opened.dispose()


def test_sqlite_is_set_to_keep_what_it_says_it_kept(database: Database) -> None:
    with database.engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.mark.both
def test_an_error_inside_a_write_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(RuntimeError, match="midway"), database.writing() as session:
        goals.add(session, name="Half done", weight=3, by=None, at=NOW)
        raise RuntimeError("midway")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Goal)) == 0


@pytest.mark.both
def test_many_threads_meeting_one_person_make_one(database: Database) -> None:
    found: list[int] = []

    def meet() -> None:
        with database.writing() as session:
            found.append(people.meet(session, "new@fernweh.example", at=NOW, unit="Sales").id)

    threads = [threading.Thread(target=meet) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1


def test_two_processes_write_without_a_failure(database_url: str, tmp_path: Path) -> None:
    script = tmp_path / "write.py"
    script.write_text(
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from portfolio import goals\n"
        "from portfolio.database import connect\n"
        "opened = connect(sys.argv[1])\n"
        "for turn in range(40):\n"
        "    with opened.writing() as session:\n"
        "        goals.add(session, name=f'{sys.argv[2]} {turn}', weight=1, by=None, at=datetime.now(UTC))\n"
    )
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, str(script), database_url, name], cwd=root, env={"PYTHONPATH": str(root)}
        )
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("SELECT count(*) FROM goals").fetchone() == (80,)
    connection.close()
