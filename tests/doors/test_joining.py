"""While typing over HTTP: being shown what may help, "this solves it", joining, and the page of those who joined."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from portfolio import conversations, deciding, learning_requests, library, similar, supporters
from portfolio.database import Database
from portfolio.deciding import Ruling
from portfolio.library import ResourceGiven
from portfolio.links import Links
from portfolio.models import (
    DemandAlert,
    Draft,
    Event,
    LearningRequest,
    Mail,
    Organisation,
    Person,
    Suggestion,
    Supporter,
)
from portfolio.states import Verdict
from portfolio.suggestions import Thing
from tests.conftest import Cast
from tests.factory import a_request

SignIn = Callable[[TestClient, Person | None], None]

TYPED = {
    "ask": "a", "title": "Bleeding hydraulic brakes", "problem": "Bleeding hydraulic brakes: how?", "requester_email": "otto@fernweh.example",
    "requester_name": "Otto", "requester_unit": "Finance", "audience_count": "10-20",
}  # fmt: skip


BARE: dict[str, Any] = {"problem": "Bleeding hydraulic brakes.", "behaviour": ""}


@pytest.fixture
def story(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    """A resource, an open request and a declined one, all about brakes."""
    with database.writing() as session:
        given = ResourceGiven(
            title="Bleeding hydraulic brakes, a video",
            kind="video",
            link="https://intranet.example/brakes",
            minutes=8,
        )
        library.add(session, given, by=cast.manager, at=now)
        a_request(
            session,
            links=links,
            title="Hydraulic brakes bleeding in Sales",
            **BARE,
            if_nothing="Rita's secret pains.",
        )
        no = a_request(session, links=links, title="Bleeding hydraulic brakes for all", **BARE)
        ruling = Ruling(Verdict.DECLINE, "Dear Rita, no.", reason="exists")
        deciding.decide(session, no, ruling, links=links, by=cast.manager, at=now)


@pytest.fixture
def typing(client: TestClient, story: None) -> TestClient:
    """A stranger's browser, where the words of the story have been learned."""
    similar.warm(client.app.state.database)  # type: ignore[attr-defined] # built by create_app
    return client


def ref(links: Links, kind: str, number: int) -> str:
    return Thing(kind, number).ref(links)


def traces(database: Database) -> tuple[int, ...]:
    with database.reading() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Event, Mail, Suggestion, Supporter, Draft)
        )


def test_what_may_help_is_shown_while_typing_and_nothing_is_written_nor_told_of_others(
    typing: TestClient, database: Database
) -> None:
    before = traces(database)
    for answer in (
        typing.post("/requests/suggestions", data=TYPED),
        typing.get("/requests/suggestions", params=TYPED),
    ):
        assert answer.status_code == 200
        assert re.findall(r"<b>(.*?)</b>", answer.text) == [
            "Bleeding hydraulic brakes, a video", "Hydraulic brakes bleeding in Sales", "Bleeding hydraulic brakes for all",
        ]  # fmt: skip
        assert (
            answer.text.lstrip().startswith('<section id="suggestions"')
            and 'aria-live="polite"' in answer.text
        )
        assert "Something for it exists already." in answer.text and "asked for once" in answer.text
        for secret in ("Rita", "rita@", "secret pains", "Dear"):
            assert secret not in answer.text
    assert typing.post("/requests/suggestions", data={"title": "zebra"}).text.count("<li") == 0
    assert traces(database) == before


def test_where_intake_is_closed_strangers_are_shown_nothing(
    typing: TestClient, database: Database, links: Links, sign_in: SignIn, cast: Cast
) -> None:
    with database.writing() as session:
        session.scalars(select(Organisation)).one().intake_public = False
    before = traces(database)
    pressed = {**TYPED, "suggestion": ref(links, "resource", 1), "suggested": ref(links, "resource", 1)}
    for address in ("", "/shown", "/opened", "/solved", "/joining"):
        answer = typing.post(f"/requests/suggestions{address}", data=pressed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/requests/new")
    with database.reading() as session:
        path = links.joining_path(session.get_one(LearningRequest, 1))
    for method in ("GET", "POST"):
        assert (
            typing.request(method, path, data={"email": "a@b.example"})
            .headers["location"]
            .startswith("/sign-in")
        )
    assert traces(database) == before
    sign_in(typing, cast.other)
    assert "Bleeding" in typing.post("/requests/suggestions", data=TYPED).text


def test_only_what_was_shown_can_be_answered(typing: TestClient, database: Database, links: Links) -> None:
    before = traces(database)
    for address in ("opened", "solved", "joining"):
        for guess in ("", "resource:1", "resource:1:guessed", ref(links, "resource", 9)):
            answer = typing.post(f"/requests/suggestions/{address}", data={**TYPED, "suggestion": guess})
            assert answer.status_code == 404
    typing.post("/requests/suggestions/shown", data={"ask": "a", "suggested": "resource:1:guessed"})
    assert traces(database) == before


def test_shown_and_opened_are_kept_with_the_hours_it_would_cost(
    typing: TestClient, database: Database, links: Links
) -> None:
    seen = f"{ref(links, 'resource', 1)} {ref(links, 'request', 1)}"
    assert typing.post("/requests/suggestions/shown", data={"ask": "a", "suggested": seen}).status_code == 204
    opened = typing.post(
        "/requests/suggestions/opened", data={**TYPED, "suggestion": ref(links, "resource", 1)}
    )
    with database.reading() as session:
        resource = library.find(session, 1)
        assert resource is not None
        assert (opened.status_code, opened.headers["location"]) == (303, links.resource_path(resource))
        lines = session.scalars(select(Suggestion).order_by(Suggestion.id)).all()
        assert [(line.kind, line.opened_at is not None, line.email, bool(line.saved_hours)) for line in lines] == [
            ("resource", True, "otto@fernweh.example", True), ("request", False, None, False),
        ]  # fmt: skip


def test_this_solves_it_thanks_and_keeps_the_draft_in_case_it_does_not(
    typing: TestClient, database: Database, links: Links
) -> None:
    solved = typing.post(
        "/requests/suggestions/solved",
        data={**TYPED, "deadline_on": "soon", "suggestion": ref(links, "resource", 1)},
        files={"file_1": ("a.txt", b"")},
    )
    assert solved.status_code == 303
    thanks = typing.get(solved.headers["location"])
    draft = re.search(r'href="(/drafts/\d+/[^"]+)"', thanks.text)
    assert draft is not None and "14 days" in thanks.text
    page = typing.get(draft[1])
    assert page.status_code == 200 and "Bleeding hydraulic brakes: how?" in page.text
    with database.reading() as session:
        (line,) = session.scalars(select(Suggestion)).all()
        assert (line.ask, line.solved_at is not None) == ("a", True)
    assert typing.get(solved.headers["location"][:-3] + "abc").status_code == 404
    sent = typing.post("/requests", data={**TYPED, "suggested": ref(links, "resource", 1)})
    assert sent.status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Suggestion.came_back_at)).one() is not None


def test_joining_takes_over_what_was_typed_and_ends_on_a_page_of_ones_own(
    typing: TestClient, database: Database, links: Links
) -> None:
    form = typing.post(
        "/requests/suggestions/joining", data={**TYPED, "suggestion": ref(links, "request", 1)}
    )
    assert form.status_code == 200
    for words in (
        "Bleeding hydraulic brakes: how?",
        "10-20",
        "otto@fernweh.example",
        "Finance",
        'name="ask" value="a"',
    ):
        assert words in form.text
    assert "Rita" not in form.text and "secret" not in form.text
    path = re.search(r'action="(/requests/1/supporters/[^"]+)"', form.text)
    assert path is not None
    said = {
        "ask": "a",
        "email": "otto@fernweh.example",
        "unit": "Finance",
        "words": "By hand.",
        "reach": "10-20",
    }
    joined = typing.post(path[1], data=said)
    assert joined.status_code == 303 and re.fullmatch(r"/support/1/\S+\?joined=1", joined.headers["location"])
    page = typing.get(joined.headers["location"]).text
    assert "Nothing more to do." in page and "2 people, you among them" in page and "secret" not in page
    with database.reading() as session:
        lines = session.scalars(select(Suggestion).where(Suggestion.joined_at.is_not(None))).all()
        assert [(line.ask, line.kind, bool(line.saved_hours)) for line in lines] == [("a", "request", True)]
        mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert mail is not None and mail.recipient == "otto@fernweh.example" and "/support/1/" in mail.text


def test_who_types_anothers_address_does_not_see_their_page(
    typing: TestClient, database: Database, links: Links, sign_in: SignIn, cast: Cast
) -> None:
    with database.reading() as session:
        path = links.joining_path(session.get_one(LearningRequest, 1))
    said = {"email": "otto@fernweh.example", "words": "Mine."}
    assert "/support/1/" in typing.post(path, data=said).headers["location"]
    for email in ("otto@fernweh.example", "rita@fernweh.example"):
        answer = typing.post(path, data={"email": email, "words": "Not mine."})
        assert answer.headers["location"] == f"{path}?done=1"
    assert "Look into your mail." in typing.get(f"{path}?done=1").text
    sign_in(typing, cast.other)
    assert "/support/1/" in typing.post(path, data=said).headers["location"]
    assert typing.get("/requests/1/supporters/guessed").status_code == 404
    assert typing.post("/requests/1/supporters/guessed", data=said).status_code == 404


def test_a_wrong_address_or_number_comes_back_with_what_was_typed(
    typing: TestClient, database: Database, links: Links
) -> None:
    with database.writing() as session:
        session.scalars(select(Organisation)).one().intake_domains = "fernweh.example"
        path = links.joining_path(session.get_one(LearningRequest, 1))
    for email, words in (
        ("nonsense", "This doesn&#39;t look like an e-mail"),
        ("a@b.example", "Please use your work address"),
    ):
        answer = typing.post(path, data={"email": email, "words": "Kept words", "reach": "a few"})
        assert answer.status_code == 422 and "Kept words" in answer.text
        assert words in answer.text or "as a number or a range" in answer.text
    with database.reading() as session:
        assert session.scalars(select(Supporter)).all() == []


@pytest.fixture
def otto(database: Database, cast: Cast, links: Links, story: None, now: datetime) -> Supporter:
    with database.writing() as session:
        made = supporters.join(
            session,
            session.get_one(LearningRequest, 1),
            email=cast.other.email,
            words="By hand.",
            links=links,
            at=now,
        )
        assert made is not None
        return made


def test_a_supporters_page_shows_what_all_are_told_and_nothing_of_the_first(
    typing: TestClient, database: Database, links: Links, otto: Supporter, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        one = learning_requests.find(session, 1)
        assert one is not None
        conversations.say(session, one, "We look into it.", links=links, by=cast.manager, at=now)
        conversations.say(session, one, "My private words.", links=links, by=cast.requester, at=now)
        conversations.say(session, one, "A note.", links=links, by=cast.manager, at=now, internal=True)
    path = links.support_path(otto)
    page = typing.get(path).text
    assert "We look into it." in page and "By hand." in page
    for secret in ("My private words.", "A note.", "secret pains", "rita@", "Rita"):
        assert secret not in page
    assert (
        typing.get(f"{path}/status").text.startswith('<section id="status"')
        or "status" in typing.get(f"{path}/status").text
    )
    saved = typing.post(f"{path}/words", data={"words": "By hand, twice.", "reach": "30"})
    assert saved.headers["location"] == f"{path}?saved=1"
    assert typing.post(f"{path}/words", data={"words": "Kept", "reach": "some"}).status_code == 422
    left = typing.post(f"{path}/withdrawal")
    assert left.headers["location"] == path
    assert "You left this request" in typing.get(path).text
    with database.reading() as session:
        kept = session.get_one(Supporter, otto.id)
        assert (kept.words, kept.reach, kept.left_at is not None) == ("By hand, twice.", 30, True)


def test_a_guessed_or_renewed_link_opens_nothing(typing: TestClient, links: Links, otto: Supporter) -> None:
    path = links.support_path(otto)
    assert typing.post(f"{path}/link").status_code == 303
    for old in (path, "/support/1/guessed", "/support/99/guessed"):
        assert typing.get(old).status_code == typing.get(f"{old}/status").status_code == 404
        assert typing.get(f"{old}/live").status_code == 404
        for end in ("words", "withdrawal", "link"):
            assert typing.post(f"{old}/{end}", data={"words": "x"}).status_code == 404


def test_the_manager_sees_who_stands_behind_a_request_and_sees_an_alert_off(
    typing: TestClient, database: Database, otto: Supporter, sign_in: SignIn, cast: Cast, now: datetime
) -> None:
    with database.writing() as session:
        session.add(DemandAlert(learning_request_id=1, people=5, units=3, alike=[2], raised_at=now))
    sign_in(typing, cast.manager)
    page = typing.get("/requests/1").text
    assert "By hand." in page and "Otto Other, Finance" in page
    assert "5 people from 3 units" in typing.get("/inbox").text
    assert typing.post("/alerts/9/seen").status_code == 404
    assert typing.post("/alerts/1/seen").headers["location"] == "/inbox"
    assert "5 people from 3 units" not in typing.get("/inbox").text
    assert typing.post("/settings/alerts", data={"alert_people": "8", "alert_units": "1"}).status_code == 422
    assert typing.post("/settings/alerts", data={"alert_people": "8", "alert_units": "4"}).status_code == 303
    with database.reading() as session:
        ours = session.scalars(select(Organisation)).one()
        assert (ours.alert_people, ours.alert_units) == (8, 4)


def test_deflections_are_told_in_one_sentence(
    typing: TestClient, links: Links, sign_in: SignIn, cast: Cast
) -> None:
    typing.post("/requests/suggestions/solved", data={**TYPED, "suggestion": ref(links, "resource", 1)})
    sign_in(typing, cast.manager)
    page = typing.get("/library/deflections").text
    assert re.search(
        r"1 ask answered itself this quarter; about \d+ hours saved \([\d.]+–\d+\)\.", " ".join(page.split())
    )
    assert typing.get("/library/deflections?period=year").status_code == 200


def test_answering_from_the_library_sends_its_link(
    typing: TestClient, database: Database, links: Links, sign_in: SignIn, cast: Cast
) -> None:
    sign_in(typing, cast.manager)
    page = typing.get("/requests/1?verdict=answer").text
    assert "verdict=answer&amp;resource_id=1" in page
    assert "verdict=join" in typing.get("/requests/1?verdict=join").text
    answered = typing.post(
        "/requests/1/decision", data={"verdict": "answer", "resource_id": "1", "words": "Look here."}
    )
    assert answered.status_code == 303
    with database.reading() as session:
        resource = library.find(session, 1)
        mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert mail is not None and resource is not None and links.resource(resource) in mail.text
