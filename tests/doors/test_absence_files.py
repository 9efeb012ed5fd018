"""Days away from a leave calendar: whole days become absences, once; meetings and nonsense don't."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio.absence_files import NoCalendar, read
from portfolio.database import Database
from portfolio.models import Absence, Person
from tests.conftest import Cast
from tests.imports.files import DATA, shared

SignIn = Callable[[TestClient, Person | None], None]
PAGE = "/plan/absences/calendar"


def an_event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""])


LEAVE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n" + "".join(
    [
        an_event("UID:1", "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20270102", "SUMMARY:Winter, at last"),
        an_event("UID:2", "DTSTART;VALUE=DATE:20261130", "SUMMARY:One day"),
        an_event("UID:3", "DTSTART:20261203T080000Z", "DTEND:20261203T160000Z", "SUMMARY:Travel"),
        an_event("UID:4", "DTSTART:20261203T080000Z", "DTEND:20261203T090000Z", "SUMMARY:Meeting"),
        an_event("UID:5", "DTSTART;VALUE=DATE:20260801", "DTEND;VALUE=DATE:20260815", "SUMMARY:Summer"),
        an_event("UID:6", "DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY", "SUMMARY:Every Tuesday"),
        an_event("UID:7", "DTSTART;VALUE=DATE:20261210", "STATUS:CANCELLED", "SUMMARY:Not after all"),
        an_event("UID:8", "DTEND;VALUE=DATE:20261210", "SUMMARY:No beginning"),
    ]
) + "END:VCALENDAR\r\n"  # fmt: skip


def absences(database: Database) -> list[tuple[int | None, date, date, str]]:
    with database.reading() as session:
        found = session.scalars(select(Absence).order_by(Absence.from_on)).all()
    return [(one.person_id, one.from_on, one.until_on, one.note) for one in found]


def upload(client: TestClient, content: str | bytes, **data: str) -> str:
    answer = client.post(PAGE, files={"file": ("leave.ics", content)}, data=data)
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def test_a_leave_calendar_becomes_days_away_once(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    page = upload(client, LEAVE)
    wanted = [
        (None, date(2026, 11, 30), date(2026, 11, 30), "One day"),
        (None, date(2026, 12, 3), date(2026, 12, 3), "Travel"),
        (None, date(2026, 12, 24), date(2027, 1, 1), "Winter, at last"),
    ]
    assert absences(database) == wanted
    assert "3 times away added." in page
    assert "Over: 1" in page and "Shorter than six hours, so no day away: 1" in page
    assert "Repeating; please add those by hand: 1" in page and "Without days that make sense: 1" in page
    again = upload(client, LEAVE)
    assert "No times away added." in again and "Here already: 3" in again
    assert absences(database) == wanted
    assert PAGE in client.get("/plan").text


def test_an_experts_leave_is_theirs(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    upload(client, LEAVE, who=str(cast.expert.id))
    assert {person for person, *_ in absences(database)} == {cast.expert.id}


@pytest.mark.parametrize(
    "content", [b"", b"BEGIN:VCALENDAR", b"\x00\xff", b"PK\x03\x04", LEAVE[:200].encode()]
)
def test_what_is_no_calendar_is_told_so(content: bytes) -> None:
    with pytest.raises(NoCalendar):
        read(content, ZoneInfo("UTC"))


def test_wrong_answers_add_nothing(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.manager)
    for files, data, words in (
        ({}, {}, "Please choose a file."),
        ({"file": ("x.ics", b"hello")}, {}, "no calendar file we can read"),
        ({"file": ("x.ics", LEAVE)}, {"who": str(cast.requester.id)}, "nobody who gives hours"),
    ):
        answer = client.post(PAGE, files=files, data=data)
        assert answer.status_code == 422 and words in answer.text
    assert absences(database) == []


def test_only_a_manager_brings_days_away(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    for person in (cast.leader, cast.expert, cast.requester, None):
        sign_in(client, person)
        wanted = 404 if person else 303
        assert client.get(PAGE).status_code == wanted
        assert client.post(PAGE, files={"file": ("x.ics", LEAVE)}).status_code == wanted
    assert absences(database) == []


@pytest.mark.shared
def test_strangers_calendars_are_read_or_refused() -> None:
    shared("import/ics")

    read_ones = 0
    for file in sorted((DATA / "import/ics").glob("*.ics")):
        try:
            read(file.read_bytes(), ZoneInfo("Europe/Berlin"))
        except NoCalendar:
            continue
        read_ones += 1
    assert read_ones >= 59
