"""The pages of where news goes: made, changed, paused and taken away by the manager, and by nobody else."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import outlets
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Delivery, Event, Outlet, Person
from tests.conftest import Cast
from tests.factory import a_card

SignIn = Callable[[TestClient, Person | None], None]
NEW = {
    "kind": "webhook",
    "name": "Datahub",
    "address": "https://example.org/hook/s3cret",
    "topic": ["cards.added"],
}


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def kept(database: Database) -> list[Outlet]:
    with database.reading() as session:
        return outlets.listed(session)


def test_a_webhook_is_added_and_its_secret_shown_once(manager: TestClient, database: Database) -> None:
    answer = manager.post("/settings/outlets", data=NEW)
    assert answer.status_code == 201
    (made,) = kept(database)
    assert (made.kind, made.name, made.address, made.events) == (
        "webhook",
        "Datahub",
        "https://example.org/hook/s3cret",
        "cards.added",
    )
    assert made.secret in answer.text
    pages = [manager.get(path).text for path in ("/settings/outlets", f"/settings/outlets/{made.id}")]
    for page in pages:
        assert "https://example.org/…" in page
        assert not any(hidden in page for hidden in (made.secret, "s3cret"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"address": "nonsense"}, "Please give a web address"),
        ({"address": "http://example.org/"}, "has to begin with https://"),
        ({"address": "https://127.0.0.1/hook"}, "inside your own network"),
        ({"topic": ["no.such"]}, "tick at least one thing"),
        ({"kind": "pigeon"}, "choose one of the options"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, changes: dict[str, Any], words: str
) -> None:
    answer = manager.post("/settings/outlets", data={**NEW, **changes})
    assert (answer.status_code, words in answer.text, kept(database)) == (422, True, [])
    assert f'value="{ {**NEW, **changes}["address"] }"' in answer.text


def test_it_is_changed_paused_resumed_given_a_new_secret_and_taken_away(
    manager: TestClient, database: Database
) -> None:
    manager.post("/settings/outlets", data=NEW)
    before = kept(database)[0]
    changed = manager.post(
        "/settings/outlets/1", data={"name": "Hub", "address": "", "topic": ["*", "goals"]}
    )
    assert changed.headers["location"] == "/settings/outlets/1?saved=changed"
    manager.post("/settings/outlets/1/pause", data={"what": "pause"})
    assert "Paused" in manager.get("/settings/outlets/1").text
    paused = kept(database)[0].paused_at
    manager.post("/settings/outlets/1/pause", data={"what": "resume"})
    rotated = manager.post("/settings/outlets/1/secret")
    after = kept(database)[0]
    assert (after.name, after.address, after.events, after.paused_at) == ("Hub", before.address, "*", None)
    assert paused is not None
    assert (after.old_secret, after.secret in rotated.text) == (before.secret, True)
    assert (
        manager.post("/settings/outlets/1/removal").headers["location"] == "/settings/outlets?saved=removed"
    )
    assert (kept(database), manager.get("/settings/outlets/1").status_code) == ([], 404)
    with database.reading() as session:
        said = session.scalars(select(Event.action).where(Event.subject_type == "outlets").order_by(Event.id))
        assert said.all() == [
            "outlet.added", "outlet.changed", "outlet.paused", "outlet.resumed", "outlet.secret_changed", "outlet.removed",
        ]  # fmt: skip


def test_a_test_is_queued_and_a_message_sent_again_from_the_log(
    manager: TestClient, database: Database, now: datetime
) -> None:
    manager.post("/settings/outlets", data=NEW)
    manager.post("/settings/outlets/1/tests")
    assert 'hx-trigger="every 2s"' in manager.get("/settings/outlets/1/log").text
    with database.writing() as session:
        first = session.get_one(Delivery, 1)
        first.delivered_at, first.status_code, first.attempts = now, 204, 1
    page = manager.get("/settings/outlets/1").text
    assert "taken (204)" in page
    assert "outlet.tested" in page
    assert "every 2s" not in page
    assert manager.post("/settings/outlets/1/deliveries/1").status_code == 303
    with database.reading() as session:
        again = session.get_one(Delivery, 1)
        assert (again.delivered_at, again.attempts) == (None, 0)


@pytest.mark.parametrize("who", ["leader", "expert", "requester", None])
def test_nobody_else_sees_or_changes_where_news_goes(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, who: str | None
) -> None:
    sign_in(client, cast.manager)
    client.post("/settings/outlets", data=NEW)
    client.post("/settings/outlets/1/tests")
    before = kept(database)[0]
    sign_in(client, getattr(cast, who) if who else None)
    wanted = 404 if who else 303
    for path in ("", "/1", "/1/log"):
        assert client.get(f"/settings/outlets{path}").status_code == wanted
    for path in ("", "/1", "/1/pause", "/1/secret", "/1/removal", "/1/tests", "/1/deliveries/1"):
        assert client.post(f"/settings/outlets{path}", data=NEW).status_code == wanted
    after = kept(database)
    assert [(one.name, one.secret, one.paused_at) for one in after] == [(before.name, before.secret, None)]
    with database.reading() as session:
        assert len(session.scalars(select(Delivery)).all()) == 1


def test_nonsense_addresses_are_not_found(manager: TestClient) -> None:
    manager.post("/settings/outlets", data=NEW)
    for path in ("/0", "/99", f"/{2**40}"):
        assert manager.get(f"/settings/outlets{path}").status_code == 404
    for path in ("/1/deliveries/0", f"/1/deliveries/{2**40}", "/99/removal"):
        assert manager.post(f"/settings/outlets{path}").status_code == 404
    assert manager.get(f"/settings/outlets/1?before={2**40}").status_code == 200


def test_the_list_costs_the_same_with_three_as_with_one(
    manager: TestClient, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    engine = manager.app.state.database.engine  # type: ignore[attr-defined] # our application
    said: list[str] = []
    counts = []

    def listen(*details: Any) -> None:
        said.append(details[2])

    for number in (1, 2, 3):
        manager.post("/settings/outlets", data={**NEW, "name": f"Hub {number}"})
        with database.writing() as session:
            a_card(session, by=cast.manager, at=now)
            outlets.queue_news(session, links=links, at=now)
        said.clear()
        event.listen(engine, "before_cursor_execute", listen)
        page = manager.get("/settings/outlets").text
        event.remove(engine, "before_cursor_execute", listen)
        counts.append(len(said))
        assert len(re.findall(r"Hub \d", page)) == number
    assert counts[0] == counts[2]
