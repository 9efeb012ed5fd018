"""Similar requests over the API: what is found, in which shape, and who may ask."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from portfolio import deciding, similar, tokens
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.links import Links
from portfolio.models import Person, Resource
from portfolio.states import Role, Verdict
from tests.conftest import Cast
from tests.factory import a_request

pytestmark = pytest.mark.both


@pytest.fixture
def api(client: TestClient, database: Database, cast: Cast, links: Links, now: datetime) -> TestClient:
    """A program with a manager's token, and one of each kind to find."""
    with database.writing() as session:
        a_request(session, links=links)
        declined = a_request(
            session, links=links, title="Quotes by telephone", problem="Quotes are hard to say aloud."
        )
        ruling = Ruling(Verdict.DECLINE, words="The script is in the handbook.", reason="exists")
        deciding.decide(session, declined, ruling, links=links, by=cast.manager, at=now)
        session.add(
            Resource(
                title="A quote in ten minutes", kind="guide", about="How to write a quote.", created_at=now
            )
        )
        token = tokens.create(session, name="tests", role=Role.MANAGER, at=now)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def test_what_is_like_the_words_comes_by_kind_with_score_and_reason(
    api: TestClient, database: Database
) -> None:
    similar.warm(database)
    answer = api.get("/api/v1/similar", params={"q": "Writing a quote takes days"})
    assert answer.status_code == 200
    found = answer.json()
    assert {kind: [one["title"] for one in some] for kind, some in found.items()} == {
        "requests": ["Quotes take too long"],
        "resources": ["A quote in ten minutes"],
        "declines": ["Quotes by telephone"],
    }
    request = found["requests"][0]
    assert {**request, "score": 0} == {
        "id": 1,
        "number": 1,
        "title": "Quotes take too long",
        "score": 0,
        "reason": "Same words: writing, quote, takes, days",
        "likely": True,
    }
    assert 0.5 <= request["score"] <= 1
    assert (found["declines"][0]["decision_reason"], found["declines"][0]["words"]) == (
        "exists",
        "The script is in the handbook.",
    )


def test_the_limit_counts_for_each_kind(api: TestClient, database: Database, links: Links) -> None:
    with database.writing() as session:
        for number in range(7):
            a_request(session, links=links, title=f"Quotes take too long {number}")
    assert len(api.get("/api/v1/similar?q=quotes").json()["requests"]) == 5
    assert len(api.get("/api/v1/similar?q=quotes&limit=7").json()["requests"]) == 7
    assert api.get("/api/v1/similar?q=quotes&limit=0").status_code == 422
    assert api.get("/api/v1/similar").status_code == 422
    assert api.get("/api/v1/similar", params={"q": "a" * 8001}).status_code == 422


def test_nothing_like_it_is_three_empty_lists(api: TestClient) -> None:
    for words in ("", "qu", "?!", "🦔🦔🦔"):
        assert api.get("/api/v1/similar", params={"q": words}).json() == {
            "requests": [],
            "resources": [],
            "declines": [],
        }


def test_others_learn_nothing(
    api: TestClient, cast: Cast, sign_in: Callable[[TestClient, Person | None], None]
) -> None:
    del api.headers["Authorization"]
    assert api.get("/api/v1/similar?q=quotes").status_code == 401
    for person in (cast.requester, cast.other, cast.expert, cast.leader):
        sign_in(api, person)
        assert api.get("/api/v1/similar?q=quotes").status_code == 404
