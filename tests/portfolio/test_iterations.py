"""Iterations: dates that never overlap, a line within capacity, a closed record that stays, days nobody looked at."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portfolio import capacity, cards, iteration_days, iterations, lineups, organisation, projects
from portfolio.database import Database
from portfolio.iteration_review import Outcome, ProjectReview, Retrospective
from portfolio.iterations import IterationRefused, StaleIteration
from portfolio.links import Links
from portfolio.models import Card, Event, Iteration, Project, Snapshot
from portfolio.states import IterationStatus, Stage
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project, a_request

FIRST, LAST = date(2026, 11, 16), date(2026, 11, 27)
DONE = 4
"""The place of the done column."""


def planned(
    session: Session, cast: Cast, first: date = FIRST, last: date = LAST, hours: float | None = 20
) -> Iteration:
    return iterations.plan(
        session, starts_on=first, ends_on=last, capacity_hours=hours, goal="Quotes", by=cast.manager, at=NOW
    )


def started(session: Session, cast: Cast, *titles: str, at: datetime = NOW) -> tuple[Iteration, list[Card]]:
    """An open iteration committed to cards of 3 hours each."""
    made = [a_card(session, by=cast.manager, title=title, estimate_hours=3, at=at) for title in titles]
    one = planned(session, cast)
    iterations.choose(session, one, [card.id for card in made], by=cast.manager, at=at)
    iterations.start(session, one, by=cast.manager, at=at)
    return one, made


def finish(session: Session, card: Card, cast: Cast, at: datetime = NOW) -> None:
    cards.place(session, card, cards.columns(session)[DONE], by=cast.manager, at=at)


def close(
    session: Session, one: Iteration, cast: Cast, at: datetime = NOW, **said: object
) -> dict[str, object]:
    words = {"shown": "A sheet", "learned": "Ask first", "next_step": "Pilot", **said}
    return iterations.close(session, one, by=cast.manager, at=at, **words)  # type: ignore[arg-type] # words by name


# Dates


def test_the_next_iteration_follows_the_rhythm_set_once(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        ours = session.merge(cast.organisation)
        organisation.set_rhythm(
            session, ours, weeks=3, starts_on=date(2026, 9, 9), by=cast.manager, at=NOW
        )  # a Wednesday
        proposed = [iterations.next_dates(session, date(2026, 11, 20))]
        planned(session, cast, *proposed[0])
        proposed.append(iterations.next_dates(session, date(2026, 11, 20)))
    assert proposed == [
        (date(2026, 12, 2), date(2026, 12, 22)),
        (date(2026, 12, 23), date(2027, 1, 12)),
    ]


def test_two_iterations_never_share_a_day(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        planned(session, cast)
        other = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
        for first, last in ((LAST, LAST), (FIRST - timedelta(9), FIRST), (FIRST, FIRST)):
            with pytest.raises(IterationRefused, match="Iteration 1 runs from 16 November to 27 November"):
                planned(session, cast, first, last)
        with pytest.raises(IterationRefused, match="share a day"):
            iterations.edit(session, other, starts_on=LAST, by=cast.manager, at=NOW)
        with pytest.raises(IterationRefused, match="ends after it starts"):
            planned(session, cast, LAST, FIRST)


def test_one_closed_early_leaves_the_rest_of_its_days_free(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one, _ = started(session, cast, "a")
        close(session, one, cast)
        following = planned(session, cast, date(2026, 11, 21), LAST)
        assert following.starts_on == NOW.date() + timedelta(days=1)


@pytest.mark.both
def test_only_one_iteration_is_open_and_the_database_says_so_too(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        started(session, cast, "a")
        other = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
        with pytest.raises(IterationRefused, match="Close the open iteration first"):
            iterations.start(session, other, by=cast.manager, at=NOW)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(update(Iteration).where(Iteration.id == 2).values(status=IterationStatus.OPEN))


# Capacity and the line


def test_hours_follow_the_calendar_until_the_start_and_stay_then(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one = planned(session, cast, hours=None)
        before = iterations.room_of(session, one, now=NOW)
        capacity.add_absence(
            session, from_on=date(2026, 11, 26), until_on=date(2026, 11, 29), by=cast.manager, at=NOW
        )
        capacity.interrupted(session, minutes=120, by=cast.manager, at=NOW - timedelta(days=2))
        room = iterations.room_of(session, one, now=NOW)
        assert (before.hours, room.hours) == (30, 20)
        assert room.sentence == (
            "10 working days at 15 h a week, less 2 days away and about 2 h a week of small asks: 20 h."
        )
        iterations.start(session, one, by=cast.manager, at=NOW)
        capacity.add_absence(session, from_on=FIRST, until_on=LAST, by=cast.manager, at=NOW)
        assert (one.capacity_hours, one.capacity_words) == (20, room.sentence)
        assert iterations.capacity_of(one, iterations.room_of(session, one, now=NOW)) == 20


def test_left_overs_come_first_then_ranked_projects_then_the_board(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        one, (left, _) = started(session, cast, "left over", "done")
        finish(session, cards.of_iteration(session, one)[1], cast)
        close(session, one, cast)
        a_card(session, by=cast.manager, title="of the board")
        weak, strong = (asked_for(session, cast, links, *said) for said in (("weak", 1.0), ("strong", 9.0)))
        for project in (weak, strong):
            a_card(session, by=cast.manager, project=project, title=f"of {project.name}", estimate_hours=3)
        over = a_project(session, by=cast.manager)
        a_card(session, by=cast.manager, project=over, title="of a project that is over")
        projects.move(session, over, Stage.STOPPED, by=cast.manager, at=NOW)
        following = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11), hours=8)
        shown = lineups.line_up(session, following, now=NOW)
    assert [(line.card.title, line.group) for line in shown.lines] == [
        ("left over", "left_over"),
        (f"of {strong.name}", "ranked"),
        (f"of {weak.name}", "ranked"),
        ("of the board", "board"),
    ]
    assert shown.proposed
    assert [line.is_in for line in shown.lines] == [True, True, False, False]
    assert left.iteration_id is None
    assert shown.fit.sentence.startswith("2 cards, 6 h by estimates, likely ")


def asked_for(session: Session, cast: Cast, links: Links, name: str, leverage: float) -> Project:
    """A project of an accepted request, and how much an hour of it brings."""
    request = a_request(session, links=links, title=name)
    request.leverage = leverage
    project = a_project(session, by=cast.manager, name=name)
    project.learning_request_id = request.id
    session.flush()
    return project


@pytest.mark.parametrize("done", [False, True])
def test_choosing_lets_exactly_those_cards_in_and_never_takes_a_done_one_out(
    database: Database, cast: Cast, *, done: bool
) -> None:
    with database.writing() as session:
        one, (first, second) = started(session, cast, "first", "second")
        third = a_card(session, by=cast.manager, title="third")
        if done:
            finish(session, first, cast)
        iterations.choose(session, one, [third.id, 999], by=cast.manager, at=NOW)
        held = {card.title for card in iterations.held(session, one)}
    assert held == ({"first", "third"} if done else {"third"})
    assert second.iteration_id is None


def test_a_card_of_another_open_iteration_is_neither_proposed_nor_taken(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        _, (mine,) = started(session, cast, "mine")
        other = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
        iterations.choose(session, other, [mine.id], by=cast.manager, at=NOW)
        assert lineups.line_up(session, other, now=NOW).lines == ()
        assert mine.iteration_id == 1


def test_an_edit_of_an_older_version_overwrites_nothing(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one = planned(session, cast)
        iterations.edit(session, one, version=1, goal="Mine", by=cast.manager, at=NOW)
        with pytest.raises(StaleIteration):
            iterations.edit(session, one, version=1, goal="Theirs", by=cast.manager, at=NOW)
        assert (one.goal, one.version) == ("Mine", 2)


# Day by day


def test_a_clock_that_stood_leaves_no_gap_and_no_wrong_day(database: Database, cast: Cast) -> None:
    """Berlin is an hour ahead: what happens at 23:30 UTC on the 17th belongs to the 18th."""
    monday = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    with database.writing() as session:
        one, (first, second, third) = started(session, cast, "a", "b", "c", at=monday)
        finish(session, first, cast, at=datetime(2026, 11, 17, 23, 30, tzinfo=UTC))
        late = a_card(session, by=cast.manager, title="late", estimate_hours=5, at=monday + timedelta(days=3))
        cards.take_into(session, late, one, by=cast.manager, at=monday + timedelta(days=3))
        cards.take_into(session, second, None, by=cast.manager, at=monday + timedelta(days=4))
        finish(session, third, cast, at=monday + timedelta(days=4))
        taken = iterations.snapshot_open(session, on=date(2026, 11, 20), at=monday + timedelta(days=5))
        again = iterations.snapshot_open(session, on=date(2026, 11, 20), at=monday + timedelta(days=5))
        days = [
            (shot.on.day, shot.cards, shot.cards_done, shot.hours, shot.hours_done)
            for shot in iteration_days.snapshots(session, one)
        ]
    assert days == [
        (16, 3, 0, 9, 0),
        (17, 3, 0, 9, 0),
        (18, 3, 1, 9, 3),
        (19, 4, 1, 14, 3),
        (20, 3, 2, 11, 6),
    ]
    assert (taken, again) == (5, 1)


def test_what_changes_after_the_start_is_told_with_who_and_when(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one, (first, second) = started(session, cast, "first", "second")
        a_card(session, by=cast.manager, title="made inside", iteration=one, at=NOW + timedelta(hours=1))
        cards.take_into(session, first, None, by=cast.leader, at=NOW + timedelta(hours=2))
        cards.archive(session, second, by=cast.manager, at=NOW + timedelta(hours=3))
        told = [
            (one.title, one.came_in, one.at, one.by) for one in iteration_days.scope_changes(session, one)
        ]
    assert told == [
        ("made inside", True, NOW + timedelta(hours=1), "Mara Manager"),
        ("first", False, NOW + timedelta(hours=2), "Lena Leader"),
        ("second", False, NOW + timedelta(hours=3), "Mara Manager"),
    ]


# Closing


def test_closing_moves_what_is_left_into_the_next_one_and_keeps_its_record(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        one, (done, left) = started(session, cast, "done", "left")
        following = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
        finish(session, done, cast)
        facts = close(session, one, cast)
        assert (left.iteration_id, done.iteration_id) == (following.id, one.id)
        cards.take_into(session, done, None, by=cast.manager, at=NOW)
        assert one.record == facts
    titles = {
        name: [fact["title"] for fact in facts[name]]  # type: ignore[attr-defined] # JSON
        for name in ("commitment", "done", "left")
    }
    assert titles == {"commitment": ["done", "left"], "done": ["done"], "left": ["left"]}


def test_the_review_stops_what_is_killed_and_changes_what_is_believed(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        kept, changed, killed = (a_project(session, by=cast.manager, name=name) for name in "abc")
        card = a_card(session, by=cast.manager, project=killed)
        one = planned(session, cast)
        following = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
        iterations.choose(session, one, [card.id], by=cast.manager, at=NOW)
        iterations.start(session, one, by=cast.manager, at=NOW)
        review = [
            ProjectReview(kept.id, shown="Slides"),
            ProjectReview(changed.id, Outcome.CHANGE, next_hypothesis="We believe in less."),
            ProjectReview(killed.id, Outcome.KILL, hours_saved=12),
        ]
        close(session, one, cast, review=review, retrospective=Retrospective(try_next="Start with two"))
        assert (killed.stage, killed.hours_saved, kept.stage) == (Stage.STOPPED, 12, Stage.DISCOVER)
        assert changed.hypothesis == "We believe in less."
        assert card.iteration_id is None  # its project is over, so it spills nowhere
        assert [(said["name"], said["verdict"]) for said in one.review or []] == [
            ("a", "keep"),
            ("b", "change"),
            ("c", "kill"),
        ]
        assert lineups.line_up(session, following, now=NOW).try_next == "Start with two"


def test_closing_twice_is_closing_once_and_other_words_are_refused(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one, _ = started(session, cast, "a")
        assert close(session, one, cast) == close(session, one, cast, at=NOW + timedelta(days=1))
        with pytest.raises(IterationRefused, match="Only an open iteration"):
            close(session, one, cast, learned="Something else")
        closings = select(func.count()).where(Event.action == "iteration.closed")
        assert (one.closed_at, session.scalar(closings)) == (NOW, 1)


@pytest.mark.both
def test_a_closing_that_breaks_off_leaves_all_as_it_was(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        started(session, cast, "a")
    with pytest.raises(RuntimeError), database.writing() as session:
        close(session, session.get_one(Iteration, 1), cast)
        raise RuntimeError
    with database.writing() as session:
        one = session.get_one(Iteration, 1)
        assert (one.status, one.record, session.get_one(Card, 1).iteration_id) == (
            IterationStatus.OPEN,
            None,
            1,
        )
        assert close(session, one, cast)["committed"] == [1]


@pytest.mark.both
@pytest.mark.parametrize("statement", [
    "UPDATE iterations SET goal = 'Another'", "UPDATE iterations SET status = 'open'", "DELETE FROM snapshots",
    "UPDATE snapshots SET cards_done = 99", "DELETE FROM iterations",
])  # fmt: skip
def test_the_database_refuses_to_change_a_closed_iteration(
    database: Database, cast: Cast, statement: str
) -> None:
    with database.writing() as session:
        close(session, started(session, cast, "a")[0], cast)
    with pytest.raises(DBAPIError, match="a closed iteration keeps its facts"), database.writing() as session:
        session.execute(text(statement))


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "estimate", "move", "take", "archive", "project", "snapshot"]),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(edits=EDITS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_later_edit_changes_a_closed_record(
    database: Database, cast: Cast, edits: list[tuple[str, int]]
) -> None:
    with database.engine.connect() as connection:  # each example on the same empty tables
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            _live_through(session, cast, edits)
        outer.rollback()


def _live_through(session: Session, cast: Cast, edits: list[tuple[str, int]]) -> None:
    project = a_project(session, by=cast.manager)
    one, made = started(session, cast, "a", "b", "c", "d")
    finish(session, made[0], cast)
    close(session, one, cast, review=[ProjectReview(project.id)])
    following = planned(session, cast, date(2026, 11, 30), date(2026, 12, 11))
    session.flush()
    before = whole(session, one.id)
    later = NOW + timedelta(days=2)
    for what, place in edits:
        card = made[place]
        if what == "rename":
            cards.edit(session, card, version=None, by=cast.manager, at=later, title="Renamed")
        elif what == "estimate":
            cards.edit(session, card, version=None, by=cast.manager, at=later, estimate_hours=99)
        elif what == "move":
            if card.archived_at is None:  # one in the archive is refused
                cards.place(session, card, cards.columns(session)[place + 1], by=cast.manager, at=later)
        elif what == "take":
            cards.take_into(session, card, following if place % 2 else None, by=cast.manager, at=later)
        elif what == "archive":
            cards.archive(session, card, by=cast.manager, at=later)
        elif what == "project":
            projects.edit(session, project, version=None, by=cast.manager, at=later, name="Another name")
        else:
            iterations.snapshot_open(session, on=later.date(), at=later)
    session.flush()
    assert whole(session, one.id) == before


def whole(session: Session, number: int) -> tuple[object, ...]:
    """Everything the database holds about an iteration."""
    row = session.execute(select(Iteration.__table__).where(Iteration.id == number)).one()
    shots = session.execute(select(Snapshot.__table__).where(Snapshot.iteration_id == number)).all()
    return tuple(row), tuple(map(tuple, shots))
