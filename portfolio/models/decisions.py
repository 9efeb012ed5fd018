"""What the manager said to a request, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json, choice
from portfolio.models.people import Person
from portfolio.states import Verdict


class Decision(Base):
    """One verdict. `reason` is a code to count by, `words` is what the requester reads; `before` what undoing brings back."""

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "learning_request_id"), Index(None, "decided_at"))

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
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    undone_at: Mapped[datetime | None]

    decided_by: Mapped[Person | None] = relationship()


class Phrase(Base):
    """The words a manager starts from, by verdict and reason ("" where any); edited ones stand here, the first ones in code."""

    __tablename__ = "phrases"

    verdict: Mapped[str] = mapped_column(String(24), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True, default="")
    words: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Revisit(Base):
    """When a request that sleeps or was declined comes back: on a day, or when `condition` holds, whichever is first.

    `condition` is {"kind": "supporters" | "units" | "evidence" | "goal" | "capacity", ...}; once it came back, `why` says what
    happened.
    """

    __tablename__ = "revisits"
    __table_args__ = (Index(None, "learning_request_id"), Index(None, "due_on"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    due_on: Mapped[date | None]
    condition: Mapped[dict[str, Any] | None] = mapped_column(Json)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    came_back_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(200), default="", server_default="")
    cancelled_at: Mapped[datetime | None]


class Nudge(Base):
    """A request that has been silent was spoken of: `kind` is warning or still_needed; `answer` needed, solved or join."""

    __tablename__ = "nudges"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    kind: Mapped[str] = mapped_column(String(24))
    sent_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(24), default="")
