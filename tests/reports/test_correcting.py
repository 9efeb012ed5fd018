"""A correction built for real: over the same period, from what is known now, and saying what differs."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portfolio import editions, measures
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Edition, Measure
from reports import edition as report
from tests.conftest import Cast
from tests.reports.story import QUARTER, tell


def test_a_reading_that_was_missing_is_in_the_correction_and_named_there(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        manager = session.merge(cast.manager, load=False)
        tell(session, manager=manager, links=links)
        first = editions.ask(
            session, kind="quarterly", period_start=QUARTER[0], period_end=QUARTER[1], by=None, at=now
        )
        report.build(session, first.id, now=now, flow_run_id=None)
        wrong = first.checksum
        measure = session.scalars(
            select(Measure).where(Measure.name == "Days for a quote", Measure.value_per_unit > 0)
        ).one()
        later = now + timedelta(days=1)
        measures.read(session, measure, value=0.1, on=date(2026, 9, 20), after=True, by=manager, at=later)
        new = editions.correct(session, first, "A reading had not been written down.", by=manager, at=later)
        report.build(session, new.id, now=later + timedelta(minutes=1), flow_run_id=None)
        session.flush()
        plain = editions.ask(
            session, kind="quarterly", period_start=QUARTER[0], period_end=QUARTER[1], by=None, at=later
        )
        report.build(session, plain.id, now=later + timedelta(minutes=1), flow_run_id=None)
    with database.reading() as session:
        old, corrected, again = (session.get_one(Edition, number) for number in (first.id, new.id, plain.id))
        figures = corrected.figures or {}
        assert (old.checksum, figures["correction"]) == (
            wrong,
            {"edition": old.id, "title": old.title, "why": "A reading had not been written down."},
        )
        differs = {(row["table"], row["figure"]) for row in figures["corrected"]["rows"]}
        assert ("Measured results", "Change") in differs, differs
        assert "A reading had not been written down." in (corrected.html or "")
        assert "report-corrected" in (corrected.html or "")
        kept = [one for one in (again.figures or {})["tables"] if one["key"] == "results"]
        assert kept == [one for one in (old.figures or {})["tables"] if one["key"] == "results"]
