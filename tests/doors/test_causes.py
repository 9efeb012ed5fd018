"""The cause table in the browser, what it says on a request's page, and pointing elsewhere by cause."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from portfolio import assessments, causes, forms
from portfolio.database import Database
from portfolio.editing import put
from portfolio.links import Links
from portfolio.models import CauseTable, Decision, LearningRequest, Mail, Person
from portfolio.questions import FIRST as FIRST_FORM
from portfolio.questions import YES_NO, Kind, Question
from portfolio.rules.fit import CAUSES, FIRST, QUESTIONS
from portfolio.states import RequestStatus
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]

TOOL_IN_THE_WAY = {"cause_could": "yes", "cause_did": "yes", "cause_obstacle": "yes"}


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    """A browser the manager is signed in with."""
    sign_in(client, cast.manager)
    return client


def typed(**changes: str) -> dict[str, str]:
    """The shipped table as its page sends it, with some fields changed."""
    fields = {"seen": "1", **{f"prior__{cause}": f"{100 * share:g}" for cause, share in FIRST.prior}}
    for question, row in FIRST.yes:
        fields.update({f"yes__{question}__{cause}": f"{100 * share:g}" for cause, share in row})
    for route in FIRST.routes:
        fields[f"words__{route.cause}"] = route.words
        fields.update({f"ways__{route.cause}__{way}": "yes" for way in route.ways})
    return {**fields, **changes}


def in_force(database: Database) -> tuple[int, float]:
    with database.reading() as session:
        table = causes.current(session)
        return table.version, table.said_yes("cause_could")["tools"]


def test_the_whole_table_is_shown_and_no_is_what_yes_leaves(manager: TestClient) -> None:
    page = manager.get("/settings/causes").text
    for words in QUESTIONS.values():
        assert words in page
    for name, rest in (("cause_could__tools", "50"), ("cause_obstacle__tools", "10")):
        assert f'id="yes__{name}-no" for="yes__{name}">{rest}</output>' in page
    assert re.search(r'name="prior__tools" value="18"', page)


def test_publishing_makes_a_version_and_ranks_anew(
    manager: TestClient, database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
        assessments.score_waiting(session, now=now, flow_run_id=None)
    changed = typed(
        yes__cause_could__tools="62,5",
        owner__tools="Kim in IT",
        owns__tools="the quote tool",
        prior__tools="20",
        prior__skill="18",
    )
    answer = manager.post("/settings/causes/publication", data=changed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/causes?published=2")
    with database.reading() as session:
        table = causes.current(session)
        assert (table.said_yes("cause_could")["tools"], dict(table.prior)["tools"]) == (0.625, 0.2)
        assert table.likelihoods["cause_could"]["no"]["tools"] == 0.375
        assert (table.route("tools").owner, table.route("tools").ways) == ("Kim in IT", ("process_owner",))
        assert session.get_one(CauseTable, 2).published_by_id == cast.manager.id
        assert session.get_one(LearningRequest, 1).score_wanted_at == now
    assert "Version 2 is in force" in manager.get("/settings/causes?published=2").text
    assert "Kim in IT" in manager.get("/settings/causes/versions/2").text
    assert "As Outsize ships it" in manager.get("/settings/causes/versions/1").text
    assert manager.get("/settings/causes/versions/9").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prior__tools": "15"}, "These add up to 97 %. Please make them 100 %."),
        ({"prior__tools": ""}, "Please give a percentage."),
        ({"yes__cause_did__skill": "100"}, "Please give 1 to 99 %: nothing is ever certain."),
        ({"yes__cause_did__skill": "0"}, "Please give 1 to 99 %: nothing is ever certain."),
        ({"yes__cause_did__skill": "often"}, "Please give a percentage."),
        ({"words__tools": ""}, "Please write a few words for the requester."),
        ({"owner__tools": "x" * 121}, "Please keep this under 120 characters."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, change: dict[str, str], words: str
) -> None:
    answer = manager.post("/settings/causes/publication", data=typed(owns__skill="the buddy list", **change))
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="the buddy list"' in answer.text
    assert in_force(database) == (1, 0.5)


def test_the_later_of_two_managers_is_told_and_can_publish_after_all(
    manager: TestClient, database: Database
) -> None:
    assert (
        manager.post("/settings/causes/publication", data=typed(yes__cause_could__tools="60")).status_code
        == 303
    )
    mine = typed(yes__cause_could__tools="70")
    late = manager.post("/settings/causes/publication", data=mine)
    assert late.status_code == 409
    assert "Somebody else published another table meanwhile" in late.text
    assert 'name="yes__cause_could__tools" value="70"' in late.text
    assert in_force(database) == (2, 0.6)
    assert 'name="seen" value="2"' in late.text
    assert manager.post("/settings/causes/publication", data={**mine, "seen": "2"}).status_code == 303
    assert in_force(database) == (3, 0.7)
    assert manager.post("/settings/causes/reset", data={"seen": "2"}).status_code == 409
    assert manager.post("/settings/causes/reset", data={"seen": "3"}).status_code == 303
    assert in_force(database) == (4, 0.5)


def test_answers_are_tried_out_on_the_table_as_typed_and_nothing_is_kept(
    manager: TestClient, database: Database
) -> None:
    tried = typed(yes__cause_could__tools="99", say__cause_could="yes", say__cause_obstacle="yes")
    part = manager.post("/settings/causes/preview", data=tried, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="tried"')
    assert "<b>52 %</b>" in part.text  # .18 x .99 x .9 = .160 of .309
    assert "gets in the way" in part.text
    whole = manager.post("/settings/causes/preview", data=tried).text
    assert "<b>52 %</b>" in whole
    assert 'name="say__cause_could" value="yes" checked' in whole
    wrong = manager.post(
        "/settings/causes/preview", data=typed(prior__tools="99"), headers={"HX-Request": "true"}
    )
    assert "These add up to 181 %" in wrong.text
    assert in_force(database) == (1, 0.5)


def test_an_own_question_about_causes_is_a_row_as_soon_as_it_is_published(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    own = Question("new_screen", "Did the screen change?", kind=Kind.ONE_OF, options=YES_NO, feeds="cause")
    with database.writing() as session:
        forms.change(session, put(FIRST_FORM, own), stamp="1.0", by=cast.manager, at=now)
        forms.publish(session, stamp="2.1", by=cast.manager, at=now)
    page = manager.get("/settings/causes").text
    rows = {cause: f'name="yes__cause_own_new_screen__{cause}" value="50"' for cause in CAUSES}
    assert [cause for cause, row in rows.items() if row not in page] == []
    row = {f"yes__cause_own_new_screen__{cause}": "90" if cause == "tools" else "20" for cause in CAUSES}
    assert manager.post("/settings/causes/publication", data=typed(**row)).status_code == 303
    with database.reading() as session:
        assert causes.current(session).said_yes("cause_own_new_screen")["tools"] == 0.9


# On the request's page


def test_the_manager_sees_each_cause_with_its_prior_and_where_it_leads(
    manager: TestClient, database: Database, links: Links
) -> None:
    owner = {
        "owner__tools": "Kim in IT",
        "owns__tools": "the quote tool",
        "address__tools": "kim@fernweh.example",
    }
    manager.post("/settings/causes/publication", data=typed(**owner))
    with database.writing() as session:
        a_request(session, links=links, answers=TOOL_IN_THE_WAY)
        a_request(session, links=links, title="Silent")
    page = manager.get("/requests/1").text
    assert "Training fits: 3 %" in page
    assert '<b>37 %</b> <span class="muted">from 18 %</span>' in page
    assert 'From 3 answers about causes, by <a href="/settings/causes">cause table 2</a>' in page
    assert '<a href="mailto:kim@fernweh.example">Kim in IT</a>, the quote tool' in page
    assert "Nothing that was said tells about causes" in manager.get("/requests/2").text


def test_pointing_elsewhere_begins_with_the_likeliest_cause_and_keeps_it_as_the_reason(
    manager: TestClient, database: Database, links: Links
) -> None:
    owner = {"owner__tools": "Kim in IT", "owns__tools": "the quote tool"}
    manager.post("/settings/causes/publication", data=typed(**owner))
    with database.writing() as session:
        a_request(session, links=links, answers=TOOL_IN_THE_WAY)
    page = manager.get("/requests/1?verdict=redirect").text
    assert '<input type="hidden" name="reason" value="tools">' in page
    assert "Kim in IT owns the quote tool; we&#39;ve asked them to call you." in page
    other = manager.get("/requests/1?verdict=redirect&cause=capacity").text
    assert '<input type="hidden" name="reason" value="capacity">' in other
    assert "there is too little time for it" in other
    nonsense = manager.get("/requests/1?verdict=redirect&cause=weather").text
    assert '<input type="hidden" name="reason" value="tools">' in nonsense
    words = "Thank you. Kim in IT will call you about the quote tool."
    sent = manager.post(
        "/requests/1/decision", data={"verdict": "redirect", "reason": "tools", "words": words}
    )
    assert sent.status_code == 303
    with database.reading() as session:
        made = session.scalars(select(Decision)).one()
        assert (made.verdict, made.reason, made.words) == ("redirect", "tools", words)
        assert session.get_one(LearningRequest, 1).status is RequestStatus.REDIRECTED
        last = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert last is not None and words in last.text


def test_a_refused_ruling_keeps_the_cause_and_the_words(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links, answers=TOOL_IN_THE_WAY)
    refused = manager.post(
        "/requests/1/decision", data={"verdict": "redirect", "reason": "capacity", "words": ""}
    )
    assert refused.status_code == 422
    assert '<input type="hidden" name="reason" value="capacity">' in refused.text


def test_where_nothing_was_said_about_causes_no_cause_is_put_into_their_mouth(
    manager: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        a_request(session, links=links)
    page = manager.get("/requests/1?verdict=redirect").text
    assert '<input type="hidden" name="reason" value="">' in page
    assert "Kim in IT" not in page


def test_looking_changes_nothing_and_only_managers_look(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast
) -> None:
    for person in (cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        for path in ("", "/versions/1"):
            assert client.get(f"/settings/causes{path}").status_code == 404
        for path in ("publication", "preview", "reset"):
            assert client.post(f"/settings/causes/{path}", data=typed()).status_code == 404
    assert in_force(database) == (1, 0.5)
