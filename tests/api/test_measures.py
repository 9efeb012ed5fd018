"""Measures over the API: their facts, readings one or many, and what they prove."""

import json
from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import measures, tokens
from portfolio.database import Database
from portfolio.models import Reading
from portfolio.states import Role
from tests.conftest import Cast


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, now: datetime) -> TestClient:
    with database.writing() as session:
        token = tokens.create(session, name="tests", role=Role.MANAGER, at=now)
    client.headers["Authorization"] = f"Bearer {token}"
    client.post("/api/v1/projects", json={"name": "Faster quotes"})
    client.post(
        "/api/v1/measures",
        json={
            "name": "Days",
            "project": 1,
            "unit": "days",
            "higher_is_better": False,
            "worthwhile_change": 1,
        },
    )
    return client


def the_count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Reading)) or 0


def test_an_address_gives_way_to_a_pseudonym(api: TestClient, database: Database) -> None:
    for subject in ("Rita@fernweh.example", "rita@fernweh.example", "Store 7"):
        said = {"value": 1, "read_on": "2026-11-01", "subject": subject}
        assert api.post("/api/v1/measures/1/readings", json=said).status_code == 201
    with database.reading() as session:
        first, second, shop = session.scalars(select(Reading.subject).order_by(Reading.id))
    assert (first, shop) == (second, "Store 7")
    assert "@" not in (first or "@")


@pytest.mark.both
def test_odd_characters_in_the_names_of_traits_are_left_out(api: TestClient, database: Database) -> None:
    for name in ("years\x00", "\ud800"):
        said = json.dumps({"value": 1, "read_on": "2026-11-01", "traits": {name: 4}})
        answer = api.post(
            "/api/v1/measures/1/readings", content=said, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 201
    with database.reading() as session:
        found = session.scalars(select(Reading.traits).order_by(Reading.id)).all()
    assert found == [{"years": 4}, {"\N{REPLACEMENT CHARACTER}": 4}]


def test_a_measure_is_changed_by_one_at_a_time(api: TestClient) -> None:
    first = api.get("/api/v1/measures/1")
    assert first.json() == {
        "id": 1, "project": 1, "name": "Days", "unit": "days", "higher_is_better": False, "family": "mean", "by_chance": False, "chosen_for_value": None, "baseline": None,
        "target": None, "worthwhile_change": 1, "value_per_unit": None, "value_basis": "", "source": "", "read_every_days": None,
        "cut_on": None, "version": 1, "readings": [], "readings_count": 0,
        "baseline_warning": "No baseline yet. Without a value from before, nobody can say later what changed: choose a day to "
                            "read the measure before people meet the solution.",
    }  # fmt: skip
    etag = first.headers["etag"]
    body = {"value_per_unit": 1200, "value_basis": "Controlling 2026", "cut_on": "2026-10-01", "unit": None}
    changed = api.patch("/api/v1/measures/1", json=body, headers={"If-Match": etag})
    assert (changed.headers["etag"], changed.json()["value_per_unit"], changed.json()["unit"]) == (
        '"2"',
        1200,
        "",
    )
    assert api.patch("/api/v1/measures/1", json=body, headers={"If-Match": etag}).status_code == 412
    for wrong, field in (({"name": None}, "name"), ({"family": "odd"}, "family"), ({"colour": 1}, "colour")):
        refused = api.patch("/api/v1/measures/1", json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert api.get("/api/v1/measures/2").status_code == 404


def test_many_readings_are_all_recorded_or_none_and_once(api: TestClient, database: Database) -> None:
    api.patch("/api/v1/measures/1", json={"cut_on": "2026-10-01"})
    rows = [
        {"value": value, "read_on": on, "key": f"row-{place}", "subject": f"s{place}"}
        for place, (value, on) in enumerate([(4, "2026-09-01"), (5, "2026-09-08"), (2, "2026-10-01")])
    ]
    sent = api.post("/api/v1/measures/1/readings", json={"readings": rows})
    assert (sent.status_code, sent.json()) == (
        201, {"measure": 1, "new": 3, "corrected": 0, "unchanged": 0, "baseline_warning": None},
    )  # fmt: skip
    again = api.post("/api/v1/measures/1/readings", json={"readings": [*rows[:2], {**rows[2], "value": 3}]})
    assert (again.json()["corrected"], again.json()["unchanged"]) == (1, 2)
    held = api.get("/api/v1/measures/1").json()["readings"]
    assert [(one["value"], one["after"], one["subject"]) for one in held] == [
        (4, False, "s0"), (5, False, "s1"), (3, True, "s2"),
    ]  # fmt: skip
    late = api.post(
        "/api/v1/measures/1/readings",
        json={"readings": [rows[0], {**rows[1], "key": "x", "read_on": "2030-01-01"}]},
    )
    assert (late.status_code, late.json()["errors"][0]["field"]) == (422, "readings_1_read_on")
    one = api.post("/api/v1/measures/1/readings", json={**rows[0], "value": 4})
    assert (one.json()["id"], one.json()["value"]) == (1, 4)
    assert the_count(database) == 3


def test_what_the_readings_prove_is_told_with_its_range(api: TestClient) -> None:
    empty = api.get("/api/v1/measures/1/proof").json()
    assert (empty["change"], empty["verdict"]) == (None, "inconclusive")
    days = [("2026-09-01", 4, False), ("2026-09-08", 4.4, False), ("2026-09-15", 4.2, False), ("2026-10-01", 2, True), ("2026-10-08", 2.2, True), ("2026-10-15", 1.8, True)]  # fmt: skip
    rows = [{"value": value, "read_on": on, "after": after} for on, value, after in days]
    api.post("/api/v1/measures/1/readings", json={"readings": rows})
    told = api.get("/api/v1/measures/1/proof").json()
    assert (round(told["change"]["likely"], 6), told["grade"], told["verdict"]) == (
        -2.2,
        "trend",
        "confirmed",
    )
    assert told["change"]["low"] < told["change"]["likely"] < told["change"]["high"] < 0
    assert told["readings"] == {"before": 3, "after": 3, "comparison_before": 0, "comparison_after": 0}


def test_leaders_read_no_single_persons_value_and_write_nothing(
    api: TestClient, database: Database, now: datetime
) -> None:
    for subject in (None, "p-17"):
        body = {"value": 4, "read_on": "2026-09-01", "after": False, "subject": subject}
        api.post("/api/v1/measures/1/readings", json=body)
    with database.writing() as session:
        leader = tokens.create(session, name="leader", role=Role.LEADER, at=now)
    api.headers["Authorization"] = f"Bearer {leader}"
    for held in (api.get("/api/v1/measures/1").json(), api.get("/api/v1/measures").json()["items"][0]):
        assert ([one["subject"] for one in held["readings"]], held["readings_count"]) == ([None], 2)
    for method, path in (("POST", "/measures"), ("PATCH", "/measures/1"), ("POST", "/measures/1/readings")):
        assert api.request(method, f"/api/v1{path}", json={}).status_code == 404
    assert the_count(database) == 2


def test_groups_drawn_by_lot_are_compared_although_read_only_afterwards(api: TestClient) -> None:
    """The same numbers prove nothing where people chose, and something where chance did."""
    body = [
        {
            "value": value,
            "read_on": "2026-11-02",
            "after": True,
            "comparison": comparison,
            "subject": f"{name}-{place}",
        }
        for name, comparison, values in (
            ("t", False, (1, 2, 1, 2, 1, 2, 1, 2)),
            ("c", True, (5, 6, 5, 6, 5, 6, 5, 6)),
        )
        for place, value in enumerate(values)
    ]
    assert api.post("/api/v1/measures/1/readings", json={"readings": body}).status_code == 201
    chosen = api.get("/api/v1/measures/1/proof").json()
    assert api.patch("/api/v1/measures/1", json={"by_chance": True}).json()["by_chance"] is True
    for said in (True, False, None):
        answer = api.patch("/api/v1/measures/1", json={"chosen_for_value": said})
        assert answer.json()["chosen_for_value"] is said
    drawn = api.get("/api/v1/measures/1/proof").json()
    assert (chosen["verdict"], drawn["verdict"], drawn["grade"]) == (
        "inconclusive",
        "confirmed",
        "controlled",
    )


def test_every_wrong_value_of_many_has_its_entry(api: TestClient, database: Database) -> None:
    api.patch("/api/v1/measures/1", json={"family": "share"})
    rows = [
        {"value": value, "read_on": on}
        for value, on in ((50, "2026-09-01"), (105, "2030-01-01"), (-1, "2026-09-01"))
    ]
    refused = api.post("/api/v1/measures/1/readings", json={"readings": rows})
    assert [(one["pointer"], one["detail"]) for one in refused.json()["errors"]] == [
        ("/readings/1/read_on", "A reading can't lie in the future."),
        ("/readings/1/value", "A share lies between 0 and 100 percent."),
        ("/readings/2/value", "A share lies between 0 and 100 percent."),
    ]
    odd = [
        {"value": True, "read_on": "0001-01-01"},
        {"value": 1, "read_on": "2026-09-01", "traits": {"a-b": "x"}},
    ]
    refused = api.post("/api/v1/measures/1/readings", json={"readings": odd})
    assert [(one["pointer"], one["detail"]) for one in refused.json()["errors"]] == [
        ("/readings/0/value", "Please give a number."),
        ("/readings/0/read_on", "Please give a date between 1900 and 2199."),
        ("/readings/1/traits/a-b", "Please give a number."),
    ]
    assert the_count(database) == 0


def test_a_reading_that_was_taken_back_is_not_recorded_again(
    api: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    said = {"value": 4, "read_on": "2026-09-01", "key": "row-1"}
    assert api.post("/api/v1/measures/1/readings", json=said).status_code == 201
    with database.writing() as session:
        measure = measures.find(session, 1)
        assert measure is not None
        measures.withdraw(session, measure, measure.readings[0], why="Slip", by=cast.manager, at=now)
    refused = api.post("/api/v1/measures/1/readings", json=said)
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "This reading was taken back, so it isn't recorded again.",
    )
    assert the_count(database) == 0


def test_as_many_statements_are_needed_however_many_readings_there_are(
    api: TestClient, app: FastAPI, database: Database
) -> None:
    """What was read before is neither loaded nor written again, and many are written at once."""
    statements: list[str] = []
    listen = ("before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(app.state.database.engine, *listen)

    def needed(start: int, count: int) -> int:
        rows = [
            {"value": place, "read_on": "2026-09-01", "key": str(place), "traits": {"years": 1}}
            for place in range(start, start + count)
        ]
        statements.clear()
        sent = api.post("/api/v1/measures/1/readings", json={"readings": rows})
        assert sent.json()["new"] == count
        return len(statements)

    needed(0, 1)
    assert needed(1, 3) == needed(4, 300) == needed(304, 3)
    assert not [one for one in statements if "traits" in one and one.startswith("SELECT")]
    shown = api.get("/api/v1/measures/1").json()
    assert (len(shown["readings"]), shown["readings_count"]) == (307, 307)
