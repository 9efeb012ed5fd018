"""Plain functions that make one of a thing, for tests."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from portfolio import cards, learning_requests, projects
from portfolio.links import Links
from portfolio.models import Card, LearningRequest, Person, Project
from portfolio.submission import Submission

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def a_submission(**changes: Any) -> Submission:
    """A complete request by Rita of Sales."""
    body: dict[str, Any] = {
        "title": "Quotes take too long",
        "problem": "New sales people need four days for a quote; customers leave.",
        "behaviour": "Write a standard quote within a day.",
        "audience": {"who": "New sales people", "count": 24},
        "measure": {"name": "Days for a quote", "today": 4, "wanted": 1, "by": "2027-03-31"},
        "if_nothing": "We lose about two customers a month.",
        "deadline": {"on": "2027-02-01", "why": "The trade fair"},
        "requester": {"name": "Rita Requester", "email": "rita@fernweh.example", "unit": "Sales"},
    }
    return Submission.model_validate({**body, **changes})


def a_request(
    session: Session, *, links: Links, at: datetime = AT, by: Person | None = None, **changes: Any
) -> LearningRequest:
    """A submitted request."""
    made = learning_requests.submit(session, a_submission(**changes), links=links, by=by, at=at)
    found = learning_requests.find(session, made.id)
    assert found is not None
    return found


def a_project(session: Session, *, by: Person, at: datetime = AT, name: str = "Faster quotes") -> Project:
    """A project nobody asked for, with no cards."""
    return projects.add(session, name=name, solution_type="job_aid", by=by, at=at)


def a_card(
    session: Session, *, by: Person, at: datetime = AT, title: str = "Draft the aid", **fields: Any
) -> Card:
    """A card at the bottom of the first column."""
    return cards.add(session, title=title, by=by, at=at, **fields)
