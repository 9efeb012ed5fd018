"""Effect from a series of readings: where it went, against where it was heading."""

from dataclasses import dataclass, replace

import numpy as np

from portfolio.rules.effect import LEVEL, Array, Change, Data, Found, interval
from portfolio.rules.effect_means import from_ratio

YEAR = 365.25
FOR_SEASON = 24
"""Points needed, over two years or more, before a season is taken out: it costs four of them."""
MOVED_TOGETHER = 0.8
"""The share of a series' movement before (r²) another must explain before it stands in for the trend."""
SURE = 0.01
"""A drift between two groups is taken off when it is this sure: taking off one that isn't there does more harm than a little drift."""
SLOPE_CHANGED = 0.2
"""Below this p the slope of a count is taken to have changed as well. Large, so that a change is seldom overlooked."""


@dataclass(frozen=True)
class Series:
    """One value a day: the mean of its readings (for counts: events and exposure added up)."""

    day: Array
    value: Array
    exposure: Array
    after: Array

    def __len__(self) -> int:
        return len(self.day)

    @property
    def readings(self) -> tuple[int, int]:
        after = int(self.after.sum())
        return len(self) - after, after

    @property
    def years(self) -> Array:
        held: Array = (self.day - self.day[0]) / YEAR
        return held

    @property
    def since(self) -> Array:
        """Years since the first day after, 0 before."""
        held: Array = self.after * (self.day - self.day[self.after > 0].min()) / YEAR
        return held

    @property
    def has_season(self) -> bool:
        return len(self) >= FOR_SEASON and self.day[-1] - self.day[0] >= 2 * YEAR - 40


def series_of(data: Data, *, adds_up: bool = False) -> Series:
    """Readings of one day as one point. Named subjects that come and go don't move it: each counts by its distance from its own mean before."""
    value = data.value if adds_up else _settled(data)
    day, place = np.unique(data.day, return_inverse=True)
    many = np.bincount(place)
    divisor = np.ones_like(many) if adds_up else many
    after = np.bincount(place, weights=data.after) / many
    return Series(
        day, np.bincount(place, weights=value) / divisor,
        np.bincount(place, weights=data.exposure) / divisor, (after > 0.5).astype(float),
    )  # fmt: skip


def interrupted(series: Series) -> Found:
    """How far the values after lie, on average, from where the trend before was heading.

    value = a + b t + c after + d since + season + e; the change is c + d x mean(since). e may resemble its neighbour: AR(1), its
    strength by restricted likelihood, coefficients by generalised least squares, Student's t with the points the series is worth,
    (n - k) (1 - r) / (1 + r). Season: two pairs of sine and cosine over a year. The larger of this and Newey & West's error is taken.
    Source: Wagner et al. 2002, J Clin Pharm Ther 27; restricted likelihood: Turner et al. 2021, BMC Med Res Methodol 21:181.
    """
    base = [np.ones(len(series)), series.years]
    design = np.column_stack([*base, *_season(series), series.after, series.since])
    contrast = np.zeros(design.shape[1])
    contrast[-2:] = 1.0, float(series.since[series.after > 0].mean())
    method = "interrupted time series" + (", season taken out" if series.has_season else "")
    change, resembles = correlated(design, series.value, contrast, method, series.readings)
    return Found(change, warnings=_neighbours(resembles))


def compared_series(ours: Series, theirs: Series) -> Found:
    """A series against that of a comparison group on the same days.

    Where the two moved together before (r² of 0.8 or more), theirs foretells ours: value = a + b theirs + c after. Otherwise the
    difference of the two is followed: after against before, and against its own trend where it surely had one before (p < 0.01).
    Errors as in `interrupted`. Source: Brodersen et al. 2015, Annals of Applied Statistics 9(1); Lopez Bernal et al. 2018, IJE 47(6).
    """
    day, here, there = np.intersect1d(ours.day, theirs.day, return_indices=True)
    value, other, after = ours.value[here], theirs.value[there], ours.after[here]
    gap = Series(day, value - other, np.ones_like(day), after)
    ones = np.ones(len(day))
    if _explained(other[after == 0], value[after == 0]) >= MOVED_TOGETHER:
        design = np.column_stack([ones, other, after])
        method = "series against what the comparison group’s foretells"
        change, resembles = correlated(design, value, np.array([0.0, 0.0, 1.0]), method, gap.readings)
        return Found(change, warnings=_neighbours(resembles))
    design = np.column_stack([ones, after])
    method = "difference between two series, after less before"
    plain, resembles = correlated(design, gap.value, np.array([0.0, 1.0]), method, gap.readings)
    if moved_before(gap, chance=SURE):
        return _drift_taken_off(interrupted(gap), plain)
    told = ("The two groups may have been drifting apart before; part of the change may be that.",)
    return Found(plain, warnings=(*(told if moved_before(gap) else ()), *_neighbours(resembles)))


def _drift_taken_off(found: Found, plain: Change) -> Found:
    """The difference against its own trend; the interval reaches over the one without, as nobody knows whether a drift would have gone on."""
    told = "The two groups were already drifting apart before; that drift is taken off, and the interval covers both with and without it."
    lows = [one for one in (found.change.low, plain.low) if one is not None]
    highs = [one for one in (found.change.high, plain.high) if one is not None]
    change = replace(
        found.change,
        low=min(lows, default=None),
        high=max(highs, default=None),
        method="interrupted series of the difference between groups",
    )
    return Found(change, warnings=(told, *found.warnings))


def counted_series(series: Series) -> Found | None:
    """Interrupted series of counts: the rate ratio after, against where the rate was heading, and as events a reading.

    log(events) = log(exposure) + a + b t + c after + season by quasi-Poisson regression (spread from Pearson's chi², at least 1): a
    step, the same all the time after. Where the slope seems to have changed too (p < 0.2) or there are under 24 points, d since is added
    and the ratio is that in the middle of the time after. The larger of this error and Newey & West's is taken. None where counts are negative or a
    side has none. Source: Lopez Bernal, Cummins & Gasparrini 2017, International Journal of Epidemiology 46(1), tutorial.
    """
    after = series.after > 0
    if series.value.min() < 0 or not series.value[after].sum() or not series.value[~after].sum():
        return None
    step = np.column_stack([np.ones(len(series)), series.years, *_season(series), series.after])
    full = np.column_stack([step, series.since])
    middle = np.zeros(full.shape[1])
    middle[-2:] = 1.0, float(series.since[after].mean())
    sloped = _poisson(series, full, np.eye(full.shape[1])[-1])
    method = "interrupted series of counts" + (", season taken out" if series.has_season else "")
    has_turned = sloped is not None and sloped.p < SLOPE_CHANGED
    is_short = len(series) < FOR_SEASON or sloped is None
    warnings = (
        ("The slope changed as well, so the ratio is the average of the time after.",) if has_turned else ()
    )
    found = (
        _poisson(series, full, middle)
        if has_turned or is_short
        else _poisson(series, step, np.eye(step.shape[1])[-1])
    )
    if found is None:
        return None
    log_ratio = interval(found.likely, found.error, found.df, method, series.readings)
    return from_ratio(
        log_ratio, float(series.value[after].mean()), (*warnings, *_neighbours(found.resembles))
    )


def moved_before(series: Series, *, chance: float = 0.05) -> bool:
    """Whether the points before lie on a slope, with no more than this `chance` that they don't. Never under four points or without any spread.

    From eight points on with errors that may resemble their neighbours: a wandering series is not a moving one.
    """
    from scipy.stats import linregress

    held = series.after == 0
    day, value = series.day[held], series.value[held]
    if len(day) < 4 or np.ptp(value) <= 1e-12 * max(1.0, float(np.abs(value).max())):
        return False
    years = (day - day[0]) / YEAR
    if len(day) < 8:
        return bool(linregress(years, value).pvalue < chance)
    design = np.column_stack([np.ones_like(years), years])
    slope, _ = correlated(design, value, np.array([0.0, 1.0]), "slope", (len(day), 0), 1 - chance / 2)
    return slope.low is not None and slope.high is not None and not slope.low <= 0 <= slope.high


def correlated(
    design: Array,
    value: Array,
    contrast: Array,
    method: str,
    readings: tuple[int, ...],
    level: float = LEVEL,
) -> tuple[Change, float]:
    """A contrast of a regression whose errors resemble their neighbours, and how much they do (-1..1)."""
    import statsmodels.api as sm
    from scipy.linalg import toeplitz

    count, width = design.shape
    plain = sm.OLS(value, design).fit()
    likely = float(contrast @ plain.params)
    if count <= width or float(np.abs(plain.resid).max()) <= 1e-9 * max(1.0, float(np.abs(value).max())):
        return interval(likely, 0.0, max(1, count - width), method, readings), 0.0
    likeliest = _resemblance(design, value)
    # Short series look more independent than they are (Kendall 1954, Biometrika 41): by about (1 + 3 r) / n.
    found = min(0.95, max(0.0, likeliest + (1 + 3 * max(0.0, likeliest)) / count))
    fit = sm.GLS(value, design, sigma=toeplitz(found ** np.arange(count))).fit() if found else plain
    robust = plain.get_robustcov_results("HAC", maxlags=_lag(count), use_correction=True)
    errors = [float(contrast @ one.cov_params() @ contrast) for one in (fit, robust)]
    df = max(2.0, (count - width) * (1 - found) / (1 + found))
    return interval(
        float(contrast @ fit.params), max(0.0, *errors) ** 0.5, df, method, readings, level
    ), found


@dataclass(frozen=True)
class _Logged:
    likely: float
    error: float
    df: float
    p: float
    resembles: float


def _poisson(series: Series, design: Array, contrast: Array) -> _Logged | None:
    import statsmodels.api as sm
    from scipy.stats import t as student

    df = len(series) - design.shape[1]
    if df < 1:
        return None
    model = sm.GLM(series.value, design, family=sm.families.Poisson(), exposure=series.exposure)
    fit = model.fit()
    scale = max(1.0, float(fit.pearson_chi2) / df)
    own = scale * float(contrast @ fit.cov_params() @ contrast)
    robust = model.fit(cov_type="HAC", cov_kwds={"maxlags": _lag(len(series)), "use_correction": True})
    near = float(contrast @ robust.cov_params() @ contrast)
    likely = float(contrast @ fit.params)
    error = max(own, near) ** 0.5
    if not np.isfinite(error) or not np.isfinite(likely) or error <= 0:
        return None
    rest = np.asarray(fit.resid_pearson)
    resembles = float(rest[1:] @ rest[:-1] / (rest @ rest)) if rest @ rest > 0 else 0.0
    return _Logged(likely, error, df, float(2 * student.sf(abs(likely / error), df)), resembles)


def _resemblance(design: Array, value: Array) -> float:
    """How much an error resembles the one before, by restricted maximum likelihood of an AR(1)."""
    from scipy.optimize import minimize_scalar

    count, width = design.shape

    def against(strength: float) -> float:
        first = (1 - strength**2) ** 0.5
        turned = np.vstack([first * design[:1], design[1:] - strength * design[:-1]])
        aim = np.concatenate([first * value[:1], value[1:] - strength * value[:-1]])
        params, *_ = np.linalg.lstsq(turned, aim, rcond=None)
        squares = max(float(((aim - turned @ params) ** 2).sum()), 1e-300)
        _, log_size = np.linalg.slogdet(turned.T @ turned)
        return float((count - width) * np.log(squares) - np.log(1 - strength**2) + log_size)

    return float(minimize_scalar(against, bounds=(-0.9, 0.95), method="bounded").x)


def _season(series: Series) -> list[Array]:
    if not series.has_season:
        return []
    turn = 2 * np.pi * series.day / YEAR
    return [wave(turn * pairs) for pairs in (1, 2) for wave in (np.sin, np.cos)]


def _settled(data: Data) -> Array:
    """Values less how far their subject's own mean before lies from everybody's; as they are where not all have a name."""
    if (data.subject < 0).any() or data.after.all():
        return data.value
    count = int(data.subject.max()) + 1
    before = ~data.after
    read = np.bincount(data.subject[before], minlength=count)
    if not read.all():
        return data.value
    means = np.bincount(data.subject[before], weights=data.value[before], minlength=count) / read
    held: Array = data.value - means[data.subject] + means.mean()
    return held


def _explained(other: Array, value: Array) -> float:
    if min(np.ptp(other), np.ptp(value)) <= 0:
        return 0.0
    return float(np.corrcoef(other, value)[0, 1]) ** 2


def _lag(count: int) -> int:
    return max(1, int(4 * (count / 100) ** (2 / 9)))


def _neighbours(resembles: float) -> tuple[str, ...]:
    if resembles < 0.3:
        return ()
    return (
        f"Neighbouring readings resemble each other (correlation {resembles:.1f}); the range allows for it.",
    )
