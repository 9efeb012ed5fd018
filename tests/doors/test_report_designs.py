"""Designing reports, and what is done with their editions: by whom, and what a shared link opens."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portfolio import editions, goals, report_designs, shares
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Edition, Event, Mail, Person, Report, Share
from portfolio.states import EditionStatus
from tests.conftest import NOW, Cast
from tests.factory import a_project
from tests.reports.published import SECOND, THIRD, an_edition, figures, publish
from web.clock import read_clock

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, cast: Cast, sign_in: SignIn) -> TestClient:
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def design(database: Database, cast: Cast) -> int:
    with database.writing() as session:
        return report_designs.begin(
            session, audience="leadership", name="For the board", by=cast.manager, at=NOW
        ).id


@pytest.fixture
def edition(database: Database, cast: Cast, design: int) -> int:
    with database.writing() as session:
        return an_edition(session, NOW, report=session.get_one(Report, design)).id


def form_of(report: Report, **fields: Any) -> dict[str, Any]:
    """What the builder sends when nothing is touched, and what is touched."""
    sections = {"section": [one["key"] for one in report.sections]}
    on = {f"on_{one['key']}": "1" for one in report.sections if one["on"]}
    return {"version": str(report.version), "name": report.name, "rhythm": "", **sections, **on, **fields}


def read(database: Database, number: int) -> Report:
    with database.reading() as session:
        return session.get_one(Report, number)


def on_in(report: Report) -> list[str]:
    return [one["key"] for one in report.sections if one["on"]]


WRITES = [
    "/reports/designs",
    "/reports/designs/{design}",
    "/reports/designs/{design}/ending",
    "/reports/{edition}/shares",
    "/reports/{edition}/shares/{share}/ending",
    "/reports/{edition}/correction",
    "/reports/{edition}/mails/{mail}/retry",
]


def test_leaders_read_designs_and_editions_and_change_nothing(
    client: TestClient,
    cast: Cast,
    sign_in: SignIn,
    database: Database,
    links: Links,
    design: int,
    edition: int,
) -> None:
    with database.writing() as session:
        found = session.get_one(Edition, edition)
        share = shares.share(session, found, days=7, by=cast.manager, at=NOW).id
        editions.mail_out(session, found, ["a@b.example"], words="", links=links, by=cast.manager, at=NOW)
    numbers = {"design": design, "edition": edition, "share": share, "mail": 1}
    with database.reading() as session:
        before = session.scalar(select(func.count(Event.id)).where(Event.action != "person.signed_in"))
    for who in ("requester", "other", "expert", "leader"):
        sign_in(client, getattr(cast, who))
        form = {"audience": "leadership", "days": "7", "why": "Why?", "name": "Mine"}
        answers = {path: client.post(path.format(**numbers), data=form).status_code for path in WRITES}
        assert answers == dict.fromkeys(WRITES, 404), who
    with database.reading() as session:
        assert (
            session.scalar(select(func.count(Event.id)).where(Event.action != "person.signed_in")) == before
        )
        assert session.get_one(Share, share).ended_at is None
    sign_in(client, cast.leader)
    page = client.get(f"/reports/designs/{design}").text
    assert ("For the board" in page, "What stands in it" in page, "<form class=" in page) == (
        True,
        True,
        False,
    )
    assert client.get("/reports/designs/new").status_code == 404
    of_edition = client.get(f"/reports/{edition}").text
    assert ("Share it by a link" in of_edition, links.share(session.get_one(Share, share)) in of_edition) == (
        False,
        False,
    )


def test_a_design_begins_from_an_audience_and_leads_to_its_builder(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        goal = goals.add(session, name="Speed", weight=3, by=cast.manager, at=NOW).id
    answer = manager.post("/reports/designs", data={"audience": "sponsor", "name": "", "goal": str(goal)})
    assert answer.headers["location"] == "/reports/designs/1?saved=begun"
    made = read(database, 1)
    assert (made.name, made.audience, made.goal_id) == ("For the sponsor of a goal", "sponsor", goal)
    assert "For the sponsor of a goal" in manager.get("/reports").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"audience": "everybody"}, "Please choose one of these."),
        ({"audience": "sponsor", "goal": "99"}, "Please choose one of these."),
        ({"audience": "showcase", "name": "Our best"}, "Please choose the project it is about."),
    ],
)
def test_a_design_that_cant_be_is_refused_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, form: dict[str, str], words: str
) -> None:
    answer = manager.post("/reports/designs", data=form)
    assert (answer.status_code, words in answer.text, form.get("name", "") in answer.text) == (
        422,
        True,
        True,
    )
    with database.reading() as session:
        assert session.scalar(select(func.count(Report.id))) == 0


def test_sections_go_on_off_up_and_get_words_without_a_script(
    manager: TestClient, database: Database, design: int
) -> None:
    report = read(database, design)
    form = form_of(
        report, move="up:kpis", words_kpis="Read the second.", title_kpis="Five figures", rhythm="weekly"
    )
    form.pop("on_flow")
    answer = manager.post(f"/reports/designs/{design}", data=form)
    assert answer.headers["location"] == f"/reports/designs/{design}?moved=kpis#section-kpis"
    kept = read(database, design)
    was = on_in(report)
    was.remove("flow")
    assert on_in(kept) == ["kpis", "summary", *was[2:]]
    assert kept.sections[0] == {
        "key": "kpis",
        "on": True,
        "title": "Five figures",
        "words": "Read the second.",
    }
    assert (kept.version, kept.rhythm, kept.next_on) == (2, "weekly", date(2026, 11, 23))
    page = unescape(manager.get(answer.headers["location"]).text)
    assert page.index('id="section-kpis"') < page.index('id="section-summary"')
    assert ('value="Five figures"' in page, "Read the second.</textarea>" in page) == (True, True)


def test_readers_rhythm_and_quiet_days_are_kept(manager: TestClient, database: Database, design: int) -> None:
    form = form_of(
        read(database, design),
        rhythm="rolling",
        rolling_days="28",
        recipients="Lena@fernweh.example, board@fernweh.example",
        quiet_weekday=["5", "6"],
        quiet_dates="2026-12-24\n2026-12-25",
    )
    assert manager.post(f"/reports/designs/{design}", data=form).headers["location"].endswith("?saved=kept")
    kept = read(database, design)
    assert (kept.rolling_days, kept.next_on, kept.recipients, kept.quiet_days) == (
        28,
        date(2026, 12, 18),
        "lena@fernweh.example board@fernweh.example",
        [5, 6, "2026-12-24", "2026-12-25"],
    )
    assert "every 28 days" in manager.get("/reports").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"rhythm": "hourly"}, "Please choose one of these."),
        ({"rolling_days": "some"}, "Please give a number."),
        ({"recipients": "lena at fernweh"}, "doesn’t look like an e-mail address."),
        ({"quiet_dates": "Christmas"}, "Please give dates such as 2026-12-24"),
        ({"quiet_weekday": list("0123456")}, "Please leave one weekday on which it may be mailed."),
        ({"words_kpis": "x" * 1001}, "Please keep this under 1000 characters."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, design: int, fields: dict[str, Any], words: str
) -> None:
    form = {**form_of(read(database, design), title_goals="My own title"), **fields}
    answer = manager.post(f"/reports/designs/{design}", data=form)
    said = unescape(answer.text)
    assert (answer.status_code, words in said, 'value="My own title"' in said) == (422, True, True)
    assert all(value in said for name, value in fields.items() if name not in {"rhythm", "quiet_weekday"})
    assert read(database, design).version == 1


def test_who_comes_second_is_told_and_can_save_again(
    manager: TestClient, database: Database, design: int
) -> None:
    first, second = (form_of(read(database, design), name=name) for name in ("Hers", "His"))
    assert manager.post(f"/reports/designs/{design}", data=first).status_code == 303
    answer = manager.post(f"/reports/designs/{design}", data=second)
    assert (answer.status_code, "Somebody else changed this report" in answer.text) == (409, True)
    assert ('value="His"' in answer.text, 'name="version" value="2"' in answer.text) == (True, True)
    assert manager.post(f"/reports/designs/{design}", data={**second, "version": "2"}).status_code == 303
    assert read(database, design).name == "His"


def test_an_ended_design_leaves_the_list_and_its_editions_stay(
    manager: TestClient, database: Database, design: int, edition: int
) -> None:
    assert manager.post(f"/reports/designs/{design}/ending").headers["location"] == "/reports?saved=ended"
    page = manager.get("/reports").text
    assert (f'href="/reports/designs/{design}"' in page, f'href="/reports/{edition}"' in page) == (
        False,
        True,
    )
    assert manager.post("/reports", data={"design": str(design)}).status_code == 422
    assert manager.post(f"/reports/designs/{design}", data=form_of(read(database, design))).status_code == 422


def test_an_edition_is_asked_for_as_designed(manager: TestClient, database: Database, design: int) -> None:
    answers = [
        manager.post("/reports", data={"design": str(design), "period": "last_month"}).headers["location"]
        for _ in range(2)
    ]
    assert answers == ["/reports/1", "/reports/1"]
    with database.reading() as session:
        asked = session.scalars(select(Edition)).one()
        assert (asked.title, asked.report_id, (asked.design or {})["audience"]) == (
            "For the board, October 2026",
            design,
            "leadership",
        )


def test_a_sponsors_report_without_news_asks_for_nothing_and_says_so(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        report_designs.begin(session, audience="sponsor", by=cast.manager, at=NOW)
    answer = manager.post("/reports", data={"design": "1"})
    assert answer.headers["location"] == "/reports?saved=nothing"
    assert "no goal has anything to report" in manager.get(answer.headers["location"]).text


# Correcting and comparing


def test_a_correction_says_why_and_lists_what_differs(
    manager: TestClient, database: Database, links: Links, cast: Cast, edition: int
) -> None:
    assert manager.post(f"/reports/{edition}/correction", data={"why": " "}).status_code == 422
    answer = manager.post(f"/reports/{edition}/correction", data={"why": "Imports were counted twice."})
    number = int(answer.headers["location"].rpartition("/")[2])
    with database.writing() as session:
        publish(session.get_one(Edition, number), NOW, figures(received=5))
    new = unescape(manager.get(f"/reports/{number}").text)
    old = unescape(manager.get(f"/reports/{edition}").text)
    assert ("Imports were counted twice." in new, "Corrects an earlier edition: 1 difference" in new) == (
        True,
        True,
    )
    assert all(words in new for words in ("Requests received", ">8<", "<b>5</b>", "−3"))
    assert ("This edition has been corrected." in old, f'href="/reports/{number}"' in old) == (True, True)
    with database.writing() as session:
        found = session.get_one(Edition, edition)
        share = links.share_path(shares.share(session, found, days=7, by=cast.manager, at=NOW))
    said = manager.get(share).text
    assert ("This edition has been corrected since." in said, f"/reports/{number}" in said) == (True, False)


def test_an_edition_is_compared_with_the_one_before(
    client: TestClient, cast: Cast, sign_in: SignIn, database: Database, design: int
) -> None:
    with database.writing() as session:
        report = session.get_one(Report, design)
        first = an_edition(session, NOW, period=SECOND, report=report, found=figures(8, Speed=1)).id
        second = an_edition(session, NOW, period=THIRD, report=report, found=figures(11, Safety=2)).id
    sign_in(client, cast.leader)
    said = unescape(client.get(f"/reports/{second}/comparison").text)
    assert all(
        words in said for words in ("Q2 2026", "1 figure differs", "+3", "New: Safety.", "Gone: Speed.")
    )
    assert "Nothing to compare with" in client.get(f"/reports/{first}/comparison").text


# Mails


def test_mails_that_failed_are_listed_with_the_reason_and_tried_again(
    manager: TestClient, database: Database, links: Links, cast: Cast, edition: int
) -> None:
    with database.writing() as session:
        found = session.get_one(Edition, edition)
        editions.mail_out(
            session, found, ["a@b.example", "c@d.example"], words="", links=links, by=cast.manager, at=NOW
        )
        sent, failed = session.scalars(select(Mail).order_by(Mail.id))
        sent.sent_at = NOW
        failed.given_up_at, failed.attempts, failed.error = NOW, 8, "SMTPRecipientsRefused: nobody there"
        numbers = (sent.id, failed.id)
    page = manager.get(f"/reports/{edition}").text
    assert ("2 mails so far, 1 not delivered" in page, "nobody there" in page) == (True, True)
    assert page.count("Try again: ") == 1
    assert manager.post(f"/reports/{edition}/mails/{numbers[1]}/retry").status_code == 303
    assert manager.post(f"/reports/{edition + 1}/mails/{numbers[1]}/retry").status_code == 404
    with database.reading() as session:
        again = session.get_one(Mail, numbers[1])
        assert (again.given_up_at, again.attempts, again.next_try_at) == (None, 0, NOW)


# Shares


@pytest.fixture
def shared(manager: TestClient, database: Database, edition: int, links: Links) -> str:
    """The address of a link to the edition, made on its page."""
    answer = manager.post(f"/reports/{edition}/shares", data={"share_name": "The board", "days": "7"})
    assert answer.headers["location"] == f"/reports/{edition}?shared=1#shares"
    with database.reading() as session:
        address = links.share_path(session.scalars(select(Share)).one())
    assert address in manager.get(f"/reports/{edition}").text
    return address


def test_a_link_opens_its_edition_and_its_files_without_an_account_and_nothing_else(
    client: TestClient, sign_in: SignIn, database: Database, cast: Cast, shared: str, edition: int
) -> None:
    with database.writing() as session:
        other = an_edition(session, NOW, period=SECOND).id
        publish_other = shares.share(
            session, session.get_one(Edition, other), days=7, by=cast.manager, at=NOW
        ).id
    sign_in(client, None)
    answers = {ending: client.get(f"{shared}{ending}") for ending in ("", ".pdf", ".xlsx")}
    assert {ending: one.status_code for ending, one in answers.items()} == {
        "": 200,
        ".pdf": 200,
        ".xlsx": 200,
    }
    assert ("Frozen words." in answers[""].text, answers[".pdf"].content, answers[".xlsx"].content) == (
        True,
        b"%PDF-1.7 of it",
        b"PK of it",
    )
    for one in answers.values():
        told = (one.headers["x-robots-tag"], one.headers["referrer-policy"], one.headers["cache-control"])
        assert told == ("noindex, nofollow, noarchive", "no-referrer", "private, no-store")
    assert [
        client.get(f"{shared}{ending}").status_code for ending in (".json", ".csv", ".pptx", ".html")
    ] == [404] * 4
    key = shared.rpartition("/")[2]
    strange = [
        f"/shared/{publish_other}/{key}",
        f"/shared/99/{key}",
        f"/shared/1/{key[:-1]}x",
        f"/shared/1/{key[:-1]}x.pdf",
        f"/shared/{2**40}/{key}",
    ]
    assert [client.get(path).status_code for path in strange] == [404] * 5
    assert client.get(f"/reports/{edition}").status_code == 303
    assert f"/reports/{edition}" not in answers[""].text


def test_a_link_that_expired_or_was_ended_opens_nothing(
    app: Any, manager: TestClient, database: Database, shared: str, edition: int
) -> None:
    def look(at: datetime) -> list[int]:
        app.dependency_overrides[read_clock] = lambda: at
        return [manager.get(f"{shared}{ending}").status_code for ending in ("", ".pdf", ".xlsx")]

    week = timedelta(days=7)
    assert [look(NOW + week - timedelta(seconds=1)), look(NOW + week)] == [[200] * 3, [410] * 3]
    page = manager.get(shared)
    assert ("This link is over" in page.text, "Frozen words." in page.text) == (True, False)
    assert look(NOW) == [200] * 3
    assert manager.post(f"/reports/{edition + 1}/shares/1/ending").status_code == 404
    assert manager.post(f"/reports/{edition}/shares/1/ending").status_code == 303
    assert look(NOW) == [410] * 3


@pytest.mark.parametrize("days", ["", "0", "8", "3650", "soon"])
def test_a_link_lasts_as_long_as_offered_and_no_longer(
    manager: TestClient, database: Database, edition: int, days: str
) -> None:
    assert manager.post(f"/reports/{edition}/shares", data={"days": days}).status_code == 422
    with database.reading() as session:
        assert session.scalar(select(func.count(Share.id))) == 0


def test_an_unfinished_report_cant_be_shared(manager: TestClient, database: Database) -> None:
    with database.writing() as session:
        editions.ask(session, kind="quarterly", period_start=THIRD[0], period_end=THIRD[1], by=None, at=NOW)
    assert manager.post("/reports/1/shares", data={"days": "7"}).status_code == 404


def test_who_tries_keys_is_slowed_down(client: TestClient, sign_in: SignIn, shared: str) -> None:
    sign_in(client, None)
    answers = [client.get(f"/shared/1/guess-{n}").status_code for n in range(121)]
    assert (set(answers[:120]), answers[120]) == ({404}, 429)


# Queries


@pytest.mark.parametrize("address", ["/reports", "/reports/1", "/reports/designs/1"])
def test_queries_do_not_grow_with_designs_editions_and_shares(
    manager: TestClient, database: Database, cast: Cast, links: Links, address: str
) -> None:
    def tell(session: Session) -> None:
        report = report_designs.begin(session, audience="leadership", by=cast.manager, at=NOW)
        goal = goals.add(session, name=f"Goal {report.id}", weight=3, by=cast.manager, at=NOW)
        report_designs.begin(session, audience="sponsor", goal=goal, by=cast.manager, at=NOW)
        project = a_project(session, by=cast.manager)
        report_designs.begin(session, audience="showcase", project=project, by=cast.manager, at=NOW)
        an_edition(session, NOW, report=session.get_one(Report, 1))
        first = session.get_one(Edition, 1)
        shares.share(session, first, days=7, by=cast.manager, at=NOW)
        editions.mail_out(session, first, ["a@b.example"], words="", links=links, by=cast.manager, at=NOW)

    def counted() -> int:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        engine = manager.app.state.database.engine  # type: ignore[attr-defined] # our application
        event.listen(engine, "before_cursor_execute", note)
        assert manager.get(address).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    with database.writing() as session:
        tell(session)
    manager.get(address)
    with_one = counted()
    with database.writing() as session:
        tell(session)
        tell(session)
    assert counted() == with_one
    assert with_one <= 18


def test_the_list_goes_on_on_a_second_page(manager: TestClient, database: Database) -> None:
    with database.writing() as session:
        for _ in range(31):
            an_edition(session, NOW)
    first = manager.get("/reports").text
    assert ('href="/reports?after=2"' in first, 'href="/reports/2"' in first) == (True, True)
    second = manager.get("/reports?after=2").text
    assert ('href="/reports/1"' in second, 'href="/reports/2"' in second) == (True, False)


# Programs


def test_a_program_asks_for_a_designed_report(
    client: TestClient, database: Database, cast: Cast, design: int
) -> None:
    from portfolio import tokens
    from portfolio.states import Role

    with database.writing() as session:
        token = tokens.create(session, name="program", role=Role.MANAGER, at=NOW)
    client.headers["Authorization"] = f"Bearer {token}"
    made = client.post("/api/v1/reports", json={"design": design})
    body = made.json()
    assert (made.status_code, body["title"], body["design"], body["also"], body["status"]) == (
        202,
        "For the board, Q3 2026",
        design,
        [],
        "asked",
    )
    wrong = client.post("/api/v1/reports", json={"design": 99})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "design")
    (listed,) = client.get("/api/v1/reports/designs").json()["items"]
    assert (listed["name"], listed["sections"][0], listed["next_on"]) == ("For the board", "summary", None)
    assert [client.get(f"/api/v1/reports/1.{form}").status_code for form in ("csv", "pptx")] == [409, 409]
    with database.writing() as session:
        publish(session.get_one(Edition, body["id"]), NOW)
    got = {
        form: client.get(f"/api/v1/reports/1.{form}")
        for form in ("html", "pdf", "xlsx", "pptx", "csv", "json")
    }
    assert {form: answer.status_code for form, answer in got.items()} == dict.fromkeys(got, 200)
    assert got["csv"].text.splitlines()[1] == "key_figures,1,Figure,Requests received"
    with database.reading() as session:
        assert session.get_one(Edition, 1).status is EditionStatus.PUBLISHED
