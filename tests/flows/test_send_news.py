"""News without Prefect, and by a real worker that is killed in the middle."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from flows import connection, outbox, send_news
from flows.link import Link
from portfolio import cards, outlets, people
from portfolio import database as databases
from portfolio.database import Database
from portfolio.models import Delivery
from portfolio.settings import Settings
from tests.conftest import Cast
from tests.factory import a_card
from tests.flows.processes import PrefectServer, start_worker, until
from tests.flows.test_flows import NOBODY_THERE
from tests.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as there:
        yield there


def test_news_leaves_without_prefect_and_what_nobody_wants_starts_nothing(
    clockwork: Settings,
    database: Database,
    cast: Cast,
    receiver: Receiver,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTSIZE_WEBHOOKS_MAY_BE_LOCAL", "true")
    connection.settings.cache_clear()
    with database.writing() as session:
        outlets.add(
            session,
            kind="webhook",
            name="Datahub",
            address=receiver.address,
            topics=["cards.added"],
            may_be_local=True,
            by=cast.manager,
            at=now,
        )
    news, link = send_news.News(), Link(NOBODY_THERE)
    link.found()
    assert not news.waits()
    with database.writing() as session:
        people.begin_visit(session, cast.manager, now=now)
    assert not news.waits()
    with database.writing() as session:
        a_card(session, by=cast.manager, at=now)
    assert (news.waits(), news.tell(link)) == (True, True)
    assert not link.is_up
    assert [json.loads(got.body)["type"] for got in receiver.got] == ["card.added"]
    assert (news.waits(), outbox.look().news) == (False, False)


@pytest.mark.prefect
@pytest.mark.timeout(240)
@pytest.mark.xdist_group("prefect")
def test_a_worker_killed_while_it_sends_sends_again_under_the_same_id(
    prefect_server: PrefectServer, empty_sqlite: Path, tmp_path: Path, receiver: Receiver
) -> None:
    shutil.copyfile(empty_sqlite, tmp_path / "outsize.db")
    (tmp_path / "outsize.toml").write_text("webhooks_may_be_local = true\n")
    database = databases.connect(f"sqlite:///{tmp_path / 'outsize.db'}")
    at = datetime.now(UTC)
    with database.writing() as session:
        cards.lay_out(session)
        manager = people.meet(session, "mara@fernweh.example", at=at)
        outlets.add(
            session,
            kind="webhook",
            name="Datahub",
            address=receiver.address,
            topics=["*"],
            may_be_local=True,
            by=manager,
            at=at,
        )
        a_card(session, by=manager, at=at)
    receiver.drip_seconds = 5
    worker = start_worker(prefect_server, tmp_path)
    try:
        until(lambda: receiver.got, "a first message")
        worker.kill()
        receiver.drip_seconds = 0
        worker = start_worker(prefect_server, tmp_path)

        def taken() -> list[Delivery]:
            with database.reading() as session:
                return list(session.scalars(select(Delivery).where(Delivery.delivered_at.is_not(None))))

        (delivery,) = until(taken, "a message that was taken")
    finally:
        worker.kill()
        database.dispose()
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert (ids, delivery.attempts) == ([delivery.message_id] * 2, 2)
