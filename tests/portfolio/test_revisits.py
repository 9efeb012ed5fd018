"""Coming back: on the day, or when what was waited for has happened, with the reason in words."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portfolio import conversations, deciding, forms, goals, learning_requests, revisits, supporters
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import LearningRequest, Mail, Revisit
from portfolio.revisits import ConditionRefused
from portfolio.states import RequestStatus, Verdict
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

LATER = date(2027, 3, 1)
PutAside = Callable[..., None]


@pytest.fixture
def put_aside(database: Database, cast: Cast, links: Links, now: datetime) -> PutAside:
    """Puts request 1 aside, or declines it, until a day or a condition."""
    with database.writing() as session:
        goals.add(session, name="Keep customers", weight=2, by=cast.manager, at=now)
        a_request(session, links=links, answers={"goal": 1})

    def done(until: date | None = None, verdict: Verdict = Verdict.SNOOZE, **given: Any) -> None:
        with database.writing() as session:
            one = session.get_one(LearningRequest, 1)
            closes = verdict is Verdict.DECLINE
            kind = given.pop("kind", "")
            waits = revisits.condition(session, one, kind, today=now.date(), closes=closes, **given)
            ruling = Ruling(verdict, "Not now.", until=until, condition=waits)
            deciding.decide(session, one, ruling, links=links, by=session.merge(cast.manager), at=now)

    return done


def bring_back(database: Database, links: Links, at: datetime) -> list[str]:
    with database.writing() as session:
        found = revisits.look(session, today=at.date())
        assert revisits.bring_back(session, found, links=links, at=at) == len(found)
        assert revisits.bring_back(session, found, links=links, at=at) == 0
        return [one.why for one in found]


def status(database: Database) -> RequestStatus:
    with database.reading() as session:
        return session.get_one(LearningRequest, 1).status


def test_on_its_day_it_stands_in_the_inbox_with_the_reason(
    database: Database, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(until=LATER)
    day = timedelta(days=1)
    due = datetime.combine(LATER, now.timetz())
    assert bring_back(database, links, due - day) == []
    assert bring_back(database, links, due) == ["The day you chose has come."]
    assert status(database) is RequestStatus.SUBMITTED
    with database.reading() as session:
        assert revisits.came_back(session, [1]) == {1: "The day you chose has come."}
        assert revisits.came_back(session, []) == {}
        one = session.get_one(LearningRequest, 1)
        assert revisits.standing(session, one) == (None, "The day you chose has come.")


def test_the_nightly_chores_bring_it_back_with_the_same_reason(
    database: Database, put_aside: PutAside, now: datetime
) -> None:
    put_aside(until=LATER)
    with database.writing() as session:
        assert deciding.wake_snoozed(session, today=LATER, at=now) == 1
        assert session.scalars(select(Revisit.why)).one() == "The day you chose has come."


def test_enough_people_or_units_bring_it_back(
    database: Database, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(kind="supporters", least=3)
    for name, found in (("kim", []), ("jo", ["3 people ask now."])):
        with database.writing() as session:
            one = session.get_one(LearningRequest, 1)
            supporters.join(session, one, email=f"{name}@fernweh.example", unit=name, links=links, at=now)
        assert bring_back(database, links, now) == found
    put_aside(kind="units", least=4)
    assert bring_back(database, links, now) == []
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        supporters.join(session, one, email="bo@fernweh.example", unit="Depot", links=links, at=now)
    assert bring_back(database, links, now) == ["4 units ask now."]


def test_an_answer_to_the_question_brings_it_back_and_no_other(
    database: Database, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(kind="evidence", question="risk")
    later = now + timedelta(days=1)
    for answers, found in (({"cause_could": "yes"}, 0), ({"risk": "3"}, 1)):
        with database.writing() as session:
            form = forms.current(session)
            changed = forms.changed_model(form).model_validate(answers)
            one = session.get_one(LearningRequest, 1)
            learning_requests.change_answers(session, one, changed, by=one.requester, at=later)
        assert len(bring_back(database, links, later)) == found
    with database.reading() as session:
        assert "is answered now." in revisits.came_back(session, [1])[1]


def test_any_word_of_who_asked_brings_back_what_was_declined_and_they_are_told(
    database: Database, cast: Cast, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(verdict=Verdict.DECLINE, kind="evidence")
    later = now + timedelta(days=1)
    for by, found in ((cast.manager, []), (cast.requester, ["Who asked has written since."])):
        with database.writing() as session:
            one = session.get_one(LearningRequest, 1)
            conversations.say(session, one, "Well.", links=links, by=by, at=later)
        assert bring_back(database, links, later) == found
    assert status(database) is RequestStatus.SUBMITTED
    with database.reading() as session:
        last = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert last is not None
        assert (last.recipient, "again" in last.subject) == ("rita@fernweh.example", True)


def test_a_weightier_goal_and_room_in_the_plan_bring_it_back(
    database: Database, cast: Cast, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(kind="goal")
    assert bring_back(database, links, now) == []
    with database.writing() as session:
        goal = goals.find(session, 1)
        assert goal is not None
        goals.edit(session, goal, weight=4, by=cast.manager, at=now)
    assert bring_back(database, links, now) == ["Its goal weighs 4 now; it was 2."]
    put_aside(kind="capacity", least=60)
    for chance, found in ((None, []), (0.5, []), (0.62, ["The plan has room: the chance is 62 %."])):
        with database.writing() as session:
            session.get_one(LearningRequest, 1).chance_in_plan = chance
        assert bring_back(database, links, now) == found


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "supporters"}, "least"),
        ({"kind": "units", "least": 1}, "least"),
        ({"kind": "evidence", "question": "risk", "verdict": Verdict.DECLINE}, "question"),
        ({"kind": "capacity", "verdict": Verdict.DECLINE}, "condition"),
    ],
)
def test_what_holds_already_or_never_can_is_refused(
    database: Database, put_aside: PutAside, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(ConditionRefused) as refused:
        put_aside(**given)
    assert refused.value.field == field
    assert status(database) is RequestStatus.SUBMITTED


def test_deciding_otherwise_ends_the_wait(
    database: Database, cast: Cast, links: Links, put_aside: PutAside, now: datetime
) -> None:
    put_aside(until=LATER)
    with database.writing() as session:
        one = session.get_one(LearningRequest, 1)
        deciding.decide(
            session, one, Ruling(Verdict.ACCEPT), links=links, by=session.merge(cast.manager), at=now
        )
    assert bring_back(database, links, now + timedelta(days=900)) == []
    assert status(database) is RequestStatus.ACCEPTED
