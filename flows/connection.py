"""Where flows find the settings, the database and the time. One connection pool a process."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from portfolio import organisation
from portfolio.database import Database, connect
from portfolio.settings import Settings, load


@cache
def settings() -> Settings:
    """From OUTSIZE_* variables and `outsize.toml`, on every host a flow runs on."""
    return load()


@cache
def database() -> Database:
    return connect(settings().database_url)


def now() -> datetime:
    """The clock's only look at the clock: actions are told the time."""
    return datetime.now(UTC)


def zone() -> ZoneInfo:
    """The time zone the organisation works in."""
    with database().reading() as session:
        return organisation.zone(organisation.current(session))


def today(at: datetime, *, after_midnight: timedelta = timedelta()) -> date:
    """The day it is where the organisation works. The hours `after_midnight` still count for the day before."""
    return (at.astimezone(zone()) - after_midnight).date()
