"""The plan over the API: what fits, in which shape, and who may ask."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import assessments, plans, tokens
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Event
from portfolio.states import Role
from tests.conftest import Cast
from tests.factory import a_request


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, links: Links, now: datetime) -> TestClient:
    """A program with a manager's token, and four scored requests."""
    with database.writing() as session:
        for number, form in enumerate(("job_aid", "job_aid", "workshop", "elearning"), 1):
            a_request(session, links=links, title=f"Ask {number}", answers={"format": form, "risk": number})
        assessments.score_waiting(session, now=now, flow_run_id=None)
        token = tokens.create(session, name="tests", role=Role.MANAGER, at=now)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_what_fits_comes_with_chances_reasons_and_the_worth_of_an_hour(api: TestClient) -> None:
    found = api.get("/api/v1/plan", params={"hours_per_week": 10, "weeks": 4}).json()
    assert (found["weeks"], found["hours_per_week"], found["ends_on"]) == (4, 10, "2026-12-17")
    assert found["hours"]["available"] == 40
    used = sum(one["manager_hours"] for one in found["chosen"])
    assert used == pytest.approx(found["hours"]["used"])
    assert 0 < used <= 40
    assert sum(one["impact"] for one in found["chosen"]) == pytest.approx(found["value"])
    every = [*found["chosen"], *found["left_out"]]
    assert sorted(one["id"] for one in every) == [1, 2, 3, 4]
    assert all(0 <= one["chance_in_plan"] <= 1 and one["reason"] for one in every)
    assert found["cut_value"] >= 0
    assert found["marginal_value_of_hour"] >= 0
    assert [one["label"] for one in found["what_more_buys"]][:2] == ["1 h a week more", "2 h a week more"]
    assert found["proven"] is True


def test_looking_writes_nothing_and_gives_the_same_again(api: TestClient, database: Database) -> None:
    def lines() -> int | None:
        with database.reading() as session:
            return session.scalar(select(func.count(Event.id)))

    before = lines()
    answers = [api.get("/api/v1/plan").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert lines() == before


@pytest.mark.parametrize(
    "query", ["hours_per_week=-1", "hours_per_week=nan", "weeks=0", "weeks=ten", "weeks=99"]
)
def test_hours_that_are_none_are_refused(api: TestClient, query: str) -> None:
    answer = api.get(f"/api/v1/plan?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_requests_carry_the_chance_of_the_latest_plan(
    api: TestClient, database: Database, now: datetime
) -> None:
    assert api.get("/api/v1/requests/1").json()["assessment"]["chance_in_plan"] is None
    with database.writing() as session:
        plans.make(session, why="night", by=None, at=now)
    whole = api.get("/api/v1/requests/1").json()
    listed = {one["id"]: one["chance_in_plan"] for one in api.get("/api/v1/requests").json()["items"]}
    planned = api.get("/api/v1/plan").json()
    chances = {one["id"]: one["chance_in_plan"] for one in [*planned["chosen"], *planned["left_out"]]}
    assert listed == pytest.approx(chances)
    assert whole["chance_in_plan"] == whole["assessment"]["chance_in_plan"] == listed[1]
