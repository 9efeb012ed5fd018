"""Drafts: kept as typed, never overwritten unseen, sent once, forgotten in time."""

from datetime import datetime, timedelta

import pytest

from portfolio import drafts, files
from portfolio.database import Database
from portfolio.drafts import AlreadySent, Stale
from portfolio.links import Links
from portfolio.models import Draft, Event, File, Mail
from portfolio.questions import FIRST
from tests.conftest import Cast
from tests.factory import a_request

TYPED = {"title": "Quotes take too long", "audience_count": "forty or so", "problem": ""}


@pytest.mark.both
def test_a_draft_keeps_what_was_typed_right_or_wrong(database: Database, now: datetime) -> None:
    with database.writing() as session:
        number = drafts.begin(session, TYPED, form=FIRST, email="rita@fernweh.example", at=now).id
    with database.reading() as session:
        draft = session.get_one(Draft, number)
        assert (draft.values, draft.revision, draft.form_version, draft.email) == (
            {"title": "Quotes take too long", "audience_count": "forty or so"},
            1,
            1,
            "rita@fernweh.example",
        )
        assert drafts.expires_at(draft) == now + timedelta(days=30)
        assert [event.action for event in session.query(Event)] == ["draft.begun"]


@pytest.mark.both
def test_the_later_of_two_writers_is_told_and_overwrites_nothing(database: Database, now: datetime) -> None:
    with database.writing() as session:
        number = drafts.begin(session, TYPED, form=FIRST, at=now).id
    with database.writing() as session:
        draft = session.get_one(Draft, number)
        drafts.save(session, draft, {"title": "Quotes"}, form=FIRST, revision=1, at=now)
    with database.writing() as session, pytest.raises(Stale) as told:
        drafts.save(
            session, session.get_one(Draft, number), {"title": "Offers"}, form=FIRST, revision=1, at=now
        )
    assert str(told.value) == "Somebody else saved this draft since you opened it."
    with database.writing() as session:
        draft = session.get_one(Draft, number)
        same = drafts.save(session, draft, {"title": "Quotes"}, form=FIRST, revision=1, at=now)
        assert (same.values, same.revision) == ({"title": "Quotes"}, 2)


@pytest.mark.both
def test_a_sent_draft_changes_no_more(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    with database.writing() as session:
        draft = drafts.begin(session, TYPED, form=FIRST, at=now)
        drafts.sent(session, draft, a_request(session, links=links), at=now)
        with pytest.raises(AlreadySent):
            drafts.save(session, draft, {"title": "More"}, form=FIRST, revision=1, at=now)


def test_its_link_is_its_own_and_can_be_renewed(database: Database, links: Links, now: datetime) -> None:
    with database.writing() as session:
        one, other = (drafts.begin(session, TYPED, form=FIRST, at=now) for _ in range(2))
        key = links.draft_key(one)
        assert links.draft_path(one) == f"/drafts/{one.id}/{key}"
        assert [links.opens_draft(one, key), links.opens_draft(other, key), links.opens_draft(one, "")] == [
            True,
            False,
            False,
        ]
        drafts.renew_link(one)
        assert not links.opens_draft(one, key)


def test_the_link_goes_by_mail(database: Database, links: Links, now: datetime) -> None:
    with database.writing() as session:
        draft = drafts.begin(session, TYPED, form=FIRST, at=now)
        drafts.mail_link(session, draft, "rita@fernweh.example", links=links, at=now)
        address = links.draft(draft)
    with database.reading() as session:
        mail = session.query(Mail).one()
        assert (mail.recipient, mail.subject, mail.about) == (
            "rita@fernweh.example",
            "Almost there: Quotes take too long",
            f"draft:{draft.id}",
        )
        assert address in mail.text
        assert "It is kept until 20 December 2026." in mail.text


@pytest.mark.both
def test_drafts_nobody_touches_are_forgotten_with_their_files(database: Database, now: datetime) -> None:
    with database.writing() as session:
        old = drafts.begin(session, TYPED, form=FIRST, at=now - timedelta(days=31))
        files.keep(session, name="plan.pdf", content=b"%PDF-1", draft=old, at=now)
        kept = drafts.begin(session, TYPED, form=FIRST, at=now - timedelta(days=29)).id
        assert drafts.expire(session, now=now) == 1
    with database.reading() as session:
        assert [draft.id for draft in session.query(Draft)] == [kept]
        assert session.query(File).count() == 0


def test_no_more_is_kept_than_a_form_can_hold(database: Database, now: datetime) -> None:
    typed = {f"field_{number:04d}": "x" for number in range(1000)} | {"problem": "y" * 50_000}
    with database.writing() as session:
        draft = drafts.begin(session, typed, form=FIRST, at=now)
        assert len(draft.values) == drafts.MOST_VALUES
        assert max(map(len, draft.values.values())) <= drafts.LONGEST_VALUE
