"""Business measures, their readings, and what was concluded from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json, choice
from portfolio.models.projects import Project
from portfolio.states import EvidenceGrade


class Measure(Base):
    """A business measure a project means to move, from `baseline` to `target`, both in `unit`.

    `family` says what a value is: mean, count (of events; `Reading.exposure` is what they are counted among) or share (0..100 %).
    `by_chance`: who was trained was drawn by lot, so groups read only afterwards can be compared.
    `chosen_for_value`: they were trained because this value was bad, which comes up by itself; None where nobody said. `value_basis` says where the value of one unit comes from. It is read again after `read_every_days`. What is read from
    `cut_on` on counts as after; where it has none, from the day people first met the project's solution.
    """

    __tablename__ = "measures"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(String(160))
    unit: Mapped[str] = mapped_column(String(40), default="")
    higher_is_better: Mapped[bool] = mapped_column(default=True)
    baseline: Mapped[float | None]
    target: Mapped[float | None]
    worthwhile_change: Mapped[float | None]
    value_per_unit: Mapped[float | None]
    value_basis: Mapped[str] = mapped_column(String(300), default="", server_default="")
    family: Mapped[str] = mapped_column(String(12), default="mean", server_default="mean")
    by_chance: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    chosen_for_value: Mapped[bool | None]
    source: Mapped[str] = mapped_column(String(160), default="")
    read_every_days: Mapped[int | None]
    cut_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]

    project: Mapped[Project | None] = relationship()
    readings: Mapped[list[Reading]] = relationship(order_by="Reading.read_on", cascade="all, delete-orphan")


class Reading(Base):
    """One value of a measure at a time, for those trained or for a comparison group.

    `subject` names what was read (a person by pseudonym, a site, a machine): the same before and after makes a pair.
    `traits` are what might explain a difference besides the work ({"years": 4}); `exposure` is what a count is counted among;
    `row_key` is that of an imported or pulled row, so that a second time changes nothing.
    """

    __tablename__ = "readings"
    __table_args__ = (
        Index(None, "measure_id", "read_on"),
        Index(
            "ix_readings_row_key",
            "measure_id",
            "row_key",
            unique=True,
            sqlite_where=text("row_key IS NOT NULL"),
            postgresql_where=text("row_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"))
    value: Mapped[float]
    read_on: Mapped[date]
    after: Mapped[bool]
    comparison: Mapped[bool] = mapped_column(default=False)
    subject: Mapped[str | None] = mapped_column(String(64))
    traits: Mapped[dict[str, Any] | None] = mapped_column(Json)
    exposure: Mapped[float | None]
    row_key: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]


class WithdrawnReading(Base):
    """A reading that was taken back because it was wrong: what it said, and `why`. Its `row_key` keeps it from coming again with
    the same file or source."""

    __tablename__ = "withdrawn_readings"
    __table_args__ = (Index(None, "measure_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"))
    value: Mapped[float]
    read_on: Mapped[date]
    after: Mapped[bool]
    comparison: Mapped[bool]
    subject: Mapped[str | None] = mapped_column(String(64))
    traits: Mapped[dict[str, Any] | None] = mapped_column(Json)
    exposure: Mapped[float | None]
    row_key: Mapped[str | None] = mapped_column(String(64))
    recorded_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime]


class MeasureSource(Base):
    """Where the clock pulls a measure's values from: `kind` url (JSON or CSV at `address`, the value found by `pick`, its day by
    `pick_day`) or sql (one `query` against a database of the settings, named by `address`). It is run every `every_days`."""

    __tablename__ = "measure_sources"
    __table_args__ = (Index(None, "measure_id"), Index(None, "next_run_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"))
    kind: Mapped[str] = mapped_column(String(12))
    address: Mapped[str] = mapped_column(String(1000))
    query: Mapped[str] = mapped_column(Text, default="")
    pick: Mapped[str] = mapped_column(String(300), default="")
    pick_day: Mapped[str] = mapped_column(String(300), default="", server_default="")
    comparison: Mapped[bool] = mapped_column(default=False)
    every_days: Mapped[int] = mapped_column(default=7)
    is_on: Mapped[bool] = mapped_column(default=True)
    next_run_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    measure: Mapped[Measure] = relationship()


class BenefitEstimate(Base):
    """What one participant thinks the work was worth in a year, how much of it is due to the work (`isolation`, 0..1) and how
    sure they are (`confidence`, 0..1). `amount` in money. `left_out` says why it doesn't count, "" where it does. What was written
    down by mistake has a `removed_at`: it counts only in reports on what was known before."""

    __tablename__ = "benefit_estimates"
    __table_args__ = (
        Index(None, "project_id"),
        Index(
            "ix_benefit_estimates_row_key",
            "project_id",
            "row_key",
            unique=True,
            sqlite_where=text("row_key IS NOT NULL"),
            postgresql_where=text("row_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measures.id"))
    amount: Mapped[float]
    isolation: Mapped[float]
    confidence: Mapped[float]
    basis: Mapped[str] = mapped_column(String(500), default="")
    pseudonym: Mapped[str | None] = mapped_column(String(24))
    row_key: Mapped[str | None] = mapped_column(String(64))
    left_out: Mapped[str] = mapped_column(String(160), default="")
    given_on: Mapped[date]
    recorded_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class SuccessCase(Base):
    """A short record by Brinkerhoff's method: who used it for what, what came of it, what shows it, what stood in the way.

    `step` is how far the five steps are: focus, model, search, interview, told. `may_quote` says the person agreed to be named.
    """

    __tablename__ = "success_cases"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    step: Mapped[str] = mapped_column(String(12), default="focus")
    succeeded: Mapped[bool] = mapped_column(default=True)
    who: Mapped[str] = mapped_column(String(160), default="")
    role: Mapped[str] = mapped_column(String(160), default="")
    used: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(Text, default="")
    barriers: Mapped[str] = mapped_column(Text, default="")
    helped: Mapped[str] = mapped_column(Text, default="")
    quote: Mapped[str] = mapped_column(String(500), default="")
    may_quote: Mapped[bool] = mapped_column(default=False)
    told_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    project: Mapped[Project] = relationship()


class Evaluation(Base):
    """The result of a project at one level (1 reaction .. 5 ROI), frozen when concluded. `tier` is LTEM's, 1 to 8."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measures.id"))
    level: Mapped[int]
    tier: Mapped[int | None]
    result: Mapped[str] = mapped_column(Text)
    grade: Mapped[EvidenceGrade] = mapped_column(choice(EvidenceGrade), default=EvidenceGrade.NONE)
    verdict: Mapped[str] = mapped_column(String(24), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    concluded_at: Mapped[datetime]
