"""Measures: changed by one at a time, read by many, wrong readings taken back for good."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import baselines, measures, projects
from portfolio.database import Database
from portfolio.links import Links
from portfolio.measures import Difference, Given, ReadingRefused, StaleEdit, Standing
from portfolio.models import Event, Measure, Person
from portfolio.states import Stage
from tests.conftest import Cast
from tests.factory import a_project

DAY = date(2026, 9, 1)


def a_measure(session: Session, by: Person, at: datetime, **facts: Any) -> Measure:
    project = a_project(session, by=by, at=at - timedelta(days=200))
    return measures.add(session, name="Days for a quote", project=project, by=by, at=at, unit="days", **facts)


def test_the_second_of_two_who_change_it_is_told(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        one = a_measure(session, cast.manager, now)
        assert measures.edit(
            session, one, version=1, by=cast.manager, at=now, unit="hours", source="The shop"
        )
        assert not measures.edit(session, one, version=2, by=cast.manager, at=now, unit="hours")
        with pytest.raises(StaleEdit, match="Somebody else changed this measure meanwhile"):
            measures.edit(session, one, version=1, by=cast.manager, at=now, unit="weeks")
        assert (one.unit, one.version) == ("hours", 2)
        details = session.scalars(select(Event.details).where(Event.action == "measure.changed")).all()
        assert details == [{"fields": ["source", "unit"]}]


def test_a_new_day_divides_all_readings_into_before_and_after(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        one = a_measure(session, cast.manager, now)
        for days in (0, 10, 20):
            measures.read(session, one, value=4, on=DAY + timedelta(days=days), after=False, by=None, at=now)
        session.refresh(one)
        measures.edit(session, one, version=None, by=cast.manager, at=now, cut_on=DAY + timedelta(days=10))
        assert [reading.after for reading in one.readings] == [False, True, True]


@pytest.mark.both
def test_the_same_rows_a_second_time_change_nothing_and_one_taken_back_stays_away(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    rows = [Given(4, DAY, row_key="a"), Given(3, DAY + timedelta(days=30), row_key="b", comparison=True)]
    with database.writing() as session:
        one = a_measure(session, cast.manager, now)
        project = projects.find(session, 1)
        assert project is not None
        launched = datetime.combine(DAY + timedelta(days=9), now.timetz())
        projects.move(session, project, Stage.LAUNCH, by=cast.manager, at=launched, links=links)
        made = measures.read_many(session, one, [*rows, rows[0]], source="file", by=cast.manager, at=now)
        assert made == Difference(tuple(rows), (), 1)
        session.refresh(one)
        assert [(reading.value, reading.after, reading.comparison) for reading in one.readings] == [
            (4, False, False),
            (3, True, True),
        ]
        again = measures.read_many(session, one, rows, source="file", by=cast.manager, at=now)
        assert again == Difference((), (), 2)
        measures.withdraw(session, one, one.readings[0], why="Typed wrong", by=cast.manager, at=now)
        session.refresh(one)
        corrected = [rows[0], replace(rows[1], value=2)]
        found = measures.read_many(session, one, corrected, source="file", by=cast.manager, at=now)
        assert (found.new, [given for _, given in found.corrected], found.unchanged) == ((), corrected[1:], 1)
        assert [reading.value for reading in one.readings] == [2]
        assert [(gone.value, gone.why) for gone in measures.withdrawn(session, one)] == [(4, "Typed wrong")]
        assert measures.standings(session, [one]) == {1: Standing(other_after=1)}
        told = session.scalars(select(Event.action).where(Event.subject_type == "measures")).all()
    assert told == [
        "measure.added", "measure.read_many", "measure.reading_withdrawn", "measure.readings_corrected",
    ]  # fmt: skip


@pytest.mark.both
def test_where_measures_stand_is_the_same_from_the_database_and_from_their_readings(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        one = a_measure(session, cast.manager, now)
        empty = measures.add(session, name="Other", project=None, by=None, at=now, read_every_days=7)
        for value, days, after, other in ((4, 0, False, False), (5, 5, False, True), (2, 40, True, False), (1, 40, True, False)):  # fmt: skip
            on = DAY + timedelta(days=days)
            measures.read(session, one, value=value, on=on, after=after, comparison=other, by=None, at=now)
        session.refresh(one)
        found = measures.standings(session, [one, empty])
        wanted = Standing(1, 2, 1, 0, DAY, DAY, DAY + timedelta(days=40), 1.5)
        assert found == {1: wanted, 2: Standing()}
        assert measures.standing_of(one) == wanted
        assert measures.next_on(one, wanted) is None
        assert measures.next_on(empty, Standing()) == now.date()
        assert measures.next_on(empty, wanted) == DAY + timedelta(days=47)


def test_what_cannot_be_a_value_is_refused_and_nothing_of_it_is_kept(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        share = a_measure(session, cast.manager, now, family="share")
        count = measures.add(session, name="Accidents", project=None, by=None, at=now, family="count")
        with pytest.raises(ReadingRefused, match="between 0 and 100"):
            measures.read_many(session, share, [Given(50, DAY), Given(101, DAY)], source="x", by=None, at=now)
        with pytest.raises(ReadingRefused, match="whole number"):
            measures.read(session, count, value=1.5, on=DAY, after=True, by=None, at=now)
        with pytest.raises(ReadingRefused, match="more than 0"):
            measures.read(session, count, value=1, on=DAY, after=True, exposure=0, by=None, at=now)
        session.refresh(share)
        assert (share.readings, count.readings) == ([], [])


@pytest.mark.both
def test_people_met_a_solution_at_its_pilot_launch_or_first_session(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        project, other = a_project(session, by=cast.manager), a_project(session, by=cast.manager, name="B")
        projects.move(session, project, Stage.PILOT, by=cast.manager, at=now, links=links)
        later = now + timedelta(days=3)
        projects.move(session, project, Stage.LAUNCH, by=cast.manager, at=later, links=links)
        assert baselines.reached_on(session, [project.id, other.id]) == {project.id: now.date()}
        told = baselines.words_of_project(session, project, None, today=now.date())
    assert told.startswith("No value from before was written down, and people have met the solution already")
