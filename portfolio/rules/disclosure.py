"""What may be shown of people's answers so that nobody can work out what fewer than five of them said.

Whatever is shown about a question divides those who answered it into cells of five or more, always the same cut: totals
and differences of what was shown, at one time or at several, are then unions of cells. Two cuts of the same people are never
shown, since where one lies inside the other their difference may be a handful (Statistical Disclosure Control, Hundepool et
al. 2012, chapter 4: complementary suppression and differencing).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SMALLEST = 5
"""No answers of fewer people are ever shown."""


@dataclass(frozen=True)
class Cell:
    """Some groups shown as one, and how many of their people answered."""

    names: tuple[str, ...]
    people: int


@dataclass(frozen=True)
class Release:
    """Answers that were let out together: the batches they came in, and how many people gave them."""

    batches: tuple[int, ...]
    people: int


def may_show(people: int) -> bool:
    """Whether answers of so many people may be shown."""
    return people >= SMALLEST


def in_steps(people: int) -> int:
    """How many of the first answers may be shown while more come in: whole steps of five."""
    return people - people % SMALLEST


def cells(groups: Mapping[str, int]) -> tuple[Cell, ...]:
    """A cut into cells of five or more: groups under five go together as the last cell, and where that stays under five
    the smallest other group joins them. Empty where no more than one cell would be left: that is the total.

    `groups` says how many of each answered this question. Groups nobody answered from are left out.
    """
    answered = {name: people for name, people in groups.items() if people > 0}
    small = sorted(name for name, people in answered.items() if not may_show(people))
    large = sorted((name for name in answered if name not in small), key=lambda name: (answered[name], name))
    while small and large and not may_show(_people(small, answered)):
        small.append(large.pop(0))
    alone = [
        Cell((name,), answered[name]) for name in sorted(large, key=lambda name: (-answered[name], name))
    ]
    merged = [Cell(tuple(sorted(small)), _people(small, answered))] if small else []
    cut = tuple(alone + merged)
    return cut if len(cut) > 1 else ()


def releases(batches: Sequence[tuple[int, int]]) -> tuple[Release, ...]:
    """Which batches of answers, in the order they came, are let out, and which of them together.

    A batch with fewer than five answers waits for the next; what still waits at the end is not shown. What was let out before
    stays as it was when another batch comes, so an earlier and a later look differ by five people or by none.
    """
    made: list[Release] = []
    waiting: list[int] = []
    people = 0
    for number, count in batches:
        if count <= 0:
            continue
        waiting.append(number)
        people += count
        if may_show(people):
            made.append(Release(tuple(waiting), people))
            waiting, people = [], 0
    return tuple(made)


def _people(names: Iterable[str], groups: Mapping[str, int]) -> int:
    return sum(groups[name] for name in names)
