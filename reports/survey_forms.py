"""The fields in which a survey's questions, words and people are typed."""

import re
from collections.abc import Sequence

from portfolio.rules.survey_questions import (
    KINDS,
    LONGEST_LABEL,
    MOST_QUESTIONS,
    ONE,
    Question,
    key_for,
    problem_of,
)
from web.forms import Errors, Fields, some_text, some_whole

REVERSED = (("", "Nobody said"), ("no", "The last one"), ("yes", "The first one"))
"""Which end of a scale is the good one."""


def question_values(questions: Sequence[Question]) -> Fields:
    """What the editor starts from. Rows are numbers: fields are named after them."""
    values = Fields()
    for row, one in enumerate(questions, start=1):
        name = f"q_{row}"
        values |= {
            f"{name}_key": one.key,
            f"{name}_place": str(row),
            f"{name}_label": one.label,
            f"{name}_kind": one.kind,
            f"{name}_options": "\n".join(one.options),
            f"{name}_level": str(one.level or ""),
            f"{name}_tier": str(one.tier or ""),
            f"{name}_required": "1" if one.required else "",
            f"{name}_reverse": {None: "", True: "yes", False: "no"}[one.reverse],
        }
    return values


def rows_in(values: Fields) -> list[int]:
    """The rows there are, and one to write in."""
    found = {int(hit[1]) for name in values if (hit := re.fullmatch(r"q_(\d{1,2})_label", name))}
    return [*sorted(found), max(found, default=0) + 1][:MOST_QUESTIONS]


def read_questions(fields: Fields, errors: Errors) -> list[Question]:
    """The questions in the order of their places; one without words is left out."""
    found: list[tuple[int, int, Question]] = []
    taken = [fields[f"q_{row}_key"] for row in range(1, MOST_QUESTIONS + 1) if fields[f"q_{row}_key"]]
    for row in range(1, MOST_QUESTIONS + 1):
        name = f"q_{row}"
        label = some_text(fields, f"{name}_label", errors, longest=LONGEST_LABEL)
        if not label:
            continue
        key = fields[f"{name}_key"] or key_for(label, taken)
        taken.append(key)
        question = Question(
            key,
            label,
            kind=fields[f"{name}_kind"] if fields[f"{name}_kind"] in dict(KINDS) else ONE,
            options=_options(fields, name),
            level=some_whole(fields, f"{name}_level", errors, least=1, most=5),
            tier=some_whole(fields, f"{name}_tier", errors, least=1, most=8),
            required=bool(fields[f"{name}_required"]),
            reverse={"yes": True, "no": False}.get(fields[f"{name}_reverse"]),
        )
        if problem := problem_of(question):
            errors.setdefault(
                f"{name}_options" if question.options or "answer" in problem else f"{name}_label", problem
            )
        place = some_whole(fields, f"{name}_place", errors, most=999)
        found.append((row if place is None else place, row, question))
    if not found and not errors:
        errors["q_1_label"] = "Please write one question at least."
    return [question for _, _, question in sorted(found, key=lambda one: one[:2])]


def _options(fields: Fields, name: str) -> tuple[str, ...]:
    """One a line. A kind that offers none has none, whatever was typed for another kind."""
    if fields[f"{name}_kind"] in {"number", "text"}:
        return ()
    return tuple(line.strip() for line in fields[f"{name}_options"].splitlines() if line.strip())
