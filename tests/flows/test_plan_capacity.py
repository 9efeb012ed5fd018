"""What fits is worked out at night, without Prefect: the task's plain function over a real database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from flows import plan_capacity, score_requests
from portfolio import deciding
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Event, LearningRequest, Plan
from portfolio.settings import Settings
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_request

AT = datetime(2026, 11, 20, 1, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_capacity, "now", lambda: AT)


@pytest.mark.both
def test_the_night_keeps_a_plan_and_each_open_request_gets_its_chance(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        for form in ("job_aid", "elearning"):
            a_request(session, links=links, title=form, answers={"format": form})
    score_requests.score_some.fn()
    made = [plan_capacity.make_plan.fn("night") for _ in range(2)]
    assert made == [1, 2]
    with database.reading() as session:
        first, second = (session.get_one(Plan, number) for number in (1, 2))
        chances = session.scalars(select(LearningRequest.chance_in_plan)).all()
        assert session.scalar(select(func.count(Event.id)).where(Event.action == "plan.made")) == 2
    assert first.body == second.body
    assert (second.why, second.starts_on.isoformat(), second.weeks) == ("night", "2026-11-20", 6)
    assert all(chance is not None for chance in chances)


def test_chances_follow_a_new_score_and_a_decision_without_a_plan(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    chances = plan_capacity.Chances()

    def kept() -> list[float | None]:
        with database.reading() as session:
            return [*session.scalars(select(LearningRequest.chance_in_plan).order_by(LearningRequest.id))]

    assert not chances.are_behind()
    with database.writing() as session:
        for form in ("job_aid", "elearning"):
            a_request(session, links=links, title=form, answers={"format": form})
    score_requests.score_some.fn()
    assert (chances.are_behind(), kept()) == (True, [None, None])
    assert chances.catch_up()
    assert not chances.are_behind()
    assert None not in kept()
    with database.writing() as session:
        no = Ruling(Verdict.DECLINE, words="No.", reason="other")
        first = session.get_one(LearningRequest, 1)
        deciding.decide(session, first, no, links=links, by=cast.manager, at=AT)
    assert chances.are_behind()
    chances.catch_up()
    assert [chance is None for chance in kept()] == [True, False]
    with database.reading() as session:
        assert session.scalar(select(func.count(Plan.id))) == 0


def test_nothing_is_planned_before_the_first_visit(clockwork: Settings, database: Database) -> None:
    assert plan_capacity.make_plan.fn() is None
