"""The one organisation this installation serves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portfolio.models.base import Base, Json, choice
from portfolio.states import EvidenceGrade


class Organisation(Base):
    """Set once at the first visit, changed in settings. There is one row.

    `intake_domains`: mail domains that may ask, separated by blanks; empty lets everybody. The manager is told when
    `alert_people` people or `alert_units` units ask alike. `asks_by_itself`: whether the clock mails the next best questions.
    After `silence_weeks` without a word a waiting request is asked after; 0 never asks. `rates`: what an hour costs, fully loaded:
    {"manager", "expert", "participant"} in money and {"overhead"} in percent; below the evidence grade `least_grade` no return is printed.
    `report_recipients` is what earlier versions mailed reports to; each report has its own readers since.
    """

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    headcount: Mapped[int | None]
    hours_per_week: Mapped[float]
    iteration_weeks: Mapped[int] = mapped_column(default=2)
    iterations_start_on: Mapped[date | None]
    time_zone: Mapped[str] = mapped_column(String(60), default="Europe/Berlin")
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    intake_public: Mapped[bool] = mapped_column(default=True)
    intake_domains: Mapped[str] = mapped_column(String(1000), default="")
    alert_people: Mapped[int] = mapped_column(default=5)
    alert_units: Mapped[int] = mapped_column(default=3)
    asks_by_itself: Mapped[bool] = mapped_column(default=False)
    silence_weeks: Mapped[int] = mapped_column(default=12, server_default="12")
    rates: Mapped[dict[str, Any] | None] = mapped_column(Json)
    least_grade: Mapped[EvidenceGrade] = mapped_column(
        choice(EvidenceGrade), default=EvidenceGrade.ESTIMATE, server_default=EvidenceGrade.ESTIMATE.value
    )
    report_recipients: Mapped[str] = mapped_column(String(2000), default="")
    set_up_at: Mapped[datetime]
