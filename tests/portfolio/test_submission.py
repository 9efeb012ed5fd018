"""What people type, and what we make of it."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from portfolio.rules.rubric import DEFAULT
from portfolio.submission import ChangedAnswers, Submission, WorkTypeKey, explain, number_in


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,200", 1200), ("1.200", 1200), ("1 200", 1200), ("1'200", 1200), ("3,5", 3.5), ("3.5 %", 3.5), ("0.125", 0.125),
        ("about 12k", 12_000), ("2 million", 2_000_000), ("-4", -4), ("1,234,567.89", 1_234_567.89), ("1.234.567,89", 1_234_567.89),
        ("1e6", 1_000_000), ("1.5E-3", 0.0015), ("1e400", None), ("3 each", 3), ("none", None), ("", None), (None, None), (True, None), (float("nan"), None), ("9" * 40, None),
    ],
)  # fmt: skip
def test_the_number_a_person_wrote_is_found(typed: Any, number: float | None) -> None:
    assert number_in(typed) == number


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("40-60", {"low": 40, "likely": 49, "high": 60}),
        ("about 40 to 60 people", {"low": 40, "likely": 49, "high": 60}),
        ("40–60", {"low": 40, "likely": 49, "high": 60}),
        ("1-1", {"low": 1, "likely": 1, "high": 1}),
        ("0-10", {"low": 0, "likely": 2.2, "high": 10}),
        ("25", 25.0),
        (25, 25.0),
        ({"low": 1, "likely": 2, "high": 3}, {"low": 1, "likely": 2, "high": 3}),
    ],
)
def test_a_range_is_kept_as_low_likely_and_high(typed: Any, kept: Any) -> None:
    changed = ChangedAnswers.model_validate({"audience": {"count": typed}})
    assert changed.values() == {"audience": {"count": kept}}


def test_a_range_the_wrong_way_round_is_not_guessed_at() -> None:
    with pytest.raises(ValidationError) as refused:
        ChangedAnswers.model_validate({"finished_hours": "60-40"})
    assert [(problem.field, problem.words) for problem in explain(refused.value)] == [
        ("finished_hours", "Please give the hours as a number or a range such as 40-60.")
    ]


def test_what_was_left_open_is_left_out() -> None:
    given = Submission.model_validate(
        {
            "title": "T",
            "problem": "P",
            "audience": {"who": "", "count": ""},
            "requester": {"email": "A@B.example"},
        }
    )
    assert given.values() == {"problem": "P"}
    assert given.requester.email == "a@b.example"


def test_every_work_type_of_the_rubric_can_be_asked_for() -> None:
    assert set(get_args(WorkTypeKey)) == {kind.key for kind in DEFAULT.work_types}
