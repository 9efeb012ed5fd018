"""What learning systems tell: where it comes from, what it is about, and what people did, by pseudonym."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json


class LearningSource(Base):
    """A learning system: `kind` moodle (pulled), lrs (xAPI, pulled) or push (xAPI statements are sent to us).

    `secret` is a token or password, of push a digest; `user` its name, of push the key; `cursor` where the next pull goes on
    (xAPI `more`); secrets stay out of exports. `report_number` is the Moodle report that lists completions in bulk.
    """

    __tablename__ = "learning_sources"
    __table_args__ = (Index(None, "next_run_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(1000), default="")
    user: Mapped[str] = mapped_column(String(120), default="")
    secret: Mapped[str] = mapped_column(String(300), default="")
    about: Mapped[dict[str, Any] | None] = mapped_column(Json)
    cursor: Mapped[str] = mapped_column(Text, default="")
    every_hours: Mapped[int] = mapped_column(default=24)
    is_on: Mapped[bool] = mapped_column(default=True)
    next_run_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(500), default="")
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    report_number: Mapped[int | None]


class LearningActivity(Base):
    """A course or activity of a source (`external` is its id or IRI there), and the project or resource it belongs to."""

    __tablename__ = "learning_activities"
    __table_args__ = (UniqueConstraint("source_id", "external"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("learning_sources.id"))
    external: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(300), default="")
    about: Mapped[dict[str, Any] | None] = mapped_column(Json)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resources.id"))
    seen_at: Mapped[datetime]

    source: Mapped[LearningSource] = relationship()


class LearningRecord(Base):
    """One thing somebody did there: `kind` enrolled, attended, completed, passed, failed, scored, rated, used; voiding of a
    statement that takes another back, other where nothing of it counts here.

    `external` is the source's own id of it (an xAPI statement's), so that nothing counts twice; `person_id` only where the person
    is known here, `pseudonym` the same for the same person whatever the source; `score` 0..1; `digest` of what a statement said,
    `raw` what is kept of it, without names, words and addresses.
    """

    __tablename__ = "learning_records"
    __table_args__ = (
        UniqueConstraint("source_id", "external"),
        Index(None, "activity_id", "kind"),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("learning_sources.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("learning_activities.id"))
    external: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    pseudonym: Mapped[str | None] = mapped_column(String(24))
    score: Mapped[float | None]
    digest: Mapped[str] = mapped_column(String(64), default="")
    raw: Mapped[dict[str, Any] | None] = mapped_column(Json)
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]


class LearningRefusal(Base):
    """Something a source told that was not taken: which (`what` is its id or place), the property and the reason."""

    __tablename__ = "learning_refusals"
    __table_args__ = (Index(None, "source_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("learning_sources.id"))
    what: Mapped[str] = mapped_column(String(120), default="")
    where: Mapped[str] = mapped_column(String(300), default="")
    why: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class LearningLookup(Base):
    """What a source answered about one thing, such as one person's completion of one course, so that it isn't asked again before
    `fresh_until`. `key` holds no name; `value` no more than is needed."""

    __tablename__ = "learning_lookups"

    source_id: Mapped[int] = mapped_column(ForeignKey("learning_sources.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    value: Mapped[dict[str, Any] | None] = mapped_column(Json)
    fresh_until: Mapped[datetime]
