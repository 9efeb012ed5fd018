"""Settings: the surveys that are asked again and again, changed and brought back."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import survey_templates
from portfolio.rules.evaluating import LEVELS, TIERS
from portfolio.rules.survey_questions import KINDS
from portfolio.rules.survey_templates import AUDIENCES
from portfolio.survey_templates import Kept, StaleTemplate
from reports.survey_forms import REVERSED, question_values, read_questions, rows_in
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/surveys")


@dataclass(frozen=True)
class TemplateList:
    found: list[Kept]
    whom: dict[str, str] = field(default_factory=lambda: dict(AUDIENCES))


@dataclass(frozen=True)
class TemplateEditor:
    """One template to change. Rows are numbers: fields are named after them."""

    kept: Kept
    rows: list[int]
    values: Fields
    errors: Errors = field(default_factory=Errors)
    whom: dict[str, str] = field(default_factory=lambda: dict(AUDIENCES))
    kinds: tuple[tuple[str, str], ...] = KINDS
    levels: tuple[tuple[int, str], ...] = LEVELS
    tiers: tuple[tuple[int, str], ...] = TIERS
    reversed: tuple[tuple[str, str], ...] = REVERSED


@router.get("")
def list_templates(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    return page(request, "survey_templates/index.html", TemplateList(survey_templates.listed(session)))


@router.get("/{key}")
def show(request: Request, session: SessionDep, _manager: ManagerDep, key: str) -> Response:
    kept = _find(session, key)
    return page(request, "survey_templates/show.html", _editor(kept, _values(kept)))


@router.post("/{key}")
def save(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    kept = _find(session, key)
    errors, status = Errors(), 422
    name = need_text(fields, "name", errors, longest=160)
    subject = need_text(fields, "subject", errors, longest=160)
    intro = some_text(fields, "intro", errors, longest=600)
    days_after = some_whole(fields, "days_after", errors, most=3650)
    version = some_whole(fields, "version", errors)
    questions = read_questions(fields, errors)
    if not errors:
        try:
            survey_templates.save(
                session,
                key,
                name=name,
                subject=subject,
                intro=intro,
                days_after=days_after,
                questions=questions,
                version=version,
                by=manager,
                at=now,
            )
            return see_other("/settings/surveys")
        except StaleTemplate as stale:
            status = 409
            errors["name"] = f"{stale} What you typed is still here; save again to keep it."
    kept = _find(session, key)
    if status == 409:
        fields["version"] = str(kept.version)
    return page(request, "survey_templates/show.html", _editor(kept, fields, errors), status)


@router.post("/{key}/restoration")
def restore(session: SessionDep, manager: ManagerDep, now: NowDep, key: str) -> Response:
    _find(session, key)
    survey_templates.restore(session, key, by=manager, at=now)
    return see_other("/settings/surveys")


def _find(session: SessionDep, key: str) -> Kept:
    return there(survey_templates.find(session, key))


def _editor(kept: Kept, values: Fields, errors: Errors | None = None) -> TemplateEditor:
    return TemplateEditor(kept, rows_in(values), values, errors or Errors())


def _values(kept: Kept) -> Fields:
    one = kept.template
    return Fields(
        name=one.name,
        subject=one.subject,
        intro=one.intro,
        days_after="" if one.days_after is None else str(one.days_after),
        version=str(kept.version),
        **question_values(one.questions),
    )
