"""Automations: switch them on and off with their settings, let those act that have reason to, each once; then the queries."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portfolio import history
from portfolio.history import AUTOMATION, BY_ITSELF
from portfolio.links import Links
from portfolio.models import (
    Automation,
    AutomationRun,
    Column,
    Event,
    Goal,
    Organisation,
    Outlet,
    Person,
    Unit,
)
from portfolio.outlets import CHAT
from portfolio.routines import BY_KEY, ROUTINES, Blank, CannotAct, Found, Routine, Scene
from portfolio.states import Stage

MOST_A_DAY = 50
"""What one automation does in one look around at most; the rest is done at the next one."""
OVERTAKEN = 50
"""PostgreSQL can show a slow transaction's lines behind later ones: so many are read again. What was done is known."""

logger = logging.getLogger("outsize")


class BadBlank(ValueError):
    """A gap in the sentence was filled with something that doesn't fit; `name` says which."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Standing:
    """One automation as it stands: whether it is on, and what its gaps are filled with."""

    routine: Routine
    is_on: bool
    blanks: dict[str, Any]


def switch(
    session: Session, routine: Routine, *, on: bool, given: dict[str, str], by: Person, at: datetime
) -> None:
    """Switch an automation on or off and fill its gaps. Switched on, it looks at what happens from now on.

    Raises BadBlank where it is to be on and a gap isn't filled.
    """
    blanks = {
        blank.name: _read(session, blank, given.get(blank.name, ""), must=on) for blank in routine.blanks
    }
    kept = session.get(Automation, routine.key) or _first(session, routine, at)
    if on and not kept.is_on:
        kept.first_event_id = kept.last_event_id = history.last(session)
    changed = (kept.is_on, kept.settings) != (on, blanks)
    kept.is_on, kept.settings, kept.changed_at, kept.changed_by_id = on, blanks, at, by.id
    if changed:
        _record(session, routine, on=on, by=by, at=at)


def act(session: Session, *, links: Links, at: datetime, today: date, look_around: bool = False) -> int:
    """Let every automation that is on act on what happened since; with `look_around` on what stands too long as well.

    Each thing is done in the transaction that notes it under its occasion, so it is done once, also after a crash. What can't be
    done is noted with the reason, and isn't tried again. Returns how many things were acted on.
    """
    _know_all(session, at)
    acted = 0
    for kept in session.scalars(_switched_on().with_for_update(skip_locked=True)).all():
        routine = BY_KEY.get(kept.key)
        if routine is None or not _is_filled(routine, kept.settings):
            continue
        scene = Scene(session, links, at, today, kept.settings)
        if routine.actions:
            acted += _act_on(scene, routine, _events(session, kept))
            kept.last_event_id = history.last(session)
        elif look_around:
            acted += _act_on(scene, routine, [None], most=MOST_A_DAY)
    return acted


def wait(session: Session, *, seen: int) -> tuple[bool, int]:
    """Whether something happened that could set an automation off, and how far the history was looked through."""
    latest = history.last(session)
    known = set(session.scalars(select(Automation.key)))
    if BY_KEY.keys() - known:
        return True, seen
    for kept in session.scalars(_switched_on()):
        routine = BY_KEY.get(kept.key)
        if routine and routine.actions and _unseen(session, kept, routine, seen):
            return True, seen
    return False, latest


def _act_on(scene: Scene, routine: Routine, events: Iterable[Event | None], most: int | None = None) -> int:
    acted = 0
    for one in _found(scene, routine, events):
        if acted == most:
            break
        if not _was_done(scene.session, routine, one.occasion):
            _do(scene, routine, one)
            acted += 1
    return acted


def _found(scene: Scene, routine: Routine, events: Iterable[Event | None]) -> Iterator[Found]:
    for event in events:
        yield from list(routine.find(scene, event))


def _do(scene: Scene, routine: Routine, found: Found) -> None:
    session = scene.session
    did = problem = ""
    session.info[AUTOMATION] = routine.key
    try:
        with session.begin_nested():
            did = routine.act(scene, found.subject)
    except CannotAct as refused:
        problem = str(refused)
    except Exception as wrong:  # whatever it is, the log says it and the others go on
        logger.exception("The automation %s could not act", routine.key)
        problem = f"{type(wrong).__name__}: {wrong}".partition("\n")[0][:500]
    finally:
        del session.info[AUTOMATION]
    session.add(
        AutomationRun(
            key=routine.key,
            occasion=found.occasion,
            subject_type=found.subject.__tablename__,
            subject_id=found.subject.id,
            did=did,
            problem=problem,
            at=scene.at,
        )
    )
    session.flush()


# Queries


def listed(session: Session) -> list[Standing]:
    """All there are, in their order."""
    kept = {one.key: one for one in session.scalars(select(Automation))}
    return [standing(routine, kept.get(routine.key)) for routine in ROUTINES]


def standing(routine: Routine, kept: Automation | None) -> Standing:
    first = {blank.name: blank.first for blank in routine.blanks}
    if kept is None:
        return Standing(routine, routine.on_at_first, first)
    return Standing(routine, kept.is_on, {**first, **kept.settings})


def runs(session: Session, key: str = "", *, before: int = 0, limit: int = 50) -> list[AutomationRun]:
    """What was done, latest first; by one automation, and before the line numbered `before`, where asked."""
    query = select(AutomationRun)
    if key:
        query = query.where(AutomationRun.key == key)
    if before:
        query = query.where(AutomationRun.id < before)
    return list(session.scalars(query.order_by(AutomationRun.id.desc()).limit(limit)))


def counts(session: Session) -> dict[str, tuple[int, datetime]]:
    """How often each acted, and when last. One statement."""
    rows = session.execute(
        select(AutomationRun.key, func.count(), func.max(AutomationRun.at)).group_by(AutomationRun.key)
    )
    return {key: (count, at) for key, count, at in rows}


def options(session: Session) -> dict[str, list[tuple[int | str, str]]]:
    """What fits into a gap, by its kind."""
    columns = select(Column).where(Column.retired_at.is_(None)).order_by(Column.position, Column.id)
    goals = select(Goal).where(Goal.retired_at.is_(None)).order_by(Goal.name)
    chats = select(Outlet).where(Outlet.kind == CHAT).order_by(Outlet.name)
    return {
        "column": [(one.id, one.name) for one in session.scalars(columns)],
        "stage": [(stage.value, stage.value.capitalize()) for stage in Stage],
        "goal": [(one.id, one.name) for one in session.scalars(goals)],
        "unit": [(one.id, one.name) for one in session.scalars(select(Unit).order_by(Unit.name))],
        "chat": [(one.id, one.name) for one in session.scalars(chats)],
    }


def _switched_on() -> Select[Automation]:
    return select(Automation).where(Automation.is_on).order_by(Automation.key)


def _events(session: Session, kept: Automation) -> list[Event]:
    """What could set it off since it last looked; never what an automation did."""
    found = select(Event).where(Event.id > _from(session, kept), Event.action.in_(BY_KEY[kept.key].actions))
    return [one for one in session.scalars(found.order_by(Event.id)) if BY_ITSELF not in one.details]


def _unseen(session: Session, kept: Automation, routine: Routine, seen: int) -> bool:
    after = max(kept.last_event_id, seen)
    found = select(Event.id).where(Event.id > after, Event.action.in_(routine.actions)).limit(1)
    return session.scalar(found) is not None


def _from(session: Session, kept: Automation) -> int:
    again = 0 if session.get_bind().dialect.name == "sqlite" else OVERTAKEN
    return max(kept.first_event_id, kept.last_event_id - again)


def _was_done(session: Session, routine: Routine, occasion: str) -> bool:
    done = select(AutomationRun.id).where(
        AutomationRun.key == routine.key, AutomationRun.occasion == occasion
    )
    return session.scalar(done) is not None


def _know_all(session: Session, at: datetime) -> None:
    """Those that nobody has switched yet stand as they come; they begin with what happens from now on."""
    known = set(session.scalars(select(Automation.key)))
    for routine in ROUTINES:
        if routine.key not in known:
            _first(session, routine, at)
    session.flush()


def _first(session: Session, routine: Routine, at: datetime) -> Automation:
    latest = history.last(session)
    made = Automation(
        key=routine.key,
        is_on=routine.on_at_first,
        settings={blank.name: blank.first for blank in routine.blanks},
        first_event_id=latest,
        last_event_id=latest,
        changed_at=at,
    )
    session.add(made)
    return made


def _record(session: Session, routine: Routine, *, on: bool, by: Person, at: datetime) -> None:
    """Its line stands with the organisation, as an automation has a name and no number."""
    ours = session.scalar(select(Organisation).order_by(Organisation.id))
    if ours is not None:
        what = "on" if on else "off"
        history.record(
            session, f"organisation.automation_switched_{what}", ours, by=by, at=at, automation=routine.key
        )


def _is_filled(routine: Routine, settings: dict[str, Any]) -> bool:
    return all(settings.get(blank.name) not in {None, ""} for blank in routine.blanks)


def _read(session: Session, blank: Blank, text: str, *, must: bool) -> int | str:
    text = text.strip()
    if not text:
        if must:
            raise BadBlank(blank.name, f"Please fill the gap: {blank.label.lower()}.")
        return ""
    if blank.kind == "words":
        return text[:300]
    if blank.kind == "number":
        if not text.isdecimal() or not 1 <= int(text[:9]) <= blank.most:
            raise BadBlank(blank.name, f"Please give a whole number from 1 to {blank.most}.")
        return int(text[:9])
    fits = {str(value): value for value, _ in options(session)[blank.kind]}
    if text not in fits:
        raise BadBlank(blank.name, f"Please choose another {blank.label.lower()}; this one is gone.")
    return fits[text]
