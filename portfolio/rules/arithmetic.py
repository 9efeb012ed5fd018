"""A formula as a tree, and its value over all draws at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Trouble = NDArray[np.int16]
"""For each draw the number of what went wrong in it; 0 is nothing."""

JOINS = frozenset({"and", "or"})
COMPARES = frozenset({"=", "!=", "<", "<=", ">", ">="})
LARGEST_VALUE = 1e300


@dataclass(frozen=True)
class Node:
    """A piece of a formula: what it does, to what, where it stands (characters from `start` to before `end`)."""

    kind: str
    parts: tuple["Node", ...] = ()
    value: float = 0.0
    name: str = ""
    start: int = 0
    end: int = 0
    is_truth: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        own = (self.name,) if self.kind == "name" else ()
        return tuple(dict.fromkeys((*own, *(name for part in self.parts for name in part.names))))


ARITHMETIC: dict[str, Callable[[Values, Values], Values]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "min": np.minimum,
    "max": np.maximum,
}
ALONE: dict[str, Callable[[Values], Values]] = {
    "negative": np.negative,
    "positive": np.positive,
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "not": np.logical_not,
}


class Run:
    """One working out of a tree. Whoever starts it lets NumPy ignore errors; they are noted here."""

    def __init__(self, text: str, values: Mapping[str, Values], size: int) -> None:
        self.text = text
        self.values = values
        self.size = size
        self.words: list[str] = []

    def of(self, node: Node) -> tuple[Values, Trouble]:
        if not node.parts:
            value = self.values[node.name] if node.kind == "name" else np.array([node.value])
            return np.broadcast_to(value, (self.size,)), np.zeros(self.size, np.int16)
        if node.kind == "if":
            return self.chosen(*node.parts)
        if node.kind in JOINS:
            return self.both_or_either(node)
        (value, trouble), *others = [self.of(part) for part in node.parts]
        if not others:
            return self.alone(node, value, trouble)
        for other, others_trouble in others:
            trouble = _first(trouble, others_trouble)
            value, trouble = self.pair(node, value, other, trouble)
        return value, trouble

    def alone(self, node: Node, value: Values, trouble: Trouble) -> tuple[Values, Trouble]:
        inner = self.source(node.parts[0])
        if node.kind == "log":
            trouble = self.note(
                trouble, value <= 0, f"It takes the logarithm of {inner}, which is zero or less"
            )
        elif node.kind == "sqrt":
            trouble = self.note(trouble, value < 0, f"It takes the square root of {inner}, which is negative")
        return self.finite(np.asarray(ALONE[node.kind](value), np.float64), trouble, node)

    def pair(self, node: Node, left: Values, right: Values, trouble: Trouble) -> tuple[Values, Trouble]:
        if node.kind == "/":
            trouble = self.note(
                trouble, right == 0, f"It divides by {self.source(node.parts[1])}, which is zero"
            )
        elif node.kind == "^":
            no_power = ((left == 0) & (right < 0)) | ((left < 0) & (right != np.rint(right)))
            trouble = self.note(trouble, no_power, f"{self.source(node)} has no value")
        return self.finite(np.asarray(ARITHMETIC[node.kind](left, right), np.float64), trouble, node)

    def chosen(self, condition: Node, then: Node, otherwise: Node) -> tuple[Values, Trouble]:
        (is_so, doubt), (yes, yes_trouble), (no, no_trouble) = map(self.of, (condition, then, otherwise))
        taken = is_so > 0
        return np.where(taken, yes, no), _first(doubt, np.where(taken, yes_trouble, no_trouble))

    def both_or_either(self, node: Node) -> tuple[Values, Trouble]:
        (left, left_trouble), (right, right_trouble) = map(self.of, node.parts)
        settled = left > 0 if node.kind == "or" else left <= 0
        joined = np.maximum(left, right) if node.kind == "or" else np.minimum(left, right)
        value = np.where(settled, left, joined)
        return value, _first(left_trouble, np.where(settled, np.int16(0), right_trouble))

    def finite(self, value: Values, trouble: Trouble, node: Node) -> tuple[Values, Trouble]:
        """Values to go on with: what went wrong counts as 1 from here on, so that nothing follows from it."""
        too_large = ~(np.abs(value) <= LARGEST_VALUE)
        if too_large.any():
            trouble = self.note(trouble, too_large, f"{self.source(node)} is too large")
            value = np.where(too_large, 1.0, value)
        return value, trouble

    def note(self, trouble: Trouble, wrong: NDArray[np.bool_], words: str) -> Trouble:
        if not wrong.any():
            return trouble
        self.words.append(words)
        return _first(trouble, np.where(wrong, np.int16(len(self.words)), np.int16(0)))

    def source(self, node: Node) -> str:
        return self.text[node.start : node.end].strip() or "this"

    def explain(self, trouble: Trouble) -> str:
        wrong = trouble[trouble > 0]
        which = int(np.bincount(wrong).argmax())
        often = "" if len(wrong) == len(trouble) else f" in {len(wrong):,} of {len(trouble):,} draws"
        return f"{self.words[which - 1]}{often}."


def _first(one: Trouble, other: Trouble) -> Trouble:
    return np.where(one > 0, one, other).astype(np.int16)
