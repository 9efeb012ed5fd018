"""Where learning data comes from: learning systems, what they hold, and which project or resource it belongs to."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.background import BackgroundTask

from portfolio.learning import fetching, records, refusals, sources
from portfolio.learning.records import Counts
from portfolio.learning.sources import LRS, MOODLE, PUSH, TooMany, UnknownTarget
from portfolio.links import Links
from portfolio.models import LearningActivity, LearningRefusal, LearningSource
from portfolio.rules.addresses import AddressRefused
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_text, some_whole
from web.people import ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.settings import LinksDep, SettingsDep
from web.templating import page

router = APIRouter(prefix="/settings/learning")

HERE = "/settings/learning"
PER_PAGE = 20
LONGEST_ADDRESS, LONGEST_SECRET, LONGEST_USER = 1000, 300, 120
FRESH = timedelta(minutes=3)
"""For so long after it was added a source's page looks again by itself."""
WHAT = {MOODLE: "Moodle", LRS: "Record store (xAPI)", PUSH: "Sends to us (xAPI)"}


@dataclass(frozen=True)
class Line:
    """One source in the list."""

    source: LearningSource
    what: str
    activities: int
    mapped: int


@dataclass(frozen=True)
class SourcesPage:
    lines: list[Line]
    values: Fields
    saved: str = ""
    errors: Errors = field(default_factory=Errors)
    kinds: tuple[tuple[str, str], ...] = sources.KINDS


@dataclass(frozen=True)
class State:
    """How a source is doing. `is_tried`: it was just added, and is being asked for the first time; `is_due`: the next round asks
    it; `last_received_at` is when something new came."""

    source: LearningSource
    what: str
    is_tried: bool
    is_due: bool
    goes_on: bool
    last_received_at: datetime | None


@dataclass(frozen=True)
class ActivityLine:
    """One activity: what it belongs to, or may belong to, and what is known of it."""

    activity: LearningActivity
    counts: Counts
    to: tuple[str, str] | None
    guess: str = ""
    guess_name: str = ""


@dataclass(frozen=True)
class SourcePage:
    source: LearningSource
    state: State
    lines: list[ActivityLine]
    refused: list[LearningRefusal]
    values: Fields
    endpoint: str
    words: str = ""
    begin: int = 0
    total: int = 0
    activities: int = 0
    saved: str = ""
    secret: str = ""
    errors: Errors = field(default_factory=Errors)
    per_page: int = PER_PAGE


@dataclass(frozen=True)
class ActivityPage:
    source: LearningSource
    line: ActivityLine
    projects: list[tuple[str, str]]
    resources: list[tuple[str, str]]
    value: str
    saved: str = ""
    errors: Errors = field(default_factory=Errors)


def find(session: SessionDep, number: int) -> LearningSource:
    return there(sources.find(session, number))


SourceDep = Annotated[LearningSource, Depends(find)]


def find_activity(session: SessionDep, source: SourceDep, activity: int) -> LearningActivity:
    return there(sources.activity(session, source, activity))


ActivityDep = Annotated[LearningActivity, Depends(find_activity)]


@router.get("")
def show_all(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "learning/index.html", _all(session, Fields(kind=MOODLE), saved=saved))


@router.post("")
def add(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    links: LinksDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
) -> Response:
    """Add a source. One that is fetched from is asked who it is right after; one that sends gets its secret, shown once."""
    errors = Errors()
    kind = fields["kind"]
    name = need_text(fields, "name", errors, longest=80)
    address, user, secret, report = _read_access(fields, errors, kind=kind, is_new=True)
    if not errors:
        try:
            added = sources.add(
                session,
                kind=kind,
                name=name,
                address=address,
                user=user,
                secret=secret,
                report_number=report,
                may_be_local=settings.learning_may_be_local,
                by=manager,
                at=now,
            )
        except (AddressRefused, TooMany) as refused:
            errors["address" if kind != PUSH else "name"] = str(refused)
        else:
            if added.secret:
                view = _one(session, added.source, links, now, saved="added", secret=added.secret)
                return page(request, "learning/show.html", view, 201)
            session.flush()
            return _looked_at(request, added.source, "added", now)
    return page(request, "learning/index.html", _all(session, fields, errors), 422)


@router.get("/{number:int}")
def show(
    request: Request,
    session: SessionDep,
    links: LinksDep,
    _manager: ManagerDep,
    source: SourceDep,
    now: NowDep,
    saved: str = "",
    q: str = "",
    begin: int = 0,
) -> Response:
    view = _one(session, source, links, now, saved=saved, words=q.strip()[:200], begin=begin)
    return page(request, "learning/show.html", view)


@router.get("/{number:int}/state")
def show_state(
    request: Request,
    session: SessionDep,
    links: LinksDep,
    _manager: ManagerDep,
    source: SourceDep,
    now: NowDep,
) -> Response:
    return page(request, "learning/_doing.html", _one(session, source, links, now))


@router.post("/{number:int}")
def change(
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    links: LinksDep,
    manager: ManagerDep,
    now: NowDep,
    source: SourceDep,
    fields: FormDep,
) -> Response:
    errors = Errors()
    name = need_text(fields, "name", errors, longest=80)
    every = some_whole(fields, "every_hours", errors, least=1, most=sources.MOST_HOURS)
    address, user, secret, report = _read_access(fields, errors, kind=source.kind, is_new=False)
    if not errors:
        try:
            sources.change(
                session,
                source,
                name=name,
                address=address,
                user=user,
                secret=secret,
                every_hours=every or source.every_hours,
                report_number=report,
                may_be_local=settings.learning_may_be_local,
                by=manager,
                at=now,
            )
        except AddressRefused as refused:
            errors["secret" if "again" in str(refused) else "address"] = str(refused)
        else:
            return _looked_at(request, source, "changed", now)
    return page(
        request, "learning/show.html", _one(session, source, links, now, fields=fields, errors=errors), 422
    )


@router.post("/{number:int}/pause")
def pause(
    session: SessionDep, manager: ManagerDep, now: NowDep, source: SourceDep, fields: FormDep
) -> Response:
    if fields["what"] == "resume":
        sources.resume(session, source, by=manager, at=now)
        return see_other(f"{HERE}/{source.id}?saved=resumed")
    sources.pause(session, source, by=manager, at=now)
    return see_other(f"{HERE}/{source.id}?saved=paused")


@router.post("/{number:int}/runs")
def fetch(session: SessionDep, manager: ManagerDep, now: NowDep, source: SourceDep) -> Response:
    """Have it fetched at the next round."""
    if source.kind == PUSH:
        raise NotFound
    sources.fetch_soon(session, source, by=manager, at=now)
    return see_other(f"{HERE}/{source.id}?saved=asked")


@router.post("/{number:int}/secret")
def renew_secret(
    request: Request,
    session: SessionDep,
    links: LinksDep,
    manager: ManagerDep,
    now: NowDep,
    source: SourceDep,
) -> Response:
    """A new secret, shown once."""
    if source.kind != PUSH:
        raise NotFound
    secret = sources.new_secret(session, source, by=manager, at=now)
    return page(
        request, "learning/show.html", _one(session, source, links, now, saved="rotated", secret=secret), 201
    )


@router.post("/{number:int}/removal")
def remove(session: SessionDep, manager: ManagerDep, now: NowDep, source: SourceDep) -> Response:
    sources.remove(session, source, by=manager, at=now)
    return see_other(f"{HERE}?saved=removed")


@router.get("/{number:int}/activities/{activity:int}")
def show_activity(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    source: SourceDep,
    activity: ActivityDep,
    saved: str = "",
) -> Response:
    return page(request, "learning/activity.html", _activity(session, source, activity, saved=saved))


@router.post("/{number:int}/activities/{activity:int}")
def belong(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    source: SourceDep,
    activity: ActivityDep,
    fields: FormDep,
) -> Response:
    """Say what an activity belongs to."""
    try:
        target = sources.target_of(session, fields["target"])
    except UnknownTarget as unknown:
        view = _activity(session, source, activity, errors=Errors(target=str(unknown)))
        return page(request, "learning/activity.html", view, 422)
    sources.belong(session, activity, target, by=manager, at=now)
    if fields["back"] == "list":
        return see_other(f"{HERE}/{source.id}?saved=mapped#activities")
    return see_other(f"{HERE}/{source.id}/activities/{activity.id}?saved=mapped")


def _read_access(
    fields: Fields, errors: Errors, *, kind: str, is_new: bool
) -> tuple[str, str, str, int | None]:
    """Address, user, secret and report, as far as this kind has them."""
    if kind not in WHAT:
        errors["kind"] = "Please choose one of the options."
    if kind == PUSH or kind not in WHAT:
        return "", "", "", None
    address = need_text(fields, "address", errors, longest=LONGEST_ADDRESS)
    user = some_text(fields, "user", errors, longest=LONGEST_USER)
    if kind == LRS and not user:
        errors["user"] = "Please fill this in."
    secret = some_text(fields, "secret", errors, longest=LONGEST_SECRET)
    if is_new and not secret:
        errors["secret"] = "Please fill this in."
    report = some_whole(fields, "report", errors, least=1) if kind == MOODLE else None
    return address, user, secret, report


def _looked_at(request: Request, source: LearningSource, saved: str, now: datetime) -> Response:
    """To its page; meanwhile it is asked who it is, when this is kept and nobody waits for it."""
    answer = see_other(f"{HERE}/{source.id}?saved={saved}")
    app = request.app
    answer.background = BackgroundTask(
        fetching.look, app.state.database, app.state.settings, source.id, now=now
    )
    return answer


def _all(
    session: SessionDep, values: Fields, errors: Errors | None = None, *, saved: str = ""
) -> SourcesPage:
    counts = sources.counts(session)
    lines = [Line(one, WHAT[one.kind], *counts.get(one.id, (0, 0))) for one in sources.listed(session)]
    return SourcesPage(lines, Fields({**values, "secret": ""}), saved, errors or Errors())


def _state(session: SessionDep, source: LearningSource, now: datetime) -> State:
    is_new = source.kind != PUSH and source.last_run_at is None
    goes_on = source.last_run_at is not None and source.next_run_at == source.last_run_at + sources.RETURN
    return State(
        source=source,
        what=WHAT[source.kind],
        is_tried=is_new and now - source.added_at < FRESH,
        is_due=source.next_run_at is not None and source.next_run_at <= now,
        goes_on=goes_on,
        last_received_at=records.last_received(session, source),
    )


def _one(
    session: SessionDep,
    source: LearningSource,
    links: Links,
    now: datetime,
    *,
    fields: Fields | None = None,
    errors: Errors | None = None,
    saved: str = "",
    secret: str = "",
    words: str = "",
    begin: int = 0,
) -> SourcePage:
    begin = min(max(0, begin), 1_000_000)
    found = sources.activities(session, source, words=words, after=begin, limit=PER_PAGE)
    values = Fields(
        name=source.name,
        address=source.address,
        user=source.user,
        every_hours=str(source.every_hours),
        report=str(source.report_number or ""),
    ).over(fields or Fields())
    return SourcePage(
        source=source,
        state=_state(session, source, now),
        lines=_lines(session, found),
        refused=refusals.lately(session, source),
        values=Fields({**values, "secret": ""}),
        endpoint=links.page("/xapi"),
        words=words,
        begin=begin,
        total=sources.count_activities(session, source, words=words),
        activities=sources.counts(session).get(source.id, (0, 0))[0],
        saved=saved,
        secret=secret,
        errors=errors or Errors(),
    )


def _lines(session: SessionDep, found: list[LearningActivity]) -> list[ActivityLine]:
    counts = records.of_activities(session, [one.id for one in found])
    names = sources.names_of(session, found)
    among = sources.targets(session) if len(names) < len(found) else {}
    guesses = sources.suggested(found, among)
    return [
        ActivityLine(
            one,
            counts.get(one.id, Counts()),
            names.get(one.id),
            guesses.get(one.id, ""),
            among.get(guesses.get(one.id, ""), ""),
        )
        for one in found
    ]


def _activity(
    session: SessionDep,
    source: LearningSource,
    activity: LearningActivity,
    *,
    saved: str = "",
    errors: Errors | None = None,
) -> ActivityPage:
    among = sources.targets(session)
    line = _lines(session, [activity])[0]
    value = line.guess
    if activity.project_id is not None:
        value = f"project:{activity.project_id}"
    elif activity.resource_id is not None:
        value = f"resource:{activity.resource_id}"
    if line.to is not None:  # what was stopped or retired since stays to be seen
        among = {value: line.to[1], **among}
    return ActivityPage(
        source=source,
        line=line,
        projects=[(key, name) for key, name in among.items() if key.startswith("project:")],
        resources=[(key, name) for key, name in among.items() if key.startswith("resource:")],
        value=value,
        saved=saved,
        errors=errors or Errors(),
    )
