"""Clocks that change: every night's work is due once a day, and what a machine slept through is made up for once."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import CronSchedule
from sqlalchemy import select

from flows import ask_surveys, connection, publish_report, track_iterations
from flows.deployments import listed
from portfolio import iterations, report_designs, survey_invitations, surveys
from portfolio.database import Database
from portfolio.models import Edition, Mail, Report, Snapshot
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_project

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "changes_on"),
    [
        ("Europe/Berlin", date(2027, 3, 28)),  # there is no 2:30
        ("Europe/Berlin", date(2026, 10, 25)),  # there are two
        ("America/Havana", date(2027, 3, 14)),  # there is no midnight
    ],
)
def test_what_is_due_once_a_day_is_due_once_on_the_day_the_clocks_change(zone: str, changes_on: date) -> None:
    here = ZoneInfo(zone)
    begin, end = (datetime.combine(changes_on + timedelta(days=n), time(), here) for n in (-1, 2))
    counts = {}
    for deployment in listed(zone):
        for schedule in deployment.schedules:
            minute, hour, *_, weekdays = schedule["cron"].split()
            if not (minute.isdecimal() and hour.isdecimal() and weekdays == "*"):
                continue
            cron = CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
            found = asyncio.run(cron.get_dates(n=20, start=begin, end=end))
            counts[deployment.full_name] = Counter(one.astimezone(here).date() for one in found)
    once = Counter(changes_on + timedelta(days=n) for n in (-1, 0, 1))
    assert len(counts) >= 7
    assert {name: days for name, days in counts.items() if days != once} == {}


def test_a_weekend_slept_through_is_made_up_for_once(
    clockwork: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asleep from Friday evening to Monday morning, with the end of summer time between."""
    friday = datetime(2026, 10, 23, 10, 0, tzinfo=BERLIN)
    with database.writing() as session:
        sprint = iterations.plan(
            session,
            starts_on=date(2026, 10, 19),
            ends_on=date(2026, 10, 30),
            capacity_hours=30,
            goal="Quotes",
            by=cast.manager,
            at=friday,
        )
        iterations.start(session, sprint, by=cast.manager, at=friday)
        report_designs.begin(session, audience="leadership", by=cast.manager, at=friday)
        weekly = session.scalars(select(Report)).one()
        weekly.rhythm, weekly.next_on = "weekly", date(2026, 10, 26)
        project = a_project(session, by=cast.manager, at=friday)
        asked = surveys.draft(session, template="learner_30", project=project, by=cast.manager, at=friday)
        survey_invitations.invite(session, asked, [cast.other], by=cast.manager, at=friday)
    saturday = datetime(2026, 10, 24, 9, 30, tzinfo=BERLIN)
    with database.writing() as session:
        surveys.open_(session, session.merge(asked), by=session.merge(cast.manager), at=saturday)

    def round_at(moment: datetime) -> tuple[int, int, int]:
        """Snapshots taken, editions asked for and people asked."""
        for module in (connection, ask_surveys, publish_report, track_iterations):
            monkeypatch.setattr(module, "now", lambda: moment.astimezone(UTC))
        editions = publish_report.ask_if_due.fn() if publish_report.is_due() else []
        return track_iterations.snapshot.fn(), len(editions), ask_surveys.write_due.fn()

    assert round_at(friday.replace(hour=23, minute=55)) == (1, 0, 0)
    assert round_at(saturday) == (2, 0, 0)  # Friday was taken before it was over
    monday = datetime(2026, 10, 26, 8, 59, tzinfo=BERLIN)
    assert round_at(monday) == (3, 1, 0)  # and so was Saturday
    assert round_at(monday + timedelta(minutes=6)) == (1, 0, 1)
    assert round_at(monday + timedelta(minutes=7)) == (1, 0, 0)
    with database.reading() as session:
        days = session.scalars(select(Snapshot.on).order_by(Snapshot.on)).all()
        assert days == [date(2026, 10, day) for day in (23, 24, 25, 26)]
        (edition,) = session.scalars(select(Edition))
        assert (edition.period_start, edition.period_end) == (date(2026, 10, 19), date(2026, 10, 26))
        assert session.scalars(select(Mail.recipient)).all() == ["otto@fernweh.example"]
