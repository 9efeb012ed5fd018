"""What needs somebody's attention: projects nobody moved, off track, without a baseline, or with an evaluation overdue."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from portfolio.models import Card, EvaluationStep, Event, Project
from portfolio.projects import SILENT_DAYS
from portfolio.states import Health, Stage
from reports import words
from reports.asked import LIVE, Asked
from reports.frames import rows_of
from reports.tables import Table, table

OFF_TRACK, SILENT, OVERDUE, NO_BASELINE, AT_RISK = (
    "Off track",
    "Silent",
    "Evaluation overdue",
    "No baseline",
    "At risk",
)
ORDER = (OFF_TRACK, SILENT, OVERDUE, NO_BASELINE, AT_RISK)
NEEDS_BASELINE = frozenset({Stage.PILOT.value, Stage.BUILD.value, Stage.LAUNCH.value, Stage.MEASURE.value})
"""From here on a value from before can't be had for long any more."""
COLUMNS = (
    ("What", "text"),
    ("Project", "text"),
    ("Why", "text"),
    ("Days", "count"),
    ("Whom to call", "text"),
)


def needed(it: Asked) -> tuple[list[dict[str, Any]], list[Table]]:
    """One line a project and reason, the gravest reasons first and the longest first among them."""
    every = it.frames.projects
    live = {int(one.id): one for one in rows_of(every[every["stage"].isin(LIVE)])}
    found = [*_health(it, live), *_silent(it, live), *_overdue(it), *_without_baseline(it, live)]
    found.sort(key=lambda one: (ORDER.index(one["what"]), -(one["days"] or 0), one["project"]))
    keys = ("what", "project", "why", "days", "who")
    note = "Evaluation plans, baselines’ days and notes as of the day this was built."
    return found, [
        table(
            "attention", "What needs attention", COLUMNS, [[one[key] for key in keys] for one in found], note
        )
    ]


def _health(it: Asked, live: dict[int, Any]) -> Iterator[dict[str, Any]]:
    """As it was noted last before the cut-off."""
    rows = it.session.execute(
        select(Event.subject_id, Event.at, Event.details["to"].as_string())
        .where(Event.action == "project.health_noted", Event.at < it.scope.cut_off)
        .order_by(Event.at, Event.id)
    )
    since: dict[int, tuple[datetime, str]] = {}
    for number, at, to in rows:
        if number not in since or since[number][1] != to:
            since[number] = (at, to)
    for number, (at, to) in since.items():
        if number in live and to != Health.ON_TRACK.value:
            what = OFF_TRACK if to == Health.OFF_TRACK.value else AT_RISK
            facts = it.frames.facts.get(number)
            note = facts.health_note.strip() if facts is not None and facts.health.value == to else ""
            why = note or f"noted on {words.day(at.astimezone(it.scope.zone).date())}"
            yield _line(it, number, live[number].name, what, why, (it.scope.cut_off - at).days)


def _silent(it: Asked, live: dict[int, Any]) -> Iterator[dict[str, Any]]:
    """Live projects without any sign, of their own or of a card, for two weeks before the cut-off."""
    last = func.max(Event.at)
    own = select(Event.subject_id, last).where(
        Event.subject_type == Project.__tablename__, Event.at < it.scope.cut_off
    )
    of_cards = (
        select(Card.project_id, last)
        .join(Event, and_(Event.subject_type == Card.__tablename__, Event.subject_id == Card.id))
        .where(Card.project_id.is_not(None), Event.at < it.scope.cut_off)
    )
    signs: dict[int, datetime] = {}
    for query, key in ((own, Event.subject_id), (of_cards, Card.project_id)):
        for number, at in it.session.execute(query.group_by(key)):
            if number is not None:
                signs[number] = max(signs.get(number, at), at)
    for number, project in live.items():
        since = signs.get(number, project.started_at)
        days = (it.scope.cut_off - since).days
        if days >= SILENT_DAYS:
            why = f"no sign since {words.day(since.astimezone(it.scope.zone).date())}"
            yield _line(it, number, project.name, SILENT, why, days)


def _overdue(it: Asked) -> Iterator[dict[str, Any]]:
    """Steps of evaluation plans whose day has passed: the oldest of each project, with how many there are."""
    names = {int(one.id): one.name for one in rows_of(it.frames.projects) if one.stage != Stage.STOPPED.value}
    rows = it.session.execute(
        select(
            EvaluationStep.project_id,
            func.min(EvaluationStep.due_on),
            func.count(),
            func.min(EvaluationStep.what),
        )
        .where(
            EvaluationStep.due_on < it.scope.last_day,
            or_(EvaluationStep.done_at.is_(None), EvaluationStep.done_at >= it.scope.cut_off),
        )
        .group_by(EvaluationStep.project_id)
        .order_by(EvaluationStep.project_id)
    )
    for number, due_on, count, what in rows:
        if number in names and due_on is not None:
            said = f"“{what}” was" if count == 1 else f"{count} steps, the oldest"
            why = f"{said} due {words.day(due_on)}"
            yield _line(it, number, names[number], OVERDUE, why, (it.scope.last_day - due_on).days)


def _without_baseline(it: Asked, live: dict[int, Any]) -> Iterator[dict[str, Any]]:
    """Projects past prototyping that have no value from before: soon there is nothing to compare with."""
    known = {
        int(measure.project)
        for measure in rows_of(it.frames.measures)
        if measure.project is not None
        and (
            measure.baseline is not None
            or any(not one.after and not one.comparison for one in it.frames.readings.get(measure.id, ()))
        )
    }
    for number, project in live.items():
        if project.stage in NEEDS_BASELINE and number not in known:
            why = f"in {words.plain(project.stage)}, and the measure was never read before it began"
            yield _line(it, number, project.name, NO_BASELINE, why, None)


def _line(it: Asked, number: int, project: str, what: str, why: str, days: int | None) -> dict[str, Any]:
    facts = it.frames.facts.get(number)
    who = facts.sponsor.strip() if facts is not None else ""
    return {"what": what, "project": project, "why": why, "days": days, "who": who}
