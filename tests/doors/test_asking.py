"""Asking without an account: the form, the private page, and what is refused."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import assessments, conversations, deciding, learning_requests
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Answer, LearningRequest, Mail, Message, Organisation, Person
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]

FILLED = {
    "title": "Quotes take too long",
    "problem": "New people need four days.",
    "audience_who": "Sales",
    "audience_count": "40-60",
    "measure_name": "Days for a quote",
    "measure_today": "4",
    "measure_wanted": "1",
    "deadline_on": "2027-02-01",
    "deadline_why": "Trade fair",
    "requester_name": "Kim",
    "requester_email": "Kim@Fernweh.Example",
    "cause_could": "no",
}


def sent(client: TestClient, **changes: str) -> str:
    """Send the form; the address of the private page."""
    answer = client.post("/requests", data={**FILLED, **changes})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removesuffix("?sent=1")


def test_a_sent_form_is_kept_and_answered_with_a_private_page(
    client: TestClient, database: Database, links: Links
) -> None:
    address = sent(client)
    assert re.fullmatch(r"/requests/1/[\w-]{22}", address)
    page = client.get(f"{address}?sent=1").text
    assert "Your request is number 1" in page
    assert "We&#39;re reading it" in page
    with database.reading() as session:
        kept = {answer.question: answer.value for answer in session.scalars(select(Answer))}
        assert kept == {
            "problem": "New people need four days.",
            "audience": {"who": "Sales", "count": {"low": 40, "likely": 49, "high": 60}},
            "measure": {"name": "Days for a quote", "today": "4", "wanted": "1"},
            "deadline": {"on": "2027-02-01", "why": "Trade fair"},
            "cause_could": "no",
        }
        assert session.scalars(select(Mail.recipient)).one() == "kim@fernweh.example"


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(
    client: TestClient, database: Database
) -> None:
    answer = client.post(
        "/requests",
        data={
            **FILLED,
            "title": "",
            "audience_count": "many",
            "deadline_on": "soon",
            "requester_email": "kim",
        },
    )
    assert answer.status_code == 422
    for name, words in {
        "title": "Please fill this in.",
        "audience_count": "Please give the number of people as a number or a range such as 40-60.",
        "deadline_on": "Please give a date such as 2026-11-30.",
        "requester_email": "This doesn&#39;t look like an e-mail address. Example: kim@example.org",
    }.items():
        assert re.search(rf'id="{name}-error">.*{re.escape(words)}', answer.text), name
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', answer.text), name
    for typed in ("New people need four days.", 'value="many"', 'value="kim"', "Trade fair"):
        assert typed in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0


def test_the_same_form_sent_twice_is_one_request(client: TestClient, database: Database) -> None:
    first = sent(client, form_id="abc")
    assert sent(client, form_id="abc") == first
    assert sent(client, form_id="abc", title="Something else") != first
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 2


NAUGHTY = [
    "Robert'); DROP TABLE learning_requests;--",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnihtyreve\u202c",
    "مرحبا بالعالم",
    "👩‍👩‍👧‍👦 🏳️‍🌈 é",
    "nul\x00byte \x07bell",
    '=HYPERLINK("x")',
    "%s%n$(touch x)`id`",
    "\ufeffbom",
]  # fmt: skip


@pytest.mark.parametrize("text", NAUGHTY)
def test_any_text_is_kept_and_shown_as_text(client: TestClient, database: Database, text: str) -> None:
    address = sent(client, title=text, problem=text, requester_name=text)
    page = client.get(address)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    with database.reading() as session:
        assert (
            session.scalars(select(LearningRequest.title)).one() == re.sub(r"[\x00-\x1f]", "", text).strip()
        )


def test_text_that_is_too_long_is_refused_with_its_limit(client: TestClient) -> None:
    answer = client.post("/requests", data={**FILLED, "title": "x" * 201, "problem": "y" * 8001})
    assert answer.status_code == 422
    assert "Please keep this under 200 characters." in answer.text
    assert "Please keep this under 8000 characters." in answer.text


def test_two_megabytes_are_refused_before_they_are_read(client: TestClient) -> None:
    answer = client.post("/requests", data={**FILLED, "problem": "y" * 2_000_000})
    assert answer.status_code == 413
    assert "at most 1 MB" in answer.text


def test_a_write_from_another_site_is_refused(client: TestClient, database: Database) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ):
        assert client.post("/requests", data=FILLED, headers=headers).status_code == 403
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}):
        assert client.post("/requests", data=FILLED, headers=headers).status_code == 303


def test_one_address_may_not_flood_the_form(client: TestClient) -> None:
    for _ in range(60):
        sent(client)
    answer = client.post("/requests", data=FILLED)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"


def test_a_wrong_or_revoked_key_opens_nothing(client: TestClient, database: Database, links: Links) -> None:
    address = sent(client)
    number, key = address.split("/")[2:]
    for wrong in (
        f"/requests/{number}/{key[::-1]}",
        f"/requests/{number}/x",
        f"/requests/2/{key}",
        f"/requests/99999999999/{key}",
    ):
        assert client.get(wrong).status_code == 404
        assert client.post(f"{wrong}/withdrawal").status_code == 404
        assert client.post(f"{wrong}/messages", data={"words": "hello"}).status_code == 404
        assert client.post(f"{wrong}/answers", data={"risk": "5"}).status_code == 404
        assert client.post(f"{wrong}/link").status_code == 404
        assert client.get(f"{wrong}/status").status_code == 404
        assert client.get(f"{wrong}/live").status_code == 404
    assert client.post(f"{address}/link").status_code == 303
    assert client.get(address).status_code == 404
    with database.reading() as session:
        newest = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert newest is not None
        asked = session.get_one(LearningRequest, 1)
        assert links.tracking(asked) in newest.text
        assert client.get(links.tracking_path(asked)).status_code == 200


def test_opening_the_page_changes_nothing_withdrawing_needs_a_press(
    client: TestClient, database: Database
) -> None:
    address = sent(client)
    client.get(address)
    client.get(f"{address}/answers")
    assert client.get(f"{address}/withdrawal").status_code == 405
    with database.reading() as session:
        assert session.scalars(select(LearningRequest.status)).one() is RequestStatus.SUBMITTED
    assert client.post(f"{address}/withdrawal").status_code == 303
    assert client.post(f"{address}/withdrawal").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(LearningRequest.status)).one() is RequestStatus.WITHDRAWN
    assert "You withdrew this request" in client.get(address).text


def test_more_answers_are_kept_and_have_it_ranked_again(
    client: TestClient, database: Database, now: datetime
) -> None:
    address = sent(client)
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)
    form = client.get(f"{address}/answers").text
    assert 'value="40-60"' in form
    assert "New people need four days." in form
    assert (
        client.post(f"{address}/answers", data={"value_per_year": "20000-60000", "risk": "4"}).status_code
        == 303
    )
    wrong = client.post(f"{address}/answers", data={"value_per_year": "a lot", "tried": "a poster"})
    assert wrong.status_code == 422
    assert "as a number or a range" in wrong.text
    assert "a poster" in wrong.text
    with database.reading() as session:
        kept = learning_requests.find(session, 1)
        assert kept is not None
        assert kept.said("risk") == 4
        assert kept.score_wanted_at == now


def test_the_requester_reads_the_managers_words_but_never_the_notes(
    client: TestClient, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    address = sent(client)
    assert client.post(f"{address}/messages", data={"words": "It got worse."}).status_code == 303
    empty = client.post(f"{address}/messages", data={"words": "  "})
    assert empty.status_code == 422
    assert "Please write something first." in empty.text
    with database.writing() as session:
        asked = learning_requests.find(session, 1)
        assert asked is not None
        conversations.say(
            session, asked, "Between us: no.", links=links, by=cast.manager, at=now, internal=True
        )
        conversations.say(session, asked, "Which tool do they use?", links=links, by=cast.manager, at=now)
        decline = Ruling(Verdict.DECLINE, words="The tool is replaced in May.")
        deciding.decide(session, asked, decline, links=links, by=cast.manager, at=now)
    page = client.get(address).text
    for shown in (
        "It got worse.",
        "Which tool do they use?",
        "The tool is replaced in May.",
        "We won&#39;t take this on for now",
    ):
        assert shown in page
    assert "Between us" not in page
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 3
        told = session.scalars(select(Mail.text).order_by(Mail.id)).all()
        assert [("Between us" in text) for text in told] == [False] * len(told)


def test_after_scoring_the_page_says_why_and_where_it_stands(
    client: TestClient, database: Database, now: datetime
) -> None:
    address = sent(client)
    sent(client, title="A second one")
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)
    status = client.get(f"{address}/status").text
    assert "What counts most is the size of the gap, over 60 %." in status
    assert "people haven&#39;t had the chance to learn how yet" in status
    assert "Learning can help with that." in status
    assert re.search(r"about [12] of 2", status)


def test_signed_in_people_see_their_own_requests_only(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_request(session, links=links, title="Ritas own")
        a_request(session, links=links, title="Ottos own", requester={"email": "otto@fernweh.example"})
    sign_in(client, cast.requester)
    own = client.get("/requests").text
    assert "Ritas own" in own
    assert "Ottos own" not in own
    form = client.get("/requests/new").text
    assert 'value="rita@fernweh.example"' in form


def test_where_intake_is_not_public_strangers_are_asked_to_sign_in(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        session.get_one(Organisation, cast.organisation.id).intake_public = False
    assert client.get("/requests/new").headers["location"] == "/sign-in?next=/requests/new"
    assert client.post("/requests", data=FILLED).status_code == 303
    body = {"title": "x", "problem": "y", "requester": {"email": "a@b.example"}}
    assert client.post("/api/v1/requests", json=body).status_code == 401
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0
    sign_in(client, cast.requester)
    assert client.get("/requests/new").status_code == 200
    assert sent(client).startswith("/requests/1/")
