"""Bringing a board in the browser: upload, look, choose, take; nothing for anybody but managers."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import board_imports
from portfolio.database import Database
from portfolio.models import Card, Event, Import, Person
from tests.conftest import Cast
from tests.imports.boards import DOING, JIRA, a_trello_board, as_bytes
from tests.imports.test_boards import planner
from tests.imports.test_pages import counts
from tests.imports.test_pages import fields_of as form_of

SignIn = Callable[[TestClient, Person | None], None]
BOARDS = "/settings/imports/boards"


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def upload(client: TestClient, content: bytes, name: str = "board.json") -> str:
    answer = client.post(BOARDS, files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address


def fields_of(page: str) -> dict[str, str | list[str]]:
    """The form as a browser would send it back untouched, its buttons aside."""
    return {name: value for name, value in form_of(page).items() if name != "do"}


def how_many_cards(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Card)) or 0


def test_a_manager_looks_at_a_board_and_takes_it(manager: TestClient, database: Database) -> None:
    address = upload(manager, as_bytes(a_trello_board()))
    page = manager.get(address).text
    assert counts(page) == "4 rows = 4 created + 0 already here + 0 left out + 0 refused"
    assert "1 name is nobody here:</strong> Nora Nobody" in page
    assert "Votes: 3" in page
    assert "Film the lathe" in page
    assert how_many_cards(database) == 0
    answer = manager.post(address, data={**fields_of(page), "do": "take"})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert how_many_cards(database) == 4
    after = manager.get(address).text
    assert counts(after) == counts(page)
    assert "Every card accounted for" in after
    rows = manager.get(f"{address}/account.csv").text.splitlines()
    assert rows[0] == "\ufeffLine,Id there,What became of it,Card,Remarks"
    assert len(rows) == 5
    assert manager.post(address, data={"do": "take"}).headers["location"] == address
    assert how_many_cards(database) == 4
    listed = manager.get("/settings/imports").text
    assert "board.json" in listed and "4 rows" in listed
    number = address.rpartition("/")[2]
    assert manager.get(f"/settings/imports/{number}").headers["location"] == address
    assert manager.get(f"/settings/imports/{number}/account.csv").status_code == 404
    assert manager.get("/board").text.count("Film the lathe") >= 1


def test_what_is_changed_is_shown_before_it_is_taken(manager: TestClient, database: Database) -> None:
    address = upload(manager, as_bytes(a_trello_board()))
    sent = {**fields_of(manager.get(address).text), "place.1": "0", "project": ""}
    answer = manager.post(address, data={**sent, "do": "take"})
    assert answer.headers["location"] == f"{address}?changed=1#dry-run"
    page = manager.get(f"{address}?changed=1").text
    assert "You changed how the file is read" in page
    assert counts(page) == "4 rows = 3 created + 0 already here + 1 left out + 0 refused"
    assert "which is left out" in manager.get(f"{address}/account.csv").text
    assert how_many_cards(database) == 0
    manager.post(address, data={**fields_of(page), "do": "take"})
    assert how_many_cards(database) == 3
    with database.reading() as session:
        assert session.get_one(Import, 1).mapping["places"][DOING] == 0


def test_planners_places_can_be_read_the_other_way(manager: TestClient) -> None:
    address = upload(manager, planner(), "plan.xlsx")
    page = manager.get(address).text
    assert fields_of(page)["places_from"] == "progress" or 'value="progress" checked' in page
    manager.post(address, data={**fields_of(page), "places_from": "bucket", "do": "look"})
    names = re.findall(r'<th scope="row">([^<]+)</th>', manager.get(address).text)
    assert names[:2] == ["Completed tasks", "Guides"]


def test_wrong_answers_keep_what_was_typed(manager: TestClient, database: Database) -> None:
    address = upload(manager, JIRA.encode(), "jira.csv")
    sent = {**fields_of(manager.get(address).text), "hours_per_point": "lots", "source_name": ""}
    answer = manager.post(address, data={**sent, "do": "take"})
    assert answer.status_code == 422
    assert "Please give hours, more than 0 and at most 200." in answer.text
    assert "Please give a name of up to 120 characters." in answer.text
    gone = manager.post(address, data={**fields_of(manager.get(address).text), "place.0": "99", "do": "take"})
    assert gone.status_code == 422 and "no longer on the board" in gone.text
    for nonsense in ({"place.0": "new:chaos"}, {"place.0": "9" * 30}, {"project": "9" * 30}, {"places_from": "x"}):  # fmt: skip
        answer = manager.post(
            address, data={**fields_of(manager.get(address).text), **nonsense, "do": "take"}
        )
        assert answer.status_code == 422, nonsense
    assert how_many_cards(database) == 0


def test_files_that_are_no_boards_are_told_so(manager: TestClient, database: Database) -> None:
    for content, words in ((b"{}", "neither a Trello board"), (b"a,b\n1,2", "none we know"), (b"", "empty")):
        answer = manager.post(BOARDS, files={"file": ("x", content)})
        assert answer.status_code == 422 and words in answer.text
    assert "Please choose a file." in manager.post(BOARDS).text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_a_board_can_be_dropped(manager: TestClient, database: Database) -> None:
    address = upload(manager, as_bytes(a_trello_board()))
    assert manager.post(address, data={"do": "drop"}).headers["location"] == "/settings/imports"
    assert "Nothing was taken in; the file is gone." in manager.get(address).text
    assert how_many_cards(database) == 0


def test_a_long_board_is_wanted_and_can_be_stopped(
    manager: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_imports, "AT_ONCE", 3)
    address = upload(manager, as_bytes(a_trello_board()))
    assert manager.post(address, data={"do": "take"}).headers["location"] == address
    assert "This file is being taken in" in manager.get(address).text
    plain = address.replace("/boards", "")
    assert manager.get(f"{plain}/progress").status_code == 200
    manager.post(plain, data={"do": "stop"})
    assert counts(manager.get(address).text).startswith("4 rows")


def test_nobody_but_managers_brings_boards(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    address = upload(client, as_bytes(a_trello_board()))
    with database.reading() as session:
        before = session.scalar(
            select(func.count()).select_from(Event).where(Event.action != "person.signed_in")
        )
    for person in (cast.leader, cast.expert, cast.requester, None):
        sign_in(client, person)
        wanted = 404 if person else 303
        for path in (BOARDS, address, f"{address}/account.csv"):
            assert client.get(path).status_code == wanted
        assert (
            client.post(BOARDS, files={"file": ("x.json", as_bytes(a_trello_board()))}).status_code == wanted
        )
        assert client.post(address, data={"do": "take"}).status_code == wanted
    with database.reading() as session:
        after = session.scalar(
            select(func.count()).select_from(Event).where(Event.action != "person.signed_in")
        )
    assert (before, how_many_cards(database)) == (after, 0)
