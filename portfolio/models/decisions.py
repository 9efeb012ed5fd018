"""What the manager said to a request, and why."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, choice
from portfolio.models.people import Person
from portfolio.states import Verdict


class Decision(Base):
    """One verdict. `reason` is a code to count by, `words` is what the requester reads."""

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    verdict: Mapped[Verdict] = mapped_column(choice(Verdict))
    reason: Mapped[str] = mapped_column(String(40), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    until: Mapped[date | None]
    joined_to_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resources.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime]

    decided_by: Mapped[Person | None] = relationship()
