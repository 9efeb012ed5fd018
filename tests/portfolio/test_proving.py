"""Everything known about projects, put together: on both databases, with as many statements for three projects as for one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from portfolio import (
    benefits,
    cards,
    costs,
    evaluating,
    levels,
    measures,
    people,
    proving,
    success_cases,
    training_sessions,
    work_logs,
)
from portfolio.benefits import Given
from portfolio.costs import Rates
from portfolio.database import Database
from portfolio.history import record
from portfolio.looking_back import CutOff
from portfolio.models import Evaluation, Organisation, Participant, Project, Response, Survey
from portfolio.proving import NothingToConclude
from portfolio.rules.levels import Evidence
from portfolio.rules.money import CostKind, CostLine
from portfolio.states import EvidenceGrade, Stage
from tests.conftest import Cast
from tests.factory import a_project

QUESTIONS = [
    {"key": "can", "label": "Can you do it?", "kind": "one", "options": ["Yes", "No"], "level": 2, "tier": 3},
    {
        "key": "does",
        "label": "Do they do it?",
        "kind": "one",
        "options": ["Yes", "No"],
        "level": 3,
        "tier": 7,
    },
]


@pytest.fixture
def project(database: Database, cast: Cast, now: datetime) -> Project:
    """A session of two hours with six people, a closed survey, a told case, logged hours and two readings."""
    with database.writing() as session:
        ours = session.get_one(Organisation, cast.organisation.id)
        rates = Rates(manager=60, expert=80, participant=30)
        costs.set_rates(session, ours, rates, least=EvidenceGrade.ESTIMATE, by=cast.manager, at=now)
        made = a_project(session, by=cast.manager)
        starts = now - timedelta(days=60)
        training_sessions.plan(
            session,
            made,
            title="Practice",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            by=cast.manager,
            at=now,
        )
        for number in range(7):
            person = people.meet(session, f"p{number}@fernweh.example", at=now)
            state = "attended" if number else "absent"
            session.add(Participant(project_id=made.id, person_id=person.id, state=state, added_at=now))
        survey = Survey(
            project_id=made.id,
            kind="end",
            name="At the end",
            questions=QUESTIONS,
            sent_count=7,
            opened_at=starts,
            closed_at=now - timedelta(days=1),
            created_at=starts,
        )
        session.add(survey)
        session.flush()
        for number in range(6):
            said = {"can": "Yes" if number else "No", "does": "Yes"}
            session.add(Response(survey_id=survey.id, answers=said, answered_at=starts))
        card = cards.add(session, title="Draft", project=made, by=cast.manager, at=now)
        work_logs.type_in(session, card, 3, by=cast.manager, at=now)
        measure = measures.add(
            session,
            name="Returns",
            project=made,
            by=cast.manager,
            at=now,
            value_per_unit=100,
            worthwhile_change=1,
        )
        for after, value in ((False, 10), (True, 20)):
            on = (now - timedelta(days=5 if after else 50)).date()
            measures.read(session, measure, value=value, on=on, after=after, by=cast.manager, at=now)
        success_cases.begin(
            session, made, step="told", used="It", result="Less", evidence="List", by=cast.manager, at=now
        )
        return made


@pytest.mark.both
def test_a_project_is_put_together_the_same_on_every_database(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    with database.writing() as session:
        held = session.get_one(Project, project.id)
        assert costs.of_project(session, held).lines == (
            CostLine(CostKind.ANALYSIS, 180, 3, 60, "Your own hours on its cards"),
            CostLine(CostKind.PARTICIPANTS, 360, 12, 30, "6 people in sessions"),
        )
        assert levels.of_projects(session, [held])[held.id].best == (
            Evidence(1, "6 people were there", 1, base=6),
            Evidence(2, "6 of 7 answered “At the end”.", 3, base=6),
            Evidence(3, "6 of 7 answered “At the end”.", 7, base=6),
            Evidence(4, "“Returns” read 2 times, 1 of them after; not concluded yet", 8, base=2),
        )
        second = levels.of_project(session, held).at(2)
        assert second is not None
        assert "Can you do it?" in second.words
        step = evaluating.StepGiven(level=4, what="Did it move?", due_on=now.date())
        later = evaluating.StepGiven(level=4, what="Did it last?", due_on=now.date() + timedelta(days=90))
        evaluating.plan(session, held, [step, later], by=cast.manager, at=now)
        proving.conclude(session, held, by=cast.manager, at=now)
        assert [one.done_at is not None for one in evaluating.of(session, held)] == [True, False]
    with database.reading() as session:
        concluded = proving.hypotheses(session)
        assert [(one.project.id, one.verdict) for one in concluded] == [(project.id, "inconclusive")]
        fourth = levels.of_project(session, session.get_one(Project, project.id)).at(4)
        assert fourth is not None
        assert fourth.words.startswith("“Returns” changed by 10, without a range, from 2 readings. ")
        found = levels.of_projects(session, [session.get_one(Project, project.id)])[project.id]
        assert [one.concluded_on for one in found.best] == [now.date()] * 5
        assert proving.returns(session)[project.id].verdict == ""
        assert proving.hypotheses(session, before=now) == []


def test_one_measure_is_proved_as_among_its_project_s_without_reading_the_others(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    with database.writing() as session:
        held = session.merge(project)
        other = measures.add(session, name="Another", project=held, by=cast.manager, at=now)
        measures.read(session, other, value=3, on=now.date(), after=False, by=cast.manager, at=now)
    asked: list[str] = []
    with database.reading() as session:
        one = measures.find(session, 1)
        assert one is not None and one.project is not None
        event.listen(session.get_bind(), "before_cursor_execute", lambda *seen: asked.append(seen[2]))
        alone, spent = proving.of_measure(session, one.project, one)
        assert not any("FROM readings" in statement for statement in asked)
        whole = proving.of_project(session, one.project)
        assert (alone, spent) == (whole.measured[0], whole.costs)


def test_what_nobody_answered_or_read_after_reaches_no_level(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        made = a_project(session, by=cast.manager)
        survey = Survey(project_id=made.id, kind="end", questions=QUESTIONS, closed_at=now, created_at=now)
        session.add(survey)
        session.flush()
        for _ in range(6):
            session.add(Response(survey_id=survey.id, answers={"can": "Yes"}, answered_at=now))
        measure = measures.add(session, name="Returns", project=made, by=cast.manager, at=now)
        measures.read(session, measure, value=10, on=now.date(), after=False, by=cast.manager, at=now)
        proving.conclude(session, made, by=cast.manager, at=now)
        found = levels.of_project(session, made)
        assert [(one.level, one.tier) for one in found.best] == [(2, 3), (4, None)]
        assert found.reached == 2


@pytest.mark.both
def test_the_overview_counts_a_level_by_its_questions_as_strictly_as_the_project_s_page(
    database: Database, cast: Cast, now: datetime
) -> None:
    """Ten answered the survey: all of them one question, four or nobody the others; one level has both kinds."""
    asked = [("all", 1, 3), ("few", 2, 4), ("none", 3, 7), ("also", 3, 6), ("list", 4, 8)]
    questions = [
        {
            "key": key,
            "label": key,
            "kind": "many" if key == "list" else "one",
            "options": ["Yes"],
            "level": level,
            "tier": tier,
        }
        for key, level, tier in asked
    ]
    with database.writing() as session:
        made = a_project(session, by=cast.manager)
        for in_steps in (False, True):
            survey = Survey(
                project_id=made.id, kind="end", questions=questions, in_steps=in_steps, opened_at=now,
                closed_at=now, created_at=now,
            )  # fmt: skip
            session.add(survey)
            session.flush()
            for number in range(10):
                said = {"all": "Yes", "list": [], "none": " "}
                said |= {"few": "Yes"} if number < 4 else {"also": "Yes"} if number < 9 else {}
                session.add(Response(survey_id=survey.id, answers=said, answered_at=now))
        session.flush()
        (overview,) = levels.of_projects(session, [made]).values()
        page = levels.of_project(session, made)
        assert [(one.level, one.tier) for one in overview.best] == [(1, 3), (3, 6)]
        assert [(one.level, one.tier) for one in page.best] == [(1, 3), (3, 6)]


@pytest.mark.parametrize(
    ("ends", "is_reached", "words"),
    [
        ((-180.0, 420.0), False, "Return: 120 %. Its range is −180 % to 420 %, losses as well as gains: worked out, but not told apart from zero."),
        ((None, None), False, "Return: 120 %. There is no range to say how far that may be off, so it isn’t told apart from zero."),
        ((10.0, 4206.0), True, "Return: 120 %. Its range is 10 % to 4,210 %."),
        ((-80.0, -20.0), True, "Return: 120 %. Its range is −80 % to −20 %."),
    ],
)  # fmt: skip
def test_a_return_that_may_as_well_be_a_loss_is_worked_out_and_not_reached(
    database: Database,
    cast: Cast,
    now: datetime,
    ends: tuple[float | None, float | None],
    is_reached: bool,
    words: str,
) -> None:
    with database.writing() as session:
        made = a_project(session, by=cast.manager)
        figures = {"roi": 120.0, "roi_low": ends[0], "roi_high": ends[1], "base": 12}
        session.add(
            Evaluation(
                project_id=made.id, level=5, tier=8, result="Return: 120 %.", grade=EvidenceGrade.TREND,
                verdict="confirmed", figures=figures, concluded_at=now,
            )
        )  # fmt: skip
        session.flush()
        found = levels.of_project(session, made)
        (one,) = found.best
        assert (one.words, one.is_told_apart, found.reached) == (words, is_reached, 5 if is_reached else 0)
        assert (one.verdict, found.caution) == ("confirmed" if is_reached else "inconclusive", "")


@pytest.mark.both
def test_what_is_due_and_what_lacks_a_baseline_is_listed(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    from portfolio import projects

    with database.writing() as session:
        bare = a_project(session, by=cast.manager, name="Nothing read")
        stopped = a_project(session, by=cast.manager, name="Stopped")
        for one in (bare, stopped):
            step = evaluating.StepGiven(level=4, what="Read it", due_on=now.date() - timedelta(days=3))
            evaluating.plan(session, one, [step], by=cast.manager, at=now)
        projects.move(session, stopped, Stage.STOPPED, by=cast.manager, at=now)
        assert [one.name for one in proving.without_baseline(session)] == ["Nothing read"]
        assert [(one.project.name, one.step.what) for one in proving.due(session, today=now.date())] == [
            ("Nothing read", "Read it")
        ]
        with pytest.raises(NothingToConclude):
            proving.conclude(session, bare, by=cast.manager, at=now)


def test_the_database_is_asked_as_often_for_one_project_as_for_three(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    with database.writing() as session:
        held = [session.get_one(Project, project.id)]
        held += [a_project(session, by=cast.manager, name=name) for name in ("Second", "Third")]
        for one in held:
            card = cards.add(session, title="Work", project=one, by=cast.manager, at=now)
            work_logs.type_in(session, card, 1, by=cast.expert, at=now)
            benefits.add(session, one, Given(10, 1, 1, "x"), on=now.date(), by=cast.manager, at=now)
        session.flush()
        statements: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        counted = []
        for some in (held[:1], held):
            statements.clear()
            costs.of_projects(session, some)
            levels.of_projects(session, some)
            benefits.of_projects(session, some)
            counted.append(len(statements))
        assert counted[0] == counted[1]


def test_a_removed_estimate_counts_before_and_keeps_no_words(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    then = CutOff(now + timedelta(hours=1), now.date(), now + timedelta(hours=1))
    with database.writing() as session:
        held = session.get_one(Project, project.id)
        for place, basis in enumerate(("Kim at the desk", "")):
            made = benefits.add(
                session, held, Given(10 + place, 1, 1, basis), on=now.date(), by=cast.manager, at=now
            )
            said = benefits.of_projects(session, [held], cut_off=then)[held.id]
            benefits.remove(session, held, made, by=cast.manager, at=now + timedelta(hours=2))
            after = benefits.of_projects(session, [held], cut_off=then)[held.id]
            assert (after.floor, after.in_floor, after.answered) == (said.floor, said.in_floor, said.answered)
            assert "Kim" not in made.basis
        assert benefits.of_project(session, held).answered == 0


def test_who_was_asked_then_is_told_as_far_as_the_history_kept_it(
    database: Database, cast: Cast, project: Project, now: datetime
) -> None:
    """Changes that were recorded before the history kept what was said before wind nothing back."""
    then = CutOff(now - timedelta(days=1), now.date(), now - timedelta(days=1))
    with database.writing() as session:
        held = session.get_one(Project, project.id)
        held.estimates_asked = 8
        record(session, "project.benefits_asked", held, by=cast.manager, at=now, asked=8)
        assert benefits.of_projects(session, [held], cut_off=then)[held.id].asked == 8
        benefits.say_asked(session, held, 9, by=cast.manager, at=now)
        assert benefits.of_projects(session, [held], cut_off=then)[held.id].asked == 8
        assert benefits.of_projects(session, [held])[held.id].asked == 9
