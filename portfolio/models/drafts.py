"""Requests not sent yet, and the files that go with requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json


class Draft(Base):
    """A request being written: what was typed, field by field, right or wrong. It opens by a signed link.

    `revision` grows with each save, so that the later of two writers is told. `learning_request_id` is set once it was
    sent; from then on nothing changes here.
    """

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "changed_at"), Index(None, "learning_request_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    form_version: Mapped[int] = mapped_column(default=1)
    link_version: Mapped[int] = mapped_column(default=1)
    email: Mapped[str | None] = mapped_column(String(254))
    source: Mapped[str] = mapped_column(String(20), default="form")
    original: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    learning_request_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))


class File(Base):
    """A file somebody gave with a draft, a request, a message, a resource or a card. It lives in the database, never in the web root,
    and leaves only as a download."""

    __tablename__ = "files"
    __table_args__ = (
        Index(None, "draft_id"),
        Index(None, "learning_request_id"),
        Index(None, "resource_id"),
        Index(None, "card_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    question: Mapped[str] = mapped_column(String(40), default="")
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id"))
    learning_request_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resources.id"))
    card_id: Mapped[int | None]  # no constraint: SQLite can't add one to a table that is there
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    given_at: Mapped[datetime]
