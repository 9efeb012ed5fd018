"""Build or buy before a project starts: sums that can be checked by hand, and properties of the draws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.rules import build_or_buy
from portfolio.rules.build_or_buy import Audience, Build, Buy, Effect, Hourly
from portfolio.rules.money import CostKind
from portfolio.rules.ranges import Range
from portfolio.rules.rubric import DEFAULT

KIND = next(kind for kind in DEFAULT.work_types if kind.key == "elearning")


def sure(value: float) -> Range:
    return Range(value, value, value)


BUILD = Build(
    KIND, DEFAULT, hours=sure(100), finished_hours=sure(1), expert_hours=sure(10), materials=sure(500)
)
BUY = Buy(seat=sure(50), licence=sure(1_000), hours=sure(10), fit=sure(0.5))
PEOPLE = Audience(sure(40), sure(1))
HOURLY = Hourly(manager=60, expert=80, participant=30, overhead=10)


def test_without_doubt_the_sums_are_those_of_a_sheet_of_paper() -> None:
    """Build 100 x 60 + 10 x 80 + 40 x 30 + 500 = 8,500 and overhead; buy 40 x 50 + 1,000 + 600 + 1,200 = 4,800 and overhead."""
    found = build_or_buy.compare(
        PEOPLE, HOURLY, build=BUILD, buy=BUY, effect=Effect(sure(4), value_per_unit=5_000, years=1)
    )
    assert found.build is not None
    assert found.buy is not None
    assert found.build.cost.likely == pytest.approx(9_350, rel=1e-4)
    assert found.buy.cost.likely == pytest.approx(5_280, rel=1e-4)
    assert dict(found.build.lines)[CostKind.DEVELOPMENT].likely == pytest.approx(6_000, rel=1e-4)
    assert found.build.roi is not None
    assert found.build.roi.likely == pytest.approx((20_000 - 9_350) / 9_350 * 100, rel=1e-3)
    assert found.build.breaks_even_at is not None
    assert found.build.breaks_even_at.likely == pytest.approx(9_350 / 5_000, rel=1e-4)
    assert found.buy.breaks_even_at is not None
    assert found.buy.breaks_even_at.likely == pytest.approx(5_280 / 2_500, rel=1e-3)
    assert (found.build.pays, found.build_better, found.build_cheaper) == (1, 1, 0)
    # 7,300 of building stand against 1,600 of buying, each with overhead; a seat costs 50 more: from 114 people on
    assert found.cheaper_from_people == pytest.approx(5_700 / 50, rel=1e-3)
    assert found.build.payback_months == pytest.approx(12 * 9_350 / 20_000, rel=1e-3)


def test_without_an_effect_only_the_costs_are_told() -> None:
    found = build_or_buy.compare(PEOPLE, HOURLY, build=BUILD)
    assert found.buy is None
    assert found.build is not None
    assert (found.build.gain, found.build.roi, found.build.pays, found.build_better) == (
        None,
        None,
        None,
        None,
    )


def test_hours_come_from_the_kind_of_solution_where_nobody_said() -> None:
    found = build_or_buy.compare(PEOPLE, Hourly(manager=1), build=Build(KIND, DEFAULT))
    assert found.build is not None
    assert found.build.cost.low < 25 < found.build.cost.high


def test_what_may_not_move_the_measure_at_all_pays_less_often() -> None:
    hopeful = Effect(sure(4), value_per_unit=5_000)
    doubtful = Effect(sure(4), value_per_unit=5_000, chance=0.3)
    chances = [
        found.build.pays
        for effect in (hopeful, doubtful)
        if (found := build_or_buy.compare(PEOPLE, HOURLY, build=BUILD, effect=effect)).build
    ]
    assert chances == [1, pytest.approx(0.3, abs=0.01)]


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 500), st.floats(0, 300), st.floats(0, 50), st.floats(0.05, 1))
def test_ranges_are_in_order_and_the_same_seed_gives_the_same(
    people: float, seat: float, change: float, chance: float
) -> None:
    def found() -> build_or_buy.Comparison:
        return build_or_buy.compare(
            Audience(Range.around(people)),
            HOURLY,
            build=Build(KIND, DEFAULT),
            buy=Buy(seat=sure(seat)),
            effect=Effect(Range.around(change) if change else sure(0), 100, chance),
        )

    first = found()
    assert first == found()
    for option in (first.build, first.buy):
        assert option is not None
        assert option.cost.low > 0
        assert option.pays is not None
        assert 0 <= option.pays <= chance + 0.01
