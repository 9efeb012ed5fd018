"""What fits: the exact plan of hundreds and thousands of open requests, and the answer while somebody drags a slider."""

from datetime import timedelta
from random import Random
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from portfolio import capacity, fitting, overrides, plans
from portfolio.database import Database
from portfolio.fitting import Terms
from portfolio.models import LearningRequest, Person
from tests.benchmarks import data
from tests.benchmarks.results import Result
from tests.benchmarks.site import Client, serving
from web.people import COOKIE

DRAGS = 60


def plan() -> list[Result]:
    """Open requests with must-dos, ties, days and experts; exact, and while dragging over HTTP."""
    found = []
    for count, aim in ((300, "exact <= 1 s"), (3_000, "exact <= 10 s")):
        with data.installation() as (folder, database):
            data.fill_requests(database, count)
            data.score_all(database)
            _bind(database, count)
            found += _exact(database, count, aim)
            if count == 300:
                found += _dragged(folder, database, count)
    return found


def _exact(database: Database, count: int, aim: str) -> list[Result]:
    """The first look draws every request, later ones take the draws from memory; both are exact."""
    times, proven, note = [], True, ""
    for turn in range(4):
        begun = perf_counter()
        with database.reading() as session:
            outlook = fitting.look(session, Terms(hours_per_week=15 + turn % 2), now=data.NOW)
        times.append(perf_counter() - begun)
        proven = proven and outlook.plan.proven
        note = f"{len(outlook.plan.chosen)} chosen, {'proven best' if proven else 'not proven'}, {outlook.draws:,} draws, {len(outlook.options)} options"
    begun = perf_counter()
    with database.writing() as session:
        plans.make(session, why="bench", by=None, at=data.NOW)
    kept = perf_counter() - begun
    return [
        Result(f"plan: {count:,} requests, first look", times[0], unit="s", aim=aim, note=note),
        Result.of(f"plan: {count:,} requests, then", times[1:], aim=aim),
        Result(f"plan: {count:,} requests, made and kept", kept, unit="s"),
    ]


def _dragged(folder: Any, database: Database, count: int) -> list[Result]:
    """`GET /plan/what-if` as a slider asks it, one after the other, with another goal's weight now and then."""
    cookie = data.visit(database)
    chance = Random(data.SEED)
    with serving(folder) as site:
        site.wait("/healthz")
        client = Client(site.port, Cookie=f"{COOKIE}={cookie}")
        client.ask("GET", "/plan")
        found = []
        for case, more, aim in (("dragging", {"quick": "1"}, "<= 150 ms"), ("let go, exact", {}, "")):
            seconds, size = [], 0
            for turn in range(DRAGS):
                query = {"hours": turn % 40, "weeks": 6, "goal_1": chance.randint(1, 5), **more}
                begun = perf_counter()
                status, body = client.ask("GET", f"/plan/what-if?{urlencode(query)}")
                seconds.append(perf_counter() - begun)
                size = max(size, len(body))
                assert status == 200
            found.append(Result.of(f"plan: {count:,}, {case}", seconds, aim=aim, wire_bytes=size))
        client.close()
    return found


def _bind(database: Database, count: int) -> None:
    """Every fiftieth must be done, kept out, tied to another, put off, or needs one of three experts."""
    chance = Random(data.SEED)
    with database.writing() as session:
        manager = session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        experts = session.scalars(select(Person).order_by(Person.id).offset(1).limit(3)).all()
        for expert in experts:
            capacity.grant_hours(session, expert, 2, by=manager, at=data.NOW)
        every = session.scalars(select(LearningRequest).order_by(LearningRequest.id)).all()
        for place, one in enumerate(every):
            if place % 5 == 0:
                one.expert_id = chance.choice(experts).id
            if place % 11 == 0:
                one.not_before = data.NOW.date() + timedelta(days=chance.randint(-30, 90))
        for kind, bond in (("needs", 7), ("instead_of", 13)):
            for one in every[:: max(1, count // 12)]:
                other = every[(one.id + bond) % count]
                if other.id > one.id:
                    overrides.tie(session, one, other, kind, by=manager, at=data.NOW)
        shortest = min(every, key=lambda one: one.assessment.manager_hours_likely if one.assessment else 1e9)
        overrides.override(session, shortest, "must_do", reason="The law.", by=manager, at=data.NOW)
