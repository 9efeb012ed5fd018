"""What would it be worth: an ROI calculator for before a project starts. Build or buy, all of it in the address."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from portfolio import assessments, learning_requests, organisation
from portfolio.costs import Rates
from portfolio.models import LearningRequest
from portfolio.rules import build_or_buy
from portfolio.rules.build_or_buy import Audience, Build, Buy, Effect, Hourly
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import Rubric
from portfolio.submission import Amount, as_range, clean, number_in
from reports.worth_view import WhatIf
from web.forms import Errors, Fields, some_number, some_text
from web.people import LeaderDep
from web.session import SessionDep
from web.templating import page

router = APIRouter()

LONGEST_VALUE = 200
WHOLE = 100


@router.get("/worth")
def show(request: Request, session: SessionDep, person: LeaderDep) -> Response:
    typed = Fields((name, clean(value)[: LONGEST_VALUE + 1]) for name, value in request.query_params.items())
    asked = _asked(session, typed) if person.manages else None
    rubric = assessments.published_rubric(session)
    ours = organisation.current(session)
    values = _usual(Rates.of(ours)).over(_of_request(asked)).over(typed)
    errors = Errors()
    people = _range(values, "people", errors, 1e6, "B")
    found = _compare(values, people, rubric, Rates.of(ours).overhead, errors)
    view = WhatIf(
        values=values,
        errors=errors,
        found=None if errors else found,
        people=people,
        asked=asked,
        currency=ours.currency if ours else "",
        kinds=tuple((kind.key, kind.label) for kind in rubric.work_types),
    )
    return page(request, "worth/show.html", view, 422 if errors else 200)


def _compare(
    values: Fields, people: Range | None, rubric: Rubric, overhead: float, errors: Errors
) -> build_or_buy.Comparison | None:
    """Both ways compared, as far as enough was typed; None without people."""
    each = _range(values, "hours_each", errors, 1e4, "C")
    paid = {
        name: some_number(values, name, errors, most=1e4) or 0.0
        for name in ("manager", "expert", "participant")
    }
    build, buy = _build(values, rubric, errors), _buy(values, errors)
    effect = _effect(values, errors)
    some_number(values, "spread", errors, most=1e9)
    if errors or people is None or people.high < 1:
        return None
    return build_or_buy.compare(
        Audience(people, each), Hourly(**paid, overhead=overhead), build=build, buy=buy, effect=effect
    )


def _build(values: Fields, rubric: Rubric, errors: Errors) -> Build | None:
    hours = _range(values, "build_hours", errors, 1e5, "C")
    finished = _range(values, "finished", errors, 1e4, "C")
    expert = _range(values, "expert_hours", errors, 1e5, "C")
    materials = _range(values, "materials", errors, 1e9, exact=True)
    kind = rubric.work_type(values["type"])
    if kind is None and values["type"]:
        errors["type"] = "Please choose one of these."
    return None if kind is None else Build(kind, rubric, hours, finished, expert, materials)


def _buy(values: Fields, errors: Errors) -> Buy | None:
    seat = _range(values, "seat", errors, 1e7, exact=True)
    licence = _range(values, "licence", errors, 1e9, exact=True)
    hours = _range(values, "buy_hours", errors, 1e5, "C")
    fit = _range(values, "fit", errors, WHOLE, exact=True)
    if seat is None and licence is None:
        return None
    share = None if fit is None else Range(fit.low / WHOLE, fit.likely / WHOLE, fit.high / WHOLE)
    return Buy(seat, licence, hours or build_or_buy.USUAL_CHOOSING_HOURS, share or build_or_buy.USUAL_FIT)


def _effect(values: Fields, errors: Errors) -> Effect | None:
    change = _range(values, "change", errors, 1e9)
    value = some_number(values, "unit_value", errors, most=1e12)
    chance = some_number(values, "chance", errors, most=WHOLE)
    years = some_number(values, "years", errors, least=0.25, most=3)
    some_text(values, "measure", errors, longest=160)
    some_text(values, "unit", errors, longest=40)
    if change is None or not value or errors:
        return None
    return Effect(change, value, 1.0 if chance is None else chance / WHOLE, years or 1.0)


def _range(
    values: Fields, name: str, errors: Errors, most: float, grade: str = "D", *, exact: bool = False
) -> Range | None:
    """A number or a range such as 30-60. A single number is as wide as a guess, unless it is a price, which is `exact`."""
    text = values[name].strip()
    if not text:
        return None
    try:
        given = TypeAdapter(Amount(most, "it")).validate_python(text)
    except ValidationError as wrong:
        errors[name] = str(wrong.errors()[-1]["msg"]).removeprefix("Value error, ")
        return None
    if isinstance(given, float) and exact:
        return Range(given, given, given)
    return as_range(given if isinstance(given, float) else given.model_dump(), grade)


def _usual(rates: Rates) -> Fields:
    """What stands in the form before anybody types."""
    known = {"manager": rates.manager, "expert": rates.expert, "participant": rates.participant}
    return Fields(
        type="workshop",
        years="1",
        **{name: f"{rate:g}" for name, rate in known.items() if rate is not None},
    )


def _asked(session: SessionDep, typed: Fields) -> LearningRequest | None:
    number = typed["request"]
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        return None
    return learning_requests.find(session, int(number))


def _of_request(asked: LearningRequest | None) -> Fields:
    """What a learning request says already: whom it is for, and what should move by how much."""
    if asked is None:
        return Fields()
    measure: dict[str, Any] = asked.said("measure") or {}
    audience: dict[str, Any] = asked.said("audience") or {}
    today, wanted = number_in(measure.get("today")), number_in(measure.get("wanted"))
    found = Fields(
        people=_typed(audience.get("count")),
        measure=str(measure.get("name") or "")[:160],
        change="" if today is None or wanted is None else f"{abs(wanted - today):g}",
        finished=_typed(asked.said("finished_hours")),
        expert_hours=_typed(asked.said("expert_hours")),
    )
    if asked.assessment is not None:
        found["chance"] = f"{round(WHOLE * asked.assessment.fit)}"
    return Fields({name: value for name, value in found.items() if value})


def _typed(value: Any) -> str:
    """An amount as it would be typed."""
    if isinstance(value, dict):
        return f"{value['low']:g}-{value['high']:g}"
    return "" if value is None else f"{float(value):g}"
