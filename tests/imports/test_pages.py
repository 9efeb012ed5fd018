"""Imports in the browser: upload, look, choose, take; nothing for anybody but managers."""

import re
from collections.abc import Callable
from datetime import datetime
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import imports
from portfolio.database import Database
from portfolio.models import Import, LearningRequest, Person
from tests.conftest import Cast
from tests.imports.files import NEEDS, an_xlsx
from tests.imports.test_taking import WISHES

SignIn = Callable[[TestClient, Person | None], None]


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def upload(client: TestClient, content: str | bytes, name: str = "wishes.csv") -> str:
    answer = client.post("/settings/imports", files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address


def fields_of(page: str) -> dict[str, str | list[str]]:
    """The form as a browser would send it back untouched."""
    form = unescape(page.split('action="/settings/imports/', 1)[1].split("</form>", 1)[0])
    sent: dict[str, str | list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf'\b{what}="([^"]*)"', tag) for what in ("name", "value"))
        ticked = "checked" in tag or not re.search(r'type="(radio|checkbox)"', tag)
        if name and ticked:
            sent[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select id="[^"]*" name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def counts(page: str) -> str:
    """The account as its one line says it."""
    line = page.split('id="counts">', 1)[1].split("</p>", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", "", line).split())


def test_a_manager_looks_at_a_file_and_takes_it(manager: TestClient, database: Database) -> None:
    address = upload(manager, WISHES)
    page = manager.get(address).text
    assert counts(page) == "6 rows = 2 created + 0 merged + 0 updated + 0 already here + 4 refused"
    assert "lies in the future" in page
    answer = manager.post(address, data={**fields_of(page), "do": "take"})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    after = manager.get(address).text
    assert counts(after) == counts(page)
    assert "Every row accounted for" in after
    rows = manager.get(f"{address}/account.csv").text.splitlines()
    assert rows[:3] == ["\ufeffLine,What became of it,Request,Reason", "2,created,1,", "3,created,2,"]
    refused = manager.get(f"{address}/refused.csv")
    assert refused.headers["content-disposition"] == 'attachment; filename="refused.csv"'
    assert refused.text.splitlines()[1].startswith("4,Title: There is none.")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 2
    again = manager.post(address, data={**fields_of(page), "do": "take"})
    assert (again.status_code, again.headers["location"]) == (303, address)


def test_the_button_alone_takes_the_file_as_it_was_last_looked_at(
    manager: TestClient, database: Database
) -> None:
    address = upload(manager, NEEDS, "needs.csv")
    assert manager.post(address, data={"do": "take"}).headers["location"] == address
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 4


def test_what_is_changed_is_shown_before_it_is_taken(manager: TestClient, database: Database) -> None:
    address = upload(manager, NEEDS, "needs.csv")
    page = manager.get(address).text
    assert "Do “Very needed” and “Highly needed” mean the same?" in page
    sent = {**fields_of(page), "question.same:Very needed:Highly needed": "Highly needed"}
    answer = manager.post(address, data={**sent, "do": "take"})
    assert answer.headers["location"] == f"{address}?changed=1#dry-run"
    changed = manager.get(f"{address}?changed=1").text
    assert "You changed how the file is read" in changed
    assert "2 Not needed, 2 Slightly needed, 4 Highly needed, 2 Absolutely essential" in changed
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LearningRequest)) == 0
    assert fields_of(changed) == {**sent}
    manager.post(address, data={**fields_of(changed), "do": "take"})
    with database.reading() as session:
        titles = session.scalars(select(LearningRequest.title).order_by(LearningRequest.id)).all()
    assert titles == ["Talking to angry customers", "Reading contracts", "Pivot tables", "Hiring talks"]


def test_topics_and_what_counts_as_wanting_can_be_chosen(manager: TestClient, database: Database) -> None:
    address = upload(manager, NEEDS, "needs.csv")
    sent = fields_of(manager.get(address).text)
    del sent["topic.4"]
    sent["wants.1"] = "on"
    manager.post(address, data={**sent, "do": "look"})
    with database.reading() as session:
        kept = session.get_one(Import, 1).mapping
    assert [topic["topic"] for topic in kept["topics"]] == ["Pivot tables"]
    assert [grade["word"] for grade in kept["scale"] if grade["wants"]] == [
        "Slightly needed", "Highly needed", "Very needed", "Absolutely essential",
    ]  # fmt: skip


def test_another_kind_or_header_row_is_proposed_afresh(manager: TestClient, database: Database) -> None:
    address = upload(manager, NEEDS, "needs.csv")
    sent = fields_of(manager.get(address).text)
    manager.post(address, data={**sent, "kind": "requests", "do": "look"})
    page = manager.get(address)
    assert (page.status_code, "Each row is a request" in page.text) == (200, True)
    with database.reading() as session:
        kept = session.get_one(Import, 1)
        assert (kept.kind, kept.mapping["kind"], kept.mapping["source_name"]) == (
            "requests",
            "requests",
            "needs",
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source_name": ""}, "Please give a name of up to 120 characters."),
        ({"header_line": "first"}, "Please give the number of a row."),
        ({"header_line": "900"}, "There is no row in line 900 that could be the header."),
        ({"fixed.requester.email": "mara"}, "This doesn&#39;t look like an e-mail address."),
        ({"column.title": "Nonsense"}, "There is no column “Nonsense” in this file."),
        ({"sheet": "Nonsense"}, "There is no sheet “Nonsense”."),
    ],
)
def test_what_cannot_be_is_said_beside_the_form_and_the_file_waits_on(
    manager: TestClient, database: Database, change: dict[str, str], words: str
) -> None:
    address = upload(manager, an_xlsx(["Title", "Note"], ["Quotes", "x"], ["Offers", "y"]), "wishes.xlsx")
    sent = fields_of(manager.get(address).text)
    answer = manager.post(address, data={**sent, **change, "do": "take"})
    assert (answer.status_code, words in answer.text) == (422, True)
    with database.reading() as session:
        waiting = session.get_one(Import, 1)
        assert (waiting.taken_at, waiting.content is not None) == (None, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04 broken", "This file is damaged"),
        (b"%PDF-1.4", "This is a PDF."),
        (b"x" * 1_048_577, "we take 1 MB here"),
    ],
    ids=["empty", "damaged", "pdf", "large"],
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(
    manager: TestClient, database: Database, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_BYTES", 1024**2)
    answer = manager.post("/settings/imports", files={"file": ("wishes.csv", content)})
    assert (answer.status_code, words in answer.text, 'id="file-error"' in answer.text) == (422, True, True)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_no_file_at_all_is_asked_for(manager: TestClient) -> None:
    for sent in ({"data": {"file": "text"}}, {"files": {"other": ("a.csv", b"a")}}, {}):
        answer = manager.post("/settings/imports", **sent)
        assert (answer.status_code, "Please choose a file." in answer.text) == (422, True)


def test_a_dropped_file_is_gone_and_said_so(manager: TestClient, database: Database) -> None:
    address = upload(manager, WISHES, 'a "name"; <b>.csv')
    assert manager.post(address, data={"do": "drop"}).headers["location"] == "/settings/imports"
    page = manager.get(address).text
    assert "Nothing was taken in; the file is gone." in page
    assert "<b>" not in page
    with database.reading() as session:
        dropped = session.get_one(Import, 1)
        assert (dropped.content, dropped.taken_at) == (None, None)


def test_pages_of_imports_are_for_managers_alone(
    client: TestClient, cast: Cast, sign_in: SignIn, database: Database, now: datetime
) -> None:
    with database.writing() as session:
        imports.start(session, name="wishes.csv", content=WISHES.encode(), by=cast.manager, at=now)
    reading = [
        "/settings/imports", "/settings/imports/1", "/settings/imports/1/refused.csv", "/settings/imports/1/account.csv",
    ]  # fmt: skip
    for person, expected in ((None, 303), (cast.requester, 404), (cast.expert, 404), (cast.leader, 404)):
        sign_in(client, person)
        assert [client.get(address).status_code for address in reading] == [expected] * 4
        assert (
            client.post("/settings/imports", files={"file": ("x.csv", b"Title\nQ\n")}).status_code == expected
        )
        for do in ("take", "drop", "look"):
            assert client.post("/settings/imports/1", data={"do": do}).status_code == expected
    with database.reading() as session:
        waiting = session.scalars(select(Import)).one()
        assert (waiting.taken_at, waiting.dropped_at) == (None, None)


def test_an_import_that_is_not_there_is_not_found(manager: TestClient) -> None:
    for address in (
        "/settings/imports/7",
        "/settings/imports/7/refused.csv",
        "/settings/imports/99999999999999",
    ):
        assert manager.get(address).status_code == 404
    assert manager.post("/settings/imports/7", data={"do": "take"}).status_code == 404


ROWS = 'Title\tProblem\tE-mail\nQuotes\t"Too slow,\nsays Kim"\tkim@fernweh.example\nOffers\tToo late\tlee@fernweh.example\n'


def the_requests(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        found = session.scalars(select(LearningRequest).order_by(LearningRequest.id))
        return [(one.title, one.source_name) for one in found]


def test_rows_pasted_from_a_spreadsheet_are_looked_at_and_taken_like_a_file(
    manager: TestClient, database: Database
) -> None:
    answer = manager.post("/settings/imports", files={"rows": (None, ROWS)})
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = manager.get(address).text
    assert counts(page) == "2 rows = 2 created + 0 merged + 0 updated + 0 already here + 0 refused"
    assert "CSV, UTF-8, tabs" in page
    manager.post(address, data={**fields_of(page), "do": "take"})
    name = "Pasted on 20 Nov 2026 at 11:00:00"
    assert the_requests(database) == [("Quotes", name), ("Offers", name)]
    with database.reading() as session:
        first = session.get_one(LearningRequest, 1)
        assert first.said("problem") == "Too slow,\nsays Kim"
        assert first.original is not None
        assert first.original["cells"]["Problem"] == "Too slow,\nsays Kim"


def test_a_request_shows_the_manager_the_row_it_came_from(
    manager: TestClient, client: TestClient, sign_in: SignIn, cast: Cast
) -> None:
    address = upload(manager, WISHES)
    manager.post(address, data={"do": "take"})
    page = " ".join(manager.get("/requests/1").text.split())
    assert "Where it came from: A file, wishes</summary>" in page
    assert "Line 2 of the file. Its id there: 7." in page
    assert '<dt>How many</dt><dd class="said">40-60</dd>' in page
    sign_in(client, cast.other)
    assert client.get("/requests/1").status_code == 404


def test_pasted_text_that_is_no_table_is_refused_beside_its_field_and_still_there(
    manager: TestClient, database: Database
) -> None:
    for text, words in (
        ('Title\n"Quotes <b> & co\nOffers', "A quotation mark opened in line 2 is never closed."),
        ('{"title": 1}', "This is JSON."),
    ):
        answer = manager.post("/settings/imports", files={"rows": (None, text)})
        assert (answer.status_code, words in answer.text, 'id="rows-error"' in answer.text) == (
            422,
            True,
            True,
        )
        assert unescape(answer.text.split("<textarea", 1)[1].split(">", 1)[1]).startswith(text)
    both = manager.post("/settings/imports", files={"file": ("a.csv", b"Title\nQ\n"), "rows": (None, ROWS)})
    assert (both.status_code, "Please give one of them at a time." in both.text, "Offers\tToo late" in both.text) == (
        422, True, True,
    )  # fmt: skip
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Import)) == 0


def test_more_than_a_megabyte_can_be_pasted(manager: TestClient) -> None:
    rows = "Title,Problem\n" + "".join(f"Need {number},{'slow ' * 40}\n" for number in range(8000))
    answer = manager.post("/settings/imports", files={"rows": (None, rows)})
    assert (len(rows) > 1_500_000, answer.status_code) == (True, 303)
    page = manager.get(answer.headers["location"]).text
    assert "what its first 2,000 rows would do" in page
    assert counts(page).startswith("2,000 rows = 2,000 created")
    whole = manager.get(answer.headers["location"] + "?rows=all").text
    assert counts(whole).startswith("8,000 rows = 8,000 created")


def test_a_grown_export_is_read_as_it_was_read_before_and_can_be_proposed_afresh(
    manager: TestClient, database: Database
) -> None:
    address = upload(manager, WISHES, "wishes 2026-10-30.csv")
    sent = {
        **fields_of(manager.get(address).text),
        "source_name": "The wishes",
        "column.problem": "Title",
        "do": "look",
    }
    manager.post(address, data=sent)
    manager.post(address, data={"do": "take"})
    head, *rows = WISHES.splitlines()
    columns = head.split(",")
    turned = "\n".join(
        ",".join(reversed(row.split(","))) for row in [head, *rows, "13,Cranes,,kim@fernweh.example,Kim,,,,"]
    )
    assert len(columns) == 9
    again = upload(manager, turned, "wishes 2026-11-20 (1).csv")
    page = manager.get(again).text
    assert "Read as you read <a" in page
    assert "wishes 2026-10-30.csv</a> on 20 November" in page
    assert fields_of(page)["source_name"] == "The wishes"
    assert counts(page).split(" = ")[1].startswith("1 created + 0 merged + 0 updated + 2 already here")
    assert manager.post(again, data={"do": "afresh"}).headers["location"].startswith(f"{again}?changed=1")
    fresh = manager.get(again).text
    assert ("Read as you read" in fresh, fields_of(fresh)["column.problem"]) == (False, "Problem")
    assert fields_of(fresh)["source_name"] == "The wishes"


def test_a_long_file_is_left_to_the_clock_and_the_page_tells_how_far_it_is(
    manager: TestClient, database: Database, now: datetime
) -> None:
    rows = "".join(f"Need {number},Too slow,kim@fernweh.example\n" for number in range(2500))
    address = upload(manager, f"Title,Problem,E-mail\n{rows}")
    assert (
        manager.post(address, data={**fields_of(manager.get(address).text), "do": "take"}).status_code == 303
    )
    page = manager.get(address).text
    assert "It begins in a moment." in page
    assert 'hx-trigger="every 1s"' in page
    with database.writing() as session:
        file = session.get_one(Import, 1)
        file.rows_done, file.rows_in_all = 1000, 2500
    part = manager.get(f"{address}/progress").text
    assert "<strong>1,000 of 2,500 rows</strong>" in part
    assert 'max="2500" value="1000"' in part
    assert "1,000 of 2,500 rows" in re.sub(r"\s+", " ", manager.get("/settings/imports").text)
    for do in ("take", "drop", "look"):
        assert manager.post(address, data={"do": do}).headers["location"] == address
    manager.post(address, data={"do": "stop"})
    assert "It was stopped after 1,000 rows." in manager.get(f"{address}/progress").text
    assert "It was stopped after 1,000 rows." in manager.get(address).text
    manager.post(address, data={"do": "take"})
    with database.writing() as session:
        imports.note_failure(session, 1, "The disk is full.", at=now)
    for page in (manager.get(f"{address}/progress").text, manager.get(address).text):
        assert ("The disk is full." in page, "every 1s" in page) == (True, False)
    manager.post(address, data={"do": "take"})
    with database.reading() as session:
        begun = imports.begin(session, 1)
    assert begun is not None
    while (some := begun.judge_some()) is not None:
        with database.writing() as session:
            imports.go_on(session, 1, begun, some)
    with database.writing() as session:
        imports.finish(session, 1, begun, at=now)
    done = manager.get(f"{address}/progress").text
    assert ("All 2,500 rows are through." in done, "every 1s" in done) == (True, False)
    assert counts(manager.get(address).text).startswith("2,500 rows = 2,500 created")


def test_a_body_beyond_every_bound_is_refused_before_it_is_read(manager: TestClient) -> None:
    answer = manager.post("/settings/imports", content=b"x", headers={"content-length": "80000000"})
    assert (answer.status_code, "at most 25 MB" in answer.text) == (413, True)
