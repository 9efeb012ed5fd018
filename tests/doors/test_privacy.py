"""What is kept about somebody: the manager finds and erases it, everybody takes their own along, and nobody another's."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from portfolio.database import Database
from portfolio.models import Person
from tests.conftest import Cast
from tests.factory import a_card

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def test_somebody_is_found_handed_their_file_and_erased_only_under_their_address(
    manager: TestClient, cast: Cast, database: Database
) -> None:
    number, email = cast.requester.id, cast.requester.email
    assert f'href="/people/{number}"' in manager.get("/people", params={"q": email[:4]}).text
    assert "Nobody found" in manager.get("/people", params={"q": "zzz"}).text
    taken = manager.get(f"/people/{number}/data.json")
    assert (taken.json()["people"][0]["email"], taken.headers["content-disposition"]) == (
        email,
        f'attachment; filename="person-{number}.json"',
    )
    with database.writing() as session:
        a_card(session, by=cast.manager, notes=f"Ask {email}")
    assert '<a href="/cards/1">Card 1</a>' in manager.get(f"/people/{number}").text
    wrong = manager.post(f"/people/{number}/erasure", data={"email": "else@fernweh.example"})
    assert (wrong.status_code, "Nothing was erased" in wrong.text, "else@fernweh.example" in wrong.text) == (
        422,
        True,
        True,
    )
    assert manager.post(f"/people/{number}/erasure", data={"email": email.upper()}).status_code == 303
    gone = manager.get(f"/people/{number}").text
    assert ("lead to nobody" in gone, '<a href="/cards/1">Card 1</a>' in gone) == (True, True)
    with database.reading() as session:
        assert session.get_one(Person, number).email.endswith("@erased.invalid")
    assert manager.post(f"/people/{number}/erasure", data={"email": email}).status_code == 422
    assert manager.get("/people/99999").status_code == 404


def test_everybody_takes_their_own_along_and_nobody_anothers(
    client: TestClient, sign_in: SignIn, cast: Cast, database: Database
) -> None:
    for person in (cast.requester, cast.leader, cast.expert):
        sign_in(client, person)
        assert client.get("/me/data.json").json()["people"][0]["email"] == person.email
        assert client.get(f"/people/{cast.manager.id}/data.json").status_code == 404
        assert (
            client.post(f"/people/{cast.manager.id}/erasure", data={"email": cast.manager.email}).status_code
            == 404
        )
    sign_in(client, None)
    assert client.get("/me/data.json", follow_redirects=False).status_code == 303
    with database.reading() as session:
        assert session.get_one(Person, cast.manager.id).email == cast.manager.email
