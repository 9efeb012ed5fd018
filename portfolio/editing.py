"""Changing a form as a value: put, move, leave out, bring back; keys, options and conditions as they are typed."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from unicodedata import normalize

from portfolio import questions
from portfolio.questions import PARTS, Condition, Form, Kind, Question
from portfolio.submission import ChangedAnswers, Submission

MOST_QUESTIONS = 60
MOST_OPTIONS = 30
MOST_TYPES = 20
LONGEST_KEY = 30
LONGEST_ANSWER = 8000

CHOOSABLE = {
    Kind.TEXT: "A line of text",
    Kind.LONG_TEXT: "Longer text",
    Kind.ONE_OF: "One of several",
    Kind.MANY_OF: "Any of several",
    Kind.NUMBER: "A number or a range",
    Kind.DATE: "A date, and why",
    Kind.PERSON: "A person",
    Kind.MEASURE: "A measure: today, wanted, by when",
    Kind.FILE: "A file",
    Kind.STEP: "A step from 0 to 5",
}
"""The kinds a manager may choose."""

OURS = {Kind.AUDIENCE: "Who, and how many", Kind.DEMAND: "How many asked, by grade"}
"""The kinds only questions that come with Outsize have."""

WITH_OPTIONS = frozenset({Kind.ONE_OF, Kind.MANY_OF, Kind.STEP})
WITH_LENGTH = frozenset({Kind.TEXT, Kind.LONG_TEXT})

RESERVED = frozenset({
    "goal", "type", "types", "form_id", "revision", "stamp", "draft", "key", "ask", "answers", "requester", "unit",
    "verdict", "reason", "words", "note", "to", "until", "join_id", "solution_type", "cause", "inside", "stale",
})  # fmt: skip
"""Names the form's pages and the API use themselves."""

PART_NAMES = tuple({part for parts in PARTS.values() for part in parts})


# Making a form from another


def put(form: Form, question: Question) -> Form:
    """The form with this question in its place; at the end of its group where it is new there."""
    was = form.question(question.key)
    if was is not None and group_of(was) == group_of(question):
        return _in_groups(form, [question if one.key == question.key else one for one in form.questions])
    return _in_groups(form, [*(one for one in form.questions if one.key != question.key), question])


def moved(form: Form, key: str, by: int) -> Form:
    """The form with one question some places later within its group, or earlier where `by` is negative."""
    one = form.question(key)
    if one is None:
        return form
    order = [other.key for other in form.questions if group_of(other) == group_of(one)]
    order.insert(max(0, order.index(key) + by), order.pop(order.index(key)))
    after = order.index(key) + 1
    return placed(form, key, order[after] if after < len(order) else "")


def placed(form: Form, key: str, before: str) -> Form:
    """The form with one question before another, or last in its group where there is no such one."""
    one = form.question(key)
    if one is None or key == before:
        return form
    others = [other for other in form.questions if other.key != key]
    at = next((place for place, other in enumerate(others) if other.key == before), len(others))
    return _in_groups(form, [*others[:at], one, *others[at:]])


def without(form: Form, key: str) -> Form:
    """The form without a question. Conditions that named it stay, and are told by `problems`."""
    return replace(form, questions=tuple(one for one in form.questions if one.key != key))


GROUPS = ("always", "on_demand", "internal")
"""The order in which questions are asked: of everybody, where it could change the decision, of the manager."""


def kind_words(kind: Kind) -> str:
    """What a kind of answer is called."""
    return {**CHOOSABLE, **OURS}[kind]


def group_of(question: Question) -> str:
    return "internal" if question.internal else "always" if question.always else "on_demand"


def _in_groups(form: Form, listed: Iterable[Question]) -> Form:
    return replace(form, questions=tuple(sorted(listed, key=lambda one: GROUPS.index(group_of(one)))))


# Keys and options


def key_for(label: str, taken: Iterable[str]) -> str:
    """A key made from a question's words, like no other that is or was; `taken` are those."""
    stem = _slug(label, LONGEST_KEY) or "question"
    if stem[0].isdigit() or stem.startswith(("cause_", "model_", "requester_")):
        stem = f"q_{stem}"[:LONGEST_KEY]
    fields = {field for key in taken for field in _fields(key)}

    def is_taken(key: str) -> bool:
        return key in RESERVED or _is_ours(key) or bool(fields & {key, *_fields(key)})

    return _first_free(stem, is_taken)


def _fields(key: str) -> set[str]:
    """Every field name a question of this key could have."""
    return {key, *(f"{key}_{part}" for part in PART_NAMES)}


def options_from(
    lines: str, before: Sequence[tuple[str, str]], fixed: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Options typed one a line. An option that was there keeps its value, also when its words were changed.

    Which line is a reworded one is told by its place between those that stayed. Where values are `fixed`, a line gives its value
    before a colon: "3: A customer would notice".
    """
    labels = [" ".join(line.split()) for line in lines.splitlines() if line.strip()]
    if fixed:
        return tuple(_with_value(label, fixed) for label in labels)
    kept = _kept_values(labels, before)
    taken = {*kept.values()}
    found = []
    for place, label in enumerate(labels):
        value = kept.get(place) or _first_free(_slug(label, 40) or "option", taken.__contains__)
        taken.add(value)
        found.append((value, label))
    return tuple(found)


def options_as_lines(options: Iterable[tuple[str, str]], fixed: Sequence[str] = ()) -> str:
    """The options as they are typed."""
    return "\n".join(f"{value}: {label}" if fixed else label for value, label in options)


def _with_value(line: str, fixed: Sequence[str]) -> tuple[str, str]:
    value, colon, label = line.partition(":")
    value = value.strip().lower()
    return (value, label.strip()) if colon and value in fixed else ("", line)


def _kept_values(labels: list[str], before: Sequence[tuple[str, str]]) -> dict[int, str]:
    """By line, the value of the option it was before."""
    kept: dict[int, str] = {}
    old = [label for _, label in before]
    for what, old_start, old_end, start, end in SequenceMatcher(
        None, old, labels, autojunk=False
    ).get_opcodes():
        if what == "equal" or (what == "replace" and old_end - old_start == end - start):
            kept.update({start + step: before[old_start + step][0] for step in range(end - start)})
    # What only moved keeps its value too.
    values = dict(zip(old, (value for value, _ in before), strict=True))
    for place, label in enumerate(labels):
        if label in values and values[label] not in kept.values():
            kept[place] = values[label]
    return kept


def _slug(text: str, longest: int) -> str:
    plain = normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return (
        slug[:longest].rsplit("_", 1)[0] if len(slug) > longest and "_" in slug[:longest] else slug[:longest]
    )


def _first_free(stem: str, is_taken: Callable[[str], bool]) -> str:
    number = 1
    key = stem
    while is_taken(key):
        number += 1
        key = f"{stem}_{number}"
    return key


def _is_ours(key: str) -> bool:
    """A name our models use themselves, which a question's answer would hide."""
    return key in questions.SHIPPED or any(hasattr(model, key) for model in (Submission, ChangedAnswers))


def conditions(chosen: Iterable[tuple[str, Iterable[str]]]) -> tuple[Condition, ...]:
    """Conditions as they were chosen, those without a question left out."""
    return tuple(Condition(question, tuple(values)) for question, values in chosen if question)
