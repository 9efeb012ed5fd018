"""What deciding begins from, how sure that is in words, and what a session came to."""

from datetime import datetime, timedelta

import pytest

from portfolio import assessments, deciding, triage, undoing
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Assessment, LearningRequest
from portfolio.states import RequestStatus, Verdict
from portfolio.triage import Neighbours, Suggestion
from tests.conftest import Cast
from tests.factory import a_request


def a_look(fit: float = 0.8, unknown: int = 0, **quadrants: float) -> LearningRequest:
    """A request as it was scored, kept nowhere."""
    names = ["goal", "gap", "people", "value", "waiting", "risk", "cause"]
    shares = {"quick_win": 0.0, "big_bet": 0.0, "fill_in": 0.0, "money_pit": 0.0, **quadrants}
    scored = Assessment(fit=fit, quadrants=shares, working={"unknown": names[:unknown]})
    one = LearningRequest(status=RequestStatus.SUBMITTED)
    one.__dict__["assessment"] = scored
    return one


@pytest.mark.parametrize(
    ("look", "verdict", "words"),
    [
        (a_look(quick_win=0.7, big_bet=0.1, fill_in=0.2), "accept",
         "Probably take it on: 7 chances in 10 that it is a quick win, 2 in 10 a fill-in."),
        (a_look(big_bet=0.92, quick_win=0.08), "accept", "Almost surely take it on: 9 chances in 10 that it is a big bet."),
        (a_look(big_bet=0.997, quick_win=0.003), "accept", "Almost surely take it on: 9 chances in 10 that it is a big bet."),
        (a_look(money_pit=1.0), "decline", "Almost surely decline: 10 chances in 10 that it is a money pit."),
        (a_look(fill_in=0.45, money_pit=0.4, quick_win=0.15), "waitlist",
         "Perhaps put it on the waiting list: 4 chances in 10 that it is a fill-in, 4 in 10 a money pit."),
        (a_look(money_pit=0.3, fill_in=0.28, quick_win=0.22, big_bet=0.2), "decline",
         "Hard to say, perhaps decline: 3 chances in 10 that it is a money pit, 3 in 10 a fill-in."),
        (a_look(fit=0.12, quick_win=1), "redirect", "Probably point elsewhere: the chance that training helps is 12 %."),
        (a_look(unknown=6, quick_win=1), "ask",
         "Better ask first: 6 things that weigh aren't known, such as which goal it serves and how large the gap is."),
    ],
)  # fmt: skip
def test_a_suggestion_says_how_sure_it_is(look: LearningRequest, verdict: str, words: str) -> None:
    assert triage.suggest(look) == Suggestion(Verdict(verdict), words)


def test_what_is_not_scored_gets_no_suggestion_in_words() -> None:
    one = LearningRequest(status=RequestStatus.SUBMITTED)
    assert triage.suggest(one) == Suggestion(Verdict.ACCEPT, "")


@pytest.mark.both
def test_one_knows_what_comes_before_and_after_it(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        found = [a_request(session, links=links, title=f"R {number}") for number in range(3)]
        around = [triage.neighbours(session, one) for one in found]
        assert around == [Neighbours(3, 2, 1, 3), Neighbours(1, 3, 2, 3), Neighbours(2, 1, 3, 3)]
        no = Ruling(Verdict.DECLINE, "No.")
        for one in found[:2]:
            deciding.decide(session, one, no, links=links, by=session.merge(cast.manager), at=now)
        assert triage.neighbours(session, found[2]) == Neighbours(None, None, 1, 1)
        assert triage.neighbours(session, found[0]) == Neighbours(3, 3, 0, 1)


@pytest.mark.both
def test_a_pause_of_half_an_hour_ends_a_session_and_the_undone_count_nowhere(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    minutes = (0, 4, 33, 90, 92, 92.2)
    with database.writing() as session:
        for number, minute in enumerate(minutes):
            one = a_request(session, links=links, title=f"R {number}", at=now - timedelta(days=number))
            moment = now + timedelta(minutes=minute)
            verdict = Verdict.WAITLIST if number == 1 else Verdict.DECLINE
            made = deciding.decide(
                session, one, Ruling(verdict, "So."), links=links, by=session.merge(cast.manager), at=moment
            )
            if minute == minutes[-1]:
                undoing.undo(session, made, by=cast.manager, at=moment)
    with database.reading() as session:
        found = triage.sittings(session, cast.manager, now=now + timedelta(hours=3), limit=5)
        assert [(one.words, one.outcomes, one.longest_wait_days) for one in found] == [
            ("2 decisions in 2 minutes", ((Verdict.DECLINE, 2),), 4),
            ("3 decisions in 33 minutes", ((Verdict.DECLINE, 2), (Verdict.WAITLIST, 1)), 2),
        ]
        assert len(triage.sittings(session, cast.manager, now=now + timedelta(hours=3))) == 1
        assert triage.sittings(session, cast.leader, now=now + timedelta(hours=3)) == []


def test_a_sure_duplicate_is_obvious_and_names_the_first(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        a_request(session, links=links, requester={"email": "kim@fernweh.example"})
        a_request(session, links=links, title="Forklift licences", problem="The night shift has none.",
                  behaviour="Drive safely.")  # fmt: skip
        assessments.score_waiting(session, now=now, flow_run_id=None)
    with database.reading() as session:
        found = [(one.learning_request.id, one.verdict, one.join_to) for one in triage.obvious(session)]
    assert found == [(2, Verdict.JOIN, 1)]
