"""The grammar of a formula: from text to a tree, or to the place where it goes wrong.

The method is top-down operator precedence: Pratt 1973, doi 10.1145/512927.512931.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite

import numpy as np

from portfolio.rules.arithmetic import COMPARES, JOINS, Node, Run

LONGEST = 400
"""Characters. Each costs at most one pass over the draws, so the length bounds time and memory."""
DEEPEST = 40
"""Brackets and signs within one another."""
MOST_TERMS = 20
"""Of one min or max."""


class BadExpression(ValueError):
    """The formula can't be read. `column` counts from 1; the message says what is wrong there."""

    def __init__(self, column: int, words: str) -> None:
        super().__init__(f"At character {column}: {words}")
        self.column = column
        self.words = words


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
FUNCTIONS = {"log": (1, 1), "exp": (1, 1), "sqrt": (1, 1), "abs": (1, 1), "if": (3, 3), "min": (2, MOST_TERMS), "max": (2, MOST_TERMS)}  # fmt: skip
"""How few and how many terms each takes."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class Reader:
    """Reads one formula. Its depth and length are bounded, so it always ends."""

    def __init__(self, text: str, known: Iterable[str]) -> None:
        if len(text) > LONGEST:
            raise _wrong(LONGEST, f"This is too long: a formula has at most {LONGEST} characters.")
        self.text = text
        self.known = tuple(known)
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
            raise _wrong(token.start, f"There is no function {token.text}. There are {listed(FUNCTIONS)}.")
        if token.text not in self.known:
            near = get_close_matches(token.text, [*self.known, *FUNCTIONS], n=1)
            hint = f"Do you mean {near[0]}?" if near else f"There are {listed(self.known)}."
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
        run = Run(self.text, {}, 1)
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


def listed(names: Iterable[str]) -> str:
    """Names in a row: "a, b and c"."""
    every = list(names)
    return (
        every[0] if len(every) == 1 else ", ".join(every[:-1]) + f" and {every[-1]}" if every else "nothing"
    )
