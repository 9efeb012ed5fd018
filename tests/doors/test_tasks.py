"""An expert's page: what they do there reaches the card, and nothing of the card that isn't theirs reaches them."""

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import card_links, cards, checklists, comments, expert_asks, people, work_logs
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Card, Comment, ExpertAsk, Mail, Person
from tests.conftest import NOW, Cast
from tests.factory import a_card

BERLIN = ZoneInfo("Europe/Berlin")
SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def asked(database: Database, cast: Cast, links: Links) -> ExpertAsk:
    """Eli is asked for a card that has notes, a comment and a file of the manager's, and two steps."""
    with database.writing() as session:
        card = a_card(session, by=cast.manager, title="Film the trick", notes="SECRET notes")
        card.owner_id = cast.manager.id
        comments.add(session, card, "SECRET comment about Eli", links=links, by=cast.manager, at=NOW)
        card_links.attach(session, card, name="secret.txt", content=b"SECRET", by=cast.manager, at=NOW)
        for words in ("Show it", "Check the film"):
            checklists.add(session, card, words, by=cast.manager, at=NOW)
        return expert_asks.ask(
            session, card, session.get_one(Person, cast.expert.id), why="Nobody trues a wheel as you do.", hours=2,
            due_on=NOW.date() + timedelta(days=5), links=links, by=cast.manager, at=NOW,
        )  # fmt: skip


def mails_to(database: Database, address: str) -> list[Mail]:
    with database.reading() as session:
        return list(session.scalars(select(Mail).where(Mail.recipient == address).order_by(Mail.id)))


def test_the_mail_leads_to_a_page_that_shows_what_why_and_steps_and_no_more(
    client: TestClient, database: Database, asked: ExpertAsk
) -> None:
    (mail,) = mails_to(database, "eli@fernweh.example")
    assert mail.subject == "Mara Manager asks for your help: Film the trick"
    for words in (
        "Hello Eli,",
        "Nobody trues a wheel as you do.",
        "About 2 hours, wanted by Wednesday, 25 November.",
        "No account is needed",
    ):
        assert words in mail.text
    addresses = re.findall(r"http://testserver(/tasks/\S+)", mail.text)
    shown = client.get(addresses[0])
    assert shown.status_code == 200
    for words in (
        "Film the trick",
        "Nobody trues a wheel as you do.",
        "Show it",
        "Check the film",
        "Mara Manager asks for your help",
    ):
        assert words in shown.text
    everything = shown.text + client.get(addresses[1]).text
    assert ("SECRET" in everything, "secret.txt" in everything) == (False, False)
    assert addresses[0] in client.get(addresses[1]).text
    with database.reading() as session:
        assert session.get_one(ExpertAsk, 1).opened_at is None


def test_files_and_links_are_seen_only_where_the_ask_shows_them(
    client: TestClient, database: Database, asked: ExpertAsk, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    client.post("/cards/1/links", data={"address": "https://example.org/film", "label": "The first cut"})
    client.post("/cards/1/experts", data={"expert": "otto@fernweh.example", "shows_material": "1"})
    with database.reading() as session:
        shown = expert_asks.find(session, 2)
    assert shown is not None
    client.cookies.clear()
    for one, sees in ((asked, False), (shown, True)):
        path = links.task_path(one)
        text = client.get(path).text
        assert [words in text for words in ("The first cut", "secret.txt")] == [sees, sees]
        assert client.get(f"{path}/files/1").status_code == (200 if sees else 404)
        assert ("SECRET notes" in text, "SECRET comment" in text) == (False, False)
    client.post(links.task_path(shown), data={"what": "cant", "reason": "No time."})
    assert client.get(f"{links.task_path(shown)}/files/1").status_code == 404


def test_saving_keeps_ticks_hours_files_and_words_and_the_manager_hears_the_words(
    client: TestClient, database: Database, asked: ExpertAsk, links: Links, cast: Cast
) -> None:
    path = links.task_path(asked)
    answer = client.post(
        path,
        data={
            "was_1": "0",
            "tick_1": "1",
            "was_2": "0",
            "hours": "1,5",
            "words": "Which wheel?",
            "what": "save",
        },
        files={"file": ("wheel.txt", b"28 inches", "text/plain")},
    )
    assert answer.headers["location"] == f"{path}?saved=save"
    shown = client.get(f"{path}?saved=save").text
    for words in ("Kept. You can close this page", "wheel.txt", "Which wheel?", 'value="1.5"'):
        assert words in shown
    got = client.get(f"{path}/files/2")
    assert (got.content, client.get(f"{path}/files/1").status_code) == (b"28 inches", 404)
    client.post(path, data={"was_1": "1", "was_2": "0", "hours": "1"})
    with database.reading() as session:
        card = session.get_one(Card, 1)
        assert [item.done_at for item in checklists.listed(session, card)] == [None, None]
        assert (card.actual_hours, work_logs.hours_of(session, card, cast.expert)) == (1.0, 1.0)
        assert session.get_one(ExpertAsk, 1).opened_at == NOW
    (mail,) = mails_to(database, "mara@fernweh.example")
    assert (mail.subject, "Which wheel?" in mail.text) == ("Eli Expert wrote about “Film the trick”", True)


def test_done_reaches_the_card_whoever_asked_and_whoever_owns_it(
    client: TestClient, database: Database, asked: ExpertAsk, links: Links
) -> None:
    path = links.task_path(asked)
    done = client.post(
        path, data={"was_1": "0", "tick_1": "1", "words": "It's on the drive.", "what": "done"}
    )
    assert done.headers["location"] == f"{path}?saved=done"
    assert "Thank you. It" in client.get(f"{path}?saved=done").text
    client.post(path, data={"was_1": "1", "what": "cant", "reason": "Too late"})
    with database.reading() as session:
        found = session.get_one(ExpertAsk, 1)
        assert (found.done_at, found.declined_at, found.words) == (NOW, None, "It's on the drive.")
        assert [(one.words, one.by_id) for one in session.scalars(select(Comment).order_by(Comment.id))][
            1:
        ] == [("It's on the drive.", found.person_id)]
    (mail,) = mails_to(database, "mara@fernweh.example")
    assert mail.subject == "Eli Expert has done it: Film the trick"


def test_who_cant_says_why_is_free_again_and_the_manager_is_told(
    client: TestClient, database: Database, asked: ExpertAsk, links: Links
) -> None:
    path = links.task_path(asked)
    lacking = client.post(path, data={"what": "cant", "reason": " ", "hours": "2", "words": "typed words"})
    assert lacking.status_code == 422
    for words in ("Please fill this in.", "typed words", 'value="2"'):
        assert words in lacking.text
    client.post(path, data={"what": "cant", "reason": "I'm away until spring."})
    assert "That's all right" in client.get(path).text.replace("&#39;", "'")
    with database.reading() as session:
        assert expert_asks.open_of(session, session.get_one(Person, asked.person_id)) == []
        assert session.get_one(Card, 1).actual_hours == 2.0
    (mail,) = mails_to(database, "mara@fernweh.example")
    assert (mail.subject, "I'm away until spring." in mail.text) == ("Eli Expert can't: Film the trick", True)


def test_a_wrong_an_old_and_anothers_key_open_nothing(
    client: TestClient, database: Database, asked: ExpertAsk, links: Links, cast: Cast
) -> None:
    with database.writing() as session:
        other = a_card(session, by=cast.manager, title="Another")
        anothers = expert_asks.ask(
            session,
            other,
            session.get_one(Person, cast.other.id),
            why="",
            links=links,
            by=cast.manager,
            at=NOW,
        )
        session.flush()
        foreign = links.task_key(anothers)
    old = links.task_path(asked)
    for path in (
        f"/tasks/1/{foreign}",
        "/tasks/1/nonsense",
        "/tasks/99/x",
        f"/tasks/of/{cast.expert.id}/{foreign}",
        "/tasks/of/99/x",
    ):
        assert client.get(path).status_code == 404
        if "/of/" not in path:
            assert client.post(path, data={"what": "done"}).status_code == 404
    with database.writing() as session:
        found = expert_asks.find(session, 1)
        assert found is not None
        every = links.tasks_path(found.person)
        expert_asks.renew_link(session, found, links=links, by=cast.manager, at=NOW)
        fresh = links.task_path(found)
    assert [client.get(path).status_code for path in (old, every, fresh)] == [404, 404, 200]
    with database.writing() as session:
        found = expert_asks.find(session, 1)
        assert found is not None
        expert_asks.take_back(session, found, by=cast.manager, at=NOW)
    gone = client.get(fresh)
    assert (gone.status_code, "needed any more" in gone.text) == (410, True)
    assert [mail.subject for mail in mails_to(database, "eli@fernweh.example")][1:] == [
        "A new link: Film the trick",
        "No longer needed: Film the trick",
    ]


def test_signed_in_everybody_finds_their_own_asks_and_an_expert_no_board(
    client: TestClient, asked: ExpertAsk, cast: Cast, sign_in: SignIn, links: Links
) -> None:
    sign_in(client, cast.expert)
    assert links.task_path(asked) in client.get("/tasks").text
    for address in (
        "/cards/1",
        "/cards/1/parts/comments",
        "/cards/1/files/1",
        "/board",
        "/experts",
        "/interrupts",
    ):
        assert client.get(address).status_code == 404
    for person in (cast.requester, cast.leader, cast.other):
        sign_in(client, person)
        shown = client.get("/tasks").text
        assert ("Nothing waits for you" in shown, "Film the trick" in shown) == (True, False)


def test_a_full_expert_is_asked_only_when_the_manager_says_all_the_same(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, asked: ExpertAsk
) -> None:
    sign_in(client, cast.manager)
    with database.writing() as session:
        for title in ("two", "three", "four"):
            a_card(session, by=cast.manager, title=title)
    eli = {"expert": "Eli Expert <eli@fernweh.example>", "why": "My reasons"}
    assert "is asked for this card already" in client.post("/cards/1/experts", data=eli).text
    for number in (2, 3):
        assert client.post(f"/cards/{number}/experts", data={"expert": "eli expert"}).status_code == 303
    told = client.post("/cards/4/experts", data=eli)
    assert told.status_code == 422
    for words in (
        "Eli Expert has 3 open asks already, and 3 at a time is their limit.",
        "Ask all the same",
        "My reasons",
    ):
        assert words in told.text
    assert client.post("/cards/4/experts", data={**eli, "anyway": "1"}).status_code == 303
    with database.reading() as session:
        assert len(expert_asks.open_of(session, cast.expert)) == 4
    client.post(f"/experts/{cast.expert.id}/limit", data={f"limit_{cast.expert.id}": "5"})
    assert f'name="limit_{cast.expert.id}" value="5"' in client.get("/experts").text
    assert (
        client.post(f"/experts/{cast.expert.id}/limit", data={f"limit_{cast.expert.id}": "many"}).status_code
        == 422
    )


def test_anybody_can_be_asked_by_address_and_becomes_a_contributor(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, asked: ExpertAsk
) -> None:
    sign_in(client, cast.manager)
    assert (
        "We know nobody of this name yet"
        in client.post("/cards/1/experts", data={"expert": "Zoe Zander"}).text
    )
    late = {"expert": "zoe@fernweh.example", "ask_due_on": "2026-11-01", "ask_hours": "some"}
    wrong = client.post("/cards/1/experts", data=late)
    assert ("Please give today or a later day." in wrong.text, "Please give a number." in wrong.text) == (
        True,
        True,
    )
    with database.reading() as session:
        assert people.find(session, "zoe@fernweh.example") is None
    assert (
        client.post("/cards/1/experts", data={"expert": "Zoe Zander <zoe@fernweh.example>"}).status_code
        == 303
    )
    assert client.post("/cards/1/experts", data={"expert": "otto@fernweh.example"}).status_code == 303
    with database.reading() as session:
        roles = {
            address: people.find(session, address)
            for address in ("zoe@fernweh.example", "otto@fernweh.example")
        }
        assert {address: one.roles for address, one in roles.items() if one} == dict.fromkeys(
            roles, "requester contributor"
        )
    client.post("/cards/1/experts/1/removal")
    assert client.post("/cards/1/experts/1/removal").status_code == 409
    assert client.post("/cards/1/experts/1/link").status_code == 409
    assert client.post("/cards/1/experts/9/removal").status_code == 404


def test_a_finished_card_asks_nobody_and_reminds_nobody(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, asked: ExpertAsk, links: Links
) -> None:
    with database.writing() as session:
        card = session.get_one(Card, 1)
        cards.place(session, card, cards.columns(session)[-1], by=cast.manager, at=NOW)
        assert expert_asks.open_of(session, cast.expert) == []
        assert expert_asks.remind(session, links=links, zone=BERLIN, at=NOW + timedelta(days=4)) == 0
    path = links.task_path(asked)
    client.post(path, data={"what": "done"})
    assert "This was finished meanwhile" in client.get(path).text
    sign_in(client, cast.manager)
    refused = client.post("/cards/1/experts", data={"expert": "otto@fernweh.example"})
    assert (refused.status_code, "This card is finished" in refused.text) == (422, True)
