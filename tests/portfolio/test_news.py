"""What others hear: which topic a line of history belongs to, and how it reads as a sentence."""

from datetime import datetime

import pytest

from portfolio import news
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Event
from tests.conftest import Cast
from tests.factory import a_project, a_request


@pytest.mark.parametrize(
    ("action", "subject", "topic"),
    [
        ("learning_request.submitted", "learning_requests", "requests.new"),
        ("learning_request.something_new", "learning_requests", "requests.else"),
        ("card.moved", "cards", "cards.moved"),
        ("card.edited", "cards", "cards.else"),
        ("card.expert_done", "cards", "cards.experts"),
        ("training_session.planned", "training_sessions", "sessions"),
        ("iteration.closed", "iterations", "iterations"),
        ("edition.published", "editions", "editions"),
        ("edition.asked", "editions", None),
        ("person.signed_in", "people", None),
        ("api_token.created", "api_tokens", None),
        ("outlet.paused", "outlets", None),
        ("organisation.set_up", "organisations", None),
    ],
)
def test_the_topic_of_an_event(action: str, subject: str, topic: str | None) -> None:
    assert news.topic_of(action, subject) == topic
    assert news.is_wanted(action, subject, news.ALL) is (topic is not None)
    assert news.is_wanted(action, subject, f"goals {topic}") is (topic is not None)
    assert not news.is_wanted(action, subject, "goals")


def test_everything_leaves_out_the_nightly_scores_which_can_be_chosen() -> None:
    scored = ("learning_request.scored", "learning_requests")
    assert [
        news.is_wanted(*scored, chosen)
        for chosen in (news.ALL, "requests.scored", "requests.else", "* requests.scored")
    ] == [
        False,
        True,
        False,
        True,
    ]
    assert news.chosen_words("* requests.scored") == (
        "Everything; A request is scored; at night that is every open one"
    )


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        (
            "learning_request.moved",
            {"to": "declined"},
            "Request “Quotes take too long” was declined by Mara Manager",
        ),
        (
            "learning_request.moved",
            {"to": "needs_info"},
            "Request “Quotes take too long” was asked about by Mara Manager",
        ),
        ("project.moved", {"to": "build"}, "Project “Faster quotes” moved to build by Mara Manager"),
        (
            "project.health_noted",
            {"to": "at_risk"},
            "Project “Faster quotes” was found at risk by Mara Manager",
        ),
        ("project.cost_added", {}, "Project “Faster quotes”: cost added by Mara Manager"),
    ],
)
def test_an_event_reads_as_a_sentence(
    database: Database,
    cast: Cast,
    links: Links,
    now: datetime,
    action: str,
    details: dict[str, str],
    words: str,
) -> None:
    with database.writing() as session:
        request = a_request(session, links=links)
        project = a_project(session, by=cast.manager)
        subject = project if action.startswith("project") else request
        line = Event(
            at=now, action=action, subject_type=subject.__tablename__, subject_id=subject.id, by_id=cast.manager.id,
            details=details,
        )  # fmt: skip
        assert news.sentence(session, line) == words
        gone = Event(at=now, action="card.moved", subject_type="cards", subject_id=99, by_id=None, details={})
        assert news.summary(session, gone, links) == {"type": "cards", "id": 99}
