"""Distributions: counts with their base, medians as classes, never a mean of codes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.rules.distributions import (
    OTHER,
    Bar,
    Distribution,
    Middle,
    bases,
    distribute,
    percent,
    promoters,
    response_rate,
)

AGREE = ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"]


def question(kind: str = "one", options: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {"key": "q", "label": "Did it help?", "kind": kind, "options": options or [], **more}


def test_one_choice_is_counted_in_the_order_of_its_options() -> None:
    made = distribute(question(options=["Yes", "No", "Never tried"]), {"No": 3, "Yes": 9}, 12)
    assert made == Distribution(
        "q",
        "Did it help?",
        "one",
        12,
        (Bar("Yes", 9, 0.75), Bar("No", 3, 0.25), Bar("Never tried", 0, 0.0)),
    )
    assert made.sentence == "“Yes” was answered most often: by 9 of the 12 who answered (75 %)."
    assert made.base == "Shares are of the 12 people who answered this question."


def test_several_choices_are_shares_of_people_never_of_ticks() -> None:
    made = distribute(question("many", ["Git", "Tests"]), {"Git": 8, "Tests": 6}, 10)
    assert [bar.share for bar in made.bars] == [0.8, 0.6]
    assert made.base == (
        "Shares are of the 10 people who answered this question. They could choose several, so the shares add up to more than 100 %."
    )
    assert made.sentence == "“Git” was ticked most often: by 8 of the 10 who answered (80 %)."


def test_a_scale_has_a_middle_answer_and_no_mean() -> None:
    counts = dict(zip(AGREE, (10, 6, 39, 239, 353), strict=True))
    made = distribute(question("scale", AGREE), counts, 647)
    assert made.middle == Middle("Agree", "Strongly agree", "Strongly agree")
    assert made.sentence == (
        "The middle answer is “Strongly agree”; half lie from “Agree” to “Strongly agree”."
        " 353 of the 647 who answered (55 %) answered “Strongly agree”."
    )


def test_the_middle_says_how_many_are_there_or_beyond() -> None:
    made = distribute(question("scale", AGREE), {"Agree": 12, "Strongly agree": 4, "Disagree": 4}, 20)
    assert made.sentence == (
        "“Agree” was the answer of at least half. 16 of the 20 who answered (80 %) said “Agree” to “Strongly agree”."
    )


def test_words_that_are_no_option_are_never_shown() -> None:
    made = distribute(question(options=["Yes"]), {"Yes": 6, "I am the one in room 4": 1}, 7)
    assert [(bar.option, bar.people) for bar in made.bars] == [("Yes", 6), (OTHER, 1)]


@pytest.mark.parametrize("answered", [1, 4])
def test_fewer_than_five_show_nothing(answered: int) -> None:
    made = distribute(question(options=["Yes", "No"]), {"Yes": answered}, answered)
    assert (made.hidden, made.bars, made.answered) == (True, (), 0)
    assert made.sentence == "Fewer than 5 people answered this, so nothing is shown."


def test_nobody_is_not_a_handful() -> None:
    made = distribute(question(options=["Yes"]), {}, 0)
    assert (made.hidden, made.sentence) == (False, "Nobody answered this.")


def test_answers_that_wait_are_counted_and_not_shown() -> None:
    made = distribute(question(options=["Yes"]), {"Yes": 10}, 10, kept_back=3)
    assert (made.answered, made.kept_back) == (10, 3)


def test_answers_that_tie_are_both_named() -> None:
    made = distribute(question(options=["A", "B", "C"]), {"A": 4, "B": 4, "C": 2}, 10)
    assert made.sentence == "“A” and “B” were answered most often: each by 4 of the 10 who answered (40 %)."


def test_numbers_are_classes_in_which_nobody_reads_their_own() -> None:
    made = distribute(question("number"), {"3": 4, "17.5": 2, "61": 4}, 10)
    assert [(bar.option, bar.people) for bar in made.bars] == [
        ("0 to under 10", 4), ("10 to under 20", 2), ("20 to under 30", 0), ("30 to under 40", 0), ("40 to under 50", 0),
        ("50 to under 60", 0), ("60 to under 70", 4),
    ]  # fmt: skip
    assert made.middle == Middle("0 to under 10", "10 to under 20", "60 to under 70")


def test_few_whole_numbers_each_stand_alone() -> None:
    made = distribute(question("number"), {"1": 3, "4": 3}, 6)
    assert [(bar.option, bar.people) for bar in made.bars] == [("1", 3), ("2", 0), ("3", 0), ("4", 3)]


def test_the_net_promoter_score_of_a_real_training_survey() -> None:
    """The Carpentries' post-training survey to 8 September 2018, column LikelyToRecommend (CC BY 4.0), our own count: oracle NPS-2."""
    counts = {"1": 2, "2": 4, "3": 6, "4": 5, "5": 21, "6": 33, "7": 106, "8": 211, "9": 150, "10": 351}
    made = promoters(counts)
    assert made is not None
    assert (made.promoters, made.passives, made.detractors, made.people) == (501, 317, 71, 889)
    assert made.score == pytest.approx(48.37, abs=0.005)
    shown = distribute(question("scale", [str(rating) for rating in range(11)]), counts, 889)
    assert shown.promoters == made
    assert shown.sentence == (
        "501 would promote it (9 or 10), 317 are passive (7 or 8) and 71 would advise against it (0 to 6), of the 889 who"
        " answered: a net promoter score of +48 (95 %: +44 to +52)."
    )


def test_a_scale_of_five_has_no_promoters() -> None:
    assert distribute(question("scale", list("12345")), {"5": 9}, 9).promoters is None


@pytest.mark.parametrize(
    ("answered", "asked", "rate"), [(8, 10, 0.8), (0, 10, None), (8, 0, None), (8, 5, None)]
)
def test_a_response_rate_needs_those_who_were_asked(answered: int, asked: int, rate: float | None) -> None:
    assert response_rate(answered, asked) == rate


def test_two_bases_in_one_report_are_said_apart() -> None:
    """40 of 100 asked answered; 25 of them had tried it: 20 of the 25 are 80 %, which is 20 % of all asked."""
    first = distribute(question(options=["Tried it", "Not yet"]), {"Tried it": 25, "Not yet": 15}, 40)
    second = distribute(question(options=["It helped", "It did not"]), {"It helped": 20, "It did not": 5}, 25)
    assert second.sentence == "“It helped” was answered most often: by 20 of the 25 who answered (80 %)."
    assert bases([first, second], answered=40, asked=100) == (
        "Shares are of those who answered, never of all 100 who were asked."
        " Not everybody answered every question: the shares rest on from 25 to 40 people, said beside each."
    )
    assert bases([first], answered=40, asked=40) == ""
    assert bases([second], answered=40, asked=40) == (
        "Not everybody answered every question: each was answered by 25 people, and its shares are of those."
    )


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0 %"), (0.001, "under 1 %"), (0.5, "50 %"), (0.999, "over 99 %"), (1, "100 %")]
)
def test_a_share_is_never_rounded_to_none_or_all(share: float, words: str) -> None:
    assert percent(share) == words


@given(
    st.sampled_from(["one", "scale", "number", "many"]),
    st.dictionaries(st.sampled_from([*AGREE, "7", "12.5", "1e3", "x", "-4"]), st.integers(0, 9)),
)
def test_whatever_came_there_is_a_sentence_and_no_share_above_one(kind: str, counts: dict[str, int]) -> None:
    answered = sum(counts.values())
    made = distribute(question(kind, AGREE), counts, answered)
    assert made.sentence
    assert all(0 <= bar.share <= 1 for bar in made.bars)
    assert sum(bar.people for bar in made.bars) in {answered, 0} or kind == "number"
