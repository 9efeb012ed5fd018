"""Where learning data comes from: add a source, change, pause and remove it, map what it holds; then the queries."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from portfolio import people
from portfolio.history import record
from portfolio.learning import calling, records
from portfolio.models import (
    LearningActivity,
    LearningLookup,
    LearningRecord,
    LearningRefusal,
    LearningSource,
    Person,
    Project,
    Resource,
)
from portfolio.rules import learning
from portfolio.rules.addresses import AddressRefused
from portfolio.states import Stage

MOODLE, LRS, PUSH = "moodle", "lrs", "push"
KINDS = (
    (MOODLE, "Moodle, by its web services"),
    (LRS, "A record store (xAPI), fetched from"),
    (PUSH, "A system that sends us xAPI statements"),
)
MOST = 20
MOST_HOURS = 720
RETURN = timedelta(minutes=5)
"""How soon a run that made as many calls as it may goes on."""
HOLD = timedelta(minutes=60)
"""For how long a run has a source to itself."""


class TooMany(ValueError):
    """There are as many sources as there may be."""


class UnknownTarget(ValueError):
    """There is no such project or resource."""


@dataclass(frozen=True)
class Added:
    """A new source; the secret to paste of one that pushes, shown once and kept as a digest."""

    source: LearningSource
    secret: str = ""


def add(
    session: Session,
    *,
    kind: str,
    name: str,
    address: str = "",
    user: str = "",
    secret: str = "",
    report_number: int | None = None,
    may_be_local: bool,
    by: Person,
    at: datetime,
) -> Added:
    """Fetch learning data from there from now on, or take it in. Raises AddressRefused, TooMany."""
    if kind not in dict(KINDS):
        raise AddressRefused("Please choose one of the options.")
    if (session.scalar(select(func.count(LearningSource.id))) or 0) >= MOST:
        raise TooMany(f"There are {MOST} already. Please remove one first.")
    source = LearningSource(kind=kind, name=name, added_at=at, added_by_id=by.id, every_hours=24, cursor="")
    shown = ""
    if kind == PUSH:
        source.user, shown = f"outsize-{secrets.token_hex(8)}", _new_secret(source)
    else:
        calling.check(address, may_be_local=may_be_local)
        source.address, source.user, source.secret = address.rstrip("/"), user, secret
        source.report_number = report_number if kind == MOODLE else None
        source.next_run_at = at
    session.add(source)
    record(session, "learning_source.added", source, by=by, at=at, kind=kind)
    return Added(source, shown)


def change(
    session: Session,
    source: LearningSource,
    *,
    name: str,
    address: str,
    user: str,
    secret: str,
    every_hours: int,
    report_number: int | None,
    may_be_local: bool,
    by: Person,
    at: datetime,
) -> None:
    """Another name or rhythm; another address, user or secret where one is given. An address that moves takes a secret with it,
    so that none is sent where it wasn't meant for. Raises AddressRefused."""
    if source.kind != PUSH:
        moved = address.rstrip("/") != source.address
        if moved:
            calling.check(address, may_be_local=may_be_local)
            if not secret:
                raise AddressRefused("Please give its token or password again with another address.")
            source.address, source.cursor = address.rstrip("/"), ""
        source.user = user if source.kind == LRS else ""
        source.secret = secret or source.secret
        source.report_number = report_number if source.kind == MOODLE else None
        _soon(source, at)
    source.name, source.every_hours = name, min(max(1, every_hours), MOST_HOURS)
    record(session, "learning_source.changed", source, by=by, at=at)


def new_secret(session: Session, source: LearningSource, *, by: Person, at: datetime) -> str:
    """Another secret for who pushes, returned to be shown once; the old one is useless from now on."""
    shown = _new_secret(source)
    record(session, "learning_source.secret_changed", source, by=by, at=at)
    return shown


def fetch_soon(session: Session, source: LearningSource, *, by: Person, at: datetime) -> None:
    """Have it fetched at the next round, whatever its rhythm."""
    _soon(source, at)
    record(session, "learning_source.asked", source, by=by, at=at)


def pause(session: Session, source: LearningSource, *, by: Person, at: datetime) -> None:
    """Fetch nothing from it, and take nothing of it, until it is resumed."""
    if source.is_on:
        source.is_on = False
        record(session, "learning_source.paused", source, by=by, at=at)


def resume(session: Session, source: LearningSource, *, by: Person, at: datetime) -> None:
    if not source.is_on:
        source.is_on = True
        if source.kind != PUSH:
            _soon(source, at)
        record(session, "learning_source.resumed", source, by=by, at=at)


def remove(session: Session, source: LearningSource, *, by: Person, at: datetime) -> None:
    """Forget a source, its secret and all it told; whoever was marked in a project stays marked."""
    record(session, "learning_source.removed", source, by=by, at=at, kind=source.kind)
    for activity in session.scalars(select(LearningActivity).where(LearningActivity.source_id == source.id)):
        if activity.resource_id is not None:
            records.add_uses(session, activity.resource_id, -records.uses_of(session, activity))
    for table in (LearningRecord, LearningActivity, LearningRefusal, LearningLookup):
        session.execute(delete(table).where(table.source_id == source.id))
    session.delete(source)


def belong(
    session: Session,
    activity: LearningActivity,
    target: Project | Resource | None,
    *,
    by: Person,
    at: datetime,
) -> None:
    """Say which project or resource an activity belongs to, or none. What is known of it counts there from now on."""
    project = target.id if isinstance(target, Project) else None
    resource = target.id if isinstance(target, Resource) else None
    if (activity.project_id, activity.resource_id) == (project, resource):
        return
    uses = records.uses_of(session, activity)
    if activity.resource_id is not None:
        records.add_uses(session, activity.resource_id, -uses)
    activity.project_id, activity.resource_id = project, resource
    session.flush()
    found = session.scalars(select(LearningRecord).where(LearningRecord.activity_id == activity.id)).all()
    records.follow(session, found, {activity.id: activity}, at=at)
    if project is not None or resource is not None:
        source = session.get_one(LearningSource, activity.source_id)
        if source.kind == MOODLE and source.is_on:
            _soon(source, at)
    record(session, "learning_activity.mapped", activity, by=by, at=at, project=project, resource=resource)


def target_of(session: Session, said: str) -> Project | Resource | None:
    """What "project:3" or "resource:7" names; nothing for "". Raises UnknownTarget."""
    if not said:
        return None
    kind, _, number = said.partition(":")
    table = {"project": Project, "resource": Resource}.get(kind)
    known = table is not None and number.isdecimal() and 0 < int(number) < 2**31
    found = session.get(table, int(number)) if table is not None and known else None
    if found is None:
        raise UnknownTarget("Please choose one of the list.")
    return found  # type: ignore[return-value] # one of the two tables


# What a run does


def claim(session: Session, number: int, *, at: datetime) -> LearningSource | None:
    """The source, if it is still due, and ours for a while: another run finds it not due."""
    source = session.scalar(select(LearningSource).where(LearningSource.id == number).with_for_update())
    if source is None or not source.is_on or source.next_run_at is None or source.next_run_at > at:
        return None
    source.next_run_at = at + HOLD
    return source


def note_success(source: LearningSource, *, goes_on: bool, at: datetime) -> None:
    """It told what it had, or as much as one run may ask for."""
    source.last_run_at, source.failures, source.problem = at, 0, ""
    source.next_run_at = at + (RETURN if goes_on else timedelta(hours=source.every_hours))


def note_failure(source: LearningSource, problem: str, *, at: datetime) -> None:
    """It couldn't be asked; the wait grows with each failure in a row."""
    source.failures += 1
    source.problem = problem[:500]
    source.last_run_at = at
    source.next_run_at = at + learning.backoff(source.failures, timedelta(hours=source.every_hours))


def forget_lookups(session: Session, source: LearningSource, *, now: datetime) -> None:
    """Forget answers that went stale a month ago."""
    stale = LearningLookup.fresh_until < now - timedelta(days=30)
    session.execute(delete(LearningLookup).where(LearningLookup.source_id == source.id, stale))


def due(session: Session, *, now: datetime) -> list[int]:
    """Numbers of the sources whose time has come, longest waiting first. One that came without its secret waits for it."""
    query = (
        select(LearningSource.id)
        .where(
            LearningSource.is_on,
            LearningSource.kind != PUSH,
            LearningSource.secret != "",
            LearningSource.next_run_at <= now,
        )
        .order_by(LearningSource.next_run_at)
    )
    return list(session.scalars(query))


def pushing(session: Session, key: str, secret: str) -> LearningSource | None:
    """The source that pushes with this key and secret."""
    if "\x00" in key:  # no key of ours has it, and PostgreSQL stumbles at it
        return None
    source = session.scalar(
        select(LearningSource).where(LearningSource.kind == PUSH, LearningSource.user == key[:120])
    )
    given = people.digest(secret)
    fits = hmac.compare_digest(given, source.secret if source is not None and source.secret else "-" * 64)
    return source if fits else None


# Queries


def find(session: Session, number: int) -> LearningSource | None:
    return session.get(LearningSource, number) if 0 < number < 2**31 else None


def listed(session: Session) -> list[LearningSource]:
    return list(session.scalars(select(LearningSource).order_by(LearningSource.id)))


def activity(session: Session, source: LearningSource, number: int) -> LearningActivity | None:
    """The source's own activity of this number."""
    found = session.get(LearningActivity, number) if 0 < number < 2**31 else None
    return found if found is not None and found.source_id == source.id else None


def activities(
    session: Session, source: LearningSource, *, words: str = "", after: int = 0, limit: int = 20
) -> list[LearningActivity]:
    """A source's activities, those that are mapped first, then by name; `after` skips so many."""
    is_mapped = or_(LearningActivity.project_id.is_not(None), LearningActivity.resource_id.is_not(None))
    return list(
        session.scalars(
            _activities(source, words)
            .order_by(is_mapped.desc(), func.lower(LearningActivity.name), LearningActivity.id)
            .offset(after)
            .limit(limit)
        )
    )


def count_activities(session: Session, source: LearningSource, *, words: str = "") -> int:
    query = _activities(source, words).with_only_columns(func.count(LearningActivity.id))
    return session.scalar(query) or 0


def counts(session: Session) -> dict[int, tuple[int, int]]:
    """Activities, and those of them that are mapped, by source. One statement."""
    mapped: ColumnElement[bool] = or_(
        LearningActivity.project_id.is_not(None), LearningActivity.resource_id.is_not(None)
    )
    rows = session.execute(
        select(LearningActivity.source_id, func.count(), func.count().filter(mapped)).group_by(
            LearningActivity.source_id
        )
    )
    return {number: (all_, known) for number, all_, known in rows}


def targets(session: Session) -> dict[str, str]:
    """Everything an activity may belong to, by "project:3" or "resource:7": projects that weren't stopped, and what is in the library."""
    live = session.execute(
        select(Project.id, Project.name).where(Project.stage != Stage.STOPPED).order_by(Project.name)
    )
    shelf = session.execute(
        select(Resource.id, Resource.title).where(Resource.retired_at.is_(None)).order_by(Resource.title)
    )
    return {f"project:{number}": name for number, name in live} | {
        f"resource:{number}": title for number, title in shelf
    }


def names_of(session: Session, found: Sequence[LearningActivity]) -> dict[int, tuple[str, str]]:
    """The address and name of what each activity belongs to, by the activity's number."""
    projects = _names(session, Project.id, Project.name, {one.project_id for one in found})
    resources = _names(session, Resource.id, Resource.title, {one.resource_id for one in found})
    named: dict[int, tuple[str, str]] = {}
    for one in found:
        if one.project_id is not None:
            named[one.id] = (f"/projects/{one.project_id}", projects[one.project_id])
        elif one.resource_id is not None:
            named[one.id] = (f"/library/{one.resource_id}", resources[one.resource_id])
    return named


def suggested(found: Sequence[LearningActivity], among: dict[str, str]) -> dict[int, str]:
    """What activities that belong to nothing yet may belong to, by their names: a key of `among` each."""
    open_ones = [one for one in found if one.project_id is None and one.resource_id is None and one.name]
    guesses = {one.id: learning.closest(one.name, among) for one in open_ones}
    return {number: key for number, key in guesses.items() if key is not None}


def _activities(source: LearningSource, words: str) -> Select[LearningActivity]:
    query = select(LearningActivity).where(LearningActivity.source_id == source.id)
    return query.where(LearningActivity.name.icontains(words, autoescape=True)) if words else query


def _names(session: Session, number: Any, name: Any, wanted: set[int | None]) -> dict[int, str]:

    numbers = [one for one in wanted if one is not None]
    if not numbers:
        return {}
    return {row[0]: row[1] for row in session.execute(select(number, name).where(number.in_(numbers)))}


def _new_secret(source: LearningSource) -> str:
    shown = secrets.token_urlsafe(32)
    source.secret = people.digest(shown)
    return shown


def _soon(source: LearningSource, at: datetime) -> None:
    source.next_run_at, source.failures = at, 0
