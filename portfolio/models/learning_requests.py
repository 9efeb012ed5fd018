"""The ask and its answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from portfolio.models.assessments import Assessment
from portfolio.models.base import Base, Json, choice
from portfolio.models.goals import Goal
from portfolio.models.people import Person, Unit
from portfolio.states import OPEN, RequestStatus


class LearningRequest(Base):
    """Somebody's ask for training.

    `score_wanted_at` is the outbox mark: set in the transaction that changed what is scored, cleared in the
    transaction that stored the new assessment. `leverage` is a copy of the latest assessment's, kept to rank by.
    `confirmed_at` is when its requester last said it is still needed. `chance_in_plan` (0..1) is the latest plan's, `not_before` the
    first day work can start, `expert_id` the person whose hours it needs.
    """

    __tablename__ = "learning_requests"
    __table_args__ = (
        UniqueConstraint("source_name", "source_key"),
        Index("ix_learning_requests_rank", "status", text("leverage DESC"), "id"),
        Index("ix_learning_requests_submitted", "status", "submitted_at"),
        Index(
            "ix_learning_requests_waiting",
            "score_wanted_at",
            sqlite_where=text("score_wanted_at IS NOT NULL"),
            postgresql_where=text("score_wanted_at IS NOT NULL"),
        ),
        Index(None, "requester_id"),
        Index(None, "goal_id"),
        Index(None, "joined_to_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[RequestStatus] = mapped_column(choice(RequestStatus))
    status_since: Mapped[datetime]
    requester_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    goal_id: Mapped[int | None] = mapped_column(ForeignKey("goals.id"))
    submitted_at: Mapped[datetime]
    first_decided_at: Mapped[datetime | None]
    snoozed_until: Mapped[date | None]
    confirmed_at: Mapped[datetime | None]
    not_before: Mapped[date | None]
    expert_id: Mapped[int | None]  # no constraint: SQLite can't add one to a table that others point at
    chance_in_plan: Mapped[float | None]
    joined_to_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"))
    link_version: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(String(20), default="form")
    source_name: Mapped[str | None] = mapped_column(String(200))
    source_key: Mapped[str | None] = mapped_column(String(200))
    original: Mapped[dict[str, Any] | None] = mapped_column(Json)
    score_wanted_at: Mapped[datetime | None]
    assessment_id: Mapped[int | None]  # no constraint: the two tables would point at each other
    leverage: Mapped[float | None]

    requester: Mapped[Person] = relationship()
    unit: Mapped[Unit | None] = relationship()
    goal: Mapped[Goal | None] = relationship()
    answers: Mapped[list[Answer]] = relationship(
        back_populates="learning_request", cascade="all, delete-orphan"
    )
    assessment: Mapped[Assessment | None] = relationship(
        primaryjoin=lambda: foreign(LearningRequest.assessment_id) == Assessment.id,
        viewonly=True,
    )
    joined_to: Mapped[LearningRequest | None] = relationship(remote_side="LearningRequest.id")

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def said(self, question: str) -> Any:
        """The answer to `question`, or None."""
        return next((a.value for a in self.answers if a.question == question), None)


class Answer(Base):
    """What was said to one question, by whom, when. A change is an Event; this row is the latest word.

    `grade` A..E is how a number is known, where a manager said so; it sets how wide the number is taken.
    """

    __tablename__ = "answers"

    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"), primary_key=True)
    question: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    said_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    said_at: Mapped[datetime]
    form_version: Mapped[int] = mapped_column(default=1)
    grade: Mapped[str | None] = mapped_column(String(1))

    learning_request: Mapped[LearningRequest] = relationship(back_populates="answers")


class Message(Base):
    """One line of the conversation about a request. Internal notes never reach the requester."""

    __tablename__ = "messages"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    words: Mapped[str] = mapped_column(Text)
    internal: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]

    by: Mapped[Person | None] = relationship()
