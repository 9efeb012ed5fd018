"""Money: returns, what is credited to the work, and the worth of a change, against published figures."""

from dataclasses import astuple

import pytest

from portfolio.rules import money
from portfolio.rules.money import Return


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
