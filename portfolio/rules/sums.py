"""Adding ranges up."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from portfolio.rules.ranges import Range, positive

SEED = 14
DRAWS = 4000


def total(ranges: Sequence[Range], *, seed: int = SEED, draws: int = DRAWS) -> Range | None:
    """The sum of independent quantities that can't be negative, as its 10th, 50th and 90th percentile; None of none.

    Simulated: each quantity gets every quantile once, in an order of its own (Latin hypercube: McKay, Beckman & Conover 1979,
    Technometrics 21(2)); the draws are added. The same ranges in the same order and the same seed give the same sum. Adding the
    ends instead would claim that all are low together.
    """
    if not ranges:
        return None
    if len(ranges) == 1:
        return ranges[0]
    generator = np.random.default_rng(seed)
    strata = ndtri((np.arange(draws) + 0.5) / draws).astype(np.float32)
    added = np.zeros(draws, np.float32)
    for one in ranges:
        added += positive(one, generator.permutation(strata))
    return Range.of(added)
