"""One question by a link: seen without an account, answered by a press, asked by managers alone."""

import re
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import learning_requests, next_questions, organisation
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Answer, AskedQuestion, Event, Mail
from tests.conftest import Cast
from tests.doors.test_asking import SignIn
from tests.factory import a_request
from tests.portfolio.test_next_questions import WAVERING
from web.clock import read_clock


@pytest.fixture
def asked(database: Database, cast: Cast, links: Links, now: datetime) -> str:
    """The address of a question that was asked, without the place it is served at."""
    with database.writing() as session:
        a_request(session, links=links, answers=WAVERING)
    with database.writing() as session:
        next_questions.ask_best(session, links=links, at=now)
    with database.reading() as session:
        return links.question_path(session.scalars(select(AskedQuestion)).one())


def events(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def test_a_look_changes_nothing_and_a_press_answers(
    client: TestClient, database: Database, asked: str
) -> None:
    before = events(database)
    bare, chosen = client.get(asked).text, client.get(f"{asked}?answer=yes").text
    assert "Yes, that&#39;s my answer" not in bare
    assert "Yes, that&#39;s my answer" in chosen
    assert re.search(r'value="yes"[^>]* checked', chosen)
    assert client.get(f"{asked}?answer=<b>").status_code == 200
    assert events(database) == before
    assert client.post(asked, data={"cause_could": "yes", "title": "Mine now"}).headers["location"] == asked
    page = client.get(asked)
    assert page.status_code == 200
    assert "Thank you" in page.text
    assert "It is the only one that waits." in page.text
    with database.reading() as session:
        kept = session.scalars(select(Answer).where(Answer.question == "cause_could")).one()
        about = session.scalars(select(AskedQuestion)).one()
        assert (kept.value, kept.said_by_id) == ("yes", about.person_id)
        assert about.learning_request.title == "Quotes take too long"


def test_once_answered_it_takes_no_other_answer(client: TestClient, database: Database, asked: str) -> None:
    client.post(asked, data={"cause_could": "yes"})
    before = events(database)
    assert client.post(asked, data={"cause_could": "no"}).status_code == 303
    assert events(database) == before
    with database.reading() as session:
        assert session.scalars(select(Answer.value).where(Answer.question == "cause_could")).one() == "yes"


def test_no_answer_and_a_wrong_one_are_refused_in_words(client: TestClient, asked: str) -> None:
    for data in ({}, {"cause_could": "perhaps"}, {"risk": "3"}):
        answer = client.post(asked, data=data)
        assert answer.status_code == 422
        assert "Please" in answer.text


def test_its_link_alone_opens_it_and_only_for_a_while(
    client: TestClient, app: FastAPI, database: Database, links: Links, now: datetime, asked: str
) -> None:
    key = asked.rpartition("/")[2]
    for wrong in (
        f"/questions/2/{key}",
        f"{asked[:-2]}xx",
        "/questions/1/x",
        f"/questions/99999999999/{key}",
    ):
        assert [client.get(wrong).status_code, client.post(wrong).status_code] == [404, 404]
    before = events(database)
    app.dependency_overrides[read_clock] = lambda: now + timedelta(days=31)
    late = client.get(asked)
    assert (late.status_code, "no longer open" in late.text) == (410, True)
    assert client.post(asked, data={"cause_could": "yes"}).status_code == 303
    assert events(database) == before
    app.dependency_overrides[read_clock] = lambda: now
    with database.writing() as session:
        about = learning_requests.find(session, 1)
        assert about is not None
        learning_requests.renew_link(session, about, links=links, by=None, at=now)
    assert client.get(asked).status_code == 404


def test_managers_alone_see_what_to_ask_and_ask_it(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers=WAVERING)
        a_request(session, links=links, title="Other", answers=WAVERING)
    for who, status in ((None, 303), (cast.requester, 404), (cast.leader, 404)):
        sign_in(client, who)
        for method, path in (
            ("GET", "/questions"),
            ("GET", "/questions/best"),
            ("POST", "/requests/1/questions"),
        ):
            assert client.request(method, path, data={"question": "cause_could"}).status_code == status
    sign_in(client, cast.manager)
    assert "Which questions would help most?" in client.get("/inbox").text
    assert "Which question would help most?" in client.get("/questions/best").text
    assert "To Rita Requester" in client.get("/questions").text
    with database.reading() as session:
        mails = session.scalar(select(func.count()).select_from(Mail)) or 0
    sent = client.post("/requests/1/questions", data={"question": "cause_could"})
    assert sent.headers["location"] == "/questions?asked=1"
    assert "on its way to Rita Requester" in client.get("/questions?asked=1").text
    page = client.get("/requests/1").text
    assert "Asked by link" in page
    assert "no answer yet." in page
    again = client.post("/requests/2/questions", data={"question": "cause_could"})
    assert (again.status_code, "asked something within the last week" in again.text) == (422, True)
    for path, data in (("/requests/1/questions", {"question": "title"}), ("/requests/1/questions", {})):
        refused = client.post(path, data=data)
        assert (refused.status_code, "open any more" in refused.text) == (422, True)
    assert client.post("/requests/9/questions", data={"question": "cause_could"}).status_code == 404
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == mails + 1
        assert session.scalars(select(AskedQuestion.asked_by_id)).all() == [cast.manager.id]


def test_the_manager_switches_asking_by_itself_on_and_off(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    def is_on() -> bool:
        with database.reading() as session:
            ours = organisation.current(session)
            return ours is not None and ours.asks_by_itself

    assert not is_on()
    for who, status in ((None, 303), (cast.requester, 404), (cast.leader, 404)):
        sign_in(client, who)
        assert client.post("/settings/questions", data={"asks_by_itself": "yes"}).status_code == status
    assert not is_on()
    sign_in(client, cast.manager)
    for data, wanted in (({"asks_by_itself": "yes"}, True), ({}, False)):
        answer = client.post("/settings/questions", data=data)
        assert answer.headers["location"] == "/settings?saved=questions#questions"
        assert is_on() is wanted
