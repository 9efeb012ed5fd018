"""Values pulled from a real web server and real databases: once a day and row, and nothing but looks."""

import gzip
import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from portfolio import measure_fetching, measure_pulls, measures
from portfolio.database import Database
from portfolio.links import Links
from portfolio.measure_fetching import NotFetched
from portfolio.measure_pulls import Asked
from portfolio.models import Event, Measure, MeasureSource, Reading
from portfolio.pulled_values import NotThere, Pick, given_in, in_json, in_table
from portfolio.rules.sources import Allowed, SourceRefused
from portfolio.settings import Settings
from tests.conftest import Cast

TODAY = date(2026, 11, 20)
SECRET = "Kirschbaum-4711"


class Shop(ThreadingHTTPServer):
    """A web server that answers what a test says, and counts who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def says(self, path: str, body: object, status: int = 200) -> str:
        self.answers[path] = (status, body if isinstance(body, bytes) else json.dumps(body).encode())
        return f"http://{self.host}{path}"


class _Counter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shop: Shop = self.server  # type: ignore[assignment] # it serves nobody else
        shop.asked.append(self.path)
        shop.headers = {name.lower(): value for name, value in self.headers.items()}
        status, body = shop.answers.get(self.path, (404, b""))
        if self.path == "/garbled":
            self.wfile.write(f"HTTP/1.0 200 OK\r\nYou said {shop.headers['authorization']}\r\n\r\n".encode())
            return
        self.send_response(status)
        if status in {301, 302}:
            self.send_header("Location", body.decode())
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip, gzip")
        self.end_headers()
        if self.path == "/slow":
            time.sleep(1.5)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def allowing(configured: Settings, shop: Shop, tmp_path: Path) -> Settings:
    """An installation that may ask the shop, and look into its desk's database."""
    file = tmp_path / "desk.db"
    with sqlite3.connect(file) as desk:
        desk.executescript(
            "CREATE TABLE quotes (day TEXT, days REAL, seller TEXT);"
            "INSERT INTO quotes VALUES ('2026-11-18', 4, 'a'), ('2026-11-18', 6, 'b'), ('2026-11-19', 3.5, 'a');"
        )
    desk.close()
    return configured.model_copy(
        update={"measure_hosts": shop.host, "measure_databases": f"desk=sqlite:///{file}"}
    )


def a_measure(session: Session, cast: Cast, now: datetime) -> Measure:
    return measures.add(session, name="Days for a quote", project=None, by=cast.manager, at=now)


def pulled(database: Database) -> list[tuple[str, float, bool]]:
    with database.reading() as session:
        rows = session.scalars(select(Reading).order_by(Reading.read_on, Reading.id))
        return [(one.read_on.isoformat(), one.value, one.after) for one in rows]


def test_a_value_comes_once_a_day_and_a_new_one_corrects_it(
    database: Database, cast: Cast, now: datetime, shop: Shop, allowing: Settings
) -> None:
    address = shop.says("/now", {"data": {"late": "4,5"}})
    with database.writing() as session:
        one = a_measure(session, cast, now)
        asked = Asked("url", address, pick="/data/late", every_days=1)
        measure_pulls.add(session, one, asked, settings=allowing, by=cast.manager, at=now)

    def pull(at: datetime) -> dict[str, int]:
        return measure_pulls.pull_due(database, allowing, now=at)

    assert pull(now) == {"sources": 1, "readings": 1, "failed": 0}
    assert pull(now) == pull(now + timedelta(hours=12)) == {"sources": 0, "readings": 0, "failed": 0}
    with database.writing() as session:
        source = session.get_one(MeasureSource, 1)
        assert source.next_run_at == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # the next day in Berlin
        measure_pulls.hurry(session, source, by=cast.manager, at=now + timedelta(hours=1))
    shop.says("/now", {"data": {"late": 5}})
    assert pull(now + timedelta(hours=1)) == {"sources": 1, "readings": 1, "failed": 0}
    assert pulled(database) == [("2026-11-20", 5, False)]
    # Three days down: caught up once, with the day it is.
    assert pull(now + timedelta(days=4)) == {"sources": 1, "readings": 1, "failed": 0}
    assert pulled(database) == [("2026-11-20", 5, False), ("2026-11-24", 5, False)]
    assert len(shop.asked) == 3


def test_rows_with_their_days_come_from_json_and_from_a_table(
    database: Database, cast: Cast, now: datetime, shop: Shop, allowing: Settings
) -> None:
    rows = [{"on": "2026-09-01", "n": 7}, {"on": "2026-10-01", "n": None}, {"on": "2026-11-01", "n": 5}]
    json_at = shop.says("/rows", {"rows": rows})
    csv_at = shop.says("/rows.csv", b"Month;Late orders;Group\n2026-09;8;x\n2026-11;6,5;y\n")
    with database.writing() as session:
        one = a_measure(session, cast, now)
        measures.edit(session, one, version=None, by=cast.manager, at=now, cut_on=date(2026, 10, 15))
        for asked in (
            Asked("url", json_at, pick="/rows/*/n", pick_day="/rows/*/on"),
            Asked("url", csv_at, pick="late orders", pick_day="MONTH", comparison=True),
        ):
            measure_pulls.add(session, one, asked, settings=allowing, by=cast.manager, at=now)
    assert measure_pulls.pull_due(database, allowing, now=now) == {"sources": 2, "readings": 4, "failed": 0}
    assert pulled(database) == [
        ("2026-09-01", 7, False), ("2026-09-01", 8, False), ("2026-11-01", 5, True), ("2026-11-01", 6.5, True),
    ]  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(Reading.comparison).order_by(Reading.id)).all() == [
            False, False, True, True,
        ]  # fmt: skip


def test_a_source_that_fails_says_so_waits_longer_each_time_and_stops_no_other(
    database: Database, cast: Cast, now: datetime, shop: Shop, allowing: Settings
) -> None:
    good = shop.says("/good", {"n": 1})
    with database.writing() as session:
        one = a_measure(session, cast, now)
        for address, pick in ((f"http://{shop.host}/gone", "/n"), (good, "/m"), (good, "/n")):
            asked = Asked("url", address, pick=pick)
            measure_pulls.add(session, one, asked, settings=allowing, by=cast.manager, at=now)
    at = now
    waits = []
    for _ in range(7):
        measure_pulls.pull_due(database, allowing, now=at)
        with database.reading() as session:
            again = session.get_one(MeasureSource, 1).next_run_at
        assert again is not None
        waits.append((again - at) / timedelta(hours=1))
        at = again
    with database.reading() as session:
        first, second = session.get_one(MeasureSource, 1), session.get_one(MeasureSource, 2)
    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert first.problem == "It answered 404 Not Found."
    assert second.problem == "There is no “m” in an object with n."
    assert (first.failures, len(pulled(database)) > 0) == (7, True)
    with database.reading() as session:
        failed = select(Event.details).where(Event.action == "measure.pull_failed").order_by(Event.id)
        assert session.scalars(failed).all() == [{"source": 1}, {"source": 2}]
    shop.says("/gone", {"n": 2})
    measure_pulls.pull_due(database, allowing, now=at)
    with database.reading() as session:
        assert (session.get_one(MeasureSource, 1).problem, session.get_one(MeasureSource, 1).failures) == (
            "",
            0,
        )


@pytest.mark.both
def test_an_answer_with_odd_characters_is_told_and_stops_no_other(
    database: Database, cast: Cast, now: datetime, shop: Shop, allowing: Settings
) -> None:
    odd = (
        {"n": "a\x00b"},
        {"n": "\ud800"},
        {"\ud800": 1},
        [{"value": 1, "day": "x", "exposure": [1]}],
        {"n": 7},
    )
    with database.writing() as session:
        one = a_measure(session, cast, now)
        for place, body in enumerate(odd):
            asked = Asked("url", shop.says(f"/{place}", body), pick="/n")
            measure_pulls.add(session, one, asked, settings=allowing, by=cast.manager, at=now)
    assert measure_pulls.pull_due(database, allowing, now=now) == {"sources": 5, "readings": 1, "failed": 4}
    with database.reading() as session:
        told = session.scalars(select(MeasureSource.problem).order_by(MeasureSource.id)).all()
    assert told == [
        "Row 1: “ab” is no number.",
        "Row 1: “\N{REPLACEMENT CHARACTER}” is no number.",
        "There is no “n” in an object with \N{REPLACEMENT CHARACTER}.",
        "There is no “n” in a list of 1.",
        "",
    ]


def test_an_address_a_query_gives_is_kept_as_a_pseudonym(
    database: Database, cast: Cast, now: datetime, allowing: Settings
) -> None:
    query = "SELECT 1 AS value, 'Rita@fernweh.example' AS subject UNION SELECT 2, 'Desk 4'"
    with database.writing() as session:
        one = a_measure(session, cast, now)
        measure_pulls.add(
            session, one, Asked("sql", "desk", query=query), settings=allowing, by=cast.manager, at=now
        )
    assert measure_pulls.pull_due(database, allowing, now=now)["readings"] == 2
    own = Links.of(allowing).key("pseudonym", "measure 1", cast.requester.id)
    with database.reading() as session:
        assert set(session.scalars(select(Reading.subject))) == {own, "Desk 4"}


def test_what_nobody_thought_of_is_told_as_well(
    database: Database,
    cast: Cast,
    now: datetime,
    shop: Shop,
    allowing: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OverflowError("date value out of range")

    monkeypatch.setattr("portfolio.pulled_values.given_in", broken)
    with database.writing() as session:
        one = a_measure(session, cast, now)
        asked = Asked("url", shop.says("/now", {"n": 7}), pick="/n")
        source = measure_pulls.add(session, one, asked, settings=allowing, by=cast.manager, at=now)
    told = measure_pulls.look(source, allowing, zone=UTC, today=TODAY)
    assert told.problem == "Its answer can't be read (OverflowError)."


def test_redirects_long_and_slow_answers_and_names_for_our_own_walls_are_refused(
    shop: Shop, allowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = Allowed.of(allowing.measure_hosts)
    monkeypatch.setattr(measure_fetching, "TIMEOUT_SECONDS", 1.0)
    shop.says("/slow", {"n": 1})
    for path, body, status, words in (
        ("/away", b"http://127.0.0.1:1/", 302, "points elsewhere"),
        ("/long", b"1" * (measure_fetching.MOST_BYTES + 1), 200, "longer than 4 MB"),
        ("/error", b"", 500, "It answered 500"),
        ("/packed", gzip.compress(gzip.compress(b"1" * 1000)), 200, "packed in a way"),
    ):
        with pytest.raises(NotFetched, match=words):
            measure_fetching.content_at(shop.says(path, body, status), allowed)
    with pytest.raises(NotFetched, match="within 1 second"):
        measure_fetching.content_at(f"http://{shop.host}/slow", allowed)
    port = shop.server_address[1]
    asked = list(shop.asked)
    with pytest.raises(SourceRefused, match="inside your own network"):
        measure_fetching.content_at(f"https://localhost:{port}/now", Allowed.of(f"localhost:{port}"))
    with pytest.raises(SourceRefused, match="Nothing may be pulled"):
        measure_fetching.content_at("http://127.0.0.1:1/", allowed)
    assert shop.asked == asked


def test_a_host_that_wants_a_key_is_sent_it_and_nobody_is_told(
    database: Database,
    cast: Cast,
    now: datetime,
    shop: Shop,
    allowing: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    keyed = allowing.model_copy(
        update={"measure_headers": f"{shop.host}=Authorization: Bearer {SECRET}, {shop.host}=X-Who: a, b"}
    )
    address = shop.says("/now", {"n": 7})
    with database.writing() as session:
        one = a_measure(session, cast, now)
        source = measure_pulls.add(session, one, Asked("url", address, pick="/n"), settings=keyed, by=cast.manager, at=now)  # fmt: skip
    assert measure_pulls.pull_due(database, keyed, now=now) == {"sources": 1, "readings": 1, "failed": 0}
    sent = (shop.headers["authorization"], shop.headers["x-who"], shop.headers["user-agent"])
    assert sent == (f"Bearer {SECRET}", "a, b", "Outsize")
    wants = "whoever runs Outsize can set one: OUTSIZE_MEASURE_HEADERS."
    told = [
        (measure_pulls.look(source, settings, zone=UTC, today=TODAY).problem, words)
        for body, status, settings, words in (
            ({"n": SECRET}, 200, keyed, "Its answer says the key that was sent along, so nothing of it was read."),
            (b"", 401, allowing, f"It answered 401 Unauthorized. It wants a key; {wants}"),
            (b"", 403, keyed, "It answered 403 Forbidden. It doesn't take the key that was sent along; whoever runs Outsize can set another one."),
        )
        if shop.says("/now", body, status)
    ]  # fmt: skip
    assert [problem for problem, _ in told] == [words for _, words in told]
    with pytest.raises(
        NotFetched, match="It broke off, or its answer isn't what web servers answer"
    ) as garbled:
        measure_fetching.content_at(
            shop.says("/garbled", b""), Allowed.of(shop.host), {"Authorization": f"Bearer {SECRET}"}
        )
    assert SECRET not in str(garbled.getrepr(chain=True))
    with database.reading() as session:
        kept = [*session.scalars(select(Event.details)), *session.scalars(select(MeasureSource.problem))]
    assert SECRET not in f"{kept}{caplog.text}{keyed!r}{keyed}"


def test_a_query_gives_rows_and_can_do_nothing_else(
    database: Database, cast: Cast, now: datetime, allowing: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT day, days AS value, seller AS subject FROM quotes ORDER BY day, seller;"
    with database.writing() as session:
        one = a_measure(session, cast, now)
        measure_pulls.add(
            session, one, Asked("sql", "desk", query=query), settings=allowing, by=cast.manager, at=now
        )
    assert measure_pulls.pull_due(database, allowing, now=now) == {"sources": 1, "readings": 3, "failed": 0}
    assert [value for _, value, _ in pulled(database)] == [4, 6, 3.5]
    desk = allowing.measure_databases.partition("=")[2]
    monkeypatch.setattr(measure_fetching, "QUERY_SECONDS", 0.2)
    for bad, words in (
        ("SELECT 1; DELETE FROM quotes", "one statement|execute one"),
        ("WITH a AS (SELECT 1) DELETE FROM quotes", "not authorized|prohibited"),
        ("SELECT load_extension('x')", "not authorized|no such function"),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            "longer than",
        ),
        ("SELECT zeroblob(100000000)", "too big"),
        ("SELECT * FROM nowhere", "no such table"),
    ):
        with pytest.raises(NotFetched, match=words):
            measure_fetching.rows_of(desk, bad)
    with pytest.raises(NotThere, match="more than 5,000 rows"):
        measure_fetching.rows_of(desk, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT i FROM n")  # fmt: skip
    with sqlite3.connect(desk.removeprefix("sqlite:///")) as there:
        assert there.execute("SELECT count(*) FROM quotes").fetchone() == (3,)
    there.close()


@pytest.fixture
def reader_url(postgres_url: str) -> Iterator[str]:
    """The same database for somebody who may only read."""
    name = f"reader_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'only-reads'")
        connection.execute(f"GRANT pg_read_all_data TO {name}")
    yield (
        make_url(postgres_url).set(username=name, password="only-reads").render_as_string(hide_password=False)
    )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE {name}")


@pytest.mark.postgres
def test_a_database_user_who_may_do_everything_is_not_used(postgres_url: str) -> None:
    with pytest.raises(NotFetched, match="may do everything"):
        measure_fetching.rows_of(postgres_url, "SELECT pg_read_file('/etc/passwd')")


@pytest.mark.postgres
def test_a_query_in_postgresql_is_read_only_too(reader_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names, rows = measure_fetching.rows_of(
        reader_url,
        "SELECT day::date AS day, 1.5::numeric AS value FROM generate_series('2026-11-01'::date, '2026-11-02', '1 day') AS day -- two",
    )
    assert names == ["day", "value"]
    given = given_in(rows, source=1, today=TODAY, comparison=False, zone=UTC)
    assert [(one.on.isoformat(), one.value) for one in given] == [("2026-11-01", 1.5), ("2026-11-02", 1.5)]
    monkeypatch.setattr(measure_fetching, "QUERY_SECONDS", 0.3)
    for bad, words in (
        ("SELECT 1) AS a; DELETE FROM people; SELECT * FROM (SELECT 1", "multiple commands"),
        ("WITH gone AS (DELETE FROM people RETURNING 1) SELECT * FROM gone", "top level|read-only"),
        ("SELECT nextval('people_id_seq')", "read-only transaction|permission denied"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied"),
        ("SELECT lo_create(0)", "read-only transaction"),
        ("SELECT set_config('transaction_read_only', 'off', true)", "read-write mode|read-only"),
        ("SELECT pg_sleep(5)", "statement timeout"),
        ("SELECT * FROM nothing", "does not exist"),
    ):
        with pytest.raises(NotFetched, match=words):
            measure_fetching.rows_of(reader_url, bad)
    with pytest.raises(NotThere, match="more than 5,000 rows"):
        measure_fetching.rows_of(reader_url, "SELECT * FROM generate_series(1, 6000)")
    with pytest.raises(NotThere, match="longer than 4 MB"):
        measure_fetching.rows_of(
            reader_url, "SELECT repeat('x', 1000000) AS value FROM generate_series(1, 100)"
        )
    with pytest.raises(NotFetched) as failed:
        measure_fetching.rows_of("postgresql://kim:hush@127.0.0.1:1/none", "SELECT 1")
    assert "hush" not in str(failed.value)


def test_only_what_is_allowed_can_be_asked_for(
    database: Database, cast: Cast, now: datetime, allowing: Settings, shop: Shop
) -> None:
    good = Asked("url", f"http://{shop.host}/x", pick="/n")
    with database.writing() as session:
        one = a_measure(session, cast, now)
        for wrong, words in (
            (replace(good, address="https://elsewhere.example/"), "Nothing may be pulled"),
            (replace(good, pick=""), "where the value stands"),
            (replace(good, pick="/a/*/b/*"), "once at most"),
            (replace(good, every_days=0), "from 1 to 366"),
            (replace(good, kind="ftp"), "one of the options"),
            (Asked("sql", "shop", query="SELECT 1"), "one of the databases"),
            (Asked("sql", "desk", query="DROP TABLE quotes"), "begins with SELECT"),
        ):
            with pytest.raises(SourceRefused, match=words):
                measure_pulls.add(session, one, wrong, settings=allowing, by=cast.manager, at=now)
        source = measure_pulls.add(session, one, good, settings=allowing, by=cast.manager, at=now)
        measure_pulls.switch(session, source, on=False, by=cast.manager, at=now)
    assert measure_pulls.pull_due(database, allowing, now=now)["sources"] == 0
    forbidden = allowing.model_copy(update={"measure_hosts": ""})
    with database.reading() as session:
        source = session.get_one(MeasureSource, 1)
        told = measure_pulls.look(source, forbidden, zone=UTC, today=TODAY)
    assert told.problem.startswith("Nothing may be pulled from 127.0.0.1")
    assert shop.asked == []


@pytest.mark.parametrize(
    ("content", "pick", "words"),
    [
        (b"<html>", Pick("/n"), "no JSON"),
        (b"[1, 2]", Pick("/2"), "no “2” in a list of 2"),
        (b'{"a": 1}', Pick("/a/*/b"), "no list at /a; it is a plain value"),
        (b'{"a": [{"b": 1}, {"b": 2}], "d": [1, 2, 3]}', Pick("/a/*/b", "/d/*"), "2 values but 3 days"),
        (b"[" * 100_000, Pick("/n"), "no JSON"),
    ],
)
def test_what_isnt_where_it_should_be_is_told(content: bytes, pick: Pick, words: str) -> None:
    with pytest.raises(NotThere, match=words):
        in_json(content, pick)


def test_values_that_make_no_sense_are_told_by_their_row() -> None:
    for cell, day, words in (
        ("lots", "2026-11-01", "Row 2: “lots” is no number"),
        ("5", "soon", "Row 2: “soon” is no day"),
        ("5", "2027-01-01", "Row 2: 2027-01-01 is still to come"),
    ):
        rows = in_table(f"day,value\n2026-11-01,4\n{day},{cell}\n".encode(), Pick("value"))
        with pytest.raises(NotThere, match=words):
            given_in(rows, source=1, today=TODAY, comparison=False, zone=UTC)
    with pytest.raises(NotThere, match=r"no column “n”\. There are: day, value"):
        in_table(b"day,value\n2026-11-01,4\n", Pick("n"))
    assert in_json(b"[]", Pick("/*/n")) == []
