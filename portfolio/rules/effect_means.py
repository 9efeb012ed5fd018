"""Effect from before and after alone: paired, unpaired, shares and counts."""

from dataclasses import dataclass

import numpy as np

from portfolio.rules.effect import (
    LEVEL,
    Array,
    Change,
    Data,
    EffectSize,
    Found,
    Numbers,
    Ratio,
    by_subject,
    counted,
    interval,
)


@dataclass(frozen=True)
class Paired:
    """A change of the same people or things, with effect sizes: d = mean / sd of the differences, g corrected for small n.

    `d_average` counts the same change in the spread of before and after (root of the mean variance).
    """

    change: Change
    t: float
    df: int
    p: float
    d: float
    hedges_g: float
    size: EffectSize | None = None
    d_average: float = 0.0


def paired_change(before: Numbers, after: Numbers) -> Paired:
    """Mean of after - before of the same people, 95 % interval from Student's t with n - 1 degrees of freedom.

    t = mean / (sd / sqrt(n)); d = mean / sd; Hedges' g = d x (1 - 3 / (4 df - 1)). In the measure's unit.
    Source: Student 1908, Biometrika 6; Hedges 1981, Journal of Educational Statistics 6; d_average: Lakens 2013, Frontiers 4.
    """
    from scipy.stats import t as student

    first, second = np.asarray(before, float), np.asarray(after, float)
    differences = second - first
    count = len(differences)
    if count < 2:
        raise ValueError("A paired change needs at least two pairs.")
    mean, spread, df = float(differences.mean()), float(differences.std(ddof=1)), count - 1
    change = interval(mean, spread / count**0.5, df, "paired difference", (count, count))
    if spread == 0:
        never = float("inf") if mean else 0.0
        return Paired(change, never, df, 0.0 if mean else 1.0, never, never)
    t, d = mean / (spread / count**0.5), mean / spread
    # Of two pairs it is 0, whatever they say.
    size = hedges(d, df, 1 / count, "the spread of the differences")
    usual = ((float(first.var(ddof=1)) + float(second.var(ddof=1))) / 2) ** 0.5
    average = mean / usual if usual > 0 else 0.0
    return Paired(
        change, t, df, float(2 * student.sf(abs(t), df)), d, size.likely, size if df > 1 else None, average
    )


def unpaired_change(before: Numbers, after: Numbers) -> Change:
    """Mean after - mean before, 95 % interval by Welch (1947, Biometrika 34): unequal spreads allowed.

    SE = sqrt(var_a / n_a + var_b / n_b). With fewer than two readings on a side there is no interval.
    """
    return signed_sum([(-1, before), (1, after)], "difference of means (Welch)")


def unpaired_size(before: Numbers, after: Numbers) -> EffectSize | None:
    """Hedges' g = J x (mean after - mean before) / pooled sd; None where no spread is seen. Hedges 1981."""
    first, second = np.asarray(before, float), np.asarray(after, float)
    df = len(first) + len(second) - 2
    if min(len(first), len(second)) < 2:
        return None
    squares = float(((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum())
    spread = (squares / df) ** 0.5
    if spread <= 1e-12 * max(1.0, float(np.abs(first).max()), float(np.abs(second).max())):
        return None
    d = float(second.mean() - first.mean()) / spread
    return hedges(d, df, 1 / len(first) + 1 / len(second), "the pooled spread")


def hedges(d: float, df: int, scale: float, of: str) -> EffectSize:
    """g = J d with J = 1 - 3 / (4 df - 1); its 95 % interval from the noncentral t of d / sqrt(scale), times J sqrt(scale).

    `scale` is 1 / n for pairs and 1 / n1 + 1 / n2 for two groups. Above |t| = 30, where the noncentral t can't be computed
    safely, the normal approximation d ± 1.96 sqrt(scale + d² / (2 df)). Source: Hedges 1981; Cumming & Finch 2001, EPM 61(4).
    """
    correction = 1 - 3 / (4 * df - 1)
    t = d / scale**0.5
    ends = _noncentral(t, df) if abs(t) <= 30 and df <= 100_000 else None
    if ends is None:
        reach = 1.959964 * (scale + d * d / (2 * df)) ** 0.5
        return EffectSize(d * correction, (d - reach) * correction, (d + reach) * correction, of)
    low, high = (end * scale**0.5 * correction for end in ends)
    return EffectSize(d * correction, low, high, of)


def signed_sum(cells: list[tuple[int, Numbers]], method: str) -> Change:
    """A signed sum of means, with Welch and Satterthwaite's interval where every cell has two values."""
    arrays = [(sign, np.asarray(values, float)) for sign, values in cells]
    readings = tuple(len(values) for _, values in arrays)
    likely = float(sum(sign * values.mean() for sign, values in arrays))
    if min(readings) < 2:
        return Change(likely, None, None, method, readings)
    parts = [float(values.var(ddof=1)) / len(values) for _, values in arrays]
    total = sum(parts)
    if total <= 0:
        return interval(likely, 0.0, 1.0, method, readings)
    below = sum((part / total) ** 2 / (count - 1) for part, count in zip(parts, readings, strict=True))
    return interval(likely, total**0.5, 1 / below, method, readings)


def paired(data: Data) -> Found:
    """The same subjects before and after; several readings of one on a side count as their mean."""
    first, second = pairs(data)
    found = paired_change(first, second)
    return Found(found.change, found.size, warnings=_unread(data, len(first)))


def pairs(data: Data) -> tuple[Array, Array]:
    """Before and after of each subject that was read on both sides."""
    sides = []
    for side in (False, True):
        held = (data.after == side) & (data.subject >= 0)
        sides.append(by_subject(data.subject[held], data.value[held]))
    (codes, before), (others, after) = sides
    _, here, there = np.intersect1d(codes, others, return_indices=True)
    return before[here], after[there]


def unpaired(data: Data) -> Found:
    before, after = data.cell(after=False), data.cell(after=True)
    return Found(unpaired_change(before, after), unpaired_size(before, after))


def shares(data: Data) -> Found | None:
    """Two proportions with Newcombe's interval, in percentage points (of 0..1 if the values are). None where these aren't proportions.

    Taken where each value is one person's yes or no (0 and 100, or 0 and 1), or each side has at most two readings with their
    base; more readings show their own spread, so Welch is better there. Source: Newcombe 1998, Statistics in Medicine 17, method 10.
    """
    sides = [(data.value[data.after == side], data.exposure[data.after == side]) for side in (False, True)]
    if any(not len(value) for value, _ in sides):
        return None
    each = np.unique(data.value)
    whole = next((top for top in (100.0, 1.0) if set(each) <= {0.0, top} and (top in each)), None)
    if whole is None:
        # Each value is a percentage of a known number of people.
        if (
            not data.has_exposure
            or max(len(value) for value, _ in sides) > 2
            or each[0] < 0
            or each[-1] > 100
        ):
            return None
        whole = 100.0
    elif not data.has_exposure and len(data) < 4:
        return None
    (yes, of), (others, rest) = (
        (float((value * base).sum() / whole), float(base.sum())) for value, base in sides
    )
    return Found(proportions((yes, of), (others, rest), whole))


def proportions(before: tuple[float, float], after: tuple[float, float], whole: float = 1.0) -> Change:
    """(yes, of) after less (yes, of) before: difference of proportions times `whole`, interval by Newcombe's hybrid of Wilson's scores."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    (yes, of), (others, rest) = before, after
    low, high = confint_proportions_2indep(others, rest, yes, of, method="newcomb", compare="diff")
    return Change(
        whole * (others / rest - yes / of), whole * float(low), whole * float(high),
        "difference of proportions (Newcombe)", (round(of), round(rest)),
    )  # fmt: skip


def rates(data: Data) -> Found | None:
    """Events per exposure, after against before: rate ratio by quasi-Poisson regression, and as events per reading.

    The spread between readings widens the interval (Pearson's chi² / df, at least 1), Student's t with n - 2. None where a side has no
    events or one reading, or a count is negative: the logarithm knows none of these. Source: McCullagh & Nelder 1989, ch. 6.
    """
    import statsmodels.api as sm

    before, after = data.value[~data.after], data.value[data.after]
    if min(len(before), len(after)) < 2 or data.value.min() < 0 or not before.sum() or not after.sum():
        return None
    design = np.column_stack([np.ones(len(data)), data.after.astype(float)])
    fit = sm.GLM(data.value, design, family=sm.families.Poisson(), exposure=data.exposure).fit()
    scale = max(1.0, float(fit.pearson_chi2) / (len(data) - 2))
    error = (scale * float(fit.cov_params()[1, 1])) ** 0.5
    log_ratio = interval(
        float(fit.params[1]), error, len(data) - 2, "rate ratio (quasi-Poisson)", (len(before), len(after))
    )
    return from_ratio(log_ratio, float(after.mean()))


def from_ratio(log_ratio: Change, mean_after: float, warnings: tuple[str, ...] = ()) -> Found:
    """A log rate ratio as a ratio, and as events a reading: what there was after, less what there would have been."""

    def events(log: float) -> float:
        return mean_after * (1 - float(np.exp(-np.clip(log, -50, 50))))

    def ratio(log: float) -> float:
        return float(np.exp(np.clip(log, -50, 50)))

    if log_ratio.low is None or log_ratio.high is None:
        bare = Change(events(log_ratio.likely), None, None, log_ratio.method, log_ratio.readings)
        return Found(bare, ratio=Ratio(ratio(log_ratio.likely), None, None), warnings=warnings)
    change = Change(
        events(log_ratio.likely),
        events(log_ratio.low),
        events(log_ratio.high),
        log_ratio.method,
        log_ratio.readings,
    )
    return Found(
        change,
        ratio=Ratio(ratio(log_ratio.likely), ratio(log_ratio.low), ratio(log_ratio.high)),
        warnings=warnings,
    )


def _unread(data: Data, both: int) -> tuple[str, ...]:
    """Those read on one side only are left out; where they are many, that is a reason to doubt."""
    everybody = len(np.unique(data.subject[data.subject >= 0]))
    alone, nameless = everybody - both, int((data.subject < 0).sum())
    found = []
    if alone:
        doubt = ": those who stayed may differ from those who left" if alone > 0.2 * everybody else ""
        found.append(f"{alone:,} of {everybody:,} were read on one side only and are left out{doubt}.")
    if nameless:
        found.append(f"{counted(nameless, 'reading')} without a name can’t be paired and are left out.")
    return tuple(found)


def _noncentral(t: float, df: int) -> tuple[float, float] | None:
    """The noncentralities at which t is the 97.5th and the 2.5th percentile."""
    from scipy.optimize import brentq
    from scipy.stats import nct

    width = 6 + abs(t)
    try:
        low, high = (
            float(brentq(lambda ncp, at=at: nct.cdf(t, df, ncp) - at, t - width, t + width))
            for at in (LEVEL, 1 - LEVEL)
        )
    except ValueError:
        return None
    return (low, high) if np.isfinite(low) and np.isfinite(high) else None
