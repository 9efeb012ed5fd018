"""Where a measure's values are pulled from: say so, try it, switch it off; and the clock's pulling of what is due."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from portfolio import measure_fetching, measures, organisation, pulled_values
from portfolio.database import Database
from portfolio.history import record
from portfolio.links import Links
from portfolio.measure_fetching import NotFetched
from portfolio.measures import Given, ReadingRefused
from portfolio.models import Measure, MeasureSource, Person
from portfolio.pulled_values import NotThere, Pick
from portfolio.rules.sources import Allowed, Headers, SourceRefused, check_query, databases_in
from portfolio.settings import Settings
from portfolio.submission import one_line

logger = logging.getLogger("outsize.measure_pulls")

URL, SQL = "url", "sql"
KINDS = ((URL, "A web address"), (SQL, "A query in a database"))
MOST_EACH = 10
AT_ONCE = 50
TAKEN_FOR = timedelta(minutes=15)
"""How long a source that is being pulled isn't pulled by another, should the one who does break down."""
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What a source is to be: see MeasureSource."""

    kind: str
    address: str
    query: str = ""
    pick: str = ""
    pick_day: str = ""
    comparison: bool = False
    every_days: int = 7


@dataclass(frozen=True)
class Outcome:
    """What pulling a source gave: its values, or why there are none."""

    given: tuple[Given, ...] = ()
    problem: str = ""


def check(asked: Asked, settings: Settings) -> None:
    """Raise SourceRefused unless this may be pulled."""
    if asked.kind == URL:
        Allowed.of(settings.measure_hosts).check(asked.address)
        if not asked.pick:
            raise SourceRefused(
                "Please say where the value stands: a pointer such as /data/0/late, or a column's name."
            )
        if asked.pick.startswith("/"):
            pulled_values.check_pick("json", Pick(asked.pick, asked.pick_day))
    elif asked.kind == SQL:
        if asked.address not in databases_in(settings.measure_databases):
            raise SourceRefused(
                "Please choose one of the databases; whoever runs Outsize can name more: OUTSIZE_MEASURE_DATABASES."
            )
        check_query(asked.query)
    else:
        raise SourceRefused("Please choose one of the options.")
    if not 1 <= asked.every_days <= 366:
        raise SourceRefused("Please give a number of days from 1 to 366.")


def add(
    session: Session, measure: Measure, asked: Asked, *, settings: Settings, by: Person, at: datetime
) -> MeasureSource:
    """Pull a measure's values from somewhere from now on. Raises SourceRefused."""
    check(asked, settings)
    if len(of(session, measure)) >= MOST_EACH:
        raise SourceRefused(f"There are {MOST_EACH} already. Please take one away first.")
    source = MeasureSource(
        measure_id=measure.id, next_run_at=at, added_at=at, added_by_id=by.id, **vars(asked)
    )
    session.add(source)
    session.flush()
    record(session, "measure.source_added", measure, by=by, at=at, source=source.id, kind=asked.kind)
    return source


def change(
    session: Session, source: MeasureSource, asked: Asked, *, settings: Settings, by: Person, at: datetime
) -> None:
    """Pull it otherwise, and at once. Raises SourceRefused."""
    check(asked, settings)
    for name, value in vars(asked).items():
        setattr(source, name, value)
    source.failures, source.problem, source.next_run_at = 0, "", at
    record(session, "measure.source_changed", source.measure, by=by, at=at, source=source.id)


def switch(session: Session, source: MeasureSource, *, on: bool, by: Person, at: datetime) -> None:
    """Pull it no longer, or again, and then at once."""
    if source.is_on == on:
        return
    source.is_on, source.failures, source.next_run_at = on, 0, at if on else None
    what = "on" if on else "off"
    record(session, f"measure.source_switched_{what}", source.measure, by=by, at=at, source=source.id)


def remove(session: Session, source: MeasureSource, *, by: Person, at: datetime) -> None:
    """Forget a source; the readings it brought stay."""
    record(session, "measure.source_removed", source.measure, by=by, at=at, source=source.id)
    session.delete(source)


def hurry(session: Session, source: MeasureSource, *, by: Person, at: datetime) -> None:
    """Pull it with the clock's next round."""
    source.next_run_at = at
    record(session, "measure.source_hurried", source.measure, by=by, at=at, source=source.id)


def look(source: MeasureSource, settings: Settings, *, zone: tzinfo, today: date) -> Outcome:
    """What it would give now. Changes nothing, and holds no transaction. Whatever it answers, it stops no other."""
    try:
        return Outcome(tuple(_found(source, settings, zone=zone, today=today)))
    except (SourceRefused, NotFetched, NotThere) as problem:
        return Outcome(problem=one_line(str(problem))[:500])
    except Exception as problem:
        logger.exception("source %s of measure %s", source.id, source.measure_id)
        return Outcome(problem=f"Its answer can't be read ({type(problem).__name__}).")


def pull_due(
    database: Database, settings: Settings, *, now: datetime, limit: int = AT_ONCE
) -> dict[str, int]:
    """Pull what is due: how many sources, how many readings they brought, how many failed. At once again: none.

    Three steps, so that a slow one holds no transaction: take them, look each up, keep what it gave; each by itself, so that
    one that fails stops no other. A run that was missed is caught up once.
    """
    with database.writing() as session:
        zone = organisation.zone(organisation.current(session))
        taken = _take(session, now, limit)
    counts = {"sources": len(taken), "readings": 0, "failed": 0}
    for source in taken:
        outcome = look(source, settings, zone=zone, today=now.astimezone(zone).date())
        with database.writing() as session:
            brought = _note(session, source.id, outcome, zone=zone, links=Links.of(settings), now=now)
        counts["readings"] += brought or 0
        counts["failed"] += brought is None
    return counts


# Queries


def of(session: Session, measure: Measure) -> list[MeasureSource]:
    return list(
        session.scalars(
            select(MeasureSource).where(MeasureSource.measure_id == measure.id).order_by(MeasureSource.id)
        )
    )


def find(session: Session, measure: Measure, number: int) -> MeasureSource | None:
    """The measure's own source of this number."""
    source = session.get(MeasureSource, number) if 0 < number < 2**31 else None
    return source if source is not None and source.measure_id == measure.id else None


def every(session: Session) -> list[MeasureSource]:
    """All sources with their measures."""
    return list(
        session.scalars(
            select(MeasureSource).options(joinedload(MeasureSource.measure)).order_by(MeasureSource.id)
        )
    )


def _due(now: datetime) -> Select[MeasureSource]:
    return (
        select(MeasureSource)
        .where(MeasureSource.is_on, MeasureSource.next_run_at <= now)
        .order_by(MeasureSource.next_run_at, MeasureSource.id)
    )


# Below: how the verbs above do it


def _take(session: Session, now: datetime, limit: int) -> Sequence[MeasureSource]:
    """Sources whose time has come, kept from others for a while; as they are now, apart from any session."""
    due = session.scalars(_due(now).limit(limit).with_for_update(skip_locked=True)).all()
    for source in due:
        source.next_run_at = now + TAKEN_FOR
    session.flush()
    for source in due:
        session.expunge(source)
    return due


def _found(source: MeasureSource, settings: Settings, *, zone: tzinfo, today: date) -> list[Given]:
    pick = Pick(source.pick, source.pick_day)
    if source.kind == SQL:
        url = databases_in(settings.measure_databases).get(source.address)
        if url is None:
            raise SourceRefused(
                f"The database “{source.address}” is no longer named in OUTSIZE_MEASURE_DATABASES."
            )
        rows = pulled_values.in_rows(*measure_fetching.rows_of(url, source.query), pick)
    else:
        allowed, headers = Allowed.of(settings.measure_hosts), Headers.of(settings.measure_headers)
        content = measure_fetching.content_at(source.address, allowed, headers.at(source.address))
        rows = (pulled_values.in_json if pick.value.startswith("/") else pulled_values.in_table)(
            content, pick
        )
    return pulled_values.given_in(
        rows, source=source.id, today=today, comparison=source.comparison, zone=zone
    )


def _note(
    session: Session, number: int, outcome: Outcome, *, zone: tzinfo, links: Links, now: datetime
) -> int | None:
    """Keep what a source gave and when it is due again; returns how many readings are new or corrected, None where it failed."""
    source = session.get(MeasureSource, number)
    if source is None:  # it was removed meanwhile
        return 0
    measure = measures.find(session, source.measure_id)
    problem, brought = outcome.problem, 0
    if measure is not None and not problem:
        try:
            given = measures.nameless(session, measure, outcome.given, links)
            taken = measures.read_many(session, measure, given, source=f"source {source.id}", by=None, at=now)
            brought = taken.changed
        except ReadingRefused as refused:
            problem = str(refused)
    source.last_run_at, source.problem = now, problem[:500]
    source.failures = source.failures + 1 if problem else 0
    source.next_run_at = _again(source, zone, now) if source.is_on else None
    if source.failures == 1 and measure is not None:
        record(session, "measure.pull_failed", measure, by=None, at=now, source=source.id)
    return None if problem else brought


def _again(source: MeasureSource, zone: tzinfo, now: datetime) -> datetime:
    """The beginning of the day it is due again; after failures an hour later, then two, four, up to a day."""
    if source.failures:
        return now + min(LONGEST_WAIT, timedelta(hours=2 ** min(source.failures - 1, 10)))
    day = now.astimezone(zone).date() + timedelta(days=source.every_days)
    return datetime.combine(day, time(), zone)
