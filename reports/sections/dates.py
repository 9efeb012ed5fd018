"""Dates that were told: how far they moved since, and how often they held."""

from typing import Any

from sqlalchemy import func, or_, select

from portfolio import promises
from portfolio.models import Blocker, Card
from portfolio.states import Stage
from reports import words
from reports.asked import Asked
from reports.frames import rows_of
from reports.tables import Table, table

MOVED_DAYS = 1
CHANCES = (50, 85, 95)
SLIPPED = (
    ("Project", "text"), ("Told first on", "day"), ("Promised first", "day"), ("Now", "day"), ("Stands", "text"),
    ("Days later", "count"), ("Wanted by", "day"), ("Why", "text"),
)  # fmt: skip
KEPT = (
    ("Told with", "percent"), ("Held", "count"), ("Of", "count"), ("Share %", "percent"), ("95 % low", "percent"),
    ("95 % high", "percent"),
)  # fmt: skip


def slipped(it: Asked) -> tuple[list[dict[str, Any]], list[Table]]:
    """Projects under way or ended in the period: the first date told with 85 % against the last, or the day it was done."""
    shown = it.in_view
    blocked = _blocked_days(it)
    found = [
        made
        for project in rows_of(shown)
        if project.stage != Stage.STOPPED.value and (made := _slipped(it, project, blocked)) is not None
    ]
    found.sort(key=lambda one: (-one["days"], one["project"]))
    keys = ("project", "told_on", "first", "now", "stands", "days", "wanted_by", "why")
    return found, [
        table(
            "slippage",
            "Promised dates, and dates now",
            SLIPPED,
            [[one[key] for key in keys] for one in found],
            "Dates told with 85 %. Wanted by, and what health says, as of the day this was built.",
        )
    ]


def kept(it: Asked) -> tuple[dict[str, Any], list[Table]]:
    """Of all that was promised, how often the first date told with 50, 85 and 95 % held."""
    record = promises.track_record(it.session, until=it.scope.cut_off)
    shares = zip(CHANCES, (record.kept_50, record.kept_85, record.kept_95), strict=True)
    lines = [
        {
            "told": told,
            "held": round(share.share * share.of) if share.share is not None else 0,
            "of": share.of,
            "share": None if share.share is None else 100 * share.share,
            "low": None if share.share is None else 100 * share.low,
            "high": None if share.share is None else 100 * share.high,
        }
        for told, share in shares
    ]
    made = {
        "words": record.words,
        "lesson": record.lesson if record.of else "",
        "of": record.of,
        "open": record.open,
        "given_up": record.given_up,
        "counts": {words.plain(kind): count for kind, count in sorted(record.counts.items()) if count},
        "lines": lines,
    }
    rows = [list(line.values()) for line in lines]
    note = f"{words.counted(record.open, 'promise')} still open; {record.given_up} given up before their day count neither way."
    return made, [table("promises", "Promises kept", KEPT, rows, note)]


def _slipped(it: Asked, project: Any, blocked: dict[int, float]) -> dict[str, Any] | None:
    told = it.frames.promises.get(int(project.id))
    if not told:
        return None
    first, last = told[0], told[-1]
    done = it.scope.day_of(project.ended_at) if project.stage == Stage.DONE.value else None
    now = done or last.promised_on
    facts = it.frames.facts.get(int(project.id))
    days = (now - first.promised_on).days
    return {
        "project": project.name,
        "told_on": first.made_on.isoformat(),
        "first": first.promised_on.isoformat(),
        "now": now.isoformat(),
        "stands": "done" if done else "told with 85 %",
        "days": days,
        "wanted_by": facts.due_on.isoformat() if facts is not None and facts.due_on else None,
        "why": _why(days, first, last, blocked.get(int(project.id), 0.0), facts.health_note if facts else ""),
    }


def _why(days: int, first: Any, last: Any, blocked: float, note: str) -> str:
    """What can be counted first: work that was added, then days it stood blocked; then what somebody noted."""
    if days < MOVED_DAYS:
        return "as told or sooner"
    said = []
    if last.items_left > first.items_left:
        said.append(f"{words.counted(last.items_left - first.items_left, 'card')} more to do than then")
    if blocked >= 1:
        said.append(f"blocked for {words.counted(round(blocked), 'day')}")
    if note.strip():
        said.append(note.strip().rstrip("."))
    return "; ".join(said) or "slower than the pace it was told by"


def _blocked_days(it: Asked) -> dict[int, float]:
    """Days each project's cards stood blocked, side by side counted twice: what waited, not what the clock says."""
    rows = it.session.execute(
        select(Card.project_id, Blocker.since, func.coalesce(Blocker.until, it.scope.cut_off))
        .join(Card, Card.id == Blocker.card_id)
        .where(Blocker.since < it.scope.cut_off, or_(Blocker.until.is_(None), Blocker.until > Blocker.since))
    )
    found: dict[int, float] = {}
    for project, since, until in rows:
        if project is not None:
            days = (min(until, it.scope.cut_off) - since).total_seconds() / 86400
            found[project] = found.get(project, 0.0) + days
    return found
