"""The library: on the shelf, off it, in parts, by the sheet; used, reported and mended."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import library, shelving
from portfolio.database import Database
from portfolio.library import ResourceGiven, ShelvingRefused, Wanted
from portfolio.links import Links
from portfolio.models import Event, Mail, Resource
from portfolio.sheets import Unreadable
from portfolio.shelving import Fate
from tests.conftest import Cast


def on_the_shelf(session: Session, cast: Cast, now: datetime, **said: Any) -> Resource:
    given = ResourceGiven.model_validate({"title": "Quotes on one page", **said})
    return library.add(session, given, by=cast.manager, at=now)


def titles(session: Session, today: date, **wanted: Any) -> list[str]:
    return [line.resource.title for line in library.listed(session, Wanted(**wanted), today=today).lines]


def actions(session: Session) -> list[str]:
    return [
        event.action
        for event in session.scalars(select(Event).order_by(Event.id))
        if event.action.startswith("resource.")
    ]


@pytest.mark.both
def test_a_resource_keeps_all_that_was_said_of_it_and_its_history(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        resource = on_the_shelf(
            session, cast, now, kind="job_aid", link="https://intranet.example/quotes", minutes=5, topics="quotes; sales, quotes",
            audience="Sales", language="English", owner="eli@fernweh.example", review_on="2027-01-31",
        )  # fmt: skip
        given = library.as_given(resource)
        assert given.model_dump() == {
            "title": "Quotes on one page", "kind": "job_aid", "link": "https://intranet.example/quotes", "about": "", "minutes": 5,
            "topics": "quotes, sales", "audience": "Sales", "language": "English", "owner": "eli@fernweh.example",
            "review_on": date(2027, 1, 31), "part_of": None,
        }  # fmt: skip
        assert library.change(session, resource, given, by=cast.manager, at=now) == []
        shorter = given.model_copy(update={"minutes": 3, "owner": ""})
        assert library.change(session, resource, shorter, by=cast.manager, at=now) == ["minutes", "owner"]
        library.retire(session, resource, by=cast.manager, at=now)
        library.retire(session, resource, by=cast.manager, at=now)
        assert titles(session, now.date()) == []
        assert titles(session, now.date(), state="retired") == ["Quotes on one page"]
        library.bring_back(session, resource, by=cast.manager, at=now)
        library.use(session, resource, by=None, at=now)
        assert actions(session) == [
            "resource.added", "resource.changed", "resource.retired", "resource.brought_back", "resource.used",
        ]  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(Resource.uses)).all() == [1]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,hello", "vbscript:x", "file:///etc/passwd", "//evil.example/x",
        "/\\evil.example", "https://", "http://[::1", "www.example.org", "\tjavascript:alert(1)", "https:\\\\evil.example",
    ],
)  # fmt: skip
def test_a_link_that_would_run_or_leads_nowhere_is_refused(link: str) -> None:
    with pytest.raises(ValidationError, match="Please give a web address"):
        ResourceGiven.model_validate({"title": "A", "link": link})


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://example.org/a b?c=d#e", "https://example.org/a%20b?c=d#e"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("mailto:kim@example.org", "mailto:kim@example.org"),
        ("/guides/quotes", "/guides/quotes"),
        ("https://example.org/%20", "https://example.org/%20"),
    ],
)
def test_a_link_to_the_web_a_mailbox_or_a_page_of_ours_is_kept(said: str, kept: str) -> None:
    assert ResourceGiven.model_validate({"title": "A", "link": said}).link == kept


@pytest.mark.both
def test_parts_stand_in_their_order_and_only_one_level_deep(
    database: Database, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        whole = on_the_shelf(session, cast, now, title="Quoting, a course")
        one, two, three = (on_the_shelf(session, cast, now, title=title, part_of=whole.id) for title in "ABC")
        library.move_part(session, three, up=True, by=cast.manager, at=now)
        library.move_part(session, one, up=True, by=cast.manager, at=now)
        assert [part.title for part in library.parts(session, whole)] == ["A", "C", "B"]
        library.retire(session, one, by=cast.manager, at=now)
        assert [part.title for part in library.parts(session, whole)] == ["C", "B"]
        assert titles(session, now.date()) == ["Quoting, a course"]
        assert titles(session, now.date(), text="c") == ["C", "Quoting, a course"]
        with pytest.raises(ShelvingRefused, match="no part itself"):
            on_the_shelf(session, cast, now, title="D", part_of=two.id)
        for part_of, words in (
            (whole.id, "no part itself"),
            (on_the_shelf(session, cast, now, title="E").id, "parts of its own"),
        ):
            given = library.as_given(whole).model_copy(update={"part_of": part_of})
            with pytest.raises(ShelvingRefused, match=words):
                library.change(session, whole, given, by=cast.manager, at=now)


@pytest.mark.both
def test_the_list_says_what_needs_a_look(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    today = now.date()
    with database.writing() as session:
        late = on_the_shelf(
            session, cast, now, title="Late", review_on=today - timedelta(days=1), topics="a, quotes"
        )
        on_the_shelf(session, cast, now, title="Due today", review_on=today, link="/here")
        library.report_outdated(session, late, "Old prices.", links=links, by=None, at=now)
        library.report_outdated(session, late, "", links=links, by=None, at=now)
    with database.reading() as session:
        shelf = library.listed(session, Wanted(), today=today)
        assert [(line.resource.title, line.parts, line.reports, line.can_open) for line in shelf.lines] == [
            ("Due today", 0, 0, True), ("Late", 0, 2, False),
        ]  # fmt: skip
        assert (shelf.count, shelf.overdue, shelf.reported) == (2, 1, 1)
        assert titles(session, today, state="overdue") == titles(session, today, state="reported") == ["Late"]
        assert titles(session, today, text="QUOTES") == ["Late"]
        assert titles(session, today, text="%") == []


@pytest.mark.both
def test_a_report_goes_to_the_owner_or_else_the_managers_and_is_settled_once(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        owned = on_the_shelf(session, cast, now, title="Owned", owner=cast.expert.email)
        nobodys = on_the_shelf(session, cast, now, title="Nobody's")
        library.report_outdated(
            session, owned, "Old prices.", email="rita@fernweh.example", links=links, by=None, at=now
        )
        library.report_outdated(session, nobodys, "", links=links, by=None, at=now)
        told = [(mail.recipient, mail.subject) for mail in session.scalars(select(Mail).order_by(Mail.id))]
        assert told == [
            ("eli@fernweh.example", "Out of date? Owned"), ("mara@fernweh.example", "Out of date? Nobody's"),
        ]  # fmt: skip
        first = session.scalars(select(Mail).order_by(Mail.id)).first()
        assert first is not None and "Old prices." in first.text and links.resource(owned) in first.text
        then = date(2027, 6, 1)
        assert (
            library.settle_reports(session, owned, mended=True, review_on=then, by=cast.manager, at=now) == 1
        )
        assert (
            library.settle_reports(session, owned, mended=True, review_on=None, by=cast.manager, at=now) == 0
        )
        assert owned.review_on == then
        thanks = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert thanks is not None and thanks.recipient == "rita@fernweh.example" and "mended" in thanks.text


SHEET = """Title;Type;URL;Duration;Tags;Owner;Review date;Part of;Colour
Quoting, a course;E-Learning;https://intranet.example/quoting;1.5 h;quotes, sales;eli@fernweh.example;31.01.2027;;blue
First steps;video;https://intranet.example/quoting/1;8 min;;;;Quoting, a course;
=HYPERLINK("https://evil.example");guide;;;;;;;
No such kind;hologram;;;;;;;
Bad link;guide;javascript:alert(1);;;;;;
;guide;https://intranet.example/nameless;;;;;;
Again;guide;https://intranet.example/quoting;;;;;;
Orphan;guide;;;;;;Nowhere;
"""


@pytest.mark.both
def test_a_sheet_is_looked_at_then_taken_and_never_doubles(
    database: Database, cast: Cast, now: datetime
) -> None:
    content = SHEET.encode("utf-16")
    with database.writing() as session:
        looked = shelving.look(session, content)
        assert [(row.line, row.fate.value, row.reason) for row in looked.rows] == [
            (2, "created", ""),
            (3, "created", ""),
            (4, "created", ""),
            (5, "refused", "Kind: please say one of guide, job aid, checklist, video, course, template, example, tool, person to ask, something else."),
            (6, "refused", "Link: Please give a web address (https://...), mailto:name@example.org or a path such as /guide."),
            (7, "refused", "There is no title."),
            (8, "refused", "Line 2 has the same link."),
            (9, "refused", "It is part of “Nowhere”, which is neither here nor in the file."),
        ]  # fmt: skip
        assert looked.ignored == ["Colour"]
        assert session.scalars(select(Resource)).all() == []
        taken = shelving.take(session, content, by=cast.manager, at=now)
        assert taken.counts == looked.counts
        course, formula, first = session.scalars(select(Resource).order_by(Resource.id)).all()
        assert (course.kind, course.minutes, course.review_on, course.topics) == (
            "course",
            90,
            date(2027, 1, 31),
            "quotes, sales",
        )
        assert (formula.title, first.part_of_id, course.owner and course.owner.email) == (
            '=HYPERLINK("https://evil.example")', course.id, "eli@fernweh.example",
        )  # fmt: skip
        again = shelving.take(session, content, by=cast.manager, at=now)
        assert again.counts == {Fate.CREATED: 0, Fate.UPDATED: 0, Fate.UNCHANGED: 3, Fate.REFUSED: 5}
        moved = b'title,url,minutes\n"Quoting, a course",https://elsewhere.example/q,\nFIRST STEPS,https://intranet.example/quoting/1,9\n'
        assert shelving.take(session, moved, by=cast.manager, at=now).counts[Fate.UPDATED] == 2
        assert (course.link, course.minutes, first.minutes, first.title, first.part_of_id) == (
            "https://elsewhere.example/q", 90, 9, "FIRST STEPS", course.id,
        )  # fmt: skip
        assert len(session.scalars(select(Resource)).all()) == 3


@pytest.mark.both
def test_two_things_of_one_title_at_two_places_stay_two(
    database: Database, cast: Cast, now: datetime
) -> None:
    rows = b"title,link\nIntroduction,https://a.example\nIntroduction,https://b.example\n"
    with database.writing() as session:
        assert shelving.take(session, rows, by=cast.manager, at=now).counts[Fate.CREATED] == 2
        assert shelving.take(session, rows, by=cast.manager, at=now).counts[Fate.UNCHANGED] == 2


@pytest.mark.both
def test_a_sheet_without_titles_is_refused_in_words(database: Database) -> None:
    with database.reading() as session, pytest.raises(Unreadable, match="no column called “title”"):
        shelving.look(session, b"link,minutes\nhttps://a.example,3\n")
