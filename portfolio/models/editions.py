"""Reports as they are designed, their published editions, frozen, and the links they are shared by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from portfolio.models.base import Base, Json, choice
from portfolio.states import EditionStatus


class Report(Base):
    """How a report is made and when. `audience` is the preset it began as: leadership, sponsor, manager, showcase.

    `sections`: [{"key", "on", "title", "words"}] in their order. `rhythm` is "" (only when asked), weekly, monthly, quarterly or
    rolling over `rolling_days`; the next edition is asked for on `next_on`. `quiet_days`: weekdays (0 Monday .. 6) and days
    ("2026-12-24") on which nothing is mailed. A sponsor's report is about one goal, a showcase about one project.
    """

    __tablename__ = "reports"
    __table_args__ = (Index(None, "next_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    audience: Mapped[str] = mapped_column(String(16))
    sections: Mapped[list[Any]] = mapped_column(Json)
    rhythm: Mapped[str] = mapped_column(String(12), default="")
    rolling_days: Mapped[int | None]
    next_on: Mapped[date | None]
    recipients: Mapped[str] = mapped_column(String(2000), default="")
    quiet_days: Mapped[list[Any] | None] = mapped_column(Json)
    goal_id: Mapped[int | None] = mapped_column(ForeignKey("goals.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    version: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Edition(Base):
    """A report over [period_start, period_end). Asked for, then built once by the flow and never changed.

    `figures` is everything the page shows; the files are stored beside it so that the same edition opens the same
    in a year. `checksum` is the SHA-256 of the figures as canonical JSON. `design` is what its report said when it was asked for
    (audience, sections, goal, project); a correction names the edition it `corrects_id` and says why.
    """

    __tablename__ = "editions"
    __table_args__ = (Index(None, "status"), Index(None, "kind", "period_start"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(160))
    period_start: Mapped[date]
    period_end: Mapped[date]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    design: Mapped[dict[str, Any] | None] = mapped_column(Json)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id"))
    correction: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    status: Mapped[EditionStatus] = mapped_column(choice(EditionStatus), default=EditionStatus.ASKED)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    scheduled: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    data_cut_off_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    flow_run_id: Mapped[str | None] = mapped_column(String(36))
    seed: Mapped[int | None]
    formula_version: Mapped[str] = mapped_column(String(40), default="")
    checksum: Mapped[str] = mapped_column(String(64), default="")
    figures: Mapped[dict[str, Any] | None] = deferred(mapped_column(Json))
    html: Mapped[str | None] = deferred(mapped_column(Text))
    pdf: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    xlsx: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    pptx: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    mail_html: Mapped[str | None] = deferred(mapped_column(Text))


class Share(Base):
    """A link by which people without an account read one edition, until it expires or is ended."""

    __tablename__ = "shares"
    __table_args__ = (Index(None, "edition_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"))
    name: Mapped[str] = mapped_column(String(80), default="")
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    added_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
