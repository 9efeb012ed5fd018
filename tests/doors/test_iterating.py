"""Iterations over HTTP: planning by a line, what two people do at once, the review, and who may only look."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from portfolio import cards, iterations, projects
from portfolio.database import Database
from portfolio.models import Card, Iteration, Organisation, Person, Project
from portfolio.states import IterationStatus, Stage
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def planned(database: Database, cast: Cast) -> None:
    """A planned iteration of 10 hours, and four cards of 4 hours that could be in it."""
    with database.writing() as session:
        for name in ("one", "two", "three", "four"):
            a_card(session, by=cast.manager, title=f"Card {name}", estimate_hours=4)
        iterations.plan(
            session,
            starts_on=date(2026, 11, 16),
            ends_on=date(2026, 11, 27),
            capacity_hours=10,
            goal="Ship",
            by=cast.manager,
            at=NOW,
        )


def inside(database: Database) -> set[str]:
    with database.reading() as session:
        return {card.title for card in iterations.held(session, session.get_one(Iteration, 1))}


def ticked(page: str) -> list[str]:
    return re.findall(r'name="card" value="(\d+)" checked', page)


@pytest.mark.usefixtures("planned")
def test_what_fits_is_proposed_and_kept_only_when_asked(manager: TestClient, database: Database) -> None:
    page = manager.get("/iterations/1/planning").text
    assert ticked(page) == ["1", "2"]
    assert "2 cards, 8 h by estimates" in page
    assert "10 h end about here" in page
    assert inside(database) == set()
    more = manager.get("/iterations/1/planning/line-up?card=1&card=2&card=3&card=4").text
    assert "4 cards, 16 h by estimates" in more
    assert "6 h too many" in more
    assert inside(database) == set()
    manager.post("/iterations/1/planning", data={"what": "first", "first": "3", "version": "1"})
    assert inside(database) == {"Card one", "Card two", "Card three"}


@pytest.mark.usefixtures("planned")
def test_starting_from_the_line_keeps_goal_and_cards_in_one_press(
    manager: TestClient, database: Database
) -> None:
    answer = manager.post(
        "/iterations/1/planning",
        data={"goal": "A sheet", "card": ["2", "4"], "version": "1", "capacity_hours": "", "what": "start"},
    )
    assert answer.headers["location"] == "/iterations/1"
    with database.reading() as session:
        one = session.get_one(Iteration, 1)
        assert (one.status, one.goal, one.committed) == (IterationStatus.OPEN, "A sheet", [2, 4])
        assert (one.capacity_hours, one.capacity_words) == (30, "10 working days at 15 h a week: 30 h.")
    page = manager.get("/iterations/1").text
    assert "0 of 2 cards done, 6 working days left" in page


@pytest.mark.usefixtures("planned")
def test_the_second_of_two_planners_is_told_and_keeps_his_words(
    manager: TestClient, database: Database
) -> None:
    first = manager.post("/iterations/1/planning", data={"goal": "Mine", "card": "1", "version": "1"})
    second = manager.post("/iterations/1/planning", data={"goal": "Theirs", "card": "2", "version": "1"})
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Somebody else changed this iteration" in second.text
    assert "Theirs</textarea>" in second.text
    assert ticked(second.text) == ["2"]
    assert inside(database) == {"Card one"}


@pytest.mark.usefixtures("planned")
def test_a_card_that_came_in_meanwhile_is_not_thrown_out_by_an_older_page(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        one = session.get_one(Iteration, 1)
        cards.take_into(session, session.get_one(Card, 4), one, by=cast.manager, at=NOW)
    manager.post(
        "/iterations/1/planning", data={"card": "1", "version": "1"}
    )  # the page knew nothing of card 4
    assert inside(database) == {"Card one", "Card four"}
    manager.post("/iterations/1/planning", data={"held": ["1", "4"], "card": "4", "version": "2"})
    assert inside(database) == {"Card four"}


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ends_on": "2026-11-01"}, "ends after it starts"),
        ({"ends_on": ""}, "Please give a date."),
        ({"capacity_hours": "many"}, "Please give a number."),
        ({"first": "-3"}, "from 0 to 500"),
        ({"starts_on": "2026-12-01", "ends_on": "2026-12-04"}, "Two can&#39;t share a day."),
    ],
)
def test_what_can_not_be_planned_comes_back_with_all_that_was_typed(
    manager: TestClient, database: Database, cast: Cast, wrong: dict[str, str], said: str
) -> None:
    with database.writing() as session:
        iterations.plan(
            session,
            starts_on=date(2026, 11, 30),
            ends_on=date(2026, 12, 11),
            goal="",
            by=cast.manager,
            at=NOW,
        )
    body = {"goal": "Kept words", "card": ["3"], "version": "1", "starts_on": "2026-11-16", **wrong}
    answer = manager.post("/iterations/1/planning", data=body)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert "Kept words</textarea>" in answer.text
    assert ticked(answer.text) == ["3"]
    assert inside(database) == set()


def test_the_rhythm_is_set_once_and_proposes_the_next(manager: TestClient, database: Database) -> None:
    bad = manager.post("/iterations/rhythm", data={"weeks": "20", "rhythm_on": ""})
    assert (bad.status_code, 'value="20"' in bad.text, "on which one begins" in bad.text) == (422, True, True)
    manager.post("/iterations/rhythm", data={"weeks": "1", "rhythm_on": "2026-11-25"})
    with database.reading() as session:
        ours = session.get_one(Organisation, 1)
        assert (ours.iteration_weeks, ours.iterations_start_on) == (1, date(2026, 11, 25))
    page = manager.get("/iterations").text
    assert "Every week, on a Wednesday" in page
    assert 'value="2026-11-18"' in page  # two days ago is in time
    assert 'value="2026-11-24"' in page


def test_a_review_over_http_stops_a_project_with_the_hours_it_saved(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        projects.edit(session, project, version=None, by=cast.manager, at=NOW, hypothesis="We believe in it.")
        card = a_card(session, by=cast.manager, project=project, estimate_hours=7)
        one = iterations.plan(
            session, starts_on=NOW.date(), ends_on=NOW.date(), goal="", by=cast.manager, at=NOW
        )
        iterations.choose(session, one, [card.id], by=cast.manager, at=NOW)
        iterations.start(session, one, by=cast.manager, at=NOW)
    page = manager.get("/iterations/1/review").text
    assert 'name="saved_1" type="text" value="7"' in page
    body = {"verdict_1": "kill", "saved_1": "a lot", "learned_1": "Nobody asked", "try_next": "Ask first"}
    bad = manager.post("/iterations/1/closure", data=body)
    assert (bad.status_code, "Nobody asked</textarea>" in bad.text, "Ask first</textarea>" in bad.text) == (
        422,
        True,
        True,
    )
    twice = [manager.post("/iterations/1/closure", data={**body, "saved_1": "9"}) for _ in range(2)]
    assert [answer.status_code for answer in twice] == [303, 303]
    with database.reading() as session:
        stopped = session.get_one(Project, 1)
        assert (stopped.stage, stopped.hours_saved) == (Stage.STOPPED, 9)
    shown = manager.get("/iterations/1").text
    for words in ("Killed", "We believe in it.", "Nobody asked", "Ask first", "9 h", "Did we commit"):
        assert words in shown
    assert "1 killed" in manager.get("/iterations").text
    other = manager.post(
        "/iterations/1/closure", data={**body, "saved_1": "9", "learned_1": "Something else"}
    )
    assert (other.status_code, "Something else</textarea>" in other.text) == (422, True)


@pytest.mark.usefixtures("planned")
def test_a_leader_reads_and_can_not_plan_or_close(
    client: TestClient, sign_in: SignIn, cast: Cast, database: Database
) -> None:
    sign_in(client, cast.leader)
    assert "Ship" in client.get("/iterations/1").text
    assert "Plan it" not in client.get("/iterations/1").text
    answers = [
        client.get("/iterations/1/planning"),
        client.post("/iterations/1/planning", data={"card": "1", "what": "start"}),
        client.get("/iterations/1/review"),
        client.post("/iterations/1/closure", data={"shown": "x"}),
        client.post("/iterations/rhythm", data={"weeks": "1", "rhythm_on": "2026-11-25"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert inside(database) == set()


@pytest.mark.parametrize("address", ["/iterations/1", "/iterations/1/planning", "/iterations/1/review"])
def test_queries_do_not_grow_with_cards(
    manager: TestClient, app: object, database: Database, cast: Cast, address: str
) -> None:
    with database.writing() as session:
        one = iterations.plan(
            session,
            starts_on=NOW.date(),
            ends_on=NOW.date() + timedelta(7),
            goal="",
            by=cast.manager,
            at=NOW,
        )
        iterations.start(session, one, by=cast.manager, at=NOW)

    def add() -> None:
        with database.writing() as session:
            project = a_project(session, by=cast.manager)
            one = session.get_one(Iteration, 1)
            for iteration in (one, None):
                a_card(session, by=cast.manager, project=project, iteration=iteration)
            moved = a_card(session, by=cast.manager)
            cards.take_into(session, moved, one, by=cast.leader, at=NOW)

    counted: list[str] = []
    engine = app.state.database.engine  # type: ignore[attr-defined] # a FastAPI
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def queries() -> int:
        counted.clear()
        assert manager.get(address).status_code == 200
        return len(counted)

    add()
    manager.get(address)
    with_one = queries()
    for _ in range(2):
        add()
    assert queries() == with_one
    assert with_one <= 30
