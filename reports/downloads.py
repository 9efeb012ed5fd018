"""What of an edition can be taken along, as it was frozen."""

from collections.abc import Callable

from fastapi import Response

from portfolio.models import Edition
from portfolio.tidy import csv_of
from reports.edition import canonical

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

KINDS: dict[str, tuple[str, str]] = {
    "pdf": ("pdf", "application/pdf"),
    "xlsx": ("xlsx", SHEET),
    "pptx": ("pptx", SLIDES),
    "json": ("figures", "application/json"),
    "csv": ("figures", "text/csv; charset=utf-8"),
}
"""By ending: what is stored, and what it is called when sent."""

_BYTES: dict[str, Callable[[Edition], bytes]] = {
    "pdf": lambda edition: edition.pdf or b"",
    "xlsx": lambda edition: edition.xlsx or b"",
    "pptx": lambda edition: edition.pptx or b"",
    "json": lambda edition: canonical(edition.figures or {}),
    "csv": lambda edition: csv_of((edition.figures or {}).get("tables", [])),
}


def content_of(edition: Edition, ending: str) -> bytes:
    """The bytes: always the same ones. The SHA-256 of the JSON is the edition's checksum."""
    return _BYTES[ending](edition)


def download(edition: Edition, ending: str) -> Response:
    """The file under a name that says what it is; a PDF opens where it stands."""
    name = "".join(one if one.isascii() and one.isalnum() else "-" for one in edition.title.lower())
    name = "-".join(part for part in name.split("-") if part) or "report"
    headers = {
        "content-disposition": f'{"inline" if ending == "pdf" else "attachment"}; filename="{name}.{ending}"',
        "cache-control": "private, max-age=0, must-revalidate",
        "etag": f'"{edition.checksum[:32]}-{ending}"',
    }
    return Response(content_of(edition, ending), media_type=KINDS[ending][1], headers=headers)
