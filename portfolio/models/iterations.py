"""Time boxes, their daily snapshots and their closed record."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json, choice
from portfolio.states import IterationStatus


class Iteration(Base):
    """A time box. `record` is written when it closes and never again: what was committed, done, left, and the hours.

    The database refuses to change a closed one, and a second open one. `capacity_hours` follow the calendar until it starts,
    unless they were given `capacity_by_hand`; `capacity_words` say how they came about. `commitment` is what it started with:
    [{"card", "title", "hours", "project"}], `committed` their ids.

    `review` is [{"project", "shown", "learned", "verdict": keep|change|kill, "next_hypothesis"}], `retrospective`
    {"went_well", "went_badly", "try_next"}.
    """

    __tablename__ = "iterations"
    __table_args__ = (
        Index(
            "ix_iterations_one_open",
            "status",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    goal: Mapped[str] = mapped_column(Text, default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[IterationStatus] = mapped_column(choice(IterationStatus), default=IterationStatus.PLANNED)
    capacity_hours: Mapped[float]
    capacity_by_hand: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    capacity_words: Mapped[str] = mapped_column(Text, default="", server_default="")
    committed: Mapped[list[Any] | None] = mapped_column(Json)
    commitment: Mapped[list[Any] | None] = mapped_column(Json)
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    shown: Mapped[str] = mapped_column(Text, default="")
    learned: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(Text, default="")
    review: Mapped[list[Any] | None] = mapped_column(Json)
    retrospective: Mapped[dict[str, Any] | None] = mapped_column(Json)
    record: Mapped[dict[str, Any] | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class Snapshot(Base):
    """The state of one iteration at the end of one day; taken by the flow, once a day."""

    __tablename__ = "snapshots"

    iteration_id: Mapped[int] = mapped_column(ForeignKey("iterations.id"), primary_key=True)
    on: Mapped[date] = mapped_column("taken_on", primary_key=True)
    cards: Mapped[int]
    cards_done: Mapped[int]
    hours: Mapped[float]
    hours_done: Mapped[float]
    taken_at: Mapped[datetime]
