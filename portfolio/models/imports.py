"""Files taken in, row by row accounted for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json


class Import(Base):
    """One file: kept from the dry run until it is taken or dropped. `account` lists what became of each row.

    `wanted_at` is the outbox mark: somebody said "take it", and the worker does, `rows_done` of `rows_in_all` so far.
    `headers_digest` tells files with the same columns, so that a mapping is remembered for its source.
    """

    __tablename__ = "imports"
    __table_args__ = (
        Index(
            "ix_imports_wanted",
            "wanted_at",
            sqlite_where=text("wanted_at IS NOT NULL"),
            postgresql_where=text("wanted_at IS NOT NULL"),
        ),
        Index(None, "headers_digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64))
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

    kept: Mapped[ImportContent | None] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    @property
    def content(self) -> bytes | None:
        """The file itself, until it is taken or dropped."""
        return self.kept.content if self.kept else None

    @content.setter
    def content(self, content: bytes | None) -> None:
        self.kept = None if content is None else ImportContent(content=content)


class ImportContent(Base):
    """The bytes of a file that waits. Apart from its import, which changes with each thousand rows taken: SQLite writes
    a row anew with all that is in it."""

    __tablename__ = "import_contents"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
