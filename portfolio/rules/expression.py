"""A scoring formula of one's own over named inputs: read safely, explained where it is wrong, worked out over all draws at once.

Written here rather than taken: simpleeval and asteval run Python's own grammar and need guards against it (9**9**9 of whole
numbers, ten thousand brackets), take `if` for single values only, and point at Python's errors instead of the reader's.
This grammar knows floats, a dozen operators and seven functions, so there is nothing else it could run.
The method is top-down operator precedence: Pratt 1973, doi 10.1145/512927.512931.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from portfolio.rules.ranges import Range

LONGEST = 400
"""Characters. Each costs at most one pass over the draws, so the length bounds time and memory."""
DEEPEST = 40
"""Brackets and signs within one another."""
MOST_TERMS = 20
"""Of one min or max."""
LARGEST_VALUE = 1e300


class BadExpression(ValueError):
    """The formula can't be read. `column` counts from 1; the message says what is wrong there."""

    def __init__(self, column: int, words: str) -> None:
        super().__init__(f"At character {column}: {words}")
        self.column = column
        self.words = words


@dataclass(frozen=True)
class Input:
    """Something a formula may name. `unit` such as "people", "hours" or "money / year"; "" for a plain number."""

    name: str
    unit: str
    description: str


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


@dataclass(frozen=True)
class Expression:
    """A formula that was read. `unit` is its result's ("" for a plain number), `names` the inputs it uses, `remarks` what is
    allowed and odd (adding people to hours)."""

    text: str
    unit: str
    names: tuple[str, ...]
    remarks: tuple[str, ...]
    tree: Node = field(repr=False, compare=False)


@dataclass(frozen=True)
class Valued:
    """What a formula comes to: a range, or None with the reason in words."""

    range: Range | None
    reason: str = ""


def parse(text: str, inputs: Sequence[Input]) -> Expression:
    """Read a formula of numbers, inputs, + - * / ^, brackets, < <= > >= = !=, and, or, not, and min(a, b), max(a, b), log(a)
    (natural), exp(a), sqrt(a), abs(a), if(condition, then, otherwise). × ÷ − ≤ ≥ ≠ mean what they look like.

    Raises BadExpression with the place. Nothing of Python's can be named: no attributes, no text, no calls but these.
    """
    known = {one.name: one for one in inputs}
    tree = _Reader(text, known).read()
    remarks: list[str] = []
    unit = _unit_of(tree, known, text, remarks)
    return Expression(text, _unit_words(unit), tree.names, tuple(dict.fromkeys(remarks)), tree)


def evaluate(expression: Expression, values: Mapping[str, ArrayLike | None]) -> Valued:
    """Work a formula out for one request: each input a number or its draws, None where nobody said.

    The range is the 10th, 50th and 90th percentile over the draws. A draw that divides by zero, takes the logarithm of nothing
    or grows past 10^300 leaves the whole without a value, and the reason says which part and in how many draws; `if` guards:
    only the branch taken counts. Never NaN, never an exception. Raises ValueError only for draws of unequal number.
    """
    missing = [name for name in expression.names if values.get(name) is None]
    if missing:
        return Valued(None, f"Nobody said {_listed(missing)}.")
    drawn = {name: np.atleast_1d(np.asarray(values[name], np.float64)) for name in expression.names}
    sizes = {len(one) for one in drawn.values() if len(one) != 1}
    if len(sizes) > 1:
        raise ValueError("All inputs need the same number of draws.")
    for name, one in drawn.items():
        if not np.isfinite(one).all():
            return Valued(None, f"{name} is no number here.")
    run = _Run(expression.text, drawn, sizes.pop() if sizes else 1)
    with np.errstate(all="ignore"):
        found, trouble = run.of(expression.tree)
    if trouble.any():
        return Valued(None, run.explain(trouble))
    return Valued(Range.of(found))  # type: ignore[arg-type] # sorts any floats


# Reading

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|<>|[-+*/^()<>=,]))"
)
LOOKS_LIKE = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "≤": "≤", "≥": "≥", "≠": "≠"})
SAME = {"**": "^", "==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
BINDS = {
    "or": 1,
    "and": 2,
    "=": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "^": 8,
}
NOT, SIGN = 3, 7
COMPARES = frozenset({"=", "!=", "<", "<=", ">", ">="})
JOINS = frozenset({"and", "or"})
FUNCTIONS = {"log": (1, 1), "exp": (1, 1), "sqrt": (1, 1), "abs": (1, 1), "if": (3, 3), "min": (2, MOST_TERMS), "max": (2, MOST_TERMS)}  # fmt: skip
"""How few and how many terms each takes."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Reader:
    """Reads one formula. Its depth and length are bounded, so it always ends."""

    def __init__(self, text: str, known: Mapping[str, Input]) -> None:
        if len(text) > LONGEST:
            raise _wrong(LONGEST, f"This is too long: a formula has at most {LONGEST} characters.")
        self.text = text
        self.known = known
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def read(self) -> Node:
        if self.now.kind == "end":
            raise _wrong(0, "Write a formula, such as impact / hours.")
        tree = self.part(0)
        if self.now.text == ")":
            raise _wrong(self.now.start, "This bracket closes nothing.")
        if self.now.kind != "end":
            raise _wrong(
                self.now.start,
                f"Something is missing before {self.now.text}, perhaps * or a comma within brackets.",
            )
        if tree.is_truth:
            raise _wrong(
                tree.start, "This is true or false and no number. Write if(condition, then, otherwise)."
            )
        return tree

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def next(self) -> _Token:
        token = self.now
        self.at += 1
        return token

    def part(self, binds: int) -> Node:
        """Everything that binds tighter than `binds`, from here on."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _wrong(self.now.start, f"This is nested too deeply: {DEEPEST} brackets at most.")
        left = self.first()
        while BINDS.get(self.now.text, 0) > binds:
            left = self.joined(left, self.next())
        self.depth -= 1
        return left

    def joined(self, left: Node, sign: _Token) -> Node:
        binds = BINDS[sign.text]
        right = self.part(binds - 1 if sign.text == "^" else binds)
        wants_truth = sign.text in JOINS
        for side in (left, right):
            if side.is_truth is not wants_truth:
                raise _wrong(side.start, _wrong_kind(sign.text, wants_truth=wants_truth))
        is_truth = wants_truth or sign.text in COMPARES
        return self.folded(Node(sign.text, (left, right), start=left.start, end=right.end, is_truth=is_truth))

    def first(self) -> Node:
        token = self.next()
        if token.kind == "number":
            value = float(token.text)
            if not isfinite(value):
                raise _wrong(token.start, "This number is too large.")
            return Node("number", value=value, start=token.start, end=token.end)
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            inside = self.part(0)
            end = self.close(token)
            return Node(**{**vars(inside), "start": token.start, "end": end})
        if token.text in {"-", "+"}:
            part = self.part(SIGN)
            if part.is_truth:
                raise _wrong(part.start, _wrong_kind(token.text, wants_truth=False))
            kind = "negative" if token.text == "-" else "positive"
            return self.folded(Node(kind, (part,), start=token.start, end=part.end))
        if token.kind == "end":
            raise _wrong(token.start, "The formula breaks off here: something should follow.")
        raise _wrong(token.start, f"There should be a number, an input or a bracket before {token.text}.")

    def named(self, token: _Token) -> Node:
        if token.text == "not":
            part = self.part(NOT)
            if not part.is_truth:
                raise _wrong(part.start, _wrong_kind("not", wants_truth=True))
            return self.folded(Node("not", (part,), start=token.start, end=part.end, is_truth=True))
        if token.text in FUNCTIONS:
            return self.called(token)
        if self.now.text == "(":
            raise _wrong(token.start, f"There is no function {token.text}. There are {_listed(FUNCTIONS)}.")
        if token.text not in self.known:
            near = get_close_matches(token.text, [*self.known, *FUNCTIONS], n=1)
            hint = f"Do you mean {near[0]}?" if near else f"There are {_listed(self.known)}."
            raise _wrong(token.start, f"There is no input {token.text}. {hint}")
        return Node("name", name=token.text, start=token.start, end=token.end)

    def called(self, token: _Token) -> Node:
        if self.now.text != "(":
            raise _wrong(self.now.start, f"After {token.text} comes a bracket: {token.text}(...).")
        bracket = self.next()
        parts = [] if self.now.text == ")" else [self.part(0)]
        while self.now.text == ",":
            self.next()
            parts.append(self.part(0))
        end = self.close(bracket)
        fewest, most = FUNCTIONS[token.text]
        if not fewest <= len(parts) <= most:
            raise _wrong(token.start, f"{token.text} takes {_terms(fewest, most)}; here are {len(parts)}.")
        for index, part in enumerate(parts):
            wants_truth = token.text == "if" and index == 0
            if part.is_truth is not wants_truth:
                raise _wrong(part.start, _wrong_kind(token.text, wants_truth=wants_truth))
        return self.folded(Node(token.text, tuple(parts), start=token.start, end=end))

    def folded(self, node: Node) -> Node:
        """What holds no input is worked out at once, so that 9^9^9 and 1/0 are refused where they stand."""
        if any(part.kind != "number" for part in node.parts):
            return node
        run = _Run(self.text, {}, 1)
        with np.errstate(all="ignore"):
            found, trouble = run.of(node)
        if trouble.any():
            raise _wrong(node.start, run.explain(trouble))
        if node.is_truth:
            return node
        return Node("number", value=float(found[0]), start=node.start, end=node.end)

    def close(self, opened: _Token) -> int:
        if self.now.text != ")":
            if self.now.kind == "end":
                raise _wrong(opened.start, "This bracket is never closed.")
            raise _wrong(
                self.now.start,
                f"Something is missing before {self.now.text}: a sign, a comma or a closing bracket.",
            )
        return self.next().end


def _tokens(text: str) -> list[_Token]:
    plain = text.translate(LOOKS_LIKE)
    found, at = [], 0
    while plain[at:].strip():
        at += len(plain[at:]) - len(plain[at:].lstrip())
        if plain[at] in "≤≥≠":
            found.append(_Token("sign", SAME[plain[at]], at, at + 1))
            at += 1
            continue
        match = TOKEN.match(plain, at)
        if match is None or match.lastgroup is None:
            raise _wrong(at, _stranger(text[at]))
        words = match[match.lastgroup]
        found.append(_Token(match.lastgroup, SAME.get(words, words), at, match.end()))
        at = match.end()
    return [*found, _Token("end", "the end", len(text), len(text))]


def _stranger(sign: str) -> str:
    if sign in "'\"`":
        return "Text has no place in a formula, only numbers and inputs."
    if sign == "%":
        return "Write 0.6 for 60 %."
    if sign in "[]{}":
        return "Only round brackets ( ) are known."
    return f"{sign} has no meaning here."


def _terms(fewest: int, most: int) -> str:
    if most == 1:
        return "one term"
    return f"{fewest if fewest == most else f'{fewest} to {most}'} terms with commas between"


def _wrong_kind(what: str, *, wants_truth: bool) -> str:
    if wants_truth:
        return f"{what} needs a condition here, such as people > 20."
    if what in COMPARES:
        return "Compare two numbers at a time, and join comparisons with and."
    return f"{what} needs a number here, and this is true or false."


def _wrong(start: int, words: str) -> BadExpression:
    return BadExpression(start + 1, words)


# Working out

Values = NDArray[np.float64]
Trouble = NDArray[np.int16]

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


class _Run:
    """One working out. Beside each value goes the number of what went wrong in that draw (0: nothing)."""

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


# Units

Unit = Mapping[str, int]
"""Exponents by base: money a year is {"money": 1, "year": -1}; a plain number, which fits any unit, is empty."""


def _unit_of(node: Node, known: Mapping[str, Input], text: str, remarks: list[str]) -> Unit:
    if node.kind == "name":
        return _unit(known[node.name].unit)
    units = [_unit_of(part, known, text, remarks) for part in node.parts]
    if node.kind in {"*", "/"}:
        return _times(units[0], units[1], 1 if node.kind == "*" else -1)
    if node.kind in {"^", "sqrt"}:
        exponent = node.parts[1] if node.kind == "^" else Node("number", value=0.5)
        return _to_the(units[0], exponent, text, remarks)
    if node.kind in KEEPS_UNIT:
        return _alike(units[node.kind == "if" :], node, remarks)
    _alike(units, node, remarks)
    return {}


KEEPS_UNIT = frozenset({"+", "-", "min", "max", "if", "negative", "positive", "abs"})


def _unit(words: str) -> Unit:
    above, *below = (part.strip() for part in words.split("/"))
    found: dict[str, int] = {}
    for part, by in ((above, 1), *((one, -1) for one in below)):
        for base in filter(None, (one.strip() for one in part.split("×"))):
            found[base] = found.get(base, 0) + by
    return found


def _times(one: Unit, other: Unit, by: int) -> Unit:
    powers = {base: one.get(base, 0) + by * other.get(base, 0) for base in (*one, *other)}
    return {base: power for base, power in powers.items() if power}


def _to_the(unit: Unit, exponent: Node, text: str, remarks: list[str]) -> Unit:
    power = exponent.value
    if not unit or (exponent.kind == "number" and all((by * power).is_integer() for by in unit.values())):
        return {base: int(by * power) for base, by in unit.items() if by * power}
    what = text[exponent.start : exponent.end].strip() or f"{power:g}"
    remarks.append(f"{_unit_words(unit)} to the power of {what} has no unit of its own.")
    return {}


def _alike(units: Sequence[Unit], node: Node, remarks: list[str]) -> Unit:
    said = [unit for unit in units if unit]
    for unit in said[1:]:
        if dict(unit) != dict(said[0]):
            verb = {"+": "adds", "-": "subtracts"}.get(node.kind, "compares")
            remarks.append(f"It {verb} {_unit_words(said[0])} and {_unit_words(unit)}.")
            return {}
    return said[0] if said else {}


def _unit_words(unit: Unit) -> str:
    def power(base: str, by: int) -> str:
        return base if by == 1 else f"{base}^{by}"

    above = " × ".join(power(base, by) for base, by in sorted(unit.items()) if by > 0)
    below = "".join(f" / {power(base, -by)}" for base, by in sorted(unit.items()) if by < 0)
    return f"{above or '1'}{below}" if unit else ""


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    every = list(names)
    return (
        every[0] if len(every) == 1 else ", ".join(every[:-1]) + f" and {every[-1]}" if every else "nothing"
    )
