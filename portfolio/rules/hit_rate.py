"""How often hypotheses hold, of all that were concluded."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from portfolio.rules.calibration import wilson
from portfolio.rules.proof import Outcome


@dataclass(frozen=True)
class HitRate:
    """How many hypotheses were concluded, how each ended, and the share confirmed with its 95 % interval (None without any)."""

    count: int
    confirmed: int
    refuted: int
    inconclusive: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


def hit_rate(outcomes: Iterable[str]) -> HitRate:
    """Of all concluded hypotheses the share confirmed, 95 % interval by Wilson (1927, JASA 22).

    Inconclusive ones stay in the base: leaving them out would flatter. Words that are no outcome don't count.
    """
    counts = Counter(one for one in outcomes if one in set(Outcome))
    count = counts.total()
    confirmed = counts[Outcome.CONFIRMED]
    ends = (counts[Outcome.REFUTED], counts[Outcome.INCONCLUSIVE])
    if not count:
        return HitRate(0, 0, 0, 0)
    return HitRate(count, confirmed, *ends, confirmed / count, *wilson(confirmed, count))
