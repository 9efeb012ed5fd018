"""Who stands behind a request besides its requester, and what was found instead of asking."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.people import Person, Unit


class Supporter(Base):
    """Somebody who joined a request instead of sending the same again. `reach` is for how many people they speak,
    themselves included: a number or a range as in answers, None for themselves alone; `from_request_id` is their own request where a manager joined the two."""

    __tablename__ = "supporters"
    __table_args__ = (UniqueConstraint("learning_request_id", "person_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    words: Mapped[str] = mapped_column(Text, default="")
    reach: Mapped[Any] = mapped_column(Json, nullable=True)
    from_request_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))
    link_version: Mapped[int] = mapped_column(default=1)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined")
    unit: Mapped[Unit | None] = relationship(lazy="joined")


class Suggestion(Base):
    """One thing shown to somebody who was writing a request, and what came of it: the deflection ledger.

    `ask` tells the writings apart (the form's own id), `kind` is resource, request or decline, `subject_id` the number of the
    resource or request. `saved_hours` is the range of effort that the ask would have cost, kept when it was settled.
    """

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("ask", "kind", "subject_id"),
        Index(None, "kind", "subject_id"),
        Index(None, "email"),
        Index(None, "shown_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ask: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    shown_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    sent_anyway_at: Mapped[datetime | None]
    came_back_at: Mapped[datetime | None]
    saved_hours: Mapped[dict[str, Any] | None] = mapped_column(Json)


class DemandAlert(Base):
    """Told the manager once: so many people or units ask alike. `alike` lists the requests counted together."""

    __tablename__ = "demand_alerts"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    people: Mapped[int]
    units: Mapped[int]
    alike: Mapped[list[Any]] = mapped_column(Json)
    raised_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
