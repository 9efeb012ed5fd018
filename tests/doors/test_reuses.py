"""What exists already, on the manager's page of a request."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import library
from portfolio.database import Database
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import Person, Reuse
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def asked(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        library.add(
            session,
            ResourceGiven(title="Quotes take too long: new sales people need a guide"),
            by=None,
            at=now,
        )


def kept(database: Database) -> list[tuple[int, float, float, float, str]]:
    with database.reading() as session:
        return [
            (one.resource_id, one.share_low, one.share_likely, one.share_high, one.note)
            for one in session.scalars(select(Reuse).order_by(Reuse.id))
        ]


@pytest.mark.usefixtures("asked")
def test_a_resource_is_linked_by_one_press_and_the_sentence_says_what_exists(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    offered = client.get("/requests/1/reuses/list").text
    assert "Quotes take too long: new sales people need a guide" in offered
    answer = client.post("/requests/1/reuses", data={"resource": "1", "share": "half"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests/1/reuses")
    assert kept(database) == [(1, 0.35, 0.5, 0.65, "")]
    quick = client.post(
        "/requests/1/reuses",
        data={"resource": "1", "percent": "45-80", "reuse_note": "The steps"},
        headers={"hx-request": "true"},
    )
    assert "<html" not in quick.text
    assert "<b>60 %</b>" in quick.text
    assert "(45–80)" in quick.text
    assert kept(database) == [(1, 0.45, 0.6, 0.8, "The steps")]
    client.post("/requests/1/reuses/1/removal")
    assert kept(database) == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"resource": "99", "share": "half"}, "resource"),
        ({"resource": "1"}, "share"),
        ({"resource": "1", "percent": "45-180"}, "percent"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, typed: dict[str, str], field: str
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/requests/1/reuses", data={**typed, "reuse_note": "My own words"})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="My own words"' in answer.text
    assert kept(database) == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("who", ["leader", "expert", "requester"])
def test_only_the_manager_links_and_sees_it(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, who: str
) -> None:
    sign_in(client, getattr(cast, who))
    answers = [
        client.get("/requests/1/reuses"),
        client.get("/requests/1/reuses/list"),
        client.post("/requests/1/reuses", data={"resource": "1", "share": "half"}),
        client.post("/requests/1/reuses/1/removal"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert kept(database) == []
