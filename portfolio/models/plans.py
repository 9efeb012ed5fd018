"""What fits, what was decided against the numbers, and how places came to change."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.learning_requests import LearningRequest
from portfolio.models.people import Person


class Plan(Base):
    """The best set for a stretch of weeks, as it was found. `body` is `rules.planning`'s result as JSON.

    Hours are the manager's. `cut_value` is impact points per hour at the line between in and out.
    """

    __tablename__ = "plans"
    __table_args__ = (Index(None, "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(24))
    starts_on: Mapped[date]
    weeks: Mapped[int]
    capacity_hours: Mapped[float]
    hours: Mapped[float]
    value: Mapped[float]
    cut_value: Mapped[float]
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Override(Base):
    """A person's word over the numbers: must be in, or kept out, with a reason and what it costs."""

    __tablename__ = "overrides"
    __table_args__ = (Index(None, "learning_request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    kind: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(300))
    price: Mapped[dict[str, Any] | None] = mapped_column(Json)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    by: Mapped[Person | None] = relationship(foreign_keys=[by_id])


class Tie(Base):
    """Two requests bound together: one `needs` the other first, or stands `instead_of` it."""

    __tablename__ = "ties"
    __table_args__ = (UniqueConstraint("learning_request_id", "other_id", "kind"), Index(None, "other_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    kind: Mapped[str] = mapped_column(String(24))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class Placing(Base):
    """Where a request stood on a day, and what moved it since the day before. `parts` are {cause: places}; `inputs` what it was
    placed by, kept until the day after next has been compared with it."""

    __tablename__ = "placings"
    __table_args__ = (Index(None, "taken_on"),)

    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"), primary_key=True)
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    place: Mapped[int]
    of: Mapped[int]
    leverage: Mapped[float]
    parts: Mapped[dict[str, Any]] = mapped_column(Json)
    because: Mapped[str] = mapped_column(String(400), default="")
    inputs: Mapped[dict[str, Any] | None] = mapped_column(Json)


class PlacingDay(Base):
    """What places of a day depend on besides the requests: the rubric with its causes, the goals' weights, and the calibration
    as far as it counted."""

    __tablename__ = "placing_days"

    taken_on: Mapped[date] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    rubric: Mapped[dict[str, Any]] = mapped_column(Json)
    goal_weights: Mapped[dict[str, Any]] = mapped_column(Json)
    calibration: Mapped[dict[str, Any] | None] = mapped_column(Json)


class AskedQuestion(Base):
    """One question sent to one person about one request, and what its answer changed. `worth` is in impact points."""

    __tablename__ = "asked_questions"
    __table_args__ = (Index(None, "learning_request_id"), Index(None, "person_id", "asked_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    learning_request_id: Mapped[int] = mapped_column(ForeignKey("learning_requests.id"))
    question: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    because: Mapped[str] = mapped_column(Text, default="")
    worth: Mapped[float]
    link_version: Mapped[int] = mapped_column(default=1)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_at: Mapped[datetime | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="joined")
    learning_request: Mapped[LearningRequest] = relationship(lazy="joined")


class Absence(Base):
    """Days somebody is away. `hours_per_week` of the manager fall by their share of the week's working days."""

    __tablename__ = "absences"
    __table_args__ = (Index(None, "until_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    from_on: Mapped[date]
    until_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(200), default="")
    added_at: Mapped[datetime]


class Interrupt(Base):
    """A small ask that took minutes of the day; subtracted from capacity."""

    __tablename__ = "interrupts"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    minutes: Mapped[int]
    note: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Calibration(Base):
    """What own outcomes taught: effort ratios by work type, impact ratios by unit, hit rates. `body` is the rule's result as
    JSON; `applies` names the parts switched on."""

    __tablename__ = "calibrations"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    applies: Mapped[list[Any]] = mapped_column(Json, default=list)
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    made_by: Mapped[Person | None] = relationship()

    @property
    def id(self) -> int:
        """What the history knows it by."""
        return self.version


class RubricDraft(Base):
    """The rubric being worked on; at most one. Publishing it makes the next `Rubric`."""

    __tablename__ = "rubric_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    changed_by: Mapped[Person | None] = relationship()


class Method(Base):
    """An organisation's own way to rank: an expression over named inputs."""

    __tablename__ = "methods"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    expression: Mapped[str] = mapped_column(String(1000))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class GoalWeight(Base):
    """How much a goal matters from a day on; the latest day not after today holds. Without any, the goal's own weight does."""

    __tablename__ = "goal_weights"

    goal_id: Mapped[int] = mapped_column(ForeignKey("goals.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    weight: Mapped[int]
