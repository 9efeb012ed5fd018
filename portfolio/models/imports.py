"""Files taken in, row by row accounted for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portfolio.models.base import Base, Json


class Import(Base):
    """One file: kept from the dry run until it is taken or dropped. `account` lists what became of each row."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    mapping: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    account: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
