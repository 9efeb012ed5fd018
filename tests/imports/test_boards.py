"""Boards from Trello, Jira, Kanboard and Planner: what is read, what is worked out, what is written, and that twice is once."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import automations, board_imports, cards, columns, flow, history, imports, outlets
from portfolio.board_imports import look, start, take
from portfolio.database import Database
from portfolio.importing import dates
from portfolio.importing.boards import Brought, Stop
from portfolio.importing.boards_judging import Fate, OurColumn, judged, propose
from portfolio.importing.boards_reading import read
from portfolio.importing.boards_replay import BACKWARDS, Standing, Ways, replay
from portfolio.importing.mapping import BadMapping
from portfolio.links import Links
from portfolio.models import Card, CardLink, ChecklistItem, Comment, Event, Import
from portfolio.sheets import Unreadable
from portfolio.states import ColumnKind
from tests.conftest import NOW, Cast
from tests.imports.boards import (
    AWAY,
    DOING,
    DONE,
    FINISHED,
    JIRA,
    JIRA_SEARCH,
    KANBOARD,
    PLANNER,
    PLANNER_HEADERS,
    TO_DO,
    UNDER_WAY,
    WAITING,
    a_trello_board,
    as_bytes,
)
from tests.imports.files import an_xlsx, shared

BERLIN = ZoneInfo("Europe/Berlin")
BACKLOG, NEXT, OURS_DOING, OURS_WAITING, OURS_DONE = 1, 2, 3, 4, 5


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def planner(*rows: list[Any]) -> bytes:
    return an_xlsx(PLANNER_HEADERS, *(rows or PLANNER), name="Tasks")


def by_key(content: bytes, name: str = "file") -> dict[str, Brought]:
    return {card.key: card for card in read(content, name, BERLIN).cards}


def started(session: Session, cast: Cast, content: bytes, name: str = "board.json") -> Import:
    return start(session, name=name, content=content, by=cast.manager, at=NOW)


def taken(session: Session, cast: Cast, content: bytes, name: str = "board.json") -> dict[str, Card]:
    """Everything of a file as first proposed; the cards by their id there."""
    take(session, started(session, cast, content, name), by=cast.manager, at=NOW)
    return {card.source_key or "": card for card in session.scalars(select(Card).where(Card.source_key.is_not(None)))}  # fmt: skip


def past(session: Session, card: Card) -> list[tuple[str, datetime, int | None, str]]:
    """A card's history: what, when, to which column of which kind."""
    return [
        (event.action, event.at, event.details.get("to", event.details.get("column")), event.details["kind"])
        for event in history.timeline(session, card)
    ]


# Reading


def test_a_trello_card_is_read_with_all_that_belongs_to_it() -> None:
    board = read(as_bytes(a_trello_board()), "x.json", BERLIN)
    assert (board.source, board.name, board.key) == ("trello", "Learning studio", "5f0000000000000000000001")
    assert [place.name for place in board.places] == ["Ideas", "In progress", "Shipped"]
    card = next(one for one in board.cards if one.key == FINISHED)
    assert (card.title, card.owner, card.hours, card.due_on) == ("Film the lathe", "Eli Expert", 6.5, date(2026, 10, 1))  # fmt: skip
    assert card.more == ("Labels: Safety", "Also assigned: Nora Nobody", "Site: Kiel", "Trap: javascript:alert(1)")  # fmt: skip
    assert card.ticks == (("First", True), ("Second", False))
    assert card.links == (("https://trello.example/c/abc", "In Trello"), ("https://files.example/plan.pdf", "Plan"))  # fmt: skip
    assert [(said.words, said.who) for said in card.comments] == [("Looks good", "Nora Nobody")]
    assert [(stop.place, stop.at) for stop in card.stops] == [
        (TO_DO, at("2026-09-01T08:00")), (DOING, at("2026-09-10T10:00")), (DONE, at("2026-09-18T10:00")),
    ]  # fmt: skip
    assert board.left_out == ("Deleted cards, of which the file says nothing more: 1", "Votes: 3")
    assert board.people == ["Nora Nobody", "Eli Expert"]


def test_a_list_that_is_gone_is_known_by_the_actions_that_name_it() -> None:
    body = a_trello_board()
    body["lists"] = [one for one in body["lists"] if one["id"] != DOING]
    body["cards"] = [one for one in body["cards"] if one["idList"] != DOING]
    assert [place.name for place in read(as_bytes(body), "x", BERLIN).places] == [
        "Ideas", "Shipped", "list-doing (a former list)",
    ]  # fmt: skip


def test_jira_rows_keep_repeated_columns_dates_with_words_and_what_has_no_place() -> None:
    board = read(JIRA.encode(), "jira.csv", BERLIN)
    cards = {card.key: card for card in board.cards}
    card = cards["LD-1"]
    assert (card.place, card.made_at, card.ended_at) == ("Done", at("2026-09-01T07:05"), at("2026-09-20T14:30"))  # fmt: skip
    assert (card.hours, card.hours_spent, card.points, card.due_on) == (4, 2, 3, date(2026, 9, 30))
    assert card.notes == "Two pages,\nno more"
    assert "Labels: aid, bikes" in card.more and "Sprint: S1, S2" in card.more
    assert [(said.words, said.who, said.at) for said in card.comments] == [
        ("First draft; ready", "mara@fernweh.example", at("2026-09-05T09:00")), ("Fine", "Bo", at("2026-09-06T12:00")),
    ]  # fmt: skip
    assert card.links == (("https://jira.example/draft.pdf", "draft.pdf"),)
    assert [(row.line, row.reason) for row in board.unusable] == [
        (7, "It has no key."), (8, "The id LD-3 stands in line 5 already."),
    ]  # fmt: skip
    assert board.left_out == ("Column “Issue id” (6 rows)", "Column “Votes” (6 rows)")
    assert board.has_points


def test_jiras_json_has_the_changelog_and_zones_of_its_own() -> None:
    card = by_key(as_bytes(JIRA_SEARCH))["LD-9"]
    assert [(stop.place, stop.at) for stop in card.stops] == [
        ("To Do", at("2026-09-01T08:00")), ("In Review", at("2026-09-05T08:00")), ("Done", at("2026-09-12T08:00")),
    ]  # fmt: skip
    assert (card.notes, card.owner, card.hours) == ("One take.\nGood light, @Bo.", "Eli Expert", 2)


def test_kanboard_dates_are_american_unless_they_tell_otherwise() -> None:
    cards = by_key(KANBOARD.encode())
    assert (cards["7"].place, cards["7"].begun_at) == ("(closed)", datetime(2026, 9, 10, tzinfo=BERLIN))
    assert [card.key for card in cards.values() if card.place == "Work in progress"] == ["9", "8"]
    assert cards["8"].more == ("Swimlane: Team B", "Reference: REF-1", "Complexity: 3", "Made by: admin")
    assert cards["10"].remarks == ("“31/31/2026” (creation date) is no date we can read.",)


def test_planners_buckets_are_places_or_words() -> None:
    board = read(planner(), "Studio plan.xlsx", BERLIN)
    assert [place.name for place in board.places] == ["Completed tasks", "Guides"]
    cards = {card.key: card for card in board.cards}
    assert cards["t1"].ticks == (("Script", True), ("Shoot", True))
    assert "Bucket: Videos" in cards["t1"].more and "Labels: Safety, Lathe" in cards["t1"].more
    assert cards["t2"].ticks == (("Outline", False), ("Draft", False), ("Review", False))
    assert cards["t2"].remarks == ("1 of its 3 lines to tick off are done; the file doesn't say which, so none is ticked.",)  # fmt: skip
    assert cards["t2"].made_at == datetime(2026, 10, 13, tzinfo=BERLIN)
    by_progress = read(planner(), "x", BERLIN, date_order="month", places_from="progress")
    assert [place.key for place in by_progress.places] == ["Not started", "In progress", "Completed"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"{", "breaks off or is damaged"),
        (b'{"cards": 5, "lists": {}}', "neither a Trello board nor a Jira search"),
        (b"[" * 100_000, "breaks off or is damaged"),
        (b'{"cards": [], "lists": []}', "no card in this file"),
        (b"a,b\n1,2\n", "The columns are none we know"),
        (b"Summary,Issue key,Status\n", "no card in this file"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "none we know"),
    ],
)
def test_nonsense_gets_a_clear_answer(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(content, "x", BERLIN)


def test_a_board_of_wrong_types_loses_nothing_without_a_word() -> None:
    body = a_trello_board(
        members=None, actions=[1, {"type": None}, {"date": "x", "data": {"card": {"id": FINISHED}}}], checklists={}
    )  # fmt: skip
    body["cards"] = [
        {},
        {"id": "a"},
        {"id": "b", "name": "No list", "idList": "elsewhere"},
        7,
        *body["cards"],
    ]
    board = read(as_bytes(body), "x", BERLIN)
    assert [row.reason for row in board.unusable] == [
        "It has no id.", "It has no name.", "Its list is not in the file.",
    ]  # fmt: skip
    assert len(board.cards) == 4


def test_names_are_no_longer_than_keys_and_a_column_mixed_up_is_told(database: Database, cast: Cast) -> None:
    long = JIRA.replace(",Done,Learning", f",{'D' * 300},Learning").replace(",Bo,Bo,", f",{'B' * 300},Bo,")
    with database.writing() as session:
        waiting = started(session, cast, long.encode(), "jira.csv")
        assert take(session, waiting, by=cast.manager, at=NOW).counts[Fate.CREATED] == 4
    rows = "".join(f"T,K-{n},{n}\n" for n in range(201))
    with pytest.raises(Unreadable, match="201 different places"):
        read(f"Summary,Issue key,Status\n{rows}".encode(), "x", BERLIN)


# Working out the past

BOARD = [Standing(1, ColumnKind.TO_DO), Standing(2, ColumnKind.DOING), Standing(3, ColumnKind.DONE)]
WAYS = Ways.of({"a": 1, "b": 2, "c": 3, "left": 0}, BOARD)
DAY = timedelta(days=1)
MADE = NOW - 30 * DAY


def a_card(place: str, *stops: tuple[int, str], **fields: Any) -> Brought:
    """A card made 30 days ago, its stops by the day since then."""
    return Brought(1, "k", "T", place, **{"made_at": MADE, **fields}, stops=tuple(Stop(MADE + day * DAY, to) for day, to in stops))  # fmt: skip


def way(card: Brought) -> list[tuple[int, float]]:
    """Column and day of each step."""
    return [(step.to.column, (step.at - MADE) / DAY) for step in replay(card, WAYS, NOW).steps]


def test_what_the_file_tells_is_taken_as_it_is() -> None:
    card = a_card("c", (0, "a"), (3, "b"), (5, "a"), (7, "b"), (9, "c"), (9, "c"))
    story = replay(card, WAYS, NOW)
    assert way(card) == [(1, 0), (2, 3), (1, 5), (2, 7), (3, 9)]
    assert (story.begun_at, story.ended_at, story.remarks) == (MADE + 3 * DAY, MADE + 9 * DAY, ())


def test_the_last_arrival_in_done_ends_a_card_and_leaving_it_opens_it_again() -> None:
    again = replay(a_card("c", (0, "a"), (3, "c"), (5, "b"), (9, "c")), WAYS, NOW)
    assert (again.begun_at, again.ended_at) == (MADE + 3 * DAY, MADE + 9 * DAY)
    assert replay(a_card("b", (0, "a"), (3, "c"), (5, "b")), WAYS, NOW).ended_at is None


def test_a_past_that_does_not_lead_to_where_the_card_stands_is_ended_by_its_last_change() -> None:
    card = a_card("c", (0, "a"), (3, "b"), changed_at=MADE + 8 * DAY)
    assert way(card) == [(1, 0), (2, 3), (3, 8)]
    assert replay(card, WAYS, NOW).remarks == (
        "When it came to where it stands is not in the file; its last change is taken.",
    )


def test_a_past_that_begins_in_a_list_left_out_begins_where_it_came_to_one_that_is_not() -> None:
    assert way(a_card("b", (0, "left"), (4, "b"))) == [(2, 4)]


def test_without_moves_the_dates_of_the_file_make_the_way() -> None:
    done = a_card("c", begun_at=MADE + 2 * DAY, ended_at=MADE + 9 * DAY)
    assert way(done) == [(1, 0), (2, 2), (3, 9)]
    assert way(a_card("b", begun_at=MADE + 2 * DAY)) == [(1, 0), (2, 2)]
    assert way(a_card("a")) == [(1, 0)]


def test_what_the_file_leaves_open_is_said() -> None:
    unbegun = replay(a_card("c", ended_at=MADE + 9 * DAY), WAYS, NOW)
    assert (unbegun.begun_at, unbegun.ended_at, unbegun.remarks) == (None, MADE + 9 * DAY, ())
    undated = replay(a_card("c", changed_at=MADE + 4 * DAY), WAYS, NOW)
    assert undated.ended_at == MADE + 4 * DAY
    assert undated.remarks == ("When it was finished is not in the file; its last change is taken.",)
    doing = replay(a_card("b"), WAYS, NOW)
    assert doing.begun_at == MADE and doing.remarks[0].startswith("When it was begun is not in the file")
    nothing = replay(a_card("a", made_at=None), WAYS, NOW)
    assert (nothing.made_at, nothing.remarks) == (NOW, ("No time is in the file, so it was made today.",))


def test_an_end_before_the_beginning_is_kept_and_flagged_and_its_way_still_ends_where_it_stands() -> None:
    card = a_card("c", begun_at=MADE + 9 * DAY, ended_at=MADE + 2 * DAY)
    story = replay(card, WAYS, NOW)
    assert way(card) == [(1, 0), (2, 9), (3, 9)]
    assert (story.begun_at, story.ended_at) == (MADE + 9 * DAY, MADE + 2 * DAY)
    assert story.remarks == (BACKWARDS,)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01 1:00" + " " * 90_000 + "x"]
)
def test_a_time_by_which_a_program_means_none_is_none(text: str, zone: str) -> None:
    assert dates.stamp(text) is None
    assert dates.moment(text, month_first=False, zone=ZoneInfo(zone)) is None


def test_what_lies_in_the_future_did_not_happen() -> None:
    card = a_card("b", (0, "a"), (3, "b"), (40, "c"), ended_at=NOW + DAY)
    story = replay(card, WAYS, NOW)
    assert way(card) == [(1, 0), (2, 3)]
    assert story.remarks == (
        "The time it ended lies in the future, so it is left out.",
        "Moves that lie in the future were left out.",
    )


# Taking


@pytest.mark.both
def test_a_trello_board_is_taken_with_its_past(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        found = taken(session, cast, as_bytes(a_trello_board()))
        done, doing, waiting, away = (found[key] for key in (FINISHED, UNDER_WAY, WAITING, AWAY))
        assert past(session, done) == [
            ("card.added", at("2026-09-01T08:00"), BACKLOG, "to_do"),
            ("card.moved", at("2026-09-10T10:00"), OURS_DOING, "doing"),
            ("card.moved", at("2026-09-18T10:00"), OURS_DONE, "done"),
        ]
        assert past(session, doing) == [
            ("card.added", at("2026-10-01T08:00"), BACKLOG, "to_do"),
            ("card.moved", at("2026-10-05T09:00"), OURS_DOING, "doing"),
        ]
        assert past(session, away)[-1] == ("card.archived", at("2026-08-20T10:00"), BACKLOG, "to_do")
        events = history.timeline(session, done)
        assert events[1].details == {
            "from": BACKLOG, "to": OURS_DOING, "kind": "doing", "was": "to_do",
            "source": "import", "import": 1, "by_itself": "import",
        }  # fmt: skip
        assert {event.by_id for event in events} == {None}
        assert (done.created_at, done.started_at, done.done_at, done.entered_at) == (
            at("2026-09-01T08:00"), at("2026-09-10T10:00"), at("2026-09-18T10:00"), at("2026-09-18T10:00"),
        )  # fmt: skip
        assert (done.owner_id, done.estimate_hours, done.source_name) == (cast.expert.id, 6.5, "Trello: Learning studio")  # fmt: skip
        assert (doing.owner_id, doing.notes) == (None, "Assigned to: Nora Nobody")
        assert (waiting.rank > away.rank, waiting.done_at, away.archived_at) == (True, None, at("2026-08-20T10:00"))  # fmt: skip
        ticks = session.execute(select(ChecklistItem.words, ChecklistItem.done_at).order_by(ChecklistItem.position)).all()  # fmt: skip
        assert [tuple(row) for row in ticks] == [("First", done.done_at), ("Second", None)]
        [comment] = session.scalars(select(Comment)).all()
        assert (comment.words, comment.by_id, comment.at) == ("Nora Nobody: Looks good", None, at("2026-09-19T10:00"))  # fmt: skip
        assert session.scalar(select(func.count()).select_from(CardLink)) == 2


@pytest.mark.both
def test_the_same_board_again_adds_only_what_is_new(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        first = taken(session, cast, as_bytes(a_trello_board()))
        cards.edit(session, first[WAITING], version=None, by=cast.manager, at=NOW, title="Our own words")
    body = a_trello_board(name="Renamed since")
    body["cards"].append({"id": "5f0000000000000000000099", "name": "Brand new", "idList": TO_DO, "pos": 9})
    with database.writing() as session:
        before = session.scalar(select(func.count()).select_from(Event).where(Event.subject_type == "cards"))
        again = started(session, cast, as_bytes(body))
        assert again.mapping["source_name"] == "Trello: Learning studio"
        account = take(session, again, by=cast.manager, at=NOW)
        assert account.counts == {Fate.CREATED: 1, Fate.ALREADY_HERE: 4, Fate.LEFT_OUT: 0, Fate.REFUSED: 0}
        after = session.scalar(select(func.count()).select_from(Event).where(Event.subject_type == "cards"))
        assert (after or 0) - (before or 0) == 1
        titles = set(session.scalars(select(Card.title)))
        assert titles == {"Film the lathe", "Write the guide", "Our own words", "Old idea", "Brand new"}
        third = take(session, started(session, cast, as_bytes(body)), by=cast.manager, at=NOW)
        assert third.counts[Fate.ALREADY_HERE] == 5


def test_every_row_is_accounted_for(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        waiting = started(session, cast, JIRA.encode(), "jira.csv")
        account = take(session, waiting, by=cast.manager, at=NOW)
        assert account.counts == {Fate.CREATED: 4, Fate.ALREADY_HERE: 0, Fate.LEFT_OUT: 0, Fate.REFUSED: 2}
        assert (account.rows, account.backwards, account.finished) == (6, 1, 2)
        kept = waiting.account["outcomes"]
    assert [(line, key, fate, bool(number)) for line, key, fate, number, _ in kept] == [
        (2, "LD-1", "created", True), (4, "LD-2", "created", True), (5, "LD-3", "created", True),
        (6, "LD-4", "created", True), (7, "", "refused", False), (8, "", "refused", False),
    ]  # fmt: skip
    assert kept[3][4] == [BACKWARDS]


def test_jiras_people_and_points_become_owners_and_hours(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        waiting = started(session, cast, JIRA.encode(), "jira.csv")
        mapping = look(session, waiting, now=NOW).mapping
        assert mapping.people == {"Bo": 0, "mara@fernweh.example": cast.manager.id}
        changed = mapping.model_copy(update={"hours_per_point": 2.0, "people": {**mapping.people, "Bo": cast.leader.id}})  # fmt: skip
        board_imports.change_mapping(session, waiting, changed)
        take(session, waiting, by=cast.manager, at=NOW)
        found = {card.source_key: card for card in session.scalars(select(Card))}
        assert [found[key].estimate_hours for key in ("LD-1", "LD-2", "LD-3")] == [4, 10, None]
        assert found["LD-1"].notes.endswith("Story points: 3")
        assert (found["LD-1"].owner_id, found["LD-2"].owner_id) == (cast.manager.id, cast.leader.id)
        assert found["LD-1"].actual_hours == 2
        assert (found["LD-4"].created_at, found["LD-4"].done_at) == (at("2026-10-10T07:00"), at("2026-10-09T07:00"))  # fmt: skip


def test_kanboard_and_planner_files_are_taken(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        kanboard = taken(session, cast, KANBOARD.encode(), "tasks.csv")
        assert [step[2:] for step in past(session, kanboard["7"])] == [
            (BACKLOG, "to_do"), (OURS_DOING, "doing"), (OURS_DONE, "done"),
        ]  # fmt: skip
        assert kanboard["7"].owner_id == cast.expert.id
        plan = started(session, cast, planner(), "Studio plan.xlsx")
        mapping = look(session, plan, now=NOW).mapping
        assert (mapping.places_from, mapping.date_order, mapping.source_name) == ("progress", "month", "Planner: Studio plan")  # fmt: skip
        assert mapping.places == {"Not started": BACKLOG, "In progress": OURS_DOING, "Completed": OURS_DONE}
        take(session, plan, by=cast.manager, at=NOW)
        done = session.scalars(select(Card).where(Card.source_key == "t1")).one()
        assert (done.column_id, done.started_at) == (OURS_DONE, None)
        assert done.done_at == datetime(2026, 9, 18, tzinfo=BERLIN)


def test_places_may_be_left_out_or_become_new_columns(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        waiting = started(session, cast, as_bytes(a_trello_board()))
        mapping = look(session, waiting, now=NOW).mapping
        assert mapping.places == {TO_DO: BACKLOG, DOING: OURS_DOING, DONE: OURS_DONE}
        changed = mapping.model_copy(update={"places": {TO_DO: 0, DOING: "new:doing", DONE: OURS_DONE}})
        board_imports.change_mapping(session, waiting, changed)
        account = look(session, waiting, now=NOW).account
        assert account.counts[Fate.LEFT_OUT] == 2
        take(session, waiting, by=cast.manager, at=NOW)
        made = columns.listed(session)[4]
        assert (made.name, made.kind) == ("In progress", ColumnKind.DOING)
        assert waiting.mapping["places"] == {TO_DO: 0, DOING: made.id, DONE: OURS_DONE}
        found = {card.source_key: card.column_id for card in session.scalars(select(Card))}
        assert found == {FINISHED: OURS_DONE, UNDER_WAY: made.id}


def test_a_mapping_to_what_is_not_there_is_refused(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        waiting = started(session, cast, as_bytes(a_trello_board()))
        mapping = look(session, waiting, now=NOW).mapping
        for update in (
            {"places": {TO_DO: 99}},
            {"people": {"Eli Expert": cast.requester.id}},
            {"project": 99},
        ):
            with pytest.raises(BadMapping):
                board_imports.change_mapping(session, waiting, mapping.model_copy(update=update))


def test_a_file_is_taken_or_dropped_once(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        waiting = started(session, cast, as_bytes(a_trello_board()))
        take(session, waiting, by=cast.manager, at=NOW)
        assert waiting.content is None
        with pytest.raises(imports.NotWaiting):
            take(session, waiting, by=cast.manager, at=NOW)
        with pytest.raises(imports.NotWaiting):
            imports.drop(session, waiting, by=cast.manager, at=NOW)


def test_a_long_board_is_the_clocks_to_take_all_or_nothing(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import taking

    monkeypatch.setattr(taking, "database", lambda: database)
    monkeypatch.setattr(taking, "now", lambda: NOW)
    many = [{"id": f"{n:024x}", "name": f"Card {n}", "idList": TO_DO, "pos": n} for n in range(1, 302)]
    with database.writing() as session:
        waiting = started(session, cast, as_bytes(a_trello_board(cards=many)))
        assert imports.is_long(waiting)
        imports.want(session, waiting, by=cast.manager, at=NOW)
    taking.take(1)
    taking.take(1)
    with database.reading() as session:
        done = session.get_one(Import, 1)
        assert (done.rows_done, done.rows_in_all, done.wanted_at, done.taken_at) == (301, 301, None, NOW)
        assert session.scalar(select(func.count()).select_from(Card)) == 301
        [event] = history.timeline(session, done, "import.taken")
        assert event.by_id == cast.manager.id


def test_charts_and_forecasts_have_a_past_from_the_first_day(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        taken(session, cast, as_bytes(a_trello_board()))
        taken(session, cast, planner(), "Studio plan.xlsx")
        taken(session, cast, JIRA.encode(), "jira.csv")
    with database.reading() as session:
        found = flow.look(session, flow.Terms(weeks=12), now=NOW)
    assert [(point.title, point.days) for point in found.cycles.points] == [("Film the lathe", 8.0)]
    assert (found.rate.total, found.cycles.unstarted) == (4, 3)


def test_what_came_with_an_import_sets_nothing_off_and_is_told_to_nobody(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        automations.act(session, links=links, at=NOW, today=NOW.date())
        outlet = outlets.add(
            session,
            kind="webhook",
            name="All",
            address="http://127.0.0.1:9/x",
            topics=["all"],
            may_be_local=True,
            by=cast.manager,
            at=NOW,
        )  # fmt: skip
        taken(session, cast, as_bytes(a_trello_board()))
        assert automations.act(session, links=links, at=NOW, today=NOW.date()) == 0
        queued = outlets.queue_news(session, links=links, at=NOW)
        told = [one.body["type"] for one in outlets.log(session, outlet)]
    assert [one for one in told if one.startswith("card.")] == [], queued


@pytest.mark.shared
def test_naughty_strings_come_through_as_cards(database: Database, cast: Cast) -> None:
    strings = json.loads(shared("import/blns.json").read_text("utf-8"))
    many = [
        {"id": f"{n:024x}", "name": one, "desc": one, "idList": TO_DO} for n, one in enumerate(strings, 1)
    ]
    with database.writing() as session:
        waiting = started(session, cast, as_bytes(a_trello_board(cards=many)))
        account = take(session, waiting, by=cast.manager, at=NOW)
        assert account.rows == len(strings)
        assert account.counts[Fate.CREATED] + account.counts[Fate.REFUSED] == len(strings)
        assert account.counts[Fate.REFUSED] < 10


# Anything at all

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "name", "text", "content"]), st.integers() | st.text(max_size=3), max_size=2),
    st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30", "new:to_do", "NaN", "1e400"]),
)  # fmt: skip


def spots(body: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a JSON body."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return [way, *(spot for key, value in inner for spot in spots(value, (*way, key)))]


def with_junk(body: Any, way: tuple[Any, ...], junk: Any) -> Any:
    if not way:
        return junk
    changed = dict(body) if isinstance(body, dict) else list(body)
    changed[way[0]] = with_junk(body[way[0]], way[1:], junk)
    return changed


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_stands_in_a_json_file_it_is_read_or_refused(data: st.DataObject) -> None:
    body: Any = data.draw(st.sampled_from([a_trello_board(), JIRA_SEARCH]))
    for _ in range(data.draw(st.integers(1, 3))):
        body = with_junk(body, data.draw(st.sampled_from(spots(body))), data.draw(JUNK))
    try:
        board = read(as_bytes(body), "x.json", BERLIN)
    except Unreadable:
        return
    columns_here = [OurColumn(1, "To do", ColumnKind.TO_DO), OurColumn(2, "Done", ColumnKind.DONE)]
    mapping = propose(board, columns_here, [], date_order="day", source_name="x")
    fresh, account = judged(board, mapping, columns_here, {}, NOW)
    assert account.rows == board.rows
    for new in fresh:
        times = [step.at for step in new.story.steps]
        assert times == sorted(times) and times[-1] <= NOW
        assert new.story.stands.to.column == mapping.places[new.card.place]
