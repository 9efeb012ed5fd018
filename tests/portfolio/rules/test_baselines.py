"""Baselines: what is told about a value from before that is missing, late, or there."""

from datetime import date

import pytest

from portfolio.rules.baselines import MISSING, TOO_LATE, warning, warning_of_measure

TODAY = date(2026, 11, 20)
START = date(2026, 9, 1)
MET = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, MISSING),
        ({"planned_on": date(2026, 12, 1)}, "No value from before yet; it is to be read on 1 December 2026."),
        ({"planned_on": date(2026, 9, 20), "reached_on": MET},
         "It was to be read on 20 September 2026, but no value from before was written down, and people have met the "
         f"solution already (1 October 2026). {TOO_LATE}"),
        ({"after": 1}, "The one reading there is is from after; there is none from before, so nobody can say what "
                       f"changed. {TOO_LATE}"),
        ({"after": 12, "reached_on": MET}, "All 12 readings are from after; there is none from before, so nobody can say what "
                                           f"changed. {TOO_LATE}"),
        ({"before": 1, "first_on": date(2026, 9, 20), "last_on": date(2026, 9, 20), "reached_on": MET}, ""),
        ({"before": 1, "first_on": date(2026, 9, 20), "last_on": date(2026, 9, 20)}, ""),
        ({"before": 2, "first_on": MET, "last_on": date(2026, 10, 9), "reached_on": MET},
         "Every value called “before” (the first on 1 October 2026) was read when people had met the solution already "
         f"(1 October 2026). {TOO_LATE}"),
        ({"before": 2, "first_on": date(2026, 9, 20), "last_on": date(2026, 10, 9), "reached_on": MET},
         "Some values called “before” (the last on 9 October 2026) were read when people had met the solution already "
         "(1 October 2026); they make the change look smaller."),
        ({"reached_on": date(2026, 12, 1)}, MISSING),
    ],
)  # fmt: skip
def test_what_is_told_of_a_measure(given: dict[str, object], told: str) -> None:
    usual = {
        "before": 0,
        "after": 0,
        "first_on": None,
        "last_on": None,
        "reached_on": None,
        "planned_on": None,
    }
    assert warning_of_measure(today=TODAY, **{**usual, **given}) == told  # type: ignore[arg-type] # as named


@pytest.mark.parametrize(
    ("baseline_on", "given", "begins"),
    [
        (None, {"read_after": 3}, "All 3 readings are from after"),
        (date(2026, 9, 20), {"reached_on": MET, "today": TODAY}, "It was to be read on 20 September 2026, but no value"),
        (None, {"reached_on": MET, "today": TODAY}, "No value from before was written down"),
        (date(2026, 9, 20), {"reached_on": date(2026, 12, 1), "today": TODAY}, ""),
        (None, {"read_on": date(2026, 9, 20), "last_read_on": date(2026, 10, 2), "reached_on": MET}, "Some values called"),
        (None, {"read_on": date(2026, 9, 20), "last_read_on": date(2026, 9, 29), "reached_on": MET, "read_after": 2}, ""),
    ],
)  # fmt: skip
def test_what_is_told_of_a_project(baseline_on: date | None, given: dict[str, object], begins: str) -> None:
    usual = {"read_on": None, "reached_on": None, "started_on": START}
    told = warning(baseline_on, **{**usual, **given})  # type: ignore[arg-type] # as named
    assert (told[: len(begins)], bool(told)) == (begins, bool(begins))
