"""Business aims that requests and projects serve."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base


class Goal(Base):
    """A business problem or aim. `weight` 1..5 says how much it matters this period."""

    __tablename__ = "goals"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160), unique=True)
    measure: Mapped[str] = mapped_column(String(200), default="")
    owner: Mapped[str] = mapped_column(String(120), default="")
    weight: Mapped[int] = mapped_column(default=3)
    target: Mapped[float | None]
    year_to_date: Mapped[float | None]
    unit: Mapped[str] = mapped_column(String(40), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
