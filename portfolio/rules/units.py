"""Units of a formula's parts, combined where that is simple."""

from collections.abc import Mapping, Sequence

from portfolio.rules.arithmetic import Node

Unit = Mapping[str, int]
"""Exponents by base: money a year is {"money": 1, "year": -1}; a plain number, which fits any unit, is empty."""


def unit_of(node: Node, known: Mapping[str, str], text: str, remarks: list[str]) -> Unit:
    """The unit of a part, given those of the inputs in words; what is odd is added to `remarks`."""
    if node.kind == "name":
        return _unit(known[node.name])
    units = [unit_of(part, known, text, remarks) for part in node.parts]
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
    remarks.append(f"{unit_words(unit)} to the power of {what} has no unit of its own.")
    return {}


def _alike(units: Sequence[Unit], node: Node, remarks: list[str]) -> Unit:
    said = [unit for unit in units if unit]
    for unit in said[1:]:
        if dict(unit) != dict(said[0]):
            verb = {"+": "adds", "-": "subtracts"}.get(node.kind, "compares")
            remarks.append(f"It {verb} {unit_words(said[0])} and {unit_words(unit)}.")
            return {}
    return said[0] if said else {}


def unit_words(unit: Unit) -> str:
    """Such as "money / people / year"; "" for a plain number."""

    def power(base: str, by: int) -> str:
        return base if by == 1 else f"{base}^{by}"

    above = " × ".join(power(base, by) for base, by in sorted(unit.items()) if by > 0)
    below = "".join(f" / {power(base, -by)}" for base, by in sorted(unit.items()) if by < 0)
    return f"{above or '1'}{below}" if unit else ""
