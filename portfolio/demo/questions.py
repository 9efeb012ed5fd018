"""What the invented company asks besides: version 2 of its form, published early in the year."""

from dataclasses import replace
from typing import Any

from portfolio import editing
from portfolio.questions import FIRST, Condition, Form, Kind, Question

SITES = Question(
    "sites",
    "Where do these people work?",
    "Tick all that apply.",
    Kind.MANY_OF,
    options=(
        ("main_plant", "Main plant"),
        ("paint_shop", "Paint shop"),
        ("shops", "Our shops"),
        ("on_the_road", "On the road"),
    ),
    always=True,
    why="It decides whether people can meet, and when.",
)
PERSON_TO_ASK = Question(
    "person_to_ask",
    "Whom should we ask about the details?",
    "Somebody who does the work, rather than somebody who plans it.",
    Kind.PERSON,
)
SHIFTS = Question(
    "shifts",
    "Do they work in shifts?",
    "",
    Kind.ONE_OF,
    options=(("no", "No"), ("two", "Two shifts"), ("three", "Three shifts")),
    always=True,
    only_if=(Condition("sites", ("main_plant", "paint_shop")),),
)


def form() -> Form:
    """The shipped form with three questions of the company's own."""
    made = FIRST
    for question in (SITES, SHIFTS, PERSON_TO_ASK):
        made = editing.put(made, question)
    risk = made.question("risk")
    assert risk is not None  # noqa: S101 - Outsize ships with it
    return editing.put(made, replace(risk, label="What could happen if people can't do this?"))


PLANT = frozenset({"Assembly", "Frame Shop", "Quality", "Warehouse"})


def answers(title: str, unit: str) -> dict[str, Any]:
    """What one in four people answer to them; who, follows from the title so that nothing else shifts."""
    turn = sum(map(ord, title))
    if turn % 4:
        return {}
    if unit in PLANT:
        sites = ["main_plant", "paint_shop"] if turn % 3 == 0 else ["main_plant"]
        known = {"person_to_ask": {"name": "The lead of the early shift"}} if turn % 8 else {}
        return {"sites": sites, "shifts": "three" if turn % 5 == 0 else "two", **known}
    return {"sites": ["shops"] if unit == "Shops" else ["main_plant"] if turn % 3 else ["on_the_road"]}
