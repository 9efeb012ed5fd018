"""The form editor: the draft of the intake form, its questions one by one, preview, publishing and earlier versions."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from portfolio import editing, feeds, forms
from portfolio.editing import CHOOSABLE, GROUPS, WITH_OPTIONS, Wrong
from portfolio.feeds import Feed
from portfolio.forms import Desk, NotReady, Stale
from portfolio.models import FormVersion, Unit
from portfolio.questions import FIRST, NEEDED, Condition, Form, Kind, Question
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, some_text, some_whole
from web.people import ManagerDep
from web.questions import only_if_words
from web.responses import NotFound, see_other
from web.session import SessionDep
from web.templating import page, partial

router = APIRouter(prefix="/settings/form")

NEW = "new"
ASKED = (
    ("always", "Always"),
    ("on_demand", "On demand: only where the answer could change the decision"),
    ("internal", "Of managers only: the requester never sees it"),
)
TITLES = {
    "always": ("Asked of everybody", "One after the other on a phone, one page on a desk."),
    "on_demand": (
        "Asked on demand",
        "At most three of them, and only where the answer could change the decision.",
    ),
    "internal": (
        "For managers only",
        "Answered on the request's page; neither the requester nor supporters see it.",
    ),
}
STALE = (
    "Somebody else changed the form meanwhile. What you typed is still here; save again to keep it as well."
)


@dataclass(frozen=True)
class Line:
    """One question in the list, what is wrong with it, and what is new about it."""

    question: Question
    wrong: list[Wrong]
    warned: list[Wrong]
    mark: str
    condition: str

    @property
    def feed(self) -> str:
        """What it counts as in the score."""
        known = feeds.BY_KEY.get(self.question.feeds)
        return known.label.lower() if known else ""


@dataclass(frozen=True)
class Group:
    """The questions asked in one way, in order."""

    key: str
    title: str
    help: str
    lines: list[Line]


@dataclass(frozen=True)
class DeskPage:
    """The form as it is being changed."""

    desk: Desk
    groups: list[Group]
    left_out: list[Question]
    wrong: list[Wrong]
    changes: list[str]
    versions: list[FormVersion]
    types: str
    saved: str = ""
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class QuestionPage:
    """One question being changed, or a new one."""

    stamp: str
    question: Question
    is_new: bool
    may_change_kind: bool
    may_leave_out: bool
    values: Fields
    earlier: list[Question]
    types: tuple[tuple[str, str], ...]
    units: list[str]
    theirs: Question | None = None
    errors: Errors = field(default_factory=Errors)
    asked: tuple[tuple[str, str], ...] = ASKED
    kinds: tuple[tuple[str, str], ...] = tuple((kind.value, words) for kind, words in CHOOSABLE.items())
    feeds: tuple[Feed, ...] = feeds.FEEDS

    @property
    def action(self) -> str:
        return f"/settings/form/questions/{NEW if self.is_new else self.question.key}"

    @property
    def fixed(self) -> tuple[str, ...]:
        return feeds.fixed_values(self.question.kind, self.question.feeds)


@dataclass(frozen=True)
class Preview:
    """The form as somebody sees it."""

    form: Form
    asked: list[Question]
    units: list[str]
    unit: str
    kind: str
    width: str
    label: str
    back: str
    values: Fields = field(default_factory=Fields)
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class Publication:
    """What publishing would change."""

    desk: Desk
    changes: list[str]
    wrong: list[tuple[str, str, str]]
    warned: list[tuple[str, str, str]]
    errors: Errors = field(default_factory=Errors)


@dataclass(frozen=True)
class VersionPage:
    """An earlier version, to read."""

    form: Form
    kept: FormVersion | None
    in_force: int
    groups: list[Group]
    desk: Desk
    changes: list[str]


@router.get("")
def show(request: Request, session: SessionDep, _manager: ManagerDep, saved: str = "") -> Response:
    return page(request, "form/show.html", _desk_page(session, saved=saved))


@router.get("/questions/{key}")
def show_question(request: Request, session: SessionDep, _manager: ManagerDep, key: str) -> Response:
    now = forms.desk(session)
    question = Question("", "", always=True) if key == NEW else now.form.question(key)
    if question is None:
        raise NotFound
    return page(request, "form/question.html", _question_page(session, now, question, _typed(question)))


@router.post("/questions/{key}")
def save_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    desk = forms.desk(session, hold=True)
    before = _blank(session, desk, fields) if key == NEW else desk.form.question(key)
    if before is None:
        raise NotFound
    errors = Errors()
    question = _read(session, desk, fields, before, errors)
    changed = editing.put(desk.form, question)
    errors = Errors({**_by_field(editing.problems(changed, question.key)), **errors})
    if not errors:
        try:
            forms.change(session, changed, stamp=fields["stamp"], by=manager, at=now, question=question.key)
        except Stale:
            errors["stale"] = STALE
    if errors:
        shown = replace(question, key="") if key == NEW else question
        view = _question_page(session, desk, shown, fields, errors)
        return page(request, "form/question.html", view, 409 if "stale" in errors else 422)
    return see_other(f"/settings/form?saved=question#question-{question.key}")


@router.post("/questions/{key}/place")
def place_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    """One up or down by the buttons, or before another by hand."""
    desk = _with_question(session, key)
    if "before" in fields:
        changed = editing.placed(desk.form, key, fields["before"])
    else:
        changed = editing.moved(desk.form, key, -1 if fields["by"] == "-1" else 1)
    return _change(request, session, manager, now, fields, changed, question=key, what="moved")


@router.post("/questions/{key}/removal")
def leave_out_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    desk = _with_question(session, key)
    if key in NEEDED:
        words = f"“{desk.form.question(key).label}” stays: without it a request says nothing."  # type: ignore[union-attr] # it is there
        return page(request, "form/show.html", _desk_page(session, errors=Errors(questions=words)), 422)
    changed = editing.without(desk.form, key)
    return _change(request, session, manager, now, fields, changed, question=key, what="left_out")


@router.post("/questions/{key}/restoration")
def bring_back_question(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, key: str
) -> Response:
    question = forms.used_before(session).get(key)
    if question is None:
        raise NotFound
    changed = editing.put(forms.desk(session).form, question)
    return _change(request, session, manager, now, fields, changed, question=key, what="brought_back")


@router.post("/types")
def set_types(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    desk = forms.desk(session)
    types = editing.options_from(fields["types"], desk.form.types)
    changed = replace(desk.form, types=tuple((key[:40], words[:120]) for key, words in types))
    wrong = [one for one in editing.problems(changed) if one.field == "types" and not one.question]
    if wrong:
        view = _desk_page(session, errors=Errors(types=wrong[0].words), types=fields["types"])
        return page(request, "form/show.html", view, 422)
    return _change(request, session, manager, now, fields, changed, what="types")


@router.get("/preview")
def preview(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    unit: str = "",
    type: str = "",  # noqa: A002 - what the form calls it
    width: str = "desk",
    version: int = 0,
) -> Response:
    desk = forms.desk(session)
    form = forms.published_version(session, version) if version else desk.form
    if form is None:
        raise NotFound
    asked = [
        one
        for one in form.questions
        if not one.internal
        and (not one.units or unit.casefold() in {known.casefold() for known in one.units})
        and (not one.types or type in one.types)
    ]
    view = Preview(
        form=form,
        asked=asked,
        units=_units(session),
        unit=unit,
        kind=type,
        width="phone" if width == "phone" else "desk",
        label=f"Version {version}" if version else ("The draft" if desk.draft else "The form in force"),
        back=f"/settings/form/versions/{version}" if version else "/settings/form",
    )
    return page(request, "form/preview.html", view)


@router.get("/changes")
def show_changes(request: Request, session: SessionDep, _manager: ManagerDep) -> Response:
    return page(request, "form/changes.html", _publication(session))


@router.post("/publication")
def publish(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        published = forms.publish(session, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return page(request, "form/changes.html", _publication(session, _stale()), 409)
    except NotReady as refused:
        view = _publication(session, Errors(publication=str(refused)))
        return page(request, "form/changes.html", view, 422)
    return see_other(f"/settings/form/versions/{published.version}?published=1")


@router.post("/removal")
def discard(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep
) -> Response:
    try:
        forms.discard(session, stamp=fields["stamp"], by=manager, at=now)
    except Stale:
        return page(request, "form/changes.html", _publication(session, _stale()), 409)
    return see_other("/settings/form?saved=discarded")


@router.get("/versions/{number}")
def show_version(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    known = {one.version: one for one in forms.versions(session)}
    form = forms.published_version(session, number)
    if form is None:
        raise NotFound
    earlier = [version for version in known if version < number]
    before = forms.published_version(session, max(earlier, default=FIRST.version))
    desk = forms.desk(session)
    view = VersionPage(
        form=form,
        kept=known.get(number),
        in_force=desk.in_force.version,
        groups=_groups(form, None, []),
        desk=desk,
        changes=editing.differences(before or FIRST, form) if number in known else [],
    )
    return page(request, "form/version.html", view)


@router.post("/versions/{number}/copy")
def work_from(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    """Make an earlier version the draft; what the draft had is replaced."""
    form = forms.published_version(session, number)
    if form is None:
        raise NotFound
    return _change(request, session, manager, now, fields, form, from_version=number)


# Reading what was typed


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


# What the pages show


def _change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: Fields,
    changed: Form,
    **details: object,
) -> Response:
    """Keep the changed form, and show the desk: a part of the page to htmx, else the page anew."""
    is_htmx = bool(request.headers.get("hx-request"))
    try:
        forms.change(session, changed, stamp=fields["stamp"], by=manager, at=now, **details)
    except Stale:
        words = "Somebody else changed the form meanwhile. This is how it stands now; please try again."
        view = _desk_page(session, errors=Errors(stale=words))
        return (
            partial(request, "form/_desk.html", view)
            if is_htmx
            else page(request, "form/show.html", view, 409)
        )
    if is_htmx:
        return partial(request, "form/_desk.html", _desk_page(session))
    return see_other("/settings/form?saved=form")


def _with_question(session: SessionDep, key: str) -> Desk:
    desk = forms.desk(session, hold=True)
    if desk.form.question(key) is None:
        raise NotFound
    return desk


def _desk_page(
    session: SessionDep, *, saved: str = "", errors: Errors | None = None, types: str | None = None
) -> DeskPage:
    desk = forms.desk(session)
    wrong = editing.problems(desk.form)
    warned = editing.warnings(desk.form, _units(session))
    before = forms.used_before(session)
    return DeskPage(
        desk=desk,
        groups=_groups(desk.form, desk.in_force if desk.draft else None, [*wrong, *warned], len(wrong)),
        left_out=[one for key, one in before.items() if desk.form.question(key) is None],
        wrong=wrong,
        changes=editing.differences(desk.in_force, desk.form) if desk.draft else [],
        versions=forms.versions(session),
        types=editing.options_as_lines(desk.form.types) if types is None else types,
        saved=saved,
        errors=errors or Errors(),
    )


def _groups(form: Form, before: Form | None, told: list[Wrong], wrong_count: int = 0) -> list[Group]:
    """The questions by how they are asked; marked where they differ from `before`."""
    wrong, warned = told[:wrong_count], told[wrong_count:]

    def line(question: Question) -> Line:
        was = before.question(question.key) if before else question
        mark = "New" if was is None else "Changed" if was != question else ""
        return Line(
            question,
            [one for one in wrong if one.question == question.key],
            [one for one in warned if one.question == question.key],
            mark,
            only_if_words(question, form),
        )

    return [
        Group(key, *TITLES[key], [line(one) for one in form.questions if editing.group_of(one) == key])
        for key in GROUPS
    ]


def _question_page(
    session: SessionDep, desk: Desk, question: Question, values: Fields, errors: Errors | None = None
) -> QuestionPage:
    is_new = not question.key
    known = forms.used_before(session)
    order = [one.key for one in desk.form.questions]
    at = order.index(question.key) if question.key in order else len(order)
    stale = bool(errors and "stale" in errors)
    return QuestionPage(
        stamp=desk.stamp,
        question=question,
        is_new=is_new,
        may_change_kind=is_new or (question.is_own and question.key not in known),
        may_leave_out=question.key not in NEEDED,
        values=values,
        earlier=[one for one in desk.form.questions[:at] if one.kind is not Kind.FILE],
        types=desk.form.types,
        units=_units(session),
        theirs=desk.form.question(question.key) if stale else None,
        errors=errors or Errors(),
    )


def _publication(session: SessionDep, errors: Errors | None = None) -> Publication:
    desk = forms.desk(session)
    return Publication(
        desk,
        editing.differences(desk.in_force, desk.form) if desk.draft else [],
        _named(desk.form, editing.problems(desk.form)),
        _named(desk.form, editing.warnings(desk.form, _units(session))),
        errors or Errors(),
    )


def _named(form: Form, wrong: Iterable[Wrong]) -> list[tuple[str, str, str]]:
    """Each problem with the question's key and words."""
    return [
        (one.question, asked.label if (asked := form.question(one.question)) else "The form", one.words)
        for one in wrong
    ]


def _stale() -> Errors:
    return Errors(publication="Somebody else changed the form meanwhile. This is how it stands now.")


def _by_field(wrong: Iterable[Wrong]) -> Errors:
    found = Errors()
    for one in wrong:
        found.setdefault(one.field, one.words)
    return found


def _units(session: SessionDep) -> list[str]:
    return list(session.scalars(select(Unit.name).order_by(Unit.name)))
