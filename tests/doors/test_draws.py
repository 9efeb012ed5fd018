"""The working down to the draws: a picture with its text, the hours by part, and how each number is known; for managers."""

import re

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from portfolio import assessments, learning_requests, library, reuses
from portfolio.database import Database
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import LearningRequest
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.scoring import score
from portfolio.submission import ChangedAnswers
from tests.conftest import NOW, Cast
from tests.doors.test_asking import SignIn
from tests.factory import a_request


def test_the_draws_of_a_request_are_drawn_with_their_ranges(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    sign_in(client, cast.leader)
    assert client.get("/requests/1/draws").status_code == 404
    sign_in(client, cast.manager)
    page = client.get("/requests/1/draws").text
    assert page.count('class="draw"') == 24
    assert re.search(r"\d+ draws of leverage: a tenth lie below [\d.]+, half below [\d.]+", page)
    assert "Nobody said; wide" in page
    parts = re.findall(r"<td><b>(Development|Coordination|Delivery|Your hours|Experts)</b></td>", page)
    assert parts == ["Development", "Coordination", "Delivery", "Your hours", "Experts"]
    assert client.get("/requests/9/draws").status_code == 404
    assert client.get("/requests/99999999999/draws").status_code == 404


def test_what_exists_already_needs_no_making(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        found = a_request(session, links=links)
        before = _need(session, found)
        guide = library.add(
            session,
            ResourceGiven(title="Quotes in a day", link="https://wiki.example/quotes"),
            by=None,
            at=NOW,
        )
        reuses.link(session, found, guide, Range(0.5, 0.6, 0.7), note="", by=None, at=NOW)
        after = _need(session, found)
        rubric = assessments.current_rubric(session)
        assert after.new_share == Range(1 - 0.7, 1 - 0.6, 1 - 0.5)
        assert before.new_share is None
        assert score(after, rubric).manager_hours.likely < (score(before, rubric).manager_hours.likely)
        assert found.score_wanted_at == NOW


def test_a_manager_says_how_a_number_is_known(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        found = a_request(session, links=links, audience={"who": "Sales", "count": 200})
        usual = _need(session, found)
    sign_in(client, cast.leader)
    assert client.post("/requests/1/evidence", data={"question": "audience", "grade": "A"}).status_code == 404
    sign_in(client, cast.manager)
    for wrong in ({"question": "audience", "grade": "Z"}, {"question": "problem", "grade": "A"}, {}):
        assert client.post("/requests/1/evidence", data=wrong).status_code == 404
    said = {"question": "audience", "grade": "A"}
    answer = client.post("/requests/1/evidence", data=said, follow_redirects=False)
    assert answer.headers["location"] == "/requests/1#score"
    part = client.post(
        "/requests/1/evidence", data={**said, "grade": "E"}, headers={"HX-Request": "true"}
    ).text
    assert '<option value="E" selected>Hunch</option>' in part
    with database.writing() as session:
        found = session.get_one(LearningRequest, 1)
        hunch = _need(session, found)
        assert usual.people == Range.around(200, "C")
        assert hunch.people == Range.around(200, "E")
        changed = ChangedAnswers.model_validate({"audience": {"who": "Sales", "count": 220}})
        learning_requests.change_answers(session, found, changed, by=found.requester, at=NOW)
        session.flush()
        assert _need(session, found).people == Range.around(220, "C")


def _need(session: Session, found: LearningRequest) -> Need:
    rubric = assessments.current_rubric(session)
    return assessments.needs(session, {found.id: found.goal_id}, rubric, today=NOW.date())[found.id]


def test_what_takes_over_a_quarter_is_asked_for_its_first_piece(
    client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        small = {"format": "job_aid", "finished_hours": 0.2}
        large = {"format": "elearning", "finished_hours": 40}
        for title, answers in (("Small", small), ("Large", large)):
            a_request(session, links=links, title=title, answers=answers)
        assessments.score_waiting(session, now=NOW, flow_run_id=None)
    sign_in(client, cast.manager)
    small_page, large_page = (client.get(f"/requests/{number}").text for number in (1, 2))
    assert "It would first help after about" in small_page
    assert "Ask for the first piece" not in small_page
    assert "That is over a quarter." in large_page
    asking = client.get("/requests/2?verdict=ask&reason=first_piece").text
    assert "What is the first piece of it that would already help" in asking
