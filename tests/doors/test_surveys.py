"""Surveys from the first draft to the last answer: made, sent, answered by link without an account, once, and closed."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import participants, people, survey_invitations, surveys
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import (
    Event,
    Invitation,
    Mail,
    Participant,
    Person,
    Project,
    Response,
    Survey,
    SurveyTemplate,
)
from portfolio.settings import Settings
from tests.conftest import NOW, Cast
from tests.factory import a_project
from web.guards import Turnstile

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def path(database: Database, cast: Cast, links: Links) -> str:
    """Where Otto answers a survey that is open: the address in his mail, without the place it is served at."""
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        made = surveys.draft(session, template="learner_30", project=project, by=cast.manager, at=NOW)
        survey_invitations.invite(session, made, [cast.other, cast.requester], by=cast.manager, at=NOW)
        surveys.open_(session, made, by=cast.manager, at=NOW)
        return links.answering_path(session.get_one(Invitation, 1))


@pytest.fixture
def open_path(database: Database, cast: Cast, links: Links) -> str:
    """Where anybody answers."""
    with database.writing() as session:
        made = surveys.draft(session, template="needs", by=cast.manager, at=NOW)
        surveys.open_(session, made, by=cast.manager, at=NOW)
        return links.survey_path(made)


def count(database: Database, model: type = Event) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def answers_in(database: Database) -> list[dict[str, object]]:
    with database.reading() as session:
        return list(session.scalars(select(Response.answers).order_by(Response.id)))


def test_a_look_changes_nothing_and_one_press_sends_what_the_mail_named(
    client: TestClient, database: Database, path: str
) -> None:
    before = count(database)
    bare, chosen = client.get(path).text, client.get(f"{path}?question=used&answer=3").text
    assert "Send just this answer" not in bare
    assert "Send just this answer" in chosen
    assert re.search(r'value="Once or twice" checked', chosen)
    for odd in (
        "?question=used&answer=99",
        "?question=used&answer=²",
        "?question=<b>&answer=1",
        "?question=example&answer=1",
    ):
        assert " checked" not in client.get(path + odd).text
    assert (count(database), answers_in(database)) == (before, [])
    sent = client.post(
        path, data={"a_used": "Once or twice", "a_helped": ["A colleague", "What I practised"]}
    )
    assert sent.headers["location"] == f"{path}?done=1"
    assert answers_in(database) == [{"used": "Once or twice", "helped": ["What I practised", "A colleague"]}]
    assert "Your answers are in" in client.get(f"{path}?done=1").text


def test_a_link_answers_once(client: TestClient, database: Database, path: str) -> None:
    client.post(path, data={"a_used": "Every time"})
    before = count(database)
    again = client.post(path, data={"a_used": "Never, though it was due"})
    assert again.headers["location"] == path
    assert "You have answered this already" in client.get(path).text
    assert (answers_in(database), count(database)) == ([{"used": "Every time"}], before)


def test_what_is_wrong_stands_by_its_question_and_nothing_typed_is_lost(
    client: TestClient, database: Database, path: str
) -> None:
    wrong = client.post(
        path, data={"a_difference": "Nothing so far", "a_helped": "A colleague", "a_used": "Sometimes"}
    )
    assert wrong.status_code == 422
    assert 'id="a_used-error">Please choose one of these.' in wrong.text
    assert re.findall(r'value="([^"]+)" checked', wrong.text) == ["Nothing so far", "A colleague"]
    assert client.post(path, data={}).text.count("Please answer this one.") == 2
    assert answers_in(database) == []


def test_another_key_opens_nothing_and_another_survey_has_no_open_link(
    client: TestClient, database: Database, links: Links, path: str, open_path: str
) -> None:
    other = path.replace("/answers/1/", "/answers/2/")
    own = f"/surveys/1/open/{links.key('survey', 1)}"
    for address in (path[:-1] + "x", other, open_path[:-1] + "x", own):
        assert client.get(address).status_code == 404
        assert client.post(address, data={"a_used": "Every time"}).status_code == 404
    assert client.post(f"{other}/refusal").status_code == 404
    assert answers_in(database) == []


def test_a_closed_survey_says_so_and_takes_nothing(
    client: TestClient, database: Database, cast: Cast, path: str
) -> None:
    with database.writing() as session:
        surveys.close(session, session.get_one(Survey, 1), by=cast.manager, at=NOW)
    assert "This survey is over" in client.get(path).text
    assert client.post(path, data={"a_used": "Every time"}).headers["location"] == path
    assert answers_in(database) == []


def test_no_more_surveys_is_a_press_of_its_own_and_can_be_taken_back(
    client: TestClient, database: Database, path: str
) -> None:
    def refused() -> bool:
        with database.reading() as session:
            found = session.scalars(select(Person).where(Person.email == "otto@fernweh.example")).one()
            return found.no_surveys_at is not None

    client.get(f"{path}/refusal")
    assert not refused()
    client.post(f"{path}/refusal")
    assert refused()
    assert "No more surveys for you" in client.get(f"{path}/refusal").text
    client.post(f"{path}/refusal", data={"again": "1"})
    assert not refused()


def test_the_open_link_counts_a_press_once_and_keeps_no_name(
    client: TestClient, database: Database, open_path: str
) -> None:
    page = client.get(f"{open_path}?question=how_often&answer=1").text
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once is not None
    said = {"once": once[1], "a_how_often": "Every day"}
    for _ in range(2):
        assert client.post(open_path, data=said).headers["location"] == f"{open_path}?done=1"
    assert answers_in(database) == [{"how_often": "Every day"}]
    assert "Your answers are in" in client.get(f"{open_path}?done=1").text
    client.cookies.clear()
    wrong = client.post(open_path, data={"once": "x", "a_goes_wrong": "Much"})
    assert (wrong.status_code, 'value="x"' in wrong.text, ">Much</textarea>" in wrong.text) == (
        422,
        True,
        True,
    )
    without = client.post(open_path, data={"a_how_often": "Every day"})
    assert (without.status_code, "Please press Send once more." in without.text) == (422, True)
    assert len(answers_in(database)) == 1


def test_a_browser_answers_an_open_survey_once_and_somebody_else_at_it_says_so(
    client: TestClient, database: Database, open_path: str
) -> None:
    client.post(open_path, data={"once": "one", "a_how_often": "Every day"})
    seen = client.get(open_path).text
    assert ("This browser has answered already" in seen, "<form" in seen) == (True, False)
    offered = re.search(r'href="([^"]+)">Somebody else is answering here', seen)
    assert offered is not None
    again = client.post(open_path, data={"once": "two", "a_how_often": "Now and then"})
    assert again.status_code == 409, "a page that was open in another tab"
    assert re.findall(r'value="([^"]+)" checked', again.text) == ["Now and then"]
    turned_back = client.post(open_path, data={"once": "one", "a_how_often": "Now and then"})
    assert turned_back.status_code == 409, "the next person at the device, with the back button"
    assert len(answers_in(database)) == 1
    assert 'name="other" value="1"' in client.get(unescape(offered[1])).text
    said = {"once": "three", "other": "1", "a_how_often": "Now and then"}
    assert client.post(open_path, data=said).headers["location"] == f"{open_path}?done=1"
    assert [one["how_often"] for one in answers_in(database)] == ["Every day", "Now and then"]


def test_what_a_browser_remembers_is_of_one_survey_and_the_same_for_everybody(
    client: TestClient, database: Database, cast: Cast, links: Links, open_path: str
) -> None:
    kept = []
    for once in ("one", "two"):
        client.cookies.clear()
        sent = client.post(open_path, data={"once": once, "a_how_often": "Every day"})
        kept.append(sent.headers["set-cookie"])
    assert kept[0] == kept[1], "it can't say who, or which answer"
    assert "Path=/surveys/1/open;" in kept[0]
    assert "HttpOnly" in kept[0]
    with database.writing() as session:
        other = surveys.draft(session, template="needs", by=cast.manager, at=NOW)
        surveys.open_(session, other, by=cast.manager, at=NOW)
        elsewhere = links.survey_path(other)
    client.cookies.set("outsize_answered_2", client.cookies["outsize_answered_1"])
    assert client.post(elsewhere, data={"once": "x", "a_how_often": "Every day"}).status_code == 303
    client.cookies.clear()
    assert "If you have just sent your answers" in client.get(f"{open_path}?done=1").text


def test_a_script_cant_stuff_an_open_survey_and_who_comes_too_late_loses_nothing(
    client: TestClient, database: Database, open_path: str, app: FastAPI, configured: Settings
) -> None:
    app.state.turnstile = Turnstile(configured.model_copy(update={"open_answers_per_hour": 3}))
    sent = []
    for number in range(5):
        client.cookies.clear()
        sent.append(client.post(open_path, data={"once": str(number), "a_how_often": "Every day"}))
    assert [one.status_code for one in sent] == [303, 303, 303, 429, 429]
    assert re.findall(r'value="([^"]+)" checked', sent[-1].text) == ["Every day"]
    assert "Very many answers came from your network" in sent[-1].text
    assert len(answers_in(database)) == 3


def test_a_manager_makes_edits_sends_and_closes_a_survey(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        participants.add(session, project, [cast.other], by=cast.manager, at=NOW)
    sign_in(client, cast.manager)
    made = client.post("/surveys", data={"template": "learner_60", "project": "1", "everybody": "1"})
    assert made.headers["location"] == "/surveys/1"
    page = client.get("/surveys/1/edit").text
    typed = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    typed |= {
        f"q_{n}_options": unescape(text)
        for n, text in re.findall(r'name="q_(\d)_options"[^>]*>([^<]*)<', page)
    }
    typed = {name: unescape(text) for name, text in typed.items()}
    typed |= {"audience": "learner", "q_4_kind": "text", "q_1_required": "1"}
    typed |= {
        "q_5_label": "Which helped?",
        "q_5_kind": "many",
        "q_5_options": "This\nThat",
        "q_5_place": "1",
        "q_1_place": "2",
    }
    bad = client.post("/surveys/1", data={**typed, "q_5_options": "This"})
    assert bad.status_code == 422
    assert 'id="q_5_options-error"' in bad.text
    assert client.post("/surveys/1", data={**typed, "version": "7"}).status_code == 409
    assert client.post("/surveys/1", data=typed).headers["location"] == "/surveys/1"
    assert client.post("/surveys/1/invitations", data={"people": "Nina Nobody"}).status_code == 422
    client.post("/surveys/1/invitations", data={"people": "Kim Park <kim@fernweh.example>"})
    client.post("/surveys/1/invitations", data={"everybody": "1"})
    assert client.post("/surveys/1/opening", data={"closes_on": "2026-11-01"}).status_code == 422
    assert client.post("/surveys/1/opening", data={"closes_on": ""}).headers["location"] == "/surveys/1"
    with database.reading() as session:
        survey = session.get_one(Survey, 1)
        assert (survey.state, survey.sent_count, survey.closes_on) == ("open", 2, date(2026, 12, 18))
        assert [one["key"] for one in survey.questions] == [
            "which_helped",
            "used",
            "difference",
            "hindered",
            "example",
        ]
    shown = client.get("/surveys/1").text
    assert "0 of 2" in shown
    assert client.post("/surveys/1/removal").status_code == 422
    client.post("/surveys/1/invitations/1/removal")
    client.post("/surveys/1/closure")
    with database.reading() as session:
        assert session.get_one(Survey, 1).state == "closed"
    assert count(database, Invitation) == 2
    assert count(database, Mail) == 0, "mails are the clock's"


def test_nobody_is_told_who_answered_or_what(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, path: str
) -> None:
    client.post(path, data={"a_used": "Once or twice", "a_hindered": "There is no time for it"})
    told = {}
    for person in (cast.manager, cast.leader):
        sign_in(client, person)
        told[person.id] = client.get("/surveys/1").text + client.get("/surveys").text
        assert "1 of 2" in told[person.id]
    with database.writing() as session:
        surveys.close(session, session.get_one(Survey, 1), by=cast.manager, at=NOW)
    closed = client.get("/surveys/1").text
    assert "Fewer than 5 people answered" in closed
    assert ("Otto" in told[cast.manager.id], "Otto" in told[cast.leader.id]) == (True, False)


def test_a_draft_can_be_thrown_away_with_those_it_would_have_asked(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        made = surveys.draft(session, template="learner_30", by=cast.manager, at=NOW)
        survey_invitations.invite(session, made, [cast.other, cast.requester], by=cast.manager, at=NOW)
    sign_in(client, cast.manager)
    client.post("/surveys/1/invitations/1/removal")
    assert count(database, Invitation) == 1
    assert client.post("/surveys/1/removal").headers["location"] == "/surveys"
    assert (count(database, Survey), count(database, Invitation)) == (0, 0)


def test_participants_are_pasted_marked_and_taken_off(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager)
    sign_in(client, cast.manager)
    at = "/projects/1/participants"
    client.post(
        at, data={"people": "Kim <kim@fernweh.example>, Sales, lea@fernweh.example", "state": "attended"}
    )
    wrong = client.post(at, data={"people": "Nobody Known"})
    assert (wrong.status_code, "Nobody Known" in wrong.text) == (422, True)
    client.post(f"{at}/1", data={"state": "completed"})
    client.post(f"{at}/1", data={"state": "nonsense"})
    with database.reading() as session:
        (one,) = participants.of(session, session.get_one(Project, 1))
        assert (one.person.email, one.lead and one.lead.email, one.state) == (
            "kim@fernweh.example", "lea@fernweh.example", "completed",
        )  # fmt: skip
    client.post(f"{at}/1/removal")
    assert count(database, Participant) == 0
    assert client.post(f"{at}/1/removal").status_code == 404


def test_a_template_is_changed_kept_apart_and_brought_back(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    typed = {
        "name": "Needs", "subject": "S", "days_after": "", "version": "0", "q_1_label": "How often?", "q_1_kind": "one",
        "q_1_options": "Daily\nNever",
    }  # fmt: skip
    empty = client.post("/settings/surveys/needs", data={"name": "", "q_1_options": "kept"})
    assert (empty.status_code, ">kept</textarea>" in empty.text) == (422, True)
    assert client.post("/settings/surveys/needs", data=typed).status_code == 303
    assert client.post("/settings/surveys/needs", data=typed).status_code == 409
    assert "How often?" in client.get("/settings/surveys").text
    assert client.get("/settings/surveys/nonsense").status_code == 404
    client.post("/settings/surveys/needs/restoration")
    assert count(database, SurveyTemplate) == 0


WRITES = (
    "/surveys", "/surveys/1", "/surveys/1/invitations", "/surveys/1/invitations/1/removal", "/surveys/1/opening", "/surveys/1/closure",
    "/surveys/1/removal", "/projects/1/participants", "/projects/1/participants/1", "/projects/1/participants/1/removal",
    "/settings/surveys/needs", "/settings/surveys/needs/restoration",
)  # fmt: skip


def test_nobody_but_the_manager_changes_a_survey(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, path: str
) -> None:
    with database.writing() as session:
        participants.add(session, session.get_one(Project, 1), [cast.other], by=cast.manager, at=NOW)
    before = count(database)
    for person in (None, cast.other, cast.expert, cast.leader):
        sign_in(client, person)
        found = {
            client.post(address, data={"people": "kim@fernweh.example"}).status_code for address in WRITES
        }
        assert found == ({303} if person is None else {404})
    with database.reading() as session:
        signed_in = session.scalar(select(func.count()).where(Event.action == "person.signed_in"))
    assert count(database) == before + (signed_in or 0)


def test_the_list_asks_the_database_as_often_for_three_as_for_one(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, app: object
) -> None:
    engine = app.state.database.engine  # type: ignore[attr-defined] # built by create_app
    sign_in(client, cast.manager)
    found = []
    for more in (1, 2):
        with database.writing() as session:
            for number in range(more):
                project = a_project(session, by=cast.manager, name=f"Project {more}{number}")
                made = surveys.draft(session, template="learner_30", project=project, by=cast.manager, at=NOW)
                asked = people.meet(session, f"p{more}{number}@fernweh.example", at=NOW)
                survey_invitations.invite(session, made, [asked], by=cast.manager, at=NOW)
                surveys.open_(session, made, by=cast.manager, at=NOW)
        client.get("/surveys")
        seen: list[str] = []

        def note(*given: object, seen: list[str] = seen) -> None:
            seen.append(str(given[2]))

        event.listen(engine, "before_cursor_execute", note)
        client.get("/surveys")
        event.remove(engine, "before_cursor_execute", note)
        found.append(len(seen))
    assert found[0] == found[1]


def test_the_clock_asks_by_day_once_and_closes_what_is_over(
    database: Database, cast: Cast, path: str, monkeypatch: pytest.MonkeyPatch, configured: object
) -> None:
    from flows import ask_surveys

    at = [NOW]
    monkeypatch.setattr(ask_surveys, "database", lambda: database)
    monkeypatch.setattr(ask_surveys, "settings", lambda: configured)
    monkeypatch.setattr(ask_surveys, "now", lambda: at[0])

    def run(moment: datetime) -> tuple[int, int]:
        at[0] = moment
        return ask_surveys.close_due.fn(), ask_surveys.write_due.fn()

    night, saturday = NOW + timedelta(hours=12), NOW + timedelta(days=1)
    assert [run(night), run(saturday), run(NOW), run(NOW)] == [(0, 0), (0, 0), (0, 2), (0, 0)]
    with database.reading() as session:
        assert any(path in mail.text for mail in session.scalars(select(Mail)))
    assert run(NOW + timedelta(days=29)) == (1, 0)
