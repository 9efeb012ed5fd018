"""What leadership is asked to decide: each with why, by when, and what it would buy. Nothing is wanted that nobody can decide."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select

from portfolio.models import Blocker, Card, Iteration, LearningRequest
from portfolio.states import IterationStatus
from reports import words
from reports.asked import LIVE, Asked
from reports.frames import rows_of
from reports.sections.plan import Held, Option, held
from reports.tables import Table, table

SOON_DAYS = 21
"""A stop rule is spoken of this long before it is due."""
IN_GOOD_TIME = timedelta(days=14)
"""By when a word about the plan is of use, where no next iteration is planned yet."""
COIN_FLIP = (0.4, 0.6)
NEARLY_IN = (0.25, 0.4)
BLOCKED = 1
NOW, AT_LAST = "", "9999-12-31"
MOST_TOGETHER = 3
MOST_NEARLY = 2
ON_SOMEBODY = re.compile(
    r"\b(sponsor|approv\w*|sign[- ]?off|decision|decide\w*|budget|leadership|management|board|director|legal|works council|release)\b",
    re.IGNORECASE,
)
"""What a blocker says that a sponsor can take away."""
COLUMNS = (
    ("What to decide", "text"), ("Why", "text"), ("By", "day"), ("What it would buy", "text"), ("About", "text"),
)  # fmt: skip

Decision = dict[str, Any]


def wanted(it: Asked) -> tuple[list[Decision], list[Table]]:
    """What can be decided now, most urgent first: what somebody waits for, then by its day; what is late already comes last."""
    plan = held(it)
    found = [*_stop_rules(it), *_blocked(it), *_late(it)]
    if plan is not None:
        found += _of_the_plan(it, plan)
    found.sort(key=lambda one: (one["by"] or (NOW if one["rank"] == BLOCKED else AT_LAST), one["rank"]))
    rows = [[one[key] for key in ("what", "why", "by", "buys", "about")] for one in found]
    return found, [table("decisions", "Decisions wanted", COLUMNS, rows)]


def _of_the_plan(it: Asked, plan: Held) -> Iterator[Decision]:
    """More hours, coin-flips, and what misses the line by little. A report about one goal asks only about its requests."""
    ours = _requests_of(it)
    by = _next_iteration(it) or it.scope.last_day + IN_GOOD_TIME
    if ours is None and (best := _best(plan.options)) is not None:
        yield _decision(
            3,
            f"Whether to grant {_granted(best)}",
            f"{_named(best.comes_in)} would fit in, and {_out(best)}.",
            by,
            f"{words.number(best.points)} impact points, {words.number(best.points_per_hour, 2)} an hour"
            + (
                f"; today’s plan is done by {words.day(best.done_on)}"
                if best.done_on and _sooner(plan, best)
                else ""
            )
            + ".",
            "The plan",
        )
    flips = [one for one in plan.near(*COIN_FLIP) if ours is None or one["id"] in ours][:MOST_TOGETHER]
    if len(flips) > 1:
        titles = [f"“{plan.title(one['id'])}”" for one in flips]
        named = [f"{title} {_chance(one)}" for title, one in zip(titles, flips, strict=True)]
        yield _decision(
            5,
            f"Which matters more: {' or '.join(titles)}",
            f"The numbers can’t tell: in the plan {words.listed(named)} times of 100.",
            by,
            "A plan that doesn’t turn over with the next estimate.",
            "The plan",
        )
    nearly = [
        one for one in plan.near(*NEARLY_IN) if one not in flips and (ours is None or one["id"] in ours)
    ]
    if nearly:
        titles = [f"“{plan.title(one['id'])}”" for one in nearly[:MOST_NEARLY]]
        named = [f"{title} {_chance(one)}" for title, one in zip(titles, nearly, strict=False)]
        missed = "They miss" if len(titles) > 1 else "It misses"
        yield _decision(
            6,
            f"Whether {' or '.join(titles)} comes before something that is in, or waits",
            f"{missed} the line by little: in the plan {words.listed(named)} times of 100.",
            by,
            "A clear word to those who asked for it.",
            "The plan",
        )


def _stop_rules(it: Asked) -> Iterator[Decision]:
    """Live projects whose stop rule is looked at soon, or should have been."""
    until = it.scope.last_day + timedelta(days=SOON_DAYS)
    for project in _live(it):
        said = it.frames.facts.get(int(project.id))
        if said is None or said.stop_on is None or said.stop_on > until:
            continue
        rule = said.stop_rule.strip().rstrip(".")
        is_over = said.stop_on < it.scope.last_day
        yield _decision(
            0,
            f"Whether to go on with “{project.name}”, or stop it",
            f"Its stop rule {'was' if is_over else 'is'} due{': ' + rule if rule else ''}.",
            said.stop_on,
            _hours_left(project),
            project.name,
        )


def _blocked(it: Asked) -> Iterator[Decision]:
    """Cards that wait for a word only a sponsor can give."""
    names = {int(one.id): one.name for one in _live(it)}
    rows = it.session.execute(
        select(Blocker.reason, Blocker.since, Card.title, Card.project_id, Card.estimate_hours)
        .join(Card, Card.id == Blocker.card_id)
        .where(
            Blocker.since < it.scope.cut_off, or_(Blocker.until.is_(None), Blocker.until >= it.scope.cut_off)
        )
        .order_by(Blocker.since, Blocker.id)
    )
    for reason, since, title, project, hours in rows:
        if project not in names or not _is_on_somebody(it, project, reason):
            continue
        days = (it.scope.cut_off - since).days
        waited = f"has waited {words.counted(days, 'day')}" if days else "waits since today"
        yield _decision(
            BLOCKED,
            f"How to clear the way for “{title}”",
            f"It {waited}: {reason.strip().rstrip('.')}.",
            None,
            f"{words.counted(hours, 'hour')} of work can go on." if hours else "The work can go on.",
            names[project],
        )


def _late(it: Asked) -> Iterator[Decision]:
    """Projects whose date told with 85 % lies after the day they were wanted by."""
    for project in _live(it):
        said = it.frames.facts.get(int(project.id))
        told = it.frames.promises.get(int(project.id))
        if said is None or said.due_on is None or not told or told[-1].promised_on <= said.due_on:
            continue
        days = (told[-1].promised_on - said.due_on).days
        yield _decision(
            2,
            f"Whether to move the date of “{project.name}”, or let part of it go",
            f"Wanted by {words.day(said.due_on)}; with 85 % it is done by {words.day(told[-1].promised_on)}, "
            f"{words.counted(days, 'day')} later.",
            said.due_on if said.due_on > it.scope.last_day else None,
            "A date that people can rely on.",
            project.name,
        )


def _decision(rank: int, what: str, why: str, by: date | None, buys: str, about: str) -> Decision:
    return {
        "rank": rank,
        "what": what,
        "why": why,
        "by": by.isoformat() if by else None,
        "buys": buys,
        "about": about,
    }


def _live(it: Asked) -> list[Any]:
    every = it.frames.projects
    return list(rows_of(every[every["stage"].isin(LIVE)]))


def _requests_of(it: Asked) -> set[int] | None:
    """The requests a report is about; None where it is about everything."""
    if it.frames.is_whole:
        return None
    rows = select(LearningRequest.id).where(LearningRequest.goal_id == (it.frames.about.goal or -1))
    return set(it.session.scalars(rows))


def _best(options: list[Option]) -> Option | None:
    """The option that brings most for an hour, where one brings anything."""
    useful = [one for one in options if one.comes_in and one.points > 0]
    return max(useful, key=lambda one: (one.points_per_hour, -one.hours), default=None)


def _granted(option: Option) -> str:
    return f"{option.label.removesuffix(' a week more')} more a week" if option.a_week else option.label


def _out(option: Option) -> str:
    return f"{_named(option.goes_out)} would give way" if option.goes_out else "nothing gives way"


def _named(titles: tuple[str, ...], most: int = 2) -> str:
    more = [f"{len(titles) - most} more"] if len(titles) > most else []
    return words.listed([f"“{title}”" for title in titles[:most]] + more)


def _sooner(plan: Held, option: Option) -> bool:
    return plan.done_on is not None and option.done_on is not None and option.done_on < plan.done_on


def _chance(one: dict[str, Any]) -> str:
    return words.number(round(100 * one["chance"]))


def _hours_left(project: Any) -> str:
    hours = project.estimate_hours
    return (
        f"Of {words.counted(hours, 'hour')} estimated, what is left." if hours else "The hours that are left."
    )


def _is_on_somebody(it: Asked, project: int, reason: str) -> bool:
    said = it.frames.facts.get(project)
    sponsor = said.sponsor.strip().lower() if said is not None else ""
    return bool(ON_SOMEBODY.search(reason)) or (bool(sponsor) and sponsor in reason.lower())


def _next_iteration(it: Asked) -> date | None:
    """When the next iteration begins: until then hours can still be planned."""
    return it.session.scalar(
        select(Iteration.starts_on)
        .where(Iteration.status == IterationStatus.PLANNED, Iteration.starts_on > it.scope.last_day)
        .order_by(Iteration.starts_on)
        .limit(1)
    )
