"""When people work: weekdays, office hours, holidays; and how busy each month is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
BUSY = {1: 0.9, 2: 1.0, 3: 0.9, 4: 1.0, 5: 1.2, 6: 1.0, 7: 0.4, 8: 0.25, 9: 0.9, 10: 4.5, 11: 1.0, 12: 0.8}
"""Requests come unevenly: few in summer and at the year's end, too many in October."""
CROWDED_MONTH = 10
TRIAGE_WEEKDAYS = {1, 3}


@dataclass(frozen=True)
class Hours:
    """Working time in one time zone, up to `now`."""

    zone: ZoneInfo
    now: datetime

    def at(self, day: date, hour: float) -> datetime:
        """That hour of that day here, as a moment in UTC."""
        local = datetime.combine(day, time(), self.zone) + timedelta(hours=hour)
        return local.astimezone(UTC)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    @property
    def today(self) -> date:
        return self.day_of(self.now)

    def is_workday(self, day: date) -> bool:
        return day.weekday() < 5 and not is_year_end(day)

    def workday(self, day: date) -> date:
        """That day, or the next one on which people work."""
        while not self.is_workday(day):
            day += DAY
        return day

    def workdays(self, first: date, last: date) -> list[date]:
        return [
            day for day in (first + n * DAY for n in range((last - first).days + 1)) if self.is_workday(day)
        ]

    def some_time_on(self, day: date, chance: Random) -> datetime:
        """A moment of office time on that day or the next working one, to the second."""
        hour = chance.choice((8, 9, 10, 10, 11, 13, 14, 15, 16)) + chance.random() * 0.9
        return self.at(self.workday(day), hour).replace(microsecond=0)

    def in_office(self, moment: datetime) -> datetime:
        """That moment, or the next morning on which people work."""
        local = moment.astimezone(self.zone)
        if self.is_workday(local.date()) and local.hour < 17:
            return moment
        return self.at(self.workday(local.date() + DAY), 8.6)

    def latest_before(self, moment: datetime, chance: Random) -> datetime:
        """A moment of office time shortly before `moment`."""
        day = self.day_of(moment)
        while True:
            opens, closes = self.at(day, 8), min(self.at(day, 17), moment)
            if self.is_workday(day) and closes > opens:
                back = min(timedelta(hours=3), closes - opens) * chance.random()
                return (closes - back).replace(microsecond=0)
            day -= DAY

    def triage_day(self, day: date) -> date:
        """That day, or the next one on which the manager goes through the inbox."""
        while not self.is_workday(day) or day.weekday() not in TRIAGE_WEEKDAYS or is_managers_leave(day):
            day += DAY
        return day


def is_year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)


def is_managers_leave(day: date) -> bool:
    """Two weeks in summer."""
    return (8, 3) <= (day.month, day.day) <= (8, 16)
