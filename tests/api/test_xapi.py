"""Statements sent to us: taken once, all or none, with the reason where they aren't, and no more kept than is needed."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import participants, projects
from portfolio.database import Database
from portfolio.learning import records, refusals, sources
from portfolio.models import LearningActivity, LearningRecord, LearningSource, Project
from tests.conftest import NOW, Cast
from tests.factory import a_project

COURSE = "https://learn.fernweh.example/quotes"
VERBS = "http://adlnet.gov/expapi/verbs/"
NUMBER = "5b1c7c7e-2d9b-4c55-9c2e-6f7d6c0f8a1{}"


class Sender:
    """A learning system with its key."""

    def __init__(self, client: TestClient, source: LearningSource, secret: str) -> None:
        self._client, self.source, self.secret = client, source, secret

    def send(self, said: Any, *, method: str = "POST", path: str = "/xapi/statements", **more: Any) -> Any:
        headers = {"X-Experience-API-Version": "1.0.3", **more.pop("headers", {})}
        body = {"json": said} if said is not None else {}
        return self._client.request(
            method, path, headers=headers, auth=(self.source.user, self.secret), **body, **more
        )


@pytest.fixture
def sender(client: TestClient, database: Database, cast: Cast) -> Sender:
    with database.writing() as session:
        added = sources.add(
            session, kind="push", name="Learning portal", may_be_local=False, by=cast.manager, at=NOW
        )
    return Sender(client, added.source, added.secret)


def a_statement(
    number: int = 1, verb: str = "completed", who: str = "rita@fernweh.example", **more: Any
) -> dict[str, Any]:
    return {
        "id": NUMBER.format(number),
        "actor": {"name": "Rita Requester", "mbox": f"mailto:{who}"},
        "verb": {"id": VERBS + verb},
        "object": {"id": COURSE, "definition": {"name": {"en": "Faster quotes"}}},
        "timestamp": "2026-11-19T10:00:00Z",
        **more,
    }


def kept(database: Database) -> list[tuple[str, str, int | None, float | None, bool]]:
    with database.reading() as session:
        found = session.scalars(select(LearningRecord).order_by(LearningRecord.id))
        return [
            (one.external, one.kind, one.person_id, one.score, one.voided_at is not None) for one in found
        ]


def test_anybody_may_ask_which_versions_we_speak(client: TestClient) -> None:
    answer = client.get("/xapi/about")
    assert answer.status_code == 200
    assert answer.json() == {"version": ["2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0"]}
    assert answer.headers["x-experience-api-version"] == "2.0.0"


@pytest.mark.both
def test_statements_are_taken_once_and_answered_by_their_ids(
    sender: Sender, database: Database, cast: Cast
) -> None:
    result = {"score": {"raw": 8, "min": 0, "max": 10}, "response": "Otto said it is dull"}
    said = [a_statement(1, result=result), a_statement(2, "experienced", "stranger@elsewhere.example")]
    for _ in range(2):
        answer = sender.send(said)
        assert (answer.status_code, answer.json()) == (200, [NUMBER.format(1), NUMBER.format(2)])
        assert answer.headers["x-experience-api-version"] == "1.0.3"
    assert kept(database) == [
        (NUMBER.format(1), "completed", cast.requester.id, 0.8, False),
        (NUMBER.format(2), "used", None, None, False),
    ]
    with database.reading() as session:
        whole = str([(one.raw, one.pseudonym, one.digest) for one in session.scalars(select(LearningRecord))])
        names = session.scalars(select(LearningActivity.name)).all()
    assert names == ["Faster quotes"]
    for word in ("Rita", "rita@", "stranger", "Otto", "dull"):
        assert word not in whole


def test_one_that_is_none_refuses_the_batch_and_says_which_and_why(
    sender: Sender, database: Database
) -> None:
    answer = sender.send([a_statement(1), a_statement(2, result={"score": {"scaled": 2}})])
    assert answer.status_code == 400
    assert answer.json() == {
        "error": f"Nothing was taken. Statement 1 ({NUMBER.format(2)}): result.score.scaled: has to be from -1 to 1.",
        "refused": [
            {
                "statement": 1,
                "id": NUMBER.format(2),
                "property": "result.score.scaled",
                "reason": "has to be from -1 to 1",
            }
        ],
    }
    assert kept(database) == []
    with database.reading() as session:
        told = refusals.lately(session, sender.source)
    assert [(one.what, one.where, one.why) for one in told] == [
        (NUMBER.format(2), "result.score.scaled", "has to be from -1 to 1")
    ]


def test_an_id_that_says_something_else_is_a_conflict(sender: Sender, database: Database) -> None:
    assert sender.send(a_statement(1)).status_code == 200
    same = a_statement(
        1, id=NUMBER.format(1).upper(), timestamp="2026-11-19T11:00:00+01:00", stored="2026-11-19T10:00:01Z"
    )
    same["actor"]["name"] = "R. Requester"
    same["object"] = {"objectType": "Activity", "id": COURSE}
    assert sender.send(same).status_code == 200
    other = sender.send([a_statement(2), a_statement(1, "failed")])
    assert other.status_code == 409
    assert (
        other.json()["refused"][0]["reason"]
        == "stands for another statement already; statements don't change"
    )
    assert len(kept(database)) == 1
    twice = sender.send([a_statement(3), a_statement(3)])
    assert (twice.status_code, twice.json()["refused"][0]["statement"]) == (400, 1)


def test_put_takes_one_under_its_id(sender: Sender, database: Database) -> None:
    path = f"/xapi/statements?statementId={NUMBER.format(1)}"
    without = {key: value for key, value in a_statement().items() if key != "id"}
    for _ in range(2):
        answer = sender.send(without, method="PUT", path=path)
        assert (answer.status_code, answer.content) == (204, b"")
    assert sender.send(a_statement(2), method="PUT", path=path).status_code == 400
    assert sender.send(a_statement(1, "failed"), method="PUT", path=path).status_code == 409
    assert sender.send(a_statement(1), method="PUT").status_code == 400
    assert len(kept(database)) == 1


def test_what_is_kept_is_given_back_without_who_it_was(sender: Sender) -> None:
    sender.send(a_statement(1, result={"success": True, "response": "my words"}))
    answer = sender.send(None, method="GET", path=f"/xapi/statements?statementId={NUMBER.format(1)}")
    said = answer.json()
    assert answer.status_code == 200
    assert "x-experience-api-consistent-through" in answer.headers
    assert {key: said[key] for key in ("id", "verb", "object", "result")} == {
        "id": NUMBER.format(1),
        "verb": {"id": VERBS + "completed"},
        "object": {"id": COURSE},
        "result": {"success": True},
    }
    assert "rita" not in answer.text.lower()
    assert sender.send(None, method="GET").status_code == 400
    gone = sender.send(None, method="GET", path=f"/xapi/statements?statementId={NUMBER.format(9)}")
    assert gone.status_code == 404


def test_a_voided_statement_counts_no_longer_whichever_comes_first(
    sender: Sender, database: Database
) -> None:
    def voiding(number: int, target: int) -> dict[str, Any]:
        return a_statement(
            number, "voided", object={"objectType": "StatementRef", "id": NUMBER.format(target)}
        )

    sender.send(a_statement(1))
    assert sender.send([voiding(2, 1), voiding(3, 4)]).status_code == 200
    sender.send([a_statement(4), a_statement(5, who="otto@fernweh.example")])
    sender.send(voiding(6, 2))  # who voids can't be voided
    assert [(external[-1], gone) for external, _, _, _, gone in kept(database)] == [
        ("1", True), ("2", False), ("3", False), ("4", True), ("5", False), ("6", False),
    ]  # fmt: skip
    asked = f"/xapi/statements?voidedStatementId={NUMBER.format(1)}"
    assert sender.send(None, method="GET", path=asked).status_code == 200
    assert sender.send(None, method="GET", path=asked.replace("voidedS", "s")).status_code == 404


def test_a_group_stands_for_everybody_in_it_and_a_hash_for_whom_we_know(
    sender: Sender, database: Database, cast: Cast
) -> None:
    from portfolio.rules.learning import sha1_of

    group = {
        "objectType": "Group",
        "member": [
            {"mbox": "mailto:rita@fernweh.example"},
            {"mbox_sha1sum": sha1_of("otto@fernweh.example")},
            {"account": {"homePage": "https://learn.fernweh.example", "name": "4711"}},
        ],
    }
    sender.send([a_statement(1, "attended", actor=group), a_statement(2, "passed")])
    assert [(kind, person) for _, kind, person, _, _ in kept(database)] == [
        ("attended", cast.requester.id), ("attended", cast.other.id), ("attended", None), ("passed", cast.requester.id),
    ]  # fmt: skip
    with database.reading() as session:
        activity = session.scalars(select(LearningActivity)).one()
        counts = records.of_activities(session, [activity.id])[activity.id]
    assert (counts.people, counts.completed, counts.passed) == (3, 1, 1)
    assert counts.words == "fewer than 5 people"


def test_who_finished_is_marked_in_the_project_the_course_belongs_to(
    sender: Sender, database: Database, cast: Cast
) -> None:
    sender.send([a_statement(1, "attended", "otto@fernweh.example"), a_statement(2, "experienced")])
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        activity = session.scalars(select(LearningActivity)).one()
        sources.belong(session, activity, project, by=cast.manager, at=NOW)
    sender.send([a_statement(3, "completed"), a_statement(4, "attended")])
    with database.reading() as session:
        found = projects.find(session, project.id)
        assert isinstance(found, Project)
        states = {one.person_id: one.state for one in participants.of(session, found)}
    assert states == {cast.other.id: "attended", cast.requester.id: "completed"}


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"X-Experience-API-Version": ""}, 400, "The header X-Experience-API-Version is missing."),
        ({"X-Experience-API-Version": "0.95"}, 400, "We speak xAPI 2.0.0, 1.0.3, 1.0.2, 1.0.1, 1.0.0, not 0.95."),
        ({"Content-Type": "text/plain"}, 415, "Please send application/json."),
        ({"Content-Type": "multipart/mixed; boundary=x"}, 415, "Attached files aren't taken here. Please send the statements alone, as JSON."),
    ],
)  # fmt: skip
def test_a_call_that_is_none_is_refused_with_the_reason(
    sender: Sender, headers: dict[str, str], status: int, words: str
) -> None:
    answer = sender.send(a_statement(), headers=headers)
    assert (answer.status_code, answer.json()) == (status, {"error": words})


def test_odd_bodies_are_refused_and_nothing_breaks(sender: Sender, database: Database) -> None:
    for body in (
        b"",
        b"{",
        b"[1, null]",
        b'"text"',
        b"NaN",
        b"[" * 5000,
        b'{"id": 1e999}',
        b'{"\xff": 1}',
        b'{"\\ud800": "\\u0000"}',
    ):
        headers = {"Content-Type": "application/json"}
        assert sender.send(None, headers=headers, content=body).status_code == 400, body
    deep = a_statement(1, result={"extensions": {"https://example.org/x": None}})
    content = str(deep).replace("'", '"').replace("None", "[" * 900 + "]" * 900).encode()
    assert sender.send(None, headers={"Content-Type": "application/json"}, content=content).status_code in {
        200,
        400,
    }
    assert sender.send([a_statement()] * 501).status_code == 413
    assert sender.send(a_statement(), path="/xapi/statements?unknown=1").status_code == 400
    assert sender.send([]).json() == []
    assert len(kept(database)) <= 1


def test_the_alternate_syntax_says_all_in_a_form(
    client: TestClient, sender: Sender, database: Database
) -> None:
    import base64
    import json

    pair = base64.b64encode(f"{sender.source.user}:{sender.secret}".encode()).decode()
    form = {
        "statementId": NUMBER.format(1),
        "Authorization": f"Basic {pair}",
        "X-Experience-API-Version": "1.0.3",
        "Content-Type": "application/json",
        "content": json.dumps(a_statement()),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/xapi/statements?method=PUT", content=urlencode(form), headers=headers)
    assert answer.status_code == 204
    assert len(kept(database)) == 1
    assert (
        client.post("/xapi/statements?method=DELETE", content=urlencode(form), headers=headers).status_code
        == 405
    )


@pytest.mark.both
def test_only_the_key_and_secret_of_a_source_that_is_on_let_in(
    client: TestClient,
    sender: Sender,
    database: Database,
    cast: Cast,
    sign_in: Callable[[TestClient, object], None],
) -> None:
    headers = {"X-Experience-API-Version": "1.0.3"}
    for auth in (
        None,
        (sender.source.user, "wrong"),
        ("outsize-other", sender.secret),
        (sender.source.user, ""),
        ("a\x00b", sender.secret),
        (sender.source.user, sender.source.secret),
    ):
        known = {"auth": auth} if auth else {}
        answer = client.post("/xapi/statements", json=a_statement(), headers=headers, **known)  # type: ignore[arg-type] # a pair
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="xAPI"')
    sign_in(client, cast.manager)
    assert client.post("/xapi/statements", json=a_statement(), headers=headers).status_code == 401
    with database.writing() as session:
        source = session.get_one(LearningSource, sender.source.id)
        assert sender.secret not in (source.secret, source.user)
        sources.pause(session, source, by=cast.manager, at=NOW)
    assert sender.send(a_statement()).status_code == 403
    with database.writing() as session:
        source = session.get_one(LearningSource, sender.source.id)
        sources.resume(session, source, by=cast.manager, at=NOW)
        new = sources.new_secret(session, source, by=cast.manager, at=NOW)
    assert sender.send(a_statement()).status_code == 401
    sender.secret = new
    assert sender.send(a_statement()).status_code == 200


def test_guessing_a_secret_and_flooding_are_bounded(app: FastAPI, client: TestClient, sender: Sender) -> None:
    headers = {"X-Experience-API-Version": "1.0.3"}
    wrong = [
        client.get("/xapi/statements", headers=headers, auth=("outsize-x", str(n))).status_code
        for n in range(31)
    ]
    assert wrong == [401] * 30 + [429]
    app.state.turnstile._statements = app.state.turnstile._posts.__class__(2)
    assert [sender.send([]).status_code for _ in range(3)] == [200, 200, 429]
