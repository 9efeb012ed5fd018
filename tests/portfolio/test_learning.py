"""Learning data fetched from real servers: once each, going on where it was, told in words where it can't be."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from portfolio import library, participants, projects
from portfolio.database import Database
from portfolio.learning import calling, fetching, records, refusals, sources
from portfolio.learning.calling import Pace, SpentForNow, Unreachable
from portfolio.learning.fetching import Fetched
from portfolio.learning.moodle import flat
from portfolio.links import Links
from portfolio.models import (
    LearningActivity,
    LearningLookup,
    LearningRecord,
    LearningSource,
    Project,
    Resource,
)
from portfolio.rules import learning
from portfolio.rules.addresses import AddressRefused
from portfolio.settings import Settings
from tests.conftest import NOW, Cast
from tests.factory import a_project
from tests.systems import PASSWORD, TOKEN, USER, AMoodle, AStore, serving

FINISHED = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp())


@pytest.fixture
def quick(configured: Settings) -> Settings:
    """Settings of an installation that may ask its own machine, and quickly."""
    return configured.model_copy(update={"learning_may_be_local": True, "learning_calls_per_second": 1000.0})


@pytest.fixture
def moodle() -> Iterator[tuple[AMoodle, str]]:
    there = AMoodle(
        users=[
            {"id": 11, "email": "rita@fernweh.example", "roles": [{"shortname": "student"}]},
            {"id": 12, "email": "Otto@Fernweh.example"},
            {"id": 13, "email": "mara@fernweh.example", "roles": [{"shortname": "editingteacher"}]},
            {"id": 14},
        ],
        done={(2, 11): FINISHED, (3, 12): FINISHED},
    )
    with serving(there.answer) as address:
        yield there, address


Adds = Callable[..., LearningSource]


@pytest.fixture
def add(database: Database, cast: Cast) -> Adds:
    def added(**given: Any) -> LearningSource:
        with database.writing() as session:
            return sources.add(
                session, name="There", may_be_local=True, by=cast.manager, at=NOW, **given
            ).source

    return added


def source_of(database: Database, number: int = 1) -> LearningSource:
    with database.reading() as session:
        return session.get_one(LearningSource, number)


def kept(database: Database) -> list[tuple[str, str, int | None]]:
    with database.reading() as session:
        found = session.scalars(select(LearningRecord).order_by(LearningRecord.id)).all()
        names = {one.id: one.external for one in session.scalars(select(LearningActivity))}
        return [(names.get(one.activity_id or 0, ""), one.kind, one.person_id) for one in found]


def told(database: Database) -> list[str]:
    with database.reading() as session:
        return [one.why for one in refusals.lately(session, session.get_one(LearningSource, 1))]


def belongs(database: Database, cast: Cast, external: str, *, at: datetime = NOW) -> Project:
    with database.writing() as session:
        project = a_project(session, by=cast.manager)
        activity = session.scalars(
            select(LearningActivity).where(LearningActivity.external == external)
        ).one()
        sources.belong(session, activity, project, by=cast.manager, at=at)
        return project


# Moodle


@pytest.mark.both
def test_moodle_is_asked_who_it_is_then_what_it_has_then_who_finished(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    assert fetching.fetch(database, quick, number, now=NOW) == Fetched()
    assert [name for name, _ in there.calls] == ["core_webservice_get_site_info", "core_course_get_courses"]
    with database.reading() as session:
        found = session.scalars(select(LearningActivity).order_by(LearningActivity.id)).all()
    assert [(one.external, one.name) for one in found] == [
        ("course:2", "Faster quotes > basics"),
        ("course:3", "Bike fitting"),
    ]
    assert found[0].about == {
        "short": "FQ",
        "starts_at": "2026-01-01T00:00:00+00:00",
        "ends_at": None,
        "visible": True,
    }
    assert source_of(database).about == {
        "site": "Fernweh & friends",
        "release": "5.0.1 (Build: 20250609)",
        "missing": [],
    }
    assert fetching.fetch(database, quick, number, now=NOW) is None  # not due

    project = belongs(database, cast, "course:2")
    assert fetching.fetch(database, quick, number, now=NOW) == Fetched(new=3)
    assert kept(database) == [
        ("course:2", "enrolled", cast.requester.id),
        ("course:2", "enrolled", cast.other.id),
        ("course:2", "completed", cast.requester.id),
    ]
    assert told(database) == ["1 people came without an e-mail; the token's user may not see it."]
    with database.reading() as session:
        found_project = projects.find(session, project.id)
        assert found_project is not None
        marked = [(one.person_id, one.state) for one in participants.of(session, found_project)]
        finished = session.scalars(select(LearningRecord).where(LearningRecord.kind == "completed")).one()
    assert marked == [(cast.requester.id, "completed")]
    assert finished.happened_at == datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_nobody_is_asked_for_again_before_it_is_time(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    fetching.fetch(database, quick, number, now=NOW)
    belongs(database, cast, "course:2")
    completion = "core_completion_get_course_completion_status"
    for hours, calls in (
        (0, 2),
        (1, 2),
        (25, 3),
    ):  # who finished isn't asked for again, who hasn't is, a day later
        with database.writing() as session:
            sources.fetch_soon(session, session.get_one(LearningSource, number), by=cast.manager, at=NOW)
        fetching.fetch(database, quick, number, now=NOW + timedelta(hours=hours))
        assert there.count(completion) == calls
    with database.reading() as session:
        lookups = {one.key: one.value for one in session.scalars(select(LearningLookup))}
    assert lookups == {"completion/2/11": {"completed": True}, "completion/2/12": {"completed": False}}
    assert len(kept(database)) == 3


def test_a_run_makes_so_many_calls_and_the_next_goes_on(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    fetching.fetch(database, quick, number, now=NOW)
    belongs(database, cast, "course:2")
    few = quick.model_copy(update={"learning_calls_per_run": 4})
    assert fetching.fetch(database, few, number, now=NOW) == Fetched(goes_on=True)
    assert source_of(database).next_run_at == NOW + sources.RETURN
    assert [kind for _, kind, _ in kept(database)] == ["enrolled", "enrolled", "completed"]
    later = NOW + sources.RETURN
    assert fetching.fetch(database, few, number, now=later) == Fetched(
        goes_on=True
    )  # the last person, then the feedback is left
    assert there.count("core_completion_get_course_completion_status") == 2
    assert fetching.fetch(database, quick, number, now=later + sources.RETURN) == Fetched()
    assert source_of(database).next_run_at == later + sources.RETURN + timedelta(hours=24)


def test_a_course_without_criteria_goes_by_its_activities(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    _, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    fetching.fetch(database, quick, number, now=NOW)
    belongs(database, cast, "course:3")
    fetching.fetch(database, quick, number, now=NOW)
    assert kept(database)[-1] == ("course:3", "completed", cast.other.id)


def test_feedback_is_counted_from_five_people_on_and_in_steps_of_five(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    fetching.fetch(database, quick, number, now=NOW)
    belongs(database, cast, "course:2")
    seen = []
    for answered in (4, 6, 9, 11):
        there.answered = answered
        with database.writing() as session:
            session.get_one(LearningSource, number).next_run_at = NOW
        fetching.fetch(database, quick, number, now=NOW)
        with database.reading() as session:
            one = session.scalars(
                select(LearningActivity).where(LearningActivity.external == "feedback:9")
            ).one()
        seen.append(one.about)
    question = {"label": "Will you use it?", "kind": "choice"}
    six = {
        "course": 2,
        "people": 6,
        "questions": [{**question, "answers": [{"words": "Very", "n": 4}, {"words": "Hardly", "n": 2}]}],
    }
    eleven = {
        "course": 2,
        "people": 11,
        "questions": [{**question, "answers": [{"words": "Very", "n": 9}, {"words": "Hardly", "n": 2}]}],
    }
    assert seen == [{"course": 2, "people": 0, "questions": []}, six, six, eleven]


def test_a_report_brings_completions_in_bulk(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    course = '<a href="https://moodle.example/course/view.php?id=2">Faster quotes &gt; basics</a>'
    there.rows = [
        [course, "rita@fernweh.example", "Yes", "Sunday, 1 November 2026, 12:00 PM", "80.00 %"],
        [course, "otto@fernweh.example", "No", "", "-"],
        ["Unknown course", "otto@fernweh.example", "Yes", "", ""],
        ["Bike fitting", "otto@fernweh.example", "Yes", "", ""],
    ]
    number = add(kind="moodle", address=address, secret=TOKEN, report_number=7).id
    fetching.fetch(database, quick, number, now=NOW)
    assert kept(database) == []  # of courses that belong to nothing no line is kept
    belongs(database, cast, "course:2")
    assert fetching.fetch(database, quick, number, now=NOW) == Fetched(new=3)
    assert kept(database) == [
        ("course:2", "enrolled", cast.requester.id), ("course:2", "completed", cast.requester.id), ("course:2", "enrolled", cast.other.id),
    ]  # fmt: skip
    with database.reading() as session:
        finished = session.scalars(select(LearningRecord).where(LearningRecord.kind == "completed")).one()
    assert (finished.score, finished.happened_at) == (0.8, datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert told(database)[0] == "1 lines are of “Unknown course”, which names no one course of the catalogue."
    assert there.count("core_enrol_get_enrolled_users") == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"secret": "wrong"}, "core_webservice_get_site_info: Moodle doesn't know this token, or it has run out. Please give another one."),
        ({"path": "/elsewhere"}, "core_webservice_get_site_info: Moodle answered 404 instead of 200. Is this its address?"),
        ({"refuses": {"core_course_get_courses": "sitemaintenance"}}, "core_course_get_courses: Moodle is in maintenance."),
        ({"refuses": {"core_course_get_courses": "oddity"}}, "core_course_get_courses: Refused > as told"),
    ],
)  # fmt: skip
def test_what_moodle_refuses_is_told_in_words_and_tried_again_later(
    database: Database,
    quick: Settings,
    moodle: tuple[AMoodle, str],
    add: Adds,
    change: dict[str, Any],
    problem: str,
) -> None:
    there, address = moodle
    there.refuses = change.get("refuses", {})
    number = add(
        kind="moodle", address=address + change.get("path", ""), secret=change.get("secret", TOKEN)
    ).id
    assert fetching.fetch(database, quick, number, now=NOW) == Fetched(problem=problem)
    source = source_of(database)
    assert (source.problem, source.failures) == (problem, 1)
    assert source.next_run_at == NOW + timedelta(minutes=15)


def test_what_a_token_may_not_is_said_and_one_course_keeps_no_other(
    database: Database, quick: Settings, cast: Cast, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    there.functions = tuple(one for one in there.functions if "feedback" not in one)
    there.refuses = {"core_enrol_get_enrolled_users": "nopermissions"}
    number = add(kind="moodle", address=address, secret=TOKEN).id
    fetching.fetch(database, quick, number, now=NOW)
    belongs(database, cast, "course:2")
    belongs(database, cast, "course:3")
    assert fetching.fetch(database, quick, number, now=NOW) == Fetched()
    assert (source_of(database).about or {})["missing"] == [
        "No feedback: its service needs mod_feedback_get_feedbacks_by_courses and mod_feedback_get_analysis."
    ]
    assert len(told(database)) == 2
    assert told(database)[0].endswith("The token's user lacks a permission for this in Moodle.")


# A record store


def a_stored(number: int, *, verb: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "id": f"5b1c7c7e-2d9b-4c55-9c2e-6f7d6c0f8a{number:02}",
        "actor": {"mbox": f"mailto:learner{number}@elsewhere.example"},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        "object": {"id": "https://learn.fernweh.example/quotes"},
        "timestamp": "2026-11-19T10:00:00Z",
        "stored": f"2026-11-19T10:{number:02}:00+00:00",
        **more,
    }


@pytest.mark.both
def test_a_store_is_read_page_by_page_and_from_where_it_is_consistent(
    database: Database, quick: Settings, add: Adds
) -> None:
    there = AStore([a_stored(n) for n in range(5)], consistent="2026-11-19T10:03:00Z")
    with serving(there.answer) as address:
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD).id
        assert fetching.fetch(database, quick, number, now=NOW) == Fetched(new=5)
        assert there.asked == ["/xapi/about", "/xapi/statements", "/xapi/more/-/2", "/xapi/more/-/4"]
        there.statements += [a_stored(5), a_stored(6)]
        later = NOW + timedelta(hours=24)
        assert fetching.fetch(database, quick, number, now=later) == Fetched(new=2)
    assert there.asked[5] == "/xapi/statements?since=2026-11-19T10:03:00+00:00"
    assert len(kept(database)) == 7
    assert source_of(database).about == {"version": "2.0.0", "versions": ["1.0.3", "2.0.0"]}


def test_a_pull_that_broke_off_goes_on_at_the_page_it_was_at(
    database: Database, quick: Settings, add: Adds
) -> None:
    there = AStore([a_stored(n) for n in range(6)], broken_after=4)
    with serving(there.answer) as address:
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD).id
        broken = fetching.fetch(database, quick, number, now=NOW)
        assert broken == Fetched(problem="It answered 503 when asked for statements.")
        assert len(kept(database)) == 4
        there.broken_after = None
        there.asked.clear()
        soon = NOW + timedelta(minutes=15)
        assert fetching.fetch(database, quick, number, now=soon) == Fetched(new=2)
        assert there.asked == ["/xapi/about", "/xapi/more/-/4"]
        there.statements.append(a_stored(7))
        assert fetching.fetch(database, quick, number, now=soon + timedelta(hours=24)) == Fetched(new=1)
    assert there.asked[3] == "/xapi/statements?since=2026-11-19T10:04:55+00:00"
    assert source_of(database).failures == 0


def test_more_is_followed_on_the_same_host_only(database: Database, quick: Settings, add: Adds) -> None:
    there = AStore([a_stored(n) for n in range(3)])
    with serving(there.answer) as elsewhere, serving(there.answer) as address:
        there.more = address + "/xapi/more/{since}/{begin}"
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD).id
        assert fetching.fetch(database, quick, number, now=NOW) == Fetched(new=3)
        there.more = elsewhere + "/xapi/more/{since}/{begin}"
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD).id
        found = fetching.fetch(database, quick, number, now=NOW)
    assert found == Fetched(problem="It says that more lies on another host. We don't go there.")
    assert PASSWORD not in source_of(database, 2).problem


def test_statements_that_are_none_are_left_out_with_the_reason(
    database: Database, quick: Settings, add: Adds
) -> None:
    there = AStore([a_stored(1), a_stored(2, result={"score": {"scaled": 7}}), a_stored(3)], per_page=10)
    with serving(there.answer) as address:
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=PASSWORD).id
        assert fetching.fetch(database, quick, number, now=NOW) == Fetched(new=2)
    assert told(database) == ["has to be from -1 to 1"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"secret": "wrong"}, "It doesn't take this user and password, or they may not read statements."),
        ({"versions": ("0.95",)}, "It speaks no xAPI we know: 0.95."),
    ],
)
def test_what_a_store_refuses_is_told_in_words(
    database: Database, quick: Settings, add: Adds, given: dict[str, Any], problem: str
) -> None:
    there = AStore(versions=given.get("versions", ("1.0.3",)))
    with serving(there.answer) as address:
        secret = given.get("secret", PASSWORD)
        number = add(kind="lrs", address=f"{address}/xapi", user=USER, secret=secret).id
        assert fetching.look(database, quick, number, now=NOW) == Fetched(problem=problem)
    assert source_of(database).problem == problem


# What any of them may


@pytest.mark.parametrize(
    "address",
    [
        "http://learn.example.org", "https://localhost", "https://127.0.0.1/moodle", "https://10.0.0.4", "https://[::1]",
        "ftp://learn.example.org", "https://user:word@learn.example.org", "https://learn.example.org?x=1", "learn",
    ],
)  # fmt: skip
def test_only_the_open_internet_is_asked_unless_allowed(address: str) -> None:
    with pytest.raises(AddressRefused):
        calling.check(address, may_be_local=False)
    calling.check("https://learn.example.org/moodle", may_be_local=False)
    calling.check("http://127.0.0.1:8080", may_be_local=True)


def test_a_name_that_stands_for_our_own_network_is_not_asked(
    database: Database, configured: Settings, moodle: tuple[AMoodle, str], add: Adds
) -> None:
    there, address = moodle
    number = add(kind="moodle", address=address, secret=TOKEN).id
    found = fetching.fetch(database, configured, number, now=NOW)
    assert found is not None
    assert found.problem.startswith("Its name stands for an address inside your own network.")
    assert there.calls == []


def test_a_pace_keeps_to_its_seconds_and_to_its_number() -> None:
    slept: list[float] = []
    pace = Pace(4, 3, sleep=slept.append, clock=lambda: 100.0)
    for _ in range(3):
        pace.step()
    assert slept == [0.25, 0.5]
    with pytest.raises(SpentForNow):
        pace.step()


def test_a_pace_ends_with_its_time() -> None:
    clock = iter([0.0, 0.0, 0.0, 0.0, 121.0])
    pace = Pace(1000, 9, sleep=lambda _: None, clock=lambda: next(clock))
    pace.step()
    with pytest.raises(SpentForNow):
        pace.step()


def test_nothing_that_answers_is_told_without_its_secret(quick: Settings) -> None:
    with (
        calling.Caller(pace=Pace(1000, 9), may_be_local=True, secrets=(TOKEN,)) as caller,
        pytest.raises(Unreachable) as refused,
    ):
        caller.get(f"http://127.0.0.1:1/{TOKEN}", headers={})
    assert TOKEN not in str(refused.value)


def test_a_slow_or_packed_answer_is_not_waited_for() -> None:
    clock = iter([0.0, 1.0, 121.0])
    slow = httpx.Response(200, content=iter([b"1", b"2"]))
    with pytest.raises(Unreachable, match="within 120 seconds"):
        calling._whole(slow, clock=lambda: next(clock))
    with pytest.raises(Unreachable, match="packed"):
        calling._whole(httpx.Response(200, headers={"content-encoding": "gzip, gzip"}))


def test_one_source_that_breaks_waits_longer_each_time(
    database: Database, quick: Settings, add: Adds
) -> None:
    number = add(kind="moodle", address="http://127.0.0.1:1", secret=TOKEN).id
    waits = []
    at = NOW
    for _ in range(9):
        fetching.fetch(database, quick, number, now=at)
        due = source_of(database).next_run_at
        assert due is not None
        waits.append((due - at) / timedelta(minutes=1))
        at = due
    assert waits == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_uses_of_a_resource_follow_the_activity_it_is_mapped_to(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        one = sources.add(session, kind="push", name="P", may_be_local=False, by=cast.manager, at=NOW).source
        given = library.ResourceGiven.model_validate(
            {"title": "Quote guide", "kind": "guide", "link": "https://example.org/g"}
        )
        guide = library.add(session, given, by=cast.manager, at=NOW)
        activity = records.know(session, one, {"https://l.example/g": "The quote guide"}, at=NOW)[
            "https://l.example/g"
        ]
        session.flush()
        things = [
            records.Thing(
                f"t{n}", learning.USED, NOW, activity.external, learning.of_mailbox(f"p{n}@x.example")
            )
            for n in range(6)
        ]
        records.keep(session, one, things[:4], links=Links("", "key"), at=NOW)
        sources.belong(session, activity, guide, by=cast.manager, at=NOW)
        records.keep(session, one, things, links=Links("", "key"), at=NOW)
    with database.reading() as session:
        assert session.get_one(Resource, guide.id).uses == 6
        found = sources.targets(session)
        assert sources.suggested(
            [LearningActivity(id=9, name="The guide to quotes", source_id=1)], found
        ) == {9: f"resource:{guide.id}"}
    with database.writing() as session:
        sources.remove(session, session.get_one(LearningSource, one.id), by=cast.manager, at=NOW)
        assert session.get_one(Resource, guide.id).uses == 0
        assert session.scalars(select(LearningRecord)).all() == []


def test_counts_hide_what_subtracting_would_tell() -> None:
    said = [
        [one.words for one in learning.shown(counts)]
        for counts in ([20, 12, 6], [20, 18, 18], [20, 12, 10], [4, 4, 4], [9, 4, 0])
    ]
    assert said == [
        ["20", "12 of 20", "6 of 20"],
        ["20", "all or nearly all of 20", "all or nearly all of 20"],
        ["20", "12 of 20", "all or nearly all of 12"],
        ["fewer than 5", "fewer than 5", "fewer than 5"],
        ["9", "fewer than 5", "fewer than 5"],
    ]


def test_counts_are_said_with_their_base() -> None:
    def words(*counts: int) -> str:
        people, completed, passed = counts
        return records.Counts(people, completed, passed, 0, learning.shown(counts)).words

    assert words(0, 0, 0) == "nobody yet"
    assert words(4, 4, 0) == "fewer than 5 people"
    assert words(20, 12, 6) == "20 people; finished: 12 of 20 (60\u202f%); passed: 6 of 20 (30\u202f%)"
    assert words(20, 18, 2) == "20 people; finished: all or nearly all of 20; passed: fewer than 5"


def test_parameters_are_written_as_moodle_reads_them() -> None:
    assert flat({"courseids": [2, 3], "options": [{"name": "limitfrom", "value": 0}], "userid": 4}) == {
        "courseids[0]": "2", "courseids[1]": "3", "options[0][name]": "limitfrom", "options[0][value]": "0", "userid": "4",
    }  # fmt: skip
