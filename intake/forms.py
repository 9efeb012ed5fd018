"""From the fields of the form to a submission, and back: errors to their fields, answers to what was typed."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from portfolio import forms
from portfolio.models import LearningRequest
from portfolio.questions import CORE, Form, Kind
from portfolio.submission import ChangedAnswers, Submission
from web.answers import as_fields, typed
from web.forms import Errors, Fields, errors_of

REQUESTER = ("name", "email", "unit")
REQUESTER_FIELDS = tuple(f"requester_{part}" for part in REQUESTER)
CORE_KEYS = frozenset(question.key for question in CORE)


def read_submission(
    form: Form, fields: Fields, files: Iterable[str] = ()
) -> tuple[Submission | None, Errors]:
    """The submission, or what is wrong with it by field, in the form's order. `files` are the keys of file questions that got one."""
    said = read_values(form, fields)
    body: dict[str, Any] = {key: value for key, value in said.items() if key in CORE_KEYS}
    body |= {name: fields[name] for name in ("title", "problem") if not fields[name]}
    body["requester"] = {part: fields[f"requester_{part}"] for part in REQUESTER}
    body["answers"] = {key: value for key, value in said.items() if key not in CORE_KEYS}
    errors = Errors(
        forms.missing(form, said, unit=fields["requester_unit"], kind=fields["type"], files=files)
    )
    if not fields["requester_email"]:
        errors["requester_email"] = "Please give your e-mail, so that we can answer you."
    try:
        submission = forms.submission_model(form).model_validate(body)
    except ValidationError as error:
        return None, in_order(form, Errors({**errors_of(error), **errors}))
    return (None if errors else submission), in_order(form, errors)


def read_answers(form: Form, fields: Fields) -> tuple[ChangedAnswers | None, Errors]:
    """Further answers to a request already sent, or what is wrong with them."""
    body = {key: value for key, value in read_values(form, fields).items() if key != "title"}
    try:
        return forms.changed_model(form).model_validate(body), Errors()
    except ValidationError as error:
        return None, in_order(form, errors_of(error))


def read_values(form: Form, fields: Fields) -> dict[str, Any]:
    """What was typed to the questions that are asked, by question; what was left open is left out."""
    answers = {question.key: typed(question, fields) for question in form.questions}
    said = {key: value for key, value in answers.items() if value not in (None, "", [])}
    asked = {
        question.key
        for question in forms.asked(form, said, unit=fields["requester_unit"], kind=fields["type"])
    }
    kept = {key: value for key, value in said.items() if key in asked}
    if fields["goal"]:
        kept["goal"] = (
            int(fields["goal"]) if fields["goal"].isdecimal() and len(fields["goal"]) < 10 else fields["goal"]
        )
    if fields["type"] and form.types:
        kept["type"] = fields["type"]
    return kept


def field_names(form: Form) -> list[str]:
    """The names of all fields people type into, in the order they are asked."""
    asked = [
        name
        for one in form.questions
        if not one.internal and one.kind is not Kind.FILE
        for name in one.fields
    ]
    return ["type", *asked, *REQUESTER_FIELDS, "goal"]


def raw_values(form: Form, fields: Fields) -> dict[str, str]:
    """What stands in the form's own fields, right or wrong, as a draft keeps it."""
    return {name: fields[name] for name in [*field_names(form), "ask"] if fields[name]}


def in_order(form: Form, errors: Errors) -> Errors:
    """The errors in the order of their fields on the page, so that the first is the first."""
    order = [*(one.key for one in form.questions), *REQUESTER_FIELDS]

    def place(name: str) -> int:
        found = [at for at, key in enumerate(order) if name == key or name.startswith(f"{key}_")]
        return found[-1] if found else len(order)

    return Errors(sorted(errors.items(), key=lambda one: place(one[0])))


def typed_answers(session: Session, learning_request: LearningRequest) -> Fields:
    """The answers given so far, as the form shows them; what managers answered for themselves stays inside."""
    told = [(one, value) for one, value in forms.answered(session, learning_request) if not one.internal]
    chosen = {name: learning_request.said(name) for name in ("goal", "type")}
    return Fields(as_fields(told), **{name: str(value) for name, value in chosen.items() if value})
