"""How work flows: each picture answers one question a manager has, with a sentence before it and the figures behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from portfolio import assessments, flow, projects, promises
from portfolio.flow import Ageing, Flow, Terms
from portfolio.models import Project
from portfolio.promises import TrackRecord
from portfolio.rules.forecasting import Method
from web.clock import NowDep
from web.forms import Errors, Fields, some_day, some_whole
from web.people import LeaderDep
from web.session import SessionDep
from web.templating import page

router = APIRouter()

WEEKS = (4, 8, 12, 26, 52)
LONG = 0.85
FEW = 5
MOST_PROJECTS = 100
WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, LOW = 30, 278, 10, 164


@dataclass(frozen=True)
class Mark:
    """A straight line with its words: where it lies and where they stand."""

    at: float
    words: str
    label_at: float


@dataclass(frozen=True)
class Plot:
    """A picture in its own units: places are (x, y), the lower left corner is (`LEFT`, `LOW`)."""

    label: str
    top: str
    first: str
    last: str
    dots: tuple[tuple[float, float], ...] = ()
    bars: tuple[tuple[float, float, float, float], ...] = ()
    areas: tuple[tuple[str, str], ...] = ()
    marks: tuple[Mark, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    upper: int = TOP
    low: int = LOW


@dataclass(frozen=True)
class FlowPage:
    flow: Flow
    record: TrackRecord
    values: Fields
    types: list[tuple[str, str]]
    projects: list[Project]
    scatter: Plot | None
    throughput: Plot | None
    cumulative: Plot | None
    weeks: tuple[tuple[int, str], ...] = tuple((weeks, f"{weeks} weeks") for weeks in WEEKS)

    @property
    def today_query(self) -> str:
        kept = {name: self.values[name] for name in ("type", "project", "weeks") if self.values[name]}
        return f"/flow?{urlencode(kept)}" if kept else "/flow"

    @property
    def oldest(self) -> Ageing | None:
        return self.flow.ageing[0] if self.flow.ageing else None

    @property
    def first_sentence(self) -> str:
        one = self.oldest
        if one is None:
            return "Nothing is under way."
        if one.older_than is None:
            return f"“{one.title}” has been under way longest: {_days(one.days)}."
        if one.older_than >= LONG:
            share = "any" if one.older_than >= 1 else f"{round(100 * one.older_than)} % of"
            return f"“{one.title}” has taken {_days(one.days)}, longer than {share} finished {'card' if share == 'any' else 'cards'}. Help it today."
        return f"“{one.title}” is the oldest with {_days(one.days)}, which is not unusual: {round(100 * (1 - one.older_than))} % of finished cards took longer."

    @property
    def one_card_sentence(self) -> str:
        found = self.flow.cycles
        if found.p50 is None or found.p85 is None or found.p95 is None:
            return "No card was finished in this time, so there is nothing to promise by."
        if found.count < FEW:
            took = ", ".join(_days(point.days) for point in found.points)
            return f"Only {_cards(found.count)} finished in this time: {took}. Promise nothing by that yet."
        return f"Of {_cards(found.count)}, half were done within {_days(found.p50)}, 85 % within {_days(found.p85)}, 95 % within {_days(found.p95)}."

    @property
    def left_out(self) -> list[str]:
        found = self.flow.cycles
        told = []
        if found.unstarted:
            told.append(
                f"{_cards(found.unstarted)} went to done without a start, so took no time that is known."
            )
        return told

    @property
    def rate_sentence(self) -> str:
        rate = self.flow.rate
        if not rate.total:
            return "No card was finished in this time."
        weeks = len(rate.weeks)
        mean = rate.total / weeks
        said = f"{_cards(rate.total)} in {_count(weeks, 'week')}, {mean:.1f} a week."
        if rate.ahead.method is not Method.NONE:
            said += f" In the next two weeks at least {rate.ahead.promised} with 85 %, {rate.ahead.likely} with 50 %."
        return said

    @property
    def piling_sentence(self) -> str:
        first, last = self.flow.bands[0], self.flow.bands[-1]
        ago = f"{_count(len(self.flow.bands) // 7, 'week')} ago"
        open_now, open_then = last.doing + last.to_do, first.doing + first.to_do
        now = f"{_cards(last.doing)} under way and {last.to_do} waiting"
        if open_now > open_then:
            return f"{now}, {open_now - open_then} more than {ago}: more comes in than is finished."
        if open_now < open_then:
            return f"{now}, {open_then - open_now} fewer than {ago}: more is finished than comes in."
        return f"{now}, as many as {ago}."

    @property
    def time_sentence(self) -> str:
        spent = self.flow.spent
        if spent.efficiency is None:
            return "No card was finished in this time, so no days can be told apart."
        said = f"Of the {_days(spent.days)} that {_cards(spent.cards)} took, {round(100 * spent.efficiency)} % went by in work"
        lost = []
        if spent.blocked:
            lost.append(f"{_share(spent.blocked, spent.days)} blocked")
        if spent.waited:
            lost.append(f"{_share(spent.waited, spent.days)} waiting")
        return (
            f"{said}; {' and '.join(lost)}."
            if lost
            else f"{said}: none was written down as blocked or waiting."
        )

    @property
    def littles_sentence(self) -> str:
        found = self.flow.littles
        if found is None:
            return ""
        counted = f"{found.under_way:.1f} cards were under way on average and {found.finished_a_day:.2g} were finished a day, so a card should take {_days(found.should_take)} (Little’s law); they took {_days(found.took)}."
        if found.fits:
            return f"{counted} That fits together."
        return f"{counted} That doesn’t fit: much was begun that isn’t finished, or the pace changed. Trust the dates above more than any average."


@router.get("/flow")
def show(request: Request, session: SessionDep, _leader: LeaderDep, now: NowDep) -> Response:
    values, terms = _asked(request)
    found = flow.look(session, terms, now=now)
    kinds = assessments.published_rubric(session).work_types
    view = FlowPage(
        flow=found,
        record=promises.track_record(session, until=found.moment),
        values=values,
        types=[(kind.key, kind.label) for kind in kinds],
        projects=projects.listed(session, limit=MOST_PROJECTS),
        scatter=_scatter(found),
        throughput=_throughput(found),
        cumulative=_cumulative(found),
    )
    return page(request, "flow/show.html", view)


def _asked(request: Request) -> tuple[Fields, Terms]:
    """What the address asks for; what makes no sense there is left out."""
    query = request.query_params
    values = Fields({name: query.get(name, "")[:40] for name in ("type", "project", "weeks", "on")})
    errors = Errors()
    weeks = some_whole(values, "weeks", errors)
    project = some_whole(values, "project", errors)
    on = some_day(values, "on", errors)
    weeks = weeks if weeks in WEEKS else flow.WEEKS
    values["weeks"] = str(weeks)
    on = None if on is None or not date(2000, 1, 1) <= on <= date(2100, 1, 1) else on
    project = project if project is not None and 0 < project < 2**31 else None
    for name, kept in (("project", project), ("on", on)):
        values[name] = str(kept) if kept is not None else ""
    return values, Terms(weeks, values["type"], project, on)


def _scatter(found: Flow) -> Plot | None:
    cycles = found.cycles
    if not cycles.points:
        return None
    first, last = found.since, found.bands[-1].on
    span = max(1, (last - first).days)
    high = _round_up(max(*(point.days for point in cycles.points), cycles.p95 or 0, 1))
    dots = sorted({(_x((point.on - first).days / span), _y(point.days / high)) for point in cycles.points})
    lines = [
        (percent, value)
        for percent, value in ((95, cycles.p95), (85, cycles.p85), (50, cycles.p50))
        if value is not None
    ]
    marks = (
        _apart([(f"{percent} %", _y(value / high)) for percent, value in lines])
        if cycles.count >= FEW
        else ()
    )
    return Plot(
        label=f"Days that {_cards(cycles.count)} took, by the day each was finished. The figures are in the table below.",
        top=f"{high:g} days",
        first=_short(first),
        last=_short(last),
        dots=tuple(dots),
        marks=marks,
    )


def _throughput(found: Flow) -> Plot | None:
    weeks = found.rate.weeks
    if not found.rate.total:
        return None
    high = _round_up(max(week.finished for week in weeks))
    step = (RIGHT - LEFT) / len(weeks)
    bars = tuple(
        (
            round(LEFT + place * step + step * 0.15, 1),
            _y(week.finished / high),
            round(step * 0.7, 1),
            round(LOW - _y(week.finished / high), 1),
        )
        for place, week in enumerate(weeks)
    )
    promised = found.rate.promised
    marks = _apart([(f"{promised:g} or more", _y(promised / high))]) if promised and len(weeks) >= FEW else ()
    return Plot(
        label=f"Cards finished in each of {_count(len(weeks), 'week')}: {', '.join(str(week.finished) for week in weeks)}.",
        top=f"{high:g}",
        first=_short(weeks[0].starts_on),
        last="now" if found.terms.on is None else _short(found.bands[-1].on),
        bars=bars,
        marks=marks,
    )


def _cumulative(found: Flow) -> Plot | None:
    """Bands from below: finished since the first day, under way, waiting."""
    bands = found.bands
    before = bands[0].done
    highs = [(band.done - before, band.doing, band.to_do) for band in bands]
    lowest = min(0, *(done for done, _, _ in highs))
    top = max(sum(row) for row in highs) - lowest
    if not found.any_cards or top <= 0 or len(bands) < 2:
        return None
    high = _round_up(top)
    edges = [[float(sum(row[:part]) - (lowest if part else 0)) for row in highs] for part in range(4)]
    xs = [_x(place / (len(bands) - 1)) for place in range(len(bands))]
    areas = []
    for name, below, above in zip(("done", "doing", "to-do"), edges, edges[1:], strict=False):
        path = [(x, _y(value / high)) for x, value in zip(xs, above, strict=True)]
        path += [(x, _y(value / high)) for x, value in zip(reversed(xs), reversed(below), strict=True)]
        areas.append((name, " ".join(f"{x:g},{y:g}" for x, y in path)))
    last = bands[-1]
    labels = [
        ("waiting", last.to_do, edges[3][-1]),
        ("under way", last.doing, edges[2][-1]),
        ("done", last.done - before, edges[1][-1]),
    ]
    marks = _apart([(name, _y((value - count / 2) / high)) for name, count, value in labels if count > 0])
    return Plot(
        label=f"Cards waiting, under way and finished, day by day. Today {last.to_do} wait, {last.doing} are under way, {last.done - before} were finished since {_short(bands[0].on)}.",
        top=f"{high:g}",
        first=_short(bands[0].on),
        last=_short(last.on),
        areas=tuple(areas),
        marks=marks,
    )


def _apart(lines: Sequence[tuple[str, float]]) -> tuple[Mark, ...]:
    """Labels from the top down, moved apart where their lines are close."""
    found, last = [], -1e9
    for words, at in sorted(lines, key=lambda line: line[1]):
        last = max(at + 4, last + 13)
        found.append(Mark(at, words, last))
    over = max(0.0, last - LOW)
    return tuple(Mark(one.at, one.words, round(one.label_at - over, 1)) for one in found)


def _x(share: float) -> float:
    return round(LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT), 1)


def _y(share: float) -> float:
    return round(LOW - min(1.0, max(0.0, share)) * (LOW - TOP), 1)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8 times a power of ten."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (1, 2, 4, 5, 6, 8, 10) if value <= step * power)


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _days(days: float) -> str:
    whole = round(days)
    if whole:
        return "1 day" if whole == 1 else f"{whole} days"
    hours = max(1, round(24 * days))
    return "1 hour" if hours == 1 else f"{hours} hours"


def _cards(count: int) -> str:
    return _count(count, "card")


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _share(part: float, whole: float) -> str:
    share = 100 * part / whole if whole else 0
    return "under 1 %" if share < 1 else f"{round(share)} %"
