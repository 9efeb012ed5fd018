"""Who is named in a comment: "@Mara Manager", "@mara@example.org"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """Somebody who can be named."""

    id: int
    name: str
    email: str


def mentioned(words: str, known: Sequence[Known]) -> tuple[int, ...]:
    """The ids of those named in `words`, in the order of their first naming, each once.

    An @ names somebody when a known e-mail, a known whole name, or a first name that only one of them has follows it, upper
    and lower case alike. The longest fits: "@Ann Marie" is not Ann.
    """
    calls = _calls(known)
    found: dict[int, None] = {}
    for sign in re.finditer(r"(?<![\w@])@", words):
        rest = words[sign.end() :].casefold()
        for call, number in calls:
            if rest.startswith(call) and not re.match(r"[\w@]|[.-]\w", rest[len(call) :]):
                found[number] = None
                break
    return tuple(found)


def _calls(known: Sequence[Known]) -> list[tuple[str, int]]:
    """What each may be called, the longest first; names that two people have name nobody."""
    calls: dict[str, set[int]] = {}
    for one in known:
        first = one.name.split(" ")[0]
        for call in {one.email.casefold(), one.name.casefold(), first.casefold()} - {""}:
            calls.setdefault(call, set()).add(one.id)
    single = [(call, min(ids)) for call, ids in calls.items() if len(ids) == 1]
    return sorted(single, key=lambda one: (-len(one[0]), one[0]))
