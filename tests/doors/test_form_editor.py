"""The form editor in the browser: questions, order, checks, two managers, preview, publishing, versions; and its answers."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import forms, learning_requests, organisation, people, tokens
from portfolio.database import Database
from portfolio.editing import put
from portfolio.links import Links
from portfolio.models import Event, FormVersion, LearningRequest, Person
from portfolio.questions import FIRST, Condition, Form, Kind, Question
from portfolio.states import Role
from tests.conftest import Cast
from tests.factory import a_request, a_submission

SignIn = Callable[[TestClient, Person | None], None]

HUNCH = Question("hunch", "What do we think ourselves?", internal=True)


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


def stamp_of(page: str) -> str:
    found = re.search(r'name="stamp" value="([\d.]+)"', page)
    assert found is not None
    return found[1]


def a_question(**changes: str) -> dict[str, str]:
    """A question as the form of its page sends it."""
    typed = {
        "stamp": "1.0",
        "label": "Which site?",
        "kind": "one_of",
        "options": "North\nSouth",
        "asked": "always",
        "feeds": "",
    }
    return {**typed, **changes}


def publish(database: Database, form: Form, *, by: Person, at: datetime) -> Form:
    with database.writing() as session:
        forms.change(session, form, stamp=forms.desk(session).stamp, by=by, at=at)
        return forms.publish(session, stamp=forms.desk(session).stamp, by=by, at=at)


def desk(database: Database) -> forms.Desk:
    with database.reading() as session:
        return forms.desk(session)


# Questions


def test_a_question_is_added_kept_in_the_draft_and_nobody_sees_it_yet(
    manager: TestClient, database: Database
) -> None:
    answer = manager.post(
        "/settings/form/questions/new", data=a_question(help="Where they work", required="yes")
    )
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/settings/form?saved=question#question-which_site",
    )
    now = desk(database)
    assert now.form.question("which_site") == Question(
        "which_site",
        "Which site?",
        "Where they work",
        Kind.ONE_OF,
        options=(("north", "North"), ("south", "South")),
        required=True,
        always=True,
    )
    assert (now.in_force, now.stamp) == (FIRST, "2.1")
    assert "Which site?" in manager.get("/settings/form").text
    assert "Which site?" not in manager.get("/requests/new").text


def test_a_question_is_changed_and_a_reworded_option_keeps_its_value(
    manager: TestClient, database: Database
) -> None:
    manager.post("/settings/form/questions/new", data=a_question())
    page = manager.get("/settings/form/questions/which_site").text
    assert "North\nSouth" in page
    changed = a_question(
        stamp=stamp_of(page),
        label="Where?",
        options="The north\nSouth\nWest",
        asked="on_demand",
        units="Sales\n Moon base \nSales",
        if__cause_could__no="yes",
        if__title="yes",
    )
    assert manager.post("/settings/form/questions/which_site", data=changed).status_code == 303
    kept = desk(database).form.question("which_site")
    assert kept is not None
    assert (kept.label, kept.options, kept.always, kept.units) == (
        "Where?",
        (("north", "The north"), ("south", "South"), ("west", "West")),
        False,
        ("Sales", "Moon base"),
    )
    assert kept.only_if == (Condition("title"), Condition("cause_could", ("no",)))
    listed = manager.get("/settings/form").text
    assert "Nobody belongs to Moon base yet" in listed
    shown = manager.get("/settings/form/questions/which_site").text
    assert 'name="if__cause_could__no" value="yes" checked' in shown


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"label": ""}, "Please fill this in."),
        ({"label": "A short title"}, "Another question has the same words"),
        ({"options": ""}, "Please give two options or more, one a line."),
        ({"options": "North\nnorth"}, "Two options have the same words."),
        ({"kind": "step"}, "Please begin each line with one of 0, 1, 2, 3, 4, 5"),
        (
            {"feeds": "value"},
            "An answer of this kind (one of several) can&#39;t say what it is worth a year.",
        ),
        ({"asked": "on_demand", "required": "yes"}, "Only a question that is always asked can be required."),
        ({"kind": "text", "longest": "many"}, "Please give a number."),
        ({"if__risk__5": "yes"}, "is asked later."),
        ({"help": "x" * 501}, "Please keep this under 500 characters."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, typed: dict[str, str], words: str
) -> None:
    answer = manager.post("/settings/form/questions/new", data=a_question(why="So that we can meet", **typed))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="So that we can meet"' in answer.text
    assert desk(database).form == FIRST


def test_the_shipped_ones_keep_kind_and_what_they_count_as_whatever_is_sent(
    manager: TestClient, database: Database
) -> None:
    typed = a_question(
        label="Was droht?", kind="text", feeds="value", asked="on_demand", options="0: Nichts\n5: Alles"
    )
    assert manager.post("/settings/form/questions/risk", data=typed).status_code == 303
    kept = desk(database).form.question("risk")
    shipped = FIRST.question("risk")
    assert shipped is not None
    assert kept == replace(shipped, label="Was droht?", why="", options=(("0", "Nichts"), ("5", "Alles")))


def test_title_and_problem_can_not_go_and_the_page_says_why(manager: TestClient, database: Database) -> None:
    page = manager.get("/settings/form/questions/title").text
    assert "without it a request says nothing" in page
    assert "No longer ask this" not in page
    refused = manager.post("/settings/form/questions/title/removal", data={"stamp": "1.0"})
    assert refused.status_code == 422
    optional = manager.post(
        "/settings/form/questions/title", data=a_question(label="Title", asked="on_demand")
    )
    assert optional.status_code == 422
    assert "Without this a request says nothing" in optional.text
    assert desk(database).form == FIRST


def test_a_question_is_left_out_and_brought_back(manager: TestClient, database: Database) -> None:
    assert manager.post("/settings/form/questions/deadline/removal", data={"stamp": "1.0"}).status_code == 303
    assert desk(database).form.question("deadline") is None
    page = manager.get("/settings/form").text
    assert "/settings/form/questions/deadline/restoration" in page
    assert manager.get("/settings/form/questions/deadline").status_code == 404
    back = manager.post("/settings/form/questions/deadline/restoration", data={"stamp": stamp_of(page)})
    assert back.status_code == 303
    assert desk(database).form.questions == FIRST.questions
    assert (
        manager.post("/settings/form/questions/nothing/restoration", data={"stamp": "2.2"}).status_code == 404
    )


def test_questions_move_by_buttons_and_by_hand(manager: TestClient, database: Database) -> None:
    down = {"stamp": "1.0", "by": "1"}
    assert manager.post("/settings/form/questions/title/place", data=down).status_code == 303
    assert [one.key for one in desk(database).form.questions][:3] == ["problem", "title", "behaviour"]
    dragged = manager.post(
        "/settings/form/questions/deadline/place",
        data={"stamp": "2.1", "before": "problem"},
        headers={"HX-Request": "true"},
    )
    assert dragged.status_code == 200
    assert dragged.text.lstrip().startswith('<div id="desk" data-stamp="2.2"')
    assert [one.key for one in desk(database).form.questions][:3] == ["deadline", "problem", "title"]
    assert manager.post("/settings/form/questions/nothing/place", data=down).status_code == 404


def test_types_of_request_are_lines_and_a_question_may_be_for_some(
    manager: TestClient, database: Database
) -> None:
    assert (
        "One type is no choice"
        in manager.post("/settings/form/types", data={"stamp": "1.0", "types": "Audit"}).text
    )
    assert (
        manager.post("/settings/form/types", data={"stamp": "1.0", "types": "Audit\nBasics"}).status_code
        == 303
    )
    assert desk(database).form.types == (("audit", "Audit"), ("basics", "Basics"))
    typed = a_question(stamp="2.1", types__audit="yes")
    assert manager.post("/settings/form/questions/new", data=typed).status_code == 303
    question = desk(database).form.question("which_site")
    assert question is not None and question.types == ("audit",)
    for kind, shown in (("audit", True), ("basics", False)):
        assert ("Which site?" in manager.get(f"/settings/form/preview?type={kind}").text) is shown


# Two managers


def test_the_later_of_two_managers_is_told_and_keeps_what_they_typed(
    manager: TestClient, database: Database
) -> None:
    assert manager.post("/settings/form/questions/risk/removal", data={"stamp": "1.0"}).status_code == 303
    late = manager.post("/settings/form/questions/budget", data=a_question(label="My words for money"))
    assert late.status_code == 409
    assert "Somebody else changed the form meanwhile" in late.text
    assert 'value="My words for money"' in late.text
    assert "As it stands now: <strong>Is there a budget?</strong>" in late.text
    again = manager.post(
        "/settings/form/questions/budget",
        data=a_question(label="My words for money", stamp=stamp_of(late.text)),
    )
    assert again.status_code == 303
    kept = desk(database).form
    budget = kept.question("budget")
    assert budget is not None
    assert (budget.label, kept.question("risk")) == ("My words for money", None)


@pytest.mark.parametrize(
    "path",
    ["questions/risk/removal", "questions/title/place", "types", "publication", "removal", "versions/1/copy"],
)
def test_an_old_page_changes_nothing(manager: TestClient, database: Database, path: str) -> None:
    manager.post("/settings/form/questions/new", data=a_question())
    before = desk(database)
    late = manager.post(f"/settings/form/{path}", data={"stamp": "1.0", "by": "1", "types": "A\nB"})
    assert late.status_code == 409
    assert "Somebody else changed the form meanwhile" in late.text
    after = desk(database)
    assert (after.form, after.stamp, after.in_force) == (before.form, before.stamp, before.in_force)


# Preview, publishing, versions


def test_the_preview_shows_what_somebody_of_a_unit_is_asked(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    manager.post("/settings/form/questions/new", data=a_question(units="Sales", help="Only for sellers"))
    with database.writing() as session:
        forms.change(session, put(forms.desk(session).form, HUNCH), stamp="2.1", by=cast.manager, at=now)
    asked = manager.get("/settings/form/preview?unit=sales&width=phone").text
    assert "Which site?" in asked
    assert 'class="preview phone"' in asked
    other = manager.get("/settings/form/preview?unit=Finance").text
    assert "Which site?" not in other
    assert HUNCH.label not in asked + other
    assert manager.get("/settings/form/preview?version=9").status_code == 404


def test_publishing_tells_what_changes_first_and_makes_a_version(
    manager: TestClient, database: Database, cast: Cast
) -> None:
    assert "Nothing to publish" in manager.get("/settings/form/changes").text
    manager.post("/settings/form/questions/new", data=a_question())
    page = manager.get("/settings/form/changes").text
    assert "New: “Which site?” (always)." in page
    answer = manager.post("/settings/form/publication", data={"stamp": stamp_of(page)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/form/versions/2?published=1")
    version = manager.get("/settings/form/versions/2").text
    assert "Mara Manager" in version
    assert "New: “Which site?” (always)." in version
    assert "Which site?" in manager.get("/requests/new").text
    with database.reading() as session:
        published = session.scalars(select(Event).where(Event.action == "form.published")).one()
        assert (published.by_id, published.subject_id) == (cast.manager.id, 2)


def test_what_is_wrong_by_now_keeps_it_from_being_published(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    typed = a_question(asked="on_demand", if__cause_could__no="yes")
    manager.post("/settings/form/questions/new", data=typed)
    manager.post("/settings/form/questions/cause_could/removal", data={"stamp": "2.1"})
    assert "is no longer asked" in manager.get("/settings/form").text
    page = manager.get("/settings/form/changes").text
    assert "Before you can publish" in page
    refused = manager.post("/settings/form/publication", data={"stamp": stamp_of(page)})
    assert refused.status_code == 422
    assert "need another look" in refused.text
    assert desk(database).in_force == FIRST


def test_an_earlier_version_is_read_and_worked_from_again(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    publish(database, put(FIRST, HUNCH), by=cast.manager, at=now)
    publish(database, FIRST, by=cast.manager, at=now)
    assert HUNCH.label in manager.get("/settings/form/versions/2").text
    assert "As Outsize ships it" in manager.get("/settings/form/versions/1").text
    assert manager.get("/settings/form/versions/9").status_code == 404
    assert manager.post("/settings/form/versions/2/copy", data={"stamp": "3.0"}).status_code == 303
    assert desk(database).form.question("hunch") == HUNCH
    assert manager.post("/settings/form/removal", data={"stamp": "4.1"}).status_code == 303
    now_desk = desk(database)
    assert (now_desk.draft, now_desk.form.own) == (None, ())
    with database.reading() as session:
        assert [one.version for one in session.scalars(select(FormVersion))] == [2, 3]


def test_looking_changes_nothing(manager: TestClient, database: Database) -> None:
    for path in ("", "/questions/new", "/questions/risk", "/preview", "/changes", "/versions/1"):
        assert manager.get(f"/settings/form{path}").status_code == 200
    with database.reading() as session:
        assert session.scalars(select(FormVersion)).all() == []


@pytest.mark.parametrize("who", ["requester", "leader", "expert", "other"])
def test_only_managers_get_to_the_form(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast, who: str
) -> None:
    sign_in(client, getattr(cast, who))
    for path in ("", "/questions/new", "/questions/risk", "/preview", "/changes", "/versions/1"):
        assert client.get(f"/settings/form{path}").status_code == 404
    for path in (
        "questions/new",
        "questions/risk/removal",
        "types",
        "publication",
        "removal",
        "versions/1/copy",
    ):
        assert client.post(f"/settings/form/{path}", data=a_question()).status_code == 404
    assert desk(database).draft is None


# Answers for managers only


@pytest.fixture
def inside(database: Database, cast: Cast, links: Links, now: datetime) -> LearningRequest:
    """A request to a form with two questions for managers only."""
    hours = Question("our_cost", "What would it save?", kind=Kind.NUMBER, internal=True, feeds="value")
    publish(database, put(put(FIRST, HUNCH), hours), by=cast.manager, at=now)
    with database.writing() as session:
        return a_request(session, links=links)


def test_a_manager_answers_for_themselves_and_it_counts(
    manager: TestClient, database: Database, inside: LearningRequest, cast: Cast
) -> None:
    assert HUNCH.label in manager.get("/requests/1").text
    wrong = manager.post("/requests/1/inside", data={"our_cost": "lots", "hunch": "Secret hunch"})
    assert wrong.status_code == 422
    assert "as a number or a range" in wrong.text
    assert "Secret hunch" in wrong.text
    kept = manager.post("/requests/1/inside", data={"our_cost": "100000-200000", "hunch": "Secret hunch"})
    assert (kept.status_code, kept.headers["location"]) == (303, "/requests/1#inside")
    with database.reading() as session:
        found = session.get_one(LearningRequest, 1)
        assert (found.said("hunch"), found.said("our_cost")["likely"]) == ("Secret hunch", 140_000)
        assert found.score_wanted_at is not None
    assert (
        manager.post("/requests/1/inside", data={"our_cost": "", "hunch": "Secret hunch"}).status_code == 303
    )
    with database.reading() as session:
        found = session.get_one(LearningRequest, 1)
        assert (found.said("hunch"), found.said("our_cost")) == ("Secret hunch", None)
    assert "Secret hunch" in manager.get("/requests/1").text


def test_nobody_else_ever_reads_a_managers_own_answers(
    client: TestClient,
    database: Database,
    inside: LearningRequest,
    cast: Cast,
    links: Links,
    sign_in: SignIn,
    now: datetime,
) -> None:
    sign_in(client, cast.manager)
    client.post("/requests/1/inside", data={"hunch": "Secret hunch"})
    with database.writing() as session:
        found = learning_requests.find(session, 1)
        assert found is not None
        path = links.tracking_path(found)
        manages, leads, asks = (
            tokens.create(session, name=role.value, role=role, at=now)
            for role in (Role.MANAGER, Role.LEADER, Role.REQUESTER)
        )
    for person in (None, cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        for address in (
            path,
            f"{path}/answers",
            f"{path}/status",
            "/requests",
            "/requests/1",
            "/requests/new",
            "/api/v1/form",
            "/api/v1/requests/1",
        ):
            text = client.get(address).text
            assert "Secret hunch" not in text, (person, address)
            assert HUNCH.label not in text, (person, address)
        if person is not None:
            assert client.post("/requests/1/inside", data={"hunch": "Mine"}).status_code == 404
    sign_in(client, None)
    assert client.post("/requests/1/inside", data={"hunch": "Mine"}).status_code == 303
    for token in (leads, asks):
        for address in ("/api/v1/requests/1", "/api/v1/form", "/api/v1/export"):
            text = client.get(address, headers={"Authorization": f"Bearer {token}"}).text
            assert "hunch" not in text, address
    shown = client.get("/api/v1/requests/1", headers={"Authorization": f"Bearer {manages}"}).json()
    assert shown["answers"]["hunch"] == "Secret hunch"


def test_a_question_that_becomes_public_does_not_show_what_managers_had_answered(
    client: TestClient,
    database: Database,
    inside: LearningRequest,
    cast: Cast,
    links: Links,
    sign_in: SignIn,
    now: datetime,
) -> None:
    sign_in(client, cast.manager)
    client.post("/requests/1/inside", data={"hunch": "Secret hunch"})
    publish(database, put(FIRST, replace(HUNCH, internal=False)), by=cast.manager, at=now)
    with database.reading() as session:
        found = learning_requests.find(session, 1)
        assert found is not None
        path = links.tracking_path(found)
    sign_in(client, cast.requester)
    assert "Secret hunch" not in client.get(path).text + client.get(f"{path}/answers").text


# The API


def test_the_form_in_force_is_given_as_json(
    client: TestClient, database: Database, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    own = Question(
        "site",
        "Which site?",
        kind=Kind.ONE_OF,
        options=(("n", "North"), ("s", "South")),
        only_if=(Condition("risk", ("5",)),),
    )
    publish(
        database,
        replace(put(put(FIRST, own), HUNCH), types=(("a", "A"), ("b", "B"))),
        by=cast.manager,
        at=now,
    )
    body = client.get("/api/v1/form").json()
    assert (body["version"], body["types"]) == (
        2,
        [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}],
    )
    listed = {one["key"]: one for one in body["questions"]}
    assert list(listed)[:2] == ["title", "problem"]
    assert listed["deadline"]["pointer"] == "/deadline"
    assert listed["deadline"]["parts"] == ["on", "why"]
    assert "hunch" not in listed
    assert listed["site"] == {
        "key": "site", "pointer": "/answers/site", "label": "Which site?", "help": "", "why": "", "kind": "one_of", "parts": [],
        "options": [{"value": "n", "label": "North"}, {"value": "s", "label": "South"}], "longest": 500, "unit": "",
        "required": False, "asked": "on_demand", "only_if": [{"question": "risk", "values": ["5"]}], "units": [], "types": [],
    }  # fmt: skip
    sign_in(client, cast.manager)
    assert [one["key"] for one in client.get("/api/v1/form").json()["questions"]][-1] == "hunch"
    assert "/api/v1/form" in client.get("/api/v1/openapi.json").json()["paths"]


def test_where_intake_is_not_public_neither_is_the_form(
    client: TestClient, database: Database, cast: Cast
) -> None:
    with database.writing() as session:
        ours = organisation.current(session)
        assert ours is not None
        ours.intake_public = False
    assert client.get("/api/v1/form").status_code == 401


def test_own_questions_are_answered_over_the_api_and_unknown_ones_refused(
    client: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    sites = Question("sites", "Which sites?", kind=Kind.MANY_OF, options=(("n", "North"), ("s", "South")))
    whom = Question("whom", "Whom to ask?", kind=Kind.PERSON)
    publish(database, put(put(put(FIRST, sites), whom), HUNCH), by=cast.manager, at=now)

    def sent(**answers: Any) -> Any:
        body = {**a_submission().model_dump(mode="json"), "answers": answers}
        return client.post("/api/v1/requests", json=body)

    assert sent(sites=["n", "s"], whom={"name": "Kim"}).status_code == 201
    for wrong in ({"sites": ["x"]}, {"nothing": "x"}, {"hunch": "x"}, {"whom": "Kim"}):
        refused = sent(**wrong)
        assert refused.status_code == 422
        assert [one["pointer"].split("/")[2] for one in refused.json()["errors"]] == list(wrong)
    with database.reading() as session:
        kept = session.get_one(LearningRequest, 1)
        assert (kept.said("sites"), kept.said("whom")) == (["n", "s"], {"name": "Kim"})
        assert {one.form_version for one in kept.answers} == {2}
        assert people.find(session, "rita@fernweh.example") is not None
