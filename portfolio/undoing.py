"""Undoing a decision: for thirty seconds, while its mails are held. Nobody is told of what was undone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Table, delete, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from portfolio import deciding, mails
from portfolio.database import hold
from portfolio.deciding import UNDO_WITHIN
from portfolio.history import record
from portfolio.models import Base, Card, Decision, Event, LearningRequest, Person, Project
from portfolio.states import LEADS_TO, Verdict

BY_PLAN = "plan"
"""The reason of decisions that accepting a plan made: they belong to it."""


class UndoRefused(ValueError):
    """The decision can't be undone any more; the message says why."""


@dataclass(frozen=True)
class Undoable:
    """Decisions made in one go that can still be undone until `until`, newest first; mostly one."""

    decisions: Sequence[Decision]
    requests: Sequence[LearningRequest]
    until: datetime

    @property
    def number(self) -> int:
        return self.decisions[0].id

    @property
    def verdict(self) -> Verdict:
        return self.decisions[0].verdict

    def seconds_left(self, now: datetime) -> int:
        """Whole seconds, rounded down: what is shown is never too long."""
        return max(0, int((self.until - now).total_seconds()))


def undo(session: Session, decision: Decision, *, by: Person, at: datetime) -> list[LearningRequest]:
    """Put back what a decision changed, and all that were made in one go with it, as if it had never been said.

    The mails are taken back unsent, the project of an accept goes with its cards, and those a join brought leave again. All
    or nothing: raises UndoRefused where the time is over, a mail has left, a later decision stands, or somebody has worked
    on the project; the caller rolls back.
    """
    return [_undo(session, one, by=by, at=at) for one in _together(session, decision)]


# Queries


def find(session: Session, number: int) -> Decision | None:
    return session.get(Decision, number) if 0 < number < 2**31 else None


def latest(session: Session, person: Person, *, now: datetime) -> Undoable | None:
    """What this person decided last, while it can be undone."""
    rows = session.execute(
        select(Decision, LearningRequest)
        .join(LearningRequest, LearningRequest.id == Decision.learning_request_id)
        .where(
            Decision.decided_by_id == person.id,
            Decision.decided_at > now - UNDO_WITHIN,
            Decision.decided_at <= now,
            Decision.undone_at.is_(None),
            Decision.reason != BY_PLAN,
        )
        .order_by(Decision.id.desc())
    ).all()
    if not rows or not rows[0][0].before:
        return None
    first: Decision = rows[0][0]
    batch = (first.before or {}).get("batch")
    ours = [row for row in rows if row[0] is first or (batch and (row[0].before or {}).get("batch") == batch)]
    return Undoable([row[0] for row in ours], [row[1] for row in ours], first.decided_at + UNDO_WITHIN)


def undone_lately(made: Sequence[Decision], *, now: datetime) -> Decision | None:
    """Of the decisions on a request the last, if it was undone within the hour: to begin from its words again."""
    last = made[-1] if made else None
    is_fresh = last is not None and last.undone_at is not None and last.undone_at > now - timedelta(hours=1)
    return last if is_fresh else None


# Below: how the verbs above do it


def _together(session: Session, decision: Decision) -> list[Decision]:
    """The decisions of one batch, the last first."""
    batch = (decision.before or {}).get("batch")
    if not batch:
        return [decision]
    same = session.scalars(
        select(Decision)
        .where(Decision.decided_by_id == decision.decided_by_id, Decision.decided_at == decision.decided_at)
        .order_by(Decision.id.desc())
    )
    return [one for one in same if (one.before or {}).get("batch") == batch]


def _undo(session: Session, decision: Decision, *, by: Person, at: datetime) -> LearningRequest:
    about = session.get_one(
        LearningRequest, decision.learning_request_id, options=[joinedload(LearningRequest.joined_to)]
    )
    hold(session, about)
    hold(session, decision)
    _check(session, decision, about, at)
    before: dict[str, Any] = decision.before or {}
    if mails.recall(session, before["mails"]) < len(before["mails"]):
        raise UndoRefused(f"The mail about “{about.title}” has left already. {AFTERWARDS}")
    if decision.verdict is Verdict.ACCEPT:
        _take_project_back(session, about, before["event"], by=by, at=at)
    deciding.restore(session, about, decision, by=by, at=at)
    decision.undone_at = at
    record(session, "learning_request.decision_undone", about, by=by, at=at, decision=decision.id)
    return about


AFTERWARDS = "You can still change your mind on the request's page, and the requester is told."


def _check(session: Session, decision: Decision, about: LearningRequest, at: datetime) -> None:
    if decision.undone_at is not None:
        raise UndoRefused("This is undone already.")
    if decision.before is None or at > decision.decided_at + UNDO_WITHIN:
        raise UndoRefused(
            f"The {UNDO_WITHIN.seconds} seconds are over, and the mail is on its way. {AFTERWARDS}"
        )
    later = select(Decision.id).where(
        Decision.learning_request_id == about.id, Decision.id > decision.id, Decision.undone_at.is_(None)
    )
    if session.scalar(later.limit(1)) is not None or about.status is not LEADS_TO[decision.verdict]:
        raise UndoRefused(f"“{about.title}” has moved on since, so this decision stays in its history.")


def _take_project_back(
    session: Session, about: LearningRequest, after: int, *, by: Person, at: datetime
) -> None:
    """Delete the project this request became, with all that hangs on it, unless somebody touched any of it."""
    project = session.scalar(select(Project).where(Project.learning_request_id == about.id))
    if project is None:
        return
    hold(session, project)
    session.flush()
    owned = list(_owned(session, Base.metadata.tables["projects"].c.id, [project.id]))
    subjects = [(column.table.name, number) for column, _, ids in owned for number in ids]
    touched = session.scalar(
        select(func.count()).where(
            Event.id > after, tuple_(Event.subject_type, Event.subject_id).in_(subjects)
        )
    )
    if touched:
        raise UndoRefused(f"Somebody has worked on the project of “{about.title}” meanwhile. {AFTERWARDS}")
    record(session, "project.undone", project, by=by, at=at, learning_request=about.id)
    for column, parents, ids in owned:
        for number in ids if column.table.name == "cards" else ():
            record(session, "card.removed", session.get_one(Card, number), by=by, at=at)
        session.execute(delete(column.table).where(column.in_(parents)))
    session.expire_all()


def _owned(
    session: Session, column: Column[Any], parents: Sequence[int]
) -> Iterator[tuple[Column[Any], Sequence[int], Sequence[int]]]:
    """All rows that hang on these, the deepest first: the column that points at their parents, those, and their own ids."""
    table: Table = column.table
    ids: Sequence[int] = []
    if "id" in table.c and parents:
        ids = session.scalars(select(table.c.id).where(column.in_(parents))).all()
    for child in reversed(Base.metadata.sorted_tables):
        for key in child.foreign_keys:
            if key.column is table.c.get("id") and child is not table and ids:
                yield from _owned(session, key.parent, ids)
    yield column, parents, ids
