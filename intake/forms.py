"""From the fields of the form to a submission, and the errors back to their fields."""

from typing import Any

from pydantic import ValidationError

from portfolio.questions import ON_DEMAND
from portfolio.submission import ChangedAnswers, Submission
from web.forms import Errors, Fields, errors_of

NESTED = {
    "audience": ("who", "count"),
    "measure": ("name", "today", "wanted", "by"),
    "deadline": ("on", "why"),
    "requester": ("name", "email", "unit"),
}
FURTHER = tuple(question.key for question in ON_DEMAND if question.kind != "demand")


def read_submission(fields: Fields) -> tuple[Submission | None, Errors]:
    """The submission, or what is wrong with it by field."""
    body: dict[str, Any] = {name: fields[name] for name in ("title", "problem", "behaviour", "if_nothing")}
    body |= _nested(fields, NESTED)
    body["answers"] = _further(fields)
    try:
        return Submission.model_validate(body), Errors()
    except ValidationError as error:
        return None, errors_of(error)


def read_answers(fields: Fields) -> tuple[ChangedAnswers | None, Errors]:
    """Further answers to a request already sent, or what is wrong with them."""
    body = _further(fields)
    for name in ("audience", "measure", "deadline"):
        if any(fields[f"{name}_{part}"] for part in NESTED[name]):
            body |= _nested(fields, {name: NESTED[name]})
    for name in ("problem", "behaviour", "if_nothing"):
        if fields[name]:
            body[name] = fields[name]
    try:
        return ChangedAnswers.model_validate(body), Errors()
    except ValidationError as error:
        return None, errors_of(error)


def _nested(fields: Fields, shape: dict[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    return {name: {part: fields[f"{name}_{part}"] for part in parts} for name, parts in shape.items()}


def _further(fields: Fields) -> dict[str, Any]:
    answers: dict[str, Any] = {name: fields[name] for name in (*FURTHER, "goal") if fields[name]}
    for name in ("waiting", "risk", "goal"):
        if str(answers.get(name, "")).isdigit():
            answers[name] = int(answers[name])
    return answers
