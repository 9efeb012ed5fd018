"""The manager's day over HTTP: deciding, the board, iterations, projects, settings."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import (
    assessments,
    boards,
    conversations,
    goals,
    iterations,
    learning_requests,
    measures,
    people,
    projects,
    pulse,
)
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import ApiToken, Card, Goal, LearningRequest, Mail, Person, Project
from portfolio.states import RequestStatus, Role, Stage
from tests.conftest import Cast
from tests.factory import a_card, a_project, a_request

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


def test_declining_sends_the_words_and_goes_on_to_the_next(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, title="The next one")
    answer = manager.post(
        "/requests/1/decision", data={"verdict": "decline", "reason": "exists", "words": "A guide exists."}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests/2")
    with database.reading() as session:
        assert session.get_one(LearningRequest, 1).status is RequestStatus.DECLINED
        last = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert last is not None
        assert (last.recipient, "A guide exists." in last.text) == ("rita@fernweh.example", True)


def test_a_ruling_that_lacks_its_words_comes_back_with_what_was_typed(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    answer = manager.post(
        "/requests/1/decision", data={"verdict": "snooze", "until": "yesterday", "words": "Later, sorry."}
    )
    assert answer.status_code == 422
    assert "Please give a date such as 2026-11-30." in answer.text
    assert "Later, sorry." in answer.text
    past = manager.post(
        "/requests/1/decision", data={"verdict": "snooze", "until": "2026-01-01", "words": "Later, sorry."}
    )
    assert "Please give a day after today" in past.text
    assert manager.post("/requests/1/decision", data={"verdict": "perhaps"}).status_code == 422
    with database.reading() as session:
        assert session.get_one(LearningRequest, 1).status is RequestStatus.SUBMITTED


def test_words_that_stop_in_the_middle_are_not_sent(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    for verdict, words in (
        ("decline", "We won't take this on for now, because "),
        ("ask", "Before we decide, one question: "),
    ):
        answer = manager.post("/requests/1/decision", data={"verdict": verdict, "words": words})
        assert answer.status_code == 422
        assert "These words stop in the middle of a sentence. Please finish it." in answer.text
        assert words.strip().replace("'", "&#39;") in answer.text
    with database.reading() as session:
        assert session.get_one(LearningRequest, 1).status is RequestStatus.SUBMITTED


def test_deciding_twice_changes_nothing_the_second_time(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    accept = {"verdict": "accept", "solution_type": "job_aid", "words": "Yes."}
    assert manager.post("/requests/1/decision", data=accept).status_code == 303
    again = manager.post("/requests/1/decision", data=accept)
    assert again.status_code == 422
    assert "This request is accepted" in again.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 1


def test_a_card_is_put_where_it_was_dropped(manager: TestClient, database: Database, cast: Cast) -> None:
    with database.writing() as session:
        for title in ("one", "two", "three"):
            a_card(session, by=cast.manager, title=title)
    put = manager.post(
        "/cards/3/placement", data={"column": "1", "before": "1"}, headers={"HX-Request": "true"}
    )
    assert put.status_code == 204
    assert manager.post("/cards/1/placement", data={"column": "3"}).status_code == 303
    with database.reading() as session:
        standing = [[card.title for card in stack.cards] for stack in boards.stacks(session)]
    assert standing == [["three", "two"], [], ["one"], [], []]
    assert manager.post("/cards/1/placement", data={"column": "99"}).status_code == 404


def test_two_people_editing_one_card_the_later_is_told_and_keeps_the_words(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_card(session, by=cast.manager, title="Draft")
    first = {"title": "First", "version": "1"}
    assert manager.post("/cards/1", data=first).status_code == 303
    second = manager.post("/cards/1", data={"title": "Second", "notes": "My words", "version": "1"})
    assert second.status_code == 409
    assert "Somebody else changed this card meanwhile" in second.text
    assert "My words" in second.text
    version = re.search(r'name="version" value="(\d+)"', second.text)
    assert version is not None
    assert manager.post("/cards/1", data={"title": "Second", "version": version[1]}).status_code == 303
    with database.reading() as session:
        assert session.get_one(Card, 1).title == "Second"


def test_an_iteration_from_plan_to_review_keeps_its_facts(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        for title in ("done", "left"):
            a_card(session, by=cast.manager, title=title, estimate_hours=3)
    planned = manager.post(
        "/iterations",
        data={"goal": "Ship", "starts_on": "2026-11-16", "ends_on": "2026-11-27", "capacity_hours": "20"},
    )
    assert planned.headers["location"] == "/iterations/1/planning"
    manager.post("/iterations/1/planning", data={"card": ["1", "2"], "what": "keep"})
    assert manager.post("/iterations/1/opening").status_code == 303
    assert "Only a planned iteration" in manager.post("/iterations/1/opening").text
    manager.post("/cards/1/placement", data={"column": "5"})
    closed = manager.post(
        "/iterations/1/closure", data={"shown": "A guide", "learned": "Ask first", "next_step": "Pilot"}
    )
    assert closed.status_code == 303
    assert "Only an open iteration" in manager.post("/iterations/1/closure", data={}).text
    with database.reading() as session:
        record = iterations.find(session, 1)
        assert record is not None and record.record is not None
        assert [card["title"] for card in record.record["done"]] == ["done"]
        assert [card["title"] for card in record.record["left"]] == ["left"]
        assert record.record["hours_done"] == 3
        assert session.get_one(Card, 2).iteration_id is None
    manager.post("/cards/2", data={"title": "renamed later", "version": "9"})
    assert "left" in manager.get("/iterations/1").text


def test_bad_dates_for_an_iteration_come_back(manager: TestClient) -> None:
    answer = manager.post(
        "/iterations", data={"starts_on": "2026-11-27", "ends_on": "2026-11-16", "goal": "Kept words"}
    )
    assert answer.status_code == 422
    assert "ends after it starts" in answer.text
    assert "Kept words" in answer.text


def test_a_project_moves_is_read_and_delivers_its_request(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    manager.post("/requests/1/decision", data={"verdict": "accept", "solution_type": "job_aid"})
    bad = manager.post(
        "/measures/1/readings", data={"value": "a few", "read_on": "2027-01-01", "reading_note": "typed"}
    )
    assert bad.status_code == 422
    assert "Please give a number." in bad.text
    assert "future" in bad.text
    assert 'value="typed"' in bad.text
    assert (
        manager.post(
            "/measures/1/readings", data={"value": "3,5", "read_on": "2026-11-01", "when": "before"}
        ).status_code
        == 303
    )
    assert (
        manager.post("/projects/1/health", data={"health": "at_risk", "health_note": "No expert"}).status_code
        == 303
    )
    assert manager.post("/projects/1/stage", data={"stage": "done"}).status_code == 303
    assert manager.post("/projects/1/stage", data={"stage": "nowhere"}).status_code == 422
    with database.reading() as session:
        measure = measures.find(session, 1)
        assert measure is not None
        assert [reading.value for reading in measure.readings] == [3.5]
        project = projects.find(session, 1)
        assert project is not None
        assert (project.stage, project.ended_at is not None, project.health_note) == (
            Stage.DONE,
            True,
            "No expert",
        )
        assert session.get_one(LearningRequest, 1).status is RequestStatus.DELIVERED


def test_stopping_early_keeps_the_hours_it_saved(manager: TestClient, database: Database, cast: Cast) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager)
    manager.post("/projects/1/stage", data={"stage": "stopped", "hours_saved": "25"})
    with database.reading() as session:
        project = projects.find(session, 1)
        assert project is not None
        assert (project.stage, project.hours_saved) == (Stage.STOPPED, 25)


def test_goals_roles_and_tokens_are_set(manager: TestClient, database: Database, cast: Cast) -> None:
    assert (
        manager.post("/goals", data={"goal_name": "Nobody gets hurt", "goal_weight": "5"}).status_code == 303
    )
    twice = manager.post("/goals", data={"goal_name": "nobody gets hurt", "goal_weight": "5"})
    assert "There is a goal of this name already." in twice.text
    assert (
        manager.post("/goals/1", data={"what": "save", "weight": "2", "year_to_date": "4"}).status_code == 303
    )
    assert manager.post("/goals/1", data={"what": "save", "weight": "9"}).status_code == 422
    assert (
        manager.post("/people", data={"email": "new@fernweh.example", "role": ["leader"]}).status_code == 303
    )
    assert manager.post("/people", data={"email": "not an address"}).status_code == 422
    mine = manager.post("/people", data={"email": cast.manager.email})
    assert "take your own manager role away" in mine.text
    made = manager.post("/tokens", data={"token_name": "sheet", "token_role": "leader"})
    token = re.search(r"outsize_[\w-]{43}", made.text)
    assert token is not None
    assert manager.post("/tokens/1/revocation").status_code == 303
    with database.reading() as session:
        goal = session.scalars(select(Goal)).one()
        assert (goal.weight, goal.year_to_date) == (2, 4)
        assert (
            session.scalars(select(Person).where(Person.email == "new@fernweh.example"))
            .one()
            .has_role(Role.LEADER)
        )
        assert session.scalars(select(ApiToken)).one().revoked_at is not None


def test_the_first_visit_sets_everything_up(client: TestClient, database: Database) -> None:
    """Told with the cast's organisation in place: changing it publishes a rubric with the new capacity."""
    from portfolio import organisation, people
    from tests.conftest import NOW

    with database.writing() as session:
        token = people.invite_manager(session, now=NOW)
    assert client.post(f"/sign-in/{token}").status_code == 303
    bad = client.post("/organisation", data={"name": "", "hours_per_week": "none"})
    assert bad.status_code == 422
    good = client.post(
        "/organisation", data={"name": "Fernweh", "hours_per_week": "20", "iteration_weeks": "3"}
    )
    assert good.status_code == 303
    with database.reading() as session:
        assert assessments.current_rubric(session).effort_cut_hours == 60
        ours = organisation.current(session)
        assert ours is not None and ours.name == "Fernweh"


def test_whoever_only_looks_gets_the_demo_year_in_an_empty_installation(
    app: FastAPI, database: Database, now: datetime
) -> None:
    """Without the cast: nobody has set anything up."""
    with database.writing() as session:
        token = people.invite_manager(session, now=now)
    with TestClient(app, follow_redirects=False) as browser:
        browser.post(f"/sign-in/{token}")
        assert "Show me a demo organisation" in browser.get("/welcome").text
        assert browser.post("/organisation/demo").status_code == 303
        assert browser.get("/").headers["location"] == "/inbox"
        assert "requests wait" in browser.get("/inbox").text
        with database.reading() as session:
            before = session.scalar(select(func.count()).select_from(LearningRequest))
        browser.post("/organisation/demo")
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(LearningRequest)) == before


@pytest.mark.parametrize(
    ("seconds_ago", "said", "stands"),
    [
        (5, {"prefect": True}, False),
        (5, {"prefect": False}, True),
        (5, {"prefect": False, "starting": True}, False),
        (60, {"prefect": True}, True),
    ],
)
def test_a_stopped_clock_is_told_to_the_manager_only(
    client: TestClient,
    sign_in: SignIn,
    cast: Cast,
    database: Database,
    now: datetime,
    seconds_ago: int,
    said: dict[str, bool],
    stands: bool,
) -> None:
    with database.writing() as session:
        pulse.beat(session, "worker", at=now - timedelta(seconds=seconds_ago), **said)
    sign_in(client, cast.manager)
    assert ("The clock has stopped." in client.get("/board").text) is stands
    for person in (cast.leader, cast.requester):
        sign_in(client, person)
        assert (
            "The clock has stopped."
            not in client.get("/board" if person is cast.leader else "/requests").text
        )


def test_a_part_of_the_backlog_gives_no_advice_where_to_start(
    manager: TestClient, database: Database, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, title="Another")
        assessments.score_waiting(session, now=now, flow_run_id=None)
    assert "Start with “" in manager.get("/backlog").text
    for narrowed, said in (
        ("q=another", "1 of 2 open requests shown."),
        ("q=nothing", "None of 2 open requests shown."),
        ("sort=submitted", "2 of 2 open requests shown."),
    ):
        page = manager.get(f"/backlog?{narrowed}").text
        assert said in page
        assert "Start with “" not in page


LIST_PAGES = [
    "/inbox",
    "/backlog",
    "/board",
    "/iterations",
    "/projects",
    "/settings",
    "/outbox",
    "/reports",
    "/requests/1",
    "/projects/1",
]


@pytest.mark.parametrize("address", LIST_PAGES)
def test_queries_do_not_grow_with_rows(
    manager: TestClient,
    app: object,
    database: Database,
    cast: Cast,
    links: Links,
    now: datetime,
    address: str,
) -> None:
    def tell_a_story() -> None:
        with database.writing() as session:
            asked = a_request(
                session, links=links, requester={"email": f"p{now.microsecond}@x.example", "unit": "U"}
            )
            a_request(session, links=links)
            goals.add(session, name=f"Goal {asked.id}", weight=3, by=cast.manager, at=now)
            assessments.score_waiting(session, now=now, flow_run_id=None)
            found = learning_requests.find(session, asked.id)
            assert found is not None
            made = projects.start(session, found, "job_aid", by=cast.manager, at=now)
            starts_on, ends_on = iterations.next_dates(session, now.date())
            iterations.plan(
                session,
                starts_on=starts_on,
                ends_on=ends_on,
                capacity_hours=9,
                goal="g",
                by=cast.manager,
                at=now,
            )
            measures.add(session, name="m", project=made, by=cast.manager, at=now)
            conversations.say(session, found, "w", links=links, by=cast.manager, at=now)

    counted: list[str] = []
    engine = app.state.database.engine  # type: ignore[attr-defined] # a FastAPI
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def queries() -> int:
        counted.clear()
        assert manager.get(address).status_code == 200
        return len(counted)

    tell_a_story()
    manager.get(address)
    with_one = queries()
    for _ in range(2):
        tell_a_story()
    with_three = queries()
    assert with_three == with_one
    assert with_three <= {"/requests/1": 27, "/projects/1": 37}.get(address, 18)
