"""When a question is asked, for people in words and for the page's script as data."""

import json

from portfolio import questions
from portfolio.questions import Form, Kind, Question

FEW = 5
SHORT = 28
PART_LABELS = {
    (Kind.DATE, "on"): "Date",
    (Kind.DATE, "why"): "Why that date",
    (Kind.PERSON, "name"): "Name",
    (Kind.PERSON, "email"): "E-mail",
    (Kind.MEASURE, "name"): "The measure",
    (Kind.MEASURE, "today"): "Today",
    (Kind.MEASURE, "wanted"): "Wanted",
    (Kind.MEASURE, "by"): "By when",
    (Kind.AUDIENCE, "who"): "Who",
    (Kind.AUDIENCE, "count"): "How many",
}


def by_buttons(question: Question) -> bool:
    """Whether its options are few and short enough to stand side by side."""
    return len(question.options) <= FEW and all(len(words) <= SHORT for _, words in question.options)


def asked_when(question: Question) -> str:
    """The conditions as the page's script reads them; empty where it is always asked."""
    conditions = {
        "answers": [[one.question, list(one.values)] for one in question.only_if],
        "units": [unit.casefold() for unit in question.units],
        "types": list(question.types),
    }
    return json.dumps(conditions) if any(conditions.values()) else ""


def only_if_words(question: Question, form: Form) -> str:
    """The conditions in words, for whoever sees the question all the same; empty where it is always asked."""
    words = [_condition_words(form, one.question, one.values) for one in question.only_if]
    if question.units:
        words.append(f"you work in {_or(question.units)}")
    if question.types:
        labels = dict(form.types)
        words.append(f"it is about: {_or([labels.get(one, one) for one in question.types])}")
    return f"Only if {' and '.join(words)}." if words else ""


def field_label(form: Form, name: str) -> str:
    """What a field of the form is called, where it stands alone: its question, and its part where it has several."""
    known = {"requester_name": "Your name", "requester_email": "Your e-mail", "goal": "Goal", "type": "Type"}
    if name == "requester_unit":
        return "Your team or department"
    for question in form.questions:
        if name not in question.fields:
            continue
        if question.kind is Kind.MANY_OF:
            return f"{question.label} {dict(question.options)[name.partition('__')[2]]}"
        part = PART_LABELS.get((question.kind, name.removeprefix(f"{question.key}_")))
        return f"{question.label} {part}" if part and name != question.key else question.label
    return known.get(name, name.replace("_", " ").capitalize())


def field_words(form: Form, name: str, text: str) -> str:
    """What was put into a field, as a person reads it."""
    if not text:
        return "nothing"
    for question in form.questions:
        if name in question.fields and question.options:
            return "chosen" if question.kind is Kind.MANY_OF else dict(question.options).get(text, text)
    return dict(form.types).get(text, text) if name == "type" else text


def _condition_words(form: Form, key: str, values: tuple[str, ...]) -> str:
    asked = form.question(key)
    label = (asked.label if asked else questions.label(key)).rstrip("?.: ")
    if not values:
        return f"you answered “{label}”"
    options = dict(asked.options) if asked else {}
    return f"“{label}” is {_or([options.get(value, value) for value in values])}"


def _or(words: list[str] | tuple[str, ...]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
