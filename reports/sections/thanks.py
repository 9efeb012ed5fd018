"""Whom to thank: experts by name with the hours they gave in the period. Who would rather not be named is only counted."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from portfolio import work_logs
from portfolio.models import Card, ExpertAsk, Person, Project
from portfolio.states import Role
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.tables import Table, table

COLUMNS = (("Name", "text"), ("Hours", "hours"), ("For", "text"))
AT_WORK = frozenset({Role.MANAGER, Role.ADMIN})
"""Whose work it is: they aren't thanked in their own report."""


def thanked(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """Hours booked on cards in the period, and things done when asked; the most hours first."""
    hours = _hours(it)
    helped = _done_when_asked(it)
    people = _people({*hours, *helped}, it)
    named: list[dict[str, Any]] = []
    for person in people.values():
        given = hours.get(person.id, {})
        if not given and person.id not in helped:
            continue
        projects = sorted({*given, *helped.get(person.id, ())} - {""})
        named.append(
            {
                "name": person.display_name,
                "hours": round(sum(given.values()), 2),
                "for": words.listed(projects),
                "unnamed": person.unnamed,
            }
        )
    shown = sorted((one for one in named if not one["unnamed"]), key=lambda one: (-one["hours"], one["name"]))
    rest = [one for one in named if one["unnamed"]]
    made = {
        "people": [{key: one[key] for key in ("name", "hours", "for")} for one in shown],
        "unnamed": len(rest),
        "hours": round(sum(one["hours"] for one in named), 2),
    }
    note = f"{words.counted(len(rest), 'person', 'people')} would rather not be named." if rest else ""
    rows = [[one["name"], one["hours"], one["for"]] for one in shown]
    return made, [table("thanks", "With thanks to", COLUMNS, rows, note)]


def _hours(it: Asked) -> dict[int, dict[str, float]]:
    """Hours by person and project, as they stood in the books."""
    names = {int(one.id): one.name for one in rows_of(it.frames.projects)}
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for one in work_logs.logged(it.session, select(Card.id), it.frames.until):
        if one.started_at >= it.since and _is_ours(it, one.project):
            name = names.get(one.project or 0, "")
            found[one.person][name] = found[one.person].get(name, 0.0) + one.hours
    return found


def _done_when_asked(it: Asked) -> dict[int, list[str]]:
    rows = it.session.execute(
        select(ExpertAsk.person_id, Project.id, Project.name)
        .join(Card, Card.id == ExpertAsk.card_id)
        .outerjoin(Project, Project.id == Card.project_id)
        .where(ExpertAsk.done_at >= it.since, ExpertAsk.done_at < it.scope.cut_off)
        .order_by(ExpertAsk.person_id, Project.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for person, project, name in rows:
        if _is_ours(it, project):
            found[person].append(name or "")
    return found


def _people(numbers: set[int], it: Asked) -> dict[int, Person]:
    found = it.session.scalars(
        select(Person).where(Person.id.in_(numbers), Person.erased_at.is_(None)).order_by(Person.id)
    )
    return {one.id: one for one in found if not one.has_role(*AT_WORK)}


def _is_ours(it: Asked, project: int | None) -> bool:
    return it.frames.is_whole or (project is not None and project in it.frames.facts)
