"""Readings from a file: bring it, say what its columns are, see what it would do, take or drop it."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from portfolio import measure_files
from portfolio.importing import dates
from portfolio.imports import NotWaiting
from portfolio.measure_files import GROUP, NOTHING, ROLES, SHOWN_ERRORS, Looked, NotReadable, Plan
from portfolio.measures import ReadingRefused
from portfolio.models import Import, Measure
from portfolio.sheets import Unreadable
from reports.measures import find_measure
from web.clock import NowDep
from web.forms import Errors, FormListDep, SentDep, some_day
from web.forms import Fields as TextFields
from web.people import MANAGERS_ONLY, ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(prefix="/measures/{number:int}/file")
PREVIEWED = 12


@dataclass(frozen=True)
class Uploading:
    """The place to bring a file for a measure."""

    measure: Measure
    recent: list[Import]
    errors: Errors = field(default_factory=Errors)
    most_megabytes: int = measure_files.MOST_BYTES // 1024**2


@dataclass(frozen=True)
class FilePage:
    """A file that waits: what its columns are taken for, and what it would do."""

    measure: Measure
    file: Import
    looked: Looked
    errors: Errors
    roles: tuple[tuple[str, str], ...] = ROLES
    shown_errors: int = SHOWN_ERRORS
    previewed: int = PREVIEWED

    @property
    def path(self) -> str:
        return f"/measures/{self.measure.id}/file/{self.file.id}"

    @property
    def asks_order(self) -> bool:
        """Whether its dates can be read two ways."""
        named = {one.name: one for one in self.looked.columns}
        day = named.get(self.looked.plan.column(measure_files.DAY) or "")
        return day is not None and dates.ambiguous(day.examples) is True

    @property
    def needs_the_day(self) -> bool:
        """Whether nothing in the file says what is from before."""
        return self.looked.plan.column(measure_files.WHEN) is None

    @property
    def needs_both_days(self) -> bool:
        plan = self.looked.plan
        return plan.is_wide or (not plan.is_dated and plan.column(measure_files.WHEN) is not None)


@dataclass(frozen=True)
class Over:
    """A file that was taken or dropped."""

    measure: Measure
    file: Import


@router.get("", dependencies=MANAGERS_ONLY)
def show_upload(request: Request, session: SessionDep, number: int) -> Response:
    measure = find_measure(session, number)
    return page(request, "measures/file.html", Uploading(measure, measure_files.recent(session, measure)))


@router.post("")
def upload(
    request: Request, sent: SentDep, session: SessionDep, manager: ManagerDep, now: NowDep, number: int
) -> Response:
    measure = find_measure(session, number)
    errors = Errors()
    if not sent.uploads:
        errors["file"] = "Please choose a file."
    else:
        given = sent.uploads[0]
        try:
            kept = measure_files.start(
                session, measure, name=given.name, content=given.content, by=manager, at=now
            )
        except Unreadable as problem:
            session.rollback()
            errors["file"] = str(problem)
        else:
            return see_other(f"/measures/{number}/file/{kept.id}")
    view = Uploading(find_measure(session, number), measure_files.recent(session, measure), errors)
    return page(request, "measures/file.html", view, 422)


@router.get("/{file_number:int}", dependencies=MANAGERS_ONLY)
def show(
    request: Request, session: SessionDep, links: LinksDep, now: NowDep, number: int, file_number: int
) -> Response:
    measure, file = _find(session, number, file_number)
    if file.content is None:
        return page(request, "measures/file_over.html", Over(measure, file))
    looked = measure_files.look(session, file, measure, links=links, now=now)
    return page(request, "measures/file_plan.html", FilePage(measure, file, looked, Errors()))


@router.post("/{file_number:int}")
def decide(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    form: FormListDep,
    number: int,
    file_number: int,
) -> Response:
    """Read it another way, take it, or drop it. Taking takes what was typed along."""
    measure, file = _find(session, number, file_number)
    path = f"/measures/{number}/file/{file_number}"
    what = str(form.get("what") or "")
    errors = Errors()
    try:
        if what == "drop":
            measure_files.drop(session, file, by=manager, at=now)
            return see_other(f"/measures/{number}#readings")
        fields = TextFields((name, value) for name, value in form.items() if isinstance(value, str))
        chosen = tuple(str(one) for one in form.getlist("comparison"))
        plan = _plan(file, fields, chosen, errors)
        if not errors:
            measure_files.change_plan(session, file, plan)
            if what == "take":
                measure_files.take(session, file, measure, links=links, by=manager, at=now)
            return see_other(path)
    except NotWaiting:
        return see_other(path)
    except (NotReadable, ReadingRefused) as problem:
        errors["what"] = str(problem)
        session.rollback()
        measure, file = _find(session, number, file_number)
    looked = measure_files.look(session, file, measure, links=links, now=now)
    return page(request, "measures/file_plan.html", FilePage(measure, file, looked, errors), 422)


def _find(session: Session, number: int, file_number: int) -> tuple[Measure, Import]:
    measure = find_measure(session, number)
    file = there(measure_files.find(session, measure, file_number))
    return measure, file


def _plan(file: Import, fields: TextFields, comparison: tuple[str, ...], errors: Errors) -> Plan:
    """The plan as the form says it. Where the group column is a new one, its words are judged anew."""
    before = Plan.from_json(file.mapping)
    known = dict(ROLES)
    roles = {}
    for place, name in enumerate(before.roles):
        said = fields.get(f"role_{place}", before.roles[name])
        roles[name] = said if said in known else NOTHING
    plan = Plan(
        roles,
        some_day(fields, "cut_on", errors),
        some_day(fields, "before_on", errors),
        some_day(fields, "after_on", errors),
        comparison,
        fields["month_first"] == "1" if "month_first" in fields else before.month_first,
    )
    if plan.column(GROUP) != before.column(GROUP):
        return measure_files.with_groups(file, plan)
    return plan
