"""What finished work teaches, shown to the manager, and used as far as they switch it on."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import assessments, calibrations, cards, deciding, measures, projects
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Assessment, Calibration, Event, LearningRequest, Project, Promise
from portfolio.rules.calibration import Factor
from portfolio.rules.rubric import DEFAULT
from portfolio.states import RequestStatus, Stage, Verdict
from tests.conftest import Cast
from tests.doors.test_causes import SignIn
from tests.factory import a_request


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def finish(
    database: Database,
    links: Links,
    cast: Cast,
    now: datetime,
    *,
    estimate: float = 20,
    hours: tuple[float | None, ...] = (20, 20),
    kind: str = "job_aid",
    after: float | None = None,
) -> int:
    """A request by Sales, accepted, done with so many hours on its cards, and measured after where told. Returns the project."""
    with database.writing() as session:
        asked = a_request(session, links=links, answers={"format": kind})
        assessments.score_waiting(session, now=now, flow_run_id=None)
        session.refresh(asked)
        project = projects.start(session, asked, kind, by=cast.manager, at=now)
        asked.status = RequestStatus.ACCEPTED
        project.estimate_hours = estimate
        for spent in hours:
            card = cards.add(session, title="Work", project=project, by=cast.manager, at=now)
            card.done_at, card.actual_hours = now, spent
        project.stage, project.ended_at = Stage.DONE, now
        asked.status = RequestStatus.DELIVERED
        if after is not None:
            measure = measures.find(session, project.id)
            assert measure is not None
            measures.read(session, measure, value=after, on=now.date(), after=True, by=cast.manager, at=now)
        return project.id


def redirect(database: Database, links: Links, cast: Cast, now: datetime, cause: str) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        ruling = Ruling(Verdict.REDIRECT, "It is the tool.", reason=cause)
        deciding.decide(session, asked, ruling, links=links, by=cast.manager, at=now)


def kept(database: Database) -> list[tuple[int, list[str]]]:
    with database.reading() as session:
        rows = session.scalars(select(Calibration).order_by(Calibration.version)).all()
        return [(one.version, [*one.applies]) for one in rows]


@pytest.mark.both
def test_hours_are_learned_by_kind_of_work_and_half_told_ones_are_left_out(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now, estimate=20, hours=(20, 20))
    finish(database, links, cast, now, estimate=20, hours=(30, None))
    finish(database, links, cast, now, estimate=20, hours=(9, None, None))
    finish(database, links, cast, now, estimate=20, hours=())
    with database.reading() as session:
        learned = calibrations.learn(session)
    assert [(one.number, one.said, one.was, one.note) for one in learned.pieces] == [
        (1, 20, 40, ""),
        (2, 20, 30, "1 of 2 cards has no hours"),
    ]
    assert learned.left_out == 2
    (factor,) = learned.effort
    # exp((log 2 + log 1.5) / (5 + 2)): shrunk to "as estimated" with the weight of five
    assert (factor.group, factor.pieces, round(factor.factor, 4)) == ("job_aid", 2, 1.1699)
    assert learned.overall.factor == pytest.approx(factor.factor)
    assert learned.hits.of == 2


@pytest.mark.both
def test_claims_are_held_against_what_came_by_unit(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now, after=2.5)  # 4 days wanted down to 1: half of it came
    finish(database, links, cast, now, after=5.5)  # worse than before
    finish(database, links, cast, now)
    with database.reading() as session:
        learned = calibrations.learn(session)
    assert [(one.group, one.said, one.was) for one in learned.claims] == [
        ("Sales", 3, 1.5),
        ("Sales", 3, -1.5),
    ]
    (factor,) = learned.impact
    assert (factor.group, factor.pieces) == ("Sales", 2)
    assert factor.factor == pytest.approx(1 + (-0.5 - 1.5) / 7)


@pytest.mark.both
def test_settled_requests_teach_how_often_training_is_the_answer(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now)
    for cause in ("tools", "tools", "", "skill"):
        redirect(database, links, cast, now, cause)
    with database.reading() as session:
        learned = calibrations.learn(session)
    assert (learned.trained, learned.redirected, round(learned.prior.cases, 6)) == (1, 4, 5)
    before, after = dict(DEFAULT.cause_table.prior), dict(learned.prior.prior)
    trainable = before["knowledge"] + before["skill"]
    assert after["knowledge"] + after["skill"] == pytest.approx((10 * trainable + 1) / 15)
    shared = 2 * before["tools"] / (1 - trainable)
    assert after["tools"] == pytest.approx((10 * before["tools"] + 2 + shared) / 15)
    assert sum(after.values()) == pytest.approx(1)


def test_a_refuted_training_teaches_nothing(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    from portfolio.models import Evaluation

    number = finish(database, links, cast, now)
    with database.writing() as session:
        session.add(
            Evaluation(project_id=number, level=4, result="No change.", verdict="refuted", concluded_at=now)
        )
    with database.reading() as session:
        assert calibrations.learn(session).trained == 0


@pytest.mark.both
def test_only_what_is_switched_on_counts_and_assessments_note_the_version(
    manager: TestClient, database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now, estimate=20, hours=(60, 60), after=1.3)
    for _ in range(3):
        redirect(database, links, cast, now, "tools")
    with database.writing() as session:
        open_one = a_request(session, links=links, answers={"format": "job_aid"}).id
        assessments.score_waiting(session, now=now, flow_run_id=None)
        before = assessments.current_rubric(session)

    def latest(at: datetime) -> Assessment:
        with database.writing() as session:
            assert assessments.score_waiting(session, now=at, flow_run_id=None) == [open_one]
            found = session.get_one(LearningRequest, open_one).assessment_id
            assert found is not None
            return session.get_one(Assessment, found)

    nothing = manager.post("/settings/calibration", data={"seen": "0"})
    assert nothing.status_code == 303
    plain = latest(now)
    assert plain.working["calibration"] is None
    with database.reading() as session:
        assert assessments.current_rubric(session) == before

    assert manager.post("/settings/calibration", data={"seen": "1", "use__effort": "yes"}).status_code == 303
    dearer = latest(now + timedelta(minutes=1))
    assert dearer.working["calibration"] == 2
    assert dearer.manager_hours_likely > plain.manager_hours_likely * 1.05
    assert dearer.impact_likely == pytest.approx(plain.impact_likely)

    manager.post("/settings/calibration", data={"seen": "2", "use__fit": "yes"})
    less = latest(now + timedelta(minutes=2))
    assert less.manager_hours_likely == pytest.approx(plain.manager_hours_likely)
    assert less.fit < plain.fit

    manager.post("/settings/calibration", data={"seen": "3", "use__impact": "yes"})
    claimed = latest(now + timedelta(minutes=3))
    assert (claimed.fit, claimed.working["calibration"]) == (plain.fit, 4)
    with database.reading() as session:
        rubric = assessments.current_rubric(session)
        need = assessments.needs(session, {open_one: None}, rubric, today=now.date())[open_one]
        (factor,) = calibrations.learn(session).impact
        assert need.gap is not None
        assert need.gap.likely == pytest.approx(0.75 * factor.factor)
        first = session.scalars(
            select(Assessment.working)
            .where(Assessment.learning_request_id == open_one)
            .order_by(Assessment.id)
        ).first()
        assert first is not None and first["calibration"] is None
    assert kept(database) == [(1, []), (2, ["effort"]), (3, ["fit"]), (4, ["impact"])]
    page = manager.get("/settings/calibration").text
    assert "Calibration 4 is in force." in page
    assert "calibration 4" in manager.get(f"/requests/{open_one}").text


def test_learning_from_calibrated_estimates_doesnt_count_twice(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now, estimate=20, hours=(40,))
    with database.writing() as session:
        learned = calibrations.learn(session)
        doubled = replace(learned, effort=(Factor("job_aid", 2.0, 1.0, 4.0, 1, 0, ""),))
        calibrations.publish(session, doubled, ["effort"], seen=0, by=cast.manager, at=now)
    finish(database, links, cast, now, estimate=40, hours=(40,))
    with database.reading() as session:
        (factor,) = calibrations.learn(session).effort
    # the second was estimated with factor 2 and took as long, so it took twice the bare estimate too
    assert factor.factor == pytest.approx(2 ** (2 / 7))


def test_the_later_of_two_is_told(manager: TestClient, database: Database) -> None:
    assert manager.post("/settings/calibration", data={"seen": "0"}).status_code == 303
    late = manager.post("/settings/calibration", data={"seen": "0", "use__fit": "yes"})
    assert late.status_code == 409
    assert "Somebody else put another calibration in force meanwhile" in late.text
    assert 'name="seen" value="1"' in late.text
    assert kept(database) == [(1, [])]
    with database.reading() as session:
        done = session.scalars(select(Event.action).where(Event.subject_type == "calibrations")).all()
    assert done == ["calibration.published"]


def test_nothing_finished_is_said_as_it_is(manager: TestClient) -> None:
    page = manager.get("/settings/calibration").text
    assert "Nothing finished yet that says what it took" in page
    assert "Nothing to compare yet." in page
    assert "No case of yours is settled yet" in page
    assert page.count("disabled") >= 3


def test_the_page_shows_pictures_words_and_the_pieces(
    manager: TestClient, database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    finish(database, links, cast, now, estimate=20, hours=(30, 10), after=2)
    page = manager.get("/settings/calibration").text
    assert "The one finished project took 2.0 times the hours that were estimated." in page
    assert "<b>1.1 times</b>" in page
    assert page.count('<svg class="strip"') == 2
    with database.reading() as session:
        assert session.get_one(Project, 1).name in page


def test_looking_changes_nothing_and_only_managers_look(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast
) -> None:
    for person in (cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        assert client.get("/settings/calibration").status_code == 404
        assert client.post("/settings/calibration", data={"seen": "0"}).status_code == 404
    assert kept(database) == []


def test_promised_dates_are_held_against_what_came(
    manager: TestClient, database: Database, now: datetime
) -> None:
    assert "No promised date has come due yet." in manager.get("/settings/calibration").text
    today = now.date()
    with database.writing() as session:
        for number, late in enumerate((-2, 0, 3, 9)):
            session.add(
                Promise(
                    subject_type="cards", subject_id=number + 1, made_on=today, made_at=now,
                    likely_on=today, promised_on=today + timedelta(days=4), surely_on=today + timedelta(days=8),
                    items_left=1, sample=9, method="bootstrap", formula_version="x", seed=1,
                    done_on=today + timedelta(days=late), settled_at=now,
                )
            )  # fmt: skip
    page = manager.get("/settings/calibration").text
    for words in (
        "2 of 4 were done by the date told with 50 %",
        "3 of 4 were done by the date told with 85 %",
        "3 of 4 were done by the date told with 95 %",
    ):
        assert words in page
    assert '<rect class="chance" width="75.0" height="10">' in page
    assert "What was said fits what happened, as far as the numbers can tell." in page
