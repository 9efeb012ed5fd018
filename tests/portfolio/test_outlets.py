"""News to webhooks: queued once, signed, sent until taken, and never to an address within our walls."""

import json
import logging
import shutil
import ssl
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from portfolio import archive, cards, delivering, outlets, people, projects, upkeep
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Card, Delivery, Event, Mail, Outlet
from portfolio.rules.addresses import AddressRefused
from portfolio.rules.signing import signature
from portfolio.settings import Settings
from portfolio.states import Stage
from tests.conftest import Cast
from tests.factory import a_card, a_project, a_request
from tests.receiver import Receiver, receiving

SECOND = timedelta(seconds=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as there:
        yield there


@pytest.fixture
def local(configured: Settings) -> Settings:
    return configured.model_copy(update={"webhooks_may_be_local": True})


def an_outlet(database: Database, cast: Cast, now: datetime, address: str, **changes: Any) -> Outlet:
    with database.writing() as session:
        wanted = {"kind": "webhook", "name": "Datahub", "topics": ["*"], "may_be_local": True, **changes}
        return outlets.add(session, address=address, by=cast.manager, at=now, **wanted)


def queue(database: Database, links: Links, now: datetime) -> int:
    with database.writing() as session:
        return outlets.queue_news(session, links=links, at=now)


def deliveries(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def the_outlet(database: Database) -> Outlet:
    with database.reading() as session:
        return session.scalars(select(Outlet)).one()


def add_card(database: Database, cast: Cast, now: datetime, title: str = "Draft the aid") -> Card:
    with database.writing() as session:
        return a_card(session, by=cast.manager, at=now, title=title)


@pytest.mark.both
def test_each_event_is_queued_once_and_only_from_then_on(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    add_card(database, cast, now, "Before")
    an_outlet(database, cast, now, "https://example.org/hook", may_be_local=False)
    an_outlet(database, cast, now, "https://example.org/projects", topics=["projects.moved"])
    card = add_card(database, cast, now, "After")
    with database.writing() as session:
        people.begin_visit(session, cast.manager, now=now)
    with database.reading() as session:
        assert outlets.unheard(session, seen=0)[0]
    assert [queue(database, links, now) for _ in range(2)] == [1, 0]
    with database.reading() as session:
        latest = session.scalar(select(func.max(Event.id)))
        assert outlets.unheard(session, seen=0) == (False, latest)
    (queued,) = deliveries(database)
    with database.reading() as session:
        said = session.scalars(select(Event).where(Event.id == queued.event_id)).one()
    assert (said.action, said.subject_id) == ("card.added", card.id)
    assert queued.body == {
        "type": "card.added",
        "timestamp": "2026-11-20T10:00:00Z",
        "data": {
            "event": queued.event_id,
            "subject": {
                "type": "cards",
                "id": card.id,
                "title": "After",
                "column": card.column_id,
                "project": None,
                "iteration": None,
                "estimate_hours": None,
                "actual_hours": None,
                "started_at": None,
                "done_at": None,
                "version": 1,
                "url": f"http://testserver/cards/{card.id}",
            },
            "by": cast.manager.id,
            "details": said.details,
        },
    }


@pytest.mark.parametrize("store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_slow_transactions_lines_are_heard_behind_later_ones_and_two_workers_queue_once(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    an_outlet(database, cast, now, "https://example.org/hook", topics=["projects.started"])
    with database.writing() as slow:
        a_project(slow, by=cast.manager, at=now, name="Slow")
        with database.writing() as session:
            a_project(session, by=cast.manager, at=now, name="Quick")
        assert queue(database, links, now) == 1
    with database.reading() as session:
        assert outlets.unheard(session, seen=99)[0]
    with database.writing() as one, database.writing() as other:
        assert [outlets.queue_news(session, links=links, at=now) for session in (one, other)] == [1, 0]
    names = [one.body["data"]["subject"]["name"] for one in deliveries(database)]
    assert names == ["Quick", "Slow"]


@pytest.mark.both
def test_many_lines_that_nobody_wants_hold_up_none_that_somebody_does(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    an_outlet(database, cast, now, "https://8.8.8.8/news")
    with database.writing() as session:
        line = {
            "at": now,
            "action": "learning_request.scored",
            "subject_type": "learning_requests",
            "details": {},
        }
        session.add_all(Event(**line, subject_id=1) for _ in range(outlets.AT_ONCE + 100))
    assert [queue(database, links, now) for _ in range(3)] == [0, 0, 0]
    add_card(database, cast, now)
    assert [queue(database, links, now) for _ in range(2)] == [1, 0]
    with database.reading() as session:
        assert outlets.unheard(session, seen=0)[0] is False


def test_what_arrives_is_signed_as_the_standards_own_library_checks_it(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver
) -> None:
    from datetime import UTC

    at = datetime.now(UTC)  # the library refuses what is older than five minutes
    outlet = an_outlet(database, cast, at, receiver.address)
    add_card(database, cast, at, "Größe prüfen")
    queue(database, links, at)
    assert delivering.send_waiting(database, local, now=at) == 1
    (got,) = receiver.got
    said = Webhook(outlet.secret).verify(got.body, got.headers)
    (kept,) = deliveries(database)
    assert (got.path, said, got.headers["webhook-id"]) == (
        "/news?key=in-the-address",
        kept.body,
        kept.message_id,
    )
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (kept.delivered_at, kept.status_code, kept.attempts, kept.problem) == (at, 204, 1, "")
    assert delivering.send_waiting(database, local, now=at) == 0


def test_the_old_secret_signs_beside_the_new_one_for_a_day(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    old = an_outlet(database, cast, now, receiver.address).secret
    with database.writing() as session:
        new = outlets.rotate(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    for at in (now, now + timedelta(days=1)):
        add_card(database, cast, at)
        queue(database, links, at)
        delivering.send_waiting(database, local, now=at)
    signed = [
        [
            signature(secret, got.headers["webhook-id"], int(got.headers["webhook-timestamp"]), got.body)
            for secret in secrets
        ]
        for got, secrets in zip(receiver.got, ([new, old], [new]), strict=True)
    ]
    assert [got.headers["webhook-signature"].split(" ") for got in receiver.got] == signed
    assert old != new


@pytest.mark.both
def test_what_is_not_taken_is_tried_again_under_the_same_id_and_then_given_up(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = [(400, {}, b"<p>no\n such thing</p>")]
    an_outlet(database, cast, now, receiver.address)
    add_card(database, cast, now)
    queue(database, links, now)
    at, waits = now, []
    while (kept := deliveries(database)[0]).given_up_at is None:
        at = max(at, kept.next_try_at)
        assert delivering.send_waiting(database, local, now=at) == 1
        waits.append(deliveries(database)[0].next_try_at - at)
        if the_outlet(database).paused_at:
            break
    kept = deliveries(database)[0]
    assert waits[:4] == [5 * SECOND, 300 * SECOND, 1800 * SECOND, 7200 * SECOND]
    assert (kept.status_code, kept.problem) == (400, "It answered 400: <p>no such thing</p>")
    assert {got.headers["webhook-id"] for got in receiver.got} == {kept.message_id}
    assert at - now > timedelta(days=3)


def test_trouble_at_the_receiver_lets_the_rest_wait_and_a_success_lets_all_go(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = [(503, {"retry-after": "60"}, b""), 200]
    an_outlet(database, cast, now, receiver.address)
    for number in range(3):
        add_card(database, cast, now, f"Card {number}")
    queue(database, links, now)
    assert delivering.send_waiting(database, local, now=now) == 1
    assert [one.attempts for one in deliveries(database)] == [1, 0, 0]
    assert delivering.send_waiting(database, local, now=now + 59 * SECOND) == 0
    assert delivering.send_waiting(database, local, now=now + 60 * SECOND) == 3
    assert [one.status_code for one in deliveries(database)] == [200, 200, 200]
    outlet = the_outlet(database)
    assert (outlet.failures, outlet.failing_since, outlet.rests_until) == (0, None, None)


def test_a_long_queue_of_one_holds_up_no_other(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    an_outlet(database, cast, now, receiver.address)
    for number in range(3):
        add_card(database, cast, now, f"Card {number}")
    queue(database, links, now)
    an_outlet(database, cast, now, receiver.address.replace("/news", "/other"))
    add_card(database, cast, now, "Last")
    queue(database, links, now)
    assert delivering.send_waiting(database, local, now=now, each=1) == 2
    titles = {
        got.path.split("?")[0]: json.loads(got.body)["data"]["subject"]["title"] for got in receiver.got
    }
    assert titles == {"/news": "Card 0", "/other": "Last"}


def test_gone_pauses_and_so_do_three_days_of_failing_and_the_manager_is_told_once(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = [410]
    an_outlet(database, cast, now, receiver.address)
    nobody = an_outlet(database, cast, now, "http://127.0.0.1:9/", name="Nobody")
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    add_card(database, cast, now)
    queue(database, links, now)
    later = now + timedelta(days=3)
    for _ in range(2):
        delivering.send_waiting(database, local, now=later)
    with database.reading() as session:
        found = {one.name: (one.paused_at, one.paused_why) for one in outlets.listed(session)}
        told = list(session.scalars(select(Mail.subject).where(Mail.about.startswith("outlet:"))))
        assert outlets.counts(session) == {1: (0, 1), nobody.id: (2, 0)}
    assert found["Datahub"] == (now, "It answered that it is gone for good (410).")
    assert found["Nobody"][0] == later
    assert found["Nobody"][1].startswith("It took nothing for three days. ConnectError")
    assert told == ["No news goes to Datahub any more", "No news goes to Nobody any more"]
    assert len(receiver.got) == 1


def test_resumed_it_sends_what_waited_and_not_what_happened_meanwhile(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    an_outlet(database, cast, now, receiver.address, topics=["cards.added"])
    add_card(database, cast, now, "Waited")
    queue(database, links, now)
    with database.writing() as session:
        outlets.pause(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    add_card(database, cast, now, "Meanwhile")
    assert (queue(database, links, now), delivering.send_waiting(database, local, now=now)) == (0, 0)
    with database.writing() as session:
        outlets.resume(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    add_card(database, cast, now, "Afterwards")
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    titles = [json.loads(got.body)["data"]["subject"]["title"] for got in receiver.got]
    assert titles == ["Waited", "Afterwards"]


def test_redirects_are_not_followed_and_long_answers_not_read(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    receiver.answers = [(307, {"location": receiver.address}, b""), (500, {}, b"x" * 5_000_000)]
    an_outlet(database, cast, now, receiver.address)
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    assert len(receiver.got) == 1
    assert "points elsewhere" in deliveries(database)[0].problem
    delivering.send_waiting(database, local, now=now + 5 * SECOND)
    assert deliveries(database)[0].problem == "It answered 500: " + "x" * delivering.WORDS


def test_a_receiver_that_takes_its_time_is_left(
    database: Database,
    cast: Cast,
    links: Links,
    local: Settings,
    receiver: Receiver,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 0.2)
    receiver.drip_seconds = 1
    an_outlet(database, cast, now, receiver.address)
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    assert deliveries(database)[0].problem.startswith("No whole answer within")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254"])
def test_nothing_is_sent_within_our_walls_also_when_a_name_leads_there(
    database: Database,
    cast: Cast,
    links: Links,
    configured: Settings,
    receiver: Receiver,
    now: datetime,
    host: str,
) -> None:
    an_outlet(database, cast, now, f"https://{host}:{receiver.port}/", may_be_local=True)
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, configured, now=now)
    (kept,) = deliveries(database)
    assert (receiver.got, kept.delivered_at, "inside your own network" in kept.problem) == ([], None, True)


def test_a_name_that_stands_for_one_of_ours_among_others_is_refused(
    database: Database,
    cast: Cast,
    links: Links,
    configured: Settings,
    receiver: Receiver,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def found(_url: object) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    monkeypatch.setattr(delivering, "_look_up", found)
    an_outlet(database, cast, now, f"https://innocent.example:{receiver.port}/", may_be_local=False)
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, configured, now=now)
    assert (receiver.got, "inside your own network" in deliveries(database)[0].problem) == ([], True)


def certificate(folder: Path, name: str) -> Path:
    """A certificate for `name`, signed by itself; the file holds its key as well."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, made = folder / "key.pem", folder / "made.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "both.pem").write_text(made.read_text() + key.read_text())
    return folder / "both.pem"


@pytest.mark.parametrize("name", ["hooks.fernweh.example", "other.fernweh.example"])
def test_connected_to_the_address_looked_at_the_name_still_has_to_be_the_certificates(
    database: Database,
    cast: Cast,
    links: Links,
    local: Settings,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    async def found(_url: object) -> list[str]:
        return ["127.0.0.1"]

    taken = name.startswith("hooks")
    file = certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setattr(delivering, "_look_up", found)
    delivering._trusted.cache_clear()
    secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secured.load_cert_chain(file)
    with receiving(secured) as receiver:
        an_outlet(database, cast, now, f"https://hooks.fernweh.example:{receiver.port}/in")
        add_card(database, cast, now)
        queue(database, links, now)
        delivering.send_waiting(database, local, now=now)
    delivering._trusted.cache_clear()
    assert [got.headers["host"] for got in receiver.got] == [f"hooks.fernweh.example:{receiver.port}"] * taken
    assert ("CERTIFICATE_VERIFY_FAILED" in deliveries(database)[0].problem) is not taken


def test_secrets_and_addresses_stand_in_no_export_and_no_log(
    database: Database,
    cast: Cast,
    links: Links,
    local: Settings,
    receiver: Receiver,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    outlet = an_outlet(database, cast, now, receiver.address)
    with database.writing() as session:
        new = outlets.rotate(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    file = BytesIO()
    with database.reading() as session:
        archive.export(session, file, at=now)
    with zipfile.ZipFile(file) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist()).decode()
    for said in (everything, caplog.text):
        assert not any(hidden in said for hidden in (outlet.secret, new, "in-the-address"))


def test_a_message_is_sent_again_and_a_test_says_it_is_one(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    an_outlet(database, cast, now, receiver.address)
    with database.writing() as session:
        outlets.test(session, session.get_one(Outlet, 1), links=links, by=cast.manager, at=now)
    delivering.send_waiting(database, local, now=now)
    with database.writing() as session:
        outlets.send_again(session, session.get_one(Delivery, 1), by=cast.manager, at=now)
    delivering.send_waiting(database, local, now=now)
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["outlet.tested", "outlet.tested"]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert queue(database, links, now) == 0


def test_old_messages_are_forgotten_but_for_those_of_the_last_lines(
    database: Database, cast: Cast, links: Links, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_outlet(database, cast, now, "https://example.org/hook")
    with database.writing() as session:
        outlets.rotate(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    for title in ("First", "Second"):
        add_card(database, cast, now, title)
    queue(database, links, now)
    with database.writing() as session:
        for one in session.scalars(select(Delivery)):
            one.delivered_at = now
    monkeypatch.setattr(outlets, "OVERTAKEN", 0)
    for days, left in ((89, 2), (91, 1)):
        with database.writing() as session:
            upkeep.expire(session, now=now + timedelta(days=days))
        assert len(deliveries(database)) == left
        assert the_outlet(database).old_secret is None
    assert queue(database, links, now) == 0


def test_removed_it_leaves_nothing_but_history(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    an_outlet(database, cast, now, "https://example.org/hook")
    add_card(database, cast, now)
    queue(database, links, now)
    with database.writing() as session:
        outlets.remove(session, session.get_one(Outlet, 1), by=cast.manager, at=now)
    assert deliveries(database) == []
    with database.reading() as session:
        assert session.scalars(
            select(Event.action).where(Event.subject_type == "outlets").order_by(Event.id)
        ).all() == ["outlet.added", "outlet.removed"]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://example.org/"),
        ("chat", "nonsense"),
        ("chat", "dbus://"),
        ("chat", "json://localhost/x"),
        ("chat", "json://10.0.0.1/x"),
        ("pigeon", "https://example.org/"),
    ],
)
def test_nonsense_is_refused_and_adds_nothing(
    database: Database, cast: Cast, now: datetime, kind: str, address: str
) -> None:
    with pytest.raises(AddressRefused):
        an_outlet(database, cast, now, address, kind=kind, may_be_local=False)
    with database.reading() as session:
        assert outlets.listed(session) == []


def test_a_chat_hears_plain_sentences_several_in_one_message(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    an_outlet(database, cast, now, f"json://127.0.0.1:{receiver.port}/chat", kind="chat", name="Team")
    with database.writing() as session:
        card = a_card(session, by=cast.manager, at=now, title="Pilot")
        cards.place(session, card, cards.columns(session)[-1], by=cast.manager, at=now)
        projects.move(
            session, a_project(session, by=cast.manager, at=now), Stage.PILOT, by=cast.manager, at=now
        )
        a_request(session, links=links, at=now)
    queue(database, links, now)
    assert delivering.send_waiting(database, local, now=now) == len(deliveries(database))
    (got,) = receiver.got
    assert json.loads(got.body)["message"].split("\n") == [
        "Card “Pilot” was added by Mara Manager",
        f"http://testserver/cards/{card.id}",
        "Card “Pilot” moved to Done by Mara Manager",
        f"http://testserver/cards/{card.id}",
        "Project “Faster quotes” was started by Mara Manager",
        "http://testserver/projects/1",
        "Project “Faster quotes” moved to pilot by Mara Manager",
        "http://testserver/projects/1",
        "Request “Quotes take too long” came in by Rita Requester",
        "http://testserver/requests/1",
    ]
    assert {one.delivered_at for one in deliveries(database)} == {now}


def test_a_title_wakes_nobody_in_the_chat(
    database: Database, cast: Cast, links: Links, local: Settings, receiver: Receiver, now: datetime
) -> None:
    an_outlet(database, cast, now, f"json://127.0.0.1:{receiver.port}/chat", kind="chat")
    add_card(database, cast, now, "@everyone <!channel> [win](https://evil.example)")
    queue(database, links, now)
    delivering.send_waiting(database, local, now=now)
    said = json.loads(receiver.got[0].body)["message"]
    assert not any(sign in said for sign in ("@everyone", "<!channel>", "](https"))
    assert "everyone" in said


def test_a_chat_that_does_not_answer_says_so_in_its_log_and_none_is_told_within_our_walls(
    database: Database,
    cast: Cast,
    links: Links,
    local: Settings,
    configured: Settings,
    receiver: Receiver,
    now: datetime,
) -> None:
    receiver.answers = [500]
    an_outlet(database, cast, now, f"json://127.0.0.1:{receiver.port}/chat", kind="chat")
    add_card(database, cast, now)
    queue(database, links, now)
    delivering.send_waiting(database, configured, now=now)
    assert (receiver.got, "inside your own network" in deliveries(database)[0].problem) == ([], True)
    delivering.send_waiting(database, local, now=now + 5 * SECOND)
    assert len(receiver.got) == 1
    assert "error=500" in deliveries(database)[0].problem
