"""The manager connects learning systems and says what their activities belong to; nobody else does."""

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from portfolio.database import Database
from portfolio.learning import records, refusals, sources
from portfolio.links import Links
from portfolio.models import Event, LearningActivity, LearningSource, Person
from portfolio.settings import Settings
from tests.conftest import NOW, Cast
from tests.factory import a_project
from tests.systems import PASSWORD, TOKEN, USER, AMoodle, AStore, serving

SignIn = Callable[[TestClient, Person | None], None]
HERE = "/settings/learning"


@pytest.fixture
def desk(app: FastAPI, client: TestClient, cast: Cast, sign_in: SignIn, configured: Settings) -> TestClient:
    """A manager's browser, of an installation that may ask its own machine."""
    app.state.settings = configured.model_copy(
        update={"learning_may_be_local": True, "learning_calls_per_second": 1000.0}
    )
    sign_in(client, cast.manager)
    return client


@pytest.fixture
def moodle() -> Iterator[str]:
    with serving(AMoodle().answer) as address:
        yield address


def add(desk: TestClient, **given: str) -> str:
    answer = desk.post(HERE, data={"name": "Ours", **given})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def the_source(database: Database) -> LearningSource:
    with database.reading() as session:
        return session.scalars(select(LearningSource).order_by(LearningSource.id.desc())).all()[0]


def test_a_moodle_is_asked_at_once_and_shows_its_courses(
    desk: TestClient, database: Database, moodle: str
) -> None:
    place = add(desk, kind="moodle", address=moodle + "/", secret=TOKEN)
    assert place == f"{HERE}/1?saved=added"
    shown = desk.get(place).text
    for words in (
        "Fernweh &amp; friends",
        "Moodle 5.0.1",
        "Faster quotes &gt; basics",
        "Bike fitting",
        "nobody yet",
    ):
        assert words in shown
    assert TOKEN not in shown
    assert "Moodle" in desk.get(HERE).text
    assert the_source(database).address == moodle


def test_a_token_that_is_wrong_is_told_with_what_to_do(desk: TestClient, moodle: str) -> None:
    shown = desk.get(add(desk, kind="moodle", address=moodle, secret="wrong-token-1")).text
    assert "Moodle doesn&#39;t know this token, or it has run out. Please give another one." in shown
    assert "wrong-token-1" not in shown


def test_a_store_is_asked_which_version_it_speaks(desk: TestClient) -> None:
    with serving(AStore().answer) as address:
        shown = desk.get(add(desk, kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD)).text
    assert "xAPI 2.0.0" in shown
    assert PASSWORD not in shown


def test_one_that_sends_gets_its_key_and_a_secret_shown_once(desk: TestClient, database: Database) -> None:
    answer = desk.post(HERE, data={"name": "Portal", "kind": "push"})
    assert answer.status_code == 201
    source = the_source(database)
    secret = answer.text.split('id="new-secret"')[1].split('value="')[1].split('"')[0]
    assert "http://testserver/xapi" in answer.text
    assert source.user in answer.text
    again = desk.get(f"{HERE}/{source.id}").text
    assert secret not in again
    assert source.secret not in again
    renewed = desk.post(f"{HERE}/{source.id}/secret")
    assert renewed.status_code == 201
    assert secret not in renewed.text
    with database.reading() as session:
        assert sources.pushing(session, source.user, secret) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "moodle", "address": "", "secret": TOKEN}, "Please fill this in."),
        ({"kind": "moodle", "address": "moodle", "secret": TOKEN}, "Please give a web address"),
        ({"kind": "lrs", "address": "https://l.example", "secret": TOKEN}, "Please fill this in."),
        ({"kind": "oracle"}, "Please choose one of the options."),
        ({"kind": "moodle", "address": "https://l.example", "secret": TOKEN, "report": "many"}, "Please give a number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_field_and_nothing_typed_is_lost(
    desk: TestClient, database: Database, given: dict[str, str], words: str
) -> None:
    answer = desk.post(HERE, data={"name": "My “Moodle”", **given})
    assert answer.status_code == 422
    assert words in answer.text
    assert "My “Moodle”" in answer.text
    assert TOKEN not in answer.text
    with database.reading() as session:
        assert session.scalars(select(LearningSource)).all() == []


def test_another_address_wants_its_token_again(desk: TestClient, database: Database, moodle: str) -> None:
    add(desk, kind="moodle", address=moodle, secret=TOKEN)
    moved = {"name": "Elsewhere", "address": "http://127.0.0.1:1", "every_hours": "6"}
    refused = desk.post(f"{HERE}/1", data=moved)
    assert refused.status_code == 422
    assert "Please give its token or password again" in refused.text
    assert the_source(database).name == "Ours"
    assert desk.post(f"{HERE}/1", data={**moved, "address": moodle, "report": "7"}).status_code == 303
    changed = the_source(database)
    assert (changed.name, changed.every_hours, changed.report_number, changed.secret) == (
        "Elsewhere",
        6,
        7,
        TOKEN,
    )


def test_an_activity_is_mapped_by_one_press_or_by_a_list(
    desk: TestClient, database: Database, cast: Cast, moodle: str
) -> None:
    with database.writing() as session:
        a_project(session, by=cast.manager, name="Faster quotes")
    add(desk, kind="moodle", address=moodle, secret=TOKEN)
    assert "Map to “Faster quotes”" in desk.get(f"{HERE}/1").text
    pressed = desk.post(f"{HERE}/1/activities/1", data={"target": "project:1", "back": "list"})
    assert pressed.headers["location"] == f"{HERE}/1?saved=mapped#activities"
    assert '<option value="project:1" selected>' in desk.get(f"{HERE}/1/activities/1").text
    wrong = desk.post(f"{HERE}/1/activities/2", data={"target": "project:99"})
    assert (wrong.status_code, "Please choose one of the list." in wrong.text) == (422, True)
    assert desk.post(f"{HERE}/1/activities/1", data={"target": ""}).status_code == 303
    with database.reading() as session:
        assert [one.project_id for one in session.scalars(select(LearningActivity))] == [None, None]
        said = session.scalars(select(Event.action).where(Event.action == "learning_activity.mapped")).all()
    assert len(said) == 2


def test_it_is_paused_fetched_soon_and_removed(desk: TestClient, database: Database, moodle: str) -> None:
    add(desk, kind="moodle", address=moodle, secret=TOKEN)
    assert desk.post(f"{HERE}/1/pause", data={"what": "pause"}).status_code == 303
    assert not the_source(database).is_on
    assert "paused" in desk.get(HERE).text
    assert desk.post(f"{HERE}/1/pause", data={"what": "resume"}).status_code == 303
    assert desk.post(f"{HERE}/1/runs").status_code == 303
    assert (the_source(database).is_on, the_source(database).next_run_at) == (True, NOW)
    assert desk.post(f"{HERE}/1/removal").headers["location"] == f"{HERE}?saved=removed"
    assert desk.get(f"{HERE}/1").status_code == 404
    assert desk.get(f"{HERE}/1/activities/1").status_code == 404


def test_what_was_refused_stands_on_the_page_as_text(desk: TestClient, database: Database) -> None:
    desk.post(HERE, data={"name": "Portal", "kind": "push"})
    with database.writing() as session:
        source = session.get_one(LearningSource, 1)
        refusals.refuse(
            session, source, what="statement 3", where="actor.<b>", why="is no property of this", at=NOW
        )
    shown = desk.get(f"{HERE}/1").text
    assert "actor.&lt;b&gt;" in shown
    assert "is no property of this" in shown


def test_long_lists_are_searched_and_leafed_through(
    desk: TestClient, database: Database, links: Links
) -> None:
    desk.post(HERE, data={"name": "Portal", "kind": "push"})
    with database.writing() as session:
        names = {f"https://l.example/{n}": f"Course {n:02}" for n in range(45)}
        records.know(session, session.get_one(LearningSource, 1), names, at=NOW)
    assert "1 to 20 of 45" in desk.get(f"{HERE}/1").text
    assert "41 to 45 of 45" in desk.get(f"{HERE}/1?begin=40").text
    assert "Course 07" in desk.get(f"{HERE}/1?q=07").text
    assert "Nothing of that name." in desk.get(f"{HERE}/1?q=%25").text
    counted: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    with database.reading() as session:
        source = session.get_one(LearningSource, 1)
        for limit in (1, 20):
            counted.clear()
            found = sources.activities(session, source, limit=limit)
            records.of_activities(session, [one.id for one in found])
            sources.names_of(session, found)
            sources.suggested(found, sources.targets(session))
            assert len(counted) == 4, counted


def test_nobody_else_sees_or_changes_a_source(
    desk: TestClient, database: Database, cast: Cast, sign_in: SignIn, moodle: str
) -> None:
    add(desk, kind="moodle", address=moodle, secret=TOKEN)

    def events() -> int:
        with database.reading() as session:
            return session.scalar(select(func.count()).where(Event.action.like("learning_%"))) or 0

    before = events()
    routes = [
        ("GET", ""), ("POST", ""), ("GET", "/1"), ("POST", "/1"), ("GET", "/1/state"), ("POST", "/1/pause"), ("POST", "/1/runs"),
        ("POST", "/1/secret"), ("POST", "/1/removal"), ("GET", "/1/activities/1"), ("POST", "/1/activities/1"),
    ]  # fmt: skip
    for person, status in ((None, 303), (cast.other, 404), (cast.expert, 404), (cast.leader, 404)):
        sign_in(desk, person)
        for method, path in routes:
            answer = desk.request(method, HERE + path, data={"name": "x", "kind": "push", "target": ""})
            assert answer.status_code == status, (person, method, path)
    assert events() == before
    sign_in(desk, cast.manager)
    for path in ("/99", "/1/activities/99", "/1/activities/99999999999"):
        assert desk.get(HERE + path).status_code == 404
