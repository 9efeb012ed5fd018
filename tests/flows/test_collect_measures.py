"""The clock collects what shows whether it worked: by day, once each, and one failing line stops no other."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flows import collect_measures
from portfolio import evaluation_asks, measures, participants, survey_steps
from portfolio.database import Database
from portfolio.links import Links
from portfolio.measure_pulls import Asked
from portfolio.models import EvaluationStep, Mail, Measure, MeasureSource, Survey
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_project

MONDAY = datetime(2026, 11, 16, 9, 25, tzinfo=UTC)
NIGHT = datetime(2026, 11, 16, 2, 50, tzinfo=UTC)
DUE = date(2026, 11, 13)


def a_step(session: Session, *, measure: Measure | None = None, **fields: object) -> EvaluationStep:
    usual = {"level": 4, "what": "Did it move?", "due_on": DUE}
    step = EvaluationStep(project_id=1, measure_id=measure.id if measure else None, **{**usual, **fields})
    session.add(step)
    session.flush()
    return step


@pytest.fixture
def story(database: Database, cast: Cast) -> None:
    """A project with a measure, and four lines due: a survey, a value an owner has, one by hand, one not due yet."""
    at = MONDAY - timedelta(days=60)
    with database.writing() as session:
        project = a_project(session, by=cast.manager, at=at)
        one = measures.add(
            session, name="Days for a quote", project=project, by=cast.manager, at=at, unit="days", read_every_days=30
        )  # fmt: skip
        measures.read(session, one, value=4, on=date(2026, 9, 1), after=False, by=cast.manager, at=at)
        participants.add(session, project, [cast.requester], source="hand", by=cast.manager, at=at)
        a_step(session, level=1, template="end_of_event")
        a_step(session, measure=one, owner_email="olga@fernweh.example")
        a_step(session, level=2, what="Can they do it?")
        a_step(session, measure=one, owner_email="olga@fernweh.example", due_on=date(2027, 1, 1))


def run(monkeypatch: pytest.MonkeyPatch, at: datetime) -> dict[str, int]:
    monkeypatch.setattr(collect_measures, "now", lambda: at)
    found = {**collect_measures.pull.fn(), **collect_measures.ask.fn(), "told": collect_measures.tell.fn()}
    return {name: count for name, count in found.items() if count}


def mails_to(database: Database, address: str) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Mail.subject).where(Mail.recipient == address).order_by(Mail.id)))


@pytest.mark.both
@pytest.mark.usefixtures("clockwork", "story")
def test_what_is_due_is_done_once_and_people_are_written_to_by_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, NIGHT) == {"survey": 1}
    assert run(monkeypatch, MONDAY) == {"asked": 1, "told": 1}
    assert run(monkeypatch, MONDAY + timedelta(hours=1)) == {}
    with database.reading() as session:
        assert session.scalars(select(Survey.step_id)).all() == [1]
        told = session.scalars(select(Mail.text).where(Mail.recipient == "mara@fernweh.example")).one()
    assert "Faster quotes: Can they do it?\n  http://testserver/projects/1#evaluation" in told
    assert "Olga" not in told
    assert mails_to(database, "olga@fernweh.example") == ["One number, please: Days for a quote"]


@pytest.mark.both
@pytest.mark.usefixtures("story")
def test_two_clocks_at_once_tell_the_managers_once(database: Database, links: Links) -> None:
    told: list[int] = []

    def tell() -> None:
        with database.writing() as session:
            told.append(evaluation_asks.tell(session, links=links, zone=UTC, at=MONDAY))

    clocks = [threading.Thread(target=tell) for _ in range(4)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    assert sorted(told) == [0, 0, 0, 1]
    assert len(mails_to(database, "mara@fernweh.example")) == 1


@pytest.mark.usefixtures("clockwork", "story")
def test_an_owner_is_reminded_three_times_at_most_and_the_managers_then_hear_of_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [
        day
        for day in range(45)
        if run(monkeypatch, MONDAY + timedelta(days=day)).keys() & {"asked", "reminded"}
    ]
    assert days == [0, 7, 14, 28]
    assert mails_to(database, "olga@fernweh.example") == [
        "One number, please: Days for a quote", *["A reminder: One number, please: Days for a quote"] * 3,
    ]  # fmt: skip
    with database.reading() as session:
        told = session.scalars(
            select(Mail).where(Mail.about.startswith("evaluation:")).order_by(Mail.id)
        ).all()
    assert [mail.about for mail in told] == [f"evaluation:2026-W{week}" for week in range(47, 54)]  # fmt: skip
    assert "(olga@fernweh.example was asked)" in told[-1].text


@pytest.mark.usefixtures("story")
def test_a_line_that_fails_says_so_and_stops_no_other(
    clockwork: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        one = measures.find(session, 1)
        assert one is not None
        asked = Asked("url", "https://data.example.org/x", pick="/n")
        session.add(MeasureSource(measure_id=1, next_run_at=MONDAY, added_at=MONDAY, **vars(asked)))

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(survey_steps, "begin", fails)
    assert run(monkeypatch, MONDAY) == {"sources": 1, "failed": 1, "asked": 1, "told": 1}
    with database.reading() as session:
        assert session.get_one(EvaluationStep, 1).problem == "It failed: RuntimeError. It is tried again."
        told = session.scalars(select(Mail.text).where(Mail.recipient == "mara@fernweh.example")).one()
    assert "It failed: RuntimeError" in told
    assert "Nothing may be pulled from data.example.org" in told
    assert "secret words" not in told
    monkeypatch.undo()
    monkeypatch.setenv("OUTSIZE_DATA", str(clockwork.data))
    assert run(monkeypatch, MONDAY + timedelta(minutes=1)) == {"survey": 1}
    with database.reading() as session:
        assert session.get_one(EvaluationStep, 1).problem == ""


@pytest.mark.usefixtures("clockwork", "story")
def test_a_value_read_by_anybody_ends_the_asking_and_what_is_long_past_is_not_asked(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        one = measures.find(session, 1)
        assert one is not None
        a_step(session, measure=one, owner_email="old@fernweh.example", due_on=date(2026, 9, 14))
        measures.read(session, one, value=2, on=date(2026, 11, 12), after=True, by=None, at=MONDAY)
        session.get_one(EvaluationStep, 5).measure_id = measures.add(
            session, name="Other", project=None, by=None, at=MONDAY
        ).id
    assert run(monkeypatch, MONDAY) == {"survey": 1, "done": 1, "told": 1}
    with database.reading() as session:
        assert session.get_one(EvaluationStep, 2).done_at == MONDAY
        assert session.get_one(EvaluationStep, 5).problem == evaluation_asks.LATE
    assert mails_to(database, "old@fernweh.example") == mails_to(database, "olga@fernweh.example") == []


@pytest.mark.usefixtures("story")
def test_the_value_an_owner_gives_is_the_measures_and_ends_the_line(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        step = session.get_one(EvaluationStep, 2)
        measures.edit(
            session, session.get_one(Measure, 1), version=None, by=cast.manager, at=MONDAY, cut_on=DUE
        )
        reading = evaluation_asks.give(session, step, value=1.5, note="Odd week", zone=UTC, at=MONDAY)
        assert (reading.value, reading.after, reading.read_on, reading.note) == (
            1.5,
            True,
            MONDAY.date(),
            "Odd week",
        )
        with pytest.raises(evaluation_asks.AlreadyGiven):
            evaluation_asks.give(session, step, value=2, zone=UTC, at=MONDAY)
        assert evaluation_asks.take(session, 2, links=links, zone=UTC, is_daytime=True, at=MONDAY) == ""
