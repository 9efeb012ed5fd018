"""Other methods beside leverage, and formulas of one's own."""

import re
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import assessments, methods
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Event, Method
from portfolio.rules.comparing import METHODS
from tests.conftest import Cast
from tests.doors.test_causes import SignIn
from tests.factory import a_request

REACH = {"name": "People first", "expression": "people / hours"}


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def backlog(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """A few who risk much, many who risk nothing, and one without a value."""
    with database.writing() as session:
        for title, people, answers in (
            ("Few and grave", 4, {"risk": 5, "waiting": 5, "value_per_year": 90_000.0}),
            ("Many and mild", 2_000, {"risk": 0, "waiting": 0, "value_per_year": 900.0}),
            ("Unpriced", 30, {"risk": 2}),
        ):
            a_request(
                session,
                links=links,
                title=title,
                audience={"who": "All", "count": people},
                answers={**answers, "format": "elearning"},
            )
        assessments.score_waiting(session, now=now, flow_run_id=None)


def formulas(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(one.name, one.expression) for one in methods.listed(session)]


def places(database: Database, now: datetime, key: str) -> dict[str, int | None]:
    with database.reading() as session:
        found = methods.side_by_side(session, today=now.date())
    return {row.title: row.placed[key].place for row in found.comparison.rows}


@pytest.mark.usefixtures("backlog")
@pytest.mark.both
def test_methods_stand_side_by_side_on_the_same_answers(database: Database, now: datetime) -> None:
    with database.reading() as session:
        found = methods.side_by_side(session, today=now.date())
    assert [*found.names] == [key for key in METHODS if key != "own"]
    assert [row.placed["leverage"].place for row in found.comparison.rows] == [1, 2, 3]
    assert places(database, now, "rice")["Many and mild"] == 1
    assert places(database, now, "cd3") == {"Few and grave": 1, "Many and mild": 2, "Unpriced": None}
    assert (found.left_out, found.terms.hours_per_week) == (0, 15)


@pytest.mark.usefixtures("backlog")
def test_a_stored_assessment_says_what_the_score_said(database: Database, now: datetime) -> None:
    from portfolio.models import Assessment
    from portfolio.rules.scoring import score

    with database.reading() as session:
        rubric = assessments.current_rubric(session)
        need = assessments.needs(session, {1: None}, rubric, today=now.date())[1]
        kept = session.scalars(select(Assessment).where(Assessment.learning_request_id == 1)).one()
        fresh, stored = score(need, rubric), assessments.as_score(kept)
    assert (stored.impact, stored.leverage, stored.manager_hours) == (
        fresh.impact,
        fresh.leverage,
        fresh.manager_hours,
    )
    assert (stored.steps, stored.fit, stored.unknown) == (fresh.steps, fresh.fit, fresh.unknown)


@pytest.mark.usefixtures("backlog")
def test_the_page_says_where_they_disagree_and_why(manager: TestClient) -> None:
    page = manager.get("/backlog/methods").text
    assert "Leverage would start with “" in page
    assert "because" in page
    for name in ("RICE", "ICE", "WSJF", "CD3", "Benefit-cost ratio"):
        assert f'<th class="number">{name}</th>' in page
    assert "Nobody said what it is worth a year." in page
    assert 'href="/backlog/methods"' in manager.get("/backlog").text
    assert manager.get("/backlog/methods?hour_cost=200").status_code == 200
    for nonsense in ("0", "-4", "nan", "lots"):
        assert "Please give a number" in manager.get(f"/backlog/methods?hour_cost={nonsense}").text


@pytest.mark.usefixtures("backlog")
def test_ones_own_formula_is_added_changed_and_taken_away(
    manager: TestClient, database: Database, now: datetime
) -> None:
    assert manager.post("/backlog/methods", data=REACH).status_code == 303
    assert places(database, now, "People first")["Many and mild"] == 1
    page = manager.get("/backlog/methods").text
    assert '<th class="number">People first</th>' in page
    assert "Its unit: people / hours." in page
    turned = {"name": "Few first", "expression": "if(people > 20, 0, 1)"}
    assert manager.post("/backlog/methods/1", data=turned).status_code == 303
    assert places(database, now, "Few first")["Few and grave"] == 1
    assert manager.post("/backlog/methods/1", data={"what": "remove"}).status_code == 303
    assert formulas(database) == []
    assert manager.post("/backlog/methods/1", data=turned).status_code == 404
    with database.reading() as session:
        done = session.scalars(select(Event.action).where(Event.subject_type == "methods")).all()
    assert done == ["method.added", "method.changed", "method.removed"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expression": "impact / hourz"}, "At character 10: There is no input hourz. Do you mean hours?"),
        ({"expression": "1 / 0"}, "At character 1: It divides by 0, which is zero."),
        ({"expression": "9^9^9^9"}, "too large"),
        ({"expression": "__import__('os')"}, "At character"),
        ({"expression": "(" * 200}, "nested too deeply"),
        ({"expression": ""}, "Please fill this in."),
        ({"expression": "1+" * 600}, "Please keep this under 1000 characters."),
        ({"name": ""}, "Please fill this in."),
        ({"name": "rice"}, "There is a method of this name already."),
    ],
)
def test_a_formula_that_cant_be_read_is_told_where_and_kept_in_its_field(
    manager: TestClient, database: Database, change: dict[str, str], words: str
) -> None:
    answer = manager.post("/backlog/methods", data={**REACH, **change})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    if change.get("expression") == "impact / hourz":
        assert "impact / <mark>hourz</mark>" in answer.text
        assert 'value="impact / hourz"' in answer.text
    assert formulas(database) == []


@pytest.mark.usefixtures("backlog")
def test_a_formula_without_a_value_leaves_its_place_open_and_never_breaks_the_page(
    manager: TestClient, database: Database, now: datetime
) -> None:
    nothing = {"name": "Nothing", "expression": "1 / (people - people)"}
    assert manager.post("/backlog/methods", data=nothing).status_code == 303
    page = manager.get("/backlog/methods").text
    assert "It divides by (people - people), which is zero." in page
    assert set(places(database, now, "Nothing").values()) == {None}


def test_two_formulas_dont_share_a_name_and_ten_are_enough(manager: TestClient, database: Database) -> None:
    for index in range(10):
        answer = manager.post("/backlog/methods", data={**REACH, "name": f"Formula {index}"})
        assert answer.status_code == 303
    for name, words in (("formula 3", "of this name already"), ("Another", "10 formulas are enough")):
        answer = manager.post("/backlog/methods", data={**REACH, "name": name})
        assert answer.status_code == 422
        assert words in answer.text
    same = manager.post("/backlog/methods/4", data={**REACH, "name": "FORMULA 3"})
    assert same.status_code == 303
    wrong = manager.post("/backlog/methods/4", data={**REACH, "name": "formula 4"})
    assert wrong.status_code == 422
    assert len(formulas(database)) == 10


def test_two_hundred_are_compared_at_once_in_few_statements(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    counted: list[str] = []
    with database.writing() as session:
        for index in range(205):
            a_request(session, links=links, title=f"R {index}", answers={"risk": index % 6})
        assessments.score_waiting(session, now=now, flow_run_id=None)
        methods.add(session, name="Mine", expression="impact / hours", by=cast.manager, at=now)
    with database.reading() as session:
        methods.side_by_side(session, today=now.date())
    event.listen(database.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    with database.reading() as session:
        found = methods.side_by_side(session, today=now.date())
    assert (len(found.comparison.rows), found.left_out) == (200, 5)
    assert len(counted) <= 13


def test_looking_changes_nothing_and_only_managers_look(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        methods.add(session, name="Mine", expression="impact", by=cast.manager, at=now)
    for person in (cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        assert client.get("/backlog/methods").status_code == 404
        for path in ("", "/1"):
            assert client.post(f"/backlog/methods{path}", data=REACH).status_code == 404
    assert formulas(database) == [("Mine", "impact")]
    with database.reading() as session:
        assert session.get_one(Method, 1).added_by_id == cast.manager.id


def test_an_empty_backlog_says_so(manager: TestClient) -> None:
    page = manager.get("/backlog/methods").text
    assert "Nothing is ranked yet, so there is nothing to compare." in page
    assert re.search(r"<details[^>]* open><summary>Add a formula", page)
