"""Effect against a comparison group that was read before and after too."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.effect import Array, Change, Data, EffectSize, Found, Numbers, by_subject, interval
from portfolio.rules.effect_means import from_ratio, pairs, signed_sum, unpaired_change

MOST_DAYS = 60
"""More days than this are not given an effect each: before and after is enough."""


def difference_in_differences(
    before: Numbers,
    after: Numbers,
    other_before: Numbers,
    other_after: Numbers,
    *,
    same_spread: bool = False,
) -> Change:
    """(after - before) of those trained, less the same of the comparison group, in the measure's unit.

    95 % interval from the four cells' own spreads with Satterthwaite's degrees of freedom, or with `same_spread` from their common one
    with N - 4, as least squares has it; none where a cell has one reading. Source: Card & Krueger 1994, American Economic Review
    84(4), table 3; Wooldridge, Introductory Econometrics, 13.2.
    """
    cells = [(-1, before), (1, after), (1, other_before), (-1, other_after)]
    change = signed_sum(cells, "difference in differences")
    if not same_spread or not change.has_interval:
        return change
    arrays = [np.asarray(values, float) for _, values in cells]
    df = sum(len(one) for one in arrays) - 4
    spread = sum(float(((one - one.mean()) ** 2).sum()) for one in arrays) / df
    error = (spread * sum(1 / len(one) for one in arrays)) ** 0.5
    return interval(change.likely, error, df, change.method, change.readings)


def by_cells(data: Data) -> Found:
    """Four groups of readings; where traits are known, least squares with them and errors that allow for unequal spreads (HC3)."""
    cells = [data.cell(after=side, comparison=group) for group in (False, True) for side in (False, True)]
    plain = difference_in_differences(*cells)
    change = _with_traits(data, plain) or plain
    return Found(change, _size(change, cells[0], cells[2]))


def by_subjects(data: Data) -> Found:
    """The same subjects in two groups: each one's mean after less its mean before, then the two groups by Welch.

    One number a subject makes repeated readings count once (Bertrand, Duflo & Mullainathan 2004, QJE 119(1)). Where traits are
    known, and subjects enough, the changes by least squares with the traits held constant (HC3).
    """
    changes = [_changes(data.where(data.comparison == group)) for group in (False, True)]
    (ours, ours_before), (theirs, theirs_before) = changes
    found = unpaired_change(theirs, ours)
    counts = (len(ours), len(ours), len(theirs), len(theirs))
    method = "difference in differences of the same subjects"
    change = _changes_with_traits(data, counts) or Change(found.likely, found.low, found.high, method, counts)
    return Found(change, _size(change, ours_before, theirs_before))


def by_panel(data: Data) -> Found | None:
    """The same subjects over several days, some missing: value = subject + day + effect x (trained and after).

    Least squares within subjects (the subject's own mean taken off everything), an effect for each day, errors clustered by
    subject, Student's t with one less than the subjects of the smaller group. None where nothing is left to tell the effect by.
    Source: Wooldridge, Econometric Analysis of Cross Section and Panel Data, ch. 10; Arellano 1987; df: Donald & Lang 2007.
    """
    import statsmodels.api as sm

    held = _used(data)
    if held is None:
        return None
    data = held
    effect = (data.after & ~data.comparison).astype(float)
    columns = [effect, *_day_columns(data)]
    place = np.unique(data.subject, return_inverse=True)[1]
    within = [_within(column, place) for column in columns]
    outcome = _within(data.value, place)
    design = np.column_stack(within)
    others = design[:, 1:]
    left = within[0] - others @ np.linalg.lstsq(others, within[0], rcond=None)[0]
    if float(left @ left) < 1e-8 * len(data):
        return None
    kept = independent(design)
    fit = sm.OLS(outcome, design[:, kept]).fit(
        cov_type="cluster", cov_kwds={"groups": place, "use_correction": True}, use_t=True
    )
    groups = [len(np.unique(data.subject[data.comparison == group])) for group in (False, True)]
    change = interval(
        float(fit.params[0]), float(fit.bse[0]), max(1, min(groups) - 1),
        "panel: within subjects, by day, clustered by subject", data.counts,
    )  # fmt: skip
    return Found(
        change,
        _size(change, data.cell(after=False), data.cell(after=False, comparison=True)),
        warnings=_few(groups),
    )


def counts_compared(data: Data) -> Found | None:
    """Counts in two groups before and after: the ratio of rate ratios by quasi-Poisson regression, and as events a reading.

    None where a cell has no events or fewer than two readings.
    """
    import statsmodels.api as sm

    cells = [data.cell(after=side, comparison=group) for group in (False, True) for side in (False, True)]
    if any(len(one) < 2 or one.sum() <= 0 or one.min() < 0 for one in cells):
        return None
    ours, after = (~data.comparison).astype(float), data.after.astype(float)
    design = np.column_stack([np.ones(len(data)), ours, after, ours * after])
    fit = sm.GLM(data.value, design, family=sm.families.Poisson(), exposure=data.exposure).fit()
    df = len(data) - 4
    scale = max(1.0, float(fit.pearson_chi2) / df)
    error = (scale * float(fit.cov_params()[3, 3])) ** 0.5
    method = "ratio of rate ratios (quasi-Poisson)"
    log_ratio = interval(float(fit.params[3]), error, df, method, data.counts)
    return from_ratio(log_ratio, float(cells[1].mean()))


def shares_compared(data: Data) -> Found | None:
    """Percentages of a known number of people, one or two readings a cell: the difference of differences in percentage points.

    One yes and one no are added to each cell, so that none has no spread. None with more readings, which show their own spread.
    Source: Agresti & Caffo 2000, The American Statistician 54(4), for two cells; four add up alike.
    """
    sides = [(after, comparison) for comparison in (False, True) for after in (False, True)]
    held = [(data.after == after) & (data.comparison == comparison) for after, comparison in sides]
    if (
        not data.has_exposure
        or data.value.min() < 0
        or data.value.max() > 100
        or max(one.sum() for one in held) > 2
    ):
        return None
    people = [float(data.exposure[one].sum()) for one in held]
    yes = [float((data.value[one] * data.exposure[one]).sum()) / 100 for one in held]
    signs = (-1, 1, 1, -1)
    likely = 100 * sum(sign * count / of for sign, count, of in zip(signs, yes, people, strict=True))
    parts = [(count + 1) / (of + 2) for count, of in zip(yes, people, strict=True)]
    middle = 100 * sum(sign * part for sign, part in zip(signs, parts, strict=True))
    error = 100 * sum(part * (1 - part) / (of + 2) for part, of in zip(parts, people, strict=True)) ** 0.5
    before, after, other_before, other_after = (round(of) for of in people)
    method = "difference in differences of proportions"
    change = interval(middle, error, 1e6, method, (before, after, other_before, other_after))
    low, high = (
        (change.low, change.high) if change.low is not None and change.high is not None else (likely, likely)
    )
    return Found(Change(likely, min(low, likely), max(high, likely), method, change.readings))


def is_whole_panel(data: Data) -> bool:
    """Whether each subject is read on both sides and all of a group on the same days."""
    if (data.subject < 0).any():
        return False
    for group in (False, True):
        held = data.where(data.comparison == group)
        subjects, days = len(np.unique(held.subject)), len(np.unique(held.day))
        if len(held) != subjects * days or len(pairs(held)[0]) != subjects:
            return False
    return True


def has_one_split(data: Data) -> bool:
    """Whether all readings of a day are on the same side, so that nobody started later than others."""
    _, place = np.unique(data.day, return_inverse=True)
    share = np.bincount(place, weights=data.after) / np.bincount(place)
    return bool(((share == 0) | (share == 1)).all())


def _with_traits(data: Data, plain: Change) -> Change | None:
    """The same by least squares, with what might explain a difference held constant, and let to change it over time."""
    import statsmodels.api as sm

    traits = [(column - column.mean()) / column.std() for column in data.traits.values()]
    width = 4 + 2 * len(traits)
    if not traits or len(data) < 3 * width or not plain.has_interval:
        return None
    ours, after = (~data.comparison).astype(float), data.after.astype(float)
    design = np.column_stack(
        [np.ones(len(data)), ours, after, ours * after, *traits, *(after * trait for trait in traits)]
    )
    order = [3, 0, 1, 2, *range(4, design.shape[1])]
    design = design[:, order]
    kept = independent(design)
    if not kept or kept[0] != 0:
        return None
    fit = sm.OLS(data.value, design[:, kept]).fit(cov_type="HC3", use_t=True)
    names = ", ".join(data.traits)
    method = f"difference in differences, {names} held constant"
    return interval(float(fit.params[0]), float(fit.bse[0]), len(data) - len(kept), method, plain.readings)


def _changes_with_traits(data: Data, counts: tuple[int, int, int, int]) -> Change | None:
    import statsmodels.api as sm

    rows, columns = [], []
    for group in (False, True):
        held = data.where(data.comparison == group)
        rows.append(_changes(held)[0])
        # Only those read on both sides: their codes are in the order of `pairs`.
        both = np.intersect1d(held.subject[held.after], held.subject[~held.after])
        both = both[both >= 0]
        kept = held.where(np.isin(held.subject, both))
        columns.append([by_subject(kept.subject, column)[1] for column in kept.traits.values()])
    traits = [np.concatenate(pair) for pair in zip(*columns, strict=True)]
    traits = [(one - one.mean()) / one.std() for one in traits if np.ptp(one) > 1e-9]
    if not traits or min(counts) < 2 * len(traits) + 5:
        return None
    ours = np.repeat([1.0, 0.0], [len(one) for one in rows])
    design = np.column_stack([ours, np.ones(len(ours)), *traits])
    design = design[:, independent(design)]
    fit = sm.OLS(np.concatenate(rows), design).fit(cov_type="HC3", use_t=True)
    method = f"difference in differences of the same subjects, {', '.join(data.traits)} held constant"
    return interval(float(fit.params[0]), float(fit.bse[0]), len(ours) - design.shape[1], method, counts)


def _changes(data: Data) -> tuple[Array, Array]:
    before, after = pairs(data)
    return after - before, before


def _used(data: Data) -> Data | None:
    """Readings of subjects that are read at least twice; None unless both groups keep two subjects."""
    data = data.where(data.subject >= 0)
    many = np.bincount(data.subject)
    data = data.where(many[data.subject] >= 2)
    left = [len(np.unique(data.subject[data.comparison == group])) for group in (False, True)]
    return data if min(left) >= 2 else None


def _day_columns(data: Data) -> list[Array]:
    """A column for each day but the first that both groups were read on; before and after where days hardly repeat."""
    day, place = np.unique(data.day, return_inverse=True)
    if 2 <= len(day) <= MOST_DAYS and len(data) >= 3 * len(day):
        return [(place == number).astype(float) for number in range(1, len(day))]
    return [data.after.astype(float)]


def _within(column: Array, place: NDArray[np.signedinteger[Any]]) -> Array:
    means = np.bincount(place, weights=column) / np.bincount(place)
    held: Array = column - means[place]
    return held


def independent(design: Array) -> list[int]:
    """Columns that say something the ones before them don't."""
    kept: list[int] = []
    basis = np.zeros((len(design), 0))
    for number in range(design.shape[1]):
        column = design[:, number]
        size = float(np.linalg.norm(column))
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        if size > 0 and float(np.linalg.norm(rest)) > 1e-8 * size:
            kept.append(number)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return kept


def _size(change: Change, before: Array, other_before: Array) -> EffectSize | None:
    """The change in spreads of the values before, within groups; the spread is taken as known."""
    df = len(before) + len(other_before) - 2
    if min(len(before), len(other_before)) < 2 or df < 2:
        return None
    spread = ((before.var() * len(before) + other_before.var() * len(other_before)) / df) ** 0.5
    if spread <= 1e-12 * max(1.0, float(np.abs(before).max())):
        return None
    factor = (1 - 3 / (4 * df - 1)) / float(spread)
    scaled = change.times(factor)
    return EffectSize(scaled.likely, scaled.low, scaled.high, "the spread before, within groups")


def _few(groups: list[int]) -> tuple[str, ...]:
    if min(groups) >= 10:
        return ()
    return (f"The smaller group has {min(groups)} subjects: few to judge the spread between subjects by.",)


def mean_by_subject(data: Data, column: Array) -> Array:
    """A column with one value a subject; as it is where not all have a name."""
    return column if (data.subject < 0).any() else by_subject(data.subject, column)[1]
