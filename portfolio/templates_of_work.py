"""Work templates: the first cards of each kind of solution; and how a project gets its own."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import cards
from portfolio.history import record
from portfolio.models import Card, ChecklistItem, Organisation, Person, Project, WorkTemplate
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT
from portfolio.rules.work_templates import FIRST, CardPlan, shared_out

MOST_CARDS = 40
KINDS = tuple((kind.key, kind.label) for kind in DEFAULT.work_types)
"""The kinds of solution, and how they are called."""


class StaleTemplate(ValueError):
    """Somebody else changed the template meanwhile; nothing was overwritten."""


def save(
    session: Session,
    solution_type: str,
    plans: Sequence[CardPlan],
    *,
    seen: str,
    by: Person,
    at: datetime,
) -> None:
    """Keep other first cards for a kind of solution; projects that have begun keep theirs.

    `seen` is the template's stamp when it was read. Raises StaleTemplate where it has another by now.
    """
    kept = session.get(WorkTemplate, solution_type, with_for_update=True)
    if seen != stamp(kept):
        raise StaleTemplate("Somebody else changed this template meanwhile.")
    if kept is None:
        kept = WorkTemplate(solution_type=solution_type)
        session.add(kept)
    kept.cards = [plan.as_json() for plan in plans]
    kept.changed_at, kept.changed_by_id = at, by.id
    _record(session, "changed", solution_type, by=by, at=at, cards=len(plans))


def restore(session: Session, solution_type: str, *, by: Person, at: datetime) -> None:
    """Go back to the first cards Outsize came with."""
    kept = session.get(WorkTemplate, solution_type)
    if kept is not None:
        session.delete(kept)
        _record(session, "restored", solution_type, by=by, at=at)


def lay_out(
    session: Session, project: Project, *, exists: Range | None = None, by: Person, at: datetime
) -> list[Card]:
    """Put a project's first cards on the board: hours by their share of its estimate, fewer for making what exists."""
    plans = of_kind(session, project.solution_type)
    hours = shared_out(plans, project.estimate_hours, exists.likely if exists else None)
    made = [
        cards.add(session, title=plan.title, project=project, by=by, at=at, estimate_hours=planned)
        for plan, planned in zip(plans, hours, strict=True)
    ]
    session.add_all(
        ChecklistItem(card_id=card.id, words=words, position=position)
        for card, plan in zip(made, plans, strict=True)
        for position, words in enumerate(plan.checklist, start=1)
    )
    return made


# Queries


def of_kind(session: Session, solution_type: str) -> tuple[CardPlan, ...]:
    """The first cards of a kind of solution as they are now."""
    kept = session.get(WorkTemplate, solution_type)
    return plans_in(kept, solution_type)


def find(session: Session, solution_type: str) -> WorkTemplate | None:
    """What somebody wrote for this kind; None while the first cards hold."""
    return session.get(WorkTemplate, solution_type)


def written(session: Session) -> dict[str, WorkTemplate]:
    """The templates somebody wrote, by kind of solution."""
    return {one.solution_type: one for one in session.scalars(select(WorkTemplate))}


def plans_in(kept: WorkTemplate | None, solution_type: str) -> tuple[CardPlan, ...]:
    """The cards of a template, or the first ones."""
    if kept is not None:
        return tuple(CardPlan.of(one) for one in kept.cards)
    return FIRST.get(solution_type, FIRST["workshop"])


def stamp(kept: WorkTemplate | None) -> str:
    """What a reader hands back to show which version was seen; empty for the first cards."""
    return kept.changed_at.isoformat() if kept else ""


def _record(
    session: Session, what: str, solution_type: str, *, by: Person, at: datetime, **details: object
) -> None:
    """Templates have no number of their own: they are the organisation's."""
    ours = session.scalars(select(Organisation).order_by(Organisation.id)).first()
    record(session, f"work_template.{what}", ours or by, by=by, at=at, kind=solution_type, **details)
