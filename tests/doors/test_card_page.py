"""A card's own page: what is done there, by whom, and what two at once are told."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio import blockers, card_story, cards, checklists, comments, iterations, work_logs
from portfolio.database import Database
from portfolio.models import Card, ChecklistItem, Comment, File, Mail, Person, WorkLog
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def card(database: Database, cast: Cast) -> Card:
    with database.writing() as session:
        return a_card(
            session, by=cast.manager, title="Film the trick", notes="Between us: the old film is bad."
        )


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast, card: Card) -> TestClient:
    sign_in(client, cast.manager)
    return client


def kept(database: Database) -> Card:
    with database.reading() as session:
        found = cards.find(session, 1)
    assert found is not None
    return found


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the details' form."""
    return {
        name: re.findall(rf'name="{name}" value="([^"]*)"', page)[0].replace("&#34;", '"')
        for name in ("version", "seen")
    }


def test_details_are_saved_and_only_what_changed_is_told(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        iterations.plan(
            session,
            starts_on=NOW.date(),
            ends_on=NOW.date(),
            capacity_hours=9,
            goal="g",
            by=cast.manager,
            at=NOW,
        )
    answer = manager.post(
        "/cards/1",
        data={
            "title": "Film the trick", "notes": "", "owner": str(cast.manager.id), "due_on": "2026-12-01", "estimate_hours": "2,5",
            "project": str(project.id), "iteration": "1", "version": "1",
        },
    )  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, "/cards/1")
    found = kept(database)
    assert (found.notes, found.owner_id, str(found.due_on), found.estimate_hours, found.project_id, found.iteration_id) == (
        "", cast.manager.id, "2026-12-01", 2.5, project.id, 1,
    )  # fmt: skip
    with database.reading() as session:
        told = [line.words for line in card_story.told(session, found)]
    assert told == [
        "Planned into iteration 1",
        "Given to Mara Manager",
        "Changed the date it is due, the estimate, the notes and the project",
        "Made, in Backlog",
    ]


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    manager: TestClient, database: Database
) -> None:
    answer = manager.post(
        "/cards/1", data={"title": " ", "notes": "My words", "due_on": "soon", "version": "1"}
    )
    assert answer.status_code == 422
    for words in ("Please fill this in.", "Please give a date such as", "My words"):
        assert words in answer.text
    assert kept(database).version == 1


def test_two_who_changed_different_fields_are_both_kept(manager: TestClient, database: Database) -> None:
    first = form_of(manager.get("/cards/1").text)
    second = dict(first)
    notes = "Between us: the old film is bad."
    assert (
        manager.post("/cards/1", data={**first, "title": "Film two tricks", "notes": notes}).status_code
        == 303
    )
    answer = manager.post("/cards/1", data={**second, "title": "Film the trick", "notes": "Ask Eli."})
    assert answer.headers["location"] == "/cards/1?merged=title"
    assert (
        "Somebody else changed the title meanwhile; theirs and yours are both kept."
        in manager.get("/cards/1?merged=title").text
    )
    assert (kept(database).title, kept(database).notes) == ("Film two tricks", "Ask Eli.")


def test_two_who_changed_the_same_field_the_later_is_told_and_keeps_the_words(
    manager: TestClient, database: Database
) -> None:
    first = form_of(manager.get("/cards/1").text)
    manager.post("/cards/1", data={**first, "title": "Theirs", "notes": ""})
    told = manager.post("/cards/1", data={**first, "title": "Mine", "notes": "And my notes"})
    assert told.status_code == 409
    for words in ("Two of you wrote here", "Theirs", 'value="Mine"', "And my notes"):
        assert words in told.text
    assert kept(database).title == "Theirs"
    again = form_of(told.text)
    settled = manager.post("/cards/1", data={**again, "title": "Mine after all", "notes": "And my notes"})
    assert settled.status_code == 303
    assert (kept(database).title, kept(database).notes) == ("Mine after all", "And my notes")


def test_the_checklist_is_made_ticked_changed_ordered_and_cleared(
    manager: TestClient, database: Database
) -> None:
    for words in ("Write", "Film", "Cut"):
        assert (
            manager.post("/cards/1/checklist", data={"item": words}).headers["location"]
            == "/cards/1#checklist"
        )
    assert manager.post("/cards/1/checklist", data={"item": ""}).status_code == 422
    manager.post("/cards/1/checklist/3/place", data={"way": "up"})
    manager.post("/cards/1/checklist/1/tick", data={"done": "1"})
    manager.post("/cards/1/checklist/1/tick", data={"done": "1"})
    manager.post("/cards/1/checklist/2", data={"item_2": "Film it twice", "seen_words": "Film"})
    late = manager.post("/cards/1/checklist/2", data={"item_2": "Film by night", "seen_words": "Film"})
    assert late.status_code == 409
    assert "Somebody else changed this line meanwhile to “Film it twice”" in late.text
    assert 'value="Film by night"' in late.text
    manager.post("/cards/1/checklist/3/removal")
    assert manager.post("/cards/1/checklist/3/removal").status_code == 404
    with database.reading() as session:
        found = checklists.listed(session, kept(database))
        told = [line.words for line in card_story.told(session, kept(database))]
    assert [(item.words, item.done_at is not None) for item in found] == [
        ("Write", True),
        ("Film it twice", False),
    ]
    assert told.count("Ticked a line off") == 1


def test_hours_are_typed_corrected_and_taken_away_and_the_sum_keeps_step(
    manager: TestClient, database: Database
) -> None:
    with database.writing() as session:
        cards.edit(session, cards.find(session, 1), version=None, by=None, at=NOW, actual_hours=1.0)  # type: ignore[arg-type] # as an import has it
    assert (
        manager.post(
            "/cards/1/hours", data={"hours": "2", "hours_note": "Filmed", "hours_on": "2026-11-18"}
        ).status_code
        == 303
    )
    manager.post("/cards/1/hours", data={"hours": "0,5"})
    assert kept(database).actual_hours == 3.5
    manager.post("/cards/1/hours/1", data={"hours_1": "3", "note_1": "Filmed all day"})
    manager.post("/cards/1/hours/2/removal")
    assert kept(database).actual_hours == 4.0
    for data, words in (
        ({"hours": ""}, "Please fill this in."), ({"hours": "0"}, "more than 0"), ({"hours": "1", "hours_on": "2026-11-25"}, "a day before"),
    ):  # fmt: skip
        answer = manager.post("/cards/1/hours", data=data)
        assert (answer.status_code, words in answer.text) == (422, True)
    with database.reading() as session:
        found = work_logs.listed(session, kept(database))
    assert [(log.hours, log.note, log.ended_at.date().isoformat()) for log in found if log.ended_at] == [
        (3.0, "Filmed all day", "2026-11-18")
    ]


def test_a_timer_that_ran_too_long_asks_how_long_it_was(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        other = a_card(session, by=cast.manager, title="Something else")
        work_logs.start(session, other, by=cast.manager, at=NOW - timedelta(hours=20))
    asked = manager.post("/cards/1/timer")
    assert asked.status_code == 422
    assert "Please say how long you worked" in asked.text
    assert manager.post("/cards/1/timer/end").status_code == 422
    assert manager.post("/cards/1/timer/end", data={"forgotten_hours": "1.5"}).status_code == 303
    assert manager.post("/cards/1/timer").status_code == 303
    assert "Stop the timer" in manager.get("/cards/1").text
    with database.reading() as session:
        found = session.scalars(select(WorkLog).order_by(WorkLog.id)).all()
    assert [(log.card_id, log.hours) for log in found] == [(2, 1.5), (1, None)]


def test_a_blocker_has_its_reason_and_its_time(manager: TestClient, database: Database) -> None:
    manager.post("/cards/1/blocker", data={"reason": "No camera"})
    late = manager.post("/cards/1/blocker", data={"reason": "No light"})
    assert (
        late.status_code,
        "blocked already, by “No camera”" in late.text,
        'value="No light"' in late.text,
    ) == (409, True, True)
    manager.post("/cards/1/blocker", data={"reason": "No good camera", "again": "1"})
    assert (kept(database).blocked_by, kept(database).blocked_since) == ("No good camera", NOW)
    manager.post("/cards/1/blocker/removal")
    manager.post("/cards/1/blocker/removal")
    found = kept(database)
    assert (found.blocked_by, found.blocked_since) == ("", None)
    with database.reading() as session:
        assert [(one.reason, one.since, one.until) for one in blockers.listed(session, found)] == [
            ("No good camera", NOW, NOW)
        ]


def test_comments_mail_whoever_is_named_once_and_only_their_writer_changes_them(
    manager: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    manager.post("/cards/1/comments", data={"comment": "@Lena Leader and @Lena, look. @Rita Requester too."})
    manager.post("/cards/1/comments/1", data={"comment_1": "@Lena Leader, look again. @eli@fernweh.example"})
    with database.reading() as session:
        mails = session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [(mail.recipient, "/cards/1" in mail.text) for mail in mails] == [
        ("lena@fernweh.example", True),
        ("eli@fernweh.example", False),
    ]
    with database.writing() as session:
        comments.add(session, session.get_one(Card, 1), "Eli's own words", links=None, by=cast.expert, at=NOW)  # type: ignore[arg-type] # nobody is named
    assert manager.post("/cards/1/comments/2", data={"comment_2": "x"}).status_code == 404
    assert manager.post("/cards/1/comments/2/removal").status_code == 404
    manager.post("/cards/1/comments/1/removal")
    with database.reading() as session:
        assert [one.words for one in session.scalars(select(Comment).order_by(Comment.id))] == [
            "",
            "Eli's own words",
        ]


def test_files_and_links_hang_on_a_card_and_leave_as_downloads(
    manager: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    manager.post("/cards/1/files", files={"file": ("plan.txt", b"One, two", "text/plain")})
    assert "take “run.exe”" in manager.post("/cards/1/files", files={"file": ("run.exe", b"MZ", "x/y")}).text
    assert "Please choose a file." in manager.post("/cards/1/files", data={"x": "y"}).text
    manager.post("/cards/1/links", data={"address": "https://example.org/film", "label": "The film"})
    assert manager.post("/cards/1/links", data={"address": "javascript:alert(1)"}).status_code == 422
    page = manager.get("/cards/1").text
    assert ("The film" in page, "plan.txt" in page) == (True, True)
    got = manager.get("/cards/1/files/1")
    assert (got.content, got.headers["content-disposition"].partition(";")[0]) == (b"One, two", "attachment")
    sign_in(manager, cast.leader)
    assert manager.get("/cards/1/files/1").status_code == 200
    for person in (cast.expert, cast.requester):
        sign_in(manager, person)
        assert manager.get("/cards/1/files/1").status_code == 404
    sign_in(manager, cast.manager)
    manager.post("/cards/1/files/1/removal")
    manager.post("/cards/1/links/1/removal")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(File)) == 0


def test_a_card_of_another_opens_nothing_of_this_one(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        other = a_card(session, by=cast.manager, title="Another")
        checklists.add(session, other, "Its line", by=cast.manager, at=NOW)
    assert manager.post("/cards/1/checklist/1/tick", data={"done": "1"}).status_code == 404
    with database.reading() as session:
        assert session.get_one(ChecklistItem, 1).done_at is None


def test_moving_without_scripts_comes_back_to_the_card(manager: TestClient, database: Database) -> None:
    answer = manager.post("/cards/1/placement", data={"column": "3", "back": "/cards/1"})
    assert answer.headers["location"] == "/cards/1"
    assert kept(database).column.name == "Doing"


def test_a_leader_reads_all_parts_and_changes_nothing(
    manager: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        checklists.add(session, session.get_one(Card, 1), "Write", by=cast.manager, at=NOW)
    sign_in(manager, cast.leader)
    for address in (
        "/cards/1",
        *(
            f"/cards/1/parts/{part}"
            for part in ("head", "details", "checklist", "comments", "past", "forecast")
        ),
    ):
        answer = manager.get(address)
        assert answer.status_code == 200
        assert 'method="post" action="/cards' not in answer.text
    assert manager.get("/cards/1/parts/nothing").status_code == 404
    for address in (
        "/cards/1/checklist/1/tick",
        "/cards/1/comments",
        "/cards/1/timer",
        "/cards/1/blocker",
        "/cards/1/experts",
    ):
        assert (
            manager.post(
                address, data={"done": "1", "comment": "x", "reason": "x", "expert": "x"}
            ).status_code
            == 404
        )


def test_queries_do_not_grow_with_what_a_card_holds(
    manager: TestClient, app: FastAPI, database: Database, cast: Cast, now: datetime
) -> None:
    counted: list[str] = []
    event.listen(app.state.database.engine, "before_cursor_execute", lambda *given: counted.append(given[2]))

    def fill(times: int) -> None:
        with database.writing() as session:
            card = session.get_one(Card, 1)
            for _ in range(times):
                checklists.add(session, card, "A line", by=cast.manager, at=now)
                comments.add(session, card, "Words", links=None, by=cast.expert, at=now)  # type: ignore[arg-type] # nobody is named
                work_logs.type_in(session, card, 1, by=cast.manager, at=now)

    def queries() -> int:
        counted.clear()
        assert manager.get("/cards/1").status_code == 200
        return len(counted)

    fill(1)
    manager.get("/cards/1")
    with_one = queries()
    fill(2)
    assert queries() == with_one <= 27
