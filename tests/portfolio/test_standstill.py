"""What stands still, told on Mondays: only where there is something to tell, and once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portfolio import cards, deciding, nudges, revisits, standstill
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Mail
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_card, a_request

pytestmark = pytest.mark.both


def tell(database: Database, links: Links, at: datetime) -> int:
    with database.writing() as session:
        return standstill.tell(session, on=at.date(), links=links, at=at)


def test_a_card_that_nobody_moved_for_long_is_told_of_once(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        doing = cards.columns(session)[2]
        for title, days in (("Old", 15), ("Fresh", 13)):
            since = now - timedelta(days=days)
            cards.place(
                session, a_card(session, by=cast.manager, title=title, at=since), doing, by=None, at=since
            )
        a_card(session, by=cast.manager, title="Not begun", at=now - timedelta(days=90))
    with database.reading() as session:
        found = standstill.look(session, now=now)
        assert [(one.card.title, one.days) for one in found.stalled] == [("Old", 15)]
        assert (found.limit_days, found.finished) == (14, 0)
    assert [tell(database, links, now) for _ in range(2)] == [1, 0]
    with database.reading() as session:
        mail = session.scalars(select(Mail)).one()
        assert (mail.recipient, mail.subject) == (cast.manager.email, "What stands still this Monday")
        assert "Old: 15 days" in mail.text
        assert "Fresh" not in mail.text
    assert tell(database, links, now + timedelta(days=7)) == 1


def test_how_long_is_long_comes_from_what_was_finished(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        for days in (1, 2, 3, 4, 5, 30):
            card = a_card(session, by=cast.manager)
            card.started_at, card.done_at = now - timedelta(days=days), now
        doing = cards.columns(session)[2]
        slow = a_card(session, by=cast.manager, title="Slow")
        cards.place(session, slow, doing, by=None, at=now - timedelta(days=20))
    with database.reading() as session:
        found = standstill.look(session, now=now)
        assert (found.limit_days, found.finished, found.stalled) == (30, 6, [])


def test_what_came_back_and_what_is_unanswered_is_told(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    later = now + timedelta(weeks=30)
    with database.writing() as session:
        for title, ruling in (
            ("Came", Ruling(Verdict.SNOOZE, "Later.", until=later.date())),
            ("Quiet", Ruling(Verdict.WAITLIST, "It waits.")),
        ):
            one = a_request(
                session, links=links, at=now, title=title, requester={"email": f"{title}@x.example"}
            )
            deciding.decide(session, one, ruling, links=links, by=session.merge(cast.manager), at=now)
        for weeks in (24, 28):
            nudges.nudge(session, links=links, at=now + timedelta(weeks=weeks))
        revisits.bring_back(session, revisits.look(session, today=later.date()), links=links, at=later)
    assert tell(database, links, later) == 1
    with database.reading() as session:
        text = session.scalars(select(Mail.text).order_by(Mail.id.desc())).first() or ""
        assert ["Came: The day you chose has come." in text, "hasn't answered\n\n- Quiet" in text] == [
            True,
            True,
        ]


def test_where_nothing_stands_still_nobody_is_told(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    assert tell(database, links, now) == 0
    with database.reading() as session:
        assert session.scalars(select(Mail)).all() == []
