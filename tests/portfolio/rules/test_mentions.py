"""Who is named with @."""

import pytest

from portfolio.rules.mentions import Known, mentioned

KNOWN = (
    Known(1, "Mara Manager", "mara@fernweh.example"),
    Known(2, "Ann Lee", "ann@fernweh.example"),
    Known(3, "Ann Marie Stone", "annmarie@fernweh.example"),
    Known(4, "", "nameless@fernweh.example"),
    Known(5, "Zoë Åberg", "zoe@fernweh.example"),
)


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("@Mara Manager, look", (1,)),
        ("look, @mara.", (1,)),
        ("(@Mara)", (1,)),
        ("@mara@fernweh.example and @MARA", (1,)),
        ("@nameless@fernweh.example", (4,)),
        ("@Ann Marie Stone and @ann lee", (3, 2)),
        ("@Ann", ()),  # two are called so
        ("@Maraike", ()),
        ("@mara@fernweh.example.org", ()),
        ("write to mara@fernweh.example", ()),
        ("@Zoë, @zoë åberg", (5,)),
        ("@ Mara", ()),
        ("", ()),
    ],
)
def test_an_at_names_whoever_it_can_only_mean(words: str, who: tuple[int, ...]) -> None:
    assert mentioned(words, KNOWN) == who
