"""The board under hands: limits, lanes, filters, views, many cards at once, columns; and who may do none of it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import boards, cards, columns, projects, saved_views
from portfolio.database import Database
from portfolio.models import Card, ChecklistItem, Column, Comment, Event, Person
from portfolio.states import ColumnKind
from tests.conftest import Cast
from tests.factory import a_card, a_project

SignIn = Callable[[TestClient, Person | None], None]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def make(database: Database, cast: Cast, *titles: str, **fields: Any) -> None:
    with database.writing() as session:
        for title in titles:
            a_card(session, by=cast.manager, title=title, **fields)


def standing(database: Database) -> dict[str, list[str]]:
    with database.reading() as session:
        return {
            one.column.name: [card.title for card in one.cards] for one in boards.stacks(session) if one.cards
        }


def limit(database: Database, cast: Cast, now: datetime, name: str, **fields: object) -> None:
    with database.writing() as session:
        column = session.scalars(select(Column).where(Column.name == name)).one()
        columns.edit(session, column, by=cast.manager, at=now, **fields)


def events(database: Database, action: str) -> list[dict[str, object]]:
    with database.reading() as session:
        return [
            one.details
            for one in session.scalars(select(Event).where(Event.action == action).order_by(Event.id))
        ]


def test_a_limit_that_blocks_refuses_in_words_and_changes_nothing(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    make(database, cast, "one", "two")
    limit(database, cast, now, "Doing", wip_limit=1, limit_blocks=True)
    assert manager.post("/cards/1/placement", data={"column": "3"}, headers=HTMX).status_code == 204
    refused = manager.post("/cards/2/placement", data={"column": "3"}, headers=HTMX)
    words = "Doing is full: it holds 1 card, and takes 1. Finish or move one first."
    assert (refused.status_code, refused.json()) == (409, {"said": words})
    plain = manager.post("/cards/2/placement", data={"column": "3"})
    assert plain.status_code == 409
    assert words in plain.text
    added = manager.post("/cards", data={"title": "three", "column": "3"}, headers=HTMX)
    assert (added.status_code, added.json()) == (409, {"said": words})
    assert standing(database) == {"Backlog": ["two"], "Doing": ["one"]}
    assert "full, takes no more" in manager.get("/board").text


def test_a_limit_that_warns_lets_pass_and_says_so(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    make(database, cast, "one", "two", owner_id=cast.expert.id)
    limit(database, cast, now, "Doing", wip_limit=1, person_limit=1)
    manager.post("/cards/1/placement", data={"column": "3"}, headers=HTMX)
    passed = manager.post("/cards/2/placement", data={"column": "3"}, headers=HTMX)
    said = "Doing now holds 2, more than its limit of 1. Eli Expert now has 2 in Doing, more than 1 each."
    assert (passed.status_code, passed.json()) == (200, {"said": said})
    page = manager.get("/board").text
    assert "1 over the limit" in page
    assert "Eli Expert has 2, at most 1 each" in page


def test_the_same_move_sent_twice_counts_once(manager: TestClient, database: Database, cast: Cast) -> None:
    make(database, cast, "one", "two")
    headers = {**HTMX, "Idempotency-Key": "a-move"}
    assert manager.post("/cards/1/placement", data={"column": "2"}, headers=headers).status_code == 204
    assert manager.post("/cards/1/placement", data={"column": "3"}, headers=HTMX).status_code == 204
    assert manager.post("/cards/1/placement", data={"column": "2"}, headers=headers).status_code == 204
    assert standing(database) == {"Backlog": ["two"], "Doing": ["one"]}
    assert len(events(database, "card.moved")) == 2


def test_a_card_put_beside_one_that_left_stands_by_its_other_neighbour(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    make(database, cast, "one", "two", "three", "mine")
    manager.post("/cards/2/placement", data={"column": "3"}, headers=HTMX)
    manager.post("/cards/4/placement", data={"column": "1", "before": "2", "after": "1"}, headers=HTMX)
    assert standing(database) == {"Backlog": ["one", "mine", "three"], "Doing": ["two"]}


def test_lanes_hold_every_card_once_and_count_right(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        first, second = (a_project(session, by=cast.manager, name=name) for name in ("Quotes", "Aids"))
        for place in range(9):
            a_card(session, by=cast.manager, title=f"quote {place}", project=first)
        a_card(session, by=cast.manager, title="aid", project=second, owner_id=cast.expert.id)
        a_card(session, by=cast.manager, title="loose")
    with database.reading() as session:
        found = boards.lanes(session, boards.By.PROJECT, per_cell=6)
        lanes = [(lane.name, lane.count, [len(one.cards) for one in lane.stacks]) for lane in found.shown]
        heads = [one.count for one in found.heads]
        owners = boards.lanes(session, boards.By.OWNER)
        by_owner = [(lane.name, lane.count) for lane in owners.shown]
        goals = [(lane.name, lane.count) for lane in boards.lanes(session, boards.By.GOAL).shown]
    assert lanes == [
        ("Aids", 1, [1, 0, 0, 0, 0]),
        ("Quotes", 9, [6, 0, 0, 0, 0]),
        ("No project", 1, [1, 0, 0, 0, 0]),
    ]
    assert heads == [11, 0, 0, 0, 0]
    assert by_owner == [("Eli Expert", 1), ("Nobody yet", 10)]
    assert goals == [("No goal", 11)]
    assert "quote 8" in manager.get("/board/columns/1/more?lanes=project&lane=1&after=25769803776").text


def test_a_card_put_into_another_lane_belongs_there(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    make(database, cast, "one")
    with database.writing() as session:
        a_project(session, by=cast.manager)
    lane = {"column": "2", "lanes": "owner", "lane": str(cast.expert.id)}
    assert manager.post("/cards/1/placement", data=lane, headers=HTMX).status_code == 204
    assert (
        manager.post(
            "/cards/1/placement", data={"column": "2", "lanes": "project", "lane": "1"}, headers=HTMX
        ).status_code
        == 204
    )
    with database.reading() as session:
        card = session.get_one(Card, 1)
        assert (card.owner_id, card.project_id, card.column_id) == (cast.expert.id, 1, 2)
    assert (
        manager.post(
            "/cards/1/placement", data={"column": "2", "lanes": "project", "lane": "7"}, headers=HTMX
        ).status_code
        == 404
    )
    assert events(database, "card.assigned") == [{"from": None, "to": cast.expert.id}]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=QUOTE", ["quote"]),
        ("blocked=1", ["blocked"]),
        ("overdue=1", ["late"]),
        ("unassigned=1", ["quote", "blocked", "late"]),
        ("owner=2&project=", []),
        ("owner={expert}", ["eli's"]),
        ("goal=1", ["quote"]),
        ("project=1&unassigned=1", ["quote"]),
        ("project=nonsense", ["quote", "blocked", "late", "eli's"]),
    ],
)
def test_the_address_says_which_cards_are_shown(
    manager: TestClient, database: Database, cast: Cast, now: datetime, query: str, titles: list[str]
) -> None:
    from portfolio import goals

    with database.writing() as session:
        goal = goals.add(session, name="Keep customers", weight=4, by=cast.manager, at=now)
        project = projects.add(
            session, name="P", solution_type="job_aid", by=cast.manager, at=now, goal_id=goal.id
        )
        a_card(session, by=cast.manager, title="quote", project=project)
        a_card(session, by=cast.manager, title="blocked", blocked_by="the vendor")
        a_card(session, by=cast.manager, title="late", due_on=date(2026, 11, 19))
        a_card(session, by=cast.manager, title="eli's", owner_id=cast.expert.id, due_on=date(2026, 11, 20))
    page = manager.get(f"/board?{query.format(expert=cast.expert.id)}").text
    assert [
        title
        for title in ("quote", "blocked", "late", "eli's")
        if f'data-title="{title.replace(chr(39), "&#39;")}"' in page
    ] == titles


def test_a_saved_view_has_a_link_and_is_for_others_only_where_shared(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    sign_in(client, cast.manager)
    kept = client.post("/board/views", data={"name": "Blocked", "query": "blocked=1&evil=1&lanes=owner"})
    assert kept.headers["location"] == "/board/views/1"
    client.post("/board/views", data={"name": "Late", "query": "overdue=1", "shared": "1"})
    assert client.get("/board/views/1").headers["location"] == "/board?blocked=1&lanes=owner"
    assert client.post("/board/views", data={"name": " ", "query": "q=x"}).headers["location"] == "/board?q=x"
    sign_in(client, cast.leader)
    assert client.get("/board/views/1").status_code == 404
    assert client.get("/board/views/2").headers["location"] == "/board?overdue=1"
    assert client.post("/board/views/2/removal").status_code == 404
    sign_in(client, cast.manager)
    assert client.post("/board/views/1/removal").status_code == 303
    with database.reading() as session:
        assert [one.name for one in saved_views.listed(session, cast.manager)] == ["Late"]


def test_many_cards_change_together_or_not_at_all(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    make(database, cast, "one", "two", "three")
    some = {"card": ["1", "3", "99"]}
    assert manager.post("/board/cards", data={**some, "act": "column:2"}, headers=HTMX).status_code == 204
    assert standing(database) == {"Backlog": ["two"], "Next": ["one", "three"]}
    manager.post("/board/cards", data={**some, "act": f"owner:{cast.expert.id}"}, headers=HTMX)
    limit(database, cast, now, "Doing", wip_limit=1, limit_blocks=True)
    refused = manager.post("/board/cards", data={**some, "act": "column:3"}, headers=HTMX)
    assert refused.status_code == 409
    assert standing(database) == {"Backlog": ["two"], "Next": ["one", "three"]}
    assert manager.post("/board/cards", data={**some, "act": "nonsense"}, headers=HTMX).status_code == 404
    assert manager.post("/board/cards", data={**some, "act": "archive"}).headers["location"] == "/board"
    assert standing(database) == {"Backlog": ["two"]}
    assert events(database, "card.assigned") == [{"from": None, "to": cast.expert.id}] * 2
    assert [one["column"] for one in events(database, "card.archived")] == [2, 2]


def test_a_card_that_was_archived_meanwhile_is_not_moved_out_of_sight(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    make(database, cast, "one")
    manager.post("/cards/1/archive")
    answer = manager.post("/cards/1/placement", data={"column": "5"}, headers=HTMX)
    assert (answer.status_code, answer.json()) == (
        409,
        {"said": "This card is in the archive. Bring it back first."},
    )
    assert events(database, "card.moved") == []


def test_an_archived_card_is_found_and_brought_back(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    make(database, cast, "quote aid", "other")
    for number in (1, 2):
        manager.post(f"/cards/{number}/archive")
    found = manager.get("/board/archive?q=QUOTE").text
    assert "quote aid" in found
    assert ">other<" not in found
    assert 'action="/cards/1/return"' in manager.get("/cards/1").text
    assert manager.post("/cards/1/return").status_code == 303
    assert 'action="/cards/1/return"' not in manager.get("/cards/1").text
    manager.post("/cards/1/return")
    assert standing(database) == {"Backlog": ["quote aid"]}
    assert events(database, "card.unarchived") == [{"column": 1, "kind": "to_do", "was": "to_do"}]


def test_columns_are_added_changed_put_in_order_and_retired(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    make(database, cast, "one", "two")
    manager.post("/cards/1/placement", data={"column": "2"}, headers=HTMX)
    new = {
        "name": "Pilot",
        "kind": "doing",
        "policy": "Two people tried it",
        "wip_limit": "2",
        "person_limit": "1",
        "limit_blocks": "1",
    }
    assert manager.post("/board/columns", data=new).status_code == 303
    assert manager.post("/board/columns/6/place", data={"to": "left"}).status_code == 303
    with database.reading() as session:
        order = [one.name for one in columns.listed(session)]
        made = session.get_one(Column, 6)
        assert (made.policy, made.wip_limit, made.person_limit, made.limit_blocks) == (
            "Two people tried it",
            2,
            1,
            True,
        )
    assert order == ["Backlog", "Next", "Doing", "Pilot", "Waiting", "Done"]
    assert "Two people tried it" in manager.get("/board").text
    assert manager.post("/board/columns/2/retirement", data={"into": "5"}).status_code == 303
    assert standing(database) == {"Backlog": ["two"], "Done": ["one"]}
    with database.reading() as session:
        assert session.get_one(Card, 1).done_at is not None
    assert events(database, "card.moved")[-1] == {"from": 2, "to": 5, "kind": "done", "was": "to_do"}
    assert manager.post("/cards/2/placement", data={"column": "2"}).status_code == 404


def test_bad_columns_come_back_with_what_was_typed(manager: TestClient) -> None:
    answer = manager.post("/board/columns/3", data={"name": "Doing it", "kind": "doing", "wip_limit": "many"})
    assert answer.status_code == 422
    assert "Please give a number." in answer.text
    assert 'value="Doing it"' in answer.text
    last = manager.post("/board/columns/5", data={"name": "Done", "kind": "doing"})
    assert "Keep one column in which cards are finished" in last.text
    assert "Keep one column in which" in manager.post("/board/columns/5/retirement", data={"into": "1"}).text
    assert "Choose another column" in manager.post("/board/columns/1/retirement", data={}).text


def test_another_kind_of_column_tells_the_clocks_and_says_so(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    make(database, cast, "one", "two")
    changed = manager.post("/board/columns/1", data={"name": "Backlog", "kind": "done"})
    assert changed.headers["location"] == "/board/columns?said=2-2-0"
    assert (
        "2 cards began now, 2 cards counted as finished from now on"
        in manager.get(changed.headers["location"]).text
    )
    with database.reading() as session:
        clocks = session.execute(select(Card.started_at, Card.done_at)).all()
    assert clocks == [(now, now)] * 2
    manager.post("/board/columns/1", data={"name": "Backlog", "kind": "doing"})
    with database.reading() as session:
        clocks = session.execute(select(Card.started_at, Card.done_at)).all()
    assert clocks == [(now, None)] * 2
    told = [(one["was"], one["kind"], one["reopened"]) for one in events(database, "column.kind_changed")]
    assert told == [("to_do", "done", 0), ("done", "doing", 2)]


def test_a_face_says_what_a_card_is_about(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        doing = cards.columns(session)[2]
        card = a_card(
            session, by=cast.manager, at=now - timedelta(days=15), title="Old", column=doing, owner_id=cast.expert.id,
            estimate_hours=3, blocked_by="the vendor", due_on=date(2026, 11, 18),
        )  # fmt: skip
        for place, done in enumerate((now, None)):
            session.add(ChecklistItem(card_id=card.id, words="x", position=place, done_at=done))
        session.add(Comment(card_id=card.id, words="y", mentions=[], at=now))
    face = " ".join(manager.get("/cards/1/face").text.split())
    for words in (
        "Old",
        "Blocked: the vendor",
        "3 h",
        "1/2",
        '1<span class="visually-hidden"> comment<',
        "late, due",
        "15 days in Doing, long",
        "longer than two weeks",
        ">EE<",
        "Eli Expert",
    ):
        assert words in face


def test_the_board_takes_as_many_queries_with_one_card_as_with_many(
    app: FastAPI, manager: TestClient, database: Database, cast: Cast
) -> None:
    seen: list[str] = []
    event.listen(app.state.database.engine, "before_cursor_execute", lambda *said: seen.append(said[2]))

    def count(address: str) -> int:
        seen.clear()
        assert manager.get(address).status_code == 200
        return len(seen)

    def fill(first: int, last: int) -> None:
        with database.writing() as session:
            for place in range(first, last):
                project = a_project(session, by=cast.manager, name=f"P{place}")
                card = a_card(
                    session, by=cast.manager, title=f"c{place}", project=project, owner_id=cast.expert.id
                )
                session.add(ChecklistItem(card_id=card.id, words="x", position=0))

    fill(0, 1)
    addresses = ("/board", "/board?lanes=project", "/board?lanes=owner", "/board/columns/1", "/board/archive")
    few = [count(address) for address in addresses]
    fill(1, 4)
    assert [count(address) for address in addresses] == few


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/cards", {"title": "x"}),
        ("/cards/1/placement", {"column": "3"}),
        ("/cards/1/archive", {}),
        ("/cards/1/return", {}),
        ("/board/cards", {"card": "1", "act": "archive"}),
        ("/board/columns", {"name": "x", "kind": "doing"}),
        ("/board/columns/1", {"name": "x", "kind": "doing"}),
        ("/board/columns/2/place", {"to": "left"}),
        ("/board/columns/1/retirement", {"into": "2"}),
        ("/board/views", {"name": "x", "query": ""}),
    ],
)
def test_leaders_experts_and_requesters_change_nothing(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, address: str, data: dict[str, str]
) -> None:
    make(database, cast, "one")
    before = standing(database)
    for person in (cast.leader, cast.expert, cast.requester):
        sign_in(client, person)
        assert client.post(address, data=data).status_code == 404
    assert standing(database) == before
    with database.reading() as session:
        assert len(columns.listed(session)) == 5
        assert columns.listed(session)[0].kind is ColumnKind.TO_DO
