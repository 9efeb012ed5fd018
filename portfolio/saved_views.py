"""Boards somebody looks at often: keep, remove; whose they are and who may open them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio.history import record
from portfolio.models import Person, SavedView


def keep(session: Session, *, name: str, query: str, shared: bool, by: Person, at: datetime) -> SavedView:
    """Keep what is shown under a name of one's own; the same name again replaces what it showed."""
    view = session.scalar(select(SavedView).where(SavedView.person_id == by.id, SavedView.name == name))
    if view is None:
        view = SavedView(person_id=by.id, name=name)
        session.add(view)
    view.query, view.shared, view.saved_at = query, shared, at
    session.flush()
    record(session, "saved_view.kept", view, by=by, at=at, shared=shared)
    return view


def remove(session: Session, view: SavedView, *, by: Person, at: datetime) -> None:
    record(session, "saved_view.removed", view, by=by, at=at)
    session.delete(view)


def listed(session: Session, person: Person) -> list[SavedView]:
    """A person's own views and those shared by others, by name."""
    return list(
        session.scalars(
            select(SavedView)
            .where((SavedView.person_id == person.id) | SavedView.shared.is_(True))
            .order_by(SavedView.name, SavedView.id)
        )
    )


def find(session: Session, number: int, person: Person) -> SavedView | None:
    """A view this person may open."""
    view = session.get(SavedView, number) if 0 < number < 2**31 else None
    return view if view is not None and (view.shared or view.person_id == person.id) else None
