"""What an answer may stand for in the score: which inputs there are, and which kinds of question can give them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from portfolio.questions import Kind, Question
from portfolio.rules.fit import ANSWERS
from portfolio.rules.rubric import DEFAULT

STEPS = tuple(str(step) for step in range(6))


@dataclass(frozen=True)
class Feed:
    """One input of the score: its key in a question's `feeds`, words for the manager, and the kinds that can give it.

    `values` are the only ones an option may have, for inputs that know no others.
    """

    key: str
    label: str
    help: str
    kinds: frozenset[Kind]
    values: tuple[str, ...] = ()


FEEDS = (
    Feed("people", "How many people it reaches", "Counts where “Who, and about how many?” has no number.",
         frozenset({Kind.NUMBER})),
    Feed("value", "What it is worth a year", "Money a year, in your currency; counts where no yearly value was given.",
         frozenset({Kind.NUMBER})),
    Feed("gap", "How large the gap is", "The value today against the value wanted; counts where no other measure has both.",
         frozenset({Kind.MEASURE})),
    Feed("waiting", "What waiting costs", "A step from 0 to 5, or a date it has to be ready by.",
         frozenset({Kind.STEP, Kind.DATE})),
    Feed("risk", "What could go wrong", "A step from 0 to 5.", frozenset({Kind.STEP})),
    Feed("cause", "What causes the problem", "Yes, no or not sure. What each answer speaks for is set in the cause table.",
         frozenset({Kind.ONE_OF}), ANSWERS),
    Feed("format", "What it would become", "Each option is one of the kinds of solution the score knows.",
         frozenset({Kind.ONE_OF}), tuple(kind.key for kind in DEFAULT.work_types)),
    Feed("finished_hours", "Hours of learning, at most", "Hours a person; makes the work smaller or larger.",
         frozenset({Kind.NUMBER})),
    Feed("expert_hours", "Hours an expert can give", "Hours in all.", frozenset({Kind.NUMBER})),
)  # fmt: skip
BY_KEY = {feed.key: feed for feed in FEEDS}

SHIPPED_KEY = {"value": "value_per_year", "people": "audience", "gap": "measure"}
"""The shipped question an input is usually taken from, where it is called otherwise."""


def words(key: str) -> str:
    """What an input is called; empty where there is none of that key."""
    return BY_KEY[key].label if key in BY_KEY else ""


def fixed_values(kind: Kind, feeds: str) -> tuple[str, ...]:
    """The only values its options may have; none where they may be any."""
    if kind is Kind.STEP:
        return STEPS
    return BY_KEY[feeds].values if feeds in BY_KEY and kind is Kind.ONE_OF else ()


def cause_key(question: Question) -> str:
    """The row of the cause table that an answer to this question is looked up in."""
    return f"cause_own_{question.key}" if question.is_own else question.key


def shipped_key(question: Question) -> str:
    """The shipped question that an answer to this one stands in for; the causes know no such one."""
    return SHIPPED_KEY.get(question.feeds, question.feeds)


def stand_in(said: dict[str, Any], question: Question, value: Any) -> None:
    """Let an answer to one of the manager's own questions count where the shipped question has none."""
    key = shipped_key(question)
    if question.feeds == "cause":
        said[cause_key(question)] = value
    elif question.feeds == "people":
        said[key] = _with(said.get(key), {"count": value}, ("count",))
    elif question.feeds == "gap":
        said[key] = _with(said.get(key), value, ("today", "wanted"))
    elif question.kind is Kind.DATE:
        said["deadline"] = _with(said.get("deadline"), value, ("on",))
    else:
        said.setdefault(key, value)


def _with(known: dict[str, Any] | None, given: dict[str, Any], needed: Collection[str]) -> dict[str, Any]:
    """What is known where it has all that is needed, else what was given."""
    known = known or {}
    return known if all(known.get(part) is not None for part in needed) else {**known, **given}
