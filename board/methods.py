"""Other methods beside leverage: the page that compares them, and one's own formulas."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from portfolio import methods, organisation
from portfolio.methods import NameTaken, SideBySide, TooMany
from portfolio.models import Method
from portfolio.rules.comparing import OWN_INPUTS, Row
from portfolio.rules.expression import BadExpression, Expression, Input
from web.clock import NowDep
from web.forms import Errors, Fields, FormDep, need_text, some_number
from web.people import ManagerDep
from web.responses import see_other, there
from web.session import SessionDep
from web.templating import page

router = APIRouter(prefix="/backlog/methods")

SHOWN = 50
MEANINGS = (
    ("Leverage", "Impact points for an hour of yours: what Outsize ranks by. It counts doubt, cause and transfer."),
    ("RICE", "Reach × impact × confidence / effort in person-months. Impact is 3, 2, 1, ½ or ¼, read off the steps but reach."),
    ("ICE", "Impact × confidence × ease, each 1 to 10. Ease falls with the logarithm of your hours: 4 hours are 10, 400 are 1."),
    ("WSJF", "(Value + urgency + risk) / size. The first three are 0 to 10, twice their steps; size is days of everybody’s work."),
    ("CD3", "What a week of waiting costs / weeks of your time it takes. Needs a yearly value."),
    ("Benefit-cost ratio", "What training would bring in a year / what everybody’s hours cost. Needs a yearly value."),
)  # fmt: skip


@dataclass(frozen=True)
class Pointed:
    """A formula that can't be read: what stands before the place, and from there on."""

    before: str
    after: str


@dataclass(frozen=True)
class MethodsPage:
    """All methods side by side, sentences first."""

    found: SideBySide
    rows: tuple[Row, ...]
    sentence: str
    own: list[tuple[Method, Expression]]
    values: Fields
    currency: str
    hour_cost: str
    changing: int = 0
    pointed: Pointed | None = None
    saved: str = ""
    errors: Errors = field(default_factory=Errors)
    inputs: tuple[Input, ...] = OWN_INPUTS
    meanings: tuple[tuple[str, str], ...] = MEANINGS


@router.get("")
def show(
    request: Request,
    session: SessionDep,
    _manager: ManagerDep,
    now: NowDep,
    hour_cost: str = "",
    saved: str = "",
) -> Response:
    view = _page(session, now, Fields(hour_cost=hour_cost[:20]), saved=saved)
    return page(request, "methods/show.html", view)


@router.post("")
def add(request: Request, session: SessionDep, manager: ManagerDep, now: NowDep, fields: FormDep) -> Response:
    name, expression, errors = _read(fields)
    if not errors:
        try:
            methods.add(session, name=name, expression=expression, by=manager, at=now)
        except (BadExpression, NameTaken, TooMany) as wrong:
            return _refused(request, session, now, fields, wrong)
        return see_other("/backlog/methods?saved=added#own")
    return page(request, "methods/show.html", _page(session, now, fields, errors=errors), 422)


@router.post("/{number}")
def change(
    request: Request,
    session: SessionDep,
    manager: ManagerDep,
    now: NowDep,
    fields: FormDep,
    number: int,
) -> Response:
    method = there(methods.find(session, number))
    if fields["what"] == "remove":
        methods.remove(session, method, by=manager, at=now)
        return see_other("/backlog/methods?saved=removed#own")
    name, expression, errors = _read(fields)
    if not errors:
        try:
            methods.change(session, method, name=name, expression=expression, by=manager, at=now)
        except (BadExpression, NameTaken) as wrong:
            return _refused(request, session, now, fields, wrong, number)
        return see_other("/backlog/methods?saved=changed#own")
    view = _page(session, now, fields, errors=errors, changing=number)
    return page(request, "methods/show.html", view, 422)


def _read(fields: Fields) -> tuple[str, str, Errors]:
    errors = Errors()
    name = need_text(fields, "name", errors, longest=80)
    return name, need_text(fields, "expression", errors, longest=1000), errors


def _refused(
    request: Request, session: SessionDep, now: NowDep, fields: Fields, wrong: ValueError, changing: int = 0
) -> Response:
    """The page with what was typed; a formula that can't be read is shown with the place."""
    pointed = None
    errors = Errors(name=str(wrong))
    if isinstance(wrong, BadExpression):
        text = fields["expression"]
        pointed = Pointed(text[: wrong.column - 1], text[wrong.column - 1 :])
        errors = Errors(expression=str(wrong))
    view = _page(session, now, fields, errors=errors, changing=changing, pointed=pointed)
    return page(request, "methods/show.html", view, 422)


def _page(
    session: SessionDep,
    now: NowDep,
    values: Fields,
    *,
    errors: Errors | None = None,
    changing: int = 0,
    pointed: Pointed | None = None,
    saved: str = "",
) -> MethodsPage:
    wrong = errors or Errors()
    hour_cost = some_number(values, "hour_cost", wrong, least=0.01, most=1e6)
    found = methods.side_by_side(session, today=now.date(), hour_cost=hour_cost if not wrong else None)
    ours = organisation.current(session)
    return MethodsPage(
        found=found,
        rows=found.comparison.rows[:SHOWN],
        sentence=_sentence(found),
        own=[(one, methods.read(one.expression)) for one in methods.listed(session)],
        values=values,
        currency=ours.currency if ours else "EUR",
        hour_cost=values["hour_cost"] or f"{found.terms.hour_cost:g}",
        changing=changing,
        pointed=pointed,
        saved=saved,
        errors=wrong,
    )


def _sentence(found: SideBySide) -> str:
    """Whether the methods would start with the same request."""
    rows = found.comparison.rows
    if not rows:
        return "Nothing is ranked yet, so there is nothing to compare."
    best = next(row for row in rows if row.placed["leverage"].place == 1)
    able = [key for key in found.names if key != "leverage" and best.placed[key].place is not None]
    agreeing = [found.names[key] for key in found.agreeing]
    first = f"Leverage would start with “{best.title}”"
    if not agreeing:
        return f"{first}; no other method would."
    if len(agreeing) == len(able):
        return f"{first}, and so would {'every other method' if len(able) > 1 else agreeing[0]}."
    listed = agreeing[0] if len(agreeing) == 1 else f"{', '.join(agreeing[:-1])} and {agreeing[-1]}"
    return f"{first}, and so would {listed}; the others would not."
