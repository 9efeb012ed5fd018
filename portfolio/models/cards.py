"""The board: columns, and the cards that stand in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json, choice
from portfolio.models.people import Person
from portfolio.models.projects import Project
from portfolio.states import ColumnKind


class Column(Base):
    """A column of the board. A card in a `done` column is finished; in `doing` it is started.

    `policy` says in words when a card may leave. `wip_limit` counts its cards, `person_limit` those of one owner; over a limit
    people are warned, or refused where `limit_blocks`. One taken off the board is `retired_at`, for its cards' history.
    """

    __tablename__ = "columns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[ColumnKind] = mapped_column(choice(ColumnKind))
    position: Mapped[int]
    wip_limit: Mapped[int | None]
    person_limit: Mapped[int | None]
    limit_blocks: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    policy: Mapped[str] = mapped_column(Text, default="", server_default="")
    retired_at: Mapped[datetime | None]


class Card(Base):
    """One piece of work. `rank` orders the cards of a column: smaller is higher; gaps leave room between.

    `entered_at` is since when it stands in its column. `actual_hours` is the sum of its work logs and what was typed;
    `blocked_by` and `blocked_since` are the open blocker's.
    """

    __tablename__ = "cards"
    __table_args__ = (
        Index(
            "ix_cards_standing",
            "column_id",
            "rank",
            "id",
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(None, "done_at"),
        Index(None, "project_id"),
        Index(None, "iteration_id"),
        Index(None, "owner_id"),
        Index(None, "source_name", "source_key", unique=True),
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
    blocked_since: Mapped[datetime | None]
    due_on: Mapped[date | None]
    source_name: Mapped[str | None] = mapped_column(String(200))
    source_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    entered_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    column: Mapped[Column] = relationship()
    project: Mapped[Project | None] = relationship()
    owner: Mapped[Person | None] = relationship()


class ChecklistItem(Base):
    """One line to tick off on a card."""

    __tablename__ = "checklist_items"
    __table_args__ = (Index(None, "card_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    words: Mapped[str] = mapped_column(String(300))
    position: Mapped[int]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class WorkLog(Base):
    """Hours somebody spent on a card: typed, or taken by a timer that runs while `ended_at` is empty. One timer a person."""

    __tablename__ = "work_logs"
    __table_args__ = (
        Index(None, "card_id"),
        Index(
            "ix_work_logs_running",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    hours: Mapped[float | None]
    note: Mapped[str] = mapped_column(String(200), default="")

    person: Mapped[Person] = relationship()
    card: Mapped[Card] = relationship()


class Blocker(Base):
    """What stops a card, from when to when."""

    __tablename__ = "blockers"
    __table_args__ = (Index(None, "card_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    reason: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Comment(Base):
    """Words on a card. `mentions` are the ids of the people named in it with @."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "card_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    words: Mapped[str] = mapped_column(Text)
    mentions: Mapped[list[Any]] = mapped_column(Json, default=list)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    by: Mapped[Person | None] = relationship()


class CardLink(Base):
    """An address that belongs to a card."""

    __tablename__ = "card_links"
    __table_args__ = (Index(None, "card_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    address: Mapped[str] = mapped_column(String(500))
    label: Mapped[str] = mapped_column(String(200), default="")
    added_at: Mapped[datetime]


class SavedView(Base):
    """A board somebody looks at often: `query` is the part of its address after the question mark."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(String(1000), default="")
    shared: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime]


class ExpertAsk(Base):
    """A card somebody is asked to do or help with, by a signed link. Open until it is done, declined or taken back.

    They see the card's files and links only where `shows_material`; their own files they see always.
    """

    __tablename__ = "expert_asks"
    __table_args__ = (Index(None, "card_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    why: Mapped[str] = mapped_column(Text, default="")
    hours: Mapped[float | None]
    due_on: Mapped[date | None]
    shows_material: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    link_version: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]
    words: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="joined")
    card: Mapped[Card] = relationship()

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.declined_at is None and self.taken_back_at is None
