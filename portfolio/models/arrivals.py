"""Mails that came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json, choice
from portfolio.states import ArrivalStatus


class Arrival(Base):
    """One mail that came in, whole (`raw`), and what became of it. The mailbox forgets; this doesn't.

    `source_key` is the message's own id with a digest of what it says, so that fetching twice takes once and two mails with
    one id are two. `words` are the first; `attachments`: [{"name": ..., "size_bytes": ...}]. `size_bytes` is that of the
    whole mail, more than `raw` has where only the headers were fetched.
    """

    __tablename__ = "arrivals"
    __table_args__ = (Index(None, "status", "arrived_at"), Index(None, "learning_request_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(String(300), unique=True)
    sender: Mapped[str] = mapped_column(String(254), default="")
    sender_name: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[list[Any]] = mapped_column(Json, default=list)
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size_bytes: Mapped[int]
    status: Mapped[ArrivalStatus] = mapped_column(choice(ArrivalStatus))
    why: Mapped[str] = mapped_column(String(300), default="")
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("drafts.id"))
    learning_request_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    arrived_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
