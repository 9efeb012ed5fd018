"""Silent requests are asked after by day and on working days; Mondays tell what stands still."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from flows import forget_politely
from portfolio import cards, deciding
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Mail
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_card, a_request

MONDAY = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
LONG_AGO = MONDAY - timedelta(weeks=30)


@pytest.fixture
def waiting(database: Database, cast: Cast, links: Links) -> None:
    """One silent request, one whose day has come, and a card nobody moved."""
    with database.writing() as session:
        for title, ruling in (
            ("Quiet", Ruling(Verdict.WAITLIST)),
            ("Due", Ruling(Verdict.DECLINE, "No.", until=MONDAY.date())),
        ):
            asker = {"email": f"{title.lower()}@fernweh.example"}
            one = a_request(session, links=links, at=LONG_AGO, title=title, requester=asker)
            by = session.merge(cast.manager)
            deciding.decide(session, one, ruling, links=links, by=by, at=LONG_AGO)
        card = a_card(session, by=cast.manager, at=LONG_AGO)
        cards.place(session, card, cards.columns(session)[2], by=None, at=LONG_AGO)


def run(at: datetime, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, int], int]:
    monkeypatch.setattr(forget_politely, "now", lambda: at)
    return (
        forget_politely.bring_back.fn(),
        forget_politely.nudge.fn(),
        forget_politely.tell_monday.fn(),
    )


@pytest.mark.usefixtures("clockwork", "waiting")
def test_a_monday_morning_does_all_of_it_once(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = {"warning": 0, "still_needed": 0, "parked": 0}
    assert run(MONDAY, monkeypatch) == (1, {**none, "warning": 1}, 1)
    assert run(MONDAY + timedelta(hours=1), monkeypatch) == (0, none, 0)
    with database.reading() as session:
        told = [*session.scalars(select(Mail.recipient).order_by(Mail.id))][-3:]
        assert told == ["due@fernweh.example", "quiet@fernweh.example", cast.manager.email]


@pytest.mark.usefixtures("clockwork", "waiting")
@pytest.mark.parametrize("at", [MONDAY.replace(hour=2), MONDAY.replace(hour=19), MONDAY - timedelta(days=1)])
def test_nobody_is_written_to_at_night_or_at_weekends(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(at, monkeypatch) == (0, {}, 0)


@pytest.mark.usefixtures("clockwork", "waiting")
def test_on_other_days_nobody_is_told_what_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(MONDAY + timedelta(days=1), monkeypatch)[2] == 0
