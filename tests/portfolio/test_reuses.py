"""What exists already, and how much of a need it covers."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import history, library, reuses
from portfolio.database import Database
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import LearningRequest, Resource, Reuse
from portfolio.reuses import SHARES, ShareRefused
from portfolio.rules.ranges import Range
from portfolio.states import RequestStatus
from tests.conftest import Cast
from tests.factory import a_request


def a_resource(session: Session, title: str, *, at: datetime) -> Resource:
    return library.add(session, ResourceGiven(title=title), by=None, at=at)


def scored(learning_request: LearningRequest) -> None:
    """As after the scoring flow has run."""
    learning_request.score_wanted_at = None


@pytest.mark.both
def test_a_linked_resource_says_what_exists_and_has_the_request_scored_again(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        scored(asked)
        guide = a_resource(session, "Quoting step by step", at=now)
        half = SHARES["half"][1]
        reuses.link(session, asked, guide, half, note="All but discounts", by=cast.manager, at=now)
    with database.reading() as session:
        asked = session.get_one(LearningRequest, 1)
        linked = reuses.of(session, asked)
        assert [(one.resource.title, one.share_likely, one.note) for one in linked] == [
            ("Quoting step by step", 0.5, "All but discounts")
        ]
        assert reuses.existing_share(linked) == half
        assert asked.score_wanted_at == now
        lines = history.timeline(session, asked, "learning_request.resource_linked")
        assert [line.details for line in lines] == [{"resource": 1, "share": [0.35, 0.5, 0.65]}]


def test_linking_again_replaces_and_unlinking_takes_away(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        asked, guide = a_request(session, links=links), a_resource(session, "A guide", at=now)
        reuses.link(session, asked, guide, SHARES["most"][1], note="", by=cast.manager, at=now)
        again = reuses.link(session, asked, guide, SHARES["quarter"][1], note="Less", by=cast.manager, at=now)
        assert session.scalars(select(Reuse)).all() == [again]
        assert again.share_likely == 0.25
        scored(asked)
        reuses.unlink(session, again, by=cast.manager, at=now)
        assert session.scalars(select(Reuse)).all() == []
        assert asked.score_wanted_at == now
        assert reuses.existing_share([]) is None


def test_a_decided_request_keeps_the_score_it_was_judged_by(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        asked, guide = a_request(session, links=links), a_resource(session, "A guide", at=now)
        scored(asked)
        asked.status = RequestStatus.ACCEPTED
        reuses.link(session, asked, guide, SHARES["most"][1], note="", by=cast.manager, at=now)
        assert asked.score_wanted_at is None


def test_shares_add_up_to_all_of_the_need_at_most() -> None:
    def one(low: float, likely: float, high: float) -> Reuse:
        return Reuse(share_low=low, share_likely=likely, share_high=high)

    assert reuses.existing_share([one(0.25, 0.375, 0.5), one(0.125, 0.25, 0.375)]) == Range(
        0.375, 0.625, 0.875
    )
    assert reuses.existing_share([one(0.6, 0.75, 0.9), one(0.35, 0.5, 0.65)]) == Range(0.95, 1.0, 1.0)


@pytest.mark.parametrize("share", [Range(-0.1, 0.2, 0.3), Range(0.5, 0.9, 1.1)])
def test_a_share_beyond_all_or_nothing_is_refused(
    database: Database, links: Links, cast: Cast, now: datetime, share: Range
) -> None:
    with database.writing() as session:
        asked, guide = a_request(session, links=links), a_resource(session, "A guide", at=now)
        with pytest.raises(ShareRefused):
            reuses.link(session, asked, guide, share, note="", by=cast.manager, at=now)


def test_what_is_linked_is_not_offered_again(
    database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        asked = a_request(session, links=links)
        a_resource(session, "Quotes take too long: write a standard quote within a day", at=now)
    with database.writing() as session:
        asked = session.get_one(LearningRequest, 1)
        assert [one.id for one in reuses.offered(session, asked, [])] == [1]
        linked = reuses.link(
            session, asked, session.get_one(Resource, 1), SHARES["half"][1], note="", by=cast.manager, at=now
        )
        assert reuses.offered(session, asked, [linked]) == []
