"""The page of automations: a sentence is filled and switched by the manager, and by nobody else."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from portfolio import automations, cards, projects
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Person
from portfolio.states import Stage
from tests.conftest import Cast
from tests.factory import a_project

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def switched_on(database: Database) -> dict[str, dict[str, object]]:
    with database.reading() as session:
        return {one.routine.key: one.blanks for one in automations.listed(session) if one.is_on}


def test_a_sentence_is_filled_switched_on_changed_and_off(manager: TestClient, database: Database) -> None:
    address, gap = "/settings/automations/blocked_long", "blocked_long-days"
    said = manager.post(address, data={"what": "on", gap: "3"})
    assert said.headers["location"] == "/settings/automations?saved=on#blocked_long"
    assert switched_on(database)["blocked_long"] == {"days": 3}
    page = manager.get("/settings/automations").text
    assert 'aria-label="Switch off: When a card has been blocked for 3 days, tell me."' in page
    manager.post(address, data={"what": "on", gap: "4"})
    assert switched_on(database)["blocked_long"] == {"days": 4}
    manager.post(address, data={"what": "off", gap: "4"})
    assert "blocked_long" not in switched_on(database)


def test_a_gap_that_is_not_filled_is_told_beside_it_and_keeps_what_was_typed(
    manager: TestClient, database: Database
) -> None:
    answer = manager.post(
        "/settings/automations/blocked_long", data={"what": "on", "blocked_long-days": "soon"}
    )
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert 'id="blocked_long-days-error"' in answer.text
    assert "Please give a whole number from 1 to 365." in answer.text
    assert "blocked_long" not in switched_on(database)


def test_the_log_says_what_was_done_why_and_what_could_not_be(
    manager: TestClient, database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        first = cards.columns(session)[0]
        automations.act(session, links=links, at=now, today=now.date())
    manager.post("/settings/automations/baseline_card", data={"what": "on", "baseline_card-stage": "pilot"})
    manager.post(
        "/settings/automations/ask_for_baseline",
        data={"what": "on", "ask_for_baseline-column": str(first.id)},
    )
    with database.writing() as session:
        project = a_project(session, by=cast.manager, at=now)
        cards.add(session, title="Draft", project=project, by=cast.manager, at=now)
        projects.move(session, project, Stage.PILOT, by=cast.manager, at=now)
        assert automations.act(session, links=links, at=now, today=now.date()) == 2
    page = manager.get("/settings/automations/log").text
    assert "Added a card to “Faster quotes”." in page
    assert "names no sponsor with a mail address" in page
    assert "When a project reaches Pilot, add a card to read its measure." in page
    assert "/projects/1" in page
    one = manager.get("/settings/automations/log?key=baseline_card").text
    assert ("Added a card" in one, "names no sponsor" in one) == (True, False)
    assert "once so far" in manager.get("/settings/automations").text


@pytest.mark.parametrize("who", ["leader", "expert", "requester", None])
def test_nobody_else_sees_or_switches_automations(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, who: str | None
) -> None:
    sign_in(client, getattr(cast, who) if who else None)
    wanted = 404 if who else 303
    before = switched_on(database)
    for path in ("", "/log"):
        assert client.get(f"/settings/automations{path}").status_code == wanted
    said = client.post("/settings/automations/all_cards_done", data={"what": "off"})
    assert (said.status_code, switched_on(database)) == (wanted, before)


def test_nonsense_addresses_are_not_found(manager: TestClient) -> None:
    assert manager.post("/settings/automations/no_such", data={"what": "on"}).status_code == 404
    assert manager.get("/settings/automations/log?key=no_such").status_code == 404
    assert manager.get(f"/settings/automations/log?before={2**40}").status_code == 200
