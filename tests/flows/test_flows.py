"""What each flow does, without Prefect: a task's plain function over a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import delete, func, select

from flows import (
    connection,
    keep_house,
    outbox,
    publish_report,
    score_requests,
    send_mails,
    track_iterations,
)
from flows.link import Link
from portfolio import editions, iterations, mails
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Assessment, Edition, Event, Mail, Organisation, Report, Snapshot
from portfolio.settings import Settings
from portfolio.states import EditionStatus
from tests.conftest import Cast
from tests.factory import a_request

NOBODY_THERE = "http://127.0.0.1:9/api"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The moment the flows take for now; change its only item to let time pass."""
    moment = [datetime(2026, 11, 20, 10, 0, tzinfo=UTC)]
    for module in (
        connection,
        keep_house,
        outbox,
        publish_report,
        score_requests,
        send_mails,
        track_iterations,
    ):
        monkeypatch.setattr(module, "now", lambda: moment[0])
    return moment  # type: ignore[return-value] # nothing to clean up


def test_all_that_waits_is_scored_once(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        wanted = {a_request(session, links=links, title=f"Request {n}").id for n in range(3)}
    assert outbox.look().requests
    assert [len(score_requests.score_some.fn(run)) for run in ("run-1", "run-2")] == [3, 0]
    with database.reading() as session:
        scored = session.execute(select(Assessment.learning_request_id, Assessment.flow_run_id)).all()
    assert sorted(scored) == sorted((id_, "run-1") for id_ in wanted)
    assert not outbox.look().requests


def test_the_night_scores_every_open_request_again(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    score_requests.score_some.fn()
    assert score_requests.want_all.fn() == 1
    assert len(score_requests.score_some.fn()) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count(Assessment.id))) == 2


def test_a_long_queue_is_scored_in_short_transactions(
    clockwork: Settings, database: Database, cast: Cast, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_requests, "AT_ONCE", 2)
    with database.writing() as session:
        for n in range(3):
            a_request(session, links=links, title=f"Request {n}")
    assert [len(score_requests.score_some.fn()) for _ in range(3)] == [2, 1, 0]


def test_mails_leave_without_prefect(clockwork: Settings, database: Database, at: list[datetime]) -> None:
    with database.writing() as session:
        mails.queue(session, to="kim@fernweh.example", subject="Sign in", text="Here.", at=at[0])
    link = Link(NOBODY_THERE)
    link.found()
    assert outbox.mail(link)
    assert not link.is_up
    (kept,) = (clockwork.data / "outbox").iterdir()
    assert message_from_bytes(kept.read_bytes())["Subject"] == "Sign in"
    assert not outbox.look().mails


def test_scores_and_reports_wait_for_prefect(
    clockwork: Settings, database: Database, cast: Cast, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    link = Link(NOBODY_THERE)
    link.found()
    assert outbox.by_prefect(link, score_requests.score_requests)
    assert not link.is_up
    assert outbox.look().requests


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 20, 22, 55, tzinfo=UTC), date(2026, 11, 20)),  # 23:55 in Berlin
        (datetime(2026, 11, 20, 23, 55, tzinfo=UTC), date(2026, 11, 20)),  # 0:55, a run that was late
        (datetime(2026, 11, 21, 7, 0, tzinfo=UTC), date(2026, 11, 21)),
    ],
)
def test_a_snapshot_counts_for_the_day_that_ends(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime], moment: datetime, day: date
) -> None:
    with database.writing() as session:
        sprint = iterations.plan(
            session,
            starts_on=date(2026, 11, 16),
            ends_on=date(2026, 11, 27),
            capacity_hours=30,
            goal="Quotes",
            by=cast.manager,
            at=at[0] - timedelta(days=4),
        )
        iterations.start(session, sprint, by=cast.manager, at=at[0] - timedelta(days=4))
    at[0] = moment
    days = (day - date(2026, 11, 16)).days + 1
    taken = [track_iterations.snapshot.fn(), track_iterations.snapshot.fn()]
    assert taken[0] == days  # those before were missed, or looked at before they were over
    with database.reading() as session:
        held = session.scalars(select(Snapshot.on).order_by(Snapshot.on)).all()
    assert held == [date(2026, 11, 16) + timedelta(days=n) for n in range(days)]


def a_year_old(database: Database, at: datetime) -> None:
    """An organisation of earlier versions, that nobody has designed a report in."""
    with database.writing() as session:
        ours = session.scalars(select(Organisation)).one()
        ours.set_up_at = at - timedelta(days=365)
        ours.report_recipients = "lena@fernweh.example; board@fernweh.example"


def asked_editions(database: Database) -> list[tuple[str, date, date]]:
    with database.reading() as session:
        found = session.scalars(select(Edition).order_by(Edition.id))
        return [(one.title.partition(",")[0], one.period_start, one.period_end) for one in found]


def test_the_reports_of_earlier_versions_become_designs_and_are_caught_up_once(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    a_year_old(database, at[0])
    assert publish_report.is_due()
    assert [publish_report.ask_if_due.fn() for _ in range(2)] == [[1, 2, 3], []]
    assert not publish_report.is_due()
    assert asked_editions(database) == [
        ("Quarterly report", date(2026, 7, 1), date(2026, 10, 1)),
        ("Monthly report", date(2026, 10, 1), date(2026, 11, 1)),
        ("Weekly digest", date(2026, 11, 9), date(2026, 11, 16)),
    ]
    with database.reading() as session:
        designs = session.execute(select(Report.name, Report.next_on, Report.recipients).order_by(Report.id))
        readers = "lena@fernweh.example board@fernweh.example"
        assert [tuple(one) for one in designs] == [
            ("Quarterly report", date(2027, 1, 1), readers),
            ("Monthly report", date(2026, 12, 1), readers),
            ("Weekly digest", date(2026, 11, 23), readers),
        ]


def test_an_organisation_that_begins_today_has_nothing_to_tell_of_before(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    assert publish_report.ask_if_due.fn() == []
    with database.reading() as session:
        assert sorted(session.scalars(select(Report.next_on))) == [  # type: ignore[type-var] # all have one
            date(2026, 11, 23),
            date(2026, 12, 1),
            date(2027, 1, 1),
        ]


def test_of_a_schedule_missed_often_only_the_latest_period_is_asked_for(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    publish_report.ask_if_due.fn()
    at[0] = datetime(2026, 12, 22, 3, 0, tzinfo=UTC)  # down for a month; before five in the morning
    assert publish_report.is_due()  # since yesterday and longer
    assert len(publish_report.ask_if_due.fn()) == 2
    assert asked_editions(database) == [
        ("Weekly digest", date(2026, 12, 14), date(2026, 12, 21)),
        ("Monthly report", date(2026, 11, 1), date(2026, 12, 1)),
    ]
    assert (publish_report.ask_if_due.fn(), publish_report.is_due()) == ([], False)


def test_what_is_due_today_waits_for_its_hour(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    publish_report.ask_if_due.fn()
    due = []
    for hour, minute in ((22, 59), (23, 1), (3, 0), (5, 0)):  # Berlin is an hour ahead
        day = 22 if hour > 20 else 23
        at[0] = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
        due.append(publish_report.is_due())
    assert due == [False, False, False, True]


def test_nothing_is_asked_for_before_the_first_visit(clockwork: Settings, database: Database) -> None:
    assert (publish_report.is_due(), publish_report.ask_if_due.fn()) == (False, [])


def a_monthly_edition(database: Database, at: datetime) -> int:
    """Asked for by the calendar, for two readers."""
    a_year_old(database, at)
    return publish_report.ask_if_due.fn()[1]


@pytest.mark.slow
def test_an_edition_is_built_apart_and_mailed_to_the_readers_in_the_same_breath(
    clockwork: Settings, database: Database, cast: Cast
) -> None:
    """A worker killed right after has nothing left to do."""
    edition = a_monthly_edition(database, datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    publish_report.build.fn(edition, "run-1")
    with database.reading() as session:
        found = editions.find(session, edition, "html", "pdf", "xlsx")
        assert found is not None
        assert (found.status, found.flow_run_id, found.attempts) == (EditionStatus.PUBLISHED, "run-1", 0)
        assert found.pdf is not None
        assert found.pdf.startswith(b"%PDF")
        assert sorted(session.scalars(select(Mail.recipient))) == [
            "board@fernweh.example",
            "lena@fernweh.example",
        ]


def test_a_builder_that_fails_says_why_in_a_line(
    clockwork: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = a_monthly_edition(database, datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    monkeypatch.setenv("OUTSIZE_DATABASE_URL", "sqlite:////nowhere/at.all")
    with pytest.raises(publish_report.BuildFailed) as failed:
        publish_report.build.fn(edition)
    assert str(failed.value) == "OperationalError: (sqlite3.OperationalError) unable to open database file"
    assert "Traceback" in failed.value.__notes__[0]


def test_an_edition_that_cant_be_built_is_given_up_after_three_tries(
    clockwork: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise publish_report.BuildFailed("No ink.")

    monkeypatch.setattr(publish_report, "_build_apart", fail)
    edition = a_monthly_edition(database, datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    with database.writing() as session:
        session.execute(delete(Edition).where(Edition.id != edition))
    for _ in range(publish_report.TRIES):
        assert outbox.look().edition == edition
        with pytest.raises(publish_report.BuildFailed):
            publish_report.build.fn(edition)
    assert outbox.look().edition is None
    with database.reading() as session:
        told = session.scalars(select(Mail)).one()
        assert (told.recipient, told.subject) == (
            "mara@fernweh.example",
            "A report could not be built: Monthly report, October 2026",
        )
        assert "The last attempt said: No ink." in told.text
        found = session.get_one(Edition, edition)
        assert (found.status, found.attempts, found.error) == (EditionStatus.FAILED, 3, "No ink.")
        assert session.scalar(select(func.count(Event.id)).where(Event.action == "edition.failed")) == 1


def test_the_house_is_backed_up_and_tidied(clockwork: Settings, database: Database, cast: Cast) -> None:
    made = keep_house.back_up.fn()
    assert (clockwork.data / "backups" / made).stat().st_size > 0
    assert keep_house.expire.fn().keys() >= {"sign_in_links", "visits", "mails"}
