"""How far the proof of a project reaches: five levels (Kirkpatrick, Phillips) and eight tiers (Thalheimer's LTEM, 2018)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portfolio.states import EvidenceGrade

LEVEL_NAMES = {
    1: "Reaction",
    2: "Learning",
    3: "Use at work",
    4: "Result",
    5: "Return",
}
LEVEL_QUESTIONS = {
    1: "Was it worth their time, and what will they do?",
    2: "Can they do it now?",
    3: "Do they do it at work?",
    4: "Did the measure move, and because of this?",
    5: "Did it bring more than it cost?",
}
TIER_NAMES = {
    1: "attendance",
    2: "activity",
    3: "perceptions",
    4: "knowledge",
    5: "decisions",
    6: "tasks done",
    7: "transfer to work",
    8: "effects of transfer",
}
LEAST_TIER_FOR_SUCCESS = 3
"""Tiers below say who was there and what they clicked, which never supports a claim of success (LTEM tiers 1 and 2)."""
LEAST_PEOPLE = 5
"""Answers of fewer people are no evidence that may be shown."""


@dataclass(frozen=True)
class Evidence:
    """One thing known at a level: in words, with its tier, how strong its design is and how many people or readings it is on.

    `is_told_apart` is False of a return that may as well be a loss as a gain: worked out, and still nothing known.
    """

    level: int
    words: str
    tier: int | None = None
    grade: EvidenceGrade = EvidenceGrade.NONE
    base: int = 0
    verdict: str = ""
    concluded_on: date | None = None
    is_told_apart: bool = True

    @property
    def is_weak(self) -> bool:
        """Whether it says no more than who was there and what they clicked."""
        return self.tier is None or self.tier < LEAST_TIER_FOR_SUCCESS

    @property
    def supports_success(self) -> bool:
        return not self.is_weak and self.is_told_apart


@dataclass(frozen=True)
class Levels:
    """The best evidence at each level that has any."""

    best: tuple[Evidence, ...] = ()

    @property
    def highest_tier(self) -> int | None:
        return max((one.tier for one in self.best if one.tier is not None), default=None)

    @property
    def reached(self) -> int:
        """The highest level whose evidence can support a claim; 0 where none can."""
        return max((one.level for one in self.best if one.supports_success), default=0)

    @property
    def caution(self) -> str:
        """What the evidence must not be used for, "" where it may be."""
        if not self.best:
            return "Nothing is known yet."
        if all(one.is_weak for one in self.best):
            return "Only who was there and what they clicked is known (tiers 1 and 2). That never shows that it worked."
        return ""

    def at(self, level: int) -> Evidence | None:
        return next((one for one in self.best if one.level == level), None)


def weigh(found: Iterable[Evidence]) -> Levels:
    """The best evidence of each level: concluded before open, then the higher tier over 2, the stronger design, the larger base."""
    best: dict[int, Evidence] = {}
    for one in found:
        known = best.get(one.level)
        if known is None or _strength(one) > _strength(known):
            best[one.level] = one
    return Levels(tuple(best[level] for level in sorted(best)))


def tier_words(tier: int | None) -> str:
    """ "tier 7, transfer to work"; "" where no tier is known."""
    return f"tier {tier}, {TIER_NAMES[tier]}" if tier in TIER_NAMES else ""


def _strength(one: Evidence) -> tuple[bool, date, bool, int, int, int]:
    order = list(EvidenceGrade)
    return (
        one.concluded_on is not None,
        one.concluded_on or date.min,
        one.supports_success,
        -order.index(one.grade),
        one.tier or 0,
        one.base,
    )
