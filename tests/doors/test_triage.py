"""Deciding over HTTP: one after the other, several at once, undone within half a minute, and with whose words."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import assessments, learning_requests, phrases, revisits
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Decision, Event, LearningRequest, Mail, Person, Phrase, Revisit
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request
from web.clock import read_clock

SignIn = Callable[[TestClient, Person | None], None]
DECLINE = {"verdict": "decline", "reason": "exists", "words": "A guide exists."}


@pytest.fixture
def manager(
    client: TestClient, sign_in: SignIn, cast: Cast, database: Database, links: Links, now: datetime
) -> TestClient:
    """A browser the manager is signed in with; three requests wait."""
    with database.writing() as session:
        for title in ("First", "Second", "Third"):
            a_request(session, links=links, title=title)
        assessments.score_waiting(session, now=now, flow_run_id=None)
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def statuses(database: Database) -> Callable[[], list[str]]:
    def now_() -> list[str]:
        with database.reading() as session:
            return [one.value for one in session.scalars(select(LearningRequest.status).order_by("id"))]

    return now_


Statuses = Callable[[], list[str]]


def at(app: FastAPI, moment: datetime) -> None:
    app.dependency_overrides[read_clock] = lambda: moment


def mails_about(database: Database, number: int) -> list[Mail]:
    with database.reading() as session:
        about = Mail.about == f"learning_request:{number}"
        return [*session.scalars(select(Mail).where(about, Mail.subject.startswith("News")))]


def test_one_after_the_other_each_begins_from_a_verdict_with_its_doubt(manager: TestClient) -> None:
    page = manager.get("/inbox/1").text
    assert re.search(r"(Almost surely|Probably|Perhaps|Hard to say, perhaps|Better ask first)", page)
    assert "1 of 3" in page
    for verdict, key in (("accept", "a"), ("ask", "q"), ("join", "g"), ("answer", "l"), ("decline", "d")):
        assert re.search(rf'href="/inbox/1\?verdict={verdict}#decision" data-key="{key}"', page)
    assert 'href="/inbox/2" data-key="j"' in page
    assert 'href="/inbox/3" data-key="k"' in page
    sent = manager.post("/requests/1/decision", data={**DECLINE, "triage": "1"})
    assert sent.headers["location"] == "/inbox/2"
    wrong = manager.post("/requests/2/decision", data={"verdict": "ask", "words": "", "triage": "1"})
    assert (wrong.status_code, 'name="triage"' in wrong.text) == (422, True)


def test_a_decision_is_undone_by_a_press_and_its_words_are_still_there(
    manager: TestClient, database: Database, statuses: Statuses
) -> None:
    manager.post("/requests/1/decision", data={**DECLINE, "triage": "1"})
    assert len(mails_about(database, 1)) == 1
    for address in ("/inbox", "/inbox/2", "/requests/3"):
        page = manager.get(address).text
        assert 'action="/decisions/1/undoing"' in page
        assert "Declined:" in page
    assert manager.post("/decisions/1/undoing").headers["location"] == "/inbox/1"
    assert (statuses(), mails_about(database, 1)) == (["submitted"] * 3, [])
    again = manager.get("/inbox/1").text
    assert "no mail has left" in again
    assert "A guide exists." in again
    assert 'value="exists" data-draft' in again
    assert "/undoing" not in again
    assert manager.post("/decisions/1/undoing").status_code == 409
    assert manager.post("/decisions/9/undoing").status_code == 404


def test_after_half_a_minute_it_is_too_late_and_said_so(
    manager: TestClient, app: FastAPI, now: datetime, statuses: Statuses
) -> None:
    manager.post("/requests/1/decision", data=DECLINE)
    at(app, now + timedelta(seconds=31))
    assert "/undoing" not in manager.get("/inbox").text
    late = manager.post("/decisions/1/undoing")
    assert (late.status_code, "30 seconds are over" in late.text) == (409, True)
    assert statuses()[0] == "declined"


def test_several_get_one_verdict_each_with_a_mail_of_their_own(
    manager: TestClient, database: Database, statuses: Statuses
) -> None:
    page = manager.get("/inbox/several?request=1&request=3&request=77&request=x&verdict=decline").text
    assert [f'value="{number}" checked' in page for number in (1, 2, 3)] == [True, False, True]
    words = {"verdict": "decline", "reason": "too_small", "words": "Hello {name}, not “{title}” for now."}
    sent = manager.post("/inbox/decisions", data={**words, "request": ["1", "3"]})
    assert (sent.status_code, sent.headers["location"]) == (303, "/inbox")
    assert statuses() == ["declined", "submitted", "declined"]
    texts = [mails_about(database, number)[0].text for number in (1, 3)]
    assert [text.partition("\n")[0] for text in texts] == [
        "Hello Rita, not “First” for now.",
        "Hello Rita, not “Third” for now.",
    ]
    assert "2 requests" in manager.get("/inbox").text
    assert manager.post("/decisions/1/undoing").headers["location"] == "/inbox?undone=1"
    assert statuses() == ["submitted"] * 3
    assert [mails_about(database, number) for number in (1, 3)] == [[], []]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"verdict": "decline", "words": "No.", "request": []}, "Please choose at least one."),
        ({"verdict": "accept", "words": "Yes.", "request": ["1"]}, "Please choose what should happen."),
        ({"verdict": "decline", "words": " ", "request": ["1", "2"]}, "Please write a sentence"),
        ({"verdict": "join", "join_id": "1", "words": "T", "request": ["2", "1"]}, "another request"),
        ({"verdict": "snooze", "until": "2020-01-01", "request": ["1", "2"]}, "a day after today"),
    ],
)
def test_several_are_decided_on_all_or_none(
    manager: TestClient, database: Database, statuses: Statuses, given: dict[str, object], words: str
) -> None:
    refused = manager.post("/inbox/decisions", data=given)
    assert (refused.status_code, words in refused.text) == (422, True)
    assert statuses() == ["submitted"] * 3
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


def test_nothing_chosen_leads_back_to_the_list(manager: TestClient) -> None:
    assert manager.get("/inbox/several").headers["location"] == "/inbox"


def test_what_is_obvious_is_shown_with_its_reason_and_nothing_is_chosen(
    manager: TestClient, database: Database
) -> None:
    with database.writing() as session:
        first = session.get_one(LearningRequest, 1).assessment
        assert first is not None
        first.quadrants = {"quick_win": 0.02, "big_bet": 0.0, "fill_in": 0.03, "money_pit": 0.95}
        for number, title in ((2, "Forklift licences for the night shift"), (3, "Writing offers in French")):
            one = session.get_one(LearningRequest, number)
            one.title = title
            for answer in one.answers:
                answer.value = title if answer.question in {"problem", "behaviour"} else answer.value
    page = manager.get("/inbox/obvious").text
    assert "1 could surely be declined" in page
    assert "9 chances in 10 that it is a money pit" in page
    assert 'name="request"' not in page


def test_an_empty_inbox_tells_what_the_session_came_to(
    manager: TestClient, app: FastAPI, now: datetime
) -> None:
    moments = {
        1: now + timedelta(days=3),
        2: now + timedelta(days=3, minutes=4),
        3: now + timedelta(days=3, minutes=9),
    }
    for number, moment in moments.items():
        at(app, moment)
        verdict = "waitlist" if number == 2 else "decline"
        manager.post(f"/requests/{number}/decision", data={"verdict": verdict, "words": "So it is."})
    page = manager.get("/inbox").text
    assert "3 decisions in 9 minutes" in page
    assert "waited longest: 3 days" in page
    assert "3 decisions in 9 minutes" in manager.get("/inbox/sessions").text


def test_words_are_changed_checked_and_brought_back(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    path = "/settings/phrases/decline_exists"
    saved = manager.post(path, data={"words": "Hello {name}, see the guide.", "what": "save"})
    assert saved.headers["location"] == "/settings/phrases?saved=1#decline_exists"
    page = manager.get("/inbox/1?verdict=decline&reason=exists").text
    assert "Hello Rita, see the guide.</textarea>" in page
    for words, problem in (
        ("Dear {nmae}", "{nmae} can&#39;t be filled in"),
        ("50 {", "A brace stands alone"),
        ("x" * 2001, "under 2000"),
    ):
        wrong = manager.post(path, data={"words": words, "what": "save"})
        assert (wrong.status_code, problem in wrong.text, words[:40] in wrong.text) == (422, True, True)
    assert manager.post("/settings/phrases/nothing", data={"words": "x"}).status_code == 404
    with database.reading() as session:
        kept = session.scalars(select(Phrase)).one()
        assert (kept.words, kept.changed_by_id) == ("Hello {name}, see the guide.", cast.manager.id)
    manager.post(path, data={"words": "any", "what": "first"})
    with database.reading() as session:
        assert session.scalars(select(Phrase)).all() == []
        first = phrases.FIRST[Verdict.DECLINE, "exists"]
        assert phrases.drafts(session)[Verdict.DECLINE, "exists"] == first


def test_putting_aside_until_something_happens(
    manager: TestClient, database: Database, links: Links, now: datetime
) -> None:
    snooze = {"verdict": "snooze", "words": "Later."}
    for wrong, words in (
        ({}, "Please give a day after today to come back to it, or a condition."),
        ({"condition": "supporters", "least": "1"}, "Please give a number above"),
        ({"condition": "supporters", "least": "many"}, "Please give a number."),
    ):
        refused = manager.post("/requests/1/decision", data={**snooze, **wrong})
        assert (refused.status_code, words in refused.text) == (422, True)
    kept = {**snooze, "condition": "evidence", "question": "risk", "until": "2027-03-01"}
    assert manager.post("/requests/1/decision", data=kept).status_code == 303
    assert "is answered" in manager.get("/requests/1").text
    capacity = {**DECLINE, "condition": "capacity"}
    assert "Put it aside instead" in manager.post("/requests/2/decision", data=capacity).text
    assert manager.post("/requests/2/decision", data={**DECLINE, "until": "2027-03-01"}).status_code == 303
    assert "It comes back" in manager.get("/requests/2").text
    with database.writing() as session:
        found = revisits.look(session, today=now.date() + timedelta(days=200))
        assert revisits.bring_back(session, found, links=links, at=now + timedelta(days=200)) == 2
    assert manager.get("/inbox").text.count("Came back. The day you chose has come.") == 2


def test_whoever_may_not_decide_finds_none_of_it(
    manager: TestClient, database: Database, cast: Cast, sign_in: SignIn, statuses: Statuses
) -> None:
    manager.post("/requests/1/decision", data=DECLINE)
    with database.reading() as session:
        before = session.scalar(select(func.max(Event.id)).where(Event.action != "person.signed_in"))
    writes: dict[str, dict[str, object]] = {
        "/decisions/1/undoing": {},
        "/inbox/decisions": {**DECLINE, "request": ["2"]},
        "/settings/phrases/decline": {"words": "Mine"},
    }
    pages = ("/inbox/1", "/inbox/several?request=2", "/inbox/obvious", "/inbox/sessions", "/settings/phrases")
    for who, status in ((None, 303), (cast.requester, 404), (cast.expert, 404), (cast.leader, 404)):
        sign_in(manager, who)
        assert [manager.get(page).status_code for page in pages] == [status] * len(pages)
        assert [manager.post(path, data=data).status_code for path, data in writes.items()] == [status] * 3
    assert statuses() == ["declined", "submitted", "submitted"]
    with database.reading() as session:
        after = session.scalar(select(func.max(Event.id)).where(Event.action != "person.signed_in"))
        assert (after, session.scalars(select(Phrase)).all()) == (before, [])


@pytest.fixture
def counted(app: FastAPI) -> list[str]:
    statements: list[str] = []
    event.listen(
        app.state.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    return statements


@pytest.mark.parametrize(
    "address", ["/inbox", "/inbox/1", "/requests/1", "/inbox/sessions", "/settings/phrases"]
)
def test_pages_cost_as_many_statements_for_many_as_for_few(
    manager: TestClient, database: Database, links: Links, counted: list[str], address: str
) -> None:
    def cost() -> int:
        manager.get(address)
        counted.clear()
        assert manager.get(address).status_code == 200
        return len(counted)

    manager.post("/requests/2/decision", data=DECLINE)
    few = cost()
    with database.writing() as session:
        for number in range(4):
            a_request(session, links=links, title=f"More {number}")
    manager.post("/requests/3/decision", data=DECLINE)
    assert cost() == few <= 28


def test_an_earlier_state_comes_back_also_for_what_waited_elsewhere(
    manager: TestClient, database: Database, cast: Cast, links: Links, statuses: Statuses
) -> None:
    manager.post("/requests/1/decision", data={"verdict": "waitlist", "words": "It waits."})
    manager.post("/requests/1/decision", data={"verdict": "snooze", "until": "2027-03-01", "words": "Later."})
    assert manager.post("/decisions/2/undoing").headers["location"] == "/requests/1"
    assert statuses()[0] == RequestStatus.WAITLISTED.value
    with database.reading() as session:
        assert session.scalars(select(Revisit)).all() == []
        one = session.get_one(LearningRequest, 1)
        assert [made.verdict for made in learning_requests.decisions(session, one)] == [Verdict.WAITLIST]
