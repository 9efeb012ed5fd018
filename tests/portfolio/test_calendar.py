"""Calendar feeds: who has which, what stands in them, and that two strangers read what we write."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from sqlalchemy import event as listening
from sqlalchemy.orm import Session

from portfolio import calendar, cards, iterations, people
from portfolio.database import Database
from portfolio.ical import Entry, written
from portfolio.links import Links
from portfolio.models import EvaluationStep, ExpertAsk, Person, Resource, TrainingSession
from portfolio.states import ColumnKind, Role
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project
from tests.imports.files import shared

TODAY = NOW.date()
HOUR = timedelta(hours=1)


def checked(content: bytes) -> list[dict[str, Any]]:
    """The events of a file that keeps the rules of RFC 5545 we can check by hand, as vobject reads them."""
    assert content.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode("utf-8")  # folded between characters
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line)
    unfolded = content.replace(b"\r\n ", b"").decode("utf-8").removesuffix("\r\n").split("\r\n")
    assert all(re.match(r"[A-Z-]+(;[A-Z-]+=[^:;\"]+)*:", line) for line in unfolded)
    assert unfolded[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert not icalendar.Calendar.from_ical(content).errors
    read = vobject.readOne(content.decode("utf-8"))
    events = list(read.contents.get("vevent", []))
    uids = [event.uid.value for event in events]
    assert len(uids) == len(set(uids))
    for event in events:
        assert {"uid", "dtstamp", "dtstart", "dtend", "summary", "sequence", "last-modified"} <= set(
            event.contents
        )
        assert event.dtend.value > event.dtstart.value
    return [{name: values[0].value for name, values in event.contents.items()} for event in events]


def an_entry(**fields: Any) -> Entry:
    given = {"uid": "a@b", "title": "T", "starts": TODAY, "ends": TODAY, "changed_at": NOW, **fields}
    return Entry(**given)


def feed_of(session: Session, person: Person, which: str, links: Links) -> list[dict[str, Any]]:
    feed = next(one for one in calendar.feeds(person) if one.key == which)
    return checked(calendar.file(session, person, feed, links=links, now=NOW))


def a_session(session: Session, by: Person, **fields: Any) -> TrainingSession:
    starts = fields.pop("starts_at", NOW + 24 * HOUR)
    project = a_project(session, by=by)
    made = TrainingSession(
        project_id=project.id, title="Pilot", starts_at=starts, ends_at=starts + HOUR, added_at=NOW, **fields
    )
    session.add(made)
    session.flush()
    return made


def an_ask(session: Session, person: Person, by: Person, **fields: Any) -> ExpertAsk:
    card = a_card(session, by=by, title="Check the figures", notes="Secret words")
    made = ExpertAsk(card_id=card.id, person_id=person.id, asked_at=NOW, why="You know the numbers", **fields)
    session.add(made)
    session.flush()
    return made


def test_a_whole_day_ends_on_the_next_and_a_time_is_utc() -> None:
    days = an_entry(ends=TODAY + timedelta(days=11))
    berlin = datetime.fromisoformat("2026-11-21T10:00:00+01:00")
    hours = an_entry(uid="c@d", starts=berlin.astimezone(UTC), ends=NOW + 26 * HOUR, blocks=True)
    text = written("Mine", "About", [days, hours]).decode()
    assert "DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261202\r\n" in text
    assert "DTSTART:20261121T090000Z\r\nDTEND:20261121T120000Z\r\n" in text
    assert "TRANSP:TRANSPARENT" in text and "TRANSP:OPAQUE" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n" in text
    assert len(checked(text.encode())) == 2


def test_no_words_can_break_out_of_where_they_stand() -> None:
    nasty = "a;b,c\\n\r\nX-EVIL:1\r\rEND:VEVENT\x00\x07 \u2028é" + "ü" * 200 + "\ud800"
    entry = an_entry(title=nasty, about=nasty, place=nasty, kind=nasty)
    content = written(nasty, nasty, [entry])
    [event] = checked(content)
    assert b"X-EVIL" not in {
        line.partition(b":")[0] for line in content.replace(b"\r\n ", b"").split(b"\r\n")
    }
    assert event["summary"].startswith("a;b,c\\n X-EVIL:1 END:VEVENT")
    assert event["description"].startswith("a;b,c\\n\nX-EVIL:1\n\nEND:VEVENT")


@pytest.mark.shared
def test_naughty_strings_come_back_as_they_were() -> None:
    from portfolio.submission import one_line

    strings = [one for one in json.loads(shared("import/blns.json").read_text("utf-8")) if one.strip()]
    entries = [an_entry(uid=f"{place}@x", title=one) for place, one in enumerate(strings)]
    events = checked(written("Naughty", "", entries))
    wanted = [
        str(one_line(one)).removeprefix("\ufeff") for one in strings
    ]  # icalendar takes a first BOM away
    assert [event["summary"] for event in events] == wanted


def test_roles_decide_which_calendars_there_are(database: Database, cast: Cast) -> None:
    assert [feed.key for feed in calendar.feeds(cast.manager)] == [
        "mine", "iteration", "sessions", "reviews", "evaluations",
    ]  # fmt: skip
    assert [feed.key for feed in calendar.feeds(cast.leader)] == [
        "iteration", "sessions", "reviews", "evaluations",
    ]  # fmt: skip
    assert [feed.key for feed in calendar.feeds(cast.expert)] == ["mine"]
    assert calendar.feeds(cast.requester) == ()


def test_a_managers_work_holds_open_cards_asks_and_sessions(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        mine = a_card(session, by=cast.manager, title="Write", due_on=TODAY, owner_id=cast.manager.id, estimate_hours=2.5)  # fmt: skip
        a_card(session, by=cast.manager, title="Nobody's", due_on=TODAY + timedelta(days=1))
        a_card(session, by=cast.manager, title="Eli's", due_on=TODAY, owner_id=cast.expert.id)
        a_card(session, by=cast.manager, title="No date")
        a_card(session, by=cast.manager, title="Long over", due_on=TODAY - timedelta(days=91))
        gone = a_card(session, by=cast.manager, title="Gone", due_on=TODAY)
        cards.archive(session, gone, by=cast.manager, at=NOW)
        done = a_card(session, by=cast.manager, title="Done", due_on=TODAY)
        last = next(one for one in cards.columns(session) if one.kind is ColumnKind.DONE)
        cards.place(session, done, last, by=cast.manager, at=NOW)
        cards.edit(session, mine, version=1, by=cast.manager, at=NOW + HOUR, notes="Private")
        a_session(session, cast.manager, place="Room 1")
        events = feed_of(session, cast.manager, "mine", links)
    assert [event["summary"] for event in events] == ["Due: Write", "Due: Nobody's", "Pilot"]
    first = events[0]
    assert (first["sequence"], first["last-modified"], first["dtstart"]) == ("2", NOW + HOUR, TODAY)
    assert first["description"] == f"About 2.5 h\n\nhttp://testserver/cards/{mine.id}"
    assert (events[2]["location"], events[2]["status"]) == ("Room 1", "CONFIRMED")


def test_an_experts_calendar_holds_what_they_were_asked_and_nothing_else(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        an_ask(session, cast.expert, cast.manager, due_on=TODAY, hours=2)
        an_ask(session, cast.expert, cast.manager)
        an_ask(session, cast.expert, cast.manager, due_on=TODAY, done_at=NOW)
        an_ask(session, cast.expert, cast.manager, due_on=TODAY, declined_at=NOW)
        an_ask(session, cast.expert, cast.manager, due_on=TODAY, taken_back_at=NOW)
        an_ask(session, cast.manager, cast.manager, due_on=TODAY)
        an_ask(session, cast.expert, cast.manager, due_on=TODAY).card.done_at = NOW
        a_card(session, by=cast.manager, title="Eli's", due_on=TODAY, owner_id=cast.expert.id)
        a_session(session, cast.manager)
        events = feed_of(session, cast.expert, "mine", links)
    assert [event["summary"] for event in events] == ["Asked of you: Check the figures"]
    assert events[0]["description"].startswith(
        "You know the numbers\nAbout 2 h\n\nhttp://testserver/tasks/1/"
    )


def test_leaders_read_no_internal_words(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        step = EvaluationStep(
            project_id=project.id, level=3, what="Errors a week", due_on=TODAY, method="Ask Bo", owner="Bo"
        )
        session.add_all([step, Resource(title="Guide", created_at=NOW, review_on=TODAY)])
        plan(session, cast)
        texts = [str(feed_of(session, cast.leader, feed.key, links)) for feed in calendar.feeds(cast.leader)]
        mine = [str(feed_of(session, cast.manager, which, links)) for which in ("reviews", "evaluations")]
    assert not [word for word in ("Guide", "Ask Bo", "By: Bo") for text in texts if word in text]
    assert "Look again: Guide" in mine[0]
    assert "Level: 3\\nHow: Ask Bo\\nBy: Bo" in mine[1]
    assert "Evaluate: Errors a week" in texts[3] and "Review of iteration 1" in texts[2]


def plan(session: Session, cast: Cast) -> None:
    iterations.plan(
        session, starts_on=TODAY, ends_on=TODAY + timedelta(days=11), capacity_hours=30, goal="Ship", by=cast.manager, at=NOW
    )  # fmt: skip


def test_an_iteration_lasts_from_its_first_day_to_its_last_and_is_reviewed(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        plan(session, cast)
        first = feed_of(session, cast.leader, "iteration", links)
        planned = iterations.find(session, 1)
        assert planned is not None
        iterations.edit(session, planned, by=cast.manager, at=NOW + HOUR, ends_on=TODAY + timedelta(days=4))
        second = feed_of(session, cast.leader, "iteration", links)
    assert [(event["summary"], event["dtstart"], event["dtend"]) for event in first] == [
        ("Iteration 1: Ship", date(2026, 11, 20), date(2026, 12, 2)),
        ("Review of iteration 1", date(2026, 12, 1), date(2026, 12, 2)),
    ]
    assert [event["uid"] for event in first] == [event["uid"] for event in second]
    assert [(event["sequence"], event["dtend"]) for event in second] == [("2", date(2026, 11, 25))] * 2


def test_a_cancelled_session_says_so_with_a_higher_sequence(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        meeting = a_session(session, cast.manager)
        [before] = feed_of(session, cast.leader, "sessions", links)
        meeting.cancelled_at, meeting.version = NOW + HOUR, 2
        session.flush()
        [after] = feed_of(session, cast.leader, "sessions", links)
    assert (before["status"], before["transp"], before["dtstart"]) == ("CONFIRMED", "OPAQUE", NOW + 24 * HOUR)
    assert (after["status"], after["transp"], after["last-modified"]) == ("CANCELLED", "TRANSPARENT", NOW + HOUR)  # fmt: skip
    assert (before["uid"], int(before["sequence"])) < (after["uid"], int(after["sequence"]))


def test_a_key_opens_one_persons_one_calendar_until_it_is_renewed(
    database: Database, cast: Cast, links: Links
) -> None:
    key = calendar.path(links, cast.manager, calendar.BY_KEY["mine"]).rpartition("/")[2].removesuffix(".ics")
    with database.writing() as session:
        person = session.merge(cast.manager)

        def opens(number: int, which: str, key: str = key) -> bool:
            return calendar.opened(session, number, which, key, links=links) is not None

        assert opens(person.id, "mine")
        assert not opens(person.id, "sessions")
        assert not opens(cast.expert.id, "mine")
        assert not opens(person.id, "mine", "é" + key)
        assert not opens(2**40, "mine")
        people.grant(session, person, [], by=None, at=NOW)
        assert not opens(person.id, "mine")
        people.grant(session, person, [Role.MANAGER], by=None, at=NOW)
        assert opens(person.id, "mine")
        calendar.renew_addresses(session, person, at=NOW)
        assert not opens(person.id, "mine")


def test_a_feed_takes_as_many_questions_with_three_rows_as_with_one(
    database: Database, cast: Cast, links: Links
) -> None:
    asked: list[str] = []
    counts: list[int] = []
    listening.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for rows in (1, 2):
        with database.writing() as session:
            for _ in range(rows):
                a_card(session, by=cast.manager, due_on=TODAY)
                an_ask(session, cast.manager, cast.manager, due_on=TODAY)
                a_session(session, cast.manager)
        asked.clear()
        with database.reading() as session:
            calendar.entries(session, cast.manager, calendar.BY_KEY["mine"], links=links, now=NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]
