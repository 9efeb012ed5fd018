"""Looking back: what counts at a cut-off, and what things said before they were changed since.

Rows say how things stand now. What the history kept of later changes (`was`) is wound back from there; what it didn't keep
stands as it is.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.models import Base, Event

KEPT = (bool, int, float, date, Enum, type(None))
"""What the history may keep of a field: numbers, days and states, no words, as those can name people."""


@dataclass(frozen=True)
class CutOff:
    """Up to when data count: what happened before `at`, by `last_day` where it only has a day, as it was known at `known_at`."""

    at: datetime
    last_day: date
    known_at: datetime


EVER = CutOff(datetime(9000, 1, 1, tzinfo=UTC), date(9000, 1, 1), datetime(9000, 1, 1, tzinfo=UTC))
"""No cut-off: all there is."""


def said_before(thing: Base, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields that are about to change say now, for the details of the change: {} or {"was": {...}}."""
    old = {name: getattr(thing, name) for name, value in fields.items() if getattr(thing, name) != value}
    kept = {name: _plain(value) for name, value in old.items() if isinstance(value, KEPT)}
    return {"was": kept} if kept else {}


def changes_since(session: Session, since: datetime, *actions: str) -> list[Event]:
    """What was recorded of these kinds at a moment or later, the latest first: to be undone in this order."""
    query = select(Event).where(Event.action.in_(actions), Event.at >= since)
    return list(session.scalars(query.order_by(Event.at.desc(), Event.id.desc())))


def before_changes(session: Session, since: datetime, *actions: str) -> dict[int, dict[str, Any]]:
    """What fields said before all that was changed in them since a moment, by the number of the thing."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for event in changes_since(session, since, *actions):
        old = event.details.get("was")
        if isinstance(old, dict):
            found[event.subject_id] |= old
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
