"""Places are written down at night, without Prefect: the task's plain function over a real database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from flows import place_requests, score_requests
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Placing
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.doors.test_asking import SignIn
from tests.factory import a_request

NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


@pytest.mark.both
def test_the_night_keeps_places_by_the_day_that_begins_here(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        for form in ("job_aid", "elearning"):
            a_request(session, links=links, title=form, answers={"format": form})
    assert place_requests.place_all.fn(NIGHT) == 0
    score_requests.score_some.fn()
    assert [place_requests.place_all.fn(NIGHT) for _ in range(2)] == [2, 2]
    with database.reading() as session:
        kept = session.execute(select(Placing.taken_on, Placing.learning_request_id, Placing.place)).all()
    assert sorted(map(tuple, kept)) == [(date(2026, 11, 21), 1, 1), (date(2026, 11, 21), 2, 2)]


def test_the_manager_reads_why_a_place_changed(
    clockwork: Settings, client: TestClient, database: Database, cast: Cast, links: Links, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers={"format": "elearning"})
    score_requests.score_some.fn()
    place_requests.place_all.fn(NIGHT)
    sign_in(client, cast.manager)
    assert "Why its place changed" not in client.get("/requests/1").text
    with database.writing() as session:
        a_request(session, links=links, title="Better", answers={"format": "job_aid"})
    score_requests.score_some.fn()
    place_requests.place_all.fn(NIGHT + timedelta(days=1))
    page = client.get("/requests/1").text
    assert "It went down from 1st to 2nd because new requests came in." in page
    assert "2 of 2" in page
