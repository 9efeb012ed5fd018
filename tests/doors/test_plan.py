"""The plan over HTTP: what fits, what if, orders, hours, and accepting it."""

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import assessments, capacity, fitting, goals, overrides
from portfolio.database import Database
from portfolio.fitting import Terms
from portfolio.links import Links
from portfolio.models import (
    Absence,
    Event,
    Interrupt,
    LearningRequest,
    Override,
    Person,
    Plan,
    Project,
    Tie,
)
from portfolio.states import RequestStatus
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def asked(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """Five scored requests, two of them for a goal."""
    with database.writing() as session:
        goals.add(session, name="Keep customers", weight=3, by=cast.manager, at=now)
        for number, form in enumerate(("job_aid", "job_aid", "workshop", "elearning", "elearning"), 1):
            answers = {"format": form, "risk": 3, "cause_could": "no"} | ({"goal": 1} if number < 3 else {})
            a_request(session, links=links, title=f"Ask {number}", answers=answers)
        assessments.score_waiting(session, now=now, flow_run_id=None)


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


def lines(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count(Event.id))) or 0


def test_an_empty_plan_teaches_what_it_is_for(manager: TestClient) -> None:
    text = manager.get("/plan").text
    assert "Nothing to plan yet" in text
    assert "15 h a week: 90 h for 6 weeks." in text


def test_the_page_says_in_a_sentence_what_fits(manager: TestClient, database: Database, asked: None) -> None:
    before = lines(database)
    text = manager.get("/plan").text
    sentence = re.search(r'<h2 id="sentence">(.*?)</h2>', text)
    assert sentence is not None
    assert re.match(r"These \d fit into 90 h and bring \d+ points", sentence[1])
    assert "Accept this plan" in text
    assert "What more would buy" in text
    assert lines(database) == before


def test_what_if_answers_quickly_while_dragging_and_exactly_after(manager: TestClient, asked: None) -> None:
    quick = manager.get("/plan/what-if", params={"hours": "30", "weeks": "4", "quick": "1"}).text
    exact = manager.get("/plan/what-if", params={"hours": "30", "weeks": "4"}).text
    assert "A quick answer while you drag" in quick
    assert "What more would buy" not in quick
    assert "into 120 h" in exact
    assert "What more would buy" in exact
    assert not quick.lstrip().startswith("<!doctype")


def test_a_goals_weight_is_tried_out_and_scored_on_the_fly(
    manager: TestClient, database: Database, now: datetime, asked: None
) -> None:
    def value(weight: int) -> float:
        with database.reading() as session:
            found = fitting.look(session, Terms(goals=((1, weight),)), now=now)
        return next(line.value for line in found.lines if line.id == 1)

    assert value(1) < value(3) < value(5)
    assert "on these terms" in manager.get("/plan?goal_1=5").text
    assert "on these terms" not in manager.get("/plan?goal_1=3&hours=15&weeks=6").text


def test_one_can_be_tried_without_and_taken_back(manager: TestClient, asked: None) -> None:
    text = manager.get("/plan?drop=1").text
    assert "You left it out of this question." in text
    assert "Take back" in text
    assert 'name="drop" value="1"' in text


@pytest.mark.parametrize("query", ["hours=many", "hours=-3", "weeks=0", "weeks=1.5", "goal_1=9", "hours=999"])
def test_terms_that_make_no_sense_are_said_and_change_nothing(
    manager: TestClient, asked: None, query: str
) -> None:
    answer = manager.get(f"/plan?{query}")
    assert answer.status_code == 422
    assert "needs another look" in answer.text
    assert manager.get(f"/plan/what-if?{query}").status_code == 200


def test_the_plan_shown_is_accepted_in_one_step_once(
    manager: TestClient, database: Database, asked: None
) -> None:
    stamp = re.search(r'name="stamp" value="(\w+)"', manager.get("/plan").text)
    assert stamp is not None
    answers = [manager.post("/plan/acceptance", data={"stamp": stamp[1]}) for _ in range(2)]
    with database.reading() as session:
        status = select(func.count()).where(LearningRequest.status == RequestStatus.ACCEPTED)
        taken = session.scalar(status)
        assert taken
        assert session.scalar(select(func.count(Project.id))) == taken
        assert session.scalar(select(func.count(Plan.id))) == 1
    assert [answer.headers["location"] for answer in answers] == [
        f"/plan?accepted={taken}.0.0",
        "/plan?accepted=0.0.0",
    ]
    assert f"{taken} requests are taken on" in manager.get(f"/plan?accepted={taken}.0.0").text


def test_a_plan_that_changed_since_is_not_accepted(
    manager: TestClient, database: Database, asked: None
) -> None:
    stamp = re.search(r'name="stamp" value="(\w+)"', manager.get("/plan").text)
    assert stamp is not None
    manager.post("/requests/1/decision", data={"verdict": "decline", "reason": "exists", "words": "No."})
    answer = manager.post("/plan/acceptance", data={"stamp": stamp[1]})
    assert answer.status_code == 409
    assert "The plan has changed since you looked" in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count(Project.id))) == 0


def test_an_order_shows_its_price_and_asks_why(manager: TestClient, database: Database, asked: None) -> None:
    page = manager.get("/plan/requests/5").text
    assert "Must be done" in page
    refused = manager.post("/plan/requests/5/override", data={"kind": "must_do", "reason": ""})
    assert refused.status_code == 422
    assert "Please say why" in refused.text
    order = {"kind": "must_do", "reason": "The law asks for it."}
    assert manager.post("/plan/requests/5/override", data=order).status_code == 303
    assert "The law asks for it." in manager.get("/plan").text
    assert manager.post("/plan/requests/5/override", data={"what": "end"}).status_code == 303
    assert "The law asks for it." not in manager.get("/plan").text
    with database.reading() as session:
        made = session.get_one(Override, 1)
    assert made.ended_at is not None
    assert made.price is not None


def test_requests_are_tied_and_untied(manager: TestClient, database: Database, asked: None) -> None:
    assert manager.post("/plan/requests/1/ties", data={"bond": "needs", "other": "4"}).status_code == 303
    circle = manager.post("/plan/requests/4/ties", data={"bond": "needs", "other": "1"})
    assert circle.status_code == 422
    assert "goes in a circle" in circle.text
    nobody = manager.post("/plan/requests/4/ties", data={"bond": "needs", "other": "99"})
    assert "Please choose another request." in nobody.text
    assert "Is needed by" in manager.get("/plan/requests/4").text
    gone = manager.post("/plan/ties/1/removal", data={"back": "4"})
    assert gone.headers["location"] == "/plan/requests/4"
    with database.reading() as session:
        assert session.scalar(select(func.count(Tie.id))) == 0


def test_conditions_are_kept(manager: TestClient, database: Database, cast: Cast, asked: None) -> None:
    sent = {"not_before": "2027-03-01", "expert": str(cast.expert.id)}
    assert manager.post("/plan/requests/1/conditions", data=sent).status_code == 303
    assert "start before 1 March 2027" in manager.get("/plan/requests/1").text
    assert manager.post("/plan/requests/1/conditions", data={"not_before": "soon"}).status_code == 422
    stranger = {"expert": str(cast.other.id)}
    assert manager.post("/plan/requests/1/conditions", data=stranger).status_code == 422
    with database.reading() as session:
        found = session.get_one(LearningRequest, 1)
    assert (found.not_before, found.expert_id) == (date(2027, 3, 1), cast.expert.id)


def test_days_away_small_asks_and_experts_hours_are_written_down(
    manager: TestClient, database: Database, cast: Cast, now: datetime, asked: None
) -> None:
    away = {"from_on": "2026-11-23", "until_on": "2026-11-24", "absence_note": "Fair"}
    assert manager.post("/plan/absences", data=away).status_code == 303
    assert manager.post("/interrupts", data={"minutes": "90", "what": "A call"}).status_code == 303
    given = {"expert": str(cast.expert.id), "expert_hours": "3"}
    assert manager.post("/plan/experts", data=given).status_code == 303
    text = manager.get("/plan").text
    assert "15 h a week, 2 days away, about 1.5 h a week of small asks: 75 h for 6 weeks." in text
    assert "Eli Expert: 3 h a week, 18 h in all." in text
    for wrong, data in (
        ("/plan/absences", {"from_on": "2026-11-24", "until_on": "2026-11-20"}),
        ("/plan/absences", {}),
        ("/plan/experts", {"expert": "", "expert_hours": "3"}),
    ):
        assert manager.post(wrong, data=data).status_code == 422
    manager.post("/plan/absences/1/removal")
    manager.post("/interrupts/1/removal")
    with database.reading() as session:
        assert session.scalar(select(func.count(Absence.id))) == 0
        assert session.scalar(select(func.count(Interrupt.id))) == 0
        assert capacity.ahead(session, now=now).hours == 90


def test_queries_do_not_grow_with_rows(
    manager: TestClient, app: object, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    def tell_a_story() -> None:
        with database.writing() as session:
            one, other = (a_request(session, links=links, title=f"Ask {n}") for n in (1, 2))
            goals.add(session, name=f"Goal {one.id}", weight=3, by=cast.manager, at=now)
            assessments.score_waiting(session, now=now, flow_run_id=None)
            day = now.date()
            capacity.add_absence(session, from_on=day, until_on=day, by=cast.manager, at=now)
            capacity.interrupted(session, minutes=5, by=cast.manager, at=now)
            overrides.override(session, one, "must_do", reason="So.", by=cast.manager, at=now)
            overrides.tie(session, one, other, "needs", by=cast.manager, at=now)
            overrides.set_expert(session, one, session.merge(cast.expert), by=cast.manager, at=now)

    counted: list[str] = []
    engine = app.state.database.engine  # type: ignore[attr-defined] # a FastAPI
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def queries() -> list[int]:
        found = []
        for address in ("/plan", "/plan/what-if?quick=1", "/plan/requests/1"):
            manager.get(address)  # what was scored since is drawn once and kept
            counted.clear()
            assert manager.get(address).status_code == 200
            found.append(len(counted))
        return found

    tell_a_story()
    with_one = queries()
    for _ in range(2):
        tell_a_story()
    assert all(three <= one for one, three in zip(with_one, queries(), strict=True))
    assert max(with_one) <= 30


def test_nobody_else_plans(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, asked: None
) -> None:
    before = lines(database)
    for person in (cast.leader, cast.expert, cast.requester):
        sign_in(client, person)
        assert client.get("/plan").status_code == 404
        assert client.post("/plan/acceptance", data={"stamp": "x"}).status_code == 404
        assert (
            client.post("/plan/requests/1/override", data={"kind": "must_do", "reason": "Mine"}).status_code
            == 404
        )
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.action == "learning_request.overridden")) == 0
    assert lines(database) - before == 3  # three who signed in
