"""From the fields of the form to a submission, and the errors back to their fields."""

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from portfolio import forms
from portfolio.questions import CORE, PARTS, Form, Kind, Question
from portfolio.submission import ChangedAnswers, Submission
from web.forms import Errors, Fields, errors_of

REQUESTER = ("name", "email", "unit")
CORE_KEYS = frozenset(question.key for question in CORE)


def read_submission(
    form: Form, fields: Fields, files: Iterable[str] = ()
) -> tuple[Submission | None, Errors]:
    """The submission, or what is wrong with it by field. `files` are the keys of file questions that got a file."""
    said = read_values(form, fields)
    body: dict[str, Any] = {key: value for key, value in said.items() if key in CORE_KEYS}
    body |= {name: fields[name] for name in ("title", "problem") if not fields[name]}
    body["requester"] = {part: fields[f"requester_{part}"] for part in REQUESTER}
    body["answers"] = {key: value for key, value in said.items() if key not in CORE_KEYS}
    errors = Errors(
        forms.missing(form, said, unit=fields["requester_unit"], kind=fields["type"], files=files)
    )
    try:
        submission = forms.submission_model(form).model_validate(body)
    except ValidationError as error:
        return None, Errors({**errors, **errors_of(error)})
    return (None if errors else submission), errors


def read_answers(form: Form, fields: Fields) -> tuple[ChangedAnswers | None, Errors]:
    """Further answers to a request already sent, or what is wrong with them."""
    body = {key: value for key, value in read_values(form, fields).items() if key != "title"}
    try:
        return forms.changed_model(form).model_validate(body), Errors()
    except ValidationError as error:
        return None, errors_of(error)


def read_values(form: Form, fields: Fields) -> dict[str, Any]:
    """What was typed to the questions that are asked, by question; what was left open is left out."""
    typed = {question.key: _typed(question, fields) for question in form.questions}
    said = {key: value for key, value in typed.items() if value not in (None, "", [])}
    asked = {
        question.key
        for question in forms.asked(form, said, unit=fields["requester_unit"], kind=fields["type"])
    }
    kept = {key: value for key, value in said.items() if key in asked}
    if fields["goal"]:
        kept["goal"] = int(fields["goal"]) if fields["goal"].isdigit() else fields["goal"]
    if fields["type"] and form.types:
        kept["type"] = fields["type"]
    return kept


def _typed(question: Question, fields: Fields) -> Any:
    if question.kind is Kind.MANY_OF:
        return [value for value, _ in question.options if fields[f"{question.key}__{value}"]]
    if question.kind in PARTS:
        parts = {part: fields[f"{question.key}_{part}"] for part in PARTS[question.kind]}
        return parts if any(parts.values()) else None
    text = fields[question.key]
    return int(text) if question.kind is Kind.STEP and text.isdigit() else text
