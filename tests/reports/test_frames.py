"""Frames see the history up to their cut-off and nothing of what came later."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import event

from portfolio.database import Database
from portfolio.links import Links
from reports import frames
from reports.frames import EVERYTHING, About
from tests.conftest import Cast
from tests.reports.story import AFTERWARDS, on, tell

LAST_DAY = date(2026, 9, 30)
FRAMES = (
    "requests", "projects", "cards", "iterations", "goals", "measures", "readings", "evaluations", "facts", "promises",
)  # fmt: skip
CUT_OFF = on(9, 30, 22)  # midnight in Berlin


@pytest.fixture
def told(database: Database, cast: Cast, links: Links) -> Database:
    with database.writing() as session:
        tell(session, manager=session.merge(cast.manager, load=False), links=links)
    return database


@contextmanager
def looking(
    database: Database, cut_off: datetime = CUT_OFF, last_day: date = LAST_DAY, about: About = EVERYTHING
) -> Iterator[frames.Frames]:
    """Frames are read when they are asked for, so while a session is open."""
    with database.reading() as session:
        yield frames.read(session, cut_off=cut_off, last_day=last_day, about=about)


def read(database: Database, name: str, **scope: Any) -> Any:
    with looking(database, **scope) as found:
        return getattr(found, name)


@pytest.mark.both
def test_requests_have_the_state_they_had_then(told: Database) -> None:
    found = read(told, "requests")
    assert list(found[["id", "status", "verdict", "reason"]].itertuples(index=False, name=None)) == [
        (1, "delivered", "accept", ""),
        (2, "declined", "decline", "no_goal"),
        (3, "accepted", "accept", ""),
        (4, "declined", "decline", "not_training"),
        (5, "answered", "answer", ""),
        (6, "submitted", "", ""),
        (7, "withdrawn", "", ""),
        (8, "declined", "decline", "no_capacity"),
        (9, "declined", "decline", "not_training"),
        (10, "submitted", "", ""),
        (11, "submitted", "", ""),
        (12, "submitted", "", ""),
    ]
    assert frames.moments(found["first_decided_at"])[:4] == [on(4, 20), on(5, 10), on(7, 8), on(7, 30)]
    assert list(found["source"])[8:] == ["form", "import", "import", "form"]


@pytest.mark.both
def test_a_request_decided_later_is_decided_in_a_later_frame(told: Database) -> None:
    later = read(told, "requests", cut_off=AFTERWARDS, last_day=AFTERWARDS.date()).set_index("id")
    assert len(later) == 13
    assert (later.loc[6, "status"], frames.moments(later["first_decided_at"])[5]) == ("accepted", on(10, 5))


@pytest.mark.both
def test_projects_have_the_stage_and_the_costs_they_had_then(told: Database) -> None:
    names = ["id", "name", "stage", "costs"]
    assert list(read(told, "projects")[names].itertuples(index=False, name=None)) == [
        (1, "Faster quotes", "done", 3000.0),
        (2, "Safer lifting", "stopped", 0.0),
        (4, "First weeks", "build", 0.0),
    ]
    ended = frames.moments(read(told, "projects")["ended_at"])
    assert ended == [on(8, 20), on(9, 10), None]


@pytest.mark.both
def test_a_card_taken_back_or_finished_later_is_not_finished(told: Database) -> None:
    cards = read(told, "cards")
    worked_on = cards[cards["project"] == 1].iloc[-11:]
    done = frames.moments(worked_on["done_at"])
    begun = frames.moments(worked_on["started_at"])
    assert list(zip(begun, done, strict=True)) == [
        (on(7, 10), on(7, 12)),
        (on(7, 10), on(7, 14)),
        (on(7, 14), on(7, 20)),
        (on(7, 14), on(7, 22)),
        (on(8, 3), on(8, 23)),
        (on(9, 1), None),
        (on(9, 28), None),
        (None, None),
        (None, on(7, 6)),
        (None, None),
        (None, on(9, 28)),
    ]


@pytest.mark.both
def test_only_iterations_closed_by_then_are_there(told: Database) -> None:
    found = read(told, "iterations")
    names = ["id", "capacity_hours", "committed", "done", "hours_done"]
    assert list(found[names].itertuples(index=False, name=None)) == [(1, 30.0, 0, 1, 12.0)]


@pytest.mark.both
def test_readings_recorded_later_are_not_there(told: Database) -> None:
    with looking(told) as found:
        (values,) = found.readings.values()
    assert [one.value for one in values] == [4.0, 4.4, 3.8, 1.6, 1.4, 1.8]


def test_frames_without_any_history_have_their_columns(database: Database, cast: Cast) -> None:
    with looking(database) as found:
        assert [len(getattr(found, name)) for name in FRAMES] == [0] * len(FRAMES)
        assert "first_decided_at" in found.requests.columns


def test_the_number_of_queries_is_fixed(told: Database, database: Database, cast: Cast) -> None:
    counted: list[int] = []
    for cut_off in (on(1, 1), AFTERWARDS):
        seen: list[str] = []

        def note(
            _connection: object, _cursor: object, statement: str, *_rest: object, seen: list[str] = seen
        ) -> None:
            seen.append(statement)

        event.listen(told.engine, "before_cursor_execute", note)
        with looking(told, cut_off, AFTERWARDS.date()) as found:
            for name in FRAMES:
                getattr(found, name)
        event.remove(told.engine, "before_cursor_execute", note)
        counted.append(len(seen))
    assert counted == [20, 20]


@pytest.mark.both
def test_a_report_about_one_goal_or_project_sees_only_what_belongs_to_it(told: Database) -> None:
    of_goal = {
        name: list(read(told, name, about=About(goal=1))["name"])
        for name in ("projects", "goals", "measures")
    }
    of_project = {
        name: list(read(told, name, about=About(project=2))["name"]) for name in ("projects", "goals")
    }
    assert of_goal == {
        "projects": ["Faster quotes"],
        "goals": ["Win customers faster"],
        "measures": ["Days for a quote"],
    }
    assert of_project == {"projects": ["Safer lifting"], "goals": []}
    assert set(read(told, "cards", about=About(project=2))["project"]) == {2}
