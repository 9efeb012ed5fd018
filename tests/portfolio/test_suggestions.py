"""What may help sooner, and the ledger of what it was good for."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import deciding, learning_requests, library, suggestion_ledger, suggestion_totals, suggestions
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.learning_requests import Source
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import Suggestion
from portfolio.rules.ranges import Range
from portfolio.rules.sums import total
from portfolio.states import Verdict
from portfolio.suggestions import Thing
from tests.conftest import Cast
from tests.factory import a_request, a_submission

OTTO = "otto@fernweh.example"
GUIDE, OTHER = Thing("resource", 1), Thing("resource", 2)
SAVES = Range(10, 20, 40)


@pytest.fixture
def shelf(database: Database, cast: Cast, now: datetime) -> None:
    with database.writing() as session:
        for title in ("Pivot tables in twenty minutes", "Bleeding the brake"):
            library.add(session, ResourceGiven(title=title, link="/here"), by=cast.manager, at=now)


def outcome(session: Session, now: datetime) -> dict[str, int]:
    found = suggestion_totals.totals(session, now=now)
    return {
        name: getattr(found, name)
        for name in ("shown", "opened", "solved", "quiet", "joined", "came_back", "sent_anyway")
    }


def only(**counts: int) -> dict[str, int]:
    names = ("shown", "opened", "solved", "quiet", "joined", "came_back", "sent_anyway")
    return dict.fromkeys(names, 0) | counts


def asks(
    session: Session,
    links: Links,
    at: datetime,
    key: str = "later",
    email: str = OTTO,
    title: str = "Something else entirely",
) -> None:
    submission = a_submission(title=title, problem=title, behaviour="", requester={"email": email})
    learning_requests.submit(
        session, submission, links=links, by=None, at=at, source=Source("form", "form", key, ask=key)
    )


@pytest.mark.both
@pytest.mark.usefixtures("shelf")
def test_what_exists_is_offered_without_anybodys_name_or_words(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        open_one = a_request(
            session,
            links=links,
            title="Bleeding the brake in shop 4",
            problem="Bleeding the brake.",
            behaviour="",
            if_nothing="Secret pains of Rita.",
        )
        no = a_request(
            session,
            links=links,
            title="Bleeding the brake, for everybody",
            problem="Bleeding the brake.",
            behaviour="",
        )
        ruling = Ruling(Verdict.DECLINE, "Dear Rita, no.", reason="too_small")
        deciding.decide(session, no, ruling, links=links, by=cast.manager, at=now)
    with database.reading() as session:
        offer = suggestions.offer(session, "Bleeding the brake", links=links)
        assert [(one.thing, one.title) for one in offer.all] == [
            (OTHER, "Bleeding the brake"),
            (Thing("request", open_one.id), "Bleeding the brake in shop 4"),
            (Thing("decline", no.id), "Bleeding the brake, for everybody"),
        ]  # fmt: skip
        (request,), (decline,) = offer.requests, offer.declines
        assert (request.unit, request.behind, decline.on, decline.why) == (
            "Sales", 1, now.date(), "It was too small to be worth building something for.",
        )  # fmt: skip
        assert "Rita" not in repr(offer) and "Secret" not in repr(offer)
        assert suggestions.things(offer.refs, links) == [one.thing for one in offer.all]
        assert suggestions.things("resource:1:guessed request:1 x:1:y resource:-1:z", links) == []
        assert suggestions.offer(session, "pi", links=links).all == ()


@pytest.mark.both
@pytest.mark.usefixtures("shelf")
def test_a_thing_is_noted_once_an_ask_and_only_if_it_is_there(database: Database, now: datetime) -> None:
    with database.writing() as session:
        assert (
            suggestion_ledger.shown(
                session, "a", [GUIDE, GUIDE, Thing("resource", 99), Thing("request", 7)], at=now
            )
            == 1
        )
        assert suggestion_ledger.shown(session, "a", [GUIDE, OTHER], at=now) == 1
        assert suggestion_ledger.shown(session, "", [GUIDE], at=now) == 0
        assert suggestion_ledger.solved(session, "b", Thing("decline", 99), at=now) is None
        assert outcome(session, now) == only(shown=1)


@pytest.mark.both
@pytest.mark.usefixtures("shelf")
def test_this_solves_it_counts_until_the_same_ask_is_sent(
    database: Database, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        suggestion_ledger.shown(session, "a", [GUIDE, OTHER], at=now)
        suggestion_ledger.solved(session, "a", GUIDE, at=now, saves=SAVES)
        found = suggestion_totals.totals(session, now=now)
        assert (found.answered, found.hours) == (1, SAVES)
        assert [(one.how, one.title, one.hours) for one in found.outcomes] == [
            ("solved", "Pivot tables in twenty minutes", SAVES)
        ]
        asks(session, links, now + timedelta(days=3), key="a")
        assert outcome(session, now + timedelta(days=3)) == only(shown=1, came_back=1)
        assert suggestion_totals.totals(session, now=now).hours is None


@pytest.mark.both
@pytest.mark.usefixtures("shelf")
def test_opened_counts_after_fourteen_days_without_coming_back(
    database: Database, links: Links, now: datetime
) -> None:
    day = timedelta(days=1)
    with database.writing() as session:
        suggestion_ledger.opened(session, "a", GUIDE, at=now, email=OTTO, saves=SAVES)
        suggestion_ledger.opened(session, "b", GUIDE, at=now, email="lena@fernweh.example", saves=SAVES)
        assert outcome(session, now + 13 * day) == only(shown=2, opened=2)
        asks(session, links, now + 5 * day)
        assert outcome(session, now + 14 * day) == only(shown=2, opened=2, quiet=2)
        asks(session, links, now + 6 * day, key="third", title="Pivot tables in twenty minutes don't do")
        assert outcome(session, now + 14 * day) == only(shown=2, opened=2, quiet=1, came_back=1)
        asks(session, links, now + 15 * day, key="fourth", email="lena@fernweh.example", title="Pivot tables")
        assert outcome(session, now + 15 * day) == only(shown=2, opened=2, quiet=1, came_back=1)


@pytest.mark.both
@pytest.mark.usefixtures("shelf")
def test_sent_without_a_look_and_joined_are_told_apart(
    database: Database, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        one = a_request(session, links=links)
        suggestion_ledger.shown(session, "a", [GUIDE], at=now)
        asks(session, links, now, key="a")
        suggestion_ledger.joined(session, "b", Thing("request", one.id), at=now, email=OTTO, saves=SAVES)
        suggestion_ledger.solved(session, "c", GUIDE, at=now, saves=SAVES)
        found = suggestion_totals.totals(session, now=now)
        assert outcome(session, now) == only(shown=3, solved=1, joined=1, sent_anyway=1)
        assert found.hours == total([SAVES, SAVES])
        assert session.scalars(select(Suggestion.ask).order_by(Suggestion.id)).all() == ["a", "b", "c"]
        assert [(u.title, u.shown, u.solved) for u in suggestion_totals.by_thing(session)] == [
            ("Pivot tables in twenty minutes", 2, 1), ("Quotes take too long", 1, 0),
        ]  # fmt: skip
        assert suggestion_totals.totals(session, since=now + timedelta(seconds=1), now=now).shown == 0


@pytest.mark.usefixtures("cast")
def test_hours_come_from_the_rubric_and_are_wide_where_little_was_said(
    database: Database, now: datetime
) -> None:
    with database.reading() as session:
        little = suggestion_ledger.hours_of(session, {}, today=now.date())
        aid = suggestion_ledger.hours_of(
            session, {"format": "job_aid", "finished_hours": 0.25}, today=now.date()
        )
        assert little.high / little.low > aid.high / aid.low
        assert aid.likely < little.likely


def test_a_sum_of_ranges_is_narrower_than_its_ends_and_the_same_each_time() -> None:
    assert total([]) is None
    assert total([SAVES]) == SAVES
    nine = total([SAVES] * 9)
    assert nine == total([SAVES] * 9)
    assert nine is not None and 90 < nine.low < 9 * 20 < nine.likely < nine.high < 360
    # An independent simulation: numpy's own lognormal (log-sd ln 2 / 1.2816), PCG64 seed 1, a million sums of nine.
    for ours, theirs in zip((nine.low, nine.likely, nine.high), SUM_OF_NINE, strict=True):
        assert ours == pytest.approx(theirs, rel=0.03)


SUM_OF_NINE = (160.2, 204.4, 261.7)
