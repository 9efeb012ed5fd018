"""Designing reports, and the editions that come of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portfolio import editions, goals, history, report_designs, shares
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Edition, Event, Goal, Mail, Report
from portfolio.report_designs import DesignRefused, DesignStale, Wishes
from portfolio.rules.report_sections import BY_AUDIENCE, SECTIONS
from portfolio.states import EditionStatus
from reports.downloads import KINDS, content_of
from tests.conftest import NOW, Cast
from tests.factory import a_project, a_request
from tests.reports.published import SECOND, THIRD, an_edition, figures, publish

TODAY = NOW.date()


def a_design(session: Session, cast: Cast, audience: str = "leadership", **fields: Any) -> Report:
    return report_designs.begin(session, audience=audience, by=cast.manager, at=NOW, **fields)


def wishes_of(report: Report) -> Wishes:
    """As it is now."""
    return Wishes(
        name=report.name, sections=report.sections, goal_id=report.goal_id, project_id=report.project_id
    )


def change(
    session: Session, report: Report, cast: Cast, *, version: int | None = None, **fields: Any
) -> None:
    report_designs.edit(
        session,
        report,
        replace(wishes_of(report), **fields),
        version=version or report.version,
        today=TODAY,
        by=cast.manager,
        at=NOW,
    )


def actions(session: Session) -> list[str]:
    return list(
        session.scalars(select(Event.action).where(Event.subject_type == "reports").order_by(Event.id))
    )


@pytest.mark.parametrize("audience", ["leadership", "sponsor", "manager"])
def test_a_design_begins_with_what_its_audience_wants(database: Database, cast: Cast, audience: str) -> None:
    with database.writing() as session:
        made = a_design(session, cast, audience)
        on = tuple(one["key"] for one in made.sections if one["on"])
        assert on == BY_AUDIENCE[audience].sections
        assert {one["key"] for one in made.sections} == {one.key for one in SECTIONS}
        assert (made.name, made.rhythm, made.next_on) == (BY_AUDIENCE[audience].name, "", None)
        assert actions(session) == ["report.designed"]


def test_a_showcase_needs_its_project(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        with pytest.raises(DesignRefused, match="choose the project"):
            a_design(session, cast, "showcase")
        project = a_project(session, by=cast.manager)
        assert a_design(session, cast, "showcase", project=project).project_id == project.id


def test_sections_words_readers_and_days_are_kept_in_their_order(database: Database, cast: Cast) -> None:
    sections = [
        {"key": "goals", "on": True, "title": "Where we stand", "words": "Read the second line."},
        {"key": "kpis", "on": False, "title": "", "words": ""},
        {"key": "nonsense", "on": True, "title": "", "words": ""},
    ]
    with database.writing() as session:
        report = a_design(session, cast)
        change(
            session, report, cast, name="For Lena", sections=sections, rhythm="weekly", rolling_days=90,
            recipients=["lena@fernweh.example", "board@fernweh.example"], quiet_days=[5, 6, "2026-12-24"],
        )  # fmt: skip
        assert [one["key"] for one in report.sections][:2] == ["goals", "kpis"]
        assert report.sections[0] == sections[0]
        assert [one["key"] for one in report.sections if one["on"]] == ["goals", "method"]
        assert (report.name, report.recipients, report.quiet_days, report.next_on, report.version) == (
            "For Lena",
            "lena@fernweh.example board@fernweh.example",
            [5, 6, "2026-12-24"],
            date(2026, 11, 23),
            2,
        )


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"rhythm": "hourly"}, "rhythm"),
        ({"rhythm": "rolling"}, "rolling_days"),
        ({"rhythm": "rolling", "rolling_days": 3}, "rolling_days"),
        ({"quiet_days": [0, 1, 2, 3, 4, 5, 6]}, "quiet_weekdays"),
        ({"sections": [{"key": "kpis", "on": False}]}, "sections"),
    ],
)
def test_what_cant_be_is_refused_and_nothing_changes(
    database: Database, cast: Cast, fields: dict[str, Any], wrong: str
) -> None:
    with database.writing() as session:
        report = a_design(session, cast)
        with pytest.raises(DesignRefused) as refused:
            change(session, report, cast, **fields)
        assert (refused.value.field, report.version, actions(session)) == (wrong, 1, ["report.designed"])


@pytest.mark.both
def test_two_who_change_it_at_once_dont_overwrite_each_other(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        report = a_design(session, cast)
        change(session, report, cast, name="Hers", version=1)
        with pytest.raises(DesignStale):
            change(session, report, cast, name="His", version=1)
        assert (report.name, report.version) == ("Hers", 2)


def test_a_new_rhythm_asks_for_nothing_past_and_an_old_one_keeps_its_day(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        report = a_design(session, cast)
        change(session, report, cast, rhythm="rolling", rolling_days=14)
        assert report.next_on == date(2026, 12, 4)
        report.next_on = TODAY - timedelta(days=1)
        change(session, report, cast, rhythm="rolling", rolling_days=14, name="Another name")
        assert report.next_on == TODAY - timedelta(days=1)
        change(session, report, cast, rhythm="")
        assert report.next_on is None


@pytest.mark.both
def test_a_rolling_report_missed_three_times_is_asked_for_once(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        report = a_design(session, cast)
        change(session, report, cast, rhythm="rolling", rolling_days=14)
        later = date(2027, 1, 10)  # due 4 and 18 December and 1 January
        asked = [editions.ask_due(session, today=later, at=NOW) for _ in range(2)]
        found = session.scalars(select(Edition)).one()
        assert (asked, found.period_start, found.period_end) == ([[found.id], []], date(2026, 12, 27), later)
        assert (report.next_on, found.scheduled, found.report_id) == (date(2027, 1, 15), True, report.id)


def test_an_ended_report_makes_no_more_editions(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        report = a_design(session, cast)
        change(session, report, cast, rhythm="weekly")
        report_designs.end(session, report, by=cast.manager, at=NOW)
        assert editions.ask_due(session, today=TODAY + timedelta(days=30), at=NOW) == []
        assert (report_designs.listed(session), actions(session)[-1]) == ([], "report.ended")


def test_an_edition_keeps_the_design_as_it_was_when_asked_for(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        report = a_design(session, cast, name="For the board")
        asked = an_edition(session, NOW, report=report)
        kept = {
            "report": report.id,
            "name": "For the board",
            "audience": "leadership",
            "sections": report.sections,
            "goal": None,
            "project": None,
        }
        change(session, report, cast, name="For nobody", sections=[{"key": "kpis", "on": True}])
        assert (asked.design, asked.title) == (kept, "For the board, Q3 2026")


# One page for each goal


def a_goal(session: Session, name: str, cast: Cast, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Goal:
    return goals.add(session, name=name, weight=3, by=cast.manager, at=at)


def test_sponsors_get_one_edition_for_each_goal_with_something_to_say(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        speed, quiet, safety = (a_goal(session, name, cast) for name in ("Speed", "Quiet", "Safety"))
        a_project(session, by=cast.manager, at=datetime(2026, 8, 1, tzinfo=UTC)).goal_id = speed.id
        asked = a_request(session, links=links)
        asked.goal_id, asked.submitted_at = safety.id, datetime(2026, 9, 1, tzinfo=UTC)
        report = a_design(session, cast, "sponsor")
        period: dict[str, Any] = {"kind": "quarterly", "period_start": THIRD[0], "period_end": THIRD[1]}
        made = editions.ask_each(session, report, **period, by=cast.manager, at=NOW)
        assert [(one.title, (one.design or {})["goal"]) for one in made] == [
            ("For the sponsor of a goal: Speed, Q3 2026", speed.id),
            ("For the sponsor of a goal: Safety, Q3 2026", safety.id),
        ]
        again = editions.ask_each(session, report, **period, by=cast.manager, at=NOW)
        assert [one.id for one in again] == [one.id for one in made]
        report.goal_id = quiet.id
        (chosen,) = editions.ask_each(session, report, **period, by=cast.manager, at=NOW)
        assert (chosen.design or {})["goal"] == quiet.id


def test_where_no_goal_has_anything_to_say_nothing_is_asked_for_and_the_schedule_goes_on(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        a_goal(session, "Quiet", cast)
        report = a_design(session, cast, "sponsor")
        change(session, report, cast, rhythm="weekly")
        assert editions.ask_due(session, today=date(2026, 11, 23), at=NOW) == []
        assert (report.next_on, actions(session)[-1]) == (date(2026, 11, 30), "report.had_nothing_to_say")


# Mailing


def scheduled(session: Session, cast: Cast, **fields: Any) -> Edition:
    """A published edition that came by itself, for Lena."""
    report = a_design(session, cast)
    change(session, report, cast, rhythm="weekly", recipients=["lena@fernweh.example"], **fields)
    edition = an_edition(session, NOW, report=report)
    edition.scheduled = True
    return edition


@pytest.mark.parametrize(
    ("quiet", "leaves_at"),
    [
        ([], NOW),
        ([5, 6], NOW),
        ([4, 5, 6], datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),  # seven in Berlin
        (["2026-11-20"], datetime(2026, 11, 21, 6, 0, tzinfo=UTC)),
    ],
)
def test_readers_are_mailed_once_on_a_day_that_isnt_quiet(
    database: Database, cast: Cast, links: Links, quiet: list[int | str], leaves_at: datetime
) -> None:
    with database.writing() as session:
        edition = scheduled(session, cast, quiet_days=quiet)
        counts = [editions.mail_to_readers(session, edition, links=links, at=NOW) for _ in range(2)]
        (sent,) = editions.mailed(session, edition)
        assert (counts, sent.recipient, sent.next_try_at, sent.html) == (
            [1, 0],
            "lena@fernweh.example",
            leaves_at,
            "<p>In the mail.</p>",
        )


def test_what_somebody_asked_for_is_not_mailed_by_itself(
    database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        edition = scheduled(session, cast)
        edition.scheduled = False
        assert editions.mail_to_readers(session, edition, links=links, at=NOW) == 0
        assert session.scalar(select(func.count(Mail.id))) == 0


# Frozen


@pytest.mark.both
def test_a_published_edition_opens_with_the_same_bytes_whatever_is_tried(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        number = an_edition(session, NOW).id

    def opened() -> dict[str, Any]:
        with database.reading() as session:
            edition = editions.find(session, number, "html", "figures", "pdf", "xlsx", "pptx")
            assert edition is not None
            files = {form: content_of(edition, form) for form in KINDS}
            return {**files, "html": edition.html, "checksum": edition.checksum, "title": edition.title}

    before = opened()
    attempts: list[Callable[[Session], Any]] = [
        lambda session: session.execute(text("UPDATE editions SET figures = '{}'")),
        lambda session: session.execute(text("UPDATE editions SET html = 'Better words'")),
        lambda session: session.execute(text("UPDATE editions SET pdf = NULL, xlsx = NULL")),
        lambda session: session.execute(text("UPDATE editions SET checksum = 'another'")),
        lambda session: session.execute(text("UPDATE editions SET status = 'asked'")),
        lambda session: session.execute(text("DELETE FROM editions")),
        lambda session: publish(session.get_one(Edition, number), NOW, figures(received=99)),
    ]
    for attempt in attempts:
        with (
            pytest.raises(DBAPIError, match="a published edition never changes"),
            database.writing() as session,
        ):
            attempt(session)
            session.flush()
    assert opened() == before


def test_who_asked_for_it_can_still_be_forgotten(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        edition = an_edition(session, NOW, by=cast.manager)
        edition.asked_by_id = None
        session.flush()
        assert session.scalar(select(Edition.asked_by_id)) is None


def test_a_correction_is_a_new_edition_that_names_the_old_one_and_why(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        old = an_edition(session, NOW, report=a_design(session, cast, name="For the board"))
        new = editions.correct(session, old, "Imports were counted twice.", by=cast.manager, at=NOW)
        twice = editions.correct(session, old, "Pressed again.", by=cast.manager, at=NOW)
        assert twice is new
        assert (new.title, new.corrects_id, new.correction, new.design, new.report_id) == (
            "For the board, Q3 2026, corrected",
            old.id,
            "Imports were counted twice.",
            old.design,
            old.report_id,
        )
        assert (new.status, new.period_start, new.period_end) == (EditionStatus.ASKED, *THIRD)
        assert editions.corrections(session, old) == []
        publish(new, NOW)
        assert editions.corrections(session, old) == [new]
        again = editions.correct(session, new, "And once more.", by=cast.manager, at=NOW)
        assert again.title == new.title


def test_only_what_is_there_can_be_corrected(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        asked = editions.ask(
            session, kind="quarterly", period_start=THIRD[0], period_end=THIRD[1], by=None, at=NOW
        )
        with pytest.raises(editions.Frozen):
            editions.correct(session, asked, "Why?", by=cast.manager, at=NOW)


def test_an_edition_is_compared_with_the_last_of_its_own_kind(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        mine, other = a_design(session, cast, name="Mine"), a_design(session, cast, name="Other")
        plain = an_edition(session, NOW, period=SECOND)
        first = an_edition(session, NOW, period=SECOND, report=mine)
        an_edition(session, NOW, period=SECOND, report=other)
        mended = publish(editions.correct(session, first, "Wrong.", by=cast.manager, at=NOW), NOW)
        second = an_edition(session, NOW, report=mine)
        bare = an_edition(session, NOW)
        found = {one.id: editions.before(session, one) for one in (plain, first, mended, second, bare)}
        assert found == {plain.id: None, first.id: None, mended.id: first, second.id: mended, bare.id: plain}


def test_a_sponsors_edition_is_compared_with_the_one_about_the_same_goal(
    database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        speed, safety = (a_goal(session, name, cast) for name in ("Speed", "Safety"))
        report = a_design(session, cast, "sponsor")
        made = [
            publish(
                editions.ask(
                    session, kind="quarterly", period_start=start, period_end=end, by=None, at=NOW,
                    report=report, goal=goal,
                ),
                NOW,
            )
            for start, end in (SECOND, THIRD)
            for goal in (speed, safety)
        ]  # fmt: skip
        session.flush()
        assert [editions.before(session, one) for one in made] == [None, None, made[0], made[1]]


# Shares


def test_a_share_is_open_until_its_day_or_until_it_is_ended(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        edition = an_edition(session, NOW)
        week = shares.share(session, edition, days=7, by=cast.manager, at=NOW, name="The board")
        month = shares.share(session, edition, days=30, by=cast.manager, at=NOW)
        moments = [NOW + timedelta(days=days) for days in (6, 7, 29, 30)]
        assert [shares.is_open(week, now=at) for at in moments] == [True, False, False, False]
        assert [shares.is_open(month, now=at) for at in moments] == [True, True, True, False]
        shares.end(session, month, by=cast.manager, at=NOW)
        shares.end(session, month, by=cast.manager, at=NOW)
        assert not shares.is_open(month, now=NOW)
        assert [one.action for one in history.timeline(session, month)] == ["share.added", "share.ended"]


def test_only_what_is_there_is_shared_and_not_for_ever(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        asked = editions.ask(
            session, kind="quarterly", period_start=THIRD[0], period_end=THIRD[1], by=None, at=NOW
        )
        with pytest.raises(shares.ShareRefused):
            shares.share(session, asked, days=7, by=cast.manager, at=NOW)
        publish(asked, NOW)
        with pytest.raises(shares.ShareRefused):
            shares.share(session, asked, days=3650, by=cast.manager, at=NOW)
        assert shares.of(session, asked) == []
