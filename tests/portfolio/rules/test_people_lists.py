"""Pasted lists of people, as mail programs and sheets give them."""

import pytest

from portfolio.rules.people_lists import Line, people_in


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kim@fernweh.example", Line("", email="kim@fernweh.example")),
        ("Kim Park <KIM@fernweh.example>", Line("", "Kim Park", "kim@fernweh.example")),
        ("Kim Park, kim@fernweh.example, Sales", Line("", "Kim Park", "kim@fernweh.example", "Sales")),
        ("Park\tKim\tkim@fernweh.example", Line("", "Park Kim", "kim@fernweh.example")),
        (
            "Kim <kim@fernweh.example>; Sales; Lea Lund <lea@fernweh.example>",
            Line("", "Kim", "kim@fernweh.example", "Sales", "lea@fernweh.example", "Lea Lund"),
        ),
        (
            "kim@fernweh.example, Sales, Lea Lund, lea@fernweh.example",
            Line("", "", "kim@fernweh.example", "Sales", "lea@fernweh.example", "Lea Lund"),
        ),
        ("Kim Park", Line("", "Kim Park")),
    ],
)
def test_a_line_names_a_person_and_perhaps_their_unit_and_lead(text: str, line: Line) -> None:
    (found,) = people_in(text)
    assert found == Line(text, line.name, line.email, line.unit, line.lead_email, line.lead_name)


def test_each_address_counts_once_and_empty_lines_don_t() -> None:
    found = people_in("kim@fernweh.example\n\n ;;, \nKim <Kim@Fernweh.example>\nlea@fernweh.example")
    assert [one.email for one in found] == ["kim@fernweh.example", "lea@fernweh.example"]
