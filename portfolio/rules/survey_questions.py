"""What a survey asks, what may be answered, and whether a question can be asked as it stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

ONE, MANY, SCALE, NUMBER, TEXT = "one", "many", "scale", "number", "text"
KINDS = (
    (ONE, "One of these"),
    (MANY, "Any of these"),
    (SCALE, "A step on a scale"),
    (NUMBER, "A number"),
    (TEXT, "In own words"),
)
"""Each kind, and how it is called. A scale's options are its steps, from low to high."""
WITH_OPTIONS = (ONE, MANY, SCALE)
BY_PRESS = (ONE, SCALE)
"""What one press answers, and so can be answered from the mail."""
MOST_QUESTIONS, MOST_OPTIONS = 20, 12
LONGEST_LABEL, LONGEST_OPTION, LONGEST_TEXT = 300, 160, 2000
LARGEST_NUMBER = 1e12
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Question:
    """One question. `reverse`: a high step is the bad end (None: nobody said); `level` 1 reaction to 5 worth; `tier` is LTEM's,
    1 to 8: what an answer to it shows at most."""

    key: str
    label: str
    kind: str = ONE
    options: tuple[str, ...] = ()
    level: int | None = None
    tier: int | None = None
    required: bool = False
    reverse: bool | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Question":
        """As it was kept; questions of earlier days have only a key, a label and options."""
        return cls(
            key=str(kept["key"]),
            label=str(kept.get("label", "")),
            kind=str(kept.get("kind") or ONE),
            options=tuple(kept.get("options") or ()),
            level=kept.get("level"),
            tier=kept.get("tier"),
            required=bool(kept.get("required")),
            reverse=kept.get("reverse"),
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "label": self.label,
            "kind": self.kind,
            "options": list(self.options),
            "reverse": self.reverse,
            "level": self.level,
            "tier": self.tier,
            "required": self.required,
        }

    @property
    def by_press(self) -> bool:
        return self.kind in BY_PRESS


@dataclass(frozen=True)
class Answered:
    """What was said, by question, and what is wrong, by question; the key "" is about the whole."""

    answers: dict[str, Any]
    problems: dict[str, str]


def questions_of(kept: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    return tuple(Question.of(one) for one in kept)


def read_answers(questions: Sequence[Question], given: Mapping[str, Any]) -> Answered:
    """What `given` answers. Nothing said is no answer; a question that isn't there, or an answer it doesn't offer, is wrong."""
    answers: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for question in questions:
        value, problem = _answer(question, given.get(question.key))
        if problem:
            problems[question.key] = problem
        elif value is not None:
            answers[question.key] = value
    for stranger in set(given) - {question.key for question in questions}:
        problems[str(stranger)] = "This survey has no such question."
    if not answers and not problems:
        problems[""] = "Please answer one question at least."
    return Answered(answers, problems)


def problem_of(question: Question) -> str:
    """Why this can't be asked; empty where it can."""
    offers = [option.strip() for option in question.options]
    wants_options = question.kind in WITH_OPTIONS
    checks = (
        (not question.label.strip(), "Please write the question."),
        (
            len(question.label) > LONGEST_LABEL,
            f"Please keep the question under {LONGEST_LABEL} characters.",
        ),
        (question.kind not in dict(KINDS), "Please choose one of the kinds."),
        (not KEY.fullmatch(question.key), "A key is small letters, digits and underscores."),
        (
            wants_options and not 2 <= len(offers) <= MOST_OPTIONS,
            f"Please offer 2 to {MOST_OPTIONS} answers, one a line.",
        ),
        (
            len(set(offers)) < len(offers) or "" in offers,
            "Two answers are the same; each should say something else.",
        ),
        (
            any(len(option) > LONGEST_OPTION for option in offers),
            f"Please keep each answer under {LONGEST_OPTION} characters.",
        ),
    )
    return next((words for is_wrong, words in checks if is_wrong), "")


def key_for(label: str, taken: Sequence[str]) -> str:
    """A short key for a new question, unlike the others'."""
    words = re.findall(r"[a-z0-9]+", label.lower())
    stem = "_".join(words[:4])[:30]
    stem = stem if KEY.fullmatch(stem) else f"q_{stem}".rstrip("_")
    key, turn = stem, 2
    while key in taken:
        key, turn = f"{stem}_{turn}", turn + 1
    return key


def _answer(question: Question, given: Any) -> tuple[Any, str]:
    """The answer as it is kept, or what is wrong with it."""
    if given in (None, "", []):
        return None, "Please answer this one." if question.required else ""
    if question.kind == MANY:
        return _several(question, [given] if isinstance(given, str) else given)
    if question.kind == NUMBER:
        return _number(given)
    if not isinstance(given, str):
        return None, "Please choose one of these." if question.options else "Please give text."
    if question.kind == TEXT:
        long = len(given) > LONGEST_TEXT
        return (None, f"Please keep this under {LONGEST_TEXT} characters.") if long else (given, "")
    return (given, "") if given in question.options else (None, "Please choose one of these.")


def _several(question: Question, given: Any) -> tuple[Any, str]:
    if not isinstance(given, list) or any(one not in question.options for one in given):
        return None, "Please choose among these."
    return [option for option in question.options if option in given], ""


def _number(given: Any) -> tuple[Any, str]:
    try:
        value = float(given.replace(",", ".")) if isinstance(given, str) else float(given)
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if isinstance(given, bool) or not isfinite(value) or abs(value) > LARGEST_NUMBER:
        return None, "Please give a number."
    return int(value) if value == int(value) else value, ""
