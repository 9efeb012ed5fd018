"""What people answered, as distributions: counts, and shares that say of whom. Never a mean of codes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from portfolio.rules.disclosure import SMALLEST, may_show
from portfolio.rules.reliability import Nps, net_promoter

OTHER = "Other answers"
"""Words that are none of a question's options. What they are stays with those who typed them."""
MOST_CLASSES = 11
PROMOTERS, PASSIVES = 9, 7
"""Least ratings of 0 to 10 that count as promoting and as passive (Reichheld 2003, Harvard Business Review 81)."""
_RATINGS = tuple(str(rating) for rating in range(11))


@dataclass(frozen=True)
class Bar:
    """One answer: how many people gave it, and their share of those who answered the question (0..1)."""

    option: str
    people: int
    share: float


@dataclass(frozen=True)
class Middle:
    """The answers a quarter, half and three quarters of the way through, from the least to the most."""

    low: str
    middle: str
    high: str


@dataclass(frozen=True)
class Distribution:
    """A question with what may be shown of its answers.

    `answered` people answered it and are in the bars; `kept_back` more did whose answers wait until they are five. Where
    `hidden`, fewer than five answered: there are no bars, and `answered` is nought.
    """

    key: str
    label: str
    kind: str
    answered: int
    bars: tuple[Bar, ...]
    kept_back: int = 0
    hidden: bool = False
    middle: Middle | None = None
    promoters: Nps | None = None
    reverse: bool | None = None

    @property
    def base(self) -> str:
        """Of whom the shares are."""
        many = (
            " They could choose several, so the shares add up to more than 100 %."
            if self.adds_up_to_more
            else ""
        )
        return f"Shares are of the {people(self.answered)} who answered this question.{many}"

    @property
    def adds_up_to_more(self) -> bool:
        return self.kind == "many" and sum(bar.people for bar in self.bars) > self.answered

    @property
    def sentence(self) -> str:
        """The question's answer in a sentence with its numbers, "" where nothing may be said."""
        return _sentence(self)


def distribute(
    question: Mapping[str, Any], counts: Mapping[str, int], answered: int, kept_back: int = 0
) -> Distribution:
    """A question's answers as bars in the order of its options. `counts` are people by option, `answered` people in all.

    Under five people nothing is shown, whatever `counts` says.
    """
    key, label, kind = (
        str(question.get(name) or usual) for name, usual in (("key", ""), ("label", ""), ("kind", "one"))
    )
    reverse = question.get("reverse")
    if not may_show(answered):
        return Distribution(
            key, label, kind, 0, (), kept_back, hidden=answered + kept_back > 0, reverse=reverse
        )
    if kind == "text":
        return Distribution(key, label, kind, answered, (), kept_back, reverse=reverse)
    named = _classes(counts) if kind == "number" else _by_option(question.get("options") or (), counts)
    bars = tuple(Bar(option, count, count / answered) for option, count in named.items())
    ordered = [bar for bar in bars if bar.option != OTHER] if kind in {"scale", "number"} else []
    return Distribution(
        key,
        label,
        kind,
        answered,
        bars,
        kept_back,
        middle=middle([(bar.option, bar.people) for bar in ordered]),
        promoters=promoters(named) if kind == "scale" and _is_rating(named) else None,
        reverse=reverse,
    )


def middle(ordered: Sequence[tuple[str, int]]) -> Middle | None:
    """The answers at 25, 50 and 75 % of those in order; the lower one where a cut falls between two. None if there is none."""
    total = sum(count for _, count in ordered)
    return Middle(*(_at(ordered, share * total) for share in (0.25, 0.5, 0.75))) if total else None


def promoters(counts: Mapping[str, int]) -> Nps | None:
    """The net promoter score of ratings 0 to 10 with its counts; None without a rating."""
    rated = {int(option): count for option, count in counts.items() if option in _RATINGS}
    total = sum(rated.values())
    for_it = sum(count for rating, count in rated.items() if rating >= PROMOTERS)
    against = sum(count for rating, count in rated.items() if rating < PASSIVES)
    return net_promoter(for_it, total - for_it - against, against)


def response_rate(answered: int, asked: int) -> float | None:
    """The share of those asked who answered, 0..1; None where nobody counted whom was asked, or fewer than answered."""
    return answered / asked if asked >= answered > 0 else None


def bases(distributions: Iterable[Distribution], *, answered: int, asked: int) -> str:
    """The bases the shares of a report have, said apart where they differ. "" where everybody answered everything asked."""
    shown = [one for one in distributions if not one.hidden and one.answered]
    fewest, most = (min(found), max(found)) if (found := [one.answered for one in shown]) else (0, 0)
    parts = []
    if asked > answered:
        parts.append(f"Shares are of those who answered, never of all {asked:,} who were asked.")
    if shown and (fewest < most or most < answered):
        span = f"from {fewest} to {most} people" if fewest < most else f"by {people(most)}"
        parts.append(
            f"Not everybody answered every question: each was answered {span}, and its shares are of those."
            if fewest == most
            else f"Not everybody answered every question: the shares rest on {span}, said beside each."
        )
    return " ".join(parts)


def people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def percent(share: float) -> str:
    """A share as whole per cent; what is neither none nor all never reads as such."""
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "under 1 %"
    if whole == 100 and share < 1:
        return "over 99 %"
    return f"{whole} %"


# Below: how the above do it


def _by_option(options: Iterable[Any], counts: Mapping[str, int]) -> dict[str, int]:
    """Counts in the order of the options, those nobody chose too; anything else goes together as the last."""
    named = {str(option): 0 for option in options}
    other = 0
    for option, count in counts.items():
        if option in named:
            named[option] += count
        else:
            other += count
    return {**named, **({OTHER: named.get(OTHER, 0) + other} if other else {})}


def _classes(counts: Mapping[str, int]) -> dict[str, int]:
    """Numbers in about seven classes of a round width; few whole numbers each by itself."""
    values = sorted(
        (number, count) for text, count in counts.items() if (number := _number(text)) is not None
    )
    if not values:
        return {}
    low, high = values[0][0], values[-1][0]
    if high - low < MOST_CLASSES and all(number.is_integer() for number, _ in values):
        whole = {str(number): 0 for number in range(int(low), int(high) + 1)}
        for number, count in values:
            whole[str(int(number))] += count
        return whole
    if low == high:
        return {f"{low:g}": sum(count for _, count in values)}
    width = _round_width((high - low) / 7)
    first = floor(low / width)
    found: dict[str, int] = {}
    for place in range(first, floor(high / width) + 1):
        found[f"{place * width:g} to under {(place + 1) * width:g}"] = 0
    names = list(found)
    for number, count in values:
        found[names[floor(number / width) - first]] += count
    return found


def _round_width(least: float) -> float:
    """The next of 1, 2, 5, 10 ... that is not less."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def _at(ordered: Sequence[tuple[str, int]], place: float) -> str:
    seen = 0
    for option, count in ordered:
        seen += count
        if count and seen >= place - 1e-9:
            return option
    return ordered[-1][0]


def _is_rating(counts: Mapping[str, int]) -> bool:
    return set(_RATINGS) <= set(counts)


def _sentence(one: Distribution) -> str:
    if one.hidden:
        return f"Fewer than {SMALLEST} people answered this, so nothing is shown."
    if not one.answered:
        return "Nobody answered this."
    of_all = f"of the {one.answered:,} who answered"
    if one.kind == "text":
        return f"{people(one.answered)} wrote something."
    if one.promoters:
        found = one.promoters
        return (
            f"{found.promoters:,} would promote it (9 or 10), {found.passives:,} are passive (7 or 8) and"
            f" {found.detractors:,} would advise against it (0 to 6), {of_all}:"
            f" a net promoter score of {found.score:+.0f}{_range(found)}."
        )
    if one.kind in {"scale", "number"} and one.middle:
        return _ordered_sentence(one, one.middle, of_all)
    return _most(one, of_all)


def _range(found: Nps) -> str:
    return (
        "" if found.low is None or found.high is None else f" (95 %: {found.low:+.0f} to {found.high:+.0f})"
    )


def _most(one: Distribution, of_all: str) -> str:
    """What was said most often; several answers where they tie."""
    named = [bar for bar in one.bars if bar.option != OTHER] or list(one.bars)
    most = max((bar.people for bar in named), default=0)
    top = [f"“{bar.option}”" for bar in named if bar.people == most]
    share = percent(most / one.answered)
    verb = "ticked" if one.kind == "many" else "answered"
    if not most:
        return f"Nobody {of_all} gave one of the answers offered."
    if len(top) == 1:
        return f"{top[0]} was {verb} most often: by {most:,} {of_all} ({share})."
    if len(top) == 2:
        return f"{top[0]} and {top[1]} were {verb} most often: each by {most:,} {of_all} ({share})."
    return f"{len(top)} answers were {verb} equally often: each by {most:,} {of_all} ({share})."


def _ordered_sentence(one: Distribution, found: Middle, of_all: str) -> str:
    """Where the middle lies. Says nothing of more or less: an order may begin with the best."""
    named = [bar for bar in one.bars if bar.option != OTHER]
    place = [bar.option for bar in named].index(found.middle)
    here, last = named[place], named[-1].option
    alone = f"{here.people:,} {of_all} ({percent(here.share)}) answered “{found.middle}”"
    is_end = last == found.middle or one.kind == "number"
    if found.low == found.high and is_end:
        return f"{alone}, which is the middle answer too."
    half = (
        f"“{found.middle}” was the answer of at least half"
        if found.low == found.high
        else f"The middle answer is “{found.middle}”; half lie from “{found.low}” to “{found.high}”"
    )
    if is_end:
        return f"{half}. {alone}."
    onwards = sum(bar.people for bar in named[place:])
    return (
        f"{half}. {onwards:,} {of_all} ({percent(onwards / one.answered)}) said “{found.middle}” to “{last}”."
    )
