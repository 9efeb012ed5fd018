"""Large data sets, made quickly by bulk inserts and the same each time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portfolio import assessments, goals, organisation, people, tokens, waiting
from portfolio.columns import GAP
from portfolio.database import Database, connect, migrate
from portfolio.demo import asks
from portfolio.models import Answer, Base, Card, Column, LearningRequest, Person, Project, Unit
from portfolio.states import RequestStatus, Role, Stage

NOW = datetime.now(UTC).replace(microsecond=0)
SEED = 4


@contextmanager
def installation() -> Iterator[tuple[Path, Database]]:
    """A data folder of its own with an organisation, a manager and two goals, gone afterwards."""
    with TemporaryDirectory(prefix="outsize-bench-") as folder:
        url = f"sqlite:///{folder}/outsize.db"
        migrate(url)
        database = connect(url)
        with database.writing() as session:
            manager = people.meet(session, "mara@bench.example", at=NOW, name="Mara Manager")
            people.grant(session, manager, [Role.MANAGER, Role.ADMIN], by=None, at=NOW)
            organisation.set_up(session, name="Bench", hours_per_week=15, by=manager, at=NOW)
            goals.add(session, name="Fewer complaints", weight=5, by=manager, at=NOW)
            goals.add(session, name="Quicker quotes", weight=3, by=manager, at=NOW)
        try:
            yield Path(folder), database
        finally:
            database.dispose()


def token(database: Database) -> str:
    """A manager's API token."""
    with database.writing() as session:
        return tokens.create(session, name="bench", role=Role.MANAGER, at=NOW)


def visit(database: Database) -> str:
    """The cookie of a manager who is signed in."""
    with database.writing() as session:
        manager = session.scalars(select(Person).where(Person.email == "mara@bench.example")).one()
        return people.begin_visit(session, manager, now=NOW)


def submission(number: int) -> dict[str, Any]:
    """The body of a typical request over the API."""
    return {
        "title": f"Quotes take too long {number}",
        "problem": "New sales people need four days for a quote, and customers leave. " * 4,
        "behaviour": "Write a standard quote within a day.",
        "audience": {"who": "New sales people", "count": "20-40"},
        "measure": {"name": "Days for a quote", "today": 4, "wanted": 1, "by": "2027-06-30"},
        "if_nothing": "We lose about two customers a month.",
        "deadline": {"on": "2027-03-01", "why": "The trade fair"},
        "requester": {"name": f"Rita {number}", "email": f"rita{number % 211}@bench.example", "unit": f"Unit {number % 14}"},
        "answers": {"cause_could": "no", "goal": 1 + number % 2},
    }  # fmt: skip


def fill_requests(database: Database, count: int) -> None:
    """Open requests that wait to be scored, as different from each other as people's."""
    chance = Random(SEED)
    with database.writing() as session:
        units = added(session, Unit, ({"name": f"Unit {place}"} for place in range(14)))
        askers = added(
            session,
            Person,
            (
                {"email": f"person{place}@bench.example", "name": f"Person {place}", "unit_id": chance.choice(units), "roles": "requester", "created_at": NOW}
                for place in range(400)
            ),
        )  # fmt: skip
        made = added(
            session, LearningRequest, (_request(place, askers, units, chance) for place in range(count))
        )
        added(session, Answer, (row for id_ in made for row in _answers(id_, chance)), returns=False)


def score_all(database: Database, batch: int = 500) -> int:
    """What the flow score_requests does, without Prefect and its pauses; returns how many were scored."""
    scored = 0
    while True:
        with database.writing() as session:
            done = assessments.score_waiting(session, now=NOW, flow_run_id="bench", limit=batch)
        if not done:
            return scored
        scored += len(done)


def want_all(database: Database) -> int:
    with database.writing() as session:
        return waiting.want_all(session, at=NOW)


def fill_cards(database: Database, count: int) -> None:
    """A board with half of its cards done, in sixty projects."""
    chance = Random(SEED)
    with database.writing() as session:
        columns = session.scalars(select(Column).order_by(Column.position)).all()
        projects = added(
            session,
            Project,
            (
                {"name": f"Project {place}: {chance.choice(asks.EVERYTHING).title}"[:200], "stage": Stage.BUILD, "stage_since": NOW, "created_at": NOW}
                for place in range(60)
            ),
        )  # fmt: skip
        owner = session.scalars(select(Person.id).order_by(Person.id).limit(1)).one()
        spread = chance.choices([column.id for column in columns], (35, 6, 4, 5, 50), k=count)
        added(
            session,
            Card,
            (
                {"title": chance.choice(asks.EVERYTHING).title, "notes": "", "column_id": column, "rank": (place + 1) * GAP, "project_id": chance.choice(projects),
                 "owner_id": owner if place % 3 else None, "estimate_hours": float(chance.randint(1, 8)), "blocked_by": "", "created_at": NOW, "version": 1,
                 "started_at": NOW if column > 2 else None, "done_at": NOW if column == columns[-1].id else None}
                for place, column in enumerate(spread)
            ),
            returns=False,
        )  # fmt: skip


def moment(day: date) -> datetime:
    """Nine in the morning of a day, UTC."""
    return datetime.combine(day, time(9), UTC)


def _request(place: int, askers: list[int], units: list[int], chance: Random) -> dict[str, Any]:
    at = NOW - timedelta(minutes=place * 31)
    return {
        "title": f"{chance.choice(asks.EVERYTHING).title} ({place})",
        "status": chance.choice((RequestStatus.SUBMITTED, RequestStatus.WAITLISTED, RequestStatus.WAITLISTED)),
        "status_since": at,
        "requester_id": chance.choice(askers),
        "unit_id": chance.choice(units),
        "goal_id": chance.choice((None, 1, 2)),
        "submitted_at": at,
        "source": "import",
        "link_version": 1,
        "score_wanted_at": NOW,
    }  # fmt: skip


def _answers(id_: int, chance: Random) -> Iterable[dict[str, Any]]:
    """Some say much, most say little."""
    few = chance.randint(1, 400)
    said: dict[str, Any] = {
        "problem": chance.choice(asks.EVERYTHING).problem,
        "audience": {"who": "Some of us", "count": {"low": few, "likely": few * 1.5, "high": few * 2.2}},
        "measure": {"name": "A number", "today": chance.randint(0, 90), "wanted": chance.randint(1, 99)},
        "deadline": {
            "on": (NOW.date() + timedelta(days=chance.randint(-30, 500))).isoformat(),
            "why": "A date",
        },
        "cause_could": chance.choice(("yes", "no", "unsure")),
        "risk": chance.randint(0, 5),
        "value_per_year": float(chance.randint(1_000, 600_000)),
        "format": chance.choice(("workshop", "elearning", "job_aid")),
    }
    for place, (question, value) in enumerate(said.items()):
        if place == 0 or chance.random() < 0.55:
            yield {"learning_request_id": id_, "question": question, "value": value, "said_at": NOW, "form_version": 1}  # fmt: skip


def added(
    session: Session, model: type[Base], rows: Iterable[dict[str, Any]], *, returns: bool = True
) -> list[int]:
    """Insert many rows, a few statements in all; returns their ids in order where asked."""
    ids: list[int] = []
    rest = iter(rows)
    while some := list(islice(rest, 500)):
        if returns:
            identity = model.id  # type: ignore[attr-defined] # those asked for have one
            statement = insert(model).returning(identity, sort_by_parameter_order=True)
            ids += session.scalars(statement, some)
        else:
            session.execute(insert(model), some)
    return ids
