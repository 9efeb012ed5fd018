"""Long files are the clock's to take: by the thousand, told how far, once whatever happens in the middle."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from flows import connection, take_imports, taking
from portfolio import imports, survey_imports, upkeep, waiting
from portfolio.database import Database
from portfolio.importing.mapping import parsed
from portfolio.links import Links
from portfolio.models import Answer, Event, Import, ImportContent, LearningRequest, Response, Survey
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.flows.processes import until
from tests.imports.files import NEEDS

ROWS = 3_500


def a_long_file(rows: int = ROWS, change: int = 0) -> bytes:
    lines = (
        f"{number},Need {number},Too slow,kim{number % 90}@fernweh.example,Unit {number % 7},{number % 40 + change}\n"
        for number in range(rows)
    )
    return ("ID,Title,Problem,E-mail,Department,How many\n" + "".join(lines)).encode()


@pytest.fixture
def clockwork(
    configured: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """The clock over this test's installation, also for the processes it starts."""
    monkeypatch.setenv("OUTSIZE_DATA", str(configured.data))
    connection.settings.cache_clear()
    connection.database.cache_clear()
    yield configured
    connection.database().dispose()
    connection.settings.cache_clear()
    connection.database.cache_clear()


def wanted(database: Database, content: bytes, cast: Cast, now: datetime, name: str = "needs.csv") -> int:
    with database.writing() as session:
        manager = session.merge(cast.manager)
        started = imports.start(session, name=name, content=content, by=manager, at=now)
        imports.want(session, started, by=manager, at=now)
        return started.id


def seen(database: Database, number: int) -> Import:
    with database.reading() as session:
        return session.get_one(Import, number)


def count(database: Database, model: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def counts(file: Import) -> dict[str, int]:
    return {fate: number for fate, number in file.account["counts"].items() if number}


@pytest.mark.both
def test_a_long_file_is_taken_whole_with_its_rows_told_on_the_way(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted(database, a_long_file(), cast, now)
    with database.reading() as session:
        assert waiting.look(session, now=now).imports
        begun = imports.begin(session, number)
    assert begun is not None
    told = []
    while (some := begun.judge_some()) is not None:
        with database.writing() as session:
            assert imports.go_on(session, number, begun, some)
        told.append((seen(database, number).rows_done, count(database, LearningRequest)))
    assert told == [(1000, 1000), (2000, 2000), (3000, 3000), (3500, 3500)]
    with database.writing() as session:
        imports.finish(session, number, begun, at=now + timedelta(minutes=1))
    file = seen(database, number)
    assert counts(file) == {"created": ROWS}
    assert (file.wanted_at, file.taken_at, file.rows_done, file.rows_in_all) == (
        None, now + timedelta(minutes=1), ROWS, ROWS,
    )  # fmt: skip
    assert count(database, ImportContent) == 0
    with database.reading() as session:
        assert not waiting.look(session, now=now).imports
        line = session.scalars(select(Event).where(Event.action == "import.taken")).one()
        assert (line.by_id, line.details["rows"], line.details["created"]) == (cast.manager.id, ROWS, ROWS)


def test_nothing_is_doubled_or_miscounted_when_the_taker_is_killed_in_the_middle(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    with (
        database.writing() as session
    ):  # a thousand are here already, some of them other than in the new file
        _, first = imports.take_file(
            session,
            name="needs.csv",
            content=a_long_file(1000),
            mapping=imports.first_mapping(session, *_opened(a_long_file(1000)), requester=cast.manager.email),
            by=session.merge(cast.manager),
            at=now - timedelta(days=1),
        )
    assert first.rows == 1000
    changed = a_long_file(9000).replace(b"\n7,Need 7,Too slow,", b"\n7,Need 7,Far too slow,")
    number = wanted(database, changed, cast, now)
    command = [sys.executable, "-P", "-m", "flows.taking", str(number)]
    with subprocess.Popen(command, env={**os.environ}, stdin=subprocess.PIPE) as child:
        until(lambda: seen(database, number).rows_done >= 2000, "two thousand rows", 30)
        child.send_signal(signal.SIGKILL)
    cut = seen(database, number)
    assert (cut.taken_at, cut.rows_in_all, cut.rows_done < 9000) == (None, 9000, True)
    assert count(database, LearningRequest) == cut.rows_done  # the first thousand were here
    taking.take(number)
    file = seen(database, number)
    assert counts(file) == {"created": 8000, "updated": 1, "already_here": 999}
    assert (count(database, LearningRequest), file.rows_done) == (9000, 9000)
    numbers = [request for _, _, request in file.account["outcomes"]]
    assert len(set(numbers)) == 9000
    assert None not in numbers
    with database.reading() as session:
        answers = Counter(session.scalars(select(Answer.question)))
    assert answers == {"problem": 9000, "audience": 9000}


def _opened(content: bytes) -> tuple[Any, str, bytes]:
    from portfolio import sheets

    return sheets.sheet(sheets.opened(content)), "needs.csv", content


@pytest.mark.both
def test_two_takers_at_once_write_each_row_once(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted(database, a_long_file(2500), cast, now)
    with database.reading() as session:
        one, other = imports.begin(session, number), imports.begin(session, number)
    assert one is not None
    assert other is not None
    for taker in (one, other, other, one, one, other):
        some = taker.judge_some()
        assert some is not None
        with database.writing() as session:
            assert imports.go_on(session, number, taker, some)
    for taker in (one, other):
        with database.writing() as session:
            imports.finish(session, number, taker, at=now)
    assert (count(database, LearningRequest), counts(seen(database, number))) == (2500, {"created": 2500})


def test_a_long_survey_is_taken_by_the_thousand_too(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    head, *rows = NEEDS.splitlines()
    own = (
        f"{turn}{row.removesuffix('no')}" + (f" {turn}" if "anonymous" in row and row[-1] in "st" else "")
        for turn in range(1, 251)
        for row in rows
    )
    long = "\n".join([head, *own])
    number = wanted(database, long.encode(), cast, now)
    taking.take(number)
    file = seen(database, number)
    assert counts(file) == {"created": 500, "merged": 2000, "refused": 250}
    assert [(need["topic"], need["answered"]) for need in file.account["needs"]] == [
        ("Pivot tables", 2500), ("Hiring talks", 2250),
    ]  # fmt: skip


def a_long_survey(rows: int = ROWS) -> bytes:
    steps = ("Never", "Sometimes", "Often", "Always")
    lines = (
        f"{number},2026-10-{number % 28 + 1:02} 09:00,{steps[number % 4]},{steps[number % 3]}\n"
        for number in range(rows)
    )
    return ("ID,Submit date,Do you use it?,Has it helped?\n" + "".join(lines)).encode()


def wanted_survey(database: Database, content: bytes, cast: Cast, now: datetime) -> int:
    with database.writing() as session:
        manager = session.merge(cast.manager)
        started = survey_imports.start(session, name="answers.csv", content=content, by=manager, at=now)
        assert imports.is_long(started)
        imports.want(session, started, by=manager, at=now)
        return started.id


def test_answers_are_in_whole_and_once_when_their_taker_is_killed_in_the_middle(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted_survey(database, a_long_survey(30_000), cast, now)
    command = [sys.executable, "-P", "-m", "flows.taking", str(number)]
    with subprocess.Popen(command, env={**os.environ}, stdin=subprocess.PIPE) as child:
        until(lambda: seen(database, number).rows_in_all is not None, "the beginning of the writing", 60)
        child.send_signal(signal.SIGKILL)
    assert (seen(database, number).taken_at, count(database, Response), count(database, Survey)) == (
        None, 0, 0,
    )  # fmt: skip
    for _ in range(2):
        taking.take(number)
    file = seen(database, number)
    assert counts(file) == {"created": 30_000}
    assert (count(database, Response), count(database, Survey), file.rows_done) == (30_000, 1, 30_000)
    with database.reading() as session:
        assert session.scalars(select(Event.by_id).where(Event.action == "import.taken")).all() == [
            cast.manager.id
        ]


@pytest.mark.both
def test_rows_that_were_read_for_a_survey_of_before_are_read_again(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    taking.take(wanted_survey(database, a_long_survey(), cast, now))
    first, second = (wanted_survey(database, a_long_survey(ROWS + 500), cast, now) for _ in range(2))
    with database.reading() as session:
        early = survey_imports.read_wanted(session, second)
    assert early is not None
    taking.take(first)
    with database.writing() as session:
        assert not survey_imports.finish(session, second, early, links=Links.of(clockwork), at=now)
    taking.take(second)
    assert [counts(seen(database, one)) for one in (first, second)] == [
        {"created": 500, "already_here": ROWS},
        {"already_here": ROWS + 500},
    ]
    assert (count(database, Response), count(database, Survey)) == (ROWS + 500, 1)


def test_one_who_stops_it_keeps_what_is_in_and_can_go_on(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted(database, a_long_file(), cast, now)
    with database.reading() as session:
        begun = imports.begin(session, number)
    assert begun is not None
    some = begun.judge_some() or []
    with database.writing() as session:
        assert imports.go_on(session, number, begun, some)
        imports.stop(session, session.get_one(Import, number), by=session.merge(cast.manager), at=now)
    with database.writing() as session:
        assert not imports.go_on(session, number, begun, begun.judge_some() or [])
        imports.finish(session, number, begun, at=now)
    assert (count(database, LearningRequest), imports.waits(seen(database, number))) == (1000, True)
    with database.writing() as session:
        imports.want(
            session,
            session.get_one(Import, number),
            by=session.merge(cast.manager),
            at=now + timedelta(hours=1),
        )
    taking.take(number)
    assert (count(database, LearningRequest), counts(seen(database, number))) == (ROWS, {"created": ROWS})


def test_while_it_is_taken_nobody_takes_drops_or_changes_it(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted(database, a_long_file(), cast, now)
    with database.writing() as session:
        file = session.get_one(Import, number)
        mapping = parsed(file.mapping).model_copy(update={"source_name": "Other"})
        for attempt in (
            lambda: imports.take(session, file, by=None, at=now),
            lambda: imports.want(session, file, by=None, at=now),
            lambda: imports.drop(session, file, by=None, at=now),
            lambda: imports.change_mapping(session, file, mapping),
        ):
            with pytest.raises(imports.NotWaiting, match="is being taken in"):
                attempt()
        assert upkeep.expire(session, now=now + timedelta(days=30))["dry_runs"] == 0
    with database.writing() as session:
        other = imports.start(session, name="x.csv", content=b"Title\nQ\n", by=None, at=now)
        with pytest.raises(imports.NotWaiting, match="is not being taken in"):
            imports.stop(session, other, by=None, at=now)
        assert upkeep.expire(session, now=now + timedelta(days=30))["dry_runs"] == 1


def test_the_flow_takes_all_that_is_wanted_in_processes_of_their_own(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    numbers = [
        wanted(database, a_long_file(), cast, now),
        wanted(database, b"Title,E-mail\nQ,kim@fernweh.example\n", cast, now + timedelta(minutes=1)),
    ]
    for number in numbers:
        assert take_imports.next_wanted.fn() == number
        take_imports.take.fn(number)
    assert take_imports.next_wanted.fn() is None
    assert [counts(seen(database, number)) for number in numbers] == [{"created": ROWS}, {"created": 1}]


def test_a_file_that_cannot_be_taken_says_why_and_keeps_what_is_in(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    number = wanted(database, a_long_file(), cast, now)
    with database.writing() as session:
        file = session.get_one(Import, number)
        file.mapping = {**file.mapping, "fields": {"title": {"column": "Nonsense"}}}
    take_imports.take.fn(number)
    file = seen(database, number)
    assert (file.wanted_at, file.error.startswith("There is no column “Nonsense”"), imports.waits(file)) == (
        None, True, True,
    )  # fmt: skip
    again = wanted(database, a_long_file(), cast, now)
    with database.writing() as session:
        session.execute(update(Import).where(Import.id == again).values(mapping={"kind": 7}))
    take_imports.take.fn(again)
    assert seen(database, again).error.startswith("kind: ")
    with database.writing() as session:
        imports.note_failure(session, again, "again", at=now)
    assert seen(database, again).error.startswith("kind: ")
