"""A manager's program reads what learning systems hold and says what it belongs to; a leader's may not."""

import pytest
from fastapi.testclient import TestClient

from portfolio import tokens
from portfolio.database import Database
from portfolio.learning import records, sources
from portfolio.learning.records import Thing
from portfolio.links import Links
from portfolio.rules import learning
from portfolio.states import Role
from tests.conftest import NOW, Cast
from tests.factory import a_project

COURSE = "https://learn.fernweh.example/quotes"


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, links: Links) -> TestClient:
    """A program with a manager's token; a system that six people used, all but one to the end."""
    with database.writing() as session:
        token = tokens.create(session, name="tests", role=Role.MANAGER, at=NOW)
        a_project(session, by=cast.manager)
        source = sources.add(
            session, kind="push", name="Portal", may_be_local=False, by=cast.manager, at=NOW
        ).source
        session.flush()
        records.know(session, source, {COURSE: "Faster quotes"}, at=NOW)
        things = [
            Thing(f"{kind}/{n}", kind, NOW, COURSE, learning.of_mailbox(f"p{n}@x.example"))
            for kind, count in (("used", 12), ("completed", 7))
            for n in range(count)
        ]
        records.keep(session, source, things, links=links, at=NOW)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_sources_and_what_they_hold(api: TestClient) -> None:
    assert api.get("/api/v1/learning").json() == {
        "items": [
            {
                "id": 1, "kind": "push", "name": "Portal", "on": True, "problem": None, "last_run_at": None, "next_run_at": None,
                "activities": 1, "mapped": 0,
            }
        ],
        "next": None,
    }  # fmt: skip
    activity = {
        "id": 1, "external": COURSE, "name": "Faster quotes", "project": None, "resource": None, "people": 12, "finished": 7,
        "passed": None, "uses": 12, "words": "12 people; finished: 7 of 12 (58\u202f%)",
    }  # fmt: skip
    assert api.get("/api/v1/learning/1/activities").json() == {"items": [activity], "next": None}
    assert api.put("/api/v1/learning/1/activities/1", json={"project": 1}).json() == {
        **activity,
        "project": 1,
    }
    assert api.put("/api/v1/learning/1/activities/1", json={}).json() == activity


def test_what_is_not_there_is_told(api: TestClient) -> None:
    both = api.put("/api/v1/learning/1/activities/1", json={"project": 1, "resource": 1})
    assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "resource")
    none = api.put("/api/v1/learning/1/activities/1", json={"project": 99})
    assert (none.status_code, none.json()["errors"][0]["detail"]) == (422, "There is no such project.")
    for path in ("/9/activities", "/99999999999/activities"):
        assert api.get("/api/v1/learning" + path).status_code == 404
    assert api.put("/api/v1/learning/1/activities/9", json={}).status_code == 404


def test_a_leaders_program_may_not(api: TestClient, database: Database) -> None:
    with database.writing() as session:
        token = tokens.create(session, name="leader", role=Role.LEADER, at=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    assert api.get("/api/v1/learning", headers=headers).status_code == 404
    assert api.get("/api/v1/learning/1/activities", headers=headers).status_code == 404
    assert api.put("/api/v1/learning/1/activities/1", json={"project": 1}, headers=headers).status_code == 404
