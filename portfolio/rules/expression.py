"""A scoring formula of one's own over named inputs: read safely, explained where it is wrong, worked out over all draws at once.

Written here rather than taken: simpleeval and asteval run Python's own grammar and need guards against it (9**9**9 of whole
numbers, ten thousand brackets), take `if` for single values only, and point at Python's errors instead of the reader's.
This grammar knows floats, a dozen operators and seven functions, so there is nothing else it could run: `rules/grammar.py` reads,
`rules/arithmetic.py` works out, `rules/units.py` combines units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from portfolio.rules.arithmetic import Node, Run
from portfolio.rules.grammar import BadExpression, Reader, listed
from portfolio.rules.ranges import Range
from portfolio.rules.units import unit_of, unit_words

__all__ = ["BadExpression", "Expression", "Input", "Valued", "evaluate", "parse"]


@dataclass(frozen=True)
class Input:
    """Something a formula may name. `unit` such as "people", "hours" or "money / year"; "" for a plain number."""

    name: str
    unit: str
    description: str


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
    known = {one.name: one.unit for one in inputs}
    tree = Reader(text, known).read()
    remarks: list[str] = []
    unit = unit_of(tree, known, text, remarks)
    return Expression(text, unit_words(unit), tree.names, tuple(dict.fromkeys(remarks)), tree)


def evaluate(expression: Expression, values: Mapping[str, ArrayLike | None]) -> Valued:
    """Work a formula out for one request: each input a number or its draws, None where nobody said.

    The range is the 10th, 50th and 90th percentile over the draws. A draw that divides by zero, takes the logarithm of nothing
    or grows past 10^300 leaves the whole without a value, and the reason says which part and in how many draws; `if` guards:
    only the branch taken counts. Never NaN, never an exception. Raises ValueError only for draws of unequal number.
    """
    missing = [name for name in expression.names if values.get(name) is None]
    if missing:
        return Valued(None, f"Nobody said {listed(missing)}.")
    drawn = {name: np.atleast_1d(np.asarray(values[name], np.float64)) for name in expression.names}
    sizes = {len(one) for one in drawn.values() if len(one) != 1}
    if len(sizes) > 1:
        raise ValueError("All inputs need the same number of draws.")
    for name, one in drawn.items():
        if not np.isfinite(one).all():
            return Valued(None, f"{name} is no number here.")
    run = Run(expression.text, drawn, sizes.pop() if sizes else 1)
    with np.errstate(all="ignore"):
        found, trouble = run.of(expression.tree)
    if trouble.any():
        return Valued(None, run.explain(trouble))
    return Valued(Range.of(found))  # type: ignore[arg-type] # sorts any floats
