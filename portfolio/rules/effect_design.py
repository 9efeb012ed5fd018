"""Which design fits the readings, why, and what it found. The strongest that the readings allow is taken."""

import warnings as noise
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from portfolio.rules import effect_checks as checks
from portfolio.rules import effect_chosen as picked
from portfolio.rules import effect_compared as compared
from portfolio.rules import effect_means as means
from portfolio.rules import effect_series as over_time
from portfolio.rules import effect_staggered as staggered
from portfolio.rules.effect import (
    Change,
    Data,
    Effect,
    Family,
    Found,
    Grade,
    Value,
    by_subject,
    counted,
    read,
)
from portfolio.rules.effect_adjusted import BAD, FAR, STRONG, adjusted, chance, imbalances, raw, standardised
from portfolio.states import EvidenceGrade

LEAST_FOR_SERIES = 8
"""Days with readings needed before and again after for an interrupted time series (Penfold & Zhang 2013, Academic Pediatrics 13)."""
LEAST_FOR_TREND = 3
"""Readings needed before and again after to speak of a trend (Cochrane EPOC's minimum for a series)."""
LEAST_FOR_COMPARISON = 2
"""Readings needed in each of the four cells of a comparison, so that each has a spread."""
ENOUGH_SUBJECTS = 10
"""From this many subjects a group on, they say more about chance than the days do."""

COMPARED = "a comparison group with two readings before and two after"
TOO_FAR = "The groups stood too far apart before: what follows from that can’t be told from an effect."
TOO_FEW_WAITED = (
    "They began at different times, and too few who hadn’t begun yet were read on the same days: an average over early and late starters "
    "can mislead."
)
DRIFTED = "The groups were already drifting apart before, so the difference afterwards can’t be credited to the work."
ON_THE_SAME_PATH = "a comparison group on the same path before"
OTHERS = "There is no comparison group: anything else that changed meanwhile is in it."


@dataclass(frozen=True)
class _Plan:
    """A design with its words."""

    design: str
    explained: str
    run: Callable[[], Found | None]


def choose(
    values: Sequence[Value],
    *,
    family: str = "mean",
    estimated: bool = False,
    by_chance: bool = False,
    for_value: bool | None = None,
) -> Effect:
    """The effect by the strongest design the readings allow, with the reason for it, its grade and its doubts.

    controlled > interrupted series > trend > adjusted estimate > none. `estimated`: somebody stated how much of the change is due to
    the work. `by_chance`: who was trained was drawn by lot, so that groups read only afterwards can be compared as they are.
    `for_value`: they were chosen because this value was bad, which comes up by itself; None where nobody said.
    Never raises for any values; without a result the reason is in `refused`. Source: numbers.md 8; the limits stand above.
    """
    data, left_out = read(values)
    with noise.catch_warnings(), np.errstate(all="ignore"):
        noise.simplefilter("ignore")
        found = _choose(data, Family(family), estimated=estimated, by_chance=by_chance, for_value=for_value)
    return replace(found, warnings=(*found.warnings, *left_out))


def _choose(
    data: Data, family: Family, *, estimated: bool, by_chance: bool, for_value: bool | None
) -> Effect:
    before, after, other_before, other_after = data.counts
    if not before and min(after, other_after) >= LEAST_FOR_COMPARISON:
        return _afterwards(data, by_chance=by_chance)
    if not before or not after:
        return _nothing(data)
    of_known_people = family is Family.SHARE and data.has_exposure
    if min(data.counts) >= (1 if of_known_people else LEAST_FOR_COMPARISON):
        return _against_others(data, family)
    in_turns = _in_turns(data, family)
    if in_turns:
        return in_turns
    found = _alone(data.ours(), family, estimated=estimated, for_value=for_value)
    if not other_before and not other_after:
        return found
    told = f"The comparison group has {counted(other_before, 'reading')} before and {other_after} after; two and two are needed to use it."
    return replace(found, warnings=(*found.warnings, told))


def grade_alone(before: int, after: int, days: int, *, estimated: bool) -> Grade:
    """The grade without a comparison group, from readings on each side and the fewest days on one."""
    fewest = min(before, after)
    counts = f"{counted(before, 'reading')} before and {after:,} after"
    if days >= LEAST_FOR_SERIES:
        return Grade(EvidenceGrade.SERIES, counts, COMPARED)
    if fewest >= LEAST_FOR_TREND:
        needed = f"a comparison group, or {LEAST_FOR_SERIES} readings before and {LEAST_FOR_SERIES} after"
        if fewest >= LEAST_FOR_SERIES:
            needed = f"a comparison group, or readings on {LEAST_FOR_SERIES} days before and {LEAST_FOR_SERIES} after"
        return Grade(EvidenceGrade.TREND, counts, needed)
    wanted = f"{LEAST_FOR_TREND} readings before and {LEAST_FOR_TREND} after (there are {before} and {after})"
    if fewest and estimated:
        return Grade(EvidenceGrade.ESTIMATE, f"{counts}, and a stated share due to the work", wanted)
    return Grade(EvidenceGrade.NONE, counts if before or after else "no readings yet", wanted)


def _nothing(data: Data) -> Effect:
    before, after, *_ = data.counts
    grade = grade_alone(before, after, 0, estimated=False)
    if not len(data) or not (before or after):
        return Effect(
            "none",
            "There are no readings of those trained yet.",
            None,
            grade,
            refused="There are no readings yet.",
        )
    if after:
        told = "There is no baseline: nothing was read before the work began, so there is nothing to compare with."
        return Effect(
            "none", told, None, grade, warnings=(told,), refused="There is no reading on both sides yet."
        )
    told = "There are readings from before only; the change shows when it is read again after the work."
    return Effect("none", told, None, grade, refused="There is no reading on both sides yet.")


def _in_turns(data: Data, family: Family) -> Effect | None:
    """No comparison group read on both sides, but they began at different times: who hadn't begun yet is compared with who had."""
    plan = _turns_plan(data, family)
    found = _result(plan) if plan else None
    if plan is None or found is None:
        return None
    before, after, *_ = data.counts
    reason = f"{counted(before, 'reading')} before and {after:,} after, and others who hadn’t begun yet"
    grade, refused = Grade(EvidenceGrade.CONTROLLED, reason, ""), ""
    first = staggered.as_first_against_rest(data)
    if checks.drifted_apart(first):
        refused = DRIFTED
        grade = Grade(EvidenceGrade.NONE, f"{reason} who were on another path", ON_THE_SAME_PATH)
    elif abs(standardised(first, first.value)) > max(FAR, staggered.chance_apart(first)):
        refused = TOO_FAR
        grade = Grade(
            EvidenceGrade.ESTIMATE,
            f"{reason} who hardly resemble them",
            "a comparison group more like those trained",
        )
    return _told(data, plan, found, grade, (refused,) if refused else (), refused)


def _turns_plan(data: Data, family: Family) -> _Plan | None:
    """Where people began at different times and were read on the same days."""
    if not staggered.is_staggered(data) or not staggered.days_repeat(data):
        return None
    why = (
        "They began at different times, so each is set against those who hadn’t begun yet on the same days, and nobody who had begun is a "
        "comparison for others."
    )
    return _Plan("in turns", why, lambda: staggered.by_turns(_as_rates(data, family)))


def _alone(data: Data, family: Family, *, estimated: bool, for_value: bool | None) -> Effect:
    """Those trained only: a series, the same subjects twice, or two groups of readings."""
    days = 0 if _is_once_a_side(data) else min(data.days(after=False), data.days(after=True))
    before, after, *_ = data.counts
    grade = grade_alone(before, after, days, estimated=estimated)
    plans = [*(_series_plans(data, family) if days >= LEAST_FOR_SERIES else []), *_two_sided(data, family)]
    plan, found = _first(data, plans)
    if plan.design == "paired" and found.change.readings[0] < LEAST_FOR_TREND:
        pairs = found.change.readings[0]
        grade = replace(
            grade_alone(pairs, pairs, 0, estimated=estimated), reason=f"{counted(pairs, 'pair')} of readings"
        )
    if plan.design == "shares":
        asked, again = found.change.readings
        grade = replace(
            grade_alone(asked, again, 0, estimated=estimated),
            reason=f"{asked:,} people before and {again:,} after",
        )
    doubts, refused = [], ""
    if grade.grade is EvidenceGrade.SERIES and not plan.design.endswith("series"):
        grade = replace(grade, grade=EvidenceGrade.TREND)
    if not plan.design.endswith("series"):
        doubts.append(OTHERS)
        if checks.was_moving(data):
            refused = "The values were already moving before, so a change afterwards can’t be told from that."
            doubts.insert(0, f"{refused} A series of {LEAST_FOR_SERIES} days before and after could.")
            grade = replace(grade, grade=EvidenceGrade.NONE)
        elif not checks.is_across_zero(found.change) and checks.is_one_line(data):
            refused = (
                "One straight line through all the values fits them better than a change when the work began."
            )
            doubts.insert(0, f"{refused} A series of {LEAST_FOR_SERIES} days before and after could tell.")
            grade = replace(grade, grade=EvidenceGrade.NONE)
    if not refused and not checks.is_across_zero(found.change):
        told, refused = _by_itself(data, family, plan, found.change, for_value=for_value)
        doubts = [*told, *doubts]
        grade = replace(grade, grade=EvidenceGrade.NONE, needed=picked.NEEDED) if refused else grade
    return _told(data, plan, found, grade, tuple(doubts), refused)


def _by_itself(
    data: Data, family: Family, plan: _Plan, change: Change, *, for_value: bool | None
) -> tuple[tuple[str, ...], str]:
    """What may have come up by itself, had they been chosen for a bad value: doubts, and why there can be no verdict."""
    if for_value is False:
        return (), ""
    day = picked.day_to_leave_out(data, chosen=for_value)
    if day is not None:
        rest = picked.without(data, day)
        plans = _series_plans(rest, family) if plan.design.endswith("series") else []
        return picked.without_the_worst(
            data, day, change, _first(rest, [*plans, *_two_sided(rest, family)])[1].change
        )
    if for_value:
        return (picked.CHOSEN,), picked.CHOSEN
    if plan.design != "paired" or (data.days(after=False) > 1 and not _is_once_a_side(data)):
        return (), ""
    return picked.less_what_came(change, *means.pairs(data))


def _series_plans(data: Data, family: Family) -> list[_Plan]:
    why = (
        f"Read on {data.days(after=False)} days before and {data.days(after=True)} after, so the time after is set against "
        "where the trend before was heading."
    )
    linear = _Plan("series", why, lambda: over_time.interrupted(over_time.series_of(data)))
    if family is not Family.COUNT:
        return [linear]
    why = why.replace("the time after is set", "the rate after is set")
    counts = _Plan(
        "count series", why, lambda: over_time.counted_series(over_time.series_of(data, adds_up=True))
    )
    return [counts, linear]


def _two_sided(data: Data, family: Family) -> list[_Plan]:
    """Paired where most were read twice; otherwise two groups of readings, as their kind wants it."""
    found = []
    pairs = len(means.pairs(data)[0])
    everybody = len(np.unique(data.subject[data.subject >= 0]))
    if pairs >= 2 and 2 * pairs >= everybody and (data.subject < 0).sum() <= len(data) / 2:
        why = f"{counted(pairs, 'subject')} were read before and after, so each is compared with itself."
        found.append(_Plan("paired", why, lambda: means.paired(data)))
    if family is Family.COUNT:
        why = "Events are counted on both sides, so their rates are compared, allowing for more spread than pure chance."
        found.append(_Plan("rates", why, lambda: means.rates(data)))
    if family is Family.SHARE:
        why = "These are shares of people, so two proportions are compared."
        found.append(_Plan("shares", why, lambda: means.shares(data)))
    why = "There are readings before and after but no pairs and no series, so the two means are compared."
    found.append(_Plan("unpaired", why, lambda: means.unpaired(data)))
    return found


def _against_others(data: Data, family: Family) -> Effect:
    """A comparison group read before and after too."""
    before, after, *_ = data.counts
    grade = Grade(
        EvidenceGrade.CONTROLLED,
        f"{counted(before, 'reading')} before and {after:,} after, and a comparison group",
        "",
    )
    plan, found = _first(data, _compared_plans(data, family))
    uneven = (
        imbalances(data)
        if _is_of_people(data)
        else tuple(one for one in imbalances(data) if one.trait in data.traits)
    )
    doubts, refused = list(checks.of_imbalance(uneven)), ""
    if checks.are_far_apart(uneven, chance(data)):
        doubts.insert(0, "The groups hardly overlap, so the comparison counts as an adjusted estimate only.")
        grade = Grade(
            EvidenceGrade.ESTIMATE,
            f"{grade.reason} that hardly resembles those trained",
            "a comparison group more like those trained",
        )
    apart = next((abs(one.difference) for one in uneven if one.trait == "the values before"), 0.0)
    if apart > max(STRONG, chance(data)) and plan.design.startswith("compared p"):
        found, told, refused = _beside_their_equals(data, found)
        doubts.insert(0, told)
    elif apart > max(FAR, chance(data)) and plan.design != "compared series":
        refused = TOO_FAR
        doubts.insert(0, refused)
    if plan.design != "in turns" and staggered.is_staggered(data) and staggered.days_repeat(data):
        refused = TOO_FEW_WAITED
        doubts.insert(0, refused)
    if plan.design != "compared series" and checks.drifted_apart(data):
        refused = DRIFTED
        doubts.insert(0, refused)
        grade = Grade(EvidenceGrade.NONE, f"{grade.reason} that was on another path", ON_THE_SAME_PATH)
    return _told(data, plan, found, grade, tuple(doubts), refused)


def _beside_their_equals(data: Data, found: Found) -> tuple[Found, str, str]:
    """Groups that stood apart before may draw nearer by themselves (regression to the mean), which looks like an effect.

    So those trained are also set against others who stood where they stood, the value before held constant. If one of the two views is right, the
    truth lies between them: the interval covers both. Source: Angrist & Pischke 2009, 5.4; Ding & Li 2019, Political Analysis 27(4).
    """
    both = np.intersect1d(data.subject[data.after], data.subject[~data.after])
    before = data.where(~data.after & np.isin(data.subject, both))
    after = data.where(data.after & np.isin(data.subject, both))
    codes, started = by_subject(before.subject, before.value)
    stood = started[np.searchsorted(codes, after.subject)]
    equals = adjusted(replace(after, traits={**after.traits, "the value before": stood}), alike=False)
    if (
        equals is None
        or equals.change.low is None
        or equals.change.high is None
        or not found.change.has_interval
    ):
        return found, TOO_FAR, TOO_FAR
    first, second = found.change, equals.change
    told = (
        f"The groups stood apart before. By each one’s own change it is {first.likely:,.4g}; beside others who stood where they "
        f"stood {second.likely:,.4g}. The interval covers both."
    )
    change = replace(
        first,
        likely=(first.likely + second.likely) / 2,
        low=min(end for end in (first.low, second.low) if end is not None),
        high=max(end for end in (first.high, second.high) if end is not None),
        method=f"{first.method}, and beside their equals",
    )
    return replace(found, change=change, size=None), told, ""


def _compared_plans(data: Data, family: Family) -> list[_Plan]:
    turns = _turns_plan(data, family)
    found = [turns] if turns else []
    subjects = [
        len(np.unique(data.subject[(data.comparison == group) & (data.subject >= 0)]))
        for group in (False, True)
    ]
    most_named = (data.subject >= 0).mean() >= 0.5 and min(subjects) >= LEAST_FOR_COMPARISON
    if _common_days(data) >= LEAST_FOR_SERIES and (not most_named or min(subjects) < ENOUGH_SUBJECTS):
        why = "Both groups were read on the same many days, so the two series are set against each other."
        found.append(_Plan("compared series", why, lambda: _two_series(data, family)))
    if family is Family.COUNT:
        why = "Events were counted in both groups before and after, so the change of one rate is set against that of the other."
        found.append(_Plan("compared counts", why, lambda: compared.counts_compared(data)))
    if most_named and compared.is_whole_panel(data) and compared.has_one_split(data):
        why = "The same subjects were read before and after in both groups, so each one’s own change is compared between the groups."
        found.append(_Plan("compared pairs", why, lambda: compared.by_subjects(data)))
    elif most_named:
        why = (
            "The same subjects were read over time, not all of them always, so each is compared with itself, day by day, "
            "against the comparison group."
        )
        found.append(_Plan("panel", why, lambda: compared.by_panel(data)))
    if family is Family.SHARE:
        told = "These are shares of people in both groups, before and after, so the change of one share is set against that of the other."
        found.append(_Plan("compared shares", told, lambda: compared.shares_compared(data)))
    why = "Both groups were read before and after, so what the comparison group did meanwhile is taken off."
    found.append(_Plan("compared", why, lambda: compared.by_cells(data)))
    return found


def _is_once_a_side(data: Data) -> bool:
    """Whether most readings are of subjects read once before and once after: on however many days that was, they are pairs."""
    everybody = len(np.unique(data.subject[data.subject >= 0]))
    named = int((data.subject >= 0).sum())
    pairs = len(means.pairs(data)[0])
    return (
        pairs >= ENOUGH_SUBJECTS
        and 2 * pairs >= everybody
        and named <= 2 * everybody
        and 2 * named >= len(data)
    )


def _two_series(data: Data, family: Family) -> Found:
    data = _as_rates(data, family)
    ours, theirs = (over_time.series_of(data.where(data.comparison == group)) for group in (False, True))
    return over_time.compared_series(ours, theirs)


def _as_rates(data: Data, family: Family) -> Data:
    """Counts among so many as events a usual reading; anything else as it is."""
    if family is not Family.COUNT or not data.has_exposure:
        return data
    usual = float(data.exposure[data.after & ~data.comparison].mean())
    return replace(data, value=data.value / data.exposure * usual)


def _afterwards(data: Data, *, by_chance: bool) -> Effect:
    """Two groups read after the work only: as good as what makes them alike."""
    _, after, _, other = data.counts
    reason = f"{counted(after, 'reading')} after and {other:,} of a comparison group, none before"
    needed = "readings of both groups from before"
    uneven = imbalances(data)
    alike = all(abs(one.difference) <= STRONG for one in uneven)
    missing = "There is no baseline: the groups may have differed all along."
    doubts: tuple[str, ...] = checks.of_imbalance(uneven)
    if by_chance:
        why = "Who was trained was drawn by lot, so the groups are compared as they are afterwards."
        plan = _Plan("drawn by lot", why, lambda: raw(data))
        return _told(
            data, plan, raw(data), Grade(EvidenceGrade.CONTROLLED, f"{reason}; drawn by lot", ""), doubts
        )
    why = "There are no readings from before, so the groups are compared afterwards, with what is known of them held constant."
    plan, found = _first(data, [_Plan("adjusted", why, lambda: adjusted(data, alike=alike))], spare=raw)
    if plan.design == "adjusted" and all(abs(one.difference) <= BAD for one in uneven):
        made = "alike in" if alike else "made alike in"
        grade = Grade(EvidenceGrade.ESTIMATE, f"{reason}, {made} {', '.join(data.traits)}", needed)
        return _told(data, plan, found, grade, (missing, *doubts))
    refused = (
        "There is no baseline and nothing shows that the groups were alike, so the difference proves nothing."
    )
    if not alike:
        refused = "There is no baseline and the groups differ strongly, so the difference can’t be credited to the work."
        simple = raw(data).change
        doubts = (
            *doubts,
            f"Without adjustment the difference is {simple.likely:,.4g}; with it {found.change.likely:,.4g}.",
        )
    if plan.design != "adjusted":
        plan = replace(
            plan,
            explained="There are no readings from before, so the groups can only be compared as they are afterwards.",
        )
    return _told(data, plan, found, Grade(EvidenceGrade.NONE, reason, needed), (missing, *doubts), refused)


def _first(
    data: Data, plans: list[_Plan], spare: Callable[[Data], Found] = means.unpaired
) -> tuple[_Plan, Found]:
    """The first plan that comes to a result; the bare means where none does."""
    for plan in plans:
        found = _result(plan)
        if found is not None:
            return plan, found
    return _Plan(
        "difference", "The readings allow no more than the difference of two means.", lambda: None
    ), spare(data)


def _result(plan: _Plan) -> Found | None:
    """None where it comes to none, whatever the reason."""
    try:
        found = plan.run()
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError):
        return None
    return found if found is not None and _is_finite(found) else None


def _told(
    data: Data, plan: _Plan, found: Found, grade: Grade, doubts: tuple[str, ...], refused: str = ""
) -> Effect:
    change, size = found.change, found.size
    ours = checks.about(data, change)
    if checks.has_no_spread(data, change):
        told = "The values on each side are all alike, so there is no spread to judge chance by."
        change, size, refused, ours = change.bare(), None, refused or told, (told,)
    return Effect(
        plan.design,
        plan.explained,
        change,
        grade,
        size,
        found.ratio,
        (*doubts, *found.warnings, *ours),
        refused,
    )


def _is_finite(found: Found) -> bool:
    ends = [end for end in (found.change.likely, found.change.low, found.change.high) if end is not None]
    return all(bool(np.isfinite(end)) for end in ends)


def _is_of_people(data: Data) -> bool:
    """Whether values differ between subjects rather than from day to day: then the groups' spread says how alike they are."""
    if (data.subject >= 0).mean() >= 0.5:
        return True
    sides = [(data.comparison == group) & ~data.after for group in (False, True)]
    return bool(min(side.sum() / max(1, len(np.unique(data.day[side]))) for side in sides) >= 5)


def _common_days(data: Data) -> int:
    """The fewest days on a side that both groups were read on."""
    ours, theirs = data.ours(), data.where(data.comparison)
    return min(len(np.intersect1d(ours.day[ours.after == side], theirs.day)) for side in (False, True))
