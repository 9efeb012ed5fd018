"""Small asks: written down quickly, corrected, taken back, and counted by week and in the plan."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from portfolio import capacity
from portfolio.database import Database
from portfolio.models import Person
from tests.conftest import NOW, Cast

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def test_one_is_written_down_by_page_or_by_key_corrected_and_taken_back(
    manager: TestClient, database: Database
) -> None:
    assert manager.post("/interrupts", data={"usual": "30", "what": "Where is the form?"}).status_code == 303
    assert manager.post("/interrupts", data={"usual": "15", "minutes": "7"}).status_code == 303
    data = {"Accept": "application/json"}
    made = manager.post("/interrupts", data={"usual": "60"}, headers=data)
    assert (made.status_code, made.json()) == (
        201,
        {"said": "1 hour written down.", "removal": "/interrupts/3/removal"},
    )
    assert manager.post("/interrupts", data={"minutes": "x"}, headers=data).json() == {
        "errors": {"minutes": "Please give a number."}
    }
    assert manager.post(made.json()["removal"], headers=data).json() == {"said": "Taken back."}
    assert manager.post("/interrupts/1", data={"minutes_1": "45", "what_1": "The form"}).status_code == 303
    wrong = manager.post("/interrupts/1", data={"minutes_1": "0", "what_1": "Typed"})
    assert (wrong.status_code, "from 1 to 1440" in wrong.text, 'value="Typed"' in wrong.text) == (
        422,
        True,
        True,
    )
    assert manager.post("/interrupts", data={"minutes": "9999", "what": "Kept"}).status_code == 422
    with database.reading() as session:
        assert [(one.minutes, one.note) for one in capacity.interrupts(session)] == [
            (7, ""),
            (45, "The form"),
        ]


def test_the_weeks_are_told_with_their_range_and_what_the_plan_loses(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        for weeks, minutes in ((0, 30), (1, 60), (1, 60), (2, 240)):
            at = NOW - timedelta(weeks=weeks, minutes=weeks)
            capacity.interrupted(session, minutes=minutes, by=cast.manager, at=at)
    with database.reading() as session:
        found = [
            (week.starts_on.isoformat(), week.count, week.minutes)
            for week in capacity.weeks_of_asks(session, now=NOW)
        ]
        stretch = capacity.ahead(session, now=NOW, weeks=1)
    assert found == [("2026-11-16", 1, 30), ("2026-11-09", 2, 120), ("2026-11-02", 1, 240)]
    assert stretch.hours == pytest.approx(15 - stretch.load.hours_per_week)
    assert stretch.load.hours_per_week == pytest.approx(6.5 / 3)
    page = manager.get("/interrupts").text
    for words in ("2.2 h", "14 % of your 15 h", "single weeks took 2 h to 4 h", "counts with 13 h a week"):
        assert words in page
