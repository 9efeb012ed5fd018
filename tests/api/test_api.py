"""The contract's calls, their problems, and that a repeated call does nothing twice."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import assessments, goals, tokens
from portfolio.database import Database
from portfolio.models import LearningRequest, Mail, Project, Reading
from portfolio.states import Role
from tests.conftest import Cast
from web.clock import read_clock

pytestmark = pytest.mark.both

BODY: dict[str, Any] = {
    "title": "Quotes take too long",
    "problem": "Four days a quote.",
    "behaviour": "Quote within a day.",
    "audience": {"who": "Sales", "count": 40},
    "measure": {"name": "Days for a quote", "today": 4, "wanted": 1, "by": "2027-03-31"},
    "if_nothing": "We lose customers.",
    "deadline": {"on": "2027-02-01", "why": "Trade fair"},
    "requester": {"name": "Kim", "email": "kim@fernweh.example", "unit": "Sales"},
    "answers": {"risk": 3},
}


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, now: datetime) -> TestClient:
    """A program with a manager's token."""
    with database.writing() as session:
        token = tokens.create(session, name="tests", role=Role.MANAGER, at=now)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_a_submitted_request_is_answered_scored_listed_and_shown_whole(
    api: TestClient, database: Database, now: datetime
) -> None:
    made = api.post("/api/v1/requests", json=BODY)
    assert made.status_code == 201
    assert made.json() | {"tracking_url": ""} == {
        "id": 1,
        "number": 1,
        "status": "submitted",
        "tracking_url": "",
    }
    assert re.fullmatch(r"http://testserver/requests/1/[\w-]{22}", made.json()["tracking_url"])
    assert api.get("/api/v1/requests/1").json()["assessment"] is None
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id="a-run")
    whole = api.get("/api/v1/requests/1").json()
    assert whole["answers"]["audience"] == {"who": "Sales", "count": 40.0}
    assert [line["action"] for line in whole["timeline"]] == [
        "learning_request.submitted",
        "learning_request.scored",
    ]
    found = whole["assessment"]
    for name in ("impact", "effort_hours", "manager_hours", "leverage"):
        assert found[name]["low"] <= found[name]["likely"] <= found[name]["high"]
    assert sum(found["quadrants"].values()) == pytest.approx(1, abs=0.001)
    assert set(found) >= {
        "chance_in_plan", "fit", "next_question", "reasons", "rubric_version", "seed", "flow_run_id", "scored_at",
    }  # fmt: skip
    asked = found["next_question"]
    assert {**asked, "why": "", "worth": 0} == {"question": "format", "why": "", "worth": 0}
    assert (asked["worth"] > 0, "would" in asked["why"]) == (True, True)
    assert (found["flow_run_id"], found["scored_at"]) == ("a-run", "2026-11-20T10:00:00Z")
    listed = api.get("/api/v1/requests").json()
    assert [one["id"] for one in listed["items"]] == [1]
    assert listed["items"][0]["assessment"]["leverage"] == found["leverage"]


def test_the_same_key_and_body_are_answered_the_same_once(api: TestClient, database: Database) -> None:
    answers = [api.post("/api/v1/requests", json=BODY, headers={"Idempotency-Key": "k-1"}) for _ in range(3)]
    assert len({json.dumps(answer.json(), sort_keys=True) for answer in answers}) == 1
    assert [answer.status_code for answer in answers] == [201] * 3
    other = api.post("/api/v1/requests", json={**BODY, "title": "Other"}, headers={"Idempotency-Key": "k-1"})
    assert other.status_code == 409
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 1
        assert session.scalar(select(func.count()).select_from(Mail)) == 1


BAD = [
    ({**BODY, "title": ""}, {"title": "Please fill this in."}),
    ({key: value for key, value in BODY.items() if key != "problem"}, {"problem": "Please fill this in."}),
    ({**BODY, "titel": "x"}, {"titel": "This field is not known."}),
    ({**BODY, "audience": {"count": -1}}, {"audience_count": "This can't be less than zero."}),
    ({**BODY, "audience": {"count": 10**12}}, {"audience_count": "That is more than we can take (at most 10,000,000)."}),
    ({**BODY, "audience": {"count": "lots"}}, {"audience_count": "Please give the number of people as a number or a range such as 40-60."}),
    ({**BODY, "audience": {"count": {"low": 9, "likely": 2, "high": 3}}}, {"audience_count": "A range goes from low through likely to high."}),
    ({**BODY, "deadline": {"on": "tomorrow"}}, {"deadline_on": "Please give a date such as 2026-11-30."}),
    ({**BODY, "requester": {"email": "kim"}}, {"requester_email": "This doesn't look like an e-mail address. Example: kim@example.org"}),
    ({**BODY, "answers": {"risk": 6}}, {"risk": "Please give 5 or less."}),
    ({**BODY, "answers": {"cause_could": "maybe"}}, {"cause_could": "Please choose one of the options."}),
    ({**BODY, "title": ["a"]}, {"title": "Please give text."}),
    ({**BODY, "audience": "everybody"}, {"audience": "Please give an object with named fields."}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wrong"), BAD)
def test_each_bad_field_has_its_entry_in_plain_words(
    api: TestClient, database: Database, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    answer = api.post("/api/v1/requests", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:outsize:problem:invalid"
    assert {one["field"]: one["detail"] for one in answer.json()["errors"]} == wrong
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b'{"title": NaN}', 400),
        (b"[" * 20_000, 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b"", 422),
        (json.dumps({**BODY, "title": "\ud800 half"}).encode(), 201),
        (json.dumps({**BODY, "problem": "a\x00b"}).encode(), 201),
        (json.dumps({**BODY, "problem": "x" * 2_000_000}).encode(), 413),
        (json.dumps({**BODY, "answers": {"goal": 10**30}}).encode(), 422),
    ],
)
def test_whatever_is_sent_is_answered_without_breaking(api: TestClient, content: bytes, status: int) -> None:
    answer = api.post("/api/v1/requests", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    if status >= 400:
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "cards/1/placement"),
        ("POST", "cards"),
        ("POST", "projects/1/costs"),
        ("PATCH", "cases/1"),
        ("PATCH", "requests/1/answers"),
    ],
)
def test_whoever_may_not_call_hears_that_before_anything_of_what_was_sent(
    api: TestClient, method: str, path: str
) -> None:
    sent: list[dict[str, Any]] = [
        {"content": b"{"},
        {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
        {"content": b"{}", "headers": {"If-Match": "x" * 99, "Idempotency-Key": "x" * 999}},
    ]
    assert [api.post("/api/v1/cards", **one).status_code for one in sent] == [400, 415, 422]
    del api.headers["Authorization"]
    assert {api.request(method, f"/api/v1/{path}", **one).status_code for one in sent} == {401}


def test_what_is_stopped_before_any_route_is_a_problem_too(api: TestClient) -> None:
    """A program that reads problems has to find one whatever stood in its way."""
    answers = [
        api.get("/api/v1/similar?q=%00"),
        api.post("/api/v1/requests", json=BODY, headers={"Origin": "https://elsewhere.example"}),
        api.post("/api/v1/requests", content=b"x" * 1_000_001),
    ]
    assert [(one.headers["content-type"], one.json()["type"]) for one in answers] == [
        ("application/problem+json", f"urn:outsize:problem:{kind}")
        for kind in ("bad-request", "forbidden", "too-large")
    ]


def test_a_pointer_leads_to_the_field_whatever_its_name(api: TestClient) -> None:
    refused = api.post(
        "/api/v1/requests", json={**BODY, "answers": {"demand": {"North-East": "many", "IT/HR~": "few"}}}
    )
    assert [one["pointer"] for one in refused.json()["errors"]] == [
        "/answers/demand/North-East", "/answers/demand/IT~1HR~0",
    ]  # fmt: skip


def test_every_list_keeps_to_its_limit_and_goes_on_after_its_cursor(
    api: TestClient, database: Database, now: datetime
) -> None:
    with database.writing() as session:
        for name in ("First", "Second", "Third"):
            goals.add(session, name=name, measure="", weight=3, by=None, at=now)
    for _ in range(3):
        api.post("/api/v1/iterations", json={})
    for path in ("goals", "iterations"):
        whole = [one["id"] for one in api.get(f"/api/v1/{path}").json()["items"]]
        first = api.get(f"/api/v1/{path}?limit=2").json()
        rest = api.get(f"/api/v1/{path}?limit=2&cursor={first['next']}").json()
        assert ([one["id"] for one in first["items"] + rest["items"]], rest["next"]) == (whole, None)
        for wrong in ("limit=0", "limit=201", "cursor=x"):
            assert api.get(f"/api/v1/{path}?{wrong}").status_code == 422


def test_a_decision_over_the_api_makes_the_project(api: TestClient, database: Database) -> None:
    api.post("/api/v1/requests", json=BODY)
    lacking = api.post("/api/v1/requests/1/decision", json={"decision": "decline"})
    assert lacking.json()["errors"] == [
        {"pointer": "/words", "field": "words", "detail": "Please write a sentence for the requester."}
    ]
    made = api.post("/api/v1/requests/1/decision", json={"decision": "accept", "solution_type": "job_aid"})
    assert (made.status_code, made.json()["status"], made.json()["project"]) == (200, "accepted", 1)
    assert api.post("/api/v1/requests/1/decision", json={"decision": "accept"}).status_code == 409
    assert api.post("/api/v1/requests/9/decision", json={"decision": "accept"}).status_code == 404
    with database.reading() as session:
        assert session.scalars(select(Project.solution_type)).all() == ["job_aid"]


def test_a_decision_is_undone_within_thirty_seconds(
    api: TestClient, app: FastAPI, database: Database, now: datetime
) -> None:
    api.post("/api/v1/requests", json=BODY)
    assert api.delete("/api/v1/requests/1/decision").status_code == 404
    api.post("/api/v1/requests/1/decision", json={"decision": "decline", "words": "Not now."})
    undone = api.delete("/api/v1/requests/1/decision")
    assert (undone.status_code, undone.json()) == (200, {"id": 1, "status": "submitted", "undone": [1]})
    assert api.get("/api/v1/requests/1").json()["decisions"] == []
    api.post("/api/v1/requests/1/decision", json={"decision": "waitlist"})
    app.dependency_overrides[read_clock] = lambda: now + timedelta(seconds=31)
    late = api.delete("/api/v1/requests/1/decision")
    assert (late.status_code, api.get("/api/v1/requests/1").json()["status"]) == (409, "waitlisted")
    wrong = api.post(
        "/api/v1/requests/1/decision", json={"decision": "answer", "words": "See", "resource_id": 9}
    )
    assert wrong.json()["errors"][0]["pointer"] == "/resource_id"


def test_answers_are_changed_by_one_at_a_time(api: TestClient) -> None:
    api.post("/api/v1/requests", json=BODY)
    known = {"If-Match": api.get("/api/v1/requests/1").headers["etag"]}
    path = "/api/v1/requests/1/answers"
    changed = api.patch(path, json={"risk": 4, "waiting": 2}, headers=known)
    assert (changed.status_code, changed.headers["etag"]) == (
        200,
        api.get("/api/v1/requests/1").headers["etag"],
    )
    assert changed.headers["etag"] != known["If-Match"]
    assert api.patch(path, json={"risk": 5}, headers=known).status_code == 412
    assert api.get("/api/v1/requests/1").json()["answers"]["risk"] == 4
    assert api.patch(path, json={"risk": 5}, headers={"If-Match": "*"}).json()["changed"] == ["risk"]


def test_changed_answers_are_told_and_wanted_scored(
    api: TestClient, database: Database, now: datetime
) -> None:
    api.post("/api/v1/requests", json=BODY)
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)
    changed = api.patch("/api/v1/requests/1/answers", json={"risk": 5, "value_per_year": "20000-60000"})
    assert changed.json() == {"id": 1, "changed": ["risk", "value_per_year"]}
    assert api.patch("/api/v1/requests/1/answers", json={"nonsense": 5}).status_code == 422
    with database.reading() as session:
        assert session.scalars(select(LearningRequest.score_wanted_at)).one() == now


def test_lists_go_on_where_they_stopped_and_refuse_a_made_up_cursor(
    api: TestClient, database: Database, now: datetime
) -> None:
    for count in (3, 30, 300):
        api.post("/api/v1/requests", json={**BODY, "audience": {"count": count}})
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)
    first = api.get("/api/v1/requests?limit=2").json()
    second = api.get("/api/v1/requests", params={"limit": 2, "cursor": first["next"]}).json()
    ranked = [one["id"] for one in first["items"] + second["items"]]
    assert sorted(ranked) == [1, 2, 3]
    assert second["next"] is None
    leverages = [one["assessment"]["leverage"]["likely"] for one in first["items"] + second["items"]]
    assert leverages == sorted(leverages, reverse=True)
    for query in ("cursor=x", "limit=201", "limit=0", "status=lost", "sort=luck"):
        assert api.get(f"/api/v1/requests?{query}").status_code == 422, query
    assert [one["id"] for one in api.get("/api/v1/requests?status=declined").json()["items"]] == []
    assert len(api.get("/api/v1/requests?unit=sales").json()["items"]) == 3


def test_a_card_is_made_placed_and_guarded_by_its_version(api: TestClient) -> None:
    for title in ("one", "two"):
        assert api.post("/api/v1/cards", json={"title": title}).status_code == 201
    put = api.put("/api/v1/cards/2/placement", json={"column": 3, "position": 0}, headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["column"], put.headers["etag"]) == (200, 3, '"2"')
    assert put.json()["started_at"] is not None
    stale = api.put("/api/v1/cards/2/placement", json={"column": 1}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:outsize:problem:stale")
    assert api.put("/api/v1/cards/2/placement", json={"column": 99}).status_code == 422
    assert api.put("/api/v1/cards/9/placement", json={"column": 1}).status_code == 404


def test_a_key_of_one_move_is_refused_for_another_and_moves_nothing(api: TestClient) -> None:
    for title in ("one", "two"):
        api.post("/api/v1/cards", json={"title": title})
    key = {"Idempotency-Key": "a move"}
    moves = [(1, 3), (1, 3), (2, 3), (1, 2)]
    answers = [
        api.put(f"/api/v1/cards/{card}/placement", json={"column": column}, headers=key)
        for card, column in moves
    ]
    assert [one.status_code for one in answers] == [200, 200, 409, 409]
    assert answers[1].json() == answers[0].json()
    assert api.get("/api/v1/cards/2").headers["etag"] == '"1"'


def test_a_project_is_changed_under_its_version(api: TestClient) -> None:
    made = api.post("/api/v1/projects", json={"name": "Faster quotes"}).json()
    changed = api.patch(
        "/api/v1/projects/1",
        json={"health": "at_risk", "health_note": "No expert"},
        headers={"If-Match": f'"{made["version"]}"'},
    )
    assert (changed.json()["health"], changed.json()["health_note"]) == ("at_risk", "No expert")
    assert api.patch("/api/v1/projects/1", json={"name": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    assert (
        api.patch("/api/v1/projects/1", json={"stage": "stopped", "hours_saved": 12}).json()["hours_saved"]
        == 12
    )


def test_an_iteration_is_planned_opened_and_closed(api: TestClient) -> None:
    body = {"starts_on": "2026-11-16", "ends_on": "2026-11-27", "capacity_hours": 20}
    assert api.post("/api/v1/iterations", json=body).json()["status"] == "planned"
    assert api.post("/api/v1/iterations", json={**body, "ends_on": "2026-01-01"}).status_code == 422
    assert api.post("/api/v1/iterations/1/opening").json()["status"] == "open"
    closed = api.post("/api/v1/iterations/1/closure", json={"shown": "x"}).json()
    assert (closed["status"], closed["record"]["done"]) == ("closed", [])
    assert api.post("/api/v1/iterations/1/closure", json={}).status_code == 409


def test_an_iteration_is_changed_by_who_saw_it_last_and_reviewed(api: TestClient, database: Database) -> None:
    api.post("/api/v1/projects", json={"name": "Faster quotes"})
    card = api.post("/api/v1/cards", json={"title": "Draft", "project": 1, "estimate_hours": 3}).json()["id"]
    first = api.post("/api/v1/iterations", json={"goal": "Ship"}).json()
    assert (first["starts_on"], first["ends_on"], first["capacity_hours"]) == (
        "2026-11-23",
        "2026-12-04",
        30,
    )
    taken = api.post("/api/v1/iterations", json={"starts_on": "2026-12-04", "ends_on": "2026-12-11"})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (422, "starts_on")
    etag = api.get("/api/v1/iterations/1").headers["etag"]
    changed = api.patch("/api/v1/iterations/1", json={"cards": [card]}, headers={"If-Match": etag})
    assert changed.json()["cards"] == [card]
    stale = api.patch("/api/v1/iterations/1", json={"goal": "Mine"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert api.post("/api/v1/iterations/1/opening").json()["commitment"][0]["title"] == "Draft"
    body = {
        "learned": "Ask first",
        "projects": [{"project": 1, "verdict": "kill", "hours_saved": 8}],
        "retrospective": {"try_next": "Two cards at once"},
    }
    closed = [api.post("/api/v1/iterations/1/closure", json=body) for _ in range(2)]
    assert [answer.status_code for answer in closed] == [200, 200]
    assert closed[0].json() == closed[1].json()
    assert closed[0].json()["retrospective"]["try_next"] == "Two cards at once"
    assert api.get("/api/v1/projects/1").json()["stage"] == "stopped"
    assert api.patch("/api/v1/iterations/1", json={"goal": "Another"}).status_code == 409


def test_a_measure_is_read_once_a_key(api: TestClient, database: Database) -> None:
    api.post("/api/v1/projects", json={"name": "Faster quotes"})
    measure = api.post("/api/v1/measures", json={"name": "Days", "project": 1, "baseline": 4}).json()
    for _ in range(2):
        read = api.post(
            f"/api/v1/measures/{measure['id']}/readings",
            json={"value": 2.5, "read_on": "2026-11-01", "after": True},
            headers={"Idempotency-Key": "reading-1"},
        )
        assert read.status_code == 201
    future = api.post(
        "/api/v1/measures/1/readings", json={"value": 1, "read_on": "2030-01-01", "after": True}
    )
    assert future.json()["errors"][0]["field"] == "read_on"
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 1


def test_a_report_is_asked_for_and_waits_for_the_flow(api: TestClient) -> None:
    asked = api.post("/api/v1/reports", json={"kind": "quarterly"})
    assert (asked.status_code, asked.json()["status"], asked.json()["period_start"]) == (
        202,
        "asked",
        "2026-07-01",
    )
    assert api.get("/api/v1/reports/1.pdf").status_code == 409
    assert api.get("/api/v1/reports/1.exe").status_code == 404
    assert api.get("/api/v1/reports/2").status_code == 404


def test_the_history_is_a_stream_of_pages(api: TestClient) -> None:
    api.post("/api/v1/requests", json=BODY)
    everything = api.get("/api/v1/events?limit=200").json()["items"]
    first = api.get("/api/v1/events?limit=2").json()
    rest = api.get(f"/api/v1/events?after={first['next']}").json()
    assert first["items"] + rest["items"] == everything
    assert everything[-1]["action"] == "learning_request.submitted"


def test_the_document_describes_every_call_and_its_body(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    submit = document["paths"]["/api/v1/requests"]["post"]
    assert submit["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Submission"
    }
    assert document["components"]["schemas"]["Submission"]["required"] == ["title", "problem", "requester"]


def test_everything_is_exported_as_a_zip(api: TestClient) -> None:
    import io
    import zipfile

    api.post("/api/v1/requests", json=BODY)
    answer = api.get("/api/v1/export")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        rows = packed.read("learning_requests.jsonl").decode().splitlines()
    assert [json.loads(row)["title"] for row in rows] == ["Quotes take too long"]
