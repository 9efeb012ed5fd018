"""Surveys over the API: made, sent, opened, answered once, closed."""

import json
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import participants, projects
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Invitation, Person, Project, Response, Survey
from portfolio.states import Role
from tests.api.test_projects import with_a_key
from tests.conftest import NOW, Cast

QUESTIONS = [
    {
        "label": "Could you do it tomorrow?",
        "options": ["Not yet", "Yes"],
        "required": True,
        "level": 2,
        "tier": 3,
    },
    {"key": "words", "label": "Words?", "kind": "text"},
]


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast) -> TestClient:
    with database.writing() as session:
        made = projects.add(session, name="Faster quotes", solution_type="job_aid", by=cast.manager, at=NOW)
        participants.add(session, made, [cast.other], by=cast.manager, at=NOW)
    return with_a_key(client, database, Role.MANAGER)


@pytest.mark.both
def test_the_same_key_at_the_same_moment_makes_one_survey_and_answers_all_alike(
    api: TestClient, database: Database
) -> None:
    answers: list[tuple[int, str]] = []
    key = {"Idempotency-Key": "k"}

    def press() -> None:
        answer = api.post("/api/v1/surveys", json={"name": "One", "questions": QUESTIONS}, headers=key)
        answers.append((answer.status_code, json.dumps(answer.json(), sort_keys=True)))

    presses = [threading.Thread(target=press) for _ in range(6)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert [status for status, _ in answers] == [201] * 6
    assert len({text for _, text in answers}) == 1
    with database.reading() as session:
        assert session.scalars(select(Survey.name)).all() == ["One"]


@pytest.mark.both
def test_odd_characters_in_what_is_said_are_left_out(api: TestClient, database: Database) -> None:
    api.post("/api/v1/surveys", json={"name": "A", "audience": "anyone", "questions": QUESTIONS})
    api.post("/api/v1/surveys/1/opening", json={})
    said = json.dumps({"answers": {"could_you_do_it": "Yes", "words": "a\x00b\ud800"}})
    answer = api.post(
        "/api/v1/surveys/1/responses", content=said, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 201
    with database.reading() as session:
        kept = session.scalars(select(Response.answers)).one()
    assert kept == {"could_you_do_it": "Yes", "words": "ab\N{REPLACEMENT CHARACTER}"}


def test_a_survey_is_made_sent_opened_answered_and_closed(
    api: TestClient, database: Database, links: Links
) -> None:
    made = api.post("/api/v1/surveys", json={"name": "Tomorrow", "project": 1, "questions": QUESTIONS})
    assert made.status_code == 201
    assert made.json()["questions"][0] == {
        "key": "could_you_do_it", "label": "Could you do it tomorrow?", "kind": "one", "options": ["Not yet", "Yes"],
        "level": 2, "tier": 3, "required": True, "reverse": None,
    }  # fmt: skip
    body: dict[str, Any] = {"people": [{"email": "Kim@fernweh.example", "name": "Kim"}], "everybody": True}
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        answer = api.post("/api/v1/surveys/1/invitations", json=body, headers=key)
        assert (answer.status_code, answer.json()) == (201, {"survey": 1, "invited": 2})
    assert api.post("/api/v1/surveys/1/responses", json={"answers": {}}).status_code == 409
    opened = api.post("/api/v1/surveys/1/opening", json={"closes_on": "2026-12-24"}).json()
    assert opened == {
        "id": 1, "name": "Tomorrow", "kind": "own", "state": "open", "project": 1, "audience": "learner", "asked": 2,
        "answered": 0, "in_steps": False, "sent_on": "2026-11-20", "closes_on": "2026-12-24",
        "opened_at": "2026-11-20T10:00:00Z", "closed_at": None, "link": None,
    }  # fmt: skip
    said = {"answers": {"could_you_do_it": "Yes"}}
    for status in (201, 409):
        answer = api.post("/api/v1/surveys/1/responses", json={**said, "email": "kim@fernweh.example"})
        assert answer.status_code == status
    for status in (201, 409):
        given = {**said, "reference": "row 7", "unit": "IT", "answered_on": "2026-11-18"}
        assert api.post("/api/v1/surveys/1/responses", json=given).status_code == status
    wrong = api.post(
        "/api/v1/surveys/1/responses", json={"answers": {"could_you_do_it": "Perhaps", "who": "x"}}
    )
    assert {one["field"]: one["detail"] for one in wrong.json()["errors"]} == {
        "could_you_do_it": "Please choose one of these.", "who": "This survey has no such question.",
    }  # fmt: skip
    with database.reading() as session:
        own, handed_in = session.scalars(select(Response).order_by(Response.id))
        kim = session.scalars(select(Person).where(Person.email == "kim@fernweh.example")).one()
        assert own.pseudonym == participants.pseudonym_of(links, session.get_one(Project, 1), kim)
        assert (handed_in.pseudonym, handed_in.groups, handed_in.row_key) == (
            None,
            {"unit": "IT"},
            "api:row 7",
        )
        answered = session.scalars(select(Invitation.person_id).where(Invitation.answered_on.is_not(None)))
        assert list(answered) == [kim.id]
    closed = api.post("/api/v1/surveys/1/closure", json={}).json()
    assert (closed["state"], closed["answered"]) == ("closed", 2)
    assert api.post("/api/v1/surveys/1/invitations", json=body).status_code == 409
    assert [one["id"] for one in api.get("/api/v1/surveys").json()["items"]] == [1]
    assert api.get("/api/v1/surveys/1").json()["state"] == "closed"


def test_an_open_survey_has_its_link_and_a_template_brings_the_rest(api: TestClient) -> None:
    api.post("/api/v1/surveys", json={"template": "needs"})
    opened = api.post("/api/v1/surveys/1/opening", json={"asked": 50}).json()
    assert (opened["audience"], opened["asked"], opened["in_steps"]) == ("anyone", 50, True)
    assert opened["link"].startswith("http://testserver/surveys/1/open/")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"questions": "Give questions, or the template to take them from."}),
        ({"template": "x"}, {"template": "There is no such template."}),
        ({"template": "needs", "project": 9}, {"project": "There is no such project."}),
        (
            {"questions": [{"label": "A?", "options": ["One"]}]},
            {"questions": "Please offer 2 to 12 answers, one a line."},
        ),
    ],
)
def test_what_can_not_be_asked_is_refused(
    api: TestClient, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    answer = api.post("/api/v1/surveys", json=body)
    assert answer.status_code == 422
    assert {one["field"]: one["detail"] for one in answer.json()["errors"]} == wrong


def test_a_leaders_program_reads_and_writes_nothing(
    api: TestClient, client: TestClient, database: Database
) -> None:
    api.post("/api/v1/surveys", json={"template": "needs"})
    leader = with_a_key(client, database, Role.LEADER)
    assert leader.get("/api/v1/surveys/1").status_code == 200
    for address in ("", "/1/invitations", "/1/opening", "/1/closure", "/1/responses"):
        assert leader.post(f"/api/v1/surveys{address}", json={}).status_code == 404
    assert leader.get("/api/v1/surveys/1").json()["state"] == "draft"
