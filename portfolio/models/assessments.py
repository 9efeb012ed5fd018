"""Rubrics and the assessments made with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.people import Person


class Rubric(Base):
    """One published version of the scoring model; `body` is `rules.rubric.Rubric` as JSON."""

    __tablename__ = "rubrics"

    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    published_by: Mapped[Person | None] = relationship()

    @property
    def id(self) -> int:
        """What the history knows it by."""
        return self.version


class Assessment(Base):
    """One immutable result of scoring one request. Ranges are 10th, 50th and 90th percentiles."""

    __tablename__ = "assessments"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    rubric_version: Mapped[int]
    seed: Mapped[int]
    draws: Mapped[int]
    scored_at: Mapped[datetime]
    flow_run_id: Mapped[str | None] = mapped_column(String(36))
    impact_low: Mapped[float]
    impact_likely: Mapped[float]
    impact_high: Mapped[float]
    effort_hours_low: Mapped[float]
    effort_hours_likely: Mapped[float]
    effort_hours_high: Mapped[float]
    manager_hours_low: Mapped[float]
    manager_hours_likely: Mapped[float]
    manager_hours_high: Mapped[float]
    leverage_low: Mapped[float]
    leverage_likely: Mapped[float]
    leverage_high: Mapped[float]
    fit: Mapped[float]
    quadrants: Mapped[dict[str, Any]] = mapped_column(Json)
    reasons: Mapped[list[Any]] = mapped_column(Json)
    working: Mapped[dict[str, Any]] = mapped_column(Json)

    @property
    def quadrant(self) -> str:
        """The most probable quadrant's word."""
        return max(self.quadrants, key=lambda name: float(self.quadrants[name]))

    @property
    def quadrant_chance(self) -> float:
        return float(self.quadrants[self.quadrant])
