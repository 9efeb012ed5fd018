"""Answers from other programs: upload a file, look at what was recognised and what it would do, then take it in or drop it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from portfolio import imports, projects, survey_imports
from portfolio.importing.account import line_of
from portfolio.importing.mapping import BadMapping
from portfolio.importing.survey_reading import LeftOut
from portfolio.importing.surveys import APART, KIND, NEW, Matched, SameWords, SurveyMapping, parsed
from portfolio.models import Import, Project
from portfolio.rules.survey_questions import KINDS
from portfolio.rules.survey_templates import AUDIENCES
from portfolio.sheets import Unreadable
from portfolio.submission import one_line
from portfolio.survey_imports import MOST_BYTES, Family, Looked
from web.clock import NowDep
from web.forms import Errors, Fields, some_day, some_whole
from web.imports import SHOWN, UploadDep, Uploading, as_csv, begun, gone_on
from web.people import MANAGERS_ONLY, ManagerDep
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.settings import LinksDep
from web.templating import page

router = APIRouter(prefix="/surveys/import")


@dataclass(frozen=True)
class ImportPage:
    """A file that waits: what was recognised, what it would do, and what may be changed. Questions and answers go by number."""

    file: Import
    looked: Looked
    families: list[Family]
    projects: list[Project]
    values: Fields
    errors: Errors
    changed: bool = False
    shown: int = SHOWN
    audiences: tuple[tuple[str, str], ...] = AUDIENCES
    kinds: tuple[tuple[str, str], ...] = (*KINDS, ("leave", "Leave it out"))

    @property
    def mapping(self) -> SurveyMapping:
        return self.looked.mapping

    @property
    def perhaps(self) -> list[tuple[int, Matched]]:
        """Questions that may be one the survey has already, and those somebody said are."""
        said = self.mapping.same
        return [
            (number, one)
            for number, one in enumerate(self.looked.matches, start=1)
            if one.perhaps or one.asked.first in said
        ]

    @property
    def unnamed(self) -> list[tuple[int, Matched]]:
        """Questions whose words the file doesn't have."""
        return [
            (number, one)
            for number, one in enumerate(self.looked.matches, start=1)
            if not one.asked.named and not one.known
        ]

    @property
    def words(self) -> list[tuple[int, SameWords]]:
        return list(enumerate(self.looked.words, start=1))

    @property
    def asks(self) -> int:
        """How many things only a person can know."""
        looked = self.looked
        return len(self.perhaps) + len(self.words) + len(self.unnamed) + looked.asks_order + looked.asks_ones

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return self.looked.found.left_out

    @property
    def group_options(self) -> list[tuple[int, str]]:
        """Questions by whose answers the results may be broken down, by number."""
        return [
            (number, one.label)
            for number, one in enumerate(self.looked.matches, start=1)
            if one.asked.first in self.looked.groups
        ]

    @property
    def group(self) -> int | None:
        return next(
            (
                number
                for number, one in enumerate(self.looked.matches, start=1)
                if one.asked.first == self.mapping.by
            ),
            None,
        )

    def said_same(self, one: Matched) -> str:
        """What was said so far of a question that may be another."""
        return self.mapping.same.get(one.asked.first, NEW)


@router.get("", dependencies=MANAGERS_ONLY)
def show_upload(request: Request, session: SessionDep) -> Response:
    return page(request, "survey_imports/index.html", Uploading.of(session, KIND, most_bytes=MOST_BYTES))


@router.post("")
def upload(
    request: Request, form: UploadDep, session: SessionDep, manager: ManagerDep, now: NowDep
) -> Response:
    start = partial(survey_imports.start, session, by=manager, at=now)
    number, errors = begun(session, form, start, most_bytes=MOST_BYTES)
    if errors:
        view = Uploading.of(session, KIND, most_bytes=MOST_BYTES, errors=errors)
        return page(request, "survey_imports/index.html", view, 422)
    return see_other(f"/surveys/import/{number}")


@router.get("/{number:int}", dependencies=MANAGERS_ONLY)
def show(request: Request, session: SessionDep, now: NowDep, number: int) -> Response:
    file = _find(session, number)
    if (elsewhere := gone_on(request, file, now, template="survey_imports/taken.html")) is not None:
        return elsewhere
    changed = request.query_params.get("changed") == "1"
    return page(request, "survey_imports/show.html", _view(session, file, Errors(), changed=changed))


@router.post("/{number:int}")
def decide(
    request: Request,
    form: UploadDep,
    session: SessionDep,
    manager: ManagerDep,
    links: LinksDep,
    now: NowDep,
    number: int,
) -> Response:
    """Look again with other choices, take the answers in, or drop the file."""
    file = _find(session, number)
    if not imports.waits(file):
        return see_other(f"/surveys/import/{number}")
    try:
        if form.get("do") == "drop":
            imports.drop(session, file, by=manager, at=now)
            return see_other("/surveys/import")
        errors = Errors()
        is_changed = _change(session, file, form, errors)
        if not errors:
            if form.get("do") == "take" and not is_changed:
                if imports.is_long(file):
                    imports.want(session, file, by=manager, at=now)
                else:
                    survey_imports.take(session, file, links=links, by=manager, at=now)
                return see_other(f"/surveys/import/{number}")
            changed = "?changed=1" if form.get("do") == "take" else ""
            return see_other(f"/surveys/import/{number}{changed}#dry-run")
    except imports.NotWaiting:
        session.rollback()
        return see_other(f"/surveys/import/{number}")
    except (BadMapping, Unreadable) as problem:
        errors = Errors(survey=str(problem))
    session.rollback()
    view = _view(session, _find(session, number), errors, typed=_typed(form))
    return page(request, "survey_imports/show.html", view, 422)


@router.get("/{number:int}/account.csv", dependencies=MANAGERS_ONLY)
def every_row(session: SessionDep, number: int) -> Response:
    """What becomes of each row of the file: line, fate, reason. No row's words: they are somebody's answers."""
    file = _find(session, number)
    waits = file.content is not None
    account = survey_imports.look(session, file).account.as_json() if waits else file.account
    return as_csv(_lines(account.get("outcomes", [])))


# Below: from the form to a mapping, and from a mapping to the page


def _find(session: Session, number: int) -> Import:
    file = imports.find(session, number)
    if file is None or not survey_imports.is_survey(file):
        raise NotFound
    return file


def _lines(outcomes: list[list[str]]) -> Iterator[str]:
    yield "\ufeff" + line_of(["Line", "What became of it", "Reason"])
    for line, fate, why in outcomes:
        yield line_of([str(line), fate.replace("_", " "), why])


def _typed(form: FormData) -> Fields:
    return Fields(
        (name, str(one_line(value))) for name, value in form.multi_items() if isinstance(value, str)
    )


def _change(session: Session, file: Import, form: FormData, errors: Errors) -> bool:
    """Read the file as the form says; whether that is another way than before."""
    before = parsed(file.mapping)
    if "source_name" not in form:
        return False
    mapping = _mapping(survey_imports.look(session, file), before, form, errors)
    if not errors:
        survey_imports.change_mapping(session, file, mapping)
    return mapping != before


def _mapping(looked: Looked, before: SurveyMapping, form: FormData, errors: Errors) -> SurveyMapping:
    """The mapping the form says. What isn't on the page stays as it was."""
    typed = _typed(form)
    numbered = list(enumerate(looked.matches, start=1))
    source_name = typed["source_name"]
    if not source_name or len(source_name) > 120:
        errors["source_name"] = "Please give a name of up to 120 characters."
        source_name = before.source_name
    if len(typed["name"]) > 160:
        errors["name"] = "Please keep this under 160 characters."
    group = typed["by"]
    said = before.model_dump() | {
        "source_name": source_name,
        "survey": int(typed["survey"]) if typed["survey"].isdecimal() and len(typed["survey"]) < 10 else None,
        "name": typed["name"][:160] or source_name,
        "project": int(typed["project"])
        if typed["project"].isdecimal() and len(typed["project"]) < 10
        else None,
        "audience": typed["audience"] or before.audience,
        "asked": some_whole(typed, "asked", errors, most=10_000_000),
        "answered_on": some_day(typed, "answered_on", errors),
        "by": next((one.asked.first for number, one in numbered if str(number) == group), ""),
        "kinds": before.kinds
        | {
            one.asked.first: typed[f"kind.{number}"]
            for number, one in numbered
            if _is_changed(one, typed[f"kind.{number}"], before)
        },
        "labels": before.labels
        | {one.asked.first: label[:300] for number, one in numbered if (label := typed[f"label.{number}"])},
        "same": _same(looked, before, typed),
        "words": _words(looked, before, typed),
        "date_order": "month" if (typed["date_order"] or before.date_order) == "month" else "day",
        "ones_mean_yes": (typed["ones_mean_yes"] or ("yes" if before.ones_mean_yes else "no")) == "yes",
    }
    if typed["bring_back"]:
        said["kinds"] = {column: kind for column, kind in said["kinds"].items() if kind != "leave"}
    return parsed(said)


def _is_changed(one: Matched, kind: str, before: SurveyMapping) -> bool:
    return bool(kind) and kind != one.kind and before.kinds.get(one.asked.first) != kind


def _same(looked: Looked, before: SurveyMapping, typed: Fields) -> dict[str, str]:
    """Which questions are said to be one of the survey's. Another survey has other questions."""
    if typed["survey"] != str(before.survey or ""):
        return {}
    said = {
        one.asked.first: typed[f"same.{number}"]
        for number, one in enumerate(looked.matches, start=1)
        if typed[f"same.{number}"]
    }
    return {column: key for column, key in (before.same | said).items() if key != NEW}


def _words(looked: Looked, before: SurveyMapping, typed: Fields) -> list[dict[str, str]]:
    told = {(one.column, one.word): one.same_as for one in before.words}
    for number, one in enumerate(looked.words, start=1):
        if said := typed[f"word.{number}"]:
            told[one.column, one.word] = one.other if said == "same" else APART
    return [
        {"column": column, "word": word, "same_as": same_as}
        for (column, word), same_as in told.items()
        if same_as != APART
    ]


def _view(
    session: Session, file: Import, errors: Errors, *, typed: Fields | None = None, changed: bool = False
) -> ImportPage:
    looked = survey_imports.look(session, file)
    mapping = looked.mapping
    values = Fields(
        source_name=mapping.source_name,
        survey=str(mapping.survey or ""),
        name=mapping.name,
        project=str(mapping.project or ""),
        audience=mapping.audience,
        asked="" if mapping.asked is None else str(mapping.asked),
        answered_on=mapping.answered_on.isoformat() if mapping.answered_on else "",
    )
    return ImportPage(
        file,
        looked,
        survey_imports.families(session),
        projects.listed(session, live=None),
        values.over(typed) if typed else values,
        errors,
        changed,
    )
