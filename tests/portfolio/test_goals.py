"""How much a goal matters, by period: it holds from its day on, and requests are scored by it then."""

from datetime import date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import assessments, goals
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Event, Goal, GoalWeight, LearningRequest
from tests.conftest import Cast
from tests.doors.test_causes import SignIn
from tests.factory import a_request

JANUARY, APRIL = date(2026, 11, 1), date(2027, 4, 1)


@pytest.fixture
def goal(database: Database, cast: Cast, links: Links, now: datetime) -> int:
    """A goal of weight 3 that one scored request serves."""
    with database.writing() as session:
        made = goals.add(session, name="Keep customers", weight=3, by=cast.manager, at=now)
        a_request(session, links=links, answers={"goal": made.id})
        assessments.score_waiting(session, now=now, flow_run_id=None)
        return made.id


def waits(database: Database) -> bool:
    with database.reading() as session:
        return session.get_one(LearningRequest, 1).score_wanted_at is not None


@pytest.mark.both
def test_the_latest_period_that_has_begun_holds(
    database: Database, goal: int, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        stated = session.get_one(Goal, goal)
        other = goals.add(session, name="Nobody gets hurt", weight=4, by=cast.manager, at=now).id
        goals.weigh(session, stated, 5, from_on=APRIL, by=cast.manager, at=now)
        goals.weigh(session, stated, 2, from_on=JANUARY, by=cast.manager, at=now)
    with database.reading() as session:
        days = (JANUARY - timedelta(1), JANUARY, APRIL - timedelta(1), APRIL)
        assert [goals.weights(session, on=day)[goal] for day in days] == [3, 2, 2, 5]
        assert [goals.weight_of(session, goal, on=day) for day in days] == [3, 2, 2, 5]
        assert goals.weights(session, on=APRIL)[other] == 4
        assert goals.weight_of(session, None, on=APRIL) is None
        kept = goals.periods(session, goals.listed(session))
        assert {number: [(one.from_on, one.weight) for one in found] for number, found in kept.items()} == {
            goal: [(JANUARY, 2), (APRIL, 5)],
            other: [],
        }


@pytest.mark.both
def test_a_request_is_scored_by_the_weight_of_the_day(
    database: Database, goal: int, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        goals.weigh(session, session.get_one(Goal, goal), 5, from_on=APRIL, by=cast.manager, at=now)
    assert not waits(database)  # the nightly scoring of that day takes it
    with database.reading() as session:
        rubric = assessments.current_rubric(session)
        found = [assessments.needs(session, {1: goal}, rubric, today=day)[1].goal for day in (JANUARY, APRIL)]
    assert found == [3, 5]


def test_a_period_that_has_begun_scores_again_and_so_does_taking_it_back(
    database: Database, goal: int, cast: Cast, now: datetime
) -> None:
    def score() -> None:
        with database.writing() as session:
            assessments.score_waiting(session, now=now, flow_run_id=None)

    with database.writing() as session:
        goals.weigh(session, session.get_one(Goal, goal), 1, from_on=JANUARY, by=cast.manager, at=now)
    assert waits(database)
    score()
    with database.writing() as session:
        goals.edit(session, session.get_one(Goal, goal), by=cast.manager, at=now, weight=4)
    assert waits(database)
    score()
    with database.writing() as session:
        assert session.get_one(GoalWeight, (goal, JANUARY)).weight == 4
        assert session.get_one(Goal, goal).weight == 3
        goals.unweigh(session, session.get_one(Goal, goal), from_on=JANUARY, by=cast.manager, at=now)
        goals.unweigh(session, session.get_one(Goal, goal), from_on=JANUARY, by=cast.manager, at=now)
    assert waits(database)
    with database.reading() as session:
        assert goals.weights(session, on=now.date())[goal] == 3
        done = session.scalars(select(Event.action).where(Event.subject_type == "goals").order_by(Event.id))
        assert [*done] == ["goal.added", "goal.weighed", "goal.weighed", "goal.edited", "goal.unweighed"]


def test_weights_by_period_are_set_in_the_browser_by_managers_only(
    client: TestClient, sign_in: SignIn, database: Database, goal: int, cast: Cast
) -> None:
    typed = {"weight": "5", "from_on": "2027-04-01"}
    for person in (cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        assert client.post(f"/goals/{goal}/weights", data=typed).status_code == 404
    sign_in(client, cast.manager)
    for wrong in ({"weight": "6"}, {"weight": ""}, {"from_on": ""}, {"from_on": "soon"}):
        answer = client.post(f"/goals/{goal}/weights", data={**typed, **wrong})
        assert answer.status_code == 422
        assert "Nothing was changed" in answer.text
    assert client.post("/goals/99/weights", data=typed).status_code == 404
    assert client.post(f"/goals/{goal}/weights", data=typed).status_code == 303
    assert "Weights from one day on" in client.get("/settings").text
    with database.reading() as session:
        assert goals.weights(session, on=APRIL) == {goal: 5}
    taken = client.post(f"/goals/{goal}/weights", data={"what": "remove", "from_on": "2027-04-01"})
    assert taken.status_code == 303
    with database.reading() as session:
        assert goals.weights(session, on=APRIL) == {goal: 3}
