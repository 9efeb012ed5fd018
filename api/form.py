"""The intake form over the API, so that others can build a form of their own."""

from typing import Any

from fastapi import APIRouter

from api.callers import CallerDep
from portfolio import forms, organisation
from portfolio.questions import CORE, PARTS, Form, Question
from web.problems import ProblemFound
from web.session import SessionDep

router = APIRouter(tags=["requests"])

OUTSIDE_ANSWERS = frozenset(question.key for question in CORE)


@router.get("/form")
def show(session: SessionDep, caller: CallerDep) -> dict[str, Any]:
    """The form in force: its questions in order, and where in POST /requests each answer goes. Public where intake is.

    Questions for managers only are listed for managers.
    """
    ours = organisation.current(session)
    if caller is None and ours is not None and not ours.intake_public:
        raise ProblemFound(401)
    form = forms.current(session)
    inside = caller is not None and caller.manages
    return {
        "version": form.version,
        "types": _options(form.types),
        "questions": [_question(form, one) for one in form.questions if inside or not one.internal],
    }


def _question(form: Form, one: Question) -> dict[str, Any]:
    """One question. Several conditions all have to hold; each holds with any of its values, or any answer where it has none."""
    return {
        "key": one.key,
        "pointer": f"/{one.key}" if one.key in OUTSIDE_ANSWERS else f"/answers/{one.key}",
        "label": one.label,
        "help": one.help,
        "why": one.why,
        "kind": one.kind.value,
        "parts": list(PARTS.get(one.kind, ())),
        "options": _options(one.options),
        "longest": one.longest,
        "unit": one.unit,
        "required": one.required,
        "asked": "internal" if one.internal else "always" if one.always else "on_demand",
        "only_if": [{"question": on.question, "values": list(on.values)} for on in one.only_if],
        "units": list(one.units),
        "types": [key for key, _ in form.types if key in one.types],
    }


def _options(options: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in options]
