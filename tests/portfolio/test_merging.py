"""Two writers of one draft: who changed what, and what only they can settle."""

import pytest

from portfolio.merging import Merged, merge, prints

SEEN = {"title": "Quotes", "problem": "Slow."}


@pytest.mark.parametrize(
    ("theirs", "mine", "merged"),
    [
        (SEEN, SEEN, Merged(SEEN, {}, {})),
        (SEEN, {"title": "Mine"}, Merged({"title": "Mine"}, {}, {})),
        ({"title": "Theirs"}, SEEN, Merged({"title": "Theirs"}, {"title": "Theirs", "problem": ""}, {})),
        (
            {**SEEN, "unit": "Sales"},
            {**SEEN, "count": "20"},
            Merged({**SEEN, "unit": "Sales", "count": "20"}, {"unit": "Sales"}, {}),
        ),
        ({**SEEN, "title": "Same"}, {**SEEN, "title": "Same"}, Merged({**SEEN, "title": "Same"}, {}, {})),
        (
            {**SEEN, "title": "Theirs"},
            {**SEEN, "title": "Mine"},
            Merged({**SEEN, "title": "Theirs"}, {}, {"title": ("Theirs", "Mine")}),
        ),
        (
            {"title": "Quotes"},
            {**SEEN, "problem": "New"},
            Merged({"title": "Quotes"}, {}, {"problem": ("", "New")}),
        ),
    ],
)
def test_each_field_is_taken_from_whoever_changed_it(
    theirs: dict[str, str], mine: dict[str, str], merged: Merged
) -> None:
    assert merge(theirs, mine, prints(SEEN)) == merged


def test_without_prints_nothing_of_theirs_is_overwritten() -> None:
    assert merge({"title": "Theirs"}, {"title": "Mine"}, {}).contested == {"title": ("Theirs", "Mine")}
    assert merge({}, {"title": "Mine"}, {}) == Merged({"title": "Mine"}, {}, {})
