"""The reports' pages: who may see and ask, what the forms refuse, and what can be taken along."""

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import editions
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Edition, Mail, Organisation
from portfolio.states import EditionStatus
from reports import edition as report
from tests.conftest import Cast
from tests.reports.story import QUARTER, tell

SignIn = Callable[[object, Any], None]


@pytest.fixture
def published(database: Database, cast: Cast, links: Links, now: datetime) -> int:
    """The third quarter of the story, built."""
    with database.writing() as session:
        tell(session, manager=session.merge(cast.manager, load=False), links=links)
        number = asked_for(database, now, session).id
        report.build(session, number, now=now, flow_run_id=None)
        return number


@pytest.fixture
def asked(database: Database, cast: Cast, now: datetime) -> int:
    with database.writing() as session:
        return asked_for(database, now, session).id


@pytest.fixture
def failed(database: Database, cast: Cast, now: datetime) -> int:
    with database.writing() as session:
        edition = asked_for(database, now, session)
        for _ in range(editions.MOST_TRIES):
            editions.note_failure(session, edition, "OSError: the disk is full", at=now)
        return edition.id


def asked_for(_database: Database, now: datetime, session: Any) -> Edition:
    start, end = QUARTER
    made = editions.ask(session, kind="quarterly", period_start=start, period_end=end, by=None, at=now)
    session.flush()
    return made


def all_editions(database: Database) -> list[tuple[str, date, date]]:
    with database.reading() as session:
        return [(one.kind, one.period_start, one.period_end) for one in session.scalars(select(Edition))]


READS = [
    "/reports",
    "/reports/{n}",
    "/reports/{n}/state",
    *(f"/reports/{{n}}.{kind}" for kind in ("pdf", "xlsx", "json", "csv")),
]
WRITES = ["/reports", "/reports/{n}/mailing", "/reports/{n}/retry"]


def test_only_leaders_and_managers_read(
    client: TestClient, cast: Cast, sign_in: SignIn, published: int
) -> None:
    paths = [path.format(n=published) for path in READS]
    for who, status in (
        ("requester", 404),
        ("other", 404),
        ("expert", 404),
        ("leader", 200),
        ("manager", 200),
    ):
        sign_in(client, getattr(cast, who))
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, status), who


def test_a_stranger_is_sent_to_sign_in(client: TestClient, published: int) -> None:
    answers = [client.get(path.format(n=published)) for path in READS]
    answers += [client.post(path.format(n=published)) for path in WRITES]
    assert {answer.headers["location"].split("?")[0] for answer in answers} == {"/sign-in"}


def test_only_managers_ask_mail_and_retry(
    client: TestClient, cast: Cast, sign_in: SignIn, published: int, database: Database
) -> None:
    before = all_editions(database)
    paths = [path.format(n=published) for path in WRITES]
    for who in ("requester", "other", "expert", "leader"):
        sign_in(client, getattr(cast, who))
        answers = {path: client.post(path, data={"recipients": "a@b.example"}).status_code for path in paths}
        assert answers == dict.fromkeys(paths, 404), who
    assert all_editions(database) == before
    with database.reading() as session:
        assert session.scalars(select(Mail).where(Mail.about == f"edition:{published}")).all() == []


@pytest.mark.parametrize(
    "path",
    [
        "/reports/99",
        "/reports/99.pdf",
        "/reports/99/state",
        f"/reports/{2**40}",
        "/reports/x",
        "/reports/1.exe",
    ],
)
def test_what_is_not_there_is_not_found(path: str, client: TestClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.manager)
    assert client.get(path).status_code == 404


def test_an_empty_list_teaches_and_offers_the_form_to_managers_only(
    client: TestClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.leader)
    leaders = client.get("/reports").text
    sign_in(client, cast.manager)
    managers = client.get("/reports").text
    assert ("No report yet" in leaders, "Build the report" in leaders) == (True, False)
    assert ("No report yet" in managers, "Build the report" in managers) == (True, True)


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ({}, ("quarterly", date(2026, 10, 1), date(2027, 1, 1))),
        ({"period": "this_quarter"}, ("quarterly", date(2026, 10, 1), date(2027, 1, 1))),
        ({"period": "last_quarter"}, ("quarterly", date(2026, 7, 1), date(2026, 10, 1))),
        ({"period": "this_month"}, ("monthly", date(2026, 11, 1), date(2026, 12, 1))),
        ({"period": "last_month"}, ("monthly", date(2026, 10, 1), date(2026, 11, 1))),
        ({"period": "last_week"}, ("weekly", date(2026, 11, 9), date(2026, 11, 16))),
        ({"period": "rolling"}, ("custom", date(2026, 10, 21), date(2026, 11, 20))),
        ({"first": "2026-05-04", "last": "2026-05-04"}, ("custom", date(2026, 5, 4), date(2026, 5, 5))),
    ],
)
def test_asking_keeps_the_wish_and_leads_to_its_page(
    form: dict[str, str],
    wanted: tuple[str, date, date],
    client: TestClient,
    cast: Cast,
    sign_in: SignIn,
    database: Database,
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/reports", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports/1")
    assert all_editions(database) == [wanted]


def test_pressing_the_button_twice_asks_once(
    client: TestClient, cast: Cast, sign_in: SignIn, database: Database
) -> None:
    sign_in(client, cast.manager)
    places = [client.post("/reports", data={"period": "last_month"}).headers["location"] for _ in range(2)]
    assert places == ["/reports/1", "/reports/1"]
    assert len(all_editions(database)) == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"period": "last_decade"}, "Please choose one of these."),
        ({"first": "2026-05-04"}, "Please give a day."),
        ({"first": "yesterday", "last": "2026-05-04"}, "Please give a date such as"),
        ({"first": "2026-05-04", "last": "2026-05-03"}, "The last day can’t be before the first."),
        ({"first": "2027-05-04", "last": "2027-05-05"}, "This day is still to come"),
        ({"first": "2001-01-01", "last": "2026-05-05"}, "Please keep the period under three years."),
        ({"first": "0001-01-01", "last": "9999-12-31"}, "Please give a date between"),
    ],
)
def test_a_wrong_period_is_said_beside_its_field_and_nothing_is_asked(
    form: dict[str, str], words: str, client: TestClient, cast: Cast, sign_in: SignIn, database: Database
) -> None:
    sign_in(client, cast.manager)
    answer = client.post("/reports", data=form)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert all(value in answer.text for value in form.values() if value[:2] == "20")
    assert all_editions(database) == []


def test_while_it_is_built_the_page_polls_and_then_stops(
    client: TestClient, cast: Cast, sign_in: SignIn, asked: int, database: Database, now: datetime
) -> None:
    sign_in(client, cast.leader)
    before = client.get(f"/reports/{asked}").text
    part = client.get(f"/reports/{asked}/state").text
    with database.writing() as session:
        report.build(session, asked, now=now, flow_run_id=None)
    after = client.get(f"/reports/{asked}/state").text
    poll = f'hx-get="/reports/{asked}/state"'
    assert (poll in before, poll in part, poll in after) == (True, True, False)
    assert part.lstrip().startswith('<div id="edition"')
    assert ("being built" in part, '<article class="report ' in after) == (True, True)


def test_files_of_an_unfinished_report_are_not_found(
    client: TestClient, cast: Cast, sign_in: SignIn, asked: int
) -> None:
    sign_in(client, cast.manager)
    answers = [client.get(f"/reports/{asked}.{kind}").status_code for kind in ("pdf", "xlsx", "json", "csv")]
    assert answers == [404] * 4
    assert client.post(f"/reports/{asked}/mailing", data={"recipients": "a@b.example"}).status_code == 404


def test_a_failed_report_says_why_to_managers_and_can_be_tried_again(
    client: TestClient, cast: Cast, sign_in: SignIn, failed: int, database: Database
) -> None:
    sign_in(client, cast.leader)
    leaders = client.get(f"/reports/{failed}").text
    sign_in(client, cast.manager)
    managers = client.get(f"/reports/{failed}").text
    assert ("could not be built" in leaders, "disk is full" in leaders, "Try again" in leaders) == (
        True,
        False,
        False,
    )
    assert ("could not be built" in managers, "disk is full" in managers, "Try again" in managers) == (
        True,
        True,
        True,
    )
    answer = client.post(f"/reports/{failed}/retry")
    assert answer.headers["location"] == f"/reports/{failed}"
    with database.reading() as session:
        edition = session.get_one(Edition, failed)
        assert (edition.status, edition.attempts, edition.error) == (EditionStatus.ASKED, 0, "")


def test_the_report_is_on_the_page_with_its_tables(
    client: TestClient, cast: Cast, sign_in: SignIn, published: int
) -> None:
    sign_in(client, cast.leader)
    said = unescape(client.get(f"/reports/{published}").text)
    assert "From 1 July to 30 September 2026, 8 requests came in and 5 were decided" in said
    assert said.count('<svg class="chart"') == 4
    assert re.findall(r"<caption>([^<]+)</caption>", said) == [
        "Key figures", "Goals", "Stories", "Measured results", "Projects worked on", "Decisions and reasons",
        "Requests by week", "Cards finished in the period", "Cards finished by week",
        "What needs attention",
    ]  # fmt: skip
    assert ("style=" in said, "<script>" in said) == (False, False)


def test_files_come_with_their_kind_and_name(
    client: TestClient, cast: Cast, sign_in: SignIn, published: int, database: Database
) -> None:
    sign_in(client, cast.leader)
    got = {kind: client.get(f"/reports/{published}.{kind}") for kind in ("pdf", "xlsx", "json", "csv")}
    assert {
        kind: (answer.headers["content-type"], answer.headers["content-disposition"])
        for kind, answer in got.items()
    } == {
        "pdf": ("application/pdf", 'inline; filename="quarterly-report-q3-2026.pdf"'),
        "xlsx": (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            'attachment; filename="quarterly-report-q3-2026.xlsx"',
        ),
        "json": ("application/json", 'attachment; filename="quarterly-report-q3-2026.json"'),
        "csv": ("text/csv; charset=utf-8", 'attachment; filename="quarterly-report-q3-2026.csv"'),
    }
    assert (got["pdf"].content[:5], got["xlsx"].content[:2]) == (b"%PDF-", b"PK")
    with database.reading() as session:
        assert hashlib.sha256(got["json"].content).hexdigest() == session.get_one(Edition, published).checksum


def test_the_mailing_starts_with_the_usual_readers_and_goes_to_each_once(
    client: TestClient, cast: Cast, sign_in: SignIn, published: int, database: Database
) -> None:
    with database.writing() as session:
        session.get_one(Organisation, cast.organisation.id).report_recipients = "lena@fernweh.example"
    sign_in(client, cast.manager)
    assert "lena@fernweh.example</textarea>" in client.get(f"/reports/{published}").text
    typed = "Lena@fernweh.example; board@fernweh.example,\nlena@fernweh.example"
    answer = client.post(f"/reports/{published}/mailing", data={"recipients": typed, "words": "For Monday."})
    assert answer.headers["location"] == f"/reports/{published}?mailed=2"
    assert "On its way to 2 people" in client.get(answer.headers["location"]).text
    with database.reading() as session:
        mails = session.scalars(select(Mail).where(Mail.about == f"edition:{published}")).all()
        assert [(one.recipient, one.attachments, one.text[:11]) for one in mails] == [
            ("lena@fernweh.example", [{"edition": published, "format": "pdf"}], "For Monday."),
            ("board@fernweh.example", [{"edition": published, "format": "pdf"}], "For Monday."),
        ]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"recipients": " , "}, "Please give at least one address."),
        ({"recipients": "lena@fernweh.example, <script>"}, "“<script>” doesn’t look like an e-mail address."),
        (
            {"recipients": " ".join(f"p{n}@fernweh.example" for n in range(101))},
            "Please give at most 100 addresses.",
        ),
        (
            {"recipients": "lena@fernweh.example", "words": "x" * 1001},
            "Please keep this under 1000 characters.",
        ),
    ],
)
def test_a_wrong_mailing_is_said_beside_its_field_and_nobody_is_mailed(
    form: dict[str, str],
    words: str,
    client: TestClient,
    cast: Cast,
    sign_in: SignIn,
    published: int,
    database: Database,
) -> None:
    sign_in(client, cast.manager)
    answer = client.post(f"/reports/{published}/mailing", data=form)
    assert (answer.status_code, words in unescape(answer.text)) == (422, True)
    assert "<script>”" not in answer.text
    assert form["recipients"].strip() in unescape(answer.text)
    with database.reading() as session:
        assert session.scalars(select(Mail).where(Mail.about == f"edition:{published}")).all() == []


def test_what_people_typed_is_text_in_the_report(
    client: TestClient, cast: Cast, sign_in: SignIn, database: Database, now: datetime
) -> None:
    from tests.factory import a_project

    with database.writing() as session:
        manager = session.merge(cast.manager, load=False)
        a_project(session, by=manager, at=now.replace(hour=1), name="<img src=x onerror=alert(1)> & Söhne ☃")
        edition = asked_for(database, now, session)
        edition.period_start, edition.period_end = date(2026, 10, 1), date(2027, 1, 1)
        report.build(session, edition.id, now=now, flow_run_id=None)
        number = edition.id
    sign_in(client, cast.leader)
    said = client.get(f"/reports/{number}").text
    assert (
        "<img" in said.split("<article")[1],
        "&lt;img src=x onerror=alert(1)&gt; &amp; Söhne ☃" in said,
    ) == (False, True)


def test_the_style_is_kept_by_browsers_and_named_by_its_content(
    client: TestClient, cast: Cast, sign_in: SignIn, asked: int
) -> None:
    sign_in(client, cast.leader)
    (address,) = re.findall(r"/reports/document.css\?v=[0-9a-f]{10}", client.get(f"/reports/{asked}").text)
    sign_in(client, None)
    answer = client.get(address)
    assert (answer.headers["content-type"], "immutable" in answer.headers["cache-control"]) == (
        "text/css; charset=utf-8",
        True,
    )
