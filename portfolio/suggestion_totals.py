"""What the ledger of suggestions adds up to: asks that answered themselves, and what helped most."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio.models import Suggestion
from portfolio.rules.ranges import Range
from portfolio.rules.sums import total
from portfolio.suggestion_ledger import COMES_BACK_WITHIN


@dataclass(frozen=True)
class Outcome:
    """What became of one ask that was shown something. `how`: solved, quiet, joined, sent, came back, open."""

    ask: str
    how: str
    kind: str
    subject_id: int
    title: str
    at: datetime
    hours: Range | None


@dataclass(frozen=True)
class Totals:
    """What the suggestions were good for. Counts are asks; hours are the manager's, that the asks would have cost."""

    shown: int
    opened: int
    solved: int
    quiet: int
    joined: int
    came_back: int
    sent_anyway: int
    hours: Range | None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def answered(self) -> int:
        """Asks that answered themselves: somebody said so, or opened it and did not come back within 14 days."""
        return self.solved + self.quiet


def totals(session: Session, *, since: datetime | None = None, now: datetime) -> Totals:
    """The ledger added up over asks that were first shown something at `since` or later."""
    asks = _by_ask(session, since)
    outcomes = [_outcome(ask, lines, now) for ask, lines in asks.items()]
    count = {
        how: sum(one.how == how for one in outcomes)
        for how in ("solved", "quiet", "joined", "came back", "sent")
    }
    settled = [one for one in outcomes if one.how in {"solved", "quiet", "joined"}]
    return Totals(
        shown=len(asks),
        opened=sum(any(line.opened_at for line in lines) for lines in asks.values()),
        solved=count["solved"],
        quiet=count["quiet"],
        joined=count["joined"],
        came_back=count["came back"],
        sent_anyway=count["sent"],
        hours=total([one.hours for one in settled if one.hours is not None]),
        outcomes=tuple(sorted(settled, key=lambda one: one.at, reverse=True)),
    )


@dataclass(frozen=True)
class Used:
    """One thing, and how often it was shown, opened, and settled an ask."""

    kind: str
    subject_id: int
    title: str
    shown: int
    opened: int
    solved: int
    joined: int
    came_back: int


def by_thing(session: Session, *, since: datetime | None = None, limit: int = 50) -> list[Used]:
    """What was suggested, most often settling first."""
    counts = [
        func.count(column).label(name)
        for name, column in (
            ("shown", Suggestion.shown_at),
            ("opened", Suggestion.opened_at),
            ("solved", Suggestion.solved_at),
            ("joined", Suggestion.joined_at),
            ("came_back", Suggestion.came_back_at),
        )
    ]
    query = select(Suggestion.kind, Suggestion.subject_id, func.max(Suggestion.title).label("title"), *counts)
    if since is not None:
        query = query.where(Suggestion.shown_at >= since)
    settled = func.count(Suggestion.solved_at) + func.count(Suggestion.joined_at)
    rows = session.execute(
        query.group_by(Suggestion.kind, Suggestion.subject_id)
        .order_by(settled.desc(), func.count().desc(), Suggestion.kind, Suggestion.subject_id)
        .limit(limit)
    )
    return [Used(**row) for row in rows.mappings()]


def _by_ask(session: Session, since: datetime | None) -> dict[str, list[Suggestion]]:
    query = select(Suggestion).order_by(Suggestion.id)
    if since is not None:
        query = query.where(Suggestion.shown_at >= since)
    asks: dict[str, list[Suggestion]] = defaultdict(list)
    for line in session.scalars(query):
        asks[line.ask].append(line)
    return dict(asks)


def _outcome(ask: str, lines: list[Suggestion], now: datetime) -> Outcome:
    """What became of an ask, told by the line that settled it. An ask counts once, whatever it was shown."""
    for how, line, at in _settling(lines, now):
        if line is not None:
            hours = Range(**line.saved_hours) if line.saved_hours else None
            return Outcome(ask, how, line.kind, line.subject_id, line.title, at or line.shown_at, hours)
    first = lines[0]
    return Outcome(ask, "open", first.kind, first.subject_id, first.title, first.shown_at, None)


def _settling(
    lines: list[Suggestion], now: datetime
) -> Iterable[tuple[str, Suggestion | None, datetime | None]]:
    """The ways an ask can have ended, the surest first, each with the line that says so."""

    def first(which: Iterable[Suggestion]) -> Suggestion | None:
        return next(iter(which), None)

    joined_ = first(line for line in lines if line.joined_at)
    yield "joined", joined_, joined_.joined_at if joined_ else None
    solved_ = first(line for line in lines if line.solved_at and not line.came_back_at)
    yield "solved", solved_, solved_.solved_at if solved_ else None
    back = first(line for line in lines if line.came_back_at)
    yield "came back", back, back.came_back_at if back else None
    sent = first(line for line in lines if line.sent_anyway_at)
    yield "sent", sent, sent.sent_anyway_at if sent else None
    quiet = first(line for line in lines if line.opened_at and line.opened_at + COMES_BACK_WITHIN <= now)
    yield "quiet", quiet, quiet.opened_at if quiet else None
