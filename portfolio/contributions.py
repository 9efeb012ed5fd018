"""Experts of a project: who they are, for what part, the hours they were granted and those they used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portfolio import people
from portfolio.history import record
from portfolio.models import Card, Contribution, Person, Project, WorkLog
from portfolio.states import Role


class UnknownExpert(ValueError):
    """Nobody, or more than one, goes by this name; an e-mail tells who is meant."""


@dataclass(frozen=True)
class ExpertGiven:
    """An expert as typed: a name, an e-mail or both ("Eli Expert <eli@...>"), the hours granted, and for what."""

    who: str
    hours: float | None = None
    part: str = ""


def agree(
    session: Session, project: Project, given: Sequence[ExpertGiven], *, by: Person, at: datetime
) -> bool:
    """Make these the experts of a project; each becomes a contributor. Returns whether anything changed.

    Raises UnknownExpert where a name alone doesn't say who is meant.
    """
    known = {one.person_id: one for one in project.contributions}
    changed = False
    wanted: set[int] = set()
    for line in given:
        person = meant(session, line.who, at=at)
        if person.id in wanted:
            continue
        wanted.add(person.id)
        changed = _agree(session, project, known.get(person.id), person, line, by=by, at=at) or changed
    for person_id, gone in known.items():
        if person_id not in wanted:
            project.contributions.remove(gone)
            record(session, "project.expert_released", project, by=by, at=at, person=person_id)
            changed = True
    return changed


# Queries


def meant(session: Session, typed: str, *, at: datetime) -> Person:
    """Who is meant by a name, an e-mail or both; a new e-mail makes them known. Raises UnknownExpert."""
    name, address = split(typed)
    if address:
        return people.meet(session, address, at=at, name=name)
    found = session.scalars(
        select(Person).where(func.lower(Person.name) == name.lower()).order_by(Person.id).limit(2)
    ).all()
    if len(found) != 1:
        why = "More than one person goes by" if found else "Nobody is known as"
        raise UnknownExpert(f"{why} “{name}”. Please give their e-mail.")
    return found[0]


def split(typed: str) -> tuple[str, str]:
    """ "Eli Expert <eli@fernweh.example>" as name and e-mail; either may be empty. Raises UnknownExpert for half an e-mail."""
    words = typed.replace("<", " ").replace(">", " ").split()
    addresses = [word for word in words if "@" in word]
    for address in addresses:
        if address.count("@") > 1 or "." not in address.rpartition("@")[2] or address.startswith("@"):
            raise UnknownExpert(f"“{address}” doesn't look like an e-mail address.")
    return " ".join(word for word in words if "@" not in word), addresses[0].lower() if addresses else ""


def used_hours(session: Session, project: Project) -> dict[int, float]:
    """The hours each person booked on the project's cards, by the person's id."""
    rows = session.execute(
        select(WorkLog.person_id, func.sum(WorkLog.hours))
        .join(Card, Card.id == WorkLog.card_id)
        .where(Card.project_id == project.id, WorkLog.hours.is_not(None))
        .group_by(WorkLog.person_id)
    )
    return {int(person_id): float(hours or 0) for person_id, hours in rows}


def experts(session: Session, limit: int = 200) -> list[Person]:
    """Everybody who contributes already, by name, to choose from."""
    return list(
        session.scalars(
            select(Person)
            .where(Person.roles.contains(Role.CONTRIBUTOR.value))
            .order_by(Person.name, Person.email)
            .limit(limit)
        )
    )


def _agree(
    session: Session,
    project: Project,
    known: Contribution | None,
    person: Person,
    line: ExpertGiven,
    *,
    by: Person,
    at: datetime,
) -> bool:
    if known is not None and (known.granted_hours, known.part) == (line.hours, line.part):
        return False
    if known is None:
        known = Contribution(project_id=project.id, person_id=person.id, person=person, created_at=at)
        project.contributions.append(known)
    known.granted_hours, known.part = line.hours, line.part
    if not person.has_role(Role.CONTRIBUTOR):
        held = {role for role in Role if person.has_role(role)}
        people.grant(session, person, {*held, Role.CONTRIBUTOR}, by=by, at=at)
    record(session, "project.expert_asked", project, by=by, at=at, person=person.id, hours=line.hours)
    return True
