"""What the pages of the form editor show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fastapi import Request, Response
from sqlalchemy import select

from portfolio import editing, feeds, form_differences, form_problems, forms
from portfolio.editing import CHOOSABLE, GROUPS
from portfolio.feeds import Feed
from portfolio.form_problems import Wrong
from portfolio.forms import Desk, Stale
from portfolio.models import FormVersion, Unit
from portfolio.questions import NEEDED, Form, Kind, Question
from web.clock import NowDep
from web.forms import Errors, Fields
from web.people import ManagerDep
from web.questions import only_if_words
from web.responses import by_htmx, see_other
from web.session import SessionDep
from web.templating import page, partial

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


def desk_page(
    session: SessionDep, *, saved: str = "", errors: Errors | None = None, types: str | None = None
) -> DeskPage:
    desk = forms.desk(session)
    wrong = form_problems.problems(desk.form)
    warned = form_problems.warnings(desk.form, units(session))
    before = forms.used_before(session)
    return DeskPage(
        desk=desk,
        groups=groups_of(desk.form, desk.in_force if desk.draft else None, wrong, warned),
        left_out=[one for key, one in before.items() if desk.form.question(key) is None],
        wrong=wrong,
        changes=form_differences.differences(desk.in_force, desk.form) if desk.draft else [],
        versions=forms.versions(session),
        types=editing.options_as_lines(desk.form.types) if types is None else types,
        saved=saved,
        errors=errors or Errors(),
    )


def groups_of(
    form: Form, before: Form | None, wrong: Sequence[Wrong] = (), warned: Sequence[Wrong] = ()
) -> list[Group]:
    """The questions by how they are asked; marked where they differ from `before`."""

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


def question_page(
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
        units=units(session),
        theirs=desk.form.question(question.key) if stale else None,
        errors=errors or Errors(),
    )


def publication(session: SessionDep, errors: Errors | None = None) -> Publication:
    desk = forms.desk(session)
    return Publication(
        desk,
        form_differences.differences(desk.in_force, desk.form) if desk.draft else [],
        _named(desk.form, form_problems.problems(desk.form)),
        _named(desk.form, form_problems.warnings(desk.form, units(session))),
        errors or Errors(),
    )


def _named(form: Form, wrong: Iterable[Wrong]) -> list[tuple[str, str, str]]:
    """Each problem with the question's key and words."""
    return [
        (one.question, asked.label if (asked := form.question(one.question)) else "The form", one.words)
        for one in wrong
    ]


def units(session: SessionDep) -> list[str]:
    return list(session.scalars(select(Unit.name).order_by(Unit.name)))


def keep(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: Fields,
    changed: Form,
    **details: object,
) -> Response:
    """Keep the changed form, and show the desk: a part of the page to htmx, else the page anew."""
    try:
        forms.change(session, changed, stamp=fields["stamp"], by=manager, at=now, **details)
    except Stale:
        words = "Somebody else changed the form meanwhile. This is how it stands now; please try again."
        view = desk_page(session, errors=Errors(stale=words))
        if by_htmx(request):
            return partial(request, "form/_desk.html", view)
        return page(request, "form/show.html", view, 409)
    if by_htmx(request):
        return partial(request, "form/_desk.html", desk_page(session))
    return see_other("/settings/form?saved=form")
