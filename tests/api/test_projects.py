"""All that can be said of a project over the API."""

import pytest
from fastapi.testclient import TestClient

from portfolio import tokens
from portfolio.database import Database
from portfolio.states import Role
from tests.conftest import NOW, Cast

BLANKS = {
    "solution": "workshop", "who": "new sales people", "measure": "Time for a quote", "today": "4", "wanted": "1",
    "unit": "days", "by": "2027-03-31",
}  # fmt: skip
FACTS = {
    "audience": "Sales",
    "worthwhile_change": "A day less",
    "stop_rule": "Stop if nothing moves.",
    "stop_on": "2027-01-15",
    "sponsor": "Sven Sponsor",
    "sponsor_email": "sven@fernweh.example",
    "baseline_on": "2026-12-01",
    "estimate_hours": 20.0,
    "due_on": "2027-02-01",
}


def with_a_key(client: TestClient, database: Database, role: Role) -> TestClient:
    with database.writing() as session:
        token = tokens.create(session, name=role.value, role=role, at=NOW)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast) -> TestClient:
    return with_a_key(client, database, Role.MANAGER)


def test_a_project_takes_and_gives_all_that_is_known_of_it(api: TestClient) -> None:
    made = api.post("/api/v1/projects", json={"name": "Faster quotes", "hypothesis_parts": BLANKS, **FACTS})
    assert made.status_code == 201
    body = made.json()
    assert {name: body[name] for name in FACTS} == FACTS
    assert body["hypothesis_parts"] == BLANKS
    assert body["hypothesis"] == (
        "We believe a workshop for new sales people moves Time for a quote from 4 to 1 days by 31 March 2027."
    )
    measure = api.get("/api/v1/measures").json()["items"][0]
    assert (measure["name"], measure["baseline"], measure["target"], measure["higher_is_better"]) == (
        "Time for a quote",
        4,
        1,
        False,
    )


def test_a_change_keeps_what_it_does_not_name_and_takes_back_what_is_null(api: TestClient) -> None:
    api.post("/api/v1/projects", json={"name": "Faster quotes", "hypothesis_parts": BLANKS, **FACTS})
    etag = api.get("/api/v1/projects/1").headers["etag"]
    body = {"sponsor": None, "stop_on": None, "hypothesis": "Words of our own."}
    changed = api.patch("/api/v1/projects/1", json=body, headers={"If-Match": etag})
    told = changed.json()
    assert (told["sponsor"], told["stop_on"], told["stop_rule"]) == ("", None, "Stop if nothing moves.")
    assert (told["hypothesis"], told["hypothesis_parts"]) == ("Words of our own.", None)
    assert api.patch("/api/v1/projects/1", json=body, headers={"If-Match": etag}).status_code == 412
    assert changed.headers["etag"] == api.get("/api/v1/projects/1").headers["etag"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sponsor_email": "sven"}, "sponsor_email"),
        ({"goal": 99}, "goal"),
        ({"hypothesis_parts": {"by": "soon"}}, "hypothesis_parts_by"),
        ({"name": None}, "name"),
    ],
)
def test_what_can_not_be_is_refused_by_its_field(
    api: TestClient, body: dict[str, object], field: str
) -> None:
    api.post("/api/v1/projects", json={"name": "Faster quotes"})
    refused = api.patch("/api/v1/projects/1", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_a_leader_reads_and_changes_nothing(client: TestClient, database: Database, cast: Cast) -> None:
    with_a_key(client, database, Role.MANAGER).post("/api/v1/projects", json={"name": "Faster quotes"})
    leader = with_a_key(client, database, Role.LEADER)
    assert leader.get("/api/v1/projects/1").json()["name"] == "Faster quotes"
    refused = {leader.patch("/api/v1/projects/1", json=FACTS).status_code,
               leader.post("/api/v1/projects", json={"name": "Mine"}).status_code}  # fmt: skip
    assert refused <= {403, 404}
