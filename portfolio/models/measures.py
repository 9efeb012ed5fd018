"""Business measures, their readings, and what was concluded from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json, choice
from portfolio.models.projects import Project
from portfolio.states import EvidenceGrade


class Measure(Base):
    """A business measure a project means to move, from `baseline` to `target`, both in `unit`."""

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
    source: Mapped[str] = mapped_column(String(160), default="")
    created_at: Mapped[datetime]

    project: Mapped[Project | None] = relationship()
    readings: Mapped[list[Reading]] = relationship(order_by="Reading.read_on", cascade="all, delete-orphan")


class Reading(Base):
    """One value of a measure at a time, for those trained or for a comparison group."""

    __tablename__ = "readings"
    __table_args__ = (Index(None, "measure_id", "read_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"))
    value: Mapped[float]
    read_on: Mapped[date]
    after: Mapped[bool]
    comparison: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]


class Evaluation(Base):
    """The result of a project at one level (1 reaction .. 5 ROI), frozen when concluded."""

    __tablename__ = "evaluations"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    level: Mapped[int]
    result: Mapped[str] = mapped_column(Text)
    grade: Mapped[EvidenceGrade] = mapped_column(choice(EvidenceGrade), default=EvidenceGrade.NONE)
    verdict: Mapped[str] = mapped_column(String(24), default="")
    figures: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    concluded_at: Mapped[datetime]
