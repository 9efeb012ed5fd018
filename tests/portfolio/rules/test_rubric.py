"""The default rubric says what its sources say, and survives being stored."""

import json
from math import exp

import pytest

from portfolio.rules.fit import CAUSES
from portfolio.rules.rubric import DEFAULT, LOG_SD_OF_RATIOS, from_json
from portfolio.submission import MOST_PEOPLE

ATD_2017 = {"workshop": 38, "live_virtual": 28, "elearning": 71, "path": 42}
"""Mean hours to develop one finished hour. Defelice, "How Long Does It Take to Develop Training?", ATD 2017."""


@pytest.mark.parametrize(("work_type", "mean"), ATD_2017.items())
def test_development_hours_have_the_published_means(work_type: str, mean: float) -> None:
    kind = DEFAULT.work_type(work_type)
    assert kind is not None
    assert kind.ratio.likely * exp(LOG_SD_OF_RATIOS**2 / 2) == pytest.approx(mean)


def test_a_ratio_is_a_lognormal_with_log_sd_07() -> None:
    kind = DEFAULT.work_type("workshop")
    assert kind is not None
    # Median 38 exp(-0.245) = 29.7; 10th and 90th percentile a factor exp(1.2816 x 0.7) = 2.452 either way.
    assert (kind.ratio.low, kind.ratio.likely, kind.ratio.high) == pytest.approx(
        (12.13, 29.74, 72.95), rel=1e-3
    )


def test_transfer_is_as_published() -> None:
    """62 % at once, 44 % at six months, 34 % at a year: Saks & Belcourt 2006, doi 10.1002/hrm.20135."""
    assert (DEFAULT.transfer.low, DEFAULT.transfer.likely, DEFAULT.transfer.high) == (0.34, 0.44, 0.62)


def test_two_in_five_examined_requests_need_training() -> None:
    assert DEFAULT.prior_fit == pytest.approx(0.40)


def test_the_cut_line_is_half_a_need_at_the_starting_odds() -> None:
    """50 points x 0.40 x 0.44 = 8.8 points: docs/numbers.md."""
    assert DEFAULT.impact_cut_points == pytest.approx(8.8)


def test_chances_and_shares_sum_to_one() -> None:
    assert sum(chance for _, chance in DEFAULT.cause_prior) == pytest.approx(1)
    assert {cause for cause, _ in DEFAULT.cause_prior} == set(CAUSES)
    assert sum(kind.share for kind in DEFAULT.work_types) == pytest.approx(1)


def test_every_step_is_described_and_bands_rise() -> None:
    for criterion in DEFAULT.criteria:
        assert len(set(criterion.anchors)) == 6
        assert criterion.weight > 0
        if criterion.bands:
            assert list(criterion.bands) == sorted(set(criterion.bands))
            assert criterion.bands[-1] < MOST_PEOPLE


def test_a_stored_rubric_is_the_same_rubric() -> None:
    assert from_json(json.loads(json.dumps(DEFAULT.as_json()))) == DEFAULT


@pytest.mark.parametrize(
    "body",
    [{}, {"version": 1}, {**DEFAULT.as_json(), "surprise": 1}, {**DEFAULT.as_json(), "people": {"low": 3}}],
)
def test_what_is_no_rubric_is_refused(body: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        from_json(body)
