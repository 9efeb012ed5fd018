"""The intake form as the manager words it, and the tables that say which cause an answer speaks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.people import Person


class FormVersion(Base):
    """One version of the intake form; `body` is `portfolio.questions.Form` as JSON.

    Published versions never change. At most one is unpublished: the one being worked on. Version 1 is the form Outsize
    ships with and has no row.
    """

    __tablename__ = "form_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    changed_by: Mapped[Person | None] = relationship(foreign_keys="FormVersion.changed_by_id")
    published_by: Mapped[Person | None] = relationship(foreign_keys="FormVersion.published_by_id")

    @property
    def id(self) -> int:
        """Its version: history and people call it by that."""
        return self.version


class CauseTable(Base):
    """One published version of the causes: prior, likelihoods and routes; `body` is `rules.fit.Causes` as JSON.

    Version 1 is the table Outsize ships with and has no row.
    """

    __tablename__ = "cause_tables"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    published_by: Mapped[Person | None] = relationship()

    @property
    def id(self) -> int:
        """Its version: history and people call it by that."""
        return self.version
