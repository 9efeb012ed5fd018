"""The private page of a request: what it says, what may be done there, and who may not."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import assessments, learning_requests, organisation, supporters
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Answer, Event, File, LearningRequest, Mail, Message, Organisation
from portfolio.states import RequestStatus
from tests.conftest import Cast
from tests.doors.test_asking import FILLED, SignIn, sent
from tests.doors.test_drafting import PDF, begun, seen_on
from tests.factory import a_request
from web.clock import read_clock

BARE = {"title": "Quotes", "problem": "Four days.", "requester_email": "kim@fernweh.example"}
NEAR_THE_LINE = {**BARE, "format": "job_aid"}
"""One answer decides whether this is worth its hours; nothing does for the bare wish but what it would become."""
HTMX = {"hx-request": "true"}


def asked(page: str) -> str:
    """The question asked next."""
    found = re.search(r'name="skip" value="(\w+)"', page)
    return found[1] if found else ""


def test_after_sending_at_most_three_questions_follow_each_with_its_reason(
    client: TestClient, database: Database, now: datetime
) -> None:
    address = client.post("/requests", data=NEAR_THE_LINE).headers["location"]
    page = client.get(address).text
    assert "Your request is number 1" in page
    path, given = address.partition("?")[0], 0
    while key := asked(page):
        assert "The answer could change the decision." in page
        pressed = re.search(rf'name="{key}" value="(\w+)"', page)
        data = {key: pressed[1] if pressed else "2", "asked": str(given), "skipped": ""}
        answer = client.post(f"{path}/answer", data=data)
        given += 1
        assert answer.headers["location"] == f"{path}?sent=1&asked={given}&skipped=#next"
        page = client.get(answer.headers["location"]).text
    assert 1 <= given <= 3
    assert "that's all we need" in page
    with database.reading() as session:
        assert len(session.scalars(select(Answer.question)).all()) == 2 + given
        assert session.scalars(select(LearningRequest.score_wanted_at)).one() == now
    third = client.get(f"{path}?sent=1&asked=3").text
    assert asked(third) == ""


def test_a_question_is_skipped_and_does_not_come_again(client: TestClient) -> None:
    address = client.post("/requests", data=NEAR_THE_LINE).headers["location"]
    first = asked(client.get(address).text)
    data = {"skip": first, "asked": "0", "skipped": ""}
    part = client.post(f"{address.partition('?')[0]}/answer", data=data, headers=HTMX).text
    assert part.lstrip().startswith('<section id="next"')
    assert asked(part) not in {"", first}
    assert f'name="skipped" value="{first}"' in part


def test_a_wrong_answer_is_asked_again_in_words(client: TestClient) -> None:
    address = client.post("/requests", data=BARE).headers["location"].partition("?")[0]
    data = {"value_per_year": "a lot", "asked": "0", "skipped": ""}
    answer = client.post(f"{address}/answer", data=data)
    assert answer.status_code == 422
    odd = client.get(f"{address}?sent=1&asked=-1&skipped=%01,{'x' * 99}")
    assert odd.status_code == 200


def test_the_cause_is_said_in_plain_words(client: TestClient) -> None:
    tool = {"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"}
    page = client.get(sent(client, **tool)).text
    assert "Sounds like people know how, and something else gets in the way" in page
    assert "Mending that often helps sooner than a course; we&#39;ll look at it with you." in page
    assert "gets in the way" not in client.get(sent(client, cause_could="", title="Other")).text


def test_both_sides_give_files_and_nobody_else_gets_them(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    address = sent(client)
    other = sent(client, title="Another")
    said = client.post(f"{address}/messages", data={"words": ""}, files={"file": PDF})
    assert said.status_code == 303
    page = client.get(address).text
    assert "Here is plan.pdf." in page
    assert f'href="{address}/files/1"' in page
    answer = client.get(f"{address}/files/1")
    assert answer.content == PDF[1]
    assert answer.headers["content-disposition"].startswith("attachment;")
    for wrong in (f"{other}/files/1", f"{address[:-2]}xx/files/1", f"{address}/files/99999999999"):
        assert client.get(wrong).status_code == 404
    for who, status in ((None, 303), (cast.other, 404), (cast.leader, 404), (cast.manager, 200)):
        sign_in(client, who)
        assert client.get("/requests/1/files/1").status_code == status
    assert client.get("/requests/2/files/1").status_code == 404
    refused = client.post(f"{address}/messages", data={"words": "See"}, files={"file": ("a.exe", b"MZ")})
    assert refused.status_code == 422
    assert "We can&#39;t take" in refused.text
    with database.reading() as session:
        assert session.execute(select(File.learning_request_id, File.message_id)).all() == [(1, 1)]
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_file_of_a_managers_note_stays_inside(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    address = sent(client)
    sign_in(client, cast.manager)
    for to, name in (("note", "inside.txt"), ("requester", "outside.txt")):
        answer = client.post("/requests/1/notes", data={"to": to}, files={"file": (name, name.encode())})
        assert answer.headers["location"] == "/requests/1#conversation"
    shown = client.get("/requests/1").text
    assert 'href="/requests/1/files/1"' in shown
    assert client.get("/requests/1/files/1").content == b"inside.txt"
    refused = client.post("/requests/1/notes", data={"note": "x"}, files={"file": ("a.exe", b"MZ")})
    assert refused.status_code == 422
    sign_in(client, None)
    assert client.get(f"{address}/files/1").status_code == 404
    assert client.get(f"{address}/files/2").content == b"outside.txt"
    page = client.get(address).text
    assert "outside.txt" in page
    assert "inside.txt" not in page


def test_it_is_confirmed_by_a_press_and_asked_about_when_quiet(
    client: TestClient, app: FastAPI, database: Database, now: datetime
) -> None:
    address = sent(client)
    assert "Is this still needed?" not in client.get(address).text
    app.dependency_overrides[read_clock] = lambda: now + timedelta(days=61)
    assert "Is this still needed?" in client.get(address).text
    assert client.post(f"{address}/confirmation").status_code == 303
    assert "Is this still needed?" not in client.get(address).text
    with database.reading() as session:
        assert session.scalars(select(LearningRequest.confirmed_at)).one() == now + timedelta(days=61)
        assert session.scalars(select(Event.action).order_by(Event.id.desc())).first() == (
            "learning_request.confirmed"
        )


def test_the_link_is_mailed_again_to_its_requester_alone(client: TestClient, database: Database) -> None:
    address = sent(client)
    assert client.post(f"{address}/mail").status_code == 303
    with database.reading() as session:
        last = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert last is not None
        assert last.recipient == "kim@fernweh.example"
        assert f"http://testserver{address}" in last.text


def test_who_else_asked_is_said_by_number_and_unit_never_by_name(
    client: TestClient, database: Database, links: Links, now: datetime
) -> None:
    address = sent(client)
    with database.writing() as session:
        found = learning_requests.find(session, 1)
        assert found is not None
        for name, unit in (("Ada", "Service"), ("Ben", "Finance")):
            email = f"{name}@fernweh.example".lower()
            supporters.join(session, found, email=email, name=name, unit=unit, links=links, at=now)
    page = client.get(address).text
    assert "2 other people, from Finance and Service" in page
    assert "Ada" not in page
    assert "ada@" not in page


def test_lost_links_come_by_mail_and_the_answer_tells_nothing(client: TestClient, database: Database) -> None:
    address = sent(client)
    draft = begun(client, title="Half a thought", requester_email="Kim@Fernweh.Example")
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Mail))
    known = client.post("/requests/links", data={"email": "KIM@fernweh.example"})
    stranger = client.post("/requests/links", data={"email": "no@body.example"})
    assert known.text.replace("kim@fernweh.example", "") == stranger.text.replace("no@body.example", "")
    assert client.post("/requests/links", data={"email": "kim"}).status_code == 422
    with database.reading() as session:
        mails = session.scalars(select(Mail).order_by(Mail.id)).all()[before:]
    assert [mail.recipient for mail in mails] == ["kim@fernweh.example"]
    assert f"http://testserver{address}\n" in mails[0].text
    assert f"http://testserver{draft}" in mails[0].text
    assert "Half a thought" in mails[0].text


def test_signed_in_people_see_drafts_and_what_they_stand_behind(
    client: TestClient, database: Database, cast: Cast, links: Links, now: datetime, sign_in: SignIn
) -> None:
    draft = begun(client, title="Ritas draft", requester_email=cast.requester.email)
    begun(client, title="Ottos draft", requester_email=cast.other.email)
    with database.writing() as session:
        made = a_request(session, links=links, title="Ottos own", requester={"email": "otto@fernweh.example"})
        supporter = supporters.join(session, made, email=cast.requester.email, links=links, at=now)
        assert supporter is not None
        support = links.support_path(supporter)
    sign_in(client, cast.requester)
    own = client.get("/requests").text
    assert f'href="{draft}"' in own
    assert f'href="{support}"' in own
    assert "Ottos draft" not in own


def test_only_the_organisations_own_mail_domains_may_ask(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    wrong = client.post("/settings/intake", data={"intake_domains": "fernweh.example, not a domain"})
    assert wrong.status_code == 422
    assert "look like mail domains" in wrong.text
    for who, status in ((None, 303), (cast.requester, 404), (cast.leader, 404)):
        sign_in(client, who)
        refused = client.post("/settings/intake", data={"intake_domains": "evil.example"})
        assert refused.status_code == status
    sign_in(client, cast.manager)
    fields = {"intake_public": "yes", "intake_domains": "@Fernweh.example, fernweh.test"}
    assert client.post("/settings/intake", data=fields).status_code == 303
    with database.reading() as session:
        ours = session.get_one(Organisation, cast.organisation.id)
        assert (ours.intake_public, ours.intake_domains) == (True, "fernweh.example fernweh.test")
    elsewhere = {**FILLED, "requester_email": "kim@elsewhere.example"}
    assert client.post("/requests", data=elsewhere).status_code == 303  # a manager may, for anybody
    sign_in(client, None)
    words = "Please use your work address, one that ends with @fernweh.example or @fernweh.test."
    answer = client.post("/requests", data=elsewhere)
    assert answer.status_code == 422
    assert re.search(rf'id="requester_email-error">.*{re.escape(words)}', answer.text)
    path = begun(client, **elsewhere)
    at_draft = client.post(f"{path}/request", data={**elsewhere, "seen": seen_on(client, path)})
    assert at_draft.status_code == 422
    assert words in at_draft.text
    body = {"title": "x", "problem": "y", "requester": {"email": "kim@sub.fernweh.example"}}
    by_program = client.post("/api/v1/requests", json=body)
    assert by_program.status_code == 422
    assert by_program.json()["errors"] == [
        {"pointer": "/requester/email", "field": "requester_email", "detail": words}
    ]
    assert sent(client, requester_email="kim@fernweh.test").startswith("/requests/2/")


def test_a_wrong_key_opens_none_of_this(client: TestClient) -> None:
    address = sent(client)
    wrong = f"{address[:-2]}xx"
    assert client.get(f"{wrong}/conversation").status_code == 404
    for what in ("answer", "messages", "confirmation", "mail", "withdrawal", "link", "answers"):
        assert client.post(f"{wrong}/{what}", data={"words": "x", "risk": "5"}).status_code == 404


def test_looking_changes_nothing(client: TestClient, database: Database) -> None:
    address = sent(client)
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Event))
    for what in ("", "?sent=1", "/conversation", "/status", "/answers"):
        assert client.get(f"{address}{what}").status_code == 200
    for what in ("answer", "messages", "confirmation", "mail", "withdrawal", "link"):
        assert client.get(f"{address}/{what}").status_code == 405
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == before
        assert session.scalars(select(LearningRequest.status)).one() is RequestStatus.SUBMITTED


@pytest.fixture
def queries(database: Database, app: FastAPI) -> Callable[[], int]:
    """Counts statements since the last call."""
    counted = [0]
    engine = app.state.database.engine
    event.listen(engine, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))

    def since() -> int:
        found, counted[0] = counted[0], 0
        return found

    return since


def test_pages_ask_the_database_as_often_for_three_as_for_one(
    client: TestClient,
    database: Database,
    cast: Cast,
    links: Links,
    now: datetime,
    sign_in: SignIn,
    queries: Callable[[], int],
) -> None:
    address = sent(client, requester_email=cast.requester.email)
    pages = (address, f"{address}/conversation", "/requests", "/requests/new")

    def fill(turn: int) -> None:
        sent(client, requester_email=cast.requester.email, title=f"Request {turn}")
        begun(client, title=f"Draft {turn}", requester_email=cast.requester.email)
        client.post(
            f"{address}/messages", data={"words": "See"}, files={"file": (f"{turn}.txt", b"%d" % turn)}
        )
        with database.writing() as session:
            found = learning_requests.find(session, 1)
            assert found is not None
            email = f"p{turn}@fernweh.example"
            supporters.join(session, found, email=email, unit=f"Unit {turn}", links=links, at=now)
            assessments.score_waiting(session, now=now, flow_run_id=None)

    def count(path: str) -> int:
        queries()
        assert client.get(path).status_code == 200
        return queries()

    fill(1)
    sign_in(client, cast.requester)
    once = [count(path) for path in pages]
    fill(2)
    fill(3)
    assert [count(path) for path in pages] == once
    assert max(once) <= 25, once


def test_check_address_takes_all_where_none_is_named(database: Database, cast: Cast) -> None:
    assert cast.organisation.intake_domains == ""
    with database.reading() as session:
        organisation.check_address(session, "anybody@anywhere.example")
