"""Polite forgetting: warned, asked, put aside, each once and in its time; and whoever answers is heard."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select

from portfolio import conversations, deciding, nudges, organisation, supporters
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Event, LearningRequest, Mail, Nudge
from portfolio.nudges import AnswerRefused
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

WEEK = timedelta(weeks=1)
NONE = {"warning": 0, "still_needed": 0, "parked": 0}


@pytest.fixture
def step(database: Database, cast: Cast, links: Links, now: datetime) -> Callable[[float], dict[str, int]]:
    """Waits until so many weeks after the decision, and takes what is due; request 1 is on the waiting list."""
    with database.writing() as session:
        one = a_request(session, links=links, at=now)
        waits = Ruling(Verdict.WAITLIST, "It waits.")
        deciding.decide(session, one, waits, links=links, by=session.merge(cast.manager), at=now)

    def stepped(weeks: float) -> dict[str, int]:
        with database.writing() as session:
            return nudges.nudge(session, links=links, at=now + weeks * WEEK)

    return stepped


Step = Callable[[float], dict[str, int]]


def said(database: Database) -> list[str]:
    with database.reading() as session:
        return [*session.scalars(select(Nudge.kind).order_by(Nudge.id))]


def status(database: Database, number: int = 1) -> RequestStatus:
    with database.reading() as session:
        return session.get_one(LearningRequest, number).status


def answer(
    database: Database, links: Links, choice: str, at: datetime, *, nudge: int = 1, join_to: int | None = None
) -> None:
    with database.writing() as session:
        asked = nudges.find(session, nudge)
        assert asked is not None
        nudges.answer(session, asked, choice, join_to=join_to, links=links, at=at)


def test_warned_asked_and_put_aside_each_once_and_in_its_time(
    database: Database, links: Links, step: Step
) -> None:
    told = [step(weeks) for weeks in (8.9, 9, 9, 11.9, 12, 14, 14.9, 15, 20, 60, 200)]
    assert told == [
        NONE, {**NONE, "warning": 1}, NONE, NONE, {**NONE, "still_needed": 1}, NONE, NONE, {**NONE, "parked": 1}, NONE, NONE, NONE,
    ]  # fmt: skip
    assert status(database) is RequestStatus.SNOOZED
    with database.reading() as session:
        mails = session.scalars(select(Mail).order_by(Mail.id)).all()[-3:]
        one = session.get_one(LearningRequest, 1)
        assert {mail.recipient for mail in mails} == {"rita@fernweh.example"}
        assert ["still matter" in mails[0].subject, "still needed" in mails[1].subject] == [True, True]
        assert "put your request 1 aside" in mails[2].subject
        for nudge, mail in zip(nudges.of(session, one), mails, strict=True):
            assert links.nudge(nudge, one, "needed") in mail.text
        assert links.nudge(nudges.of(session, one)[1], one, "solved") in mails[1].text


def test_a_late_start_skips_no_step(database: Database, step: Step) -> None:
    told = [step(weeks) for weeks in (50, 50.1, 52.9, 53, 55.9, 56)]
    assert told == [
        {**NONE, "warning": 1}, NONE, NONE, {**NONE, "still_needed": 1}, NONE, {**NONE, "parked": 1},
    ]  # fmt: skip


def test_any_word_ends_the_silence(
    database: Database, cast: Cast, links: Links, step: Step, now: datetime
) -> None:
    step(9)
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        conversations.say(session, one, "Any news?", links=links, by=one.requester, at=now + 10 * WEEK)
    assert [step(12), step(18.9), step(19)] == [NONE, NONE, {**NONE, "warning": 1}]
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        supporters.join(session, one, email="kim@fernweh.example", links=links, at=now + 20 * WEEK)
    assert [step(22), step(29)] == [NONE, {**NONE, "warning": 1}]


def test_still_needed_keeps_its_place_and_brings_back_what_was_put_aside(
    database: Database, links: Links, step: Step, now: datetime
) -> None:
    step(9)
    answer(database, links, "needed", now + 9 * WEEK)
    assert status(database) is RequestStatus.WAITLISTED
    assert [step(weeks) for weeks in (12, 17.9)] == [NONE, NONE]
    assert [sum(step(weeks).values()) for weeks in (18, 21, 24)] == [1, 1, 1]
    answer(database, links, "needed", now + 30 * WEEK, nudge=3)
    assert status(database) is RequestStatus.SUBMITTED
    with database.reading() as session:
        assert [one.answer for one in session.scalars(select(Nudge).order_by(Nudge.id))] == ["needed"] * 4
        last = session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert last is not None
        assert (last.action, last.details) == (
            "learning_request.nudge_answered",
            {"answer": "needed", "nudge": 3},
        )


def test_solved_withdraws_it_unless_others_stand_behind_it(
    database: Database, cast: Cast, links: Links, step: Step, now: datetime
) -> None:
    step(9)
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        supporter = supporters.join(session, one, email="kim@fernweh.example", links=links, at=now)
        assert supporter is not None
    answer(database, links, "solved", now + 9 * WEEK)
    assert status(database) is RequestStatus.WAITLISTED
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        lines = conversations.of(session, one, internal=False)
        assert [line.words.partition(".")[0] for line in lines] == ["It's solved for me"]
        supporters.leave(session, supporters.listed(session, one)[0], by=None, at=now)
    step(18)
    answer(database, links, "solved", now + 18 * WEEK, nudge=2)
    assert status(database) is RequestStatus.WITHDRAWN
    with pytest.raises(AnswerRefused, match="settled already"):
        answer(database, links, "needed", now + 18 * WEEK, nudge=2)


def test_joining_goes_together_with_the_one_chosen_and_no_other(
    database: Database, links: Links, step: Step, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links, at=now, requester={"email": "kim@fernweh.example"})
        a_request(session, links=links, at=now, title="Forklift licences", problem="The night shift has none.",
                  behaviour="Drive safely.", requester={"email": "jo@fernweh.example"})  # fmt: skip
    step(9)
    for wrong in (None, 1, 3, 99):
        with pytest.raises(AnswerRefused, match="choose the one to join"):
            answer(database, links, "join", now + 9 * WEEK, join_to=wrong)
    answer(database, links, "join", now + 9 * WEEK, join_to=2)
    assert status(database) is RequestStatus.JOINED
    with database.reading() as session:
        behind = supporters.listed(session, session.get_one(LearningRequest, 2))
        assert [one.person.email for one in behind] == ["rita@fernweh.example"]


def test_one_thing_at_a_time_for_one_person_and_some_are_never_asked(
    database: Database, cast: Cast, links: Links, step: Step, now: datetime
) -> None:
    rulings = [
        Ruling(Verdict.WAITLIST, "It waits."),
        Ruling(Verdict.SNOOZE, "Later.", until=(now + 100 * WEEK).date()),
        Ruling(Verdict.SNOOZE, "Later.", condition={"kind": "supporters", "least": 5}),
        None,
    ]
    with database.writing() as session:
        for number, ruling in enumerate(rulings):
            asker = {"email": "rita@fernweh.example" if number == 0 else f"p{number}@fernweh.example"}
            one = a_request(session, links=links, at=now, title=f"R {number}", requester=asker)
            if ruling is not None:
                deciding.decide(session, one, ruling, links=links, by=session.merge(cast.manager), at=now)
    assert [step(weeks)["warning"] for weeks in (9, 9.5, 10.5, 11)] == [1, 0, 1, 0]
    with database.writing() as session:
        ours = organisation.current(session)
        assert ours is not None
        nudges.set_silence(session, ours, 0, by=cast.manager, at=now)
    assert step(50) == {"warning": 0, "still_needed": 0, "parked": 0}
    assert said(database) == ["warning", "warning"]


def test_it_costs_as_many_statements_for_many_as_for_one(
    database: Database, cast: Cast, links: Links, step: Step, now: datetime
) -> None:
    counted = [0]
    event.listen(database.engine, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))

    def cost() -> int:
        counted[0] = 0
        with database.reading() as session:
            nudges.look(session, now=now + 10 * WEEK)
        return counted[0]

    once = cost()
    with database.writing() as session:
        for number in range(3):
            one = a_request(session, links=links, at=now, requester={"email": f"p{number}@fernweh.example"})
            waits = Ruling(Verdict.WAITLIST, "It waits.")
            deciding.decide(session, one, waits, links=links, by=session.merge(cast.manager), at=now)
    assert cost() == once
