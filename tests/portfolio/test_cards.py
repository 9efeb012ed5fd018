"""Positions on the board stay total and stable, whoever moves what and when."""

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portfolio import boards, cards, columns
from portfolio.database import Database
from portfolio.models import Card, Column, Event
from tests.conftest import NOW, Cast
from tests.factory import a_card


def standing(database: Database) -> list[list[int]]:
    """Card numbers by column, from the top."""
    with database.reading() as session:
        return [[card.id for card in stack.cards] for stack in boards.stacks(session, per_column=1000)]


@pytest.mark.both
@pytest.mark.parametrize(
    ("position", "order"),
    [
        (0, [4, 1, 2, 3]),
        (1, [1, 4, 2, 3]),
        (2, [1, 2, 4, 3]),
        (3, [1, 2, 3, 4]),
        (99, [1, 2, 3, 4]),
        (None, [1, 2, 3, 4]),
    ],
)
def test_a_card_stands_where_it_was_put(
    database: Database, cast: Cast, position: int | None, order: list[int]
) -> None:
    with database.writing() as session:
        made = [a_card(session, by=cast.manager) for _ in range(4)]
        first = cards.columns(session)[0]
        cards.place(session, made[3], cards.columns(session)[1], by=cast.manager, at=NOW)
        cards.place(session, made[3], first, position, by=cast.manager, at=NOW)
    assert standing(database)[0] == order


@pytest.mark.both
def test_the_same_spot_takes_any_number_of_cards(database: Database, cast: Cast) -> None:
    """A hundred cards into one spot: the room between neighbours runs out and is made anew."""
    with database.writing() as session:
        top, bottom = (a_card(session, by=cast.manager) for _ in range(2))
        column = cards.columns(session)[0]
        expected: list[int] = []
        for _ in range(100):
            card = a_card(session, by=cast.manager)
            cards.place(session, card, column, before=bottom.id, by=cast.manager, at=NOW)
            expected.append(card.id)
    assert standing(database)[0] == [top.id, *expected, bottom.id]


@pytest.mark.both
def test_the_clock_starts_once_and_stops_only_while_done(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        to_do, _, doing, _, done = cards.columns(session)
        assert (card.started_at, card.done_at) == (None, None)
        cards.place(session, card, doing, by=cast.manager, at=NOW)
        cards.place(session, card, done, by=cast.manager, at=NOW)
        assert (card.started_at, card.done_at) == (NOW, NOW)
        cards.place(session, card, to_do, by=cast.manager, at=NOW)
        assert (card.started_at, card.done_at) == (NOW, None)


@pytest.mark.both
def test_many_writers_leave_every_card_once_and_in_a_total_order(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        numbers = [a_card(session, by=cast.manager).id for _ in range(12)]
        places = [column.id for column in cards.columns(session)]
    failures: list[Exception] = []

    def shuffle(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(15):
            try:
                with database.writing() as session:
                    card = session.get_one(Card, chance.choice(numbers))
                    column = session.get_one(Column, chance.choice(places))
                    spot = {"before": chance.choice(numbers), "after": chance.choice(numbers)}
                    if chance.random() < 0.2:
                        cards.archive(session, card, by=cast.manager, at=NOW)
                        cards.bring_back(session, card, by=cast.manager, at=NOW)
                    elif chance.random() < 0.5:
                        cards.place(session, card, column, **spot, by=cast.manager, at=NOW)
                    else:
                        cards.place(session, card, column, chance.randrange(5), by=cast.manager, at=NOW)
            except Exception as failure:  # noqa: BLE001 - any failure fails the test below
                failures.append(failure)

    threads = [threading.Thread(target=shuffle, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(number for column in standing(database) for number in column) == numbers
    with database.reading() as session:
        stood = session.execute(select(Card.column_id, Card.rank)).all()
    assert len(set(stood)) == len(stood)


def test_a_card_that_stands_there_already_moves_nowhere(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        first, second = (a_card(session, by=cast.manager) for _ in range(2))
        column = cards.columns(session)[0]
        cards.place(session, second, column, after=first.id, by=cast.manager, at=NOW)
        cards.place(session, first, column, 0, by=cast.manager, at=NOW)
        assert (first.version, second.version) == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(Event).where(Event.action == "card.moved")).all() == []


@pytest.mark.both
def test_a_move_tells_from_where_to_where_and_what_that_means(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        card = a_card(session, by=cast.manager)
        cards.place(session, card, cards.columns(session)[4], by=cast.manager, at=NOW)
        cards.archive(session, card, by=cast.manager, at=NOW)
        columns.retire(session, cards.columns(session)[1], cards.columns(session)[0], by=cast.manager, at=NOW)
    with database.reading() as session:
        told = {
            one.action: one.details
            for one in session.scalars(select(Event).where(Event.subject_type.in_(("cards", "columns"))))
        }
    assert told == {
        "card.added": {"column": 1, "kind": "to_do", "project": None, "iteration": None},
        "card.moved": {"from": 1, "to": 5, "kind": "done", "was": "to_do"},
        "card.archived": {"column": 5, "kind": "done"},
        "column.retired": {"into": 1, "cards": 0, "kind": "to_do"},
    }


@settings(max_examples=25, deadline=None)
@given(moves=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 6)), max_size=12))
def test_any_moves_give_what_a_list_would(moves: list[tuple[int, int, int]]) -> None:
    """The board against a plain Python list, on a database of its own."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import StaticPool

    from portfolio.models import Base

    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        cards.lay_out(session)
        shown = cards.columns(session)[:2]
        made = [cards.add(session, title=str(turn), by=None, at=NOW) for turn in range(6)]
        lists: list[list[int]] = [[card.id for card in made], []]
        for which, to, position in moves:
            card = made[which]
            cards.place(session, card, shown[to], position, by=None, at=NOW)
            for column in lists:
                if card.id in column:
                    column.remove(card.id)
            lists[to].insert(position, card.id)
        found = [[card.id for card in boards.stretch(session, column)] for column in shown]
    engine.dispose()
    assert found == lists
