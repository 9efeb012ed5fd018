"""Calendars over HTTP: addresses to copy, feeds for programs that never sign in, new addresses."""

import re
from collections.abc import Callable
from datetime import timedelta

from fastapi.testclient import TestClient

from portfolio.database import Database
from portfolio.models import Person
from tests.conftest import NOW, Cast
from tests.factory import a_card
from tests.portfolio.test_calendar import checked

SignIn = Callable[[TestClient, Person | None], None]


def addresses(client: TestClient) -> dict[str, str]:
    """The calendars of whoever is signed in, by key."""
    text = client.get("/settings/calendar").text
    return {found.split("/")[3]: found for found in re.findall(r'value="http://testserver(/calendar/[^"]+)"', text)}  # fmt: skip


def test_a_calendar_program_reads_a_feed_without_signing_in(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    with database.writing() as session:
        a_card(session, by=cast.manager, title="Write", due_on=NOW.date() + timedelta(days=3))
    sign_in(client, cast.manager)
    mine = addresses(client)["mine"]
    page = client.get("/settings/calendar").text
    assert f'href="webcal://testserver{mine}"' in page
    sign_in(client, None)
    answer = client.get(mine)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert [event["summary"] for event in checked(answer.content)] == ["Due: Write"]
    head = client.head(mine)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    again = client.get(mine, headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    with database.writing() as session:
        a_card(session, by=cast.manager, title="More", due_on=NOW.date())
    changed = client.get(mine, headers={"If-None-Match": answer.headers["etag"]})
    assert (changed.status_code, len(checked(changed.content))) == (200, 2)


def test_wrong_keys_and_others_calendars_are_not_there(
    client: TestClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.expert)
    mine = addresses(client)["mine"]
    assert list(addresses(client)) == ["mine"]
    sign_in(client, None)
    wrong = [
        mine.replace("/mine/", "/sessions/"),
        mine.replace(f"/calendar/{cast.expert.id}/", f"/calendar/{cast.manager.id}/"),
        mine.removesuffix(".ics") + "x.ics",
        f"/calendar/{cast.expert.id}/mine/%C3%A9.ics",
        f"/calendar/99999999999999/mine/{mine.rpartition('/')[2]}",
    ]
    assert [client.get(address).status_code for address in wrong] == [404] * len(wrong)
    assert client.get(mine).status_code == 200


def test_new_addresses_end_ones_own_old_ones_only(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.leader)
    before = addresses(client)
    sign_in(client, cast.manager)
    others = addresses(client)
    sign_in(client, cast.leader)
    answer = client.post("/settings/calendar/renewal")
    assert answer.headers["location"] == "/settings/calendar?renewed=1"
    assert "These are your new addresses." in client.get("/settings/calendar?renewed=1").text
    after = addresses(client)
    assert before.keys() == after.keys() == {"iteration", "sessions", "reviews", "evaluations"}
    assert {client.get(address).status_code for address in before.values()} == {404}
    assert {client.get(address).status_code for address in [*after.values(), *others.values()]} == {200}
    with database.reading() as session:
        versions = [session.get_one(Person, one.id).feed_version for one in (cast.leader, cast.manager)]
    assert versions == [2, 1]


def test_who_has_no_role_has_no_calendars(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.requester)
    assert client.get("/settings/calendar").status_code == 404
    assert client.post("/settings/calendar/renewal").status_code == 404
    sign_in(client, None)
    assert client.get("/settings/calendar").headers["location"] == "/sign-in?next=/settings/calendar"
    assert client.post("/settings/calendar/renewal").status_code == 303
    with database.reading() as session:
        assert session.get_one(Person, cast.requester.id).feed_version == 1
