"""The manager's desk as it stands today: who is asked for what, what blocks, what was said, what is planned and promised."""

from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from portfolio import (
    automations,
    blockers,
    capacity,
    checklists,
    comments,
    expert_asks,
    placings,
    plans,
    promises,
    reuses,
    routines,
    saved_views,
    training_sessions,
)
from portfolio.demo.hours import DAY, Hours
from portfolio.links import Links
from portfolio.models import Card, Column, LearningRequest, Person, Project, Resource
from portfolio.rules.ranges import Range
from portfolio.states import LIVE_STAGES, OPEN, ColumnKind

ASKS = (
    ("Please read it as if you had never done it, and tick what you would leave out.", 2.0, 6),
    ("You do this best. An hour of watching you would spare me a week.", 1.0, 3),
    ("Two of your people for the try-out, on a morning that suits the line.", 1.5, 11),
)
BLOCKS = ("The works council looks at it on Thursday", "No scanner to try it on yet")
TALK = (
    ("The second picture shows the old clamp. I have a new one, shall I send it?", "I think the middle step can go."),
    ("Tried it with two people at the end of the shift. Both got through, one asked what the red line is.",),
    ("Short is good. Please no film.", "Noted, no film."),
)  # fmt: skip
SMALL_ASKS = (
    ("Where is the recording?", 5), ("Room for Thursday", 10), ("Who may book the first-aid course?", 5),
    ("A certificate again", 15), ("Login doesn't work", 5), ("Which form for the fair?", 5), ("Slides for the board", 30),
)  # fmt: skip
SWITCHED_ON = ("blocked_long", "iteration_ends", "info_reminder")
HALF = Range(0.35, 0.5, 0.65)


def small_asks(session: Session, manager: Person, day: date, at: datetime) -> None:
    """A few small asks of one working day, written down at its end."""
    chance = Random(day.toordinal())  # its own, so that the rest of the year stays as it is
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        note, minutes = chance.choice(SMALL_ASKS)
        capacity.interrupted(session, minutes=minutes, note=note, by=manager, at=at)


def lay(
    session: Session, *, hours: Hours, manager: Person, experts: list[Person], chance: Random, links: Links
) -> None:
    """Everything that is open today. Mails of it count as sent, like all of the demo's."""
    now = hours.now
    begun = _cards(session, ColumnKind.DOING)
    for card, reason in zip(reversed(begun), BLOCKS, strict=False):
        if not card.blocked_by:
            blockers.block(session, card, reason, by=manager, at=now)
    for card, lines in zip(begun, TALK, strict=False):
        for turn, words in enumerate(lines):
            who = manager if turn % 2 else chance.choice(experts)
            comments.add(session, card, words, links=links, by=who, at=now)
        for item in checklists.listed(session, card)[:1]:
            checklists.tick(session, card, item, done=True, by=manager, at=now)
    _ask_experts(session, begun, manager, experts, links, hours)
    _plan_ahead(session, manager, hours)
    for request, resource in _repurposable(session):
        reuses.link(session, request, resource, HALF, note="The first part", by=manager, at=now)
    saved_views.keep(session, name="What is blocked", query="blocked=1", shared=True, by=manager, at=now)
    for routine in routines.ROUTINES:
        if routine.key in SWITCHED_ON:
            given = {blank.name: str(blank.first) for blank in routine.blanks}
            automations.switch(session, routine, on=True, given=given, by=manager, at=now)


def look_ahead(session: Session, hours: Hours) -> None:
    """What the night would have worked out: places of two nights, what fits, and by when."""
    for back in (1, 0):
        placings.take(session, on=hours.today - back * DAY, at=hours.now)
    plans.make(session, why="nightly", by=None, at=hours.now)
    promises.record_all(session, now=hours.now)


def _cards(session: Session, kind: ColumnKind) -> list[Card]:
    return list(
        session.scalars(
            select(Card)
            .join(Column, Column.id == Card.column_id)
            .where(Column.kind == kind, Card.archived_at.is_(None), Card.project_id.is_not(None))
            .order_by(Column.position, Card.rank)
        )
    )


def _ask_experts(
    session: Session, begun: list[Card], manager: Person, experts: list[Person], links: Links, hours: Hours
) -> None:
    for place, (card, (why, needed, days)) in enumerate(zip(begun, ASKS, strict=False)):
        expert_asks.ask(
            session,
            card,
            experts[place % len(experts)],
            why=why,
            hours=needed,
            due_on=hours.workday(hours.today + days * DAY),
            links=links,
            by=manager,
            at=hours.now,
        )


def _plan_ahead(session: Session, manager: Person, hours: Hours) -> None:
    """A week off, and the next sessions of what is under way."""
    leave = hours.today + (35 - hours.today.weekday()) * DAY
    capacity.add_absence(
        session, person=None, from_on=leave, until_on=leave + 4 * DAY, note="Skiing", by=manager, at=hours.now
    )
    live = session.scalars(
        select(Project).where(Project.stage.in_(LIVE_STAGES)).order_by(Project.id.desc()).limit(3)
    )
    for place, project in enumerate(live):
        starts = hours.at(hours.workday(hours.today + (4 + 5 * place) * DAY), 9 + 2 * place)
        training_sessions.plan(
            session,
            project,
            title=f"{project.name}: try-out",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1.5),
            place=("Training room 2", "At the line", "Online")[place],
            by=manager,
            at=hours.now,
        )


def _repurposable(session: Session) -> list[tuple[LearningRequest, Resource]]:
    """The two best open requests for which the shelf holds something like it."""
    waiting = session.scalars(
        select(LearningRequest)
        .where(LearningRequest.status.in_(OPEN))
        .order_by(LearningRequest.leverage.desc())
        .limit(12)
    )
    found = [(one, reuses.offered(session, one, [])) for one in waiting]
    best = [(one, session.get_one(Resource, offered[0].id)) for one, offered in found if offered]
    return best[:2]
