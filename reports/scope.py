"""What a report covers: its period, the cut-off of its data, and the period it is compared with."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portfolio.rules.report_days import last_period
from reports import words

WEEKS_SHOWN = 13
A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Window:
    """A stretch of time [start, end)."""

    start: datetime
    end: datetime

    @property
    def first(self) -> date:
        return self.start.date()

    @property
    def last(self) -> date:
        return max(self.first, (self.end - A_MOMENT).date())

    @property
    def words(self) -> str:
        return words.span(self.first, self.last)


@dataclass(frozen=True)
class Scope:
    """The period as far as there is data (`window`), the whole of it, and the one before. All in the organisation's zone."""

    kind: str
    period: Window
    window: Window
    before: Window
    zone: ZoneInfo

    @property
    def cut_off(self) -> datetime:
        return self.window.end

    @property
    def is_complete(self) -> bool:
        return self.window.end == self.period.end

    @property
    def last_day(self) -> date:
        return self.window.last

    def day_of(self, moment: datetime) -> date:
        """The day of a moment where the organisation is."""
        return moment.astimezone(self.zone).date()

    @property
    def weeks(self) -> tuple[datetime, ...]:
        """Edges of the last 13 whole weeks up to the cut-off's day, in local midnights."""
        end = self.cut_off if self.cut_off.time() == time.min else _midnight(self.last_day, self.zone)
        return tuple(
            _midnight(end.date() - timedelta(weeks=week), self.zone) for week in range(WEEKS_SHOWN, -1, -1)
        )


def scope_of(kind: str, first: date, end: date, *, now: datetime, zone: ZoneInfo) -> Scope:
    """The scope of an edition over [first, end). The cut-off is now, or the period's end where that is earlier.

    A whole calendar period is compared with the calendar period before it; any other with as many days just before.
    """
    period = Window(_midnight(first, zone), _midnight(end, zone))
    cut_off = max(period.start, min(now.astimezone(zone), period.end))
    window = Window(period.start, cut_off)
    if kind in {"weekly", "monthly", "quarterly"} and cut_off == period.end:
        start, _ = last_period(kind, first)
    else:
        days = max(1, (window.last - first).days + 1)
        start = first - timedelta(days=days)
    return Scope(kind, period, window, Window(_midnight(start, zone), period.start), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
