"""Dates that were told, kept on record to be scored later."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base


class Promise(Base):
    """A forecast of when something is done: the days by which it is with 50, 85 and 95 %, made on a day by a method from
    `sample` finished items. Settled once: `done_on` is when it was, or nothing where it was given up."""

    __tablename__ = "promises"
    __table_args__ = (
        UniqueConstraint("subject_type", "subject_id", "made_on"),
        Index(None, "settled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    made_on: Mapped[date]
    made_at: Mapped[datetime]
    likely_on: Mapped[date]
    promised_on: Mapped[date]
    surely_on: Mapped[date]
    items_left: Mapped[int]
    sample: Mapped[int]
    method: Mapped[str] = mapped_column(String(24))
    formula_version: Mapped[str] = mapped_column(String(24))
    seed: Mapped[int]
    done_on: Mapped[date | None]
    settled_at: Mapped[datetime | None]
