"""Existing content that may already answer a request."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base
from portfolio.models.people import Person


class Resource(Base):
    """Something people can use today: a guide, a recording, a course. `link` is where it is; a file of ours stands in `files`.

    `topics` are separated by commas. A part is a resource too, whose `part_of_id` is the whole; `position` orders the parts.
    """

    __tablename__ = "resources"
    __table_args__ = (Index(None, "source_name", "source_key", unique=True), Index(None, "part_of_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40), default="guide")
    link: Mapped[str] = mapped_column(String(500), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int | None]
    topics: Mapped[str] = mapped_column(String(400), default="")
    audience: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(60), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    review_on: Mapped[date | None]
    part_of_id: Mapped[int | None]  # no constraint: SQLite can't add one to a table that others point at
    position: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=0)
    source_name: Mapped[str | None] = mapped_column(String(200))
    source_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    owner: Mapped[Person | None] = relationship()


class OutdatedReport(Base):
    """Somebody said a resource is out of date. Settled when its owner or the manager has looked."""

    __tablename__ = "outdated_reports"
    __table_args__ = (Index(None, "resource_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    words: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str | None] = mapped_column(String(254))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
