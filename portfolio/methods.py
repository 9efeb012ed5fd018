"""Other methods on the same answers: an organisation's own formulas, and all of them side by side with leverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import assessments
from portfolio.history import record
from portfolio.models import LearningRequest, Method, Organisation, Person
from portfolio.rules.comparing import METHODS, OWN_INPUTS, Comparison, Scored, Terms, compare
from portfolio.rules.expression import Expression, parse
from portfolio.states import OPEN

MOST = 10
COMPARED = 200
"""Open requests that are laid side by side: the first so many by leverage."""
DRAWS = 1_000
"""A formula is worked out over so many draws, so that a page of them comes at once."""


class NameTaken(ValueError):
    """There is a method of this name."""

    def __init__(self) -> None:
        super().__init__("There is a method of this name already.")


class TooMany(ValueError):
    """No more formulas fit on one page."""

    def __init__(self) -> None:
        super().__init__(f"{MOST} formulas are enough. Take one away first.")


@dataclass(frozen=True)
class SideBySide:
    """Open requests under every method, best leverage first, and `agreeing`: the methods that would start with the same one."""

    comparison: Comparison
    names: dict[str, str]
    agreeing: tuple[str, ...]
    terms: Terms
    left_out: int


def add(session: Session, *, name: str, expression: str, by: Person | None, at: datetime) -> Method:
    """Keep a formula of one's own. Raises BadExpression, NameTaken or TooMany."""
    read(expression)
    _check_name(session, name)
    if (session.scalar(select(func.count()).select_from(Method)) or 0) >= MOST:
        raise TooMany
    method = Method(name=name, expression=expression, added_at=at, added_by_id=by.id if by else None)
    session.add(method)
    session.flush()
    record(session, "method.added", method, by=by, at=at)
    return method


def change(
    session: Session, method: Method, *, name: str, expression: str, by: Person | None, at: datetime
) -> None:
    """Give a formula another name or other words. Raises BadExpression or NameTaken."""
    read(expression)
    _check_name(session, name, but=method.id)
    method.name, method.expression = name, expression
    session.flush()
    record(session, "method.changed", method, by=by, at=at)


def remove(session: Session, method: Method, *, by: Person | None, at: datetime) -> None:
    """Take a formula away."""
    record(session, "method.removed", method, by=by, at=at)
    session.delete(method)


def find(session: Session, number: int) -> Method | None:
    return session.get(Method, number) if 0 < number < 2**31 else None


def listed(session: Session) -> list[Method]:
    """One's own formulas, in the order they came."""
    return list(session.scalars(select(Method).order_by(Method.id)))


def read(expression: str) -> Expression:
    """A formula over what a request is known by. Raises BadExpression with the place."""
    return parse(expression, OWN_INPUTS)


def side_by_side(
    session: Session, *, today: date, hour_cost: float | None = None, at_most: int = 5
) -> SideBySide:
    """The first 200 scored open requests under each method. Nine statements however many they are.

    Leverage and hours are those of the latest assessments; `hour_cost` is money for an hour of anybody's.
    """
    requests = session.scalars(
        select(LearningRequest)
        .where(LearningRequest.status.in_(OPEN), LearningRequest.assessment_id.is_not(None))
        .options(joinedload(LearningRequest.assessment))
        .order_by(LearningRequest.leverage.desc(), LearningRequest.id)
        .limit(COMPARED)
    ).all()
    waiting = select(func.count()).where(
        LearningRequest.status.in_(OPEN), LearningRequest.assessment_id.is_not(None)
    )
    rubric = assessments.current_rubric(session)
    needs = assessments.needs(session, {one.id: one.goal_id for one in requests}, rubric, today=today)
    scored = [
        Scored(one.id, one.title, needs[one.id], assessments.as_score(one.assessment))
        for one in requests
        if one.assessment is not None
    ]
    terms = _terms(session, hour_cost)
    formulas = {method.name: read(method.expression) for method in listed(session)}
    found = compare(scored, rubric, terms, formulas, at_most=at_most, draws=DRAWS)
    names = {key: words for key, words in METHODS.items() if key != "own"} | {name: name for name in formulas}
    left_out = (session.scalar(waiting) or 0) - len(scored)
    return SideBySide(found, names, _agreeing(found, names), terms, left_out)


def _agreeing(found: Comparison, names: dict[str, str]) -> tuple[str, ...]:
    """The methods, but leverage, whose first is leverage's first."""
    best = next((row for row in found.rows if row.placed["leverage"].place == 1), None)
    return tuple(
        key for key in names if key != "leverage" and best is not None and best.placed[key].place == 1
    )


def _terms(session: Session, hour_cost: float | None) -> Terms:
    usual = Terms()
    hours: Sequence[float] = session.scalars(select(Organisation.hours_per_week)).all()
    return Terms(
        hours_per_week=hours[0] if hours and hours[0] > 0 else usual.hours_per_week,
        hour_cost=usual.hour_cost if hour_cost is None else hour_cost,
    )


def _check_name(session: Session, name: str, but: int | None = None) -> None:
    taken = {one.name.casefold() for one in listed(session) if one.id != but}
    if name.casefold() in taken | {words.casefold() for words in METHODS.values()} | set(METHODS):
        raise NameTaken
