"""Accepted work, and who contributes to it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, choice
from portfolio.models.goals import Goal
from portfolio.models.learning_requests import LearningRequest
from portfolio.models.people import Person
from portfolio.states import LIVE_STAGES, Health, Stage


class Project(Base):
    """Accepted work. The hypothesis reads "we believe <solution> for <audience> moves <measure> from <a> to <b> by <date>"."""

    __tablename__ = "projects"
    __table_args__ = (Index(None, "stage"), Index(None, "goal_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    learning_request_id: Mapped[int | None] = mapped_column(ForeignKey("learning_requests.id"), unique=True)
    goal_id: Mapped[int | None] = mapped_column(ForeignKey("goals.id"))
    solution_type: Mapped[str] = mapped_column(String(40), default="workshop")
    stage: Mapped[Stage] = mapped_column(choice(Stage), default=Stage.DISCOVER)
    stage_since: Mapped[datetime]
    health: Mapped[Health] = mapped_column(choice(Health), default=Health.ON_TRACK)
    health_note: Mapped[str] = mapped_column(String(300), default="")
    audience: Mapped[str] = mapped_column(String(300), default="")
    people_count: Mapped[int | None]
    hypothesis: Mapped[str] = mapped_column(Text, default="")
    worthwhile_change: Mapped[str] = mapped_column(String(300), default="")
    stop_rule: Mapped[str] = mapped_column(String(300), default="")
    sponsor: Mapped[str] = mapped_column(String(120), default="")
    estimate_hours: Mapped[float | None]
    due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    hours_saved: Mapped[float | None]
    version: Mapped[int] = mapped_column(default=1)

    learning_request: Mapped[LearningRequest | None] = relationship()
    goal: Mapped[Goal | None] = relationship()
    contributions: Mapped[list[Contribution]] = relationship(cascade="all, delete-orphan")

    @property
    def is_live(self) -> bool:
        return self.stage in LIVE_STAGES


class Contribution(Base):
    """A person who shares expertise with a project, and the hours granted."""

    __tablename__ = "contributions"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    granted_hours: Mapped[float | None]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="joined")


class Cost(Base):
    """Money or time a project took. `kind`: development, delivery, participants, purchase, expert, overhead."""

    __tablename__ = "costs"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(24))
    amount: Mapped[float]
    note: Mapped[str] = mapped_column(String(200), default="")
    spent_on: Mapped[date]
