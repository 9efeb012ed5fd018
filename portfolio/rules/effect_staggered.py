"""Effect where people began at different times: each against those who hadn't begun yet on the same days."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portfolio.rules.effect import Array, Data, Found, counted, interval

MOST_DAYS = 120
LEAST_WAITING = 2
"""People who haven't begun that a day needs: with one, its own ups and downs would be the comparison."""
MOST_LEFT_OUT = 200
"""So many times, at most, are people left out in turn."""


def is_staggered(data: Data) -> bool:
    """Whether some of those trained were still before on a day when others had begun."""
    ours = _in_order(data.ours())
    after, before = ours.day[ours.after], ours.day[~ours.after]
    return bool(len(after) and len(before) and before.max() >= after.min())


def days_repeat(data: Data) -> bool:
    """Whether people were read on the same days, so that days can be compared."""
    return len(data) >= 3 * len(np.unique(data.day))


def as_first_against_rest(data: Data) -> Data:
    """Readings from before anybody began, of those who began first and, as their comparison group, of all others."""
    data = _in_order(data)
    ours = data.after & ~data.comparison
    start = float(data.day[ours].min())
    first = np.unique(data.subject[ours & (data.day == start)])
    kept = data.where(data.day < start)
    return replace(kept, after=np.zeros(len(kept), bool), comparison=~np.isin(kept.subject, first))


def chance_apart(data: Data) -> float:
    """How far apart two groups of so many people often are by chance: two standard errors of a standardised difference."""
    sizes = [len(np.unique(data.subject[data.comparison == group])) for group in (False, True)]
    return float(2 * sum(1 / max(1, size) for size in sizes) ** 0.5)


def by_turns(data: Data) -> Found | None:
    """The mean effect on those trained, each person once, where they began at different times and others hadn't begun yet.

    Person and day by least squares on readings of whoever hadn't begun (later starters until they begin, and a comparison group); what that
    foretells for those who had is taken off what was read, on days when at least two who hadn't begun were read. Nobody who has begun is
    a comparison for others, so an effect that grows or differs misleads nobody. Interval by leaving out each person in turn (or
    groups of them from 200 on), Student's t with one less than the smaller of those begun and those waiting. None where too few waited.
    Source: Borusyak, Jaravel & Spiess 2024, Review of Economic Studies 91(6); Callaway & Sant'Anna 2021 and Goodman-Bacon 2021, Journal of
    Econometrics 225(2); interval: MacKinnon, Nielsen & Webb 2023, Journal of Applied Econometrics 38(5).
    """
    grid = _grid(data)
    if grid is None:
        return None
    group = np.arange(len(grid.value)) % min(len(grid.value), MOST_LEFT_OUT)
    parts = [_sums(grid, group == number) for number in range(int(group.max()) + 1)]
    whole = _added(parts)
    likely = _effect(whole)
    left = [_effect(_less(whole, one)) for one in parts]
    held = [one for one in left if one is not None]
    if likely is None or len(held) < len(left):
        return None
    error = float(((len(held) - 1) / len(held) * ((np.array(held) - likely) ** 2).sum()) ** 0.5)
    begun = int(grid.begun.any(axis=1).sum())
    first = int(np.flatnonzero(grid.begun.any(axis=0)).min())
    waited = int(grid.waiting[:, first:].any(axis=1).sum())
    before, after, *others = data.counts
    change = interval(
        likely, error, max(1, min(begun, waited) - 1), "each against those who hadn’t begun yet, by person and day",
        (before, after, *others) if min(others) else (before, after),
    )  # fmt: skip
    return Found(change, warnings=_told(grid, after, begun, waited))


def _in_order(data: Data) -> Data:
    """Readings with a name; none called before on or after the day somebody had begun, which compare with nothing."""
    data = data.where(data.subject >= 0)
    ours = data.after & ~data.comparison
    began = np.full(int(data.subject.max(initial=0)) + 1, np.inf)
    np.minimum.at(began, data.subject[ours], data.day[ours])
    return data.where(ours | (data.day < began[data.subject]))


@dataclass(frozen=True)
class _Grid:
    """People by days: what was read, where they hadn't begun, and where they had."""

    value: Array
    waiting: NDArray[np.bool_]
    begun: NDArray[np.bool_]


@dataclass(frozen=True)
class _Sums:
    """What people add to the equations of the days (`across` days = `moved`), and the effect on those begun: `gained` less `days` x days."""

    across: Array
    moved: Array
    gained: float
    days: Array
    people: int


def _grid(data: Data) -> _Grid | None:
    """Of people read before at all; days others waited on. None where too few did, or nobody's readings tie the days together."""
    data = _in_order(data)
    if not len(data) or len(np.unique(data.day)) > MOST_DAYS:
        return None
    who = np.unique(data.subject, return_inverse=True)[1]
    day, when = np.unique(data.day, return_inverse=True)
    sums, many = np.zeros((who.max() + 1, len(day))), np.zeros((who.max() + 1, len(day)))
    np.add.at(sums, (who, when), data.value)
    np.add.at(many, (who, when), 1.0)
    is_begun = np.zeros(sums.shape, bool)
    is_begun[who[data.after & ~data.comparison], when[data.after & ~data.comparison]] = True
    read = many > 0
    waiting = read & ~is_begun
    ties = waiting & (waiting.sum(axis=1) >= 2)[:, None]
    usable = ties.sum(axis=0) >= LEAST_WAITING
    waiting, begun = waiting & usable, is_begun & usable
    begun &= waiting.any(axis=1)[:, None]
    kept = waiting.any(axis=1)
    if min(int(begun.any(axis=1).sum()), int((~begun.any(axis=1) & kept).sum())) < 1 or not usable.any():
        return None
    value = np.where(read, sums / np.maximum(many, 1.0), 0.0)
    return _Grid(value[kept][:, usable], waiting[kept][:, usable], begun[kept][:, usable])


def _sums(grid: _Grid, kept: NDArray[np.bool_]) -> _Sums:
    value, waiting, begun = grid.value[kept], grid.waiting[kept].astype(float), grid.begun[kept].astype(float)
    many = waiting.sum(axis=1, keepdims=True)
    share = waiting / many
    level = (share * value).sum(axis=1, keepdims=True)
    across = np.diag(waiting.sum(axis=0)) - waiting.T @ share
    moved = (waiting * (value - level)).sum(axis=0)
    has = begun.any(axis=1)
    after = begun[has] / begun[has].sum(axis=1, keepdims=True)
    gained = float(((after * value[has]).sum(axis=1) - level[has, 0]).sum())
    return _Sums(across, moved, gained, (after - share[has]).sum(axis=0), int(has.sum()))


def _added(parts: list[_Sums]) -> _Sums:
    return _Sums(
        np.sum([one.across for one in parts], axis=0),
        np.sum([one.moved for one in parts], axis=0),
        sum(one.gained for one in parts),
        np.sum([one.days for one in parts], axis=0),
        sum(one.people for one in parts),
    )


def _less(whole: _Sums, one: _Sums) -> _Sums:
    return _Sums(
        whole.across - one.across, whole.moved - one.moved, whole.gained - one.gained,
        whole.days - one.days, whole.people - one.people,
    )  # fmt: skip


def _effect(sums: _Sums) -> float | None:
    """None where the days hang on too few people, or nobody has begun."""
    across = sums.across[1:, 1:]
    if not sums.people or np.linalg.matrix_rank(
        across, tol=1e-8 * max(1.0, float(np.abs(across).max(initial=0)))
    ) < len(across):
        return None
    days = np.concatenate([[0.0], np.linalg.solve(across, sums.moved[1:])])
    return (sums.gained - float(sums.days @ days)) / sums.people


def _told(grid: _Grid, after: int, begun: int, waited: int) -> tuple[str, ...]:
    found = []
    left_out = after - int(grid.begun.sum())
    if left_out > 0:
        why = "on their day hardly anybody was waiting any more, or they weren’t read before"
        found.append(f"{counted(left_out, 'reading')} after can’t be compared: {why}.")
    if min(begun, waited) < 10:
        found.append(
            f"{counted(begun, 'subject')} had begun and {waited:,} were waiting: few to judge the spread between them by."
        )
    return tuple(found)
