"""How work flows: what gets old, how long cards take, how many are finished, what piles up, where the time goes. Reads only.

All of it is told by the history up to one moment, so the same day always shows the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import organisation, replay
from portfolio.models import Absence, Blocker, Card, Column, Project
from portfolio.replay import DONE, TO_DO, Floats, Past
from portfolio.rules import flow as rules
from portfolio.rules import forecasting
from portfolio.rules.forecasting import Calendar, HowMany, Throughput
from portfolio.states import ColumnKind

WEEKS = 12
MOST_AGEING = 25
MOST_POINTS = 500
"""Dots drawn and rows listed, the latest; percentiles count all."""
FEW = 5
DAY = 86_400.0
LOOKED_AT_SECONDS = (forecasting.WEEKS_BACK + 1) * 7 * DAY
WAIT_WORDS = ("wait", "hold", "pause")
"""A column of started work with such a word in its name counts as waiting."""
FITS = 0.3
AHEAD_WEEKS = 2


@dataclass(frozen=True)
class Terms:
    """What to look at: how many weeks back, which kind of project or which one, and as of the end of which past day."""

    weeks: int = WEEKS
    solution_type: str = ""
    project_id: int | None = None
    on: date | None = None


@dataclass(frozen=True)
class Ageing:
    """A card under way: days since it was started, and the share (0..1) of finished cards that took no longer."""

    id: int
    title: str
    project: str
    column: str
    days: float
    older_than: float | None
    blocked_by: str


@dataclass(frozen=True)
class Point:
    """A finished card: when, and in how many days."""

    id: int
    title: str
    on: date
    days: float


@dataclass(frozen=True)
class Cycles:
    """How long finished cards took, in days from started to done. `impossible` end before they begin and count nowhere."""

    points: tuple[Point, ...]
    count: int
    p50: float | None
    p85: float | None
    p95: float | None
    impossible: tuple[tuple[int, str], ...]
    unstarted: int


@dataclass(frozen=True)
class Week:
    starts_on: date
    finished: int


@dataclass(frozen=True)
class Rate:
    """Cards finished a week, in whole weeks that end at the moment; what 85 % of them reached, and what may be promised ahead."""

    weeks: tuple[Week, ...]
    promised: float | None
    ahead: HowMany
    ahead_until: date

    @property
    def total(self) -> int:
        return sum(week.finished for week in self.weeks)


@dataclass(frozen=True)
class Band:
    """How many cards stood where at the end of a day. `done` are all finished by then."""

    on: date
    to_do: int
    doing: int
    done: int


@dataclass(frozen=True)
class Spent:
    """Where the days of finished cards went, between started and done. Blocked and waiting at once counts as blocked."""

    cards: int
    days: float
    blocked: float
    waited: float
    waiting_columns: tuple[str, ...]

    @property
    def worked(self) -> float:
        return max(0.0, self.days - self.blocked - self.waited)

    @property
    def efficiency(self) -> float | None:
        return rules.efficiency(self.worked, self.days)


@dataclass(frozen=True)
class Littles:
    """Whether the averages fit together: cards under way / cards finished a day = days a card takes."""

    under_way: float
    finished_a_day: float
    took: float

    @property
    def should_take(self) -> float:
        return self.under_way / self.finished_a_day

    @property
    def fits(self) -> bool:
        return abs(self.should_take - self.took) <= FITS * max(self.should_take, self.took)


@dataclass(frozen=True)
class Flow:
    terms: Terms
    moment: datetime
    since: date
    ageing: tuple[Ageing, ...]
    under_way: int
    cycles: Cycles
    rate: Rate
    bands: tuple[Band, ...]
    spent: Spent
    littles: Littles | None
    any_cards: bool


def look(session: Session, terms: Terms, *, now: datetime) -> Flow:
    """Everything about the flow of work on these terms. A fixed number of statements."""
    zone = organisation.zone(organisation.current(session))
    today = now.astimezone(zone).date()
    moment, until = now, today
    if terms.on is not None and terms.on < today:
        moment, until = _midnight(terms.on + timedelta(days=1), zone) - timedelta(microseconds=1), terms.on
    past = replay.read(session, moment=moment)
    chosen = _chosen(session, past, terms)
    edges = [_midnight(until - timedelta(days=7 * week - 1), zone) for week in range(terms.weeks, -1, -1)]
    since = edges[0].timestamp()
    started, done = _clocks(session, chosen)
    cycles = _cycles(session, chosen, started, done, since, zone)
    return Flow(
        terms=terms,
        moment=moment,
        since=edges[0].date(),
        ageing=tuple(_ageing(session, chosen, started, done, moment)),
        under_way=int(chosen.under_way.sum()),
        cycles=cycles,
        rate=_rate(session, done, started, edges, until, zone),
        bands=tuple(_bands(chosen, edges[0].date(), until, zone)),
        spent=_spent(session, chosen, started, done, since),
        littles=_littles(chosen, started, done, since, moment.timestamp()),
        any_cards=bool(len(past.card)),
    )


def _chosen(session: Session, past: Past, terms: Terms) -> Past:
    if not terms.solution_type and terms.project_id is None:
        return past
    query = select(Card.id).join(Project, Card.project_id == Project.id)
    if terms.solution_type:
        query = query.where(Project.solution_type == terms.solution_type)
    if terms.project_id is not None:
        query = query.where(Project.id == terms.project_id)
    return past.only(session.scalars(query).all())


def _clocks(session: Session, past: Past) -> tuple[Floats, Floats]:
    """When each card was started and done; imported cards may say an end before their start, which is kept to be flagged, or
    have an end and no start, which is no start at the end."""
    started, done = past.started.copy(), past.done.copy()
    rows = session.execute(
        select(Card.id, Card.started_at, Card.done_at).where(
            (Card.done_at < Card.started_at) | (Card.done_at.is_not(None) & Card.started_at.is_(None))
        )
    ).all()
    if rows:
        place = {int(card): row for row, card in enumerate(past.card_ids)}
        for number, begun, ended in rows:
            row = place.get(number)
            if row is not None and ended and ended.timestamp() <= past.moment:
                started[row] = begun.timestamp() if begun else np.nan
                done[row] = ended.timestamp()
    return started, done


def _ageing(
    session: Session, past: Past, started: Floats, done: Floats, moment: datetime
) -> Sequence[Ageing]:
    rows = np.flatnonzero(past.under_way)
    rows = rows[np.argsort(started[rows], kind="stable")][:MOST_AGEING]
    if not len(rows):
        return []
    took = (done - started)[done >= started] / DAY
    numbers = [int(past.card_ids[row]) for row in rows]
    known = _titles(session, numbers)
    names: dict[int, str] = dict(session.execute(select(Column.id, Column.name)).all())
    blocked = _blocked_at(session, numbers, moment)
    found = []
    for row, number in zip(rows, numbers, strict=True):
        days = max(0.0, (moment.timestamp() - float(started[row])) / DAY)
        title, project = known.get(number, ("", ""))
        share = float((took <= days).mean()) if len(took) else None
        column = names.get(int(past.column[past.last[row]]), "")
        found.append(Ageing(number, title, project, column, days, share, blocked.get(number, "")))
    return found


def _titles(session: Session, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    rows = session.execute(
        select(Card.id, Card.title, Project.name)
        .outerjoin(Project, Card.project_id == Project.id)
        .where(Card.id.in_(numbers))
    )
    return {number: (title, project or "") for number, title, project in rows}


def _blocked_at(session: Session, numbers: Sequence[int], moment: datetime) -> dict[int, str]:
    rows = session.execute(
        select(Blocker.card_id, Blocker.reason).where(
            Blocker.card_id.in_(numbers),
            Blocker.since <= moment,
            Blocker.until.is_(None) | (Blocker.until > moment),
        )
    )
    return dict(rows.all())


def _cycles(
    session: Session, past: Past, started: Floats, done: Floats, since: float, zone: ZoneInfo
) -> Cycles:
    within = np.flatnonzero(done >= since)
    begun, ended = started[within], done[within]
    unstarted = int(np.isnan(begun).sum())
    right = within[ended >= begun]
    wrong = within[ended < begun]
    right = right[np.argsort(done[right], kind="stable")]
    days = ((done - started)[right] / DAY).tolist()
    shown = right[-MOST_POINTS:]
    numbers = [int(past.card_ids[row]) for row in (*shown, *wrong)]
    known = _titles(session, numbers) if numbers else {}
    points = tuple(
        Point(
            int(past.card_ids[row]),
            known.get(int(past.card_ids[row]), ("", ""))[0],
            _day(float(done[row]), zone),
            float(done[row] - started[row]) / DAY,
        )
        for row in shown
    )
    p50, p85, p95 = (rules.percentile(days, percent) for percent in (50, 85, 95))
    impossible = tuple(
        (int(past.card_ids[row]), known.get(int(past.card_ids[row]), ("", ""))[0]) for row in wrong
    )
    return Cycles(points, len(days), p50, p85, p95, impossible, unstarted)


def _rate(
    session: Session,
    done: Floats,
    started: Floats,
    edges: Sequence[datetime],
    until: date,
    zone: ZoneInfo,
) -> Rate:
    """Weeks count from the first card that was started, so that a young board isn't told it was slow."""
    real = ~np.isnan(done) & ~(done < started)
    finished = done[real]
    seconds = [edge.timestamp() for edge in edges]
    counts = [int(((finished >= begin) & (finished < end)).sum()) for begin, end in pairwise(seconds)]
    begun = np.concatenate([started[~np.isnan(started)], finished])
    first = float(begun.min()) if len(begun) else None
    weeks = tuple(
        Week(edge.date(), count)
        for edge, end, count in zip(edges, seconds[1:], counts, strict=False)
        if first is not None and end > first
    )
    tomorrow = until + timedelta(days=1)
    away = _days_away(session)
    history = Throughput(())
    if first is not None:
        lately = finished[finished > _midnight(until, zone).timestamp() - LOOKED_AT_SECONDS]
        days = [_day(value, zone) for value in lately]
        history = forecasting.throughput(days, since=_day(first, zone), today=tomorrow, away=away)
    ahead_until = until + timedelta(days=7 * AHEAD_WEEKS)
    room = Calendar(tomorrow, away).weeks_until(ahead_until)
    ahead = forecasting.how_many(room, history, seed=5)
    whole = [
        week.finished
        for week in weeks
        if first is not None and _midnight(week.starts_on, zone).timestamp() >= first
    ]
    return Rate(weeks, rules.promised(whole, 85), ahead, ahead_until)


def _bands(past: Past, first: date, last: date, zone: ZoneInfo) -> Sequence[Band]:
    days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    ends = [
        min(_midnight(day + timedelta(days=1), zone) - timedelta(microseconds=1), _moment(past))
        for day in days
    ]
    counts = past.counts(ends)
    columns = (counts[ColumnKind.TO_DO], counts[ColumnKind.DOING], counts[ColumnKind.DONE])
    return [Band(day, *row) for day, *row in zip(days, *columns, strict=True)]


def _spent(session: Session, past: Past, started: Floats, done: Floats, since: float) -> Spent:
    rows = np.flatnonzero((done >= since) & (done >= started))
    waiting = _waiting_columns(session)
    if not len(rows):
        return Spent(0, 0.0, 0.0, 0.0, tuple(waiting.values()))
    ids, first, last = past.card_ids, past.first, past.last
    blocked = _blocked_spans(session, past.moment)
    elapsed = stopped = waited = 0.0
    for row in rows:
        begin, end = float(started[row]), float(done[row])
        stays = range(first[row], last[row] + 1)
        idle = [
            (float(past.since[stay]), float(past.until[stay]))
            for stay in stays
            if past.kind[stay] == TO_DO or (past.kind[stay] != DONE and int(past.column[stay]) in waiting)
        ]
        stops = blocked.get(int(ids[row]), [])
        elapsed += end - begin
        stopped += _length(stops, begin, end)
        waited += _length([*idle, *stops], begin, end) - _length(stops, begin, end)
    return Spent(len(rows), elapsed / DAY, stopped / DAY, waited / DAY, tuple(waiting.values()))


def _waiting_columns(session: Session) -> dict[int, str]:
    rows = session.execute(select(Column.id, Column.name).where(Column.kind == ColumnKind.DOING))
    return {number: name for number, name in rows if any(word in name.lower() for word in WAIT_WORDS)}


def _blocked_spans(session: Session, moment: float) -> Mapping[int, list[tuple[float, float]]]:
    found: dict[int, list[tuple[float, float]]] = {}
    for card, since, until in session.execute(select(Blocker.card_id, Blocker.since, Blocker.until)):
        end = moment if until is None else min(moment, until.timestamp())
        found.setdefault(card, []).append((since.timestamp(), end))
    return found


def _length(spans: Sequence[tuple[float, float]], begin: float, end: float) -> float:
    """Seconds of a stretch that at least one of the spans covers."""
    total, reached = 0.0, begin
    for span in sorted(spans):
        start, stop = max(span[0], reached), min(span[1], end)
        if stop > start:
            total += stop - start
            reached = stop
    return total


def _littles(past: Past, started: Floats, done: Floats, since: float, until: float) -> Littles | None:
    """Over the period, from when the first card was started: the average number under way against what was finished."""
    begun = started[~np.isnan(started)]
    if not len(begun):
        return None
    start = max(since, float(begun.min()))
    finished = (done >= start) & (done >= started)
    count = int(finished.sum())
    if count < FEW or until - start < 7 * DAY:
        return None
    ends = np.where(np.isnan(done), np.minimum(past.until[past.last], until), done)
    overlap = np.clip(np.minimum(ends, until) - np.maximum(started, start), 0, None)
    days = (until - start) / DAY
    under_way = float(np.nansum(overlap)) / DAY / days
    took = float((done - started)[finished].mean()) / DAY
    return Littles(under_way, count / days, took)


def _days_away(session: Session) -> frozenset[date]:
    rows = session.execute(select(Absence.from_on, Absence.until_on).where(Absence.person_id.is_(None)))
    return frozenset(
        first + timedelta(days=day) for first, last in rows for day in range((last - first).days + 1)
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _day(seconds: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(seconds, zone).date()


def _moment(past: Past) -> datetime:
    return datetime.fromtimestamp(past.moment, tz=ZoneInfo("UTC"))
