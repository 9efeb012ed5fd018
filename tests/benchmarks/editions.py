"""A quarterly edition over a long history: how long and how much memory it takes, how that grows, and how quickly it opens."""

import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from sqlalchemy import func, select

from portfolio import editions, report_designs
from portfolio.database import Database
from portfolio.models import Card, Event, LearningRequest, Person, Project, Response, Survey
from portfolio.states import ColumnKind, RequestStatus, Verdict
from tests.benchmarks import data
from tests.benchmarks.results import Result
from tests.benchmarks.site import load, serving

ROOT = Path(__file__).parents[2]
ANSWERS, EVENTS = 1_000_000, 100_000
QUESTIONS = 10
OPTIONS = ("I can't yet", "With help", "By myself", "I show others")
SURVEYS = 50


def edition() -> list[Result]:
    """Built in a process of its own, as the flow does it, over a quarter, a half and the whole of the aim's data."""
    found, seconds = [], []
    for share in (4, 2, 1):
        answers, events = ANSWERS // share, EVENTS // share
        with data.installation() as (folder, database):
            fill(database, answers, events)
            number = _asked(database)
            took, megabytes = _built(number, folder)
            _check_counted(database, number, answers)
            seconds.append(took)
            note = f"{megabytes:.0f} MB at most" + (
                f", {took / seconds[-2]:.2f} times as long for twice as much" if len(seconds) > 1 else ""
            )
            aim = "< 10 s, < 1,000 MB" if share == 1 else "grows in line"
            case = f"edition: {answers:,} answers, {events:,} events"
            found.append(Result(case, took, unit="s", aim=aim, note=note))
            if share == 1:
                found.append(_opened(folder, database, number))
    return found


def fill(database: Database, answers: int, events: int) -> None:
    """Closed surveys of one quarter with that many answers, and a history of that many lines about requests and cards."""
    chance = Random(data.SEED)
    data.fill_requests(database, events // 10)
    data.fill_cards(database, events // 10)
    first, end = _quarter()
    days = (end - first).days
    with database.writing() as session:
        projects = session.scalars(select(Project.id)).all()
        questions = [
            {"key": f"q{place}", "label": f"Can you do part {place}?", "kind": "one", "options": list(OPTIONS), "level": 2, "tier": 5}
            for place in range(QUESTIONS)
        ]  # fmt: skip
        each = answers // QUESTIONS // SURVEYS
        opened = [data.moment(first + timedelta(days=chance.randrange(days - 20))) for _ in range(SURVEYS)]
        surveys = data.added(
            session,
            Survey,
            (
                {
                    "project_id": chance.choice(projects), "kind": "end_of_event", "name": f"Survey {place}", "questions": questions,
                    "sent_on": at.date(), "sent_count": each * 2, "opened_at": at, "closed_at": at + timedelta(days=14), "created_at": at,
                }
                for place, at in enumerate(opened)
            ),
        )  # fmt: skip
        data.added(
            session,
            Response,
            (
                {
                    "survey_id": survey, "answered_at": at, "groups": {"unit": f"Unit {chance.randrange(14)}"},
                    "answers": {question["key"]: chance.choice(OPTIONS) for question in questions},
                }
                for survey, at in zip(surveys, opened, strict=True)
                for _ in range(each)
            ),
            returns=False,
        )  # fmt: skip
        requests = session.scalars(select(LearningRequest.id)).all()
        cards = session.scalars(select(Card.id)).all()
        data.added(session, Event, _lines(projects, requests, cards, chance), returns=False)
        told = session.scalar(select(func.count()).select_from(Event)) or 0
        given = (session.scalar(select(func.count()).select_from(Response)) or 0) * QUESTIONS
    if told < events or given < answers:
        raise RuntimeError(f"Only {told} events and {given} answers were made.")


def _lines(
    projects: Sequence[int], requests: Sequence[int], cards: Sequence[int], chance: Random
) -> list[dict[str, Any]]:
    """One line a project, two a request and eight a card, over the half year before the quarter's end."""
    first, end = _quarter()
    start, minutes = data.moment(first - timedelta(days=90)), ((end - first).days + 90) * 24 * 60
    verdicts = (Verdict.ACCEPT, Verdict.DECLINE, Verdict.WAITLIST)
    leads = {
        Verdict.ACCEPT: RequestStatus.ACCEPTED,
        Verdict.DECLINE: RequestStatus.DECLINED,
        Verdict.WAITLIST: RequestStatus.WAITLISTED,
    }
    lines: list[tuple[int, str, str, int, dict[str, Any]]] = [
        (chance.randrange(minutes // 2), "project.started", "projects", one, {"stage": "build"})
        for one in projects
    ]
    for one in requests:
        at, verdict = chance.randrange(minutes - 20_000), chance.choice(verdicts)
        lines.append((at, "learning_request.submitted", "learning_requests", one, {}))
        decided = {
            "from": "submitted",
            "to": leads[verdict].value,
            "verdict": verdict.value,
            "reason": "not_training",
        }
        lines.append(
            (at + chance.randrange(20_000), "learning_request.moved", "learning_requests", one, decided)
        )
    kinds = [kind.value for kind in ColumnKind]
    for one in cards:
        at = chance.randrange(minutes - 20_000)
        lines.append((at, "card.added", "cards", one, {"column": 1, "kind": kinds[0]}))
        for _ in range(7):
            at += chance.randrange(2_800)
            moved = {"from": 1, "to": 2, "kind": chance.choice(kinds), "was": kinds[0]}
            lines.append((at, "card.moved", "cards", one, moved))
    lines.sort(key=lambda line: line[0])
    return [
        {"at": start + timedelta(minutes=at), "action": action, "subject_type": table, "subject_id": one, "details": details}
        for at, action, table, one, details in lines
    ]  # fmt: skip


def _quarter() -> tuple[date, date]:
    """The last ninety days that are over, whatever day the bench runs."""
    end = data.NOW.date()
    return end - timedelta(days=90), end


def _asked(database: Database) -> int:
    """The manager's full report: every section there is."""
    first, end = _quarter()
    with database.writing() as session:
        manager = session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        full = report_designs.begin(session, audience="manager", by=manager, at=data.NOW)
        asked = editions.ask(
            session, kind="custom", period_start=first, period_end=end, report=full, by=manager, at=data.NOW
        )
        return asked.id


def _built(number: int, home: Path) -> tuple[float, float]:
    """Seconds from the builder's start to its end, and the most memory it held, in MB."""
    begun = perf_counter()
    command = [sys.executable, "-m", "flows.building", str(number), ""]
    environment = {**os.environ, "OUTSIZE_DATA": str(home)}
    # The open pipe is the builder's lifeline, so it must not be closed early.
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, cwd=ROOT) as builder:
        if builder.wait(600) != 0:
            raise RuntimeError(f"The builder ended with {builder.returncode}.")
    return perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _check_counted(database: Database, number: int, answers: int) -> None:
    """An edition that left something out would be quick for the wrong reason."""
    with database.reading() as session:
        made = editions.find(session, number, "figures")
    figures = (made.figures if made else None) or {}
    counted = sum(
        count
        for survey in figures.get("surveys") or ()
        for question in survey["questions"]
        for _, count in question["counts"]
    )
    if counted != answers or figures.get("failures"):
        raise RuntimeError(
            f"The edition counts {counted} answers; it says of itself: {figures.get('failures')}."
        )


def _opened(folder: Path, database: Database, number: int) -> Result:
    cookie = f"outsize_visit={data.visit(database)}"
    with serving(folder) as site:
        site.wait("/healthz")
        page = ("GET", f"/reports/{number}", None)
        load(site.port, [[page] * 3], Cookie=cookie)
        seen = load(site.port, [[page] * 40], Cookie=cookie)
    if set(seen.statuses) != {200}:
        raise RuntimeError(f"The edition's page answered {seen.statuses}.")
    return Result.of("edition: its page afterwards", seen.seconds, aim="< 50 ms")
