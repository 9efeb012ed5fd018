"""What the pages about measures are given: what is known of one, in a sentence, in a picture and in a table behind it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from markupsafe import Markup

from portfolio.measure_pulls import KINDS, SQL, Outcome
from portfolio.measures import FAMILIES, SHARE, Standing
from portfolio.models import Measure, MeasureSource, Reading, WithdrawnReading
from portfolio.proving import GRADE_WORDS
from portfolio.rules.addresses import masked
from portfolio.rules.effect import EffectSize, Ratio
from portfolio.rules.proof import Proof
from reports import measure_chart, words
from reports.proof_view import OPENINGS, TONES
from web.forms import Errors, Fields

SMALLEST_GROUP = 5
SHOWN = 60
"""Readings, and days, shown at a time; the latest."""
PHASES = (("before", "Before people met it"), ("after", "After"))
GROUPS = (("", "Those it is for"), ("1", "A comparison group"))


@dataclass(frozen=True)
class MeasureRow:
    """A measure as a line of the list."""

    measure: Measure
    standing: Standing
    warning: str
    next_on: date | None
    pulled: bool
    problem: str
    today: date

    @property
    def is_due(self) -> bool:
        return self.next_on is not None and self.next_on <= self.today and not self.pulled

    @property
    def last(self) -> str:
        if self.standing.last_on is None:
            return "not read yet"
        return words.amount(self.standing.last_value, self.measure.unit)

    @property
    def baseline(self) -> tuple[str, str]:
        """Its tone and its word."""
        if self.standing.before and not self.warning:
            return "good", "read before"
        return ("warn", "too late") if self.standing.before else ("warn", "none yet")


@dataclass(frozen=True)
class Measures:
    """The list."""

    rows: list[MeasureRow]
    may_change: bool
    more: bool = False

    @property
    def said(self) -> str:
        without = sum(not row.standing.before for row in self.rows)
        due = sum(row.is_due for row in self.rows)
        parts = [f"{words.counted(len(self.rows), 'measure')} named"]
        parts.append(f"{without} without a value from before" if without else "all with a value from before")
        return f"{', '.join(parts)}{f'; {due} to be read now' if due else ''}."


@dataclass(frozen=True)
class Day:
    """All that was read on one day on one side: how many, and their mean, None where they are too few to be shown."""

    on: date
    after: bool
    comparison: bool
    count: int
    mean: float | None


@dataclass(frozen=True)
class SourceLine:
    """A source as it may be shown: an address without what could be as good as a password."""

    source: MeasureSource

    @property
    def where(self) -> str:
        return self.source.address if self.source.kind == SQL else masked(self.source.address)

    @property
    def what(self) -> str:
        return "a query in" if self.source.kind == SQL else ""

    @property
    def often(self) -> str:
        days = self.source.every_days
        return "every day" if days == 1 else f"every {days} days"


@dataclass(frozen=True)
class MeasurePage:
    """One measure: what is known, how it was found, and for the manager what may be changed."""

    measure: Measure
    proof: Proof
    standing: Standing
    warning: str
    cut_on: date | None
    costs: float
    currency: str
    sources: list[SourceLine]
    gone: list[WithdrawnReading]
    next_on: date | None
    may_change: bool
    today: date
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)
    saved: str = ""
    trial: Outcome | None = None
    tried: int = 0
    databases: tuple[str, ...] = ()
    hosts: bool = False
    families: tuple[tuple[str, str], ...] = FAMILIES
    phases: tuple[tuple[str, str], ...] = PHASES
    groups: tuple[tuple[str, str], ...] = GROUPS
    kinds: tuple[tuple[str, str], ...] = KINDS

    @property
    def path(self) -> str:
        return f"/measures/{self.measure.id}"

    @property
    def verdict(self) -> str:
        return self.proof.verdict.outcome.value

    @property
    def tone(self) -> str:
        return TONES[self.verdict]

    @property
    def opening(self) -> str:
        return OPENINGS[self.proof.verdict.outcome]

    @property
    def grade(self) -> str:
        return GRADE_WORDS[self.proof.grade.grade]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the result doubtful; the baseline first."""
        found = self.proof.warnings
        return (self.warning, *found) if self.warning and self.standing.before else found

    @property
    def effect_size(self) -> str:
        found = self.proof.effect_size
        return f"Hedges’ g {_with_range(found)}, counted in {found.of}" if found else ""

    @property
    def ratio(self) -> str:
        found = self.proof.ratio
        return f"{_with_range(found)} times what it would have been" if found else ""

    @cached_property
    def has_subjects(self) -> bool:
        return any(one.subject for one in self.measure.readings)

    @property
    def may_see_each(self) -> bool:
        """Whether single readings may be shown: a leader sees none that may be one person's."""
        return self.may_change or not self.has_subjects

    @property
    def said(self) -> str:
        """What is known, in a sentence, never without its range."""
        stands, unit = self.standing, self.measure.unit
        if not stands.readings:
            return "It hasn’t been read yet."
        if self.proof.change is None:
            side = "before" if stands.before else "after"
            last = words.amount(stands.last_value, unit)
            shown = f", {last} the last time" if self.may_see_each and stands.last_on else ""
            return f"Read {words.counted(stands.before + stands.after, 'time')} {side}{shown}; there is nothing to compare it with yet."
        return f"{self.opening} {self._change}"

    @property
    def _change(self) -> str:
        found = self.proof.change
        if found is None:
            return ""
        unit = (
            "percentage points"
            if self.measure.family == SHARE or self.measure.unit == "%"
            else self.measure.unit
        )
        size = f"{words.amount(abs(found.likely), unit)} {_way(found.likely)}"
        if found.low is None or found.high is None:
            return f"{size}, but too few readings for a range."
        near, far = sorted((found.low, found.high), key=abs)
        if near * far > 0:
            return f"{size} (95 % range {words.number(abs(near), 2)} to {words.number(abs(far), 2)})."
        low, high = (f"{words.number(abs(one), 2)} {_way(one)}" for one in (found.low, found.high))
        return f"{size} (95 % range from {low} to {high})."

    @property
    def change(self) -> str:
        return self._change or "–"

    @property
    def base(self) -> str:
        stands = self.standing
        own = f"{words.counted(stands.before, 'reading')} before, {stands.after} after"
        if not stands.other_before and not stands.other_after:
            return own
        return f"{own}; comparison group {stands.other_before} before, {stands.other_after} after"

    @property
    def break_even(self) -> str:
        even = self.proof.worth.break_even_change
        if even is None:
            return ""
        unit = "percentage points" if self.measure.unit == "%" else self.measure.unit
        return f"What it cost, {words.money(self.costs, self.currency)}, is earned back in a year by a change of {words.amount(even, unit)}."

    @property
    def comparison(self) -> str:
        """Where the comparison group stands, and what it is good for."""
        stands = self.standing
        if stands.other_before >= 2 and stands.other_after >= 2:
            return "What the comparison group did meanwhile is taken off: a change that happened there too isn’t due to the work."
        if stands.other_before or stands.other_after:
            missing = "before" if stands.other_before < stands.other_after else "after"
            return f"A comparison group counts from two readings before and two after on; there are {stands.other_before} and {stands.other_after}. Read it {missing} as well."
        return (
            "There is none. People, teams or sites like these who haven’t met it yet, read at the same times, show what would have "
            "happened anyway; those who get it later will do."
        )

    @cached_property
    def days(self) -> list[Day]:
        return days_of(self.measure.readings, hides_small=not self.may_see_each)

    @property
    def shown_days(self) -> list[Day]:
        return self.days[-SHOWN:][::-1]

    @property
    def shown_readings(self) -> list[Reading]:
        """The latest readings, each by itself."""
        return sorted(self.measure.readings, key=lambda one: (one.read_on, one.id))[-SHOWN:][::-1]

    @cached_property
    def points(self) -> list[measure_chart.Point]:
        return [
            measure_chart.Point(one.on, one.mean, after=one.after, comparison=one.comparison)
            for one in self.days
            if one.mean is not None
        ]

    @property
    def key(self) -> list[tuple[str, str]]:
        return measure_chart.key_of(self.points)

    @cached_property
    def chart(self) -> Markup:
        one = self.measure
        return measure_chart.drawn(
            self.points, cut_on=self.cut_on, target=one.target, unit=one.unit, name=one.name
        )


def _with_range(found: EffectSize | Ratio) -> str:
    likely = words.number(found.likely, 2)
    if found.low is None or found.high is None:
        return likely
    return f"{likely} (95 % range {words.number(found.low, 2)} to {words.number(found.high, 2)})"


def _way(change: float) -> str:
    return "higher" if change > 0 else "lower"


def days_of(readings: Sequence[Reading], *, hides_small: bool) -> list[Day]:
    """The readings of each day and side as their mean. Where single ones may be a person's, days on which fewer than five were
    read are hidden, and if there is any such day, all: the mean of the rest would give it away."""
    cells: dict[tuple[date, bool, bool], list[float]] = defaultdict(list)
    for one in readings:
        cells[one.read_on, one.after, one.comparison].append(one.value)
    hides = hides_small and any(len(values) < SMALLEST_GROUP for values in cells.values())
    return [
        Day(on, after, comparison, len(values), None if hides else sum(values) / len(values))
        for (on, after, comparison), values in sorted(cells.items())
    ]
