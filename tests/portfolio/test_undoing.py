"""Undoing a decision: what was comes back, nobody is told, and nothing that somebody did meanwhile is lost."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portfolio import cards, deciding, history, learning_requests, mails, projects, supporters, undoing
from portfolio.database import Database
from portfolio.deciding import UNDO_WITHIN, Ruling
from portfolio.links import Links
from portfolio.models import (
    Card,
    Decision,
    Event,
    LearningRequest,
    Mail,
    Measure,
    Project,
    Revisit,
)
from portfolio.settings import Settings
from portfolio.states import RequestStatus, Verdict
from portfolio.undoing import UndoRefused
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both

SOON = timedelta(seconds=20)
Decide = Callable[..., int]


@pytest.fixture
def decide(database: Database, cast: Cast, links: Links, now: datetime) -> Decide:
    """Decides on request 1, and gives the number of the decision."""

    def decided(ruling: Ruling, number: int = 1, at: datetime = now, batch: str = "") -> int:
        with database.writing() as session:
            found = learning_requests.find(session, number)
            assert found is not None
            made = deciding.decide(
                session, found, ruling, links=links, by=session.merge(cast.manager), at=at, batch=batch
            )
            return made.id

    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, title="Another", requester={"email": "kim@fernweh.example"})
    return decided


def undo(database: Database, cast: Cast, decision: int, at: datetime) -> list[int]:
    with database.writing() as session:
        found = undoing.find(session, decision)
        assert found is not None
        return [one.id for one in undoing.undo(session, found, by=cast.manager, at=at)]


def refused(database: Database, cast: Cast, decision: int, at: datetime) -> str:
    with pytest.raises(UndoRefused) as told:
        undo(database, cast, decision, at)
    return str(told.value)


def standing(database: Database, number: int = 1) -> dict[str, Any]:
    """All of a request that a decision may change."""
    with database.reading() as session:
        one = session.get_one(LearningRequest, number)
        return {
            name: getattr(one, name)
            for name in ("status", "status_since", "first_decided_at", "snoozed_until", "joined_to_id")
        }


RULINGS = [
    Ruling(Verdict.DECLINE, "No, sorry.", reason="too_small", until=date(2027, 5, 1)),
    Ruling(Verdict.SNOOZE, "Later.", condition={"kind": "supporters", "least": 5}),
    Ruling(Verdict.SNOOZE, "Later.", until=date(2027, 5, 1)),
    Ruling(Verdict.WAITLIST, "It waits."),
    Ruling(Verdict.ASK, "How many?"),
    Ruling(Verdict.REDIRECT, "The tool.", reason="tools"),
    Ruling(Verdict.ANSWER, "There is a guide."),
    Ruling(Verdict.ACCEPT, "Yes."),
]


@pytest.mark.parametrize("ruling", RULINGS, ids=lambda one: f"{one.verdict}")
def test_undoing_brings_back_what_was_and_nobody_hears_of_it(
    database: Database, cast: Cast, decide: Decide, configured: Settings, now: datetime, ruling: Ruling
) -> None:
    before = standing(database)
    mails.send_waiting(database, configured, now=now)
    decision = decide(ruling)
    assert standing(database) != before
    assert mails.send_waiting(database, configured, now=now + SOON) == 0
    assert undo(database, cast, decision, now + SOON) == [1]
    assert standing(database) == before
    assert mails.send_waiting(database, configured, now=now + timedelta(days=1)) == 0
    with database.reading() as session:
        one = session.get_one(LearningRequest, 1)
        assert learning_requests.decisions(session, one) == []
        assert [event.action for event in learning_requests.moves(session, one)] == [
            "learning_request.submitted"
        ]
        left = (Mail, Project, Card, Measure, Revisit)
        assert [session.scalar(select(func.count()).select_from(model)) for model in left] == [2, 0, 0, 0, 0]
        last = history.timeline(session, one)[-1]
        assert (last.action, last.by_id) == ("learning_request.decision_undone", cast.manager.id)


def test_a_mail_leaves_once_when_its_time_has_come_and_not_before(
    database: Database, cast: Cast, decide: Decide, configured: Settings, now: datetime
) -> None:
    mails.send_waiting(database, configured, now=now)
    decide(Ruling(Verdict.DECLINE, "No, sorry."))
    moments = [now, now + SOON, now + UNDO_WITHIN, now + timedelta(hours=1)]
    assert [mails.send_waiting(database, configured, now=at) for at in moments] == [0, 0, 1, 0]


def test_what_a_join_brought_leaves_again(
    database: Database, cast: Cast, links: Links, decide: Decide, now: datetime
) -> None:
    with database.writing() as session:
        other = learning_requests.find(session, 2)
        assert other is not None
    before = standing(database)
    decision = decide(Ruling(Verdict.JOIN, "Together.", join_to=other))
    with database.reading() as session:
        assert len(supporters.listed(session, session.get_one(LearningRequest, 2))) == 1
    undo(database, cast, decision, now + SOON)
    assert standing(database) == before
    with database.reading() as session:
        assert supporters.listed(session, session.get_one(LearningRequest, 2)) == []


def test_an_earlier_revisit_waits_on_when_what_ended_it_is_undone(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    decide(Ruling(Verdict.SNOOZE, "Later.", until=date(2027, 5, 1)))
    second = decide(Ruling(Verdict.WAITLIST, "It waits."), at=now + timedelta(hours=1))
    undo(database, cast, second, now + timedelta(hours=1))
    assert standing(database)["snoozed_until"] == date(2027, 5, 1)
    with database.reading() as session:
        assert session.scalars(select(Revisit.cancelled_at)).all() == [None]


def test_too_late_twice_and_after_a_later_word_it_is_refused_in_words(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    first = decide(Ruling(Verdict.WAITLIST, "It waits."))
    assert "30 seconds are over" in refused(database, cast, first, now + UNDO_WITHIN + timedelta(seconds=1))
    second = decide(Ruling(Verdict.DECLINE, "No."), at=now + SOON)
    assert "moved on since" in refused(database, cast, first, now + SOON)
    undo(database, cast, second, now + SOON)
    assert refused(database, cast, second, now + SOON) == "This is undone already."
    assert undo(database, cast, first, now + SOON) == [1]


def test_a_mail_that_left_or_is_being_sent_can_not_be_taken_back(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    decision = decide(Ruling(Verdict.DECLINE, "No."))
    with database.writing() as session:
        mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert mail is not None
        mail.attempts = 1
    before = standing(database)
    assert "has left already" in refused(database, cast, decision, now + SOON)
    assert standing(database) == before


def test_a_project_somebody_worked_on_stays(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    decision = decide(Ruling(Verdict.ACCEPT, "Yes."))
    with database.writing() as session:
        card = session.scalars(select(Card)).first()
        assert card is not None
        cards.place(session, card, cards.columns(session)[1], by=cast.expert, at=now + timedelta(seconds=5))
    assert "has worked on the project" in refused(database, cast, decision, now + SOON)
    with database.reading() as session:
        project = session.scalars(select(Project)).one()
        assert (standing(database)["status"], projects.progress(session, [project.id])) != ({}, {})
        assert session.scalar(select(func.count()).select_from(Mail).where(Mail.attempts == 0)) == 3


def test_decisions_made_in_one_go_are_undone_in_one_go(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    before = [standing(database, number) for number in (1, 2)]
    first, second = (decide(Ruling(Verdict.DECLINE, "No."), number, batch="b") for number in (1, 2))
    with database.reading() as session:
        shown = undoing.latest(session, cast.manager, now=now + SOON)
        assert shown is not None
        assert ([one.id for one in shown.decisions], shown.seconds_left(now + SOON)) == ([second, first], 10)
        assert undoing.latest(session, cast.leader, now=now + SOON) is None
        assert undoing.latest(session, cast.manager, now=now + UNDO_WITHIN) is None
    assert undo(database, cast, first, now + SOON) == [2, 1]
    assert [standing(database, number) for number in (1, 2)] == before


def test_all_of_a_batch_or_none_of_it(database: Database, cast: Cast, decide: Decide, now: datetime) -> None:
    first, _ = (decide(Ruling(Verdict.DECLINE, "No."), number, batch="b") for number in (1, 2))
    with database.writing() as session:
        found = session.get_one(LearningRequest, 1)
        deciding.reopen(session, found, by=cast.manager, at=now)
    assert "moved on since" in refused(database, cast, first, now + SOON)
    assert standing(database, 2)["status"] is RequestStatus.DECLINED


def test_a_report_counts_no_decision_that_was_undone(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    from reports import frames

    decision = decide(Ruling(Verdict.DECLINE, "No.", reason="exists"))
    undo(database, cast, decision, now + SOON)
    decide(Ruling(Verdict.WAITLIST, "Waits."), number=2)
    with database.reading() as session:
        told = frames.requests(session, now + timedelta(days=1)).to_dict("records")
    assert [(one["status"], one["verdict"], one["reason"]) for one in told] == [
        ("submitted", "", ""),
        ("waitlisted", "waitlist", ""),
    ]


def test_the_deletion_leaves_every_line_of_history(
    database: Database, cast: Cast, decide: Decide, now: datetime
) -> None:
    decision = decide(Ruling(Verdict.ACCEPT, "Yes."))
    with database.reading() as session:
        before = session.scalars(select(Event.id)).all()
    undo(database, cast, decision, now + SOON)
    with database.reading() as session:
        assert set(before) <= set(session.scalars(select(Event.id)))
        removed = select(func.count()).select_from(Event).where(Event.action == "card.removed")
        added = select(func.count()).select_from(Event).where(Event.action == "card.added")
        assert session.scalar(removed) == session.scalar(added) == 8
        assert session.scalars(select(Decision.undone_at)).one() == now + SOON
