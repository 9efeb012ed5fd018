"""Learning systems over the API: what they hold, what is known of it, and what it belongs to."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api.body import JsonDep, parse, takes
from api.callers import ManagerCaller
from api.lists import Cursor, Limit, Number, listed, number_cursor
from portfolio.learning import records, sources
from portfolio.learning.records import Counts
from portfolio.learning.sources import UnknownTarget
from portfolio.models import LearningActivity, LearningSource
from portfolio.submission import Problem, Strict
from web.clock import NowDep
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(prefix="/learning", tags=["learning"])

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Belongs(Strict):
    """A project, or a resource, or neither."""

    project: Id | None = None
    resource: Id | None = None


@router.get("")
def list_sources(session: SessionDep, _caller: ManagerCaller) -> dict[str, Any]:
    """Learning systems and how they are doing. Their secrets are told to nobody."""
    counts = sources.counts(session)
    return listed([_source(one, *counts.get(one.id, (0, 0))) for one in sources.listed(session)], None)


@router.get("/{number}/activities")
def list_activities(
    session: SessionDep, _caller: ManagerCaller, number: Number, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """What a learning system holds. Counts of people are null where they would tell of fewer than five."""
    after = number_cursor(cursor)
    found = sources.activities(session, _find(session, number), after=after, limit=limit + 1)
    shown = found[:limit]
    counts = records.of_activities(session, [one.id for one in shown])
    items = [_activity(one, counts.get(one.id)) for one in shown]
    return listed(items, after + limit if len(found) > limit else None)


@router.put("/{number}/activities/{activity}")
@takes(Belongs)
def belong(
    session: SessionDep, body: JsonDep, caller: ManagerCaller, now: NowDep, number: Number, activity: Number
) -> dict[str, Any]:
    """Say which project or resource an activity belongs to, or neither."""
    found = sources.activity(session, _find(session, number), activity)
    if found is None:
        raise ProblemFound(404)
    given = parse(Belongs, body)
    if given.project is not None and given.resource is not None:
        raise ProblemFound(
            422, errors=[Problem(("resource",), "Please give a project or a resource, not both.")]
        )
    field = "resource" if given.resource is not None else "project"
    number_of = given.resource or given.project
    try:
        target = sources.target_of(session, f"{field}:{number_of}" if number_of is not None else "")
    except UnknownTarget:
        raise ProblemFound(422, errors=[Problem((field,), f"There is no such {field}.")]) from None
    sources.belong(session, found, target, by=caller, at=now)
    return _activity(found, records.of_activities(session, [found.id]).get(found.id))


def _find(session: SessionDep, number: int) -> LearningSource:
    source = sources.find(session, number)
    if source is None:
        raise ProblemFound(404)
    return source


def _source(source: LearningSource, activities: int, mapped: int) -> dict[str, Any]:
    return {
        "id": source.id,
        "kind": source.kind,
        "name": source.name,
        "on": source.is_on,
        "problem": source.problem or None,
        "last_run_at": source.last_run_at.isoformat() if source.last_run_at else None,
        "next_run_at": source.next_run_at.isoformat() if source.next_run_at else None,
        "activities": activities,
        "mapped": mapped,
    }


def _activity(activity: LearningActivity, counts: Counts | None) -> dict[str, Any]:
    known = counts or Counts()
    values = [one.value for one in known.shown] or [None, None, None]
    return {
        "id": activity.id,
        "external": activity.external,
        "name": activity.name,
        "project": activity.project_id,
        "resource": activity.resource_id,
        "people": values[0],
        "finished": values[1],
        "passed": values[2],
        "uses": known.uses,
        "words": known.words,
    }
