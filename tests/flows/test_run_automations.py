"""Automations without Prefect: they follow the history, and what can't set one off starts nothing."""

from datetime import datetime

from sqlalchemy import select

from flows import connection, outbox, run_automations
from flows.link import Link
from portfolio import automations, cards, people
from portfolio.database import Database
from portfolio.models import AutomationRun
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_card, a_project
from tests.flows.test_flows import NOBODY_THERE


def test_an_event_sets_an_automation_off_and_others_start_nothing(
    clockwork: Settings, database: Database, cast: Cast, now: datetime
) -> None:
    follower, link = run_automations.Automations(), Link(NOBODY_THERE)
    link.found()
    assert follower.wait()
    assert follower.act(link)
    assert not follower.wait()
    with database.writing() as session:
        people.begin_visit(session, cast.manager, now=now)
        project = a_project(session, by=cast.manager, at=now)
        card = a_card(session, by=cast.manager, at=now, project=project)
    assert not follower.wait()
    with database.writing() as session:
        cards.place(session, session.merge(card), cards.columns(session)[-1], by=cast.manager, at=now)
    assert follower.wait()
    assert follower.act(link)
    assert not follower.wait()
    with database.reading() as session:
        (run,) = automations.runs(session)
        assert (run.key, run.did) == (
            "all_cards_done",
            "Told you that all cards of “Faster quotes” are done.",
        )
    assert (link.is_up, outbox.look().mails) == (False, True)


def test_the_morning_run_looks_around(clockwork: Settings, database: Database, cast: Cast) -> None:
    assert run_automations.act.fn(look_around=True) == 0
    with database.reading() as session:
        assert session.scalars(select(AutomationRun)).all() == []
        assert all(one.is_on == one.routine.on_at_first for one in automations.listed(session))
    assert connection.settings().data == clockwork.data
