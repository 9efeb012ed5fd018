"""For every route there is: who is let in and who is refused. A new route fails here until it is listed."""

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio.database import Database
from portfolio.models import Event, Mail, Person
from tests.conftest import Cast
from tests.doors.test_pages import story  # noqa: F401 - a fixture asked for by name

SignIn = Callable[[TestClient, Person | None], None]

ANYBODY = {
    "GET /", "GET /sign-in", "POST /sign-in", "GET /sign-in/{token}", "POST /sign-in/{token}", "POST /sign-out", "GET /healthz",
    "GET /readyz", "GET /requests/new", "POST /requests", "POST /drafts", "GET /requests/links", "POST /requests/links", "GET /api/v1/openapi.json", "GET /api/v1/docs", "POST /api/v1/requests", "GET /api/v1/form",
    "GET /reports/document.css", "GET /xapi/about",
    "GET /requests/suggestions", "POST /requests/suggestions", "POST /requests/suggestions/shown", "POST /requests/suggestions/opened",
    "POST /requests/suggestions/solved", "POST /requests/suggestions/joining",
}  # fmt: skip
WITH_A_KEY = re.compile(
    r"/(requests|drafts)/\{number\}/\{key\}|/(support|library|questions|nudges|readings|answers|tasks|tasks/of|shared)/\{number:int\}/\{key\}"
    r"|/calendar/\{number:int\}/\{which\}/\{key\}"
    r"|/surveys/\{number:int\}/open/\{key\}"
    r"|/requests/\{number:int\}/supporters/\{key\}|/requests/suggestions/thanks/|/xapi/statements"
)
DEVELOPMENT = {"GET /styleguide"}
SIGNED_IN = {
    "GET /requests",
    "GET /me",
    "GET /me/data.json",
    "GET /tasks",
    "POST /me/password",
    "POST /me/sign-out-everywhere",
    "GET /settings/calendar",
    "POST /settings/calendar/renewal",
}
LEADERS = {
    "GET /board", "GET /board/columns/{number:int}", "GET /board/columns/{number:int}/more", "GET /board/live", "GET /board/lanes",
    "GET /board/archive", "GET /board/views/{number:int}", "GET /cards/{number:int}", "GET /cards/{number:int}/parts/{part}", "GET /cards/{number:int}/live",
    "GET /cards/{number:int}/files/{file:int}",
    "GET /cards/{number:int}/face", "GET /iterations", "GET /iterations/{number}", "GET /projects", "GET /projects/{number}",
    "GET /proof", "GET /projects/{number:int}/proof", "GET /worth", "GET /cases", "GET /cases/{number:int}",
    "GET /reports", "GET /reports/{number:int}", "GET /reports/{number:int}/state", "GET /reports/{number:int}.{form}",
    "GET /reports/{number:int}/comparison", "GET /reports/designs/{number:int}", "GET /api/v1/reports/designs",
    "GET /api/v1/forecast", "GET /flow", "GET /measures", "GET /measures/{number:int}", "GET /api/v1/measures/{number}", "GET /api/v1/measures/{number}/proof",
    "GET /api/v1/projects", "GET /api/v1/projects/{number}", "GET /api/v1/columns", "GET /api/v1/cards", "GET /api/v1/cards/{number}",
    "GET /api/v1/iterations", "GET /api/v1/iterations/{number}", "GET /api/v1/measures", "GET /api/v1/goals", "GET /api/v1/reports",
    "GET /api/v1/reports/{number:int}", "GET /api/v1/reports/{number:int}.{form}",
    "GET /surveys", "GET /surveys/{number:int}", "GET /api/v1/surveys", "GET /api/v1/surveys/{number}", "GET /api/v1/surveys/{number}/results",
    "GET /api/v1/projects/{number}/costs", "GET /api/v1/projects/{number}/proof", "GET /api/v1/projects/{number}/evaluation-plan",
    "GET /api/v1/cases", "GET /api/v1/cases/{number}",
}  # fmt: skip
"""Everything else is the manager's."""


def routes_of(app: FastAPI) -> list[str]:
    """Every method and path of the application."""
    return sorted(
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute)
        for method in route.original_route.methods or ()
    )


def filled(path: str) -> str:
    path = re.sub(r"\{number\}\.\{\w+\}", "1.json", path)
    return re.sub(r"\{\w+(:int)?\}", "1", path)


def traces(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        events = session.scalar(
            select(func.count()).select_from(Event).where(Event.action != "person.signed_in")
        )
        return events or 0, session.scalar(select(func.count()).select_from(Mail)) or 0


@pytest.mark.usefixtures("story")
def test_nobody_gets_further_than_their_role(
    app: FastAPI, client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    before = traces(database)
    let_in: list[str] = []
    for who, person in {
        "anonymous": None,
        "requester": cast.other,
        "expert": cast.expert,
        "leader": cast.leader,
    }.items():
        sign_in(client, person)
        for route in routes_of(app):
            method, path = route.split(" ")
            if route in ANYBODY | DEVELOPMENT or WITH_A_KEY.search(path):
                continue
            if (route in SIGNED_IN and person is not None) or (route in LEADERS and who == "leader"):
                continue
            answer = client.request(method, filled(path), json={} if path.startswith("/api") else None)
            wanted = (401 if path.startswith("/api") else 303) if person is None else 404
            if answer.status_code != wanted or (
                wanted == 303 and "/sign-in" not in answer.headers["location"]
            ):
                let_in.append(f"{who}: {route} answered {answer.status_code}")
    assert let_in == []
    assert traces(database) == before


@pytest.mark.usefixtures("story")
def test_every_route_is_in_exactly_one_list_of_this_page(app: FastAPI) -> None:
    known = set(routes_of(app))
    assert known >= ANYBODY | DEVELOPMENT | SIGNED_IN | LEADERS, sorted(
        (ANYBODY | DEVELOPMENT | SIGNED_IN | LEADERS) - known
    )


@pytest.mark.usefixtures("story")
def test_a_read_only_token_and_a_revoked_one_write_nothing(
    client: TestClient, database: Database, cast: Cast, now: object
) -> None:
    from portfolio import tokens
    from portfolio.states import Role
    from tests.conftest import NOW

    with database.writing() as session:
        reader = tokens.create(session, name="reader", role=Role.MANAGER, at=NOW, scopes="read")
        revoked = tokens.create(session, name="old", role=Role.MANAGER, at=NOW)
        tokens.revoke(session, tokens.listed(session)[0], by=cast.manager, at=NOW)
    before = traces(database)
    body = {"title": "T", "solution_type": "workshop"}
    for token, status in ((reader, 403), (revoked, 401), ("nonsense", 401)):
        answer = client.post("/api/v1/cards", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/requests", headers={"Authorization": f"Bearer {reader}"}).status_code == 200
    assert traces(database) == before


def test_sign_in_links_work_once_by_a_press_and_only_for_known_people(
    client: TestClient, database: Database, cast: Cast
) -> None:
    assert (
        client.post("/sign-in", data={"email": "stranger@nowhere.example"}).text.count("Look into your mail")
        == 1
    )
    assert (
        client.post("/sign-in", data={"email": cast.manager.email.upper()}).text.count("Look into your mail")
        == 1
    )
    with database.reading() as session:
        mails = session.scalars(select(Mail)).all()
    assert [mail.recipient for mail in mails] == [cast.manager.email]
    found = re.search(r"/sign-in/\S+", mails[0].text)
    assert found is not None
    address = found[0]
    for _ in range(2):
        assert client.get(address).status_code == 200
    assert client.get("/inbox").status_code == 303
    assert client.post(address).status_code == 303
    assert client.get("/inbox").status_code == 200
    client.cookies.clear()
    assert client.post(address).status_code == 410
    assert client.get(address).status_code == 410


def test_signing_out_and_out_everywhere_ends_the_visit(
    client: TestClient, cast: Cast, sign_in: SignIn
) -> None:
    from web.people import COOKIE

    sign_in(client, cast.manager)
    cookie = client.cookies[COOKIE]
    client.post("/sign-out")
    client.cookies.set(COOKIE, cookie)
    assert client.get("/inbox").status_code == 303
    sign_in(client, cast.manager)
    cookie = client.cookies[COOKIE]
    client.post("/me/sign-out-everywhere")
    client.cookies.set(COOKIE, cookie)
    assert client.get("/inbox").status_code == 303


def test_passwords_are_a_second_way_and_are_kept_as_argon2(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.leader)
    assert client.post("/me/password", data={"password": "short"}).status_code == 422
    assert client.post("/me/password", data={"password": "a long enough one"}).status_code == 303
    with database.reading() as session:
        kept = session.get_one(Person, cast.leader.id).password_hash or ""
    assert kept.startswith("$argon2id$")
    client.cookies.clear()
    wrong = client.post("/sign-in", data={"email": cast.leader.email, "password": "something else"})
    assert wrong.status_code == 422
    stranger = client.post("/sign-in", data={"email": "no@body.example", "password": "something else"})
    assert "belong together" in wrong.text
    assert "belong together" in stranger.text
    right = client.post(
        "/sign-in",
        data={"email": cast.leader.email, "password": "a long enough one", "next": "//evil.example"},
    )
    assert right.headers["location"] == "/"
    assert client.get("/reports").status_code == 200


def test_sign_in_can_not_be_tried_for_ever(client: TestClient, cast: Cast) -> None:
    answers = [
        client.post("/sign-in", data={"email": cast.manager.email, "password": f"guess {turn}"}).status_code
        for turn in range(31)
    ]
    assert answers == [422] * 30 + [429]
