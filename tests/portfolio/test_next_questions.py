"""Whom to ask what next: the rule over all open requests, the peace people are left in, and what an answer changed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select

from portfolio import assessments, deciding, forms, learning_requests, next_questions
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import AskedQuestion, Event, LearningRequest, Mail, Plan
from portfolio.next_questions import REST, AskRefused
from portfolio.questions import FIRST
from portfolio.states import Verdict
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

WAVERING = {"format": "job_aid", "finished_hours": 1}
"""Near the line: whether they could do it if it mattered decides."""


def someone(name: str) -> dict[str, str]:
    return {"name": name.title(), "email": f"{name}@fernweh.example", "unit": "Sales"}


def ask_best(database: Database, links: Links, at: datetime) -> int:
    with database.writing() as session:
        return next_questions.ask_best(session, links=links, at=at)


def best(database: Database, now: datetime, limit: int = 9) -> list[tuple[int, str]]:
    with database.reading() as session:
        found = next_questions.worth_asking(session, now=now, limit=limit)
        return [(one.learning_request.id, one.question.key) for one in found]


def scored(database: Database, now: datetime) -> None:
    with database.writing() as session:
        assessments.score_waiting(session, now=now, flow_run_id=None)


def test_each_person_is_asked_one_question_the_best_of_all_their_requests(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        for title in ("First", "Second"):
            a_request(session, links=links, title=title, answers=WAVERING)
        a_request(session, links=links, title="Kim's", requester=someone("kim"), answers=WAVERING)
    found = best(database, now)
    assert found == [(1, "cause_could"), (3, "cause_could")]
    assert best(database, now, limit=1) == found[:1]


def test_nobody_is_asked_twice_within_a_week_and_never_while_a_question_is_open(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        first, second = (
            a_request(session, links=links, title=title, answers=WAVERING).id for title in ("First", "Second")
        )
    assert [ask_best(database, links, now) for _ in range(2)] == [1, 0]
    with database.writing() as session:
        wanted = next_questions.of_request(session, session.get_one(LearningRequest, second), now=now)[0]
        with pytest.raises(AskRefused, match="within the last week"):
            next_questions.ask(session, wanted, links=links, by=cast.manager, at=now + timedelta(days=6))
        asked = session.scalars(select(AskedQuestion)).one()
        assert (asked.learning_request_id, asked.question, asked.person.email) == (
            first,
            "cause_could",
            "rita@fernweh.example",
        )
    assert best(database, now + 2 * REST) == []
    with database.writing() as session:
        session.scalars(select(AskedQuestion)).one().answered_at = now
    assert best(database, now + timedelta(days=6)) == []
    assert (second, "cause_could") in best(database, now + REST)


def test_whoever_owes_an_answer_already_or_has_left_is_not_asked(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        for number, name in enumerate(("ann", "ben", "cia")):
            a_request(session, links=links, title=f"R {number}", requester=someone(name), answers=WAVERING)
    with database.writing() as session:
        for number, verdict in ((1, Verdict.ASK), (2, Verdict.DECLINE)):
            found = learning_requests.find(session, number)
            assert found is not None
            ruling = Ruling(verdict, "Why?")
            deciding.decide(session, found, ruling, links=links, by=cast.manager, at=now)
            found = session.get_one(LearningRequest, number)
            assert next_questions.of_request(session, found, now=now) == []
    assert best(database, now) == [(3, "cause_could")]


def test_the_mail_carries_one_question_with_a_link_for_each_answer(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers=WAVERING)
    ask_best(database, links, now)
    with database.reading() as session:
        asked = session.scalars(select(AskedQuestion)).one()
        mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert mail is not None
        assert mail.recipient == "rita@fernweh.example"
        assert [f"Yes:\n{links.question(asked, 'yes')}" in mail.text, "30" in mail.text] == [True, False]
        assert mail.text.count("/questions/1/") == len(FIRST.question("cause_could").options)  # type: ignore[union-attr]
        kept = session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert kept is not None
        assert (kept.action, kept.by_id, kept.details) == (
            "learning_request.question_asked",
            None,
            {"question": "cause_could", "person": asked.person_id},
        )


def test_an_answer_is_kept_scored_anew_and_says_what_it_changed(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers=WAVERING)
        for number in range(4):
            answers = {**WAVERING, "cause_could": "no" if number == 3 else "unsure"}
            a_request(
                session, links=links, title=f"R {number}", requester=someone(f"p{number}"), answers=answers
            )
    scored(database, now)
    ask_best(database, links, now)
    with database.writing() as session:
        asked = session.scalars(select(AskedQuestion).where(AskedQuestion.learning_request_id == 1)).one()
        assert not next_questions.is_over(asked, now=now)
        form = forms.current(session)
        changed = forms.changed_model(form).model_validate({asked.question: "yes"})
        next_questions.answer(session, asked, changed, at=now, form_version=form.version)
        assert asked.before is not None
        assert asked.after is not None
        assert asked.after["leverage"] < asked.before["leverage"]
        assert (asked.after["place"], asked.after["of"]) == (5, 5)
        assert next_questions.what_changed(asked) == (
            f"It moved down from about {['1st', '2nd'][asked.before['place'] - 1]} to about 5th of 5."
        )
        about = session.get_one(LearningRequest, 1)
        assert about.score_wanted_at == now
    scored(database, now)
    with database.reading() as session:
        after = session.get_one(AskedQuestion, 1).after
        leverage = session.get_one(LearningRequest, 1).leverage
        assert after is not None
        assert after["leverage"] == pytest.approx(leverage, abs=1e-3)


def test_a_question_is_over_when_answered_elsewhere_closed_or_old(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers={"format": "job_aid"})
    ask_best(database, links, now)
    with database.writing() as session:
        asked = session.scalars(select(AskedQuestion)).one()
        late = now + timedelta(days=31)
        assert [next_questions.is_over(asked, now=at) for at in (now, late)] == [False, True]
        form = forms.current(session)
        changed = forms.changed_model(form).model_validate({asked.question: "yes"})
        learning_requests.change_answers(session, asked.learning_request, changed, by=None, at=now)
        session.flush()
        session.expire(asked.learning_request)
        assert next_questions.is_over(asked, now=now)


def test_the_line_is_that_of_the_latest_plan(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers=WAVERING)
    assert best(database, now) == [(1, "cause_could")]
    with database.writing() as session:
        plan = Plan(made_at=now, why="asked", starts_on=now.date(), weeks=4, capacity_hours=40, hours=40, value=90,
                    cut_value=50, body={})  # fmt: skip
        session.add(plan)
    assert best(database, now) == []


def test_it_costs_as_many_statements_for_many_as_for_one(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    counted = [0]
    event.listen(database.engine, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))

    def cost() -> int:
        counted[0] = 0
        best(database, now)
        return counted[0]

    with database.writing() as session:
        a_request(session, links=links, requester=someone("ann"), answers=WAVERING)
    once = cost()
    with database.writing() as session:
        for name in ("ben", "cia", "dee"):
            a_request(session, links=links, title=name, requester=someone(name), answers=WAVERING)
    assert cost() == once <= 16
