"""What stands in each column, in figures: enough to propose where it goes."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice

from portfolio.sheets import Sheet

ROWS_LOOKED_AT = 20_000
_MOST_KEPT = 200


@dataclass(frozen=True)
class Profile:
    """A column: how many cells say something, how often each value stands there (the first 200 values), and how long they are."""

    name: str
    original: str
    rows: int
    filled: int
    values: Counter[str]
    distinct: int
    mean_length: float

    @property
    def is_free_text(self) -> bool:
        """Mostly different answers, several words long."""
        return self.filled > 0 and self.distinct >= self.filled * 0.8 and self.mean_length >= 8


def squeeze(text: str) -> str:
    """A cell without the blanks that no one sees: no-break, double, leading and trailing ones."""
    return " ".join(text.split())


def profiles(sheet: Sheet) -> list[Profile]:
    """One for each column, from the first rows."""
    values: list[Counter[str]] = [Counter() for _ in sheet.headers]
    filled, length, distinct = ([0] * len(sheet.headers) for _ in range(3))
    rows = 0
    for row in islice(sheet.rows(), ROWS_LOOKED_AT):
        if row.is_blank:
            continue
        rows += 1
        for place, cell in enumerate(row.cells[: len(sheet.headers)]):
            said = squeeze(cell)
            if said:
                filled[place] += 1
                length[place] += len(said)
                known = values[place]
                distinct[place] += said not in known
                if said in known or len(known) < _MOST_KEPT:
                    known[said[:200]] += 1
    return [
        Profile(
            header.name,
            header.original,
            rows,
            filled[place],
            values[place],
            distinct[place],
            length[place] / filled[place] if filled[place] else 0.0,
        )
        for place, header in enumerate(sheet.headers)
    ]
