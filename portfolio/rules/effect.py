"""Effect: what all designs share. Values go in, an effect comes out with its interval, its size and what to doubt about it.

The designs: effect_means (before and after), effect_series (interrupted series), effect_compared (a comparison group),
effect_adjusted (a comparison group read once, made alike by its traits). effect_design picks one and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from portfolio.states import EvidenceGrade

Array = NDArray[np.float64]
Numbers = Sequence[float] | Array
LEVEL = 0.975
"""Where the upper end of a 95 % interval lies."""
NO_SPREAD = 1e-9
"""An interval narrower than this share of the values comes from rounding, not from spread."""


class Family(StrEnum):
    """What a value is: a mean, a count of events (among `exposure`), or a share in 0..100 % (of `exposure` people)."""

    MEAN = "mean"
    COUNT = "count"
    SHARE = "share"


@dataclass(frozen=True)
class Value:
    """One value of a measure: before or after, of those trained or of a comparison group.

    `subject` names what was read: the same name before and after makes a pair. `traits` might explain a difference besides the
    work. `exposure` is what a count was counted among, or how many people a share is of.
    """

    value: float
    on: date
    after: bool
    comparison: bool = False
    subject: str | None = None
    traits: Mapping[str, float | str] | None = None
    exposure: float | None = None


@dataclass(frozen=True)
class Change:
    """After minus before, in the measure's own unit, with its 95 % interval where there is one.

    `readings` counts what it rests on: before, after, and the same of the comparison group where there is one.
    """

    likely: float
    low: float | None
    high: float | None
    method: str
    readings: tuple[int, ...]

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None

    def times(self, factor: float) -> "Change":
        if self.low is None or self.high is None:
            return replace(self, likely=self.likely * factor)
        low, high = sorted((self.low * factor, self.high * factor))
        return replace(self, likely=self.likely * factor, low=low, high=high)

    def bare(self) -> "Change":
        """Without its interval."""
        return replace(self, low=None, high=None)


@dataclass(frozen=True)
class EffectSize:
    """Hedges' g with its 95 % interval; `of` says which spread it is counted in."""

    likely: float
    low: float | None
    high: float | None
    of: str


@dataclass(frozen=True)
class Ratio:
    """A rate after, divided by the rate there would have been: 0.9 is a tenth less. With its 95 % interval."""

    likely: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Grade:
    """How strong the design is, why, and what a stronger one would need ("" at the top)."""

    grade: EvidenceGrade
    reason: str
    needed: str


@dataclass(frozen=True)
class Found:
    """What one design found."""

    change: Change
    size: EffectSize | None = None
    ratio: Ratio | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effect:
    """What the readings say: by which design, why that one, how strong it is and what to doubt."""

    design: str
    explained: str
    change: Change | None
    grade: Grade
    size: EffectSize | None = None
    ratio: Ratio | None = None
    warnings: tuple[str, ...] = ()
    refused: str = ""
    """Why there can be no verdict, "" where there can."""


@dataclass(frozen=True)
class Data:
    """Values as columns. `subject` is a number for each name, -1 where there is none; traits are complete columns."""

    value: Array
    day: Array
    after: NDArray[np.bool_]
    comparison: NDArray[np.bool_]
    subject: NDArray[np.int64]
    exposure: Array
    has_exposure: bool
    traits: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.value)

    def where(self, kept: NDArray[np.bool_]) -> "Data":
        return Data(
            self.value[kept], self.day[kept], self.after[kept], self.comparison[kept], self.subject[kept],
            self.exposure[kept], self.has_exposure, {name: held[kept] for name, held in self.traits.items()},
        )  # fmt: skip

    def cell(self, *, after: bool, comparison: bool = False) -> Array:
        held: Array = self.value[(self.after == after) & (self.comparison == comparison)]
        return held

    def days(self, *, after: bool, comparison: bool = False) -> int:
        """How many different days there are readings of."""
        return len(np.unique(self.day[(self.after == after) & (self.comparison == comparison)]))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Readings before and after of those trained, and of the comparison group."""
        before, after, other_before, other_after = (
            len(self.cell(after=side, comparison=group)) for group in (False, True) for side in (False, True)
        )
        return before, after, other_before, other_after

    def ours(self) -> "Data":
        return self.where(~self.comparison)


def read(values: Sequence[Value]) -> tuple[Data, tuple[str, ...]]:
    """Values as columns, and what had to be left out."""
    usable = [one for one in values if _is_number(one.value)]
    warnings = [] if len(usable) == len(values) else [_left_out(len(values) - len(usable))]
    names = {name: code for code, name in enumerate(sorted({one.subject for one in usable if one.subject}))}
    exposures = [one.exposure for one in usable]
    told = [held is not None and _is_number(held) and held > 0 for held in exposures]
    if any(told) and not all(told):
        warnings.append("Not every value says what it was counted among, so that was left out of account.")
    has_exposure = bool(told) and all(told)
    data = Data(
        np.array([float(one.value) for one in usable]),
        np.array([one.on.toordinal() for one in usable], float),
        np.array([bool(one.after) for one in usable], bool),
        np.array([bool(one.comparison) for one in usable], bool),
        np.array([names[one.subject] if one.subject else -1 for one in usable], np.int64),
        np.array(exposures if has_exposure else [1.0] * len(usable), float),
        has_exposure,
        _traits(usable),
    )
    return data, tuple(warnings)


def interval(
    likely: float, error: float, df: float, method: str, readings: tuple[int, ...], level: float = LEVEL
) -> Change:
    """likely ± t(0.975, df) x error; no interval where the error is unknown or no spread was seen at all."""
    from scipy.stats import t as student

    if not np.isfinite(error) or not np.isfinite(df) or df <= 0:
        return Change(likely, None, None, method, readings)
    reach = float(student.ppf(level, df)) * error
    return Change(likely, likely - reach, likely + reach, method, readings)


def by_subject(subject: NDArray[np.int64], value: Array) -> tuple[NDArray[np.int64], Array]:
    """Each subject once, with the mean of its values."""
    codes, place = np.unique(subject, return_inverse=True)
    return codes, np.bincount(place, weights=value) / np.bincount(place)


def figure(value: float) -> str:
    """A value for a sentence: two decimals, three digits where it is smaller than that; "−1.45", "12,400", "0.00312"."""
    if 0 < abs(value) < 0.1:
        return f"{value:.3g}".replace("-", "−")
    said = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.2f}".rstrip("0").rstrip(".")
    return said.replace("-", "−")


def counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value)) and abs(value) < 1e100  # type: ignore[operator] # one of the number types


def _left_out(count: int) -> str:
    return (
        "1 value that is no number was left out."
        if count == 1
        else f"{count} values that are no numbers were left out."
    )


def _traits(usable: Sequence[Value]) -> dict[str, Array]:
    """Traits as columns: numbers as they are, words as yes or no. One known of less than four in five is left out; a gap gets the mean."""
    names = sorted({name for one in usable if one.traits for name in one.traits})
    found: dict[str, Array] = {}
    for name in names:
        held = [(one.traits or {}).get(name) for one in usable]
        texts = sorted({one for one in held if isinstance(one, str)})
        if texts:
            found |= {f"{name}: {text}": np.array([float(one == text) for one in held]) for text in texts[:6]}
            continue
        column = np.array(
            [float(one) if one is not None and _is_number(one) else np.nan for one in held], float
        )
        known = np.isfinite(column)
        if known.mean() >= 0.8:
            found[name] = np.where(known, column, column[known].mean())
    return {name: column for name, column in found.items() if np.ptp(column) > 0}
