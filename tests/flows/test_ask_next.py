"""Questions are asked by day, on working days, and only where the manager wants it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from flows import ask_next
from portfolio import next_questions, organisation
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import AskedQuestion, Mail
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_request
from tests.portfolio.test_next_questions import WAVERING, someone

FRIDAY_MORNING = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def switch_on(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        ours = organisation.current(session)
        assert ours is not None
        next_questions.switch(session, ours, on=True, by=cast.manager, at=FRIDAY_MORNING)


def waiting(database: Database, links: Links) -> int:
    """Four who could be asked; how many mails there are already."""
    with database.writing() as session:
        for name in ("ann", "ben", "cia", "dee"):
            a_request(session, links=links, title=name, requester=someone(name), answers=WAVERING)
        session.flush()
        return session.scalar(select(func.count()).select_from(Mail)) or 0


@pytest.mark.both
def test_three_people_are_asked_a_day_and_a_second_run_asks_nobody(
    clockwork: Settings, database: Database, cast: Cast, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_next, "now", lambda: FRIDAY_MORNING)
    mails = waiting(database, links)
    assert ask_next.ask_best.fn() == 0
    switch_on(database, cast)
    assert [ask_next.ask_best.fn() for _ in range(3)] == [3, 0, 0]
    with database.reading() as session:
        people = session.scalars(select(AskedQuestion.person_id)).all()
        assert len(people) == len(set(people)) == 3
        assert session.scalar(select(func.count()).select_from(Mail)) == mails + 3


@pytest.mark.parametrize(
    ("at", "asks"),
    [
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 14, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 21, 10, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 10, 0, tzinfo=UTC), False),
    ],
)
def test_it_asks_from_nine_to_four_in_berlin_on_working_days(
    clockwork: Settings, database: Database, cast: Cast, links: Links, monkeypatch: pytest.MonkeyPatch,
    at: datetime, asks: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(ask_next, "now", lambda: at)
    waiting(database, links)
    switch_on(database, cast)
    assert ask_next.ask_best.fn() == (3 if asks else 0)
