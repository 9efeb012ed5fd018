"""Surveys: their templates, who takes part and is asked, and what they answered without their name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.people import Person
from portfolio.models.projects import Project


class SurveyTemplate(Base):
    """A shipped survey as the manager changed it. `questions` as in Survey; `words`: {"subject", "intro"} of the mail;
    `days_after` counts from launch or the session."""

    __tablename__ = "survey_templates"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    audience: Mapped[str] = mapped_column(String(16))
    words: Mapped[dict[str, Any]] = mapped_column(Json)
    questions: Mapped[list[Any]] = mapped_column(Json)
    days_after: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Survey(Base):
    """Questions sent out about a project.

    `questions`: [{"key", "label", "kind", "options", "reverse", "level", "tier"}], kind one of one, many, scale, number, text;
    `kind` is what the survey is for (the template's key where it came from one); `audience` learner, manager, requester, anyone.
    `in_steps`: answers are shown in steps of five while it is open; else all at once when it has closed. `sent_count` people
    were asked.
    """

    __tablename__ = "surveys"
    __table_args__ = (Index(None, "project_id"), Index(None, "closed_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(160), default="", server_default="")
    audience: Mapped[str] = mapped_column(String(16), default="learner", server_default="learner")
    questions: Mapped[list[Any]] = mapped_column(Json)
    words: Mapped[dict[str, Any] | None] = mapped_column(Json)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("training_sessions.id"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_steps.id"))
    source: Mapped[str] = mapped_column(String(40), default="", server_default="")
    in_steps: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    sent_on: Mapped[date | None]
    sent_count: Mapped[int] = mapped_column(default=0)
    closes_on: Mapped[date | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]

    project: Mapped[Project | None] = relationship()

    @property
    def is_draft(self) -> bool:
        return self.opened_at is None and self.closed_at is None

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None

    @property
    def state(self) -> str:
        return "draft" if self.is_draft else "open" if self.is_open else "closed"


class Invitation(Base):
    """A person who is asked to answer a survey, once. It knows whether they did, and on which day, never what they said.

    `next_on` is the day of the next mail while one is due; `reminders` counts those after the first.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("survey_id", "person_id"),
        Index(None, "person_id"),
        Index(
            "ix_invitations_due",
            "next_on",
            sqlite_where=text("next_on IS NOT NULL"),
            postgresql_where=text("next_on IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    next_on: Mapped[date | None]
    last_sent_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    answered_on: Mapped[date | None]
    refused_on: Mapped[date | None]
    link_version: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]

    survey: Mapped[Survey] = relationship()
    person: Mapped[Person] = relationship()


class Response(Base):
    """One person's answers, kept without the person: `answers` is {question key: option, or a list of them}.

    `answered_at` is the beginning of its day, so that no clock leads back to an invitation. `pseudonym` is the same for the same
    person throughout a project, and can't be turned back; `groups` ({"unit": ...}) are only ever shown five at a time;
    `row_key` is that of an imported row, so that a second import changes nothing; `import_id` is the file it came with.
    """

    __tablename__ = "responses"
    __table_args__ = (Index(None, "survey_id"), Index(None, "survey_id", "row_key", unique=True))

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    pseudonym: Mapped[str | None] = mapped_column(String(24))
    groups: Mapped[dict[str, Any] | None] = mapped_column(Json)
    row_key: Mapped[str | None] = mapped_column(String(64))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"))
    answered_at: Mapped[datetime]


class Participant(Base):
    """Somebody a project is for. `state`: invited, attended, absent, completed; `lead_id` is whom their work is seen by."""

    __tablename__ = "participants"
    __table_args__ = (UniqueConstraint("project_id", "person_id"), Index(None, "person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("training_sessions.id"))
    state: Mapped[str] = mapped_column(String(16), default="invited")
    source: Mapped[str] = mapped_column(String(40), default="")
    added_at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    lead: Mapped[Person | None] = relationship(foreign_keys=[lead_id])
