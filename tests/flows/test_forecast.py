"""Dates are kept at night, without Prefect: the task's plain function over a real database."""

from datetime import UTC, date, datetime

from sqlalchemy import select

from flows import forecast
from portfolio.database import Database
from portfolio.models import Promise
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.portfolio.test_forecasts import a_history, a_live_project

NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)


def test_the_night_keeps_dates_of_the_day_that_begins_here(
    clockwork: Settings, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_history(session, cast)
        number = a_live_project(session, cast).id
    assert [forecast.forecast_all.fn(NIGHT) for _ in range(2)] == [1, 1]
    with database.reading() as session:
        (kept,) = session.scalars(select(Promise)).all()
    assert (kept.subject_type, kept.subject_id, kept.made_on, kept.method) == (
        "projects",
        number,
        date(2026, 11, 21),
        "bootstrap",
    )
    assert kept.made_on < kept.likely_on < kept.promised_on <= kept.surely_on
