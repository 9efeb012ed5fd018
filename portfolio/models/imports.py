"""Files taken in, row by row accounted for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portfolio.models.base import Base, Json


class Import(Base):
    """One file: kept from the dry run until it is taken or dropped. `account` lists what became of each row.

    `wanted_at` is the outbox mark: somebody said "take it", and the worker does, `rows_done` of `rows_in_all` so far.
    `headers_digest` tells files with the same columns, so that a mapping is remembered for its source.
    """

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
    wanted_at: Mapped[datetime | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_in_all: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(500), default="")
    headers_digest: Mapped[str] = mapped_column(String(64), default="")
    taken_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
