"""Standing behind somebody else's request: joined once, told everything, counted, and left."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import assessments, conversations, deciding, learning_requests, projects, supporters
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Assessment, Event, LearningRequest, Mail, Supporter
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.states import RequestStatus, Stage, Verdict
from portfolio.supporters import JoinRefused
from tests.conftest import Cast
from tests.factory import a_request

OTTO = {"email": "otto@fernweh.example", "words": "We lose customers, too.", "reach": 12}


def joined(session: Session, one: LearningRequest, links: Links, now: datetime, **said: Any) -> Supporter:
    supporter = supporters.join(session, one, links=links, at=now, **{**OTTO, **said})
    assert supporter is not None
    return supporter


def mailed(session: Session, after: int = 0) -> list[tuple[str, str]]:
    """Who was told, and by which private page."""
    mails = session.scalars(select(Mail).where(Mail.id > after).order_by(Mail.id))
    return [
        (
            mail.recipient,
            next(word for word in mail.text.split() if "/requests/" in word or "/support/" in word),
        )
        for mail in mails
    ]


def events(session: Session, one: LearningRequest) -> list[str]:
    lines = session.scalars(select(Event).where(Event.subject_type == "learning_requests").order_by(Event.id))
    return [
        line.action.partition(".")[2]
        for line in lines
        if line.subject_id == one.id and "support" in line.action
    ]


@pytest.mark.both
def test_joining_twice_is_once_and_no_word_is_lost(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links)
        first = joined(session, one, links, now)
        again = joined(
            session, one, links, now, email="OTTO@fernweh.example", words="And quotes come back.", reach=None
        )
        assert again.id == first.id
        assert [(s.person.name, s.unit.name if s.unit else "", s.words, s.reach) for s in supporters.listed(session, one)] == [
            ("Otto Other", "Finance", "We lose customers, too.\n\nAnd quotes come back.", 12)
        ]  # fmt: skip
        assert joined(session, one, links, now).words.count("customers") == 1
        assert events(session, one) == ["supported"] * 3


@pytest.mark.both
def test_the_first_who_asked_cannot_join_and_a_closed_request_cannot_be_joined(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links)
        assert supporters.join(session, one, email="rita@fernweh.example", links=links, at=now) is None
        assert supporters.listed(session, one) == []
        assert mailed(session) == [("rita@fernweh.example", links.tracking(one))] * 2
        deciding.decide(session, one, Ruling(Verdict.DECLINE, "No."), links=links, by=cast.manager, at=now)
        with pytest.raises(JoinRefused, match="closed"):
            joined(session, one, links, now)


@pytest.mark.both
def test_supporters_are_told_what_the_first_is_told_each_on_their_own_page(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links)
        otto = joined(session, one, links, now)
        gone = joined(session, one, links, now, email="gone@fernweh.example")
        supporters.leave(session, gone, by=None, at=now)
        told = [("rita@fernweh.example", links.tracking(one)), ("otto@fernweh.example", links.support(otto))]
        before = len(mailed(session))
        conversations.say(session, one, "We read it.", links=links, by=cast.manager, at=now)
        conversations.say(session, one, "A note.", links=links, by=cast.manager, at=now, internal=True)
        conversations.say(session, one, "Thanks.", links=links, by=one.requester, at=now)
        deciding.decide(session, one, Ruling(Verdict.ACCEPT, "Yes."), links=links, by=cast.manager, at=now)
        project = learning_requests.project_of(session, one)
        assert project is not None
        projects.move(session, project, Stage.DONE, by=cast.manager, at=now, links=links)
        to_manager = ("mara@fernweh.example", links.page(f"/requests/{one.id}"))
        assert mailed(session, before) == [*told, to_manager, *told, *told]
        assert one.status is RequestStatus.DELIVERED


@pytest.mark.both
def test_a_managers_join_brings_all_who_asked_and_reopening_takes_them_back(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links)
        other = a_request(
            session, links=links, problem="Ours too.", audience={"count": "10-20"},
            requester={"email": "lena@fernweh.example", "unit": "HR"},
        )  # fmt: skip
        joined(session, other, links, now)
        deciding.decide(
            session,
            other,
            Ruling(Verdict.JOIN, "Together.", join_to=one),
            links=links,
            by=cast.manager,
            at=now,
        )
        session.refresh(other)
        behind = [
            (s.person.email, s.words, s.reach, s.from_request_id) for s in supporters.listed(session, one)
        ]
        assert behind == [
            ("lena@fernweh.example", "Ours too.", {"low": 10, "likely": 14, "high": 20}, 2),
            ("otto@fernweh.example", "We lose customers, too.", 12, 2),
        ]  # fmt: skip
        assert supporters.behind(session, [one.id]) == {1: 3}
        deciding.reopen(session, other, by=cast.manager, at=now)
        assert supporters.listed(session, one) == []


@pytest.mark.both
def test_the_people_of_supporters_count_in_the_score_until_they_leave(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links, audience={"count": 5})
        assessments.score_waiting(session, now=now, flow_run_id=None)
        otto = joined(session, one, links, now, reach=400)
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == [one.id]
        supporters.say_more(
            session, otto, words="Fewer.", reach={"low": 20, "likely": 28, "high": 40}, by=None, at=now
        )
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == [one.id]
        supporters.say_more(session, otto, words="Same number.", reach=otto.reach, by=None, at=now)
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == []
        supporters.leave(session, otto, by=None, at=now)
        supporters.leave(session, otto, by=None, at=now)
        assert assessments.score_waiting(session, now=now, flow_run_id=None) == [one.id]
        steps = [
            a.working["steps"]["reach"] for a in session.scalars(select(Assessment).order_by(Assessment.id))
        ]
        assert steps[0] == steps[3] < steps[2] < steps[1]
        assert events(session, one) == [
            "supported",
            "support_changed",
            "support_changed",
            "support_withdrawn",
        ]


def test_ranges_of_people_add_end_by_end() -> None:
    usual = Range(6, 25, 140)
    need = Need(people=Range(40, 49, 60))
    wide = {"low": 10, "likely": 14, "high": 20}
    assert supporters.counted(need, [wide, None, 0], usual).people == Range(51, 64, 81)
    assert supporters.counted(Need(), [None, None], usual).people == Range(8, 27, 142)
    assert supporters.counted(Need(), [], usual) == Need()


@pytest.mark.both
def test_a_renewed_link_makes_the_old_one_useless(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        otto = joined(session, a_request(session, links=links), links, now)
        old = links.support(otto)
        supporters.renew_link(session, otto, links=links, by=None, at=now)
        assert links.support(otto) != old
        assert mailed(session)[-1] == ("otto@fernweh.example", links.support(otto))
