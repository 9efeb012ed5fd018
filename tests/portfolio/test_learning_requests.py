"""Submitting, deciding, changing and finding requests, on both databases."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portfolio import assessments, backlog, deciding, goals, history, learning_requests
from portfolio.backlog import Wanted
from portfolio.database import Database
from portfolio.deciding import DecisionRefused, Ruling
from portfolio.links import Links
from portfolio.models import Event, LearningRequest, Mail, Project
from portfolio.states import MoveRefused, RequestStatus, Verdict
from portfolio.submission import ChangedAnswers
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both


def test_a_submitted_request_is_kept_with_its_answers_its_mark_its_mail_and_its_history(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        number = a_request(session, links=links, at=now).id
    with database.reading() as session:
        kept = learning_requests.find(session, number)
        assert kept is not None
        assert (kept.title, kept.status, kept.requester_id, kept.unit.name if kept.unit else "") == (
            "Quotes take too long",
            RequestStatus.SUBMITTED,
            cast.requester.id,
            "Sales",
        )
        assert {answer.question: answer.value for answer in kept.answers} == {
            "problem": "New sales people need four days for a quote; customers leave.",
            "behaviour": "Write a standard quote within a day.",
            "audience": {"who": "New sales people", "count": 24.0},
            "measure": {"name": "Days for a quote", "today": 4.0, "wanted": 1.0, "by": "2027-03-31"},
            "if_nothing": "We lose about two customers a month.",
            "deadline": {"on": "2027-02-01", "why": "The trade fair"},
        }
        assert kept.score_wanted_at == now
        mail = session.scalars(select(Mail)).one()
        assert mail.recipient == "rita@fernweh.example"
        assert links.tracking(kept) in mail.text
        assert [(event.action, event.by_id) for event in history.timeline(session, kept)] == [
            ("learning_request.submitted", cast.requester.id)
        ]


def test_scoring_clears_the_mark_once_and_a_second_run_finds_nothing(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        first, second = a_request(session, links=links).id, a_request(session, links=links, title="Other").id
    with database.writing() as session:
        assert assessments.score_waiting(session, now=now, flow_run_id="run-1") == [first, second]
    with database.writing() as session:
        assert assessments.score_waiting(session, now=now, flow_run_id="run-2") == []
    with database.reading() as session:
        kept = learning_requests.find(session, first)
        assert kept is not None and kept.assessment is not None
        assert kept.assessment.flow_run_id == "run-1"
        assert kept.leverage == pytest.approx(kept.assessment.leverage_likely)
        assert kept.score_wanted_at is None


def test_the_same_answers_get_the_same_score_whoever_asks(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        ids = [a_request(session, links=links).id for _ in range(2)]
        assessments.score_waiting(session, now=now, flow_run_id=None)
    with database.reading() as session:
        one, two = (learning_requests.find(session, id_) for id_ in ids)
        assert one is not None and two is not None
        assert one.leverage == two.leverage


def test_accepting_makes_the_project_with_its_hypothesis_and_cards_and_tells_the_requester(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        deciding.decide(
            session,
            asked,
            Ruling(Verdict.ACCEPT, words="We start on Monday.", solution_type="job_aid"),
            links=links,
            by=cast.manager,
            at=now,
        )
    with database.reading() as session:
        project = session.scalars(select(Project)).one()
        assert project.hypothesis == (
            "We believe a job aid for New sales people moves Days for a quote from 4 to 1 by 31 March 2027."
        )
        kept = learning_requests.find(session, asked.id)
        assert kept is not None
        assert kept.status is RequestStatus.ACCEPTED
        assert kept.first_decided_at == now
        assert [mail.subject for mail in session.scalars(select(Mail).order_by(Mail.id))][-1] == (
            f"News about your request {asked.id}: Quotes take too long"
        )


@pytest.mark.parametrize(
    ("ruling", "field"),
    [
        (Ruling(Verdict.DECLINE), "words"),
        (Ruling(Verdict.ASK, words="   "), "words"),
        (Ruling(Verdict.SNOOZE), "until"),
        (Ruling(Verdict.SNOOZE, until=date(2026, 11, 20)), "until"),
        (Ruling(Verdict.JOIN), "join_id"),
        (Ruling(Verdict.ANSWER), "words"),
    ],
)
def test_a_ruling_that_lacks_something_is_refused_and_changes_nothing(
    database: Database, cast: Cast, links: Links, now: datetime, ruling: Ruling, field: str
) -> None:
    with database.writing() as session:
        number = a_request(session, links=links).id
    with pytest.raises(DecisionRefused) as refused, database.writing() as session:
        asked = learning_requests.find(session, number)
        assert asked is not None
        deciding.decide(session, asked, ruling, links=links, by=cast.manager, at=now)
    assert refused.value.field == field
    with database.reading() as session:
        assert session.scalars(select(LearningRequest.status)).one() is RequestStatus.SUBMITTED


def test_what_is_over_stays_over(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        learning_requests.withdraw(session, asked, by=cast.requester, at=now)
        with pytest.raises(MoveRefused, match="withdrawn"):
            deciding.decide(session, asked, Ruling(Verdict.ACCEPT), links=links, by=cast.manager, at=now)


def test_changed_answers_are_kept_and_wanted_scored_unchanged_ones_are_not(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        number = a_request(session, links=links).id
        assessments.score_waiting(session, now=now, flow_run_id=None)
    with database.writing() as session:
        asked = learning_requests.find(session, number)
        assert asked is not None
        same = ChangedAnswers.model_validate({"audience": {"who": "New sales people", "count": 24}})
        assert learning_requests.change_answers(session, asked, same, by=None, at=now) == []
        assert asked.score_wanted_at is None
        new = ChangedAnswers.model_validate({"audience": {"who": "Everybody", "count": "200-300"}, "risk": 4})
        assert learning_requests.change_answers(session, asked, new, by=None, at=now) == ["audience", "risk"]
    with database.reading() as session:
        asked = learning_requests.find(session, number)
        assert asked is not None
        assert asked.said("audience") == {
            "who": "Everybody",
            "count": {"low": 200, "likely": 240, "high": 300},
        }
        assert asked.score_wanted_at == now


def test_a_heavier_goal_lifts_what_serves_it_and_nothing_else(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        goal = goals.add(session, name="Keep customers", weight=2, by=cast.manager, at=now)
        serving = a_request(session, links=links, answers={"goal": goal.id}).id
        apart = a_request(session, links=links, title="Other").id
        assessments.score_waiting(session, now=now, flow_run_id=None)

    def leverages() -> list[float | None]:
        with database.reading() as session:
            return [session.get_one(LearningRequest, id_).leverage for id_ in (serving, apart)]

    before = leverages()
    with database.writing() as session:
        kept = goals.find(session, goal.id)
        assert kept is not None
        goals.edit(session, kept, by=cast.manager, at=now, weight=5)
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == [serving]
    after = leverages()
    assert before[0] is not None and after[0] is not None
    assert after[0] > before[0]
    assert after[1] == before[1]


def test_pages_of_a_list_follow_each_other_without_gap_or_repeat(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        for people_count in (3, 30, 300, 3000, 30):
            a_request(session, links=links, audience={"who": "x", "count": people_count})
        assessments.score_waiting(session, now=now, flow_run_id=None)
    for sort in ("rank", "submitted"):
        seen: list[int] = []
        after: tuple[float, int] | None = None
        with database.reading() as session:
            while True:
                page = backlog.search(session, Wanted(sort=sort, limit=2, after=after))
                seen += [one.id for one in page.items]
                if page.next is None:
                    break
                leverage, last = page.next.split("_")
                after = (float(leverage), int(last))
            whole = [one.id for one in backlog.search(session, Wanted(sort=sort, limit=50)).items]
        assert seen == whole
        assert sorted(seen) == [1, 2, 3, 4, 5]


def test_history_can_not_be_changed_or_deleted(database: Database, cast: Cast, links: Links) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    for statement in ("UPDATE events SET action = 'x'", "DELETE FROM events"):
        with pytest.raises(DatabaseError, match="append-only"), database.writing() as session:
            session.execute(text(statement))
    with database.reading() as session:
        assert session.scalars(select(Event.action).order_by(Event.id.desc()).limit(1)).one() == (
            "learning_request.submitted"
        )


def test_snoozed_requests_wake_on_their_day(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    until = (now + timedelta(days=10)).date()
    with database.writing() as session:
        asked = a_request(session, links=links)
        deciding.decide(
            session, asked, Ruling(Verdict.SNOOZE, until=until), links=links, by=cast.manager, at=now
        )
        assert deciding.wake_snoozed(session, today=until - timedelta(days=1), at=now) == 0
        assert deciding.wake_snoozed(session, today=until, at=now) == 1
        assert asked.status is RequestStatus.SUBMITTED


def test_one_that_can_not_be_scored_holds_up_nobody(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        broken = a_request(session, links=links)
        fine = a_request(session, links=links).id
        session.execute(
            text(
                "UPDATE answers SET value = :value WHERE learning_request_id = :id AND question = 'deadline'"
            ),
            {"value": '{"on": "no date"}', "id": broken.id},
        )
    with database.writing() as session:
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == [fine]
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == []
    with database.reading() as session:
        kept = session.get_one(LearningRequest, broken.id)
        assert kept.score_wanted_at == now + timedelta(hours=1)
