"""Money: returns, what is credited to the work, and the worth of a change, against published figures."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import money
from portfolio.rules.money import CostKind, CostLine, Estimate, Return, Span
from portfolio.states import EvidenceGrade


@pytest.mark.parametrize(
    ("benefits", "costs", "ratio", "roi"),
    [(750_000, 425_000, 1.7647, 76.47), (60_000, 20_000, 3.0, 200.0), (96_533, 94_455, 1.022, 2.2)],
    ids=["ROI-1 Phillips, slides", "ROI-2 Phillips, ROI Basics 2005", "ROI-8 Cain, near break-even"],
)
def test_a_return_reproduces_phillips(benefits: float, costs: float, ratio: float, roi: float) -> None:
    found = money.returned(benefits, costs)
    assert found.benefit_cost_ratio == pytest.approx(ratio, abs=1e-4)
    assert found.roi_percent == pytest.approx(roi, abs=0.01)
    assert found.roi_percent == pytest.approx((found.benefit_cost_ratio - 1) * 100)


def test_a_ratio_under_one_is_a_loss_and_pays_back_later() -> None:
    """ROI-9: 75,000 for 50,000 a year: pays back in 18 months; the first year's return is -33.3 %, not 67 %."""
    found = money.returned(50_000, 75_000)
    assert astuple(found) == pytest.approx((-33.3333, 0.6667, 18.0), abs=1e-4)


def test_what_never_comes_back_has_no_payback() -> None:
    assert money.returned(-25, 100) == Return(-125.0, -0.25, None)
    with pytest.raises(ValueError, match="costs above zero"):
        money.returned(10, 0)


def test_isolation_reproduces_the_sales_academy() -> None:
    """ROI-6: Zuniga in Phillips, Measuring the Success of Learning Through Technology (2014)."""
    assert money.isolated(3_800_000, 0.7, 0.65) == pytest.approx(1_729_000)
    assert money.isolated(120_000_000, 0.45, 0.25) == pytest.approx(13_500_000)


def test_credit_and_margin_reproduce_the_loyal_customers() -> None:
    """ROI-3a: ASTD Links, July 2003: half of 9.6 million at a margin of 12 % against 460,000 is a return of 25 %."""
    benefit = money.isolated(9_600_000, 0.5, 1) * 0.12
    assert benefit == pytest.approx(576_000)
    assert money.returned(benefit, 460_000).roi_percent == pytest.approx(25, abs=0.3)


def test_costs_are_fully_loaded() -> None:
    found = money.loaded_cost(
        [
            CostLine(CostKind.PURCHASE, 500),
            CostLine.of_hours(CostKind.DEVELOPMENT, 10, 60, "Logged"),
            CostLine.of_hours(CostKind.EXPERT, 4, None),
            CostLine(CostKind.DELIVERY, 0),
        ],
        overhead_percent=10,
    )
    assert found == money.Loaded(
        (
            CostLine(CostKind.DEVELOPMENT, 600, 10, 60, "Logged"),
            CostLine(CostKind.PURCHASE, 500),
            CostLine(CostKind.EXPERT, 0, 4, None),
            CostLine(CostKind.OVERHEAD, 110, words="10 % of all the rest"),
        ),
        1210,
        4,
    )
    assert found.by_kind == {CostKind.DEVELOPMENT: 600, CostKind.PURCHASE: 500, CostKind.OVERHEAD: 110}
    assert not found.is_complete


def test_the_floor_counts_silence_as_zero_and_leaves_out_what_is_far_out_or_has_no_basis() -> None:
    said = [Estimate(1_000 + 100 * n, 0.5, 0.8, "Hours saved") for n in range(5)]
    said += [
        Estimate(50_000, 1, 1, "A big deal"),
        Estimate(1_200, 0.5, 0.5),
        Estimate(900, 1, 1, "x", "Twice"),
    ]
    found = money.benefits(said, asked=20)
    assert found.floor == pytest.approx(sum(one.credited for one in said[:5]))
    assert [one.not_in_floor for one in found.lines] == [
        *[""] * 5,
        "far above what the others said",
        "no basis given",
        "Twice",
    ]
    assert (found.asked, found.answered, found.in_floor) == (20, 8, 5)
    usual = [*[one.credited for one in said[:5]], 300]
    assert found.central is not None
    assert found.central.likely == pytest.approx(20 * sum(usual) / 6)
    assert found.central.low is not None
    assert found.floor < found.central.likely


def test_the_range_of_the_central_estimate_is_students() -> None:
    """1, 2 and 3 with t(2) = 4.3027: 2 +- 4.3027 x 1 / sqrt(3), times the ten who were asked."""
    found = money.benefits([Estimate(n, 1, 1, "counted") for n in (1, 2, 3)], asked=10)
    assert found.central is not None
    assert astuple(found.central) == pytest.approx((20, 20 - 24.8414, 20 + 24.8414), abs=1e-3)


def test_a_loss_is_never_left_out_by_rule() -> None:
    found = money.benefits([Estimate(-500, 1, 1), Estimate(200, 1, 1, "counted")])
    assert found.floor == -300


def test_below_the_set_grade_nothing_is_printed_except_the_break_even() -> None:
    costs, even = (
        money.loaded_cost([CostLine(CostKind.PURCHASE, 1_000)]),
        money.BreakEven("Returns", "a month", 4),
    )
    trend = money.Gained("Returns", Span(2_000, 1_500, 2_500), EvidenceGrade.TREND)
    weak = money.balance(costs, [trend], least=EvidenceGrade.SERIES, breaks_even=[even])
    assert weak == money.Balance(
        costs,
        "",
        EvidenceGrade.TREND,
        "The evidence is too weak: a return is printed from “interrupted series” on.",
        breaks_even=(even,),
    )
    strong = money.balance(costs, [trend], least=EvidenceGrade.TREND, breaks_even=[even])
    assert (strong.source, strong.floor, strong.central) == (
        "measured",
        Return(50.0, 1.5, 8.0),
        Return(100.0, 2.0, 6.0),
    )
    assert money.worth(
        trend.money, value_per_unit=1, costs=1_000, grade=EvidenceGrade.TREND, least=EvidenceGrade.SERIES
    ) == money.Worth(None, None, None, 1_000, "The evidence is too weak to print a return.")


def test_at_the_grade_none_no_setting_lets_a_return_through() -> None:
    assert not money.is_enough(EvidenceGrade.NONE, EvidenceGrade.NONE)


def test_what_was_measured_and_what_was_said_are_never_added() -> None:
    costs = money.loaded_cost([CostLine(CostKind.PURCHASE, 1_000)])
    said = money.benefits([Estimate(3_000, 1, 1, "counted")])
    measured = money.Gained("Returns", Span(2_000, 1_500, 2_500), EvidenceGrade.TREND)
    assert money.balance(costs, [measured], said).benefit == Span(2_000, 1_500, 2_500)
    assert money.balance(costs, [], said).benefit == Span(3_000)
    assert money.balance(costs, [], said).source == "estimated"


def test_several_measures_are_as_strong_as_the_weakest_and_end_with_their_ends() -> None:
    costs = money.loaded_cost([CostLine(CostKind.PURCHASE, 1_000)])
    found = money.balance(
        costs,
        [
            money.Gained("A", Span(2_000, 1_500, 2_500), EvidenceGrade.CONTROLLED),
            money.Gained("B", Span(500, -100, 1_100), EvidenceGrade.TREND),
        ],
    )
    assert (found.benefit, found.grade) == (Span(2_500, 1_400, 3_600), EvidenceGrade.TREND)
    assert found.benefit_floor == 1_400


def test_hours_without_a_rate_keep_the_return_back() -> None:
    costs = money.loaded_cost(
        [CostLine(CostKind.PURCHASE, 10), CostLine.of_hours(CostKind.EXPERT, 12.5, None)]
    )
    found = money.balance(costs, [money.Gained("A", Span(2_000, 1_500, 2_500), EvidenceGrade.CONTROLLED)])
    assert found.central is None
    assert found.reason == "12.5 hours have no rate yet, so the costs are too low to compare a gain with."


def test_utility_is_zero_at_the_break_even() -> None:
    """Brogden, Cronbach and Gleser: 50 people, two years, SDy 12,000 and 60,000 of costs break even at d = 0.05."""
    even = money.break_even_effect(people=50, years=2, spread=12_000, costs=60_000)
    assert even == pytest.approx(0.05)
    assert even is not None
    assert money.utility(people=50, years=2, effect=even, spread=12_000, costs=60_000) == pytest.approx(0)
    assert money.break_even_effect(people=0, years=1, spread=1, costs=1) is None


SHARES = st.floats(0, 1)
ESTIMATES = st.lists(
    st.builds(Estimate, st.floats(0, 1e7), SHARES, SHARES, st.sampled_from(["", "records"])), max_size=12
)


@given(ESTIMATES, st.integers(0, 100), st.integers(0, 100))
def test_silence_never_raises_the_floor_and_the_floor_is_never_above_the_center(
    said: list[Estimate], asked: int, more: int
) -> None:
    few, many = money.benefits(said, asked=asked), money.benefits(said, asked=asked + more)
    assert many.floor == few.floor <= sum(one.credited for one in said) * (1 + 1e-9)
    if few.central is not None and few.central.low is not None and few.central.high is not None:
        assert few.floor <= few.central.likely <= few.central.high
        assert few.central.low <= few.central.likely
    assert few.answered == len(said) <= few.asked


@given(st.floats(-1e9, 1e9), st.floats(1, 1e9))
def test_a_return_is_its_ratio_less_one(benefit: float, costs: float) -> None:
    """The trap: a ratio under one is a loss, whatever a source calls it."""
    found = money.returned(benefit, costs)
    assert found.roi_percent == pytest.approx((found.benefit_cost_ratio - 1) * 100, rel=1e-9, abs=1e-6)
    assert (found.roi_percent < 0) == (benefit < costs)


@given(st.lists(st.floats(0, 1e6), max_size=8), st.floats(0, 200))
def test_overhead_is_counted_once_and_on_everything(amounts: list[float], percent: float) -> None:
    found = money.loaded_cost([CostLine(CostKind.DELIVERY, one) for one in amounts], overhead_percent=percent)
    assert found.total == pytest.approx(sum(amounts) * (1 + percent / 100))
