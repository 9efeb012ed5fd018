"""Fetches from one source, whatever its kind, and writes down how it went."""

import logging
from dataclasses import dataclass
from datetime import datetime

from portfolio.database import Database
from portfolio.learning import refusals, sources
from portfolio.learning.calling import Caller, Pace, SpentForNow, Unreachable
from portfolio.learning.lrs_pull import Store, pull
from portfolio.learning.moodle import Moodle, MoodleRefused
from portfolio.learning.moodle_pull import Pull
from portfolio.links import Links
from portfolio.models import LearningSource
from portfolio.settings import Settings
from portfolio.submission import one_line

logger = logging.getLogger("outsize.learning")

BROKEN = "Something broke on our side; the log says more."


@dataclass(frozen=True)
class Fetched:
    """How a run went. `goes_on`: it made all its calls, and the next run goes on."""

    new: int = 0
    problem: str = ""
    goes_on: bool = False


@dataclass(frozen=True)
class _Access:
    kind: str
    address: str
    user: str
    secret: str


def fetch(database: Database, settings: Settings, number: int, *, now: datetime) -> Fetched | None:
    """Fetch what is new from a source that is due; None where it isn't, or another run has it.

    No transaction is open while the source is asked. A failure is noted with its reason, and tried again later.
    """
    with database.writing() as session:
        source = sources.claim(session, number, at=now)
        access = _access(source) if source is not None else None
    if access is None:
        return None
    fetched = _tried(database, settings, number, access, now=now, only_look=False)
    with database.writing() as session:
        source = session.get(LearningSource, number)
        if source is not None:
            _note(source, fetched, at=now)
            refusals.forget_old(session, source, now=now)
            sources.forget_lookups(session, source, now=now)
    return fetched


def look(database: Database, settings: Settings, number: int, *, now: datetime) -> Fetched | None:
    """Ask a source who it is and what it has, right after it was added or changed; a run fetches the rest."""
    with database.reading() as session:
        source = session.get(LearningSource, number)
        access = _access(source) if source is not None and source.kind != sources.PUSH else None
    if access is None:
        return None
    fetched = _tried(database, settings, number, access, now=now, only_look=True)
    with database.writing() as session:
        source = session.get(LearningSource, number)
        if source is not None:
            source.last_run_at, source.problem = now, fetched.problem[:500]
    return fetched


def _access(source: LearningSource) -> _Access:
    return _Access(source.kind, source.address, source.user, source.secret)


def _tried(
    database: Database, settings: Settings, number: int, access: _Access, *, now: datetime, only_look: bool
) -> Fetched:
    pace = Pace(settings.learning_calls_per_second, settings.learning_calls_per_run)
    try:
        with Caller(
            pace=pace, may_be_local=settings.learning_may_be_local, secrets=(access.secret,)
        ) as caller:
            ask = _moodle if access.kind == sources.MOODLE else _lrs
            return Fetched(
                ask(database, number, access, caller, links=Links.of(settings), now=now, only_look=only_look)
            )
    except SpentForNow:
        return Fetched(goes_on=True)
    except (Unreachable, MoodleRefused) as problem:
        return Fetched(problem=one_line(str(problem)))
    except Exception:
        logger.exception("Fetching from learning source %s failed", number)
        return Fetched(problem=BROKEN)


def _moodle(
    database: Database,
    number: int,
    access: _Access,
    caller: Caller,
    *,
    links: Links,
    now: datetime,
    only_look: bool,
) -> int:
    run = Pull(database, number, Moodle(caller, access.address, access.secret), links=links, now=now)
    if only_look:
        run.look()
        return 0
    return run.run()


def _lrs(
    database: Database,
    number: int,
    access: _Access,
    caller: Caller,
    *,
    links: Links,
    now: datetime,
    only_look: bool,
) -> int:
    store = Store(caller, access.address, access.user, access.secret)
    about = store.look()
    if only_look:
        store.first(now.isoformat())  # whether its user may read
    with database.writing() as session:
        source = session.get(LearningSource, number)
        if source is not None:
            source.about = about
    return 0 if only_look else pull(database, number, store, links=links, now=now)


def _note(source: LearningSource, fetched: Fetched, *, at: datetime) -> None:
    if fetched.problem:
        sources.note_failure(source, fetched.problem, at=at)
    else:
        sources.note_success(source, goes_on=fetched.goes_on, at=at)
