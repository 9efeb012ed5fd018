"""An iteration day by day: how it stood at the end of each, also of days nobody looked, and what came in or went out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portfolio import organisation
from portfolio.models import Card, Column, Event, Iteration, Person, Snapshot
from portfolio.states import ColumnKind

CARDS = Card.__tablename__


@dataclass(frozen=True)
class Standing:
    """How an iteration stands at a moment: cards and hours by estimates, and those done of them."""

    cards: int
    cards_done: int
    hours: float
    hours_done: float


@dataclass(frozen=True)
class ScopeChange:
    """A card that came in after the start, or went out before the end."""

    card: int
    title: str
    hours: float | None
    came_in: bool
    at: datetime
    by_id: int | None
    by: str = ""


def end_of(day: date, session: Session) -> datetime:
    """The moment a day is over where the organisation works."""
    zone = organisation.zone(organisation.current(session))
    return datetime.combine(day + timedelta(days=1), time(), zone)


def local_day(moment: datetime, session: Session) -> date:
    """The day it is where the organisation works."""
    return moment.astimezone(organisation.zone(organisation.current(session))).date()


def take_snapshot(session: Session, iteration: Iteration, *, on: date, at: datetime) -> Snapshot:
    """Keep how the iteration stood at the end of `on`, or stands `at` where that day isn't over. Taking it again replaces it."""
    moment = min(at, end_of(on, session))
    standing = standing_at(session, iteration, moment, now=at)
    taken = session.get(Snapshot, (iteration.id, on)) or Snapshot(iteration_id=iteration.id, on=on)
    taken.cards, taken.cards_done = standing.cards, standing.cards_done
    taken.hours, taken.hours_done = standing.hours, standing.hours_done
    taken.taken_at = at
    session.add(taken)
    session.flush()
    return taken


def catch_up(session: Session, iteration: Iteration, *, on: date, at: datetime) -> int:
    """Snapshots of every day up to `on` that has none, or one taken before the day was over. Returns how many were taken.

    What nobody looked at then is told from the history, so a clock that stood for three days leaves no gap.
    """
    if iteration.opened_at is None:
        return 0
    known = {one.on: one.taken_at for one in snapshots(session, iteration)}
    first = local_day(iteration.opened_at, session)
    days = [first + timedelta(days=n) for n in range((on - first).days + 1)]
    due = [day for day in days if day == on or day not in known or known[day] < end_of(day, session)]
    for day in due:
        take_snapshot(session, iteration, on=day, at=at)
    return len(due)


def snapshots(session: Session, iteration: Iteration) -> list[Snapshot]:
    """An iteration's daily snapshots in order."""
    return list(
        session.scalars(select(Snapshot).where(Snapshot.iteration_id == iteration.id).order_by(Snapshot.on))
    )


def standing_at(session: Session, iteration: Iteration, moment: datetime, *, now: datetime) -> Standing:
    """How it stood at `moment`, told backwards from how it stands now by what happened since.

    Estimates are those known now: the history keeps that one was changed, not what it was.
    """
    later = _since(session, moment) if moment < now else []
    planned, moved = _first(later, "card.planned"), _first(later, "card.moved")
    shelved = _first(later, "card.archived", "card.unarchived")
    left = [card for card, event in planned.items() if event.details.get("from") == iteration.id]
    kinds: dict[int, ColumnKind] = (
        dict(session.execute(select(Column.id, Column.kind)).all()) if moved else {}
    )
    rows = session.execute(
        select(
            Card.id, Card.iteration_id, Column.kind, Card.estimate_hours, Card.archived_at, Card.created_at
        )
        .join(Card.column)
        .where(or_(Card.iteration_id == iteration.id, Card.id.in_(left)))
    )
    cards = cards_done = 0
    hours = hours_done = 0.0
    for card, home, kind, estimate, archived_at, created_at in rows:
        home_then = planned[card].details.get("from") if card in planned else home
        kind_then = _kind_before(moved[card], kinds) if card in moved else kind
        is_done = kind_then is ColumnKind.DONE
        is_shelved = shelved[card].action == "card.unarchived" if card in shelved else archived_at is not None
        is_gone = is_shelved and not is_done
        if home_then != iteration.id or created_at > moment or is_gone:
            continue
        cards += 1
        hours += estimate or 0.0
        cards_done += is_done
        hours_done += (estimate or 0.0) if is_done else 0.0
    return Standing(cards, cards_done, hours, hours_done)


def scope_changes(session: Session, iteration: Iteration) -> list[ScopeChange]:
    """What came in after an open iteration was started and what went out, in order; a closed one's are in its record."""
    started = session.scalar(
        select(func.max(Event.id)).where(
            Event.subject_type == Iteration.__tablename__,
            Event.subject_id == iteration.id,
            Event.action == "iteration.started",
        )
    )
    if started is None:
        return []
    planned = [
        event
        for event in _events(session, started, "card.planned")
        if iteration.id in (event.details.get("from"), event.details.get("to"))
        and event.details.get("from") != event.details.get("to")
    ]
    found = [(event, event.details.get("to") == iteration.id) for event in planned]
    inside = set(session.scalars(select(Card.id).where(Card.iteration_id == iteration.id)))
    touched = inside | {event.subject_id for event in planned}
    came_by_plan = {
        card for card, event in _first(planned, "card.planned").items() if event.details["to"] == iteration.id
    }
    made_inside = touched - came_by_plan - set(iteration.committed or ())
    found += [(event, True) for event in _of(session, started, "card.added", made_inside)]
    found += [
        (event, event.action == "card.unarchived")
        for action in ("card.archived", "card.unarchived")
        for event in _of(session, started, action, _unfinished(session, inside))
    ]
    found.sort(key=lambda one: one[0].id)
    return _told(session, found)


def _told(session: Session, found: Sequence[tuple[Event, bool]]) -> list[ScopeChange]:
    ids = {event.subject_id for event, _ in found}
    titles = {
        row.id: row
        for row in session.execute(select(Card.id, Card.title, Card.estimate_hours).where(Card.id.in_(ids)))
    }
    known = names(session, (event.by_id for event, _ in found))
    return [
        ScopeChange(
            card=event.subject_id,
            title=titles[event.subject_id].title,
            hours=titles[event.subject_id].estimate_hours,
            came_in=came_in,
            at=event.at,
            by_id=event.by_id,
            by=known.get(event.by_id or 0, ""),
        )
        for event, came_in in found
        if event.subject_id in titles
    ]


def names(session: Session, people: Iterable[int | None]) -> dict[int, str]:
    """What people are called, by number."""
    wanted = {one for one in people if one is not None}
    if not wanted:
        return {}
    return {one.id: one.display_name for one in session.scalars(select(Person).where(Person.id.in_(wanted)))}


def _since(session: Session, moment: datetime) -> list[Event]:
    """What happened after a moment to where cards stand and belong, in order."""
    return list(
        session.scalars(
            select(Event)
            .where(
                Event.action.in_(("card.planned", "card.moved", "card.archived", "card.unarchived")),
                Event.at > moment,
                Event.subject_type == CARDS,
            )
            .order_by(Event.id)
        )
    )


def _first(events: Iterable[Event], *actions: str) -> dict[int, Event]:
    """The first event of some kinds, by card."""
    found: dict[int, Event] = {}
    for event in events:
        if event.action in actions:
            found.setdefault(event.subject_id, event)
    return found


def _events(session: Session, after: int, action: str) -> list[Event]:
    return list(
        session.scalars(select(Event).where(Event.action == action, Event.id > after).order_by(Event.id))
    )


def _of(session: Session, after: int, action: str, ids: Iterable[int]) -> list[Event]:
    """Events of a kind about these cards."""
    wanted = sorted(ids)
    if not wanted:
        return []
    return list(
        session.scalars(
            select(Event).where(
                Event.subject_type == CARDS,
                Event.subject_id.in_(wanted),
                Event.action == action,
                Event.id > after,
            )
        )
    )


def _unfinished(session: Session, ids: Iterable[int]) -> set[int]:
    return set(
        session.scalars(
            select(Card.id).join(Card.column).where(Card.id.in_(sorted(ids)), Column.kind != ColumnKind.DONE)
        )
    )


def _kind_before(moved: Event, kinds: dict[int, ColumnKind]) -> ColumnKind:
    """What the column a card came from meant: as the event says, else as it means now."""
    details: dict[str, Any] = moved.details
    said = details.get("was")
    if said in set(ColumnKind):
        return ColumnKind(said)
    return kinds.get(details.get("from", 0), ColumnKind.TO_DO)
