"""Accepted work, and who contributes to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json, choice
from portfolio.models.goals import Goal
from portfolio.models.learning_requests import LearningRequest
from portfolio.models.people import Person
from portfolio.models.resources import Resource
from portfolio.states import LIVE_STAGES, Health, Stage


class Project(Base):
    """Accepted work. The hypothesis reads "we believe <solution> for <audience> moves <measure> from <a> to <b> by <date>".

    `hypothesis_parts` are the blanks of that sentence: solution, who, measure, today, wanted, by. `baseline_on` is the day the
    measure was or will be read before anything changes, `stop_on` when its stop rule is looked at, `begun_at` when somebody
    went through its beginning. `estimates_asked` people were asked what it was worth; who didn't answer counts as zero.
    """

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
    hypothesis_parts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    worthwhile_change: Mapped[str] = mapped_column(String(300), default="")
    stop_rule: Mapped[str] = mapped_column(String(300), default="")
    stop_on: Mapped[date | None]
    sponsor: Mapped[str] = mapped_column(String(120), default="")
    sponsor_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    baseline_on: Mapped[date | None]
    estimate_hours: Mapped[float | None]
    due_on: Mapped[date | None]
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    hours_saved: Mapped[float | None]
    estimates_asked: Mapped[int | None]
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
    part: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="joined")


class Cost(Base):
    """Money or time a project took. `kind`: analysis, development, delivery, participants, purchase, expert, evaluation, overhead.

    `amount` in money; where it was made of hours, `hours` x `rate`.
    """

    __tablename__ = "costs"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(24))
    amount: Mapped[float]
    hours: Mapped[float | None]
    rate: Mapped[float | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    spent_on: Mapped[date]
    recorded_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Reuse(Base):
    """A resource that covers a share (0..1) of what a request needs, so that less has to be made anew."""

    __tablename__ = "reuses"
    __table_args__ = (UniqueConstraint("learning_request_id", "resource_id"), Index(None, "resource_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resources.id"))
    share_low: Mapped[float]
    share_likely: Mapped[float]
    share_high: Mapped[float]
    note: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]

    resource: Mapped[Resource] = relationship(lazy="joined")


class EvaluationStep(Base):
    """One line of a project's evaluation plan: what is asked or read at a level (1 reaction .. 5 ROI), from where, how, when, by
    whom. `days_after` counts from launch; `due_on` holds once that day is known. What is done by itself has a `template` of a
    survey, or the measure that is read; `tier` is LTEM's, 1 to 8; `asked_at` is when the clock asked, `problem` why it couldn't;
    `reminders` counts the mails to its owner after the first."""

    __tablename__ = "evaluation_steps"
    __table_args__ = (Index(None, "project_id"), Index(None, "due_on"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    level: Mapped[int]
    what: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(160), default="")
    method: Mapped[str] = mapped_column(String(160), default="")
    days_after: Mapped[int | None]
    due_on: Mapped[date | None]
    owner: Mapped[str] = mapped_column(String(120), default="")
    owner_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    template: Mapped[str | None] = mapped_column(String(40))
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measures.id"))
    tier: Mapped[int | None]
    asked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(300), default="", server_default="")
    reminders: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    reminded_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)


class TrainingSession(Base):
    """A meeting of a project with its people: a workshop, a pilot, a review."""

    __tablename__ = "training_sessions"
    __table_args__ = (Index(None, "project_id"), Index(None, "starts_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)
    cancelled_at: Mapped[datetime | None]
    added_at: Mapped[datetime]

    project: Mapped[Project] = relationship()


class WorkTemplate(Base):
    """The first cards of a project of one solution type: `cards` is [{"title", "hours", "checklist": [...],
    "making": true where parts that exist spare work}]."""

    __tablename__ = "work_templates"

    solution_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    cards: Mapped[list[Any]] = mapped_column(Json)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
