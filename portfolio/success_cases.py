"""Success cases by Brinkerhoff's five steps: who used it for what, what came of it, what shows it, and what stood in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio.database import hold
from portfolio.history import record
from portfolio.models import Person, Project, SuccessCase

STEPS = (
    ("focus", "Focus", "What do you want to know, and for whom?"),
    ("model", "Impact model", "Who should do what with it, and which result should follow?"),
    ("search", "Search", "Ask everybody briefly: who used it with success, and who didn't at all?"),
    ("interview", "Interview", "Talk to a few of both. What did they do, what came of it, what shows it?"),
    ("told", "Told", "Written down, checked, and shown."),
)
"""The five steps of the method: key, name, what happens. Source: R. Brinkerhoff, The Success Case Method (2003)."""
TEXTS = {
    "who": 160,
    "role": 160,
    "used": 4000,
    "result": 4000,
    "evidence": 4000,
    "barriers": 4000,
    "helped": 4000,
    "quote": 500,
}
"""What is written down, and how long each may be."""
TOLD = "told"
ANONYMOUS = "Somebody who took part"


class StaleCase(ValueError):
    """Somebody else changed it meanwhile; nothing was overwritten."""


class NotToldYet(ValueError):
    """A case without what came of it and what shows it can't be told; `field` says what is missing."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Told:
    """A case as anybody may read it: a name and their words only where they agreed."""

    id: int
    project_id: int
    project: str
    succeeded: bool
    who: str
    role: str
    used: str
    result: str
    evidence: str
    barriers: str
    helped: str
    quote: str
    told_on: date | None


def begin(session: Session, project: Project, *, by: Person, at: datetime, **fields: Any) -> SuccessCase:
    """Start a case. Raises NotToldYet where it is told at once without what it takes."""
    said = {"step": STEPS[0][0], "succeeded": True, **fields}
    case = SuccessCase(project_id=project.id, added_at=at, by_id=by.id, **said)
    _tell(case, at)
    session.add(case)
    session.flush()
    record(
        session,
        "success_case.begun",
        case,
        by=by,
        at=at,
        project=project.id,
        step=case.step,
        succeeded=case.succeeded,
    )
    return case


def change(
    session: Session, case: SuccessCase, *, version: int | None, by: Person, at: datetime, **fields: Any
) -> None:
    """Write more of it down, or take it a step further. Raises StaleCase, NotToldYet, Gone."""
    hold(session, case)
    if version is not None and version != case.version:
        raise StaleCase("Somebody else changed this case meanwhile.")
    was = {name: getattr(case, name) for name in (*fields, "told_on")}
    for name, value in fields.items():
        setattr(case, name, value)
    try:
        _tell(case, at)
    except NotToldYet:
        for name, value in was.items():
            setattr(case, name, value)
        raise
    changed = sorted(name for name in fields if was[name] != getattr(case, name))
    if changed:
        case.version += 1
        record(
            session,
            "success_case.changed",
            case,
            by=by,
            at=at,
            project=case.project_id,
            step=case.step,
            fields=changed,
        )


def remove(session: Session, case: SuccessCase, *, by: Person, at: datetime) -> None:
    """It is not wanted after all, or the person asked for it. Raises Gone."""
    hold(session, case)
    record(session, "success_case.removed", case, by=by, at=at, project=case.project_id)
    session.delete(case)


# Queries


def find(session: Session, number: int) -> SuccessCase | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(SuccessCase).where(SuccessCase.id == number).options(joinedload(SuccessCase.project))
    )


def listed(
    session: Session,
    *,
    project: Project | None = None,
    only_told: bool = False,
    before: int | None = None,
    limit: int = 200,
) -> list[SuccessCase]:
    """Cases with their projects, the newest first; those with numbers below `before` where given."""
    query = select(SuccessCase).options(joinedload(SuccessCase.project))
    if project is not None:
        query = query.where(SuccessCase.project_id == project.id)
    if only_told:
        query = query.where(SuccessCase.step == TOLD)
    if before is not None:
        query = query.where(SuccessCase.id < before)
    return list(session.scalars(query.order_by(SuccessCase.id.desc()).limit(limit)))


def told(session: Session, *, projects: Sequence[int] | None = None, limit: int = 200) -> list[Told]:
    """The cases that were told, as anybody may read them: with evidence, names and words only where they agreed."""
    query = select(SuccessCase).where(SuccessCase.step == TOLD).options(joinedload(SuccessCase.project))
    if projects is not None:
        query = query.where(SuccessCase.project_id.in_(projects))
    query = query.order_by(SuccessCase.told_on.desc(), SuccessCase.id.desc()).limit(limit)
    return [as_told(one) for one in session.scalars(query)]


def count_told(session: Session) -> int:
    """How many cases were told."""
    query = select(func.count()).select_from(SuccessCase).where(SuccessCase.step == TOLD)
    return session.scalar(query) or 0


def as_told(case: SuccessCase) -> Told:
    """A case as anybody may read it."""
    return Told(
        id=case.id,
        project_id=case.project_id,
        project=case.project.name,
        succeeded=case.succeeded,
        who=(case.who if case.may_quote else "") or case.role or ANONYMOUS,
        role=case.role,
        used=case.used,
        result=case.result,
        evidence=case.evidence,
        barriers=case.barriers,
        helped=case.helped,
        quote=case.quote if case.may_quote else "",
        told_on=case.told_on,
    )


def _tell(case: SuccessCase, at: datetime) -> None:
    """Told is only what would stand up: a success with its result and what shows it, any other with what stood in the way."""
    if case.step != TOLD:
        case.told_on = None
        return
    wanted = (
        {"used": "what they used it for", "result": "what came of it", "evidence": "what shows it"}
        if case.succeeded
        else {"barriers": "what stood in the way"}
    )
    for name, words in wanted.items():
        if not (getattr(case, name) or "").strip():
            raise NotToldYet(name, f"Please say {words} before it is told.")
    case.told_on = case.told_on or at.date()
