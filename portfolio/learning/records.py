"""What people did in learning systems: kept once each, by pseudonym, and followed to the projects and resources it belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from portfolio import participants
from portfolio.links import Links
from portfolio.models import (
    ErasedAddress,
    LearningActivity,
    LearningRecord,
    LearningSource,
    Person,
    Project,
    Resource,
)
from portfolio.rules.learning import (
    ATTENDED,
    COMPLETED,
    MOST_MEMBERS,
    OTHER,
    PASSED,
    USED,
    VOIDING,
    Identity,
    Shown,
    sha1_of,
    shown,
)

Item = TypeVar("Item")

AT_ONCE = 400
MARKED = {ATTENDED: participants.ATTENDED, COMPLETED: participants.COMPLETED, PASSED: participants.COMPLETED}
"""What a record says of somebody's part in the project."""


@dataclass(frozen=True)
class Thing:
    """One thing somebody did, as a source told it. `activity` is its id there, empty where it is about none."""

    external: str
    kind: str
    happened_at: datetime
    activity: str = ""
    who: Identity | None = None
    score: float | None = None
    digest: str = ""
    raw: dict[str, Any] | None = None
    is_void: bool = False


@dataclass(frozen=True)
class Counts:
    """What records say of one activity, project or resource: different people, and how often it was used."""

    people: int = 0
    completed: int = 0
    passed: int = 0
    uses: int = 0
    shown: tuple[Shown, ...] = field(default=())

    @property
    def words(self) -> str:
        """As it may be shown: who took part, finished and passed, each with its base."""
        if not self.people:
            return "nobody yet"
        everybody, completed, passed = self.shown
        if everybody.value is None:
            return f"{everybody.words} people"
        said = [f"{everybody.words} people"]
        said += [f"finished: {_with_share(completed, self.people)}"] if self.completed else []
        said += [f"passed: {_with_share(passed, self.people)}"] if self.passed else []
        return "; ".join(said)


def pseudonym_of(links: Links, who: Identity) -> str:
    """What stands for somebody in learning records, the same whatever the source; not the one their survey answers carry, as a
    record may know the person."""
    return links.key("pseudonym", "learning", who.key)


def keep(
    session: Session, source: LearningSource, things: Sequence[Thing], *, links: Links, at: datetime
) -> int:
    """Keep what wasn't kept before, and follow it to projects and resources; returns how many were new. What is told of somebody
    who was erased and didn't come back is left out: it was counted before, or isn't theirs to be counted by any more.

    The caller holds the source, so that two don't keep the same at once.
    """
    known = _known(session, source, [one.external for one in things])
    fresh = list({one.external: one for one in things if one.external not in known}.values())
    if not fresh:
        return 0
    persons = _persons(session, [one.who for one in fresh if one.who])
    erased = _erased(session, [one.who for one in fresh if one.who and one.who.key not in persons], links)
    fresh = [one for one in fresh if one.who is None or one.who.key not in erased]
    activities = activities_of(session, source, [one.activity for one in fresh if one.activity])
    made = [
        LearningRecord(
            source_id=source.id,
            activity_id=activities[one.activity].id if one.activity in activities else None,
            external=one.external,
            kind=one.kind,
            person_id=persons.get(one.who.key) if one.who else None,
            pseudonym=pseudonym_of(links, one.who) if one.who else None,
            score=one.score,
            digest=one.digest,
            raw=one.raw,
            happened_at=one.happened_at,
            received_at=at,
            voided_at=at if one.is_void else None,
        )
        for one in fresh
    ]
    session.add_all(made)
    session.flush()
    follow(session, made, {one.id: one for one in activities.values()}, at=at)
    return len(made)


def know(
    session: Session,
    source: LearningSource,
    names: dict[str, str],
    *,
    at: datetime,
    about: dict[str, dict[str, Any]] | None = None,
) -> dict[str, LearningActivity]:
    """Have an activity for each id there, with the name it goes by (kept where none is given); seen now."""
    found = activities_of(session, source, list(names))
    for external, name in names.items():
        one = found.get(external)
        if one is None:
            one = found[external] = LearningActivity(
                source_id=source.id, external=external, name="", seen_at=at
            )
            session.add(one)
        one.name = name[:300] or one.name
        one.seen_at = at
        if about is not None and external in about:
            one.about = {**(one.about or {}), **about[external]}
    session.flush()
    return found


def activities_of(
    session: Session, source: LearningSource, externals: Sequence[str]
) -> dict[str, LearningActivity]:
    """A source's activities by their ids there."""
    return {
        one.external: one
        for some in _in_parts(sorted(set(externals)))
        for one in session.scalars(
            select(LearningActivity).where(
                LearningActivity.source_id == source.id, LearningActivity.external.in_(some)
            )
        )
    }


def digests(session: Session, source: LearningSource, externals: Sequence[str]) -> dict[str, str]:
    """What was said before under these ids."""
    return {
        external: digest
        for some in _in_parts(sorted(set(externals)))
        for external, digest in session.execute(
            select(LearningRecord.external, LearningRecord.digest).where(
                LearningRecord.source_id == source.id, LearningRecord.external.in_(some)
            )
        )
    }


def void(session: Session, source: LearningSource, statement: str, *, at: datetime) -> int:
    """Let what a statement said count no longer. A statement that voids another can't be voided itself."""
    everybody = [statement, *(f"{statement}/{place}" for place in range(1, MOST_MEMBERS))]
    gone = session.execute(
        update(LearningRecord)
        .where(
            LearningRecord.source_id == source.id,
            LearningRecord.external.in_(everybody),
            LearningRecord.kind != VOIDING,
            LearningRecord.voided_at.is_(None),
        )
        .values(voided_at=at)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it


def voided_before(session: Session, source: LearningSource) -> set[str]:
    """Ids of statements that were voided, be they here yet or not."""
    query = select(LearningRecord.raw).where(
        LearningRecord.activity_id.is_(None),  # so that an index leads there
        LearningRecord.kind == VOIDING,
        LearningRecord.source_id == source.id,
    )
    return {str(raw["voids"]) for raw in session.scalars(query) if raw and "voids" in raw}


def follow(
    session: Session,
    found: Iterable[LearningRecord],
    activities: dict[int, LearningActivity],
    *,
    at: datetime,
) -> None:
    """Mark people of the project an activity belongs to, and count the uses of its resource."""
    uses: dict[int, int] = {}
    marks: dict[tuple[int, int], str] = {}
    for one in found:
        activity = activities.get(one.activity_id or 0)
        if activity is None or one.voided_at is not None:
            continue
        if activity.resource_id is not None and one.kind == USED:
            uses[activity.resource_id] = uses.get(activity.resource_id, 0) + 1
        if activity.project_id is not None and one.person_id is not None and one.kind in MARKED:
            key, state = (activity.project_id, one.person_id), MARKED[one.kind]
            marks[key] = participants.COMPLETED if marks.get(key) == participants.COMPLETED else state
    for resource_id, count in uses.items():
        add_uses(session, resource_id, count)
    for (project_id, person_id), state in marks.items():
        project, person = session.get_one(Project, project_id), session.get_one(Person, person_id)
        participants.mark(session, project, person, state, source="learning", by=None, at=at)


def add_uses(session: Session, resource_id: int, count: int) -> None:
    """Count uses, or take some back."""
    if count:
        session.execute(
            update(Resource)
            .where(Resource.id == resource_id)
            .values(uses=case((Resource.uses + count > 0, Resource.uses + count), else_=0))
            .execution_options(synchronize_session=False)
        )


# What they say


def of_activities(session: Session, activity_ids: Sequence[int]) -> dict[int, Counts]:
    """What is known of each activity, by its number. A fixed number of statements."""
    return _counted(session, LearningRecord.activity_id, LearningRecord.activity_id.in_(list(activity_ids)))


def of_projects(session: Session, project_ids: Sequence[int]) -> dict[int, Counts]:
    """What is known of each project: everybody counts once, in however many of its activities and sources they were."""
    return _counted(session, LearningActivity.project_id, LearningActivity.project_id.in_(list(project_ids)))


def last_received(session: Session, source: LearningSource) -> datetime | None:
    """When something new came from a source."""
    return session.scalar(
        select(func.max(LearningRecord.received_at)).where(LearningRecord.source_id == source.id)
    )


def words_of_project(session: Session, project: Project) -> str:
    """What learning systems say of a project, as it may be shown; empty where they say nothing."""
    found = of_projects(session, [project.id]).get(project.id)
    return found.words if found is not None and found.people else ""


def uses_of(session: Session, activity: LearningActivity) -> int:
    """How often it was used, as far as records tell."""
    query = select(func.count()).where(
        LearningRecord.activity_id == activity.id,
        LearningRecord.kind == USED,
        LearningRecord.voided_at.is_(None),
    )
    return session.scalar(query) or 0


def _counted(session: Session, by: Any, which: ColumnElement[bool]) -> dict[int, Counts]:
    """Different people by what they did; who finished or passed was there, and who passed has finished."""
    person = LearningRecord.pseudonym

    def people(*kinds: str) -> ColumnElement[int]:
        return func.count(func.distinct(case((LearningRecord.kind.in_(kinds), person))))

    rows = session.execute(
        select(
            by,
            func.count(func.distinct(case((LearningRecord.kind != OTHER, person)))),
            people(COMPLETED, PASSED),
            people(PASSED),
            func.count().filter(LearningRecord.kind == USED),
        )
        .join(LearningActivity, LearningActivity.id == LearningRecord.activity_id)
        .where(which, LearningRecord.voided_at.is_(None))
        .group_by(by)
    )
    return {
        number: Counts(everybody, completed, passed, uses, shown((everybody, completed, passed)))
        for number, everybody, completed, passed, uses in rows
    }


def _with_share(one: Shown, of: int) -> str:
    return one.words if one.value is None else f"{one.words} ({one.value / of:.0%})".replace("%", "\u202f%")


def _known(session: Session, source: LearningSource, externals: Sequence[str]) -> set[str]:
    return set(digests(session, source, externals))


def _persons(session: Session, identities: Sequence[Identity]) -> dict[str, int]:
    """People known here by key. Those of whom only a hash was told are looked for among all, which is quick enough for a company."""
    emails = {one.email: one.key for one in identities if one.email}
    found = {
        emails[email]: number
        for some in _in_parts(sorted(emails))
        for email, number in session.execute(
            select(Person.email, Person.id).where(Person.email.in_(some), Person.erased_at.is_(None))
        )
    }
    hashed = {one.key for one in identities if not one.email and one.key.startswith("mailbox/")}
    if hashed:
        everybody = session.execute(select(Person.email, Person.id).where(Person.erased_at.is_(None)))
        keys = ((f"mailbox/{sha1_of(email)}", number) for email, number in everybody)
        found.update({key: number for key, number in keys if key in hashed})
    return found


def _erased(session: Session, identities: Sequence[Identity], links: Links) -> set[str]:
    """Those of whom only a digest is left, by key."""
    digests = {links.key("erased", one.key): one.key for one in identities}
    return {
        digests[digest]
        for some in _in_parts(sorted(digests))
        for digest in session.scalars(select(ErasedAddress.digest).where(ErasedAddress.digest.in_(some)))
    }


def _in_parts(things: Sequence[Item]) -> Iterable[Sequence[Item]]:
    return (things[begin : begin + AT_ONCE] for begin in range(0, len(things), AT_ONCE))
