"""The demo year: complete, in order, replayable from its history, and the same each time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import database as databases
from portfolio import forms, suggestion_totals, waiting
from portfolio.database import Database
from portfolio.demo import asks, fill
from portfolio.models import (
    Answer,
    Base,
    Card,
    Decision,
    DemandAlert,
    Edition,
    Event,
    Goal,
    Invitation,
    Iteration,
    LearningRequest,
    Mail,
    Measure,
    Message,
    Organisation,
    OutdatedReport,
    Participant,
    Person,
    Project,
    Reading,
    Resource,
    Response,
    Snapshot,
    Supporter,
    Survey,
)
from portfolio.states import ColumnKind, IterationStatus, RequestStatus, Role, Stage
from tests.conftest import NOW


@pytest.fixture(scope="module")
def filled(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    return a_year(empty_sqlite, tmp_path_factory.mktemp("demo") / "year.db", NOW)


def a_year(empty: Path, file: Path, now: datetime, **options: Any) -> Database:
    copyfile(empty, file)
    database = databases.connect(f"sqlite:///{file}")
    fill(database, now=now, **options)
    return database


@pytest.fixture
def year(filled: Database) -> Any:
    with filled.reading() as session:
        yield session


def test_the_company_has_one_manager_leaders_experts_goals_and_a_library(year: Session) -> None:
    ours = year.scalars(select(Organisation)).one()
    assert (ours.name, ours.headcount, ours.hours_per_week) == ("Fernweh Bicycles", 1200, 15)
    people = year.scalars(select(Person)).all()
    assert sum(person.has_role(Role.MANAGER) for person in people) == 1
    assert sum(person.leads for person in people) == 2
    assert sum(person.has_role(Role.CONTRIBUTOR) for person in people) == 9
    assert all(person.email.endswith("@fernweh.example") for person in people)
    assert all(person.password_hash is None for person in people)
    assert len({person.unit.name for person in people if person.unit}) >= 12
    weights = year.scalars(select(Goal.weight)).all()
    assert sorted(weights) == [2, 3, 4, 4, 5, 5]
    assert count(year, Resource) >= 12


def test_the_library_is_used_joined_and_told_of(year: Session) -> None:
    found = suggestion_totals.totals(year, now=NOW)
    assert (found.shown, found.solved, found.joined) == (40, 10, 5)
    assert found.quiet >= 8
    assert found.hours is not None
    assert count(year, Resource) == 15 + 8
    assert {one.part_of_id is None for one in year.scalars(select(Resource))} == {True, False}
    assert all(one.owner_id for one in year.scalars(select(Resource)))
    assert (
        Counter(
            year.scalars(select(Supporter.learning_request_id).where(Supporter.from_request_id.is_(None)))
        ).most_common(1)[0][1]
        == 4
    )
    (alert,) = year.scalars(select(DemandAlert)).all()
    assert (alert.people, alert.units, alert.seen_at) == (5, 5, None)
    assert count(year, OutdatedReport) == 1


def test_requests_of_every_state_are_there(year: Session) -> None:
    found = Counter(year.scalars(select(LearningRequest.status)))
    assert sum(found.values()) == 140
    assert set(found) == set(RequestStatus) - {RequestStatus.DRAFT}
    assert min(found.values()) >= 3
    assert found[RequestStatus.JOINED] == 20


def test_some_requests_are_fresh(year: Session) -> None:
    newest = year.scalar(select(func.max(LearningRequest.submitted_at)))
    assert newest is not None
    assert NOW - newest < timedelta(days=1)


def test_projects_of_every_stage_are_there_and_two_stopped_early(year: Session) -> None:
    projects = year.scalars(select(Project)).all()
    assert len(projects) == 25
    assert {project.stage for project in projects} == set(Stage)
    stopped = [project for project in projects if project.stage is Stage.STOPPED]
    assert sorted(project.hours_saved or 0 for project in stopped) == [34, 52]
    assert all(project.ended_at for project in projects if not project.is_live)


def test_events_are_in_order_and_nothing_lies_in_the_future(year: Session) -> None:
    moments = year.scalars(select(Event.at).order_by(Event.id)).all()
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    assert NOW - moments[0] < timedelta(days=366)


def test_people_act_in_office_hours(year: Session) -> None:
    zone = ZoneInfo("Europe/Berlin")
    for event in year.scalars(select(Event).where(Event.by_id.is_not(None))):
        local = event.at.astimezone(zone)
        assert local.weekday() < 5, (event.action, local)
        assert 8 <= local.hour < 18, (event.action, local)


def test_the_history_of_a_request_leads_to_its_state(year: Session) -> None:
    replayed: dict[int, str] = {}
    for event in lines(year, "learning_request.submitted", "learning_request.moved"):
        if event.action == "learning_request.submitted":
            replayed[event.subject_id] = RequestStatus.SUBMITTED.value
        else:
            assert replayed[event.subject_id] == event.details["from"]
            replayed[event.subject_id] = event.details["to"]
    kept = {request.id: request.status.value for request in year.scalars(select(LearningRequest))}
    assert replayed == kept


def test_the_history_of_a_project_leads_to_its_stage(year: Session) -> None:
    replayed: dict[int, str] = {}
    for event in lines(year, "project.started", "project.moved"):
        if event.action == "project.moved":
            assert replayed[event.subject_id] == event.details["from"]
        replayed[event.subject_id] = event.details.get("to") or event.details["stage"]
    assert replayed == {project.id: project.stage.value for project in year.scalars(select(Project))}


def test_the_history_of_a_card_leads_to_its_column_and_its_clock(year: Session) -> None:
    columns: dict[int, int] = {}
    done: dict[int, datetime | None] = {}
    for event in lines(year, "card.added", "card.moved"):
        if event.action == "card.moved":
            assert columns[event.subject_id] == event.details["from"]
            done[event.subject_id] = event.at if event.details["kind"] == ColumnKind.DONE.value else None
        columns[event.subject_id] = event.details.get("to") or event.details["column"]
    cards = year.scalars(select(Card)).all()
    assert columns == {card.id: card.column_id for card in cards}
    assert {card.id: card.done_at for card in cards if card.done_at} == {
        card: at for card, at in done.items() if at
    }
    assert 170 <= len(cards) <= 230
    assert all(
        card.started_at and card.created_at <= card.started_at <= card.done_at
        for card in cards
        if card.done_at
    )


def test_iterations_are_two_weeks_and_one_is_open(year: Session) -> None:
    held = year.scalars(select(Iteration).order_by(Iteration.id)).all()
    assert [one.status for one in held] == [IterationStatus.CLOSED] * 19 + [IterationStatus.OPEN]
    assert all(one.ends_on - one.starts_on == timedelta(days=11) for one in held)
    assert all(one.starts_on.weekday() == 0 for one in held)
    assert held[-1].starts_on <= NOW.date() <= held[-1].ends_on
    assert len({one.shown for one in held if one.shown}) == 19
    assert len({one.goal for one in held}) == 20


def test_a_closed_iterations_record_is_what_the_history_says(year: Session) -> None:
    held = planned_and_done(year)
    for one in year.scalars(select(Iteration).where(Iteration.status == IterationStatus.CLOSED)):
        record = one.record
        assert record is not None
        begun, ended = held[one.id]
        assert record["committed"] == sorted(begun)
        assert {fact["card"] for fact in record["done"]} == {card for card, done in ended.items() if done}
        assert {fact["card"] for fact in record["left"]} == {card for card, done in ended.items() if not done}
        assert record["added"] == [card for card in record["added"] if card not in begun and card in ended]
        assert record["hours_done"] == pytest.approx(sum(fact["hours"] or 0 for fact in record["done"]))


def planned_and_done(year: Session) -> dict[int, tuple[set[int], dict[int, bool]]]:
    """By iteration: the cards in it when it started, and those in it when it closed with whether they were done."""
    is_done = dict.fromkeys(year.scalars(select(Card.id)), False)
    home = first_homes(year)
    begun: dict[int, set[int]] = {}
    ended: dict[int, tuple[set[int], dict[int, bool]]] = {}
    for event in year.scalars(select(Event).order_by(Event.id)):
        one = event.subject_id
        if event.action == "card.planned":
            home[one] = event.details["to"]
        elif event.action == "card.archived":
            home[one] = None
        elif event.action == "card.moved":
            is_done[one] = event.details["kind"] == ColumnKind.DONE.value
        elif event.action == "iteration.started":
            begun[one] = set(event.details["cards"])
        elif event.action == "iteration.closed":
            ended[one] = (begun[one], {card: is_done[card] for card, held in home.items() if held == one})
    return ended


def first_homes(year: Session) -> dict[int, int | None]:
    """The iteration each card was added to: what it was first taken from, else where it still is."""
    homes = {card.id: card.iteration_id for card in year.scalars(select(Card))}
    planned = year.scalars(select(Event).where(Event.action == "card.planned").order_by(Event.id.desc()))
    return {**homes, **{event.subject_id: event.details["from"] for event in planned}}


def test_every_day_of_an_iteration_has_its_snapshot(year: Session) -> None:
    for one in year.scalars(select(Iteration).where(Iteration.status == IterationStatus.CLOSED)):
        taken = year.scalars(
            select(Snapshot).where(Snapshot.iteration_id == one.id).order_by(Snapshot.on)
        ).all()
        assert [shot.on for shot in taken] == [one.starts_on + timedelta(days=n) for n in range(12)]
        assert one.record is not None
        assert taken[-1].cards_done == len(one.record["done"])


def test_measures_differ_in_what_can_be_said_of_them(year: Session) -> None:
    readings = year.scalars(select(Reading)).all()
    assert {reading.comparison for reading in readings} == {True, False}
    assert {reading.after for reading in readings} == {True, False}
    bare = [
        measure
        for measure in year.scalars(select(Measure))
        if measure.baseline is not None and not any(r.after for r in measure.readings)
    ]
    assert bare
    measured = {measure.project_id for measure in year.scalars(select(Measure))}
    assert any(project.id not in measured for project in year.scalars(select(Project)))


def test_surveys_ask_for_choices_of_people_who_take_part_and_two_are_open(year: Session) -> None:
    found = year.scalars(select(Survey)).all()
    assert [one.closed_at is None for one in found].count(True) == 2
    assert {one.audience for one in found} == {"learner", "manager", "anyone"}
    for survey in found:
        answers = year.scalars(select(Response).where(Response.survey_id == survey.id)).all()
        assert 1 <= len(answers) <= min(60, survey.sent_count)
        for response in answers:
            assert {
                question["key"]: response.answers[question["key"]] in question["options"]
                for question in survey.questions
                if question["kind"] == "one"
            } == {question["key"]: True for question in survey.questions if question["kind"] == "one"}
    invited = select(Invitation.person_id).where(Invitation.survey_id == found[0].id)
    assert set(year.scalars(invited)) <= set(year.scalars(select(Participant.person_id)))


def test_decisions_have_words_and_some_notes_are_internal(year: Session) -> None:
    decisions = year.scalars(select(Decision)).all()
    assert len({one.verdict for one in decisions}) == 8
    assert all(one.words for one in decisions)
    assert len({one.words for one in decisions}) > 70
    assert {message.internal for message in year.scalars(select(Message))} == {True, False}


def test_three_quarters_wait_to_be_published_and_nothing_else_waits(year: Session) -> None:
    editions = year.scalars(select(Edition).order_by(Edition.period_start)).all()
    assert [(str(one.period_start), str(one.period_end), one.scheduled) for one in editions] == [
        ("2026-01-01", "2026-04-01", True),
        ("2026-04-01", "2026-07-01", True),
        ("2026-07-01", "2026-10-01", True),
    ]
    found = waiting.look(year, now=NOW)
    assert (found.requests, found.mails) == (False, False)
    assert all(mail.sent_at == mail.queued_at for mail in year.scalars(select(Mail)))
    assert year.scalar(select(func.count()).where(LearningRequest.assessment_id.is_(None))) == 0


def test_the_company_asks_three_questions_of_its_own(year: Session) -> None:
    form = forms.current(year)
    assert (form.version, [one.key for one in form.own]) == (2, ["sites", "shifts", "person_to_ask"])
    answers = year.scalars(
        select(Answer).where(Answer.question.in_(["sites", "shifts", "person_to_ask"]))
    ).all()
    assert {one.form_version for one in answers} == {2}
    asked = Counter(one.question for one in answers)
    assert min(asked.values()) >= 2 and set(asked) == {"sites", "shifts", "person_to_ask"}
    assert {one.form_version for one in year.scalars(select(Answer))} == {1, 2}


def test_a_second_fill_does_nothing(filled: Database) -> None:
    before = contents(filled)
    fill(filled, now=NOW + timedelta(days=1), seed=3)
    assert contents(filled) == before


@pytest.mark.slow
def test_the_same_seed_gives_the_same_year_and_another_one_another(
    filled: Database, empty_sqlite: Path, tmp_path: Path
) -> None:
    again = a_year(empty_sqlite, tmp_path / "again.db", NOW)
    assert contents(again) == contents(filled)
    other = a_year(empty_sqlite, tmp_path / "other.db", NOW, seed=5)
    assert contents(other) != contents(filled)


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["2026-11-22T18:00", "2027-01-04T06:00", "2027-03-28T02:30", "2027-08-09T09:00"]
)
def test_the_year_may_end_any_day(moment: str, empty_sqlite: Path, tmp_path: Path) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    with a_year(empty_sqlite, tmp_path / "year.db", now).reading() as session:
        assert set(session.scalars(select(LearningRequest.status))) == set(RequestStatus) - {
            RequestStatus.DRAFT
        }
        assert set(session.scalars(select(Project.stage))) == set(Stage)
        assert Counter(session.scalars(select(Iteration.status))) == {
            IterationStatus.CLOSED: 19,
            IterationStatus.OPEN: 1,
        }
        moments = session.scalars(select(Event.at).order_by(Event.id)).all()
        assert moments == sorted(moments)
        assert moments[-1] <= now


@pytest.mark.slow
@pytest.mark.both
def test_either_database_takes_it(database: Database) -> None:
    fill(database, now=NOW)
    with database.reading() as session:
        assert count(session, LearningRequest) == len(asks.EVERYTHING)


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def count(session: Session, model: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def lines(session: Session, *actions: str) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.action.in_(actions)).order_by(Event.id)))
