"""The page of mails that came in: what it shows, who may let in or drop, and what a download is."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import arrivals, pulse
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Arrival, Draft, Mail, Person
from portfolio.settings import Settings
from portfolio.states import ArrivalStatus
from tests.conftest import Cast
from tests.factory import a_request
from tests.portfolio.test_arrivals import a_mail

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def put(database: Database, configured: Settings, links: Links, now: datetime) -> Callable[..., int]:
    def received(
        words: str = "We need help.", sender: str = "Sam <sam@nowhere.example>", **more: object
    ) -> int:
        with database.writing() as session:
            raw = a_mail(words, sender=sender, **more)  # type: ignore[arg-type] # any of its own
            arrival = arrivals.receive(session, raw, links=links, settings=configured, at=now)
            assert arrival is not None
            return arrival.id

    return received


def state(database: Database, number: int) -> ArrivalStatus:
    with database.reading() as session:
        return session.get_one(Arrival, number).status


def test_the_page_names_who_what_why_and_files_and_never_runs_anything(
    client: TestClient, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    put("<script>alert(1)</script>", subject="<b>Help</b>", files={"<i>plan</i>.pdf": b"%PDF-1"})
    sign_in(client, cast.manager)
    shown = client.get("/arrivals").text
    for words in (
        "&lt;b&gt;Help&lt;/b&gt;",
        "Sam · sam@nowhere.example",
        "We don&#39;t know the sender.",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "plan",
        "1 mail waits for you.",
    ):
        assert words in shown
    assert "<script>alert" not in shown
    assert "1 mail came in that nobody vouches for." in client.get("/inbox").text


def test_letting_in_makes_the_draft_and_writes_to_the_sender_once(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    number = put()
    sign_in(client, cast.manager)
    for _ in range(2):
        answer = client.post(f"/arrivals/{number}/admission")
        assert (answer.status_code, answer.headers["location"]) == (303, "/arrivals")
    assert state(database, number) is ArrivalStatus.DRAFTED
    with database.reading() as session:
        assert session.scalar(select(func.count(Draft.id))) == 1
        assert session.scalars(select(Mail.recipient)).all() == ["sam@nowhere.example"]
    assert "/drafts/1/" in client.get("/arrivals").text


def test_dropping_keeps_it_listed_and_it_can_be_let_in_after_all(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    number = put()
    sign_in(client, cast.manager)
    assert client.post(f"/arrivals/{number}/dismissal").status_code == 303
    assert state(database, number) is ArrivalStatus.DROPPED
    assert "Let it in" in client.get("/arrivals").text
    client.post(f"/arrivals/{number}/admission")
    assert state(database, number) is ArrivalStatus.DRAFTED


@pytest.mark.parametrize("action", ["admission", "dismissal"])
@pytest.mark.parametrize("who", ["requester", "expert", "leader", None])
def test_nobody_but_a_manager_lets_in_or_drops(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int], who: str | None, action: str
) -> None:  # fmt: skip
    number = put()
    sign_in(client, getattr(cast, who) if who else None)
    assert client.post(f"/arrivals/{number}/{action}").status_code == (404 if who else 303)
    assert client.get("/arrivals").status_code == (404 if who else 303)
    assert client.get(f"/arrivals/{number}.eml").status_code == (404 if who else 303)
    assert state(database, number) is ArrivalStatus.QUARANTINED


def test_looking_changes_nothing(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    number = put()
    sign_in(client, cast.manager)
    for address in (f"/arrivals/{number}/admission", f"/arrivals/{number}/dismissal"):
        assert client.get(address).status_code in {404, 405}
    client.get("/arrivals")
    client.get(f"/arrivals/{number}.eml")
    assert state(database, number) is ArrivalStatus.QUARANTINED


def test_the_whole_mail_is_saved_and_never_shown(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    number = put("<script>alert(1)</script>")
    sign_in(client, cast.manager)
    answer = client.get(f"/arrivals/{number}.eml")
    with database.reading() as session:
        assert answer.content == session.get_one(Arrival, number).raw
    assert answer.headers["content-disposition"] == f'attachment; filename="mail-{number}.eml"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.get("/arrivals/99.eml").status_code == 404
    assert client.post("/arrivals/99/admission").status_code == 404


def test_a_mail_without_a_sender_says_why_it_cant_be_let_in(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, configured: Settings, links: Links, now: datetime
) -> None:  # fmt: skip
    with database.writing() as session:
        arrivals.receive(session, b"Subject: x\n\nwords", links=links, settings=configured, at=now)
    sign_in(client, cast.manager)
    assert "no readable sender" in client.get("/arrivals").text
    answer = client.post("/arrivals/1/admission")
    assert answer.status_code == 422
    assert "names no sender we could answer" in answer.text


def test_what_is_wrong_with_the_mailbox_is_told(
    app: FastAPI, client: TestClient, database: Database, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    sign_in(client, cast.manager)
    assert "No mailbox is set." in client.get("/arrivals").text
    app.state.settings = app.state.settings.model_copy(update={"imap_url": "imaps://u:secret@h"})
    with database.writing() as session:
        pulse.beat(session, "mailbox", at=now, problem="mail.example:993 said: timed out")
    shown = client.get("/arrivals").text
    assert "mail.example:993 said: timed out" in shown
    assert "secret" not in shown + client.get("/settings").text


def test_a_longer_list_costs_no_more_queries(
    app: FastAPI, client: TestClient, cast: Cast, sign_in: SignIn, put: Callable[..., int]
) -> None:
    sign_in(client, cast.manager)

    def queries() -> int:
        seen: list[str] = []

        def note(*said: object) -> None:
            seen.append(str(said[2]))

        engine = app.state.database.engine
        event.listen(engine, "before_cursor_execute", note)
        client.get("/arrivals")
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    put("One")
    put("Known one", sender="rita@fernweh.example")
    with_one = queries()
    for n in range(2):
        put(f"More {n}")
        put(f"Known {n}", sender="rita@fernweh.example")
    assert queries() == with_one


def test_an_answer_of_a_stranger_is_added_to_its_request(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, put: Callable[..., int], links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        message_id = session.scalars(select(Mail.message_id)).one()
    number = put("From home.", sender="rita@home.example", answers=message_id)
    sign_in(client, cast.manager)
    assert "Add it to request 1" in client.get("/arrivals").text
    client.post(f"/arrivals/{number}/admission")
    assert "From home." in client.get("/requests/1").text
