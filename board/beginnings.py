"""How a project begins: one calm page after "Take it on", filled in from the request, every field to be skipped."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi import APIRouter, Request, Response

from portfolio import (
    baselines,
    cards,
    contributions,
    evaluating,
    learning_requests,
    measures,
    projects,
    reuses,
    survey_templates,
)
from portfolio.contributions import ExpertGiven, UnknownExpert
from portfolio.evaluating import StepGiven
from portfolio.models import Card, Measure, Person, Project, Reuse
from portfolio.projects import Beginning, CardGiven
from portfolio.rules.evaluating import LEVELS, TIERS, stop_rule
from portfolio.rules.hypothesis import Blanks, Piece, pieces
from portfolio.rules.ranges import Range
from portfolio.rules.survey_templates import SHIPPED
from portfolio.submission import number_in
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_day, some_number, some_text, some_whole
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page, partial
from web.wording import number as in_words

router = APIRouter()

BLANKS = {"solution": 200, "who": 300, "measure": 160, "today": 60, "wanted": 60, "unit": 40}
"""The blanks of the sentence and their longest values."""
FACTS = {"worthwhile_change": 300, "stop_rule": 300, "sponsor": 120, "sponsor_email": 254}
TOLD = {
    "solution": "We believe", "who": "For whom", "measure": "The measure", "today": "From", "wanted": "To", "unit": "Unit",
    "by": "By", "worthwhile": "Smallest change worth it", "worthwhile_change": "What that means", "stop_rule": "Stop rule",
    "stop_on": "Look at it on", "sponsor": "Sponsor", "sponsor_email": "Sponsor's e-mail", "baseline_on": "Baseline",
    "estimate_hours": "Hours in all", "due_on": "Due",
}  # fmt: skip
"""What is compared when two people wrote at once, and how it is called."""
ROWS = {
    "expert": ("Experts", ("who", "hours", "part")),
    "card": ("Cards", ("title", "hours")),
    "step": ("Evaluation plan", ("what", "days", "due", "owner", "template")),
}
"""The same for rows: what they are called, and the parts that are compared, the one a row can't be without first."""
DIRECTIONS = (
    ("", "As the numbers say"),
    ("higher", "Higher is better"),
    ("lower", "Lower is better"),
)
MOST_ROWS = 40
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
NO_EMAIL = "This doesn't look like an e-mail address."


@dataclass(frozen=True)
class SentenceView:
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class BeginningPage:
    """What is known of a project at its beginning. Rows are numbers: fields are named after them."""

    project: Project
    values: Fields
    pieces: tuple[Piece, ...]
    measure: Measure | None
    halfway: str
    linked: list[Reuse]
    exists: Range | None
    people: list[Person]
    warning: str
    expert_rows: list[int]
    step_rows: list[int]
    card_rows: list[int]
    theirs: list[tuple[str, str]] = field(default_factory=list)
    errors: Errors = field(default_factory=Errors)
    levels: tuple[tuple[int, str], ...] = LEVELS
    tiers: tuple[tuple[int, str], ...] = TIERS
    templates: list[tuple[str, str]] = field(default_factory=list)
    measures: list[tuple[int, str]] = field(default_factory=list)
    directions: tuple[tuple[str, str], ...] = DIRECTIONS


@router.get("/projects/{number:int}/beginning")
def show(request: Request, session: SessionDep, _manager: ManagerDep, now: NowDep, number: int) -> Response:
    project = _find(session, number)
    view = _view(session, project, _values(session, project, now.date()))
    return page(request, "projects/beginning.html", view)


@router.get("/requests/{number:int}/beginning")
def show_of_request(session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    """Where the project of an accepted request begins, for those who know only the request."""
    found = learning_requests.find(session, number)
    project = there(learning_requests.project_of(session, found) if found else None)
    return see_other(f"/projects/{project.number}/beginning")


@router.get("/projects/{number:int}/sentence")
def show_sentence(request: Request, session: SessionDep, _manager: ManagerDep, number: int) -> Response:
    """The sentence as it is being typed; nothing is kept."""
    _find(session, number)
    typed = Fields((name, value) for name, value in request.query_params.items() if name in {*BLANKS, "by"})
    return partial(request, "projects/_sentence.html", SentenceView(pieces(_blanks(typed, Errors()))))


@router.post("/projects/{number:int}/beginning")
def begin(
    request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep, number: int
) -> Response:
    project = _find(session, number)
    errors, theirs = Errors(), list[tuple[str, str]]()
    ours = {one.id for one in measures.of_project(session, project)}
    beginning = _read(fields, errors, ours)
    version = some_whole(fields, "version", errors)
    if not errors:
        try:
            projects.begin(session, project, beginning, version=version, by=manager, at=now)
            return see_other(f"/projects/{number}")
        except UnknownExpert as unknown:
            errors[_expert_field(fields, str(unknown))] = str(unknown)
        except projects.StaleEdit as stale:
            errors["version"] = f"{stale} What you typed is still here; save again to keep yours."
    session.rollback()
    project = _find(session, number)
    if "version" in errors:
        theirs = _differences(_values(session, project, now.date()), fields)
        fields["version"] = str(project.version)
    view = _view(session, project, fields, errors, theirs)
    return page(request, "projects/beginning.html", view, 409 if "version" in errors else 422)


def _find(session: SessionDep, number: int) -> Project:
    return there(projects.find(session, number))


def _view(
    session: SessionDep,
    project: Project,
    values: Fields,
    errors: Errors | None = None,
    theirs: list[tuple[str, str]] | None = None,
) -> BeginningPage:
    request = project.learning_request
    linked = reuses.of(session, request) if request else []
    blanks = _blanks(values, Errors())
    return BeginningPage(
        project=project,
        values=values,
        pieces=pieces(blanks),
        measure=projects.main_measure(session, project),
        halfway=_halfway(blanks),
        linked=linked,
        exists=reuses.existing_share(linked),
        people=contributions.experts(session),
        warning=baselines.words_of_project(session, project, some_day(values, "baseline_on", Errors())),
        expert_rows=_rows(values, "expert"),
        step_rows=_rows(values, "step"),
        card_rows=_rows(values, "card"),
        theirs=theirs or [],
        errors=errors or Errors(),
        templates=[(one.template.key, one.template.name) for one in survey_templates.listed(session)],
        measures=[(one.id, one.name) for one in measures.of_project(session, project)],
    )


def _values(session: SessionDep, project: Project, today: date) -> Fields:
    """What the form starts from: what is known, and a suggestion where nobody said anything yet."""
    blanks = Blanks.of(project.hypothesis_parts)
    measure = projects.main_measure(session, project)
    values = Fields(
        **{name: getattr(blanks, name) for name in BLANKS},
        **{name: getattr(project, name) for name in FACTS},
        by=_day(blanks.by),
        worthwhile=_number(measure.worthwhile_change if measure else None),
        better=_direction(blanks, measure),
        stop_on=_day(project.stop_on),
        baseline_on=_day(project.baseline_on),
        estimate_hours=_number(project.estimate_hours),
        due_on=_day(project.due_on),
        version=str(project.version),
    )
    if measure is not None:
        values["unit"] = values["unit"] or measure.unit
    if project.begun_at is None:
        values["sponsor"] = values["sponsor"] or (project.goal.owner if project.goal else "")
        _suggest(values, blanks, today)
    for row, one in enumerate(project.contributions, start=1):
        person = one.person
        who = f"{person.name} <{person.email}>" if person.name else person.email
        values |= {
            f"expert_{row}_who": who,
            f"expert_{row}_hours": _number(one.granted_hours),
            f"expert_{row}_part": one.part,
        }
    for row, step in enumerate(evaluating.of(session, project), start=1):
        told = {
            "id": str(step.id), "level": str(step.level), "what": step.what, "source": step.source, "method": step.method,
            "days": "" if step.days_after is None else str(step.days_after), "due": _day(step.due_on), "owner": step.owner,
            "email": step.owner_email, "template": step.template or "", "measure": str(step.measure_id or ""),
            "tier": str(step.tier or ""),
        }  # fmt: skip
        values |= {f"step_{row}_{name}": text for name, text in told.items()}
    less = projects.less_to_make(session, project) if project.begun_at is None else {}
    for row, card in enumerate(_in_order(session, project), start=1):
        values |= {
            f"card_{row}_id": str(card.id),
            f"card_{row}_title": card.title,
            f"card_{row}_hours": _number(less.get(card.id, card.estimate_hours)),
            f"card_{row}_kept": "1",
        }
    return values


def _suggest(values: Fields, blanks: Blanks, today: date) -> None:
    if not values["stop_on"] and blanks.by and blanks.by > today:
        middle = today + timedelta(days=(blanks.by - today).days // 2)
        values["stop_on"] = middle.isoformat()
    if not values["stop_rule"]:
        worthwhile = f"{values['worthwhile']} {values['unit']}".strip() if values["worthwhile"] else ""
        values["stop_rule"] = stop_rule(blanks.measure, worthwhile, some_day(values, "stop_on", Errors()))


def _in_order(session: SessionDep, project: Project) -> list[Card]:
    """The cards in the order they were made: the order of the work."""
    return sorted(cards.of_project(session, project), key=lambda card: card.id)[: MOST_ROWS - 1]


def _direction(blanks: Blanks, measure: Measure | None) -> str:
    """Only where it isn't what the numbers say."""
    today, wanted = number_in(blanks.today), number_in(blanks.wanted)
    if measure is None:
        return ""
    follows = wanted is None or today is None or wanted >= today
    if measure.higher_is_better == follows:
        return ""
    return "higher" if measure.higher_is_better else "lower"


def _halfway(blanks: Blanks) -> str:
    """Half of the way from today to what is wanted, as a hint for what is worth it."""
    today, wanted = number_in(blanks.today), number_in(blanks.wanted)
    if today is None or wanted is None or today == wanted:
        return ""
    return f"{in_words(abs(wanted - today) / 2)} {blanks.unit}".strip()


def _rows(values: Fields, kind: str) -> list[int]:
    """The rows there are, and one to write in."""
    found = {int(hit[1]) for name in values if (hit := re.fullmatch(rf"{kind}_(\d{{1,2}})_\w+", name))}
    return [*sorted(found), max(found, default=0) + 1][:MOST_ROWS]


def _read(fields: Fields, errors: Errors, ours: set[int]) -> Beginning:
    better = {"higher": True, "lower": False}.get(fields["better"])
    facts = {
        **{name: some_text(fields, name, errors, longest=longest) for name, longest in FACTS.items()},
        "stop_on": some_day(fields, "stop_on", errors),
        "baseline_on": some_day(fields, "baseline_on", errors),
        "estimate_hours": some_number(fields, "estimate_hours", errors, most=100_000),
        "due_on": some_day(fields, "due_on", errors),
    }
    if fields["sponsor_email"] and not re.fullmatch(EMAIL, fields["sponsor_email"]):
        errors["sponsor_email"] = NO_EMAIL
    return Beginning(
        blanks=_blanks(fields, errors),
        higher_is_better=better,
        worthwhile=some_number(fields, "worthwhile", errors),
        facts=facts,
        experts=_experts(fields, errors),
        steps=_steps(fields, errors, ours),
        cards=_cards(fields, errors),
    )


def _blanks(fields: Fields, errors: Errors) -> Blanks:
    words = {name: some_text(fields, name, errors, longest=longest) for name, longest in BLANKS.items()}
    return Blanks(**words, by=some_day(fields, "by", errors))


def _typed(fields: Fields, kind: str, needed: str) -> Iterable[str]:
    """The beginnings of the field names of each row that says something."""
    for row in _rows(fields, kind):
        if fields[f"{kind}_{row}_{needed}"].strip():
            yield f"{kind}_{row}"


def _experts(fields: Fields, errors: Errors) -> list[ExpertGiven]:
    return [
        ExpertGiven(
            some_text(fields, f"{row}_who", errors, longest=300),
            some_number(fields, f"{row}_hours", errors, most=10_000),
            some_text(fields, f"{row}_part", errors),
        )
        for row in _typed(fields, "expert", "who")
    ]


def _steps(fields: Fields, errors: Errors, ours: set[int]) -> list[StepGiven]:
    """The plan's lines; a line reads only one of the project's measures, `ours`."""
    return [
        StepGiven(
            level=some_whole(fields, f"{row}_level", errors, least=1, most=5) or 1,
            what=need_text(fields, f"{row}_what", errors),
            source=some_text(fields, f"{row}_source", errors, longest=160),
            method=some_text(fields, f"{row}_method", errors, longest=160),
            days_after=some_whole(fields, f"{row}_days", errors, most=3650),
            due_on=some_day(fields, f"{row}_due", errors),
            owner=some_text(fields, f"{row}_owner", errors, longest=120),
            id=some_whole(fields, f"{row}_id", errors),
            owner_email=_owner_email(fields, row, errors),
            template=fields[f"{row}_template"] if fields[f"{row}_template"] in SHIPPED else None,
            measure_id=_measure(fields, row, errors, ours),
            tier=some_whole(fields, f"{row}_tier", errors, least=1, most=8),
        )
        for row in _typed(fields, "step", "what")
    ]


def _measure(fields: Fields, row: str, errors: Errors, ours: set[int]) -> int | None:
    number = some_whole(fields, f"{row}_measure", errors)
    return number if number in ours else None


def _owner_email(fields: Fields, row: str, errors: Errors) -> str:
    given = some_text(fields, f"{row}_email", errors, longest=254)
    if given and not re.fullmatch(EMAIL, given):
        errors[f"{row}_email"] = NO_EMAIL
    return given


def _cards(fields: Fields, errors: Errors) -> list[CardGiven]:
    return [
        CardGiven(
            title=need_text(fields, f"{row}_title", errors),
            hours=some_number(fields, f"{row}_hours", errors, most=10_000),
            id=some_whole(fields, f"{row}_id", errors),
            kept=bool(fields[f"{row}_kept"]) or not fields[f"{row}_id"],
        )
        for row in _typed(fields, "card", "title")
    ]


def _expert_field(fields: Fields, words: str) -> str:
    """The field of the expert the words speak of."""
    rows = [f"{row}_who" for row in _typed(fields, "expert", "who")]
    return next((name for name in rows if fields[name].split("@")[0].strip() in words), rows[0])


def _differences(theirs: Fields, mine: Fields) -> list[tuple[str, str]]:
    """What is saved now and isn't what was typed: field by field, and the rows of each kind as a whole."""
    found = [(words, theirs[name] or "nothing") for name, words in TOLD.items() if theirs[name] != mine[name]]
    for kind, (words, parts) in ROWS.items():
        saved, typed = (_row_words(fields, kind, parts) for fields in (theirs, mine))
        if saved != typed:
            found.append((words, "; ".join(saved) or "none"))
    return found


def _row_words(fields: Fields, kind: str, parts: tuple[str, ...]) -> list[str]:
    rows = [f"{row}_" for row in _typed(fields, kind, parts[0])]
    return [", ".join(text for part in parts if (text := fields[row + part].strip())) for row in rows]


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
