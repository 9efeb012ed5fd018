"""What people answered, on the survey's page: for managers and leaders, in distributions; words and questions for managers only."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from portfolio import survey_results, survey_scales, surveys
from portfolio.models import Survey
from portfolio.rules.distributions import Distribution
from portfolio.survey_results import Breakdown, Part, Results
from portfolio.survey_scales import Scale
from web.clock import NowDep
from web.forms import FormDep
from web.people import ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """The results part of a survey's page. `words` is what people wrote, by question; empty for whoever may not read it."""

    survey: Survey
    found: Results
    breakdown: Breakdown | None
    words: dict[str, list[str]]
    scales: tuple[Scale, ...]
    may_change: bool
    most_bars: int = 12

    @property
    def is_shown(self) -> bool:
        return self.found.is_shown

    @property
    def why_not(self) -> str:
        return self.found.why_not

    @property
    def answered(self) -> int:
        return self.found.answered

    def parts(self, question: Distribution) -> tuple[Part, ...]:
        """The question's answers by group, where it may be broken down."""
        return self.breakdown.parts.get(question.key, ()) if self.breakdown else ()

    def options(self, parts: tuple[Part, ...]) -> list[str]:
        """The answers of all groups, in their order."""
        return list(dict.fromkeys(bar.option for part in parts for bar in part.distribution.bars))

    def people(self, part: Part, option: str) -> int:
        """How many of a group gave an answer."""
        return next((bar.people for bar in part.distribution.bars if bar.option == option), 0)

    def asks_reversal(self, question: Distribution) -> bool:
        """Whether it seems to be worded the other way round and nobody has said yet."""
        return self.may_change and any(question.key in scale.asked_about for scale in self.scales)


def shown_of(session: Session, survey: Survey, *, now: datetime, may_change: bool) -> Shown:
    """All the page says about the answers so far. `may_change`: whether a manager looks."""
    found = survey_results.shown(session, survey, now=now)
    if not found.is_shown:
        return Shown(survey, found, None, {}, (), may_change)
    written = [one.key for one in found.questions if one.kind == "text" and not one.hidden and one.answered]
    return Shown(
        survey,
        found,
        survey_results.breakdown(session, survey, now=now),
        {key: survey_results.words(session, survey, key, now=now) for key in written} if may_change else {},
        survey_scales.of(session, survey, found),
        may_change,
    )


@router.post("/surveys/{number:int}/questions/{key}/reversal")
def say_reversed(
    session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int, key: str
) -> RedirectResponse:
    """Keep whether a question is worded the other way round."""
    survey = surveys.find(session, number)
    if survey is None or key not in {question["key"] for question in survey.questions}:
        raise NotFound
    if fields["reversed"] in {"yes", "no"}:
        survey_scales.say_reversed(
            session, survey, key, is_reversed=fields["reversed"] == "yes", by=manager, at=now
        )
    return see_other(f"/surveys/{number}#results")
