"""The library over HTTP: keeping it, seeing it without an account, and saying that something is out of date."""

import base64
import re
import zlib
from collections.abc import Callable
from datetime import date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from portfolio import library
from portfolio.database import Database
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import File, Mail, OutdatedReport, Person, Resource
from tests.conftest import Cast

SignIn = Callable[[TestClient, Person | None], None]

PDF = b"%PDF-1.7 a small one"


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def guide(database: Database, cast: Cast, now: datetime) -> Resource:
    with database.writing() as session:
        given = ResourceGiven(
            title="Quotes on one page", link="https://intranet.example/quotes", owner=cast.expert.email
        )
        return library.add(session, given, by=cast.manager, at=now)


def kept(database: Database) -> list[Resource]:
    with database.reading() as session:
        return list(session.scalars(select(Resource).order_by(Resource.id)))


def test_a_resource_with_a_file_is_added_seen_and_downloaded_by_anybody_with_its_link(
    manager: TestClient, database: Database, links: Links, sign_in: SignIn
) -> None:
    form = {
        "title": "Brakes",
        "kind": "guide",
        "minutes": "8",
        "owner": "eli@fernweh.example",
        "review_on": "2026-12-01",
    }
    added = manager.post("/library", data=form, files={"file": ("brakes.pdf", PDF)})
    assert (added.status_code, added.headers["location"]) == (303, "/library/1?saved=1")
    (brakes,) = kept(database)
    path = links.resource_path(brakes)
    sign_in(manager, None)
    seen = manager.get(path)
    assert "Download brakes.pdf" in seen.text and '/library/1"' not in seen.text
    pressed = manager.post(f"{path}/uses", data={"file": "1"})
    assert (pressed.status_code, pressed.headers["location"]) == (303, f"{path}/files/1")
    file = manager.get(f"{path}/files/1")
    assert (file.content, file.headers["content-disposition"].partition(";")[0]) == (PDF, "attachment")
    assert [one.uses for one in kept(database)] == [1]
    assert manager.get(f"{path}/files/2").status_code == 404
    assert (
        manager.get("/library/1/guessed").status_code
        == manager.get("/library/1/guessed/files/1").status_code
        == 404
    )


def test_what_is_wrong_comes_back_with_what_was_typed(
    manager: TestClient, database: Database, guide: Resource
) -> None:
    form = {
        "title": "",
        "kind": "hologram",
        "link": "javascript:alert(1)",
        "about": "My words",
        "minutes": "soon",
        "owner": "nobody",
    }
    for address in ("/library", "/library/1"):
        answer = manager.post(address, data=form)
        assert answer.status_code == 422
        for words in (
            "Please fill this in.",
            "Please choose one of the options.",
            "Please give a web address",
            "My words",
            "Please give a number.",
        ):
            assert words in answer.text, words
    refused = manager.post("/library", data={"title": "A", "kind": "guide"}, files={"file": ("a.exe", b"MZ")})
    assert refused.status_code == 422 and "We can&#39;t take “a.exe”" in refused.text
    assert [(one.title, one.changed_at) for one in kept(database)] == [("Quotes on one page", None)]


def test_a_view_is_no_use_and_open_is(
    client: TestClient, database: Database, links: Links, guide: Resource
) -> None:
    path = links.resource_path(guide)
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/uses").status_code == 405
    assert kept(database)[0].uses == 0
    leaving = client.post(f"{path}/uses")
    assert leaving.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=https://intranet.example/quotes">' in leaving.text
    assert kept(database)[0].uses == 1


def test_a_retired_resource_says_so_and_opens_no_more(
    manager: TestClient, database: Database, links: Links, guide: Resource
) -> None:
    manager.post("/library/1/retirement")
    path = links.resource_path(guide)
    assert "This is no longer offered." in manager.get(path).text
    assert manager.post(f"{path}/uses").headers["location"] == path
    assert kept(database)[0].uses == 0
    manager.post("/library/1/retirement", data={"back": "1"})
    assert kept(database)[0].retired_at is None


def test_a_report_reaches_the_owner_and_the_managers_page_and_is_settled_there(
    manager: TestClient, database: Database, links: Links, guide: Resource, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(manager, None)
    path = links.resource_path(guide)
    reported = manager.post(
        f"{path}/reports", data={"words": "Old prices <b>!</b>", "email": "Rita@fernweh.example"}
    )
    assert reported.headers["location"] == f"{path}?reported=1#report"
    assert manager.post(f"{path}/reports", data={"words": "x" * 2001}).status_code == 422
    assert manager.post("/library/1/guessed/reports", data={"words": "x"}).status_code == 404
    assert "Whoever keeps this has been told." in manager.get(f"{path}?reported=1").text
    sign_in(manager, cast.manager)
    assert "1 reported out of date" in manager.get("/library").text
    assert "Old prices &lt;b&gt;!&lt;/b&gt;" in manager.get("/library/1").text
    wrong = manager.post("/library/1/settlement", data={"outcome": "mended", "next_review": "soon"})
    assert wrong.status_code == 422
    settled = manager.post("/library/1/settlement", data={"outcome": "mended", "next_review": "2027-06-01"})
    assert settled.status_code == 303
    with database.reading() as session:
        assert [
            (report.email, report.settled_by_id) for report in session.scalars(select(OutdatedReport))
        ] == [("rita@fernweh.example", cast.manager.id)]
        assert [mail.recipient for mail in session.scalars(select(Mail).order_by(Mail.id))] == [
            "eli@fernweh.example", "rita@fernweh.example",
        ]  # fmt: skip
    assert kept(database)[0].review_on == date(2027, 6, 1)


def test_reports_can_not_be_sent_for_ever(client: TestClient, links: Links, guide: Resource) -> None:
    path = links.resource_path(guide)
    answers = [client.post(f"{path}/reports", data={"words": "Old."}).status_code for _ in range(61)]
    assert answers == [303] * 60 + [429]


def test_a_sheet_is_looked_at_and_taken_as_it_was_looked_at(manager: TestClient, database: Database) -> None:
    sheet = "title,link,colour\nA,https://a.example,red\nB,javascript:alert(1),red\n=1+1,,red\n".encode(
        "utf-16"
    )
    looked = manager.post("/library/sheets", files={"file": ("shelf.csv", sheet)})
    assert looked.status_code == 200
    assert (
        "Take 2 in" in looked.text
        and "Not read: colour" in looked.text
        and "Please give a web address" in looked.text
    )
    assert kept(database) == []
    content = re.search(r'name="content" value="([^"]+)"', looked.text)
    assert content is not None
    form = {"do": "take", "name": "shelf.csv", "content": content[1]}
    for location in ("/library?saved=2.0", "/library?saved=0.0"):
        assert manager.post("/library/sheets", data=form).headers["location"] == location
    assert [one.title for one in kept(database)] == ["A", "=1+1"]
    pasted = manager.post("/library/sheets", data={"rows": "title\nC"})
    assert "Take 1 in" in pasted.text


@pytest.mark.parametrize(
    "content",
    ["", "%%%", base64.b64encode(b"no").decode(), base64.b64encode(zlib.compress(b"link\nx")).decode()],
)
def test_a_sheet_that_can_not_be_read_is_refused_in_words(manager: TestClient, content: str) -> None:
    answer = manager.post("/library/sheets", data={"do": "take", "content": content})
    assert answer.status_code == 422
    assert "Please choose a file, or paste rows." in answer.text or "no column called" in answer.text


def test_parts_are_put_in_order_and_shown_in_it(
    manager: TestClient, database: Database, links: Links, guide: Resource
) -> None:
    for title in ("First", "Second"):
        manager.post("/library", data={"title": title, "kind": "video", "part_of": "1"})
    moved = manager.post("/library/3/place", data={"to": "up"})
    assert moved.headers["location"] == "/library/1#parts"
    seen = manager.get(links.resource_path(guide)).text
    assert seen.index("Second") < seen.index("First")
    nested = manager.post("/library", data={"title": "Third", "kind": "video", "part_of": "2"})
    assert nested.status_code == 422 and "no part itself" in nested.text


def test_the_list_costs_the_same_with_one_resource_and_with_three(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    def cost() -> int:
        seen: list[str] = []
        engine = manager.app.state.database.engine  # type: ignore[attr-defined] # built by create_app
        listener = lambda *args: seen.append(args[2])  # noqa: E731 - removed again by identity
        event.listen(engine, "before_cursor_execute", listener)
        assert manager.get("/library").status_code == 200
        event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    def add(title: str) -> None:
        with database.writing() as session:
            given = ResourceGiven(title=title, owner=f"{title}@fernweh.example")
            library.add(session, given, by=cast.manager, at=now)

    add("a")
    one = cost()
    add("b")
    add("c")
    assert cost() == one


def test_a_file_is_removed_only_when_it_was_ticked(
    manager: TestClient, database: Database, guide: Resource
) -> None:
    form = {"title": "Quotes", "kind": "guide"}
    manager.post("/library/1", data=form, files={"file": ("a.pdf", PDF)})
    manager.post("/library/1", data=form)
    with database.reading() as session:
        assert [file.name for file in session.scalars(select(File))] == ["a.pdf"]
    manager.post("/library/1", data={**form, "drop_1": "1"})
    with database.reading() as session:
        assert session.scalars(select(File)).all() == []
