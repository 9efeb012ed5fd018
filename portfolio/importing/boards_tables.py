"""What the readers of exported tables share: cells by the words above them, dates with their zone, and what was not used."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from portfolio.importing import dates
from portfolio.importing.boards import number_of
from portfolio.sheets import Sheet
from portfolio.submission import clean, one_line


@dataclass
class Table:
    """A sheet whose columns are asked for by name; headers may repeat, as Jira's do. Notes which columns were used."""

    sheet: Sheet
    zone: tzinfo
    month_first: bool
    columns: dict[str, list[int]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    filled: Counter[int] = field(default_factory=Counter)
    date_texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for place, header in enumerate(self.sheet.headers):
            self.columns.setdefault(str(one_line(header.original)).casefold(), []).append(place)

    def has(self, *names: str) -> bool:
        """Whether there is a column of one of these names."""
        return any(name in self.columns for name in names)

    def rows(self) -> list["Line"]:
        """Every row that says something."""
        found = [Line(self, row.line, row.cells) for row in self.sheet.rows() if not row.is_blank]
        for line in found:
            self.filled.update(place for place, cell in enumerate(line.cells) if cell.strip())
        return found

    def unused(self) -> list[str]:
        """Columns that say something and were never asked for, with how many rows fill them; a repeated one counts once."""
        counts: Counter[str] = Counter()
        for place, header in enumerate(self.sheet.headers):
            if place not in self.used and self.filled[place]:
                name = str(one_line(header.original)) or header.name
                counts[name] = max(counts[name], self.filled[place])
        return [
            f"Column “{name}” ({count:,} {'row' if count == 1 else 'rows'})" for name, count in counts.items()
        ]


@dataclass
class Line:
    """One row of a table. What could not be read stands in `remarks`."""

    table: Table
    number: int
    cells: list[str]
    remarks: list[str] = field(default_factory=list)

    def every(self, *names: str) -> list[str]:
        """The filled cells of all columns of these names, as they stand."""
        places = [place for name in names for place in self.table.columns.get(name, [])]
        self.table.used.update(places)
        found = [str(clean(self.cells[place])) for place in places if place < len(self.cells)]
        return [cell for cell in found if cell]

    def text(self, *names: str) -> str:
        """The first filled one, on one line."""
        return next((str(one_line(cell)) for cell in self.every(*names)), "")

    def prose(self, *names: str) -> str:
        return next(iter(self.every(*names)), "")

    def number_in(self, *names: str) -> float | None:
        return number_of(self.text(*names))

    def moment(self, *names: str) -> datetime | None:
        """The time a cell says, in UTC; one that can't be read is remarked."""
        text = self.text(*names)
        if not text:
            return None
        self.table.date_texts.append(text)
        at = moment_in(text, self.table)
        if at is None:
            self.remarks.append(f"“{text[:40]}” ({names[0]}) is no date we can read.")
        return at

    def day(self, *names: str) -> date | None:
        at = self.moment(*names)
        return at.astimezone(self.table.zone).date() if at else None


def moment_in(text: str, table: Table) -> datetime | None:
    """A time as an export writes it, in the zone it names or else the organisation's."""
    return dates.moment(
        text, month_first=table.month_first, zone=table.zone, from_1904=table.sheet.source.from_1904
    )
