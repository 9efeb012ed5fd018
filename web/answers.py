"""Answers as the fields of a form: from what was typed to a value, and from a value back to what is typed."""

from collections.abc import Iterable
from typing import Any

from portfolio.questions import PARTS, Kind, Question
from web.forms import Fields


def typed(question: Question, fields: Fields) -> Any:
    """What was typed to one question, before it is checked; nothing where it was left open."""
    if question.kind is Kind.MANY_OF:
        return [value for value, _ in question.options if fields[f"{question.key}__{value}"]]
    if question.kind in PARTS:
        parts = {part: fields[f"{question.key}_{part}"] for part in PARTS[question.kind]}
        return parts if any(parts.values()) else None
    text = fields[question.key]
    return int(text) if question.kind is Kind.STEP and text.isdecimal() and len(text) < 10 else text


def as_fields(answered: Iterable[tuple[Question, Any]]) -> Fields:
    """Answers given so far, as a form shows them."""
    shown = Fields()
    for question, value in answered:
        key = question.key
        if isinstance(value, list):
            shown.update({f"{key}__{one}": "yes" for one in value})
        elif isinstance(value, dict) and set(value) != {"low", "likely", "high"}:
            shown.update({f"{key}_{part}": _as_text(one) for part, one in value.items()})
        else:
            shown[key] = _as_text(value)
    return shown


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['low']:.12g}-{value['high']:.12g}"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
