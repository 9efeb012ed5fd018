"""The mail outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json


class Mail(Base):
    """A message waiting to be sent, or sent. Queued in the transaction that made it true.

    `attachments`: [{"edition": id, "format": "pdf"}], read when sent. `message_id` is fixed when queued, so that a
    second try after a crash is the same message to the receiving server; replies name it, so they find their request.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index(None, "about"),
        Index(
            "ix_mails_waiting",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(250))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    about: Mapped[str | None] = mapped_column(String(60))
    attachments: Mapped[list[Any]] = mapped_column(Json, default=list)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    in_reply_to: Mapped[str | None] = mapped_column(String(300))
    queued_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), default="")
