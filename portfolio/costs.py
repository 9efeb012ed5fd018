"""What projects cost, fully loaded: hours logged on their cards, participants' time, and what was written down by hand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import organisation, participants, work_logs
from portfolio.database import hold
from portfolio.history import record
from portfolio.looking_back import EVER, CutOff, changes_since
from portfolio.models import (
    Card,
    Cost,
    Event,
    ExpertAsk,
    Organisation,
    Person,
    Project,
    TrainingSession,
)
from portfolio.rules.money import CostKind, CostLine, Loaded, loaded_cost
from portfolio.states import EvidenceGrade, Role, Stage

KIND_OF_STAGE = {
    Stage.DISCOVER: CostKind.ANALYSIS,
    Stage.PROTOTYPE: CostKind.DEVELOPMENT,
    Stage.PILOT: CostKind.DEVELOPMENT,
    Stage.BUILD: CostKind.DEVELOPMENT,
    Stage.LAUNCH: CostKind.DELIVERY,
    Stage.MEASURE: CostKind.EVALUATION,
    Stage.DONE: CostKind.EVALUATION,
    Stage.STOPPED: CostKind.DEVELOPMENT,
}
"""What the manager's hours are for, by the stage the project was in when they were spent."""


DEAREST_HOUR = 10_000
"""Money; what is dearer is a slip of the pen."""


class CostRefused(ValueError):
    """It can't be a cost; `field` says where to look."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Rates:
    """What an hour costs the organisation with everything, and overhead in percent; None where nobody said."""

    manager: float | None = None
    expert: float | None = None
    participant: float | None = None
    overhead: float = 0.0

    @classmethod
    def of(cls, ours: Organisation | None) -> "Rates":
        return cls.said(ours.rates if ours else None)

    @classmethod
    def said(cls, kept: Mapping[str, Any] | None) -> "Rates":
        kept = kept or {}
        return cls(
            kept.get("manager"), kept.get("expert"), kept.get("participant"), kept.get("overhead") or 0.0
        )

    def usual(self, kind: CostKind) -> float | None:
        """What an hour of this kind costs where nobody says otherwise."""
        usual = {CostKind.PARTICIPANTS: self.participant, CostKind.EXPERT: self.expert}
        return usual.get(kind, self.manager)


class _Was(NamedTuple):
    """What a cost said before it was changed."""

    kind: str
    amount: float
    on: str


@dataclass(frozen=True)
class Spent:
    """Hours somebody spent on a project, when, and whether they are a manager's."""

    project: int
    hours: float
    at: datetime
    by_manager: bool


def add(
    session: Session,
    project: Project,
    *,
    kind: CostKind,
    amount: float | None = None,
    hours: float | None = None,
    rate: float | None = None,
    note: str = "",
    on: date,
    by: Person | None,
    at: datetime,
) -> Cost:
    """Write a cost down: an amount, or hours and what an hour costs. Raises CostRefused."""
    cost = Cost(
        project_id=project.id,
        kind=kind.value,
        amount=_amount(amount, hours, rate),
        hours=hours,
        rate=rate,
        note=note,
        spent_on=on,
        recorded_at=at,
        by_id=by.id if by else None,
    )
    session.add(cost)
    session.flush()
    record(
        session, "project.cost_added", project, by=by, at=at, cost=cost.id, kind=cost.kind, amount=cost.amount
    )
    return cost


def change(
    session: Session,
    project: Project,
    cost: Cost,
    *,
    kind: CostKind,
    amount: float | None = None,
    hours: float | None = None,
    rate: float | None = None,
    note: str = "",
    on: date,
    by: Person,
    at: datetime,
) -> None:
    """Correct a cost. Raises CostRefused, Gone."""
    hold(session, cost)
    was = _Was(cost.kind, cost.amount, cost.spent_on.isoformat())
    cost.amount = _amount(amount, hours, rate)
    cost.kind, cost.hours, cost.rate, cost.note, cost.spent_on = kind.value, hours, rate, note, on
    record(
        session,
        "project.cost_changed",
        project,
        by=by,
        at=at,
        cost=cost.id,
        kind=cost.kind,
        amount=cost.amount,
        was=was.amount,
        was_kind=was.kind,
        was_on=was.on,
    )


def remove(session: Session, project: Project, cost: Cost, *, by: Person, at: datetime) -> None:
    """It was written down by mistake. Raises Gone."""
    hold(session, cost)
    record(
        session,
        "project.cost_removed",
        project,
        by=by,
        at=at,
        cost=cost.id,
        kind=cost.kind,
        amount=cost.amount,
        on=cost.spent_on.isoformat(),
    )
    session.delete(cost)


def set_rates(
    session: Session,
    ours: Organisation,
    rates: Rates,
    *,
    least: EvidenceGrade,
    by: Person,
    at: datetime,
) -> None:
    """Say what an hour costs, and from which evidence grade on a return is printed."""
    ours.rates, ours.least_grade = asdict(rates), least
    record(session, "organisation.rates_set", ours, by=by, at=at, **asdict(rates), least_grade=least.value)


# Queries


def of_project(session: Session, project: Project) -> Loaded:
    """All that a project has cost so far."""
    return of_projects(session, [project])[project.id]


def of_projects(
    session: Session, projects: Sequence[Project], cut_off: CutOff | None = None
) -> dict[int, Loaded]:
    """All that each of these has cost so far, or had at a cut-off, by project. A fixed number of statements however many they are.

    Hours on cards count as the stage they were spent in: analysis, development, delivery, evaluation; experts' as such. Where
    participants' time was written down by hand, that of the sessions isn't counted again.
    """
    rates = rates_known(session, cut_off.known_at if cut_off else None)[0]
    ids = [one.id for one in projects]
    lines: dict[int, list[CostLine]] = defaultdict(list)
    for project, line in written_down(session, ids, cut_off):
        lines[project].append(line)
    by_hand = {
        number for number, held in lines.items() if any(one.kind is CostKind.PARTICIPANTS for one in held)
    }
    _add_worked(lines, _worked(session, ids, cut_off), _stages(session, ids), rates)
    for number, people, hours in _attended(session, [one for one in ids if one not in by_hand], cut_off):
        words = f"{people} {'person' if people == 1 else 'people'} in sessions"
        lines[number].append(CostLine.of_hours(CostKind.PARTICIPANTS, hours, rates.participant, words))
    return {number: loaded_cost(lines[number], overhead_percent=rates.overhead) for number in ids}


def typed(session: Session, project_ids: Sequence[int]) -> list[Cost]:
    """What was written down by hand, oldest first."""
    query = select(Cost).where(Cost.project_id.in_(project_ids)).order_by(Cost.spent_on, Cost.id)
    return list(session.scalars(query))


def written_down(
    session: Session, project_ids: Sequence[int], cut_off: CutOff | None = None
) -> list[tuple[int, CostLine]]:
    """What was written down by hand with its project; up to a cut-off as it stood in the books then."""
    known = {one.id: (one.project_id, one.spent_on, _line(one)) for one in typed(session, project_ids)}
    if cut_off is None:
        return [(project, line) for project, _, line in known.values()]
    _wind_back(session, known, set(project_ids), cut_off.known_at)
    return [(project, line) for project, on, line in known.values() if on <= cut_off.last_day]


def rates_known(session: Session, known_at: datetime | None = None) -> tuple[Rates, EvidenceGrade]:
    """What an hour costs, and from which evidence grade on a return is printed: now, or as set last before a moment.

    What was first set later wasn't known then; what was never set by anybody stands as it is.
    """
    ours = organisation.current(session)
    now = Rates.of(ours), ours.least_grade if ours else EvidenceGrade.ESTIMATE
    if known_at is None:
        return now
    query = select(Event).where(Event.action == "organisation.rates_set")
    found = list(session.scalars(query.order_by(Event.at.desc(), Event.id.desc())))
    if not found:
        return now
    said = next((one.details for one in found if one.at < known_at), {})
    return Rates.said(said), EvidenceGrade(said.get("least_grade", EvidenceGrade.ESTIMATE))


def find(session: Session, project: Project, number: int) -> Cost | None:
    """The project's own cost of this number."""
    cost = session.get(Cost, number) if 0 < number < 2**31 else None
    return cost if cost is not None and cost.project_id == project.id else None


def _amount(amount: float | None, hours: float | None, rate: float | None) -> float:
    if hours is not None and rate is not None:
        return round(hours * rate, 2)
    if amount is None:
        raise CostRefused("amount", "Please give an amount, or hours and what an hour costs.")
    return amount


def _line(cost: Cost) -> CostLine:
    known = cost.kind if cost.kind in set(CostKind) else CostKind.PURCHASE
    return CostLine(CostKind(known), cost.amount, cost.hours, cost.rate, cost.note, cost.id)


def _wind_back(
    session: Session,
    known: dict[int, tuple[int, date, CostLine]],
    projects: set[int],
    known_at: datetime,
) -> None:
    """Undo what was written down, changed and removed since a moment."""
    for event in changes_since(
        session, known_at, "project.cost_added", "project.cost_changed", "project.cost_removed"
    ):
        said, number = event.details, event.details["cost"]
        if event.action == "project.cost_added":
            known.pop(number, None)
        elif event.action == "project.cost_removed":
            if event.subject_id in projects and "on" in said:
                line = CostLine(CostKind(said["kind"]), said["amount"], id=number)
                known[number] = (event.subject_id, date.fromisoformat(said["on"]), line)
        elif number in known:
            project, on, line = known[number]
            kind = CostKind(said.get("was_kind", line.kind))
            on = date.fromisoformat(said["was_on"]) if "was_on" in said else on
            known[number] = (project, on, CostLine(kind, said["was"], id=number))


def _worked(session: Session, ids: Sequence[int], cut_off: CutOff | None) -> list[Spent]:
    """Hours logged on cards, those a card has besides its logs, and experts' promised ones where nobody logged any."""
    found: list[Spent] = []
    booked: set[int] = set()
    logged: dict[int, float] = defaultdict(float)
    of_cards = select(Card.id).where(Card.project_id.in_(ids))
    written = work_logs.logged(session, of_cards)
    for one in written:
        logged[one.card] += one.hours
    counted = work_logs.logged(session, of_cards, cut_off) if cut_off else written
    roles_of = _roles(session, {one.person for one in counted})
    for one in counted:
        booked.add(one.card)
        if one.project is not None:
            manages = _manages(roles_of.get(one.person, ""))
            found.append(Spent(one.project, one.hours, one.ended_at, manages))
    until = (cut_off or EVER).at
    for project, card, hours, at, roles in session.execute(
        select(
            Card.project_id,
            Card.id,
            Card.actual_hours,
            func.coalesce(Card.done_at, Card.entered_at, Card.created_at),
            Person.roles,
        )
        .join(Person, Card.owner_id == Person.id, isouter=True)
        .where(Card.project_id.in_(ids), Card.actual_hours > 0)
    ):
        more = round((hours or 0.0) - logged[card], 2)
        if project is not None and more > 0 and at < until:
            found.append(Spent(project, more, at, _manages(roles or Role.MANAGER.value)))
            booked.add(card)
    for project, card, hours, done_at in session.execute(
        select(Card.project_id, Card.id, ExpertAsk.hours, ExpertAsk.done_at)
        .join(Card, ExpertAsk.card_id == Card.id)
        .where(Card.project_id.in_(ids), ExpertAsk.done_at < until, ExpertAsk.hours > 0)
    ):
        if project is not None and hours is not None and done_at is not None and card not in booked:
            found.append(Spent(project, hours, done_at, by_manager=False))
    return found


def _add_worked(
    lines: dict[int, list[CostLine]],
    worked: Iterable[Spent],
    stages: dict[int, list[tuple[datetime, Stage]]],
    rates: Rates,
) -> None:
    sums = defaultdict[tuple[int, CostKind], float](float)
    for one in worked:
        kind = KIND_OF_STAGE[_stage_at(stages[one.project], one.at)] if one.by_manager else CostKind.EXPERT
        sums[one.project, kind] += one.hours
    for (project, kind), hours in sums.items():
        rate, whose = (rates.expert, "Experts'") if kind is CostKind.EXPERT else (rates.manager, "Your own")
        lines[project].append(CostLine.of_hours(kind, round(hours, 2), rate, f"{whose} hours on its cards"))


def _stages(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[datetime, Stage]]]:
    """Since when each project was in which stage, the latest first."""
    moves = session.execute(
        select(Event.subject_id, Event.at, Event.details)
        .where(
            Event.action == "project.moved",
            Event.subject_type == Project.__tablename__,
            Event.subject_id.in_(ids),
        )
        .order_by(Event.at.desc(), Event.id.desc())
    )
    found = defaultdict[int, list[tuple[datetime, Stage]]](list)
    for number, at, details in moves:
        found[number].append((at, Stage(details["to"])))
    return found


def _stage_at(stages: list[tuple[datetime, Stage]], at: datetime) -> Stage:
    return next((stage for since, stage in stages if since <= at), Stage.DISCOVER)


def _roles(session: Session, people: set[int]) -> dict[int, str]:
    rows = session.execute(select(Person.id, Person.roles).where(Person.id.in_(people)))
    return {number: roles for number, roles in rows}  # noqa: C416 - rows unpack, dict() takes pairs only


def _attended(session: Session, ids: Sequence[int], cut_off: CutOff | None) -> list[tuple[int, int, float]]:
    """Project, people who were there, and their hours in its sessions: each in their own session, or in all of them."""
    lengths: dict[int, dict[int, float]] = defaultdict(dict)
    meetings = select(
        TrainingSession.project_id, TrainingSession.id, TrainingSession.starts_at, TrainingSession.ends_at
    ).where(TrainingSession.project_id.in_(ids))
    called_off = TrainingSession.cancelled_at
    if cut_off is None:
        meetings = meetings.where(called_off.is_(None))
    else:
        meetings = meetings.where(
            TrainingSession.starts_at < cut_off.at,
            TrainingSession.added_at < cut_off.known_at,
            called_off.is_(None) | (called_off >= cut_off.known_at),
        )
    for project, number, starts_at, ends_at in session.execute(meetings):
        lengths[project][number] = (ends_at - starts_at).total_seconds() / 3600
    sums: dict[int, tuple[int, float]] = {}
    for project, own in participants.there(session, ids, cut_off):
        held = lengths[project]
        hours = sum(held.values()) if own is None else held.get(own, 0.0)
        people, known = sums.get(project, (0, 0.0))
        if hours:
            sums[project] = (people + 1, known + hours)
    return [(project, people, round(hours, 2)) for project, (people, hours) in sums.items()]


def _manages(roles: str) -> bool:
    return not {Role.MANAGER, Role.ADMIN}.isdisjoint(roles.split())
