"""Forecasts over the API: the contract's shape, who may ask, and that asking writes nothing."""

from datetime import timedelta

from fastapi.testclient import TestClient

from portfolio import columns
from portfolio.database import Database
from portfolio.links import Links
from tests.api.test_plan import api  # noqa: F401 - a fixture asked for by name
from tests.conftest import NOW, Cast
from tests.doors.test_access import traces
from tests.doors.test_asking import SignIn
from tests.factory import a_card
from tests.portfolio.test_forecasts import a_history, a_live_project


def test_a_project_has_three_dates_its_history_and_a_method(
    api: TestClient,  # noqa: F811 - the fixture
    database: Database,
    cast: Cast,
) -> None:
    with database.writing() as session:
        a_history(session, cast, count=4)
        one = a_live_project(session, cast)
        doing = a_card(
            session, by=cast.manager, at=NOW - timedelta(days=1), column=columns.listed(session)[2]
        )
    before = traces(database)
    found = api.get("/api/v1/forecast", params={"project": one.id}).json()
    assert list(found) == [
        "about",
        "id",
        "dates",
        "items_left",
        "items",
        "history",
        "method",
        "words",
        "seed",
        "formula_version",
    ]
    assert (found["about"], found["id"], found["method"]) == ("project", one.id, "gamma_poisson")
    assert list(found["dates"]) == ["50", "85", "95"]
    days = [day for day in found["dates"].values() if day is not None]
    assert days == sorted(days)
    assert found["history"] == {"finished": 4, "weeks": 8.0, "per_week": [1, 2, 1, 0, 0, 0, 0, 0]}
    assert found["words"].endswith("From 4 finished cards in 8 weeks; little history, so wide.")
    card = api.get("/api/v1/forecast", params={"card": doing.id}).json()
    assert (card["about"], card["method"], card["history"]["finished"]) == ("card", "age", 4)
    request = api.get("/api/v1/forecast", params={"request": 1}).json()
    assert request["words"] == "It has no place in the plan yet, so nobody can say."
    assert request["dates"] == {"50": None, "85": None, "95": None}
    assert traces(database) == before


def test_one_thing_that_is_there_is_asked_about(api: TestClient) -> None:  # noqa: F811 - the fixture
    for query in ("", "project=1&card=1", "project=0", "project=x"):
        assert api.get(f"/api/v1/forecast?{query}").status_code == 422
    for query in ("project=99", "card=99", "iteration=99", "request=99"):
        assert api.get(f"/api/v1/forecast?{query}").status_code == 404


def test_leaders_ask_about_work_and_not_about_requests(
    client: TestClient, database: Database, links: Links, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        one = a_live_project(session, cast)
    sign_in(client, cast.leader)
    assert client.get("/api/v1/forecast", params={"project": one.id}).status_code == 200
    assert client.get("/api/v1/forecast", params={"request": 1}).status_code == 404
    for nobody in (cast.expert, cast.other):
        sign_in(client, nobody)
        assert client.get("/api/v1/forecast", params={"project": one.id}).status_code == 404
