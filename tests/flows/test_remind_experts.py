"""Experts are reminded by day, on working days, and never twice a day."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from flows import remind_experts
from portfolio import expert_asks
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Mail
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_card

ASKED = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def test_an_expert_is_reminded_before_on_and_once_after_the_day(
    clockwork: Settings, database: Database, cast: Cast, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        expert_asks.ask(
            session, a_card(session, by=cast.manager), session.merge(cast.expert), why="", due_on=date(2026, 11, 26), links=links,
            by=cast.manager, at=ASKED,
        )  # fmt: skip
    sent = []
    for day in range(17, 31):
        for hour in (3, 9, 10):
            at = datetime(2026, 11, day, hour, 20, tzinfo=UTC)
            monkeypatch.setattr(remind_experts, "now", lambda at=at: at)
            if remind_experts.remind_due.fn():
                sent.append((day, hour))
    assert sent == [(24, 9), (26, 9), (27, 9)]
    with database.reading() as session:
        mails = session.scalars(
            select(Mail).where(Mail.subject.startswith("A reminder")).order_by(Mail.id)
        ).all()
    assert [("a friendly word ahead" in mail.text, "wanted by today" in mail.text, "last reminder" in mail.text) for mail in mails] == [
        (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip
