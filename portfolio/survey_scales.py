"""Questions of one survey that share their steps: how well they hang together, and which seems worded the other way round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Person, Response, Survey
from portfolio.rules import disclosure
from portfolio.rules.reliability import NotKnown, Reliability, reliability
from portfolio.survey_results import Results

LEAST_QUESTIONS = 3
"""Two questions can't tell which of them is the other way round."""
MOST_QUESTIONS = 20
MOST_PEOPLE = 20_000
LAST = 2**62
"""Above every response's number."""
GOOD, FAIR = 0.8, 0.7
"""Usual bounds of alpha for questions meant as one (Nunnally 1978, Psychometric Theory)."""


@dataclass(frozen=True)
class Scale:
    """Questions with the same steps taken together. `asked_about` are those that seem reversed where nobody has said yet."""

    labels: tuple[str, ...]
    found: Reliability
    asked_about: frozenset[str] = frozenset()

    @property
    def sentence(self) -> str:
        """The figure with its range and base."""
        one = self.found
        return (
            f"Cronbach’s alpha of these {len(self.labels)} questions is {_figure(one.alpha)}"
            f" (95 %: {_figure(one.low)} to {_figure(one.high)}), from the {one.people:,} people who answered all of them."
        )

    @property
    def meaning(self) -> str:
        """What it means in plain words."""
        if self.asked_about and self.found.alpha_turned is not None:
            return (
                f"Turned round, what seems to be worded the other way would make it {_figure(self.found.alpha_turned)}."
                " As long as nobody has said whether it is, read each by itself."
            )
        if self.found.low >= GOOD:
            return "They surely hang together: whoever says more to one says more to the others. They may be read as one."
        if self.found.low >= FAIR:
            return "They hang together well enough to be read as one for a group, not for a person."
        if self.found.high < FAIR:
            return "They don’t hang together: read each by itself."
        return "Whether they hang together can’t be said yet: read each by itself."


def of(session: Session, survey: Survey, shown: Results) -> tuple[Scale, ...]:
    """The scales of a closed survey. Questions some of whose answers came in a file and wait for more are in none: taken together they
    would tell. Of a survey shown in steps only people count all of whose answers are out, in steps of five as well."""
    if survey.closed_at is None or shown.answered > MOST_PEOPLE:
        return ()
    hidden = {one.key for one in shown.questions if one.hidden or one.kept_back}
    found = (_scale(session, survey, block) for block in _blocks(survey, hidden))
    return tuple(one for one in found if one is not None)


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


def _figure(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _blocks(survey: Survey, hidden: set[str]) -> list[list[Mapping[str, Any]]]:
    """Questions on a scale by their steps."""
    blocks: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for question in survey.questions:
        if question.get("kind") == "scale" and question["key"] not in hidden:
            blocks.setdefault(tuple(question.get("options") or ()), []).append(question)
    return [block for block in blocks.values() if LEAST_QUESTIONS <= len(block) <= MOST_QUESTIONS]


def _scale(session: Session, survey: Survey, block: Sequence[Mapping[str, Any]]) -> Scale | None:
    found = reliability(_codes(session, survey, block))
    if isinstance(found, NotKnown):
        return None
    said = {str(question["key"]): question.get("reverse") for question in block}
    asked_about = frozenset(key for key in found.seem_reversed if said[key] is None)
    return Scale(tuple(str(question["label"]) for question in block), found, asked_about)


def _codes(
    session: Session, survey: Survey, block: Sequence[Mapping[str, Any]]
) -> dict[str, list[float | None]]:
    """Steps as numbers, reversed ones turned round. The database gives each way to answer once, with how many did."""
    keys = [str(question["key"]) for question in block]
    answers = [Response.answers[key].as_string() for key in keys]
    query = select(func.count(), *answers).where(Response.survey_id == survey.id).group_by(*answers)
    if survey.in_steps:
        query = query.where(Response.id < _first_kept_back(session, survey, answers))
    rows = session.execute(query).all()
    codes: dict[str, list[float | None]] = {}
    for place, (key, question) in enumerate(zip(keys, block, strict=True), start=1):
        steps = {step: float(number) for number, step in enumerate(question["options"])}
        if question.get("reverse"):
            steps = {step: len(steps) - 1 - number for step, number in steps.items()}
        codes[key] = [steps.get(row[place] or "") for row in rows for _ in range(row[0])]
    return codes


def _first_kept_back(session: Session, survey: Survey, answers: Sequence[ColumnElement[str]]) -> int:
    """The response from which on somebody's answers aren't out: those that fill no step of their question, then those that fill no
    step of the people who answered all. What was out before stays, so two looks differ by five people or by none."""
    given = [(func.trim(func.coalesce(one, "")) != "") for one in answers]
    held = [_from_where_no_step_is_full(session, Response.survey_id == survey.id, one) for one in given]
    out = (Response.survey_id == survey.id) & (Response.id < min(held))
    return _from_where_no_step_is_full(session, out, and_(*given), at_most=min(held))


def _from_where_no_step_is_full(
    session: Session, among: ColumnElement[bool], given: ColumnElement[bool], at_most: int = LAST
) -> int:
    count = session.scalar(select(func.count()).select_from(Response).where(among, given)) or 0
    over = count - disclosure.in_steps(count)
    if not over:
        return at_most
    last = select(Response.id).where(among, given).order_by(Response.id.desc()).offset(over - 1).limit(1)
    return session.scalar(last) or at_most
