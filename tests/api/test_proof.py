"""Costs, estimates, cases, the proof and the evaluation plan over the API, and who may read or write them."""

from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import costs, evaluating, projects, tokens
from portfolio.costs import Rates
from portfolio.database import Database
from portfolio.models import Organisation
from portfolio.states import EvidenceGrade, Role
from tests.conftest import Cast

PROJECT = "/api/v1/projects/1"
ESTIMATE = {"amount": 1000, "isolation": 0.5, "confidence": 0.8, "basis": "Hours saved"}
TOLD = {
    "project": 1, "step": "told", "who": "Tara", "role": "Team lead", "used": "The checklist", "result": "No wrong quote since",
    "evidence": "The order book", "quote": "It just works.",
}  # fmt: skip


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, now: datetime) -> TestClient:
    as_role(client, database, Role.MANAGER, now)
    client.post("/api/v1/projects", json={"name": "Faster quotes"})
    return client


def as_role(client: TestClient, database: Database, role: Role, now: datetime) -> TestClient:
    with database.writing() as session:
        token = tokens.create(session, name=role.value, role=role, at=now)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(one["pointer"], one["detail"]) for one in answer.json()["errors"]]


def test_a_cost_is_written_down_corrected_and_removed(
    api: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    path = f"{PROJECT}/costs"
    key = {"Idempotency-Key": "one"}
    said = {"kind": "purchase", "amount": 250, "note": "Licences", "spent_on": "2026-10-01"}
    made = api.post(path, json=said, headers=key)
    assert (made.status_code, made.json()) == (
        201,
        {"id": 1, "project": 1, "hours": None, "rate": None, **said},
    )
    assert api.post(path, json=said, headers=key).json() == made.json()
    hours = {"kind": "participants", "hours": 10}
    assert wrong(api.post(path, json=hours)) == [
        ("/rate", "Please say what an hour costs, or set it once under settings.")
    ]
    with database.writing() as session:
        ours = session.scalars(select(Organisation)).one()
        rates = Rates(participant=40.0)
        costs.set_rates(session, ours, rates, least=EvidenceGrade.ESTIMATE, by=cast.manager, at=now)
    usual = api.post(path, json=hours).json()
    assert (usual["amount"], usual["rate"], usual["spent_on"]) == (400, 40, "2026-11-20")
    corrected = api.put(f"{path}/2", json={**hours, "rate": 50})
    assert (corrected.status_code, corrected.json()["amount"]) == (200, 500)
    assert [one["id"] for one in api.get(f"{path}?limit=1").json()["items"]] == [1]
    assert api.get(f"{path}?limit=1&cursor=1").json() == {"items": [corrected.json()], "next": None}
    assert api.get(f"{PROJECT}/proof").json()["costs"] == {
        "total": 750, "by_kind": {"participants": 500, "purchase": 250}, "unpriced_hours": 0,
    }  # fmt: skip
    assert api.delete(f"{path}/2").status_code == 204
    assert api.delete(f"{path}/2").status_code == 404
    assert [one["id"] for one in api.get(path).json()["items"]] == [1]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["/kind"]),
        ({"kind": "fun", "amount": -1, "colour": 1}, ["/kind", "/amount", "/colour"]),
        ({"kind": "purchase"}, [""]),
        ({"kind": "purchase", "amount": 1, "hours": 1}, [""]),
        ({"kind": "purchase", "amount": True}, ["/amount"]),
        ({"kind": "delivery", "hours": 1, "rate": 20_000}, ["/rate"]),
    ],
)
def test_what_is_no_cost_is_refused_by_its_field(
    api: TestClient, body: dict[str, object], fields: list[str]
) -> None:
    assert [where for where, _ in wrong(api.post(f"{PROJECT}/costs", json=body))] == fields
    assert api.get(f"{PROJECT}/costs").json()["items"] == []


def test_estimates_are_added_left_out_and_counted_with_those_who_did_not_answer(api: TestClient) -> None:
    path = f"{PROJECT}/estimates"
    first = api.post(path, json=ESTIMATE)
    assert (first.status_code, first.json()) == (
        201,
        {
            "id": 1,
            "credited": 400,
            "left_out": None,
            "not_in_floor": None,
            "not_in_central": None,
            **ESTIMATE,
        },
    )
    api.post(path, json={**ESTIMATE, "basis": ""})
    assert api.get(path).json()["items"][1]["not_in_floor"]
    assert wrong(api.post(path, json={"amount": 1, "isolation": 70, "confidence": -1})) == [
        ("/isolation", "Please give 1 or less."), ("/confidence", "Please give 0 or more."),
    ]  # fmt: skip
    assert api.put(f"{path}/asked", json={"asked": 4}).json() == {"project": 1, "asked": 4}
    out = api.put(f"{path}/1/exclusion", json={"why": "Counted elsewhere"})
    assert (out.json()["left_out"], api.get(f"{PROJECT}/proof").json()["benefits"]["floor"]) == (
        "Counted elsewhere",
        0,
    )
    api.put(f"{path}/1/exclusion", json={"why": ""})
    told = api.get(f"{PROJECT}/proof").json()["benefits"]
    assert (told["asked"], told["answered"], told["in_floor"], told["floor"]) == (4, 2, 1, 400)
    assert api.delete(f"{path}/2").status_code == 204
    assert [one["id"] for one in api.get(path).json()["items"]] == [1]


def test_a_case_is_begun_told_and_changed_by_one_at_a_time(api: TestClient) -> None:
    lacking = api.post("/api/v1/cases", json={**TOLD, "evidence": ""})
    assert wrong(lacking) == [("/evidence", "Please say what shows it before it is told.")]
    assert wrong(api.post("/api/v1/cases", json={**TOLD, "project": 9})) == [
        ("/project", "There is no such project.")
    ]
    made = api.post("/api/v1/cases", json=TOLD)
    assert (made.status_code, made.json()["who"], made.json()["version"]) == (201, "Tara", 1)
    etag = {"If-Match": api.get("/api/v1/cases/1").headers["etag"]}
    changed = api.patch("/api/v1/cases/1", json={"result": "Two wrong quotes fewer a week"}, headers=etag)
    assert (changed.json()["result"], changed.json()["used"], changed.headers["etag"]) == (
        "Two wrong quotes fewer a week", "The checklist", '"2"',
    )  # fmt: skip
    assert api.patch("/api/v1/cases/1", json={"result": "Other"}, headers=etag).status_code == 412
    api.post("/api/v1/cases", json={"project": 1})
    assert [one["id"] for one in api.get("/api/v1/cases?project=1&limit=1").json()["items"]] == [2]
    assert [one["id"] for one in api.get("/api/v1/cases?cursor=2").json()["items"]] == [1]
    assert api.delete("/api/v1/cases/2").status_code == 204
    assert api.get("/api/v1/cases/2").status_code == 404


def test_a_proof_says_what_is_known_and_what_was_concluded(
    api: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    assert api.post(f"{PROJECT}/conclusions", json={}).status_code == 409
    api.post(
        "/api/v1/measures", json={"name": "Days", "project": 1, "unit": "days", "higher_is_better": False}
    )
    rows = [
        {"value": value, "read_on": on, "after": after}
        for on, value, after in (("2026-09-01", 4, False), ("2026-09-08", 5, False), ("2026-10-01", 2, True))
    ]
    api.post("/api/v1/measures/1/readings", json={"readings": rows})
    api.post(f"{PROJECT}/costs", json={"kind": "purchase", "amount": 100})
    made = api.post(f"{PROJECT}/conclusions", json={"words": "Too early."})
    assert (made.status_code, [one["level"] for one in made.json()["concluded"]]) == (201, [4, 5])
    told = api.get(f"{PROJECT}/proof").json()
    measured = told["measures"][0]
    assert (measured["change"]["likely"], measured["readings"], measured["in_money"]) == (-2.5, 3, None)
    assert (told["verdict"], told["break_even"]["benefit"], told["return"]["central"]) == (
        measured["verdict"], 100, None,
    )  # fmt: skip
    assert {one["words"] for one in told["concluded"]} == {"Too early."}
    with database.writing() as session:
        project = projects.find(session, 1)
        assert project is not None
        evaluating.lay_out(
            session, project, measure="Days", owners={}, emails={"manager": "m@fernweh.example"},
            by=cast.manager, at=now,
        )  # fmt: skip
    steps = api.get(f"{PROJECT}/evaluation-plan").json()["items"]
    assert [one["level"] for one in steps] == sorted(one["level"] for one in steps)
    assert steps[-1]["done_at"] is None


def test_a_leader_reads_no_persons_words_and_writes_nothing(
    api: TestClient, database: Database, now: datetime
) -> None:
    api.post("/api/v1/cases", json=TOLD)
    api.post("/api/v1/cases", json={"project": 1, "who": "Somebody"})
    api.post(f"{PROJECT}/costs", json={"kind": "purchase", "amount": 100})
    for _ in range(6):
        api.post(f"{PROJECT}/estimates", json=ESTIMATE)
    leader = as_role(api, database, Role.LEADER, now)
    cases = leader.get("/api/v1/cases").json()["items"]
    assert [(one["who"], one["quote"], "may_quote" in one) for one in cases] == [("Team lead", "", False)]
    assert (leader.get("/api/v1/cases/1").json(), leader.get("/api/v1/cases/2").status_code) == (
        cases[0],
        404,
    )
    assert leader.get(f"{PROJECT}/proof").json()["benefits"]["answered"] == 5
    assert leader.get(f"{PROJECT}/estimates").status_code == 404
    writes = [
        ("POST", f"{PROJECT}/costs"), ("PUT", f"{PROJECT}/costs/1"), ("DELETE", f"{PROJECT}/costs/1"), ("POST", f"{PROJECT}/estimates"),
        ("PUT", f"{PROJECT}/estimates/asked"), ("PUT", f"{PROJECT}/estimates/1/exclusion"), ("DELETE", f"{PROJECT}/estimates/1"),
        ("POST", f"{PROJECT}/conclusions"), ("POST", "/api/v1/cases"), ("PATCH", "/api/v1/cases/1"), ("DELETE", "/api/v1/cases/1"),
    ]  # fmt: skip
    bodies: dict[str, Any] = {"POST": {"json": {}}, "PUT": {"json": {}}, "PATCH": {"json": {}}}
    assert {
        leader.request(method, path, **bodies.get(method, {})).status_code for method, path in writes
    } == {404}
    with database.writing() as session:
        reader = tokens.create(session, name="reader", role=Role.MANAGER, at=now, scopes="read")
    leader.headers["Authorization"] = f"Bearer {reader}"
    assert {
        leader.request(method, path, **bodies.get(method, {})).status_code for method, path in writes
    } == {403}
    assert len(leader.get(f"{PROJECT}/estimates").json()["items"]) == 6
