"""What is wrong with a form somebody edits, and what is only odd."""

from collections.abc import Iterable
from dataclasses import dataclass

from portfolio import feeds, questions
from portfolio.editing import (
    LONGEST_ANSWER,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    MOST_TYPES,
    WITH_LENGTH,
    WITH_OPTIONS,
    kind_words,
)
from portfolio.questions import NEEDED, Form, Kind, Question


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one field of one question, in words; `question` is empty for the form as a whole."""

    question: str
    field: str
    words: str


def problems(form: Form, only: str | None = None) -> list[Wrong]:
    """What keeps a form from being published; with `only`, what is wrong with that one question."""
    found = [] if only else list(_form_problems(form))
    for place, question in enumerate(form.questions):
        if only is None or question.key == only:
            found += [Wrong(question.key, *one) for one in _question_problems(form, place, question)]
    return found


def warnings(form: Form, units: Iterable[str]) -> list[Wrong]:
    """What may be meant, and may be a slip: units nobody belongs to yet."""
    known = {unit.casefold() for unit in units}
    return [
        Wrong(one.key, "units", f"Nobody belongs to {unit} yet, so nobody is asked this until somebody does.")
        for one in form.questions
        for unit in one.units
        if unit.casefold() not in known
    ]


Found = Iterable[tuple[str, str]]


def _form_problems(form: Form) -> Iterable[Wrong]:
    for key in sorted(NEEDED):
        if form.question(key) is None:
            yield Wrong("", "questions", f"“{questions.label(key)}” has to be asked.")
    if len(form.questions) > MOST_QUESTIONS:
        yield Wrong("", "questions", f"Please ask at most {MOST_QUESTIONS} questions.")
    labels = [words.casefold() for _, words in form.types]
    if len(labels) > MOST_TYPES:
        yield Wrong("", "types", f"Please keep it to {MOST_TYPES} types.")
    if len(labels) == 1:
        yield Wrong("", "types", "One type is no choice: please give two or more, or none.")
    if len(set(labels)) < len(labels):
        yield Wrong("", "types", "Two types have the same words.")


def _question_problems(form: Form, place: int, question: Question) -> Found:
    yield from _words_problems(form, question)
    yield from _asking_problems(question)
    yield from _option_problems(question)
    yield from _feed_problems(question)
    yield from _condition_problems(form, place, question)


def _words_problems(form: Form, question: Question) -> Found:
    if not question.label:
        yield "label", "Please fill this in."
    same = [one for one in form.questions if one.label.casefold() == question.label.casefold()]
    if len(same) > 1:
        yield "label", "Another question has the same words; people would not know which is which."
    if question.kind in WITH_LENGTH and not 1 <= question.longest <= LONGEST_ANSWER:
        yield "longest", f"Please give a number of characters from 1 to {LONGEST_ANSWER:,}."


def _asking_problems(question: Question) -> Found:
    asked_of_all = not (question.internal or question.only_if or question.units or question.types)
    if question.key in NEEDED and not (question.always and question.required and asked_of_all):
        yield "asked", "Without this a request says nothing, so everybody is asked it and has to answer."
    elif question.required and not (question.always and not question.internal):
        yield "required", "Only a question that is always asked can be required."
    if question.internal and question.kind is Kind.FILE:
        yield "asked", "A file can't be kept to managers. Please choose another kind, or ask the requester."


def _option_problems(question: Question) -> Found:
    if question.kind not in WITH_OPTIONS:
        return
    fixed = feeds.fixed_values(question.kind, question.feeds)
    values = [value for value, _ in question.options]
    labels = [words.casefold() for _, words in question.options]
    if len(labels) < 2:
        yield "options", "Please give two options or more, one a line."
    elif len(labels) > MOST_OPTIONS:
        yield "options", f"Please keep it to {MOST_OPTIONS} options."
    elif fixed and not set(values) <= set(fixed):
        yield (
            "options",
            f"Please begin each line with one of {', '.join(fixed)} and a colon, as in “{fixed[0]}: ...”.",
        )
    elif not all(labels) or max(map(len, labels)) > 200:
        yield "options", "Please give each option some words, at most 200 characters."
    elif len(set(labels)) < len(labels):
        yield "options", "Two options have the same words."
    elif len(set(values)) < len(values):
        yield "options", "Two options have the same value."
    elif question.feeds == "cause" and not {"yes", "no"} <= set(values):
        yield "options", "Please keep a yes and a no."


def _feed_problems(question: Question) -> Found:
    if question.is_own and question.feeds:
        feed = feeds.BY_KEY.get(question.feeds)
        if feed is None or question.kind not in feed.kinds:
            kind = kind_words(question.kind).lower()
            what = feed.label.lower() if feed else question.feeds
            yield "feeds", f"An answer of this kind ({kind}) can't say {what}."


def _condition_problems(form: Form, place: int, question: Question) -> Found:
    earlier = {one.key: one for one in form.questions[:place]}
    for condition in question.only_if:
        before = earlier.get(condition.question)
        if before is None:
            asked = form.question(condition.question)
            words = asked.label if asked else questions.label(condition.question)
            where = "is asked later" if asked else "is no longer asked"
            yield "only_if", f"“{words}” {where}. Please choose a question that comes before this one."
        elif before.kind is Kind.FILE:
            yield "only_if", "Whether a file was given can't decide what is asked next."
        elif before.internal and not question.internal:
            yield (
                "only_if",
                f"“{before.label}” is for managers only, so it can't decide what a requester is asked.",
            )
        elif before.kind in WITH_OPTIONS and set(condition.values) - {value for value, _ in before.options}:
            yield "only_if", f"“{before.label}” has other options by now. Please tick those that count."
        elif before.kind not in WITH_OPTIONS and condition.values:
            yield "only_if", f"“{before.label}” has no options to choose from: leave it at any answer."
    types = {key for key, _ in form.types}
    if set(question.types) - types:
        yield "types", "One of these types is no longer there. Please choose again."
