"""Where news goes out to: webhooks and chat; and rules that act by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portfolio.models.base import Base, Json


class Outlet(Base):
    """A receiver of news. `kind` is webhook or chat (an address Apprise understands); `events` the topics of portfolio/news.py it
    wants, separated by blanks, "*" for all; `secret` signs webhooks, and `old_secret` as well until it ends.

    It hears of what happened after `first_event_id`, read up to `last_event_id`. After `failures` in a row it rests until
    `rests_until`. Address and secrets stay out of exports.
    """

    __tablename__ = "outlets"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(1000), default="")
    secret: Mapped[str] = mapped_column(String(120), default="")
    old_secret: Mapped[str | None] = mapped_column(String(120))
    old_secret_until: Mapped[datetime | None]
    events: Mapped[str] = mapped_column(String(2000), default="*")
    first_event_id: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_event_id: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    rests_until: Mapped[datetime | None]
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str] = mapped_column(String(300), default="", server_default="")


class Delivery(Base):
    """One message to one outlet, tried until taken or given up; one an event. `message_id` stays the same over tries."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(None, "outlet_id"),
        Index(None, "outlet_id", "event_id", unique=True),
        Index(
            "ix_deliveries_waiting",
            "next_try_at",
            sqlite_where=text("delivered_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL AND given_up_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    outlet_id: Mapped[int] = mapped_column(ForeignKey("outlets.id"))
    event_id: Mapped[int | None]
    message_id: Mapped[str] = mapped_column(String(64), unique=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    queued_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    last_try_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    problem: Mapped[str] = mapped_column(String(500), default="")
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    outlet: Mapped[Outlet] = relationship()


class Automation(Base):
    """Whether one of the built-in rules is on, with its settings. `last_event_id` is how far it has read the history, which
    counts for it from `first_event_id` on."""

    __tablename__ = "automations"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    is_on: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    first_event_id: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_event_id: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class AutomationRun(Base):
    """What a rule did once, and to what; or why it couldn't. `occasion` makes it happen once."""

    __tablename__ = "automation_runs"
    __table_args__ = (Index(None, "key", "occasion", unique=True), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    occasion: Mapped[str] = mapped_column(String(80))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    did: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
