"""A file, and how it is to be read."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import python_calamine as calamine

from portfolio.sheets import csv_files, workbooks
from portfolio.sheets.cells import Row


@dataclass(frozen=True)
class Source:
    """The bytes of a file and how they are to be read. `how` tells people: "CSV, UTF-8, semicolons".

    `from_1904` says that the workbook counts its days from 1904, as Excel for Mac did, rather than from 1900.
    """

    content: bytes
    kind: str
    how: str
    sheets: list[str]
    encoding: str = ""
    delimiter: str = ","
    first_line: int = 1
    from_1904: bool = False
    parsed: dict[str, calamine.CalamineSheet] = field(default_factory=dict, compare=False, repr=False)

    def lines(self, sheet: str) -> Iterator[Row]:
        """The rows of one sheet."""
        if self.kind == "csv":
            return csv_files.rows(self.content, self.encoding, self.delimiter, self.first_line)
        return workbooks.rows(self.table(sheet))

    def table(self, sheet: str) -> calamine.CalamineSheet:
        """A workbook's sheet, parsed once and kept as long as this is."""
        if sheet not in self.parsed:
            self.parsed.clear()
            self.parsed[sheet] = workbooks.parsed(self.content, sheet)
        return self.parsed[sheet]
