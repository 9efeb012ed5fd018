"""Changing a form as a value: put, move, leave out, bring back; what is wrong with it, and what two versions differ in."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from unicodedata import normalize

from portfolio import feeds, questions
from portfolio.questions import NEEDED, PARTS, Condition, Form, Kind, Question
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

RESERVED = frozenset(
    {
        *(
            "goal",
            "type",
            "types",
            "form_id",
            "revision",
            "stamp",
            "draft",
            "key",
            "ask",
            "answers",
            "requester",
            "unit",
        ),
        *(
            "verdict",
            "reason",
            "words",
            "note",
            "to",
            "until",
            "join_id",
            "solution_type",
            "cause",
            "inside",
            "stale",
        ),
    }
)
"""Names the form's pages and the API use themselves."""

PART_NAMES = tuple({part for parts in PARTS.values() for part in parts})


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one field of one question, in words; `question` is empty for the form as a whole."""

    question: str
    field: str
    words: str


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


# What is wrong


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


# What differs


def differences(old: Form, new: Form) -> list[str]:
    """What publishing `new` changes, as sentences."""
    before = {one.key: one for one in old.questions}
    after = {one.key: one for one in new.questions}
    found = [f"New: “{one.label}” ({asked_words(one)})." for key, one in after.items() if key not in before]
    found += [
        f"No longer asked: “{one.label}”. Answers given stay."
        for key, one in before.items()
        if key not in after
    ]
    for key, one in after.items():
        if key in before and before[key] != one:
            found += _changes(before[key], one, new)
    found += [f"“{after[key].label}” has moved." for key in _moved(old, new)]
    if old.types != new.types:
        words = ", ".join(label for _, label in new.types)
        found.append(
            f"Types of request are now: {words}." if words else "Types of request are no longer asked."
        )
    return found


def asked_words(question: Question) -> str:
    """Of whom and when a question is asked, in a few words."""
    if question.internal:
        return "managers only"
    if question.always:
        return "always, required" if question.required else "always"
    return "on demand"


def _changes(old: Question, new: Question, form: Form) -> Iterable[str]:
    name = f"“{new.label}”"
    if old.label != new.label:
        yield f"“{old.label}” now reads {name}."
    plain = {
        "help": "help",
        "why": "words on why it is asked",
        "kind": "kind of answer",
        "longest": "longest answer",
        "unit": "unit",
    }
    for part, words in plain.items():
        if getattr(old, part) != getattr(new, part):
            yield f"{name}: other {words}."
    if asked_words(old) != asked_words(new):
        yield f"{name}: {asked_words(new)} (was: {asked_words(old)})."
    if old.options != new.options:
        yield from _option_changes(name, old, new)
    if old.only_if != new.only_if:
        yield f"{name}: other conditions." if new.only_if else f"{name}: no condition any more."
    if old.units != new.units:
        yield (
            f"{name}: asked of {', '.join(new.units)} only." if new.units else f"{name}: asked of all units."
        )
    if old.types != new.types:
        labels = dict(form.types)
        words = ", ".join(labels.get(one, one) for one in new.types)
        yield f"{name}: asked for {words} only." if words else f"{name}: asked for all types."
    if old.feeds != new.feeds:
        feed = feeds.BY_KEY.get(new.feeds)
        yield (
            f"{name}: counts in the score as “{feed.label.lower()}”."
            if feed
            else f"{name}: no longer counts in the score."
        )


def _option_changes(name: str, old: Question, new: Question) -> Iterable[str]:
    before, after = dict(old.options), dict(new.options)
    yield from (f"{name}: new option “{words}”." for value, words in after.items() if value not in before)
    yield from (f"{name}: without “{words}”." for value, words in before.items() if value not in after)
    yield from (
        f"{name}: option “{before[value]}” now reads “{words}”."
        for value, words in after.items()
        if value in before and before[value] != words
    )
    stay = [value for value in before if value in after]
    if stay != [value for value in after if value in before]:
        yield f"{name}: options in another order."


def _moved(old: Form, new: Form) -> list[str]:
    """The questions that stand elsewhere among those both forms ask."""
    first = [one.key for one in old.questions if new.question(one.key)]
    second = [one.key for one in new.questions if old.question(one.key)]
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    still = {
        first[place]
        for block in matcher.get_matching_blocks()
        for place in range(block.a, block.a + block.size)
    }
    return [key for key in second if key not in still]


def conditions(chosen: Iterable[tuple[str, Iterable[str]]]) -> tuple[Condition, ...]:
    """Conditions as they were chosen, those without a question left out."""
    return tuple(Condition(question, tuple(values)) for question, values in chosen if question)
