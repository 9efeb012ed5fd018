"""Any chart for any past day equals what was shown that day: the history alone tells how the board stood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import cards, columns, iteration_days, iterations, replay
from portfolio.database import Database
from portfolio.models import Card, Column, Snapshot
from portfolio.replay import Line, Standing
from portfolio.states import ColumnKind
from tests.conftest import NOW, Cast
from tests.factory import a_card

HOUR = timedelta(hours=1)


class Undone(Exception):
    """Ends a transaction without a trace."""


def as_the_tables_have_it(session: Session) -> dict[int, Standing]:
    """The board as it stands, read from the tables."""
    session.flush()
    rows = session.execute(select(Card, Column.kind).join(Card.column).where(Card.archived_at.is_(None)))
    return {
        card.id: Standing(card.id, card.column_id, kind, card.iteration_id, card.started_at, card.done_at)
        for card, kind in rows
    }


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("add", "place", "place", "place", "archive", "bring_back", "kind", "plan", "retire")
        ),
        st.integers(0, 7),
        st.integers(0, 4),
    ),
    min_size=4,
    max_size=30,
)


def take(session: Session, step: tuple[str, int, int], cast: Cast, at: datetime) -> None:
    """One thing somebody does to the board, where it can be done."""
    what, which, where = step
    board = columns.listed(session)
    column = board[where % len(board)]
    every = list(session.scalars(select(Card).order_by(Card.id)))
    card = every[which % len(every)] if every else None
    if what == "add" or card is None:
        a_card(session, by=cast.manager, at=at, column=column)
    elif what == "place" and card.archived_at is None:
        cards.place(session, card, column, by=cast.manager, at=at)
    elif what == "archive":
        cards.archive(session, card, by=cast.manager, at=at)
    elif what == "bring_back":
        cards.bring_back(session, card, by=cast.manager, at=at)
    elif what == "plan":
        into = iterations.listed(session)[0] if which % 2 else None
        cards.take_into(session, card, into, by=cast.manager, at=at)
    elif what == "kind" and column.position:
        try:
            columns.edit(session, column, by=cast.manager, at=at, kind=list(ColumnKind)[which % 3])
        except columns.ColumnNeeded:
            return
    elif what == "retire" and len(board) > 3:
        try:
            columns.retire(session, column, board[(where + 1) % len(board)], by=cast.manager, at=at)
        except columns.ColumnNeeded:
            return


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_history_tells_every_moment_as_it_was(
    database: Database, cast: Cast, steps: list[tuple[str, int, int]]
) -> None:
    with pytest.raises(Undone), database.writing() as session:
        iterations.plan(
            session,
            starts_on=NOW.date(),
            ends_on=NOW.date() + timedelta(days=11),
            capacity_hours=20,
            goal="",
            by=cast.manager,
            at=NOW,
        )
        shown = []
        for place, step in enumerate(steps):
            at = NOW + place * HOUR
            take(session, step, cast, at)
            shown.append((at, as_the_tables_have_it(session)))
        for at, board in shown:
            assert replay.board_at(session, at + HOUR / 2) == board
        raise Undone


@pytest.mark.both
def test_a_flow_diagram_of_a_past_day_stays_as_it_was_shown(database: Database, cast: Cast) -> None:
    days = [NOW + timedelta(days=day) for day in range(6)]
    shown = []
    with database.writing() as session:
        first, second, third = (a_card(session, by=cast.manager, title=word, at=NOW) for word in "abc")
        columns_ = columns.listed(session)
    for day, card, column in zip(
        days, (first, second, first, first, third, second), (2, 2, 4, 2, 4, 3), strict=True
    ):
        with database.writing() as session:
            cards.place(session, session.get_one(Card, card.id), columns_[column], by=cast.manager, at=day)
        with database.reading() as session:
            shown.append(replay.read(session, moment=day).counts(days[: days.index(day) + 1]))
    with database.reading() as session:
        last = replay.read(session, moment=days[-1])
        for place, day in enumerate(days):
            assert last.at(day).counts(days[: place + 1]) == shown[place]
    assert shown[-1] == {
        ColumnKind.TO_DO: (2, 1, 1, 1, 0, 0),
        ColumnKind.DOING: (1, 2, 1, 2, 2, 2),
        ColumnKind.DONE: (0, 0, 1, 0, 1, 1),
    }


def test_a_snapshot_of_an_iteration_is_what_the_history_tells(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = [a_card(session, by=cast.manager, title=word, at=NOW) for word in ("a", "b", "c")]
        one = iterations.plan(
            session,
            starts_on=NOW.date(),
            ends_on=NOW.date() + timedelta(days=11),
            capacity_hours=20,
            goal="",
            by=cast.manager,
            at=NOW,
        )
        for card in made[:2]:
            cards.take_into(session, card, one, by=cast.manager, at=NOW)
        done = columns.listed(session)[-1]
        for day, card in enumerate(made):
            at = NOW + timedelta(days=day)
            cards.place(session, card, done, by=cast.manager, at=at)
            iteration_days.take_snapshot(session, one, on=at.date(), at=at)
        cards.take_into(session, made[0], None, by=cast.manager, at=NOW + timedelta(days=4))
    with database.reading() as session:
        taken = session.scalars(select(Snapshot).order_by(Snapshot.on)).all()
        told = [
            [card for card in replay.board_at(session, one.taken_at).values() if card.iteration is not None]
            for one in taken
        ]
    assert [(one.cards, one.cards_done) for one in taken] == [
        (len(held), sum(card.kind is ColumnKind.DONE for card in held)) for held in told
    ]
    assert [one.cards_done for one in taken] == [1, 2, 2]


def test_older_lines_without_a_kind_mean_what_the_column_was(database: Database, cast: Cast) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def line(number: int, action: str, subject: int, **details: Any) -> Line:
        return Line(at + number * HOUR, number, action, subject, details)

    stays = replay.replayed(
        [
            line(1, "card.added", 7, column=1),
            line(2, "card.moved", 7, **{"from": 1, "to": 2}),
            line(3, "column.kind_changed", 2, kind="done", was="doing"),
            line(4, "card.moved", 9, **{"from": 1, "to": 2}),
            line(5, "card.archived", 7),
        ],
        {1: 0, 2: 1},
        {9: at},
    )
    assert sorted(stays[:], key=lambda one: (one.card, one.since)) == [
        (7, 1, 0, at + HOUR, at + 2 * HOUR),
        (7, 2, 1, at + 2 * HOUR, at + 3 * HOUR),
        (7, 2, 2, at + 3 * HOUR, None),
        (9, 1, 0, at, at + 4 * HOUR),
        (9, 2, 2, at + 4 * HOUR, None),
    ]


def test_cards_without_any_history_stand_as_the_table_has_them(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        board = columns.listed(session)
        for place, (column, started, done, archived) in enumerate(
            ((0, None, None, None), (2, 1, None, None), (4, 1, 3, None), (4, 1, 3, 5), (2, 1, None, 2))
        ):
            session.add(
                Card(
                    title="Old",
                    column_id=board[column].id,
                    rank=place + 1,
                    created_at=NOW,
                    started_at=None if started is None else NOW + started * HOUR,
                    done_at=None if done is None else NOW + done * HOUR,
                    archived_at=None if archived is None else NOW + archived * HOUR,
                )
            )
    with database.reading() as session:
        past = replay.read(session, moment=NOW + 9 * HOUR)
    assert past.counts([NOW + hours * HOUR for hours in (0, 1, 2, 3, 9)]) == {
        ColumnKind.TO_DO: (5, 1, 1, 1, 1),
        ColumnKind.DOING: (0, 4, 3, 1, 1),
        ColumnKind.DONE: (0, 0, 0, 2, 2),
    }
    assert past.under_way.tolist() == [False, True, False, False, False]
    assert past.waiting.tolist() == [True, False, False, False, False]


def test_an_empty_board_has_an_empty_past(database: Database, cast: Cast) -> None:
    with database.reading() as session:
        past = replay.read(session, moment=NOW)
        assert replay.board_at(session, NOW) == {}
    assert [len(one) for one in (past.card_ids, past.created, past.started, past.done, past.under_way)] == [
        0
    ] * 5
    assert past.counts([NOW]) == dict.fromkeys(ColumnKind, (0,))
