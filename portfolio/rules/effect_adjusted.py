"""Effect against a comparison group that was read afterwards only: what traits can and can't make up for."""

from dataclasses import dataclass

import numpy as np

from portfolio.rules.effect import Array, Change, Data, EffectSize, Found, interval
from portfolio.rules.effect_compared import independent, mean_by_subject
from portfolio.rules.effect_means import unpaired_change, unpaired_size

MILD, STRONG = 0.1, 0.25
"""Differences between groups, in standard deviations, worth a word and worth a warning (Imbens & Rubin 2015, ch. 14; Austin 2009)."""
BAD = 0.5
"""From here on an adjustment leans on the model more than on the people. Our own convention, twice the strong difference."""
FAR = 1.0
"""Groups a whole standard deviation apart hardly overlap: no adjustment is to be trusted. Our own convention."""


@dataclass(frozen=True)
class Imbalance:
    """How far two groups differ in one trait: (mean trained - mean comparison) / root of their mean variance."""

    trait: str
    difference: float


def imbalances(data: Data) -> tuple[Imbalance, ...]:
    """The traits in which the groups differ, the largest first. Read on the values from before where both groups have some."""
    sides = data.where(~data.after)
    both = min(int(sides.comparison.sum()), int((~sides.comparison).sum())) >= 2
    held = sides if both else data.where(data.after)
    found = [Imbalance(name, standardised(held, column)) for name, column in held.traits.items()]
    if both:
        found.append(Imbalance("the values before", standardised(held, held.value)))
    return tuple(sorted(found, key=lambda one: -abs(one.difference)))


def standardised(data: Data, column: Array) -> float:
    """The standardised mean difference of a column between groups; capped at ±10. Imbens & Rubin 2015, 14.2."""
    groups = [data.where(data.comparison == group) for group in (False, True)]
    ours, theirs = (
        mean_by_subject(one, column[data.comparison == group])
        for one, group in zip(groups, (False, True), strict=True)
    )
    if min(len(ours), len(theirs)) < 2:
        return 0.0
    gap = float(ours.mean() - theirs.mean())
    spread = float(((ours.var(ddof=1) + theirs.var(ddof=1)) / 2) ** 0.5)
    if spread <= 1e-12 * max(1.0, abs(gap)):
        return 0.0 if abs(gap) <= 1e-12 else float(np.sign(gap)) * 10.0
    return float(np.clip(gap / spread, -10, 10))


def chance(data: Data) -> float:
    """The difference between groups that chance alone often gives: two standard errors of a standardised mean difference."""
    after = data.where(data.after)
    ours, theirs = int((~after.comparison).sum()), int(after.comparison.sum())
    return float(2 * (1 / max(1, ours) + 1 / max(1, theirs)) ** 0.5)


def raw(data: Data) -> Found:
    """Mean of those trained less mean of the comparison group, both afterwards, by Welch."""
    ours, theirs = data.cell(after=True), data.cell(after=True, comparison=True)
    found = unpaired_change(theirs, ours)
    change = Change(
        found.likely,
        found.low,
        found.high,
        "difference between groups afterwards (Welch)",
        (0, len(ours), 0, len(theirs)),
    )
    return Found(change, unpaired_size(theirs, ours))


def adjusted(data: Data, *, alike: bool) -> Found | None:
    """The difference afterwards, traits held constant by least squares; None where there are too few values for that.

    Where the groups aren't alike, first weighted so that they are: by the chance of the other group (overlap weights from a logistic
    regression on the traits), which makes all means equal and leaves out whom nobody resembles. Errors allow for unequal spreads (HC3; HC1 with
    weights). Source: Lin 2013, Annals of Applied Statistics 7(1); Li, Morgan & Zaslavsky 2018, JASA 113.
    """
    import statsmodels.api as sm

    after = data.where(data.after)
    traits = [
        (column - column.mean()) / column.std() for column in after.traits.values() if np.ptp(column) > 0
    ]
    groups = (int((~after.comparison).sum()), int(after.comparison.sum()))
    if not traits or min(groups) < 2 * len(traits) + 5:
        return None
    ours = (~after.comparison).astype(float)
    design = np.column_stack([ours, np.ones(len(after)), *traits])
    design = design[:, independent(design)]
    weights = np.ones(len(after)) if alike else _overlap(design[:, 1:], ours)
    if weights is None or float(np.ptp(after.value)) == 0:
        return None
    fit = sm.WLS(after.value, design, weights=weights).fit(cov_type="HC3" if alike else "HC1", use_t=True)
    how = "held constant" if alike else "held constant, weighted to where the groups overlap"
    method = f"difference between groups afterwards, {', '.join(after.traits)} {how}"
    worth = float(weights.sum() ** 2 / (weights**2).sum())
    change = interval(
        float(fit.params[0]),
        float(fit.bse[0]),
        max(1.0, worth - design.shape[1]),
        method,
        (0, groups[0], 0, groups[1]),
    )
    spread = unpaired_size(data.cell(after=True, comparison=True), data.cell(after=True))
    return Found(change, _sized(change, after) if spread else None)


def _overlap(design: Array, ours: Array) -> Array | None:
    """Weights that count most where either group could be; None where the traits tell the groups apart for sure."""
    import warnings

    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = sm.GLM(ours, design, family=sm.families.Binomial()).fit(maxiter=60)
        except (ValueError, np.linalg.LinAlgError):
            return None
    likely = np.asarray(fit.fittedvalues)
    weights = np.where(ours > 0, 1 - likely, likely)
    totals = [float(weights[ours == group].sum()) for group in (0, 1)]
    worth = [
        float(weights[ours == group].sum() ** 2 / max((weights[ours == group] ** 2).sum(), 1e-300))
        for group in (0, 1)
    ]
    return weights if np.isfinite(weights).all() and min(totals) > 1e-3 and min(worth) >= 10 else None


def _sized(change: Change, after: Data) -> EffectSize | None:
    ours, theirs = after.cell(after=True), after.cell(after=True, comparison=True)
    df = len(ours) + len(theirs) - 2
    spread = float(((ours.var() * len(ours) + theirs.var() * len(theirs)) / df) ** 0.5)
    scaled = change.times((1 - 3 / (4 * df - 1)) / spread)
    return EffectSize(scaled.likely, scaled.low, scaled.high, "the pooled spread")
