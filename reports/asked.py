"""What a section of a report is made from: the data as of the cut-off, the period, and what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from portfolio import costs
from portfolio.models import Edition, Organisation
from portfolio.rules.money import Benefits, Loaded
from portfolio.rules.report_sections import Audience, Chosen, audience_of, chosen
from portfolio.states import LIVE_STAGES, EvidenceGrade
from reports.frames import About, Frames, within
from reports.scope import Scope
from reports.sections.proofs import Proved, benefits_of, costs_of, proofs_of

LIVE = frozenset(stage.value for stage in LIVE_STAGES)


@dataclass(frozen=True)
class Design:
    """What a report shows, to whom, and what it is about. An edition without one is for leadership."""

    name: str
    audience: Audience
    sections: tuple[Chosen, ...]
    about: About

    @classmethod
    def of(cls, said: Mapping[str, Any] | None) -> "Design":
        kept = said or {}
        audience = audience_of(kept.get("audience"))
        return cls(
            name=str(kept.get("name") or ""),
            audience=audience,
            sections=chosen(kept.get("sections"), audience.key),
            about=About(kept.get("goal"), kept.get("project")),
        )

    def shows(self, key: str) -> bool:
        return any(one.key == key for one in self.sections)


@dataclass(frozen=True)
class Asked:
    """One edition while it is made."""

    session: Session
    frames: Frames
    scope: Scope
    edition: Edition
    organisation: Organisation | None

    @cached_property
    def design(self) -> Design:
        return Design.of(self.edition.design)

    @cached_property
    def costs(self) -> dict[int, Loaded]:
        """What each project cost, fully loaded."""
        return costs_of(self.session, self.frames)

    @cached_property
    def benefits(self) -> dict[int, Benefits]:
        """What people said each project was worth."""
        return benefits_of(self.session, self.frames)

    @cached_property
    def proofs(self) -> list[Proved]:
        """Every measure that was read, and what that proves."""
        return proofs_of(self.frames, self.costs, self.benefits)

    @cached_property
    def in_view(self) -> pd.DataFrame:
        """Projects under way or ended in the period; of a report about one project that one, whenever it ended."""
        every = self.frames.projects
        if self.frames.about.project is not None:
            return every
        return every[every["stage"].isin(LIVE) | within(every["ended_at"], self.scope.window)]

    @property
    def since(self) -> datetime:
        """From when on things count: the period's beginning; of a report about one project from its own."""
        if self.frames.about.project is None:
            return self.scope.window.start
        begun = self.frames.projects["started_at"].min()
        return (
            self.scope.window.start if pd.isna(begun) else min(begun.to_pydatetime(), self.scope.window.start)
        )

    @property
    def currency(self) -> str:
        return self.organisation.currency if self.organisation else ""

    @cached_property
    def least_grade(self) -> EvidenceGrade:
        """Below this no return is printed."""
        return costs.rates_known(self.session, self.frames.known_at)[1]
