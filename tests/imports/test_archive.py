"""Everything out in one file, and back in."""

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from portfolio import archive, deciding, goals, imports, learning_requests, mails, people, tokens
from portfolio import database as databases
from portfolio.archive import NotAnArchive, NotEmpty
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Base, Edition, Import, LearningRequest, Person
from portfolio.states import EditionStatus, Role, Verdict
from tests.conftest import Cast
from tests.factory import a_card, a_project, a_request
from tests.imports.test_taking import WISHES, mapped


@pytest.fixture
def filled(database: Database, cast: Cast, links: Links, now: datetime) -> Database:
    """A bit of everything, with words that try spreadsheets and a joined request that points forward."""
    with database.writing() as session:
        goals.add(session, name="Keep customers", weight=4, by=cast.manager, at=now, target=10)
        first = a_request(session, links=links, title='=HYPERLINK("http://evil.example")')
        second = a_request(session, links=links, title="\U0001f600 \u202eabc “quoted”, with; commas\n")
        deciding.decide(
            session, first, Ruling(Verdict.JOIN, join_to=second), links=links, by=cast.manager, at=now
        )
        third = a_request(session, links=links)
        deciding.decide(session, third, Ruling(Verdict.ACCEPT, "Yes."), links=links, by=cast.manager, at=now)
        project = a_project(session, by=cast.manager)
        a_card(session, by=cast.manager, project=project)
        content = WISHES.encode()
        imports.start(session, name="wishes.csv", content=content, by=cast.manager, at=now)
        imports.take_file(
            session,
            name="wishes.csv",
            content=content,
            mapping=mapped(session, content),
            by=cast.manager,
            at=now,
        )
        session.add(
            Edition(
                kind="weekly", title="Week 47", period_start=now.date(), period_end=now.date(), asked_at=now,
                status=EditionStatus.PUBLISHED, figures={"a": [1, 2.5, None]}, html="<p>ü</p>", pdf=b"%PDF\x00\xff",
            )
        )  # fmt: skip
        people.set_password(session, session.merge(cast.manager), "a long enough password", at=now)
        people.send_link(session, "mara@fernweh.example", links=links, at=now)
        people.begin_visit(session, cast.manager, now=now)
    return database


def exported(database: Database, now: datetime) -> io.BytesIO:
    file = io.BytesIO()
    with database.reading() as session:
        archive.export(session, file, at=now)
    file.seek(0)
    return file


def an_empty_one(folder: Path) -> Database:
    url = f"sqlite:///{folder / 'other.db'}"
    databases.migrate(url)
    return databases.connect(url)


def rows_of(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: [
            tuple(row)
            for row in session.execute(select(*archive._columns(table)).order_by(*table.primary_key.columns))
        ]
        for table in archive._tables()
        if table.name != "mails"
    }


def emptied(database: Database) -> Database:
    """The same PostgreSQL database with nothing in it."""
    names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    return database


@pytest.mark.both
def test_everything_comes_back_as_it_was(filled: Database, store: str, now: datetime, tmp_path: Path) -> None:
    file = exported(filled, now)
    with filled.reading() as session:
        before = rows_of(session)
        assert session.scalars(select(Person.password_hash).where(Person.password_hash.is_not(None))).all()
    target = an_empty_one(tmp_path) if store == "sqlite" else emptied(filled)
    with target.writing() as session:
        counts = archive.load(session, file)
    with target.reading() as session:
        assert rows_of(session) == before
        assert (
            session.scalars(select(Person.password_hash).where(Person.password_hash.is_not(None))).all() == []
        )
    assert counts["learning_requests"] == 5
    with target.writing() as session:  # ids go on behind the highest
        person = people.meet(session, "new@fernweh.example", at=now)
        assert person.id == max(row[0] for row in before["people"]) + 1
        assert learning_requests.find(session, 1) is not None
    target.dispose()


@pytest.mark.postgres
def test_an_export_of_sqlite_is_taken_by_postgresql(
    filled: Database, now: datetime, postgres_url: str
) -> None:
    file = exported(filled, now)
    target = emptied(databases.connect(postgres_url))
    with target.writing() as session:
        archive.load(session, file)
    with target.reading() as there, filled.reading() as here:
        assert rows_of(there) == rows_of(here)
    target.dispose()


def test_secrets_stay_behind_and_the_file_says_so(filled: Database, now: datetime, cast: Cast) -> None:
    with filled.writing() as session:
        token = tokens.create(session, name="bench", role=Role.MANAGER, at=now)
        secrets_kept = [
            *session.scalars(text("SELECT token_digest FROM visits")),
            *session.scalars(text("SELECT token_digest FROM sign_in_links")),
            *session.scalars(text("SELECT token_digest FROM api_tokens")),
            *session.scalars(text("SELECT password_hash FROM people WHERE password_hash IS NOT NULL")),
            "/sign-in/",
            str(token),
        ]
    packed = zipfile.ZipFile(exported(filled, now))
    everything = "".join(packed.read(name).decode() for name in packed.namelist())
    assert len(secrets_kept) >= 6
    assert [secret for secret in secrets_kept if secret in everything] == []
    manifest = json.loads(packed.read("manifest.json"))
    assert manifest["left_out"] == [
        "one-time links to sign in", "who is signed in where", "keys of programs", "answers kept for repeated calls",
        "heartbeats of processes", "answers of learning systems, kept for a while", "passwords", "where news goes, as such an address can be as good as a password",
        "what webhooks are signed with", "what they were signed with before", "tokens of learning systems",
        "mails with links to sign in",
    ]  # fmt: skip
    assert "secret-key" in packed.read("README.txt").decode()


def test_spreadsheets_find_no_formula_and_json_lines_the_very_words(filled: Database, now: datetime) -> None:
    packed = zipfile.ZipFile(exported(filled, now))
    table = list(csv.DictReader(io.StringIO(packed.read("learning_requests.csv").decode("utf-8-sig"))))
    lines = [json.loads(line) for line in packed.read("learning_requests.jsonl").decode().splitlines()]
    assert table[0]["title"] == '\'=HYPERLINK("http://evil.example")'
    assert lines[0]["title"] == '=HYPERLINK("http://evil.example")'
    assert (lines[0]["joined_to_id"], table[0]["joined_to_id"]) == (2, "2")
    cells = [
        cell
        for name in packed.namelist()
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(packed.read(name).decode("utf-8-sig")))
        for cell in row
    ]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
    assert set(json.loads(packed.read("manifest.json"))["rows"]) == {
        table.name for table in archive._tables()
    }


def test_an_installation_that_holds_something_is_left_alone(filled: Database, now: datetime) -> None:
    file = exported(filled, now)
    with filled.reading() as session:
        before = rows_of(session)
    with pytest.raises(NotEmpty, match="there is something in"), filled.writing() as session:
        archive.load(session, file)
    with filled.reading() as session:
        assert rows_of(session) == before


def as_of(revision: str, file: io.BytesIO, folder: Path) -> io.BytesIO:
    """An export as the version before that revision of the tables made it: without the tables and columns it lacked."""
    url = f"sqlite:///{folder / 'old.db'}"
    databases.migrate(url, revision)
    opened = databases.connect(url)
    inspected = inspect(opened.engine)
    columns = {
        name: {column["name"] for column in inspected.get_columns(name)}
        for name in inspected.get_table_names()
    }
    opened.dispose()
    packed = zipfile.ZipFile(file)
    manifest = json.loads(packed.read("manifest.json"))
    contents = {
        row["import_id"]: row["content"]
        for row in map(json.loads, packed.read("import_contents.jsonl").splitlines())
    }
    changes: dict[str, bytes | None] = {}
    for name in list(manifest["rows"]):
        if name not in columns:
            del manifest["rows"][name]
            changes |= {f"{name}.jsonl": None, f"{name}.csv": None}
            continue
        rows = [json.loads(line) for line in packed.read(f"{name}.jsonl").decode().splitlines()]
        if name == "imports":
            rows = [{**row, "content": contents.get(row["id"])} for row in rows]
        kept = [{key: value for key, value in row.items() if key in columns[name]} for row in rows]
        changes[f"{name}.jsonl"] = "".join(json.dumps(row) + "\n" for row in kept).encode()
    changes["manifest.json"] = json.dumps({**manifest, "schema": revision}).encode()
    return altered(file, changes)


@pytest.mark.both
@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_export_of_an_earlier_version_is_taken_and_what_it_lacks_takes_its_default(
    filled: Database, store: str, now: datetime, tmp_path: Path, revision: str
) -> None:
    old = as_of(revision, exported(filled, now), tmp_path)
    with filled.reading() as session:
        before = session.scalars(select(LearningRequest).order_by(LearningRequest.id)).all()
        content = session.get_one(Import, 1).content
    target = an_empty_one(tmp_path) if store == "sqlite" else emptied(filled)
    with target.writing() as session:
        assert archive.load(session, old)["learning_requests"] == len(before)
    with target.reading() as session:
        after = session.scalars(select(LearningRequest).order_by(LearningRequest.id)).all()
        assert [(one.title, one.status, one.original) for one in after] == [
            (one.title, one.status, one.original) for one in before
        ]
        waiting = session.get_one(Import, 1)
        assert (waiting.content, waiting.rows_done, waiting.error) == (content, 0, "")
        assert imports.waits(waiting)
    target.dispose()


def _one_more(lines: bytes) -> bytes:
    return (
        json.dumps({**json.loads(lines.splitlines()[0]), "id": 99, "email": "x@x.example"}).encode() + b"\n"
    )


def altered(file: io.BytesIO, changes: dict[str, bytes | None]) -> io.BytesIO:
    """The same zip with some parts changed or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    out.seek(0)
    return out


def test_what_is_no_whole_export_changes_nothing(filled: Database, now: datetime, tmp_path: Path) -> None:
    whole = exported(filled, now)
    packed = zipfile.ZipFile(whole)
    manifest, people_lines = json.loads(packed.read("manifest.json")), packed.read("people.jsonl")
    spoilt: dict[str, dict[str, bytes | None]] = {
        "has no manifest": {"manifest.json": None},
        "no export of Outsize": {"manifest.json": b'{"product": "other"}'},
        "another version": {"manifest.json": json.dumps({**manifest, "format": 2}).encode()},
        "lacks people.jsonl": {"people.jsonl": None},
        "people.jsonl can't be read": {"people.jsonl": b"{not json}\n"},
        "column this version doesn't know": {"people.jsonl": b'{"shoe_size": 44}\n'},
        "rows where": {"people.jsonl": people_lines + _one_more(people_lines)},
        "does not hold together": {"people.jsonl": people_lines.splitlines(keepends=True)[0] * 5},
    }  # fmt: skip
    files = {words: altered(whole, changes) for words, changes in spoilt.items()}
    files["damaged or no export"] = io.BytesIO(whole.getvalue()[: len(whole.getvalue()) // 2])
    target = an_empty_one(tmp_path)
    for words, file in files.items():
        with pytest.raises(NotAnArchive, match=words), target.writing() as session:
            archive.load(session, file)
    with target.reading() as session:
        assert {name for name, rows in rows_of(session).items() if rows} == set()
    target.dispose()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(
    database: Database, cast: Cast, now: datetime, tmp_path: Path
) -> None:
    rows = "".join(
        f"Need {number},{'words ' * 50},kim{number % 50}@fernweh.example\n" for number in range(8000)
    )
    content = f"Title,Problem,E-mail\n{rows}".encode()
    with database.writing() as session:
        mapping = mapped(session, content)
        imports.take_file(session, name="x.csv", content=content, mapping=mapping, by=None, at=now)
        session.execute(text("UPDATE imports SET account = '{}'"))
    tracemalloc.start()
    with (tmp_path / "all.zip").open("wb") as file, database.reading() as session:
        counts = archive.export(session, file, at=now)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts["learning_requests"] == 8000
    assert peak < 12_000_000


def test_a_mail_that_waits_comes_back_waiting(
    database: Database, cast: Cast, now: datetime, tmp_path: Path
) -> None:
    with database.writing() as session:
        mails.queue(session, to="rita@fernweh.example", subject="Hello", text="There", at=now)
    target = an_empty_one(tmp_path)
    with target.writing() as session:
        assert archive.load(session, exported(database, now))["mails"] == 1
    target.dispose()
