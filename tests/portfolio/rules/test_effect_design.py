"""The choice of design: which, why, how strong, and what to doubt. And that no data whatever break it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules.effect import Value, read
from portfolio.rules.effect_staggered import by_turns
from portfolio.rules.proof import Outcome, Proof, prove
from portfolio.states import EvidenceGrade
from tests.benchmarks import effects

DAY = date(2026, 1, 5)
LATER = DAY + timedelta(90)


def proved(values: Sequence[Value], *, worthwhile: float | None = 1.0, family: str = "mean") -> Proof:
    return prove(values, higher_is_better=True, worthwhile_change=worthwhile, family=family)


def people(
    before: Sequence[float], after: Sequence[float], *, comparison: bool = False, who: str = ""
) -> list[Value]:
    """Readings of one day before and one after, with names where `who` gives them one."""
    return [
        Value(one, on, side, comparison, subject=f"{who} {place}" if who else None)
        for on, side, held in ((DAY, False, before), (LATER, True, after))
        for place, one in enumerate(held)
    ]


def weekly(before: Sequence[float], after: Sequence[float], *, comparison: bool = False) -> list[Value]:
    return [
        Value(one, DAY + timedelta(7 * week), week >= len(before), comparison)
        for week, one in enumerate([*before, *after])
    ]


RISE = [10.0, 12.0, 9.0, 11.0, 13.0, 10.0, 8.0, 12.0, 11.0, 10.0, 9.0, 12.0]


def test_without_a_baseline_it_says_so() -> None:
    found = proved(people([], [1, 2, 3]))
    told = (
        "There is no baseline: nothing was read before the work began, so there is nothing to compare with."
    )
    assert (found.design, found.change, found.explained, found.warnings) == ("none", None, told, (told,))
    assert found.verdict.outcome is Outcome.INCONCLUSIVE


def test_the_same_people_are_paired_and_the_lack_of_a_comparison_is_told() -> None:
    found = proved(people(RISE, [one + 4 + place % 3 for place, one in enumerate(RISE)], who="p"))
    assert (found.design, found.grade.grade) == ("paired", EvidenceGrade.TREND)
    assert found.explained == "12 subjects were read before and after, so each is compared with itself."
    assert found.warnings == ("There is no comparison group: anything else that changed meanwhile is in it.",)
    assert found.verdict.outcome is Outcome.CONFIRMED
    assert found.effect_size is not None


def test_those_read_on_one_side_only_are_left_out_and_counted() -> None:
    values = people(RISE, [one + 4 + place % 3 for place, one in enumerate(RISE)][:8], who="p")
    found = proved(values)
    assert found.change is not None
    assert found.change.readings == (8, 8)
    assert (
        "4 of 12 were read on one side only and are left out: those who stayed may differ from those who left."
        in found.warnings
    )


def test_many_people_on_one_day_are_no_series() -> None:
    """Thirty people read once before and once after are sixty readings and two days."""
    found = proved(people(RISE * 3, [one + 5 for one in RISE * 3]))
    assert (found.design, found.grade.grade) == ("unpaired", EvidenceGrade.TREND)
    assert found.grade.needed == "a comparison group, or readings on 8 days before and 8 after"


def test_a_series_that_was_rising_anyway_gets_no_verdict_from_a_few_points() -> None:
    found = proved(weekly([1, 2.1, 2.9, 4, 5.1], [6, 7.1, 8, 9]))
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.NONE, Outcome.INCONCLUSIVE)
    assert (
        found.verdict.reason
        == "The values were already moving before, so a change afterwards can’t be told from that."
    )


@pytest.mark.parametrize("values", [[10, 11, 12, 13, 14, 15], [10, 11.2, 11.9, 13, 14.1, 15]])
def test_three_values_and_three_on_one_straight_line_are_no_success(values: list[float]) -> None:
    found = proved(weekly(values[:3], values[3:]), worthwhile=0.1)
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.NONE, Outcome.INCONCLUSIVE)
    assert (
        found.verdict.reason
        == "One straight line through all the values fits them better than a change when the work began."
    )


@pytest.mark.parametrize("values", [[10, 10.1, 9.9, 13, 14, 15], [10, 11, 12, 20, 19, 20]])
def test_a_step_larger_than_a_rise_before_stays_one(values: list[float]) -> None:
    found = proved(weekly(values[:3], values[3:]), worthwhile=0.1)
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.TREND, Outcome.CONFIRMED)


def test_two_bunches_of_days_far_apart_are_no_straight_line() -> None:
    days = [DAY + timedelta(150 * side + day) for side in (0, 1) for day in range(5)]
    values = [10.0, 11, 12, 10, 11, 20, 21, 22, 20, 21]
    found = proved([Value(one, on, on > DAY + timedelta(100)) for one, on in zip(values, days, strict=True)])
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.TREND, Outcome.CONFIRMED)


def test_people_read_once_before_and_once_after_are_pairs_on_however_many_days() -> None:
    """Twelve people, each on a day of their own: twelve days a side are no series of one thing."""
    values = [
        Value(
            one + 4 * side + place % 3 * side,
            DAY + timedelta(200 * side + place),
            bool(side),
            subject=f"p{place}",
        )
        for side in (0, 1)
        for place, one in enumerate(RISE)
    ]
    found = proved(values)
    assert (found.design, found.grade.grade) == ("paired", EvidenceGrade.TREND)


def chosen(share: float, count: int, alike: float = 0.5, seed: int = 1) -> list[Value]:
    """The same people, only the worst `share` by what was read before, and no effect whatever."""
    made = effects.chosen_people(count, share, alike)(np.random.default_rng(seed), 0.0)
    return [replace(one, on=DAY if not one.after else LATER) for one in made]


def test_people_chosen_for_a_bad_value_come_up_by_themselves_and_get_no_verdict() -> None:
    values = chosen(0.2, 40)
    found = proved(values, worthwhile=0.1)
    assert found.change is not None and found.change.low is not None and found.change.low > 0.1
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.NONE, Outcome.INCONCLUSIVE)
    assert found.verdict.reason.startswith("The values before lie closer together than those after")
    assert found.grade.needed == "a reading between the choice and the work, or a comparison group"
    told = prove(values, higher_is_better=True, worthwhile_change=0.1, for_value=False)
    assert (told.grade.grade, told.verdict.outcome) == (EvidenceGrade.TREND, Outcome.CONFIRMED)


def test_said_to_be_chosen_for_a_bad_value_one_reading_before_proves_nothing() -> None:
    values = people(RISE, [one + 4 + place % 3 for place, one in enumerate(RISE)], who="p")
    found = prove(values, higher_is_better=True, worthwhile_change=1.0, for_value=True)
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.NONE, Outcome.INCONCLUSIVE)
    assert found.verdict.reason.startswith("They were chosen because this value was bad")
    again = [replace(one, on=DAY + timedelta(20), value=one.value + 1) for one in values if not one.after]
    found = prove(values + again, higher_is_better=True, worthwhile_change=1.0, for_value=True)
    assert (found.grade.grade, found.verdict.outcome) == (EvidenceGrade.TREND, Outcome.CONFIRMED)
    assert found.warnings[0].startswith(
        "The first value before the work was the worst of 2 and may be why it began"
    )


def test_a_last_value_that_may_have_set_the_work_off_is_left_out() -> None:
    """Four usual weeks and a bad one, then back to usual: nothing happened."""
    found = proved(weekly([10, 11, 9.5, 10.5, 4], [10, 10.5, 11, 9.5, 10]), worthwhile=0.1)
    low = proved(weekly([10, 11, 9.5, 10.5, 9], [14, 14.5, 15, 13.5, 14]), worthwhile=0.1)
    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert (low.grade.grade, low.verdict.outcome) == (EvidenceGrade.TREND, Outcome.CONFIRMED)
    assert any(one.startswith("The last value before the work was the worst of 5") for one in low.warnings)


def test_tiny_groups_and_intervals_across_zero_are_warned_of() -> None:
    found = proved(people([10, 14, 9, 12], [11, 15, 8, 13]))
    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert "Very few: the smallest side has 4. One unusual value could turn the result." in found.warnings
    assert "The interval reaches across zero: no change at all fits these values too." in found.warnings


@pytest.mark.parametrize(
    "values",
    [
        people([5] * 6, [5] * 6),
        people([5] * 6, [9] * 6),
        people([5] * 6, [9] * 6, who="p"),
        weekly([5] * 9, [9] * 9),
    ],
    ids=["the same before and after", "constant, then constant", "the same by subject", "a constant series"],
)
def test_values_without_any_spread_prove_nothing(values: list[Value]) -> None:
    found = proved(values)
    assert found.change is not None and not found.change.has_interval
    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert (
        found.verdict.reason
        == "The values on each side are all alike, so there is no spread to judge chance by."
    )


def test_a_rise_that_the_others_had_too_is_no_effect() -> None:
    ours = people(RISE, [one + 5 + place % 2 for place, one in enumerate(RISE)], who="own")
    theirs = people(
        RISE, [one + 5 + place % 2 for place, one in enumerate(RISE)], comparison=True, who="other"
    )
    found = proved(ours + theirs)
    assert (found.design, found.grade.grade, found.verdict.outcome) == (
        "compared pairs", EvidenceGrade.CONTROLLED, Outcome.REFUTED,
    )  # fmt: skip


def test_groups_that_differ_are_named_by_trait_and_how_far() -> None:
    chance = np.random.default_rng(1)
    values = [
        replace(one, traits={"years": float(chance.normal(4 if one.comparison else 5, 2))})
        for one in effects.people_compared(40, 40)(chance, 1.0)
    ]
    found = proved(values)
    assert any(one.startswith("The groups differ strongly in years (by 0.") for one in found.warnings)


def test_a_comparison_group_of_another_kind_is_an_estimate_only() -> None:
    ours = people(RISE, [one + 5 + place % 2 for place, one in enumerate(RISE)], who="own")
    theirs = people([one + 40 for one in RISE], [one + 41 for one in RISE], comparison=True, who="other")
    found = proved(ours + theirs)
    told = "The groups stood too far apart before: what follows from that can’t be told from an effect."
    assert found.grade.grade is EvidenceGrade.ESTIMATE
    assert found.warnings[:2] == (
        told, "The groups hardly overlap, so the comparison counts as an adjusted estimate only.",
    )  # fmt: skip
    assert (found.verdict.outcome, found.verdict.reason) == (Outcome.INCONCLUSIVE, told)


def test_groups_that_drew_nearer_by_themselves_are_no_effect() -> None:
    """Those trained stood low before and came up without any work (regression to the mean), as in job training."""
    chance = np.random.default_rng(6)

    def group(who: str, mean: float, count: int) -> list[Value]:
        before = chance.normal(mean, 4, count)
        after = 5 + 0.6 * before + chance.normal(0, 3, count)
        return people(before.tolist(), after.tolist(), comparison=who == "other", who=who)

    found = proved(group("own", 8, 80) + group("other", 16, 400), worthwhile=0.5)
    assert found.verdict.outcome is Outcome.INCONCLUSIVE
    assert found.change is not None and found.change.low is not None and found.change.high is not None
    assert found.change.low < 0 < found.change.high
    assert any(
        one.startswith("The groups stood apart before. By each one’s own change it is")
        for one in found.warnings
    )


def test_groups_that_were_drifting_apart_before_get_no_verdict() -> None:
    noise = [0.1, -0.1, 0.05, 0.0, 0.1, -0.05]
    ours = weekly([place + each for place, each in enumerate(noise)], [7, 8.2, 9])
    theirs = weekly([5 + each for each in reversed(noise)], [5, 5.1, 5], comparison=True)
    found = proved(ours + theirs)
    assert found.verdict.reason == (
        "The groups were already drifting apart before, so the difference afterwards can’t be credited to the work."
    )
    assert found.grade.grade is EvidenceGrade.NONE


def test_firms_with_missing_years_are_a_panel() -> None:
    """Like the firm-level training grants: some years missing, some firms start a year later. The made effect is -1."""
    values = effects.panel(30, 60, years=4, missing=0.15)(np.random.default_rng(8), -1.0)
    found = prove(values, higher_is_better=False, worthwhile_change=0.1)
    assert (found.design, found.grade.grade) == ("panel", EvidenceGrade.CONTROLLED)
    assert found.change is not None and found.change.low is not None and found.change.high is not None
    assert found.change.low < -1 < found.change.high < 0
    later = [
        replace(one, after=False)
        if one.subject in {f"firm {number}" for number in range(15)} and one.on.year == 2012
        else one
        for one in values
    ]
    in_turns = prove(later, higher_is_better=False, worthwhile_change=0.1)
    assert (in_turns.design, in_turns.grade.grade) == ("in turns", EvidenceGrade.CONTROLLED)


@pytest.mark.parametrize("others", [12, 0], ids=["with others who never began", "with later starters only"])
def test_an_effect_that_grows_is_found_where_people_began_at_different_times(others: int) -> None:
    """Made: the early gain 2 at once and 1 more each month, the late 1 and half. Where all had begun there is nobody to compare with."""
    values, truth = effects.in_turns(16, others)(np.random.default_rng(3))
    found = proved(values, worthwhile=0.1)
    assert (found.design, found.grade.grade) == ("in turns", EvidenceGrade.CONTROLLED)
    assert found.change is not None and found.change.low is not None and found.change.high is not None
    assert found.change.low < truth < found.change.high
    assert found.verdict.outcome is Outcome.CONFIRMED
    left_out = [one for one in found.warnings if "hardly anybody was waiting any more" in one]
    assert len(left_out) == (0 if others else 1)


def test_in_turns_agrees_with_the_plain_difference_where_all_began_at_once() -> None:
    """With one start and nobody missing it is the difference in differences of the same subjects, to the last digit."""
    values = effects.panel(6, 9, years=4, missing=0.0)(np.random.default_rng(4), 1.0)
    found = by_turns(read(values)[0])
    plain = proved(values).change
    assert found is not None and plain is not None
    assert found.change.likely == pytest.approx(plain.likely)
    assert found.change.readings == (12, 12, 18, 18)


def test_where_nobody_waited_a_staggered_start_gets_no_verdict() -> None:
    """One of two began a week later, and each of the others was read only once."""
    values = [
        Value(
            10.0 + (week * 7 + who * 5) % 4, DAY + timedelta(7 * week), week >= 3 + who, subject=f"own {who}"
        )
        for who in range(2)
        for week in range(7)
    ] + [
        Value(10.0 + who % 3, DAY + timedelta(7 * who), who >= 3, comparison=True, subject=f"other {who}")
        for who in range(7)
    ]
    found = proved(values)
    assert found.verdict.reason.startswith("They began at different times, and too few")


def test_before_and_after_on_one_day_are_no_staggered_start() -> None:
    """Two workshops, each with a test before and after on its own day."""
    values = [
        Value(
            one + 4 * side + place % 3 * side,
            DAY + timedelta(30 * (place % 2)),
            bool(side),
            subject=f"p{place}",
        )
        for side in (0, 1)
        for place, one in enumerate(RISE)
    ]
    assert proved(values).design == "paired"


def test_a_comparison_group_without_a_baseline_is_not_used_and_that_is_said() -> None:
    found = proved(people(RISE, RISE) + people([], RISE, comparison=True))
    assert found.design == "unpaired"
    assert found.warnings[-1].startswith("The comparison group has 0 readings before and 12 after;")


def test_what_is_no_number_is_left_out_and_counted() -> None:
    values = [
        *people(RISE, RISE),
        Value(float("nan"), DAY, after=False),
        Value(float("inf"), LATER, after=True),
    ]
    found = proved(values)
    assert found.change is not None
    assert found.change.readings == (12, 12)
    assert found.warnings[-1] == "2 values that are no numbers were left out."


def test_far_out_values_are_pointed_at() -> None:
    found = proved(people(RISE, [*RISE, 400.0]))
    assert "1 value lies far outside the others; check that it is right." in found.warnings


def test_shares_with_their_base_are_compared_as_proportions() -> None:
    values = [Value(60.0, DAY, after=False, exposure=80), Value(80.0, LATER, after=True, exposure=70)]
    found = proved(values, family="share")
    assert found.design == "shares"
    assert found.change is not None
    assert (found.change.low, found.change.likely, found.change.high) == pytest.approx(
        (5.24, 20.0, 33.39), abs=0.01
    )
    assert (found.grade.grade, found.grade.reason) == (EvidenceGrade.TREND, "80 people before and 70 after")
    assert found.verdict.outcome is Outcome.CONFIRMED


def test_shares_of_two_groups_are_compared_with_one_reading_each() -> None:
    values = [
        Value(share, LATER if after else DAY, after, comparison, exposure=100)
        for share, after, comparison in (
            (40.0, False, False),
            (70.0, True, False),
            (42.0, False, True),
            (47.0, True, True),
        )
    ]
    found = proved(values, family="share")
    assert (found.design, found.grade.grade) == ("compared shares", EvidenceGrade.CONTROLLED)
    assert found.change is not None and found.change.low is not None and found.change.high is not None
    assert found.change.likely == pytest.approx(25)
    assert (found.change.low, found.change.high) == pytest.approx((25 - 19.2, 25 + 18.8), abs=1.0)


def test_counts_are_compared_as_rates_and_told_as_events() -> None:
    """40 and 20 events a reading among as many people: half the rate, 20 fewer a reading."""
    before = [
        Value(one, DAY + timedelta(30 * place), after=False, exposure=1000)
        for place, one in enumerate([38, 42, 41, 39])
    ]
    after = [
        Value(one, LATER + timedelta(60 + 30 * place), after=True, exposure=1000)
        for place, one in enumerate([19, 21, 20, 20])
    ]
    found = prove(before + after, higher_is_better=False, worthwhile_change=5, family="count")
    assert found.design == "rates"
    assert found.ratio is not None and found.change is not None
    assert found.ratio.likely == pytest.approx(0.5)
    assert found.change.likely == pytest.approx(-20)
    assert found.verdict.outcome is Outcome.CONFIRMED


def test_an_adjusted_comparison_is_not_scaled_by_what_people_said() -> None:
    values = effects.observed(60, 60, 0.0)(np.random.default_rng(3), 1.0)
    plain = prove(values, higher_is_better=True, worthwhile_change=0.1)
    said = prove(values, higher_is_better=True, worthwhile_change=0.1, contribution=0.5, confidence=0.5)
    assert plain.grade.grade is EvidenceGrade.ESTIMATE
    assert said.change == plain.change


def test_no_worthwhile_change_of_nothing_is_confirmed_by_nothing() -> None:
    assert proved(people(RISE, RISE), worthwhile=0.0).verdict.outcome is Outcome.INCONCLUSIVE


def test_a_hundred_thousand_readings_are_no_trouble() -> None:
    chance = np.random.default_rng(1)
    values = [
        Value(float(one), DAY if place % 2 else LATER, not place % 2, subject=str(place // 2))
        for place, one in enumerate(chance.normal(10, 2, 100_000))
    ]
    found = proved(values)
    assert (found.design, found.verdict.outcome) == ("paired", Outcome.REFUTED)


VALUE = st.builds(
    Value,
    value=st.one_of(
        st.sampled_from([0.0, 1.0, 5.0, 100.0, float("nan"), float("inf"), -1e300, 1e-300]),
        st.floats(-1e6, 1e6),
    ),
    on=st.dates(date(2024, 1, 1), date(2024, 2, 15)),
    after=st.booleans(),
    comparison=st.booleans(),
    subject=st.one_of(st.none(), st.sampled_from("abcde")),
    traits=st.one_of(st.none(), st.just({"a": 1.0}), st.fixed_dictionaries({"a": st.floats(-10, 10)})),
    exposure=st.one_of(st.none(), st.floats(0, 1000)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUE, max_size=40), st.sampled_from(["mean", "count", "share"]), st.booleans())
def test_whatever_is_read_there_is_a_result_or_a_reason(
    values: list[Value], family: str, higher: bool
) -> None:
    found = prove(values, higher_is_better=higher, worthwhile_change=1.0, family=family)
    numbers = [
        end
        for part in (found.change, found.effect_size, found.ratio)
        if part is not None
        for end in (part.likely, part.low, part.high)
    ]
    assert all(end is None or isfinite(end) for end in numbers)
    assert found.explained and found.verdict.reason and found.design
    if found.change is not None and found.change.low is not None and found.change.high is not None:
        assert found.change.low <= found.change.likely <= found.change.high
