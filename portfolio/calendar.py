"""Calendar feeds: what of a person's work stands in which calendar, by addresses only they know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portfolio.history import record
from portfolio.ical import Entry, written
from portfolio.links import Links
from portfolio.models import (
    Base,
    Card,
    Column,
    EvaluationStep,
    Event,
    ExpertAsk,
    Iteration,
    Person,
    Project,
    Resource,
    TrainingSession,
)
from portfolio.states import LIVE_STAGES, ColumnKind, Role

LOOKS_BACK = timedelta(days=90)
"""How long what is over stays in a feed."""
MOST = 1000
"""Entries of one kind in a feed, the soonest first."""


@dataclass(frozen=True)
class Feed:
    """A calendar somebody may subscribe to."""

    key: str
    name: str
    holds: str


@dataclass(frozen=True)
class View:
    """For whom a feed is made, and when."""

    session: Session
    person: Person
    links: Links
    now: datetime

    @property
    def since(self) -> datetime:
        return self.now - LOOKS_BACK


FEEDS = (
    Feed("mine", "My work", "Due dates of your open cards, what you were asked for, and sessions of live projects."),
    Feed("iteration", "Iterations", "Each iteration from its first day to its last, and its review."),
    Feed("sessions", "Sessions", "Workshops, pilots and other meetings with time and place. Cancelled ones say so."),
    Feed("reviews", "Reviews", "When iterations are reviewed, and when resources should be looked at again."),
    Feed("evaluations", "Evaluations due", "The open steps of the projects' evaluation plans."),
)  # fmt: skip
BY_KEY = {feed.key: feed for feed in FEEDS}
FOR_LEADERS = (
    BY_KEY["iteration"],
    BY_KEY["sessions"],
    Feed("reviews", "Reviews", "When iterations are reviewed."),
    BY_KEY["evaluations"],
)
FOR_EXPERTS = (Feed("mine", "My work", "What you were asked for, on the days it is due."),)


def renew_addresses(session: Session, person: Person, *, at: datetime) -> None:
    """End the addresses handed out so far; the person has new ones from now on."""
    person.feed_version += 1
    record(session, "person.calendar_renewed", person, by=person, at=at, version=person.feed_version)


# Queries


def feeds(person: Person) -> tuple[Feed, ...]:
    """The calendars this person may have, by the roles they hold now."""
    if person.manages:
        return FEEDS
    found = FOR_LEADERS if person.leads else ()
    return (*FOR_EXPERTS, *found) if person.has_role(Role.CONTRIBUTOR) else found


def path(links: Links, person: Person, feed: Feed) -> str:
    """Where a person's calendar is. Whoever knows it may read it, until addresses are renewed."""
    return f"/calendar/{person.id}/{feed.key}/{_key(links, person, feed.key)}.ics"


def opened(
    session: Session, number: int, which: str, key: str, *, links: Links
) -> tuple[Person, Feed] | None:
    """Whose calendar a key opens. None for a wrong or ended key, or where the person may not have it (any more)."""
    person = session.get(Person, number) if 0 < number < 2**31 else None
    if person is None or not links.fits(key, "calendar", person.id, which, person.feed_version):
        return None
    feed = next((feed for feed in feeds(person) if feed.key == which), None)
    return (person, feed) if feed else None


def file(session: Session, person: Person, feed: Feed, *, links: Links, now: datetime) -> bytes:
    """The calendar as a file."""
    name = f"{feed.name} (Outsize)"
    return written(name, feed.holds, entries(session, person, feed, links=links, now=now))


def entries(session: Session, person: Person, feed: Feed, *, links: Links, now: datetime) -> list[Entry]:
    """What stands in a person's calendar, soonest first."""
    view = View(session, person, links, now)
    found = [entry for part in _PARTS[feed.key] for entry in part(view)]
    return sorted(found, key=lambda entry: (entry.starts.isoformat(), entry.uid))


# Below: what each part holds


def _key(links: Links, person: Person, which: str) -> str:
    return links.key("calendar", person.id, which, person.feed_version)


def _my_cards(view: View) -> list[Entry]:
    """Open cards with a due date: the person's own, for a manager also those nobody owns."""
    if not view.person.manages:
        return []
    found = view.session.scalars(
        select(Card)
        .join(Card.column)
        .where(
            or_(Card.owner_id == view.person.id, Card.owner_id.is_(None)),
            Card.due_on >= view.since.date(),
            Card.archived_at.is_(None),
            Column.kind != ColumnKind.DONE,
        )
        .options(joinedload(Card.project))
        .order_by(Card.due_on, Card.id)
        .limit(MOST)
    ).all()
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, card),
            title=f"Due: {card.title}",
            starts=card.due_on,
            ends=card.due_on,
            changed_at=changed[card.id][1] or card.created_at,
            changes=card.version,
            about=_lines(card.project.name if card.project else "", _hours(card.estimate_hours)),
            address=view.links.page(f"/cards/{card.id}"),
            kind="Card",
        )
        for card in found
        if card.due_on is not None
    ]


def _my_asks(view: View) -> list[Entry]:
    """What the person was asked for and hasn't answered yet, where a day was named; not what was finished without them."""
    found = view.session.scalars(
        select(ExpertAsk)
        .where(
            ExpertAsk.person_id == view.person.id,
            ExpertAsk.due_on >= view.since.date(),
            ExpertAsk.done_at.is_(None),
            ExpertAsk.declined_at.is_(None),
            ExpertAsk.taken_back_at.is_(None),
            ExpertAsk.card.has(Card.done_at.is_(None) & Card.archived_at.is_(None)),
        )
        .options(joinedload(ExpertAsk.card))
        .order_by(ExpertAsk.due_on, ExpertAsk.id)
        .limit(MOST)
    ).all()
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, ask),
            title=f"Asked of you: {ask.card.title}",
            starts=ask.due_on,
            ends=ask.due_on,
            changed_at=changed[ask.id][1] or ask.asked_at,
            changes=changed[ask.id][0],
            about=_lines(ask.why, _hours(ask.hours)),
            address=view.links.task(ask),
            kind="Ask",
        )
        for ask in found
        if ask.due_on is not None
    ]


def _my_sessions(view: View) -> list[Entry]:
    return _sessions(view, Project.stage.in_(LIVE_STAGES)) if view.person.manages else []


def _all_sessions(view: View) -> list[Entry]:
    return _sessions(view)


def _sessions(view: View, *which: ColumnElement[bool]) -> list[Entry]:
    found = view.session.scalars(
        select(TrainingSession)
        .join(TrainingSession.project)
        .where(TrainingSession.ends_at >= view.since, *which)
        .options(joinedload(TrainingSession.project))
        .order_by(TrainingSession.starts_at, TrainingSession.id)
        .limit(MOST)
    ).all()
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, one),
            title=one.title,
            starts=one.starts_at,
            ends=one.ends_at,
            changed_at=max(changed[one.id][1] or one.added_at, one.cancelled_at or one.added_at),
            changes=max(one.version, changed[one.id][0]),
            about=one.project.name,
            place=one.place,
            address=view.links.page(f"/projects/{one.project_id}"),
            kind="Session",
            cancelled=one.cancelled_at is not None,
            blocks=True,
        )
        for one in found
    ]


def _iterations(view: View) -> list[Entry]:
    found = _recent_iterations(view)
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, one),
            title=f"Iteration {one.number}" + (f": {one.goal}" if one.goal else ""),
            starts=one.starts_on,
            ends=max(one.starts_on, one.ends_on),
            changed_at=changed[one.id][1] or _midnight(one.starts_on),
            changes=changed[one.id][0],
            address=view.links.page(f"/iterations/{one.number}"),
            kind="Iteration",
        )
        for one in found
    ]


def _iteration_reviews(view: View) -> list[Entry]:
    found = _recent_iterations(view)
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, one, "review"),
            title=f"Review of iteration {one.number}",
            starts=one.ends_on,
            ends=one.ends_on,
            changed_at=changed[one.id][1] or _midnight(one.starts_on),
            changes=changed[one.id][0],
            about=one.goal,
            address=view.links.page(f"/iterations/{one.number}"),
            kind="Review",
        )
        for one in found
    ]


def _recent_iterations(view: View) -> Sequence[Iteration]:
    return view.session.scalars(
        select(Iteration)
        .where(Iteration.ends_on >= view.since.date())
        .order_by(Iteration.starts_on, Iteration.id)
        .limit(MOST)
    ).all()


def _resource_reviews(view: View) -> list[Entry]:
    """The library is the manager's."""
    if not view.person.manages:
        return []
    found = view.session.scalars(
        select(Resource)
        .where(Resource.review_on >= view.since.date(), Resource.retired_at.is_(None))
        .order_by(Resource.review_on, Resource.id)
        .limit(MOST)
    ).all()
    changed = _changes(view, found)
    return [
        Entry(
            uid=_uid(view, one),
            title=f"Look again: {one.title}",
            starts=one.review_on,
            ends=one.review_on,
            changed_at=changed[one.id][1] or one.changed_at or one.created_at,
            changes=changed[one.id][0],
            address=view.links.page(f"/library/{one.id}"),
            kind="Review",
        )
        for one in found
        if one.review_on is not None
    ]


def _evaluations(view: View) -> list[Entry]:
    """Open steps of the evaluation plans; how and by whom is the manager's to read."""
    found = view.session.execute(
        select(EvaluationStep, Project)
        .join(Project, EvaluationStep.project_id == Project.id)
        .where(EvaluationStep.due_on >= view.since.date(), EvaluationStep.done_at.is_(None))
        .order_by(EvaluationStep.due_on, EvaluationStep.id)
        .limit(MOST)
    ).all()
    changed = _changes(view, [project for _, project in found])
    return [
        Entry(
            uid=_uid(view, step),
            title=f"Evaluate: {step.what}",
            starts=step.due_on,
            ends=step.due_on,
            changed_at=changed[project.id][1] or project.created_at,
            changes=changed[project.id][0],
            about=_lines(project.name, *_how(step)) if view.person.manages else project.name,
            address=view.links.page(f"/projects/{project.id}"),
            kind="Evaluation",
        )
        for step, project in found
        if step.due_on is not None
    ]


_PARTS: dict[str, tuple[Callable[[View], list[Entry]], ...]] = {
    "mine": (_my_cards, _my_asks, _my_sessions),
    "iteration": (_iterations, _iteration_reviews),
    "sessions": (_all_sessions,),
    "reviews": (_iteration_reviews, _resource_reviews),
    "evaluations": (_evaluations,),
}


def _changes(view: View, things: Sequence[Base]) -> dict[int, tuple[int, datetime | None]]:
    """By id: how many lines of history there are, and when the latest was written."""
    ids = {thing.number for thing in things}
    known: dict[int, tuple[int, datetime | None]] = dict.fromkeys(ids, (0, None))
    if not ids:
        return known
    rows = view.session.execute(
        select(Event.subject_id, func.count(), func.max(Event.at))
        .where(Event.subject_type == things[0].__tablename__, Event.subject_id.in_(ids))
        .group_by(Event.subject_id)
    )
    known.update({number: (count, latest) for number, count, latest in rows})
    return known


def _uid(view: View, thing: Base, part: str = "") -> str:
    """The same for ever, also when the site gets another address; no other site has it."""
    name = "-".join(word for word in (thing.__tablename__, str(thing.number), part) if word)
    return f"{name}@{view.links.key('calendar-uid')}.outsize"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _hours(hours: float | None) -> str:
    return f"About {hours:g} h" if hours else ""


def _how(step: EvaluationStep) -> list[str]:
    said = [("Level", str(step.level)), ("From", step.source), ("How", step.method), ("By", step.owner)]
    return [f"{name}: {words}" for name, words in said if words]
