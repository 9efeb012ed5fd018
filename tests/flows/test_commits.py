"""The worker notices every commit by others, and no other thing."""

from pathlib import Path

from sqlalchemy import text

from flows.commits import SqliteCommits, UnknownCommits, watch
from portfolio.database import Database
from portfolio.settings import Settings


def test_each_commit_by_another_connection_is_noticed_once(configured: Settings, database: Database) -> None:
    commits = watch(configured.database_url)
    assert [commits.happened(), commits.happened()] == [True, False]
    with database.writing() as session:
        session.execute(text("UPDATE people SET name = name"))
        session.execute(text("CREATE TABLE touched (id INTEGER)"))
        assert not commits.happened()
    assert [commits.happened(), commits.happened()] == [True, False]
    with database.reading() as session:
        session.execute(text("SELECT count(*) FROM people"))
    assert not commits.happened()
    commits.close()


def test_a_database_that_cant_say_may_always_have_changed(tmp_path: Path) -> None:
    assert isinstance(watch(f"sqlite:///{tmp_path / 'a.db'}"), SqliteCommits)
    commits = watch("postgresql://somewhere/outsize")
    assert isinstance(commits, UnknownCommits)
    assert [commits.happened(), commits.happened()] == [True, True]
