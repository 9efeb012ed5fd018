"""Two people at one draft: what each wrote, put together field by field, and what only they can settle."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, str]


@dataclass(frozen=True)
class Merged:
    """`values` has everything, with the other's words where both wrote; `from_them` are fields only they changed, and
    `contested` those both did, each as (theirs, mine)."""

    values: dict[str, str]
    from_them: dict[str, str]
    contested: dict[str, tuple[str, str]]


def prints(values: Values) -> dict[str, str]:
    """A short print of each field as it was seen, so that its change can be told without keeping the old text."""
    return {name: _print(text) for name, text in values.items() if text}


def merge(theirs: Values, mine: Values, seen: Values) -> Merged:
    """Put `mine` onto `theirs`. `seen` has the prints of what I was shown before I wrote; a field not in it was empty."""
    values, from_them, contested = {}, {}, {}
    for name in sorted({*theirs, *mine}):
        their, my = theirs.get(name, ""), mine.get(name, "")
        was = seen.get(name, "")
        if their == my or _print(their) == was:
            values[name] = my
        else:
            values[name] = their
            if _print(my) == was:
                from_them[name] = their
            else:
                contested[name] = (their, my)
    return Merged({name: text for name, text in values.items() if text}, from_them, contested)


def _print(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""
