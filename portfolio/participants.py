"""Whom a project is for: who was invited, came and finished, and whose lead sees their work."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from portfolio import people
from portfolio.history import record
from portfolio.links import Links
from portfolio.looking_back import CutOff, changes_since
from portfolio.models import Participant, Person, Project, TrainingSession
from portfolio.rules.people_lists import people_in

INVITED, ATTENDED, ABSENT, COMPLETED = "invited", "attended", "absent", "completed"
STATES = (
    (INVITED, "Invited"),
    (ATTENDED, "Took part"),
    (ABSENT, "Wasn't there"),
    (COMPLETED, "Finished"),
)
WAS_THERE = (ATTENDED, COMPLETED)
MOST_AT_ONCE = 2000


class UnknownPeople(ValueError):
    """Some lines name nobody we can write to; the message says which."""


@dataclass(frozen=True)
class Named:
    """Somebody from a list, and their lead where one was given."""

    person: Person
    lead: Person | None = None


def add(
    session: Session,
    project: Project,
    people: Iterable[Person],
    *,
    session_: TrainingSession | None = None,
    leads: Mapping[int, Person] | None = None,
    source: str = "",
    state: str = INVITED,
    by: Person | None,
    at: datetime,
) -> int:
    """Say whom a project is for; returns how many are new. Who is there already stays, and gets the lead or the session that
    was missing. `leads` are by the number of the person led."""
    wanted = {person.id: person for person in people}
    known = {
        one.person_id: one
        for one in session.scalars(select(Participant).where(Participant.project_id == project.id))
    }
    for number in wanted:
        lead = (leads or {}).get(number)
        one = known.get(number)
        if one is None:
            session.add(
                Participant(
                    project_id=project.id,
                    person_id=number,
                    lead_id=lead.id if lead else None,
                    session_id=session_.id if session_ else None,
                    state=state,
                    source=source,
                    added_at=at,
                )
            )
            continue
        one.lead_id = lead.id if lead else one.lead_id
        one.session_id = session_.id if session_ else one.session_id
    new = len(wanted.keys() - known.keys())
    session.flush()
    if new:
        record(session, "project.participants_added", project, by=by, at=at, count=new, source=source)
    return new


def add_listed(
    session: Session,
    project: Project,
    text: str,
    *,
    session_: TrainingSession | None = None,
    state: str = INVITED,
    by: Person,
    at: datetime,
) -> int:
    """The same from a typed or pasted list; those who are there already get the `state` unless they are merely invited.

    Returns how many are new. Raises UnknownPeople, and adds nobody, where a line names nobody.
    """
    named = named_in(session, text, at=at)
    if state != INVITED:
        there = {one.person_id for one in of(session, project)}
        for one in named:
            if one.person.id in there:
                mark(session, project, one.person, state, session_=session_, by=by, at=at)
    leads = {one.person.id: one.lead for one in named if one.lead is not None}
    return add(
        session,
        project,
        [one.person for one in named],
        session_=session_,
        leads=leads,
        source="list",
        state=state,
        by=by,
        at=at,
    )


def mark(
    session: Session,
    project: Project,
    person: Person,
    state: str,
    *,
    session_: TrainingSession | None = None,
    source: str = "",
    by: Person | None,
    at: datetime,
) -> bool:
    """Say that somebody came, wasn't there or finished, making them a participant where they weren't. Returns whether that is
    news; who has finished stays so, whatever an older list says of them coming."""
    one = session.scalar(
        select(Participant)
        .where(Participant.project_id == project.id, Participant.person_id == person.id)
        .with_for_update()
    )
    if one is None:
        add(session, project, [person], session_=session_, source=source, state=state, by=by, at=at)
        return True
    if one.state == state or (one.state == COMPLETED and by is None):
        return False
    before, one.state = one.state, state
    if session_ is not None:
        one.session_id = session_.id
    record(
        session,
        "project.participant_marked",
        project,
        by=by,
        at=at,
        person=person.id,
        state=state,
        was=before,
    )
    return True


def remove(session: Session, project: Project, participant: Participant, *, by: Person, at: datetime) -> None:
    """It wasn't for them after all. What they answered stays."""
    person = participant.person_id
    session.delete(participant)
    record(session, "project.participant_removed", project, by=by, at=at, person=person)


# Queries


def of(session: Session, project: Project) -> list[Participant]:
    """Everybody a project is for, by name."""
    found = session.scalars(
        select(Participant)
        .where(Participant.project_id == project.id)
        .options(joinedload(Participant.person), joinedload(Participant.lead))
    )
    return sorted(found, key=lambda one: (one.person.display_name.lower(), one.id))


def find(session: Session, project: Project, number: int) -> Participant | None:
    """The project's own participant of this number."""
    found = session.get(Participant, number) if 0 < number < 2**31 else None
    return found if found is not None and found.project_id == project.id else None


def counted(session: Session, project: Project) -> dict[str, int]:
    """How many are in each state."""
    rows = session.execute(
        select(Participant.state, func.count())
        .where(Participant.project_id == project.id)
        .group_by(Participant.state)
    )
    return {str(state): int(count) for state, count in rows}


def there(
    session: Session, project_ids: Sequence[int], cut_off: CutOff | None = None
) -> list[tuple[int, int | None]]:
    """Project and session (None: all of them) of everybody who came or finished; at a cut-off as it was in the books then."""
    query = select(
        Participant.project_id, Participant.person_id, Participant.session_id, Participant.state
    ).where(Participant.project_id.in_(project_ids))
    if cut_off is None:
        rows = session.execute(query.where(Participant.state.in_(WAS_THERE)))
        return [(project, own) for project, _, own, _ in rows]
    known = session.execute(query.where(Participant.added_at < cut_off.known_at)).all()
    before = {
        (event.subject_id, event.details.get("person")): event.details.get("was", INVITED)
        for event in changes_since(session, cut_off.known_at, "project.participant_marked")
    }
    return [
        (project, own)
        for project, person, own, state in known
        if before.get((project, person), state) in WAS_THERE
    ]


def pseudonym_of(links: Links, project: Project, person: Person) -> str:
    """What stands for somebody throughout a project: always the same there, another in each project, and no way back from it
    without our secret key."""
    return links.key("pseudonym", project.id, person.id)


def named_in(session: Session, text: str, *, at: datetime) -> list[Named]:
    """The people of a pasted list, made known where they were not. Raises UnknownPeople.

    A line without an address counts where exactly one person we know has this name.
    """
    lines = people_in(text)
    if not lines:
        raise UnknownPeople("Please give one person a line, with an e-mail address.")
    if len(lines) > MOST_AT_ONCE:
        raise UnknownPeople(f"Please give at most {MOST_AT_ONCE} people at a time.")
    found, strangers = list[Named](), list[str]()
    for line in lines:
        person = (
            people.meet(session, line.email, at=at, name=line.name, unit=line.unit)
            if line.email
            else _only(people.named(session, line.name))
        )
        lead = people.meet(session, line.lead_email, at=at, name=line.lead_name) if line.lead_email else None
        if person is None:
            strangers.append(f"“{line.text[:60]}”")
        else:
            found.append(Named(person, lead))
    if strangers:
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        raise UnknownPeople(f"We know no address for {', '.join(strangers[:3])}{more}. Please add it.")
    return found


def _only(found: list[Person]) -> Person | None:
    return found[0] if len(found) == 1 else None
