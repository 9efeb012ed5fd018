"""Pages hear of changes by server-sent events, and only of what is theirs."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from portfolio import cards
from portfolio.database import Database
from portfolio.links import Links
from tests.conftest import Cast
from tests.factory import a_card, a_request
from web.live import Change, Watch, names


async def first_words(
    watch: Watch, wants: Callable[[Change], str | None], act: Callable[[], None], seconds: float = 3.0
) -> str | None:
    """What a listener hears first after `act`; None when it hears nothing."""
    stream: Any = watch.listen(wants)
    assert await anext(stream) == "retry: 2000\n\n"
    listening: asyncio.Task[str] = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(act)
    try:
        return await asyncio.wait_for(listening, seconds)
    except TimeoutError:
        return None
    finally:
        await stream.aclose()


def test_a_move_is_heard_with_the_columns_it_touched(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        a_card(session, by=cast.manager)

    def move() -> None:
        with database.writing() as session:
            card = cards.find(session, 1)
            assert card is not None
            cards.place(session, card, cards.columns(session)[2], by=cast.manager, at=now)

    def wants(change: Change) -> str | None:
        return (
            names(*(f"column-{number}" for number in change.columns))
            if change.action == "card.moved"
            else None
        )

    heard = asyncio.run(first_words(Watch(database), wants, move))
    assert heard == 'data: ["column-1", "column-3"]\n\n'


def test_nothing_is_heard_of_what_is_not_wanted(database: Database, cast: Cast, links: Links) -> None:
    def submit() -> None:
        with database.writing() as session:
            a_request(session, links=links)

    def wants(change: Change) -> str | None:
        return "mine" if change.subject_id == 2 and change.subject_type == "learning_requests" else None

    assert asyncio.run(first_words(Watch(database), wants, submit, seconds=0.8)) is None
