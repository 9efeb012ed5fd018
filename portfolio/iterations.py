"""Iterations: plan, choose cards, start, close with a review and a retrospective; then the queries."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from portfolio import capacity, cards, iteration_review, organisation
from portfolio.capacity import Room
from portfolio.database import hold
from portfolio.history import record
from portfolio.iteration_days import catch_up, local_day, take_snapshot
from portfolio.iteration_record import counts, fact, facts_of
from portfolio.iteration_review import NOTHING_SAID, ProjectReview, Retrospective
from portfolio.models import Card, Column, Iteration, Person
from portfolio.rules.candidates import plain
from portfolio.rules.iterating import Period, clash, next_period
from portfolio.states import LIVE_STAGES, ColumnKind, IterationStatus
from portfolio.submission import FIRST_YEAR, LAST_YEAR

LONGEST_DAYS = 60
MOST_CARDS = 500
"""Cards an iteration can hold."""


class IterationRefused(ValueError):
    """The iteration is not in a state from which this can be done, or its dates are taken; `field` says which."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class StaleIteration(ValueError):
    """Somebody else changed the iteration meanwhile; nothing was overwritten."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this iteration meanwhile. Please look at it again.")


def plan(
    session: Session,
    *,
    starts_on: date,
    ends_on: date,
    goal: str,
    by: Person,
    at: datetime,
    capacity_hours: float | None = None,
) -> Iteration:
    """Set up an iteration. Without `capacity_hours` they follow the calendar until it starts. Raises IterationRefused."""
    _one_at_a_time(session)
    _check_dates(session, starts_on, ends_on)
    room = capacity.between(session, starts_on, ends_on, now=at)
    iteration = Iteration(
        goal=goal,
        starts_on=starts_on,
        ends_on=ends_on,
        capacity_hours=room.hours if capacity_hours is None else capacity_hours,
        capacity_by_hand=capacity_hours is not None,
    )
    session.add(iteration)
    session.flush()
    record(
        session,
        "iteration.planned",
        iteration,
        by=by,
        at=at,
        capacity_hours=round(iteration.capacity_hours, 2),
    )
    return iteration


def edit(
    session: Session,
    iteration: Iteration,
    *,
    by: Person,
    at: datetime,
    version: int | None = None,
    **fields: Any,
) -> None:
    """Change the goal, dates or capacity of one that isn't closed; capacity None follows the calendar again.

    Raises StaleIteration where `version` is no longer the latest, IterationRefused for dates that are taken.
    """
    _one_at_a_time(session)
    hold(session, iteration)
    if version is not None and version != iteration.version:
        raise StaleIteration
    if iteration.status is IterationStatus.CLOSED:
        raise IterationRefused("A closed iteration keeps its facts.")
    changed = {name: value for name, value in fields.items() if value != _known(iteration, name)}
    if not changed:
        return
    starts_on, ends_on = (changed.get(name, getattr(iteration, name)) for name in ("starts_on", "ends_on"))
    if iteration.status is IterationStatus.OPEN and "starts_on" in changed:
        raise IterationRefused("It has started, so its first day stays.", "starts_on")
    if {"starts_on", "ends_on"} & changed.keys():
        _check_dates(session, starts_on, ends_on, but=iteration)
    if "capacity_hours" in changed:
        iteration.capacity_by_hand = changed["capacity_hours"] is not None
        if changed["capacity_hours"] is None:
            changed["capacity_hours"] = capacity.between(session, starts_on, ends_on, now=at).hours
    for name, value in changed.items():
        setattr(iteration, name, value)
    if iteration.status is IterationStatus.OPEN and "capacity_hours" in changed:
        iteration.capacity_words = _words(iteration, capacity.between(session, starts_on, ends_on, now=at))
    iteration.version += 1
    record(session, "iteration.edited", iteration, by=by, at=at, fields=sorted(changed))


def choose(
    session: Session, iteration: Iteration, wanted: Collection[int], *, by: Person, at: datetime
) -> None:
    """Let exactly these cards be in it, besides those done in it. What another iteration holds stays there."""
    hold(session, iteration)
    if iteration.status is IterationStatus.CLOSED:
        raise IterationRefused("A closed iteration keeps its facts.")
    inside = {card.id: card for card in held(session, iteration)}
    out = [
        card for card in inside.values() if card.id not in wanted and card.column.kind is not ColumnKind.DONE
    ]
    new = _free_cards(session, sorted(set(wanted) - inside.keys())[:MOST_CARDS])
    for card in out:
        cards.take_into(session, card, None, by=by, at=at)
    for card in new:
        cards.take_into(session, card, iteration, by=by, at=at)
    if out or new:
        iteration.version += 1


def start(session: Session, iteration: Iteration, *, by: Person, at: datetime) -> None:
    """Commit to the cards planned so far, and to the hours there are. One iteration is open at a time."""
    _one_at_a_time(session)
    hold(session, iteration)
    if iteration.status is not IterationStatus.PLANNED:
        raise IterationRefused("Only a planned iteration can be started.")
    if current(session) is not None:
        raise IterationRefused("Close the open iteration first.")
    room = capacity.between(session, iteration.starts_on, iteration.ends_on, now=at)
    committed = held(session, iteration)
    if not iteration.capacity_by_hand:
        iteration.capacity_hours = room.hours
    iteration.capacity_words = _words(iteration, room)
    iteration.status = IterationStatus.OPEN
    iteration.opened_at = at
    iteration.committed = [card.id for card in committed]
    iteration.commitment = [fact(card) for card in committed]
    iteration.version += 1
    record(session, "iteration.started", iteration, by=by, at=at, cards=iteration.committed)
    take_snapshot(session, iteration, on=local_day(at, session), at=at)


def close(
    session: Session,
    iteration: Iteration,
    *,
    shown: str,
    learned: str,
    next_step: str,
    by: Person,
    at: datetime,
    review: Sequence[ProjectReview] = (),
    retrospective: Retrospective = NOTHING_SAID,
) -> dict[str, Any]:
    """Close with a review and a retrospective, in one step. The record keeps its facts for ever.

    Unfinished cards move on: into the next iteration where one is planned, else they are free and come first when it is. A
    killed project is stopped with the hours it saved, a changed one gets its next hypothesis. Closing again with the same
    words does nothing; raises IterationRefused for other words, or one that isn't open.
    """
    hold(session, iteration)
    ours = {
        "shown": shown,
        "learned": learned,
        "next_step": next_step,
        "retrospective": asdict(retrospective),
    }
    if (
        iteration.status is IterationStatus.CLOSED
        and iteration.record
        and iteration_review.is_same(iteration, ours, review)
    ):
        return iteration.record
    if iteration.status is not IterationStatus.OPEN:
        raise IterationRefused("Only an open iteration can be closed.")
    catch_up(session, iteration, on=local_day(at, session), at=at)
    inside = held(session, iteration)
    reviewed = iteration_review.projects_of(session, [one.project for one in review])
    facts = facts_of(session, iteration, inside)
    for name, value in ours.items():
        setattr(iteration, name, value)
    iteration.review = [
        iteration_review.said(one, reviewed[one.project]) for one in review if one.project in reviewed
    ]
    iteration.record = facts
    iteration.status = IterationStatus.CLOSED
    iteration.closed_at = at
    iteration.version += 1
    session.flush()
    record(session, "iteration.closed", iteration, by=by, at=at, **counts(facts))
    for one in review:
        if one.project in reviewed:
            iteration_review.follow(session, reviewed[one.project], one, by=by, at=at)
    _move_on(session, iteration, inside, by=by, at=at)
    return facts


def snapshot_open(session: Session, *, on: date, at: datetime) -> int:
    """Keep how the open iteration stood at the end of each day up to `on`. Returns how many snapshots were taken."""
    iteration = current(session)
    return catch_up(session, iteration, on=on, at=at) if iteration is not None else 0


# Queries


def current(session: Session) -> Iteration | None:
    """The open iteration, if any."""
    return session.scalar(
        select(Iteration).where(Iteration.status == IterationStatus.OPEN).order_by(Iteration.id)
    )


def upcoming(session: Session) -> Iteration | None:
    """The planned iteration that starts first, if any."""
    query = select(Iteration).where(Iteration.status == IterationStatus.PLANNED)
    return session.scalar(query.order_by(Iteration.starts_on, Iteration.id).limit(1))


def last_closed(session: Session) -> Iteration | None:
    """The iteration closed last, if any."""
    query = select(Iteration).where(Iteration.status == IterationStatus.CLOSED)
    return session.scalar(query.order_by(Iteration.closed_at.desc(), Iteration.id.desc()).limit(1))


def find(session: Session, number: int) -> Iteration | None:
    return session.get(Iteration, number) if 0 < number < 2**31 else None


def listed(session: Session, limit: int = 60, *, before: date | None = None) -> list[Iteration]:
    """Iterations, newest first; only those that start `before` a day where given. No two start on the same."""
    query = select(Iteration).order_by(Iteration.starts_on.desc(), Iteration.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Iteration.starts_on < before)
    return list(session.scalars(query))


def held(session: Session, iteration: Iteration) -> list[Card]:
    """Its cards in board order; one archived when it was done counts, one archived unfinished doesn't."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .where(
                Card.iteration_id == iteration.id,
                or_(Card.archived_at.is_(None), Column.kind == ColumnKind.DONE),
            )
            .options(joinedload(Card.column), joinedload(Card.owner), joinedload(Card.project))
            .order_by(Column.position, Card.rank)
        )
    )


def next_dates(session: Session, today: date, weeks: int | None = None) -> Period:
    """When the next iteration would run: the first free stretch of the rhythm set in settings."""
    ours = organisation.current(session)
    anchor = ours.iterations_start_on if ours else None
    length = weeks or (ours.iteration_weeks if ours else 2)
    return next_period(today, length, anchor, [period for _, period in _taken(session)])


def room_of(session: Session, iteration: Iteration, *, now: datetime) -> Room:
    """The hours between its first and last day, as the calendar has them now."""
    return capacity.between(session, iteration.starts_on, iteration.ends_on, now=now)


def capacity_sentence(iteration: Iteration, room: Room) -> str:
    """How its hours come about: kept words once it has started, the calendar's before, or that somebody gave them."""
    return (
        _words(iteration, room) if iteration.status is IterationStatus.PLANNED else iteration.capacity_words
    )


def capacity_of(iteration: Iteration, room: Room) -> float:
    """Its hours: as somebody said or as it started with, else as the calendar has them now."""
    follows = iteration.status is IterationStatus.PLANNED and not iteration.capacity_by_hand
    return room.hours if follows else iteration.capacity_hours


def open_hours_of(session: Session, project_ids: Sequence[int]) -> dict[int, float]:
    """Hours the unfinished cards of projects were estimated at: what stopping one would save, at a first guess."""
    rows = session.execute(
        select(Card.project_id, func.sum(Card.estimate_hours))
        .join(Card.column)
        .where(Card.project_id.in_(project_ids), Card.archived_at.is_(None), Column.kind != ColumnKind.DONE)
        .group_by(Card.project_id)
    )
    return {project: float(worked or 0) for project, worked in rows if project is not None}


# Dates and hours


def _one_at_a_time(session: Session) -> None:
    """Dates and the open one are settled by one writer at a time."""
    ours = organisation.current(session)
    if ours is not None:
        hold(session, ours)


def _check_dates(session: Session, starts_on: date, ends_on: date, but: Iteration | None = None) -> None:
    if not FIRST_YEAR <= starts_on.year <= LAST_YEAR:
        raise IterationRefused(f"Please give a date between {FIRST_YEAR} and {LAST_YEAR}.", "starts_on")
    if not 0 <= (ends_on - starts_on).days <= LONGEST_DAYS:
        raise IterationRefused("An iteration ends after it starts, within 60 days.", "ends_on")
    taken = {period: number for number, period in _taken(session) if but is None or number != but.id}
    other = clash((starts_on, ends_on), taken)
    if other is not None:
        field = "starts_on" if other[0] <= starts_on <= other[1] else "ends_on"
        first, last = (f"{day.day} {day:%B}" for day in other)
        raise IterationRefused(
            f"Iteration {taken[other]} runs from {first} to {last}. Two can't share a day.", field
        )


def _taken(session: Session) -> list[tuple[int, Period]]:
    """The days iterations take, by number. One closed early leaves the rest of its days free."""
    rows = session.execute(
        select(Iteration.id, Iteration.starts_on, Iteration.ends_on, Iteration.closed_at)
        .order_by(Iteration.starts_on.desc())
        .limit(200)
    )
    zone = organisation.zone(organisation.current(session))
    return [
        (number, (first, max(first, min(last, closed.astimezone(zone).date())) if closed else last))
        for number, first, last, closed in rows
    ]


def _words(iteration: Iteration, room: Room) -> str:
    if iteration.capacity_by_hand:
        given = f"{plain(iteration.capacity_hours)} h, typed in by hand"
        is_same = plain(iteration.capacity_hours) == plain(room.hours)
        return f"{given}; the calendar {'has the same' if is_same else f'would have {room.sentence[:-1]}'}."
    return room.sentence


def _known(iteration: Iteration, name: str) -> Any:
    if name == "capacity_hours" and not iteration.capacity_by_hand:
        return None
    return getattr(iteration, name)


# Cards


def _free_cards(session: Session, ids: Sequence[int]) -> list[Card]:
    """Unfinished cards of these that no planned or open iteration holds, in board order."""
    return list(
        session.scalars(
            select(Card)
            .join(Card.column)
            .outerjoin(Iteration, Card.iteration_id == Iteration.id)
            .where(
                Card.id.in_(ids),
                Column.kind != ColumnKind.DONE,
                Card.archived_at.is_(None),
                or_(Card.iteration_id.is_(None), Iteration.status == IterationStatus.CLOSED),
            )
            .order_by(Column.position.desc(), Card.rank)
        )
    )


def _move_on(
    session: Session, iteration: Iteration, inside: Sequence[Card], *, by: Person, at: datetime
) -> None:
    """Unfinished cards go into the next planned iteration, those of ended projects into none."""
    following = session.scalar(
        select(Iteration)
        .where(Iteration.status == IterationStatus.PLANNED, Iteration.starts_on >= iteration.starts_on)
        .order_by(Iteration.starts_on, Iteration.id)
        .limit(1)
    )
    for card in inside:
        if card.column.kind is not ColumnKind.DONE:
            is_over = card.project is not None and card.project.stage not in LIVE_STAGES
            cards.take_into(session, card, None if is_over else following, by=by, at=at)
