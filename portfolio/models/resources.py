"""Existing content that may already answer a request."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base


class Resource(Base):
    """Something people can use today: a guide, a recording, a course. `link` is where it is."""

    __tablename__ = "resources"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40), default="guide")
    link: Mapped[str] = mapped_column(String(500), default="")
    minutes: Mapped[int | None]
    topics: Mapped[str] = mapped_column(String(400), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    review_on: Mapped[date | None]
    created_at: Mapped[datetime]
