"""What a project was worth: costs, what people say, the verdict frozen, and who may see what."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import benefits, cards, costs, measures, proving, work_logs
from portfolio.benefits import Given
from portfolio.costs import Rates
from portfolio.database import Database
from portfolio.models import BenefitEstimate, Cost, Evaluation, Event, Organisation, Person, Project
from portfolio.rules.money import CostKind, CostLine, Loaded
from portfolio.states import EvidenceGrade, Stage
from tests.conftest import Cast
from tests.factory import a_project

SignIn = Callable[[TestClient, Person | None], None]
PAGE = "/projects/1/proof"


@pytest.fixture
def project(database: Database, cast: Cast, now: datetime) -> Project:
    """A project with a measure read four times before and after, worth 100 a unit, and one purchase."""
    with database.writing() as session:
        made = a_project(session, by=cast.manager)
        made.people_count = 24
        measure = measures.add(
            session,
            name="Returns",
            project=made,
            by=cast.manager,
            at=now,
            unit="a month",
            higher_is_better=False,
            worthwhile_change=5,
            value_per_unit=100,
        )
        for back, value in ((80, 30), (70, 31), (60, 29), (50, 30), (40, 20), (30, 21), (20, 19), (10, 20)):
            on = (now - timedelta(days=back)).date()
            measures.read(session, measure, value=value, on=on, after=back < 45, by=cast.manager, at=now)
        costs.add(
            session,
            made,
            kind=CostKind.PURCHASE,
            amount=400,
            note="Tape",
            on=now.date(),
            by=cast.manager,
            at=now,
        )
        return made


def set_rates(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        ours = session.get_one(Organisation, cast.organisation.id)
        rates = Rates(manager=60, expert=80, participant=40, overhead=10)
        costs.set_rates(session, ours, rates, least=EvidenceGrade.ESTIMATE, by=cast.manager, at=now)


def test_costs_count_hours_by_the_stage_they_were_spent_in(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    from portfolio import projects

    set_rates(database, cast, now)
    with database.writing() as session:
        found = projects.find(session, 1)
        assert found is not None
        card = cards.add(session, title="Draft", project=found, by=cast.manager, at=now)
        work_logs.type_in(session, card, 2, by=cast.manager, at=now)
        work_logs.type_in(session, card, 3, by=cast.expert, at=now)
        projects.move(session, found, Stage.BUILD, by=cast.manager, at=now + timedelta(hours=1))
        work_logs.type_in(session, card, 5, by=cast.manager, at=now + timedelta(hours=9))
        other = cards.add(session, title="Typed", project=found, by=cast.manager, at=now)
        other.actual_hours = 4
        session.flush()
        assert costs.of_project(session, found) == Loaded(
            (
                CostLine(CostKind.ANALYSIS, 360, 6, 60, "Your own hours on its cards"),
                CostLine(CostKind.DEVELOPMENT, 300, 5, 60, "Your own hours on its cards"),
                CostLine(CostKind.PURCHASE, 400, words="Tape", id=1),
                CostLine(CostKind.EXPERT, 240, 3, 80, "Experts' hours on its cards"),
                CostLine(CostKind.OVERHEAD, 130, words="10 % of all the rest"),
            ),
            1430,
            0,
        )


def test_a_cost_is_added_changed_and_removed(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.manager)
    typed = {"kind": "expert", "hours": "6", "rate": "80", "note": "Line lead", "spent_on": "2026-11-01"}
    assert client.post("/projects/1/costs", data=typed).headers["location"] == f"{PAGE}#costs"
    assert client.post("/projects/1/costs/2", data={**typed, "hours": "7"}).status_code == 303
    with database.reading() as session:
        cost = session.get_one(Cost, 2)
        assert (cost.kind, cost.amount, cost.hours, cost.rate, cost.note) == (
            "expert",
            560,
            7,
            80,
            "Line lead",
        )
    assert 'value="7"' in client.get("/projects/1/costs/2").text
    assert client.post("/projects/1/costs/2/removal").status_code == 303
    with database.reading() as session:
        assert session.get(Cost, 2) is None
        told = session.scalars(select(Event.action).where(Event.action.startswith("project.cost_"))).all()
    assert told == [
        "project.cost_added",
        "project.cost_added",
        "project.cost_changed",
        "project.cost_removed",
    ]


def test_a_cost_without_amount_is_refused_beside_its_field_and_stays_typed(
    client: TestClient, sign_in: SignIn, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/projects/1/costs", data={"kind": "purchase", "note": "Something"})
    assert answer.status_code == 422
    assert "Please give an amount, or hours and what an hour costs." in answer.text
    assert 'value="Something"' in answer.text
    answer = client.post("/projects/1/costs", data={"kind": "delivery", "hours": "3"})
    assert "Please say what an hour costs, or set it once under settings." in answer.text


def test_a_cost_of_another_project_is_not_found_here(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project
) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager, name="Another")
    sign_in(client, cast.manager)
    assert client.post("/projects/2/costs/1/removal").status_code == 404
    assert client.get("/projects/2/costs/1").status_code == 404


def test_the_return_stands_with_floor_and_central_and_never_calls_the_ratio_a_return(
    client: TestClient, sign_in: SignIn, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.leader)
    text = client.get(PAGE).text
    assert "It worked." in text
    assert "It cost EUR 400 and brought EUR 1,000 in its first year" in text
    assert "For each 1.00 spent, 2.50 came back: a return of 150 %." in text
    assert "That is a change of “Returns” by 4 a month, kept up for a year." in text
    assert 'method="post" action="/projects' not in text


def test_a_range_across_zero_is_never_told_as_a_return(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    with database.writing() as session:
        measure = measures.find(session, 1)
        assert measure is not None
        for back, value in ((8, 60), (6, 5), (4, 70), (2, 1)):
            on = (now - timedelta(days=back)).date()
            measures.read(session, measure, value=value, on=on, after=True, by=cast.manager, at=now)
    sign_in(client, cast.leader)
    text = client.get(PAGE).text
    assert "can&#39;t be told from nothing" in text
    assert "came back" not in text


def test_below_the_set_grade_only_the_break_even_is_printed(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/settings/rates", data={"manager": "60", "least_grade": "controlled"})
    assert answer.headers["location"] == "/settings/rates?saved=1"
    text = client.get(PAGE).text
    assert "a return is printed from “controlled” on" in text
    assert "ROI" not in text
    assert "kept up for a year" in text
    with database.reading() as session:
        ours = session.scalars(select(Organisation)).one()
        assert (ours.rates, ours.least_grade) == (
            {"manager": 60.0, "expert": None, "participant": None, "overhead": 0.0},
            EvidenceGrade.CONTROLLED,
        )
    assert client.post("/settings/rates", data={"manager": "x", "least_grade": "none"}).status_code == 422


def test_a_return_concluded_before_the_grade_was_raised_is_printed_nowhere(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.manager)
    client.post("/projects/1/conclusions", data={"conclusion": "We keep it."})
    pages = (PAGE, "/proof")
    assert all("150 %" in client.get(one).text for one in pages)
    assert "In money" in client.get(PAGE).text
    client.post("/settings/rates", data={"manager": "60", "least_grade": "controlled"})
    for one in pages:
        text = client.get(one).text
        assert ("150 %" in text, "In money" in text) == (False, False)
    assert "Concluded; a return is printed from “controlled” on." in client.get(PAGE).text


def test_what_people_say_is_taken_from_a_file_once(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.manager)
    lines = (
        "Amount;Isolation;Confidence;Basis\n1.200;70 %;80 %;Hours saved\n900;50;50;Guess\n900;50;50;Guess\n"
    )
    rewritten = lines.replace("70 %;80 %", "70;80")
    for taken, content in (("3-0", lines), ("0-3", lines), ("0-3", rewritten)):
        answer = client.post("/projects/1/estimates/file", files={"file": ("said.csv", content.encode())})
        assert answer.headers["location"] == f"{PAGE}?taken={taken}#estimates"
    with database.reading() as session:
        held = session.scalars(select(BenefitEstimate).order_by(BenefitEstimate.id)).all()
        assert [(one.amount, one.isolation, one.confidence, one.basis) for one in held] == [
            (1200, 0.7, 0.8, "Hours saved"),
            (900, 0.5, 0.5, "Guess"),
            (900, 0.5, 0.5, "Guess"),
        ]
    for wrong, words in (
        (b"", "This file is empty."),
        (b"who,what\n1,2\n", "There is no column for amount and isolation and confidence."),
        (b"amount,isolation,confidence\nlots,1,1\n", "Line 2: “lots” is no amount."),
        (b"amount,isolation,confidence\n5,120%,1\n", "Line 2: “120%” is no share from 0 to 100 %."),
    ):
        answer = client.post("/projects/1/estimates/file", files={"file": ("said.csv", wrong)})
        assert answer.status_code == 422
        assert words in answer.text


def test_answers_count_or_are_left_out_with_a_reason(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project
) -> None:
    sign_in(client, cast.manager)
    said = {"worth": "1000", "isolation": "50", "confidence": "80", "basis": "Records"}
    assert client.post("/projects/1/estimates", data=said).status_code == 303
    assert client.post("/projects/1/estimates/asked", data={"asked": "10"}).status_code == 303
    with database.reading() as session:
        found = benefits.of_project(session, session.get_one(Project, 1))
        assert (found.floor, found.asked, found.answered, found.in_floor) == (400, 10, 1, 1)
    assert client.post("/projects/1/estimates/1/exclusion", data={"why": ""}).status_code == 422
    assert client.post("/projects/1/estimates/1/exclusion", data={"why": "Twice"}).status_code == 303
    assert "Twice" in client.get(PAGE).text
    with database.reading() as session:
        assert benefits.of_project(session, session.get_one(Project, 1)).floor == 0
    assert client.post("/projects/1/estimates/1/exclusion", data={"what": "count"}).status_code == 303
    assert client.post("/projects/1/estimates/1/removal").status_code == 303
    assert client.post("/projects/1/estimates", data={**said, "isolation": "120"}).status_code == 422


def test_leaders_see_no_answers_and_nothing_that_rests_on_fewer_than_five(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        made = a_project(session, by=cast.manager)
        costs.add(session, made, kind=CostKind.PURCHASE, amount=1_000, on=now.date(), by=cast.manager, at=now)
        for amount in (7_411, 7_412, 7_413, 7_414):
            given = Given(amount, 1, 1, "Records")
            benefits.add(session, made, given, on=now.date(), by=cast.manager, at=now)
    sign_in(client, cast.leader)
    text = client.get(PAGE).text
    assert "Nobody was asked yet, or fewer than five answered." in text
    assert "29,7" not in text
    assert "7,41" not in text
    for amount in (7_415, 90_000):  # the sixth waits for four more, so that nobody finds it by subtracting
        with database.writing() as session:
            given = Given(amount, 1, 1, "Records")
            benefits.add(session, session.get_one(Project, 1), given, on=now.date(), by=cast.manager, at=now)
        text = client.get(PAGE).text
        assert "by what people say, brought EUR 37,100 in its first year" in text
        assert "7,41" not in text


def test_a_conclusion_freezes_the_verdict_and_a_correction_is_a_new_one(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    sign_in(client, cast.manager)
    for _twice in range(2):
        answer = client.post("/projects/1/conclusions", data={"conclusion": "We keep it."})
        assert answer.headers["location"] == f"{PAGE}#concluded"
    with database.reading() as session:
        held = session.scalars(select(Evaluation).order_by(Evaluation.id)).all()
        assert [(one.level, one.verdict, one.grade, one.tier) for one in held] == [
            (4, "confirmed", EvidenceGrade.TREND, 8),
            (5, "confirmed", EvidenceGrade.TREND, 8),
        ]
        assert held[1].figures["roi"] == pytest.approx(150)
        assert held[0].figures["words"] == "We keep it."
        assert proving.hit_rate(session).confirmed == 1
    with database.writing() as session:
        measure = measures.find(session, 1)
        assert measure is not None
        measure.worthwhile_change = 50
    client.post("/projects/1/conclusions", data={"conclusion": "Looked at again."})
    with database.reading() as session:
        verdicts = session.scalars(
            select(Evaluation.verdict).where(Evaluation.level == 4).order_by(Evaluation.id)
        ).all()
        assert verdicts == ["confirmed", "refuted"]
        found = proving.hit_rate(session)
        assert (found.count, found.confirmed, found.refuted) == (1, 0, 1)
    assert "Looked at again." in client.get(PAGE).text


def test_nothing_known_can_not_be_concluded(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager)
    sign_in(client, cast.manager)
    answer = client.post("/projects/1/conclusions", data={"conclusion": "Great success"})
    assert answer.status_code == 422
    assert "Nothing is known yet" in answer.text
    assert "Great success" in answer.text


def test_the_overview_asks_the_database_the_same_for_one_project_as_for_three(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, project: Project, app: object
) -> None:
    sign_in(client, cast.leader)
    counted = []
    for _turn in range(2):
        statements: list[str] = []
        engine = app.state.database.engine  # type: ignore[attr-defined] # a FastAPI application

        def note(
            _c: object, _cursor: object, statement: str, *_rest: object, held: list[str] = statements
        ) -> None:
            held.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert client.get("/proof").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        counted.append(len(statements))
        with database.writing() as session:
            for name in ("Second", "Third"):
                a_project(session, by=cast.manager, name=name)
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/projects/1/costs", {"kind": "purchase", "amount": "1"}),
        ("/projects/1/costs/1", {"kind": "purchase", "amount": "1"}),
        ("/projects/1/costs/1/removal", {}),
        ("/projects/1/estimates", {"worth": "1", "isolation": "1", "confidence": "1"}),
        ("/projects/1/estimates/asked", {"asked": "5"}),
        ("/projects/1/conclusions", {"conclusion": "Mine"}),
        ("/settings/rates", {"manager": "1", "least_grade": "trend"}),
    ],
)
def test_nobody_but_the_manager_writes_about_money(
    client: TestClient,
    sign_in: SignIn,
    database: Database,
    cast: Cast,
    project: Project,
    path: str,
    typed: dict[str, str],
) -> None:
    with database.reading() as session:
        before = session.scalars(select(Event.id).where(Event.action != "person.signed_in")).all()
    for person in (cast.leader, cast.expert, cast.requester):
        sign_in(client, person)
        assert client.post(path, data=typed).status_code == 404
    with database.reading() as session:
        assert session.scalars(select(Event.id).where(Event.action != "person.signed_in")).all() == before
