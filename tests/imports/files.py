"""Where real files are, and small ones made on the spot."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

DATA = Path(os.environ.get("OUTSIZE_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")


def shared(path: str) -> Path:
    """A real file that is not in this repository; skips where there is none."""
    file = DATA / path
    if not file.exists():
        pytest.skip(f"{path} is not on this machine (OUTSIZE_TEST_DATA)")
    return file


def an_xlsx(
    *rows: list[Any],
    name: str = "Sheet1",
    merged: tuple[tuple[int, int, int, int, Any], ...] = (),
    **options: Any,
) -> bytes:
    """A workbook with one sheet."""
    file = io.BytesIO()
    given = {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", **options}
    with xlsxwriter.Workbook(file, given) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, place, cell)
        for first_row, first_column, last_row, last_column, value in merged:
            sheet.merge_range(first_row, first_column, last_row, last_column, value)
    return file.getvalue()


def an_ods(*rows: list[str], repeat: int = 1) -> bytes:
    """An OpenDocument sheet; `repeat` says how often its last row stands there."""
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        times = f' table:number-rows-repeated="{repeat}"' if number == len(rows) and repeat > 1 else ""
        lines.append(f"<table:table-row{times}>{cells}</table:table-row>")
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names}><office:body><office:spreadsheet>'
        f'<table:table table:name="Wishes">{"".join(lines)}'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="1024"/>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("mimetype", kind)
        packed.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
        packed.writestr("content.xml", content)
    return file.getvalue()


NEEDS = """Id,Completion time,Email,Skills: what do you need?.Pivot tables,Skills: what do you need?.Hiring talks,Anything else you wish for?
1,2026-10-01 09:00:00,anonymous,Very needed,Not needed ,Talking to angry customers
2,2026-10-01 09:05:00,anonymous,not needed,Highly needed,
3,2026-10-01 09:10:00,anonymous,Absolutely essential,Slightly needed,no
4,2026-10-01 09:15:00,anonymous,Slightly\u00a0needed,Highly needed,Reading contracts
5,2026-10-02 09:15:00,anonymous,Very needed,,
6,2026-10-02 09:16:00,anonymous,,,
7,2026-10-02 09:17:00,anonymous,Very needed,Absolutely essential,
8,2026-10-02 09:18:00,anonymous,Not needed,Not needed,
9,2026-10-02 09:19:00,anonymous,Slightly needed,Slightly needed,
10,2026-10-02 09:20:00,anonymous,Absolutely essential,Highly needed,
11,2026-10-02 09:21:00,anonymous,Very needed,Highly needed,
"""
