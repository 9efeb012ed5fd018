"""Places from night to night, and what moved them."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portfolio import assessments, deciding, forms, goals, learning_requests, placings
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Calibration as Kept
from portfolio.models import Goal, LearningRequest, Placing, PlacingDay
from portfolio.rules.calibration import Calibration, Finished, effort_factors
from portfolio.states import Verdict
from portfolio.waiting import want_all
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)


@pytest.fixture
def waiting(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """Four that differ in one thing, the first on top."""
    with database.writing() as session:
        goals.add(session, name="Keep customers", weight=5, by=cast.manager, at=now)
        for form, could in (("job_aid", "no"), ("job_aid", "unsure"), ("workshop", "no"), ("path", "no")):
            answers = {"format": form, "cause_could": could, "risk": 0}
            a_request(session, links=links, title=f"{form} {could}", answers=answers, deadline={})
        assessments.score_waiting(session, now=now, flow_run_id=None)


def take(database: Database, on: date, now: datetime) -> list[tuple[int, str, dict[str, float]]]:
    """Place, sentence and parts of each request by number."""
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)
        placings.take(session, on=on, at=now)
    with database.reading() as session:
        rows = select(Placing).where(Placing.taken_on == on).order_by(Placing.learning_request_id)
        return [(one.place, one.because, one.parts) for one in session.scalars(rows)]


def test_the_first_night_has_places_and_no_causes(database: Database, waiting: None, now: datetime) -> None:
    assert take(database, FRIDAY, now) == [(1, "", {}), (2, "", {}), (3, "", {}), (4, "", {})]


def test_a_night_without_changes_moves_nothing(database: Database, waiting: None, now: datetime) -> None:
    take(database, FRIDAY, now)
    night = take(database, SATURDAY, now + timedelta(days=1))
    assert [(place, because) for place, because, _ in night] == [
        (1, "It stays 1st."), (2, "It stays 2nd."), (3, "It stays 3rd."), (4, "It stays 4th."),
    ]  # fmt: skip
    assert all(not parts or set(parts.values()) == {0.0} for *_, parts in night)


def test_its_own_answer_others_answers_and_those_who_left_are_told_apart(
    database: Database, cast: Cast, waiting: None, links: Links, now: datetime
) -> None:
    take(database, FRIDAY, now)
    with database.writing() as session:
        fourth = learning_requests.find(session, 4)
        assert fourth is not None
        form = forms.current(session)
        changed = forms.changed_model(form).model_validate({"format": "job_aid", "risk": 5})
        learning_requests.change_answers(session, fourth, changed, by=None, at=now)
    assert [one[:2] for one in take(database, SATURDAY, now)] == [
        (2, "It went down from 1st to 2nd because others' answers changed."),
        (3, "It went down from 2nd to 3rd because others' answers changed."),
        (4, "It went down from 3rd to 4th because others' answers changed."),
        (1, "It went up from 4th to 1st because its own answers changed."),
    ]
    with database.writing() as session:
        first = learning_requests.find(session, 4)
        assert first is not None
        ruling = Ruling(Verdict.DECLINE, "No.")
        deciding.decide(session, first, ruling, links=links, by=cast.manager, at=now)
        a_request(
            session, links=links, title="New", answers={"format": "job_aid", "cause_could": "no", "risk": 5}
        )
    assert [one[:2] for one in take(database, SUNDAY, now)] == [
        (2, "It stays 2nd: 1 down because new requests came in and 1 up because others left."),
        (3, "It stays 3rd: 1 down because new requests came in and 1 up because others left."),
        (4, "It stays 4th: 1 down because new requests came in and 1 up because others left."),
        (1, ""),
    ]


def test_a_goal_that_weighs_otherwise_and_another_rubric_are_causes_of_their_own(
    database: Database, cast: Cast, waiting: None, now: datetime
) -> None:
    with database.writing() as session:
        for number in (2, 3):
            session.get_one(LearningRequest, number).goal_id = 1
        assessments.score_waiting(session, now=now, flow_run_id=None)
    take(database, FRIDAY, now)
    with database.writing() as session:
        goal = session.get_one(Goal, 1)
        goals.edit(session, goal, by=cast.manager, at=now, weight=1)
    moved = {
        cause for *_, parts in take(database, SATURDAY, now) for cause, places in parts.items() if places
    }
    assert moved <= {"goal_weights"}
    with database.reading() as session:
        before = session.execute(
            select(Placing.leverage).where(Placing.learning_request_id == 2).order_by(Placing.taken_on)
        ).scalars().all()  # fmt: skip
        assert before[1] < before[0]
        rubric = assessments.published_rubric(session)
    with database.writing() as session:
        assessments.publish_rubric(session, rubric, by=cast.manager, at=now)
    assert {cause for *_, parts in take(database, SUNDAY, now) for cause in parts} <= {"rubric", "date"}


def test_a_second_run_replaces_the_days_and_inputs_are_kept_of_two_days(
    database: Database, waiting: None, now: datetime
) -> None:
    nights = [take(database, day, now) for day in (FRIDAY, SATURDAY, SATURDAY, SUNDAY)]
    assert nights[1] == nights[2]
    with database.reading() as session:
        kept = session.execute(
            select(Placing.taken_on, func.count(), func.count(Placing.inputs)).group_by(Placing.taken_on)
        ).all()
        assert sorted(map(tuple, kept)) == [(FRIDAY, 4, 0), (SATURDAY, 4, 4), (SUNDAY, 4, 4)]
        assert session.scalar(select(func.count()).select_from(PlacingDay)) == 3
        found = learning_requests.find(session, 2)
        assert found is not None
        assert [one.taken_on for one in placings.of(session, found)] == [SUNDAY, SATURDAY, FRIDAY]


def test_the_way_in_is_told_of_what_stays_out(
    database: Database, cast: Cast, links: Links, waiting: None, now: datetime
) -> None:
    with database.reading() as session:
        told = {}
        for number in (1, 4):
            found = learning_requests.find(session, number)
            assert found is not None
            told[number] = placings.way_in(session, found, today=now.date())
    assert told[1] == ""
    assert told[4].endswith("would bring it in.")


def test_a_calibration_moves_places_under_its_own_name(
    database: Database, cast: Cast, waiting: None, now: datetime
) -> None:
    take(database, FRIDAY, now)
    slow = Calibration(1, effort_factors([Finished("workshop", 1, 9)] * 50))
    kept = {**slow.as_json(), "prior": {"knowledge": 1.0}}
    with database.writing() as session:
        session.add(Kept(version=1, body=kept, applies=["effort", "fit"], made_at=now))
        want_all(session, at=now)
    night = take(database, SATURDAY, now)
    assert [place for place, *_ in night] == [1, 2, 4, 3]
    assert {cause for *_, parts in night for cause, places in parts.items() if places} == {"calibration"}
    assert night[2][1] == "It went down from 3rd to 4th because our own record corrected the estimates."
    with database.reading() as session:
        scored = dict(session.execute(select(LearningRequest.id, LearningRequest.leverage)).all())
        placed = select(Placing.learning_request_id, Placing.leverage).where(Placing.taken_on == SATURDAY)
        for number, leverage in session.execute(placed):
            assert leverage == pytest.approx(scored[number], rel=1e-3)
    assert {tuple(parts) for *_, parts in take(database, SUNDAY, now)} <= {(), ("date",)}
