"""The board: columns, and the cards that stand in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, choice
from portfolio.models.people import Person
from portfolio.models.projects import Project
from portfolio.states import ColumnKind


class Column(Base):
    """A column of the board. A card in a `done` column is finished; in `doing` it is started."""

    __tablename__ = "columns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[ColumnKind] = mapped_column(choice(ColumnKind))
    position: Mapped[int]
    wip_limit: Mapped[int | None]


class Card(Base):
    """One piece of work. `rank` orders the cards of a column: smaller is higher; gaps leave room between."""

    __tablename__ = "cards"
    __table_args__ = (
        Index("ix_cards_place", "column_id", "rank", "id"),
        Index(None, "project_id"),
        Index(None, "iteration_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    notes: Mapped[str] = mapped_column(Text, default="")
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    iteration_id: Mapped[int | None] = mapped_column(ForeignKey("iterations.id"))
    column_id: Mapped[int] = mapped_column(ForeignKey("columns.id"))
    rank: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    estimate_hours: Mapped[float | None]
    actual_hours: Mapped[float | None]
    blocked_by: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    column: Mapped[Column] = relationship()
    project: Mapped[Project | None] = relationship()
    owner: Mapped[Person | None] = relationship()
