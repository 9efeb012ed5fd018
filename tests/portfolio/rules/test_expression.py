"""One's own formula: what it comes to, what it refuses and how it says so."""

import time
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.expression import BadExpression, Input, Valued, evaluate, parse
from portfolio.rules.grammar import LONGEST
from portfolio.rules.ranges import Range

INPUTS = (
    Input("impact", "points", "Impact points"),
    Input("hours", "hours", "Your hours"),
    Input("expert_hours", "hours", "Experts' hours"),
    Input("people", "people", "People reached"),
    Input("value", "money / year", "Worth a year"),
    Input("fit", "", "Chance that training fits"),
)
VALUES = {"impact": 12.0, "hours": 30.0, "expert_hours": 6.0, "people": 40.0, "value": 90_000.0, "fit": 0.4}

PEOPLE = np.linspace(0, 60, 50)


def worth(text: str, **values: object) -> Valued:
    return evaluate(parse(text, INPUTS), {**VALUES, **values})  # type: ignore[dict-item] # tests pass anything


def point(value: float) -> Valued:
    return Valued(Range(value, value, value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("impact / hours", 0.4),
        ("impact/hours*2", 0.8),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("2 ** 3", 8),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("8 - 3 - 2", 3),
        ("16 / 4 / 2", 2),
        ("- - 3", 3),
        ("+3", 3),
        (".5 + 1.", 1.5),
        ("1e3", 1000),
        ("2 × 3 − 8 ÷ 4", 4),
        ("min(5, people, 7)", 5),
        ("max(people, hours, 1)", 40),
        ("log(people)", log(40)),
        ("exp(fit)", exp(0.4)),
        ("sqrt(people + 9)", 7),
        ("abs(hours - people)", 10),
        ("if(people > 20, 2, 1)", 2),
        ("if(people ≥ 40 and not fit > 0.5, 2, 1)", 2),
        ("if(people < 20 or hours <> 30, 2, 1)", 1),
        ("if(people = 40, 2, 1) + if(hours != 30, 10, 20)", 22),
        ("if(1 < 2, 5, 6)", 5),
        ("  impact\n *\t2 ", 24),
    ],
)
def test_a_formula_comes_to_its_value(text: str, expected: float) -> None:
    found = worth(text).range
    assert found is not None
    assert (found.low, found.likely, found.high) == pytest.approx((expected, expected, expected))


def test_over_draws_it_comes_to_a_range() -> None:
    draws = np.arange(1, 101, dtype=np.float64)
    assert worth("2 * people", people=draws) == Valued(Range(22, 102, 180))
    assert worth("if(people > 50, 1, 0)", people=draws) == Valued(Range(0, 1, 1))


@pytest.mark.parametrize(
    ("text", "unit", "remarks"),
    [
        ("impact / hours", "points / hours", ()),
        ("value * fit / people", "money / people / year", ()),
        ("hours + expert_hours", "hours", ()),
        ("hours + 5", "hours", ()),
        ("hours / hours", "", ()),
        ("1 / hours", "1 / hours", ()),
        ("hours ^ 2", "hours^2", ()),
        ("sqrt(hours * hours)", "hours", ()),
        ("max(hours, 1)", "hours", ()),
        ("-abs(hours)", "hours", ()),
        ("if(fit > 0.5, impact, 2)", "points", ()),
        ("log(people)", "", ()),
        ("people + hours", "", ("It adds people and hours.",)),
        ("if(people > hours, 1, 2)", "", ("It compares people and hours.",)),
        ("people ^ fit", "", ("people to the power of fit has no unit of its own.",)),
        ("sqrt(people)", "", ("people to the power of 0.5 has no unit of its own.",)),
    ],
)
def test_units_are_combined_and_odd_ones_remarked(text: str, unit: str, remarks: tuple[str, ...]) -> None:
    found = parse(text, INPUTS)
    assert (found.unit, found.remarks) == (unit, remarks)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "Write a formula, such as impact / hours."),
        ("   ", 1, "Write a formula, such as impact / hours."),
        ("impact /", 9, "The formula breaks off here: something should follow."),
        ("* 3", 1, "There should be a number, an input or a bracket before *."),
        ("(impact", 1, "This bracket is never closed."),
        ("impact)", 7, "This bracket closes nothing."),
        ("2 people", 3, "Something is missing before people, perhaps * or a comma within brackets."),
        ("(2 people)", 4, "Something is missing before people: a sign, a comma or a closing bracket."),
        ("impcat / hours", 1, "There is no input impcat. Do you mean impact?"),
        ("zzz", 1, "There is no input zzz. There are impact, hours, expert_hours, people, value and fit."),
        ("round(3)", 1, "There is no function round. There are log, exp, sqrt, abs, if, min and max."),
        ("log people", 5, "After log comes a bracket: log(...)."),
        ("log(2, 3)", 1, "log takes one term; here are 2."),
        ("min(1)", 1, "min takes 2 to 20 terms with commas between; here are 1."),
        ("if()", 1, "if takes 3 terms with commas between; here are 0."),
        ("if(people, 1, 2)", 4, "if needs a condition here, such as people > 20."),
        ("if(people > 1, 1, fit > 2)", 19, "if needs a number here, and this is true or false."),
        ("1 < people < 9", 1, "Compare two numbers at a time, and join comparisons with and."),
        ("people > 3", 1, "This is true or false and no number. Write if(condition, then, otherwise)."),
        ("not people", 5, "not needs a condition here, such as people > 20."),
        ("people and hours", 1, "and needs a condition here, such as people > 20."),
        ("1 + (people > 3)", 5, "+ needs a number here, and this is true or false."),
        ("-(people > 3)", 2, "- needs a number here, and this is true or false."),
        ("60 % * impact", 4, "Write 0.6 for 60 %."),
        ("'a' * 3", 1, "Text has no place in a formula, only numbers and inputs."),
        ("[1]", 1, "Only round brackets ( ) are known."),
        ("impact.real", 7, ". has no meaning here."),
        ("impact := 3", 8, ": has no meaning here."),
        ("1e999", 1, "This number is too large."),
        ("9^9^9", 1, "9^9^9 is too large."),
        ("impact + 9**9**9", 10, "9**9**9 is too large."),
        ("1 / 0", 1, "It divides by 0, which is zero."),
        ("log(0)", 1, "It takes the logarithm of 0, which is zero or less."),
        ("(-8) ^ 0.5", 1, "(-8) ^ 0.5 has no value."),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_explained_where_it_stands(text: str, column: int, words: str) -> None:
    with pytest.raises(BadExpression) as told:
        parse(text, INPUTS)
    assert (told.value.column, told.value.words) == (column, words)
    assert str(told.value) == f"At character {column}: {words}"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 150 + "1" + ")" * 150,
        "-" * 300 + "1",
        "not " * 90 + "1",
        "1" * (LONGEST + 1),
        "2^" * 150 + "2",
        "min(" * 60,
        "__import__('os').system('true')",
        "impact.__class__.__mro__",
        "lambda: 1",
        "[x for x in (1,)]",
        "(x for x in people)",
        "f'{impact}'",
        "open(1)",
        "eval(impact)",
        "impact; hours",
        "impact if fit else hours",
        "impact := 1",
        "people[0]",
        "{1}",
        "1_000",
        "0x10",
        "1j",
        "import os",
        "impact\x00",
        "ímpact",
        "🙂",
    ],
)
def test_nothing_but_formulas_is_read(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text, INPUTS)


def test_a_formula_as_long_as_may_be_is_worked_out_over_all_draws_at_once() -> None:
    long = "+".join(["fit"] * 100)
    assert len(long) <= LONGEST
    draws = np.linspace(0.1, 0.9, 4_000)
    expression = parse(long, INPUTS)
    started = time.perf_counter()
    found = evaluate(expression, {"fit": draws})
    assert time.perf_counter() - started < 0.2
    assert found.range is not None
    assert found.range.likely == pytest.approx(50, rel=1e-3)
    short = "+".join(["a"] * 200)
    assert evaluate(parse(short, (Input("a", "", ""),)), {"a": 1}).range == Range(200, 200, 200)


@pytest.mark.parametrize(
    ("text", "values", "reason"),
    [
        ("impact / people", {"people": 0}, "It divides by people, which is zero."),
        ("impact / (people - 40)", {}, "It divides by (people - 40), which is zero."),
        ("log(people - 40)", {}, "It takes the logarithm of people - 40, which is zero or less."),
        ("sqrt(hours - people)", {}, "It takes the square root of hours - people, which is negative."),
        ("(hours - people) ^ 0.5", {}, "(hours - people) ^ 0.5 has no value."),
        ("(people - 40) ^ -1", {}, "(people - 40) ^ -1 has no value."),
        ("exp(value)", {}, "exp(value) is too large."),
        ("value ^ people ^ hours", {}, "value ^ people ^ hours is too large."),
        ("impact / people", {"people": None}, "Nobody said people."),
        ("value / people + hours", {"people": None, "value": None}, "Nobody said value and people."),
        ("impact", {"impact": float("nan")}, "impact is no number here."),
        ("impact", {"impact": float("inf")}, "impact is no number here."),
    ],
)  # fmt: skip
def test_no_value_comes_with_its_reason(text: str, values: dict[str, float | None], reason: str) -> None:
    assert worth(text, **values) == Valued(None, reason)


def test_a_few_bad_draws_are_counted_and_a_guard_helps() -> None:
    people = np.array([0.0, 0.0, 3.0, *[10.0] * 3997])
    assert (
        worth("impact / people", people=people).reason
        == "It divides by people, which is zero in 2 of 4,000 draws."
    )
    assert worth("if(people > 0, impact / people, 0)", people=people) == point(1.2)
    assert worth("if(people > 0 and impact / people > 1, 1, 0)", people=people) == point(1)
    assert worth("if(people = 0 or impact / people > 1, 1, 0)", people=people) == point(1)


def test_draws_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="same number"):
        worth("impact + people", impact=[1, 2, 3], people=[1, 2])


pieces = st.sampled_from(
    ["impact", "hours", "people", "fit", "0", "1", "2.5", "1e300", "+", "-", "*", "/", "^", "(", ")", ",", "<", "=", "and", "or", "not", "if(", "min(", "max(", "log(", "exp(", "sqrt(", "abs("]
)  # fmt: skip


@given(st.lists(pieces, max_size=25).map(" ".join) | st.text(max_size=60))
@settings(max_examples=500, deadline=None)
def test_whatever_is_written_is_a_range_a_reason_or_a_place(text: str) -> None:
    try:
        expression = parse(text, INPUTS)
    except BadExpression as told:
        at = told.column
    else:
        at = 1
        found = evaluate(expression, {**VALUES, "people": PEOPLE, "hours": PEOPLE - 30})
        assert (found.range is None) == bool(found.reason)
        if found.range:
            assert np.isfinite([found.range.low, found.range.likely, found.range.high]).all()
    assert 1 <= at <= len(text) + 1


numbers = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))
formulas = st.recursive(
    numbers.map(lambda value: f"({value!r})") | st.sampled_from(["impact", "hours"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda three: f"({three[0]} {three[1]} {three[2]})"),
    max_leaves=8,
)  # fmt: skip


@given(formulas, st.floats(1, 100), st.floats(1, 100))
@settings(max_examples=200, deadline=None)
def test_arithmetic_agrees_with_pythons(text: str, impact: float, hours: float) -> None:
    try:
        expected = eval(text, {"__builtins__": {}}, {"impact": impact, "hours": hours})  # noqa: S307 # our own formulas only
    except ZeroDivisionError:
        with pytest.raises((BadExpression, AssertionError)):
            assert evaluate(parse(text, INPUTS), {"impact": impact, "hours": hours}).range
        return
    found = evaluate(parse(text, INPUTS), {"impact": impact, "hours": hours})
    assert found.range
    assert found.range.likely == pytest.approx(expected, rel=1e-9, abs=1e-9)
