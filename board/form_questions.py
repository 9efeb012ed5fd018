"""The questions of the form being edited, one by one: change, move, leave out and bring back."""

from collections.abc import Iterable
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from board.form_view import NEW, desk_page, keep, question_page
from portfolio import editing, feeds, form_problems, forms
from portfolio.editing import CHOOSABLE, WITH_OPTIONS
from portfolio.form_problems import Wrong
from portfolio.forms import Desk, Stale
from portfolio.questions import NEEDED, Condition, Form, Kind, Question
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.responses import NotFound, see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/settings/form/questions")

STALE = (
    "Somebody else changed the form meanwhile. What you typed is still here; save again to keep it as well."
)


@router.get("/{key}")
def show_question(request: Request, session: SessionDep, _manager: ManagerDep, key: str) -> Response:
    now = forms.desk(session)
    question = there(Question("", "", always=True) if key == NEW else now.form.question(key))
    return page(request, "form/question.html", question_page(session, now, question, _typed(question)))


@router.post("/{key}")
def save_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    desk = forms.desk(session, hold=True)
    before = there(_blank(session, desk, fields) if key == NEW else desk.form.question(key))
    errors = Errors()
    question = _read(session, desk, fields, before, errors)
    changed = editing.put(desk.form, question)
    errors = Errors({**_by_field(form_problems.problems(changed, question.key)), **errors})
    if not errors:
        try:
            forms.change(session, changed, stamp=fields["stamp"], by=manager, at=now, question=question.key)
        except Stale:
            errors["stale"] = STALE
    if errors:
        shown = replace(question, key="") if key == NEW else question
        view = question_page(session, desk, shown, fields, errors)
        return page(request, "form/question.html", view, 409 if "stale" in errors else 422)
    return see_other(f"/settings/form?saved=question#question-{question.key}")


@router.post("/{key}/place")
def place_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    """One up or down by the buttons, or before another by hand."""
    desk = _with_question(session, key)
    if "before" in fields:
        changed = editing.placed(desk.form, key, fields["before"])
    else:
        changed = editing.moved(desk.form, key, -1 if fields["by"] == "-1" else 1)
    return keep(request, session, manager, now, fields, changed, question=key, what="moved")


@router.post("/{key}/removal")
def leave_out_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    desk = _with_question(session, key)
    if key in NEEDED:
        words = f"“{desk.form.question(key).label}” stays: without it a request says nothing."  # type: ignore[union-attr] # it is there
        return page(request, "form/show.html", desk_page(session, errors=Errors(questions=words)), 422)
    changed = editing.without(desk.form, key)
    return keep(request, session, manager, now, fields, changed, question=key, what="left_out")


@router.post("/{key}/restoration")
def bring_back_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    question = there(forms.used_before(session).get(key))
    changed = editing.put(forms.desk(session).form, question)
    return keep(request, session, manager, now, fields, changed, question=key, what="brought_back")


def _blank(session: SessionDep, desk: Desk, fields: Fields) -> Question:
    """A new question with a key of its own."""
    taken = {one.key for one in desk.form.questions} | set(forms.used_before(session))
    return Question(editing.key_for(fields["label"], taken), "")


def _read(session: SessionDep, desk: Desk, fields: Fields, before: Question, errors: Errors) -> Question:
    """The question as typed over what it was. What the shipped ones are is fixed: kind, length and what they count as."""
    question = replace(
        before,
        label=some_text(fields, "label", errors, longest=200),
        help=some_text(fields, "help", errors, longest=500),
        why=some_text(fields, "why", errors, longest=300),
        required=bool(fields["required"]),
        always=fields["asked"] not in {"on_demand", "internal"},
        internal=fields["asked"] == "internal",
        only_if=_conditions(desk.form, fields, before),
        units=_lines(fields["units"], 120),
        types=tuple(key for key, _ in desk.form.types if fields[f"types__{key}"]),
    )
    if question.is_own:
        question = _read_own(session, fields, question, errors)
    if question.kind is Kind.NUMBER:
        question = replace(question, unit=some_text(fields, "unit", errors, longest=40))
    if question.kind in WITH_OPTIONS:
        fixed = feeds.fixed_values(question.kind, question.feeds)
        question = replace(question, options=editing.options_from(fields["options"], before.options, fixed))
    else:
        question = replace(question, options=())
    return question


def _read_own(session: SessionDep, fields: Fields, question: Question, errors: Errors) -> Question:
    known = forms.used_before(session).get(question.key)
    kinds = {kind.value: kind for kind in CHOOSABLE}
    kind = known.kind if known else kinds.get(fields["kind"], Kind.TEXT)
    longest = some_whole(fields, "longest", errors, least=1, most=editing.LONGEST_ANSWER)
    usual = 4000 if kind is Kind.LONG_TEXT else 500
    return replace(question, kind=kind, longest=longest or usual, feeds=fields["feeds"])


def _conditions(form: Form, fields: Fields, before: Question) -> tuple[Condition, ...]:
    """The conditions ticked; those on questions that are gone stay until they are unticked."""
    chosen = []
    for one in form.questions:
        values = [value for value, _ in one.options if fields[f"if__{one.key}__{value}"]]
        if values or fields[f"if__{one.key}"]:
            chosen.append((one.key, values))
    gone = [
        one for one in before.only_if if form.question(one.question) is None and fields[f"if__{one.question}"]
    ]
    return (*editing.conditions(chosen), *gone)


def _lines(text: str, longest: int) -> tuple[str, ...]:
    lines = [" ".join(line.split())[:longest] for line in text.splitlines()]
    return tuple(dict.fromkeys(line for line in lines if line))[:50]


def _typed(question: Question) -> Fields:
    """A question as its page shows it."""
    fixed = feeds.fixed_values(question.kind, question.feeds)
    values = Fields(
        label=question.label,
        help=question.help,
        why=question.why,
        kind=question.kind.value,
        options=editing.options_as_lines(question.options, fixed),
        longest=str(question.longest),
        unit=question.unit,
        required="yes" if question.required else "",
        asked=editing.group_of(question),
        feeds=question.feeds,
        units="\n".join(question.units),
    )
    values.update({f"types__{key}": "yes" for key in question.types})
    for condition in question.only_if:
        if not condition.values:
            values[f"if__{condition.question}"] = "yes"
        values.update({f"if__{condition.question}__{value}": "yes" for value in condition.values})
    return values


def _with_question(session: SessionDep, key: str) -> Desk:
    desk = forms.desk(session, hold=True)
    if desk.form.question(key) is None:
        raise NotFound
    return desk


def _by_field(wrong: Iterable[Wrong]) -> Errors:
    found = Errors()
    for one in wrong:
        found.setdefault(one.field, one.words)
    return found
