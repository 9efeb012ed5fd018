"""A correction built for real: over the same period, from what is known now, and saying what differs."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import (
    benefits,
    costs,
    editions,
    goals,
    measures,
    participants,
    projects,
    report_designs,
    work_logs,
)
from portfolio.benefits import Given
from portfolio.costs import Rates
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import (
    Card,
    Cost,
    Edition,
    Evaluation,
    Goal,
    Measure,
    Organisation,
    Person,
    Project,
    Reading,
    Response,
    Survey,
    TrainingSession,
)
from portfolio.rules.money import CostKind
from portfolio.states import EvidenceGrade
from reports import edition as report
from tests.conftest import Cast
from tests.reports.story import QUARTER, on, tell

LATER = on(11, 25)
WEAK = "The evidence is too weak: a return is printed from “trend” on."


def test_a_reading_that_was_missing_is_in_the_correction_and_named_there(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        manager = session.merge(cast.manager, load=False)
        tell(session, manager=manager, links=links)
        first = editions.ask(
            session, kind="quarterly", period_start=QUARTER[0], period_end=QUARTER[1], by=None, at=now
        )
        report.build(session, first.id, now=now, flow_run_id=None)
        wrong = first.checksum
        measure = session.scalars(
            select(Measure).where(Measure.name == "Days for a quote", Measure.value_per_unit > 0)
        ).one()
        later = now + timedelta(days=1)
        measures.read(session, measure, value=0.1, on=date(2026, 9, 20), after=True, by=manager, at=later)
        new = editions.correct(session, first, "A reading had not been written down.", by=manager, at=later)
        report.build(session, new.id, now=later + timedelta(minutes=1), flow_run_id=None)
        session.flush()
        plain = editions.ask(
            session, kind="quarterly", period_start=QUARTER[0], period_end=QUARTER[1], by=None, at=later
        )
        report.build(session, plain.id, now=later + timedelta(minutes=1), flow_run_id=None)
    with database.reading() as session:
        old, corrected, again = (session.get_one(Edition, number) for number in (first.id, new.id, plain.id))
        figures = corrected.figures or {}
        assert (old.checksum, figures["correction"]) == (
            wrong,
            {"edition": old.id, "title": old.title, "why": "A reading had not been written down."},
        )
        differs = {(row["table"], row["figure"]) for row in figures["corrected"]["rows"]}
        assert ("Measured results", "Change") in differs, differs
        assert "A reading had not been written down." in (corrected.html or "")
        assert "report-corrected" in (corrected.html or "")
        kept = [one for one in (again.figures or {})["tables"] if one["key"] == "results"]
        assert kept == [one for one in (old.figures or {})["tables"] if one["key"] == "results"]


@pytest.mark.both
def test_what_came_or_changed_later_is_in_a_correction_alone(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        manager, expert = (session.merge(one, load=False) for one in (cast.manager, cast.expert))
        tell(session, manager=manager, links=links)
        _in_time(session, manager, expert)
        first = _ask(session, manager)
        report.build(session, first.id, now=on(11, 20), flow_run_id=None)
    with database.writing() as session:
        _late(session, session.merge(cast.manager, load=False), session.merge(cast.expert, load=False), links)
    with database.writing() as session:
        manager = session.merge(cast.manager, load=False)
        again = _ask(session, manager)
        report.build(session, again.id, now=LATER, flow_run_id=None)
        new = editions.correct(
            session, session.get_one(Edition, first.id), "Much came late.", by=manager, at=LATER
        )
        report.build(session, new.id, now=LATER + timedelta(hours=1), flow_run_id=None)
    with database.reading() as session:
        old, same, corrected = (session.get_one(Edition, one.id).figures or {} for one in (first, again, new))
        assert (old["failures"], corrected["failures"]) == ({}, {})
        assert _tables(same) == _tables(old)
        assert _money(old) == {"costs": 3550.0, "why_not": "", "with_return": 1}
        assert _money(corrected) == {"costs": 4746.0, "why_not": WEAK, "with_return": 0}
        differing = {row["table"] for row in corrected["corrected"]["rows"]}
        assert differing >= {
            "Measured results", "Costs and returns", "Costs by kind", "Hypotheses", "What people answered",
            "How far work was followed", "With thanks to", "Projects worked on",
        }  # fmt: skip
        assert {row["line"] for row in corrected["corrected"]["rows"]}.isdisjoint({"Win customers faster"})
        assert (old["goals"][0]["year_to_date"], corrected["goals"][0]["year_to_date"]) == (1.8, 1.8)


def _in_time(session: Session, manager: Person, expert: Person) -> None:
    ours = session.scalars(select(Organisation)).one()
    costs.set_rates(session, ours, Rates(50, 60, 40), least=EvidenceGrade.TREND, by=manager, at=on(6, 1))
    quotes = session.get_one(Project, 1)
    costs.add(
        session, quotes, kind=CostKind.PURCHASE, amount=250, on=date(2026, 8, 1), by=manager, at=on(8, 1)
    )
    costs.add(
        session, quotes, kind=CostKind.PURCHASE, amount=200, on=date(2026, 8, 2), by=manager, at=on(8, 2)
    )
    card = session.scalars(select(Card).where(Card.title == "2 days")).one()
    for hours in (1.0, 0.5):
        work_logs.type_in(session, card, hours, by=expert, at=on(8, 5))
    work_logs.type_in(session, card, 0.2, by=manager, at=on(8, 6))


def _late(session: Session, manager: Person, expert: Person, links: Links) -> None:
    """Everything that can come late, or be put right, after the cut-off."""
    at = on(11, 24)
    quotes = session.get_one(Project, 1)
    bought, mistaken = session.scalars(select(Cost).where(Cost.kind == "purchase").order_by(Cost.id))
    costs.change(
        session, quotes, bought, kind=CostKind.EXPERT, amount=400, on=date(2026, 8, 20), by=manager, at=at
    )
    costs.remove(session, quotes, mistaken, by=manager, at=at)
    costs.add(session, quotes, kind=CostKind.DELIVERY, amount=500, on=date(2026, 9, 1), by=manager, at=at)
    ours = session.scalars(select(Organisation)).one()
    costs.set_rates(session, ours, Rates(80, 90, 100), least=EvidenceGrade.TREND, by=manager, at=at)
    card = session.scalars(select(Card).where(Card.title == "2 days")).one()
    longer, gone, _ = reversed(work_logs.listed(session, card))
    work_logs.type_in(session, card, 2.0, on=date(2026, 9, 3), by=expert, at=at)
    work_logs.correct(session, longer, 5.0, note="", by=expert, at=at)
    work_logs.remove(session, gone, by=expert, at=at)
    _met(session, quotes, manager, expert, at)
    for place in range(5):
        benefits.add(
            session,
            quotes,
            Given(1000 + place, 0.5, 0.5, "The books"),
            on=date(2026, 9, 20),
            by=manager,
            at=at,
        )
    benefits.say_asked(session, quotes, 8, by=manager, at=at)
    session.add(
        Evaluation(project_id=1, level=4, result="Quotes are faster", grade=EvidenceGrade.TREND, verdict="confirmed",
                   figures={"base": 6}, concluded_at=at)
    )  # fmt: skip
    measure = session.scalars(select(Measure).where(Measure.value_per_unit > 0)).one()
    measures.edit(
        session, measure, version=None, by=manager, at=at, worthwhile_change=9.0, value_per_unit=5000.0
    )
    wrong = session.scalars(select(Reading).where(Reading.read_on == date(2026, 9, 9))).one()
    measures.withdraw(session, measure, wrong, why="Read twice", by=manager, at=at)
    goals.edit(session, session.get_one(Goal, 1), by=manager, at=at, target=2.0, year_to_date=7.0, weight=2)
    projects.edit(
        session, quotes, version=None, by=manager, at=at, estimate_hours=77.0, due_on=date(2026, 12, 1)
    )
    _answers(session, at)


def _met(session: Session, project: Project, manager: Person, expert: Person, at: datetime) -> None:
    """Somebody was in a session that nobody had written down."""
    held = TrainingSession(
        project_id=project.id, title="Try-out", starts_at=on(9, 2), ends_at=on(9, 2, 11), added_at=at
    )
    session.add(held)
    participants.mark(session, project, expert, "attended", by=manager, at=at)


def _answers(session: Session, at: datetime) -> None:
    survey = Survey(
        project_id=1, kind="late", questions=[{"key": "use", "label": "Used?", "options": ["Yes"], "level": 3}],
        sent_on=date(2026, 9, 20), sent_count=6, opened_at=at, closed_at=at, created_at=at,
    )  # fmt: skip
    session.add(survey)
    session.flush()
    for _ in range(6):
        session.add(Response(survey_id=survey.id, answers={"use": "Yes"}, answered_at=at.replace(hour=0)))


def _ask(session: Session, manager: Person) -> Edition:
    known = report_designs.listed(session)
    design = known[0] if known else report_designs.begin(session, audience="manager", by=manager, at=on(6, 1))
    (asked,) = editions.ask_each(
        session,
        design,
        kind="quarterly",
        period_start=QUARTER[0],
        period_end=QUARTER[1],
        by=manager,
        at=LATER,
    )
    return asked


def _tables(figures: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: one["rows"] for one in figures["tables"] if one["key"] != "compare"}


def _money(figures: dict[str, Any]) -> dict[str, Any]:
    (row,) = [one for one in figures["money"]["rows"] if one["project"] == "Faster quotes"]
    return {"costs": row["costs"], "why_not": row["why_not"], "with_return": figures["money"]["with_return"]}
