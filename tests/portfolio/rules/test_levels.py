"""Levels and tiers: the best evidence counts, and being there proves nothing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules import levels
from portfolio.rules.hit_rate import HitRate, hit_rate
from portfolio.rules.levels import Evidence
from portfolio.states import EvidenceGrade


def test_the_best_evidence_of_each_level_is_kept() -> None:
    liked, there = Evidence(1, "They liked it", 3, base=20), Evidence(1, "31 were there", 1, base=31)
    trend = Evidence(4, "A trend", 8, EvidenceGrade.TREND, 12)
    controlled = Evidence(4, "Compared", 8, EvidenceGrade.CONTROLLED, 8)
    found = levels.weigh([there, liked, trend, controlled])
    assert found.best == (liked, controlled)
    assert (found.highest_tier, found.reached, found.caution) == (8, 4, "")


def test_what_was_concluded_last_stands_over_what_is_open() -> None:
    first = Evidence(4, "First", 8, EvidenceGrade.CONTROLLED, concluded_on=date(2026, 1, 1))
    again = Evidence(4, "Corrected", 8, EvidenceGrade.TREND, concluded_on=date(2026, 3, 1))
    opened = Evidence(4, "Open", 8, EvidenceGrade.CONTROLLED, 99)
    assert levels.weigh([opened, again, first]).at(4) == again


@pytest.mark.parametrize("tier", [1, 2, None])
def test_being_there_and_clicking_never_supports_a_claim_of_success(tier: int | None) -> None:
    found = levels.weigh([Evidence(1, "840 were there", tier, base=840)])
    assert found.reached == 0
    assert "never shows that it worked" in found.caution


def test_nothing_known_is_said_so() -> None:
    assert levels.weigh([]).caution == "Nothing is known yet."
    assert levels.tier_words(7) == "tier 7, transfer to work"
    assert levels.tier_words(None) == ""


def test_the_hit_rate_keeps_the_inconclusive_in_its_base() -> None:
    """Wilson at 3 of 10: 0.1078 to 0.6032 (Newcombe 1998, Statistics in Medicine 17, method 3)."""
    found = hit_rate([*["confirmed"] * 3, *["refuted"] * 2, *["inconclusive"] * 5, "", "perhaps"])
    assert found == HitRate(10, 3, 2, 5, 0.3, found.low, found.high)
    assert (found.low, found.high) == pytest.approx((0.1078, 0.6032), abs=1e-4)
    assert hit_rate([]) == HitRate(0, 0, 0, 0)


@given(st.lists(st.sampled_from(["confirmed", "refuted", "inconclusive"]), min_size=1, max_size=60))
def test_the_share_lies_within_its_interval(outcomes: list[str]) -> None:
    found = hit_rate(outcomes)
    assert found.count == len(outcomes) == found.confirmed + found.refuted + found.inconclusive
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.share + 1e-12
    assert found.share <= found.high + 1e-12
    assert found.high <= 1 + 1e-12
