"""Readings from a file: what each column is, what taking it would do, and taking it. One row a value, or one a subject with its
value before and after."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import imports, measures, organisation, sheets
from portfolio.database import hold
from portfolio.history import record
from portfolio.importing import dates, periods
from portfolio.imports import NotWaiting
from portfolio.links import Links
from portfolio.measures import LONGEST_SUBJECT, Difference, Given, ReadingRefused, key_of
from portfolio.models import Import, Measure, Person
from portfolio.sheets import Sheet, Unreadable, tidy
from portfolio.submission import clean, one_line

KIND = "readings"
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_TRAITS = 12
SHOWN_ERRORS = 50

VALUE, BEFORE, AFTER, DAY, YEAR, MONTH, WHEN, GROUP, SUBJECT, EXPOSURE, TRAIT, NOTE, NOTHING = (
    "value", "before", "after", "day", "year", "month", "when", "group", "subject", "exposure", "trait", "note", "",
)  # fmt: skip
ROLES = (
    (NOTHING, "Leave it out"),
    (VALUE, "The value"),
    (BEFORE, "The value before"),
    (AFTER, "The value after"),
    (DAY, "Day, month or period"),
    (YEAR, "Year"),
    (MONTH, "Month"),
    (WHEN, "Before or after"),
    (GROUP, "Trained, or comparison group"),
    (SUBJECT, "Of whom or what"),
    (EXPOSURE, "Counted among"),
    (TRAIT, "A trait that may explain it"),
    (NOTE, "Note"),
)
"""What a column can be."""
ONE_EACH = {VALUE, BEFORE, AFTER, DAY, YEAR, MONTH, WHEN, GROUP, SUBJECT, EXPOSURE, NOTE}

_WORDS: dict[str, tuple[str, ...]] = {
    DAY: ("date", "day", "period", "week", "quarter", "read on", "read_on", "timestamp", "datum", "yearmonth"),
    YEAR: ("year", "jahr"),
    MONTH: ("month", "monat"),
    WHEN: ("when", "phase", "before/after", "before or after", "pre/post", "prepost", "post", "time point", "timepoint", "intervention"),
    GROUP: ("group", "arm", "condition", "treatment", "treated", "trained", "train", "comparison", "cohort", "control"),
    SUBJECT: ("subject", "id", "person", "participant", "employee", "site", "store", "team", "machine", "pseudonym", "respondent", "student", "firm", "company", "plant", "branch", "school", "fcode"),
    EXPOSURE: ("exposure", "population", "pop", "among", "hours worked", "denominator", "n", "headcount", "person years"),
    NOTE: ("note", "notes", "comment"),
    BEFORE: ("before", "pre", "baseline", "pretest", "pre-test", "vorher", "pre score"),
    AFTER: ("after", "post", "posttest", "post-test", "nachher", "follow-up", "followup", "post score"),
    VALUE: ("value", "score", "result", "amount", "measure", "count", "reading"),
}  # fmt: skip
_AFTER_WORDS = {"after", "post", "1", "yes", "true", "posttest", "post-test", "t2", "nachher"}
_BEFORE_WORDS = {"before", "pre", "0", "no", "false", "baseline", "pretest", "pre-test", "t1", "vorher"}
_NONE = {"na", "n/a", "nan", "null", "none", "#n/a", "-", "–", "."}
"""How programs write that there is no value."""
_COMPARISON_WORDS = {
    "comparison",
    "control",
    "0",
    "no",
    "false",
    "untrained",
    "not trained",
    "c",
    "kontrolle",
    "usual",
}


class NotReadable(ValueError):
    """The file can't be read so; the message says what is missing."""


@dataclass(frozen=True)
class Plan:
    """How a file is read: each column's role, the days where the file has none, which words of the group column mean the
    comparison group, and from which day on values are from after."""

    roles: dict[str, str]
    cut_on: date | None = None
    before_on: date | None = None
    after_on: date | None = None
    comparison: tuple[str, ...] = ()
    month_first: bool = False

    def column(self, role: str) -> str | None:
        return next((name for name, held in self.roles.items() if held == role), None)

    def columns(self, role: str) -> list[str]:
        return [name for name, held in self.roles.items() if held == role]

    @property
    def is_wide(self) -> bool:
        """Whether a row has a value before and one after."""
        return self.column(BEFORE) is not None and self.column(AFTER) is not None

    @property
    def is_dated(self) -> bool:
        return self.column(DAY) is not None or self.column(YEAR) is not None

    def as_json(self) -> dict[str, object]:
        days = {name: getattr(self, name) for name in ("cut_on", "before_on", "after_on")}
        return {
            "roles": self.roles,
            "comparison": list(self.comparison),
            "month_first": self.month_first,
            **{name: day.isoformat() if day else None for name, day in days.items()},
        }

    @classmethod
    def from_json(cls, kept: dict[str, object]) -> "Plan":
        def day(name: str) -> date | None:
            said = kept.get(name)
            return date.fromisoformat(said) if isinstance(said, str) else None

        roles, comparison = kept.get("roles"), kept.get("comparison")
        return cls(
            {str(name): str(role) for name, role in roles.items()} if isinstance(roles, dict) else {},
            day("cut_on"),
            day("before_on"),
            day("after_on"),
            tuple(map(str, comparison)) if isinstance(comparison, list) else (),
            bool(kept.get("month_first")),
        )


@dataclass(frozen=True)
class Column:
    """A column as it is shown: its words in the file, what it is taken for, and a few of its cells."""

    name: str
    words: str
    role: str
    examples: tuple[str, ...]
    is_number: bool


@dataclass(frozen=True)
class Looked:
    """What taking a file would do: its columns, what is new, what it corrects, what is wrong by line, and the words its group
    column has."""

    columns: tuple[Column, ...]
    plan: Plan
    difference: Difference
    errors: tuple[tuple[int, str], ...]
    empty: int
    groups: tuple[str, ...]
    missing: str = ""
    given: tuple[Given, ...] = field(default=(), repr=False)

    @property
    def can_take(self) -> bool:
        return not self.missing and bool(self.difference.changed)

    def count(self, *, after: bool, comparison: bool) -> int:
        """Of what is new, so many on this side."""
        return sum((one.after, one.comparison) == (after, comparison) for one in self.difference.new)


def start(
    session: Session, measure: Measure, *, name: str, content: bytes, by: Person, at: datetime
) -> Import:
    """Keep a file with a first plan of what its columns are, to be looked at. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is {len(content) / 1e6:.0f} MB; we take {MOST_BYTES // 1024**2} MB here.")
    sheet = sheets.sheet(sheets.opened(content))
    if sheet.is_longer_than(MOST_ROWS):
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Please bring it in parts.")
    proposed = propose(sheet, cut_on=measures.divided_on(session, measure))
    plan = _as_before(session, measure, proposed) or proposed
    kept = Import(
        name=str(clean(name))[-200:] or "file",
        kind=KIND,
        digest=hashlib.sha256(content).hexdigest(),
        mapping={"measure": measure.id, **plan.as_json()},
        account={},
        started_by_id=by.id,
        started_at=at,
    )
    kept.content = content
    session.add(kept)
    session.flush()
    record(session, "import.started", kept, by=by, at=at, kind=KIND)
    return kept


def change_plan(session: Session, waiting: Import, plan: Plan) -> None:
    """Read the file another way. Raises NotWaiting."""
    hold(session, waiting)
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken or dropped.")
    waiting.mapping = {"measure": waiting.mapping["measure"], **plan.as_json()}


def look(session: Session, waiting: Import, measure: Measure, *, links: Links, now: datetime) -> Looked:
    """What taking the file would do. Changes nothing. Raises Unreadable."""
    plan = Plan.from_json(waiting.mapping)
    sheet = sheets.sheet(sheets.opened(waiting.content or b""))
    zone = organisation.zone(organisation.current(session))
    columns = tuple(_columns(sheet, plan))
    groups = tuple(_words_of(sheet, plan.column(GROUP)))
    nothing = Difference((), (), 0)
    missing = what_is_missing(plan)
    if missing:
        return Looked(columns, plan, nothing, (), 0, groups, missing)
    given, errors, empty = _read(sheet, plan, measure, today=now.astimezone(zone).date(), zone=zone)
    given = _keyed(measures.nameless(session, measure, given, links))
    difference = measures.look_at(session, measure, given)
    return Looked(columns, plan, difference, tuple(errors), empty, groups, "", tuple(given))


def take(
    session: Session, waiting: Import, measure: Measure, *, links: Links, by: Person, at: datetime
) -> Looked:
    """Take the file's readings, all that are right or none. Raises NotWaiting, NotReadable, Unreadable or ReadingRefused."""
    hold(session, waiting)
    if not imports.waits(waiting):
        raise NotWaiting("This file has been taken or dropped.")
    looked = look(session, waiting, measure, links=links, now=at)
    if looked.missing:
        raise NotReadable(looked.missing)
    divides = looked.plan.cut_on is not None and not looked.plan.is_wide and not looked.plan.column(WHEN)
    if divides and looked.plan.cut_on != measures.divided_on(session, measure):
        measures.edit(session, measure, version=None, by=by, at=at, cut_on=looked.plan.cut_on)
    found = measures.read_many(session, measure, looked.given, source=f"import {waiting.id}", by=by, at=at)
    waiting.taken_at, waiting.content = at, None
    waiting.rows_done = len(looked.given)
    waiting.account = {
        "rows": len(looked.given) + len(looked.errors),
        "new": len(found.new),
        "corrected": len(found.corrected),
        "unchanged": found.unchanged,
        "wrong": len(looked.errors),
    }
    record(session, "import.taken", waiting, by=by, at=at, kind=KIND, measure=measure.id, **waiting.account)
    return replace(looked, difference=found)


def drop(session: Session, waiting: Import, *, by: Person, at: datetime) -> None:
    """Forget the file. Raises NotWaiting."""
    imports.drop(session, waiting, by=by, at=at)


# Queries


def find(session: Session, measure: Measure, number: int) -> Import | None:
    """The file of this number that was brought for this measure."""
    found = imports.find(session, number)
    if found is None or found.kind != KIND or found.mapping.get("measure") != measure.id:
        return None
    return found


def recent(session: Session, measure: Measure, limit: int = 10) -> list[Import]:
    """The latest files brought for a measure, without their content."""
    rows = session.scalars(select(Import).where(Import.kind == KIND).order_by(Import.id.desc()).limit(200))
    return [one for one in rows if one.mapping.get("measure") == measure.id][:limit]


# Below: what columns are


def _as_before(session: Session, measure: Measure, proposed: Plan) -> Plan | None:
    """How a file with the same columns was taken for this measure before."""
    for earlier in recent(session, measure):
        plan = Plan.from_json(earlier.mapping)
        if earlier.taken_at is not None and list(plan.roles) == list(proposed.roles):
            return replace(plan, cut_on=proposed.cut_on or plan.cut_on, month_first=proposed.month_first)
    return None


def propose(sheet: Sheet, *, cut_on: date | None = None) -> Plan:
    """What each column seems to be, by its name and its cells; other columns of numbers are offered as traits by the form."""
    roles: dict[str, str] = {header.name: NOTHING for header in sheet.headers}
    cells = _samples(sheet)
    for role in (BEFORE, AFTER):
        _find_role(sheet, cells, roles, role)
    is_wide = {BEFORE, AFTER} <= set(roles.values())
    if not is_wide:
        roles = dict.fromkeys(roles, NOTHING)
    for role in _WORDS:
        if role not in {BEFORE, AFTER} and not (is_wide and role in {WHEN, VALUE}):
            _find_role(sheet, cells, roles, role)
    if YEAR not in roles.values() and DAY not in roles.values():  # "month" with the year in it
        roles = {name: DAY if role == MONTH else role for name, role in roles.items()}
    plan = Plan(
        roles, cut_on=cut_on, month_first=dates.month_comes_first(cells.get(_named(roles, DAY) or "", []))
    )
    return replace(_with_value(plan, sheet, cells), comparison=_comparison_words(sheet, plan.column(GROUP)))


def _find_role(sheet: Sheet, cells: dict[str, list[str]], roles: dict[str, str], role: str) -> None:
    """Give the first free column that is called so this role; what has to be a number, only where it is one."""
    for header in sheet.headers:
        needs_numbers = role in {VALUE, BEFORE, AFTER, EXPOSURE}
        is_free = roles[header.name] == NOTHING and (not needs_numbers or _is_numeric(cells[header.name]))
        if is_free and _is_named(header.original, _WORDS[role]):
            roles[header.name] = role
            return


def with_groups(waiting: Import, plan: Plan) -> Plan:
    """The plan with the words of its group column that seem to mean the comparison group. Raises Unreadable."""
    sheet = sheets.sheet(sheets.opened(waiting.content or b""))
    said = _words_of(sheet, plan.column(GROUP))
    chosen = tuple(one for one in plan.comparison if one in said)
    return replace(plan, comparison=chosen or _comparison_words(sheet, plan.column(GROUP)))


def what_is_missing(plan: Plan) -> str:
    """What the plan still needs, in words; "" where nothing."""
    twice = [role for role, count in Counter(plan.roles.values()).items() if role in ONE_EACH and count > 1]
    if twice:
        return f"Two columns are both “{dict(ROLES)[twice[0]]}”. Please choose one."
    return _missing_days_wide(plan) if plan.is_wide else _missing_in_rows(plan)


def _missing_days_wide(plan: Plan) -> str:
    if plan.before_on is None or plan.after_on is None:
        return "Please give the day the values before were read, and the day of those after."
    return "" if plan.before_on < plan.after_on else "The day after has to come after the day before."


def _missing_in_rows(plan: Plan) -> str:
    if plan.column(VALUE) is None:
        return "Please say which column is the value, or which two are the value before and the value after."
    if not plan.is_dated and not (plan.column(WHEN) and plan.before_on and plan.after_on):
        return "No column says the day. Please choose one, or say which column tells before from after, and give both days."
    if plan.column(WHEN) is None and plan.cut_on is None:
        return "Please give the day people met the solution: values from that day on are from after."
    return ""


def _with_value(plan: Plan, sheet: Sheet, cells: dict[str, list[str]]) -> Plan:
    """Where no column is called the value: the only one of numbers that is nothing else."""
    if plan.column(VALUE) or plan.is_wide:
        return plan
    roles = dict(plan.roles)
    free = [
        header.name
        for header in sheet.headers
        if roles[header.name] == NOTHING
        and _is_numeric(cells[header.name])
        and not _counts_up(cells[header.name])
    ]
    if len(free) == 1:
        roles[free[0]] = VALUE
    return replace(plan, roles=roles)


def _columns(sheet: Sheet, plan: Plan) -> Iterator[Column]:
    cells = _samples(sheet)
    for header in sheet.headers:
        held = cells[header.name]
        shown = tuple(dict.fromkeys(cell[:40] for cell in held))[:3]
        role = plan.roles.get(header.name, NOTHING)
        yield Column(header.name, tidy(header.original)[:80] or header.name, role, shown, _is_numeric(held))


def _samples(sheet: Sheet, most: int = 200) -> dict[str, list[str]]:
    """The first cells of each column that say something."""
    found: dict[str, list[str]] = {header.name: [] for header in sheet.headers}
    for place, row in enumerate(sheet.rows()):
        if place >= most:
            break
        for header, cell in zip(sheet.headers, row.cells, strict=False):
            if cell.strip():
                found[header.name].append(cell.strip())
    return found


def _is_named(words: str, names: Sequence[str]) -> bool:
    said = re.sub(r"[\s_.\-/]+", " ", tidy(words).casefold()).strip()
    return any(said == re.sub(r"[\s_.\-/]+", " ", name) for name in names)


def _is_numeric(cells: Sequence[str]) -> bool:
    """Whether a column is one of numbers, a slip here and there aside."""
    numbers = sum(bool(re.fullmatch(r"[-+]?[\d.,' \u00a0]*\d\s*%?", cell)) for cell in cells)
    return bool(cells) and numbers >= max(1, 0.6 * len(cells))


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether it only numbers the rows."""
    return cells[:3] == ["1", "2", "3"]


def _named(roles: dict[str, str], role: str) -> str | None:
    return next((name for name, held in roles.items() if held == role), None)


def _words_of(sheet: Sheet, column: str | None, most: int = 12) -> list[str]:
    """The different cells of a column, if they are few."""
    place = sheet.index(column) if column else None
    if place is None:
        return []
    found: dict[str, None] = {}
    for row in sheet.rows():
        if row.cells[place].strip():
            found[row.cells[place].strip()[:60]] = None
        if len(found) > most:
            return []
    return sorted(found)


def _comparison_words(sheet: Sheet, column: str | None) -> tuple[str, ...]:
    """Which cells of the group column mean the comparison group: by their words, else none."""
    inverted = column is not None and _is_named(column, ("comparison", "control"))
    said = _words_of(sheet, column)
    if inverted:
        return tuple(one for one in said if one.casefold() in {"1", "yes", "true", "x"})
    return tuple(one for one in said if one.casefold() in _COMPARISON_WORDS)


# Below: what rows say


def _read(
    sheet: Sheet, plan: Plan, measure: Measure, *, today: date, zone: tzinfo
) -> tuple[list[Given], list[tuple[int, str]], int]:
    """The readings of all rows, what is wrong by line, and how many rows have no value."""
    place = {header.name: number for number, header in enumerate(sheet.headers)}
    given: list[Given] = []
    errors: list[tuple[int, str]] = []
    empty = 0
    as_number = partial(_number, comma=_has_decimal_commas(sheet, plan))
    for row in sheet.rows():
        if row.is_blank:
            continue
        cells = {name: _cell(row.cells[number]) for name, number in place.items()}
        try:
            found = [*_of_row(cells, plan, as_number, line=row.line, today=today, zone=zone)]
            for one in found:
                measures.check(measure, one)
        except (NotReadable, ReadingRefused) as problem:
            errors.append((row.line, str(problem)))
            continue
        empty += not found
        given += found
    return given, errors, empty


def _cell(said: str) -> str:
    """A cell's words, none where it says by a word that there are none."""
    said = said.strip()
    return "" if said.casefold() in _NONE else said


def _of_row(
    cells: dict[str, str],
    plan: Plan,
    number: Callable[[str], float],
    *,
    line: int,
    today: date,
    zone: tzinfo,
) -> Iterator[Given]:
    common = _common(cells, plan, number)
    if plan.is_wide:
        if common.subject is None and plan.before_on is not None:  # a row is one of something, named or not
            common = replace(common, subject=f"{plan.before_on.isoformat()} line {line}")
        sides = ((BEFORE, plan.before_on, False), (AFTER, plan.after_on, True))
        for role, day, is_after in sides:
            value = cells[plan.column(role) or ""]
            if value and day is not None:
                yield replace(common, value=number(value), on=_past(day, today), after=is_after)
        return
    value = cells[plan.column(VALUE) or ""]
    if not value:
        return
    after = _is_after(cells, plan)
    on = _past(_day(cells, plan, zone=zone, after=after), today)
    side = measures.is_after(on, plan.cut_on) if after is None else after
    yield replace(common, value=number(value), on=on, after=side)


def _past(on: date, today: date) -> date:
    if on > today:
        raise NotReadable(f"{on.isoformat()} is still to come.")
    return on


def _common(cells: dict[str, str], plan: Plan, number: Callable[[str], float]) -> Given:
    """What all values of a row share."""
    subject, exposure, note, group = (plan.column(role) for role in (SUBJECT, EXPOSURE, NOTE, GROUP))
    traits = {name: cells[name] for name in plan.columns(TRAIT)[:MOST_TRAITS] if cells[name]}
    return Given(
        value=0.0,
        on=date.min,
        comparison=bool(group and cells[group][:60] in plan.comparison),
        subject=str(one_line(cells[subject]))[:LONGEST_SUBJECT] or None if subject else None,
        exposure=number(cells[exposure]) if exposure and cells[exposure] else None,
        traits={name: number(cell) for name, cell in traits.items()} or None,
        note=str(one_line(cells[note]))[:200] if note else "",
    )


def _is_after(cells: dict[str, str], plan: Plan) -> bool | None:
    column = plan.column(WHEN)
    if column is None:
        return None
    said = cells[column].casefold()
    if said in _AFTER_WORDS:
        return True
    if said in _BEFORE_WORDS:
        return False
    raise NotReadable(f"“{cells[column][:40]}” is neither before nor after.")


def _day(cells: dict[str, str], plan: Plan, *, zone: tzinfo, after: bool | None) -> date:
    day, year, month = plan.column(DAY), plan.column(YEAR), plan.column(MONTH)
    if day is not None:
        found = periods.day_in(cells[day], month_first=plan.month_first, zone=zone)
    elif year is not None:
        found = periods.month_of(cells[year], cells[month] if month else "")
    else:
        found = plan.after_on if after else plan.before_on
    if found is None:
        said = cells[day or year or ""]
        raise NotReadable(f"“{said[:40]}” is no day we can read." if said else "The day is missing.")
    return found


def _number(said: str, *, comma: bool) -> float:
    """The number a cell says; `comma` where the file writes 3,125 for a little more than three. 9,8 says itself what it is."""
    shown = _shows_decimal_comma(said)
    comma = comma if shown is None else shown
    digits = re.sub(r"[\s%\u00a0\u202f']", "", said)
    digits = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    try:
        found = float(digits) if re.search(r"\d", digits) else math.nan
    except ValueError:
        found = math.nan
    if not abs(found) <= 1e12:
        raise NotReadable(f"“{said[:40]}” is no number.")
    return found


def _has_decimal_commas(sheet: Sheet, plan: Plan) -> bool:
    """Whether the numbers of the file have commas where others have points: some cell shows it, or its semicolons do."""
    numbers = {VALUE, BEFORE, AFTER, EXPOSURE, TRAIT}
    samples = _samples(sheet)
    cells = [cell for name, role in plan.roles.items() if role in numbers for cell in samples.get(name, [])]
    shown = {_shows_decimal_comma(cell) for cell in cells}
    if shown & {True, False}:
        return False not in shown
    return sheet.source.kind == "csv" and sheet.source.delimiter == ";" and any("," in cell for cell in cells)


def _shows_decimal_comma(cell: str) -> bool | None:
    """Whether this number has a comma where others have a point; None where it could be either, as 3,125."""
    if re.search(r"\d\.\d{1,2}\D*$|\d\.\d{4,}\D*$|,\d{3}\.", cell):
        return False
    if re.search(r"\d,\d{1,2}\D*$|\d,\d{4,}\D*$|\.\d{3},", cell):
        return True
    return None


def _keyed(given: Sequence[Given]) -> list[Given]:
    """With the keys by which a row is known the next time: its day, side, group and subject, and which of those alike it is."""
    seen: Counter[tuple[object, ...]] = Counter()
    found = []
    for one in given:
        same = (one.on, one.comparison, one.subject or "")
        found.append(replace(one, row_key=key_of("file", *same, seen[same])))
        seen[same] += 1
    return found
