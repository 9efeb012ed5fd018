"""Surveys and their responses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json
from portfolio.models.projects import Project


class Survey(Base):
    """Questions sent out about a project. `questions`: [{"key", "label", "options": [...]}]."""

    __tablename__ = "surveys"
    __table_args__ = (Index(None, "project_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[str] = mapped_column(String(40))
    questions: Mapped[list[Any]] = mapped_column(Json)
    sent_on: Mapped[date | None]
    sent_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    project: Mapped[Project | None] = relationship()


class Response(Base):
    """One person's answers, kept without the person: `answers` is {question key: option}."""

    __tablename__ = "responses"
    __table_args__ = (Index(None, "survey_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    answered_at: Mapped[datetime]
