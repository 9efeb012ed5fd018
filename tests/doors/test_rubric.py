"""The rubric in the browser: changed, tried on real requests, published, and taken from an earlier version."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from board.rubric import _read, _typed
from portfolio import assessments, organisation, rubrics
from portfolio.database import Database
from portfolio.links import Links
from portfolio.models import Assessment, Event, LearningRequest, Rubric, RubricDraft
from portfolio.rules.need import Need
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.sampling import likely_leverage
from portfolio.rules.scoring import score
from portfolio.states import OPEN
from tests.conftest import Cast
from tests.doors.test_causes import SignIn
from tests.factory import a_request
from web.forms import Fields

OURS = replace(DEFAULT, effort_cut_hours=30.0)
"""What setting Fernweh up published as version 1."""


@pytest.fixture
def manager(client: TestClient, sign_in: SignIn, cast: Cast) -> TestClient:
    sign_in(client, cast.manager)
    return client


def typed(stamp: str = "1.0", **changes: str) -> dict[str, str]:
    """The rubric in force as its page sends it, with some fields changed."""
    shown = {name: value for name, value in _typed(OURS).items() if value}
    return {"stamp": stamp, **shown, **changes}


def two_requests(database: Database, links: Links, now: datetime) -> None:
    """The first reaches many and is worth little, the second few and is worth much."""
    with database.writing() as session:
        for title, people, value in (("Many", 900, 2_000.0), ("Few", 6, 900_000.0)):
            a_request(
                session,
                links=links,
                title=title,
                audience={"who": "All", "count": people},
                answers={"value_per_year": value, "format": "elearning"},
            )
        assessments.score_waiting(session, now=now, flow_run_id=None)


def order(database: Database) -> list[str]:
    with database.reading() as session:
        ranked = select(LearningRequest.title).order_by(LearningRequest.leverage.desc())
        return [*session.scalars(ranked)]


def kept(database: Database) -> tuple[int, int]:
    """How many versions and drafts there are."""
    with database.reading() as session:
        return tuple(  # type: ignore[return-value] # two of them
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Rubric, RubricDraft)
        )


def test_what_is_shown_reads_back_as_it_was() -> None:
    again, errors = _read(Fields(_typed(OURS)), OURS)
    assert (again, errors) == (OURS, {})


def test_the_quick_leverage_is_the_scores() -> None:
    need = Need(goal=3, people=Range(10, 20, 60), causes={"cause_could": "no"}, work_type="workshop")
    assert likely_leverage(need, DEFAULT) == pytest.approx(score(need, DEFAULT).leverage.likely, rel=1e-6)


def test_publishing_ranks_anew_and_old_assessments_keep_their_version(
    manager: TestClient, database: Database, links: Links, cast: Cast, now: datetime
) -> None:
    two_requests(database, links, now)
    first, second = order(database)
    heavy = {"Many": "weight__reach", "Few": "weight__value"}[second]
    light = {"Many": "weight__reach", "Few": "weight__value"}[first]
    changed = typed(**{heavy: "40", light: "0", "hours__job_aid": "12,5", "label__job_aid": "Checklist"})
    shown = manager.post("/settings/rubric/preview", data=changed, headers={"HX-Request": "true"}).text
    assert shown.lstrip().startswith('<div id="tried"')
    assert f"“{second}” and “{first}” would swap places." in shown
    assert f"“{second}” (2 → 1) passes “{first}” (1 → 2)." in shown
    assert "1 pair about the first ten would swap places:" in shown
    assert kept(database) == (1, 0)
    answer = manager.post("/settings/rubric/publication", data=changed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/rubric?saved=2")
    with database.writing() as session:
        rubric = assessments.current_rubric(session)
        assert rubric.criterion(heavy.removeprefix("weight__")).weight == 40
        kind = rubric.work_type("job_aid")
        assert kind is not None and (kind.label, kind.hours_per_finished_hour) == ("Checklist", 12.5)
        published = session.get_one(Rubric, 2)
        assert (published.published_at, published.published_by_id) == (now, cast.manager.id)
        assert len(assessments.score_waiting(session, now=now, flow_run_id=None)) == 2
        versions = session.execute(
            select(Assessment.learning_request_id, Assessment.rubric_version).order_by(Assessment.id)
        )
        assert [tuple(row) for row in versions] == [(1, 1), (2, 1), (1, 2), (2, 2)]
        last = session.scalars(select(Event.action).where(Event.subject_type == "rubrics")).all()
        assert last == ["rubric.published"]
    assert order(database) == [second, first]
    page = manager.get("/settings/rubric?saved=2").text
    assert "Version 2 is in force. Open requests are being ranked by it" in page
    assert "Checklist" in manager.get("/settings/rubric/versions/2").text
    assert "Checklist" not in manager.get("/settings/rubric/versions/1").text
    for nothing in ("9", "0", "9999999999999"):
        assert manager.get(f"/settings/rubric/versions/{nothing}").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({f"weight__{one.key}": "0" for one in DEFAULT.criteria}, "Nothing counts"),
        ({"weight__risk": "nan"}, "Please give a number."),
        ({"weight__risk": "-1"}, "Please give a number from 0 to 100."),
        ({"weight__risk": ""}, "Please give a number."),
        ({"prior__risk__low": "4"}, "From low through likely to high, please."),
        ({"prior__risk__high": "6"}, "Please give a number from 0 to 5."),
        ({"transfer__high": "140"}, "Please give a number from 0 to 100."),
        ({"bands__value__3": "4000"}, "Step 3 begins above step 2."),
        ({"bands__gap__2": "0,5"}, "Step 2 begins above step 1."),
        ({"anchor__risk__0": ""}, "Please fill this in."),
        ({"anchor__risk__0": "x" * 121}, "Please keep this under 120 characters."),
        ({f"used__{one.key}": "" for one in DEFAULT.work_types}, "Keep at least one kind of solution."),
        ({f"share__{one.key}": "0" for one in DEFAULT.work_types}, "how often it is wanted"),
        ({"hours__workshop": "0"}, "Please give a number from 0.1 to 10,000."),
        ({"people_per_session": "0"}, "Please give a number from 1 to 10,000."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    manager: TestClient, database: Database, change: dict[str, str], words: str
) -> None:
    asked = typed(label__workshop="Our workshop", **change)
    for path in ("publication", "draft"):
        answer = manager.post(f"/settings/rubric/{path}", data=asked)
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="Our workshop"' in answer.text
    tried = manager.post("/settings/rubric/preview", data=asked, headers={"HX-Request": "true"})
    assert words in tried.text
    assert kept(database) == (1, 0)


@pytest.mark.both
def test_the_later_of_two_is_told_and_can_go_on(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    assert manager.post("/settings/rubric/draft", data=typed(weight__risk="9")).status_code == 303
    late = manager.post("/settings/rubric/draft", data=typed(weight__risk="7"))
    assert late.status_code == 409
    assert "Somebody else changed the rubric meanwhile" in late.text
    assert 'name="weight__risk" value="7"' in late.text
    assert manager.post("/settings/rubric/publication", data=typed()).status_code == 409
    assert manager.post("/settings/rubric/discarding", data={"stamp": "1.0"}).status_code == 409
    assert manager.post("/settings/rubric/versions/1/draft", data={"stamp": "1.0"}).status_code == 409
    stamp = re.search(r'name="stamp" value="([^"]+)"', late.text)
    assert stamp is not None
    again = manager.post("/settings/rubric/draft", data=typed(stamp[1], weight__risk="7"))
    assert again.status_code == 303
    with database.reading() as session:
        desk = rubrics.desk(session)
        assert (desk.rubric.criterion("risk").weight, desk.in_force.criterion("risk").weight) == (7, 3)
    assert kept(database) == (1, 1)


def stamp_of(database: Database) -> str:
    with database.reading() as session:
        return rubrics.desk(session).stamp


def test_a_draft_is_kept_thrown_away_and_begun_from_an_earlier_version(
    manager: TestClient, database: Database
) -> None:
    manager.post("/settings/rubric/draft", data=typed(weight__risk="9", used__path=""))
    page = manager.get("/settings/rubric").text
    assert 'name="weight__risk" value="9"' in page
    assert "this draft was last changed by Mara Manager" in page
    assert re.search(r'name="used__path" value="yes"(?! checked)', page)
    manager.post("/settings/rubric/discarding", data={"stamp": stamp_of(database)})
    assert kept(database) == (1, 0)
    assert manager.post("/settings/rubric/discarding", data={"stamp": "1.0"}).status_code == 409
    manager.post("/settings/rubric/publication", data=typed(weight__risk="9", effort_cut_hours="44"))
    again = manager.post("/settings/rubric/versions/1/draft", data={"stamp": stamp_of(database)})
    assert again.status_code == 303
    with database.reading() as session:
        assert rubrics.desk(session).rubric == OURS
    shipped = manager.post("/settings/rubric/versions/0/draft", data={"stamp": stamp_of(database)})
    assert shipped.status_code == 303
    with database.reading() as session:
        assert rubrics.desk(session).rubric == replace(DEFAULT, effort_cut_hours=44.0)
    for nothing in ("9", "-1", "99999999999"):
        stamp = {"stamp": stamp_of(database)}
        assert manager.post(f"/settings/rubric/versions/{nothing}/draft", data=stamp).status_code == 404


def test_other_hours_a_week_move_the_line_and_nothing_else(
    manager: TestClient, database: Database, cast: Cast, now: datetime
) -> None:
    manager.post("/settings/rubric/publication", data=typed(weight__risk="9"))
    with database.writing() as session:
        organisation.set_up(session, name="Fernweh", hours_per_week=20, by=cast.manager, at=now)
        found = assessments.published_rubric(session)
    assert (found.version, found.criterion("risk").weight, found.effort_cut_hours) == (3, 9, 40)


def test_without_requests_the_preview_says_so(manager: TestClient) -> None:
    assert "No open request is scored yet" in manager.get("/settings/rubric").text
    whole = manager.post("/settings/rubric/preview", data=typed(weight__risk="9")).text
    assert 'name="weight__risk" value="9"' in whole


@pytest.fixture
def hundred(database: Database, cast: Cast, links: Links, now: datetime) -> None:
    with database.writing() as session:
        for index in range(100):
            a_request(
                session,
                links=links,
                title=f"Request {index}",
                audience={"who": "All", "count": 3 + 9 * index},
                answers={"risk": index % 6, "value_per_year": 500.0 * (1 + index * 37 % 101)},
            )
        assessments.score_waiting(session, now=now, flow_run_id=None)


@pytest.mark.usefixtures("hundred")
def test_a_preview_tells_who_enters_and_who_leaves_the_first_ten(database: Database, now: datetime) -> None:
    weights: dict[str, Any] = {"reach": 0.0, "risk": 40.0}
    other = replace(
        OURS,
        criteria=tuple(replace(one, weight=weights.get(one.key, one.weight)) for one in OURS.criteria),
    )
    with database.reading() as session:
        same = rubrics.preview(session, OURS, today=now.date())
        found = rubrics.preview(session, other, today=now.date())
        ids = set(session.scalars(select(LearningRequest.id).where(LearningRequest.status.in_(OPEN))))
    assert same.sentence == "Nothing would change places among the first 30."
    assert (same.entering, same.leaving, same.swaps) == ((), (), ())
    assert [one.after for one in found.lines] == [*range(1, 31)]
    assert {one.number for one in found.lines} <= ids
    assert found.tried == 100
    assert len(found.entering) == len(found.leaving) > 0
    assert all(one.before > 10 >= one.after for one in found.entering)
    assert all(one.before <= 10 < one.after for one in found.leaving)
    assert all(up.before > down.before and up.after < down.after for up, down in found.swaps)
    assert "would enter the first ten, and" in found.sentence


def test_looking_changes_nothing_and_only_managers_look(
    client: TestClient, database: Database, sign_in: SignIn, cast: Cast
) -> None:
    for person in (cast.requester, cast.other, cast.leader, cast.expert):
        sign_in(client, person)
        for path in ("", "/versions/1"):
            assert client.get(f"/settings/rubric{path}").status_code == 404
        for path in ("preview", "draft", "publication", "discarding", "versions/1/draft"):
            assert client.post(f"/settings/rubric/{path}", data=typed()).status_code == 404
    assert kept(database) == (1, 0)
