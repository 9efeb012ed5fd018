"""What no form and no link of ours sends: numbers beyond counting, days at the end of time. Answered in words, and nothing breaks."""

from collections.abc import Callable
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio.database import Database
from portfolio.models import Card, Iteration, Person
from tests.conftest import Cast
from tests.doors.test_pages import story  # noqa: F401 - a fixture asked for by name
from web.forms import Errors, Fields, some_number, some_whole
from web.guards import _limit

SignIn = Callable[[TestClient, Person | None], None]

ENDLESS = "9" * 30
ADDRESSES = [
    f"/board/columns/1/more?after={ENDLESS}", f"/board/columns/1/more?after=0&lanes=project&lane={ENDLESS}",
    f"/board/columns/1?lanes=project&lane=-{ENDLESS}", f"/board/lanes?lanes=project&first={ENDLESS}",
    "/board?project=²&owner=²", "/board/columns?edit=²", "/iterations/1/planning/line-up?card=²", "/backlog?goal=²",
    "/plan?goal_²=1&drop=²", "/board?q=%00", "/board/archive?q=%00", "/flow?type=%00", "/settings/automations/log?key=%00", "/flow?on=0001-01-01", "/flow?on=9999-12-31",
]  # fmt: skip
WRITES = [
    ("/board/cards", {"card": "²", "act": "archive"}), ("/board/cards", {"card": ENDLESS, "act": "archive"}),
    ("/board/cards", {"card": "1", "act": "column:²"}), ("/cards/1", {"version": "1", "title": "t", "due_on": "9999-12-31"}),
    ("/cards/1", {"version": "9", "title": "t", "seen": "[" * 5000}),
    ("/cards/1/hours", {"hours": "200", "hours_on": "0001-01-01"}), ("/iterations/1/closure", {"verdict_²": "keep"}),
    ("/iterations", {"starts_on": "9999-12-20", "ends_on": "9999-12-31"}), ("/iterations/rhythm", {"weeks": "2", "rhythm_on": "9999-12-31"}),
    ("/requests/1/goal", {"goal": "²"}), ("/board/views", {"name": "n", "query": "&".join(f"a{one}=1" for one in range(60))}),
    ("/plan/absences", {"from_on": "9999-12-30", "until_on": "9999-12-31"}),
]  # fmt: skip


@pytest.mark.both
@pytest.mark.usefixtures("story")
def test_odd_numbers_and_days_are_answered_and_break_no_page(
    app: FastAPI, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        sign_in(client, cast.manager)
        broken = [address for address in ADDRESSES if client.get(address).status_code >= 500]
        broken += [address for address, body in WRITES if client.post(address, data=body).status_code >= 500]
        broken += [
            address
            for address in ("/board", "/iterations", "/plan", "/cards/1")
            if client.get(address).status_code != 200
        ]
    assert broken == []
    with database.reading() as session:
        assert session.scalars(select(Card.archived_at).where(Card.archived_at.is_not(None))).all() == []
        assert session.scalars(select(Iteration.id).where(Iteration.ends_on > date(2199, 12, 31))).all() == []


def test_a_number_that_means_either_is_asked_about_and_a_whole_one_is_not() -> None:
    errors = Errors()
    typed = Fields(value="1.794", comma="1,794", plain="1.7940", small="0.794", people="1.794")
    read = [some_number(typed, name, errors) for name in ("value", "comma", "plain", "small")]
    assert (read, some_whole(typed, "people", errors)) == ([None, 1794, 1.794, 0.794], 1794)
    assert errors == {"value": "Is this 1794, or 1.7940? Please write it that way."}


def test_what_brings_files_or_many_readings_may_be_larger_than_a_form() -> None:
    """Only what stands in the list of the guard: a path forgotten there refuses its files at a megabyte."""
    file, json = {b"content-type": b"multipart/form-data; boundary=x"}, {b"content-type": b"application/json"}
    assert [
        _limit(path, file) // 1_000_000
        for path in ("/surveys/import", "/projects/1/estimates/file", "/measures/1/file", "/inbox")
    ] == [25, 25, 25, 1]
    assert [
        _limit(path, json) // 1_000_000
        for path in ("/api/v1/measures/1/readings", "/api/v1/surveys/1/responses", "/api/v1/requests")
    ] == [8, 8, 1]
