"""What stands in a report: known sections only, each once, and always how it was counted."""

import pytest

from portfolio.rules import report_sections
from portfolio.rules.report_sections import AUDIENCES, BY_KEY, SECTIONS, chosen, preset, tidied


@pytest.mark.parametrize("audience", AUDIENCES, ids=lambda one: one.key)
def test_an_audience_begins_with_its_sections_and_can_have_every_other(
    audience: report_sections.Audience,
) -> None:
    begun = preset(audience.key)
    assert [one["key"] for one in begun if one["on"]] == list(audience.sections)
    assert {one["key"] for one in begun} == set(BY_KEY)
    assert len(begun) == len(SECTIONS)
    assert tidied(begun) == begun


def test_a_report_nobody_designed_is_for_leadership() -> None:
    assert chosen(None) == chosen(preset("leadership"))
    assert report_sections.audience_of(None).pages == 2


def test_an_unknown_section_is_left_out_and_a_second_one_too() -> None:
    kept = tidied(
        [{"key": "weather", "on": True}, {"key": "goals", "on": True}, {"key": "goals", "on": False}]
    )
    assert [one for one in kept if one["on"]] == [
        {"key": "goals", "on": True, "title": "", "words": ""},
        {"key": "method", "on": True, "title": "", "words": ""},
    ]


def test_how_it_was_counted_cannot_be_left_out() -> None:
    assert [one.key for one in chosen([{"key": "method", "on": False}])] == ["method"]


def test_a_section_has_the_words_and_the_title_somebody_wrote() -> None:
    (goals, _) = chosen([{"key": "goals", "on": True, "title": "  Our   goals ", "words": " Two of three. "}])
    assert (goals.title, goals.words) == ("Our goals", "Two of three.")


def test_the_usual_title_is_not_kept_so_that_it_follows_better_words() -> None:
    kept = tidied([{"key": "goals", "on": True, "title": BY_KEY["goals"].title}])
    assert kept[0]["title"] == ""
