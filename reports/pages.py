"""On which page of a PDF each part begins. PlutoPrint 0.23 knows no `target-counter`, so it is read off a first setting."""

import re
import zlib

NAMED = re.compile(rb"\(report-([a-z_]+?)(-title)?\) \[(\d+) 0 R")
KIDS = re.compile(rb"/Type /Pages\s+/Kids \[([^\]]*)\]")


def pages_of(pdf: bytes) -> dict[str, int]:
    """The page, from 1, on which each section's title stands, or where it has none the section begins. {} where the file isn't
    written the way cairo writes it."""
    inside = b"\n".join(_streams(pdf))
    kids = KIDS.search(inside)
    order = (
        {number: page for page, number in enumerate(re.findall(rb"(\d+) 0 R", kids[1]), start=1)}
        if kids
        else {}
    )
    begins: dict[str, int] = {}
    titles: dict[str, int] = {}
    for key, is_title, number in NAMED.findall(inside):
        page = order.get(number)
        if page is not None:
            found = titles if is_title else begins
            found[key.decode()] = min(page, found.get(key.decode(), page))
    return begins | titles


def _streams(pdf: bytes) -> list[bytes]:
    """What of the file can be unpacked."""
    found = []
    for place in re.finditer(rb"stream\r?\n", pdf):
        try:
            found.append(zlib.decompressobj().decompress(pdf[place.end() :]))
        except zlib.error:
            continue
    return found
