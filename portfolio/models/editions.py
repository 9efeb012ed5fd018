"""Published reports, frozen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portfolio.models.base import Base, Json, choice
from portfolio.states import EditionStatus


class Edition(Base):
    """A report over [period_start, period_end). Asked for, then built once by the flow and never changed.

    `figures` is everything the page shows; the files are stored beside it so that the same edition opens the same
    in a year. `checksum` is the SHA-256 of the figures as canonical JSON.
    """

    __tablename__ = "editions"
    __table_args__ = (Index(None, "status"), Index(None, "kind", "period_start"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(160))
    period_start: Mapped[date]
    period_end: Mapped[date]
    status: Mapped[EditionStatus] = mapped_column(choice(EditionStatus), default=EditionStatus.ASKED)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    scheduled: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    data_cut_off_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    flow_run_id: Mapped[str | None] = mapped_column(String(36))
    seed: Mapped[int | None]
    formula_version: Mapped[str] = mapped_column(String(40), default="")
    checksum: Mapped[str] = mapped_column(String(64), default="")
    figures: Mapped[dict[str, Any] | None] = deferred(mapped_column(Json))
    html: Mapped[str | None] = deferred(mapped_column(Text))
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    xlsx: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
