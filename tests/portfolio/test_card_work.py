"""What is done on cards, below the pages: timers, blockers, files, words, and asking experts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portfolio import (
    blockers,
    capacity,
    card_links,
    card_story,
    cards,
    checklists,
    columns,
    comments,
    expert_asks,
    history,
    work_logs,
)
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Card, Mail, Person, WorkLog
from tests.conftest import NOW, Cast
from tests.factory import a_card

BERLIN = ZoneInfo("Europe/Berlin")
LATER = NOW + timedelta(hours=1)


@pytest.mark.both
def test_everybody_has_one_timer_and_starting_another_stops_the_first(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        manager = session.get_one(Person, cast.manager.id)
        first, second = (a_card(session, by=manager) for _ in range(2))
        work_logs.start(session, first, by=manager, at=NOW)
        work_logs.start(session, first, by=manager, at=NOW + timedelta(minutes=5))
        work_logs.start(session, second, by=session.get_one(Person, cast.expert.id), at=NOW)
        work_logs.start(session, second, by=manager, at=NOW + timedelta(minutes=90))
    with database.reading() as session:
        found = session.scalars(select(WorkLog).order_by(WorkLog.id)).all()
        told = [(log.card_id, log.person_id, log.hours, log.ended_at is None) for log in found]
        assert session.get_one(Card, first.id).actual_hours == 1.5
        clock = work_logs.clock_of(session, cast.manager, now=NOW + timedelta(hours=12))
    assert told == [
        (first.id, cast.manager.id, 1.5, False),
        (second.id, cast.expert.id, None, True),
        (second.id, cast.manager.id, None, True),
    ]
    assert clock is not None
    assert (clock.ran_hours, clock.is_forgotten) == (10.5, True)


def test_a_forgotten_timer_keeps_what_is_said_and_nothing_where_zero_is_said(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        for said in (2.5, 0.0):
            log = work_logs.start(session, card, by=cast.manager, at=NOW)
            with pytest.raises(work_logs.TimerForgotten, match="has run for 11 hours"):
                work_logs.stop(session, log, by=cast.manager, at=NOW + timedelta(hours=11))
            with pytest.raises(work_logs.HoursRefused):
                work_logs.stop(session, log, hours=900, by=cast.manager, at=NOW + timedelta(hours=11))
            work_logs.stop(session, log, hours=said, by=cast.manager, at=NOW + timedelta(hours=11))
            assert log.ended_at == NOW + timedelta(hours=said)
        assert card.actual_hours == 2.5


def test_hours_said_in_all_write_down_what_is_missing_and_take_back_what_is_too_much(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        work_logs.type_in(session, card, 4, by=cast.manager, at=NOW)
        kept = []
        for said in (2, 3.5, 3.5, 1, 0):
            work_logs.say_in_all(session, card, said, by=cast.expert, at=NOW)
            logs = [log.hours for log in work_logs.listed(session, card) if log.person_id == cast.expert.id]
            kept.append((sorted(logs, key=str), card.actual_hours))
    assert kept == [([2.0], 6.0), ([1.5, 2.0], 7.5), ([1.5, 2.0], 7.5), ([1.0], 5.0), ([], 4.0)]


@pytest.mark.both
def test_a_blocker_that_came_with_an_import_gets_its_history_when_it_ends(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        card = a_card(
            session,
            by=cast.manager,
            blocked_by="The other board said so",
            blocked_since=NOW - timedelta(days=3),
        )
        with pytest.raises(blockers.AlreadyBlocked, match="The other board said so"):
            blockers.block(session, card, "Mine", by=cast.manager, at=NOW)
        blockers.unblock(session, card, by=cast.manager, at=NOW)
        found = [
            (one.reason, one.since, one.until, one.by_id, one.ended_by_id)
            for one in blockers.listed(session, card)
        ]
    assert found == [("The other board said so", NOW - timedelta(days=3), NOW, None, cast.manager.id)]


def test_every_write_is_an_event_and_none_tells_words_or_names(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        item = checklists.add(session, card, "SECRET", by=cast.manager, at=NOW)
        checklists.tick(session, card, item, done=True, by=cast.expert, at=NOW)
        checklists.remove(session, card, item, by=cast.manager, at=NOW)
        blockers.block(session, card, "SECRET", by=cast.manager, at=NOW)
        said = comments.add(session, card, "SECRET @Lena", links=links, by=cast.manager, at=NOW)
        comments.remove(session, card, said, by=cast.manager, at=NOW)
        file = card_links.attach(session, card, name="SECRET.txt", content=b"SECRET", by=cast.manager, at=NOW)
        assert (
            card_links.attach(session, card, name="again.txt", content=b"SECRET", by=cast.manager, at=NOW)
            is file
        )
        asked = expert_asks.ask(
            session, card, session.merge(cast.expert), why="SECRET", links=links, by=cast.manager, at=NOW
        )
        expert_asks.finish(session, asked, "SECRET", links=links, at=NOW)
        lines = history.timeline(session, card)
        told = card_story.told(session, card)
    assert [line.action for line in lines] == [
        "card.added", "card.item_added", "card.item_ticked", "card.item_removed", "card.blocked", "card.commented", "card.comment_removed",
        "card.file_added", "card.expert_asked", "card.expert_done",
    ]  # fmt: skip
    assert "SECRET" not in str([line.details for line in lines])
    assert [(one.who, one.words) for one in told[:2]] == [
        ("Eli Expert", "Says it's done"),
        ("Mara Manager", "Asked Eli Expert"),
    ]


@pytest.mark.both
def test_reminders_leave_those_in_peace_who_are_away_done_or_reminded_today(
    database: Database, cast: Cast, links: Links
) -> None:
    due = date(2026, 11, 26)
    with database.writing() as session:
        expert, other = (session.get_one(Person, one.id) for one in (cast.expert, cast.other))
        for person in (expert, other):
            for title in ("one", "two"):
                card = a_card(session, by=cast.manager, title=title)
                asked = expert_asks.ask(
                    session, card, person, why="", due_on=due, links=links, by=cast.manager, at=NOW
                )
                if title == "two":
                    expert_asks.decline(session, asked, "No", links=links, at=NOW)
        capacity.add_absence(
            session,
            from_on=date(2026, 11, 23),
            until_on=date(2026, 11, 24),
            person=other,
            by=cast.manager,
            at=NOW,
        )
    sent = []
    for day in (24, 24, 25, 26):
        with database.writing() as session:
            at = datetime(2026, 11, day, 9, 20, tzinfo=UTC)
            sent.append(expert_asks.remind(session, links=links, zone=BERLIN, at=at))
    assert sent == [1, 0, 1, 2]
    with database.reading() as session:
        reminded = session.scalars(
            select(Mail.recipient).where(Mail.subject.startswith("A reminder")).order_by(Mail.id)
        ).all()
    assert reminded == [cast.expert.email, cast.other.email, cast.expert.email, cast.other.email]


@pytest.mark.both
def test_the_limit_counts_open_asks_alone(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        expert, manager = (session.get_one(Person, one.id) for one in (cast.expert, cast.manager))
        expert_asks.set_limit(session, expert, 1, by=manager, at=NOW)
        first, second, third = (a_card(session, by=manager, title=title) for title in ("a", "b", "c"))
        asked = expert_asks.ask(session, first, expert, why="", links=links, by=manager, at=NOW)
        with pytest.raises(expert_asks.OverLimit, match="1 open ask already, and 1 at a time"):
            expert_asks.ask(session, second, expert, why="", links=links, by=manager, at=NOW)
        expert_asks.take_back(session, asked, by=manager, at=NOW)
        expert_asks.ask(session, second, expert, why="", links=links, by=manager, at=NOW)
        expert_asks.ask(session, third, expert, why="", links=links, by=manager, at=NOW, anyway=True)
        cards.archive(session, first, by=manager, at=NOW)
        with pytest.raises(expert_asks.AskRefused, match="finished"):
            expert_asks.ask(session, first, expert, why="", links=links, by=manager, at=NOW)
        carriers = {one.person.name: one for one in expert_asks.carriers(session)}
    eli = carriers["Eli Expert"]
    assert ([asked.card.title for asked in eli.asks], eli.limit, eli.is_full) == (["b", "c"], 1, True)


def test_what_is_done_is_not_blocked_any_more(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        blocker = blockers.block(session, card, "No scanner yet", by=cast.manager, at=NOW)
        *_, done = columns.listed(session)
        cards.place(session, card, done, by=cast.manager, at=LATER)
        assert (card.blocked_by, card.blocked_since, blocker.until) == ("", None, LATER)
        assert [event.action for event in history.timeline(session, card)] == [
            "card.added", "card.blocked", "card.moved", "card.unblocked",
        ]  # fmt: skip
