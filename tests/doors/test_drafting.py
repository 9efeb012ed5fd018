"""Drafts: kept without an account, shared by a link, put together where two wrote, sent once."""

import json
import re
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import drafts
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Draft, Event, File, LearningRequest, Mail, Organisation
from tests.conftest import Cast
from tests.doors.test_asking import FILLED, SignIn
from web.clock import read_clock

DATA = {"accept": "application/json"}
PDF = ("plan.pdf", b"%PDF-1.7 a plan", "application/pdf")


def begun(client: TestClient, **values: str) -> str:
    """Begin a draft as the page's script does; its address."""
    answer = client.post("/drafts", data=values, headers=DATA)
    assert answer.status_code == 201, answer.text
    path: str = answer.json()["path"]
    return path


def seen_on(client: TestClient, path: str) -> str:
    """The prints of what the draft's page shows."""
    found = re.search(r'name="seen" value="([^"]*)"', client.get(path).text)
    assert found
    return found[1].replace("&#34;", '"')


def values_of(database: Database) -> dict[str, str]:
    with database.reading() as session:
        kept: dict[str, str] = session.scalars(select(Draft.values).order_by(Draft.id.desc())).first() or {}
    return kept


def test_a_draft_is_kept_by_its_link_right_or_wrong(client: TestClient, database: Database) -> None:
    path = begun(client, title="Quotes", audience_count="many", requester_email="kim")
    assert re.fullmatch(r"/drafts/1/[\w-]{22}", path)
    page = client.get(path).text
    assert 'value="Quotes"' in page
    assert 'value="many"' in page
    answer = client.post(path, data={"title": "Quotes", "seen": seen_on(client, path)}, headers=DATA)
    assert answer.json()["revision"] == 2
    assert values_of(database) == {"title": "Quotes"}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0


def test_without_a_script_a_button_keeps_it_and_shows_the_link(client: TestClient, links: Links) -> None:
    answer = client.post("/drafts", data={**FILLED, "title": ""})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "brings you back here" in page
    assert f'value="http://testserver{answer.headers["location"].partition("?")[0]}"' in page
    assert "It is kept until 20 December" in page


def test_opening_a_draft_changes_nothing(client: TestClient, database: Database) -> None:
    path = begun(client, title="Quotes")
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Event))
    for address in (path, f"{path}/share"):
        assert client.get(address).status_code == 200
    for address in ("request", "mail", "link", "resolution", "files/1/removal"):
        assert client.get(f"{path}/{address}").status_code in {404, 405}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == before
        assert session.scalars(select(Draft.revision)).one() == 1


def test_a_wrong_renewed_or_old_link_opens_nothing(client: TestClient, app: FastAPI, now: datetime) -> None:
    path = begun(client, title="Quotes")
    for wrong in (path[:-2] + "xx", path.replace("/1/", "/2/"), path.replace("/1/", "/99999999999/")):
        assert client.get(wrong).status_code == 404
        assert client.get(f"{wrong}/share").status_code == 404
        assert client.get(f"{wrong}/files/1").status_code == 404
        for what in ("", "/request", "/mail", "/link", "/resolution", "/files/1/removal"):
            assert client.post(f"{wrong}{what}", data=FILLED).status_code == 404
    renewed = client.post(f"{path}/link").headers["location"].partition("?")[0]
    assert client.get(path).status_code == 404
    assert client.get(renewed).status_code == 200
    app.dependency_overrides[read_clock] = lambda: now + timedelta(days=30, minutes=1)
    assert client.get(renewed).status_code == 404


def test_what_two_people_wrote_in_different_places_is_put_together_and_said(
    client: TestClient, database: Database
) -> None:
    path = begun(client, title="Quotes")
    seen = seen_on(client, path)
    client.post(path, data={"title": "Quotes", "problem": "Four days.", "seen": seen}, headers=DATA)
    later = client.post(path, data={"title": "Quotes", "behaviour": "In a day.", "seen": seen}, headers=DATA)
    assert later.status_code == 200
    assert later.json()["theirs"] == {"problem": "Four days."}
    assert values_of(database) == {"title": "Quotes", "problem": "Four days.", "behaviour": "In a day."}
    plain = client.post(path, data={"title": "Quotes", "audience_who": "Sales", "seen": seen})
    assert (
        "both here now: What is the problem or opportunity?; What should"
        in client.get(plain.headers["location"]).text
    )


@pytest.mark.both
def test_where_both_changed_the_same_the_later_is_told_and_chooses(
    client: TestClient, database: Database
) -> None:
    path = begun(client, title="Quotes", problem="Slow.")
    seen = seen_on(client, path)
    client.post(path, data={"title": "Faster quotes", "problem": "Four days.", "seen": seen}, headers=DATA)
    mine = {"title": "Better quotes", "problem": "Customers leave.", "audience_who": "Sales", "seen": seen}
    told = client.post(path, data=mine, headers=DATA)
    assert told.status_code == 409
    assert told.json() == {
        "contested": ["title", "problem"],
        "labels": ["A short title", "What is the problem or opportunity?"],
    }
    page = client.post(path, data=mine)
    assert page.status_code == 409
    for words in (
        "Four days.",
        "Customers leave.",
        "Faster quotes",
        "Better quotes",
        "Two of you wrote here",
    ):
        assert words in page.text
    assert values_of(database) == {"title": "Faster quotes", "problem": "Four days."}
    shown = re.search(r'name="seen" value="([^"]*)"', page.text)
    assert shown
    chosen = client.post(
        f"{path}/resolution",
        data={
            "seen": shown[1].replace("&#34;", '"'),
            "audience_who": "Sales",
            "choice__title": "mine",
            "mine__title": "Better quotes",
            "theirs__title": "Faster quotes",
            "choice__problem": "both",
            "mine__problem": "Customers leave.",
            "theirs__problem": "Four days.",
        },
    )
    assert chosen.status_code == 303
    assert values_of(database) == {
        "title": "Better quotes",
        "problem": "Four days.\n\nCustomers leave.",
        "audience_who": "Sales",
    }


def test_a_page_that_says_not_what_it_saw_overwrites_nothing(client: TestClient, database: Database) -> None:
    path = begun(client, title="Quotes")
    for seen in ("", "nonsense", "[]", json.dumps({"title": "x"})):
        assert client.post(path, data={"title": "Mine", "seen": seen}, headers=DATA).status_code == 409
    assert values_of(database) == {"title": "Quotes"}


@pytest.mark.both
def test_a_draft_is_sent_once_with_its_files(client: TestClient, database: Database) -> None:
    path = begun(client, **FILLED)
    kept = client.post(path, data={**FILLED, "seen": seen_on(client, path)}, files={"file": PDF})
    assert kept.status_code == 303
    assert "plan.pdf" in client.get(path).text
    form = {**FILLED, "seen": seen_on(client, path), "form_id": "abc"}
    first = client.post(f"{path}/request", data=form)
    assert re.fullmatch(r"/requests/1/[\w-]{22}\?sent=1", first.headers["location"])
    assert client.post(f"{path}/request", data=form).headers["location"] == first.headers["location"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 1
        assert session.execute(select(File.learning_request_id, File.draft_id, File.name)).one() == (
            1,
            None,
            "plan.pdf",
        )


def test_whoever_had_the_draft_learns_that_it_was_sent_and_no_more(client: TestClient) -> None:
    path = begun(client, **FILLED)
    form = {**FILLED, "seen": seen_on(client, path), "form_id": "abc"}
    tracking = client.post(f"{path}/request", data=form).headers["location"].partition("?")[0]
    page = client.get(path)
    assert "This was sent" in page.text
    late = client.post(f"{path}/request", data={**form, "form_id": "other", "title": "Too late a title"})
    assert late.status_code == 409
    assert "Too late a title" in late.text
    for text in (page.text, late.text, client.post(path, data={"title": "x"}, headers=DATA).text):
        assert tracking not in text
    assert client.post(path, data={"title": "x"}, headers=DATA).status_code == 410
    assert client.get(f"{path}/files/1").status_code == 404


def test_sending_words_of_somebody_else_unseen_is_asked_about_first(
    client: TestClient, database: Database
) -> None:
    path = begun(client, **FILLED)
    seen = seen_on(client, path)
    client.post(path, data={**FILLED, "if_nothing": "We lose two.", "seen": seen}, headers=DATA)
    answer = client.post(f"{path}/request", data={**FILLED, "seen": seen})
    assert answer.status_code == 409
    assert "We lose two." in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0


def test_errors_of_a_draft_stand_beside_their_fields_and_are_kept(
    client: TestClient, database: Database
) -> None:
    path = begun(client, title="Quotes")
    wrong = {"title": "Quotes", "audience_count": "many", "requester_email": "kim", "seen": "{}"}
    wrong["seen"] = seen_on(client, path)
    answer = client.post(f"{path}/request", data=wrong)
    assert answer.status_code == 422
    for name in ("problem", "audience_count", "requester_email"):
        assert f'id="{name}-error"' in answer.text
    assert values_of(database) == {"title": "Quotes", "audience_count": "many", "requester_email": "kim"}


def test_a_file_goes_with_the_form_and_survives_an_error(client: TestClient, database: Database) -> None:
    answer = client.post("/requests", data={**FILLED, "title": ""}, files={"file": PDF})
    assert answer.status_code == 422
    assert "plan.pdf" in answer.text
    assert 'action="/drafts/1/' in answer.text
    sent = client.post("/requests", data=FILLED, files={"file": PDF})
    assert sent.status_code == 303
    with database.reading() as session:
        owners = session.execute(select(File.draft_id, File.learning_request_id).order_by(File.id)).all()
    assert owners == [(1, None), (None, 1)]


def test_a_file_of_another_kind_is_refused_in_words(client: TestClient, database: Database) -> None:
    for name, content, words in (
        ("run.exe", b"MZ", "We can&#39;t take “run.exe”"),
        ("plan.pdf", b"MZ", "is not what its name says"),
        ("plan.pdf", b"", "is empty"),
    ):
        answer = client.post("/requests", data=FILLED, files={"file": (name, content)})
        assert answer.status_code == 422
        assert words in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(File)) == 0


def test_a_drafts_files_are_downloads_for_its_link_alone(client: TestClient) -> None:
    path = begun(client, title="Quotes")
    other = begun(client, title="Other")
    client.post(path, data={"title": "Quotes", "seen": seen_on(client, path)}, files={"file": PDF})
    answer = client.get(f"{path}/files/1")
    assert answer.content == PDF[1]
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{other}/files/1").status_code == 404
    assert client.get(f"{path[:-2]}xx/files/1").status_code == 404
    assert client.post(f"{other}/files/1/removal", data={"title": "Other"}).status_code == 404
    gone = client.post(f"{path}/files/1/removal", data={"title": "New", "seen": seen_on(client, path)})
    assert gone.status_code == 303
    page = client.get(path).text
    assert "plan.pdf" not in page
    assert 'value="New"' in page


def test_the_link_is_mailed_to_whoever_shall_go_on(client: TestClient, database: Database) -> None:
    path = begun(client, title="Quotes")
    wrong = client.post(f"{path}/mail", data={"share_email": "nobody"})
    assert wrong.status_code == 422
    assert "look like an e-mail address" in wrong.text
    assert client.post(f"{path}/mail", data={"share_email": "Kim@Fernweh.example"}).status_code == 303
    with database.reading() as session:
        mail = session.scalars(select(Mail)).one()
        assert mail.recipient == "kim@fernweh.example"
        assert f"http://testserver{path}" in mail.text


def test_an_ended_visit_loses_nothing(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        session.get_one(Organisation, cast.organisation.id).intake_public = False
    answer = client.post("/requests", data=FILLED)
    assert answer.headers["location"].startswith("/sign-in?next=/drafts/1/")
    assert values_of(database)["problem"] == FILLED["problem"]
    path = answer.headers["location"].partition("next=")[2]
    form = {**FILLED, "seen": seen_on(client, path)}
    assert client.post(f"{path}/request", data=form).headers["location"] == f"/sign-in?next={path}"
    sign_in(client, cast.requester)
    assert client.post(f"{path}/request", data=form).headers["location"].endswith("?sent=1")


def test_an_address_may_begin_only_so_many_drafts_but_a_typing_person_is_never_refused(
    client: TestClient,
) -> None:
    path = begun(client, title="Quotes")
    seen = seen_on(client, path)
    for turn in range(150):
        answer = client.post(path, data={"title": f"Quotes {turn}", "seen": seen}, headers=DATA)
        assert answer.status_code == 200
        seen = json.dumps(answer.json()["seen"])
    answers = [client.post("/drafts", data={"title": "x"}, headers=DATA).status_code for _ in range(240)]
    assert answers == [201] * 239 + [429]


def test_old_drafts_are_forgotten_with_their_files(
    client: TestClient, database: Database, now: datetime
) -> None:
    path = begun(client, title="Quotes")
    client.post(path, data={"title": "Quotes", "seen": seen_on(client, path)}, files={"file": PDF})
    with database.writing() as session:
        assert drafts.expire(session, now=now + timedelta(days=31)) == 1
        assert session.scalar(select(func.count()).select_from(File)) == 0
