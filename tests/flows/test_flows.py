"""What each flow does, without Prefect: a task's plain function over a real database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import func, select

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
from portfolio.models import Assessment, Edition, Event, Mail, Snapshot
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


def test_a_period_is_asked_for_once(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    asked = [publish_report.ask_if_due.fn("quarterly") for _ in range(2)]
    assert asked == [1, None]
    with database.reading() as session:
        edition = session.get_one(Edition, 1)
        assert (edition.period_start, edition.period_end) == (date(2026, 7, 1), date(2026, 10, 1))


def test_reports_missed_while_down_are_caught_up_once(
    clockwork: Settings, database: Database, cast: Cast, at: list[datetime]
) -> None:
    assert [keep_house.catch_up.fn(), keep_house.catch_up.fn()] == [3, 0]
    assert outbox.look().edition == 1


def test_nothing_is_asked_for_before_the_first_visit(clockwork: Settings, database: Database) -> None:
    assert keep_house.catch_up.fn() == 0


@pytest.mark.slow
def test_an_edition_is_built_apart_and_mailed_to_the_readers(
    clockwork: Settings, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        session.merge(cast.organisation).report_recipients = "lena@fernweh.example; board@fernweh.example"
    edition = publish_report.ask_if_due.fn("monthly")
    assert edition is not None
    publish_report.build.fn(edition, "run-1")
    with database.reading() as session:
        found = editions.find(session, edition, "html", "pdf", "xlsx")
        assert found is not None
        assert (found.status, found.flow_run_id, found.attempts) == (EditionStatus.PUBLISHED, "run-1", 0)
        assert found.pdf is not None
        assert found.pdf.startswith(b"%PDF")
    assert [publish_report.mail_to_readers.fn(edition) for _ in range(2)] == [2, 0]
    with database.reading() as session:
        assert set(session.scalars(select(Mail.recipient))) == {
            "lena@fernweh.example",
            "board@fernweh.example",
        }


def test_a_builder_that_fails_says_why_in_a_line(
    clockwork: Settings, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = publish_report.ask_if_due.fn("monthly")
    assert edition is not None
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
    edition = publish_report.ask_if_due.fn("monthly")
    assert edition is not None
    for _ in range(publish_report.TRIES):
        assert outbox.look().edition == edition
        with pytest.raises(publish_report.BuildFailed):
            publish_report.build.fn(edition)
    assert outbox.look().edition is None
    with database.reading() as session:
        found = session.get_one(Edition, edition)
        assert (found.status, found.attempts, found.error) == (EditionStatus.FAILED, 3, "No ink.")
        assert session.scalar(select(func.count(Event.id)).where(Event.action == "edition.failed")) == 1


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", []),
        ("a@b.example", ["a@b.example"]),
        (
            " a@b.example,c@d.example;\ne@f.example a@b.example ",
            ["a@b.example", "c@d.example", "e@f.example"],
        ),
    ],
)
def test_the_readers_list_is_read_as_typed(typed: str, read: list[str]) -> None:
    assert publish_report.addresses(typed) == read


def test_the_house_is_backed_up_and_tidied(clockwork: Settings, database: Database, cast: Cast) -> None:
    made = keep_house.back_up.fn()
    assert (clockwork.data / "backups" / made).stat().st_size > 0
    assert keep_house.expire.fn().keys() >= {"sign_in_links", "visits", "mails"}
