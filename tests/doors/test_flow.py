"""The flow page: what it says of nothing, of little and of much; who may look; what it costs."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import cards, columns, flow, forecasts, promises
from portfolio.database import Database
from portfolio.flow import Terms
from portfolio.links import Links
from portfolio.models import Blocker, Card, LearningRequest, Project
from tests.conftest import NOW, Cast
from tests.doors.test_asking import SignIn
from tests.factory import a_card, a_project
from tests.portfolio.test_forecasts import (
    a_finished_card,
    a_history,
    a_live_project,
    waiting_requests,
)

DAY = timedelta(days=1)


@pytest.fixture
def leader(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.leader)
    return client


def words_of(page: str) -> str:
    """What a page says, without markup."""
    text = re.sub(r"<(style|script).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def test_an_empty_board_says_how_to_begin(leader: TestClient) -> None:
    page = leader.get("/flow")
    assert page.status_code == 200
    assert "Nothing has moved yet" in page.text
    assert "The first finished card already gives a first, wide date" in page.text


def test_one_card_under_way_teaches_and_promises_nothing(
    leader: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_card(session, by=cast.manager, at=NOW - 3 * DAY, column=columns.listed(session)[2], title="Sheet")
    said = words_of(leader.get("/flow").text)
    assert "“Sheet” has been under way longest: 3 days." in said
    assert "No card was finished in this time, so there is nothing to promise by." in said
    assert "One finished card is enough for a first, wide answer." in said
    assert "No promised date has come due yet." in said


def test_each_picture_answers_a_question_with_the_figures_behind_it(
    leader: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_history(session, cast, count=11)
        board = columns.listed(session)
        old = a_card(session, by=cast.manager, at=NOW - 9 * DAY, column=board[2], title="Old one")
        session.add(Blocker(card_id=old.id, reason="No data", since=NOW - DAY))
    page = leader.get("/flow").text
    said = words_of(page)
    for question in (
        "What should I finish first?",
        "What can I promise for one card?",
        "How much can I take on?",
        "Does work pile up?",
        "Where does the time go?",
        "Do our dates hold?",
    ):
        assert question in said
    assert "“Old one” has taken 9 days, longer than any finished card. Help it today." in said
    assert "Blocked: No data" in said
    assert "Of 11 cards, half were done within 3 days, 85 % within 3 days, 95 % within 3 days." in said
    assert "1 card under way and 0 waiting" in said
    assert page.count('role="img"') == 3
    assert page.count("<summary>The figures") == 3


def test_what_ends_before_it_begins_is_flagged_and_counts_nowhere(
    leader: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_history(session, cast, count=2)
        board = columns.listed(session)
        session.add(
            Card(
                title="Backwards",
                column_id=board[-1].id,
                rank=9,
                created_at=NOW - 9 * DAY,
                started_at=NOW - 2 * DAY,
                done_at=NOW - 5 * DAY,
            )
        )
    with database.reading() as session:
        found = flow.look(session, Terms(), now=NOW)
    assert [title for _, title in found.cycles.impossible] == ["Backwards"]
    assert (found.cycles.count, found.rate.total) == (2, 2)
    assert "These end before they begin, so count nowhere" in words_of(leader.get("/flow").text)


@pytest.mark.both
def test_a_past_day_shows_what_it_showed_that_day(database: Database, cast: Cast) -> None:
    evening = NOW.replace(hour=22, minute=59)
    shown = []
    with database.writing() as session:
        a_history(session, cast, count=3)
        open_one = a_card(session, by=cast.manager, at=NOW, column=columns.listed(session)[2])
    with database.reading() as session:
        shown.append(flow.look(session, Terms(), now=evening))
    with database.writing() as session:
        again = session.scalars(select(Card).order_by(Card.id)).first()
        assert again is not None
        board = columns.listed(session)
        cards.place(session, again, board[0], by=cast.manager, at=evening + DAY)
        cards.place(session, session.get_one(Card, open_one.id), board[-1], by=cast.manager, at=evening + DAY)
    with database.reading() as session:
        later = flow.look(session, Terms(on=NOW.date()), now=evening + 5 * DAY)
        now = flow.look(session, Terms(), now=evening + 5 * DAY)
    assert (later.cycles, later.bands, later.rate.weeks, later.under_way) == (
        shown[0].cycles,
        shown[0].bands,
        shown[0].rate.weeks,
        1,
    )
    assert now.cycles != later.cycles


def test_blocked_and_waiting_days_are_told_apart_from_work(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        board = columns.listed(session)
        card = a_card(session, by=cast.manager, at=NOW - 10 * DAY, column=board[2])
        session.add(Blocker(card_id=card.id, reason="Data", since=NOW - 9 * DAY, until=NOW - 6 * DAY))
        cards.place(session, card, board[3], by=cast.manager, at=NOW - 7 * DAY)
        cards.place(session, card, board[2], by=cast.manager, at=NOW - 4 * DAY)
        cards.place(session, card, board[-1], by=cast.manager, at=NOW)
    with database.reading() as session:
        spent = flow.look(session, Terms(), now=NOW).spent
    assert (spent.cards, spent.days, spent.blocked, spent.waited, spent.worked) == (1, 10, 3, 2, 5)
    assert spent.waiting_columns == ("Waiting",)
    assert spent.efficiency == 0.5


def test_a_kind_of_project_and_a_project_can_be_looked_at_alone(
    leader: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        aid = a_project(session, by=cast.manager)
        a_finished_card(session, cast, begun=NOW - 9 * DAY, days=2, project=aid)
        a_finished_card(session, cast, begun=NOW - 9 * DAY, days=4)
    with database.reading() as session:
        looks = {
            count: flow.look(session, terms, now=NOW).cycles.count
            for count, terms in (
                ("all", Terms()),
                ("aids", Terms(solution_type="job_aid")),
                ("one", Terms(project_id=aid.id)),
                ("none", Terms(solution_type="workshop")),
            )
        }
    assert looks == {"all": 2, "aids": 1, "one": 1, "none": 0}
    odd = "/flow?type=nothing&project=99999999999&weeks=7&on=never"
    assert leader.get(odd).status_code == 200
    assert leader.get("/flow?on=0001-01-01&weeks=52").status_code == 200


def test_looking_takes_as_many_statements_for_many_cards_as_for_one(
    leader: TestClient, app: FastAPI, database: Database, cast: Cast
) -> None:
    statements: list[str] = []
    event.listen(
        app.state.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    counts = []
    for count in (1, 3):
        with database.writing() as session:
            for place in range(count):
                a_finished_card(session, cast, begun=NOW - (9 + place) * DAY, days=2)
                a_card(session, by=cast.manager, at=NOW - DAY, column=columns.listed(session)[2])
        leader.get("/flow")
        statements.clear()
        assert leader.get("/flow").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 24


def test_experts_and_requesters_never_see_it(client: TestClient, cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.expert, cast.other):
        sign_in(client, person)
        assert client.get("/flow").status_code == 404
    sign_in(client, None)
    assert client.get("/flow").status_code == 303


def test_a_project_and_an_iteration_say_when_they_are_done(
    leader: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_history(session, cast)
        one = a_live_project(session, cast)
    said = words_of(leader.get(f"/projects/{one.id}").text)
    assert "When is it done?" in said
    assert "probably late" not in said
    with database.writing() as session:
        session.get_one(Project, one.id).due_on = NOW.date()
    said = words_of(leader.get(f"/projects/{one.id}").text)
    assert "when it is due: probably late." in said
    assert "3 cards are left." in said


def test_a_requester_reads_a_date_once_one_is_on_record(
    client: TestClient, database: Database, links: Links, cast: Cast
) -> None:
    waitlisted, submitted = waiting_requests(database, links, cast, count=2)

    def page_of(number: int) -> str:
        with database.reading() as session:
            path = links.tracking_path(session.get_one(LearningRequest, number))
        return words_of(client.get(path).text)

    assert "Probably done" not in page_of(waitlisted)
    with database.writing() as session:
        promises.record_all(session, now=NOW)
    assert "Probably done around" in page_of(waitlisted)
    assert "with 85 %" in page_of(waitlisted)
    assert "Probably done" not in page_of(submitted)
    with database.reading() as session:
        assert forecasts.for_requests(session, [waitlisted], now=NOW)[waitlisted].can_say
