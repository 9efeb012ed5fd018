"""Whether it is still needed, by a link: a look changes nothing, a press does, and nobody else's link opens it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import deciding, learning_requests, nudges
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Event, LearningRequest, Nudge, Organisation, Person
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def path(database: Database, cast: Cast, links: Links, now: datetime) -> str:
    """The address in the mail about a request that was silent for long, without the place it is served at."""
    with database.writing() as session:
        long_ago = now - timedelta(weeks=20)
        one = a_request(session, links=links, at=long_ago)
        waits = Ruling(Verdict.WAITLIST, "It waits.")
        by = session.merge(cast.manager)
        deciding.decide(session, one, waits, links=links, by=by, at=long_ago)
        nudges.nudge(session, links=links, at=now)
        return links.nudge_path(session.scalars(select(Nudge)).one(), one)


def events(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def status(database: Database) -> RequestStatus:
    with database.reading() as session:
        return session.get_one(LearningRequest, 1).status


def test_a_look_changes_nothing_and_a_press_confirms_what_the_mail_named(
    client: TestClient, database: Database, path: str
) -> None:
    before = events(database)
    bare, chosen = client.get(path).text, client.get(f"{path}?answer=solved").text
    assert "Yes, that&#39;s how it is" not in bare
    assert "Yes, that&#39;s how it is" in chosen
    assert re.search(r'value="solved"[^>]* checked', chosen)
    assert client.get(f"{path}?answer=<b>").status_code == 200
    assert (events(database), status(database)) == (before, RequestStatus.WAITLISTED)
    assert client.post(path, data={"answer": "solved"}).headers["location"] == path
    assert status(database) is RequestStatus.WITHDRAWN
    assert "Thank you" in client.get(path).text
    before = events(database)
    assert client.post(path, data={"answer": "needed"}).status_code == 303
    assert events(database) == before


def test_no_choice_and_a_wrong_one_are_refused_in_words(
    client: TestClient, database: Database, path: str
) -> None:
    for data, words in (
        ({}, "Please choose one of these."),
        ({"answer": "join"}, "Please choose the one to join."),
    ):
        refused = client.post(path, data=data)
        assert (refused.status_code, words in refused.text) == (422, True)
    assert "We find no other request" in client.get(f"{path}?answer=join").text
    assert status(database) is RequestStatus.WAITLISTED


def test_no_other_link_opens_it_and_a_renewed_one_ends_it(
    client: TestClient, database: Database, links: Links, now: datetime, path: str
) -> None:
    key = path.rpartition("/")[2]
    for wrong in (f"/nudges/2/{key}", f"{path[:-2]}xx", "/nudges/1/x", f"/nudges/99999999999/{key}"):
        assert [client.get(wrong).status_code, client.post(wrong).status_code] == [404, 404]
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        learning_requests.renew_link(session, one, links=links, by=None, at=now)
    assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
    assert status(database) is RequestStatus.WAITLISTED


def test_managers_alone_set_the_silence(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    def weeks() -> int:
        with database.reading() as session:
            return session.scalars(select(Organisation.silence_weeks)).one()

    for who, code in ((None, 303), (cast.requester, 404), (cast.expert, 404), (cast.leader, 404)):
        sign_in(client, who)
        assert client.post("/settings/silence", data={"silence_weeks": "3"}).status_code == code
    assert weeks() == 12
    sign_in(client, cast.manager)
    assert client.post("/settings/silence", data={"silence_weeks": "3"}).status_code == 303
    assert weeks() == 3
    wrong = client.post("/settings/silence", data={"silence_weeks": "1000"})
    assert (wrong.status_code, "from 0 to 104" in wrong.text) == (422, True)
