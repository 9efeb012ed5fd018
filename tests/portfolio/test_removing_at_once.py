"""What two people remove at once: the first does, the other hears that it is gone, and the history tells it once.

On PostgreSQL alone, as SQLite lets one write at a time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import benefits, cards, costs, measures, projects, success_cases, work_logs
from portfolio.database import Database, Gone
from portfolio.models import (
    BenefitEstimate,
    Card,
    Cost,
    Event,
    Measure,
    Project,
    Reading,
    SuccessCase,
    WithdrawnReading,
    WorkLog,
)
from portfolio.rules.money import CostKind
from tests.conftest import Cast

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("store", ["postgres"], indirect=True)]

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
Does = Callable[[Session, dict[str, Any]], object]


def all_there_is(session: Session) -> list[object]:
    kinds = (Project, Cost, BenefitEstimate, SuccessCase, Measure, Reading, Card, WorkLog)
    return [one for kind in kinds for one in session.scalars(select(kind))]


def fill(session: Session, by: dict[str, Any]) -> None:
    """One of each, and a card with three hours in two lines."""
    made = projects.add(session, name="Faster quotes", solution_type="workshop", **by)
    costs.add(session, made, kind=CostKind.PURCHASE, amount=5.0, on=TODAY, **by)
    benefits.add(session, made, benefits.Given(1000.0, 0.5, 0.5, ""), on=TODAY, **by)
    success_cases.begin(session, made, who="Tara", **by)
    measure = measures.add(session, name="Days", project=made, **by)
    measures.read_many(session, measure, [measures.Given(4.0, TODAY)], source="api", **by)
    card = cards.add(session, title="Draft", **by)
    for hours in (2.0, 1.0):
        work_logs.type_in(session, card, hours, **by)


def of_project(session: Session, kind: Any) -> tuple[Any, Any]:
    return session.get_one(Project, 1), session.get_one(kind, 1)


def withdraw(session: Session, by: dict[str, Any]) -> None:
    measures.withdraw(session, session.get_one(Measure, 1), session.get_one(Reading, 1), why="", **by)


REMOVALS: dict[str, Does] = {
    "project.cost_removed": lambda session, by: costs.remove(session, *of_project(session, Cost), **by),
    "project.benefit_removed": lambda session, by: benefits.remove(
        session, *of_project(session, BenefitEstimate), **by
    ),
    "success_case.removed": lambda session, by: success_cases.remove(
        session, session.get_one(SuccessCase, 1), **by
    ),
    "measure.reading_withdrawn": withdraw,
    "card.hours_removed": lambda session, by: work_logs.remove(session, session.get_one(WorkLog, 1), **by),
}
CHANGES: dict[str, Does] = {
    "project.cost_removed": lambda session, by: costs.change(
        session, *of_project(session, Cost), kind=CostKind.PURCHASE, amount=6.0, hours=None, rate=None, note="",
        on=TODAY, **by,
    ),
    "project.benefit_removed": lambda session, by: benefits.leave_out(
        session, *of_project(session, BenefitEstimate), "Not sure", **by
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("action", "late"), [*((action, does) for one in (REMOVALS, CHANGES) for action, does in one.items())]
)
def test_who_comes_second_hears_that_it_is_gone(
    database: Database, cast: Cast, action: str, late: Does
) -> None:
    by = {"by": cast.manager, "at": NOW}
    with database.writing() as session:
        fill(session, by)
    with pytest.raises(Gone), database.writing() as second:
        seen = all_there_is(second)
        with database.writing() as first:
            REMOVALS[action](first, by)
        assert seen
        late(second, by)
    with database.reading() as session:
        told = select(func.count()).select_from(Event).where(Event.action == action)
        assert session.scalar(told) == 1
        assert session.scalar(select(func.count()).select_from(WithdrawnReading)) == (
            action == "measure.reading_withdrawn"
        )
        left = session.scalars(select(Card)).one().actual_hours
        assert left == (1.0 if action == "card.hours_removed" else 3.0)
