"""The append-only history, and the heartbeat of the processes beside the web."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json


class Event(Base):
    """One line of history. The database refuses to change or delete it. Details hold ids and states, no personal data."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "subject_type", "subject_id"),
        Index(None, "action", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class Pulse(Base):
    """When a process was last seen, and what it saw."""

    __tablename__ = "pulses"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
