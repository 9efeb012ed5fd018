"""Measures over HTTP: what is known of one, its facts, readings given and taken back, files and sources."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portfolio import evaluation_asks, measures
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import EvaluationStep, Event, Import, Measure, MeasureSource, Person, Reading
from tests.conftest import Cast
from tests.factory import a_project

SignIn = Callable[[TestClient, Person | None], None]
FACTS = {"name": "Days for a quote", "unit": "days", "better": "less", "family": "mean"}


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def a_measure(session: Session, cast: Cast, now: datetime, name: str = "Days for a quote") -> Measure:
    project = a_project(session, by=cast.manager, at=now - timedelta(days=90), name=f"Project of {name}")
    return measures.add(
        session, name=name, project=project, by=cast.manager, at=now, unit="days", higher_is_better=False,
        worthwhile_change=1,
    )  # fmt: skip


@pytest.fixture
def measure(database: Database, cast: Cast, now: datetime) -> None:
    """Read three times before and three times after."""
    with database.writing() as session:
        one = a_measure(session, cast, now)
        for day, value, after in ((1, 4, False), (8, 4.4, False), (15, 4.2, False), (30, 2, True), (37, 2.2, True), (44, 1.8, True)):  # fmt: skip
            on = date(2026, 9, 1) + timedelta(days=day)
            measures.read(session, one, value=value, on=on, after=after, by=None, at=now)


def lines(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


@pytest.mark.usefixtures("measure")
def test_what_is_known_stands_in_a_sentence_a_picture_and_a_table(manager: TestClient) -> None:
    told = manager.get("/measures/1").text
    sentence = re.search(r'<p class="lede">(.*?)</p>', told)
    assert sentence is not None
    assert re.fullmatch(r"It worked\. 2\.2 days lower \(95 % range \d\.\d+ to \d\.\d+\)\.", sentence[1])
    picture = re.search(r'<svg class="plot measure-plot".*?</svg>', told, re.DOTALL)
    assert picture is not None
    assert (
        'aria-label="Days for a quote in days: 6 values from 2 September to 15 October 2026."' in picture[0]
    )
    assert [picture[0].count(f'<circle class="plot-{side}"') for side in ("before", "after")] == [3, 3]
    assert told.count("/withdrawal") == 6
    assert "There is none. People, teams or sites like these" in told
    listed = manager.get("/measures").text
    assert "1 measure named, all with a value from before." in listed


@pytest.mark.usefixtures("measure")
def test_facts_are_changed_by_one_at_a_time_and_nothing_typed_is_lost(
    manager: TestClient, database: Database
) -> None:
    good = {
        **FACTS,
        "version": "1",
        "value_per_unit": "1200",
        "value_basis": "Controlling 2026",
        "read_every_days": "30",
        "chosen_for_value": "yes",
    }
    assert manager.post("/measures/1", data=good).headers["location"] == "/measures/1?saved=facts"
    stale = manager.post("/measures/1", data={**good, "name": "Another name"})
    assert (stale.status_code, "Somebody else changed this measure" in stale.text) == (409, True)
    assert 'value="Another name"' in stale.text
    wrong = manager.post(
        "/measures/1",
        data={**FACTS, "version": "2", "family": "x", "name": "", "value_per_unit": "5", "cut_on": "soon"},
    )
    assert wrong.status_code == 422
    for words in ("Please fill this in.", "Please choose one of the options.", "Please say where this value comes from", "Please give a date such as"):  # fmt: skip
        assert words in wrong.text
    with database.reading() as session:
        one = session.get_one(Measure, 1)
        assert (one.name, one.value_per_unit, one.value_basis, one.read_every_days, one.chosen_for_value, one.version) == (
            "Days for a quote", 1200, "Controlling 2026", 30, True, 2,
        )  # fmt: skip


@pytest.mark.usefixtures("measure")
def test_a_reading_is_given_refused_in_words_and_taken_back(manager: TestClient, database: Database) -> None:
    given = {
        "value": "3,5",
        "read_on": "2026-11-01",
        "when": "after",
        "comparison": "1",
        "reading_note": "Odd week",
    }
    assert manager.post("/measures/1/readings", data=given).headers["location"] == "/measures/1?saved=reading"
    back = manager.post("/measures/1/readings", data={**given, "back": "project"})
    assert back.headers["location"] == "/projects/1#measures"
    wrong = manager.post(
        "/measures/1/readings", data={"value": "few", "read_on": "2027-01-01", "reading_note": "kept"}
    )
    assert (wrong.status_code, "Please give a number." in wrong.text, "future" in wrong.text) == (
        422,
        True,
        True,
    )
    assert 'value="kept"' in wrong.text
    for _ in range(2):
        gone = manager.post("/measures/1/readings/8/withdrawal", data={"why": "Typed twice"})
        assert gone.headers["location"] == "/measures/1?saved=withdrawn"
    assert "3.5 of 1 November, after: Typed twice" in manager.get("/measures/1").text
    with database.reading() as session:
        last = session.scalars(select(Reading).order_by(Reading.id.desc())).first()
        assert last is not None
        assert (last.id, last.value, last.after, last.comparison, last.note) == (
            7,
            3.5,
            True,
            True,
            "Odd week",
        )


@pytest.mark.usefixtures("measure")
def test_a_file_is_looked_at_planned_and_taken_once(manager: TestClient, database: Database) -> None:
    table = "Monat;Tage;Wer\n2026-08;5,125;ja\n2026-10;3,250;ja\n2026-10;4,000;nein\nbald;1;ja\n2026-11;;ja\n"

    def upload() -> str:
        sent = manager.post("/measures/1/file", files={"file": ("tage.csv", table.encode(), "text/csv")})
        assert sent.status_code == 303, sent.text
        return sent.headers["location"]

    path = upload()
    first = manager.get(path).text
    assert "Please give the day people met the solution" in first
    plan = {"role_0": "day", "role_1": "value", "role_2": "group", "cut_on": "2026-09-15", "what": "look"}
    assert manager.post(path, data=plan).status_code == 303
    told = manager.get(path).text
    assert re.search(r'value="nein"[^>]*>', told)
    assert "3 readings" in told
    assert "Line 5: “bald” is no day we can read." in told
    taken = manager.post(path, data={**plan, "comparison": "nein", "what": "take"})
    assert taken.headers["location"] == path
    assert "<strong>3 readings taken</strong>" in manager.get(path).text
    with database.reading() as session:
        new = session.scalars(select(Reading).where(Reading.row_key.is_not(None)).order_by(Reading.id)).all()
        assert [(one.read_on.isoformat(), one.value, one.after, one.comparison) for one in new] == [
            ("2026-08-01", 5.125, False, False), ("2026-10-01", 3.25, True, False), ("2026-10-01", 4, True, True),
        ]  # fmt: skip
        assert session.get_one(Measure, 1).cut_on == date(2026, 9, 15)
        assert session.get_one(Import, 1).content is None
    again = upload()
    told = manager.get(again).text
    assert "There is nothing to take." in told
    assert re.search(r"<dt>Known already</dt><dd>3</dd>", told)
    assert manager.post(again, data={"what": "drop"}).headers["location"] == "/measures/1#readings"
    assert "This file was dropped" in manager.get(again).text


@pytest.mark.usefixtures("measure")
def test_what_is_no_table_is_told_beside_its_field(manager: TestClient, database: Database) -> None:
    none = manager.post("/measures/1/file", files={})
    pdf = manager.post("/measures/1/file", files={"file": ("x.csv", b"%PDF-1.4", "text/csv")})
    assert [(one.status_code, words in one.text) for one, words in ((none, "Please choose a file."), (pdf, "This is a PDF."))] == [(422, True)] * 2  # fmt: skip
    path = manager.post("/measures/1/file", files={"file": ("x.csv", b"day,value\n2026-08-01,1\n", "text/csv")}).headers["location"]  # fmt: skip
    bad = manager.post(path, data={"role_0": "value", "role_1": "value", "what": "take"})
    assert (bad.status_code, "Two columns are both" in bad.text) == (422, True)
    assert manager.get("/measures/1/file/99").status_code == 404
    with database.writing() as session:
        session.get_one(Import, 1).kind = "requests"
    assert manager.get(path).status_code == 404


@pytest.mark.usefixtures("measure")
def test_sources_are_offered_only_where_the_admin_allows_any(
    app: FastAPI, manager: TestClient, database: Database
) -> None:
    assert "OUTSIZE_MEASURE_HOSTS" in manager.get("/measures/1").text
    asked = {"kind": "url", "address": "https://data.example.org/x", "pick": "/n", "every_days": "1"}
    refused = manager.post("/measures/1/sources", data=asked)
    assert (refused.status_code, "Nothing may be pulled from data.example.org" in refused.text) == (422, True)
    app.state.settings = app.state.settings.model_copy(
        update={"measure_hosts": "data.example.org", "measure_databases": "shop=sqlite:////none.db"}
    )
    assert (
        manager.post("/measures/1/sources", data=asked).headers["location"]
        == "/measures/1?saved=source#sources"
    )
    query = {"kind": "sql", "database": "shop", "query": "DELETE FROM x", "every_days": "1"}
    refused = manager.post("/measures/1/sources", data=query)
    assert (refused.status_code, "begins with SELECT" in refused.text, "DELETE FROM x" in refused.text) == (
        422,
        True,
        True,
    )
    assert (
        manager.post("/measures/1/sources", data={**query, "query": "SELECT 1 AS value"}).status_code == 303
    )
    trial = manager.get("/measures/1/sources/2/trial").text
    assert "It could not be read." in trial
    assert "none.db" not in manager.get("/measures/1").text
    for what, is_on in (("off", False), ("on", True), ("now", True)):
        assert manager.post("/measures/1/sources/1", data={"what": what}).status_code == 303
        with database.reading() as session:
            assert session.get_one(MeasureSource, 1).is_on is is_on
    assert manager.post("/measures/1/sources/1/removal").status_code == 303
    assert manager.post("/measures/1/sources/1/removal").status_code == 404
    with database.reading() as session:
        assert session.scalars(select(MeasureSource.id)).all() == [2]


@pytest.mark.usefixtures("measure")
def test_a_leader_reads_and_sees_no_single_persons_value(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    sign_in(client, cast.leader)
    told = client.get("/measures/1").text
    assert ("4.4" in told, "/withdrawal" in told, 'method="post" action="/measures' in told) == (
        True,
        False,
        False,
    )
    with database.writing() as session:
        one = measures.find(session, 1)
        assert one is not None
        measures.read(
            session, one, value=9.87, on=date(2026, 11, 1), after=True, subject="p-17", by=None, at=now
        )
    told = client.get("/measures/1").text
    assert ("9.87" in told, "9.9" in told, "p-17" in told, "4.4" in told) == (False, False, False, False)
    assert "Values read of fewer than five are hidden" in told
    sign_in(client, cast.manager)
    told = client.get("/measures/1").text
    assert ("9.87" in told, "p-17" in told) == (True, True)


@pytest.mark.usefixtures("measure")
def test_nobody_but_a_manager_writes(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    with database.writing() as session:
        session.add(
            MeasureSource(
                measure_id=1, kind="url", address="https://data.example.org/x", pick="/n", added_at=now
            )
        )
        session.add(
            Import(name="x", kind="readings", digest="", mapping={"measure": 1}, account={}, started_at=now)
        )
    before = lines(database)
    writes = (
        "/measures/1", "/measures/1/readings", "/measures/1/readings/1/withdrawal", "/measures/1/file", "/measures/1/file/1",
        "/measures/1/sources", "/measures/1/sources/1", "/measures/1/sources/1/removal",
    )  # fmt: skip
    reads = ("/measures/1/file", "/measures/1/file/1", "/measures/1/sources/1/trial")
    for who, code in ((None, 303), (cast.requester, 404), (cast.expert, 404), (cast.leader, 404)):
        sign_in(client, who)
        assert {client.post(path, data=FACTS).status_code for path in writes} == {code}
        assert {client.get(path).status_code for path in reads} == {code}
    sign_in(client, None)
    assert all("/sign-in" in client.get(path).headers["location"] for path in reads)
    assert lines(database) == before + 3  # the three who signed in


def test_the_list_and_a_page_ask_no_more_with_three_than_with_one(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    def statements(path: str) -> int:
        counted: list[str] = []
        engine = manager.app.state.database.engine  # type: ignore[attr-defined] # a FastAPI application

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            counted.append(statement)

        event.listen(engine, "before_cursor_execute", count)
        try:
            assert manager.get(path).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return len(counted)

    def fill(count: int) -> None:
        with database.writing() as session:
            for number in range(count):
                one = a_measure(session, cast, now, name=f"Measure {number}")
                for day in range(1 + number):
                    measures.read(
                        session,
                        one,
                        value=4,
                        on=date(2026, 9, 1) + timedelta(days=day),
                        after=False,
                        by=None,
                        at=now,
                    )

    fill(1)
    with_one = [statements("/measures"), statements("/measures/1")]
    fill(2)
    assert [statements("/measures"), statements("/measures/3")] == with_one


@pytest.fixture
def path(database: Database, cast: Cast, links: Links, now: datetime, measure: None) -> str:
    """The address in the mail that asks Olga for a value."""
    with database.writing() as session:
        step = EvaluationStep(
            project_id=1, level=4, what="Did it move?", measure_id=1, owner_email="olga@fernweh.example",
            due_on=now.date(), asked_at=now,
        )  # fmt: skip
        session.add(step)
        session.flush()
        return evaluation_asks.path(step, links)


def test_an_owner_gives_the_value_once_and_a_look_changes_nothing(
    client: TestClient, database: Database, path: str
) -> None:
    before = lines(database)
    asked = client.get(path).text
    assert "The last time, on 15 October, it was 1.8 days." in asked
    wrong = client.post(path, data={"value": "few", "note": "kept"})
    assert (wrong.status_code, "Please give a number." in wrong.text, 'value="kept"' in wrong.text) == (
        422,
        True,
        True,
    )
    assert lines(database) == before
    assert client.post(path, data={"value": "1,9", "note": "Fair week"}).headers["location"] == path
    assert "Thank you" in client.get(path).text
    after = lines(database)
    assert client.post(path, data={"value": "7"}).headers["location"] == path
    assert client.post(path, data={"value": "few"}).headers["location"] == path
    with database.reading() as session:
        assert session.scalars(select(Reading.value).where(Reading.note == "Fair week")).all() == [1.9]
        assert session.scalar(select(func.count()).select_from(Reading)) == 7
    assert (after, lines(database)) == (before + 2, before + 2)


def test_no_other_link_opens_it_and_another_owner_ends_it(
    client: TestClient, database: Database, path: str
) -> None:
    key = path.rpartition("/")[2]
    for wrong in (f"/readings/2/{key}", f"{path[:-2]}xx", "/readings/1/x", f"/readings/99999999999/{key}"):
        assert [client.get(wrong).status_code, client.post(wrong).status_code] == [404, 404]
    with database.writing() as session:
        session.get_one(EvaluationStep, 1).owner_email = "other@fernweh.example"
    assert [client.get(path).status_code, client.post(path, data={"value": "1"}).status_code] == [404, 404]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 6
