"""How a project begins and what its page shows, over HTTP."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import evaluating, projects, training_sessions
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import EvaluationStep, Event, Measure, Person, Project, TrainingSession, WorkTemplate
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]

SENTENCE = {
    "solution": "job aid", "who": "new sales people", "measure": "Time for a quote", "today": "4", "wanted": "1",
    "unit": "days", "by": "2027-03-31",
}  # fmt: skip


@pytest.fixture
def manager(client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn) -> TestClient:
    """The manager's browser, with a request to accept."""
    with database.writing() as session:
        a_request(session, links=links)
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def accepted(manager: TestClient) -> TestClient:
    manager.post("/requests/1/decision", data={"verdict": "accept", "solution_type": "job_aid", "words": ""})
    return manager


def test_taking_a_request_on_leads_to_its_beginning_filled_in(manager: TestClient) -> None:
    accept = {"verdict": "accept", "solution_type": "job_aid", "words": ""}
    answer = manager.post("/requests/1/decision", data=accept)
    assert answer.headers["location"] == "/projects/1/beginning"
    assert manager.get("/requests/1/beginning").headers["location"] == "/projects/1/beginning"
    shown = manager.get("/projects/1/beginning").text
    for told in ('value="job aid"', 'value="Days for a quote"', 'value="2027-03-31"', "Stop if, by 24 January 2027",
                 "No baseline yet.", "Half of the way would be 1.5.", 'value="Draft the aid on one page"'):  # fmt: skip
        assert told in shown
    assert "Look through how it begins" in manager.get("/projects/1").text


def test_the_beginning_is_kept_and_every_field_may_be_skipped(
    accepted: TestClient, database: Database, cast: Cast
) -> None:
    typed = {
        **SENTENCE, "version": "1", "worthwhile": "1,5", "stop_rule": "Stop if nothing moves.", "stop_on": "2026-11-20",
        "sponsor": "Sven", "sponsor_email": "sven@fernweh.example", "baseline_on": "2026-11-19", "better": "",
        "expert_1_who": "Eli Expert", "expert_1_hours": "4", "expert_1_part": "The tricky ones",
        "card_1_id": "1", "card_1_title": "Watch two of them", "card_1_hours": "3", "card_1_kept": "1",
        "card_2_id": "2", "card_2_title": "Draft the aid on one page", "card_6_title": "Tell the press",
        "step_1_what": "Is it used?", "step_1_level": "3", "step_1_days": "14", "step_1_owner": "Mara",
    }  # fmt: skip
    assert accepted.post("/projects/1/beginning", data=typed).headers["location"] == "/projects/1"
    shown = accepted.get("/projects/1").text
    for told in ("moves Time for a quote from 4 to 1 days by 31 March 2027", "Time to look at the stop rule.",
                 "Eli Expert", "0 h of 4 h", "Watch two of them", "Tell the press", "Is it used?", "mailto:sven@fernweh.example",
                 "worth it from a change of 1.5 days"):  # fmt: skip
        assert told in shown
    assert "Draft the aid on one page" not in shown
    assert "Look through how it begins" not in shown
    with database.reading() as session:
        version = str(session.get_one(Project, 1).version)
    assert accepted.post("/projects/1/beginning", data={"version": version}).status_code == 303
    with database.reading() as session:
        project = projects.find(session, 1)
        assert project is not None
        assert project.hypothesis == (
            "We believe (what?) for (whom?) moves (which measure?) from (?) to (?) by (when?)."
        )
        assert (project.contributions, evaluating.of(session, project)) == ([], [])
        assert session.scalars(select(Measure.name)).all() == ["Time for a quote"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"worthwhile": "a lot"}, "worthwhile"),
        ({"sponsor_email": "sven"}, "sponsor_email"),
        ({"expert_1_who": "Nora Nobody"}, "expert_1_who"),
        ({"by": "soon"}, "by"),
        ({"card_1_id": "1", "card_1_title": "One", "card_1_hours": "many"}, "card_1_hours"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(
    accepted: TestClient, database: Database, typed: dict[str, str], field: str
) -> None:
    answer = accepted.post("/projects/1/beginning", data={"version": "1", "sponsor": "Kept words", **typed})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="Kept words"' in answer.text
    with database.reading() as session:
        assert session.get_one(Project, 1).begun_at is None


def test_the_loser_of_two_is_told_and_keeps_the_words(accepted: TestClient, database: Database) -> None:
    first = {
        **SENTENCE, "version": "1", "sponsor": "Anna", "stop_rule": "Hers", "expert_1_who": "eli@fernweh.example",
    }  # fmt: skip
    assert accepted.post("/projects/1/beginning", data=first).status_code == 303
    answer = accepted.post("/projects/1/beginning", data={**first, "sponsor": "Bert", "expert_1_who": ""})
    assert answer.status_code == 409
    assert "Sponsor: Anna" in answer.text
    assert "Experts: Eli Expert &lt;eli@fernweh.example&gt;" in answer.text
    assert 'value="Bert"' in answer.text
    with database.reading() as session:
        kept = session.get_one(Project, 1)
        assert kept.sponsor == "Anna"
        now = f'name="version" value="{kept.version}"'
    assert now in answer.text
    facts = {"version": "1", "name": "Another name"}
    stale = accepted.post("/projects/1", data=facts)
    assert stale.status_code == 409
    assert 'value="Another name"' in stale.text


def test_the_sentence_shows_itself_while_it_is_typed_and_keeps_nothing(
    accepted: TestClient, database: Database
) -> None:
    shown = accepted.get("/projects/1/sentence", params={"solution": "workshop <b>", "today": "4"}).text
    assert "a workshop &lt;b&gt;" in shown
    assert '<mark class="gap">(which measure?)</mark>' in shown
    with database.reading() as session:
        assert session.get_one(Project, 1).version == 1


def test_sessions_have_the_time_of_the_clock_on_the_wall(
    accepted: TestClient, database: Database, now: datetime
) -> None:
    planned = {"new_title": "Pilot", "new_on": "2026-12-01", "new_starts": "14:00", "new_ends": "15:30"}
    assert accepted.post("/projects/1/sessions", data={**planned, "new_place": "Room 2"}).status_code == 303
    with database.reading() as session:
        held = training_sessions.listed(session, now)
        assert [(one.starts_at.isoformat(), one.place) for one in held] == [
            ("2026-12-01T13:00:00+00:00", "Room 2")
        ]
    assert "14:00–15:30" in accepted.get("/projects/1").text
    wrong = accepted.post("/projects/1/sessions", data={**planned, "new_ends": "13:00"})
    assert wrong.status_code == 422
    assert "end after it starts" in wrong.text
    assert 'value="Pilot"' in wrong.text
    moved = {
        "session_version": "1", "session_1_title": "Pilot", "session_1_on": "2026-12-02", "session_1_starts": "09:00",
        "session_1_ends": "10:00", "session_1_place": "Hall",
    }  # fmt: skip
    assert accepted.post("/projects/1/sessions/1", data=moved).status_code == 303
    assert accepted.post("/projects/1/sessions/1", data=moved).status_code == 409
    assert accepted.post("/projects/1/sessions/1/cancellation").status_code == 303
    assert "cancelled" in accepted.get("/projects/1").text
    assert accepted.post("/projects/1/sessions/9/cancellation").status_code == 404


def test_steps_are_ticked_and_the_stop_rule_is_put_off(accepted: TestClient, database: Database) -> None:
    assert accepted.post("/projects/1/evaluation/1", data={"done": "1"}).status_code == 303
    assert accepted.post("/projects/1/evaluation/99", data={"done": "1"}).status_code == 404
    accepted.post("/projects/1/stop-rule", data={"stop_on": "2027-02-01"})
    with database.reading() as session:
        assert session.get_one(EvaluationStep, 1).done_at is not None
        assert session.get_one(Project, 1).stop_on == date(2027, 2, 1)
    accepted.post("/projects/1/stop-rule", data={"stop_on": ""})
    with database.reading() as session:
        assert session.get_one(Project, 1).stop_on is None


def test_a_silent_project_is_spoken_of(
    client: TestClient, database: Database, cast: Cast, links: Links, now: datetime, sign_in: SignIn
) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        projects.start(session, asked, "job_aid", by=cast.manager, at=now - timedelta(days=15))
    sign_in(client, cast.manager)
    assert "Silent for 15 days." in client.get("/projects/1").text
    client.post("/projects/1/health", data={"health": "at_risk", "health_note": "Waiting for Eli"})
    shown = client.get("/projects/1").text
    assert "Silent for" not in shown
    assert "Waiting for Eli" in shown


def test_a_work_template_is_edited_in_any_order_and_restored(manager: TestClient, database: Database) -> None:
    assert "Draft the aid on one page" in manager.get("/settings/templates").text
    typed = {
        "seen": "", "card_1_place": "2", "card_1_title": "Second", "card_1_hours": "3", "card_1_making": "1",
        "card_2_place": "1", "card_2_title": "First", "card_2_hours": "1", "card_2_checklist": "One\r\n\r\nTwo",
    }  # fmt: skip
    assert manager.post("/settings/templates/job_aid", data=typed).status_code == 303
    with database.reading() as session:
        kept = session.scalars(select(WorkTemplate)).one()
        assert kept.cards == [
            {"title": "First", "hours": 1.0, "checklist": ["One", "Two"], "making": False},
            {"title": "Second", "hours": 3.0, "checklist": [], "making": True},
        ]
    stale = manager.post("/settings/templates/job_aid", data=typed)
    assert stale.status_code == 409
    assert 'value="Second"' in stale.text
    wrong = manager.post("/settings/templates/workshop", data={"seen": ""})
    assert wrong.status_code == 422
    assert manager.post("/settings/templates/job_aid/restoration").status_code == 303
    assert manager.get("/settings/templates/nothing").status_code == 404
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(WorkTemplate)) == 0


WRITES = (
    "/projects/1/beginning", "/projects/1/sessions", "/projects/1/sessions/1", "/projects/1/sessions/1/cancellation",
    "/projects/1/evaluation/1", "/projects/1/stop-rule", "/settings/templates/job_aid", "/settings/templates/job_aid/restoration",
)  # fmt: skip


@pytest.mark.parametrize("who", ["leader", "expert", "requester"])
def test_nobody_but_the_manager_changes_a_project(
    accepted: TestClient, database: Database, cast: Cast, sign_in: SignIn, now: datetime, who: str
) -> None:
    with database.writing() as session:
        project = session.get_one(Project, 1)
        training_sessions.plan(
            session, project, title="Pilot", starts_at=now, ends_at=now + timedelta(hours=1), by=cast.manager, at=now,
        )  # fmt: skip
    with database.reading() as session:
        before = session.scalar(select(func.max(Event.id)))
    sign_in(accepted, getattr(cast, who))
    with database.reading() as session:
        signed = session.scalar(select(func.max(Event.id)))
    answers = {path: accepted.post(path, data={"done": "1", "new_title": "x"}).status_code for path in WRITES}
    assert answers == dict.fromkeys(WRITES, 404)
    pages = ("/projects/1/beginning", "/projects/1/sentence", "/requests/1/beginning", "/settings/templates")
    assert {accepted.get(path).status_code for path in pages} == {404}
    shown = accepted.get("/projects/1")
    assert shown.status_code == (200 if who == "leader" else 404)
    if who == "leader":
        main = shown.text.split("<main")[1].split("</main>")[0]
        assert "Pilot" in main
        assert "<form" not in main
        assert "/library" not in main
        assert "/requests/" not in main
    with database.reading() as session:
        assert session.scalar(select(func.max(Event.id))) == signed
        assert session.scalars(select(TrainingSession.cancelled_at)).all() == [None]
        assert before is not None
