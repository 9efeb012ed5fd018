"""What the calculator's page is given: both options in words and figures, a plain sentence first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from portfolio.levels import percent
from portfolio.models import LearningRequest
from portfolio.rules.build_or_buy import Comparison, Option
from portfolio.rules.money import CostKind, break_even_effect
from portfolio.rules.ranges import Range
from portfolio.submission import number_in
from reports import words
from reports.proof_view import KINDS, about, money
from web.forms import Errors, Fields

CLEAR = 0.7
"""From so many cases in one on, one way is called better than the other."""
_LONG = 36
"""Months from which on people think in years."""
_DONE = {"Build": "built", "Buy": "bought"}


def cases(chance: float) -> str:
    """A chance as people count it: "83 of 100 cases"."""
    return f"{round(100 * chance)} of 100 cases"


def _three(value: float) -> str:
    """A guess with three digits that mean something."""
    return words.number(float(f"{value:.3g}"), 2)


@dataclass(frozen=True)
class WhatIf:
    """What was typed, and what it comes to."""

    values: Fields
    errors: Errors
    found: Comparison | None
    people: Range | None
    asked: LearningRequest | None
    currency: str
    kinds: tuple[tuple[str, str], ...]

    @property
    def options(self) -> list[Option]:
        if self.found is None:
            return []
        return [one for one in (self.found.build, self.found.buy) if one is not None]

    @property
    def said(self) -> str:
        """The plain sentence first."""
        if not self.options:
            return "Say for how many people it is. You see what building and buying cost, and from when on either pays."
        costs = [
            f"{'building' if one.name == 'Build' else 'buying'} costs about {self.range(one.cost)}"
            for one in self.options
        ]
        return " ".join([f"{words.sentence(words.listed(costs))}.", *self._advice()])

    def _advice(self) -> list[str]:
        """What follows, by what is left on average, and how often the one leaves more than the other."""
        if not self.options or self.options[0].leaves is None:
            return ["Say what should change and what one unit is worth to see whether that pays."]
        left = [one.leaves or 0.0 for one in self.options]
        often = words.listed([f"{_DONE[one.name]} it pays in {cases(one.pays or 0)}" for one in self.options])
        if max(left) <= 0:
            return [
                f"{words.sentence(often)}; on average it brings back less than it costs. Look for a lighter way, or a larger effect."
            ]
        said = f"{words.sentence(often)}; on average {self._left()} left."
        return [said, *self._choice(left)]

    def _left(self) -> str:
        parts = [f"{self.currency} {about(one.leaves or 0)}" for one in self.options]
        return f"{parts[0]} is" if len(parts) == 1 else f"{parts[0]} against {parts[1]} is"

    def _choice(self, left: list[float]) -> list[str]:
        better = self.found.build_better if self.found else None
        if better is None:
            return []
        if better >= CLEAR and left[0] > left[1]:
            return [f"Building leaves more in {cases(better)}, so build."]
        if better <= 1 - CLEAR and left[1] > left[0]:
            return [f"Buying leaves more in {cases(1 - better)}, so buy."]
        return ["Too close to call: take what is quicker, or find out more about what you guessed."]

    @property
    def crossing(self) -> str:
        """Where the one becomes cheaper than the other."""
        if self.found is None or self.found.build_cheaper is None:
            return ""
        cheaper = f"Building is the cheaper one in {cases(self.found.build_cheaper)}"
        if self.found.cheaper_from_people is None:
            return f"{cheaper}."
        return f"{cheaper}; likely from about {words.number(self.found.cheaper_from_people, 0)} people on."

    @property
    def unit(self) -> str:
        return self.values["unit"]

    @property
    def rows(self) -> list[tuple[CostKind, str]]:
        """The kinds of cost that any option has, in their order."""
        held = {kind for one in self.options for kind, _ in one.lines}
        return [(kind, dict(KINDS)[kind.value]) for kind in CostKind if kind in held]

    def cost(self, option: Option, kind: CostKind) -> str:
        found = dict(option.lines).get(kind)
        return "–" if found is None else self.range(found)

    def range(self, value: Range) -> str:
        """An amount of money with the ends four cases in five lie between."""
        if value.low == value.high:
            return money(value.likely, self.currency)
        return f"{self.currency} {about(value.likely)} ({about(value.low)} to {about(value.high)})"

    def roi(self, option: Option) -> str:
        if option.roi is None:
            return "–"
        ends = f"{percent(option.roi.low)} to {percent(option.roi.high)}"
        return f"{percent(option.roi.likely)} ({ends})"

    def pays(self, option: Option) -> str:
        return "–" if option.pays is None else cases(option.pays)

    def leaves(self, option: Option) -> str:
        return "–" if option.leaves is None else f"{self.currency} {about(option.leaves)}"

    def payback(self, option: Option) -> str:
        if option.payback_months is None:
            return "–" if option.roi is None else "never"
        if option.payback_months >= _LONG:
            return f"{words.number(option.payback_months / 12, 1)} years"
        return f"{words.number(option.payback_months, 1)} months"

    def breaks_even(self, option: Option) -> str:
        """From which change on it pays; where nothing was said of an effect, what it has to bring."""
        if option.breaks_even_at is None:
            return f"once it brings {self.currency} {about(option.cost.likely)}"
        one = option.breaks_even_at
        ends = f"{_three(one.low)} to {_three(one.high)}"
        return f"{words.amount(float(f'{one.likely:.3g}'), self.unit)} ({ends})"

    def effect(self, option: Option) -> str:
        """The effect size d at which it pays, where somebody said what the spread between people is worth."""
        spread, people = number_in(self.values["spread"]), self.people.likely if self.people else 0.0
        years = number_in(self.values["years"]) or 1.0
        even = break_even_effect(people=people, years=years, spread=spread or 0, costs=option.cost.likely)
        if even is None:
            return ""
        return f"d = {words.number(even, 2)}" if even >= 0.01 else "d under 0.01"

    @property
    def address(self) -> str:
        """This what-if as an address to keep or send."""
        return "/worth?" + urlencode({name: value for name, value in self.values.items() if value})
