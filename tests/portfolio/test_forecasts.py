"""When things will be done, what is promised of them, and whether that held."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import (
    assessments,
    capacity,
    cards,
    columns,
    deciding,
    forecasts,
    iterations,
    plans,
    projects,
    promises,
)
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Card, LearningRequest, Project, Promise
from portfolio.rules.forecasting import Method
from portfolio.states import RequestStatus, Stage, Verdict
from tests.conftest import NOW, Cast
from tests.factory import a_card, a_project, a_request

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)
BEGUN = NOW - 8 * 7 * DAY


def a_finished_card(
    session: Session, cast: Cast, *, begun: datetime, days: float, project: Project | None = None
) -> Card:
    board = columns.listed(session)
    card = a_card(session, by=cast.manager, at=begun, column=board[2], project=project)
    return cards.place(session, card, board[-1], by=cast.manager, at=begun + days * DAY)


def a_history(session: Session, cast: Cast, count: int = 10) -> None:
    """Cards finished every five days, each in three."""
    for place in range(count):
        a_finished_card(session, cast, begun=BEGUN + 5 * place * DAY, days=3)


def a_live_project(session: Session, cast: Cast, open_cards: int = 3, at: datetime = NOW) -> Project:
    project = a_project(session, by=cast.manager, at=at)
    for _ in range(open_cards):
        a_card(session, by=cast.manager, at=at, project=project)
    return project


@pytest.mark.both
def test_a_project_is_done_with_its_last_card_and_those_before_it(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        a_history(session, cast)
        a_card(session, by=cast.manager, title="Before")
        one = a_live_project(session, cast)
        bare = a_project(session, by=cast.manager, name="Bare")
    with database.reading() as session:
        found = forecasts.for_project(session, session.get_one(Project, one.id), now=NOW)
        none = forecasts.for_project(session, session.get_one(Project, bare.id), now=NOW)
    assert (found.items.low, found.items.high, found.sample, found.method) == (3, 4, 10, Method.BOOTSTRAP)
    assert found.reasons == (
        "3 cards are left, and 1 other stands before the last of them.",
        "From 10 finished cards in 8 weeks, drawn again 10,000 times.",
    )
    assert found.likely_on is not None
    assert found.promised_on is not None
    assert TODAY < found.likely_on < found.promised_on
    assert none.words == "It has no open cards, so nobody can say. Add what is missing, or move it to done."


def test_a_card_under_way_goes_by_its_age_and_one_that_waits_by_its_place(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_history(session, cast)
        doing = a_card(session, by=cast.manager, at=NOW - 2 * DAY, column=columns.listed(session)[2])
        waits = a_card(session, by=cast.manager)
    with database.reading() as session:
        on = forecasts.ground(session, now=NOW)
        first, second = (forecasts.for_card(session, card, now=NOW, on=on) for card in (doing, waits))
    assert (first.method, first.sample) == (Method.AGE, 10)
    assert (second.method, second.reasons[0]) == (Method.BOOTSTRAP, "1 card comes before it.")
    assert on.cycles == (3.0,) * 10


def test_leave_makes_it_later_and_was_no_lack_of_pace(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        a_history(session, cast)
        one = a_live_project(session, cast)
    with database.reading() as session:
        at_home = forecasts.for_project(session, one, now=NOW)
    with database.writing() as session:
        capacity.add_absence(
            session, from_on=TODAY + 3 * DAY, until_on=TODAY + 30 * DAY, by=cast.manager, at=NOW
        )
    with database.reading() as session:
        away = forecasts.for_project(session, one, now=NOW)
    assert at_home.promised_on is not None
    assert away.promised_on == at_home.promised_on + 28 * DAY


def test_an_iteration_says_how_many_of_its_cards_will_be_done(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        a_history(session, cast)
        one = iterations.plan(
            session,
            starts_on=TODAY,
            ends_on=TODAY + 13 * DAY,
            capacity_hours=20,
            goal="",
            by=cast.manager,
            at=NOW,
        )
        for _ in range(5):
            cards.take_into(session, a_card(session, by=cast.manager), one, by=cast.manager, at=NOW)
    with database.reading() as session:
        found = forecasts.for_iteration(session, one, now=NOW)
    assert found.items_left == 5
    assert (
        found.reasons[0]
        == "Of the 5 cards left, at least 1 will be done by its last day with 85 %, 2 with 50 %."
    )


def waiting_requests(database: Database, links: Links, cast: Cast, count: int = 3) -> list[int]:
    with database.writing() as session:
        made = [
            a_request(session, links=links, title=f"Ask {place}", answers={"format": "workshop"})
            for place in range(count)
        ]
        assessments.score_waiting(session, now=NOW, flow_run_id=None)
        for one in made[:-1]:
            session.refresh(one)
            ruling = Ruling(Verdict.WAITLIST, "Later.", reason="plan")
            deciding.decide(session, one, ruling, links=links, by=cast.manager, at=NOW)
        plans.make(session, why="night", by=None, at=NOW)
        return [one.id for one in made]


def test_a_waiting_request_comes_after_those_before_it(database: Database, links: Links, cast: Cast) -> None:
    numbers = waiting_requests(database, links, cast)
    with database.reading() as session:
        found = forecasts.for_requests(session, numbers, now=NOW)
    by_place = sorted(found.values(), key=lambda one: one.items_left)
    assert [one.items_left for one in by_place] == [1, 2, 3]
    days = [one.promised_on for one in by_place if one.promised_on is not None]
    assert len(days) == 3
    assert days == sorted(days)
    assert by_place[1].words == "1 request comes before it."
    assert {one.method for one in by_place} == {Method.HOURS}


@pytest.mark.both
def test_a_night_keeps_what_changed_and_settles_what_is_over(
    database: Database, links: Links, cast: Cast
) -> None:
    waiting_requests(database, links, cast, count=2)
    with database.writing() as session:
        a_history(session, cast)
        one = a_live_project(session, cast, open_cards=1)
        doing = a_card(session, by=cast.manager, at=NOW - DAY, column=columns.listed(session)[2])
        assert promises.record_all(session, now=NOW) == promises.Kept(recorded=4, settled=0)
    with database.writing() as session:
        assert promises.record_all(session, now=NOW + timedelta(hours=1)) == promises.Kept(4, 0)
        assert len(session.scalars(select(Promise)).all()) == 4
    with database.writing() as session:
        later = promises.record_all(session, now=NOW + DAY)
        assert later.recorded < 4
    with database.writing() as session:
        project = session.get_one(Project, one.id)
        projects.move(session, project, Stage.DONE, by=cast.manager, at=NOW + 2 * DAY)
        card = session.get_one(Card, doing.id)
        cards.archive(session, card, by=cast.manager, at=NOW + 2 * DAY)
        assert promises.record_all(session, now=NOW + 3 * DAY).settled >= 2
    with database.reading() as session:
        kept = promises.latest(session, "projects", one.id)
        given_up = promises.latest(session, "cards", doing.id)
        record = promises.track_record(session)
    assert kept is not None
    assert given_up is not None
    assert (kept.done_on, kept.settled_at) == (TODAY + 2 * DAY, NOW + 3 * DAY)
    assert (given_up.done_on, given_up.settled_at) == (None, NOW + 3 * DAY)
    assert dict(record.counts) == {"projects": 1, "iterations": 0, "cards": 0, "learning_requests": 0}
    assert (record.given_up, record.open, record.of) == (1, 2, 1)


def test_the_track_record_counts_the_first_date_told_about_each_thing(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        for number in range(1, 11):
            for made, days in ((0, 10), (7, 90)):
                session.add(
                    Promise(
                        subject_type="projects",
                        subject_id=number,
                        made_on=TODAY + made * DAY,
                        made_at=NOW,
                        likely_on=TODAY + (days - 4) * DAY,
                        promised_on=TODAY + days * DAY,
                        surely_on=TODAY + (days + 5) * DAY,
                        items_left=3,
                        sample=9,
                        method="bootstrap",
                        formula_version="forecast-1",
                        seed=5,
                        done_on=TODAY + (6 + number) * DAY,
                        settled_at=NOW,
                    )
                )
    with database.reading() as session:
        record = promises.track_record(session)
    assert (record.kept_50.share, record.kept_85.share, record.kept_95.share) == (0, 0.4, 0.9)
    assert record.words == (
        "4 of 10 were done by the date told with 85 %; between 17 and 69 % in the long run."
    )


def test_what_is_late_still_or_given_up_late_is_no_kept_promise(database: Database, cast: Cast) -> None:
    ended = {
        1: (TODAY + 8 * DAY, NOW + 9 * DAY),
        2: (None, NOW + 20 * DAY),
        3: (None, NOW + 5 * DAY),
        4: (None, None),
    }
    with database.writing() as session:
        for number, (done_on, settled_at) in ended.items():
            session.add(
                Promise(
                    subject_type="iterations",
                    subject_id=number,
                    made_on=TODAY,
                    made_at=NOW,
                    likely_on=TODAY + 6 * DAY,
                    promised_on=TODAY + 10 * DAY,
                    surely_on=TODAY + 30 * DAY,
                    items_left=3,
                    sample=9,
                    method="bootstrap",
                    formula_version="forecast-1",
                    seed=5,
                    done_on=done_on,
                    settled_at=settled_at,
                )
            )
    with database.reading() as session:
        early = promises.track_record(session, until=NOW + 8 * DAY)
        later = promises.track_record(session, until=NOW + 25 * DAY)
    assert (early.of, early.given_up, early.open) == (0, 1, 3)
    assert (later.of, later.given_up, later.open) == (3, 1, 1)
    assert later.words.startswith("1 of 3 were done by the date told with 85 %")
    assert (later.kept_50.share, later.kept_50.of, later.kept_95.share, later.kept_95.of) == (0, 3, 1, 1)


def test_without_any_history_nothing_is_promised(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one = a_live_project(session, cast)
        found = forecasts.for_project(session, one, now=NOW)
        assert promises.record_all(session, now=NOW) == promises.Kept(0, 0)
    assert not found.can_say
    assert found.words.startswith("Nothing has been finished yet, so nobody can say when.")
    with database.reading() as session:
        record = promises.track_record(session)
    assert (record.of, record.kept_85.share, record.words) == (
        0,
        None,
        "No promised date has come due yet.",
    )


def test_a_requester_is_told_only_what_was_decided(database: Database, links: Links, cast: Cast) -> None:
    waitlisted, submitted = waiting_requests(database, links, cast, count=2)
    with database.writing() as session:
        promises.record_all(session, now=NOW)
    with database.reading() as session:
        told = {
            number: promises.told(session, session.get_one(LearningRequest, number))
            for number in (waitlisted, submitted)
        }
        assert session.get_one(LearningRequest, submitted).status is RequestStatus.SUBMITTED
    assert told[waitlisted] is not None
    assert told[submitted] is None
