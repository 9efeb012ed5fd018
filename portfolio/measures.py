"""Measures and their readings: state one, change it, read it, take a wrong reading back; then the queries."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from portfolio import baselines
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.looking_back import said_before
from portfolio.models import Measure, Person, Project, Reading, WithdrawnReading
from portfolio.rules.proof import Value

MEAN, COUNT, SHARE = "mean", "count", "share"
FAMILIES = (
    (MEAN, "An amount or a score, such as days, euros or points"),
    (COUNT, "A number of events, such as accidents in a month"),
    (SHARE, "A share in percent, such as orders delivered in time"),
)
"""What a value can be, and how that is said."""
MOST_READINGS = 50_000
AT_ONCE = 5_000
"""Rows a statement names at once; databases take so many and hardly more."""
LONGEST_SUBJECT, LONGEST_KEY = 64, 64


class StaleEdit(ValueError):
    """Somebody else changed it meanwhile."""


class ReadingRefused(ValueError):
    """This can't be a value of the measure; the message says why."""


@dataclass(frozen=True)
class Given:
    """One value as a file, a program or a source brings it. Without `after`, its day says so; see Reading for the rest."""

    value: float
    on: date
    after: bool | None = None
    comparison: bool = False
    subject: str | None = None
    traits: Mapping[str, float] | None = None
    exposure: float | None = None
    note: str = ""
    row_key: str | None = None


@dataclass(frozen=True)
class Difference:
    """What values from elsewhere change: those that are new, readings that say something else now, and how many are known or were
    taken back."""

    new: tuple[Given, ...]
    corrected: tuple[tuple[Reading, Given], ...]
    unchanged: int

    @property
    def changed(self) -> int:
        return len(self.new) + len(self.corrected)


class _Known(NamedTuple):
    """What a reading that came before says."""

    id: int
    value: float
    exposure: float | None


@dataclass(frozen=True)
class Standing:
    """Where a measure stands: readings before and after, the same of the comparison group, the last day it was read and what
    it was then (the mean where several were read), and the first day of a reading from before."""

    before: int = 0
    after: int = 0
    other_before: int = 0
    other_after: int = 0
    first_before_on: date | None = None
    last_before_on: date | None = None
    last_on: date | None = None
    last_value: float | None = None

    @property
    def readings(self) -> int:
        return self.before + self.after + self.other_before + self.other_after


def add(
    session: Session, *, name: str, project: Project | None, by: Person | None, at: datetime, **facts: Any
) -> Measure:
    """State a measure a project means to move."""
    measure = Measure(name=name, project_id=project.id if project else None, created_at=at, **facts)
    session.add(measure)
    session.flush()
    record(session, "measure.added", measure, by=by, at=at, project=measure.project_id)
    return measure


def edit(
    session: Session, measure: Measure, *, version: int | None, by: Person, at: datetime, **facts: Any
) -> bool:
    """Change what is said of a measure; whether anything did. Raises StaleEdit when `version` is no longer the latest.

    A new `cut_on` divides all its readings anew: what was read from that day on is from after.
    """
    hold(session, measure)
    if version is not None and version != measure.version:
        raise StaleEdit("Somebody else changed this measure meanwhile.")
    changed = sorted(name for name, value in facts.items() if value != getattr(measure, name))
    if not changed:
        return False
    before = said_before(measure, facts)
    for name in changed:
        setattr(measure, name, facts[name])
    if "cut_on" in changed and measure.cut_on is not None:
        session.execute(
            update(Reading)
            .where(Reading.measure_id == measure.id)
            .values(after=Reading.read_on >= measure.cut_on)
        )
    measure.version += 1
    record(session, "measure.changed", measure, by=by, at=at, fields=changed, **before)
    return True


def read(
    session: Session,
    measure: Measure,
    *,
    value: float,
    on: date,
    after: bool,
    by: Person | None,
    at: datetime,
    comparison: bool = False,
    note: str = "",
    subject: str | None = None,
    exposure: float | None = None,
) -> Reading:
    """Record one value: before or after the solution, of those trained or of a comparison group. Raises ReadingRefused."""
    given = Given(value, on, after, comparison, subject=subject, exposure=exposure, note=note)
    check(measure, given)
    reading = Reading(**_facts(measure, given, after=after, by=by, at=at))
    session.add(reading)
    session.flush()
    record(session, "measure.read", measure, by=by, at=at, value=value, after=after)
    return reading


def look_at(session: Session, measure: Measure, given: Sequence[Given]) -> Difference:
    """What recording values that came from elsewhere would change, by their row keys. Changes nothing. Raises ReadingRefused."""
    for one in given:
        check(measure, one)
    known = _known(session, measure, [one.row_key for one in given if one.row_key])
    gone = _keys_withdrawn(session, measure)
    new: dict[str | int, Given] = {}
    other: dict[int, Given] = {}
    for place, one in enumerate(given):
        there = known.get(one.row_key or "")
        if there is not None and (there.value, there.exposure) != (one.value, one.exposure):
            other[there.id] = one
        elif there is None and one.row_key not in gone:
            new.setdefault(one.row_key or place, one)
    if new and _from_elsewhere(session, measure) + len(new) > MOST_READINGS:
        raise ReadingRefused(f"A measure can have {MOST_READINGS:,} readings that came from elsewhere.")
    corrected = tuple((reading, other[reading.id]) for reading in _of_numbers(session, list(other)))
    return Difference(tuple(new.values()), corrected, len(given) - len(new) - len(corrected))


def read_many(
    session: Session,
    measure: Measure,
    given: Sequence[Given],
    *,
    source: str,
    by: Person | None,
    at: datetime,
) -> Difference:
    """Record values that a file, a program or a source brought, and return what was new. A row that came before changes nothing,
    or, where it says another value now, corrects it; one that was taken back stays away. Raises ReadingRefused, and then none is
    recorded."""
    hold(session, measure)
    found = look_at(session, measure, given)
    cut_on = divided_on(session, measure)
    for reading, one in found.corrected:
        reading.value, reading.exposure = one.value, one.exposure
        reading.traits = dict(one.traits) if one.traits else reading.traits
    session.flush()
    if found.new:
        rows = [
            _facts(
                measure, one, after=is_after(one.on, cut_on) if one.after is None else one.after, by=by, at=at
            )
            for one in found.new
        ]
        session.execute(insert(Reading), rows)
        record(session, "measure.read_many", measure, by=by, at=at, readings=len(found.new), source=source)
    if found.corrected:
        count = len(found.corrected)
        record(session, "measure.readings_corrected", measure, by=by, at=at, readings=count, source=source)
    return found


def nameless(session: Session, measure: Measure, given: Sequence[Given], links: Links) -> list[Given]:
    """Addresses give way to pseudonyms, those of people we know to the ones they have throughout the project."""
    addresses = {one.subject.lower() for one in given if one.subject and "@" in one.subject}
    if not addresses:
        return list(given)
    known: dict[str, int] = dict(
        session.execute(select(Person.email, Person.id).where(Person.email.in_(addresses))).all()
    )
    owner = measure.project_id or f"measure {measure.id}"
    pseudonyms = {one: links.key("pseudonym", owner, known.get(one, one)) for one in addresses}
    return [
        replace(one, subject=pseudonyms.get(one.subject.lower(), one.subject)) if one.subject else one
        for one in given
    ]


def withdraw(
    session: Session, measure: Measure, reading: Reading, *, why: str, by: Person, at: datetime
) -> WithdrawnReading:
    """Take a wrong reading back. What it said is kept aside, and the same row doesn't come again. Raises Gone."""
    hold(session, measure)
    hold(session, reading)
    gone = WithdrawnReading(
        measure_id=measure.id,
        value=reading.value,
        read_on=reading.read_on,
        after=reading.after,
        comparison=reading.comparison,
        subject=reading.subject,
        traits=reading.traits,
        exposure=reading.exposure,
        row_key=reading.row_key,
        recorded_at=reading.recorded_at,
        why=why,
        by_id=by.id,
        withdrawn_at=at,
    )
    session.add(gone)
    session.delete(reading)
    record(
        session, "measure.reading_withdrawn", measure, by=by, at=at, reading=reading.id, value=reading.value
    )
    session.flush()
    return gone


def check(measure: Measure, given: Given) -> None:
    """Raise ReadingRefused where this can't be a value of the measure."""
    if measure.family == SHARE and not 0 <= given.value <= 100:
        raise ReadingRefused("A share lies between 0 and 100 percent.")
    if measure.family == COUNT and (given.value < 0 or given.value != int(given.value)):
        raise ReadingRefused("A number of events is a whole number, 0 or more.")
    if given.exposure is not None and given.exposure <= 0:
        raise ReadingRefused("What a count is counted among is more than 0.")


def is_after(on: date, cut_on: date | None) -> bool:
    """Whether a value of this day is from after; as long as nobody has met the solution, all are from before."""
    return cut_on is not None and on >= cut_on


def key_of(*parts: object) -> str:
    """A row's key: the same parts give the same."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:LONGEST_KEY]


# Queries


def find(session: Session, number: int, *, with_readings: bool = True) -> Measure | None:
    """The measure of this number, with its project; its readings at once, or where they are asked for."""
    if not 0 < number < 2**31:
        return None
    query = select(Measure).where(Measure.id == number).options(joinedload(Measure.project))
    return session.scalar(query.options(selectinload(Measure.readings)) if with_readings else query)


def find_reading(measure: Measure, number: int) -> Reading | None:
    """The measure's own reading of this number."""
    return next((one for one in measure.readings if one.id == number), None)


def of_project(session: Session, project: Project) -> list[Measure]:
    """A project's measures with their readings."""
    return list(
        session.scalars(
            select(Measure)
            .where(Measure.project_id == project.id)
            .options(selectinload(Measure.readings))
            .order_by(Measure.id)
        )
    )


def listed(session: Session, *, after: int = 0, limit: int = 100) -> list[Measure]:
    """Measures by number, with their projects."""
    return list(
        session.scalars(
            select(Measure)
            .where(Measure.id > after)
            .options(joinedload(Measure.project))
            .order_by(Measure.id)
            .limit(limit)
        )
    )


def every(session: Session, *, limit: int = 300) -> list[Measure]:
    """Measures with their projects, without readings; the newest first."""
    return list(
        session.scalars(
            select(Measure).options(joinedload(Measure.project)).order_by(Measure.id.desc()).limit(limit)
        )
    )


def standings(session: Session, measures: Collection[Measure]) -> dict[int, Standing]:
    """Where each measure stands. Two statements, however many there are."""
    numbers = [one.id for one in measures]
    mine, theirs = Reading.comparison.is_(False), Reading.comparison.is_(True)
    before, after = Reading.after.is_(False), Reading.after.is_(True)
    rows = session.execute(
        select(
            Reading.measure_id,
            func.count().filter(mine, before),
            func.count().filter(mine, after),
            func.count().filter(theirs, before),
            func.count().filter(theirs, after),
            func.min(Reading.read_on).filter(mine, before),
            func.max(Reading.read_on).filter(mine, before),
            func.max(Reading.read_on).filter(mine),
        )
        .where(Reading.measure_id.in_(numbers))
        .group_by(Reading.measure_id)
    ).all()
    latest = (
        select(Reading.measure_id, func.max(Reading.read_on).label("on"))
        .where(Reading.measure_id.in_(numbers), mine)
        .group_by(Reading.measure_id)
        .subquery()
    )
    values: dict[int, float] = dict(
        session.execute(
            select(Reading.measure_id, func.avg(Reading.value))
            .join(latest, (latest.c.measure_id == Reading.measure_id) & (latest.c.on == Reading.read_on))
            .where(mine)
            .group_by(Reading.measure_id)
        ).all()
    )
    found = {row[0]: Standing(*row[1:], last_value=values.get(row[0])) for row in rows}
    return {number: found.get(number, Standing()) for number in numbers}


def standing_of(measure: Measure) -> Standing:
    """The same of one whose readings are there already."""
    cells = {
        (after, other): [one for one in measure.readings if (one.after, one.comparison) == (after, other)]
        for after in (False, True)
        for other in (False, True)
    }
    ours = [*cells[False, False], *cells[True, False]]
    first = [one.read_on for one in cells[False, False]]
    last_on = max((one.read_on for one in ours), default=None)
    last = [one.value for one in ours if one.read_on == last_on]
    return Standing(
        len(cells[False, False]),
        len(cells[True, False]),
        len(cells[False, True]),
        len(cells[True, True]),
        min(first, default=None),
        max(first, default=None),
        last_on,
        sum(last) / len(last) if last else None,
    )


def next_on(measure: Measure, standing: Standing) -> date | None:
    """The day it is to be read next; None where nobody said how often."""
    if measure.read_every_days is None:
        return None
    if standing.last_on is None:
        return measure.created_at.date()
    return standing.last_on + timedelta(days=measure.read_every_days)


def withdrawn(session: Session, measure: Measure) -> list[WithdrawnReading]:
    """Readings taken back, the latest first."""
    return list(
        session.scalars(
            select(WithdrawnReading)
            .where(WithdrawnReading.measure_id == measure.id)
            .order_by(WithdrawnReading.id.desc())
        )
    )


def latest(
    session: Session, measures: Collection[Measure], *, most: int, with_subjects: bool = True
) -> dict[int, list[Reading]]:
    """The latest readings of each measure, at most `most`, the oldest of them first; without those that may be one person's
    where somebody may not see them. One statement."""
    place = func.row_number().over(
        partition_by=Reading.measure_id, order_by=(Reading.read_on.desc(), Reading.id.desc())
    )
    ranked = (
        select(Reading.id, place.label("place"))
        .where(Reading.measure_id.in_([one.id for one in measures]))
        .subquery()
    )
    query = select(Reading).join(ranked, Reading.id == ranked.c.id).where(ranked.c.place <= most)
    if not with_subjects:
        query = query.where(Reading.subject.is_(None))
    found: dict[int, list[Reading]] = {one.id: [] for one in measures}
    for reading in session.scalars(query.order_by(Reading.read_on, Reading.id)):
        found[reading.measure_id].append(reading)
    return found


def last_recorded(session: Session, measure: Measure, row_key: str | None) -> int | None:
    """The number of the reading with this key, or of the one recorded last; None where that row was taken back."""
    query = select(Reading.id).where(Reading.measure_id == measure.id)
    if row_key is not None:
        query = query.where(Reading.row_key == row_key)
    return session.scalar(query.order_by(Reading.id.desc()).limit(1))


def divided_on(session: Session, measure: Measure) -> date | None:
    """The day from which on values are from after, where it is known."""
    if measure.cut_on is not None or measure.project_id is None:
        return measure.cut_on
    return baselines.reached_on(session, [measure.project_id]).get(measure.project_id)


def values_of(measure: Measure) -> list[Value]:
    """A measure's readings as the rules take them."""
    return [
        value_of(
            one.value,
            one.read_on,
            after=one.after,
            comparison=one.comparison,
            subject=one.subject,
            traits=one.traits,
            exposure=one.exposure,
        )
        for one in measure.readings
    ]


def value_of(
    value: float,
    on: date,
    *,
    after: bool,
    comparison: bool,
    subject: str | None = None,
    traits: Mapping[str, float] | None = None,
    exposure: float | None = None,
) -> Value:
    """One value as the rules take it, from plain fields."""
    return Value(value, on, after, comparison, subject=subject, traits=traits, exposure=exposure)


def _known(session: Session, measure: Measure, keys: Sequence[str]) -> dict[str, _Known]:
    """What the readings with these keys say; no other is touched."""
    found: dict[str, _Known] = {}
    for start in range(0, len(keys), AT_ONCE):
        rows = session.execute(
            select(Reading.row_key, Reading.id, Reading.value, Reading.exposure).where(
                Reading.measure_id == measure.id, Reading.row_key.in_(keys[start : start + AT_ONCE])
            )
        )
        found |= {row[0]: _Known(*row[1:]) for row in rows if row[0] is not None}
    return found


def _of_numbers(session: Session, numbers: Sequence[int]) -> list[Reading]:
    return [
        one
        for start in range(0, len(numbers), AT_ONCE)
        for one in session.scalars(select(Reading).where(Reading.id.in_(numbers[start : start + AT_ONCE])))
    ]


def _from_elsewhere(session: Session, measure: Measure) -> int:
    query = (
        select(func.count())
        .select_from(Reading)
        .where(Reading.measure_id == measure.id, Reading.row_key.is_not(None))
    )
    return session.scalar(query) or 0


def _keys_withdrawn(session: Session, measure: Measure) -> set[str]:
    rows = session.scalars(
        select(WithdrawnReading.row_key).where(
            WithdrawnReading.measure_id == measure.id, WithdrawnReading.row_key.is_not(None)
        )
    )
    return {key for key in rows if key}


def _facts(measure: Measure, given: Given, *, after: bool, by: Person | None, at: datetime) -> dict[str, Any]:
    """A reading as the columns have it."""
    return {
        "measure_id": measure.id,
        "value": given.value,
        "read_on": given.on,
        "after": after,
        "comparison": given.comparison,
        "subject": given.subject[:LONGEST_SUBJECT] if given.subject else None,
        "traits": dict(given.traits) if given.traits else None,
        "exposure": given.exposure,
        "row_key": given.row_key,
        "note": given.note,
        "by_id": by.id if by else None,
        "recorded_at": at,
    }
