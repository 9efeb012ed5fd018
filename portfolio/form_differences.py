"""What differs between two versions of a form, as sentences."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from portfolio import feeds
from portfolio.questions import Form, Question


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
