"""Success cases: five steps, told only with evidence, and names only where the person agreed."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import success_cases
from portfolio.database import Database
from portfolio.models import Event, Person, SuccessCase
from portfolio.success_cases import Told
from tests.conftest import Cast
from tests.factory import a_project

SignIn = Callable[[TestClient, Person | None], None]
CASE = {
    "project": "1",
    "step": "told",
    "succeeded": "yes",
    "who": "Wanda Welder",
    "role": "Welder, night shift",
    "used": "The sheet beside the line",
    "result": "No loose motor in six weeks",
    "evidence": "The returns list",
    "helped": "Her lead printed it",
    "barriers": "",
    "quote": "I look at it every morning.",
}


@pytest.fixture(autouse=True)
def _project(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager)


def test_a_case_is_told_by_leaders_without_name_until_the_person_agreed(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, now: datetime
) -> None:
    sign_in(client, cast.manager)
    assert client.post("/cases", data=CASE).headers["location"] == "/cases/1?saved=1"
    sign_in(client, cast.leader)
    for address in ("/cases", "/cases/1"):
        text = client.get(address).text
        assert "No loose motor in six weeks" in text
        assert "Welder, night shift" in text
        assert "Wanda" not in text
        assert "every morning" not in text
        assert 'method="post" action="/cases' not in text
    sign_in(client, cast.manager)
    client.post("/cases/1", data={**CASE, "may_quote": "yes", "version": "1"})
    with database.reading() as session:
        assert success_cases.told(session) == [
            Told(
                1, 1, "Faster quotes", True, "Wanda Welder", CASE["role"], CASE["used"], CASE["result"],
                CASE["evidence"], "", CASE["helped"], CASE["quote"], now.date(),
            )
        ]  # fmt: skip
    sign_in(client, cast.leader)
    assert "I look at it every morning." in client.get("/cases").text


def test_a_success_without_evidence_and_a_failure_without_its_reason_are_not_told(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/cases", data={**CASE, "evidence": ""})
    assert answer.status_code == 422
    assert "Please say what shows it before it is told." in answer.text
    assert "Wanda Welder" in answer.text
    why = {**CASE, "succeeded": "no", "used": "", "result": "", "evidence": ""}
    assert "what stood in the way before it is told" in client.post("/cases", data=why).text
    assert client.post("/cases", data={**why, "barriers": "No printer"}).status_code == 303
    with database.reading() as session:
        case = session.scalars(select(SuccessCase)).one()
        assert (case.succeeded, case.barriers, case.step) == (False, "No printer", "told")


def test_two_who_write_at_once_lose_nothing(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    client.post("/cases", data={**CASE, "step": "interview"})
    client.post("/cases/1", data={**CASE, "step": "interview", "result": "Theirs", "version": "1"})
    answer = client.post("/cases/1", data={**CASE, "step": "interview", "result": "Mine", "version": "1"})
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert "Mine" in answer.text
    with database.reading() as session:
        assert session.get_one(SuccessCase, 1).result == "Theirs"
    assert client.post("/cases/1", data={**CASE, "result": "Mine", "version": "2"}).status_code == 303


def test_leaders_do_not_see_a_case_before_it_is_told(client: TestClient, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.manager)
    client.post("/cases", data={**CASE, "step": "interview"})
    sign_in(client, cast.leader)
    assert client.get("/cases/1").status_code == 404
    assert "Wanda" not in client.get("/cases").text


def test_nobody_but_the_manager_writes_cases(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    client.post("/cases", data=CASE)
    for person in (cast.leader, cast.expert, cast.requester):
        sign_in(client, person)
        for path in ("/cases", "/cases/1", "/cases/1/removal"):
            assert client.post(path, data={**CASE, "result": "Stolen"}).status_code == 404
    with database.reading() as session:
        assert session.get_one(SuccessCase, 1).result == CASE["result"]
    sign_in(client, cast.manager)
    assert client.post("/cases/1/removal").status_code == 303
    with database.reading() as session:
        told = session.scalars(select(Event.action).where(Event.subject_type == "success_cases")).all()
        assert told == ["success_case.begun", "success_case.removed"]
        assert session.scalars(select(SuccessCase)).all() == []


def test_the_list_asks_the_database_the_same_for_one_case_as_for_three(
    client: TestClient, sign_in: SignIn, cast: Cast, app: object
) -> None:
    sign_in(client, cast.manager)
    client.post("/cases", data=CASE)
    client.post("/cases", data={**CASE, "step": "search"})
    engine = app.state.database.engine  # type: ignore[attr-defined] # a FastAPI application
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    client.get("/cases")
    first = len(statements)
    for _ in range(2):
        client.post("/cases", data=CASE)
        client.post("/cases", data={**CASE, "step": "search"})
    statements.clear()
    client.get("/cases")
    assert len(statements) == first
