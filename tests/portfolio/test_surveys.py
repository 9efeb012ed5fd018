"""Surveys: made, sent by day and rarely, answered once and without a name, closed for good, forgotten."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import (
    evaluating,
    participants,
    people,
    survey_answers,
    survey_invitations,
    survey_steps,
    survey_templates,
    surveys,
)
from portfolio.database import Database
from portfolio.evaluating import StepGiven
from portfolio.links import Links
from portfolio.models import (
    Absence,
    EvaluationStep,
    Event,
    Invitation,
    Mail,
    Person,
    Project,
    Response,
    Survey,
)
from portfolio.rules.survey_questions import Question
from tests.conftest import Cast
from tests.factory import a_project

DAY = timedelta(days=1)
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SAID = {"used": "Every time"}


def a_survey(
    session: Session, cast: Cast, count: int = 3, *, opened: bool = True, **fields: object
) -> Survey:
    """One about a project, with so many people of Sales invited."""
    project = session.scalars(select(Project)).first() or a_project(session, by=cast.manager)
    asked = [
        people.meet(session, f"p{n}@fernweh.example", at=FRIDAY, name=f"Pat {n}", unit="Sales")
        for n in range(count)
    ]
    usual: dict[str, object] = {"template": "learner_30", "project": project}
    made = surveys.draft(session, **{**usual, **fields}, by=cast.manager, at=FRIDAY)  # type: ignore[arg-type] # plain values
    survey_invitations.invite(session, made, asked, by=cast.manager, at=FRIDAY)
    if opened:
        surveys.open_(session, made, by=cast.manager, at=FRIDAY)
    return made


def an_answer(session: Session, links: Links, number: int = 1, *, at: datetime = FRIDAY) -> None:
    found = survey_invitations.find(session, number)
    assert found is not None
    name = survey_answers.pseudonym_for(links, found.survey, found.person)
    survey_answers.answer(session, found, SAID, pseudonym=name, at=at)


@pytest.mark.both
def test_an_answer_is_kept_without_its_person_and_counts_once(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_survey(session, cast)
    with database.writing() as session:
        an_answer(session, links, at=FRIDAY + timedelta(hours=3))
        with pytest.raises(survey_answers.AlreadyAnswered):
            an_answer(session, links)
    with database.reading() as session:
        (kept,) = session.scalars(select(Response))
        first, second = session.scalars(select(Invitation).order_by(Invitation.id).limit(2))
        assert (kept.answers, kept.groups) == (SAID, {"unit": "Sales"})
        assert kept.answered_at == datetime(2026, 11, 19, 23, tzinfo=UTC), "the day in Berlin, no clock"
        project = session.get_one(Project, 1)
        assert kept.pseudonym == participants.pseudonym_of(links, project, first.person)
        assert (first.answered_on, first.next_on) == (date(2026, 11, 20), None)
        assert (second.answered_on, second.next_on) == (None, date(2026, 11, 20))
        said = session.scalars(select(Event).where(Event.action == "survey.answered")).one()
        assert (said.by_id, said.details) == (None, {})


@pytest.mark.both
def test_many_presses_at_once_are_one_answer(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        a_survey(session, cast)
    refused = []

    def press() -> None:
        try:
            with database.writing() as session:
                an_answer(session, links)
        except survey_answers.AlreadyAnswered:
            refused.append(True)

    presses = [threading.Thread(target=press) for _ in range(6)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    with database.reading() as session:
        assert (session.scalar(select(func.count()).select_from(Response)), len(refused)) == (1, 5)


@pytest.mark.both
def test_closing_while_people_answer_lets_nothing_in_afterwards(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_survey(session, cast, 8)
    late: list[Exception] = []

    def say(number: int) -> None:
        try:
            with database.writing() as session:
                an_answer(session, links, number)
        except surveys.Closed as closed:
            late.append(closed)

    def close() -> None:
        with database.writing() as session:
            surveys.close(session, session.get_one(Survey, 1), by=cast.manager, at=FRIDAY)

    threads = [threading.Thread(target=say, args=(n,)) for n in range(1, 9)]
    threads.insert(4, threading.Thread(target=close))
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with database.reading() as session:
        closed = session.scalars(select(Event).where(Event.action == "survey.closed")).one()
        count = session.scalar(select(func.count()).select_from(Response))
        assert closed.details["answered"] == count == 8 - len(late)


def test_wrong_answers_are_refused_by_question_and_before_and_after_nobody_answers(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        made = a_survey(session, cast, opened=False)
        with pytest.raises(surveys.Closed):
            an_answer(session, links)
        surveys.open_(session, made, by=cast.manager, at=FRIDAY)
        found = survey_invitations.find(session, 1)
        assert found is not None
        with pytest.raises(survey_answers.AnswersRefused) as refused:
            survey_answers.answer(session, found, {"used": "Twice", "x": "y"}, pseudonym="p", at=FRIDAY)
        assert refused.value.problems == {
            "used": "Please choose one of these.",
            "x": "This survey has no such question.",
        }
        surveys.close(session, made, by=cast.manager, at=FRIDAY)
        with pytest.raises(surveys.Closed):
            an_answer(session, links)
        with pytest.raises(surveys.Closed):
            survey_invitations.invite(session, made, [cast.other], by=cast.manager, at=FRIDAY)
        assert surveys.answered_count(session, made) == 0


def test_a_survey_about_nobody_does_not_open_and_an_open_one_keeps_its_questions(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        empty = a_survey(session, cast, 0, opened=False)
        with pytest.raises(surveys.SurveyRefused, match="Nobody is asked yet"):
            surveys.open_(session, empty, by=cast.manager, at=FRIDAY)
        made = a_survey(session, cast)
        assert (made.sent_count, made.sent_on, made.closes_on) == (3, date(2026, 11, 20), date(2026, 12, 18))
        with pytest.raises(surveys.SurveyRefused, match="answering already"):
            surveys.edit(session, made, version=None, by=cast.manager, at=FRIDAY, questions=[])
        surveys.edit(session, made, version=made.version, by=cast.manager, at=FRIDAY, name="Renamed")
        with pytest.raises(surveys.StaleSurvey):
            surveys.edit(session, made, version=1, by=cast.manager, at=FRIDAY, name="Again")
        with pytest.raises(surveys.SurveyRefused, match="asked already"):
            surveys.discard(session, made, by=cast.manager, at=FRIDAY)
        surveys.discard(session, empty, by=cast.manager, at=FRIDAY)
        assert [one.survey.name for one in surveys.listed(session)] == ["Renamed"]


@pytest.mark.both
def test_mails_go_by_day_once_a_week_with_three_reminders_and_the_survey_closes_by_itself(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_survey(session, cast, 2)
        a_survey(session, cast, 1, template="success_case", closes_on=date(2026, 12, 10))
        away = people.meet(session, "p1@fernweh.example", at=FRIDAY)
        until = date(2026, 11, 22)
        session.add(Absence(person_id=away.id, from_on=until - 2 * DAY, until_on=until, added_at=FRIDAY))
    for hour in range(0, 24 * 32, 5):
        at = FRIDAY + timedelta(hours=hour)
        with database.writing() as session:
            survey_invitations.write_due(session, links=links, at=at)
            assert survey_invitations.write_due(session, links=links, at=at) == 0
            surveys.close_due(session, at=at)
    with database.reading() as session:
        rows = session.execute(select(Mail.recipient, Mail.about, Mail.queued_at).order_by(Mail.id))
        sent: dict[str, list[str]] = {}
        for recipient, about, at in rows:
            sent.setdefault(recipient.split("@")[0], []).append(f"{about} {at:%a %d}")
        assert sent == {
            "p0": [
                "survey:2 Fri 20",
                "survey:1 Fri 27",
                "survey:2 Fri 04",
                "survey:1 Fri 11",
                "survey:1 Fri 18",
            ],
            "p1": ["survey:1 Mon 23", "survey:1 Mon 30", "survey:1 Mon 07", "survey:1 Mon 14"],
        }
        assert [one.survey.state for one in surveys.listed(session)] == ["closed", "closed"]


def test_a_run_that_is_killed_has_sent_nothing_or_noted_all(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_survey(session, cast)

    def killed() -> None:
        with database.writing() as session:
            survey_invitations.write_due(session, links=links, at=FRIDAY)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    with database.writing() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 0
        assert survey_invitations.write_due(session, links=links, at=FRIDAY) == 3
    with database.writing() as session:
        assert survey_invitations.write_due(session, links=links, at=FRIDAY) == 0


def test_the_mail_has_the_first_question_as_links_in_text_and_html_and_no_picture(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        made = a_survey(session, cast, 1)
        made.words = {"subject": "One minute", "intro": "A <b>word</b> & more"}
        survey_invitations.write_due(session, links=links, at=FRIDAY)
        mail = session.scalars(select(Mail)).one()
        found = survey_invitations.find(session, 1)
        assert found is not None
        assert (mail.recipient, mail.subject, mail.about) == ("p0@fernweh.example", "One minute", "survey:1")
        html = mail.html or ""
        for number, option in enumerate(made.questions[0]["options"], start=1):
            address = links.answering(found, "used", number)
            assert f"{option}:\n{address}\n" in mail.text
            assert f'href="{address.replace("&", "&amp;")}"' in html
        assert links.answering(found) + "/refusal" in mail.text
        assert "A &lt;b&gt;word&lt;/b&gt; &amp; more" in html
        assert "<img" not in html


def test_who_wants_no_surveys_is_asked_none_and_may_change_their_mind(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        made = a_survey(session, cast)
        person = session.scalars(select(Person).where(Person.email == "p0@fernweh.example")).one()
        survey_invitations.refuse(session, person, at=FRIDAY)
        survey_invitations.refuse(session, person, at=FRIDAY)
        assert survey_invitations.write_due(session, links=links, at=FRIDAY) == 2
        second = a_survey(session, cast, template="success_case")
        assert (made.sent_count, second.sent_count) == (3, 2)
        an_answer(session, links)
        survey_invitations.allow_again(session, person, at=FRIDAY)
        assert survey_invitations.invite(session, second, [person], by=cast.manager, at=FRIDAY) == 1
        events = session.scalars(
            select(Event.action).where(Event.subject_type == "people", Event.subject_id == person.id)
        )
        assert list(events) == ["person.surveys_refused", "person.surveys_allowed"]


def test_answers_from_elsewhere_count_once_by_their_key(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        made = a_survey(session, cast, 0, opened=False, template="needs")
        surveys.open_(session, made, asked=40, by=cast.manager, at=FRIDAY)
        said = {"how_often": "Never"}
        survey_answers.take_in(
            session, made, said, row_key="a", groups={"unit": "IT"}, on=date(2026, 11, 3), at=FRIDAY
        )
        with pytest.raises(survey_answers.AlreadyAnswered):
            survey_answers.take_in(session, made, said, row_key="a", at=FRIDAY)
        (kept,) = session.scalars(select(Response))
        assert (kept.pseudonym, kept.groups, kept.row_key) == (None, {"unit": "IT"}, "a")
        assert (made.sent_count, made.in_steps) == (40, True)
        assert kept.answered_at == datetime(2026, 11, 19, 23, tzinfo=UTC), "in steps: the day it came"
        whole = a_survey(session, cast, 0, opened=False, template="needs", in_steps=False)
        surveys.open_(session, whole, by=cast.manager, at=FRIDAY)
        days = [
            survey_answers.take_in(session, whole, said, row_key=str(on), on=on, at=FRIDAY).answered_at
            for on in (date(2026, 11, 3), date(2027, 1, 1))
        ]
        assert days == [datetime(2026, 11, 2, 23, tzinfo=UTC), datetime(2026, 11, 19, 23, tzinfo=UTC)]


def test_a_due_line_of_the_plan_asks_once_whom_it_is_for_and_is_done_when_they_answered(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        evaluating.plan(
            session, project,
            [StepGiven(3, "Seen?", template="lead_60", tier=7, days_after=60, owner_email="Lea@fernweh.example")],
            by=cast.manager, at=FRIDAY,
        )  # fmt: skip
        step = session.scalars(select(EvaluationStep)).one()
        assert (step.template, step.tier, step.owner_email) == ("lead_60", 7, "lea@fernweh.example")
        assert survey_steps.begin(session, step, at=FRIDAY) is None
        assert step.problem == "Nobody could be asked: this project has no people of that kind yet."
        led = [people.meet(session, f"p{n}@fernweh.example", at=FRIDAY) for n in range(3)]
        leads = {led[0].id: cast.other, led[1].id: cast.other}
        participants.add(session, project, led, leads=leads, source="list", by=cast.manager, at=FRIDAY)
        made = survey_steps.begin(session, step, at=FRIDAY)
        assert made is not None
        assert survey_steps.begin(session, step, at=FRIDAY) is made
        assert [one.person.email for one in survey_invitations.of_survey(session, made)] == [
            "otto@fernweh.example"
        ]
        assert (made.is_open, step.problem, made.name) == (True, "", "Leads, 60 days after: Faster quotes")
        found = survey_invitations.find(session, 1)
        assert found is not None
        survey_answers.answer(session, found, {"seen": "Most"}, pseudonym="p", at=FRIDAY)
        assert surveys.close_due(session, at=FRIDAY + 28 * DAY) == 0
        assert surveys.close_due(session, at=FRIDAY + 29 * DAY) == 1
        assert step.done_at == FRIDAY + 29 * DAY


def test_a_changed_template_is_used_and_the_shipped_one_comes_back(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        shipped = survey_templates.of(session, "needs")
        asked = [replace(shipped.questions[0], label="How often is {project} needed?")]
        words = {"name": "Needs", "subject": "S", "intro": "I"}
        survey_templates.save(
            session, "needs", **words, days_after=3, questions=asked, version=0, by=cast.manager, at=FRIDAY
        )
        made = surveys.draft(
            session, template="needs", project=a_project(session, by=cast.manager), by=cast.manager, at=FRIDAY
        )
        assert (made.name, made.words) == ("Needs: Faster quotes", {"subject": "S", "intro": "I"})
        assert [one["label"] for one in made.questions] == ["How often is Faster quotes needed?"]
        with pytest.raises(survey_templates.StaleTemplate):
            survey_templates.save(
                session, "needs", **words, days_after=3, questions=[], version=0, by=cast.manager, at=FRIDAY
            )
        survey_templates.restore(session, "needs", by=cast.manager, at=FRIDAY)
        assert survey_templates.of(session, "needs") == shipped


def test_a_pasted_list_adds_people_with_their_leads_or_nobody(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        pasted = "Kim <kim@fernweh.example>, Sales, Lea <lea@fernweh.example>\nOtto Other"
        assert participants.add_listed(session, project, pasted, by=cast.manager, at=FRIDAY) == 2
        assert participants.add_listed(session, project, pasted, by=cast.manager, at=FRIDAY) == 0
        assert [(one.person.name, one.lead and one.lead.name, one.state) for one in participants.of(session, project)] == [
            ("Kim", "Lea", "invited"), ("Otto Other", None, "invited"),
        ]  # fmt: skip
        with pytest.raises(participants.UnknownPeople, match="We know no address for “Nina Nobody”"):
            participants.add_listed(session, project, "Nina Nobody", by=cast.manager, at=FRIDAY)
        other = cast.other
        assert participants.mark(session, project, other, "completed", by=None, at=FRIDAY)
        assert not participants.mark(session, project, other, "attended", by=None, at=FRIDAY)
        assert participants.mark(
            session, project, cast.expert, "completed", source="moodle", by=None, at=FRIDAY
        )
        assert participants.counted(session, project) == {"invited": 1, "completed": 2}


def test_questions_that_can_not_be_asked_are_refused(database: Database, cast: Cast) -> None:
    with database.writing() as session, pytest.raises(surveys.SurveyRefused, match="Please offer 2 to 12"):
        surveys.draft(session, questions=[Question("a", "A?")], by=cast.manager, at=FRIDAY)
